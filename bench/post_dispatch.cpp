// Post → dispatch: what it costs to have a function with 64 bytes run on another thread.
//
// "tight": P threads post as fast as they can, the consumer drains in a tight loop. The figure is
// wall time from the common start to the last callback, divided by the items. The consumer has a
// core of its own, as a game's main thread has; the producers share the others.
// "frames": every millisecond the P threads wake up and post 4096 items between them; the consumer
// sleeps until the frame ends and drains once. The figure is CPU time per item:
//     (CPU time of all producers inside their bursts of posts + CPU time of the consumer inside
//     its drains) ÷ items
// so neither sleeping, nor waiting for the frame, nor a neighbour's load is in it.
// "bursts of 100": one thread posts 100 items, then drains them untimed. The figure is wall time
// per post: what the poster sees.
//
// A full queue makes the producer yield and try again. Every run checks that each item arrived
// once and unchanged. crossbeam's ArrayQueue runs the same measurements within Rust.
#include "peers.h"
#include "post_targets.hpp"

#include <atomic>

namespace {

using namespace bench;

const char *const bursts_of_100 = "one post, in bursts of 100";

std::string tight(uint32_t producers) {
    return "tight loop, producers: " + std::to_string(producers);
}

std::string in_frames(uint32_t producers) {
    return "1 ms frames, producers: " + std::to_string(producers);
}

template <class Producer> void post(Producer &producer, Tally &tally, uint64_t value) {
    const Payload payload{&tally, value, {value, value, value, value, value, value}};
    while (!producer.post(payload)) {
        std::this_thread::yield();
    }
}

void verify(const Tally &tally, uint64_t items) {
    check(tally.count == items, "items were lost or doubled");
    check(tally.sum == items * (items - 1) / 2, "items were changed");
}

template <class Target> double measure_tight(uint32_t producers, uint64_t items) {
    Target target;
    Tally tally;
    std::atomic<bool> started{false};
    const uint64_t share = items / producers;
    std::vector<std::thread> threads;
    run_on(1, every_processor);
    for (uint64_t number = 0; number < producers; number++) {
        threads.emplace_back([&, number] {
            typename Target::Producer producer(target);
            while (!started.load(std::memory_order_acquire)) {
                std::this_thread::yield();
            }
            for (uint64_t value = number * share; value < (number + 1) * share; value++) {
                post(producer, tally, value);
            }
        });
    }
    run_on(0, 0);
    const uint64_t start = now_ns();
    started.store(true, std::memory_order_release);
    while (tally.count < share * producers) {
        target.drain();
    }
    const uint64_t elapsed = now_ns() - start;
    for (std::thread &thread : threads) {
        thread.join();
    }
    run_on(0, every_processor);
    verify(tally, share * producers);
    return double(elapsed) / double(share * producers);
}

// The frame that producers wait for: its number, and how to hear of the next.
class Frames {
  public:
    void begin() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            number_++;
        }
        next_.notify_all();
    }
    void wait_for(uint64_t number) {
        std::unique_lock<std::mutex> lock(mutex_);
        next_.wait(lock, [&] { return number_ >= number; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable next_;
    uint64_t number_ = 0;
};

template <class Target>
double measure_frames(uint32_t producers, uint64_t frames, uint64_t per_frame) {
    Target target;
    Tally tally;
    Frames gate;
    const uint64_t burst = per_frame / producers, items = burst * producers * frames;
    std::atomic<uint64_t> posting_ns{0};
    std::vector<std::thread> threads;
    for (uint64_t number = 0; number < producers; number++) {
        threads.emplace_back([&, number] {
            typename Target::Producer producer(target);
            for (uint64_t frame = 0; frame < frames; frame++) {
                gate.wait_for(frame + 1);
                const uint64_t first = (frame * producers + number) * burst;
                const Stopwatch watch;
                for (uint64_t value = first; value < first + burst; value++) {
                    post(producer, tally, value);
                }
                posting_ns.fetch_add(watch.elapsed_ns(), std::memory_order_relaxed);
            }
        });
    }
    uint64_t draining_ns = 0, deadline = now_ns();
    for (uint64_t frame = 0; tally.count < items; frame++) {
        if (frame < frames) {
            gate.begin();
        }
        deadline += 1'000'000;
        sleep_until(deadline);
        const Stopwatch watch;
        target.drain();
        draining_ns += watch.elapsed_ns();
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    verify(tally, items);
    return double(posting_ns.load() + draining_ns) / double(items);
}

template <class Target> std::vector<double> measure_bursts(size_t bursts) {
    Target target;
    typename Target::Producer producer(target);
    Tally tally;
    std::vector<double> ns_per_post(bursts);
    for (size_t burst = 0; burst < bursts; burst++) {
        const uint64_t first = burst * 100, start = now_ns();
        for (uint64_t value = first; value < first + 100; value++) {
            post(producer, tally, value);
        }
        ns_per_post[burst] = double(now_ns() - start) / 100;
        while (tally.count < first + 100) {
            target.drain();
        }
    }
    verify(tally, bursts * 100);
    return ns_per_post;
}

struct Sizes {
    uint64_t tight_items, frames, per_frame;
    size_t bursts;
};

// The three measurements of one contender, wherever they run.
struct Measurements {
    std::function<double(uint32_t producers, uint64_t items)> tight;
    std::function<double(uint32_t producers, uint64_t frames, uint64_t per_frame)> frames;
    std::function<std::vector<double>(size_t bursts)> bursts;
};

void add(Suite &suite, const std::string &contender, Role role, const Sizes &sizes,
         const Measurements &measure) {
    for (const uint32_t producers : {1u, 2u, 4u}) {
        suite.job(tight(producers), contender, role, [=](Recorder &recorder) {
            recorder.add(tight(producers), measure.tight(producers, sizes.tight_items));
        });
        suite.job(in_frames(producers), contender, role, [=](Recorder &recorder) {
            recorder.add(in_frames(producers),
                         measure.frames(producers, sizes.frames, sizes.per_frame));
        });
    }
    suite.job(bursts_of_100, contender, role, [=](Recorder &recorder) {
        for (const double ns : measure.bursts(sizes.bursts)) {
            recorder.add(bursts_of_100, ns);
        }
    });
}

template <class Target>
void add(Suite &suite, const std::string &contender, Role role, const Sizes &sizes) {
    add(suite, contender, role, sizes,
        {measure_tight<Target>, measure_frames<Target>, measure_bursts<Target>});
}

std::vector<double> array_queue_bursts(size_t bursts) {
    std::vector<double> ns_per_post(bursts);
    peers_array_queue_bursts(bursts, capacity, ns_per_post.data());
    return ns_per_post;
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("post_dispatch", "a function and 64 bytes to run on another thread", argc, argv);
    suite.version("crossbeam-queue", peers_queue_version());
    suite.version("moodycamel::ConcurrentQueue", "1.0.3");
    for (const uint32_t producers : {1u, 2u, 4u}) {
        suite.add_case(tight(producers)).goal(1.0, best_peer);
    }
    for (const uint32_t producers : {1u, 2u, 4u}) {
        suite.add_case(in_frames(producers)).goal(1.0, best_peer);
    }
    suite.add_case(bursts_of_100).goal(15);

    const Sizes sizes =
        suite.quick() ? Sizes{100'000, 20, 4096, 100} : Sizes{500'000, 60, 4096, 300};
    add<LoopTarget>(suite, "scriptloop", Role::ours, sizes);
    add<LoopTargetWithBudget>(suite, "scriptloop, 2 ms budget", Role::ours, sizes);
    add<MoodycamelTarget>(suite, "moodycamel", Role::peer, sizes);
    add<MoodycamelBulkTarget>(suite, "moodycamel, tokens and bulk", Role::peer, sizes);
    add<VectorTarget>(suite, "mutex and vector swap", Role::peer, sizes);
    const auto array_tight = [](uint32_t producers, uint64_t items) {
        run_on(1, every_processor);
        const auto take_own_core = [] { run_on(0, 0); };
        const double ns = peers_array_queue_tight(producers, items, capacity, take_own_core);
        run_on(0, every_processor);
        return ns;
    };
    const auto array_frames = [](uint32_t producers, uint64_t frames, uint64_t per_frame) {
        return peers_array_queue_frames(producers, frames, per_frame, capacity);
    };
    add(suite, "crossbeam ArrayQueue", Role::peer, sizes,
        {array_tight, array_frames, array_queue_bursts});
    return suite.run(20);
}
