// How far a frame overruns its budget: 100,000 callbacks of 5 µs are queued, and each frame gives
// the loop 2 ms until all have run.
//
// A callback turns a loop that was calibrated to take 5 µs on this machine just before the run.
//   overshoot      the call's wall time beyond its 2 ms, 0 when it returned early; by frame
//   unused         what it returned too early while work was left; by frame
// The last frame of a run, which runs out of work, is left out. libuv knows no budget: all queued
// callbacks run in one frame, which is its only sample in a run.
#include "ours.hpp"

#define ASIO_STANDALONE 1
#include <asio.hpp>
#include <uv.h>

namespace {

using namespace bench;

constexpr uint64_t budget_ns = 2'000'000, callback_ns = 5'000;

const char *const overshoot = "overshoot of 2 ms", *const unused = "unused part of 2 ms";

struct Work {
    uint64_t turns, done = 0;

    static void run(void *userdata) {
        auto *work = static_cast<Work *>(userdata);
        turn(work->turns);
        work->done++;
    }
    // Each turn needs the one before: the time does not hang on how the loop was compiled.
    [[gnu::noinline]] static void turn(uint64_t turns) {
        uint64_t state = turns;
        for (uint64_t i = 0; i < turns; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            asm volatile("" : "+r"(state));
        }
    }
};

// The least of many: a calibration that a neighbour disturbed would make every callback too long.
uint64_t turns_per_callback() {
    constexpr uint64_t trial = 10'000;
    uint64_t least_ns = UINT64_MAX;
    for (int i = 0; i < 200; i++) {
        const uint64_t start = now_ns();
        Work::turn(trial);
        least_ns = std::min(least_ns, now_ns() - start);
    }
    return trial * callback_ns / least_ns;
}

class Loop {
  public:
    Loop(size_t count, Work &work) {
        for (size_t i = 0; i < count; i++) {
            SL_OK(sl_loop_post(loop_, SL_PRIORITY_NORMAL, Work::run, &work, nullptr));
        }
    }
    ~Loop() {
        SL_OK(sl_loop_free(loop_));
    }
    void frame() {
        uint32_t dispatched = 0;
        SL_OK(sl_loop_poll(loop_, budget_ns / 1'000'000, &dispatched));
    }

  private:
    sl_loop *loop_ = new_loop(loop_config());
};

class Asio {
  public:
    Asio(size_t count, Work &work) {
        for (size_t i = 0; i < count; i++) {
            asio::post(context_, [&work] { Work::run(&work); });
        }
    }
    void frame() {
        context_.restart();
        context_.run_for(std::chrono::nanoseconds(budget_ns));
    }

  private:
    asio::io_context context_{1};
};

// What libuv's users write: a list that others fill, and an async callback that empties it.
class Uv {
  public:
    Uv(size_t count, Work &work) : queued_(count, {Work::run, &work}) {
        check(uv_loop_init(&loop_) == 0, "uv_loop_init");
        check(uv_async_init(&loop_, &async_, drain) == 0, "uv_async_init");
        async_.data = this;
        uv_async_send(&async_);
    }
    ~Uv() {
        uv_close(reinterpret_cast<uv_handle_t *>(&async_), nullptr);
        uv_run(&loop_, UV_RUN_DEFAULT);
        uv_loop_close(&loop_);
    }
    void frame() {
        uv_run(&loop_, UV_RUN_NOWAIT);
    }

  private:
    struct Item {
        sl_work_fn run;
        void *userdata;
    };
    static void drain(uv_async_t *async) {
        auto *self = static_cast<Uv *>(async->data);
        std::vector<Item> items;
        {
            std::lock_guard<std::mutex> lock(self->mutex_);
            items.swap(self->queued_);
        }
        for (const Item &item : items) {
            item.run(item.userdata);
        }
    }
    uv_loop_t loop_;
    uv_async_t async_;
    std::mutex mutex_; // guards queued_
    std::vector<Item> queued_;
};

template <class Target>
void add(Suite &suite, const std::string &contender, Role role, size_t count) {
    suite.job("frames", contender, role, [count](Recorder &recorder) {
        Work work{turns_per_callback()};
        Target target(count, work);
        for (bool first = true; work.done < count; first = false) {
            const uint64_t before = work.done, start = now_ns();
            target.frame();
            const double over_ns = double(now_ns() - start) - double(budget_ns);
            check(work.done > before, "a frame ran nothing although work was left");
            if (work.done < count || first) {
                recorder.add(overshoot, std::max(over_ns, 0.));
                recorder.add(unused, std::max(-over_ns, 0.));
            }
        }
        check(work.done == count, "a callback ran twice");
    });
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("frame_budget", "100,000 callbacks of 5 µs in frames of 2 ms", argc, argv);
    suite.version("asio", std::to_string(ASIO_VERSION / 100000) + "." +
                              std::to_string(ASIO_VERSION / 100 % 1000) + "." +
                              std::to_string(ASIO_VERSION % 100));
    suite.version("libuv", uv_version_string());
    suite.add_case(overshoot).goal(2'600).goal(6'000, "", "", 0.99);
    suite.add_case(unused);
    const size_t count = suite.scale<size_t>(100'000, 20'000);
    add<Loop>(suite, "scriptloop", Role::ours, count);
    add<Asio>(suite, "asio run_for", Role::peer, count);
    add<Uv>(suite, "libuv, which has no budget", Role::peer, count);
    return suite.run(10, 2);
}
