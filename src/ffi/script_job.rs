//! Script job: what a runner is to run.

use std::ffi::{CStr, c_char, c_void};

use crate::error::{Error, Result};
use crate::ffi::boundary::{Sized0, bytes, guard, write_sized};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::script_result::{sl_job_id, sl_script_result, view};
use crate::ffi::status::sl_status;
use crate::ffi::value::{self, sl_value};
use crate::foreign::{Context, Foreign};
use crate::script::job::{Callback, Delivery, Limits, NORMAL, Request, ScriptResult};
use crate::script::runner::ScriptRunner;

/// Longest chunk name.
const CHUNK_NAME_MAX: usize = 4096;

/// Where the result of a job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_delivery {
    /// Into the runner's action queue.
    Action = 0,
    /// To `on_result`, on a thread of the runner's.
    Worker = 1,
    /// To `on_result` first, then into the action queue.
    Both = 2,
    /// Nowhere: it is only counted.
    None = 3,
}

/// Receives a result on the worker thread, or on the runner's watch when no worker has begun the
/// job or the worker is stuck. The result is lent for the call. While it runs on the watch, no
/// deadline is looked after: it should be short.
///
/// @param userdata  what was passed with the job
/// @param result    what the job gave
/// @thread worker
pub type sl_script_result_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, result: *const sl_script_result)>;

/// What is to be run. Fill with sl_script_job_init, then set at least the source. Everything is
/// copied by sl_script_runner_enqueue, except what `context` and `userdata` point to.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_script_job {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// A chunk of Lua; NULs are allowed, bytecode is not. A byte order mark and a first line
    /// that starts with `#` are skipped.
    pub source: *const c_char,
    /// Its length in bytes.
    pub source_len: usize,
    /// What errors call it, as in Lua: "@file", "=label", or the source itself; ends with a NUL
    /// after at most 4096 bytes. NULL = "=script".
    pub chunk_name: *const c_char,
    /// What the chunk gets as `...`.
    pub args: *const sl_value,
    /// How many.
    pub args_len: usize,
    /// The host's number for whose job it is; comes back with the result.
    pub owner: u64,
    /// The host's; comes back with the result, untouched.
    pub context: *mut c_void,
    /// 0 = none. Jobs with the same key run in order and on the same state.
    pub affinity: u64,
    /// An sl_priority or any number.
    pub priority: u32,
    /// An sl_delivery.
    pub delivery: u32,
    /// Receives the result on the worker thread; must be set where the delivery asks for it.
    pub on_result: sl_script_result_fn,
    /// Passed to `on_result` and `drop`.
    pub userdata: *mut c_void,
    /// Takes `userdata` back, on the worker thread: after `on_result`, and before the action can
    /// be popped. May be NULL.
    pub drop: sl_drop_fn,
    /// Milliseconds of monotonic time from its start, after which it ends with
    /// SL_OUTCOME_TIMEOUT. 0 = the runner's limit, here and below; UINT64_MAX = none.
    pub deadline_ms: u64,
    /// Instructions of Lua after which it ends with SL_OUTCOME_INSTRUCTIONS. Counted in steps of
    /// 100, and each resume of a coroutine as one step. A budget halves the speed of Lua code.
    pub instructions_max: u64,
    /// Bytes that its state may hold before it ends with SL_OUTCOME_MEMORY, what earlier jobs
    /// have left in the state included.
    pub memory_max: u64,
    /// Milliseconds of waiting for a state, after which it ends with SL_OUTCOME_NO_STATE.
    pub state_wait_ms: u64,
}

// SAFETY: repr(C), size first, plain numbers, and pointers that may be NULL.
unsafe impl Sized0 for sl_script_job {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            source: std::ptr::null(),
            source_len: 0,
            chunk_name: std::ptr::null(),
            args: std::ptr::null(),
            args_len: 0,
            owner: 0,
            context: std::ptr::null_mut(),
            affinity: 0,
            priority: NORMAL,
            delivery: sl_delivery::Action as u32,
            on_result: None,
            userdata: std::ptr::null_mut(),
            drop: None,
            deadline_ms: 0,
            instructions_max: 0,
            memory_max: 0,
            state_wait_ms: 0,
        }
    }
}

fn delivery_of(job: &sl_script_job) -> Result<Delivery> {
    let delivery = match job.delivery {
        0 => Delivery::Action,
        1 => Delivery::Worker,
        2 => Delivery::Both,
        3 => Delivery::None,
        _ => return Err(Error::InvalidArgument),
    };
    if delivery.wants_callback() && job.on_result.is_none() {
        return Err(Error::NullArgument);
    }
    Ok(delivery)
}

/// A limit as it stands in C, where 0 is `otherwise`.
pub(super) fn limit_or(limit: u64, otherwise: u64) -> u64 {
    if limit == 0 { otherwise } else { limit }
}

/// Milliseconds as it stands in C, where 0 is `otherwise`.
pub(super) fn limit_ms_or(limit: u64, otherwise: u64) -> u64 {
    if limit == 0 { otherwise } else { limit.saturating_mul(1_000_000) }
}

/// The limits of a job that has some of its own.
fn limits_of(job: &sl_script_job, runner: Limits) -> Option<Limits> {
    let limits = Limits {
        deadline_ns: limit_ms_or(job.deadline_ms, runner.deadline_ns),
        instructions: limit_or(job.instructions_max, runner.instructions),
        memory: limit_or(job.memory_max, runner.memory),
        state_wait_ns: limit_ms_or(job.state_wait_ms, runner.state_wait_ns),
    };
    if limits == runner { None } else { Some(limits) }
}

/// Calls the host with a result, and gives its userdata back after that.
fn callback_of(job: &sl_script_job) -> Option<Callback> {
    if job.on_result.is_none() && job.drop.is_none() {
        return None;
    }
    let (on_result, data) = (job.on_result, Foreign::new(job.userdata, job.drop));
    Some(Box::new(move |result: &ScriptResult| {
        if let Some(on_result) = on_result {
            // SAFETY: the host promised that its function may be called once on a worker with
            // the userdata, before `drop`; the result is readable for the call.
            unsafe { on_result(data.userdata(), &view(result)) };
        }
    }))
}

/// # Safety
///
/// Every pointer in `job` is NULL or readable for what belongs to it.
pub(super) unsafe fn enqueue(runner: &ScriptRunner, job: &sl_script_job) -> Result<sl_job_id> {
    let delivery = delivery_of(job)?;
    // SAFETY: as the caller promised.
    let source = unsafe { bytes(job.source.cast(), job.source_len) }?;
    let name = if job.chunk_name.is_null() {
        c"=script"
    } else {
        // SAFETY: as the caller promised, it ends with a NUL.
        unsafe { CStr::from_ptr(job.chunk_name) }
    };
    if name.count_bytes() > CHUNK_NAME_MAX {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: as the caller promised.
    let args = unsafe { value::copy(job.args, job.args_len, runner.value_limits()) }?;
    let args = if job.args_len == 0 { None } else { Some(args) };
    let chunk = runner.chunk(name.to_bytes(), source)?;
    let request = Request {
        priority: job.priority,
        affinity: job.affinity,
        delivery,
        ..Request::new(chunk, args, limits_of(job, runner.limits()))
    };
    runner.enqueue(job.owner, Context(job.context), request, || callback_of(job))
}

/// Fills a job with its defaults: no source, normal priority, delivery as an action.
///
/// @param[out] job   the struct to fill
/// @param      size  sizeof(sl_script_job), as the host knows it
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `job` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `job` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_job_init(job: *mut sl_script_job, size: usize) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(job, size, sl_script_job::defaults()) })
}
