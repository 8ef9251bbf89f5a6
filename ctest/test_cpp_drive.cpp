/* C++ drive: callables on the thread that drives, hooks, errors, and the two ways to close. */
#include "cpp_test.h"

#include <condition_variable>
#include <stdexcept>
#include <thread>

using namespace std::chrono_literals;

/* Something that happens on a thread, perhaps several times, and whoever waits for it. */
class happening {
  public:
    void happen() {
        const std::lock_guard<std::mutex> locked(lock_);
        thread_ = std::this_thread::get_id();
        ++count_;
        changed_.notify_all();
    }
    /* Waits until it has happened `count` times, and says on which thread it did last. */
    std::thread::id wait(int count = 1) {
        std::unique_lock<std::mutex> locked(lock_);
        changed_.wait(locked, [&] { return count_ >= count; });
        return thread_;
    }
    int count() {
        const std::lock_guard<std::mutex> locked(lock_);
        return count_;
    }

  private:
    std::mutex lock_;
    std::condition_variable changed_;
    std::thread::id thread_;
    int count_ = 0;
};

static const std::thread::id here = std::this_thread::get_id();

static scriptloop::loop driven_loop(scriptloop::drive_config config = {}) {
    auto loop = scriptloop::loop::make().value();
    SL_CHECK(loop.drive_start(std::move(config)));
    SL_CHECK_EQ(loop.read_drive_stats().value().is_on, 1u);
    return loop;
}

/* The errors that a loop has kept, each with a bar behind it. */
static std::string errors_of(scriptloop::loop_ref loop) {
    std::string text;
    std::uint32_t count = 0;
    const auto drained = loop.drain_errors([&](scriptloop::loop_error_view error) {
        ++count;
        text.append(error.text()).append("|");
    });
    SL_CHECK_EQ(drained.value(), count);
    return text;
}

SL_TEST(callables_run_on_the_thread_and_end_there) {
    const auto loop = driven_loop();
    std::atomic<int> ends(0);
    happening post, bytes, timer;
    SL_CHECK(loop.post([&post, end = counted(ends)] { post.happen(); }));
    SL_CHECK(loop.post(SL_PRIORITY_LOW, [&bytes] { bytes.happen(); }));
    SL_CHECK(loop.schedule_timer(1ms, [&timer, end = counted(ends)] { timer.happen(); }));
    SL_CHECK(post.wait() != here);
    SL_CHECK(bytes.wait() == post.wait());
    SL_CHECK(timer.wait() == post.wait());
    SL_CHECK(loop.drive_stop());
    SL_CHECK_EQ(ends.load(), 2);
    const sl_drive_stats stats = loop.read_drive_stats().value();
    SL_CHECK_EQ(stats.is_on, 0u);
    SL_CHECK_EQ(stats.starts, 1u);
    SL_CHECK_EQ(stats.items, 3u);
}

SL_TEST(what_is_for_the_owner_waits_for_its_poll) {
    const auto loop = driven_loop();
    const auto queue = scriptloop::action_queue::make().value();
    std::atomic<int> ends(0);
    happening main_only, other;
    SL_CHECK(loop.post_main([&main_only, end = counted(ends)] { main_only.happen(); }));
    SL_CHECK(loop.post_main(SL_PRIORITY_LOW, [&main_only] { main_only.happen(); }));
    SL_CHECK(loop.schedule_timer(scriptloop::timer_config().set_main(),
                                 [&main_only] { main_only.happen(); }));
    SL_CHECK(queue.attach_main(loop, [&main_only](scriptloop::action_view action) {
        SL_CHECK(action.message() == "mine");
        main_only.happen();
    }));
    SL_CHECK(queue.push(scriptloop::action_draft(1).set_message("mine")));
    SL_CHECK(loop.schedule_timer(scriptloop::timer_config().set_main().set_main(false),
                                 [&other] { other.happen(); }));
    SL_CHECK(other.wait() != here);
    SL_CHECK_EQ(main_only.count(), 0);
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK_EQ(loop.poll().value(), 4u);
    SL_CHECK(main_only.wait(4) == here);
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(a_refused_post_for_the_owner_destroys_its_state_once) {
    const auto loop = scriptloop::loop::make().value();
    std::atomic<int> ends(0);
    SL_CHECK(loop.close());
    SL_CHECK_STATUS(loop.post_main([end = counted(ends)] {}).status(), SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(what_a_driven_callable_throws_is_kept_and_the_rest_runs) {
    ear ear;
    caught caught;
    const auto loop = driven_loop();
    const auto queue = scriptloop::action_queue::make().value();
    happening last;
    SL_CHECK(queue.attach(loop, SL_PRIORITY_NORMAL, [](scriptloop::action_view action) {
        throw std::runtime_error(std::string(action.message()));
    }));
    const auto pass = [&](int count) {
        SL_CHECK(loop.post(SL_PRIORITY_IDLE, [&] { last.happen(); }));
        SL_CHECK(last.wait(count) != here);
    };
    SL_CHECK(loop.post([] { throw std::runtime_error("no door"); }));
    pass(1);
    SL_CHECK(loop.schedule_timer(0s, [] { throw 7; }));
    pass(2);
    SL_CHECK(queue.push(scriptloop::action_draft(1).set_message("no key")));
    pass(3);
    const std::string all = "post threw: no door|timer threw: unknown exception|"
                            "action handler threw: no key|";
    SL_CHECK(errors_of(loop) == all);
    SL_CHECK(errors_of(loop).empty());
    SL_CHECK(ear.text() == all);
    SL_CHECK(caught.text() == "post: no door|timer: 7|action handler: no key|");

    SL_CHECK(loop.drive_stop());
    SL_CHECK(loop.post([] { throw std::runtime_error("by hand"); }));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK(errors_of(loop).empty()); /* the owner saw it happen */
}

SL_TEST(errors_are_reported_and_shown_with_their_number_and_time) {
    const auto loop = scriptloop::loop::make().value();
    SL_CHECK(loop.report_error("one"));
    SL_CHECK(loop.report_error(std::string_view("two and more").substr(0, 3)));
    SL_CHECK(loop.report_error({}));
    const auto before = loop.now().value();
    std::uint64_t last = 0;
    std::string text;
    const auto show = [&](scriptloop::loop_error_view error) {
        SL_CHECK_EQ(error.number(), ++last);
        SL_CHECK(error.time() <= before);
        SL_CHECK(error.get()->text_len == error.text().size());
        text.append(error.text()).append("|");
    };
    SL_CHECK_EQ(loop.drain_errors(show).value(), 3u);
    SL_CHECK(text == "one|two||");
    SL_CHECK_EQ(loop.drain_errors(show).value(), 0u);
    SL_CHECK_EQ(loop.read_drive_stats().value().errors, 3u);
}

SL_TEST(an_error_handler_that_throws_is_shown_the_rest) {
    ear ear;
    const auto loop = scriptloop::loop::make().value();
    int shown = 0;
    SL_CHECK(loop.report_error("one"));
    SL_CHECK(loop.report_error("two"));
    const auto drained = loop.drain_errors([&](scriptloop::loop_error_view) {
        ++shown;
        throw std::runtime_error("ink");
    });
    SL_CHECK_EQ(drained.value(), 2u);
    SL_CHECK_EQ(shown, 2);
    SL_CHECK(ear.text() == "error handler threw: ink|error handler threw: ink|");
}

SL_TEST(hooks_run_on_the_thread_and_end_where_it_is_stopped) {
    std::atomic<int> ends(0);
    std::atomic<int> order(0);
    happening started, ran, exited;
    char name[16] = "";
    scriptloop::drive_config config;
    config.set_name(std::string_view("game-drive, of a longer text").substr(0, 10));
    config.set_slice(1500us).set_spin(0ns);
    SL_CHECK_EQ(config.slice_us, 1500u);
    SL_CHECK_EQ(config.spin_us, 0u);
    config.set_on_start([&, end = counted(ends), own = std::make_unique<int>(1)]() mutable {
        SL_CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
        SL_CHECK_EQ(order.fetch_add(*own), 0);
        started.happen();
    });
    config.set_on_exit([&, end = counted(ends)] {
        SL_CHECK_EQ(order.fetch_add(1), 2);
        exited.happen();
    });
    const auto loop = driven_loop(std::move(config));
    SL_CHECK(loop.post([&] {
        SL_CHECK_EQ(order.fetch_add(1), 1);
        ran.happen();
    }));
    SL_CHECK(ran.wait() == started.wait());
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK(loop.drive_stop());
    SL_CHECK(exited.wait() == started.wait());
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK(std::string(name) == "game-drive");
}

SL_TEST(hooks_that_throw_are_reported_and_the_loop_is_driven) {
    ear ear;
    happening ran;
    scriptloop::drive_config config;
    config.set_on_start([] { throw std::runtime_error("start"); });
    config.set_on_exit([] { throw std::runtime_error("exit"); });
    const auto loop = driven_loop(std::move(config));
    SL_CHECK(loop.post([&] { ran.happen(); }));
    SL_CHECK(ran.wait() != here);
    SL_CHECK(loop.drive_stop());
    SL_CHECK(ear.text() == "drive hook threw: start|drive hook threw: exit|");
    SL_CHECK(errors_of(loop).find("drive hook threw: exit|") != std::string::npos);
}

SL_TEST(a_start_that_is_refused_destroys_its_hooks) {
    using namespace std::string_view_literals;
    const auto loop = scriptloop::loop::make().value();
    std::atomic<int> ends(0);
    const auto config = [&] {
        scriptloop::drive_config made;
        made.set_on_start([end = counted(ends)] { SL_CHECK(!"this never runs"); });
        return made;
    };
    int refused = 0;
    for (const std::string_view name : {""sv, "sixteen bytes ab"sv, "a\0b"sv, "\xff"sv}) {
        SL_CHECK_STATUS(loop.drive_start(std::move(config().set_name(name))).status(),
                        SL_STATUS_INVALID_ARGUMENT);
        SL_CHECK_EQ(ends.load(), ++refused);
    }
    SL_CHECK(loop.close());
    SL_CHECK_STATUS(loop.drive_start(config()).status(), SL_STATUS_CLOSED);
    SL_CHECK_EQ(ends.load(), ++refused);
    SL_CHECK_STATUS(scriptloop::loop_ref().drive_start().status(), SL_STATUS_NULL_ARGUMENT);
}

SL_TEST(a_name_of_null_is_the_default_and_one_of_c_is_kept) {
    std::string names;
    scriptloop::loop loop = scriptloop::loop::make().value();
    const auto start = [&](scriptloop::drive_config config) {
        config.set_on_start([&] {
            char name[16] = "";
            SL_CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
            names.append(name).append("|");
        });
        SL_CHECK(loop.drive_start(std::move(config)));
        SL_CHECK(loop.drive_stop()); /* its hooks have run by then */
    };
    scriptloop::drive_config field;
    field.name = "field";
    const char *none = nullptr;
    start(std::move(scriptloop::drive_config().set_name("text").set_name(none)));
    start(std::move(scriptloop::drive_config().set_name(std::string("string"))));
    start(std::move(field));
    SL_CHECK(names == "sl-drive|string|field|");
}

SL_TEST(a_loop_may_start_and_stop_again_and_its_owner_ends_it) {
    std::atomic<int> ends(0);
    happening ran;
    {
        const auto loop = driven_loop();
        for (int round = 1; round <= 20; ++round) {
            SL_CHECK(loop.drive_start()); /* it is driven: nothing happens */
            SL_CHECK(loop.post([&] { ran.happen(); }));
            SL_CHECK(ran.wait(round) != here);
            SL_CHECK(loop.drive_stop());
            SL_CHECK(loop.drive_stop());
            SL_CHECK(loop.drive_start());
        }
        SL_CHECK_EQ(loop.read_drive_stats().value().starts, 21u);
        SL_CHECK(loop.schedule_timer(1h, [end = counted(ends)] {}));
    }
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(close_destroys_what_is_queued_and_close_gracefully_runs_it) {
    for (const bool gracefully : {false, true}) {
        const auto loop = scriptloop::loop::make().value();
        std::atomic<int> ends(0);
        int runs = 0;
        SL_CHECK(loop.post([&runs, end = counted(ends)] { ++runs; }));
        SL_CHECK(loop.schedule_timer(1h, [end = counted(ends)] { SL_CHECK(!"never due"); }));
        SL_CHECK(gracefully ? loop.close_gracefully(1s) : loop.close());
        SL_CHECK_EQ(runs, gracefully ? 1 : 0);
        SL_CHECK_EQ(ends.load(), 2);
        SL_CHECK_STATUS(loop.post([end = counted(ends)] {}).status(), SL_STATUS_CLOSED);
        SL_CHECK_EQ(ends.load(), 3);
        SL_CHECK_STATUS(loop.poll().status(), SL_STATUS_CLOSED);
        SL_CHECK(gracefully ? loop.close() : loop.close_gracefully(scriptloop::forever));
    }
}

SL_TEST(a_close_without_a_wait_says_that_there_is_something_left) {
    const auto loop = driven_loop();
    happening ran, gate;
    SL_CHECK(loop.post([&] {
        ran.happen();
        gate.wait();
    }));
    ran.wait();
    SL_CHECK_STATUS(loop.close_gracefully(0s).status(), SL_STATUS_TIMEOUT);
    gate.happen();
    SL_CHECK(loop.close_gracefully(scriptloop::forever));
}

SL_TEST(a_wake_hook_is_called_replaced_and_taken_away) {
    const auto loop = scriptloop::loop::make().value();
    std::atomic<int> ends(0);
    std::atomic<int> calls(0);
    SL_CHECK(loop.set_wake_hook([&calls, end = counted(ends)] { ++calls; }));
    SL_CHECK(loop.post([] {}));
    SL_CHECK(loop.post([] {})); /* it was called, and nobody has polled */
    SL_CHECK_EQ(calls.load(), 1);
    SL_CHECK_EQ(loop.poll().value(), 2u);
    SL_CHECK(loop.set_wake_hook([&calls, end = counted(ends)] { calls += 10; }));
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK(loop.wake());
    SL_CHECK_EQ(calls.load(), 11);
    SL_CHECK(loop.set_wake_hook(nullptr));
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK_EQ(loop.poll().value(), 0u);
    SL_CHECK(loop.wake());
    SL_CHECK_EQ(calls.load(), 11);
    const auto refused = scriptloop::loop_ref().set_wake_hook([end = counted(ends)] {});
    SL_CHECK_STATUS(refused.status(), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 3);
}

SL_TEST(a_wake_hook_that_throws_is_reported) {
    ear ear;
    const auto loop = scriptloop::loop::make().value();
    SL_CHECK(loop.set_wake_hook([] { throw std::runtime_error("bell"); }));
    SL_CHECK(loop.wake());
    SL_CHECK(ear.text() == "wake hook threw: bell|");
}
