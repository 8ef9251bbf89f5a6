/* What a call gave: a value, or the status that says why there is none. */
#ifndef SCRIPTLOOP_RESULT_HPP
#define SCRIPTLOOP_RESULT_HPP

#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "../scriptloop.h"

#if defined(__cpp_exceptions)
#define SCRIPTLOOP_EXCEPTIONS 1
#else
#define SCRIPTLOOP_EXCEPTIONS 0
#endif

namespace scriptloop {

/* What `value()` throws when there is none. */
class error : public std::exception {
  public:
    explicit error(sl_status status) noexcept : status_(status) {}
    sl_status status() const noexcept {
        return status_;
    }
    const char *what() const noexcept override {
        return sl_status_text(status_);
    }

  private:
    sl_status status_;
};

/* Makes a result that has no value; `status` is not SL_STATUS_OK. */
struct failure {
    sl_status status;
};

namespace detail {

[[noreturn]] inline void no_value(sl_status status) {
#if SCRIPTLOOP_EXCEPTIONS
    throw error(status);
#else
    const char *text = sl_status_text(status);
    sl_log_write(SL_LOG_LEVEL_ERROR, text, std::strlen(text));
    std::abort();
#endif
}

} // namespace detail

template <typename T = void> class [[nodiscard]] result {
  public:
    result(T value) : value_(std::move(value)) {}
    result(failure failed) noexcept : status_(failed.status) {}

    explicit operator bool() const noexcept {
        return value_.has_value();
    }
    sl_status status() const noexcept {
        return status_;
    }
    const char *text() const noexcept {
        return sl_status_text(status_);
    }

    T &value() & {
        return require(), *value_;
    }
    const T &value() const & {
        return require(), *value_;
    }
    T &&value() && {
        return require(), std::move(*value_);
    }
    template <typename U> T value_or(U &&other) const & {
        return value_.value_or(std::forward<U>(other));
    }
    template <typename U> T value_or(U &&other) && {
        return std::move(value_).value_or(std::forward<U>(other));
    }

    /* Without a check, as those of std::optional. */
    T &operator*() &noexcept {
        return *value_;
    }
    const T &operator*() const &noexcept {
        return *value_;
    }
    T &&operator*() &&noexcept {
        return std::move(*value_);
    }
    T *operator->() noexcept {
        return &*value_;
    }
    const T *operator->() const noexcept {
        return &*value_;
    }

  private:
    void require() const {
        if (!value_) {
            detail::no_value(status_);
        }
    }

    std::optional<T> value_;
    sl_status status_ = SL_STATUS_OK;
};

template <> class [[nodiscard]] result<void> {
  public:
    result() noexcept = default;
    result(failure failed) noexcept : status_(failed.status) {}

    explicit operator bool() const noexcept {
        return status_ == SL_STATUS_OK;
    }
    sl_status status() const noexcept {
        return status_;
    }
    const char *text() const noexcept {
        return sl_status_text(status_);
    }
    void value() const {
        if (status_ != SL_STATUS_OK) {
            detail::no_value(status_);
        }
    }

  private:
    sl_status status_ = SL_STATUS_OK;
};

namespace detail {

/* What a call gave that gives nothing but its status. */
inline result<> to_result(sl_status status) noexcept {
    return failure{status};
}

/* What a call gave that wrote `value` unless it failed. */
template <typename T> result<T> to_result(sl_status status, T value) {
    if (status != SL_STATUS_OK) {
        return failure{status};
    }
    return result<T>(std::move(value));
}

/* What a call gave that fills a struct which knows its size. */
template <typename T, typename Call> result<T> filled(Call call) {
    T out = {};
    out.size = sizeof out;
    const sl_status status = call(&out);
    return to_result(status, out);
}

} // namespace detail

} // namespace scriptloop

#endif /* SCRIPTLOOP_RESULT_HPP */
