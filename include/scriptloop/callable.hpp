/* Callables of C++ as (function, userdata, drop) of C: one allocation, destroyed exactly once. */
#ifndef SCRIPTLOOP_CALLABLE_HPP
#define SCRIPTLOOP_CALLABLE_HPP

#include <cstdint>
#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>

#include "result.hpp"

namespace scriptloop {

#if SCRIPTLOOP_EXCEPTIONS

/* Gets what callables throw, on the thread where they do, and the name of what was called. */
using exception_handler = std::function<void(std::exception_ptr, const char *where)>;

namespace detail {

struct handler_slot {
    std::mutex lock;
    std::shared_ptr<const exception_handler> handler;
};

inline handler_slot &handlers() noexcept {
    // Never destroyed: workers may still throw while the process ends.
    static handler_slot *const slot = new handler_slot;
    return *slot;
}

/* Runs inside a catch block, and says what was caught. The text is lent while the block lasts. */
inline const char *caught_text(const char *otherwise) noexcept {
    try {
        throw;
    } catch (const std::exception &caught) {
        return caught.what();
    } catch (...) {
        return otherwise;
    }
}

/* Runs inside a catch block. No exception of the handler's own goes further. */
inline void tell_handler(const char *where) noexcept {
    try {
        handler_slot &slot = handlers();
        std::unique_lock<std::mutex> locked(slot.lock);
        const std::shared_ptr<const exception_handler> handler = slot.handler;
        locked.unlock();
        if (handler != nullptr && *handler) {
            (*handler)(std::current_exception(), where);
        }
    } catch (...) {
        const char text[] = "the exception handler threw";
        sl_log_write(SL_LOG_LEVEL_ERROR, text, sizeof text - 1);
    }
}

} // namespace detail

/* Besides the line in the log; an empty one is none. It may be called on any thread. */
inline void set_exception_handler(exception_handler handler) {
    auto made = std::make_shared<const exception_handler>(std::move(handler));
    detail::handler_slot &slot = detail::handlers();
    // What was set before is destroyed after the lock is free: it is the host's code.
    const std::lock_guard<std::mutex> locked(slot.lock);
    slot.handler.swap(made);
}

#endif

namespace detail {

/*
 * Calls `body`; what it throws goes to the handler, and its text to `failed`: `otherwise` for
 * what is no std::exception.
 */
template <typename Failed, typename Body>
void contain([[maybe_unused]] const char *where, [[maybe_unused]] Failed &&failed, Body &&body,
             [[maybe_unused]] const char *otherwise = "unknown exception") noexcept {
#if SCRIPTLOOP_EXCEPTIONS
    try {
        body();
    } catch (...) {
        failed(caught_text(otherwise));
        tell_handler(where);
    }
#else
    body();
#endif
}

/* The same, with the text as a line in the log. */
template <typename Body> void guarded(const char *where, Body &&body) noexcept {
    const auto failed = [where](const char *what) {
        char line[512]; // of fixed size, as memory may be what is missing
        const int len = std::snprintf(line, sizeof line, "%s threw: %s", where, what);
        const std::size_t most = sizeof line - 1;
        const std::size_t made = len < 0 ? 0 : static_cast<std::size_t>(len);
        sl_log_write(SL_LOG_LEVEL_ERROR, line, made < most ? made : most);
    };
    contain(where, failed, std::forward<Body>(body));
}

template <typename F> void drop(void *userdata) noexcept {
    delete static_cast<F *>(userdata);
}

/* Moves a callable to the heap and offers it to a call of C; takes it back when that refuses. */
template <typename F, typename Call> result<> give(F &&callable, Call &&call) {
    using state = std::decay_t<F>;
    std::unique_ptr<state> box(new (std::nothrow) state(std::forward<F>(callable)));
    if (box == nullptr) {
        return failure{SL_STATUS_NO_MEMORY};
    }
    const sl_status status = call(static_cast<void *>(box.get()), drop<state>);
    if (status == SL_STATUS_OK) {
        (void)box.release(); // perhaps it ran and is gone by now
    }
    return to_result(status);
}

/* State of any type, for configs that keep it until a call of C takes it. */
using any_state = std::unique_ptr<void, sl_drop_fn>;

template <typename F> any_state box(F &&callable) {
    using state = std::decay_t<F>;
    return any_state(new state(std::forward<F>(callable)), drop<state>);
}

/* As std::function, for callables that can only be moved. */
template <typename R, typename... Args> class hook {
  public:
    hook() noexcept : state_(nullptr, nullptr) {}
    template <typename F>
    explicit hook(F &&callable)
        : state_(box(std::forward<F>(callable))), call_([](void *state, Args... args) -> R {
              return (*static_cast<std::decay_t<F> *>(state))(args...);
          }) {}

    R operator()(Args... args) const {
        return call_(state_.get(), args...);
    }

  private:
    any_state state_;
    R (*call_)(void *, Args...) = nullptr;
};

/* The sl_work_fn of a callable, wherever it lies. */
template <typename F> void work(void *userdata) noexcept {
    guarded("post", [&] { (*static_cast<F *>(userdata))(); });
}

template <typename F> void timer(void *userdata) noexcept {
    guarded("timer", [&] { (*static_cast<F *>(userdata))(); });
}

template <typename F> void wake_hook(void *userdata) noexcept {
    guarded("wake hook", [&] { (*static_cast<F *>(userdata))(); });
}

/* Whether sl_loop_post_copy can carry it: its bytes are all that it is. */
template <typename F>
inline constexpr bool is_bytes = std::is_trivially_copyable_v<F> && sizeof(F) <= SL_POST_BYTES_MAX
                                 && alignof(F) <= 16;

} // namespace detail

} // namespace scriptloop

#endif /* SCRIPTLOOP_CALLABLE_HPP */
