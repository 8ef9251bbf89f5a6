// Wake latency: from just before the wake to the waiter running.
//
// With a gap: a waiter blocks; the other thread, once told that the last wake has arrived, stays
// busy for the gap, takes the time and wakes. With 1 µs the waiter has hardly begun to wait, with
// 100 µs and 2 ms it is parked and its core asleep. Each sample is one wake.
// Ping-pong: two threads block in turn and wake each other; each sample is the mean over a batch
// of the time one way, so half a round trip.
// The two threads are tied to two cores, so that every wake crosses from one to the other.
#include "wakers.hpp"

namespace {

using namespace bench;

// A waiter thread with a waker of its own; the constructor returns when it is about to wait.
template <class Waker> class Waiter {
  public:
    template <class Body>
    explicit Waiter(Body body)
        : thread_([this, body] {
              run_on(1, 1);
              Waker waker;
              waker_.store(&waker, std::memory_order_release);
              body(waker);
              while (!released_.load(std::memory_order_acquire)) {
                  std::this_thread::yield(); // a late wake must find the waker alive
              }
          }) {
        while (!waker_.load(std::memory_order_acquire)) {
            std::this_thread::yield();
        }
    }
    ~Waiter() {
        released_.store(true, std::memory_order_release);
        thread_.join();
    }
    Waker &waker() {
        return *waker_.load(std::memory_order_acquire);
    }

  private:
    std::atomic<Waker *> waker_{nullptr};
    std::atomic<bool> released_{false};
    std::thread thread_;
};

template <class Waker> std::vector<double> latencies_with_gap(uint64_t gap_ns, size_t samples) {
    const size_t warm_up = samples / 10 + 1;
    std::vector<double> latencies;
    latencies.reserve(samples + warm_up);
    alignas(64) std::atomic<uint64_t> sent{0}, sent_at_ns{0}; // a cache line for each direction
    alignas(64) std::atomic<uint64_t> arrived{0};
    const auto wait_for_all = [&](Waker &waker) {
        for (uint64_t number = 1; number <= samples + warm_up; number++) {
            do {
                waker.wait();
            } while (sent.load(std::memory_order_acquire) < number);
            latencies.push_back(double(now_ns() - sent_at_ns.load(std::memory_order_relaxed)));
            arrived.store(number, std::memory_order_release);
        }
    };
    {
        Waiter<Waker> waiter(wait_for_all);
        for (uint64_t number = 1; number <= samples + warm_up; number++) {
            spin_until(now_ns() + gap_ns);
            sent_at_ns.store(now_ns(), std::memory_order_relaxed);
            sent.store(number, std::memory_order_release);
            waiter.waker().wake();
            while (arrived.load(std::memory_order_acquire) < number) {
                cpu_relax();
            }
        }
    }
    latencies.erase(latencies.begin(), latencies.begin() + long(warm_up));
    return latencies;
}

template <class Waker> double one_way_of_ping_pong(size_t trips) {
    Waker here;
    const size_t warm_up = trips / 10 + 1;
    Waiter<Waker> there([&](Waker &waker) {
        for (size_t i = 0; i < trips + warm_up; i++) {
            waker.wait();
            here.wake();
        }
    });
    uint64_t start = 0;
    for (size_t i = 0; i < trips + warm_up; i++) {
        start = i == warm_up ? now_ns() : start;
        there.waker().wake();
        here.wait();
    }
    return double(now_ns() - start) / double(trips) / 2;
}

struct Gap {
    const char *name;
    uint64_t ns;
    size_t samples;
};

template <class Waker>
void add(Suite &suite, const std::string &contender, Role role, const std::vector<Gap> &gaps) {
    for (const Gap &gap : gaps) {
        suite.job(gap.name, contender, role, [gap](Recorder &recorder) {
            for (const double latency : latencies_with_gap<Waker>(gap.ns, gap.samples)) {
                recorder.add(gap.name, latency);
            }
        });
    }
    const size_t batches = suite.scale<size_t>(10, 3);
    suite.job("ping-pong", contender, role, [batches](Recorder &recorder) {
        for (size_t batch = 0; batch < batches; batch++) {
            recorder.add("ping-pong", one_way_of_ping_pong<Waker>(200));
        }
    });
}

} // namespace

int main(int argc, char **argv) {
    run_on(0, 0);
    Suite suite("wake_latency", "from just before the wake to the waiter running", argc, argv);
    suite.version("libuv", uv_version_string());
    suite.version("asio", std::to_string(ASIO_VERSION / 100000) + "." +
                              std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                              std::to_string(ASIO_VERSION % 100));
    suite.version("GLib", std::to_string(glib_major_version) + "." +
                              std::to_string(glib_minor_version) + "." +
                              std::to_string(glib_micro_version));
    suite.version("crossbeam-channel", peers_channel_version());

    const std::string futex = "three-state futex", channel = "crossbeam-channel, bounded(1)";
    const std::vector<std::string> not_above = {"libuv uv_async_send", "std::condition_variable",
                                                "eventfd + epoll", "asio post",
                                                "GLib g_main_context_wakeup"};
    const std::vector<Gap> gaps = {{"waiting for 1 µs", 1'000, 500},
                                   {"parked for 100 µs", 100'000, 100},
                                   {"parked for 2 ms", 2'000'000, 20}};
    suite.add_case("waiting for 1 µs").goal(1.5, channel);
    for (const char *name : {"parked for 100 µs", "parked for 2 ms"}) {
        Case &parked = suite.add_case(name).goal(1.05, futex);
        for (const std::string &peer : not_above) {
            parked.goal(1.0, peer);
        }
    }
    suite.add_case("ping-pong").goal(1.5, channel);

    add<LoopWaker>(suite, "scriptloop", Role::ours, gaps);
    add<LoopWakerWithoutSpin>(suite, "scriptloop, spin_us = 0", Role::ours, gaps);
    add<FutexWaker>(suite, futex, Role::peer, gaps);
    add<UvWaker>(suite, not_above[0], Role::peer, gaps);
    add<ConditionWaker>(suite, not_above[1], Role::peer, gaps);
    add<EpollWaker>(suite, not_above[2], Role::peer, gaps);
    add<AsioWaker>(suite, not_above[3], Role::peer, gaps);
    add<GlibWaker>(suite, not_above[4], Role::peer, gaps);
    add<ChannelWaker>(suite, channel, Role::peer, gaps);
    return suite.run(20);
}
