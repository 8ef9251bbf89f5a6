/* Actions, the results of scripts in them, and the queue that carries them to the main thread. */
#ifndef SCRIPTLOOP_ACTIONS_HPP
#define SCRIPTLOOP_ACTIONS_HPP

#include "callable.hpp"
#include "loop.hpp"
#include "owner.hpp"
#include "time.hpp"
#include "value.hpp"

namespace scriptloop {

/* What a job gave, or a script sent. It is lent by an action, or for a callback. */
class script_result_view {
  public:
    explicit script_result_view(const sl_script_result *raw) noexcept : raw_(raw) {}

    const sl_script_result *get() const noexcept {
        return raw_;
    }
    /* Whether there is one: actions of the host's have none. All below needs it. */
    explicit operator bool() const noexcept {
        return raw_ != nullptr;
    }
    sl_outcome outcome() const noexcept {
        return raw_->outcome;
    }
    sl_job_id id() const noexcept {
        return raw_->id;
    }
    values_view values() const noexcept {
        return values_view(raw_->values, raw_->values_len);
    }
    std::string_view text() const noexcept {
        return std::string_view(raw_->text, raw_->text_len);
    }
    std::string_view error() const noexcept {
        return std::string_view(raw_->error, raw_->error_len);
    }
    std::chrono::nanoseconds wait() const noexcept {
        return detail::from_ns(raw_->wait_ns);
    }
    std::chrono::nanoseconds run() const noexcept {
        return detail::from_ns(raw_->run_ns);
    }

  private:
    const sl_script_result *raw_;
};

namespace detail {

/* What an action tells, be it owned or lent. */
template <typename Action> class action_fields {
  public:
    std::uint64_t id() const noexcept {
        return raw().id;
    }
    std::uint64_t owner() const noexcept {
        return raw().owner;
    }
    void *context() const noexcept {
        return raw().context;
    }
    sl_action_kind kind() const noexcept {
        return raw().kind;
    }
    bool success() const noexcept {
        return raw().success;
    }
    std::string_view message() const noexcept {
        return std::string_view(raw().message, raw().message_len);
    }
    script_result_view result() const noexcept {
        return script_result_view(raw().result);
    }

  private:
    const sl_action &raw() const noexcept {
        return *static_cast<const Action *>(this)->get();
    }
};

} // namespace detail

/* An action that is lent to a handler. */
class action_view : public detail::action_fields<action_view> {
  public:
    explicit action_view(const sl_action *raw) noexcept : raw_(raw) {}

    const sl_action *get() const noexcept {
        return raw_;
    }

  private:
    const sl_action *raw_;
};

/* An action that was popped. */
class action : public detail::action_fields<action> {
  public:
    action() noexcept = default;
    explicit action(const sl_action &raw) noexcept : raw_(raw) {}
    action(action &&other) noexcept : raw_(other.release()) {}
    action &operator=(action &&other) noexcept {
        action old(std::exchange(raw_, other.release()));
        return *this;
    }
    action(const action &) = delete;
    action &operator=(const action &) = delete;
    ~action() {
        const scriptloop::result<> freed = free();
        if (!freed) {
            detail::not_freed(freed.status());
        }
    }

    const sl_action *get() const noexcept {
        return &raw_;
    }
    /* Gives it away: somebody else calls sl_action_free. */
    sl_action release() noexcept {
        return std::exchange(raw_, empty());
    }
    scriptloop::result<> free() noexcept {
        return detail::to_result(sl_action_free(&raw_));
    }

  private:
    static sl_action empty() noexcept {
        sl_action raw = {};
        raw.size = sizeof raw;
        return raw;
    }

    sl_action raw_ = empty();
};

/* An action to be pushed. What it points to is the caller's, until the push has copied it. */
struct action_draft : sl_action {
    explicit action_draft(std::uint32_t of_kind) noexcept : sl_action{} {
        size = sizeof(sl_action);
        kind = of_kind;
    }
    action_draft &set_message(std::string_view text) noexcept {
        message = text.data();
        message_len = text.size();
        return *this;
    }
};

struct action_queue_config : sl_action_queue_config {
    action_queue_config() noexcept {
        sl_action_queue_config_init(this, sizeof(sl_action_queue_config));
    }
    template <typename Rep, typename Period>
    action_queue_config &set_block(std::chrono::duration<Rep, Period> time) noexcept {
        block_ms = to_ms32(time);
        return *this;
    }
};

namespace detail {

template <typename F> void handle(void *userdata, const sl_action *action) noexcept {
    guarded("action handler", [&] { (*static_cast<F *>(userdata))(action_view(action)); });
}

} // namespace detail

class action_queue_ref : public detail::ref<sl_action_queue> {
  public:
    using ref::ref;

    result<> push(const sl_action &draft) const {
        return detail::to_result(sl_action_queue_push(raw_, &draft));
    }
    result<action> try_pop() const {
        return popped([&](sl_action *out) { return sl_action_queue_try_pop(raw_, out); });
    }
    result<action> pop() const {
        return popped([&](sl_action *out) { return sl_action_queue_pop(raw_, out); });
    }
    template <typename Rep, typename Period>
    result<action> pop_timeout(std::chrono::duration<Rep, Period> timeout) const {
        return popped([&](sl_action *out) {
            return sl_action_queue_pop_timeout(raw_, to_ms32(timeout), out);
        });
    }
    /* Calls `run(action_view)` for each action, here and now. */
    template <typename F> result<sl_report> drain(const sl_step &budget, F &&run) const {
        static_assert(std::is_invocable_v<F &, action_view>, "a handler takes an action_view");
        auto borrowed = [&run](action_view action) { run(action); };
        using call = decltype(borrowed);
        return detail::filled<sl_report>([&](sl_report *out) {
            return sl_action_queue_drain(raw_, &budget, detail::handle<call>, &borrowed, out);
        });
    }
    template <typename F> result<sl_report> drain(F &&run) const {
        return drain(scriptloop::step(), std::forward<F>(run));
    }
    /* Has the polls of a loop call `run(action_view)`. */
    template <typename F> result<> attach(loop_ref loop, std::uint32_t priority, F &&run) const {
        return attach_by(sl_action_queue_attach, loop, priority, std::forward<F>(run));
    }
    template <typename F> result<> attach(loop_ref loop, F &&run) const {
        return attach(loop, SL_PRIORITY_NORMAL, std::forward<F>(run));
    }
    /* The same for the polls of its owner alone, also while another thread drives the loop. */
    template <typename F>
    result<> attach_main(loop_ref loop, std::uint32_t priority, F &&run) const {
        return attach_by(sl_action_queue_attach_main, loop, priority, std::forward<F>(run));
    }
    template <typename F> result<> attach_main(loop_ref loop, F &&run) const {
        return attach_main(loop, SL_PRIORITY_NORMAL, std::forward<F>(run));
    }
    result<> close() const {
        return detail::to_result(sl_action_queue_close(raw_));
    }
    result<sl_action_queue_stats> read_stats() const {
        return detail::filled<sl_action_queue_stats>(
            [&](sl_action_queue_stats *out) { return sl_action_queue_read_stats(raw_, out); });
    }

  private:
    template <typename Attach, typename F>
    result<> attach_by(Attach by, loop_ref loop, std::uint32_t priority, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &, action_view>, "a handler takes an action_view");
        return detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
            return by(raw_, loop.get(), priority, detail::handle<call>, userdata, drop);
        });
    }
    template <typename Pop> static result<action> popped(Pop pop) {
        const result<sl_action> raw = detail::filled<sl_action>(pop);
        if (!raw) {
            return failure{raw.status()};
        }
        return action(*raw);
    }
};

class action_queue : public detail::owner<action_queue_ref, sl_action_queue_free> {
  public:
    using owner::owner;

    static result<action_queue> make(const sl_action_queue_config &config = action_queue_config()) {
        sl_action_queue *raw = nullptr;
        const sl_status status = sl_action_queue_new(&config, &raw);
        return detail::to_result(status, action_queue(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_ACTIONS_HPP */
