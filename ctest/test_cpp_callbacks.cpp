/* C++ callbacks: callables by number, builders, what they throw, and that each is destroyed once.
 */
#include "cpp_test.h"

#include <stdexcept>
#include <thread>

SL_TEST(a_callable_is_called_with_what_was_enqueued) {
    const auto loop = virtual_loop();
    const auto callbacks = scriptloop::callbacks::make(loop).value();
    std::int64_t sum = 0;
    std::string text;
    const auto id = callbacks
                        .add([&](scriptloop::callback_call call) {
                            sum += call.value().as_integer().value_or(0);
                            text += call.value().as_bytes().value_or("-");
                        })
                        .value();
    SL_CHECK_EQ(id, 1u);
    SL_CHECK(callbacks.enqueue(id, 7));
    SL_CHECK(callbacks.enqueue(id, "text"));
    SL_CHECK(callbacks.enqueue(id));
    SL_CHECK_EQ(callbacks.dispatch(2).value(), 2u);
    SL_CHECK_EQ(callbacks.dispatch().value(), 1u);
    SL_CHECK_EQ(sum, 7);
    SL_CHECK(text == "-text-");
    SL_CHECK(callbacks.remove(id));
    SL_CHECK_STATUS(callbacks.remove(id).status(), SL_STATUS_NOT_FOUND);
}

SL_TEST(a_callable_is_destroyed_once_on_every_path) {
    std::atomic<int> ends{0};
    const auto loop = virtual_loop();
    auto callbacks = scriptloop::callbacks::make(loop).value();
    const auto counting = [&] { return [state = counted(ends)](scriptloop::callback_call) {}; };
    const auto once = callbacks.add_once(counting()).value();
    const auto removed = callbacks.add(counting()).value();
    SL_CHECK(callbacks.add(counting()));
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK(callbacks.enqueue(once));
    SL_CHECK_EQ(callbacks.dispatch().value(), 1u);
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK(callbacks.remove(removed));
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK(callbacks.enqueue_built(1, [state = counted(ends)](void *) {}));
    SL_CHECK(callbacks.close());
    SL_CHECK_EQ(ends.load(), 4);
    SL_CHECK_STATUS(callbacks.add(counting()).status(), SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), 5); /* what was refused is gone, too */
    SL_CHECK_STATUS(callbacks.enqueue_built(1, [state = counted(ends)](void *) {}).status(),
                    SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), 6);
}

SL_TEST(a_builder_makes_the_payload_where_it_is_wanted) {
    const auto loop = virtual_loop();
    const auto callbacks = scriptloop::callbacks::make(loop).value();
    std::string made;
    const auto id = callbacks
                        .add([&](scriptloop::callback_call call) {
                            SL_CHECK(call.value().is_nil());
                            if (!call.build(&made)) {
                                call.fail("nothing was built");
                            }
                        })
                        .value();
    SL_CHECK(
        callbacks.enqueue_built(id, [part = std::make_unique<std::string>("built")](void *target) {
            *static_cast<std::string *>(target) += *part;
        }));
    SL_CHECK(callbacks.enqueue_built(id, [](void *) { throw std::runtime_error("no parts"); }));
    ear ear;
    SL_CHECK_EQ(callbacks.dispatch().value(), 2u);
    SL_CHECK(made == "built");
    SL_CHECK(ear.text() == "builder threw: no parts|"
                           "[callbacks] invocation failed for id 1: nothing was built|");
}

SL_TEST(what_a_callback_throws_is_its_failure_and_the_rest_runs) {
    const auto loop = virtual_loop();
    const auto callbacks = scriptloop::callbacks::make(loop).value();
    int calls = 0;
    SL_CHECK(callbacks.add([](scriptloop::callback_call) { throw std::runtime_error("no luck"); }));
    SL_CHECK(callbacks.add([&](scriptloop::callback_call) { ++calls; }));
    SL_CHECK(callbacks.enqueue(1));
    SL_CHECK(callbacks.enqueue(2));
    ear ear;
    SL_CHECK_EQ(callbacks.dispatch().value(), 2u);
    SL_CHECK_EQ(calls, 1);
    SL_CHECK_EQ(callbacks.read_stats().value().failed, 1u);
    SL_CHECK(ear.text() == "[callbacks] invocation failed for id 1: no luck|");
}

SL_TEST(any_thread_enqueues_through_a_reference) {
    const auto loop = scriptloop::loop::make().value();
    auto callbacks = scriptloop::callbacks::make(loop).value();
    const scriptloop::callbacks_ref lent = callbacks;
    int calls = 0;
    SL_CHECK(callbacks.add([&](scriptloop::callback_call) { ++calls; }));
    std::thread thread([lent] {
        for (int at = 0; at < 1000; ++at) {
            SL_CHECK(lent.enqueue(1, at));
        }
    });
    while (calls < 1000) {
        SL_CHECK(loop.run_once(patience));
        SL_CHECK(callbacks.dispatch());
    }
    thread.join();
    SL_CHECK(callbacks.free());
    SL_CHECK_STATUS(lent.enqueue(1).status(), SL_STATUS_STALE_HANDLE);
}
