// Owners for the library's handles, and the one way to deal with a status in set-up code.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "scriptloop.h"

namespace demo {

// For set-up and tear-down only: an exception must never leave a callback.
inline void must(sl_status status, const char *what) {
    if (status != SL_STATUS_OK) {
        throw std::runtime_error(std::string(what) + ": " + sl_status_text(status));
    }
}

struct Free {
    void operator()(sl_loop *loop) const {
        sl_loop_free(loop);
    }
    void operator()(sl_script_runner *runner) const {
        sl_script_runner_free(runner);
    }
};

using Loop = std::unique_ptr<sl_loop, Free>;
using Runner = std::unique_ptr<sl_script_runner, Free>;

inline std::uint64_t now_ns() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

} // namespace demo
