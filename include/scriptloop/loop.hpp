/* The loop: posts, timers, frames, driving and its end. What each call does stands in scriptloop.h.
 */
#ifndef SCRIPTLOOP_LOOP_HPP
#define SCRIPTLOOP_LOOP_HPP

#include "callable.hpp"
#include "drive.hpp"
#include "owner.hpp"
#include "time.hpp"

namespace scriptloop {

struct loop_config : sl_loop_config {
    loop_config() noexcept {
        sl_loop_config_init(this, sizeof(sl_loop_config));
    }
};

struct step : sl_step {
    step() noexcept {
        sl_step_init(this, sizeof(sl_step));
    }
    template <typename Rep, typename Period>
    step &set_max_work(std::chrono::duration<Rep, Period> time) noexcept {
        max_work_us = to_us(time);
        return *this;
    }
    template <typename Rep, typename Period>
    step &set_max_wait(std::chrono::duration<Rep, Period> time) noexcept {
        max_wait_us = to_us(time);
        return *this;
    }
};

struct timer_config : sl_timer_config {
    timer_config() noexcept {
        sl_timer_config_init(this, sizeof(sl_timer_config));
    }
    template <typename Rep, typename Period>
    timer_config &set_delay(std::chrono::duration<Rep, Period> time) noexcept {
        delay_us = to_us(time);
        return *this;
    }
    template <typename Rep, typename Period>
    timer_config &set_repeat(std::chrono::duration<Rep, Period> time) noexcept {
        repeat_us = to_us(time);
        return *this;
    }
    /* Whether it fires on the owner thread alone, also while another one drives the loop. */
    timer_config &set_main(bool is_main = true) noexcept {
        const std::uint32_t others = flags & ~std::uint32_t(SL_TIMER_FLAG_MAIN);
        flags = is_main ? others | SL_TIMER_FLAG_MAIN : others;
        return *this;
    }
};

/* Whether loops with an `sl_backend` can be made. */
inline result<bool> backend_is_available(std::uint32_t backend) {
    bool is_available = false;
    const sl_status status = sl_backend_is_available(backend, &is_available);
    return detail::to_result(status, is_available);
}

class loop_ref : public detail::ref<sl_loop> {
  public:
    using ref::ref;

    template <typename Rep, typename Period>
    result<std::uint32_t> poll(std::chrono::duration<Rep, Period> max_work) const {
        std::uint32_t dispatched = 0;
        const sl_status status = sl_loop_poll(raw_, to_ms32(max_work), &dispatched);
        return detail::to_result(status, dispatched);
    }
    /* All that is ready, without a budget. */
    result<std::uint32_t> poll() const {
        return poll(forever);
    }
    result<sl_report> step(const sl_step &step) const {
        return detail::filled<sl_report>(
            [&](sl_report *out) { return sl_loop_step(raw_, &step, out); });
    }
    template <typename Rep, typename Period>
    result<std::uint32_t> run_once(std::chrono::duration<Rep, Period> max_wait) const {
        std::uint32_t dispatched = 0;
        const sl_status status = sl_loop_run_once(raw_, to_ms32(max_wait), &dispatched);
        return detail::to_result(status, dispatched);
    }
    result<> run() const {
        return detail::to_result(sl_loop_run(raw_));
    }
    result<> stop() const {
        return detail::to_result(sl_loop_stop(raw_));
    }
    result<> wake() const {
        return detail::to_result(sl_loop_wake(raw_));
    }

    /* A callable that is nothing but a few bytes is copied into the loop; no memory is taken. */
    template <typename F> result<> post(std::uint32_t priority, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &>, "a post takes no arguments");
        if constexpr (detail::is_bytes<call>) {
            const call bytes(std::forward<F>(run));
            return detail::to_result(
                sl_loop_post_copy(raw_, priority, detail::work<call>, &bytes, sizeof bytes));
        } else {
            return detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
                return sl_loop_post(raw_, priority, detail::work<call>, userdata, drop);
            });
        }
    }
    template <typename F> result<> post(F &&run) const {
        return post(SL_PRIORITY_NORMAL, std::forward<F>(run));
    }

    /* For the owner thread alone. */
    template <typename F> result<> post_main(std::uint32_t priority, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &>, "a post takes no arguments");
        return detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
            return sl_loop_post_main(raw_, priority, detail::work<call>, userdata, drop);
        });
    }
    template <typename F> result<> post_main(F &&run) const {
        return post_main(SL_PRIORITY_NORMAL, std::forward<F>(run));
    }

    template <typename F>
    result<sl_timer_id> schedule_timer(const sl_timer_config &config, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &>, "a timer takes no arguments");
        sl_timer_id id = 0;
        const result<> scheduled =
            detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
                return sl_loop_schedule_timer_with(raw_, &config, detail::timer<call>, userdata,
                                                   drop, &id);
            });
        return detail::to_result(scheduled.status(), id);
    }
    /* Once, after `delay`. */
    template <typename Rep, typename Period, typename F>
    result<sl_timer_id> schedule_timer(std::chrono::duration<Rep, Period> delay, F &&run) const {
        return schedule_timer(timer_config().set_delay(delay), std::forward<F>(run));
    }
    /* After `delay`, then every `repeat`; a `repeat` of 0 is none. */
    template <typename Delay, typename DelayPeriod, typename Rep, typename Period, typename F>
    result<sl_timer_id> schedule_timer(std::chrono::duration<Delay, DelayPeriod> delay,
                                       std::chrono::duration<Rep, Period> repeat, F &&run) const {
        return schedule_timer(timer_config().set_delay(delay).set_repeat(repeat),
                              std::forward<F>(run));
    }
    /* Whether it would have fired (again). */
    result<bool> cancel_timer(sl_timer_id id) const {
        bool cancelled = false;
        const sl_status status = sl_loop_cancel_timer(raw_, id, &cancelled);
        return detail::to_result(status, cancelled);
    }

    result<> drive_start(drive_config config = {}) const {
        return detail::to_result(config.start(raw_));
    }
    result<> drive_stop() const {
        return detail::to_result(sl_loop_drive_stop(raw_));
    }
    result<sl_drive_stats> read_drive_stats() const {
        return detail::filled<sl_drive_stats>(
            [&](sl_drive_stats *out) { return sl_loop_read_drive_stats(raw_, out); });
    }
    result<> report_error(std::string_view text) const {
        return detail::to_result(sl_loop_report_error(raw_, text.data(), text.size()));
    }
    /* Calls `run(loop_error_view)` for each, here and now, and says how many there were. */
    template <typename F> result<std::uint32_t> drain_errors(F &&run) const {
        static_assert(std::is_invocable_v<F &, loop_error_view>,
                      "a handler takes a loop_error_view");
        auto borrowed = [&run](loop_error_view error) { run(error); };
        std::uint32_t count = 0;
        const sl_status status =
            sl_loop_drain_errors(raw_, detail::show_error<decltype(borrowed)>, &borrowed, &count);
        return detail::to_result(status, count);
    }

    result<> close() const {
        return detail::to_result(sl_loop_close(raw_));
    }
    template <typename Rep, typename Period>
    result<> close_gracefully(std::chrono::duration<Rep, Period> max_wait) const {
        return detail::to_result(sl_loop_close_gracefully(raw_, to_ms32(max_wait)));
    }

    /* Any thread may call the hook. */
    template <typename F> result<> set_wake_hook(F &&hook) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &>, "a hook takes no arguments");
        return detail::give(std::forward<F>(hook), [&](void *userdata, sl_drop_fn drop) {
            return sl_loop_set_wake_hook(raw_, detail::wake_hook<call>, userdata, drop);
        });
    }
    /* There is none any more. */
    result<> set_wake_hook(std::nullptr_t) const {
        return detail::to_result(sl_loop_set_wake_hook(raw_, nullptr, nullptr, nullptr));
    }
    result<std::int32_t> fd() const {
        std::int32_t fd = -1;
        const sl_status status = sl_loop_fd(raw_, &fd);
        return detail::to_result(status, fd);
    }
    /* A `uv_loop_t *` of the libuv that the config gave. */
    result<void *> uv_loop() const {
        void *uv_loop = nullptr;
        const sl_status status = sl_loop_uv_loop(raw_, &uv_loop);
        return detail::to_result(status, uv_loop);
    }
    /* `forever` when nothing is scheduled. */
    result<std::chrono::nanoseconds> next_deadline() const {
        std::uint64_t ns = 0;
        const sl_status status = sl_loop_next_deadline(raw_, &ns);
        return detail::to_result(status, detail::from_ns(ns));
    }
    result<std::chrono::nanoseconds> now() const {
        std::uint64_t ns = 0;
        const sl_status status = sl_loop_now(raw_, &ns);
        return detail::to_result(status, detail::from_ns(ns));
    }
    template <typename Rep, typename Period>
    result<> advance(std::chrono::duration<Rep, Period> time) const {
        return detail::to_result(sl_loop_advance(raw_, to_ns(time)));
    }
    result<bool> is_owner() const {
        bool is_owner = false;
        const sl_status status = sl_loop_is_owner(raw_, &is_owner);
        return detail::to_result(status, is_owner);
    }
    result<> detach_thread() const {
        return detail::to_result(sl_loop_detach_thread(raw_));
    }
    result<> attach_thread() const {
        return detail::to_result(sl_loop_attach_thread(raw_));
    }
    result<sl_loop_stats> read_stats() const {
        return detail::filled<sl_loop_stats>(
            [&](sl_loop_stats *out) { return sl_loop_read_stats(raw_, out); });
    }
};

class loop : public detail::owner<loop_ref, sl_loop_free> {
  public:
    using owner::owner;

    static result<loop> make(const sl_loop_config &config = loop_config()) {
        sl_loop *raw = nullptr;
        const sl_status status = sl_loop_new(&config, &raw);
        return detail::to_result(status, loop(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_LOOP_HPP */
