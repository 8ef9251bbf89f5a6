/* C++ scripts: values go there and back, callables are the workers', and refusals take nothing. */
#include "cpp_test.h"

#include <thread>
#include <vector>

using namespace std::chrono_literals;
using scriptloop::script_job;
using scriptloop::script_reply;
using scriptloop::script_runner_config;
using scriptloop::value;
using scriptloop::value_list;
using scriptloop::values_view;

SL_TEST(values_go_to_a_script_and_come_back) {
    using namespace std::string_view_literals;
    const auto runner = runner_of();
    int target = 0;
    script_job job("return ...");
    job.set_args({nullptr, true, INT64_MIN, 0.5, "a\0b"sv, value::array({1, value::array({2})}),
                  value::map({{"x", 1}}), value::pointer(&target)});
    const auto action = run_job(runner, job);
    const auto result = action.result();
    SL_CHECK(result);
    SL_CHECK_EQ(result.outcome(), SL_OUTCOME_OK);
    const values_view values = result.values();
    SL_CHECK_EQ(values.size(), 8u);
    SL_CHECK(values[0].is_nil());
    SL_CHECK(values[1].as_boolean() == true);
    SL_CHECK(values[2].as_integer() == INT64_MIN);
    SL_CHECK(values[3].as_number() == 0.5);
    SL_CHECK(values[4].as_bytes() == "a\0b"sv);
    SL_CHECK(values[5][1][0].as_integer() == 2);
    SL_CHECK(values[6]["x"].as_integer() == 1);
    SL_CHECK(values[7].as_pointer() == &target);
    SL_CHECK(result.run() > 0ns);
    SL_CHECK(result.error().empty());
}

SL_TEST(an_error_of_a_script_has_its_line) {
    const auto runner = runner_of();
    script_job job("\nerror('broken')");
    job.chunk_name = "@door.lua";
    const auto action = run_job(runner, job);
    SL_CHECK(!action.success());
    SL_CHECK_EQ(action.result().outcome(), SL_OUTCOME_SCRIPT_ERROR);
    SL_CHECK(action.result().error().find("door.lua:2: broken") == 0);
    SL_CHECK(action.result().text().empty());
}

SL_TEST(a_job_keeps_its_arguments_also_when_it_is_copied) {
    const auto runner = runner_of();
    script_job copy;
    {
        script_job job("return select('#', ...), ...");
        job.set_args(value_list{std::string(40, 'x'), 2});
        copy = job;
    }
    const auto action = run_job(runner, copy);
    SL_CHECK(action.result().values()[0].as_integer() == 2);
    SL_CHECK(action.result().values()[1].as_bytes() == std::string(40, 'x'));
}

SL_TEST(a_deadline_is_in_any_unit) {
    const auto runner = runner_of();
    script_job job("while true do end");
    SL_CHECK_EQ(job.set_deadline(1us).deadline_ms, 1u);
    SL_CHECK_EQ(job.set_state_wait(1500us).state_wait_ms, 2u);
    const auto action = run_job(runner, job);
    SL_CHECK_EQ(action.result().outcome(), SL_OUTCOME_TIMEOUT);
}

SL_TEST(functions_take_views_and_give_what_becomes_a_value) {
    script_runner_config config;
    std::atomic<int> ends(0);
    std::atomic<int> calls(0);
    config.add_function("nothing", [&calls](values_view) { ++calls; });
    config.add_function("sum", [end = counted(ends)](values_view args) {
        std::int64_t sum = 0;
        for (const auto arg : args) {
            sum += arg.as_integer().value_or(0);
        }
        return sum;
    });
    config.add_function("host.text", [](values_view) { return std::string("text"); });
    config.add_function("host.two", [](values_view) { return value_list{1, "two"}; });
    config.add_function("host.check", [](values_view args) -> script_reply {
        if (const auto name = args[0].as_bytes()) {
            return value(*name);
        }
        return scriptloop::script_error("a name is missing");
    });
    config.add_function("host.huge", [](values_view) { return UINT64_MAX; });
    {
        const auto runner = runner_of(std::move(config));
        const auto good = run_source(
            runner, "return select('#', nothing()), sum(1, 2, 3), host.text(), host.two()");
        const values_view values = good.result().values();
        SL_CHECK_EQ(values.size(), 5u);
        SL_CHECK(values[0].as_integer() == 0);
        SL_CHECK(values[1].as_integer() == 6);
        SL_CHECK(values[2].as_bytes() == "text");
        SL_CHECK(values[4].as_bytes() == "two");
        SL_CHECK(run_source(runner, "return host.check('imp')").message() == "imp");
        const auto bad = run_source(runner, "host.check()");
        SL_CHECK(bad.message().find("script:1: a name is missing") == 0);
        const auto huge = run_source(runner, "host.huge()");
        const std::string why = sl_status_text(SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK(huge.message().find("script:1: " + why) == 0);
        SL_CHECK_EQ(calls.load(), 1);
        SL_CHECK_EQ(ends.load(), 0);
    }
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(a_config_that_is_refused_destroys_its_callables_once) {
    std::atomic<int> ends(0);
    script_runner_config config;
    config.workers = 65;
    config.add_function("one", [end = counted(ends)](values_view) {});
    config.add_function("two", [end = counted(ends)](values_view) {});
    config.set_on_thread_start([end = counted(ends)](std::uint32_t) {});
    SL_CHECK_STATUS(scriptloop::script_runner::make({}, std::move(config)).status(),
                    SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 3);
}

SL_TEST(hooks_and_modules_set_states_up_and_end_with_the_runner) {
    std::atomic<int> ends(0);
    std::atomic<int> started(0);
    std::atomic<int> exited(0);
    {
        script_runner_config config;
        config.add_module("twice", "return function(n) return 2 * n end");
        config.set_on_state_create([end = counted(ends)](scriptloop::script_setup_view setup) {
            SL_CHECK(setup.set_global("half", value::map({{"n", 21}})));
            return setup.run("function double(t) return require 'twice' (t.n) end");
        });
        config.set_on_thread_start([&started, end = counted(ends)](std::uint32_t) { ++started; });
        config.set_on_thread_exit([&exited, end = counted(ends)](std::uint32_t) { ++exited; });
        config.set_deadline(patience).set_state_wait(patience).set_close_grace(1us);
        SL_CHECK_EQ(config.close_grace_ms, 1u);
        const auto runner = runner_of(std::move(config));
        SL_CHECK(run_source(runner, "return double(half)").message() == "42");
        SL_CHECK_EQ(ends.load(), 0);
    }
    SL_CHECK_EQ(started.load(), 1);
    SL_CHECK_EQ(exited.load(), 1);
    SL_CHECK_EQ(ends.load(), 3);

    script_runner_config broken;
    broken.set_on_state_create(
        [](scriptloop::script_setup_view setup) { return setup.run("no Lua"); });
    SL_CHECK(!scriptloop::script_runner::make({}, std::move(broken)));
}

SL_TEST(the_hosts_own_threads_run_tasks) {
    std::mutex lock;
    std::vector<std::thread> threads;
    {
        script_runner_config config;
        config.set_submit([&](scriptloop::script_task task) {
            const std::lock_guard<std::mutex> locked(lock);
            threads.emplace_back(task);
        });
        const auto runner = runner_of(std::move(config));
        SL_CHECK(run_source(runner, "return 'elsewhere'").message() == "elsewhere");
    }
    SL_CHECK(!threads.empty());
    for (std::thread &thread : threads) {
        thread.join();
    }
}

SL_TEST(a_result_callback_runs_on_the_worker_and_is_destroyed_before_the_action_comes) {
    std::atomic<int> ends(0);
    std::atomic<int> heard(0);
    const auto runner = runner_of();
    const auto hear = [&](const script_job &job) {
        return runner.enqueue(
            job, [&heard, end = counted(ends)](scriptloop::script_result_view result) {
                heard += static_cast<int>(result.values()[0].as_integer().value_or(-100));
            });
    };
    script_job both("return 1");
    both.delivery = SL_DELIVERY_BOTH;
    SL_CHECK(hear(script_job("return 2"))); // only heard
    const sl_job_id id = hear(both).value();
    const auto action = runner.actions().value().pop_timeout(patience).value();
    SL_CHECK_EQ(action.id(), id);
    SL_CHECK_EQ(heard.load(), 3);
    SL_CHECK_EQ(ends.load(), 2);

    script_job bad("return 1");
    bad.delivery = SL_DELIVERY_BOTH;
    bad.size = 1;
    SL_CHECK_STATUS(hear(bad).status(), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 3);
}

SL_TEST(jobs_are_cancelled_and_counted) {
    auto runner = runner_of();
    script_job endless("while true do end");
    endless.owner = 5;
    const sl_job_id running = runner.enqueue(endless).value();
    SL_CHECK(runner.enqueue(endless));
    SL_CHECK(runner.cancel(running));
    SL_CHECK_EQ(runner.actions().value().pop_timeout(patience).value().id(), running);
    SL_CHECK_EQ(runner.cancel_owner(5).value(), 1u);
    SL_CHECK_EQ(runner.cancel_owner(6).value(), 0u);
    const auto cancelled = runner.actions().value().pop_timeout(patience).value();
    SL_CHECK_EQ(cancelled.result().outcome(), SL_OUTCOME_CANCELLED);
    SL_CHECK_STATUS(runner.cancel(running).status(), SL_STATUS_NOT_FOUND);
    SL_CHECK_EQ(runner.cancel_all().value(), 0u);
    SL_CHECK_EQ(runner.read_stats().value().delivered, 2u);
    SL_CHECK(runner.read_state(0));
    SL_CHECK_STATUS(runner.read_state(1).status(), SL_STATUS_NOT_FOUND);
    SL_CHECK(runner.free());
    SL_CHECK_STATUS(runner.enqueue(endless).status(), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_runner_closes_gracefully_within_a_duration_and_then_at_once) {
    auto runner = runner_of();
    const sl_job_id endless = runner.enqueue(script_job("while true do end")).value();
    SL_CHECK(runner.is_job_pending(endless).value());
    SL_CHECK(!runner.is_job_pending(endless + 1).value());
    const auto drained = runner.close_gracefully(std::chrono::microseconds(1));
    SL_CHECK_STATUS(drained.status(), SL_STATUS_TIMEOUT);
    SL_CHECK_STATUS(runner.enqueue(script_job("return 1")).status(), SL_STATUS_CLOSED);
    SL_CHECK(runner.is_job_pending(endless).value());
    SL_CHECK(runner.close());
    SL_CHECK(runner.close_gracefully(scriptloop::forever));
    SL_CHECK(runner.close());
    SL_CHECK(!runner.is_job_pending(endless).value());
    const auto ended = runner.actions().value().pop_timeout(patience).value();
    SL_CHECK_EQ(ended.result().outcome(), SL_OUTCOME_CLOSED);
    SL_CHECK(runner.free());
    SL_CHECK_STATUS(runner.close().status(), SL_STATUS_NULL_ARGUMENT);
}
