// The libuv backend against libuv itself: what a loop in a uv_loop_t adds to a bare one.
//
// "post to its callback": a thread waits for ever; another, once told that the last callback ran,
// stays busy for the gap, takes the time and posts, or calls uv_async_send. The waiter is a loop
// with a uv_loop_t of its own, a loop in the host's uv_run, or a bare uv_loop_t with a uv_async_t.
// The two threads are tied to two cores, so that every post crosses from one to the other.
//
// "empty poll": sl_loop_poll against uv_run(UV_RUN_NOWAIT) of a uv_loop_t that one uv_async_t keeps
// alive. The budget is 2 ms; the one pending timer is an hour away.
//
// "100k timers": delays of 200 to 400 ms, inserted, then fired in polls every millisecond; all time
// of the one thread, by their number. A timer that fires before its time stops the benchmark; one
// that fires after another that was due later is an inversion. libuv's own count whole
// milliseconds of a time that it takes once per round, so nothing is asked of their order.
//
// "late": how long after its time the callback of one timer runs that is due in 2.5 ms, when the
// wait is the loop's. libuv's own can only be asked for 3 ms.
#include "ours.hpp"
#include "scriptloop_uv.h"

#include <atomic>
#include <memory>
#include <optional>

namespace {

using namespace bench;

const std::string bare = "bare uv_loop_t", plain = "the default backend";

enum class Where { own, lent, plain };

// A loop in one of three places, and how its thread waits for it.
template <Where WHERE> class Loop {
  public:
    Loop() {
        sl_loop_config config = loop_config();
        if (WHERE != Where::plain) {
            config.backend = SL_BACKEND_UV;
            config.uv = sl_uv_functions();
        }
        if (WHERE == Where::lent) {
            check(uv_loop_init(&host_) == 0, "uv_loop_init");
            config.uv_loop = &host_;
        }
        loop_ = new_loop(config);
    }
    ~Loop() {
        SL_OK(sl_loop_free(loop_));
        if (WHERE == Where::lent) {
            uv_run(&host_, UV_RUN_DEFAULT);
            check(uv_loop_close(&host_) == 0, "uv_loop_close");
        }
    }
    void wait() {
        if (WHERE == Where::lent) {
            uv_run(&host_, UV_RUN_ONCE);
        } else {
            SL_OK(sl_loop_step(loop_, &step_, nullptr));
        }
    }
    void poll() {
        SL_OK(sl_loop_poll(loop_, 2, nullptr));
    }
    void call(sl_work_fn run, void *userdata) {
        SL_OK(sl_loop_post(loop_, SL_PRIORITY_NORMAL, run, userdata, nullptr));
    }
    void start(uint64_t delay_us, sl_work_fn run, void *userdata) {
        sl_timer_config when;
        SL_OK(sl_timer_config_init(&when, sizeof when));
        when.delay_us = delay_us;
        SL_OK(sl_loop_schedule_timer_with(loop_, &when, run, userdata, nullptr, nullptr));
    }

  private:
    uv_loop_t host_;
    sl_loop *loop_;
    sl_step step_ = step_of(SL_UNLIMITED, SL_UNLIMITED);
};

// The same by hand. What an async is to say stands in memory that both threads know, and its
// callback is always the same one.
class Bare {
  public:
    Bare() {
        check(uv_loop_init(&loop_) == 0, "uv_loop_init");
        check(uv_async_init(&loop_, &async_, on_async) == 0, "uv_async_init");
        async_.data = this;
    }
    ~Bare() {
        uv_close(reinterpret_cast<uv_handle_t *>(&async_), nullptr);
        for (const auto &timer : timers_) {
            uv_close(reinterpret_cast<uv_handle_t *>(&timer->handle), nullptr);
        }
        uv_run(&loop_, UV_RUN_DEFAULT);
        check(uv_loop_close(&loop_) == 0, "uv_loop_close");
    }
    void wait() {
        uv_run(&loop_, UV_RUN_ONCE);
    }
    void poll() {
        uv_run(&loop_, UV_RUN_NOWAIT);
    }
    void call(sl_work_fn run, void *userdata) {
        run_ = run;
        userdata_ = userdata;
        uv_async_send(&async_);
    }
    void start(uint64_t delay_us, sl_work_fn run, void *userdata) {
        timers_.push_back(std::make_unique<Timer>());
        Timer &timer = *timers_.back();
        timer.run = run;
        timer.handle.data = &timer;
        timer.userdata = userdata;
        uv_update_time(&loop_);
        uv_timer_init(&loop_, &timer.handle);
        uv_timer_start(&timer.handle, on_timer, (delay_us + 999) / 1000, 0);
    }

  private:
    struct Timer {
        uv_timer_t handle;
        sl_work_fn run;
        void *userdata;
    };
    static void on_async(uv_async_t *async) {
        const Bare &self = *static_cast<Bare *>(async->data);
        self.run_(self.userdata_);
    }
    static void on_timer(uv_timer_t *handle) {
        const Timer &timer = *static_cast<Timer *>(handle->data);
        timer.run(timer.userdata);
    }

    uv_loop_t loop_;
    uv_async_t async_;
    std::vector<std::unique_ptr<Timer>> timers_;
    sl_work_fn run_ = nullptr;
    void *userdata_ = nullptr;
};

// A cache line for each direction.
struct Letters {
    alignas(64) std::atomic<uint64_t> sent_at_ns{0};
    alignas(64) std::atomic<uint64_t> arrived{0};
    std::vector<double> latencies;

    static void arrive(void *userdata) {
        Letters &letters = *static_cast<Letters *>(userdata);
        const uint64_t sent_at_ns = letters.sent_at_ns.load(std::memory_order_relaxed);
        letters.latencies.push_back(double(now_ns() - sent_at_ns));
        letters.arrived.store(letters.latencies.size(), std::memory_order_release);
    }
};

template <class Target> std::vector<double> latencies(uint64_t gap_ns, size_t samples) {
    const size_t warm_up = samples / 10 + 1, all = samples + warm_up;
    Letters letters;
    letters.latencies.reserve(all);
    std::atomic<Target *> made{nullptr};
    std::atomic<bool> is_over{false};
    std::thread waiter([&] {
        run_on(1, 1);
        Target target;
        made.store(&target, std::memory_order_release);
        while (letters.latencies.size() < all) {
            target.wait();
        }
        while (!is_over.load(std::memory_order_acquire)) {
            std::this_thread::yield(); // the last call must find the target alive
        }
    });
    while (!made.load(std::memory_order_acquire)) {
        std::this_thread::yield();
    }
    for (size_t number = 1; number <= all; number++) {
        spin_until(now_ns() + gap_ns);
        letters.sent_at_ns.store(now_ns(), std::memory_order_relaxed);
        made.load()->call(Letters::arrive, &letters);
        while (letters.arrived.load(std::memory_order_acquire) < number) {
            cpu_relax();
        }
    }
    is_over.store(true, std::memory_order_release);
    waiter.join();
    letters.latencies.erase(letters.latencies.begin(), letters.latencies.begin() + long(warm_up));
    return letters.latencies;
}

template <class Target> double empty_poll(size_t times, bool has_timer) {
    Target target;
    if (has_timer) {
        target.start(
            3'600'000'000, [](void *) { fail("a timer fired an hour early"); }, nullptr);
    }
    target.poll();
    const uint64_t start = now_ns();
    for (size_t i = 0; i < times; i++) {
        target.poll();
    }
    return double(now_ns() - start) / double(times);
}

// Many timers, and what is known of when each one is due.
struct Timers {
    struct One {
        Timers *all;
        uint64_t begun_ns, due_ns_min, due_ns_max;
    };
    std::vector<One> timers;
    uint64_t early_ns_max = 0; // what one may be early
    size_t fired = 0, inversions = 0;
    uint64_t due_ns_before = 0; // at least: of all that have fired

    static void fire(void *userdata) {
        const One &one = *static_cast<One *>(userdata);
        Timers &all = *one.all;
        check(now_ns() + all.early_ns_max >= one.due_ns_min, "a timer fired early");
        all.inversions += all.due_ns_before > one.due_ns_max;
        all.due_ns_before = std::max(all.due_ns_before, one.due_ns_min);
        all.fired++;
    }
};

struct Fired {
    double ns_each;
    size_t inversions;
};

template <class Target> Fired fire_timers(size_t count, uint64_t early_ns_max) {
    std::mt19937_64 random(count);
    std::uniform_int_distribution<uint64_t> spread(200, 400);
    Timers timers;
    timers.early_ns_max = early_ns_max;
    timers.timers.resize(count);
    Target target;
    std::vector<uint64_t> delays_ms(count);
    std::generate(delays_ms.begin(), delays_ms.end(), [&] { return spread(random); });
    const Stopwatch inserting;
    for (size_t i = 0; i < count; i++) {
        Timers::One &one = timers.timers[i];
        one.all = &timers;
        one.begun_ns = now_ns();
        target.start(delays_ms[i] * 1000, Timers::fire, &one);
    }
    uint64_t ns = inserting.elapsed_ns();
    uint64_t next_ns = now_ns();
    for (size_t i = 0; i < count; i++) {
        Timers::One &one = timers.timers[i];
        one.due_ns_min = one.begun_ns + delays_ms[i] * 1'000'000;
        const uint64_t until_ns = i + 1 < count ? timers.timers[i + 1].begun_ns : next_ns;
        one.due_ns_max = until_ns + delays_ms[i] * 1'000'000;
    }
    while (timers.fired < count) {
        spin_until(next_ns += 1'000'000);
        const Stopwatch polling;
        target.poll();
        ns += polling.elapsed_ns();
    }
    return {double(ns) / double(count), timers.inversions};
}

struct Late {
    uint64_t due_ns = 0;
    std::optional<double> by_ns;

    static void fire(void *userdata) {
        Late &late = *static_cast<Late *>(userdata);
        late.by_ns = double(now_ns()) - double(late.due_ns);
    }
};

template <class Target> double late_ns(uint64_t delay_us) {
    Target target;
    Late late;
    late.due_ns = now_ns() + delay_us * 1000;
    target.start(delay_us, Late::fire, &late);
    while (!late.by_ns) {
        target.wait();
    }
    return *late.by_ns;
}

struct Gap {
    const char *own, *lent;
    uint64_t ns;
    size_t samples;
};

const Gap gaps[] = {
    {"own: post to its callback, asleep for 100 µs",
     "lent: post to its callback, asleep for 100 µs", 100'000, 200},
    {"own: post to its callback, asleep for 2 ms", "lent: post to its callback, asleep for 2 ms",
     2'000'000, 30},
};
const char *const no_timer = "empty poll, nothing at all",
                  *const one_timer = "empty poll, one timer pending",
                  *const timers = "100k timers: CPU time each",
                  *const inversions = "100k timers: inversions", *const lateness = "late: 2.5 ms";

// A loop of its own and a bare one are answers to other questions than a lent one.
template <class Target>
void add_wakes(Suite &suite, const std::string &name, Role role, bool in_own, bool in_lent) {
    for (const Gap &gap : gaps) {
        suite.job("post to its callback", name, role, [=](Recorder &recorder) {
            for (const double latency : latencies<Target>(gap.ns, gap.samples)) {
                if (in_own) {
                    recorder.add(gap.own, latency);
                }
                if (in_lent) {
                    recorder.add(gap.lent, latency);
                }
            }
        });
    }
}

template <class Target> void add(Suite &suite, const std::string &name, Role role) {
    const size_t times = suite.scale<size_t>(20'000, 5'000);
    for (const bool has_timer : {false, true}) {
        const char *label = has_timer ? one_timer : no_timer;
        suite.job(label, name, role, [=](Recorder &recorder) {
            recorder.add(label, empty_poll<Target>(times, has_timer));
        });
    }
    suite.job("100k timers", name, role, [=](Recorder &recorder) {
        const bool is_bare = std::is_same_v<Target, Bare>;
        const Fired fired = fire_timers<Target>(100'000, is_bare ? 2'000'000 : 0);
        recorder.add(timers, fired.ns_each);
        if (!is_bare) {
            recorder.add(inversions, double(fired.inversions));
        }
    });
    suite.job(lateness, name, role, [=](Recorder &recorder) {
        for (int i = 0; i < 20; i++) {
            recorder.add(lateness, late_ns<Target>(2500));
        }
    });
}

} // namespace

int main(int argc, char **argv) {
    run_on(0, 0);
    Suite suite("uv", "loops in libuv against libuv itself", argc, argv);
    suite.version("libuv", uv_version_string());
    for (const Gap &gap : gaps) {
        suite.add_case(gap.own).goal(1.15, bare);
        suite.add_case(gap.lent).goal(1.15, bare);
    }
    suite.add_case(no_timer).goal(1.15, bare);
    suite.add_case(one_timer).goal(1.15, bare);
    suite.add_case(timers).goal(1.15, plain);
    suite.add_case(inversions, Unit::count).goal(0);
    suite.add_case(lateness);

    add_wakes<Loop<Where::own>>(suite, "scriptloop", Role::ours, true, false);
    add_wakes<Loop<Where::lent>>(suite, "scriptloop", Role::ours, false, true);
    add_wakes<Bare>(suite, bare, Role::peer, true, true);
    add_wakes<Loop<Where::plain>>(suite, plain, Role::reference, true, true);
    add<Loop<Where::own>>(suite, "scriptloop", Role::ours);
    add<Bare>(suite, bare, Role::peer);
    add<Loop<Where::plain>>(suite, plain, Role::reference);
    return suite.run(20, 3);
}
