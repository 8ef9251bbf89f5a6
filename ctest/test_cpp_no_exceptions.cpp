/* C++ without exceptions and without type information: compiled so by cmake/SlTests.cmake. */
#include "cpp_test.h"

#include <csignal>

#if defined(__cpp_exceptions) || defined(__cpp_rtti)
#error "this file shows that the layer needs neither"
#endif

using namespace std::chrono_literals;

SL_TEST(everything_works_without_exceptions) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    int runs = 0;
    SL_CHECK(loop.post([&runs, end = counted(ends)] { ++runs; }));
    SL_CHECK(loop.schedule_timer(1ms, [&runs, end = counted(ends)] { ++runs; }));
    SL_CHECK(loop.advance(1ms));
    SL_CHECK_EQ(loop.poll().value(), 2u);
    SL_CHECK_EQ(runs, 2);
    SL_CHECK_EQ(ends.load(), 2);

    scriptloop::script_runner_config config;
    config.add_function(
        "twice", [](scriptloop::values_view args) { return 2 * args[0].as_integer().value_or(0); });
    const auto runner = runner_of(std::move(config));
    const auto action = run_job(runner, scriptloop::script_job("return twice(...)").set_args({21}));
    SL_CHECK(action.message() == "42");
    const auto pool = scriptloop::state_pool<int>::make(1, [] { return std::make_unique<int>(1); });
    SL_CHECK_EQ(*pool.value().acquire().value(), 1);
}

SL_TEST(jobs_work_without_exceptions) {
    const auto loop = scriptloop::loop::make().value();
    const auto runner = runner_of();
    const auto jobs = scriptloop::jobs::make(runner, loop).value();
    const auto callbacks = scriptloop::callbacks::make(loop).value();
    SL_CHECK(jobs.register_kind("sum", [](scriptloop::job_call job) {
        const int *at = job.native().data<int>();
        return std::to_string(at[0] + at[1]);
    }));
    std::string heard;
    const scriptloop::job_request request("sum");
    SL_CHECK(jobs.submit(request, scriptloop::native_payload::of(std::vector<int>{40, 2}),
                         callbacks,
                         [&heard](scriptloop::job_result_view result) { heard = result.text(); }));
    while (callbacks.dispatch().value() == 0) {
        SL_CHECK(loop.run_once(patience));
    }
    SL_CHECK(heard == "42");
}

SL_TEST(the_value_of_an_error_ends_the_process_and_says_why) {
    char text[128] = {};
    int ends[2];
    SL_CHECK_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        scriptloop::loop().wake().value();
        _exit(0);
    }
    SL_CHECK(child > 0);
    int status = 0;
    SL_CHECK_EQ(waitpid(child, &status, 0), child);
    SL_CHECK(WIFSIGNALED(status));
    SL_CHECK_EQ(WTERMSIG(status), SIGABRT);
    SL_CHECK(read(ends[0], text, sizeof text - 1) > 0);
    const std::string why = sl_status_text(SL_STATUS_NULL_ARGUMENT);
    SL_CHECK("scriptloop error: " + why + "\n" == text);
    SL_CHECK_EQ(close(ends[0]), 0);
    SL_CHECK_EQ(close(ends[1]), 0);
}
