/* Runs one test of a Lua file: script_<lua> <file> <test>. A test is a function test.<name> in it;
   its CTest case has this name. Time stands still unless the test moves it; a test whose name says
   that it waits has the real clock. */
#define main sl_test_main
#include "host.h"
#undef main

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s <file> <test>\n", argv[0]);
        return 2;
    }
    lua_host host;
    lua_host_open(&host, strstr(argv[2], "wait") ? SL_CLOCK_SYSTEM : SL_CLOCK_VIRTUAL);
    lua_host_open_jobs(&host);
    lua_host_run(&host, "test = {}");
    lua_getglobal(host.L, "debug");
    lua_getfield(host.L, -1, "traceback");
    lua_remove(host.L, 1);
    if (luaL_loadfile(host.L, argv[1]) || lua_pcall(host.L, 0, 0, 1)) {
        sl_test_fail(__FILE__, __LINE__, "%s", lua_tostring(host.L, -1));
    }
    lua_getglobal(host.L, "test");
    lua_getfield(host.L, -1, argv[2]);
    if (lua_pcall(host.L, 0, 0, 1)) {
        sl_test_fail(__FILE__, __LINE__, "%s", lua_tostring(host.L, -1));
    }
    lua_settop(host.L, 0);
    lua_host_close(&host);
    SL_CHECK_EQ(sl_live_handles(), 0);
    return 0;
}
