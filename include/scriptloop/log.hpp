/* The log, and what becomes of exceptions that reach the boundary with C. */
#ifndef SCRIPTLOOP_LOG_HPP
#define SCRIPTLOOP_LOG_HPP

#include <cstdio>
#include <string_view>

#include "callable.hpp"
#include "result.hpp"

namespace scriptloop {

/* Writes one line to where the lines of the library go. */
inline result<> log_write(sl_log_level level, std::string_view text) noexcept {
    return detail::to_result(sl_log_write(level, text.data(), text.size()));
}

/* Sends the log to standard error. */
inline result<> log_set(sl_log_level max_level) noexcept {
    return detail::to_result(sl_log_set(max_level, nullptr, nullptr, nullptr));
}

namespace detail {

/* Not `guarded`: its line would come back here. */
template <typename F>
void log_line(void *userdata, std::uint32_t level, const char *text, std::size_t len) noexcept {
    const auto failed = [](const char *what) {
        std::fprintf(stderr, "scriptloop error: the log function threw: %s\n", what);
    };
    contain("log function", failed,
            [&] { (*static_cast<F *>(userdata))(level, std::string_view(text, len)); });
}

} // namespace detail

/* Sends the log to `log(level, text)`, which any thread may call, also several at once. */
template <typename F> result<> log_set(sl_log_level max_level, F &&log) {
    using call = std::decay_t<F>;
    static_assert(std::is_invocable_v<call &, sl_log_level, std::string_view>,
                  "a log function takes (sl_log_level, std::string_view)");
    return detail::give(std::forward<F>(log), [&](void *userdata, sl_drop_fn drop) {
        return sl_log_set(max_level, detail::log_line<call>, userdata, drop);
    });
}

} // namespace scriptloop

#endif /* SCRIPTLOOP_LOG_HPP */
