/* What a host sees of sl_lua_open_jobs, and of memory that runs out at any moment. */
#include "host.h"

SL_TEST(jobs_that_cannot_be_opened_leave_the_state_as_it_was) {
    lua_State *L = luaL_newstate();
    sl_loop *loop = host_loop();
    luaL_openlibs(L);
    SL_CHECK_STATUS(sl_lua_open_jobs(L, NULL), SL_STATUS_NULL_ARGUMENT);
    SL_CHECK_STATUS(sl_lua_open_jobs(L, (sl_jobs *)loop), SL_STATUS_WRONG_KIND);
    SL_CHECK_EQ(lua_gettop(L), 0);
    SL_CHECK_EQ(luaL_dostring(L, "assert(not pcall(require, 'jobs'))"), 0);
    lua_close(L);
    SL_CHECK_OK(sl_loop_free(loop));
}

SL_TEST(a_callback_of_a_job_needs_the_module_callbacks) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_VIRTUAL);
    lua_host_open_jobs(&host);
    sl_lua_shutdown(host.L);
    lua_host_run(&host, "local ok, why = pcall(require('jobs').submit, 'echo', '', print)"
                        " assert(why == 'jobs.submit callback needs the module callbacks', why)"
                        " assert(require('jobs').submit('echo', 'x') == 1)");
    lua_host_close(&host);
}

SL_TEST(opening_again_gives_the_module_other_jobs) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    lua_host_open_jobs(&host);
    lua_host_run(&host, "jobs = require 'jobs' assert(jobs.submit('echo', 'x') == 1)");
    SL_CHECK_OK(sl_jobs_free(host.jobs));
    lua_host_run(&host,
                 "for name, f in pairs(jobs) do\n"
                 "  local ok, why = pcall(f, name ~= 'submit' and 1 or 'echo')\n"
                 "  assert(not ok and why:find('^jobs%.' .. name .. ': the handle was'), why)"
                 " end");
    SL_CHECK_OK(sl_jobs_new(host.runner, host.loop, NULL, &host.jobs));
    SL_CHECK_OK(sl_lua_open_jobs(host.L, host.jobs));
    lua_host_run(&host, "assert(require 'jobs' == jobs and jobs.submit('echo', 'x') == 1)");
    lua_host_close(&host);
}

/* [71] */
SL_TEST(the_memory_of_a_result_is_freed_once_on_every_path) {
    lua_host host;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    lua_host_open_jobs(&host);
    lua_host_run(&host, "jobs = require 'jobs' n = 0\n"
                        "jobs.submit('binary', '', function(r) assert(r.binary) n = n + 1 end)\n"
                        "jobs.submit('binary', '', function() n = n + 1 error('no use', 0) end)\n"
                        "callbacks['run-loop'] {['sleep-ms'] = 3600000,"
                        " ['until'] = function() return n == 2 end}");
    SL_CHECK_EQ(host.drops, 2u);
    host.log[0] = '\0';
    lua_host_run(&host, "jobs.submit('binary') host.wait_ready(1)"
                        " assert(jobs.poll()[1].binary == 'a\\0b')");
    SL_CHECK_EQ(host.drops, 3u);
    lua_host_run(&host, "jobs.submit('binary') host.wait_ready(1)"
                        " jobs.submit('binary', '', print)");
    unsigned *drops = &host.drops;
    while (lua_host_jobs_stats(&host).delivered < 4) {
        sched_yield();
    }
    lua_host_close(&host); /* one in the queue of the callbacks, one that nobody polled */
    SL_CHECK_EQ(*drops, 5u);
}

/* Gives out so many blocks and no more. */
static void *ration(void *userdata, void *block, size_t old_size, size_t size) {
    long *left = userdata;
    (void)old_size;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if (block == NULL && *left >= 0 && --*left < 0) {
        *left = 0;
        return NULL;
    }
    return realloc(block, size);
}

static int use_all(lua_State *L) {
    if (luaL_loadstring(L, "local c, jobs = require 'callbacks', require 'jobs'\n"
                           "local n, id = 0, nil\n"
                           "id = c.register(function(p) n = n + 1 end)\n"
                           "c.enqueue(id, {n}) c.enqueue(id, 'text') c.enqueue(id, 1)\n"
                           "local timer = c.set_timer(0, function() n = n + 1 end, 1)\n"
                           "jobs.submit('none', 'x', function(r) n = n + 1 end)\n"
                           "jobs.submit('none', 'x')\n"
                           "c.dispatch() jobs.poll()\n"
                           "c.run_loop {timeout_ms = 1, sleep_ms = 1}\n"
                           "c.cancel_timer(timer) c.unregister(id) return n")) {
        return lua_error(L);
    }
    lua_call(L, 0, 0);
    return 0;
}

/* Whatever fails, nothing is left behind and nothing dangles: the sanitizers look on. */
SL_TEST(every_allocation_of_the_state_may_fail) {
    lua_host host;
    long left = -1;
    unsigned ends = 0;
    lua_host_open(&host, SL_CLOCK_SYSTEM);
    lua_host_open_jobs(&host);
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_OFF, NULL, NULL, NULL));
    for (long blocks = 0; ends < 5; blocks++) {
        left = -1;
        lua_State *L = lua_newstate(ration, &left
#if LUA_VERSION_NUM >= 505
                                    ,
                                    1
#endif
        );
        SL_CHECK(L != NULL);
        luaL_openlibs(L);
        left = blocks;
        sl_status status = sl_lua_open_callbacks(L, host.loop, NULL);
        if (status == SL_STATUS_OK) {
            status = sl_lua_open_jobs(L, host.jobs);
        }
        SL_CHECK(status == SL_STATUS_OK || status == SL_STATUS_NO_MEMORY);
        SL_CHECK_EQ(lua_gettop(L), 0);
        if (status == SL_STATUS_OK) {
            ends += sl_lua__protected(L, use_all, NULL) == 0;
        } else {
            left = -1;
            SL_CHECK_OK(sl_lua_open_callbacks(L, host.loop, NULL)); /* now there is enough */
        }
        SL_CHECK(blocks < 5000);
        left = -1;
        lua_close(L);
    }
    SL_CHECK_OK(sl_log_set(SL_LOG_LEVEL_WARN, lua_host_log, &host, NULL));
    SL_CHECK(lua_host_jobs_stats(&host).accepted > 0);
    lua_host_close(&host);
}
