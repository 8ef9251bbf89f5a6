/* C++ exceptions: none leaves a callback, each is reported, and what comes after it still runs. */
#include "cpp_test.h"

#include <stdexcept>

using namespace std::chrono_literals;

SL_TEST(a_post_that_throws_is_reported_and_the_rest_of_the_batch_runs) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    std::string order;
    ear ear;
    caught caught;
    SL_CHECK(loop.post([&] { order += 'a'; }));
    SL_CHECK(loop.post([&order, end = counted(ends)] {
        order += 'b';
        throw std::runtime_error("no %s");
    }));
    SL_CHECK(loop.post([] { throw 7; }));
    SL_CHECK(loop.post([&] { order += 'c'; }));
    SL_CHECK_EQ(loop.poll().value(), 4u);
    SL_CHECK(order == "abc");
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK(ear.text() == "post threw: no %s|post threw: unknown exception|");
    SL_CHECK(caught.text() == "post: no %s|post: 7|");
}

SL_TEST(a_timer_that_throws_is_reported_and_repeats) {
    const scriptloop::loop loop = virtual_loop();
    ear ear;
    const auto run = [] { throw std::runtime_error("late"); };
    const sl_timer_id id = loop.schedule_timer(0s, 1s, run).value();
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK(loop.advance(1s));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK(ear.text() == "timer threw: late|timer threw: late|");
    SL_CHECK(loop.cancel_timer(id).value());
}

SL_TEST(an_action_handler_that_throws_loses_no_other_action) {
    const scriptloop::loop loop = virtual_loop();
    const auto queue = scriptloop::action_queue::make().value();
    int handled = 0;
    const auto handle = [&](scriptloop::action_view action) {
        ++handled;
        throw std::runtime_error(std::string(action.message()));
    };
    ear ear;
    SL_CHECK(queue.push(scriptloop::action_draft(1).set_message("one")));
    SL_CHECK(queue.push(scriptloop::action_draft(1).set_message("two")));
    SL_CHECK_EQ(queue.drain(handle).value().items, 2u);
    SL_CHECK(queue.attach(loop, handle));
    SL_CHECK(queue.push(scriptloop::action_draft(1).set_message("three")));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(handled, 3);
    SL_CHECK(ear.text() == "action handler threw: one|action handler threw: two|"
                           "action handler threw: three|");
}

SL_TEST(a_script_function_that_throws_is_an_error_of_its_script) {
    scriptloop::script_runner_config config;
    config.add_function("throws", [](scriptloop::values_view args) {
        if (args.empty()) {
            throw 7;
        }
        throw std::runtime_error("no such door");
    });
    ear ear;
    caught caught;
    const auto runner = runner_of(std::move(config));
    const auto failed = run_source(runner, "throws(1)");
    SL_CHECK_EQ(failed.result().outcome(), SL_OUTCOME_SCRIPT_ERROR);
    SL_CHECK(failed.message().find("script:1: no such door") == 0);
    const auto unknown = run_source(runner, "return select(2, pcall(throws))");
    SL_CHECK(unknown.message() == "unknown exception");
    SL_CHECK(caught.text() == "script function: no such door|script function: 7|");
    SL_CHECK(ear.text().empty());
}

SL_TEST(a_result_callback_that_throws_is_reported_and_the_worker_goes_on) {
    std::atomic<int> ends(0);
    ear ear;
    {
        const auto runner = runner_of();
        scriptloop::script_job job("return 1");
        job.delivery = SL_DELIVERY_BOTH;
        const auto heard =
            runner.enqueue(job, [end = counted(ends)](scriptloop::script_result_view) { throw 1; });
        SL_CHECK(heard);
        const auto action = runner.actions().value().pop_timeout(patience).value();
        SL_CHECK_EQ(action.id(), heard.value());
        SL_CHECK_EQ(ends.load(), 1);
        SL_CHECK(run_source(runner, "return 2").message() == "2");
    }
    SL_CHECK(ear.text() == "result callback threw: unknown exception|");
}

SL_TEST(hooks_that_throw_are_reported_and_a_state_that_throws_is_none) {
    ear ear;
    scriptloop::script_runner_config threads;
    threads.set_on_thread_start([](std::uint32_t) { throw std::runtime_error("start"); });
    threads.set_on_thread_exit([](std::uint32_t) { throw std::runtime_error("exit"); });
    SL_CHECK(run_source(runner_of(std::move(threads)), "return 1").success());
    SL_CHECK(ear.text() == "thread hook threw: start|thread hook threw: exit|");

    scriptloop::script_runner_config states;
    states.workers = 1;
    states.set_on_state_create(
        [](scriptloop::script_setup_view) { throw std::runtime_error("state"); });
    SL_CHECK(!scriptloop::script_runner::make({}, std::move(states)));
    SL_CHECK(ear.text().find("state hook threw: state|") != std::string::npos);
}

SL_TEST(a_pool_whose_state_throws_is_not_made) {
    ear ear;
    int made = 0;
    const auto pool = scriptloop::state_pool<int>::make(3, [&] {
        if (++made == 2) {
            throw std::runtime_error("full");
        }
        return std::make_unique<int>(made);
    });
    SL_CHECK_STATUS(pool.status(), SL_STATUS_SYSTEM);
    SL_CHECK_EQ(made, 2);
    SL_CHECK(ear.text() == "state constructor threw: full|");
}

SL_TEST(a_log_function_that_throws_goes_to_the_handler) {
    caught caught;
    SL_CHECK(scriptloop::log_set(SL_LOG_LEVEL_INFO, [](sl_log_level, std::string_view text) {
        throw std::runtime_error(std::string(text));
    }));
    SL_CHECK(scriptloop::log_write(SL_LOG_LEVEL_INFO, "hello"));
    SL_CHECK(scriptloop::log_set(SL_LOG_LEVEL_INFO));
    SL_CHECK(caught.text() == "log function: hello|");
}

SL_TEST(a_handler_that_throws_and_a_text_that_is_long_do_no_harm) {
    const scriptloop::loop loop = virtual_loop();
    ear ear;
    scriptloop::set_exception_handler([](std::exception_ptr, const char *) { throw 1; });
    SL_CHECK(loop.post([] { throw std::runtime_error(std::string(10000, 'x')); }));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    scriptloop::set_exception_handler({});
    SL_CHECK(loop.post([] { throw std::runtime_error("x"); }));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    const std::string first = "post threw: " + std::string(499, 'x') + "|";
    SL_CHECK(ear.text() == first + "the exception handler threw|post threw: x|");
}
