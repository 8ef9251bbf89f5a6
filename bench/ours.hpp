// scriptloop as its hosts use it, with every status checked.
#pragma once

#include "harness.hpp"
#include "scriptloop.h"

namespace bench {

inline void ok(sl_status status, const char *call) {
    if (status != SL_STATUS_OK) {
        fail(std::string(call) + ": " + sl_status_text(status));
    }
}

#define SL_OK(call) bench::ok(call, #call)

inline sl_loop_config loop_config() {
    sl_loop_config config;
    SL_OK(sl_loop_config_init(&config, sizeof config));
    return config;
}

inline sl_loop *new_loop(const sl_loop_config &config) {
    sl_loop *loop = nullptr;
    SL_OK(sl_loop_new(&config, &loop));
    return loop;
}

inline sl_step step_of(uint64_t max_work_us, uint64_t max_wait_us) {
    sl_step step;
    SL_OK(sl_step_init(&step, sizeof step));
    step.max_work_us = max_work_us;
    step.max_wait_us = max_wait_us;
    return step;
}

} // namespace bench
