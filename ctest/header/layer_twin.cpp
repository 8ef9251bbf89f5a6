/* A second part of the same program: nothing is defined twice, and names of C stand beside it. */
#define SCRIPTLOOP_SHORT_NAMES
#include <scriptloop.hpp>

sl_status (*twin_loop_wake)(sl_loop *) = loop_wake;

scriptloop::result<scriptloop::loop> twin_loop();
scriptloop::result<scriptloop::loop> twin_loop() {
    auto loop = scriptloop::loop::make();
    if (loop && !loop->post(SL_PRIORITY_HIGH, [] {})) {
        (void)scriptloop::log_write(SL_LOG_LEVEL_WARN, loop.text());
    }
    return loop;
}
