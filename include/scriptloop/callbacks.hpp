/* Callbacks by number: callables that any thread has called on the owner thread of a loop. */
#ifndef SCRIPTLOOP_CALLBACKS_HPP
#define SCRIPTLOOP_CALLBACKS_HPP

#include <cstring>

#include "callable.hpp"
#include "job.hpp"
#include "loop.hpp"
#include "owner.hpp"
#include "value.hpp"

namespace scriptloop {

/* What a callback gets; lent for the call. */
class callback_call {
  public:
    explicit callback_call(const sl_callback_call *raw) noexcept : raw_(raw) {}

    const sl_callback_call *get() const noexcept {
        return raw_;
    }
    sl_callback_id id() const noexcept {
        return raw_->id;
    }
    /* Nil where a builder makes the payload, or a job has. */
    value_view value() const noexcept {
        return raw_->value == nullptr ? value_view() : value_view(raw_->value);
    }
    /* What a job gave that was submitted with this number; otherwise there is none. */
    job_result_view job() const noexcept {
        return job_result_view(raw_->job);
    }
    /* Has the builder make the payload, once, on what it knows `target` to be. */
    result<> build(void *target) const {
        return detail::to_result(raw_->build == nullptr
                                     ? sl_status{SL_STATUS_NOT_FOUND}
                                     : raw_->build(raw_->build_userdata, target));
    }
    /* The call could not do it: it is counted, and the text is logged. */
    void fail(std::string_view text) const noexcept {
        sl_callback_call_fail(raw_, text.data(), text.size());
    }

  private:
    const sl_callback_call *raw_;
};

namespace detail {

/* What a callback throws is its failure. */
template <typename F> void callback(void *userdata, const sl_callback_call *raw) noexcept {
    const callback_call call(raw);
    contain(
        "callback", [&](const char *what) { call.fail(what); },
        [&] { (*static_cast<F *>(userdata))(call); });
}

template <typename F> sl_status builder(void *userdata, void *target) noexcept {
    sl_status status = SL_STATUS_SYSTEM; // unless it comes to its end
    guarded("builder", [&] {
        (*static_cast<F *>(userdata))(target);
        status = SL_STATUS_OK;
    });
    return status;
}

} // namespace detail

struct callbacks_config : sl_callbacks_config {
    callbacks_config() noexcept {
        sl_callbacks_config_init(this, sizeof(sl_callbacks_config));
    }
};

class callbacks_ref : public detail::ref<sl_callbacks> {
  public:
    using ref::ref;

    /* Gives a callable a number; it gets a callback_call. */
    template <typename F> result<sl_callback_id> add(F &&run) const {
        return add_with(0, std::forward<F>(run));
    }
    /* The same for one call: it is gone before it is called. */
    template <typename F> result<sl_callback_id> add_once(F &&run) const {
        return add_with(SL_CALLBACK_FLAG_ONCE, std::forward<F>(run));
    }
    result<> remove(sl_callback_id id) const {
        return detail::to_result(sl_callbacks_unregister(raw_, id));
    }

    result<> enqueue(sl_callback_id id, const value &payload = value()) const {
        return detail::to_result(sl_callbacks_enqueue_value(raw_, id, &payload.get()));
    }
    /* The callable makes the payload on the owner thread; it gets what wants it, as a pointer. */
    template <typename F> result<> enqueue_built(sl_callback_id id, F &&build) const {
        using make = std::decay_t<F>;
        static_assert(std::is_invocable_v<make &, void *>, "a builder takes its target");
        return detail::give(std::forward<F>(build), [&](void *userdata, sl_drop_fn drop) {
            return sl_callbacks_enqueue(raw_, id, detail::builder<make>, userdata, drop);
        });
    }
    /* How many were called; a `max` of 0 is all. */
    result<std::uint64_t> dispatch(std::uint64_t max = 0) const {
        std::uint64_t called = 0;
        const sl_status status = sl_callbacks_dispatch(raw_, max, &called);
        return detail::to_result(status, called);
    }

    result<> set_loop(loop_ref loop) const {
        return detail::to_result(sl_callbacks_set_loop(raw_, loop.get()));
    }
    result<> close() const {
        return detail::to_result(sl_callbacks_close(raw_));
    }
    result<sl_callbacks_stats> read_stats() const {
        return detail::filled<sl_callbacks_stats>(
            [&](sl_callbacks_stats *out) { return sl_callbacks_read_stats(raw_, out); });
    }

  private:
    template <typename F> result<sl_callback_id> add_with(std::uint32_t flags, F &&run) const {
        using call = std::decay_t<F>;
        static_assert(std::is_invocable_v<call &, callback_call>, "it takes a callback_call");
        sl_callback_id id = 0;
        const result<> added = detail::give(std::forward<F>(run), [&](void *userdata,
                                                                      sl_drop_fn drop) {
            return sl_callbacks_register(raw_, detail::callback<call>, userdata, drop, flags, &id);
        });
        return detail::to_result(added.status(), id);
    }
};

class callbacks : public detail::owner<callbacks_ref, sl_callbacks_free> {
  public:
    using owner::owner;

    static result<callbacks> make(loop_ref loop,
                                  const sl_callbacks_config &config = callbacks_config()) {
        sl_callbacks *raw = nullptr;
        const sl_status status = sl_callbacks_new(loop.get(), &config, &raw);
        return detail::to_result(status, callbacks(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_CALLBACKS_HPP */
