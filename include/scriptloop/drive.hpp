/* How a loop is driven, and the errors that it keeps. The calls are those of `loop_ref`. */
#ifndef SCRIPTLOOP_DRIVE_HPP
#define SCRIPTLOOP_DRIVE_HPP

#include <string>
#include <string_view>

#include "callable.hpp"
#include "time.hpp"

namespace scriptloop {

namespace detail {

/* The hooks of a drive, which share one userdata. */
struct drive_hooks {
    hook<void> start;
    hook<void> exit;

    static const drive_hooks &of(void *userdata) noexcept {
        return *static_cast<const drive_hooks *>(userdata);
    }
    static void on_start(void *userdata) noexcept {
        guarded("drive hook", [&] { of(userdata).start(); });
    }
    static void on_exit(void *userdata) noexcept {
        guarded("drive hook", [&] { of(userdata).exit(); });
    }
};

} // namespace detail

/* How a loop is driven. The name and the callables are kept here until `drive_start`. */
class drive_config : public sl_drive_config {
  public:
    drive_config() noexcept {
        sl_drive_config_init(this, sizeof(sl_drive_config));
    }

    /* Of the thread. It is copied; the start refuses one that is too long or holds a NUL. */
    drive_config &set_name(std::string_view text) {
        name_.assign(text);
        has_name_ = true;
        return *this;
    }
    /* The same; a null pointer stands for the default. */
    drive_config &set_name(const char *text) {
        if (text == nullptr) {
            has_name_ = false;
            return *this;
        }
        return set_name(std::string_view(text));
    }
    template <typename Rep, typename Period>
    drive_config &set_slice(std::chrono::duration<Rep, Period> time) noexcept {
        slice_us = to_us32(time);
        return *this;
    }
    template <typename Rep, typename Period>
    drive_config &set_spin(std::chrono::duration<Rep, Period> time) noexcept {
        spin_us = to_us32(time);
        return *this;
    }
    /* Called first on the thread. */
    template <typename F> drive_config &set_on_start(F &&run) {
        static_assert(std::is_invocable_v<std::decay_t<F> &>, "a hook takes no arguments");
        hooks().start = detail::hook<void>(std::forward<F>(run));
        on_start = detail::drive_hooks::on_start;
        return *this;
    }
    /* Called last on the thread. */
    template <typename F> drive_config &set_on_exit(F &&run) {
        static_assert(std::is_invocable_v<std::decay_t<F> &>, "a hook takes no arguments");
        hooks().exit = detail::hook<void>(std::forward<F>(run));
        on_exit = detail::drive_hooks::on_exit;
        return *this;
    }

  private:
    friend class loop_ref;

    detail::drive_hooks &hooks() {
        if (hooks_ == nullptr) {
            hooks_ = std::make_unique<detail::drive_hooks>();
        }
        return *hooks_;
    }
    /* Starts the thread, which owns the callables from then on. */
    sl_status start(sl_loop *loop) {
        sl_drive_config config = *this;
        if (has_name_ && name_.find('\0') != std::string::npos) {
            return SL_STATUS_INVALID_ARGUMENT; // C would see its beginning alone
        }
        if (has_name_) {
            config.name = name_.c_str();
        }
        if (hooks_ != nullptr) {
            config.userdata = hooks_.get();
            config.drop = detail::drop<detail::drive_hooks>;
        }
        const sl_status status = sl_loop_drive_start(loop, &config);
        if (status == SL_STATUS_OK) {
            (void)hooks_.release();
        }
        return status;
    }

    std::string name_; // an empty one is refused, none is the default
    bool has_name_ = false;
    std::unique_ptr<detail::drive_hooks> hooks_;
};

/* An error that a loop has kept. It is lent to a handler. */
class loop_error_view {
  public:
    explicit loop_error_view(const sl_loop_error *raw) noexcept : raw_(raw) {}

    const sl_loop_error *get() const noexcept {
        return raw_;
    }
    std::uint64_t number() const noexcept {
        return raw_->number;
    }
    /* Of the monotonic clock. */
    std::chrono::nanoseconds time() const noexcept {
        return detail::from_ns(raw_->time_ns);
    }
    std::string_view text() const noexcept {
        return std::string_view(raw_->text, raw_->text_len);
    }

  private:
    const sl_loop_error *raw_;
};

namespace detail {

template <typename F> void show_error(void *userdata, const sl_loop_error *error) noexcept {
    guarded("error handler", [&] { (*static_cast<F *>(userdata))(loop_error_view(error)); });
}

} // namespace detail

} // namespace scriptloop

#endif /* SCRIPTLOOP_DRIVE_HPP */
