// What a wake costs the waker when nobody waits, as when worker threads report many results within
// one frame.
//
// "wake pending already": one thread wakes again and again, nothing consumes the wakes. This is
// the cost of all wakes of a frame but the first.
// "wake and consume": wake, then a poll that consumes it, on one thread. This is the first one.
// "owner polling": wakes from one thread while the owner polls in a tight loop on another, so that
// waker and owner fight for the same cache line: the worst that can happen to a wake.
#include "ours.hpp"

#include <atomic>
#include <sys/eventfd.h>
#include <uv.h>

namespace {

using namespace bench;

const char *const pending = "wake pending already", *const consume = "wake and consume",
                  *const contended = "wake while the owner polls";

struct Loop {
    sl_loop *loop = new_loop(loop_config());
    sl_step step = step_of(SL_UNLIMITED, 0);
    ~Loop() {
        SL_OK(sl_loop_free(loop));
    }
    void wake() {
        SL_OK(sl_loop_wake(loop));
    }
    void poll() {
        SL_OK(sl_loop_step(loop, &step, nullptr));
    }
};

struct Uv {
    uv_loop_t loop;
    uv_async_t async;
    Uv() {
        check(uv_loop_init(&loop) == 0, "uv_loop_init");
        check(uv_async_init(&loop, &async, [](uv_async_t *) {}) == 0, "uv_async_init");
    }
    ~Uv() {
        uv_close(reinterpret_cast<uv_handle_t *>(&async), nullptr);
        uv_run(&loop, UV_RUN_DEFAULT);
        uv_loop_close(&loop);
    }
    void wake() {
        uv_async_send(&async);
    }
    void poll() {
        uv_run(&loop, UV_RUN_NOWAIT);
    }
};

struct EventFd {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ~EventFd() {
        close(fd);
    }
    void wake() {
        const uint64_t one = 1;
        check(write(fd, &one, sizeof one) == sizeof one, "write to an eventfd");
    }
    void poll() {
        uint64_t count;
        keep(read(fd, &count, sizeof count));
    }
};

struct Swap {
    std::atomic<uint32_t> flag{0};
    void wake() {
        keep(flag.exchange(1, std::memory_order_acq_rel));
    }
    void poll() {
        keep(flag.exchange(0, std::memory_order_acq_rel));
    }
};

template <class Target> double repeated(size_t times, bool consuming) {
    Target target;
    target.wake();
    const uint64_t start = now_ns();
    for (size_t i = 0; i < times; i++) {
        target.wake();
        if (consuming) {
            target.poll();
        }
    }
    return double(now_ns() - start) / double(times);
}

template <class Target> double against_a_polling_owner(size_t times) {
    std::atomic<Target *> shared{nullptr};
    std::atomic<bool> over{false};
    std::thread owner([&] {
        Target target;
        shared.store(&target, std::memory_order_release);
        while (!over.load(std::memory_order_acquire)) {
            target.poll();
        }
    });
    Target *target = nullptr;
    while (!target) {
        target = shared.load(std::memory_order_acquire);
    }
    const uint64_t start = now_ns();
    for (size_t i = 0; i < times; i++) {
        target->wake();
    }
    const uint64_t elapsed = now_ns() - start;
    over.store(true, std::memory_order_release);
    owner.join();
    return double(elapsed) / double(times);
}

template <class Target>
void add(Suite &suite, const std::string &contender, Role role, size_t times) {
    suite.job(pending, contender, role, [times](Recorder &recorder) {
        recorder.add(pending, repeated<Target>(times, false));
    });
    suite.job(consume, contender, role, [times](Recorder &recorder) {
        recorder.add(consume, repeated<Target>(times, true));
    });
    suite.job(contended, contender, role, [times](Recorder &recorder) {
        recorder.add(contended, against_a_polling_owner<Target>(times));
    });
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("wake_awake", "what a wake costs when the loop is awake", argc, argv);
    suite.version("libuv", uv_version_string());
    suite.add_case(pending).goal(10);
    suite.add_case(consume);
    suite.add_case(contended);
    const size_t times = suite.scale<size_t>(50'000, 10'000);
    add<Loop>(suite, "scriptloop", Role::ours, times);
    add<Uv>(suite, "libuv uv_async_send", Role::peer, times);
    add<EventFd>(suite, "eventfd", Role::peer, times);
    add<Swap>(suite, "atomic exchange", Role::reference, times);
    return suite.run(40, 5);
}
