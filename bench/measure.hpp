// The tools of a measurement: clocks, processors, and checks that it measured what it says.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace bench {

inline uint64_t read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return uint64_t(time.tv_sec) * 1'000'000'000u + uint64_t(time.tv_nsec);
}

inline uint64_t now_ns() {
    return read_clock(CLOCK_MONOTONIC);
}

// What this thread itself has used: time that a neighbour took from it is not in it.
inline uint64_t thread_cpu_ns() {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

// Times a short piece of work on this thread: by the wall, unless a neighbour took the processor
// in between; then by what the thread itself used, which is the dearer question to ask the kernel
// (a system call, asked around the piece and not within).
class Stopwatch {
  public:
    uint64_t elapsed_ns() const {
        const uint64_t wall_ns = now_ns() - wall_start_ns_;
        return std::min(wall_ns, thread_cpu_ns() - cpu_start_ns_);
    }

  private:
    uint64_t cpu_start_ns_ = thread_cpu_ns(); // in this order: the wall time is the inner one
    uint64_t wall_start_ns_ = now_ns();
};

inline void cpu_relax() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

inline void spin_until(uint64_t deadline_ns) {
    while (now_ns() < deadline_ns) {
        cpu_relax();
    }
}

inline void sleep_until(uint64_t deadline_ns) {
    timespec time{time_t(deadline_ns / 1'000'000'000u), long(deadline_ns % 1'000'000'000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) {
    }
}

// The processors that this process may use, in order.
inline const std::vector<int> &processors() {
    static const std::vector<int> all = [] {
        cpu_set_t set;
        CPU_ZERO(&set);
        sched_getaffinity(getpid(), sizeof set, &set);
        std::vector<int> found;
        for (int processor = 0; processor < CPU_SETSIZE; processor++) {
            if (CPU_ISSET(processor, &set)) {
                found.push_back(processor);
            }
        }
        return found;
    }();
    return all;
}

// Ties the calling thread, and those it starts from now on, to some processors: numbers `first`
// to `last` of those above, as far as there are so many. Only where the question is what crosses
// from core to core: whether it does is else the scheduler's mood.
inline void run_on(size_t first, size_t last) {
    const size_t count = processors().size();
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = std::min(first, count - 1); i <= std::min(last, count - 1); i++) {
        CPU_SET(processors()[i], &set);
    }
    sched_setaffinity(0, sizeof set, &set);
}

constexpr size_t every_processor = SIZE_MAX;

// Of either kind, of one thread of this process. It does not wake that thread.
inline uint64_t context_switches(int thread) {
    std::ifstream status("/proc/self/task/" + std::to_string(thread) + "/status");
    uint64_t sum = 0;
    for (std::string line; std::getline(status, line);) {
        if (line.find("ctxt_switches:") != std::string::npos) {
            sum += std::stoull(line.substr(line.find(':') + 1));
        }
    }
    return sum;
}

[[noreturn]] inline void fail(const std::string &what) {
    std::fprintf(stderr, "\nbenchmark stopped: %s\n", what.c_str());
    std::_Exit(1);
}

// A measurement of something that did not happen is worth nothing: every job checks its own work.
inline void check(bool holds, const std::string &what) {
    if (!holds) {
        fail(what);
    }
}

// Keeps a value, and everything it was computed from, in the program.
template <class T> inline void keep(T const &value) {
    asm volatile("" : : "r,m"(value) : "memory");
}

} // namespace bench
