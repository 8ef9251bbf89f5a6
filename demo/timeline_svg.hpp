// One picture of all frames: the budget and who used it, what was carried over, the jobs that
// came back, and how long other threads waited for the engine.
#pragma once

#include <string>

#include "engine.hpp"

namespace demo {

// Throws when the file cannot be written. Missing directories are made.
void write_timeline(const std::string &file, const Engine &engine, const Summary &summary);

} // namespace demo
