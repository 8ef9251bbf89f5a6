/* set-timer and cancel-timer. A part of scriptloop_lua.h.
 *
 * The function of a timer is a callback like any other: when the timer fires, the loop enqueues it,
 * and the next dispatch calls it. Its number is the timer's, and unregistering it is cancelling.
 */
#ifndef SCRIPTLOOP_LUA_TIMERS_H
#define SCRIPTLOOP_LUA_TIMERS_H

/* The loop's side. A timer that fires again before its function was called does not pile up. */
SL_LUA_FN void sl_lua__fire(void *userdata) {
    sl_lua__timer *timer = (sl_lua__timer *)userdata;
    if (!timer->waits) {
        timer->waits =
            sl_callbacks_enqueue_value(timer->callbacks, timer->id, NULL) == SL_STATUS_OK;
    }
}

/* An argument in milliseconds, as microseconds. */
SL_LUA_FN uint64_t sl_lua__check_delay(lua_State *L, int index, const char *what) {
    double ms;
    if (lua_type(L, index) != LUA_TNUMBER) {
        sl_lua__error(L, "callbacks.set-timer %s must be a number", what);
    }
    ms = (double)lua_tonumber(L, index);
    if (!(ms >= 0)) {
        sl_lua__error(L, "callbacks.set-timer value must be non-negative");
    }
    return ms < 9e15 ? (uint64_t)(ms * 1000) : UINT64_MAX;
}

/* The function on top of the stack, and the timer that both it and the loop will own. */
SL_LUA_FN sl_lua__kept *sl_lua__keep_timed(lua_State *L, sl_lua__module *module) {
    sl_lua__kept *function = sl_lua__keep(L, module);
    sl_lua__timer *timer = (sl_lua__timer *)malloc(sizeof *timer);
    if (timer == NULL) {
        sl_lua__drop_kept(function);
        sl_lua__error(L, "not enough memory");
    }
    memset(timer, 0, sizeof *timer);
    timer->callbacks = module->callbacks;
    timer->loop = module->loop;
    timer->owners = 1;
    function->timer = timer;
    return function;
}

/* callbacks["set-timer"](delay_ms, function [, repeat_ms]) -> id */
SL_LUA_FN int sl_lua__do_set_timer(lua_State *L) {
    sl_lua__module *module = sl_lua__self(L, "set-timer");
    sl_timer_config config;
    sl_lua__timer *timer;
    sl_lua__kept *function;
    sl_status status;
    sl_lua__check(L, "set-timer", sl_timer_config_init(&config, sizeof config));
    config.delay_us = sl_lua__check_delay(L, 1, "delay");
    if (lua_type(L, 2) != LUA_TFUNCTION) {
        return sl_lua__error(L, "callbacks.set-timer requires a function");
    }
    config.repeat_us = lua_isnoneornil(L, 3) ? 0 : sl_lua__check_delay(L, 3, "repeat");
    lua_settop(L, 2);
    function = sl_lua__keep_timed(L, module);
    timer = function->timer;
    timer->id = sl_lua__register(L, function, "set-timer",
                                 config.repeat_us == 0 ? SL_CALLBACK_FLAG_ONCE : 0);
    status = sl_loop_schedule_timer_with(timer->loop, &config, sl_lua__fire, timer,
                                         sl_lua__release_timer, &timer->timer);
    if (status != SL_STATUS_OK) {
        sl_callbacks_unregister(module->callbacks, timer->id);
        sl_lua__check(L, "set-timer", status);
    }
    timer->owners++;
    sl_lua__push_id(L, timer->id);
    return 1;
}

/* callbacks["cancel-timer"](id) -> whether it was still to run */
SL_LUA_FN int sl_lua__do_cancel_timer(lua_State *L) {
    return sl_lua__unregister_as(L, "cancel-timer");
}

#endif /* SCRIPTLOOP_LUA_TIMERS_H */
