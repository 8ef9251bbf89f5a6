/* Scripts: jobs, and the runner of them. */
#ifndef SCRIPTLOOP_SCRIPT_HPP
#define SCRIPTLOOP_SCRIPT_HPP

#include "actions.hpp"
#include "callable.hpp"
#include "loop.hpp"
#include "owner.hpp"
#include "script_setup.hpp"
#include "time.hpp"
#include "value.hpp"

namespace scriptloop {

/* What is to be run. The source and the names are the caller's, until enqueue has copied them. */
struct script_job : sl_script_job {
    explicit script_job(std::string_view text = {}) noexcept {
        sl_script_job_init(this, sizeof(sl_script_job));
        source = text.data();
        source_len = text.size();
    }
    script_job &set_args(value_list values) noexcept {
        kept_ = std::move(values);
        args = kept_.data();
        args_len = kept_.size();
        return *this;
    }
    template <typename Rep, typename Period>
    script_job &set_deadline(std::chrono::duration<Rep, Period> time) noexcept {
        deadline_ms = to_ms(time);
        return *this;
    }
    template <typename Rep, typename Period>
    script_job &set_state_wait(std::chrono::duration<Rep, Period> time) noexcept {
        state_wait_ms = to_ms(time);
        return *this;
    }

  private:
    value_list kept_; // what `args` points to, unless the host has set that itself
};

namespace detail {

template <typename F> void on_result(void *userdata, const sl_script_result *result) noexcept {
    guarded("result callback", [&] { (*static_cast<F *>(userdata))(script_result_view(result)); });
}

} // namespace detail

class script_runner_ref : public detail::ref<sl_script_runner> {
  public:
    using ref::ref;

    result<sl_job_id> enqueue(const sl_script_job &job) const {
        sl_job_id id = 0;
        const sl_status status = sl_script_runner_enqueue(raw_, &job, &id);
        return detail::to_result(status, id);
    }
    /*
     * Calls `run(script_result_view)` on the worker. There is an action as well only when the job's
     * delivery is SL_DELIVERY_BOTH.
     */
    template <typename F> result<sl_job_id> enqueue(const sl_script_job &job, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &, script_result_view>,
                      "a result callback takes a script_result_view");
        sl_script_job heard = job;
        if (heard.delivery != SL_DELIVERY_BOTH) {
            heard.delivery = SL_DELIVERY_WORKER;
        }
        sl_job_id id = 0;
        const result<> accepted =
            detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
                heard.on_result = detail::on_result<call>;
                heard.userdata = userdata;
                heard.drop = drop;
                return sl_script_runner_enqueue(raw_, &heard, &id);
            });
        return detail::to_result(accepted.status(), id);
    }
    /* The queue that results go to: lent, as it may be the runner's own. */
    result<action_queue_ref> actions() const {
        sl_action_queue *queue = nullptr;
        const sl_status status = sl_script_runner_actions(raw_, &queue);
        return detail::to_result(status, action_queue_ref(queue));
    }
    result<> cancel(sl_job_id job) const {
        return detail::to_result(sl_script_runner_cancel(raw_, job));
    }
    /* How many jobs there were to cancel. */
    result<std::uint64_t> cancel_owner(std::uint64_t owner) const {
        std::uint64_t count = 0;
        const sl_status status = sl_script_runner_cancel_owner(raw_, owner, &count);
        return detail::to_result(status, count);
    }
    result<std::uint64_t> cancel_all() const {
        std::uint64_t count = 0;
        const sl_status status = sl_script_runner_cancel_all(raw_, &count);
        return detail::to_result(status, count);
    }
    /* From its enqueue until its result is there. */
    result<bool> is_job_pending(sl_job_id job) const {
        bool is_pending = false;
        const sl_status status = sl_script_runner_is_job_pending(raw_, job, &is_pending);
        return detail::to_result(status, is_pending);
    }
    /* Ends what was accepted, as closed; waits for nobody. */
    result<> close() const {
        return detail::to_result(sl_script_runner_close(raw_));
    }
    /* Lets what was accepted run to its end, and waits for that, at most so long. */
    template <typename Rep, typename Period>
    result<> close_gracefully(std::chrono::duration<Rep, Period> max_wait) const {
        return detail::to_result(sl_script_runner_close_gracefully(raw_, to_ms32(max_wait)));
    }
    result<sl_script_runner_stats> read_stats() const {
        return detail::filled<sl_script_runner_stats>(
            [&](sl_script_runner_stats *out) { return sl_script_runner_read_stats(raw_, out); });
    }
    result<sl_script_state_stats> read_state(std::uint32_t state) const {
        return detail::filled<sl_script_state_stats>([&](sl_script_state_stats *out) {
            return sl_script_runner_read_state(raw_, state, out);
        });
    }
};

class script_runner : public detail::owner<script_runner_ref, sl_script_runner_free> {
  public:
    using owner::owner;

    /* `loop` is woken for results; an empty reference is none. */
    static result<script_runner> make(loop_ref loop = {}, script_runner_config config = {}) {
        sl_script_runner *raw = nullptr;
        const sl_status status = config.make(loop, &raw);
        return detail::to_result(status, script_runner(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_SCRIPT_HPP */
