/*
 * scriptloop 0.1.0: an event loop, a Lua script runner and a main-thread action queue for game
 * engines, as one shared library with a C interface.
 *
 * Generated from src/ffi by `cargo xtask header`; never edited by hand. Start with README.md, then
 * examples-c/frame_loop.c. The sections below follow the nouns of the library, one after another.
 *
 * CONVENTIONS, for every function here
 *
 * Results    What can fail returns an `sl_status`; 0 is success. Results leave through `out_`
 *            parameters, and only on success: after an error nothing was written, nothing was
 *            taken, everything is as it was. What cannot fail returns its value.
 * Ownership  What `sl_<noun>_new` gives is freed once, by `sl_<noun>_free`. A handle is a number
 *            in a pointer's clothes, never an address: one that is stale, foreign, freed twice or
 *            of another noun gives a status, not a crash. Of (function, userdata, drop) the library
 *            owns `userdata` from SL_STATUS_OK on and calls `drop` exactly once, when it needs it
 *            no more; after any other status the caller still owns it.
 * NULL       Freeing NULL is fine. NULL means "the default" or "not wanted" where a parameter says
 *            so; anywhere else it is SL_STATUS_NULL_ARGUMENT.
 * Numbers    Times say their unit in their last word; one that is too large saturates. Enumerations
 *            come in as `uint32_t`, and a value that has no name is SL_STATUS_INVALID_ARGUMENT.
 * Threads    Each function has an `@thread` line, each callback type says who calls it:
 *              any     every thread, at any time, also inside callbacks
 *              owner   the loop's owner: the thread that made it, or attached itself to it
 *              main    the one thread that dispatches the actions of a queue
 *              worker  only a worker thread of a script runner, inside a callback
 *            A call from a wrong thread is a status as well.
 * Callbacks  `userdata` comes first and is handed through untouched. A callback runs with no lock
 *            held and may call whatever its thread may call. It must not throw, `longjmp` or end
 *            its thread: none of these may cross the library.
 * Panics     A bug inside the library is SL_STATUS_PANIC and a line in the log; the host lives on.
 * Text       In: bytes with a length, NULs allowed. Out: bytes with a length, and a NUL after
 *            them; lent for as long as its owner lives. Text is never a format string.
 * Versions   Structures with a `size` are filled by their `_init` function first, so that fields
 *            may be added at their end. Values of enumerations are never renumbered. Check once at
 *            start that `sl_abi_version() == SL_ABI`.
 * Processes  In the child of a `fork` every handle of the parent is stale, nothing of the parent is
 *            run or dropped, and the child makes its own. The library is never unloaded, and the
 *            process may end at any time (docs/process.md).
 */
#ifndef SCRIPTLOOP_H
#define SCRIPTLOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_VERSION_MAJOR 0
#define SL_VERSION_MINOR 1
#define SL_VERSION_PATCH 0
#define SL_VERSION_NUMBER ((SL_VERSION_MAJOR << 24) | (SL_VERSION_MINOR << 16) | SL_VERSION_PATCH)

#if defined(__GNUC__)
#define SL_API __attribute__((visibility("default")))
#else
#define SL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ==============================================================================================
 * Status: what every call that can fail returns.
 *
 * Numbers are never changed or used again. On any status but SL_STATUS_OK nothing was written
 * to an out-parameter and nothing was taken: what the caller passed still is the caller's.
 * ============================================================================================== */

/** How a call ended. */
typedef int32_t sl_status;
enum {
    /** Done. */
    SL_STATUS_OK = 0,
    /** A required pointer is NULL. */
    SL_STATUS_NULL_ARGUMENT = 1,
    /** A number, length, enum value, flag or config is outside of what the function takes. */
    SL_STATUS_INVALID_ARGUMENT = 2,
    /** The handle was freed, or never was one. */
    SL_STATUS_STALE_HANDLE = 3,
    /** The handle is alive and of another noun. */
    SL_STATUS_WRONG_KIND = 4,
    /** Only the owner thread may do this. */
    SL_STATUS_WRONG_THREAD = 5,
    /** Called from inside a callback that this very object is running. */
    SL_STATUS_REENTERED = 6,
    /** The object takes no more. */
    SL_STATUS_CLOSED = 7,
    /** A bound is reached; the object has counted the refusal. */
    SL_STATUS_FULL = 8,
    /** Nothing is there to take. */
    SL_STATUS_EMPTY = 9,
    /** The wait ended before what it waited for came. */
    SL_STATUS_TIMEOUT = 10,
    /** Another call is using the object in a way that excludes this one. */
    SL_STATUS_BUSY = 11,
    /** Waiting here could never end. */
    SL_STATUS_WOULD_DEADLOCK = 12,
    /** The id or pointer names nothing that exists. */
    SL_STATUS_NOT_FOUND = 13,
    /** This build or this object cannot do that. */
    SL_STATUS_UNSUPPORTED = 14,
    /** Memory ran out. */
    SL_STATUS_NO_MEMORY = 15,
    /** The operating system refused; the log says what. */
    SL_STATUS_SYSTEM = 16,
    /** A defect of this library was contained; please report it. */
    SL_STATUS_PANIC = 17,
};

/**
 * Says in English what a status means. Does not allocate; the text is never NULL and lives for
 * ever, also for numbers that are no status.
 *
 * @param status  a status
 * @return the text, ending in NUL
 * @thread any
 * @since  0.1.0
 */
SL_API const char *sl_status_text(int32_t status);

/* ==============================================================================================
 * Version: what is loaded, to be compared with what the host was compiled against.
 * ============================================================================================== */

/** Number of the binary interface; a host compiled against another one must not go on. */
#define SL_ABI 1

/**
 * The version of the loaded library, as one number: major << 24 | minor << 16 | patch.
 *
 * @return equal to SL_VERSION_NUMBER when header and library are of the same version
 * @thread any
 * @since  0.1.0
 */
SL_API uint32_t sl_version(void);

/**
 * The version of the loaded library as text, such as "0.1.0".
 *
 * @return the text, ending in NUL, never NULL; lives for ever
 * @thread any
 * @since  0.1.0
 */
SL_API const char *sl_version_string(void);

/**
 * The binary interface of the loaded library.
 *
 * @return equal to SL_ABI when the host may call it
 * @thread any
 * @since  0.1.0
 */
SL_API uint32_t sl_abi_version(void);

/**
 * The Lua that runs the scripts of this library's workers, such as "Lua 5.4".
 *
 * It is private to the library: it shares nothing with a Lua that the host may have.
 *
 * @return the text, ending in NUL, never NULL; lives for ever
 * @thread any
 * @since  0.1.0
 */
SL_API const char *sl_lua_version(void);

/**
 * How many handles of this library are alive in the process: for leak checks in tests.
 *
 * Counts loops, action queues, state pools, runners, jobs, callbacks and actions that were popped
 * and not freed. The child of a fork counts its own.
 *
 * @return the number
 * @thread any
 * @since  0.1.0
 */
SL_API uint64_t sl_live_handles(void);

/* ==============================================================================================
 * Callbacks: functions of the host's that the library keeps, each with the host's data.
 *
 * A pair (function, userdata) often comes with a `drop`. From the moment a call returns
 * SL_STATUS_OK the library owns the userdata, and `drop` is called exactly once on every path:
 * after the function ran for the last time, or without it ever having run. On any other status
 * nothing was taken and `drop` is not called. Callbacks must not throw, longjmp or end their
 * thread; they may call any function of this library unless that function says otherwise.
 * ============================================================================================== */

/**
 * Work for the owner thread of a loop.
 *
 * @param userdata  what was passed with the function
 * @thread owner, or the one that drives the loop
 */
typedef void (*sl_work_fn)(void *userdata);

/**
 * Takes the host's data back. Called exactly once.
 *
 * @param userdata  what was passed with the function
 * @thread any, each function that takes one says which
 */
typedef void (*sl_drop_fn)(void *userdata);

/* ==============================================================================================
 * Log: where the library, and the scripts it runs, speak.
 *
 * Until the host sets a function, lines up to SL_LOG_LEVEL_INFO go to standard error. So they do
 * in the child of a fork, until it sets one of its own.
 * ============================================================================================== */

/** How much a line matters; lower numbers matter more. */
typedef uint32_t sl_log_level;
enum {
    /** As a maximum: nothing at all. */
    SL_LOG_LEVEL_OFF = 0,
    /** Something is lost. */
    SL_LOG_LEVEL_ERROR = 1,
    /** Something is odd. */
    SL_LOG_LEVEL_WARN = 2,
    /** What scripts print, and rare events. */
    SL_LOG_LEVEL_INFO = 3,
    /** What helps to find a mistake. */
    SL_LOG_LEVEL_DEBUG = 4,
    /** Everything. */
    SL_LOG_LEVEL_TRACE = 5,
};

/**
 * Receives one line of the log. The text is lent for the call, is bytes, and has no line end.
 *
 * @param userdata  what was passed to sl_log_set
 * @param level     an sl_log_level
 * @param text      the line
 * @param text_len  its length in bytes
 * @thread any, also several at once
 */
typedef void (*sl_log_fn)(void *userdata, uint32_t level, const char *text, size_t text_len);

/**
 * Sends the log of the whole process to a function of the host's. Does not repeat old lines.
 *
 * The function that was set before is dropped when the last line that is being written to it
 * is done. With `log` NULL the log goes to standard error again, and `userdata` and `drop` are
 * ignored.
 *
 * @param max_level  an sl_log_level: lines that matter less are not made
 * @param log        receives the lines; NULL = standard error
 * @param userdata   passed to `log`
 * @param drop       called once when `userdata` is no longer needed, on any thread; may be NULL
 * @return SL_STATUS_OK                the log goes there now
 * @return SL_STATUS_INVALID_ARGUMENT  `max_level` is no sl_log_level
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `log` and `drop` may be called with `userdata` from any thread until `drop` has run.
 */
SL_API sl_status sl_log_set(uint32_t max_level, sl_log_fn log, void *userdata, sl_drop_fn drop);

/**
 * Writes one line of the host's to the log: to where the lines of the library go. What layers
 * between the library and a host have to say then is in one place with the rest.
 *
 * @param level     an sl_log_level, except SL_LOG_LEVEL_OFF
 * @param text      the line, any bytes, without a line end
 * @param text_len  its length in bytes
 * @return SL_STATUS_OK                written, or the level is above what sl_log_set wants
 * @return SL_STATUS_NULL_ARGUMENT     `text` is NULL and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  `level` is no level of a line
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `text` is NULL or readable for its length.
 */
SL_API sl_status sl_log_write(uint32_t level, const char *text, size_t text_len);

/* ==============================================================================================
 * Step: what a call that runs the host's functions may use, and what it did.
 *
 * The same two structs serve the loop and the action queue. Times are nanoseconds of the
 * monotonic clock where they come out, microseconds where they go in.
 * ============================================================================================== */

/** No bound, no end: for budgets, waits and deadlines. */
#define SL_UNLIMITED UINT64_MAX

/** Bits of sl_step.flags. */
typedef uint32_t sl_step_flag;
enum {
    /**
     * The step is allowed inside a callback of the same loop. It runs what is ready then; the
     * outer poll goes on with the rest afterwards.
     */
    SL_STEP_FLAG_NESTED = 1,
};

/** What a step may use. Fill with sl_step_init, then change what is to differ. */
typedef struct sl_step {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /**
     * Time budget in microseconds. SL_UNLIMITED = none, and no look at the clock between
     * items; 0 = at most one item.
     */
    uint64_t max_work_us;
    /** Longest wait for the first item in microseconds; 0 = none, SL_UNLIMITED = for ever. */
    uint64_t max_wait_us;
    /** Most items; 0 = no cap. */
    uint32_t max_items;
    /** Bits of sl_step_flag. */
    uint32_t flags;
} sl_step;

/** What a poll or a drain did. Set `size` before the call. */
typedef struct sl_report {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Timers, posts and actions that ran. */
    uint64_t items;
    /** Timer callbacks that ran. */
    uint64_t timers;
    /** Posts that ran. */
    uint64_t posts;
    /** Actions that ran. */
    uint64_t actions;
    /** Nanoseconds from the start of the first item to the end of the last one. */
    uint64_t elapsed_ns;
    /** Nanoseconds that the last item went beyond the time budget. */
    uint64_t overshoot_ns;
    /** Ready items that did not fit, or came meanwhile: the next call runs them. */
    uint64_t remaining;
    /** As sl_loop_next_deadline. */
    uint64_t next_deadline_ns;
} sl_report;

/**
 * Fills a step with its defaults: no time budget, no wait, no cap, no flags.
 *
 * @param[out] step  the struct to fill
 * @param      size  sizeof(sl_step), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `step` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `step` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_step_init(sl_step *step, size_t size);

/* ==============================================================================================
 * Uv: libuv as a place where loops wait, with the functions of the libuv that the host has.
 *
 * SL_BACKEND_UV gives a loop that waits in a `uv_loop_t`. There are three ways to it:
 * with nothing else in the config, libuv is found in the process or loaded, and the host sees
 * nothing of it; with `config.uv = sl_uv_functions()` from scriptloop_uv.h, the host's own libuv
 * is used, however it is linked, and sl_loop_uv_loop gives the `uv_loop_t` for handles of the
 * host's; with `config.uv_loop` as well, the loop is called from the host's `uv_run`.
 * ============================================================================================== */

/** Bits of sl_loop_config.uv_flags. */
typedef uint32_t sl_uv_flag;
enum {
    /** The loop does not keep the host's `uv_run` from ending: as after `uv_unref`. */
    SL_UV_FLAG_UNREF = 1,
};

/**
 * The functions of a libuv, with pointers that have no type. Filled by sl_uv_functions of
 * scriptloop_uv.h, which the host compiles against its own uv.h; nobody fills it by hand.
 */
typedef struct sl_uv_api {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** uv_version */
    uint32_t (*version)(void);
    /** uv_loop_size */
    size_t (*loop_size)(void);
    /** uv_loop_init */
    int32_t (*loop_init)(void *uv_loop);
    /** uv_loop_close */
    int32_t (*loop_close)(void *uv_loop);
    /** uv_loop_alive */
    int32_t (*loop_alive)(const void *uv_loop);
    /** uv_run */
    int32_t (*run)(void *uv_loop, uint32_t mode);
    /** uv_stop */
    void (*stop)(void *uv_loop);
    /** uv_update_time */
    void (*update_time)(void *uv_loop);
    /** uv_backend_fd */
    int32_t (*backend_fd)(const void *uv_loop);
    /** uv_backend_timeout */
    int32_t (*backend_timeout)(const void *uv_loop);
    /** uv_walk */
    void (*walk)(void *uv_loop, void (*see)(void *handle, void *argument), void *argument);
    /** uv_handle_size */
    size_t (*handle_size)(uint32_t kind);
    /** uv_handle_set_data */
    void (*handle_set_data)(void *handle, void *data);
    /** uv_is_closing */
    int32_t (*is_closing)(const void *handle);
    /** uv_close */
    void (*close)(void *handle, void (*closed)(void *handle));
    /** uv_ref */
    void (*ref_handle)(void *handle);
    /** uv_unref */
    void (*unref_handle)(void *handle);
    /** uv_async_init */
    int32_t (*async_init)(void *uv_loop, void *handle, void (*called)(void *handle));
    /** uv_async_send */
    int32_t (*async_send)(void *handle);
    /** uv_timer_init */
    int32_t (*timer_init)(void *uv_loop, void *handle);
    /** uv_timer_start */
    int32_t (*timer_start)(void *handle,
                           void (*called)(void *handle),
                           uint64_t timeout_ms,
                           uint64_t repeat_ms);
    /** uv_timer_stop */
    int32_t (*timer_stop)(void *handle);
} sl_uv_api;

/**
 * Tells whether loops with a backend can be made. Loads libuv when asked for it.
 *
 * @param      backend           an sl_backend
 * @param[out] out_is_available  whether it is there; for SL_BACKEND_UV: a libuv, 1.44 or newer
 * @return SL_STATUS_OK                told
 * @return SL_STATUS_NULL_ARGUMENT     `out_is_available` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `backend` is no sl_backend
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_is_available` is NULL or valid for one write.
 */
SL_API sl_status sl_backend_is_available(uint32_t backend, bool *out_is_available);

/* ==============================================================================================
 * Loop: what one thread of the host does between frames, or all the time.
 *
 * A loop belongs to one thread, its owner: the one that made it, until that thread gives it up.
 * The owner polls; any thread posts, schedules and wakes. A poll runs what was ready when it
 * began: first due timers by (deadline, id), then posts and attached action queues by priority,
 * posts of one priority in the order of their arrival. What is queued meanwhile waits for the
 * next poll. The budget is checked between two items: at least one runs, an item that overruns
 * is finished, and what does not fit keeps its order. An idle loop that waits uses no CPU.
 * A loop has no thread of its own and is no thread pool. A host may have a thread drive it
 * (sl_loop_drive_start): then what is said here to run on the owner thread, and to be dropped
 * there, runs on either of the two, one at a time.
 * ============================================================================================== */

/** How a loop waits. */
typedef uint32_t sl_backend;
enum {
    /** On a word of memory, by the operating system's fastest means. */
    SL_BACKEND_DEFAULT = 0,
    /** In libuv 1.44 or newer; SL_STATUS_UNSUPPORTED where there is none, and the log says why. */
    SL_BACKEND_UV = 1,
};

/** What a loop takes the time from. */
typedef uint32_t sl_clock;
enum {
    /** The system's monotonic clock. */
    SL_CLOCK_SYSTEM = 0,
    /** Starts at zero and moves only by sl_loop_advance: for tests and replays. */
    SL_CLOCK_VIRTUAL = 1,
};

/** An event loop. */
typedef struct sl_loop sl_loop;

/** How a loop is made. Fill with sl_loop_config_init, then change what is to differ. */
typedef struct sl_loop_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** An sl_backend. */
    uint32_t backend;
    /** An sl_clock. */
    uint32_t clock;
    /**
     * Posts that may wait at once, for posts of normal priority and for all others together;
     * 0 = no bound. More are refused with SL_STATUS_FULL and counted. A bound takes its
     * memory when the loop is made: 96 bytes for each post, rounded up to a power of two of
     * posts, at most 65536 of them.
     */
    uint32_t post_capacity;
    /** Timers that may be scheduled at once; 0 = no bound but 2^24. */
    uint32_t timers_max;
    /**
     * Longest time in microseconds that a wait spins before it sleeps. It spins only while
     * that pays, and never on a machine with one processor. 0 = never; default 20.
     */
    uint32_t spin_us;
    /** Bits of sl_uv_flag. */
    uint32_t uv_flags;
    /**
     * For SL_BACKEND_UV: what sl_uv_functions gives. NULL = the libuv of the process, or the
     * system's, of which the host sees nothing.
     */
    const sl_uv_api *uv;
    /**
     * For SL_BACKEND_UV with `uv`: a `uv_loop_t` of the host's that the calling thread runs, in
     * which the loop puts handles of its own. NULL = the loop makes one for itself.
     */
    void *uv_loop;
    /**
     * Microseconds of work each time that the host's `uv_run` calls the loop; 0 = one item;
     * default 2000. What does not fit is called for again at once, after the host's own events.
     */
    uint64_t uv_turn_us;
} sl_loop_config;

/**
 * What a loop has counted since it was made. Set `size` before the call.
 *
 * At any moment posts_accepted = posts_run + posts_dropped + posts_pending.
 */
typedef struct sl_loop_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Polls and steps that were begun. */
    uint64_t polls;
    /** Wakes that a poll or wait has seen; several at once are one. */
    uint64_t wakes;
    /** Times that the owner really slept. */
    uint64_t parks;
    /** Posts that were accepted. */
    uint64_t posts_accepted;
    /** Posts that ran, or are running. */
    uint64_t posts_run;
    /** Posts that were dropped without running because the loop ended. */
    uint64_t posts_dropped;
    /** Posts that were refused because of post_capacity. */
    uint64_t posts_refused;
    /** Posts that wait. */
    uint64_t posts_pending;
    /** Timers that were scheduled. */
    uint64_t timers_scheduled;
    /** Timer callbacks that ran. */
    uint64_t timers_fired;
    /** Timers that were cancelled. */
    uint64_t timers_cancelled;
    /** Timers that were dropped because the loop ended. */
    uint64_t timers_dropped;
    /** Timers that were refused because of timers_max. */
    uint64_t timers_refused;
    /** Timers that are scheduled. */
    uint64_t timers_active;
    /** Actions of attached queues that ran. */
    uint64_t actions_run;
    /** Most posts that were waiting when a poll began. */
    uint64_t posts_high_water;
} sl_loop_stats;

/**
 * Fills a config with its defaults: default backend, system clock, no bounds, spin of 20 us.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_loop_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_loop_config_init(sl_loop_config *config, size_t size);

/**
 * Makes a loop that the calling thread owns. Starts no thread, and opens no descriptor unless
 * the backend is libuv.
 *
 * @param      config    how; NULL = all defaults
 * @param[out] out_loop  the loop, to be freed with sl_loop_free
 * @return SL_STATUS_OK                made
 * @return SL_STATUS_NULL_ARGUMENT     `out_loop` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size, enum value or number in `config` is not allowed
 * @return SL_STATUS_UNSUPPORTED       there is no libuv, or it is too old; the log says which
 * @return SL_STATUS_SYSTEM            libuv cannot make a loop: no descriptor is left
 * @return SL_STATUS_FULL              2^24 loops are alive
 * @return SL_STATUS_NO_MEMORY         there is no memory for post_capacity posts
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size; `out_loop` is NULL or valid for one write;
 * `config.uv` holds the functions of one libuv, and `config.uv_loop` is a loop of that one.
 */
SL_API sl_status sl_loop_new(const sl_loop_config *config, sl_loop **out_loop);

/**
 * Ends a loop. Runs nothing that is queued; every `drop` of posts and timers is called here.
 *
 * Other threads may call any function with the handle meanwhile: from some moment on they get
 * SL_STATUS_STALE_HANDLE. Action queues that are attached stay, unattached. A thread that drives
 * the loop is waited for. The handles in a `uv_loop_t` of the host's are closed; the host's next
 * `uv_run` lets go of them.
 *
 * @param loop  the loop; NULL is allowed
 * @return SL_STATUS_OK            ended, or `loop` was NULL
 * @return SL_STATUS_STALE_HANDLE  it was freed before
 * @return SL_STATUS_WRONG_KIND    `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD  the caller is not the owner thread
 * @return SL_STATUS_REENTERED     called from inside a callback of the same loop
 * @return SL_STATUS_BUSY          the host's handles are open, or its requests under way, in the
 *                                 `uv_loop_t` that the loop has made: close them, then try again
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_loop_free(sl_loop *loop);

/**
 * Closes the loop at once. Does not wait, and runs nothing more that is queued.
 *
 * New posts and timers are refused with SL_STATUS_CLOSED; waits of the owner end. The item that
 * is running is finished, the rest is dropped: by this call where the owner makes it outside of
 * callbacks and nobody drives the loop, otherwise by the step that is running, the owner's next
 * call, or the thread that drives the loop, which ends then. Afterwards polls give
 * SL_STATUS_CLOSED. Action queues that are attached stay, and so do the counters and errors,
 * until sl_loop_free. May be called again, and before or after sl_loop_close_gracefully.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             it is closed, perhaps since before
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any, also inside of callbacks
 * @since  0.1.0
 * @see    sl_loop_close_gracefully
 */
SL_API sl_status sl_loop_close(sl_loop *loop);

/**
 * Closes the loop when it has done what it has. Refuses what is new.
 *
 * New posts and timers are refused with SL_STATUS_CLOSED. What is queued runs in further polls,
 * and so does what attached action queues bring; when nothing is ready any more, timers that are
 * not due are dropped and the loop is closed: polls give SL_STATUS_CLOSED then. The owner runs
 * it all in this call if it may wait; other threads wait for the owner's polls, or for the thread
 * that drives the loop. May be called again, and before or after sl_loop_close.
 *
 * @param loop         the loop
 * @param max_wait_ms  longest wait for the end; 0 = none, UINT32_MAX = for ever
 * @return SL_STATUS_OK              it is closed and has nothing left
 * @return SL_STATUS_NULL_ARGUMENT   `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE    the loop was freed
 * @return SL_STATUS_WRONG_KIND      `loop` is no loop
 * @return SL_STATUS_TIMEOUT         it takes nothing new, and still has something to do
 * @return SL_STATUS_WOULD_DEADLOCK  with a wait, inside a callback of the same loop or a hook of
 *                                   the thread that drives it; nothing was done
 * @thread any, also inside of callbacks
 * @since  0.1.0
 * @see    sl_loop_close
 */
SL_API sl_status sl_loop_close_gracefully(sl_loop *loop, uint32_t max_wait_ms);

/**
 * Runs what is ready on the loop, for at most `max_work_ms`, and returns. Never waits.
 *
 * Due timers run first, then posts and attached actions in priority order. The budget is
 * checked between two callbacks: one that overruns is finished, never cut. What does not fit
 * stays queued, in its order, for the next call. While another thread drives the loop, the call
 * first waits for the end of that thread's slice, as every call for the owner alone does.
 *
 * @param      loop            the loop
 * @param      max_work_ms     time budget; 0 runs at most one callback
 * @param[out] out_dispatched  how many callbacks ran; may be NULL
 * @return SL_STATUS_OK             also when nothing was ready
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_REENTERED      called from inside a callback of the same loop
 * @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
 * @thread owner
 * @since  0.1.0
 * @see    sl_loop_step, sl_loop_run_once
 *
 * # Safety
 *
 * `out_dispatched` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_poll(sl_loop *loop, uint32_t max_work_ms, uint32_t *out_dispatched);

/**
 * Waits as long as `step` allows, then runs what is ready within its budget, and reports.
 *
 * The wait ends with the first work, wake or due timer; a wake that came before the call
 * counts. With SL_STEP_FLAG_NESTED it may be called inside a callback of the same loop.
 *
 * @param      loop        the loop
 * @param      step        what it may use; NULL = all defaults: everything ready, no wait
 * @param[out] out_report  what it did; may be NULL
 * @return SL_STATUS_OK                also when nothing was ready
 * @return SL_STATUS_NULL_ARGUMENT     `loop` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or flag in `step`, or out_report->size, is unknown
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD      the caller is not the loop's owner thread
 * @return SL_STATUS_REENTERED         inside a callback, without SL_STEP_FLAG_NESTED
 * @return SL_STATUS_CLOSED            the loop is closed, and what it had is done or dropped
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `step` is NULL or readable for its size; `out_report` is NULL or writable for its size.
 */
SL_API sl_status sl_loop_step(sl_loop *loop, const sl_step *step, sl_report *out_report);

/**
 * Waits for work, a wake or the next timer, at most `max_wait_ms`; then runs all that is ready.
 *
 * A wake that came before the call ends it at once. There is no time budget: hosts with frames
 * use sl_loop_poll or sl_loop_step.
 *
 * @param      loop            the loop
 * @param      max_wait_ms     longest wait; 0 = none, UINT32_MAX = for ever
 * @param[out] out_dispatched  how many callbacks ran; may be NULL
 * @return SL_STATUS_OK             also when the wait ended with nothing to do
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_REENTERED      called from inside a callback of the same loop
 * @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_dispatched` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_run_once(sl_loop *loop, uint32_t max_wait_ms, uint32_t *out_dispatched);

/**
 * Waits and runs what is ready, again and again, until sl_loop_stop. Does not return before.
 *
 * For threads that have nothing else to do. A stop that came before the call ends it after
 * what is ready then.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             it was stopped
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_REENTERED      called from inside a callback of the same loop
 * @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_loop_run(sl_loop *loop);

/**
 * Makes sl_loop_run return after the step it is in. Does not wait for that.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             it will return
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_loop_stop(sl_loop *loop);

/**
 * Ends the owner's wait, or its next one. Runs no callback, carries no data, allocates nothing.
 *
 * Several wakes before the owner looks are one; none is lost. Costs one atomic operation while
 * the owner is awake. What was written before the call is visible to the poll that it causes.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             the owner will look
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_loop_wake(sl_loop *loop);

/**
 * Reads the loop's counters. Changes nothing.
 *
 * @param      loop       the loop
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `loop` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_loop_read_stats(sl_loop *loop, sl_loop_stats *out_stats);

/* ==============================================================================================
 * Post: work for a loop's owner thread, from any thread.
 *
 * A post of normal priority costs one atomic operation and, only when the owner sleeps, the
 * call that wakes it. Everything that was written before the post is visible to its function.
 * ============================================================================================== */

/** Most bytes that sl_loop_post_copy carries. */
#define SL_POST_BYTES_MAX 64

/** Priorities with a name; any number is one. Lower numbers run first. */
typedef uint32_t sl_priority;
enum {
    /** Before everything. */
    SL_PRIORITY_CRITICAL = 0,
    /** Soon. */
    SL_PRIORITY_HIGH = 50,
    /** The usual; the only one whose posts need no lock. */
    SL_PRIORITY_NORMAL = 100,
    /** When there is time. */
    SL_PRIORITY_LOW = 200,
    /** When there is nothing else. */
    SL_PRIORITY_IDLE = 1000,
};

/**
 * Queues a call of `run(userdata)` for the owner thread. Never waits, never calls `run` itself.
 *
 * A poll runs posts of lower numbers first and those of one number in the order of their
 * arrival. Afterwards, or when the loop is freed before, `drop(userdata)` is called.
 *
 * @param loop      the loop
 * @param priority  an sl_priority or any number
 * @param run       what to call
 * @param userdata  passed to `run` and `drop`
 * @param drop      takes `userdata` back, called once on the owner thread; may be NULL
 * @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_CLOSED         the loop is closed
 * @return SL_STATUS_FULL           post_capacity is reached
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `run` and `drop` may be called with `userdata` on the owner thread until `drop` has run.
 */
SL_API sl_status sl_loop_post(sl_loop *loop, uint32_t priority, sl_work_fn run, void *userdata,
                              sl_drop_fn drop);

/**
 * Queues a call of `run(userdata)` for the owner thread alone. As sl_loop_post in everything else.
 *
 * It makes a difference while another thread drives the loop: then the post waits for the
 * owner's next poll, where it is the first of its priority.
 *
 * @param loop      the loop
 * @param priority  an sl_priority or any number
 * @param run       what to call
 * @param userdata  passed to `run` and `drop`
 * @param drop      as in sl_loop_post; may be NULL
 * @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_CLOSED         the loop is closed
 * @return SL_STATUS_FULL           post_capacity is reached
 * @thread any
 * @since  0.1.0
 * @see    sl_loop_drive_start
 *
 * # Safety
 *
 * As sl_loop_post.
 */
SL_API sl_status sl_loop_post_main(sl_loop *loop, uint32_t priority, sl_work_fn run, void *userdata,
                                   sl_drop_fn drop);

/**
 * Queues a call of `run` with a copy of some bytes. Never waits, allocates nothing.
 *
 * `run` gets a pointer to the copy, aligned to 16 bytes and valid for the call alone. As
 * sl_loop_post in everything else.
 *
 * @param loop       the loop
 * @param priority   an sl_priority or any number
 * @param run        what to call
 * @param data       the bytes; may be NULL when `data_len` is 0
 * @param data_len   how many, at most SL_POST_BYTES_MAX
 * @return SL_STATUS_OK                queued
 * @return SL_STATUS_NULL_ARGUMENT     `loop` or `run` is NULL, or `data` with a length
 * @return SL_STATUS_INVALID_ARGUMENT  `data_len` is above SL_POST_BYTES_MAX
 * @return SL_STATUS_STALE_HANDLE      the loop was freed, perhaps by another thread just now
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @return SL_STATUS_CLOSED            the loop is closed
 * @return SL_STATUS_FULL              post_capacity is reached
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `data` is readable for `data_len` bytes; `run` may be called on the owner thread.
 */
SL_API sl_status sl_loop_post_copy(sl_loop *loop, uint32_t priority, sl_work_fn run,
                                   const void *data, size_t data_len);

/* ==============================================================================================
 * Timer: a call on a loop's owner thread at a later time.
 *
 * A timer never fires early and never inside the call that schedules it. Timers that are due
 * in the same poll run in the order of (deadline, id). They belong to their loop: there are
 * ids, no objects to free.
 * ============================================================================================== */

/** When a repeating timer is due again. */
typedef uint32_t sl_repeat;
enum {
    /** One interval after it began to run: a late poll does not pile up calls. */
    SL_REPEAT_FIXED_DELAY = 0,
    /** On the grid of its first deadline; what was missed is skipped. */
    SL_REPEAT_FIXED_RATE = 1,
};

/** Bits of sl_timer_config.flags. */
typedef uint32_t sl_timer_flag;
enum {
    /**
     * It fires on the owner thread alone: while another thread drives the loop, it waits for the
     * owner's poll.
     */
    SL_TIMER_FLAG_MAIN = 1,
};

/** When a timer is due. Fill with sl_timer_config_init, then change what is to differ. */
typedef struct sl_timer_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Microseconds until it is due; 0 = at the next poll. Too large = never. */
    uint64_t delay_us;
    /** Microseconds between calls; 0 = it fires once. */
    uint64_t repeat_us;
    /** An sl_repeat. */
    uint32_t repeat_mode;
    /** Bits of sl_timer_flag. */
    uint32_t flags;
} sl_timer_config;

/** Names a timer of one loop. 0 = none. Never used again; later timers have larger ids. */
typedef uint64_t sl_timer_id;

/**
 * Fills a config with its defaults: due at the next poll, once.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_timer_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_timer_config_init(sl_timer_config *config, size_t size);

/**
 * Schedules a call of `run(userdata)` in `delay_ms`, then every `repeat_ms`. Never calls it here.
 *
 * A delay of 0 is due at the next poll. A repeating timer is due again one interval after it
 * began to run. Delays too large for the clock never come. `drop(userdata)` is called after
 * the last run, when the timer is cancelled, or when the loop is freed.
 *
 * @param      loop       the loop
 * @param      delay_ms   time until it is due
 * @param      repeat_ms  time between calls; 0 = it fires once
 * @param      run        what to call
 * @param      userdata   passed to `run` and `drop`
 * @param      drop       takes `userdata` back, called once: on the owner thread, or on the
 *                        thread that cancels; may be NULL
 * @param[out] out_id     names the timer; may be NULL
 * @return SL_STATUS_OK             scheduled
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_CLOSED         the loop is closed
 * @return SL_STATUS_FULL           timers_max is reached
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `run` and `drop` may be called with `userdata` on those threads until `drop` has run;
 * `out_id` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_schedule_timer(sl_loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
                                        sl_work_fn run, void *userdata, sl_drop_fn drop,
                                        sl_timer_id *out_id);

/**
 * The finer form of sl_loop_schedule_timer: microseconds, and fixed-rate repetition.
 *
 * @param      loop      the loop
 * @param      config    when
 * @param      run       what to call
 * @param      userdata  passed to `run` and `drop`
 * @param      drop      as in sl_loop_schedule_timer; may be NULL
 * @param[out] out_id    names the timer; may be NULL
 * @return SL_STATUS_OK                scheduled
 * @return SL_STATUS_NULL_ARGUMENT     `loop`, `config` or `run` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size, flag or enum value in `config` is unknown
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @return SL_STATUS_CLOSED            the loop is closed
 * @return SL_STATUS_FULL              timers_max is reached
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * As sl_loop_schedule_timer; `config` is NULL or readable for its size.
 */
SL_API sl_status sl_loop_schedule_timer_with(sl_loop *loop, const sl_timer_config *config,
                                             sl_work_fn run, void *userdata, sl_drop_fn drop,
                                             sl_timer_id *out_id);

/**
 * Takes a timer back. Does not wait for a callback that is running on the owner thread.
 *
 * True once for each timer, and only when it would have fired (again): not for one that has
 * fired for the last time. A repeating timer may be cancelled by its own callback.
 *
 * @param      loop           the loop
 * @param      id             what sl_loop_schedule_timer gave
 * @param[out] out_cancelled  whether this call cancelled it; may be NULL
 * @return SL_STATUS_OK             either way
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_cancelled` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_cancel_timer(sl_loop *loop, sl_timer_id id, bool *out_cancelled);

/* ==============================================================================================
 * Embed: a loop inside somebody else's loop, on another thread, or in another time.
 *
 * A host that waits in epoll, poll, GLib, SDL or libuv waits for one descriptor. A host that
 * replays or tests moves the time of a loop with a virtual clock by hand.
 * ============================================================================================== */

/**
 * Gives a descriptor that is readable while a poll would find something to do.
 *
 * It becomes readable for every cause (work, a wake, a due timer, what a poll left over) and
 * stays so until a poll has found nothing more. Wait for it with epoll, poll or select, then
 * call sl_loop_poll or sl_loop_step; never read, write or close it. From the first call on
 * each poll costs a few system calls more.
 *
 * @param      loop    the loop
 * @param[out] out_fd  the descriptor; the loop's, valid until sl_loop_free
 * @return SL_STATUS_OK             given
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_fd` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_SYSTEM         the process has no descriptor left
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_fd` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_fd(sl_loop *loop, int32_t *out_fd);

/**
 * Gives the `uv_loop_t` that the loop waits in, for handles of the host's.
 *
 * Their callbacks run inside of polls and waits, on the thread that polls or drives; a poll runs
 * all that libuv has ready before it runs what the loop has, which counts for its budget. What is
 * begun outside of callbacks is seen by sl_loop_fd and a driving thread after the next poll or
 * wake. Never pass it to `uv_run` or `uv_loop_close`.
 *
 * @param      loop         the loop
 * @param[out] out_uv_loop  a `uv_loop_t *` of the libuv that sl_loop_config.uv came from; the
 *                          loop's, valid until sl_loop_free
 * @return SL_STATUS_OK             given
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_uv_loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_UNSUPPORTED    the loop has none of its own, or was made without
 *                                  sl_loop_config.uv: then it may be of another libuv
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_uv_loop` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_uv_loop(sl_loop *loop, void **out_uv_loop);

/**
 * Has `hook(userdata)` called when a poll would find something to do, to end a wait elsewhere.
 *
 * For hosts that wait for events and not for descriptors: the hook sends itself one, as
 * SDL_PushEvent or glfwPostEmptyEvent do. It is called on the thread that posts, wakes or
 * schedules, or at the end of a poll that leaves something; once, and again only after the next
 * poll. It may call any function of this library but those that poll. It is not called when a
 * timer becomes due: wait no longer than sl_loop_next_deadline says. From the first hook on each
 * poll costs a little more.
 *
 * @param loop      the loop
 * @param hook      what to call, instead of any earlier one; NULL = nothing
 * @param userdata  passed to `hook` and `drop`
 * @param drop      takes `userdata` back, called once on any thread: when the hook was replaced
 *                  and is not running any more, or the loop is freed; may be NULL
 * @return SL_STATUS_OK             set
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `hook` and `drop` may be called with `userdata` on any thread until `drop` has run.
 */
SL_API sl_status sl_loop_set_wake_hook(sl_loop *loop, sl_work_fn hook, void *userdata,
                                       sl_drop_fn drop);

/**
 * Tells how long a poll would find nothing to do if nobody posted or woke. Runs nothing.
 *
 * @param      loop    the loop
 * @param[out] out_ns  nanoseconds from now; 0 = something is ready, SL_UNLIMITED = nothing is
 *                     scheduled
 * @return SL_STATUS_OK             told
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_ns` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_ns` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_next_deadline(sl_loop *loop, uint64_t *out_ns);

/**
 * Reads the loop's clock. Changes nothing.
 *
 * @param      loop    the loop
 * @param[out] out_ns  nanoseconds: of CLOCK_MONOTONIC, or since zero on a virtual clock
 * @return SL_STATUS_OK             read
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_ns` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_ns` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_now(sl_loop *loop, uint64_t *out_ns);

/**
 * Moves a virtual clock forward. Runs nothing: the next poll finds what is due by then.
 *
 * @param loop  the loop
 * @param ns    nanoseconds to add; the clock stops at its end instead of starting over
 * @return SL_STATUS_OK             moved; a waiting owner looks again
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_UNSUPPORTED    the loop has the system's clock
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_loop_advance(sl_loop *loop, uint64_t ns);

/**
 * Tells whether the calling thread owns the loop. Changes nothing.
 *
 * @param      loop          the loop
 * @param[out] out_is_owner  whether it does
 * @return SL_STATUS_OK             told
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_is_owner` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_is_owner` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_is_owner(sl_loop *loop, bool *out_is_owner);

/**
 * Gives the loop up, so that another thread can take it. Runs and drops nothing.
 *
 * Until a thread calls sl_loop_attach_thread nobody can poll or free the loop; posts, timers
 * and wakes are accepted and wait.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             nobody owns it now
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_REENTERED      called from inside a callback of the same loop
 * @return SL_STATUS_BUSY           another thread drives the loop
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_loop_detach_thread(sl_loop *loop);

/**
 * Makes the calling thread the owner of a loop that nobody owns. Does not take it from another.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK             the caller owns it now, or did before
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD   another thread owns it
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_loop_attach_thread(sl_loop *loop);

/* ==============================================================================================
 * Drive: a thread that polls a loop, so that the host does not have to.
 *
 * While a loop is driven its posts, timers and attached actions run on that thread as soon as
 * they are ready; it sleeps when there is nothing to do, and costs nothing then. The owner may
 * poll as before: the two take turns, the thread in slices, so that the owner waits for one
 * slice and one item at most. What is marked for the main thread (sl_loop_post_main,
 * SL_TIMER_FLAG_MAIN, sl_action_queue_attach_main) waits for the owner's poll, in its order, and
 * so do wakes. Callbacks (sl_callbacks) are always called by their owner.
 *
 * Nobody looks at the thread's errors when they happen: what it writes to the log at
 * SL_LOG_LEVEL_ERROR, and what is reported with sl_loop_report_error, is kept until somebody asks.
 * ============================================================================================== */

/** Errors of a loop that are kept; older ones make room. */
#define SL_LOOP_ERRORS_MAX 32

/** How a loop is driven. Fill with sl_drive_config_init, then change what is to differ. */
typedef struct sl_drive_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Name of the thread, at most 15 bytes, ending in NUL; copied. NULL = "sl-drive". */
    const char *name;
    /** Bytes of the thread's stack, at least 128 KiB; default 2 MiB. */
    size_t stack_bytes;
    /**
     * Microseconds that the thread works before an owner that waits gets its turn; default
     * 1000. One item that takes longer is finished.
     */
    uint32_t slice_us;
    /**
     * Longest time in microseconds that the thread spins before it sleeps, while that pays.
     * 0 = never; default 20.
     */
    uint32_t spin_us;
    /** Called first on the thread; may be NULL. */
    sl_work_fn on_start;
    /** Called last on the thread; may be NULL. */
    sl_work_fn on_exit;
    /** Passed to the hooks and to `drop`. */
    void *userdata;
    /**
     * Takes `userdata` back: when the thread has ended, on the thread that stops it, or at once
     * when the loop was driven already; may be NULL.
     */
    sl_drop_fn drop;
} sl_drive_config;

/** What the driving of a loop has counted since the loop was made. Set `size` before the call. */
typedef struct sl_drive_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** 1 while there is a thread that drives the loop, otherwise 0; close ends it too. */
    uint64_t is_on;
    /** Times that a thread was started. */
    uint64_t starts;
    /** Turns that the thread took. */
    uint64_t steps;
    /** Timers, posts and actions that it ran. */
    uint64_t items;
    /** Times that it really slept; while nothing is to be done this stands still. */
    uint64_t parks;
    /** Errors that were reported, those that had to make room included. */
    uint64_t errors;
} sl_drive_stats;

/** An error that a loop has kept. Lent for the call that shows it. */
typedef struct sl_loop_error {
    /** From 1, in the order in which they came; a gap says how many had to make room. */
    uint64_t number;
    /** When it came: nanoseconds of CLOCK_MONOTONIC. */
    uint64_t time_ns;
    /** What it says, any bytes, at most 4096; does not end in NUL. */
    const char *text;
    /** Its length in bytes. */
    size_t text_len;
} sl_loop_error;

/**
 * Gets an error that was kept.
 *
 * @param userdata  what was passed with the function
 * @param error     valid for the call
 * @thread any, the one that drains
 */
typedef void (*sl_loop_error_fn)(void *userdata, const sl_loop_error *error);

/**
 * Fills a config with its defaults: "sl-drive", 2 MiB of stack, slices of 1 ms, spin of 20 us.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_drive_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_drive_config_init(sl_drive_config *config, size_t size);

/**
 * Starts a thread that drives the loop from now on. Does nothing when there is one.
 *
 * It begins with what is ready. The owner keeps the loop: it may poll, wait and free as before;
 * a poll then waits for the end of the thread's slice, and a wait of the owner's keeps the
 * thread from its turns. A start during a stop waits for the end of the stop.
 *
 * @param loop    the loop
 * @param config  how; NULL = all defaults; of no effect when the loop is driven already
 * @return SL_STATUS_OK                it is driven
 * @return SL_STATUS_NULL_ARGUMENT     `loop` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size, name or number in `config` is not allowed
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD      it is not driven, and another thread owns it
 * @return SL_STATUS_REENTERED         called from inside a callback of the same loop
 * @return SL_STATUS_CLOSED            the loop is closed
 * @return SL_STATUS_SYSTEM            the thread could not be started
 * @thread owner, and any while the loop is driven or nobody owns it
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size, with its name; its functions may be called with its
 * userdata until `drop` has run.
 */
SL_API sl_status sl_loop_drive_start(sl_loop *loop, const sl_drive_config *config);

/**
 * Ends the driving: waits until the thread has finished its item and has ended. Does nothing
 * when the loop is not driven.
 *
 * What is ready then waits for the owner's polls, or for the next start. Several stops at once
 * all wait for the same end.
 *
 * @param loop  the loop
 * @return SL_STATUS_OK              it is not driven any more
 * @return SL_STATUS_NULL_ARGUMENT   `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE    the loop was freed
 * @return SL_STATUS_WRONG_KIND      `loop` is no loop
 * @return SL_STATUS_WOULD_DEADLOCK  called on the thread that drives it
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_loop_drive_stop(sl_loop *loop);

/**
 * Reads what the driving of a loop has counted. Changes nothing.
 *
 * @param      loop       the loop
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `loop` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_loop_read_drive_stats(sl_loop *loop, sl_drive_stats *out_stats);

/**
 * Keeps an error for whoever drains the loop's errors. Does not write to the log.
 *
 * Lines that the driving thread writes to the log at SL_LOG_LEVEL_ERROR are kept without this.
 *
 * @param loop      the loop
 * @param text      what happened, any bytes; what is beyond 4096 is cut off
 * @param text_len  its length in bytes
 * @return SL_STATUS_OK             kept; the oldest of more than SL_LOOP_ERRORS_MAX made room
 * @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL, or `text` with a length
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `text` is NULL or readable for its length.
 */
SL_API sl_status sl_loop_report_error(sl_loop *loop, const char *text, size_t text_len);

/**
 * Shows each error that was kept once, oldest first, and forgets them. Also after the loop was
 * closed, until it is freed.
 *
 * @param      loop       the loop
 * @param      run        gets each of them, on the calling thread
 * @param      userdata   passed to `run`
 * @param[out] out_count  how many there were; may be NULL
 * @return SL_STATUS_OK             also when there was none
 * @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   the loop was freed
 * @return SL_STATUS_WRONG_KIND     `loop` is no loop
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `run` may be called with `userdata` during the call; `out_count` is NULL or valid for one write.
 */
SL_API sl_status sl_loop_drain_errors(sl_loop *loop, sl_loop_error_fn run, void *userdata,
                                      uint32_t *out_count);

/* ==============================================================================================
 * Value: what scripts take and give: nil, boolean, integer, number, bytes, array, map, pointer.
 *
 * Arguments are copied by the call that takes them. Results are lent, together with everything
 * below them, for as long as what lends the result: nothing in a value is ever freed by itself.
 * Lua's strings are bytes: a NUL stands behind them that does not count, and there may be others
 * inside. A table with exactly the keys 1 to n comes out as an array, also when it is empty; any
 * other table as a map, in no particular order. A light userdata is a pointer. What cannot leave
 * its state (a function, thread or full userdata, a table inside itself, a table as a key) makes
 * the outcome of a job SL_OUTCOME_VALUE_ERROR, and the error says where it was found.
 * ============================================================================================== */

/** What a value is. */
typedef uint32_t sl_value_kind;
enum {
    /** Nothing. */
    SL_VALUE_KIND_NIL = 0,
    /** `as.boolean` */
    SL_VALUE_KIND_BOOLEAN = 1,
    /** `as.integer` */
    SL_VALUE_KIND_INTEGER = 2,
    /** `as.number` */
    SL_VALUE_KIND_NUMBER = 3,
    /** `as.bytes` */
    SL_VALUE_KIND_BYTES = 4,
    /** `as.array` */
    SL_VALUE_KIND_ARRAY = 5,
    /** `as.map` */
    SL_VALUE_KIND_MAP = 6,
    /** `as.pointer` */
    SL_VALUE_KIND_POINTER = 7,
};

/** Any bytes. */
typedef struct sl_bytes {
    /** The first byte. In what the library gives, a NUL stands behind the last one. */
    const char *data;
    /** How many, without that NUL. */
    size_t len;
} sl_bytes;

/** Values in order. */
typedef struct sl_array {
    /** The first one. */
    const struct sl_value *items;
    /** How many. */
    size_t len;
} sl_array;

/** Pairs of key and value. */
typedef struct sl_map {
    /** The first one. */
    const struct sl_entry *entries;
    /** How many. */
    size_t len;
} sl_map;

/** What is in a value, by kind. */
typedef union sl_value_as {
    /** SL_VALUE_KIND_BOOLEAN */
    bool boolean;
    /** SL_VALUE_KIND_INTEGER */
    int64_t integer;
    /** SL_VALUE_KIND_NUMBER */
    double number;
    /** SL_VALUE_KIND_BYTES */
    sl_bytes bytes;
    /** SL_VALUE_KIND_ARRAY */
    sl_array array;
    /** SL_VALUE_KIND_MAP */
    sl_map map;
    /** SL_VALUE_KIND_POINTER: the host's, only carried. */
    void *pointer;
} sl_value_as;

/** One value. */
typedef struct sl_value {
    /** An sl_value_kind. */
    uint32_t kind;
    /** Not looked at; zero in what the library gives. */
    uint32_t reserved;
    /** What is in it. */
    sl_value_as as;
} sl_value;

/** One pair of a map. */
typedef struct sl_entry {
    /** A boolean, integer, number that is not NaN, bytes or pointer. */
    sl_value key;
    /** Any value. */
    sl_value value;
} sl_entry;

/* ==============================================================================================
 * Script result: what a job gave, or a script sent. Lent: by an action, or for a callback.
 * ============================================================================================== */

/** How a job ended. */
typedef uint32_t sl_outcome;
enum {
    /** It ran to its end, and all results could be converted. */
    SL_OUTCOME_OK = 0,
    /** The source is no chunk of Lua. */
    SL_OUTCOME_LOAD_ERROR = 1,
    /** It raised an error. */
    SL_OUTCOME_SCRIPT_ERROR = 2,
    /** It ran longer than it was allowed to. */
    SL_OUTCOME_TIMEOUT = 3,
    /**
     * It needed more memory than it was allowed to, or than there was; also when it caught the
     * error.
     */
    SL_OUTCOME_MEMORY = 4,
    /** It was cancelled. */
    SL_OUTCOME_CANCELLED = 5,
    /** No state became free in time. */
    SL_OUTCOME_NO_STATE = 6,
    /** The runner was closed or freed before its turn came, or while it ran. */
    SL_OUTCOME_CLOSED = 7,
    /** An argument or a result cannot be converted: too deep, too large, cyclic, a function. */
    SL_OUTCOME_VALUE_ERROR = 8,
    /** It used up its instructions. */
    SL_OUTCOME_INSTRUCTIONS = 9,
};

/** Names a job of one runner or of one sl_jobs. 0 = none; the first is 1. */
typedef uint64_t sl_job_id;

/** What a job gave. Everything in it lives as long as what lends it. */
typedef struct sl_script_result {
    /** Bytes in this struct, as the library knows it. */
    size_t size;
    /** The job. */
    sl_job_id id;
    /** The job's owner id. */
    uint64_t owner;
    /** The job's context, untouched. */
    void *context;
    /** All return values in order; for a message that a script posted, its data. NULL when none. */
    const sl_value *values;
    /** How many. */
    size_t values_len;
    /** The last value as Lua's tostring gives it, with a NUL behind; NULL when there is none. */
    const char *text;
    /** Its length in bytes, without that NUL. */
    size_t text_len;
    /** What went wrong, "chunk:line: message" and a traceback, with a NUL behind; NULL when OK. */
    const char *error;
    /** Its length in bytes, without that NUL. */
    size_t error_len;
    /** Nanoseconds from enqueue to start. */
    uint64_t wait_ns;
    /** Nanoseconds from start to end, conversions included. */
    uint64_t run_ns;
    /** An sl_outcome. */
    uint32_t outcome;
    /** Which worker ran it, from 0. */
    uint32_t worker;
} sl_script_result;

/* ==============================================================================================
 * Action: one thing for the main thread to know: a script's result, or a message.
 *
 * An action that was popped is the host's to free, once, with sl_action_free. An action that a
 * callback gets is lent for the call, and must not be freed.
 * ============================================================================================== */

/** Kinds of the library's own actions; all other numbers are the host's. */
typedef uint32_t sl_action_kind;
enum {
    /** A job has ended: `result` says how. */
    SL_ACTION_KIND_SCRIPT_RESULT = 0,
};
/**
 * A script called engine.post_to_main_thread(name, data): the name is the message, the
 * data the first of the result's values, and the id is the job's.
 */
#define SL_ACTION_KIND_SCRIPT_MESSAGE 0xFFFFFFFFu

/** One action. Set `size` before a call that fills it. */
typedef struct sl_action {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** The job's id, or what the host pushed. */
    uint64_t id;
    /** The job's owner id, or what the host pushed. */
    uint64_t owner;
    /** The job's context, or what the host pushed; untouched. */
    void *context;
    /**
     * The last value of a result as text, what went wrong, the name of a script's message, or
     * what the host pushed; with a NUL behind. NULL = none.
     */
    const char *message;
    /** Its length in bytes, without that NUL. */
    size_t message_len;
    /** For the library's own kinds; else NULL. */
    const sl_script_result *result;
    /** The library's: leave it alone. */
    uint64_t ticket;
    /** An sl_action_kind, or the host's. */
    uint32_t kind;
    /** False when a job failed; else what the host pushed. */
    bool success;
} sl_action;

/**
 * Frees what a popped action owns and clears the struct. Does not free the struct itself.
 *
 * A cleared struct may be freed again; a copy of one that was freed is found out.
 *
 * @param action  the action; NULL is allowed
 * @return SL_STATUS_OK                freed, or there was nothing to free
 * @return SL_STATUS_INVALID_ARGUMENT  action->size is not that of an sl_action
 * @return SL_STATUS_STALE_HANDLE      the action was freed through another copy
 * @return SL_STATUS_WRONG_KIND        action->ticket is the handle of something else
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `action` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_action_free(sl_action *action);

/* ==============================================================================================
 * Action queue: what workers and other threads have for the main thread, first in first out.
 *
 * Any thread pushes. The main thread takes: by try_pop, pop, pop_timeout, drain, or by
 * attaching the queue to its loop, whose polls then run the actions within their budget. These
 * may be mixed. The queue is bounded for the host's pushes and says what happens when it is
 * full; results of scripts are never refused and never dropped.
 * ============================================================================================== */

/** What a push does when the queue is full. */
typedef uint32_t sl_when_full;
enum {
    /** It is refused with SL_STATUS_FULL. */
    SL_WHEN_FULL_REFUSE = 0,
    /** It waits for room, at most block_ms. */
    SL_WHEN_FULL_BLOCK = 1,
    /** The oldest action is dropped and counted. */
    SL_WHEN_FULL_DROP_OLDEST = 2,
};

/** A queue of actions. */
typedef struct sl_action_queue sl_action_queue;

/** How a queue is made. Fill with sl_action_queue_config_init, then change what is to differ. */
typedef struct sl_action_queue_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Actions that may wait at once; 0 = no bound; default 1024. */
    uint32_t capacity;
    /** An sl_when_full. */
    uint32_t when_full;
    /** Longest wait of a push with SL_WHEN_FULL_BLOCK; UINT32_MAX = for ever. */
    uint32_t block_ms;
    /** Zero. */
    uint32_t reserved;
} sl_action_queue_config;

/**
 * Handles one action. It is lent for the call: the library frees it afterwards.
 *
 * @param userdata  what was passed with the function
 * @param action    the action
 * @thread main
 */
typedef void (*sl_action_fn)(void *userdata, const sl_action *action);

/**
 * What a queue has counted. Set `size` before the call.
 *
 * At any moment accepted = delivered + dropped + pending.
 */
typedef struct sl_action_queue_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Actions that were accepted. */
    uint64_t accepted;
    /** Actions that were taken. */
    uint64_t delivered;
    /** Actions that were dropped: the oldest of a full queue, or what was left at the end. */
    uint64_t dropped;
    /**
     * Pushes that found the queue full and did not get in: refused at once, timed out in their
     * wait for room, or would have waited for themselves.
     */
    uint64_t refused;
    /** Actions that wait. */
    uint64_t pending;
    /** Most actions that were seen waiting. */
    uint64_t high_water;
} sl_action_queue_stats;

/**
 * Fills a config with its defaults: 1024 actions, refuse when full.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_action_queue_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_action_queue_config_init(sl_action_queue_config *config, size_t size);

/**
 * Makes an empty queue. It belongs to no thread and to no loop.
 *
 * @param      config     how; NULL = all defaults
 * @param[out] out_queue  the queue, to be freed with sl_action_queue_free
 * @return SL_STATUS_OK                made
 * @return SL_STATUS_NULL_ARGUMENT     `out_queue` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size, enum value or number in `config` is not allowed
 * @return SL_STATUS_FULL              2^24 queues are alive
 * @return SL_STATUS_NO_MEMORY         there is no memory for that many actions
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size; `out_queue` is NULL or valid for one write.
 */
SL_API sl_status sl_action_queue_new(const sl_action_queue_config *config,
                                     sl_action_queue **out_queue);

/**
 * Ends a queue: frees what is left in it and releases every thread that waits at it.
 *
 * Actions that were popped before stay the host's. A queue that a runner uses ends for the
 * host; results that come later are counted and freed.
 *
 * @param queue  the queue; NULL is allowed
 * @return SL_STATUS_OK             ended, or `queue` was NULL
 * @return SL_STATUS_STALE_HANDLE   it was freed before
 * @return SL_STATUS_WRONG_KIND     `queue` is no action queue
 * @return SL_STATUS_WRONG_THREAD   it is attached to a loop that another thread owns
 * @return SL_STATUS_REENTERED      called from inside a callback that handles its action
 * @thread any, for an attached queue: owner
 * @since  0.1.0
 */
SL_API sl_status sl_action_queue_free(sl_action_queue *queue);

/**
 * Appends an action. Copies the message; waits only with SL_WHEN_FULL_BLOCK.
 *
 * @param queue   the queue
 * @param action  the action: its kind is the host's, `result` is NULL and `ticket` is 0
 * @return SL_STATUS_OK                appended
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `action`, or its message with a length, is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  the size is unknown, the kind is one of the library's,
 *                                     or `result` or `ticket` is set
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @return SL_STATUS_CLOSED            the queue was closed
 * @return SL_STATUS_FULL              there is no room
 * @return SL_STATUS_TIMEOUT           there was no room in time
 * @return SL_STATUS_WOULD_DEADLOCK    it would wait for the calling thread to take
 * @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the message
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `action` is NULL or readable for its size, and its message for its length.
 */
SL_API sl_status sl_action_queue_push(sl_action_queue *queue, const sl_action *action);

/**
 * Takes the oldest action. Never waits.
 *
 * @param      queue       the queue
 * @param[out] out_action  filled; to be freed with sl_action_free
 * @return SL_STATUS_OK                taken
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @return SL_STATUS_EMPTY             nothing is there
 * @return SL_STATUS_CLOSED            nothing is there, and the queue was closed
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_action` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_action_queue_try_pop(sl_action_queue *queue, sl_action *out_action);

/**
 * Takes the oldest action, waiting for one as long as it takes. Uses no CPU while it waits.
 *
 * @param      queue       the queue
 * @param[out] out_action  filled; to be freed with sl_action_free
 * @return SL_STATUS_OK                taken
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @return SL_STATUS_CLOSED            nothing is there, and the queue was closed or freed
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_action` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_action_queue_pop(sl_action_queue *queue, sl_action *out_action);

/**
 * Takes the oldest action, waiting for one at most `timeout_ms`. Uses no CPU while it waits.
 *
 * @param      queue       the queue
 * @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
 * @param[out] out_action  filled; to be freed with sl_action_free
 * @return SL_STATUS_OK                taken
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @return SL_STATUS_TIMEOUT           nothing came in time
 * @return SL_STATUS_CLOSED            nothing is there, and the queue was closed or freed
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_action` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_action_queue_pop_timeout(sl_action_queue *queue, uint32_t timeout_ms,
                                             sl_action *out_action);

/**
 * Runs what is in the queue now on the calling thread, within a budget. Never waits.
 *
 * The budget is checked between two actions. What does not fit keeps its order; what comes
 * meanwhile waits for the next call.
 *
 * @param      queue       the queue
 * @param      budget      max_work_us and max_items count; NULL = no budget
 * @param      run         handles each action
 * @param      userdata    passed to `run`
 * @param[out] out_report  what it did; may be NULL
 * @return SL_STATUS_OK                also when nothing was there
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `run` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or flag in `budget`, or out_report->size, is unknown
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @return SL_STATUS_REENTERED         called from inside a callback that handles its action
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `budget` is NULL or readable for its size; `out_report` is NULL or writable for its size;
 * `run` may be called with `userdata` during the call.
 */
SL_API sl_status sl_action_queue_drain(sl_action_queue *queue, const sl_step *budget,
                                       sl_action_fn run, void *userdata, sl_report *out_report);

/**
 * Lets the polls of a loop run the queue's actions, within their budget. Once for each queue.
 *
 * The actions run at `priority`; with posts of the same priority they take turns. When the
 * loop is freed, the queue stays and can be drained by hand.
 *
 * @param queue     the queue
 * @param loop      the loop, owned by the calling thread
 * @param priority  an sl_priority or any number
 * @param run       handles each action
 * @param userdata  passed to `run` and `drop`
 * @param drop      takes `userdata` back when the queue has ended and nothing uses it any
 *                  more, on any thread; may be NULL
 * @return SL_STATUS_OK             attached; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT  `queue`, `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   `queue` or `loop` was freed
 * @return SL_STATUS_WRONG_KIND     `queue` is no action queue, or `loop` no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_BUSY           the queue was attached before
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `run` may be called with `userdata` on the owner thread until `drop` has run.
 */
SL_API sl_status sl_action_queue_attach(sl_action_queue *queue, sl_loop *loop, uint32_t priority,
                                        sl_action_fn run, void *userdata, sl_drop_fn drop);

/**
 * Lets the owner's polls alone run the queue's actions. As sl_action_queue_attach in everything
 * else.
 *
 * It makes a difference while another thread drives the loop: then the actions wait for the
 * owner's next poll.
 *
 * @param queue     the queue
 * @param loop      the loop, owned by the calling thread
 * @param priority  an sl_priority or any number
 * @param run       handles each action
 * @param userdata  passed to `run` and `drop`
 * @param drop      as in sl_action_queue_attach; may be NULL
 * @return SL_STATUS_OK             attached; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT  `queue`, `loop` or `run` is NULL
 * @return SL_STATUS_STALE_HANDLE   `queue` or `loop` was freed
 * @return SL_STATUS_WRONG_KIND     `queue` is no action queue, or `loop` no loop
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_BUSY           the queue was attached before
 * @thread owner
 * @since  0.1.0
 * @see    sl_loop_drive_start
 *
 * # Safety
 *
 * `run` may be called with `userdata` on the owner thread until `drop` has run.
 */
SL_API sl_status sl_action_queue_attach_main(sl_action_queue *queue, sl_loop *loop,
                                             uint32_t priority, sl_action_fn run, void *userdata,
                                             sl_drop_fn drop);

/**
 * Refuses further pushes and releases every thread that waits. Drops nothing.
 *
 * What is queued can still be taken; pops say SL_STATUS_CLOSED when nothing is left. Results
 * of scripts still come. May be called again.
 *
 * @param queue  the queue
 * @return SL_STATUS_OK             closed
 * @return SL_STATUS_NULL_ARGUMENT  `queue` is NULL
 * @return SL_STATUS_STALE_HANDLE   the queue was freed
 * @return SL_STATUS_WRONG_KIND     `queue` is no action queue
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_action_queue_close(sl_action_queue *queue);

/**
 * Reads the queue's counters. Changes nothing.
 *
 * @param      queue      the queue
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the queue was freed
 * @return SL_STATUS_WRONG_KIND        `queue` is no action queue
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_action_queue_read_stats(sl_action_queue *queue,
                                            sl_action_queue_stats *out_stats);

/* ==============================================================================================
 * State pool: lends a fixed number of the host's own resources, one holder at a time.
 *
 * A state is any pointer, with functions of the host's that make and destroy it. The state that
 * came back last is lent first, so a pool of one always lends the same. Waiters use no CPU and
 * are served in order of arrival: no one who comes later overtakes them. A state can be pinned to
 * an owner, who from then on gets that one and no other, and which nobody else gets; who waits for
 * such a state waits in the same order, and is passed only by those whom another state serves. The
 * pool never looks into a state.
 * ============================================================================================== */

/** A pool of states. */
typedef struct sl_state_pool sl_state_pool;

/**
 * Makes a state.
 *
 * @param      userdata   what was passed with the function
 * @param[out] out_state  the state, not NULL
 * @return SL_STATUS_OK, or why there is no state
 * @thread any, the one that makes the pool
 */
typedef int32_t (*sl_state_create_fn)(void *userdata, void **out_state);

/**
 * Destroys a state.
 *
 * @param userdata  what was passed with the function
 * @param state     the state
 * @thread any, the one that frees the pool or releases a state of a freed pool
 */
typedef void (*sl_state_destroy_fn)(void *userdata, void *state);

/**
 * How a pool stands. Set `size` before the call.
 *
 * At any moment states = available + leased, and acquired = released + leased.
 */
typedef struct sl_state_pool_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** States that exist. */
    uint64_t states;
    /** States that are not lent, those that are pinned included. */
    uint64_t available;
    /** States that are lent. */
    uint64_t leased;
    /** Threads that wait for one. */
    uint64_t waiting;
    /** States that were lent so far. */
    uint64_t acquired;
    /** States that came back so far. */
    uint64_t released;
    /** States that are pinned to an owner, lent or not. */
    uint64_t pinned;
} sl_state_pool_stats;

/**
 * Makes a pool and its states, by calling `create` so many times.
 *
 * When a state cannot be made, those that were are destroyed, and nothing was taken.
 *
 * @param      states    how many, 1 to 65536
 * @param      create    makes a state
 * @param      destroy   destroys a state
 * @param      userdata  passed to all three functions
 * @param      drop      takes `userdata` back after the last state was destroyed; may be NULL
 * @param[out] out_pool  the pool, to be freed with sl_state_pool_free
 * @return SL_STATUS_OK                made; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT     `create`, `destroy` or `out_pool` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `states` is out of range, or a state is NULL
 * @return SL_STATUS_FULL              2^24 pools are alive
 * @return SL_STATUS_SYSTEM            `create` returned a number that is no status
 * @return any other status            that is what `create` returned
 * @return SL_STATUS_NO_MEMORY         there is no memory for that many states; none was made
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_pool` is NULL or valid for one write. `destroy` and `drop` may be called from any thread
 * that frees the pool or releases a state.
 */
SL_API sl_status sl_state_pool_new(uint32_t states, sl_state_create_fn create,
                                   sl_state_destroy_fn destroy, void *userdata, sl_drop_fn drop,
                                   sl_state_pool **out_pool);

/**
 * Ends a pool: lends nothing any more, sends waiters away and destroys the states.
 *
 * States that are lent are destroyed when they are released: until the last one has come back,
 * sl_state_pool_release still works, and everything else says SL_STATUS_CLOSED. Never waits.
 *
 * @param pool  the pool; NULL is allowed
 * @return SL_STATUS_OK            ended, or `pool` was NULL
 * @return SL_STATUS_CLOSED        it was freed before, and states are still lent
 * @return SL_STATUS_STALE_HANDLE  it was freed before
 * @return SL_STATUS_WRONG_KIND    `pool` is no state pool
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_state_pool_free(sl_state_pool *pool);

/**
 * Lends a state that is pinned to nobody, waiting for one as long as it takes. Uses no CPU while
 * it waits.
 *
 * @param      pool       the pool
 * @param[out] out_state  the state, to be given back with sl_state_pool_release
 * @return SL_STATUS_OK              lent
 * @return SL_STATUS_NULL_ARGUMENT   `pool` or `out_state` is NULL
 * @return SL_STATUS_STALE_HANDLE    the pool was freed
 * @return SL_STATUS_WRONG_KIND      `pool` is no state pool
 * @return SL_STATUS_CLOSED          the pool was freed, possibly during the wait
 * @return SL_STATUS_WOULD_DEADLOCK  the calling thread holds all states that are pinned to nobody
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_state` is NULL or valid for one write.
 */
SL_API sl_status sl_state_pool_acquire(sl_state_pool *pool, void **out_state);

/**
 * Lends a state that is pinned to nobody, if there is one. Never waits.
 *
 * @param      pool       the pool
 * @param[out] out_state  the state, to be given back with sl_state_pool_release
 * @return SL_STATUS_OK             lent
 * @return SL_STATUS_NULL_ARGUMENT  `pool` or `out_state` is NULL
 * @return SL_STATUS_STALE_HANDLE   the pool was freed
 * @return SL_STATUS_WRONG_KIND     `pool` is no state pool
 * @return SL_STATUS_EMPTY          all states are lent or pinned
 * @return SL_STATUS_CLOSED         the pool was freed, and states are still lent
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_state` is NULL or valid for one write.
 */
SL_API sl_status sl_state_pool_try_acquire(sl_state_pool *pool, void **out_state);

/**
 * Lends a state that is pinned to nobody, waiting for one at most `timeout_ms` of monotonic time.
 *
 * @param      pool        the pool
 * @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
 * @param[out] out_state   the state, to be given back with sl_state_pool_release
 * @return SL_STATUS_OK              lent
 * @return SL_STATUS_NULL_ARGUMENT   `pool` or `out_state` is NULL
 * @return SL_STATUS_STALE_HANDLE    the pool was freed
 * @return SL_STATUS_WRONG_KIND      `pool` is no state pool
 * @return SL_STATUS_TIMEOUT         no state came back in time
 * @return SL_STATUS_CLOSED          the pool was freed, possibly during the wait
 * @return SL_STATUS_WOULD_DEADLOCK  `timeout_ms` is UINT32_MAX, and the calling thread holds all
 *                                   states that are pinned to nobody
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_state` is NULL or valid for one write.
 */
SL_API sl_status sl_state_pool_acquire_timeout(sl_state_pool *pool, uint32_t timeout_ms,
                                               void **out_state);

/**
 * Lends an owner its state, waiting for it at most `timeout_ms` of monotonic time.
 *
 * The first time, that is any state that is pinned to nobody; it is pinned to the owner by this
 * call. From then on the owner gets this one each time, as it was left, and no other call does,
 * until sl_state_pool_unpin: what a state keeps for an owner stays there between leases. At most
 * one holder at a time, also when the same owner asks twice.
 *
 * @param      pool        the pool
 * @param      owner       any number but 0, of the host's choice
 * @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
 * @param[out] out_state   the state, to be given back with sl_state_pool_release
 * @return SL_STATUS_OK                lent
 * @return SL_STATUS_NULL_ARGUMENT     `pool` or `out_state` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `owner` is 0
 * @return SL_STATUS_STALE_HANDLE      the pool was freed
 * @return SL_STATUS_WRONG_KIND        `pool` is no state pool
 * @return SL_STATUS_TIMEOUT           the state did not come back in time, or all are pinned to
 *                                     others
 * @return SL_STATUS_CLOSED            the pool was freed, possibly during the wait
 * @return SL_STATUS_WOULD_DEADLOCK    `timeout_ms` is UINT32_MAX, and the calling thread holds the
 *                                     state itself or, where the owner has none yet, all states
 *                                     that are pinned to nobody
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_state` is NULL or valid for one write.
 */
SL_API sl_status sl_state_pool_acquire_pinned(sl_state_pool *pool, uint64_t owner,
                                              uint32_t timeout_ms, void **out_state);

/**
 * The state that is pinned to an owner is anybody's again: at once, or when it comes back if it
 * is lent. Changes nothing in it.
 *
 * @param pool   the pool
 * @param owner  the owner
 * @return SL_STATUS_OK                unpinned
 * @return SL_STATUS_NULL_ARGUMENT     `pool` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `owner` is 0
 * @return SL_STATUS_STALE_HANDLE      the pool was freed
 * @return SL_STATUS_WRONG_KIND        `pool` is no state pool
 * @return SL_STATUS_NOT_FOUND         nothing is pinned to this owner
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_state_pool_unpin(sl_state_pool *pool, uint64_t owner);

/**
 * Gives a state back, from any thread. A thread that waits gets it at once.
 *
 * @param pool   the pool
 * @param state  the state
 * @return SL_STATUS_OK             it is back, or destroyed if the pool was freed
 * @return SL_STATUS_NULL_ARGUMENT  `pool` or `state` is NULL
 * @return SL_STATUS_STALE_HANDLE   the pool was freed, and nothing is lent
 * @return SL_STATUS_WRONG_KIND     `pool` is no state pool
 * @return SL_STATUS_NOT_FOUND      the pool has not lent this state: released twice, or foreign
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_state_pool_release(sl_state_pool *pool, void *state);

/**
 * Reads how the pool stands. Changes nothing.
 *
 * @param      pool       the pool
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `pool` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the pool was freed
 * @return SL_STATUS_WRONG_KIND        `pool` is no state pool
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_state_pool_read_stats(sl_state_pool *pool, sl_state_pool_stats *out_stats);

/* ==============================================================================================
 * Script job: what a runner is to run.
 * ============================================================================================== */

/** Where the result of a job goes. */
typedef uint32_t sl_delivery;
enum {
    /** Into the runner's action queue. */
    SL_DELIVERY_ACTION = 0,
    /** To `on_result`, on a thread of the runner's. */
    SL_DELIVERY_WORKER = 1,
    /** To `on_result` first, then into the action queue. */
    SL_DELIVERY_BOTH = 2,
    /** Nowhere: it is only counted. */
    SL_DELIVERY_NONE = 3,
};

/**
 * Receives a result on the worker thread, or on the runner's watch when no worker has begun the
 * job or the worker is stuck. The result is lent for the call. While it runs on the watch, no
 * deadline is looked after: it should be short.
 *
 * @param userdata  what was passed with the job
 * @param result    what the job gave
 * @thread worker
 */
typedef void (*sl_script_result_fn)(void *userdata, const sl_script_result *result);

/**
 * What is to be run. Fill with sl_script_job_init, then set at least the source. Everything is
 * copied by sl_script_runner_enqueue, except what `context` and `userdata` point to.
 */
typedef struct sl_script_job {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /**
     * A chunk of Lua; NULs are allowed, bytecode is not. A byte order mark and a first line
     * that starts with `#` are skipped.
     */
    const char *source;
    /** Its length in bytes. */
    size_t source_len;
    /**
     * What errors call it, as in Lua: "@file", "=label", or the source itself; ends with a NUL
     * after at most 4096 bytes. NULL = "=script".
     */
    const char *chunk_name;
    /** What the chunk gets as `...`. */
    const sl_value *args;
    /** How many. */
    size_t args_len;
    /** The host's number for whose job it is; comes back with the result. */
    uint64_t owner;
    /** The host's; comes back with the result, untouched. */
    void *context;
    /** 0 = none. Jobs with the same key run in order and on the same state. */
    uint64_t affinity;
    /** An sl_priority or any number. */
    uint32_t priority;
    /** An sl_delivery. */
    uint32_t delivery;
    /** Receives the result on the worker thread; must be set where the delivery asks for it. */
    sl_script_result_fn on_result;
    /** Passed to `on_result` and `drop`. */
    void *userdata;
    /**
     * Takes `userdata` back, on the worker thread: after `on_result`, and before the action can
     * be popped. May be NULL.
     */
    sl_drop_fn drop;
    /**
     * Milliseconds of monotonic time from its start, after which it ends with
     * SL_OUTCOME_TIMEOUT. 0 = the runner's limit, here and below; UINT64_MAX = none.
     */
    uint64_t deadline_ms;
    /**
     * Instructions of Lua after which it ends with SL_OUTCOME_INSTRUCTIONS. Counted in steps of
     * 100, and each resume of a coroutine as one step. A budget halves the speed of Lua code.
     */
    uint64_t instructions_max;
    /**
     * Bytes that its state may hold before it ends with SL_OUTCOME_MEMORY, what earlier jobs
     * have left in the state included.
     */
    uint64_t memory_max;
    /** Milliseconds of waiting for a state, after which it ends with SL_OUTCOME_NO_STATE. */
    uint64_t state_wait_ms;
} sl_script_job;

/**
 * Fills a job with its defaults: no source, normal priority, delivery as an action.
 *
 * @param[out] job   the struct to fill
 * @param      size  sizeof(sl_script_job), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `job` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `job` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_script_job_init(sl_script_job *job, size_t size);

/* ==============================================================================================
 * Script setup: what the host gives to all states of a runner, as parts of its config.
 *
 * Modules are sources that `require` finds. Functions are the host's, called on the worker
 * thread that runs the script. The hook `on_state_create` runs chunks in a new state and sets
 * globals, before any script; with SL_SCRIPT_ISOLATION_JOB, tables that it leaves within tables
 * are shared by all jobs.
 * ============================================================================================== */

/** What scripts can reach. */
typedef uint32_t sl_script_library;
enum {
    /**
     * What can harm nobody: no io, no debug but debug.traceback, of os only clock, date, time
     * and difftime, of package only loaded and preload; `require` finds the host's modules.
     * Finalizers (`__gc`) of tables never run.
     */
    SL_SCRIPT_LIBRARY_SANDBOX = 0,
    /** All of Lua's libraries, except os.exit, os.setlocale, C modules and bytecode. */
    SL_SCRIPT_LIBRARY_TRUSTED = 1,
};

/** What a job leaves for the next one. */
typedef uint32_t sl_script_isolation;
enum {
    /** Its globals: the state is a world that scripts share. */
    SL_SCRIPT_ISOLATION_NONE = 0,
    /** Nothing: each job has globals and libraries of its own. */
    SL_SCRIPT_ISOLATION_JOB = 1,
};

/** What a function gives back to the script that called it. Lent for the call. */
typedef struct sl_script_return sl_script_return;

/** A new state, lent to the hook for the call. */
typedef struct sl_script_setup sl_script_setup;

/**
 * A script calls a function of the host's. It may call anything of this library but
 * sl_script_runner_free. System calls in it may end with EINTR when the job is interrupted.
 *
 * @param userdata  what came with the function
 * @param args      the arguments, lent for the call
 * @param args_len  how many
 * @param ret       for sl_script_return_values or sl_script_return_error; nothing = no values
 * @thread worker, several at once
 */
typedef void (*sl_script_function_fn)(void *userdata,
                                      const sl_value *args,
                                      size_t args_len,
                                      sl_script_return *ret);

/** A function of the host's that scripts can call. */
typedef struct sl_script_function {
    /** A global, or `table.name`; ends with a NUL. */
    const char *name;
    /** What is called. */
    sl_script_function_fn call;
    /** Passed to `call` and `drop`. */
    void *userdata;
    /** Takes `userdata` back when no script can call any more, on any thread. May be NULL. */
    sl_drop_fn drop;
    /** Not 0: belongs to the main thread. Calling it on a worker is an error that says so. */
    uint32_t main_thread_only;
    /** 0. */
    uint32_t reserved;
} sl_script_function;

/**
 * A module: `require(name)` runs the source, once in each state, or in each job that is isolated.
 */
typedef struct sl_script_module {
    /** As scripts name it; ends with a NUL. */
    const char *name;
    /** A chunk of Lua, text. */
    const char *source;
    /** Its length in bytes. */
    size_t source_len;
} sl_script_module;

/**
 * Sets a new state up. The runner is not made when it fails.
 *
 * @param userdata  what came with the config
 * @param setup     the state, for sl_script_setup_run and sl_script_setup_set_global
 * @return SL_STATUS_OK, or what sl_script_runner_new shall return
 * @thread any: the one that makes the runner; the runner's watch for a state in place of one that
 *         was stuck
 */
typedef int32_t (*sl_script_state_create_fn)(void *userdata, sl_script_setup *setup);

/**
 * A worker's thread has started, or is about to end.
 *
 * @param userdata  what came with the config
 * @param worker    which one, from 0
 * @thread worker
 */
typedef void (*sl_script_thread_fn)(void *userdata, uint32_t worker);

/**
 * Runs a task that was submitted; to be called once, on any thread of the host's pool.
 *
 * @param task  what came with it
 * @thread any
 */
typedef void (*sl_script_task_fn)(void *task);

/**
 * The host's pool takes a task: it runs jobs for as long as there are any, at most as many tasks
 * at a time as the runner has workers. Called where a job is enqueued, and on the watch. Must
 * not wait for the task. The thread that runs it needs a stack of 1 MiB; a real-time signal may
 * interrupt its system calls (EINTR) when a job is interrupted.
 *
 * @param userdata  what came with the config
 * @param run       to be called once with `task`, even after the runner was freed
 * @param task      passed to `run`
 * @thread any
 */
typedef void (*sl_script_submit_fn)(void *userdata, sl_script_task_fn run, void *task);

/**
 * Runs a chunk in a new state, without limits. Its globals stay.
 *
 * @param setup       what the hook got
 * @param chunk_name  what errors call it, as in Lua; ends with a NUL; NULL = "=setup"
 * @param source      a chunk of Lua, text
 * @param source_len  its length in bytes
 * @return SL_STATUS_OK                it ran
 * @return SL_STATUS_NULL_ARGUMENT     `setup` is NULL, or `source` is and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  it does not compile or raised an error, which is logged
 * @return SL_STATUS_STALE_HANDLE      the hook has returned, or runs on another thread
 * @thread any, the one that the hook is called on
 * @since  0.1.0
 *
 * # Safety
 *
 * `source` is NULL or readable for its length, and `chunk_name` is NULL or ends with a NUL.
 */
SL_API sl_status sl_script_setup_run(sl_script_setup *setup, const char *chunk_name,
                                     const char *source, size_t source_len);

/**
 * Gives a global of a new state a value, which is copied.
 *
 * @param setup  what the hook got
 * @param name   the global's name; ends with a NUL
 * @param value  its value
 * @return SL_STATUS_OK                set
 * @return SL_STATUS_NULL_ARGUMENT     `setup`, `name` or `value` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  the name is empty; the value is none, or exceeds the
 *                                     runner's bounds
 * @return SL_STATUS_STALE_HANDLE      the hook has returned, or runs on another thread
 * @return SL_STATUS_NO_MEMORY         memory ran out
 * @thread any, the one that the hook is called on
 * @since  0.1.0
 *
 * # Safety
 *
 * `name` is NULL or ends with a NUL; `value` is NULL or readable with all that is in it.
 */
SL_API sl_status sl_script_setup_set_global(sl_script_setup *setup, const char *name,
                                            const sl_value *value);

/**
 * What the function returns to the script: copies of these values, instead of what was said
 * before.
 *
 * @param ret     what the function got; lent for the call
 * @param values  the values
 * @param len     how many
 * @return SL_STATUS_OK                noted
 * @return SL_STATUS_NULL_ARGUMENT     `ret` is NULL, or `values` is and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  a value is none, or exceeds the runner's bounds
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `ret` is NULL or what the function got; `values` is NULL or readable with all that is in it.
 */
SL_API sl_status sl_script_return_values(sl_script_return *ret, const sl_value *values, size_t len);

/**
 * The function raises an error in the script, with this text behind "chunk:line:".
 *
 * @param ret   what the function got; lent for the call
 * @param text  any bytes, which are copied
 * @param len   their number
 * @return SL_STATUS_OK             noted
 * @return SL_STATUS_NULL_ARGUMENT  `ret` is NULL, or `text` is and has a length
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `ret` is NULL or what the function got; `text` is NULL or readable for its length.
 */
SL_API sl_status sl_script_return_error(sl_script_return *ret, const char *text, size_t len);

/* ==============================================================================================
 * Script runner: Lua on worker threads, every result back exactly once.
 *
 * A runner has a fixed number of workers and of Lua states. A job is a source text with
 * arguments; a worker runs it on a state, which keeps its globals for the next job, and delivers
 * one result: as an action for the main thread, to a callback on the worker, both, or nowhere.
 * Each state keeps the chunks that it has compiled, unless they name `_ENV`: a source may be
 * enqueued again and again at no cost. Lower priority numbers run first, jobs of one priority in
 * order. Jobs with the same affinity key run in order and on the same state.
 *
 * Scripts run in a sandbox unless the config trusts them: sl_script_library says what they have
 * then. Each runs under the limits of its job and of the runner. `print` and
 * `engine.log(level, …)` go to the log. `engine.post_to_main_thread(name, data)` sends an action
 * of kind SL_ACTION_KIND_SCRIPT_MESSAGE.
 * ============================================================================================== */

/** A script runner. */
typedef struct sl_script_runner sl_script_runner;

/** How a runner is made. Fill with sl_script_runner_config_init, then change what is to differ. */
typedef struct sl_script_runner_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Worker threads, at most 64; 0 = one less than processors, but at least one. */
    uint32_t workers;
    /**
     * Lua states, at most 4096; 0 = one more than workers. With fewer states than workers, the
     * workers wait for each other.
     */
    uint32_t states;
    /** Jobs that may be accepted and not have ended; default 65536. */
    uint32_t job_capacity;
    /** Chunks that each state keeps compiled; default 1024; 0 = none. */
    uint32_t chunk_cache;
    /** Lists within lists, in arguments, results and posted data; default 64, at most 1000. */
    uint32_t value_depth_max;
    /**
     * Longest time in microseconds that a worker spins before it sleeps, while that pays.
     * 0 = never; default 20.
     */
    uint32_t spin_us;
    /** Bytes of all strings of a job's arguments or results; default 64 MiB. */
    uint64_t value_bytes_max;
    /**
     * Values in a job's arguments or results, keys and those in lists included; default 2^20,
     * at least 1.
     */
    uint64_t value_items_max;
    /** Where results go; NULL = a queue that the runner makes and that ends with it. */
    sl_action_queue *actions;
    /**
     * For jobs that set none of their own: milliseconds of monotonic time from a job's start.
     * 0 = none, here and below.
     */
    uint64_t deadline_ms;
    /** The same for instructions of Lua. */
    uint64_t instructions_max;
    /** The same for bytes of a job's state. */
    uint64_t memory_max;
    /** The same for milliseconds of waiting for a state. */
    uint64_t state_wait_ms;
    /** Milliseconds that handlers of `__close` have when their job was interrupted; default 5. */
    uint64_t close_grace_ms;
    /**
     * Bytes that a state may grow by until all of its garbage is collected after a job, beside
     * what Lua collects by itself and what a worker that has nothing to do collects. 0 = any.
     */
    uint64_t gc_every_bytes;
    /** The same in jobs. 0 = any. */
    uint32_t gc_every_jobs;
    /** An sl_script_library: what scripts can reach. */
    uint32_t library;
    /** An sl_script_isolation: what a job leaves for the next one. */
    uint32_t isolation;
    /** 0. */
    uint32_t reserved;
    /** Modules that `require` finds; copied. */
    const sl_script_module *modules;
    /** How many. */
    size_t modules_len;
    /** Functions of the host's that scripts can call; copied. */
    const sl_script_function *functions;
    /** How many. */
    size_t functions_len;
    /** Sets each new state up; may be NULL, and so may the other hooks. */
    sl_script_state_create_fn on_state_create;
    /** Called first on each worker thread. */
    sl_script_thread_fn on_thread_start;
    /** Called last on each worker thread. */
    sl_script_thread_fn on_thread_exit;
    /** The host's own pool, which runs the jobs instead of threads of the runner's. NULL = none. */
    sl_script_submit_fn submit;
    /** Passed to the hooks, `submit` and `drop`. */
    void *userdata;
    /** Takes `userdata` back when no hook can be called any more, on any thread. */
    sl_drop_fn drop;
} sl_script_runner_config;

/**
 * What a runner has counted. Set `size` before the call.
 *
 * At any moment accepted = delivered + queued + running, and delivered = ok + failed. Native jobs
 * count as well: those that a worker ran as ok, whatever their handlers gave.
 */
typedef struct sl_script_runner_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Jobs that were accepted. */
    uint64_t accepted;
    /** Jobs that have ended, of all outcomes and deliveries. Counted just before the delivery. */
    uint64_t delivered;
    /** Jobs that no worker has taken yet. */
    uint64_t queued;
    /** Jobs that a worker has taken and that have not ended. */
    uint64_t running;
    /** Calls of sl_script_runner_enqueue that were refused as full or closed. */
    uint64_t refused;
    /** Jobs that ended with SL_OUTCOME_OK. */
    uint64_t ok;
    /** Jobs that ended otherwise. */
    uint64_t failed;
    /** Jobs whose chunk their state had kept compiled. */
    uint64_t chunk_hits;
    /** Jobs whose chunk had to be compiled. */
    uint64_t chunk_misses;
    /** Worker threads. */
    uint64_t workers;
    /** Lua states. */
    uint64_t states;
    /** Bytes that the states hold; each is measured every 64 jobs and when its worker idles. */
    uint64_t lua_bytes;
    /** Most jobs that ever waited for a worker at once. */
    uint64_t queue_high_water;
    /** Workers that were stuck in a function that cannot be stopped, and got a successor. */
    uint64_t workers_replaced;
} sl_script_runner_stats;

/**
 * Fills a config with its defaults.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_script_runner_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_script_runner_config_init(sl_script_runner_config *config, size_t size);

/**
 * Makes the states and starts the workers. Their threads are named sl-worker-N and have all
 * signals blocked.
 *
 * @param      loop        woken when there is a result to take; NULL = none
 * @param      config      how; NULL = all defaults
 * @param[out] out_runner  the runner, to be freed with sl_script_runner_free
 * @return SL_STATUS_OK                made
 * @return SL_STATUS_NULL_ARGUMENT     `out_runner` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
 * @return SL_STATUS_STALE_HANDLE      `loop` or config->actions was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop, or config->actions no action queue
 * @return SL_STATUS_BUSY              config->actions wakes another loop already
 * @return SL_STATUS_FULL              2^24 runners or queues are alive
 * @return SL_STATUS_NO_MEMORY         there is no memory for the states
 * @return SL_STATUS_SYSTEM            a thread could not be started; all others have ended
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size; `out_runner` is NULL or valid for one write.
 */
SL_API sl_status sl_script_runner_new(sl_loop *loop, const sl_script_runner_config *config,
                                      sl_script_runner **out_runner);

/**
 * Ends a runner and waits for its workers.
 *
 * Closes it as sl_script_runner_close does, unless that was done before: jobs that wait and jobs
 * that run end with SL_OUTCOME_CLOSED; all results are delivered. A
 * worker that is stuck in a C function is waited for for 150 ms, then it is left behind and ends
 * when that function returns. A host's function that a script has called is not left before, nor
 * is a handler of native jobs; those are closed first, as by sl_jobs_close.
 * A queue that the runner made ends with it, and frees the results that nobody has taken.
 *
 * @param runner  the runner; NULL is allowed
 * @return SL_STATUS_OK              ended, or `runner` was NULL
 * @return SL_STATUS_STALE_HANDLE    it was freed before
 * @return SL_STATUS_WRONG_KIND      `runner` is no script runner
 * @return SL_STATUS_WOULD_DEADLOCK  called on one of its workers
 * @return SL_STATUS_WRONG_THREAD    its own queue is attached to a loop of another thread
 * @return SL_STATUS_REENTERED       called from a callback that handles an action of its queue
 * @thread any, unless its own queue is attached to a loop: owner
 * @since  0.1.0
 */
SL_API sl_status sl_script_runner_free(sl_script_runner *runner);

/**
 * Queues a job. Copies what it needs, never waits, and compiles nothing: a source that is no
 * Lua is accepted and ends with SL_OUTCOME_LOAD_ERROR.
 *
 * @param      runner  the runner
 * @param      job     what to run
 * @param[out] out_id  the job's id, which its result bears; may be NULL
 * @return SL_STATUS_OK                accepted: there will be exactly one result
 * @return SL_STATUS_NULL_ARGUMENT     `runner` or `job` is NULL; `source` or `args` is NULL and
 *                                     has a length; the delivery asks for a callback that is
 *                                     NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or the delivery is unknown; an argument is of no
 *                                     kind, has NULL with a length, a key that is nil, NaN or a
 *                                     list, or exceeds the runner's bounds
 * @return SL_STATUS_STALE_HANDLE      the runner was freed
 * @return SL_STATUS_WRONG_KIND        `runner` is no script runner
 * @return SL_STATUS_FULL              job_capacity jobs have not ended
 * @return SL_STATUS_CLOSED            the runner was closed or drains, or is being freed
 * @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the source or arguments
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `job` is NULL or readable for its size, and each of its pointers is NULL or readable for what
 * belongs to it. `on_result` and `drop` may be called once with `userdata` on a worker thread.
 */
SL_API sl_status sl_script_runner_enqueue(sl_script_runner *runner, const sl_script_job *job,
                                          sl_job_id *out_id);

/**
 * The queue that results go to. It is lent: one that the runner made ends with the runner.
 *
 * @param      runner     the runner
 * @param[out] out_queue  the queue, not to be freed
 * @return SL_STATUS_OK             written
 * @return SL_STATUS_NULL_ARGUMENT  `runner` or `out_queue` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_queue` is NULL or valid for one write.
 */
SL_API sl_status sl_script_runner_actions(sl_script_runner *runner, sl_action_queue **out_queue);

/**
 * Reads the runner's counters. Changes nothing; the sums hold at every moment.
 *
 * @param      runner     the runner
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the runner was freed
 * @return SL_STATUS_WRONG_KIND        `runner` is no script runner
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_script_runner_read_stats(sl_script_runner *runner,
                                             sl_script_runner_stats *out_stats);

/* ==============================================================================================
 * Cancel: jobs end early, wherever they are, each with its one result.
 *
 * A job that waits for a worker ends at once; its callback is called on the runner's own watch
 * thread. One that waits for a state or runs ends as soon as its script can be interrupted:
 * within microseconds in Lua code and in library functions. One that is stuck in a C function is
 * taken away from its worker, which gets a successor, 150 ms later.
 * Native jobs that run on the runner's workers are cancelled by owner and all with its scripts; by
 * id they are cancelled with sl_jobs_cancel.
 * The outcome is SL_OUTCOME_CANCELLED, unless the job ended in the last moment by itself.
 * ============================================================================================== */

/**
 * Cancels one job.
 *
 * @param runner  the runner
 * @param job     the job's id
 * @return SL_STATUS_OK             it had not ended, and ends now
 * @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @return SL_STATUS_NOT_FOUND      there is no such job any more, or never was
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_script_runner_cancel(sl_script_runner *runner, sl_job_id job);

/**
 * Cancels all jobs of an owner that were accepted and have not ended.
 *
 * @param      runner     the runner
 * @param      owner      as in the jobs; 0 is an owner like any other
 * @param[out] out_count  how many there were; may be NULL
 * @return SL_STATUS_OK             cancelled, also when there were none
 * @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_count` is NULL or valid for one write.
 */
SL_API sl_status sl_script_runner_cancel_owner(sl_script_runner *runner, uint64_t owner,
                                               uint64_t *out_count);

/**
 * Cancels all jobs that were accepted and have not ended.
 *
 * @param      runner     the runner
 * @param[out] out_count  how many there were; may be NULL
 * @return SL_STATUS_OK             cancelled, also when there were none
 * @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_count` is NULL or valid for one write.
 */
SL_API sl_status sl_script_runner_cancel_all(sl_script_runner *runner, uint64_t *out_count);

/* ==============================================================================================
 * Close: a runner ends at once, or when all that it has accepted has ended.
 *
 * Both ways refuse new jobs from then on and leave the handle, the counters and the queue of
 * results as they are; sl_script_runner_free is the end of these. They can be called any number
 * of times and in any order: one that drains can be closed at once, and a wait for the end also
 * ends then. Native jobs on the runner's workers are part of all this.
 * ============================================================================================== */

/**
 * Closes a runner at once. Does not wait: the results of what was accepted still come, each one.
 *
 * Jobs that wait and jobs that run end with SL_OUTCOME_CLOSED as soon as they can be interrupted,
 * as after sl_script_runner_cancel_all; workers that wait for a state wait no longer. Native jobs
 * are closed as by sl_jobs_close. Worker threads leave by themselves; the states are destroyed
 * when the runner is freed.
 *
 * @param runner  the runner
 * @return SL_STATUS_OK             closed, by this call or before
 * @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @thread any, also from a callback on a worker and from a function that a script has called
 * @since  0.1.0
 * @see    sl_script_runner_close_gracefully, sl_action_queue_close
 */
SL_API sl_status sl_script_runner_close(sl_script_runner *runner);

/**
 * Refuses new jobs and waits until all that were accepted have ended, each as if nothing had
 * happened: its callback has returned, its action is in the queue. Ends none of them itself.
 *
 * When the time is up the runner goes on draining, and a further call waits further. A job that
 * never ends is waited for, and so is one whose host function waits for what the calling thread
 * would do: bound the wait, and end them with sl_script_runner_close.
 *
 * @param runner       the runner
 * @param max_wait_ms  longest wait; 0 = none, UINT32_MAX = for ever
 * @return SL_STATUS_OK              all jobs have ended, of a runner that was closed as well
 * @return SL_STATUS_NULL_ARGUMENT   `runner` is NULL
 * @return SL_STATUS_STALE_HANDLE    the runner was freed
 * @return SL_STATUS_WRONG_KIND      `runner` is no script runner
 * @return SL_STATUS_TIMEOUT         some have not ended yet; new ones are refused all the same
 * @return SL_STATUS_WOULD_DEADLOCK  called on one of its workers with `max_wait_ms` above 0; the
 *                                   runner is as before
 * @thread any; on a worker with a `max_wait_ms` of 0 only
 * @since  0.1.0
 * @see    sl_script_runner_close
 */
SL_API sl_status sl_script_runner_close_gracefully(sl_script_runner *runner, uint32_t max_wait_ms);

/**
 * Says whether a job was accepted and has not ended. Changes nothing and delivers nothing.
 *
 * True from the moment when sl_script_runner_enqueue has returned until the job's result is there:
 * until its callback has returned and its action is in the queue, as its delivery says. Whoever
 * has taken the action is told false, and whoever is told false finds it. sl_jobs_is_pending says
 * the same of native jobs, which have ids of their own.
 *
 * @param      runner          the runner
 * @param      job             the job's id
 * @param[out] out_is_pending  false when its result is there or was taken, or there is no such job
 * @return SL_STATUS_OK             written
 * @return SL_STATUS_NULL_ARGUMENT  `runner` or `out_is_pending` is NULL
 * @return SL_STATUS_STALE_HANDLE   the runner was freed
 * @return SL_STATUS_WRONG_KIND     `runner` is no script runner
 * @thread any
 * @since  0.1.0
 * @see    sl_script_runner_cancel, sl_jobs_is_pending
 *
 * # Safety
 *
 * `out_is_pending` is NULL or valid for one write.
 */
SL_API sl_status sl_script_runner_is_job_pending(sl_script_runner *runner, sl_job_id job,
                                                 bool *out_is_pending);

/* ==============================================================================================
 * Script states: how each of a runner's Lua states stands.
 * ============================================================================================== */

/** What is known of one state. Set `size` before the call. */
typedef struct sl_script_state_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Bytes that it holds; measured every 64 jobs and when its worker idles. */
    uint64_t bytes;
    /** Most bytes that it held when it was measured. */
    uint64_t bytes_max;
    /** Jobs that it has run. */
    uint64_t jobs;
    /** Collections that the runner had it make: as the config says, and while its worker idles. */
    uint64_t collections;
    /**
     * How often a new state took its place, because its worker was stuck or its globals had taken
     * all the memory that a job may have.
     */
    uint64_t replaced;
} sl_script_state_stats;

/**
 * Reads how a state stands. Changes nothing.
 *
 * @param      runner     the runner
 * @param      state      which state, from 0; there are as many as the runner's statistics say
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the runner was freed
 * @return SL_STATUS_WRONG_KIND        `runner` is no script runner
 * @return SL_STATUS_NOT_FOUND         it has no such state
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_script_runner_read_state(sl_script_runner *runner, uint32_t state,
                                             sl_script_state_stats *out_stats);

/* ==============================================================================================
 * Job: what a handler of native jobs works on, and gives back.
 *
 * A handler runs on a worker thread of the runner, beside scripts. It reads the fields of the
 * job and says by the functions below what came of it; to say nothing is to succeed with an
 * empty result. What it says last counts. The job is lent for the call: these functions take it
 * only on the thread that the handler is called on, and until it returns.
 * ============================================================================================== */

/**
 * Memory of the host's that moves with a job without being copied: from the submitter to the
 * handler, and with the result to whoever takes it there. Whoever has it at the end calls
 * `drop(userdata)` once; what nobody takes, the library frees so, on any thread.
 */
typedef struct sl_native_payload {
    /** Where it is. */
    void *data;
    /** Its length in bytes. */
    size_t data_size;
    /** What `data` is a multiple of, a power of two; 0 = not said. */
    size_t alignment;
    /** The length of one element, of which `data_size` is a multiple; 0 = not said. */
    size_t element_size;
    /** Passed to `drop`; often the same as `data`. */
    void *userdata;
    /** Takes it back; NULL when there is nothing to take back. */
    sl_drop_fn drop;
} sl_native_payload;

/** A native job while its handler runs. Everything in it is the library's. */
typedef struct sl_job {
    /** Bytes in this struct, as the library knows it. */
    size_t size;
    /** The job. */
    sl_job_id id;
    /** Whose it is. */
    uint64_t owner;
    /** What was submitted, with a NUL behind. */
    const char *payload;
    /** Its length in bytes, without that NUL. */
    size_t payload_len;
    /** The kind that it was submitted for, with a NUL behind. */
    const char *kind;
    /** Its length in bytes, without that NUL. */
    size_t kind_len;
    /**
     * The native payload that was submitted, to be worked on where it is; NULL = none. It goes
     * on with the result unless it is taken or replaced. Without `userdata` and `drop`: to own
     * it, take it.
     */
    const sl_native_payload *native;
} sl_job;

/**
 * Does a job: any work, for as long as it takes. It may call anything of this library that does
 * not wait for it to return.
 *
 * @param userdata  what was registered with the function
 * @param job       what to do; lent for the call
 * @thread worker, several at once
 */
typedef void (*sl_job_fn)(void *userdata, sl_job *job);

/**
 * Whether the job was cancelled or closed: what it gives will not be delivered. For handlers
 * that look now and then.
 *
 * @param      job            what the handler got
 * @param[out] out_cancelled  true from then on
 * @return SL_STATUS_OK             written
 * @return SL_STATUS_NULL_ARGUMENT  `job` or `out_cancelled` is NULL
 * @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_cancelled` is NULL or valid for one write.
 */
SL_API sl_status sl_job_is_cancelled(const sl_job *job, bool *out_cancelled);

/**
 * The job succeeds with this result.
 *
 * @param job   what the handler got
 * @param text  any bytes, which are copied
 * @param len   their number
 * @return SL_STATUS_OK             noted
 * @return SL_STATUS_NULL_ARGUMENT  `job` is NULL, or `text` is and has a length
 * @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
 * @return SL_STATUS_NO_MEMORY      there is no memory for a copy
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `text` is NULL or readable for its length.
 */
SL_API sl_status sl_job_return_text(sl_job *job, const char *text, size_t len);

/**
 * The job fails with this error. Its native payload will be freed when the handler returns.
 *
 * @param job   what the handler got
 * @param text  any bytes, which are copied
 * @param len   their number
 * @return SL_STATUS_OK             noted
 * @return SL_STATUS_NULL_ARGUMENT  `job` is NULL, or `text` is and has a length
 * @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
 * @return SL_STATUS_NO_MEMORY      there is no memory for a copy
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `text` is NULL or readable for its length.
 */
SL_API sl_status sl_job_return_error(sl_job *job, const char *text, size_t len);

/**
 * Sets one of the four numbers that the result has beside its text.
 *
 * @param job    what the handler got
 * @param index  0 to 3
 * @param value  the number; they are 0 at first
 * @return SL_STATUS_OK                noted
 * @return SL_STATUS_NULL_ARGUMENT     `job` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `index` is above 3
 * @return SL_STATUS_STALE_HANDLE      the handler has returned, or runs on another thread
 * @thread worker
 * @since  0.1.0
 */
SL_API sl_status sl_job_return_aux(sl_job *job, uint32_t index, int64_t value);

/**
 * Moves memory of the host's into the result. What the job had is freed by this call.
 *
 * @param job      what the handler got
 * @param payload  what to move; NULL = the result is to have none
 * @return SL_STATUS_OK                the library owns it now
 * @return SL_STATUS_NULL_ARGUMENT     `job` is NULL, or `data` is and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  alignment or element_size do not fit the data
 * @return SL_STATUS_STALE_HANDLE      the handler has returned, or runs on another thread
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `payload` is NULL or readable; its `drop` may be called once with its `userdata`, on any thread.
 */
SL_API sl_status sl_job_return_payload(sl_job *job, const sl_native_payload *payload);

/**
 * Moves the native payload out of the job: the handler owns it from now on and calls its `drop`,
 * or has somebody do so.
 *
 * @param      job          what the handler got
 * @param[out] out_payload  the payload
 * @return SL_STATUS_OK             moved
 * @return SL_STATUS_NULL_ARGUMENT  `job` or `out_payload` is NULL
 * @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
 * @return SL_STATUS_EMPTY          the job has none, or not any more
 * @thread worker
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_payload` is NULL or valid for one write.
 */
SL_API sl_status sl_job_take_payload(sl_job *job, sl_native_payload *out_payload);

/* ==============================================================================================
 * Job result: what a native job gave. Lent to the function of a poll.
 * ============================================================================================== */

/** What a native job gave. Everything in it lives as long as it is lent. */
typedef struct sl_job_result {
    /** Bytes in this struct, as the library knows it. */
    size_t size;
    /** The job. */
    sl_job_id id;
    /** Whose it is. */
    uint64_t owner;
    /** What its handler gave, with a NUL behind; NULL when it is not ok. */
    const char *result;
    /** Its length in bytes, without that NUL. */
    size_t result_len;
    /** What went wrong, with a NUL behind; NULL when it is ok. */
    const char *error;
    /** Its length in bytes, without that NUL. */
    size_t error_len;
    /** The kind that it was submitted for, with a NUL behind. */
    const char *kind;
    /** Its length in bytes, without that NUL. */
    size_t kind_len;
    /**
     * Its native payload, which is freed when the call returns unless it is taken; NULL = none.
     * Without `userdata` and `drop`.
     */
    const sl_native_payload *native;
    /** Numbers of its handler's. */
    int64_t aux[4];
    /** Nanoseconds from submit to start. */
    uint64_t wait_ns;
    /** Nanoseconds that its handler ran. */
    uint64_t run_ns;
    /** Its handler ran and gave no error. */
    bool ok;
    /** It was cancelled or closed; then it is not ok. */
    bool cancelled;
} sl_job_result;

/**
 * Handles one result of a poll. It is lent for the call: the library frees it afterwards.
 *
 * @param userdata  what was passed with the function
 * @param result    the result
 * @thread any, the one that polls
 */
typedef void (*sl_job_result_fn)(void *userdata, sl_job_result *result);

/**
 * Moves the native payload out of a result: the host owns it from now on.
 *
 * @param      result       what the function of a poll got
 * @param[out] out_payload  the payload
 * @return SL_STATUS_OK             moved
 * @return SL_STATUS_NULL_ARGUMENT  `result` or `out_payload` is NULL
 * @return SL_STATUS_STALE_HANDLE   the function has returned, or runs on another thread
 * @return SL_STATUS_EMPTY          the result has none, or not any more
 * @thread any, the one that polls
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_payload` is NULL or valid for one write.
 */
SL_API sl_status sl_job_result_take_payload(sl_job_result *result, sl_native_payload *out_payload);

/* ==============================================================================================
 * Callbacks: functions that any thread has called on the owner thread, by number.
 *
 * The owner registers a function and gives its number away; whoever has the number enqueues
 * payloads for it, from any thread, which wakes the owner's loop. The owner calls dispatch when it
 * suits: in each frame, or in a loop of its own. Payloads are handled in the order of their
 * arrival; what is enqueued meanwhile waits for the next dispatch. It is what stands behind the
 * module `callbacks` of scriptloop_lua.h, and knows no Lua: a payload is a typed value, or a
 * function of the host's that makes it on the owner thread.
 * ============================================================================================== */

/** Bits of the flags of sl_callbacks_register. */
typedef uint32_t sl_callback_flag;
enum {
    /** It is called once, and unregistered before that. */
    SL_CALLBACK_FLAG_ONCE = 1,
};

/** Functions by number, and what waits for them. */
typedef struct sl_callbacks sl_callbacks;

/** How callbacks are made. Fill with sl_callbacks_config_init, then change what is to differ. */
typedef struct sl_callbacks_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Payloads that may wait at once; 0 = no bound, the default. */
    uint32_t capacity;
    /** Zero. */
    uint32_t reserved;
} sl_callbacks_config;

/**
 * The number of a function: from 1, one more each time, never used again, below 2^53, so that a
 * double holds it, and so does a pointer of 64 bits.
 */
typedef uint64_t sl_callback_id;

/**
 * Makes a payload, on the owner thread, when it is needed.
 *
 * @param userdata  what was passed with the function
 * @param target    what whoever wants the payload passes: a lua_State, for scriptloop_lua.h
 * @return SL_STATUS_OK, or why there is no payload
 * @thread owner
 */
typedef int32_t (*sl_callback_build_fn)(void *userdata, void *target);

/** One call of a function; lent for the call. */
typedef struct sl_callback_call {
    /** Bytes in this struct, as the library knows it. */
    size_t size;
    /** The number. */
    sl_callback_id id;
    /** The payload; NULL when `build` makes it, or when it is the result of a job. */
    const sl_value *value;
    /**
     * Makes the payload: to be called at most once, with `build_userdata` and whatever it is to
     * work on. NULL when there is a value, or the result of a job.
     */
    sl_callback_build_fn build;
    /** For `build`. */
    void *build_userdata;
    /**
     * What a native job gave that was submitted with this number; NULL for all others. Lent for
     * the call, for sl_job_result_take_payload, too.
     */
    sl_job_result *job;
} sl_callback_call;

/**
 * Is called for a number. May call anything of this library, also a nested dispatch.
 *
 * @param userdata  what was passed with the function
 * @param call      the number and its payload
 * @thread owner
 */
typedef void (*sl_callback_fn)(void *userdata, const sl_callback_call *call);

/**
 * What callbacks have counted. Set `size` before the call.
 *
 * At any moment accepted = delivered + unknown + dropped + pending.
 */
typedef struct sl_callbacks_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Functions that are registered. */
    uint64_t registered;
    /** Payloads that were accepted. */
    uint64_t accepted;
    /** Payloads whose function was called. */
    uint64_t delivered;
    /** Calls among them that failed. */
    uint64_t failed;
    /** Payloads whose number nobody had any more when their turn came. */
    uint64_t unknown;
    /** Payloads that were dropped at the end. */
    uint64_t dropped;
    /** Payloads that found the queue full. */
    uint64_t refused;
    /** Payloads that wait. */
    uint64_t pending;
    /** Most payloads that were seen waiting. */
    uint64_t high_water;
} sl_callbacks_stats;

/**
 * Fills a config with its defaults: no bound.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_callbacks_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_callbacks_config_init(sl_callbacks_config *config, size_t size);

/**
 * Makes callbacks: nothing registered, nothing queued. They belong to the loop's owner thread.
 *
 * The loop is woken by every enqueue and otherwise left alone: its polls call nothing of these.
 * When it is freed first, the callbacks stay usable on the thread that owned it.
 *
 * @param      loop           the loop to wake
 * @param      config         how; NULL = all defaults
 * @param[out] out_callbacks  the callbacks, to be freed with sl_callbacks_free
 * @return SL_STATUS_OK                made
 * @return SL_STATUS_NULL_ARGUMENT     `loop` or `out_callbacks` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
 * @return SL_STATUS_STALE_HANDLE      the loop was freed
 * @return SL_STATUS_WRONG_KIND        `loop` is no loop
 * @return SL_STATUS_WRONG_THREAD      another thread owns the loop
 * @return SL_STATUS_FULL              2^24 of them are alive
 * @return SL_STATUS_NO_MEMORY         there is no memory for that many payloads
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size; `out_callbacks` is NULL or valid for one write.
 */
SL_API sl_status sl_callbacks_new(sl_loop *loop, const sl_callbacks_config *config,
                                  sl_callbacks **out_callbacks);

/**
 * Ends callbacks and keeps the handle: drops what is queued, in order, then what is registered.
 *
 * Every `drop` runs inside of this call, but that of a function which is being called: that one
 * runs when it has returned. Doing it again does nothing. Register, enqueue and dispatch give
 * SL_STATUS_CLOSED from now on.
 *
 * @param callbacks  the callbacks
 * @return SL_STATUS_OK             ended, now or before
 * @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
 * @return SL_STATUS_STALE_HANDLE   they were freed
 * @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_callbacks_close(sl_callbacks *callbacks);

/**
 * Ends callbacks, as sl_callbacks_close, and takes the handle away.
 *
 * @param callbacks  the callbacks; NULL is allowed
 * @return SL_STATUS_OK            ended, or `callbacks` was NULL
 * @return SL_STATUS_STALE_HANDLE  they were freed before
 * @return SL_STATUS_WRONG_KIND    `callbacks` is of another noun
 * @return SL_STATUS_WRONG_THREAD  the caller is not the loop's owner thread
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_callbacks_free(sl_callbacks *callbacks);

/**
 * Has another loop of the same thread woken from now on.
 *
 * @param callbacks  the callbacks
 * @param loop       the loop
 * @return SL_STATUS_OK             changed; it was woken once
 * @return SL_STATUS_NULL_ARGUMENT  `callbacks` or `loop` is NULL
 * @return SL_STATUS_STALE_HANDLE   one of them was freed
 * @return SL_STATUS_WRONG_KIND     one of them is of another noun
 * @return SL_STATUS_WRONG_THREAD   the caller does not own both
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_callbacks_set_loop(sl_callbacks *callbacks, sl_loop *loop);

/**
 * Gives a function a number. Calls nothing.
 *
 * @param      callbacks  the callbacks
 * @param      run        what is called for the number
 * @param      userdata   passed to `run` and `drop`
 * @param      drop       takes `userdata` back when `run` is not called any more, once, on the
 *                        owner thread; may be NULL
 * @param      flags      bits of sl_callback_flag
 * @param[out] out_id     the number
 * @return SL_STATUS_OK                registered; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT     `callbacks`, `run` or `out_id` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `flags` has an unknown bit
 * @return SL_STATUS_STALE_HANDLE      the callbacks were freed
 * @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
 * @return SL_STATUS_WRONG_THREAD      the caller is not the loop's owner thread
 * @return SL_STATUS_CLOSED            they have ended
 * @return SL_STATUS_FULL              2^53 numbers were given
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `run` and `drop` may be called with `userdata` on the owner thread until `drop` has run;
 * `out_id` is NULL or valid for one write.
 */
SL_API sl_status sl_callbacks_register(sl_callbacks *callbacks, sl_callback_fn run, void *userdata,
                                       sl_drop_fn drop, uint32_t flags, sl_callback_id *out_id);

/**
 * Takes a number's function away. What is queued for the number is skipped when its turn comes.
 *
 * Inside of the function itself it works, too; its `drop` then runs when it has returned.
 *
 * @param callbacks  the callbacks
 * @param id         the number
 * @return SL_STATUS_OK             gone
 * @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
 * @return SL_STATUS_STALE_HANDLE   the callbacks were freed
 * @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_NOT_FOUND      nothing is registered under this number
 * @thread owner
 * @since  0.1.0
 */
SL_API sl_status sl_callbacks_unregister(sl_callbacks *callbacks, sl_callback_id id);

/**
 * Queues a payload for a number and wakes the loop. Never waits, never calls `build` itself.
 *
 * The number is looked up when its turn comes: one that nobody has by then is skipped.
 *
 * @param callbacks  the callbacks
 * @param id         the number
 * @param build      makes the payload where the function wants it, on the owner thread
 * @param userdata   passed to `build` and `drop`
 * @param drop       takes `userdata` back, called once on the owner thread; may be NULL
 * @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
 * @return SL_STATUS_NULL_ARGUMENT  `callbacks` or `build` is NULL
 * @return SL_STATUS_STALE_HANDLE   the callbacks were freed
 * @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
 * @return SL_STATUS_CLOSED         they have ended
 * @return SL_STATUS_FULL           the capacity is reached
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `build` and `drop` may be called with `userdata` on the owner thread until `drop` has run.
 */
SL_API sl_status sl_callbacks_enqueue(sl_callbacks *callbacks, sl_callback_id id,
                                      sl_callback_build_fn build, void *userdata, sl_drop_fn drop);

/**
 * Queues a copy of a typed value for a number, as sl_callbacks_enqueue in everything else.
 *
 * @param callbacks  the callbacks
 * @param id         the number
 * @param value      the payload; NULL = nil
 * @return SL_STATUS_OK                queued
 * @return SL_STATUS_NULL_ARGUMENT     `callbacks`, or a list in `value` that is not empty, is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a kind or key is unknown, or `value` is deeper than 100,
 *                                     has more than 2^24 items or 2^30 bytes
 * @return SL_STATUS_STALE_HANDLE      the callbacks were freed
 * @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
 * @return SL_STATUS_CLOSED            they have ended
 * @return SL_STATUS_FULL              the capacity is reached
 * @return SL_STATUS_NO_MEMORY         there is no memory for a copy
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `value` is NULL or readable, and so is every list in it.
 */
SL_API sl_status sl_callbacks_enqueue_value(sl_callbacks *callbacks, sl_callback_id id,
                                            const sl_value *value);

/**
 * Calls the functions of what is queued now, in order, on the calling thread. Never waits.
 *
 * What is enqueued meanwhile waits for the next dispatch. One inside of a called function goes on
 * where the outer one was, and the outer one with what is left. A number that nobody has is
 * skipped and counted. A function that fails does not stop the others.
 *
 * @param      callbacks       the callbacks
 * @param      max             most functions to call; 0 = all
 * @param[out] out_dispatched  how many were called; may be NULL
 * @return SL_STATUS_OK             also when nothing was queued
 * @return SL_STATUS_NULL_ARGUMENT  `callbacks` is NULL
 * @return SL_STATUS_STALE_HANDLE   the callbacks were freed
 * @return SL_STATUS_WRONG_KIND     `callbacks` is of another noun
 * @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
 * @return SL_STATUS_CLOSED         they have ended
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_dispatched` is NULL or valid for one write.
 */
SL_API sl_status sl_callbacks_dispatch(sl_callbacks *callbacks, uint64_t max,
                                       uint64_t *out_dispatched);

/**
 * Says from inside of a called function that it could not do it: counts the call as failed and
 * logs `[callbacks] invocation failed for id N: text`.
 *
 * @param call  what the function got
 * @param text  why; any bytes
 * @param len   their number
 * @return SL_STATUS_OK             noted
 * @return SL_STATUS_NULL_ARGUMENT  `call` is NULL, or `text` is and has a length
 * @thread owner
 * @since  0.1.0
 *
 * # Safety
 *
 * `call` is NULL or what the function got, which has not returned; `text` is NULL or readable for
 * its length.
 */
SL_API sl_status sl_callback_call_fail(const sl_callback_call *call, const char *text, size_t len);

/**
 * Reads the counters. Changes nothing.
 *
 * @param      callbacks  the callbacks
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `callbacks` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the callbacks were freed
 * @return SL_STATUS_WRONG_KIND        `callbacks` is of another noun
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_callbacks_read_stats(sl_callbacks *callbacks, sl_callbacks_stats *out_stats);

/* ==============================================================================================
 * Jobs: functions of the host's that run on the worker threads of a script runner.
 *
 * The host registers a handler for each kind of job and submits jobs by kind. They wait in the
 * inbox of the runner beside its scripts, lower priority numbers first, and count among its
 * jobs; a worker that runs one needs no Lua state for it. A job has one result, which waits in
 * the order in which the jobs ended until a poll takes it: any, of a kind, of an owner, or both.
 *
 * Native jobs have no deadline, and their worker is never replaced: whoever cancels one that
 * runs sets what sl_job_is_cancelled reads. Text is copied, memory that is too large for that
 * moves as an sl_native_payload. Of a job that is accepted it is freed exactly once on every
 * path, before the result of the job is there if that is not ok.
 * ============================================================================================== */

/** Kinds, jobs and their results. */
typedef struct sl_jobs sl_jobs;

/** How jobs are made. Fill with sl_jobs_config_init, then change what is to differ. */
typedef struct sl_jobs_config {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /**
     * Jobs that may be accepted and whose results are not polled; 0 = no bound but the runner's
     * job_capacity for those that have not ended; default 65536.
     */
    uint32_t capacity;
    /** 0. */
    uint32_t reserved;
} sl_jobs_config;

/**
 * What is to be done. Fill with sl_job_request_init, then set at least the kind. Everything is
 * copied by sl_jobs_submit, except the memory of a native payload, which moves.
 */
typedef struct sl_job_request {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Which handler it is for; any bytes. */
    const char *kind;
    /** Its length in bytes, 1 to 4096. */
    size_t kind_len;
    /** What the handler works on; any bytes. */
    const char *payload;
    /** Its length in bytes. */
    size_t payload_len;
    /** Memory that moves with the job; NULL = none. */
    const sl_native_payload *native;
    /** The host's number for whose job it is; comes back with the result. */
    uint64_t owner;
    /** An sl_priority or any number. */
    uint32_t priority;
    /** 0. */
    uint32_t reserved;
    /**
     * Get the result instead of a poll, on their owner thread; NULL = a poll does. Their bound
     * does not hold for it. When they have ended by then, the result is freed.
     */
    sl_callbacks *callbacks;
    /** The number that the result is enqueued for; 0 without `callbacks`. */
    sl_callback_id callback;
} sl_job_request;

/** Which results a poll takes. Zeros but for the size = any. */
typedef struct sl_job_filter {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Only of this kind; NULL = of any. */
    const char *kind;
    /** Its length in bytes. */
    size_t kind_len;
    /** Only of this owner, if `by_owner` says so. */
    uint64_t owner;
    /** Not 0: only of `owner`. */
    uint32_t by_owner;
    /** 0. */
    uint32_t reserved;
} sl_job_filter;

/**
 * What jobs have counted. Set `size` before the call.
 *
 * At any moment accepted = queued + running + ready + delivered, and
 * ready + delivered = ok + failed + cancelled.
 */
typedef struct sl_jobs_stats {
    /** Bytes in this struct, as the host knows it. */
    size_t size;
    /** Jobs that were accepted. */
    uint64_t accepted;
    /** Jobs that no worker has begun. */
    uint64_t queued;
    /** Jobs that have begun, or are being cancelled, and have not ended. */
    uint64_t running;
    /** Results that wait to be polled. */
    uint64_t ready;
    /** Results that were polled. */
    uint64_t delivered;
    /** Jobs whose handler gave a result. */
    uint64_t ok;
    /** Jobs whose handler gave an error, or that had none. */
    uint64_t failed;
    /** Jobs that were cancelled or closed. */
    uint64_t cancelled;
    /** Calls of sl_jobs_submit that were refused as full or closed. */
    uint64_t refused;
    /** Most jobs that were ever accepted and not delivered at once. */
    uint64_t high_water;
} sl_jobs_stats;

/**
 * Fills a config with its defaults: 65536 jobs.
 *
 * @param[out] config  the struct to fill
 * @param      size    sizeof(sl_jobs_config), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_jobs_config_init(sl_jobs_config *config, size_t size);

/**
 * Makes jobs on the workers of a runner. Starts no thread; several may share one runner.
 *
 * @param      runner    whose workers run the jobs; it may be freed first, which closes them
 * @param      loop      woken when there is a result to poll; NULL = none
 * @param      config    how; NULL = all defaults
 * @param[out] out_jobs  to be freed with sl_jobs_free
 * @return SL_STATUS_OK                made
 * @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_jobs` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
 * @return SL_STATUS_STALE_HANDLE      `runner` or `loop` was freed
 * @return SL_STATUS_WRONG_KIND        `runner` is no script runner, or `loop` no loop
 * @return SL_STATUS_FULL              2^24 of them are alive
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `config` is NULL or readable for its size; `out_jobs` is NULL or valid for one write.
 */
SL_API sl_status sl_jobs_new(sl_script_runner *runner, sl_loop *loop, const sl_jobs_config *config,
                             sl_jobs **out_jobs);

/**
 * Accepts no more jobs and cancels those that have not ended. Does not wait for those that run.
 * Results can still be polled. To close again changes nothing.
 *
 * @param jobs  the jobs
 * @return SL_STATUS_OK             closed, by this call or before
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
 * @return SL_STATUS_STALE_HANDLE   they were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_jobs_close(sl_jobs *jobs);

/**
 * Ends jobs: closes them, waits for the handlers that run to return, and frees the results that
 * nobody has polled and the handlers. A poll whose function calls this ends with that result.
 *
 * @param jobs  the jobs; NULL is allowed
 * @return SL_STATUS_OK              ended, or `jobs` was NULL
 * @return SL_STATUS_STALE_HANDLE    they were freed before
 * @return SL_STATUS_WRONG_KIND      `jobs` are no jobs
 * @return SL_STATUS_WOULD_DEADLOCK  called on a worker of their runner
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_jobs_free(sl_jobs *jobs);

/**
 * Says who does the jobs of a kind. A handler that was registered for it before is replaced:
 * jobs that run keep it, jobs that wait get the new one.
 *
 * @param jobs      the jobs
 * @param kind      any bytes
 * @param kind_len  their number, 1 to 4096
 * @param run       the handler, called on worker threads, several at once
 * @param userdata  passed to `run` and `drop`
 * @param drop      takes `userdata` back, once, on any thread: when the handler was replaced
 *                  and no job uses it any more, before the result of the last one is there; at
 *                  the latest in sl_jobs_free. May be NULL
 * @return SL_STATUS_OK                registered; the library owns `userdata` until `drop`
 * @return SL_STATUS_NULL_ARGUMENT     `jobs`, `kind` or `run` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `kind_len` is 0 or above 4096
 * @return SL_STATUS_STALE_HANDLE      the jobs were freed
 * @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
 * @return SL_STATUS_CLOSED            the jobs were closed
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `kind` is NULL or readable for its length. `run` and `drop` may be called with `userdata` on
 * any thread until `drop` has run.
 */
SL_API sl_status sl_jobs_register(sl_jobs *jobs, const char *kind, size_t kind_len, sl_job_fn run,
                                  void *userdata, sl_drop_fn drop);

/**
 * Registers the handlers that the library brings; each gives its payload back as the result, and
 * the native one: `echo` as it is, `uppercase` in ASCII capitals, `sleep_ms` after as many
 * milliseconds as it says in decimal digits, or as soon as the job is cancelled.
 *
 * @param jobs  the jobs
 * @return SL_STATUS_OK             registered
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
 * @return SL_STATUS_STALE_HANDLE   they were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @return SL_STATUS_CLOSED         they were closed
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_jobs_register_builtins(sl_jobs *jobs);

/**
 * Fills a request with its defaults: no kind, no payload, owner 0, normal priority.
 *
 * @param[out] request  the struct to fill
 * @param      size     sizeof(sl_job_request), as the host knows it
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `request` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `request` is NULL or writable for `size` bytes.
 */
SL_API sl_status sl_job_request_init(sl_job_request *request, size_t size);

/**
 * Queues a job. Never waits. One of a kind that nobody has registered is accepted as well: it
 * fails at once with "Unknown job kind: " and the kind, without a worker.
 *
 * @param      jobs     the jobs
 * @param      request  what is to be done
 * @param[out] out_id   the job's id, which its result bears: from 1, one more each time; may be
 *                      NULL
 * @return SL_STATUS_OK                accepted: there will be exactly one result
 * @return SL_STATUS_NULL_ARGUMENT     `jobs`, `request` or its kind is NULL; `payload`, or `data`
 *                                     of `native`, is NULL and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  a size or `reserved` is unknown; `kind_len` is 0 or above
 *                                     4096; alignment or element_size of `native` do not fit;
 *                                     there is a callback without callbacks
 * @return SL_STATUS_STALE_HANDLE      the jobs or the callbacks were freed
 * @return SL_STATUS_WRONG_KIND        `jobs` are no jobs, or `callbacks` no callbacks
 * @return SL_STATUS_FULL              capacity jobs are not delivered, or the runner is full
 * @return SL_STATUS_CLOSED            the jobs or the runner were closed, the runner drains or was
 *                                     freed
 * @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the payload
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `request` is NULL or readable for its size, and each of its pointers is NULL or readable for
 * what belongs to it. `drop` of `native` may be called once with its userdata, on any thread.
 */
SL_API sl_status sl_jobs_submit(sl_jobs *jobs, const sl_job_request *request, sl_job_id *out_id);

/**
 * Hands over the results that are there now and that the filter takes, in the order in which the
 * jobs ended. What is left keeps its order; what comes meanwhile waits for the next call. Never
 * waits. `run` may poll: each result is handed over once, by whichever call.
 *
 * @param      jobs       the jobs
 * @param      filter     which; NULL = any
 * @param      max        at most so many; 0 = all
 * @param      run        gets each of them, on the calling thread
 * @param      userdata   passed to `run`
 * @param[out] out_count  how many this call has handed over; may be NULL
 * @return SL_STATUS_OK                done, also when there were none
 * @return SL_STATUS_NULL_ARGUMENT     `jobs` or `run` is NULL, or the kind is and has a length
 * @return SL_STATUS_INVALID_ARGUMENT  a size or number in `filter` is not allowed
 * @return SL_STATUS_STALE_HANDLE      the jobs were freed
 * @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `filter` is NULL or readable for its size, and so is its kind for its length; `out_count` is
 * NULL or valid for one write. `run` may be called with `userdata` while the call lasts.
 */
SL_API sl_status sl_jobs_poll(sl_jobs *jobs, const sl_job_filter *filter, uint32_t max,
                              sl_job_result_fn run, void *userdata, uint64_t *out_count);

/**
 * Reads the counters of jobs. Changes nothing; the sums hold at every moment.
 *
 * @param      jobs       the jobs
 * @param[out] out_stats  filled as far as out_stats->size goes
 * @return SL_STATUS_OK                filled
 * @return SL_STATUS_NULL_ARGUMENT     `jobs` or `out_stats` is NULL
 * @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
 * @return SL_STATUS_STALE_HANDLE      the jobs were freed
 * @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_stats` is NULL or writable for as many bytes as its size says.
 */
SL_API sl_status sl_jobs_read_stats(sl_jobs *jobs, sl_jobs_stats *out_stats);

/* ==============================================================================================
 * Job cancel: native jobs end early, wherever they are, each with its one result.
 *
 * A job that waits for a worker ends at once. One that runs is asked: its handler looks with
 * sl_job_is_cancelled, and what it gives does not count any more. The calls that cancel all
 * scripts of a runner, or those of an owner, reach native jobs, too.
 * ============================================================================================== */

/**
 * Cancels one job. If it waits for a worker, its result is there when this returns. If it runs,
 * its result comes when its handler returns, and is a cancelled one whatever that gave.
 *
 * @param jobs  the jobs
 * @param job   the job's id
 * @return SL_STATUS_OK             it had not ended, and is cancelled
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
 * @return SL_STATUS_STALE_HANDLE   the jobs were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @return SL_STATUS_NOT_FOUND      there is no such job any more, or never was
 * @thread any
 * @since  0.1.0
 */
SL_API sl_status sl_jobs_cancel(sl_jobs *jobs, sl_job_id job);

/**
 * Cancels all jobs of an owner that were submitted before and have not ended, as sl_jobs_cancel.
 * sl_script_runner_cancel_owner does so as well, together with the owner's scripts.
 *
 * @param      jobs       the jobs
 * @param      owner      as in the requests; 0 is an owner like any other
 * @param[out] out_count  how many there were; may be NULL
 * @return SL_STATUS_OK             cancelled, also when there were none
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
 * @return SL_STATUS_STALE_HANDLE   the jobs were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_count` is NULL or valid for one write.
 */
SL_API sl_status sl_jobs_cancel_owner(sl_jobs *jobs, uint64_t owner, uint64_t *out_count);

/**
 * Cancels all jobs that were submitted before and have not ended, as sl_jobs_cancel.
 * sl_script_runner_cancel_all does so as well, together with all scripts.
 *
 * @param      jobs       the jobs
 * @param[out] out_count  how many there were; may be NULL
 * @return SL_STATUS_OK             cancelled, also when there were none
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
 * @return SL_STATUS_STALE_HANDLE   the jobs were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 *
 * # Safety
 *
 * `out_count` is NULL or valid for one write.
 */
SL_API sl_status sl_jobs_cancel_all(sl_jobs *jobs, uint64_t *out_count);

/**
 * Says whether a job was accepted and has not ended. Changes nothing.
 *
 * True from the moment when sl_jobs_submit has returned until the job's result is there: until it
 * can be polled, or goes to its callback. sl_script_runner_is_job_pending says the same of
 * scripts, which have ids of their own.
 *
 * @param      jobs         the jobs
 * @param      job          the job's id
 * @param[out] out_pending  false when its result is there or was taken, or there is no such job
 * @return SL_STATUS_OK             written
 * @return SL_STATUS_NULL_ARGUMENT  `jobs` or `out_pending` is NULL
 * @return SL_STATUS_STALE_HANDLE   the jobs were freed
 * @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
 * @thread any
 * @since  0.1.0
 * @see    sl_script_runner_is_job_pending
 *
 * # Safety
 *
 * `out_pending` is NULL or valid for one write.
 */
SL_API sl_status sl_jobs_is_pending(sl_jobs *jobs, sl_job_id job, bool *out_pending);

#ifdef __cplusplus
} /* extern "C" */
#endif

/* The bare names, for hosts that asked for them before the include. */
#ifdef SCRIPTLOOP_SHORT_NAMES
#define loop_new sl_loop_new
#define loop_poll sl_loop_poll
#define loop_wake sl_loop_wake
#define loop_schedule_timer sl_loop_schedule_timer
#define script_runner_enqueue sl_script_runner_enqueue
#endif

#endif /* SCRIPTLOOP_H */
