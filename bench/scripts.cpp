// What it costs to run a Lua script on a worker, from the thread that wants it to the thread that
// has its result.
//
// "window": 2 workers, and always 256 jobs outstanding: a result lets the next job go. The figure
// is wall time per job. The chunk is `return 1`, or a loop calibrated to take about 1 µs in a bare
// state.
// "single job": one job after 2 ms in which all workers parked, until its result is at hand; the
// thread that wants it blocks.
//
// scriptloop takes each job as source text, as a host passes it, compiles it once per state, and
// delivers an action with a typed result to the loop that it wakes. The bare pool is mlua and
// crossbeam-channel without anything else (bench/peers/src/script_pool.rs); its driver is Rust.
#include "ours.hpp"
#include "peers.h"

namespace {

using namespace bench;

constexpr uint32_t workers = 2;
constexpr uint64_t window = 256, idle_ns = 2'000'000;

const char *const trivial = "“return 1”, window of 256", *const one_us = "1 µs, window of 256",
                  *const single = "single job, workers parked";

const std::string bare = "bare pool, functions cached", each_time = "bare pool, compiled each time";

const std::string loop_of_turns = "local turns = ... or @ "
                                  "local x = 0 for i = 1, turns do x = x + i end return x";

struct Script {
    std::string source;
    int64_t result;
};

Script script_of_1_us() {
    std::string source = loop_of_turns;
    source.replace(source.find('@'), 1, "0");
    const auto turns = int64_t(peers_calibrate_turns(source.data(), source.size(), 1000));
    source = loop_of_turns;
    source.replace(source.find('@'), 1, std::to_string(turns));
    return {source, turns * (turns + 1) / 2};
}

class Runner {
  public:
    explicit Runner(const Script &script) : script_(script) {
        sl_script_runner_config config;
        SL_OK(sl_script_runner_config_init(&config, sizeof config));
        config.workers = workers;
        SL_OK(sl_script_runner_new(loop_, &config, &runner_));
        sl_action_queue *actions = nullptr;
        SL_OK(sl_script_runner_actions(runner_, &actions));
        SL_OK(sl_action_queue_attach(actions, loop_, SL_PRIORITY_NORMAL, on_result, this, nullptr));
        SL_OK(sl_script_job_init(&job_, sizeof job_));
        job_.source = script_.source.data();
        job_.source_len = script_.source.size();
    }
    ~Runner() {
        SL_OK(sl_script_runner_free(runner_));
        SL_OK(sl_loop_free(loop_));
    }

    double throughput(uint64_t jobs) {
        jobs_ = jobs, sent_ = 0, received_ = 0, ids_ = 0;
        const uint64_t start = now_ns();
        while (sent_ < std::min(window, jobs)) {
            send();
        }
        receive_all();
        const uint64_t elapsed = now_ns() - start;
        check(ids_ == 0, "a result was lost or doubled");
        return double(elapsed) / double(jobs);
    }

    double latency() {
        jobs_ = 1, sent_ = 0, received_ = 0, ids_ = 0;
        sleep_until(now_ns() + idle_ns);
        const uint64_t start = now_ns();
        send();
        receive_all();
        return double(now_ns() - start);
    }

  private:
    void send() {
        sl_job_id id = 0;
        SL_OK(sl_script_runner_enqueue(runner_, &job_, &id));
        ids_ += id;
        sent_++;
    }

    void receive_all() {
        while (received_ < jobs_) {
            SL_OK(sl_loop_step(loop_, &step_, nullptr));
        }
    }

    static void on_result(void *userdata, const sl_action *action) {
        auto *self = static_cast<Runner *>(userdata);
        const sl_script_result *result = action->result;
        check(action->success && result->values_len == 1 &&
                  result->values[0].kind == SL_VALUE_KIND_INTEGER &&
                  result->values[0].as.integer == self->script_.result,
              "a job gave a wrong result");
        self->ids_ -= result->id;
        self->received_++;
        if (self->sent_ < self->jobs_) {
            self->send();
        }
    }

    const Script &script_;
    sl_loop *loop_ = new_loop(loop_config());
    sl_script_runner *runner_ = nullptr;
    sl_script_job job_;
    sl_step step_ = step_of(SL_UNLIMITED, SL_UNLIMITED);
    uint64_t jobs_ = 0, sent_ = 0, received_ = 0;
    uint64_t ids_ = 0; // of the jobs sent, less those whose result came
};

class Pool {
  public:
    Pool(const Script &script, bool compile_each)
        : result_(script.result),
          pool_(peers_pool_new(workers, script.source.data(), script.source.size(), compile_each)) {
    }
    ~Pool() {
        peers_pool_free(pool_);
    }
    double throughput(uint64_t jobs) {
        return peers_pool_throughput(pool_, jobs, window, result_);
    }
    double latency() {
        double ns = 0;
        peers_pool_latency(pool_, 1, idle_ns, result_, &ns);
        return ns;
    }

  private:
    int64_t result_;
    peers_pool *pool_;
};

// Each run warms up first: states are made, chunks compiled and queues grown before it is timed.
template <class Make>
void add(Suite &suite, const char *name, const std::string &contender, Role role, uint64_t jobs,
         Make make) {
    suite.job(name, contender, role, [=](Recorder &recorder) {
        auto target = make();
        target.throughput(2 * window);
        if (name == single) {
            for (uint64_t i = 0; i < jobs; i++) {
                recorder.add(name, target.latency());
            }
        } else {
            recorder.add(name, target.throughput(jobs));
        }
    });
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("scripts", "Lua scripts on 2 workers", argc, argv);
    suite.version("mlua", peers_mlua_version());
    suite.version("crossbeam-channel", peers_channel_version());
    suite.version("Lua", sl_lua_version());
    suite.add_case(trivial).goal(1.25, bare).goal(0.25, each_time);
    suite.add_case(one_us).goal(1.1, bare).goal(0.25, each_time);
    suite.add_case(single).goal(1.1, bare);

    static const Script return_1{"return 1", 1}, spins_1_us = script_of_1_us();
    const uint64_t jobs = suite.scale<uint64_t>(100'000, 20'000);
    for (const char *name : {trivial, one_us, single}) {
        const Script &script = name == one_us ? spins_1_us : return_1;
        const uint64_t times = name == single ? suite.scale<uint64_t>(50, 10) : jobs;
        const auto ours = [&script] { return Runner(script); };
        const auto cached = [&script] { return Pool(script, false); };
        const auto compiled = [&script] { return Pool(script, true); };
        add(suite, name, "scriptloop", Role::ours, times, ours);
        add(suite, name, bare, Role::peer, times, cached);
        add(suite, name, each_time, Role::peer, times, compiled);
    }
    return suite.run(20);
}
