/* C++ loop: callables as posts and timers, destroyed once on every path, and never early. */
#include "cpp_test.h"

#include <limits>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

/* A callable of so many bytes, which counts how often one is made on the heap. */
template <std::size_t SIZE> struct sized {
    static inline int allocations = 0;

    static void *operator new(std::size_t size, const std::nothrow_t &) noexcept {
        ++allocations;
        return ::operator new(size, std::nothrow);
    }
    static void operator delete(void *memory) noexcept {
        ::operator delete(memory);
    }
    void operator()() const {
        *to = last[SIZE - sizeof to - 1];
    }

    int *to;
    unsigned char last[SIZE - sizeof to];
};

SL_TEST(posts_run_in_the_order_of_their_priority) {
    const scriptloop::loop loop = virtual_loop();
    std::string order;
    SL_CHECK(loop.post(SL_PRIORITY_LOW, [&] { order += 'c'; }));
    SL_CHECK(loop.post([&] { order += 'b'; }));
    SL_CHECK(loop.post(SL_PRIORITY_CRITICAL, [&] { order += 'a'; }));
    SL_CHECK_EQ(loop.poll().value(), 3u);
    SL_CHECK(order == "abc");
}

SL_TEST(a_callable_that_is_a_few_bytes_takes_no_memory) {
    const scriptloop::loop loop = virtual_loop();
    using most = sized<SL_POST_BYTES_MAX>;
    using more = sized<SL_POST_BYTES_MAX + 1>;
    int seen = 0;
    most few = {&seen, {}};
    few.last[sizeof few.last - 1] = 42;
    SL_CHECK(loop.post(few));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(seen, 42);
    SL_CHECK_EQ(most::allocations, 0);

    more many = {&seen, {}};
    many.last[sizeof many.last - 1] = 43;
    SL_CHECK(loop.post(many));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(seen, 43);
    SL_CHECK_EQ(more::allocations, 1);
}

SL_TEST(callables_that_can_only_be_moved_are_moved_in_and_destroyed_once) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    int seen = 0;
    auto number = std::make_unique<int>(7);
    SL_CHECK(loop.post([number = std::move(number), end = counted(ends), &seen, &ends] {
        SL_CHECK_EQ(ends.load(), 0);
        seen = *number;
    }));
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(seen, 7);
    SL_CHECK_EQ(ends.load(), 1);
}

static int plain_calls;

static void plain_function() {
    ++plain_calls;
}

SL_TEST(functions_and_std_functions_are_callables_too) {
    const scriptloop::loop loop = virtual_loop();
    const std::function<void()> kept = plain_function;
    SL_CHECK(loop.post(plain_function));
    SL_CHECK(loop.post(&plain_function));
    SL_CHECK(loop.post(kept));
    SL_CHECK(loop.schedule_timer(0ms, plain_function));
    SL_CHECK_EQ(loop.poll().value(), 4u);
    SL_CHECK_EQ(plain_calls, 4);
}

SL_TEST(a_refused_post_destroys_its_state_once) {
    scriptloop::loop_config config;
    config.post_capacity = 1;
    const scriptloop::loop loop = scriptloop::loop::make(config).value();
    std::atomic<int> ends(0);
    const auto post = [&](scriptloop::loop_ref to) {
        return to.post([end = counted(ends)] {}).status();
    };
    SL_CHECK_STATUS(post(loop), SL_STATUS_OK);
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK_STATUS(post(loop), SL_STATUS_FULL);
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK_STATUS(post(scriptloop::loop_ref()), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(ends.load(), 3);
}

/* A callable for which there is no memory. */
struct homeless {
    static void *operator new(std::size_t, const std::nothrow_t &) noexcept {
        return nullptr;
    }
    void operator()() const {
        SL_CHECK(!"this never runs");
    }

    counted end;
};

SL_TEST(a_post_without_memory_is_a_status_and_destroys_its_state_once) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    SL_CHECK_STATUS(loop.post(homeless{counted(ends)}).status(), SL_STATUS_NO_MEMORY);
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK_EQ(loop.poll().value(), 0u);
}

SL_TEST(what_is_left_in_a_loop_is_destroyed_with_it_and_never_runs) {
    std::atomic<int> ends(0);
    {
        const scriptloop::loop loop = virtual_loop();
        SL_CHECK(loop.post([end = counted(ends)] { SL_CHECK(!"this never runs"); }));
        SL_CHECK(loop.schedule_timer(1s, [end = counted(ends)] { SL_CHECK(!"nor this"); }));
        SL_CHECK_EQ(ends.load(), 0);
    }
    SL_CHECK_EQ(ends.load(), 2);
}

SL_TEST(posts_of_many_threads_all_run_and_all_end) {
    constexpr int threads = 4;
    constexpr int posts = 1000;
    const scriptloop::loop loop = scriptloop::loop::make().value();
    std::atomic<int> ends(0);
    int runs = 0;
    std::vector<std::thread> posters;
    for (int i = 0; i < threads; ++i) {
        posters.emplace_back([&ends, &runs, to = scriptloop::loop_ref(loop)] {
            for (int j = 0; j < posts; ++j) {
                SL_CHECK(to.post([end = counted(ends), &runs] { ++runs; }));
                SL_CHECK(to.post([&runs] { ++runs; }));
            }
        });
    }
    while (runs < 2 * threads * posts) {
        SL_CHECK(loop.run_once(patience));
    }
    for (std::thread &poster : posters) {
        poster.join();
    }
    SL_CHECK_EQ(loop.poll().value(), 0u);
    SL_CHECK_EQ(ends.load(), threads * posts);
}

SL_TEST(a_timer_that_is_cancelled_or_refused_destroys_its_state) {
    scriptloop::loop_config config;
    config.timers_max = 1;
    const scriptloop::loop loop = scriptloop::loop::make(config).value();
    std::atomic<int> ends(0);
    const auto schedule = [&] { return loop.schedule_timer(1h, 1h, [end = counted(ends)] {}); };
    const sl_timer_id id = schedule().value();
    SL_CHECK_STATUS(schedule().status(), SL_STATUS_FULL);
    SL_CHECK_EQ(ends.load(), 1);
    SL_CHECK(loop.cancel_timer(id).value());
    SL_CHECK_EQ(ends.load(), 2);
    SL_CHECK(!loop.cancel_timer(id).value());
    SL_CHECK_EQ(ends.load(), 2);
}

SL_TEST(a_repeating_timer_keeps_its_state_between_its_runs) {
    const scriptloop::loop loop = virtual_loop();
    std::atomic<int> ends(0);
    int last = 0;
    const sl_timer_id id =
        loop.schedule_timer(1ms, 2ms,
                            [&last, end = counted(ends), count = 0]() mutable { last = ++count; })
            .value();
    for (int run = 1; run <= 3; ++run) {
        SL_CHECK(loop.advance(run == 1 ? 1ms : 2ms));
        SL_CHECK_EQ(loop.poll().value(), 1u);
        SL_CHECK_EQ(last, run);
    }
    SL_CHECK_EQ(ends.load(), 0);
    SL_CHECK(loop.cancel_timer(id).value());
    SL_CHECK_EQ(ends.load(), 1);
}

SL_TEST(delays_are_rounded_up_and_never_fire_early) {
    const scriptloop::loop loop = virtual_loop();
    int runs = 0;
    SL_CHECK(loop.schedule_timer(1001ns, [&] { ++runs; })); // 2 us for C
    SL_CHECK(loop.advance(1999ns));
    SL_CHECK_EQ(loop.poll().value(), 0u);
    SL_CHECK_EQ(loop.next_deadline().value().count(), 1);
    SL_CHECK(loop.advance(1ns));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK_EQ(runs, 1);

    SL_CHECK(loop.schedule_timer(-5s, [&] { ++runs; }));
    SL_CHECK_EQ(loop.poll().value(), 1u);
    SL_CHECK(loop.schedule_timer(scriptloop::forever, [&] { ++runs; }));
    SL_CHECK(loop.advance(std::chrono::hours(1000)));
    SL_CHECK_EQ(loop.poll().value(), 0u);
    SL_CHECK(loop.next_deadline().value() == scriptloop::forever);
    SL_CHECK(loop.now().value() == std::chrono::hours(1000) + 2000ns);
    SL_CHECK_EQ(runs, 2);
}

SL_TEST(durations_of_every_unit_saturate) {
    using scriptloop::to_ms;
    using scriptloop::to_ms32;
    using scriptloop::to_us;
    using seconds = std::chrono::duration<double>;
    SL_CHECK_EQ(to_ms(0s), 0u);
    SL_CHECK_EQ(to_ms(1us), 1u);
    SL_CHECK_EQ(to_ms(999us), 1u);
    SL_CHECK_EQ(to_ms(1000us), 1u);
    SL_CHECK_EQ(to_ms(1001us), 2u);
    SL_CHECK_EQ(to_ms(-1ns), 0u);
    SL_CHECK_EQ(to_ms(2h), 7200000u);
    SL_CHECK_EQ(to_ms(scriptloop::forever), UINT64_MAX);
    SL_CHECK_EQ(to_ms32(scriptloop::forever), UINT32_MAX);
    SL_CHECK_EQ(to_ms32(std::chrono::hours(2000)), UINT32_MAX);
    SL_CHECK_EQ(to_ms32(std::chrono::milliseconds(UINT32_MAX - 1)), UINT32_MAX - 1);
    SL_CHECK_EQ(to_us(std::chrono::hours(INT64_MAX / 2)), UINT64_MAX);
    SL_CHECK_EQ(to_us(std::chrono::hours::max()), UINT64_MAX);
    SL_CHECK_EQ(to_us(std::chrono::hours::min()), 0u);
    SL_CHECK_EQ(to_ms32(std::chrono::duration<int, std::ratio<100000000000, 3>>(1)), UINT32_MAX);
    SL_CHECK_EQ(to_us(seconds(0.0000011)), 2u);
    SL_CHECK_EQ(to_us(seconds(1e300)), UINT64_MAX);
    SL_CHECK_EQ(to_us(seconds(std::numeric_limits<double>::quiet_NaN())), 0u);
    SL_CHECK_EQ(to_ms(std::chrono::duration<int, std::ratio<1, 60>>(1)), 17u);
}

SL_TEST(a_step_has_its_budget_in_any_unit_and_reports) {
    const scriptloop::loop loop = virtual_loop();
    for (int i = 0; i < 3; ++i) {
        SL_CHECK(loop.post([&] { SL_CHECK(loop.advance(1ms)); }));
    }
    const auto step = scriptloop::step().set_max_work(1500us).set_max_wait(0s);
    SL_CHECK_EQ(step.max_work_us, 1500u);
    const sl_report report = loop.step(step).value();
    SL_CHECK_EQ(report.items, 2u);
    SL_CHECK_EQ(report.remaining, 1u);
    SL_CHECK_EQ(report.elapsed_ns, 2000000u);
    SL_CHECK_EQ(loop.poll(1s).value(), 1u);
    SL_CHECK_EQ(loop.read_stats().value().posts_run, 3u);
}

SL_TEST(a_loop_runs_until_it_is_stopped_and_goes_to_another_thread) {
    const scriptloop::loop loop = scriptloop::loop::make().value();
    SL_CHECK(loop.is_owner().value());
    SL_CHECK(loop.detach_thread());
    std::thread([&] {
        SL_CHECK(loop.attach_thread());
        SL_CHECK(loop.post([&] { SL_CHECK(loop.stop()); }));
        SL_CHECK(loop.run());
        SL_CHECK(loop.detach_thread());
    }).join();
    SL_CHECK(!loop.is_owner().value());
    SL_CHECK(loop.attach_thread());
    SL_CHECK(loop.fd().value() >= 0);
}

SL_TEST(a_backend_is_asked_for_and_a_uv_loop_is_shown_to_who_brought_its_libuv) {
    SL_CHECK(scriptloop::backend_is_available(SL_BACKEND_DEFAULT).value());
    SL_CHECK_STATUS(scriptloop::backend_is_available(2).status(), SL_STATUS_INVALID_ARGUMENT);
    const scriptloop::loop plain = scriptloop::loop::make().value();
    SL_CHECK_STATUS(plain.uv_loop().status(), SL_STATUS_UNSUPPORTED);
    SL_CHECK_STATUS(scriptloop::loop().uv_loop().status(), SL_STATUS_NULL_ARGUMENT);

    scriptloop::loop_config config;
    config.backend = SL_BACKEND_UV;
    const auto waits_in_uv = scriptloop::loop::make(config);
    SL_CHECK(bool(waits_in_uv) == scriptloop::backend_is_available(SL_BACKEND_UV).value());
    if (waits_in_uv) {
        SL_CHECK_STATUS(waits_in_uv->uv_loop().status(), SL_STATUS_UNSUPPORTED);
        SL_CHECK_EQ(waits_in_uv->poll().value(), 0u);
    }
}
