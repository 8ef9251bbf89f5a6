// A loop with a drive: how soon a completion is handled, and what the drive costs while nothing
// happens.
//
// "post of a worker to its callback": a worker ends something at random times, 1 to 34 ms apart,
// and posts it to a loop whose thread sleeps; the callback takes the time. Ours has a drive. The
// others are what engines do instead: a thread that polls the same loop on a grid, every 33 ms (a
// frame) or every 1 ms. The floor is a thread that does nothing but wait for this one mailbox.
//
// "idle": a driven loop with one timer an hour away is left alone for 10 s, in the first round. The
// drive counts how often its thread slept, and the kernel how often it was switched to, which is
// read from the outside and wakes nobody.
//
// "poll of the owner": a poll that finds nothing, of a loop that a sleeping thread drives: what
// taking the turn and giving it back adds to the same poll of a loop without a drive.
#include "ours.hpp"

#include <atomic>
#include <gnu/libc-version.h>

namespace {

using namespace bench;

const char *const latency = "post of a worker to its callback",
                  *const parks = "idle: times that the drive slept",
                  *const switches = "idle: context switches of its thread",
                  *const turn = "poll of the owner, nothing to do";

// Filled by the one thread that handles completions.
std::vector<double> latencies;
std::atomic<size_t> handled;

void handle(uint64_t posted_at_ns) {
    latencies.push_back(double(now_ns() - posted_at_ns));
    handled.fetch_add(1, std::memory_order_release);
}

void handle_post(void *bytes) {
    handle(*static_cast<const uint64_t *>(bytes));
}

void post_time(sl_loop *loop) {
    const uint64_t now = now_ns();
    SL_OK(sl_loop_post_copy(loop, SL_PRIORITY_NORMAL, handle_post, &now, sizeof now));
}

sl_drive_stats drive_stats(sl_loop *loop) {
    sl_drive_stats stats{};
    stats.size = sizeof stats;
    SL_OK(sl_loop_read_drive_stats(loop, &stats));
    return stats;
}

class Driven {
  public:
    Driven() {
        SL_OK(sl_loop_drive_start(loop_, nullptr));
    }
    ~Driven() {
        SL_OK(sl_loop_free(loop_));
    }
    void post() {
        post_time(loop_);
    }

  private:
    sl_loop *loop_ = new_loop(loop_config());
};

template <uint64_t PERIOD_NS> class Polled {
  public:
    Polled() {
        SL_OK(sl_loop_detach_thread(loop_));
        thread_ = std::thread([this] { poll(); });
    }
    ~Polled() {
        over_.store(true);
        thread_.join();
        SL_OK(sl_loop_attach_thread(loop_));
        SL_OK(sl_loop_free(loop_));
    }
    void post() {
        post_time(loop_);
    }

  private:
    void poll() {
        SL_OK(sl_loop_attach_thread(loop_));
        for (uint64_t next = now_ns(); !over_.load(); next += PERIOD_NS) {
            sleep_until(next);
            SL_OK(sl_loop_poll(loop_, 1, nullptr));
        }
        SL_OK(sl_loop_detach_thread(loop_));
    }

    sl_loop *loop_ = new_loop(loop_config());
    std::atomic<bool> over_{false};
    std::thread thread_;
};

// As few lines as do it by hand: nothing but these completions can be waited for.
class Mailbox {
  public:
    Mailbox() : thread_([this] { wait(); }) {}
    ~Mailbox() {
        put(over);
        thread_.join();
    }
    void post() {
        put(now_ns());
    }

  private:
    static constexpr uint64_t over = UINT64_MAX;

    void put(uint64_t time) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            times_.push_back(time);
        }
        condition_.notify_one();
    }
    void wait() {
        for (;;) {
            std::vector<uint64_t> batch;
            {
                std::unique_lock<std::mutex> lock(mutex_);
                condition_.wait(lock, [this] { return !times_.empty(); });
                batch.swap(times_);
            }
            for (const uint64_t time : batch) {
                if (time == over) {
                    return;
                }
                handle(time);
            }
        }
    }

    std::mutex mutex_;
    std::condition_variable condition_;
    std::vector<uint64_t> times_;
    std::thread thread_; // the last one: it uses all of the above
};

// This thread is the worker.
template <class Target> void measure_latency(Recorder &recorder, size_t samples) {
    std::mt19937_64 random(std::random_device{}());
    std::uniform_int_distribution<uint64_t> gap_ns(1'000'000, 34'000'000);
    latencies.clear();
    latencies.reserve(samples);
    handled.store(0);
    {
        Target target;
        for (size_t posted = 0; posted < samples; posted++) {
            sleep_until(now_ns() + gap_ns(random));
            target.post();
        }
        while (handled.load(std::memory_order_acquire) < samples) {
            sleep_until(now_ns() + 1'000'000);
        }
    }
    for (const double sample : latencies) {
        recorder.add(latency, sample);
    }
}

void say_seconds(uint64_t done, uint64_t all) {
    const bool terminal = isatty(STDERR_FILENO);
    if (terminal || done % 5 == 0) {
        std::fprintf(stderr, "%sdrive: idle for %llu of %llu s%s", terminal ? "\r\033[K" : "",
                     static_cast<unsigned long long>(done), static_cast<unsigned long long>(all),
                     terminal ? "" : "\n");
    }
}

void measure_idle(Recorder &recorder, uint64_t seconds) {
    static std::atomic<int> thread;
    thread.store(0);
    sl_drive_config config;
    SL_OK(sl_drive_config_init(&config, sizeof config));
    config.on_start = [](void *) { thread.store(gettid()); };
    sl_loop *loop = new_loop(loop_config());
    const auto never = [](void *) { fail("a timer fired an hour early"); };
    SL_OK(sl_loop_schedule_timer(loop, 3'600'000, 0, never, nullptr, nullptr, nullptr));
    SL_OK(sl_loop_drive_start(loop, &config));
    latencies.clear();
    handled.store(0);
    post_time(loop); // so that it has run something
    while (handled.load() == 0) {
        sleep_until(now_ns() + 1'000'000);
    }
    sleep_until(now_ns() + 100'000'000); // and sleeps again
    const uint64_t parks_before = drive_stats(loop).parks;
    const uint64_t switches_before = context_switches(thread.load());
    for (uint64_t done = 0; done < seconds; done++) {
        say_seconds(done, seconds);
        sleep_until(now_ns() + 1'000'000'000);
    }
    recorder.add(switches, double(context_switches(thread.load()) - switches_before));
    recorder.add(parks, double(drive_stats(loop).parks - parks_before));
    check(drive_stats(loop).is_on == 1, "the loop is not driven");
    SL_OK(sl_loop_free(loop));
}

void measure_polls(Recorder &recorder, size_t times, bool is_driven) {
    sl_loop *loop = new_loop(loop_config());
    if (is_driven) {
        SL_OK(sl_loop_drive_start(loop, nullptr));
        while (drive_stats(loop).parks == 0) {
            sleep_until(now_ns() + 1'000'000);
        }
    }
    SL_OK(sl_loop_poll(loop, 2, nullptr));
    const uint64_t steps = drive_stats(loop).steps;
    const uint64_t start = now_ns();
    for (size_t i = 0; i < times; i++) {
        SL_OK(sl_loop_poll(loop, 2, nullptr));
    }
    recorder.add(turn, double(now_ns() - start) / double(times));
    check(drive_stats(loop).steps == steps, "polls woke the thread");
    SL_OK(sl_loop_free(loop));
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("drive", "a loop that a thread of its own drives", argc, argv);
    suite.version("glibc", gnu_get_libc_version());
    const std::string frame = "a thread that polls every 33 ms",
                      often = "a thread that polls every 1 ms",
                      floor = "a thread with a condition variable";
    suite.add_case(latency).goal(100'000).goal(1.0, often).goal(1.0, frame).goal(1.5, floor);
    suite.add_case(parks, Unit::count).goal(0);
    suite.add_case(switches, Unit::count).goal(0);
    suite.add_case(turn).goal(150);

    const size_t samples = suite.scale<size_t>(60, 20);
    const auto add_latency = [&](const std::string &name, Role role, auto measure) {
        suite.job(latency, name, role, [=](Recorder &recorder) { measure(recorder, samples); });
    };
    add_latency("scriptloop", Role::ours, measure_latency<Driven>);
    add_latency(often, Role::peer, measure_latency<Polled<1'000'000>>);
    add_latency(frame, Role::peer, measure_latency<Polled<33'000'000>>);
    add_latency(floor, Role::reference, measure_latency<Mailbox>);

    const uint64_t seconds = suite.scale<uint64_t>(10, 2);
    bool is_first = true;
    suite.job("idle", "scriptloop", Role::ours, [seconds, &is_first](Recorder &recorder) {
        if (std::exchange(is_first, false)) {
            measure_idle(recorder, seconds);
        }
    });
    const size_t times = suite.scale<size_t>(50'000, 10'000);
    suite.job(turn, "scriptloop", Role::ours,
              [times](Recorder &recorder) { measure_polls(recorder, times, true); });
    suite.job(turn, "the same loop without a drive", Role::reference,
              [times](Recorder &recorder) { measure_polls(recorder, times, false); });
    return suite.run(10, 3);
}
