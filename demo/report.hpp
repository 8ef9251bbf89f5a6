// What a person reads: the live line while the engine runs, and the table at its end.
#pragma once

#include "engine.hpp"
#include "record.hpp"
#include "workload.hpp"

namespace demo {

void print_status(const Record &record, const Workload &workload, double seconds, double of);
void print_table(const Engine &engine, const Summary &summary);

// Frames whose overshoot is more than this share of the budget have missed it; less is the last
// callback that was running when the budget ended, which no loop can avoid.
constexpr double MISSED_SHARE = 0.05;

std::uint64_t missed_frames(const Record &record);
std::vector<std::uint64_t> overshoots(const Record &record); // of the frames that spent it all
std::vector<std::uint64_t> latencies(const Record &record, bool waiting);

} // namespace demo
