/* C++ actions: what is pushed is what is handled, and an action that was popped is freed once. */
#include "cpp_test.h"

#include <thread>

using namespace std::chrono_literals;

static scriptloop::action_draft draft_of(std::uint64_t id, std::string_view message) {
    scriptloop::action_draft draft(5);
    draft.id = id;
    draft.owner = 9;
    draft.success = true;
    return draft.set_message(message);
}

SL_TEST(an_action_is_popped_as_it_was_pushed) {
    using namespace std::string_view_literals;
    const auto queue = scriptloop::action_queue::make().value();
    int context = 0;
    scriptloop::action_draft draft = draft_of(3, "a\0b"sv);
    draft.context = &context;
    SL_CHECK(queue.push(draft));
    const scriptloop::action action = queue.try_pop().value();
    SL_CHECK_EQ(action.id(), 3u);
    SL_CHECK_EQ(action.owner(), 9u);
    SL_CHECK_EQ(action.kind(), 5u);
    SL_CHECK_EQ(action.context(), &context);
    SL_CHECK(action.success());
    SL_CHECK(action.message() == "a\0b"sv);
    SL_CHECK(!action.result());
    SL_CHECK_STATUS(queue.try_pop().status(), SL_STATUS_EMPTY);
    SL_CHECK_STATUS(queue.pop_timeout(1ns).status(), SL_STATUS_TIMEOUT);
}

SL_TEST(an_action_that_was_moved_from_is_empty) {
    const auto queue = scriptloop::action_queue::make().value();
    SL_CHECK(queue.push(draft_of(1, "one")));
    SL_CHECK(queue.push(draft_of(2, "two")));
    scriptloop::action first = queue.pop().value();
    scriptloop::action second(std::move(first));
    SL_CHECK_EQ(first.id(), 0u);
    SL_CHECK(first.message().empty());
    SL_CHECK(second.message() == "one");
    const auto handles = sl_live_handles();
    second = queue.pop().value();
    SL_CHECK(second.message() == "two");
    SL_CHECK_EQ(sl_live_handles(), handles);
    sl_action raw = second.release();
    SL_CHECK_OK(sl_action_free(&raw));
    SL_CHECK(second.free());
    SL_CHECK_EQ(sl_live_handles(), handles - 1);
}

SL_TEST(a_drain_borrows_its_handler_and_keeps_to_its_budget) {
    const auto queue = scriptloop::action_queue::make().value();
    for (std::uint64_t id = 1; id <= 3; ++id) {
        SL_CHECK(queue.push(draft_of(id, "")));
    }
    std::uint64_t sum = 0;
    auto own = std::make_unique<int>(10);
    const auto add = [&sum, own = std::move(own)](scriptloop::action_view action) {
        sum = sum * static_cast<unsigned>(*own) + action.id();
    };
    scriptloop::step two;
    two.max_items = 2;
    SL_CHECK_EQ(queue.drain(two, add).value().remaining, 1u);
    SL_CHECK_EQ(sum, 12u);
    SL_CHECK_EQ(queue.drain(add).value().actions, 1u);
    SL_CHECK_EQ(sum, 123u);
}

SL_TEST(an_attached_handler_lives_as_long_as_its_queue) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    {
        auto queue = scriptloop::action_queue::make().value();
        int seen = 0;
        const auto attach = [&] {
            return queue.attach(loop, SL_PRIORITY_HIGH,
                                [end = counted(ends), &seen](scriptloop::action_view) { ++seen; });
        };
        SL_CHECK(attach());
        SL_CHECK_STATUS(attach().status(), SL_STATUS_BUSY);
        SL_CHECK_EQ(ends.load(), 1); // the refused one
        SL_CHECK(queue.push(draft_of(1, "")));
        SL_CHECK_EQ(loop.poll().value(), 1u);
        SL_CHECK_EQ(seen, 1);
        SL_CHECK_EQ(ends.load(), 1);
    }
    SL_CHECK_EQ(ends.load(), 2);
}

SL_TEST(a_full_queue_waits_as_long_as_its_config_says) {
    scriptloop::action_queue_config config;
    config.capacity = 1;
    config.when_full = SL_WHEN_FULL_BLOCK;
    config.set_block(1us);
    SL_CHECK_EQ(config.block_ms, 1u);
    const auto queue = scriptloop::action_queue::make(config).value();
    SL_CHECK(queue.push(draft_of(1, "")));
    SL_CHECK_STATUS(queue.push(draft_of(2, "")).status(), SL_STATUS_TIMEOUT);
    SL_CHECK_EQ(queue.read_stats().value().refused, 1u);
}

SL_TEST(who_waits_for_an_action_is_released_by_the_end_of_the_queue) {
    const auto queue = scriptloop::action_queue::make().value();
    std::thread waiter([to = scriptloop::action_queue_ref(queue)] {
        SL_CHECK_STATUS(to.pop().status(), SL_STATUS_CLOSED);
    });
    SL_CHECK(queue.close());
    waiter.join();
    SL_CHECK_STATUS(queue.push(draft_of(1, "")).status(), SL_STATUS_CLOSED);
}
