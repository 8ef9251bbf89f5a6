//! Script runner: Lua on worker threads, every result back exactly once.
//!
//! A runner has a fixed number of workers and of Lua states. A job is a source text with
//! arguments; a worker runs it on a state, which keeps its globals for the next job, and delivers
//! one result: as an action for the main thread, to a callback on the worker, both, or nowhere.
//! Each state keeps the chunks that it has compiled, unless they name `_ENV`: a source may be
//! enqueued again and again at no cost. Lower priority numbers run first, jobs of one priority in
//! order. Jobs with the same affinity key run in order and on the same state.
//!
//! Scripts run in a sandbox unless the config trusts them: sl_script_library says what they have
//! then. Each runs under the limits of its job and of the runner. `print` and
//! `engine.log(level, …)` go to the log. `engine.post_to_main_thread(name, data)` sends an action
//! of kind SL_ACTION_KIND_SCRIPT_MESSAGE.

use std::ffi::c_void;
use std::sync::Arc;

use crate::actions::{ActionQueue, WhenFull};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::ffi::action_queue::{self, sl_action_queue};
use crate::ffi::boundary::{
    Sized0, borrow, find, guard, handle, read_sized, read_sized_or_defaults, required, size_of_out,
    write_out, write_sized,
};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::event_loop::sl_loop;
use crate::ffi::script_job::{enqueue, limit_ms_or, limit_or, sl_script_job};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::script_setup::{
    self, Functions, Lent, sl_script_function, sl_script_module, sl_script_state_create_fn,
    sl_script_submit_fn, sl_script_thread_fn,
};
use crate::ffi::status::sl_status;
use crate::handles::{Handle, Handled, Kind, Table};
use crate::script::crew::{Hooks, ThreadHook};
use crate::script::job::Limits;
use crate::script::kit::{Isolation, Kit, Library};
use crate::script::runner::{Collect, Config, ScriptRunner, Stats};
use crate::value;

/// A script runner.
pub struct sl_script_runner(());

/// A runner, and the queue that its results go to as C knows it.
pub struct Named {
    runner: ScriptRunner,
    actions: Handle,
    owns_actions: bool,
}

impl Named {
    pub(super) fn runner(&self) -> &ScriptRunner {
        &self.runner
    }
}

impl Handled for Named {
    const KIND: Kind = Kind::ScriptRunner;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static RUNNERS: Table<Named> = Table::new();
        &RUNNERS
    }
}

/// How a runner is made. Fill with sl_script_runner_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_script_runner_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Worker threads, at most 64; 0 = one less than processors, but at least one.
    pub workers: u32,
    /// Lua states, at most 4096; 0 = one more than workers. With fewer states than workers, the
    /// workers wait for each other.
    pub states: u32,
    /// Jobs that may be accepted and not have ended; default 65536.
    pub job_capacity: u32,
    /// Chunks that each state keeps compiled; default 1024; 0 = none.
    pub chunk_cache: u32,
    /// Lists within lists, in arguments, results and posted data; default 64, at most 1000.
    pub value_depth_max: u32,
    /// Longest time in microseconds that a worker spins before it sleeps, while that pays.
    /// 0 = never; default 20.
    pub spin_us: u32,
    /// Bytes of all strings of a job's arguments or results; default 64 MiB.
    pub value_bytes_max: u64,
    /// Values in a job's arguments or results, keys and those in lists included; default 2^20,
    /// at least 1.
    pub value_items_max: u64,
    /// Where results go; NULL = a queue that the runner makes and that ends with it.
    pub actions: *mut sl_action_queue,
    /// For jobs that set none of their own: milliseconds of monotonic time from a job's start.
    /// 0 = none, here and below.
    pub deadline_ms: u64,
    /// The same for instructions of Lua.
    pub instructions_max: u64,
    /// The same for bytes of a job's state.
    pub memory_max: u64,
    /// The same for milliseconds of waiting for a state.
    pub state_wait_ms: u64,
    /// Milliseconds that handlers of `__close` have when their job was interrupted; default 5.
    pub close_grace_ms: u64,
    /// Bytes that a state may grow by until all of its garbage is collected after a job, beside
    /// what Lua collects by itself and what a worker that has nothing to do collects. 0 = any.
    pub gc_every_bytes: u64,
    /// The same in jobs. 0 = any.
    pub gc_every_jobs: u32,
    /// An sl_script_library: what scripts can reach.
    pub library: u32,
    /// An sl_script_isolation: what a job leaves for the next one.
    pub isolation: u32,
    /// 0.
    pub reserved: u32,
    /// Modules that `require` finds; copied.
    pub modules: *const sl_script_module,
    /// How many.
    pub modules_len: usize,
    /// Functions of the host's that scripts can call; copied.
    pub functions: *const sl_script_function,
    /// How many.
    pub functions_len: usize,
    /// Sets each new state up; may be NULL, and so may the other hooks.
    pub on_state_create: sl_script_state_create_fn,
    /// Called first on each worker thread.
    pub on_thread_start: sl_script_thread_fn,
    /// Called last on each worker thread.
    pub on_thread_exit: sl_script_thread_fn,
    /// The host's own pool, which runs the jobs instead of threads of the runner's. NULL = none.
    pub submit: sl_script_submit_fn,
    /// Passed to the hooks, `submit` and `drop`.
    pub userdata: *mut c_void,
    /// Takes `userdata` back when no hook can be called any more, on any thread.
    pub drop: sl_drop_fn,
}

// SAFETY: repr(C), size first, plain numbers and a handle.
unsafe impl Sized0 for sl_script_runner_config {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            workers: 0,
            states: 0,
            job_capacity: 1 << 16,
            chunk_cache: 1024,
            value_depth_max: 64,
            spin_us: 20,
            value_bytes_max: 64 << 20,
            value_items_max: 1 << 20,
            actions: std::ptr::null_mut(),
            deadline_ms: 0,
            instructions_max: 0,
            memory_max: 0,
            state_wait_ms: 0,
            close_grace_ms: 5,
            gc_every_bytes: 0,
            gc_every_jobs: 0,
            library: 0,
            isolation: 0,
            reserved: 0,
            modules: std::ptr::null(),
            modules_len: 0,
            functions: std::ptr::null(),
            functions_len: 0,
            on_state_create: None,
            on_thread_start: None,
            on_thread_exit: None,
            submit: None,
            userdata: std::ptr::null_mut(),
            drop: None,
        }
    }
}

impl TryFrom<&sl_script_runner_config> for Config {
    type Error = Error;

    fn try_from(config: &sl_script_runner_config) -> Result<Self> {
        if config.spin_us > 1_000_000 {
            return Err(Error::InvalidArgument);
        }
        Ok(Self {
            workers: config.workers,
            states: config.states,
            job_capacity: config.job_capacity,
            chunk_cache: config.chunk_cache,
            spin_us: config.spin_us,
            values: value::Limits {
                depth: config.value_depth_max,
                items: config.value_items_max,
                bytes: config.value_bytes_max,
            },
            limits: Limits {
                deadline_ns: limit_ms_or(config.deadline_ms, u64::MAX),
                instructions: limit_or(config.instructions_max, u64::MAX),
                memory: limit_or(config.memory_max, u64::MAX),
                state_wait_ns: limit_ms_or(config.state_wait_ms, u64::MAX),
            },
            close_grace_ns: config.close_grace_ms.saturating_mul(1_000_000),
            gc: Collect {
                every_jobs: if config.gc_every_jobs == 0 { u32::MAX } else { config.gc_every_jobs },
                every_bytes: limit_or(config.gc_every_bytes, u64::MAX),
            },
        })
    }
}

/// What the states are made with, and what is the host's in it.
struct Parts {
    kit: Kit,
    hooks: Hooks,
    functions: Functions,
    lent: Arc<Lent>,
}

impl Parts {
    /// # Safety
    ///
    /// The lists of `config` are NULL or readable with all that they point to.
    unsafe fn of(config: &sl_script_runner_config, limits: value::Limits) -> Result<Self> {
        let library = match config.library {
            0 => Library::Sandbox,
            1 => Library::Trusted,
            _ => return Err(Error::InvalidArgument),
        };
        let isolation = match config.isolation {
            0 => Isolation::None,
            1 => Isolation::Job,
            _ => return Err(Error::InvalidArgument),
        };
        // SAFETY: as the caller promised.
        let modules = unsafe { script_setup::modules(config.modules, config.modules_len) }?;
        let (first, len) = (config.functions, config.functions_len);
        // SAFETY: as the caller promised.
        let functions = unsafe { script_setup::functions(first, len, limits) }?;
        let lent = Lent::new(config.userdata);
        let hook = |hook: sl_script_thread_fn| -> Option<ThreadHook> {
            let (hook, data) = (hook?, lent.clone());
            // SAFETY: the host promised that its hook may be called on workers.
            Some(Box::new(move |worker| unsafe { hook(data.userdata(), worker) }))
        };
        let hooks =
            Hooks { start: hook(config.on_thread_start), exit: hook(config.on_thread_exit) };
        let on_create = script_setup::on_create(config.on_state_create, lent.clone(), limits);
        let callable = functions.iter().map(|(function, ..)| function.clone()).collect();
        let kit = Kit { library, isolation, modules, functions: callable, on_create };
        Ok(Self { kit, hooks, functions, lent })
    }

    /// Now that the runner is made, the host's data is its.
    fn take(functions: Functions, lent: &Lent, drop: sl_drop_fn) {
        for (_, lent, drop) in functions {
            lent.take(drop);
        }
        lent.take(drop);
    }
}

/// # Safety
///
/// The lists of `config` are NULL or readable with all that they point to.
unsafe fn new(
    waker: *mut sl_loop,
    config: &sl_script_runner_config,
) -> Result<*mut sl_script_runner> {
    let settings = Config::try_from(config)?;
    // SAFETY: as the caller promised.
    let Parts { kit, hooks, functions, lent } = unsafe { Parts::of(config, settings.values) }?;
    let woken = if waker.is_null() { None } else { Some(find::<EventLoop, _>(waker)?.1) };
    let owns_actions = config.actions.is_null();
    let queue = if owns_actions {
        ActionQueue::new(0, WhenFull::Refuse)?
    } else {
        borrow::<action_queue::Named, _>(config.actions)?.0.clone()
    };
    let runner = {
        let submit = script_setup::submit(config.submit, lent.clone());
        ScriptRunner::new(settings, kit, hooks, submit, queue.clone())?
    };
    if let Some(woken) = woken {
        queue.wakes(woken)?;
    }
    let actions = if owns_actions { action_queue::name(queue)? } else { config.actions };
    let named = Named { runner, actions: handle(actions)?, owns_actions };
    match Named::table().insert(|(), _| Ok(named)) {
        Ok(handle) => {
            Parts::take(functions, &lent, config.drop);
            Ok(handle.as_ptr())
        }
        Err(error) if owns_actions => action_queue::free(actions).and(Err(error)),
        Err(error) => Err(error),
    }
}

fn free(pointer: *mut sl_script_runner) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    let named = borrow::<Named, _>(pointer)?;
    if named.runner.is_worker() {
        return Err(Error::WouldDeadlock);
    }
    if named.owns_actions {
        // Refuses where it would pull the queue from under a callback that handles its action.
        action_queue::free(named.actions.as_ptr())?;
    }
    Named::table().remove(handle(pointer)?)?;
    named.runner.end()
}

/// What a runner has counted. Set `size` before the call.
///
/// At any moment accepted = delivered + queued + running, and delivered = ok + failed. Native jobs
/// count as well: those that a worker ran as ok, whatever their handlers gave.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_script_runner_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Jobs that were accepted.
    pub accepted: u64,
    /// Jobs that have ended, of all outcomes and deliveries. Counted just before the delivery.
    pub delivered: u64,
    /// Jobs that no worker has taken yet.
    pub queued: u64,
    /// Jobs that a worker has taken and that have not ended.
    pub running: u64,
    /// Calls of sl_script_runner_enqueue that were refused as full or closed.
    pub refused: u64,
    /// Jobs that ended with SL_OUTCOME_OK.
    pub ok: u64,
    /// Jobs that ended otherwise.
    pub failed: u64,
    /// Jobs whose chunk their state had kept compiled.
    pub chunk_hits: u64,
    /// Jobs whose chunk had to be compiled.
    pub chunk_misses: u64,
    /// Worker threads.
    pub workers: u64,
    /// Lua states.
    pub states: u64,
    /// Bytes that the states hold; each is measured every 64 jobs and when its worker idles.
    pub lua_bytes: u64,
    /// Most jobs that ever waited for a worker at once.
    pub queue_high_water: u64,
    /// Workers that were stuck in a function that cannot be stopped, and got a successor.
    pub workers_replaced: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_script_runner_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_script_runner_stats {
    fn from(stats: Stats) -> Self {
        Self {
            size: size_of::<Self>(),
            accepted: stats.accepted,
            delivered: stats.delivered,
            queued: stats.queued,
            running: stats.running,
            refused: stats.refused,
            ok: stats.ok,
            failed: stats.failed,
            chunk_hits: stats.chunk_hits,
            chunk_misses: stats.chunk_misses,
            workers: stats.workers,
            states: stats.states,
            lua_bytes: stats.lua_bytes,
            queue_high_water: stats.queue_high_water,
            workers_replaced: stats.workers_replaced,
        }
    }
}

/// Fills a config with its defaults.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_script_runner_config), as the host knows it
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `config` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_config_init(
    config: *mut sl_script_runner_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_script_runner_config::defaults()) })
}

/// Makes the states and starts the workers. Their threads are named sl-worker-N and have all
/// signals blocked.
///
/// @param      loop        woken when there is a result to take; NULL = none
/// @param      config      how; NULL = all defaults
/// @param[out] out_runner  the runner, to be freed with sl_script_runner_free
/// @return SL_STATUS_OK                made
/// @return SL_STATUS_NULL_ARGUMENT     `out_runner` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
/// @return SL_STATUS_STALE_HANDLE      `loop` or config->actions was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop, or config->actions no action queue
/// @return SL_STATUS_BUSY              config->actions wakes another loop already
/// @return SL_STATUS_FULL              2^24 runners or queues are alive
/// @return SL_STATUS_NO_MEMORY         there is no memory for the states
/// @return SL_STATUS_SYSTEM            a thread could not be started; all others have ended
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size; `out_runner` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_new(
    r#loop: *mut sl_loop,
    config: *const sl_script_runner_config,
    out_runner: *mut *mut sl_script_runner,
) -> sl_status {
    guard(|| {
        required(out_runner)?;
        // SAFETY: as the caller promised.
        let config = unsafe { read_sized_or_defaults(config) }?;
        // SAFETY: as the caller promised.
        let made = unsafe { new(r#loop, &config) }?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_runner, made) };
        Ok(())
    })
}

/// Ends a runner and waits for its workers.
///
/// Closes it as sl_script_runner_close does, unless that was done before: jobs that wait and jobs
/// that run end with SL_OUTCOME_CLOSED; all results are delivered. A
/// worker that is stuck in a C function is waited for for 150 ms, then it is left behind and ends
/// when that function returns. A host's function that a script has called is not left before, nor
/// is a handler of native jobs; those are closed first, as by sl_jobs_close.
/// A queue that the runner made ends with it, and frees the results that nobody has taken.
///
/// @param runner  the runner; NULL is allowed
/// @return SL_STATUS_OK              ended, or `runner` was NULL
/// @return SL_STATUS_STALE_HANDLE    it was freed before
/// @return SL_STATUS_WRONG_KIND      `runner` is no script runner
/// @return SL_STATUS_WOULD_DEADLOCK  called on one of its workers
/// @return SL_STATUS_WRONG_THREAD    its own queue is attached to a loop of another thread
/// @return SL_STATUS_REENTERED       called from a callback that handles an action of its queue
/// @thread any, unless its own queue is attached to a loop: owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_script_runner_free(runner: *mut sl_script_runner) -> sl_status {
    guard(|| free(runner))
}

/// Queues a job. Copies what it needs, never waits, and compiles nothing: a source that is no
/// Lua is accepted and ends with SL_OUTCOME_LOAD_ERROR.
///
/// @param      runner  the runner
/// @param      job     what to run
/// @param[out] out_id  the job's id, which its result bears; may be NULL
/// @return SL_STATUS_OK                accepted: there will be exactly one result
/// @return SL_STATUS_NULL_ARGUMENT     `runner` or `job` is NULL; `source` or `args` is NULL and
///                                     has a length; the delivery asks for a callback that is
///                                     NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or the delivery is unknown; an argument is of no
///                                     kind, has NULL with a length, a key that is nil, NaN or a
///                                     list, or exceeds the runner's bounds
/// @return SL_STATUS_STALE_HANDLE      the runner was freed
/// @return SL_STATUS_WRONG_KIND        `runner` is no script runner
/// @return SL_STATUS_FULL              job_capacity jobs have not ended
/// @return SL_STATUS_CLOSED            the runner was closed or drains, or is being freed
/// @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the source or arguments
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `job` is NULL or readable for its size, and each of its pointers is NULL or readable for what
/// belongs to it. `on_result` and `drop` may be called once with `userdata` on a worker thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_enqueue(
    runner: *mut sl_script_runner,
    job: *const sl_script_job,
    out_id: *mut sl_job_id,
) -> sl_status {
    guard(|| {
        let named = borrow::<Named, _>(runner)?;
        // SAFETY: as the caller promised.
        let job = unsafe { read_sized(job) }?;
        // SAFETY: as the caller promised.
        let id = unsafe { enqueue(&named.runner, &job) }?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_id, id) };
        Ok(())
    })
}

/// The queue that results go to. It is lent: one that the runner made ends with the runner.
///
/// @param      runner     the runner
/// @param[out] out_queue  the queue, not to be freed
/// @return SL_STATUS_OK             written
/// @return SL_STATUS_NULL_ARGUMENT  `runner` or `out_queue` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_queue` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_actions(
    runner: *mut sl_script_runner,
    out_queue: *mut *mut sl_action_queue,
) -> sl_status {
    guard(|| {
        required(out_queue)?;
        let actions = borrow::<Named, _>(runner)?.actions.as_ptr();
        // SAFETY: as the caller promised.
        unsafe { write_out(out_queue, actions) };
        Ok(())
    })
}

/// Reads the runner's counters. Changes nothing; the sums hold at every moment.
///
/// @param      runner     the runner
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the runner was freed
/// @return SL_STATUS_WRONG_KIND        `runner` is no script runner
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_read_stats(
    runner: *mut sl_script_runner,
    out_stats: *mut sl_script_runner_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<Named, _>(runner)?.runner.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
