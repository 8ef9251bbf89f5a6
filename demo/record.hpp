// What the engine writes down while it runs; the report and the picture are made from it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace demo {

constexpr std::size_t KINDS = 4;
constexpr std::array<const char *, KINDS> KIND_NAMES = {"markdown", "json", "text", "inspect"};

// One frame. Times are nanoseconds.
struct Frame {
    std::uint64_t tick = 0;      // the number of its tick; those that no frame met are missed
    std::uint64_t timers_ns = 0; // inside timer callbacks
    std::uint64_t posts_ns = 0;
    std::uint64_t actions_ns = 0;
    std::uint64_t used_ns = 0; // of the budget, as the loop reported it
    std::uint64_t overshoot_ns = 0;
    std::uint64_t late_ns = 0;     // after its tick
    std::uint64_t simulate_ns = 0; // the engine's own work
    std::uint64_t carried = 0;     // ready items left for later frames
    std::array<std::uint32_t, KINDS> jobs = {};
};

// From a thread's post or wake to the engine's reaction.
struct Latency {
    std::uint32_t frame = 0;
    bool waiting = false; // the engine was blocked in the loop, not busy with its frame
    std::uint64_t ns = 0;
};

struct Record {
    std::uint64_t budget_ns = 0;
    std::uint64_t ticks = 0; // in the whole run
    std::vector<Frame> frames;
    std::vector<Latency> latencies;

    Frame &now() {
        return frames.back();
    }
};

// The value that a share of `values` does not exceed; 0 when there are none.
inline std::uint64_t percentile(std::vector<std::uint64_t> values, double share) {
    if (values.empty()) {
        return 0;
    }
    std::sort(values.begin(), values.end());
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(last * share + 0.5)];
}

} // namespace demo
