/* What a host sees of scriptloop_lua.h: opening and ending, builders, threads, values. */
#include "host.h"

/* A payload that a host makes with the plain API of its Lua. */
typedef struct gift {
    int kind; /* 0 = a table, 1 = an error, 2 = nothing, 3 = several values, 4 = a status */
    unsigned builds;
    atomic_uint drops;
} gift;

static sl_status gift_build(void *userdata, void *target) {
    gift *gift = userdata;
    lua_State *L = target;
    ++gift->builds;
    switch (gift->kind) {
    case 0:
        lua_newtable(L);
        lua_pushinteger(L, 7);
        lua_setfield(L, -2, "seven");
        return SL_STATUS_OK;
    case 1:
        return luaL_error(L, "no gift");
    case 2:
        return SL_STATUS_OK;
    case 3:
        lua_pushliteral(L, "first");
        lua_pushliteral(L, "second");
        return SL_STATUS_OK;
    default:
        return SL_STATUS_NOT_FOUND;
    }
}

static void gift_drop(void *userdata) {
    atomic_fetch_add(&((gift *)userdata)->drops, 1);
}

/* [19] */
SL_TEST(opening_twice_gives_the_same_table) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_host_run(&host, "before = callbacks");
    SL_CHECK_OK(sl_lua_open_callbacks(host.L, host.loop, NULL));
    lua_host_run(&host, "assert(require 'callbacks' == before)");
    SL_CHECK(sl_lua_callbacks(host.L) == host.callbacks);
    lua_host_close(&host);
}

SL_TEST(what_cannot_be_opened_leaves_the_state_as_it_was) {
    lua_State *L = luaL_newstate();
    sl_loop *loop = host_loop();
    sl_callbacks_config config = {.size = 1};
    SL_CHECK_STATUS(sl_lua_open_callbacks(L, NULL, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_lua_open_callbacks(L, loop, &config), SL_STATUS_INVALID_ARGUMENT);
    SL_CHECK(sl_lua_callbacks(L) == NULL);
    SL_CHECK_EQ(lua_gettop(L), 0);
    SL_CHECK_STATUS(sl_lua_add_loop(L, "x", loop), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_lua_add_poller(L, "x", lua_host_poll, NULL, NULL, 0), SL_STATUS_CLOSED);
    sl_lua_shutdown(L);
    /* Without the library `package`, too. */
    SL_CHECK_OK(sl_lua_open_callbacks(L, loop, NULL));
    SL_CHECK_EQ(lua_gettop(L), 0);
    SL_CHECK(sl_lua_callbacks(L) != NULL);
    lua_close(L);
    SL_CHECK_OK(sl_loop_free(loop));
}

/* [52] */
SL_TEST(all_state_is_per_lua_state) {
    lua_host one, two;
    lua_host_open(&one, SL_CLOCK_VIRTUAL);
    lua_host_open(&two, SL_CLOCK_VIRTUAL);
    const char *chunk = "n = 0 assert(callbacks.register(function() n = n + 1 end) == 1)"
                        " callbacks.enqueue(1)";
    lua_host_run(&one, chunk);
    lua_host_run(&two, chunk);
    lua_host_run(&one, "assert(callbacks.dispatch() == 1 and n == 1)");
    SL_CHECK_EQ(lua_host_stats(&two).pending, 1);
    lua_host_close(&one);
    lua_host_run(&two, "assert(callbacks.dispatch() == 1 and n == 1)");
    lua_host_close(&two);
}

/* [24] */
SL_TEST(a_builder_runs_at_dispatch_and_its_drop_once_on_every_path) {
    lua_host host;
    gift gifts[7] = {{.kind = 0}, {.kind = 1}, {.kind = 2}, {.kind = 3}, {.kind = 4}};
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_host_run(&host,
                 "seen = {} callbacks.register(function(p) seen[#seen + 1] = p or 'nil' end)");
    for (int at = 0; at < 5; at++) {
        SL_CHECK_OK(sl_callbacks_enqueue(host.callbacks, 1, gift_build, &gifts[at], gift_drop));
    }
    SL_CHECK_OK(sl_callbacks_enqueue(host.callbacks, 2, gift_build, &gifts[5], gift_drop));
    SL_CHECK_EQ(gifts[0].builds, 0u);
    lua_host_run(&host, "assert(callbacks.dispatch() == 5)"
                        " assert(#seen == 3 and seen[1].seven == 7 and seen[2] == 'nil')"
                        " assert(seen[3] == 'first')");
    SL_CHECK_STR_EQ(host.log,
                    "[callbacks] invocation failed for id 1: no gift\n"
                    "[callbacks] invocation failed for id 1: the builder of the payload failed: "
                    "no such id or pointer\n");
    host.log[0] = '\0';
    SL_CHECK_OK(sl_callbacks_enqueue(host.callbacks, 1, gift_build, &gifts[6], gift_drop));
    lua_host_close(&host);
    for (int at = 0; at < 7; at++) {
        SL_CHECK_EQ(gifts[at].builds, at < 5 ? 1u : 0u);
        SL_CHECK_EQ(atomic_load(&gifts[at].drops), 1u);
    }
}

/* [51] */
SL_TEST(shutdown_clears_all_may_be_repeated_and_then_refuses) {
    lua_host host;
    gift gifts[100] = {{0}};
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_host_run(&host, "alive = setmetatable({{}, print and function() return alive end},"
                        " {__mode = 'v'})"
                        " callbacks.register(alive[2]) callbacks.enqueue(1, alive[1])"
                        " callbacks['set-timer'](1, alive[2], 1)");
    for (int at = 0; at < 100; at++) {
        SL_CHECK_OK(sl_callbacks_enqueue(host.callbacks, 1, gift_build, &gifts[at], gift_drop));
    }
    sl_lua_shutdown(host.L);
    sl_lua_shutdown(host.L);
    for (int at = 0; at < 100; at++) {
        SL_CHECK_EQ(atomic_load(&gifts[at].drops), 1u);
    }
    SL_CHECK(sl_lua_callbacks(host.L) == NULL);
    SL_CHECK_STATUS(sl_lua_open_callbacks(host.L, host.loop, NULL), SL_STATUS_CLOSED);
    SL_CHECK_STATUS(sl_callbacks_enqueue_value(host.callbacks, 1, NULL), SL_STATUS_STALE_HANDLE);
    lua_host_run(&host,
                 "collectgarbage() assert(not alive[1] and not alive[2])"
                 " for name, f in pairs(callbacks) do\n"
                 "  local ok, why = pcall(f, 1, print)\n"
                 "  assert(not ok and why:find('^callbacks%..+: callbacks were shut down$'), why)\n"
                 " end");
    SL_CHECK_OK(sl_loop_advance(host.loop, 10 * HOST_MS));
    SL_CHECK_EQ(host_poll(host.loop), 0u); /* the timer went, too */
    lua_host_close(&host);
}

static int shut_down(lua_State *L) {
    sl_lua_shutdown(L);
    return 0;
}

SL_TEST(a_callback_and_a_poller_may_shut_down) {
    for (int who = 0; who < 2; who++) {
        lua_host host;
        lua_host_open(&host, SL_CLOCK_VIRTUAL);
        lua_register(host.L, "shut_down", shut_down);
        lua_host_run(&host, "callbacks.register(shut_down)"
                            " callbacks.register(function() error 'never called' end)");
        lua_host_run(&host, who == 0 ? "callbacks.enqueue(1) callbacks.enqueue(2)"
                                     : "host.poll_with('jobs', shut_down, true)"
                                       " host.poll_with('other', error, true)");
        lua_host_run(&host, "local ok, why = pcall(callbacks['run-loop'], {['sleep-ms'] = 0})"
                            " assert(why == 'callbacks.run-loop: callbacks were shut down', why)");
        lua_host_close(&host);
    }
}

SL_TEST(a_state_that_ends_drops_what_is_queued) {
    lua_host host;
    gift gift = {0};
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    SL_CHECK_OK(sl_callbacks_enqueue(host.callbacks, 1, gift_build, &gift, gift_drop));
    lua_host_run(&host, "callbacks['set-timer'](1, print, 1)");
    lua_host_close(&host);
    SL_CHECK_EQ(atomic_load(&gift.drops), 1u);
}

SL_TEST(a_loop_that_ends_first_is_an_error_of_run_loop_alone) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_host_run(&host, "callbacks['set-timer'](1, print, 1)");
    SL_CHECK_OK(sl_loop_free(host.loop));
    lua_host_run(&host, "n = 0 local id = callbacks.register(function() n = n + 1 end)"
                        " callbacks.enqueue(id) callbacks.dispatch() assert(n == 1)"
                        " local ok, why = pcall(callbacks['run-loop'])"
                        " assert(why:find('^callbacks.run%-loop: the handle was freed'), why)");
    lua_close(host.L);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_WARN, NULL, NULL, NULL));
}

static void *enqueue_thousand(void *argument) {
    lua_host *host = argument;
    sl_value value = {.kind = SL_VALUE_KIND_INTEGER};
    for (int64_t at = 1; at <= 1000; at++) {
        value.as.integer = at;
        SL_CHECK_OK(sl_callbacks_enqueue_value(host->callbacks, 1, &value));
    }
    return NULL;
}

/* [24] */
SL_TEST(four_threads_wake_a_run_loop_that_would_wait_for_ever) {
    lua_host host;
    pthread_t threads[4];
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    lua_host_run(&host, "sum, n = 0, 0"
                        " callbacks.register(function(p) sum, n = sum + p, n + 1 end)");
    for (int at = 0; at < 4; at++) {
        threads[at] = host_thread(enqueue_thousand, &host);
    }
    lua_host_run(&host, "assert(callbacks['run-loop'] {['sleep-ms'] = 3600000,"
                        " ['until'] = function() return n == 4000 end})"
                        " assert(sum == 4 * 500500)");
    for (int at = 0; at < 4; at++) {
        host_join(threads[at]);
    }
    lua_host_close(&host);
}

/* The loop is polled by the host, and the script runs a loop inside of one of its callbacks. */
static void run_inner_loop(void *userdata) {
    lua_host_run((lua_host *)userdata,
                 "local done = false"
                 " callbacks.enqueue(callbacks.register(function() done = true end))"
                 " assert(callbacks['run-loop'] {['until'] = function() return done end})"
                 " inner = callbacks['run-loop'] {['timeout-ms'] = 2, ['sleep-ms'] = 1}");
}

SL_TEST(a_run_loop_inside_of_the_loops_own_callback_works) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    SL_CHECK_OK(sl_loop_post(host.loop, SL_PRIORITY_NORMAL, run_inner_loop, &host, NULL));
    SL_CHECK_EQ(host_poll(host.loop), 1u);
    lua_host_run(&host, "assert(inner == false)");
    lua_host_close(&host);
}

/* With nothing to ask between two wakes, it sleeps until it is woken: no turns of 1 ms. */
SL_TEST(a_run_loop_that_has_nothing_to_ask_sleeps) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    uint64_t before = host_stats(host.loop).parks;
    lua_host_run(&host, "assert(callbacks['run-loop'] {['timeout-ms'] = 100} == false)");
    SL_CHECK(host_stats(host.loop).parks - before <= 10);
    lua_host_close(&host);
}

/* [44] */
SL_TEST(a_sleep_of_0_waits_for_a_wake_where_the_host_says_so) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    const char *chunk = "local asked = 0\n"
                        "callbacks['run-loop'] {['sleep-ms'] = 0, ['until'] = function()\n"
                        "  asked = asked + 1\n"
                        "  if asked == 2 then callbacks.enqueue(99) end\n"
                        "  return asked == 4 end}";
    uint64_t before = host_stats(host.loop).parks;
    lua_host_run(&host, chunk);
    SL_CHECK_EQ(host_stats(host.loop).parks, before);
    SL_CHECK_OK(sl_lua_set_idle_wait(host.L, 5));
    lua_host_run(&host, chunk);
    SL_CHECK(host_stats(host.loop).parks > before);
    /* Not where something is polled that does not wake. */
    before = host_stats(host.loop).parks;
    lua_host_run(&host, "host.poll_with('jobs', function() end, true)");
    lua_host_run(&host, chunk);
    SL_CHECK_EQ(host_stats(host.loop).parks, before);
    sl_lua_shutdown(host.L);
    SL_CHECK_STATUS(sl_lua_set_idle_wait(host.L, 5), SL_STATUS_CLOSED);
    lua_host_close(&host);
}

SL_TEST(values_go_to_the_stack_and_back) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_State *L = host.L;
    SL_CHECK_EQ(luaL_dostring(L, "return {1.5, true, 'a\\0b', {x = {y = {}}}, [6] = 6}"), 0);
    const sl_value *value = sl_lua_to_value(L, -1);
    SL_CHECK_EQ(value->kind, SL_VALUE_KIND_MAP); /* there is a hole at 5 */
    SL_CHECK_EQ(value->as.map.len, 5);
    sl_lua_push_value(L, value);
    lua_setglobal(L, "back");
    lua_settop(L, 0);
    lua_host_run(&host, "assert(back[1] == 1.5 and back[2] == true and back[3] == 'a\\0b')"
                        " assert(next(back[4].x.y) == nil and back[5] == nil and back[6] == 6)");
    SL_CHECK_EQ(luaL_dostring(L, "return {10, 20, 30}"), 0);
    value = sl_lua_to_value(L, 1);
    SL_CHECK_EQ(value->kind, SL_VALUE_KIND_ARRAY);
    SL_CHECK_EQ(value->as.array.len, 3);
    lua_settop(L, 0);
    sl_value large = {.kind = SL_VALUE_KIND_INTEGER, .as.integer = INT64_MIN};
    sl_lua_push_value(L, &large);
    SL_CHECK_EQ(lua_tonumber(L, -1), -9223372036854775808.0);
    lua_pushlightuserdata(L, &host);
    SL_CHECK(sl_lua_to_value(L, -1)->as.pointer == &host);
    lua_settop(L, 0);
    lua_host_close(&host);
}

static int to_value(lua_State *L) {
    sl_lua_to_value(L, 1);
    return 0;
}

SL_TEST(what_is_no_value_is_an_error_that_says_why) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_register(host.L, "to_value", to_value);
    lua_host_run(&host,
                 "local self = {} self[1] = self\n"
                 "for why, value in pairs {\n"
                 " ['a function is no value'] = print, ['a userdata is no value'] = io.stdout,\n"
                 " ['a thread is no value'] = coroutine.create(function() end),\n"
                 " ['a table is no key of a value'] = {[{}] = 1},\n"
                 " ['a table is deeper than 100, or contains itself'] = self} do\n"
                 "  local ok, got = pcall(to_value, {value})\n"
                 "  assert(not ok and got == why, got)\n"
                 "end");
    lua_host_close(&host);
}

/* The Lua in the library is another one than the host's, and neither sees the other. */
SL_TEST(scripts_of_both_luas_run_at_the_same_time) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    sl_script_runner_config config;
    SL_CHECK_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 2;
    sl_script_runner *runner = NULL;
    SL_CHECK_OK(sl_script_runner_new(NULL, &config, &runner));
    const char *chunk = "local parts = {} for i = 1, 200 do parts[i] = ('%d'):format(i * i) end"
                        " table.sort(parts) collectgarbage()"
                        " local ok, why = pcall(error, 'x') assert(not ok and why == 'x')"
                        " local co = coroutine.wrap(function() coroutine.yield(1) end) co()"
                        " return table.concat(parts, ',')";
    sl_script_job job;
    SL_CHECK_OK(sl_script_job_init(&job, sizeof job));
    job.source = chunk;
    job.source_len = strlen(chunk);
    sl_action_queue *results = NULL;
    SL_CHECK_OK(sl_script_runner_actions(runner, &results));
    for (int round = 0; round < 200; round++) {
        sl_job_id id = 0;
        sl_action action = {.size = sizeof action};
        SL_CHECK_OK(sl_script_runner_enqueue(runner, &job, &id));
        SL_CHECK_EQ(luaL_dostring(host.L, chunk), 0);
        SL_CHECK_OK(sl_action_queue_pop(results, &action));
        SL_CHECK_STR_EQ(action.result->text, lua_tostring(host.L, -1));
        SL_CHECK_OK(sl_action_free(&action));
        lua_settop(host.L, 0);
    }
    SL_CHECK_OK(sl_script_runner_free(runner));
    lua_host_close(&host);
}
