/* Native jobs: callables that run on the worker threads of a script runner. */
#ifndef SCRIPTLOOP_JOBS_HPP
#define SCRIPTLOOP_JOBS_HPP

#include <cstring>

#include "callable.hpp"
#include "callbacks.hpp"
#include "job.hpp"
#include "loop.hpp"
#include "owner.hpp"
#include "script.hpp"

namespace scriptloop {

struct jobs_config : sl_jobs_config {
    jobs_config() noexcept {
        sl_jobs_config_init(this, sizeof(sl_jobs_config));
    }
};

/* What is to be done. The texts are the caller's, until submit has copied them. */
struct job_request : sl_job_request {
    explicit job_request(std::string_view of_kind = {}, std::string_view text = {}) noexcept {
        sl_job_request_init(this, sizeof(sl_job_request));
        set_kind(of_kind);
        set_payload(text);
    }
    job_request &set_kind(std::string_view text) noexcept {
        kind = text.data();
        kind_len = text.size();
        return *this;
    }
    job_request &set_payload(std::string_view text) noexcept {
        payload = text.data();
        payload_len = text.size();
        return *this;
    }
    /* It gets a callback_call whose job() is the result, and no poll does. */
    job_request &set_callback(callbacks_ref of_owner, sl_callback_id id) noexcept {
        callbacks = of_owner.get();
        callback = id;
        return *this;
    }
};

/* Which results a poll takes: any, unless it is told otherwise. */
struct job_filter : sl_job_filter {
    job_filter() noexcept : sl_job_filter{} {
        size = sizeof(sl_job_filter);
    }
    /* The text is the caller's. */
    job_filter &set_kind(std::string_view text) noexcept {
        kind = text.data();
        kind_len = text.size();
        return *this;
    }
    job_filter &set_owner(std::uint64_t number) noexcept {
        owner = number;
        by_owner = 1;
        return *this;
    }
};

namespace detail {

/* The sl_job_fn of a callable. What it throws is the error of the job, and so is lack of memory. */
template <typename F> void job(void *userdata, sl_job *raw) noexcept {
    const auto failed = [raw](const char *what) {
        sl_job_return_error(raw, what, std::strlen(what));
    };
    const auto body = [&] {
        F &call = *static_cast<F *>(userdata);
        if constexpr (std::is_void_v<std::invoke_result_t<F &, job_call>>) {
            call(job_call(raw));
        } else {
            const auto &given = call(job_call(raw));
            const result<> returned = job_call(raw).return_text(given);
            if (!returned) {
                failed(returned.text());
            }
        }
    };
    contain("job handler", failed, body, "Unhandled exception in job handler");
}

template <typename F> void on_job_result(void *userdata, sl_job_result *raw) noexcept {
    guarded("job result", [&] { (*static_cast<F *>(userdata))(job_result_view(raw)); });
}

template <typename R>
inline constexpr bool is_job_text = std::is_void_v<R> || std::is_convertible_v<R, std::string_view>;

} // namespace detail

class jobs_ref : public detail::ref<sl_jobs> {
  public:
    using ref::ref;

    /*
     * Has `run(job_call)` do the jobs of a kind, on workers, several at once. It says by the job
     * what came of it, or gives a text: the result.
     */
    template <typename F> result<> register_kind(std::string_view kind, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &, job_call>, "a handler takes a job_call");
        static_assert(detail::is_job_text<std::invoke_result_t<call &, job_call>>,
                      "a handler gives nothing or a text");
        return detail::give(std::forward<F>(run), [&](void *userdata, sl_drop_fn drop) {
            return sl_jobs_register(raw_, kind.data(), kind.size(), detail::job<call>, userdata,
                                    drop);
        });
    }
    result<> register_builtins() const {
        return detail::to_result(sl_jobs_register_builtins(raw_));
    }

    result<sl_job_id> submit(const sl_job_request &request) const {
        sl_job_id id = 0;
        const sl_status status = sl_jobs_submit(raw_, &request, &id);
        return detail::to_result(status, id);
    }
    /* With memory that moves, if there is some. When the job is refused, it stays in `native`. */
    result<sl_job_id> submit(const sl_job_request &request, native_payload &&native) const {
        sl_job_request moved = request;
        sl_job_id id = 0;
        const result<> accepted = detail::give_payload(native, [&](const sl_native_payload *given) {
            moved.native = given != nullptr ? given : request.native;
            return sl_jobs_submit(raw_, &moved, &id);
        });
        return detail::to_result(accepted.status(), id);
    }
    result<sl_job_id> submit(std::string_view kind, std::string_view payload) const {
        return submit(job_request(kind, payload));
    }
    /*
     * The result goes to `run(job_result_view)`, once, where `to` are dispatched. That is
     * destroyed when it has run, when the job is refused, or when `to` end before.
     */
    template <typename F>
    result<sl_job_id> submit(const sl_job_request &request, callbacks_ref to, F &&run) const {
        return submit(request, native_payload(), to, std::forward<F>(run));
    }
    template <typename F>
    result<sl_job_id> submit(const sl_job_request &request, native_payload &&native,
                             callbacks_ref to, F &&run) const {
        static_assert(std::is_invocable_v<std::decay_t<F> &, job_result_view>,
                      "it takes a job_result_view");
        const result<sl_callback_id> added = to.add_once(
            [run = std::forward<F>(run)](callback_call call) mutable { run(call.job()); });
        if (!added) {
            return failure{added.status()};
        }
        sl_job_request heard = request;
        heard.callbacks = to.get();
        heard.callback = *added;
        const result<sl_job_id> accepted = submit(heard, std::move(native));
        if (!accepted) {
            (void)to.remove(*added); // it is gone already when `to` were closed meanwhile
        }
        return accepted;
    }
    template <typename F>
    result<sl_job_id> submit(std::string_view kind, std::string_view payload, callbacks_ref to,
                             F &&run) const {
        return submit(job_request(kind, payload), to, std::forward<F>(run));
    }

    /* Calls `run(job_result_view)` for each result, here and now; a `max` of 0 is all. */
    template <typename F>
    result<std::uint64_t> poll(const sl_job_filter &filter, std::uint32_t max, F &&run) const {
        static_assert(std::is_invocable_v<F &, job_result_view>, "it takes a job_result_view");
        auto borrowed = [&run](job_result_view result) { run(result); };
        std::uint64_t count = 0;
        const sl_status status = sl_jobs_poll(
            raw_, &filter, max, detail::on_job_result<decltype(borrowed)>, &borrowed, &count);
        return detail::to_result(status, count);
    }
    template <typename F> result<std::uint64_t> poll(const sl_job_filter &filter, F &&run) const {
        return poll(filter, 0, std::forward<F>(run));
    }
    template <typename F> result<std::uint64_t> poll(F &&run) const {
        return poll(job_filter(), 0, std::forward<F>(run));
    }

    result<> cancel(sl_job_id job) const {
        return detail::to_result(sl_jobs_cancel(raw_, job));
    }
    /* How many jobs there were to cancel. */
    result<std::uint64_t> cancel_owner(std::uint64_t owner) const {
        std::uint64_t count = 0;
        const sl_status status = sl_jobs_cancel_owner(raw_, owner, &count);
        return detail::to_result(status, count);
    }
    result<std::uint64_t> cancel_all() const {
        std::uint64_t count = 0;
        const sl_status status = sl_jobs_cancel_all(raw_, &count);
        return detail::to_result(status, count);
    }
    result<bool> is_pending(sl_job_id job) const {
        bool pending = false;
        const sl_status status = sl_jobs_is_pending(raw_, job, &pending);
        return detail::to_result(status, pending);
    }
    result<> close() const {
        return detail::to_result(sl_jobs_close(raw_));
    }
    result<sl_jobs_stats> read_stats() const {
        return detail::filled<sl_jobs_stats>(
            [&](sl_jobs_stats *out) { return sl_jobs_read_stats(raw_, out); });
    }
};

class jobs : public detail::owner<jobs_ref, sl_jobs_free> {
  public:
    using owner::owner;

    /* `loop` is woken for results to poll; an empty reference is none. */
    static result<jobs> make(script_runner_ref runner, loop_ref loop = {},
                             const sl_jobs_config &config = jobs_config()) {
        sl_jobs *raw = nullptr;
        const sl_status status = sl_jobs_new(runner.get(), loop.get(), &config, &raw);
        return detail::to_result(status, jobs(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_JOBS_HPP */
