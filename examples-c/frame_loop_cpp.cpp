/*
 * frame_loop_cpp: frame_loop and a script in C++: callables, durations, results, no free in sight.
 *
 *   cargo build --release
 *   c++ -std=c++17 -Iinclude examples-c/frame_loop_cpp.cpp -o target/frame_loop_cpp \
 *      -Ltarget/release -lscriptloop -Wl,-rpath,"$PWD/target/release" -pthread
 *   target/frame_loop_cpp
 *
 * With CMake:
 *   cmake -S . -B build && cmake --build build
 *   ctest --test-dir build -R example.frame_loop_cpp --output-on-failure
 */
#include <cstdio>
#include <thread>

#include "scriptloop.hpp"

namespace sl = scriptloop;
using namespace std::chrono_literals;

constexpr int TASKS = 400;
constexpr int FRAMES_MAX = 600;
constexpr auto FRAME = 16667us;

struct world {
    int tasks_done = 0;
    int out_of_order = 0;
    int blinks = 0;
    unsigned noise = 0;
    std::int64_t answer = 0;
};

/* One piece of main-thread work: some tens of microseconds, as a decoded packet might cost. */
static void run_task(world &world, int number) {
    for (int i = 0; i < 20000; ++i) {
        world.noise = world.noise * 1664525u + 1013904223u;
    }
    world.out_of_order += number != world.tasks_done;
    ++world.tasks_done;
}

/* A script on a worker asks the host for a number; its result comes to the frame. */
static sl::script_runner ask(sl::loop_ref loop, world &world) {
    sl::script_runner_config config;
    config.workers = 1;
    config.add_function("host.lives", [](sl::values_view) { return 9; });
    auto runner = sl::script_runner::make(loop, std::move(config)).value();
    const auto take = [&world](sl::action_view action) {
        world.answer = action.result().values()[0].as_integer().value_or(-1);
    };
    runner.actions().value().attach(loop, take).value();
    sl::script_job job("local bonus = ... return host.lives() + bonus");
    runner.enqueue(job.set_args({33})).value();
    return runner;
}

int main() {
    world world;
    const auto loop = sl::loop::make().value();
    const auto runner = ask(loop, world);
    loop.schedule_timer(0ms, 50ms, [&world] { ++world.blinks; }).value();

    // More work than one frame can take. These lambdas are copied: no memory is taken for them.
    for (int i = 0; i < TASKS; ++i) {
        loop.post([&world, i] { run_task(world, i); }).value();
    }

    const auto step = sl::step().set_max_work(2ms);
    auto tick = std::chrono::steady_clock::now();
    int frame = 0;
    for (; frame < FRAMES_MAX && (world.tasks_done < TASKS || world.answer == 0); ++frame) {
        /* simulate and render here */
        const sl_report report = loop.step(step).value();
        std::printf("frame %2d: %3d callbacks in %4d us, %3d left for later frames\n", frame,
                    static_cast<int>(report.items), static_cast<int>(report.elapsed_ns / 1000),
                    static_cast<int>(report.remaining));
        // Stands for the buffer swap, in which an engine blocks until the display is ready.
        std::this_thread::sleep_until(tick += FRAME);
    }

    std::printf("%d tasks in %d frames, %d blinks; the script says %d\n", world.tasks_done, frame,
                world.blinks, static_cast<int>(world.answer));
    const bool good = world.tasks_done == TASKS && world.out_of_order == 0 && world.blinks > 0;
    return good && world.answer == 42 ? 0 : 1;
}
