/*
 * scriptloop for C++17: owners, results and callables over scriptloop.h, all of it in headers.
 *
 * docs/cpp.md shows it at work. The names are those of the C header without `sl_`, and so is
 * what the calls do: what a function promises, and on which thread, stands there and only there.
 * Six rules make the rest.
 *
 * Owners      `loop`, `action_queue`, `callbacks`, `script_runner`, `jobs`, `native_payload`,
 *             `state_pool`, `lease` and `action` are moved, not copied, and free what they hold.
 *             `get()` lends the handle to C, `release()` gives it away, and an owner made of a
 *             handle takes it. Calls of an empty owner give SL_STATUS_NULL_ARGUMENT. What a
 *             destructor could not free is a line in the log; `free()` says so instead.
 * References  `loop_ref` and its like are copied, own nothing and have all the calls. As handles
 *             are never addresses, one that outlives its owner gives SL_STATUS_STALE_HANDLE.
 * Results     What can fail returns a `result`. Nothing here throws by itself, but `value()` of a
 *             result that has none; where exceptions are off, that ends the process.
 * Callables   Any callable goes where C has (function, userdata, drop), also one that can only be
 *             moved. It is destroyed once, also when the call is refused. What it throws ends at
 *             the boundary: it is written to the log and goes to `set_exception_handler`; in a
 *             function that a script called, and in one that does a job, it becomes the error of
 *             the script or of the job.
 * Structs     A C struct with an `_init` is the base of a class of its name that is filled when it
 *             is made: fields are set as in C, and what has a better form in C++ has a `set_`.
 * Times       Durations of any unit. They are rounded up, so that nothing is early; negative ones
 *             are 0, and the longest one of a type means "for ever", as `forever` does.
 *
 * The parts of one program are compiled with exceptions or without, not half of them.
 */
#ifndef SCRIPTLOOP_HPP
#define SCRIPTLOOP_HPP

#include "scriptloop/actions.hpp"
#include "scriptloop/callbacks.hpp"
#include "scriptloop/drive.hpp"
#include "scriptloop/jobs.hpp"
#include "scriptloop/log.hpp"
#include "scriptloop/loop.hpp"
#include "scriptloop/script.hpp"
#include "scriptloop/state_pool.hpp"
#include "scriptloop/value.hpp"

#endif /* SCRIPTLOOP_HPP */
