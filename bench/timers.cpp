// The whole life of many timers: insert all, cancel every second one, fire the rest in real frames
// of 10 ms.
//
// Delays are drawn uniformly, in whole milliseconds, from 1 to 2 s: the first second leaves room to
// insert a million of them before any is due, the second one is about 100 frames. All contenders
// get the same delays. Between its ticks the thread stays busy, as a game's main thread does, so
// that a tick does not pay for a core that fell asleep. Figures, all CPU time of the one thread:
//   per timer     (inserting + cancelling + every frame's tick) ÷ number inserted
//   worst frame   the longest tick
//   idle tick     mean tick while all are pending and none is due
//   memory        malloc's growth from before the contender exists to all inserted ÷ number
// Every run checks that exactly the timers not cancelled have fired, and none before its time.
#include "heap_bytes.hpp"
#include "timer_sets.hpp"

namespace {

using namespace bench;

constexpr uint64_t first_ms = 1000, spread_ms = 1000, frame_ns = 10'000'000;

std::string name_of(size_t count, const char *figure) {
    return (count >= 1'000'000 ? "1M" : std::to_string(count / 1000) + "k") + ": " + figure;
}

const char *const per_timer = "CPU time per timer", *const worst_frame = "worst frame",
                  *const idle_tick = "idle tick, all pending", *const memory = "bytes per timer";

// The same for all contenders: what the timers are, not how they are kept.
struct Plan {
    std::vector<uint64_t> delays_ms;
    uint64_t last_ms = 0;

    explicit Plan(size_t count) : delays_ms(count) {
        std::mt19937_64 random(count);
        std::uniform_int_distribution<uint64_t> spread(first_ms, first_ms + spread_ms);
        for (uint64_t &delay : delays_ms) {
            delay = spread(random);
        }
        for (size_t n = 1; n < count; n += 2) { // the even ones are cancelled
            last_ms = std::max(last_ms, delays_ms[n]);
        }
    }
};

template <class Timers> double mean_idle_tick(Timers &timers) {
    constexpr size_t ticks = 2000;
    const Stopwatch watch;
    for (size_t i = 0; i < ticks; i++) {
        timers.tick();
    }
    return double(watch.elapsed_ns()) / ticks;
}

struct Firing {
    uint64_t cpu_ns = 0, worst_ns = 0;
};

template <class Timers>
Firing fire_in_frames(Timers &timers, const uint64_t &fired, size_t expected, uint64_t begun_ns) {
    Firing firing;
    uint64_t deadline = begun_ns + first_ms * 1'000'000;
    sleep_until(deadline);
    while (fired < expected) {
        deadline = std::max(deadline + frame_ns, now_ns());
        spin_until(deadline);
        const Stopwatch watch;
        timers.tick();
        const uint64_t elapsed = watch.elapsed_ns();
        firing.cpu_ns += elapsed;
        firing.worst_ns = std::max(firing.worst_ns, elapsed);
    }
    return firing;
}

template <class Timers> void measure(Recorder &recorder, const Plan &plan) {
    const size_t count = plan.delays_ms.size();
    uint64_t fired = 0;
    std::vector<uint64_t> ids(count);
    malloc_trim(0);
    const double heap_before = heap_bytes();
    const uint64_t begun_ns = now_ns();
    const Stopwatch inserting;
    Timers timers(ids, &fired);
    for (size_t n = 0; n < count; n++) {
        timers.insert(n, plan.delays_ms[n]);
    }
    const uint64_t inserting_ns = inserting.elapsed_ns();
    const double heap_after = heap_bytes();
    const bool none_due = now_ns() < begun_ns + first_ms * 1'000'000 * 9 / 10;
    const double idle_ns = none_due ? mean_idle_tick(timers) : std::nan("");
    check(!none_due || fired == 0, "a timer fired before its time");

    const Stopwatch cancelling;
    for (size_t n = 0; n < count; n += 2) {
        timers.cancel(n);
    }
    const uint64_t cancelling_ns = cancelling.elapsed_ns();
    const Firing firing = fire_in_frames(timers, fired, count / 2, begun_ns);
    check(now_ns() >= begun_ns + plan.last_ms * 1'000'000, "a timer fired before its time");
    timers.tick();
    check(fired == count / 2, "a cancelled timer fired");

    const uint64_t cpu_ns = inserting_ns + cancelling_ns + firing.cpu_ns;
    recorder.add(name_of(count, per_timer), double(cpu_ns) / double(count));
    recorder.add(name_of(count, worst_frame), double(firing.worst_ns));
    recorder.add(name_of(count, memory), (heap_after - heap_before) / double(count));
    if (none_due) {
        recorder.add(name_of(count, idle_tick), idle_ns);
    }
}

template <class Timers>
void add(Suite &suite, const std::string &contender, Role role, const std::vector<Plan> &plans) {
    for (const Plan &plan : plans) {
        const std::string label = name_of(plan.delays_ms.size(), "timers");
        suite.job(label, contender, role,
                  [&plan](Recorder &recorder) { measure<Timers>(recorder, plan); });
    }
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("timers", "insert all, cancel half, fire the rest in 10 ms frames", argc, argv);
    suite.version("libev",
                  std::to_string(ev_version_major()) + "." + std::to_string(ev_version_minor()));
    suite.version("libuv", uv_version_string());
    std::vector<Plan> plans;
    for (const size_t count : {1'000, 100'000, 1'000'000}) {
        plans.emplace_back(count);
        Case &cost = suite.add_case(name_of(count, per_timer)).goal(0.7, best_peer);
        if (count == 1'000'000) {
            cost.goal(1.5, "scriptloop", name_of(1'000, per_timer));
        }
        Case &worst = suite.add_case(name_of(count, worst_frame));
        if (count == 1'000'000) {
            worst.goal(3e6);
        }
        suite.add_case(name_of(count, idle_tick)).goal(60);
        Case &bytes = suite.add_case(name_of(count, memory), Unit::bytes);
        if (count > 1'000) { // below, what a contender is without any timer outweighs them
            bytes.goal(48);
        }
    }
    add<LoopTimers>(suite, "scriptloop", Role::ours, plans);
    add<HeapTimers>(suite, "std::priority_queue, lazy cancel", Role::peer, plans);
    add<WheelTimers>(suite, "bare wheel of one level", Role::peer, plans);
    add<EvTimers>(suite, "libev", Role::peer, plans);
    add<UvTimers>(suite, "libuv", Role::peer, plans);
    return suite.run(5, 1);
}
