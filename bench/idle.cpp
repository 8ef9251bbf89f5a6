// What scriptloop costs while nothing happens, and what it takes up.
//
// "wake-ups": context switches, of either kind, of every thread that exists only because of us (the
// workers of a runner) and of the thread that is blocked in the loop, while a loop with a runner of
// 4 workers waits. The blocked thread's two own switches, into the wait and out of it when the 5 s
// are over, are taken off. A thread that spins instead of waiting has no switches to count, so the
// CPU time of the process over the same 5 s stands beside them.
// "heap of a Lua state" is what Lua itself has allocated; "all memory per state" is malloc's growth
// for each further state of a runner or each further bare state.
// "stripped library" is libscriptloop.so after `strip`.
#include "heap_bytes.hpp"
#include "ours.hpp"
#include "peers.h"

#include <dirent.h>
#include <dlfcn.h>
#include <set>
#include <sys/stat.h>

namespace {

using namespace bench;

const char *const wake_ups = "wake-ups while idle, 4 workers",
                  *const cpu_time = "CPU time while idle, 4 workers",
                  *const lua_heap = "heap of a Lua state",
                  *const all_memory = "all memory per state", *const library = "stripped library";

std::set<int> threads_of_this_process() {
    std::set<int> threads;
    DIR *tasks = opendir("/proc/self/task");
    check(tasks != nullptr, "cannot read /proc/self/task");
    while (const dirent *entry = readdir(tasks)) {
        if (const int id = std::atoi(entry->d_name)) {
            threads.insert(id);
        }
    }
    closedir(tasks);
    return threads;
}

sl_script_runner *new_runner(sl_loop *loop, uint32_t workers, uint32_t states) {
    sl_script_runner_config config;
    SL_OK(sl_script_runner_config_init(&config, sizeof config));
    config.workers = workers;
    config.states = states;
    sl_script_runner *runner = nullptr;
    SL_OK(sl_script_runner_new(loop, &config, &runner));
    return runner;
}

// One job for each worker and more, so that all of them have run and parked before we look.
void run_a_few_jobs(sl_loop *loop, sl_script_runner *runner) {
    static uint64_t received; // the queue keeps its address
    received = 0;
    const auto count = [](void *userdata, const sl_action *) {
        ++*static_cast<uint64_t *>(userdata);
    };
    sl_action_queue *actions = nullptr;
    SL_OK(sl_script_runner_actions(runner, &actions));
    SL_OK(sl_action_queue_attach(actions, loop, SL_PRIORITY_NORMAL, count, &received, nullptr));
    sl_script_job job;
    SL_OK(sl_script_job_init(&job, sizeof job));
    job.source = "return 1";
    job.source_len = std::strlen(job.source);
    for (int i = 0; i < 64; i++) {
        SL_OK(sl_script_runner_enqueue(runner, &job, nullptr));
    }
    while (received < 64) {
        SL_OK(sl_loop_run_once(loop, 1000, nullptr));
    }
    SL_OK(sl_loop_run_once(loop, 100, nullptr));
}

void measure_wake_ups(Recorder &recorder, uint32_t idle_ms) {
    const std::set<int> others = threads_of_this_process();
    sl_loop *loop = new_loop(loop_config());
    sl_script_runner *runner = new_runner(loop, 4, 0);
    run_a_few_jobs(loop, runner);
    std::vector<int> ours{gettid()};
    for (const int thread : threads_of_this_process()) {
        if (!others.count(thread)) {
            ours.push_back(thread);
        }
    }
    check(ours.size() >= 5, "the runner has fewer threads than workers");
    std::vector<uint64_t> before;
    for (const int thread : ours) {
        before.push_back(context_switches(thread));
    }
    const uint64_t cpu_start = read_clock(CLOCK_PROCESS_CPUTIME_ID), start = now_ns();
    SL_OK(sl_loop_run_once(loop, idle_ms, nullptr));
    recorder.add(cpu_time, double(read_clock(CLOCK_PROCESS_CPUTIME_ID) - cpu_start));
    check(now_ns() - start >= uint64_t(idle_ms) * 1'000'000, "the wait ended with nothing to do");
    uint64_t switches = 0;
    for (size_t i = 0; i < ours.size(); i++) {
        const uint64_t own = context_switches(ours[i]) - before[i];
        const uint64_t wait = i == 0 ? 1 : 0; // one switch away, however the wait ends
        switches += own - std::min(own, wait);
    }
    recorder.add(wake_ups, double(switches));
    SL_OK(sl_script_runner_free(runner));
    SL_OK(sl_loop_free(loop));
}

void measure_our_states(Recorder &recorder) {
    constexpr uint32_t few = 2, many = 34;
    double heap[2], lua_bytes = 0;
    for (const uint32_t states : {few, many}) {
        const double before = heap_bytes();
        sl_script_runner *runner = new_runner(nullptr, 1, states);
        heap[states == many] = heap_bytes() - before;
        sl_script_runner_stats stats{};
        stats.size = sizeof stats;
        SL_OK(sl_script_runner_read_stats(runner, &stats));
        lua_bytes = double(stats.lua_bytes) / double(stats.states);
        SL_OK(sl_script_runner_free(runner));
    }
    recorder.add(lua_heap, lua_bytes);
    recorder.add(all_memory, (heap[1] - heap[0]) / (many - few));
}

void measure_bare_states(Recorder &recorder) {
    std::vector<peers_state *> states(32);
    peers_state_free(peers_state_new()); // what the first one leaves behind is not the next one's
    const double before = heap_bytes();
    for (peers_state *&state : states) {
        state = peers_state_new();
    }
    recorder.add(all_memory, (heap_bytes() - before) / double(states.size()));
    recorder.add(lua_heap, double(peers_state_lua_bytes(states[0])));
    for (peers_state *state : states) {
        peers_state_free(state);
    }
}

void measure_library(Recorder &recorder) {
    Dl_info info{};
    check(dladdr(reinterpret_cast<void *>(&sl_version), &info) != 0, "where is the library?");
    const std::string stripped = "/tmp/scriptloop-" + std::to_string(getpid()) + ".so";
    const std::string command = "strip -o " + stripped + " '" + info.dli_fname + "'";
    check(std::system(command.c_str()) == 0, command);
    struct stat status {};
    check(stat(stripped.c_str(), &status) == 0, stripped);
    unlink(stripped.c_str());
    recorder.add(library, double(status.st_size));
}

} // namespace

int main(int argc, char **argv) {
    Suite suite("idle", "what it costs while nothing happens", argc, argv);
    suite.version("mlua", peers_mlua_version());
    const std::string bare = "bare mlua state";
    suite.add_case(wake_ups, Unit::count).goal(0);
    suite.add_case(cpu_time).goal(1e6);
    suite.add_case(lua_heap, Unit::bytes).goal(1.0, bare);
    suite.add_case(all_memory, Unit::bytes).goal(1.0, bare);
    suite.add_case(library, Unit::bytes).goal(1024 * 1024);
    const uint32_t idle_ms = suite.scale<uint32_t>(5000, 1000);
    suite.job(wake_ups, "scriptloop", Role::ours,
              [idle_ms](Recorder &recorder) { measure_wake_ups(recorder, idle_ms); });
    suite.job("states", "scriptloop", Role::ours, measure_our_states);
    suite.job("states", bare, Role::peer, measure_bare_states);
    suite.job(library, "scriptloop", Role::ours, measure_library);
    return suite.run(3, 1);
}
