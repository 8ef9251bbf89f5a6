/* C++ owners and results: who frees, what is left behind, and what an error says. */
#include "cpp_test.h"

#include <thread>

#include <sys/wait.h>

using scriptloop::result;

SL_TEST(what_was_moved_from_is_empty_and_every_call_says_so) {
    scriptloop::loop first = virtual_loop();
    sl_loop *const raw = first.get();
    scriptloop::loop second(std::move(first));
    SL_CHECK(!first);
    SL_CHECK_EQ(second.get(), raw);
    SL_CHECK_STATUS(first.poll().status(), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(first.post([] {}).status(), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(first.now().status(), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK(first.free());
    SL_CHECK_EQ(second.poll().value(), 0u);
}

SL_TEST(an_assignment_frees_what_was_there) {
    scriptloop::loop first = virtual_loop();
    scriptloop::loop second = virtual_loop();
    const scriptloop::loop_ref gone = second;
    SL_CHECK_EQ(sl_live_handles(), 2u);
    second = std::move(first);
    SL_CHECK_EQ(sl_live_handles(), 1u);
    SL_CHECK_STATUS(gone.wake().status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK(second.wake());
    scriptloop::loop &same = second;
    second = std::move(same);
    SL_CHECK(second.wake());
}

SL_TEST(a_handle_goes_to_c_and_comes_back) {
    sl_loop *raw = virtual_loop().release();
    SL_CHECK_OK(sl_loop_wake(raw));
    {
        const scriptloop::loop owned(raw);
        SL_CHECK_EQ(owned.get(), raw);
    }
    SL_CHECK_STATUS(sl_loop_wake(raw), SL_STATUS_STALE_HANDLE);

    auto queue = scriptloop::action_queue::make().value();
    auto runner = runner_of();
    SL_CHECK_EQ(sl_live_handles(), 3u); // with the queue of the runner's
    SL_CHECK_OK(sl_action_queue_free(queue.release()));
    SL_CHECK_OK(sl_script_runner_free(runner.release()));
    SL_CHECK_EQ(sl_live_handles(), 0u);
}

SL_TEST(a_reference_is_stale_when_its_owner_is_gone) {
    scriptloop::action_queue_ref lent;
    SL_CHECK(!lent);
    {
        const auto runner = runner_of();
        lent = runner.actions().value();
        SL_CHECK_STATUS(lent.try_pop().status(), SL_STATUS_EMPTY);
    }
    SL_CHECK_STATUS(lent.try_pop().status(), SL_STATUS_STALE_HANDLE);
    SL_CHECK_STATUS(lent.push(scriptloop::action_draft(1)).status(), SL_STATUS_STALE_HANDLE);
}

SL_TEST(free_says_why_not_and_keeps_the_handle) {
    scriptloop::loop loop = virtual_loop();
    std::thread([&] { SL_CHECK_STATUS(loop.free().status(), SL_STATUS_WRONG_THREAD); }).join();
    SL_CHECK(loop.wake());
    SL_CHECK(loop.free());
    SL_CHECK(!loop);
    SL_CHECK(loop.free());
}

SL_TEST(what_a_destructor_could_not_free_is_in_the_log) {
    ear ear;
    scriptloop::loop loop = virtual_loop();
    sl_loop *const raw = loop.get();
    std::thread([&] { const scriptloop::loop wrong = std::move(loop); }).join();
    const std::string why = sl_status_text(SL_STATUS_WRONG_THREAD);
    SL_CHECK(ear.text() == "an owner ended and could not free: " + why + "|");
    SL_CHECK_OK(sl_loop_free(raw));
}

SL_TEST(a_result_is_a_value_or_a_status) {
    const result<int> one(1);
    SL_CHECK(one);
    SL_CHECK_EQ(one.status(), SL_STATUS_OK);
    SL_CHECK_EQ(one.value(), 1);
    SL_CHECK_EQ(*one, 1);
    SL_CHECK_EQ(one.value_or(2), 1);

    const result<int> none = scriptloop::failure{SL_STATUS_EMPTY};
    SL_CHECK(!none);
    SL_CHECK_EQ(none.status(), SL_STATUS_EMPTY);
    SL_CHECK_STR_EQ(none.text(), sl_status_text(SL_STATUS_EMPTY));
    SL_CHECK_EQ(none.value_or(2), 2);

    result<std::unique_ptr<int>> moved(std::make_unique<int>(3));
    SL_CHECK_EQ(**moved, 3);
    SL_CHECK_EQ(*std::move(moved).value(), 3);
    const result<> nothing;
    SL_CHECK(nothing);
    nothing.value();
}

SL_TEST(the_value_of_an_error_throws_its_status) {
    const result<> none = scriptloop::failure{SL_STATUS_FULL};
    int caught = 0;
    try {
        none.value();
    } catch (const scriptloop::error &error) {
        SL_CHECK_EQ(error.status(), SL_STATUS_FULL);
        SL_CHECK_STR_EQ(error.what(), none.text());
        ++caught;
    }
    try {
        (void)result<int>(scriptloop::failure{SL_STATUS_EMPTY}).value();
    } catch (const std::exception &error) {
        SL_CHECK_STR_EQ(error.what(), sl_status_text(SL_STATUS_EMPTY));
        ++caught;
    }
    SL_CHECK_EQ(caught, 2);
}

SL_TEST(what_is_made_with_a_bad_config_is_an_error) {
    scriptloop::loop_config loop;
    loop.clock = 7;
    SL_CHECK_STATUS(scriptloop::loop::make(loop).status(), SL_STATUS_INVALID_ARGUMENT);
    scriptloop::action_queue_config queue;
    queue.when_full = 7;
    SL_CHECK_STATUS(scriptloop::action_queue::make(queue).status(), SL_STATUS_INVALID_ARGUMENT);
    scriptloop::script_runner_config runner;
    runner.workers = 65;
    SL_CHECK_STATUS(scriptloop::script_runner::make({}, std::move(runner)).status(),
                    SL_STATUS_INVALID_ARGUMENT);
}

SL_TEST(structs_are_filled_when_they_are_made) {
    sl_step step;
    SL_CHECK_OK(sl_step_init(&step, sizeof step));
    const scriptloop::step filled;
    SL_CHECK_EQ(filled.size, sizeof(sl_step));
    SL_CHECK_EQ(filled.max_work_us, step.max_work_us);
    SL_CHECK_EQ(filled.max_wait_us, step.max_wait_us);
    SL_CHECK_EQ(scriptloop::loop_config().spin_us, 20u);
    SL_CHECK_EQ(scriptloop::action_queue_config().capacity, 1024u);
    SL_CHECK_EQ(scriptloop::script_runner_config().chunk_cache, 1024u);
    const scriptloop::script_job job("return");
    SL_CHECK_EQ(job.priority, SL_PRIORITY_NORMAL);
    SL_CHECK_EQ(job.source_len, 6u);
}
