// The callbacks of a host's own Lua: how soon one is called when its job has ended, what a dispatch
// costs beside the call itself, and what waiting costs.
//
// "end of a job to its callback": a job is busy for a while on a worker and takes the time at its
// end; its Lua callback takes it again. Ours is a native job, and the script waits in run-loop; the
// peer is what engines write by hand: a thread, a queue under a mutex, dispatched in turns between
// which the main thread sleeps for 1 ms.
//
// "dispatch": 1000 payloads are enqueued, then one dispatch is timed; each sample is the time per
// payload. The bare call pushes the same function and payload and calls lua_pcall.
//
// "CPU time of an idle wait": what the thread uses while it waits for 1 s and nothing comes.
#include "ours.hpp"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include <scriptloop_lua.h>

#include <atomic>
#include <deque>

namespace {

using namespace bench;

const char *const latency = "end of a job to its callback",
                  *const idle = "CPU time of an idle wait of 1 s",
                  *const bound = "1.2 × lua_pcall + 100 ns";

struct Payload {
    const char *name;
    const char *make; // a chunk that returns it
};
const Payload payloads[] = {{"dispatch, integer", "return 7"},
                            {"dispatch, string", "return ('text'):rep(10)"},
                            {"dispatch, table", "return {x = 1}"}};

uint64_t sent_at_ns;
std::vector<double> *latencies;

// What a callback does: called from Lua.
int arrived(lua_State *) {
    latencies->push_back(double(now_ns() - sent_at_ns));
    return 0;
}

struct Host {
    Host() {
        loop = new_loop(loop_config());
        L = luaL_newstate();
        luaL_openlibs(L);
        SL_OK(sl_lua_open_callbacks(L, loop, nullptr));
        callbacks = sl_lua_callbacks(L);
        lua_register(L, "arrived", arrived);
        run("callbacks = require 'callbacks'");
    }
    ~Host() {
        lua_close(L);
        SL_OK(sl_loop_free(loop));
    }
    void run(const char *chunk) {
        check(luaL_dostring(L, chunk) == 0, "a chunk failed");
        lua_settop(L, 0);
    }
    // A function of Lua's, in the registry.
    int function(const char *chunk) {
        check(luaL_dostring(L, chunk) == 0, "a chunk failed");
        return luaL_ref(L, LUA_REGISTRYINDEX);
    }

    sl_loop *loop;
    lua_State *L;
    sl_callbacks *callbacks;
};

// Work of some milliseconds, not in step with the turns of who polls; then the time.
void work(size_t number) {
    spin_until(now_ns() + 2'000'000 + 137'000 * (number % 8));
    sent_at_ns = now_ns();
}

void run_job(void *, sl_job *job) {
    work(job->id);
}

void measure_our_latency(Recorder &recorder, size_t samples) {
    Host host;
    std::vector<double> seen;
    latencies = &seen;
    sl_script_runner_config config;
    SL_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = 1;
    sl_script_runner *runner = nullptr;
    SL_OK(sl_script_runner_new(nullptr, &config, &runner));
    sl_jobs *jobs = nullptr;
    SL_OK(sl_jobs_new(runner, host.loop, nullptr, &jobs));
    SL_OK(sl_jobs_register(jobs, "work", 4, run_job, nullptr, nullptr));
    SL_OK(sl_lua_open_jobs(host.L, jobs));
    host.run("jobs = require 'jobs' n = 0\n"
             "function submit() jobs.submit('work', '', function() arrived() n = n + 1 end) end");
    const std::string loop = "for at = 1, " + std::to_string(samples) +
                             " do submit() callbacks['run-loop'] {['sleep-ms'] = 1000,"
                             " ['until'] = function() return n == at end} end";
    host.run(loop.c_str());
    SL_OK(sl_jobs_free(jobs));
    SL_OK(sl_script_runner_free(runner));
    for (const double sample : seen) {
        recorder.add(latency, sample);
    }
}

// What an engine has without an event loop.
struct ByHand {
    std::mutex lock;
    std::deque<int> queue;

    void enqueue(int function) {
        const std::lock_guard<std::mutex> guard(lock);
        queue.push_back(function);
    }
    void dispatch(lua_State *L) {
        std::deque<int> batch;
        {
            const std::lock_guard<std::mutex> guard(lock);
            batch.swap(queue);
        }
        for (const int function : batch) {
            lua_rawgeti(L, LUA_REGISTRYINDEX, function);
            check(lua_pcall(L, 0, 0, 0) == 0, "a callback failed");
        }
    }
};

void measure_polling_latency(Recorder &recorder, size_t samples) {
    Host host;
    ByHand by_hand;
    std::vector<double> seen;
    latencies = &seen;
    const int function = host.function("return function() arrived() end");
    std::atomic<size_t> submitted{0};
    std::thread worker([&] {
        for (size_t number = 1; number <= samples; number++) {
            while (submitted.load(std::memory_order_acquire) < number) {
                std::this_thread::yield();
            }
            work(number);
            by_hand.enqueue(function);
        }
    });
    for (size_t number = 1; number <= samples; number++) {
        submitted.store(number, std::memory_order_release);
        while (seen.size() < number) {
            by_hand.dispatch(host.L);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    worker.join();
    for (const double sample : seen) {
        recorder.add(latency, sample);
    }
}

void measure_our_idle(Recorder &recorder, int sleep_ms) {
    Host host;
    SL_OK(sl_lua_set_idle_wait(host.L, 1));
    const std::string loop =
        "callbacks['run-loop'] {['timeout-ms'] = 1000, ['sleep-ms'] = " + std::to_string(sleep_ms) +
        ", ['until'] = function() return false end}";
    const uint64_t before = thread_cpu_ns();
    host.run(loop.c_str());
    recorder.add(idle, double(thread_cpu_ns() - before));
}

void measure_polling_idle(Recorder &recorder, int sleep_ms) {
    Host host;
    ByHand by_hand;
    const uint64_t before = thread_cpu_ns(), end = now_ns() + 1'000'000'000;
    while (now_ns() < end) {
        by_hand.dispatch(host.L);
        if (sleep_ms != 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(sleep_ms));
        }
    }
    recorder.add(idle, double(thread_cpu_ns() - before));
}

constexpr int batch = 1000;

void measure_our_dispatch(Recorder &recorder, size_t batches) {
    for (const Payload &payload : payloads) {
        Host host;
        host.run("n = 0 id = callbacks.register(function(p) n = n + 1 end)");
        const std::string fill = "local p = (function() " + std::string(payload.make) +
                                 " end)() for i = 1, 1000 do callbacks.enqueue(id, p) end";
        for (size_t at = 0; at < batches; at++) {
            uint64_t dispatched = 0;
            host.run(fill.c_str());
            const Stopwatch watch;
            SL_OK(sl_callbacks_dispatch(host.callbacks, 0, &dispatched));
            recorder.add(payload.name, double(watch.elapsed_ns()) / batch);
            check(dispatched == batch, "not all were dispatched");
        }
    }
}

// The bare calls, or what is allowed to be paid for them.
void measure_bare_calls(Recorder &recorder, size_t batches, double times, double plus_ns) {
    for (const Payload &payload : payloads) {
        Host host;
        const int function = host.function("n = 0 return function(p) n = n + 1 end");
        const int value = host.function(payload.make);
        for (size_t at = 0; at < batches; at++) {
            const Stopwatch watch;
            for (int call = 0; call < batch; call++) {
                lua_rawgeti(host.L, LUA_REGISTRYINDEX, function);
                lua_rawgeti(host.L, LUA_REGISTRYINDEX, value);
                check(lua_pcall(host.L, 1, 0, 0) == 0, "the call failed");
            }
            recorder.add(payload.name, double(watch.elapsed_ns()) / batch * times + plus_ns);
        }
    }
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("callbacks", "functions of a host's own Lua, called by number", argc, argv);
    suite.version("Lua", LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    const std::string polling = "polling by hand, 1 ms", spinning = "polling by hand, 0 ms",
                      bare = "bare lua_pcall";
    suite.add_case(latency).goal(50'000).goal(200'000, "", "", 0.99).goal(1.0, polling);
    for (const Payload &payload : payloads) {
        suite.add_case(payload.name).goal(1.0, bound);
    }
    suite.add_case(idle).goal(0.01, spinning);

    const size_t samples = suite.scale<size_t>(300, 50), batches = suite.scale<size_t>(300, 50);
    suite.job(latency, "scriptloop", Role::ours,
              [=](Recorder &recorder) { measure_our_latency(recorder, samples); });
    suite.job(latency, polling, Role::peer,
              [=](Recorder &recorder) { measure_polling_latency(recorder, samples); });
    suite.job(idle, "scriptloop", Role::ours,
              [](Recorder &recorder) { measure_our_idle(recorder, 1000); });
    suite.job(idle, "scriptloop, sleep-ms 0, idle wait 1 ms", Role::ours,
              [](Recorder &recorder) { measure_our_idle(recorder, 0); });
    suite.job(idle, polling, Role::peer,
              [](Recorder &recorder) { measure_polling_idle(recorder, 1); });
    suite.job(idle, spinning, Role::peer,
              [](Recorder &recorder) { measure_polling_idle(recorder, 0); });
    suite.job("dispatch", "scriptloop", Role::ours,
              [=](Recorder &recorder) { measure_our_dispatch(recorder, batches); });
    suite.job("dispatch", bare, Role::reference,
              [=](Recorder &recorder) { measure_bare_calls(recorder, batches, 1, 0); });
    suite.job("dispatch", bound, Role::reference,
              [=](Recorder &recorder) { measure_bare_calls(recorder, batches, 1.2, 100); });
    return suite.run(3, 1);
}
