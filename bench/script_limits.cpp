// What limits cost a script that does not reach them, and what isolation costs a job.
//
// "calls", "loops", "tables", "strings": a script of some 20 ms; the figure is its own time, from
// its start to its end on the worker. scriptloop runs it with a deadline, a limit on memory and
// the id by which it could be cancelled; the same runner without limits and a bare mlua state
// stand beside it.
// "a job that …": wall time per job, 1 worker, 1000 jobs at a time: with globals of its own for
// each job, and with those of the state.
#include "ours.hpp"
#include "peers.h"

namespace {

using namespace bench;

struct Script {
    const char *name, *source;
};

const Script scripts[] = {
    {"calls", "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end "
              "return fib(25)"},
    {"loops", "local x = 0 for i = 1, 3000000 do x = x + i % 7 end return x"},
    {"tables", "local t = {} for i = 1, 300000 do t[i] = i end local x = 0 "
               "for r = 1, 5 do for i = 1, #t do x = x + t[i] end end return x"},
    {"strings", "local n = 0 for i = 1, 20000 do local s = 'key' .. i .. '=value' "
                "local k, v = s:match('(%w+)=(%w+)') n = n + #k + #v + #s:gsub('%d', 'x') end "
                "return n"},
};

const Script jobs[] = {
    {"a job that returns 1", "return 1"},
    {"a job that uses string and math", "return math.floor(#string.format('%d', 42))"}};

class Runner {
  public:
    Runner(bool limited, uint32_t isolation) {
        sl_script_runner_config config;
        SL_OK(sl_script_runner_config_init(&config, sizeof config));
        config.workers = 1;
        config.isolation = isolation;
        if (limited) {
            config.deadline_ms = 10'000;
            config.memory_max = 256 << 20;
        }
        SL_OK(sl_script_runner_new(nullptr, &config, &runner_));
        SL_OK(sl_script_runner_actions(runner_, &actions_));
    }
    ~Runner() {
        SL_OK(sl_script_runner_free(runner_));
    }

    void send(const char *source) {
        sl_script_job job;
        SL_OK(sl_script_job_init(&job, sizeof job));
        job.source = source;
        job.source_len = strlen(source);
        SL_OK(sl_script_runner_enqueue(runner_, &job, nullptr));
    }

    double receive() {
        sl_action action = {};
        action.size = sizeof action;
        SL_OK(sl_action_queue_pop(actions_, &action));
        check(action.success, "a job failed");
        const double ns = double(action.result->run_ns);
        SL_OK(sl_action_free(&action));
        return ns;
    }

    double run(const char *source) {
        send(source);
        return receive();
    }

    double run_many(const char *source, uint64_t count) {
        const uint64_t start = now_ns();
        for (uint64_t i = 0; i < count; i++) {
            send(source);
        }
        for (uint64_t i = 0; i < count; i++) {
            receive();
        }
        return double(now_ns() - start) / double(count);
    }

  private:
    sl_script_runner *runner_ = nullptr;
    sl_action_queue *actions_ = nullptr;
};

void add_script(Suite &suite, const Script &script, uint64_t times) {
    for (bool limited : {true, false}) {
        const char *name = limited ? "scriptloop" : "without limits";
        suite.job(script.name, name, limited ? Role::ours : Role::peer, [=](Recorder &recorder) {
            Runner runner(limited, SL_SCRIPT_ISOLATION_NONE);
            runner.run(script.source);
            for (uint64_t i = 0; i < times; i++) {
                recorder.add(script.name, runner.run(script.source));
            }
        });
    }
    suite.job(script.name, "bare mlua state", Role::peer, [=](Recorder &recorder) {
        peers_state *state = peers_state_new();
        const size_t len = strlen(script.source);
        peers_state_run(state, script.source, len);
        for (uint64_t i = 0; i < times; i++) {
            recorder.add(script.name, peers_state_run(state, script.source, len));
        }
        peers_state_free(state);
    });
}

void add_job(Suite &suite, const Script &job, uint64_t times) {
    for (uint32_t isolation : {SL_SCRIPT_ISOLATION_JOB, SL_SCRIPT_ISOLATION_NONE}) {
        const bool isolated = isolation == SL_SCRIPT_ISOLATION_JOB;
        const char *name = isolated ? "scriptloop" : "shared globals";
        suite.job(job.name, name, isolated ? Role::ours : Role::reference, [=](Recorder &recorder) {
            Runner runner(true, isolation);
            runner.run_many(job.source, 1000);
            for (uint64_t i = 0; i < times; i++) {
                recorder.add(job.name, runner.run_many(job.source, 1000));
            }
        });
    }
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("script_limits", "Limits and isolation of Lua scripts", argc, argv);
    suite.version("mlua", peers_mlua_version());
    suite.version("Lua", sl_lua_version());
    for (const Script &script : scripts) {
        suite.add_case(script.name).goal(1.05, "without limits").goal(1.05, "bare mlua state");
        add_script(suite, script, suite.scale<uint64_t>(10, 3));
    }
    for (const Script &job : jobs) {
        suite.add_case(job.name).goal(2000, "");
        add_job(suite, job, suite.scale<uint64_t>(20, 5));
    }
    return suite.run(10);
}
