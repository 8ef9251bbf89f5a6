/* The state pool: lends things of one type, one holder at a time. */
#ifndef SCRIPTLOOP_STATE_POOL_HPP
#define SCRIPTLOOP_STATE_POOL_HPP

#include "callable.hpp"
#include "owner.hpp"
#include "time.hpp"

namespace scriptloop {

/* A state that is lent, and given back by its destructor. */
template <typename T> class lease {
  public:
    lease() noexcept = default;
    lease(sl_state_pool *pool, T *state) noexcept : pool_(pool), state_(state) {}
    lease(lease &&other) noexcept : pool_(other.pool_), state_(other.release()) {}
    lease &operator=(lease &&other) noexcept {
        sl_state_pool *const pool = other.pool_;
        T *const state = other.release();
        lease old(std::exchange(pool_, pool), std::exchange(state_, state));
        return *this;
    }
    lease(const lease &) = delete;
    lease &operator=(const lease &) = delete;
    ~lease() {
        const result<> freed = free();
        if (!freed) {
            detail::not_freed(freed.status());
        }
    }

    T *get() const noexcept {
        return state_;
    }
    explicit operator bool() const noexcept {
        return state_ != nullptr;
    }
    T &operator*() const noexcept {
        return *state_;
    }
    T *operator->() const noexcept {
        return state_;
    }
    /* Gives the lease away: somebody else calls sl_state_pool_release. */
    T *release() noexcept {
        return std::exchange(state_, nullptr);
    }
    /* Gives the state back now. When that fails, the lease stays here. */
    result<> free() noexcept {
        if (state_ == nullptr) {
            return {};
        }
        const sl_status status = sl_state_pool_release(pool_, state_);
        if (status == SL_STATUS_OK) {
            state_ = nullptr;
        }
        return detail::to_result(status);
    }

  private:
    sl_state_pool *pool_ = nullptr;
    T *state_ = nullptr;
};

template <typename T> class state_pool_ref : public detail::ref<sl_state_pool> {
  public:
    using ref::ref;

    result<lease<T>> acquire() const {
        return lent([&](void **out) { return sl_state_pool_acquire(raw_, out); });
    }
    result<lease<T>> try_acquire() const {
        return lent([&](void **out) { return sl_state_pool_try_acquire(raw_, out); });
    }
    template <typename Rep, typename Period>
    result<lease<T>> acquire_timeout(std::chrono::duration<Rep, Period> timeout) const {
        return lent(
            [&](void **out) { return sl_state_pool_acquire_timeout(raw_, to_ms32(timeout), out); });
    }
    template <typename Rep, typename Period>
    result<lease<T>> acquire_pinned(std::uint64_t owner,
                                    std::chrono::duration<Rep, Period> timeout) const {
        return lent([&](void **out) {
            return sl_state_pool_acquire_pinned(raw_, owner, to_ms32(timeout), out);
        });
    }
    result<> unpin(std::uint64_t owner) const {
        return detail::to_result(sl_state_pool_unpin(raw_, owner));
    }
    result<sl_state_pool_stats> read_stats() const {
        return detail::filled<sl_state_pool_stats>(
            [&](sl_state_pool_stats *out) { return sl_state_pool_read_stats(raw_, out); });
    }

  private:
    template <typename Acquire> result<lease<T>> lent(Acquire acquire) const {
        void *state = nullptr;
        const sl_status status = acquire(&state);
        return detail::to_result(status, lease<T>(raw_, static_cast<T *>(state)));
    }
};

namespace detail {

/* SL_STATUS_SYSTEM when `create` throws, and what the C call says of NULL when it gives that. */
template <typename F> std::int32_t create_state(void *userdata, void **out_state) noexcept {
    sl_status status = SL_STATUS_SYSTEM;
    guarded("state constructor", [&] {
        *out_state = (*static_cast<F *>(userdata))().release();
        status = SL_STATUS_OK;
    });
    return status;
}

template <typename T, typename Deleter> void destroy_state(void *, void *state) noexcept {
    Deleter()(static_cast<T *>(state));
}

} // namespace detail

template <typename T, typename Deleter = std::default_delete<T>>
class state_pool : public detail::owner<state_pool_ref<T>, sl_state_pool_free> {
  public:
    using detail::owner<state_pool_ref<T>, sl_state_pool_free>::owner;

    /* `create` makes one state after the other, each a std::unique_ptr<T, Deleter>. */
    template <typename F> static result<state_pool> make(std::uint32_t states, F &&create) {
        using call = std::decay_t<F>;
        static_assert(std::is_same_v<std::invoke_result_t<call &>, std::unique_ptr<T, Deleter>>,
                      "`create` gives a std::unique_ptr<T, Deleter>");
        sl_state_pool *raw = nullptr;
        const result<> made =
            detail::give(std::forward<F>(create), [&](void *userdata, sl_drop_fn drop) {
                return sl_state_pool_new(states, detail::create_state<call>,
                                         detail::destroy_state<T, Deleter>, userdata, drop, &raw);
            });
        return detail::to_result(made.status(), state_pool(raw));
    }
};

} // namespace scriptloop

#endif /* SCRIPTLOOP_STATE_POOL_HPP */
