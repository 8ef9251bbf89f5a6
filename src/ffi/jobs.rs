//! Jobs: functions of the host's that run on the worker threads of a script runner.
//!
//! The host registers a handler for each kind of job and submits jobs by kind. They wait in the
//! inbox of the runner beside its scripts, lower priority numbers first, and count among its
//! jobs; a worker that runs one needs no Lua state for it. A job has one result, which waits in
//! the order in which the jobs ended until a poll takes it: any, of a kind, of an owner, or both.
//!
//! Native jobs have no deadline, and their worker is never replaced: whoever cancels one that
//! runs sets what sl_job_is_cancelled reads. Text is copied, memory that is too large for that
//! moves as an sl_native_payload. Of a job that is accepted it is freed exactly once on every
//! path, before the result of the job is there if that is not ok.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use crate::callbacks::Callbacks;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::ffi::boundary::{
    Sized0, borrow, bytes, find, guard, handle, read_sized, read_sized_or_defaults, required,
    size_of_out, write_out, write_sized,
};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::callbacks::{sl_callback_id, sl_callbacks};
use crate::ffi::event_loop::sl_loop;
use crate::ffi::job::{handler, sl_job_fn, sl_native_payload};
use crate::ffi::job_result::{self, sl_job_result_fn};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::script_runner::{self, sl_script_runner};
use crate::ffi::status::sl_status;
use crate::foreign::Foreign;
use crate::handles::{Handled, Kind, Table};
use crate::jobs::job::{Cargo, Job, Sink, Text};
use crate::jobs::{Filter, Jobs, Request, Stats, builtins};
use crate::script::job::NORMAL;

/// Longest name of a kind.
const KIND_MAX: usize = 4096;

/// Kinds, jobs and their results.
pub struct sl_jobs(());

/// What the handle stands for: jobs that are on their way live on without it.
pub struct Named(pub(super) Arc<Jobs>);

impl Handled for Named {
    const KIND: Kind = Kind::Jobs;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static JOBS: Table<Named> = Table::new();
        &JOBS
    }
}

/// How jobs are made. Fill with sl_jobs_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_jobs_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Jobs that may be accepted and whose results are not polled; 0 = no bound but the runner's
    /// job_capacity for those that have not ended; default 65536.
    pub capacity: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_jobs_config {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), capacity: 1 << 16, reserved: 0 }
    }
}

/// What is to be done. Fill with sl_job_request_init, then set at least the kind. Everything is
/// copied by sl_jobs_submit, except the memory of a native payload, which moves.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_job_request {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Which handler it is for; any bytes.
    pub kind: *const c_char,
    /// Its length in bytes, 1 to 4096.
    pub kind_len: usize,
    /// What the handler works on; any bytes.
    pub payload: *const c_char,
    /// Its length in bytes.
    pub payload_len: usize,
    /// Memory that moves with the job; NULL = none.
    pub native: *const sl_native_payload,
    /// The host's number for whose job it is; comes back with the result.
    pub owner: u64,
    /// An sl_priority or any number.
    pub priority: u32,
    /// 0.
    pub reserved: u32,
    /// Get the result instead of a poll, on their owner thread; NULL = a poll does. Their bound
    /// does not hold for it. When they have ended by then, the result is freed.
    pub callbacks: *mut sl_callbacks,
    /// The number that the result is enqueued for; 0 without `callbacks`.
    pub callback: sl_callback_id,
}

// SAFETY: repr(C), size first, plain numbers, and pointers that may be NULL.
unsafe impl Sized0 for sl_job_request {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            kind: std::ptr::null(),
            kind_len: 0,
            payload: std::ptr::null(),
            payload_len: 0,
            native: std::ptr::null(),
            owner: 0,
            priority: NORMAL,
            reserved: 0,
            callbacks: std::ptr::null_mut(),
            callback: 0,
        }
    }
}

/// Which results a poll takes. Zeros but for the size = any.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_job_filter {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Only of this kind; NULL = of any.
    pub kind: *const c_char,
    /// Its length in bytes.
    pub kind_len: usize,
    /// Only of this owner, if `by_owner` says so.
    pub owner: u64,
    /// Not 0: only of `owner`.
    pub by_owner: u32,
    /// 0.
    pub reserved: u32,
}

// SAFETY: repr(C), size first, plain numbers, and a pointer that may be NULL.
unsafe impl Sized0 for sl_job_filter {
    fn defaults() -> Self {
        let (size, kind) = (size_of::<Self>(), std::ptr::null());
        Self { size, kind, kind_len: 0, owner: 0, by_owner: 0, reserved: 0 }
    }
}

/// What jobs have counted. Set `size` before the call.
///
/// At any moment accepted = queued + running + ready + delivered, and
/// ready + delivered = ok + failed + cancelled.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_jobs_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Jobs that were accepted.
    pub accepted: u64,
    /// Jobs that no worker has begun.
    pub queued: u64,
    /// Jobs that have begun, or are being cancelled, and have not ended.
    pub running: u64,
    /// Results that wait to be polled.
    pub ready: u64,
    /// Results that were polled.
    pub delivered: u64,
    /// Jobs whose handler gave a result.
    pub ok: u64,
    /// Jobs whose handler gave an error, or that had none.
    pub failed: u64,
    /// Jobs that were cancelled or closed.
    pub cancelled: u64,
    /// Calls of sl_jobs_submit that were refused as full or closed.
    pub refused: u64,
    /// Most jobs that were ever accepted and not delivered at once.
    pub high_water: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_jobs_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_jobs_stats {
    fn from(stats: Stats) -> Self {
        let Stats { accepted, queued, running, ready, delivered, .. } = stats;
        let Stats { ok, failed, cancelled, refused, high_water, .. } = stats;
        Self {
            size: size_of::<Self>(),
            accepted,
            queued,
            running,
            ready,
            delivered,
            ok,
            failed,
            cancelled,
            refused,
            high_water,
        }
    }
}

/// # Safety
///
/// `kind` is NULL or readable for `len` bytes while `'a` lasts.
unsafe fn kind_of<'a>(kind: *const c_char, len: usize) -> Result<&'a [u8]> {
    required(kind)?;
    if !(1..=KIND_MAX).contains(&len) {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: as the caller promised.
    unsafe { bytes(kind.cast(), len) }
}

fn new(
    runner: *mut sl_script_runner,
    waker: *mut sl_loop,
    config: &sl_jobs_config,
) -> Result<*mut sl_jobs> {
    if config.reserved != 0 {
        return Err(Error::InvalidArgument);
    }
    let runner = borrow::<script_runner::Named, _>(runner)?;
    let woken = if waker.is_null() { None } else { Some(find::<EventLoop, _>(waker)?.1) };
    let jobs = Jobs::new(runner.runner(), woken, config.capacity);
    Ok(Named::table().insert(|(), _| Ok(Named(jobs)))?.as_ptr())
}

fn free(pointer: *mut sl_jobs) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    let named = borrow::<Named, _>(pointer)?;
    if named.0.is_worker() {
        return Err(Error::WouldDeadlock);
    }
    Named::table().remove(handle(pointer)?)?;
    named.0.free();
    Ok(())
}

/// What enqueues a result for a callback, if one is wanted.
fn sink_of(callbacks: *mut sl_callbacks, id: sl_callback_id) -> Result<Option<Sink>> {
    if callbacks.is_null() {
        return if id == 0 { Ok(None) } else { Err(Error::InvalidArgument) };
    }
    borrow::<Callbacks, _>(callbacks)?;
    let callbacks = handle(callbacks)?;
    Ok(Some(Box::new(move |job| {
        if let Ok(callbacks) = Callbacks::table().pin(callbacks) {
            callbacks.deliver(id, job);
        }
    })))
}

/// # Safety
///
/// Every pointer in `request` is NULL or readable for what belongs to it.
unsafe fn submit(jobs: &Arc<Jobs>, request: &sl_job_request) -> Result<sl_job_id> {
    if request.reserved != 0 {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: as the caller promised.
    let kind = unsafe { kind_of(request.kind, request.kind_len) }?;
    // SAFETY: as the caller promised.
    let input = Text::copy(unsafe { bytes(request.payload.cast(), request.payload_len) }?)?;
    // SAFETY: as the caller promised.
    let native = unsafe { sl_native_payload::read(request.native) }?;
    let sink = sink_of(request.callbacks, request.callback)?;
    let cargo = || Cargo { payload: native.map(sl_native_payload::take), sink };
    let (owner, priority) = (request.owner, request.priority);
    jobs.submit(Request { kind, input, owner, priority }, cargo)
}

/// # Safety
///
/// The kind of `filter` is NULL or readable for its length while `'a` lasts.
unsafe fn filter_of<'a>(filter: &sl_job_filter) -> Result<Filter<'a>> {
    if filter.reserved != 0 {
        return Err(Error::InvalidArgument);
    }
    let kind = if filter.kind.is_null() && filter.kind_len == 0 {
        None
    } else {
        // SAFETY: as the caller promised.
        Some(unsafe { kind_of(filter.kind, filter.kind_len) }?)
    };
    Ok(Filter { kind, owner: (filter.by_owner != 0).then_some(filter.owner) })
}

/// Fills a config with its defaults: 65536 jobs.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_jobs_config), as the host knows it
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
pub unsafe extern "C" fn sl_jobs_config_init(
    config: *mut sl_jobs_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_jobs_config::defaults()) })
}

/// Makes jobs on the workers of a runner. Starts no thread; several may share one runner.
///
/// @param      runner    whose workers run the jobs; it may be freed first, which closes them
/// @param      loop      woken when there is a result to poll; NULL = none
/// @param      config    how; NULL = all defaults
/// @param[out] out_jobs  to be freed with sl_jobs_free
/// @return SL_STATUS_OK                made
/// @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_jobs` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or number in `config` is not allowed
/// @return SL_STATUS_STALE_HANDLE      `runner` or `loop` was freed
/// @return SL_STATUS_WRONG_KIND        `runner` is no script runner, or `loop` no loop
/// @return SL_STATUS_FULL              2^24 of them are alive
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size; `out_jobs` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_new(
    runner: *mut sl_script_runner,
    r#loop: *mut sl_loop,
    config: *const sl_jobs_config,
    out_jobs: *mut *mut sl_jobs,
) -> sl_status {
    guard(|| {
        required(out_jobs)?;
        // SAFETY: as the caller promised.
        let made = new(runner, r#loop, &unsafe { read_sized_or_defaults(config) }?)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_jobs, made) };
        Ok(())
    })
}

/// Accepts no more jobs and cancels those that have not ended. Does not wait for those that run.
/// Results can still be polled. To close again changes nothing.
///
/// @param jobs  the jobs
/// @return SL_STATUS_OK             closed, by this call or before
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
/// @return SL_STATUS_STALE_HANDLE   they were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_jobs_close(jobs: *mut sl_jobs) -> sl_status {
    guard(|| {
        borrow::<Named, _>(jobs)?.0.close();
        Ok(())
    })
}

/// Ends jobs: closes them, waits for the handlers that run to return, and frees the results that
/// nobody has polled and the handlers. A poll whose function calls this ends with that result.
///
/// @param jobs  the jobs; NULL is allowed
/// @return SL_STATUS_OK              ended, or `jobs` was NULL
/// @return SL_STATUS_STALE_HANDLE    they were freed before
/// @return SL_STATUS_WRONG_KIND      `jobs` are no jobs
/// @return SL_STATUS_WOULD_DEADLOCK  called on a worker of their runner
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_jobs_free(jobs: *mut sl_jobs) -> sl_status {
    guard(|| free(jobs))
}

/// Says who does the jobs of a kind. A handler that was registered for it before is replaced:
/// jobs that run keep it, jobs that wait get the new one.
///
/// @param jobs      the jobs
/// @param kind      any bytes
/// @param kind_len  their number, 1 to 4096
/// @param run       the handler, called on worker threads, several at once
/// @param userdata  passed to `run` and `drop`
/// @param drop      takes `userdata` back, once, on any thread: when the handler was replaced
///                  and no job uses it any more, before the result of the last one is there; at
///                  the latest in sl_jobs_free. May be NULL
/// @return SL_STATUS_OK                registered; the library owns `userdata` until `drop`
/// @return SL_STATUS_NULL_ARGUMENT     `jobs`, `kind` or `run` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `kind_len` is 0 or above 4096
/// @return SL_STATUS_STALE_HANDLE      the jobs were freed
/// @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
/// @return SL_STATUS_CLOSED            the jobs were closed
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `kind` is NULL or readable for its length. `run` and `drop` may be called with `userdata` on
/// any thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_register(
    jobs: *mut sl_jobs,
    kind: *const c_char,
    kind_len: usize,
    run: sl_job_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| {
        let named = borrow::<Named, _>(jobs)?;
        // SAFETY: as the caller promised.
        let kind = unsafe { kind_of(kind, kind_len) }?;
        let run = run.ok_or(Error::NullArgument)?;
        named.0.register(kind, || handler(run, Foreign::new(userdata, drop)))
    })
}

/// Registers the handlers that the library brings; each gives its payload back as the result, and
/// the native one: `echo` as it is, `uppercase` in ASCII capitals, `sleep_ms` after as many
/// milliseconds as it says in decimal digits, or as soon as the job is cancelled.
///
/// @param jobs  the jobs
/// @return SL_STATUS_OK             registered
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
/// @return SL_STATUS_STALE_HANDLE   they were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @return SL_STATUS_CLOSED         they were closed
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_jobs_register_builtins(jobs: *mut sl_jobs) -> sl_status {
    guard(|| builtins::register(&borrow::<Named, _>(jobs)?.0))
}

/// Fills a request with its defaults: no kind, no payload, owner 0, normal priority.
///
/// @param[out] request  the struct to fill
/// @param      size     sizeof(sl_job_request), as the host knows it
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `request` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `request` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_request_init(
    request: *mut sl_job_request,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(request, size, sl_job_request::defaults()) })
}

/// Queues a job. Never waits. One of a kind that nobody has registered is accepted as well: it
/// fails at once with "Unknown job kind: " and the kind, without a worker.
///
/// @param      jobs     the jobs
/// @param      request  what is to be done
/// @param[out] out_id   the job's id, which its result bears: from 1, one more each time; may be
///                      NULL
/// @return SL_STATUS_OK                accepted: there will be exactly one result
/// @return SL_STATUS_NULL_ARGUMENT     `jobs`, `request` or its kind is NULL; `payload`, or `data`
///                                     of `native`, is NULL and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  a size or `reserved` is unknown; `kind_len` is 0 or above
///                                     4096; alignment or element_size of `native` do not fit;
///                                     there is a callback without callbacks
/// @return SL_STATUS_STALE_HANDLE      the jobs or the callbacks were freed
/// @return SL_STATUS_WRONG_KIND        `jobs` are no jobs, or `callbacks` no callbacks
/// @return SL_STATUS_FULL              capacity jobs are not delivered, or the runner is full
/// @return SL_STATUS_CLOSED            the jobs or the runner were closed, the runner drains or was
///                                     freed
/// @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the payload
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `request` is NULL or readable for its size, and each of its pointers is NULL or readable for
/// what belongs to it. `drop` of `native` may be called once with its userdata, on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_submit(
    jobs: *mut sl_jobs,
    request: *const sl_job_request,
    out_id: *mut sl_job_id,
) -> sl_status {
    guard(|| {
        let named = borrow::<Named, _>(jobs)?;
        // SAFETY: as the caller promised.
        let request = unsafe { read_sized(request) }?;
        // SAFETY: as the caller promised.
        let id = unsafe { submit(&named.0, &request) }?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_id, id) };
        Ok(())
    })
}

/// Hands over the results that are there now and that the filter takes, in the order in which the
/// jobs ended. What is left keeps its order; what comes meanwhile waits for the next call. Never
/// waits. `run` may poll: each result is handed over once, by whichever call.
///
/// @param      jobs       the jobs
/// @param      filter     which; NULL = any
/// @param      max        at most so many; 0 = all
/// @param      run        gets each of them, on the calling thread
/// @param      userdata   passed to `run`
/// @param[out] out_count  how many this call has handed over; may be NULL
/// @return SL_STATUS_OK                done, also when there were none
/// @return SL_STATUS_NULL_ARGUMENT     `jobs` or `run` is NULL, or the kind is and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  a size or number in `filter` is not allowed
/// @return SL_STATUS_STALE_HANDLE      the jobs were freed
/// @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `filter` is NULL or readable for its size, and so is its kind for its length; `out_count` is
/// NULL or valid for one write. `run` may be called with `userdata` while the call lasts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_poll(
    jobs: *mut sl_jobs,
    filter: *const sl_job_filter,
    max: u32,
    run: sl_job_result_fn,
    userdata: *mut c_void,
    out_count: *mut u64,
) -> sl_status {
    guard(|| {
        let named = borrow::<Named, _>(jobs)?;
        // SAFETY: as the caller promised.
        let filter = unsafe { read_sized_or_defaults(filter) }?;
        // SAFETY: as the caller promised.
        let filter = unsafe { filter_of(&filter) }?;
        let run = run.ok_or(Error::NullArgument)?;
        // SAFETY: the host promised that its function may be called with the userdata while the
        // poll lasts; the result is readable for the call.
        let call = |shown| unsafe { run(userdata, shown) };
        let show = |mut job: Box<Job>| job_result::show(&mut job, call);
        let count = named.0.poll(&filter, max.into(), show);
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, count) };
        Ok(())
    })
}

/// Reads the counters of jobs. Changes nothing; the sums hold at every moment.
///
/// @param      jobs       the jobs
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `jobs` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the jobs were freed
/// @return SL_STATUS_WRONG_KIND        `jobs` are no jobs
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_read_stats(
    jobs: *mut sl_jobs,
    out_stats: *mut sl_jobs_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<Named, _>(jobs)?.0.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
