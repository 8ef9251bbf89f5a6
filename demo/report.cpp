#include "report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace demo {

namespace {

double us(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e3;
}

double ms(std::uint64_t ns) {
    return static_cast<double>(ns) / 1e6;
}

void print_percentiles(const char *name, const std::vector<std::uint64_t> &values) {
    std::printf("  %-26s %9.1f %9.1f %9.1f %9zu\n", name, us(percentile(values, 0.5)),
                us(percentile(values, 0.99)), us(percentile(values, 1.0)), values.size());
}

void print_frames(const Record &record) {
    std::vector<std::uint64_t> used, late, simulated;
    std::uint64_t carried = 0;
    for (const Frame &frame : record.frames) {
        used.push_back(frame.used_ns);
        late.push_back(frame.late_ns);
        simulated.push_back(frame.simulate_ns);
        carried += frame.carried > 0;
    }
    const std::vector<std::uint64_t> over = overshoots(record);
    std::printf("\nframes %zu of %llu ticks, budget %.2f ms each\n", record.frames.size(),
                static_cast<unsigned long long>(record.ticks), ms(record.budget_ns));
    std::printf("  %-26s %9zu\n", "spent the whole budget", over.size());
    std::printf("  %-26s %9llu\n", "missed it by more than 5 %",
                static_cast<unsigned long long>(missed_frames(record)));
    std::printf("  %-26s %9llu\n", "carried work over", static_cast<unsigned long long>(carried));
    std::printf("\n  %-26s %9s %9s %9s %9s\n", "microseconds", "p50", "p99", "max", "samples");
    print_percentiles("used of the budget", used);
    print_percentiles("overshoot when spent", over);
    print_percentiles("frame begun after its tick", late);
    print_percentiles("simulation of the frame", simulated);
    print_percentiles("wake to callback, waiting", latencies(record, true));
    print_percentiles("wake to callback, busy", latencies(record, false));
}

void print_jobs(const Workload &workload, double seconds) {
    std::uint64_t jobs = 0;
    for (const KindTotals &totals : workload.totals()) {
        jobs += totals.jobs;
    }
    std::printf("\njobs %llu, %.1f per second\n", static_cast<unsigned long long>(jobs),
                static_cast<double>(jobs) / seconds);
    for (std::size_t worker = 0; worker < workload.by_worker().size(); worker++) {
        const std::string name = "worker " + std::to_string(worker);
        std::printf("  %-26s %9.1f per second\n", name.c_str(),
                    static_cast<double>(workload.by_worker()[worker]) / seconds);
    }
    for (std::size_t kind = 0; kind < KINDS; kind++) {
        const KindTotals &totals = workload.totals()[kind];
        const double each = totals.jobs == 0 ? 0.0 : ms(totals.run_ns / totals.jobs);
        std::printf("  %-26s %9llu jobs of %.2f ms\n", KIND_NAMES[kind],
                    static_cast<unsigned long long>(totals.jobs), each);
    }
}

} // namespace

std::uint64_t missed_frames(const Record &record) {
    const double most = static_cast<double>(record.budget_ns) * MISSED_SHARE;
    std::uint64_t missed = 0;
    for (const Frame &frame : record.frames) {
        missed += static_cast<double>(frame.overshoot_ns) > most;
    }
    return missed;
}

std::vector<std::uint64_t> overshoots(const Record &record) {
    std::vector<std::uint64_t> values;
    for (const Frame &frame : record.frames) {
        if (frame.overshoot_ns > 0) {
            values.push_back(frame.overshoot_ns);
        }
    }
    return values;
}

std::vector<std::uint64_t> latencies(const Record &record, bool waiting) {
    std::vector<std::uint64_t> values;
    for (const Latency &latency : record.latencies) {
        if (latency.waiting == waiting) {
            values.push_back(latency.ns);
        }
    }
    return values;
}

// One line that overwrites itself on a terminal; elsewhere one line per call. Budget and wake are
// what was used of the last quarter of a second's budgets, and the median so far.
void print_status(const Record &record, const Workload &workload, double seconds, double of) {
    static const bool terminal = isatty(STDOUT_FILENO) != 0;
    constexpr std::size_t RECENT = 15; // frames in a quarter of a second
    const std::size_t frames = record.frames.size();
    std::uint64_t used = 0;
    for (std::size_t i = frames - std::min(frames, RECENT); i < frames; i++) {
        used += record.frames[i].used_ns;
    }
    const double share =
        static_cast<double>(used) / static_cast<double>(RECENT * record.budget_ns) * 100.0;
    std::printf("%s%4.1f/%.1f s frame %3zu jobs %4llu checks %5llu (%llu failed) "
                "budget %3.0f%% wake %3.0f us%s",
                terminal ? "\r" : "", seconds, of, frames,
                static_cast<unsigned long long>(workload.finished()),
                static_cast<unsigned long long>(workload.passed()),
                static_cast<unsigned long long>(workload.failed()), share,
                us(percentile(latencies(record, true), 0.5)), terminal ? "  " : "\n");
    std::fflush(stdout);
}

void print_table(const Engine &engine, const Summary &summary) {
    const Workload &workload = engine.workload();
    std::printf("\n");
    print_frames(engine.record());
    print_jobs(workload, summary.seconds);
    std::printf("\nqueue high-water\n");
    std::printf("  %-26s %9llu\n", "jobs waiting for a worker",
                static_cast<unsigned long long>(summary.runner.queue_high_water));
    std::printf("  %-26s %9llu\n", "results for the frame",
                static_cast<unsigned long long>(summary.actions.high_water));
    std::printf("  %-26s %9llu\n", "posts",
                static_cast<unsigned long long>(summary.loop.posts_high_water));
    std::printf("\nserved: %llu posts, %llu wakes, %llu timer firings\n",
                static_cast<unsigned long long>(summary.loop.posts_run),
                static_cast<unsigned long long>(summary.wakes),
                static_cast<unsigned long long>(summary.loop.timers_fired));
    std::printf("checks: %llu passed, %llu failed\n",
                static_cast<unsigned long long>(workload.passed()),
                static_cast<unsigned long long>(workload.failed()));
}

} // namespace demo
