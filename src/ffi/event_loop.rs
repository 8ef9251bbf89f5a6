//! Loop: what one thread of the host does between frames, or all the time.
//!
//! A loop belongs to one thread, its owner: the one that made it, until that thread gives it up.
//! The owner polls; any thread posts, schedules and wakes. A poll runs what was ready when it
//! began: first due timers by (deadline, id), then posts and attached action queues by priority,
//! posts of one priority in the order of their arrival. What is queued meanwhile waits for the
//! next poll. The budget is checked between two items: at least one runs, an item that overruns
//! is finished, and what does not fit keeps its order. An idle loop that waits uses no CPU.
//! A loop has no thread of its own and is no thread pool. A host may have a thread drive it
//! (sl_loop_drive_start): then what is said here to run on the owner thread, and to be dropped
//! there, runs on either of the two, one at a time.

use std::ffi::c_void;

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::event_loop::budget::Limits;
use crate::event_loop::gate::Gate;
use crate::event_loop::stats::Stats;
use crate::event_loop::uv::{Loan, Place, Whose};
use crate::event_loop::{self, Config, EventLoop};
use crate::ffi::boundary::{
    Sized0, borrow, find, guard, handle, mistaken, read_sized_or_defaults, required, size_of_out,
    write_out, write_sized,
};
use crate::ffi::status::sl_status;
use crate::ffi::step::{SL_UNLIMITED, nanos, sl_report, sl_step, write_report};
use crate::ffi::uv::{self, sl_uv_api, sl_uv_flag};
use crate::handles::{Handled, Kind, Table};

/// An event loop.
pub struct sl_loop(());

impl Handled for EventLoop {
    const KIND: Kind = Kind::Loop;
    type Gate = Gate;

    fn table() -> &'static Table<Self> {
        static LOOPS: Table<EventLoop> = Table::new();
        &LOOPS
    }
}

/// How a loop waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_backend {
    /// On a word of memory, by the operating system's fastest means.
    Default = 0,
    /// In libuv 1.44 or newer; SL_STATUS_UNSUPPORTED where there is none, and the log says why.
    Uv = 1,
}

/// What a loop takes the time from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_clock {
    /// The system's monotonic clock.
    System = 0,
    /// Starts at zero and moves only by sl_loop_advance: for tests and replays.
    Virtual = 1,
}

/// How a loop is made. Fill with sl_loop_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_loop_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// An sl_backend.
    pub backend: u32,
    /// An sl_clock.
    pub clock: u32,
    /// Posts that may wait at once, for posts of normal priority and for all others together;
    /// 0 = no bound. More are refused with SL_STATUS_FULL and counted. A bound takes its
    /// memory when the loop is made: 96 bytes for each post, rounded up to a power of two of
    /// posts, at most 65536 of them.
    pub post_capacity: u32,
    /// Timers that may be scheduled at once; 0 = no bound but 2^24.
    pub timers_max: u32,
    /// Longest time in microseconds that a wait spins before it sleeps. It spins only while
    /// that pays, and never on a machine with one processor. 0 = never; default 20.
    pub spin_us: u32,
    /// Bits of sl_uv_flag.
    pub uv_flags: u32,
    /// For SL_BACKEND_UV: what sl_uv_functions gives. NULL = the libuv of the process, or the
    /// system's, of which the host sees nothing.
    pub uv: *const sl_uv_api,
    /// For SL_BACKEND_UV with `uv`: a `uv_loop_t` of the host's that the calling thread runs, in
    /// which the loop puts handles of its own. NULL = the loop makes one for itself.
    pub uv_loop: *mut c_void,
    /// Microseconds of work each time that the host's `uv_run` calls the loop; 0 = one item;
    /// default 2000. What does not fit is called for again at once, after the host's own events.
    pub uv_turn_us: u64,
}

// SAFETY: repr(C), size first, plain numbers and pointers.
unsafe impl Sized0 for sl_loop_config {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            backend: sl_backend::Default as u32,
            clock: sl_clock::System as u32,
            post_capacity: 0,
            timers_max: 0,
            spin_us: 20,
            uv_flags: 0,
            uv: std::ptr::null(),
            uv_loop: std::ptr::null_mut(),
            uv_turn_us: 2000,
        }
    }
}

/// Where a loop with this config waits.
///
/// # Safety
///
/// `config.uv` is NULL or readable for its size, its functions are those of one libuv, and
/// `config.uv_loop` is NULL or a loop of that one which the calling thread runs.
unsafe fn place(config: &sl_loop_config) -> Result<Option<Place>> {
    if config.uv_flags & !(sl_uv_flag::Unref as u32) != 0 {
        return Err(Error::InvalidArgument);
    }
    match config.backend {
        0 if config.uv.is_null() && config.uv_loop.is_null() => return Ok(None),
        // A loop of the host's with functions of another libuv would be the end of it.
        1 if config.uv_loop.is_null() || !config.uv.is_null() => {}
        _ => return Err(Error::InvalidArgument),
    }
    // SAFETY: as the caller promised.
    let api = unsafe { uv::api(config.uv) }?;
    if config.uv_loop.is_null() {
        let whose = if config.uv.is_null() { Whose::Found } else { Whose::Hosts };
        return Ok(Some(Place::Own(api, whose)));
    }
    let (turn, unref) = (nanos(config.uv_turn_us), config.uv_flags != 0);
    // SAFETY: as the caller promised.
    Ok(Some(Place::Lent(unsafe { Loan::new(api, config.uv_loop, turn, unref) })))
}

/// # Safety
///
/// As `place`.
unsafe fn settings(config: sl_loop_config) -> Result<Config> {
    let clock = match config.clock {
        0 => Clock::System,
        1 => Clock::virtual_at_zero(),
        _ => return Err(Error::InvalidArgument),
    };
    if config.spin_us > 1_000_000 {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: as the caller promised.
    let uv = unsafe { place(&config) }?;
    let sl_loop_config { post_capacity, timers_max, spin_us, .. } = config;
    Ok(Config { clock, post_capacity, timers_max, spin_us, uv })
}

/// What a loop has counted since it was made. Set `size` before the call.
///
/// At any moment posts_accepted = posts_run + posts_dropped + posts_pending.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_loop_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Polls and steps that were begun.
    pub polls: u64,
    /// Wakes that a poll or wait has seen; several at once are one.
    pub wakes: u64,
    /// Times that the owner really slept.
    pub parks: u64,
    /// Posts that were accepted.
    pub posts_accepted: u64,
    /// Posts that ran, or are running.
    pub posts_run: u64,
    /// Posts that were dropped without running because the loop ended.
    pub posts_dropped: u64,
    /// Posts that were refused because of post_capacity.
    pub posts_refused: u64,
    /// Posts that wait.
    pub posts_pending: u64,
    /// Timers that were scheduled.
    pub timers_scheduled: u64,
    /// Timer callbacks that ran.
    pub timers_fired: u64,
    /// Timers that were cancelled.
    pub timers_cancelled: u64,
    /// Timers that were dropped because the loop ended.
    pub timers_dropped: u64,
    /// Timers that were refused because of timers_max.
    pub timers_refused: u64,
    /// Timers that are scheduled.
    pub timers_active: u64,
    /// Actions of attached queues that ran.
    pub actions_run: u64,
    /// Most posts that were waiting when a poll began.
    pub posts_high_water: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_loop_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_loop_stats {
    fn from(stats: Stats) -> Self {
        Self {
            size: size_of::<Self>(),
            polls: stats.polls,
            wakes: stats.wakes,
            parks: stats.parks,
            posts_accepted: stats.posts_accepted,
            posts_run: stats.posts_run,
            posts_dropped: stats.posts_dropped,
            posts_refused: stats.posts_refused,
            posts_pending: stats.posts_pending,
            timers_scheduled: stats.timers_scheduled,
            timers_fired: stats.timers_fired,
            timers_cancelled: stats.timers_cancelled,
            timers_dropped: stats.timers_dropped,
            timers_refused: stats.timers_refused,
            timers_active: stats.timers_active,
            actions_run: stats.actions_run,
            posts_high_water: stats.posts_high_water,
        }
    }
}

fn new(config: Config) -> Result<*mut sl_loop> {
    let made = EventLoop::table().insert(|gate, me| EventLoop::new(config, gate, me))?;
    Ok(made.as_ptr())
}

fn free(pointer: *mut sl_loop) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    borrow::<EventLoop, _>(pointer)?.free()?;
    EventLoop::table().remove(handle(pointer)?)
}

/// Runs `body` with the loop behind the handle when the calling thread owns it, or drives it.
#[inline]
pub(super) fn owned<T>(
    pointer: *mut sl_loop,
    body: impl FnOnce(&EventLoop) -> Result<T>,
) -> Result<T> {
    let (slot, _) = find::<EventLoop, _>(pointer)?;
    // While another thread drives the loop it is waited for, and the turn given back at the end.
    let _turn = if slot.gate().has_turn() { None } else { slot.gate().take_turn()? };
    // SAFETY: the slot holds the handle, and only the owner can remove the loop. That is this
    // thread, or it waits for this thread, which drives the loop; and it cannot do so inside of
    // `body`, which marks the loop as busy.
    body(unsafe { slot.object_of_owner() })
}

fn wake(pointer: *mut sl_loop) -> Result<()> {
    let handle = handle(pointer)?;
    event_loop::wake(handle).map_err(|_| mistaken(handle))
}

/// Milliseconds as a budget or a wait.
pub(super) fn millis(ms: u32) -> u64 {
    u64::from(ms) * 1_000_000
}

/// The same, where the largest number is for ever.
pub(super) fn wait_ms(ms: u32) -> u64 {
    if ms == u32::MAX { SL_UNLIMITED } else { millis(ms) }
}

fn clamp(items: u64) -> u32 {
    items.try_into().unwrap_or(u32::MAX)
}

/// Fills a config with its defaults: default backend, system clock, no bounds, spin of 20 us.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_loop_config), as the host knows it
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
pub unsafe extern "C" fn sl_loop_config_init(
    config: *mut sl_loop_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_loop_config::defaults()) })
}

/// Makes a loop that the calling thread owns. Starts no thread, and opens no descriptor unless
/// the backend is libuv.
///
/// @param      config    how; NULL = all defaults
/// @param[out] out_loop  the loop, to be freed with sl_loop_free
/// @return SL_STATUS_OK                made
/// @return SL_STATUS_NULL_ARGUMENT     `out_loop` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size, enum value or number in `config` is not allowed
/// @return SL_STATUS_UNSUPPORTED       there is no libuv, or it is too old; the log says which
/// @return SL_STATUS_SYSTEM            libuv cannot make a loop: no descriptor is left
/// @return SL_STATUS_FULL              2^24 loops are alive
/// @return SL_STATUS_NO_MEMORY         there is no memory for post_capacity posts
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size; `out_loop` is NULL or valid for one write;
/// `config.uv` holds the functions of one libuv, and `config.uv_loop` is a loop of that one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_new(
    config: *const sl_loop_config,
    out_loop: *mut *mut sl_loop,
) -> sl_status {
    guard(|| {
        required(out_loop)?;
        // SAFETY: as the caller promised.
        let config = unsafe { read_sized_or_defaults(config) }?;
        // SAFETY: as the caller promised.
        let made = new(unsafe { settings(config) }?)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_loop, made) };
        Ok(())
    })
}

/// Ends a loop. Runs nothing that is queued; every `drop` of posts and timers is called here.
///
/// Other threads may call any function with the handle meanwhile: from some moment on they get
/// SL_STATUS_STALE_HANDLE. Action queues that are attached stay, unattached. A thread that drives
/// the loop is waited for. The handles in a `uv_loop_t` of the host's are closed; the host's next
/// `uv_run` lets go of them.
///
/// @param loop  the loop; NULL is allowed
/// @return SL_STATUS_OK            ended, or `loop` was NULL
/// @return SL_STATUS_STALE_HANDLE  it was freed before
/// @return SL_STATUS_WRONG_KIND    `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD  the caller is not the owner thread
/// @return SL_STATUS_REENTERED     called from inside a callback of the same loop
/// @return SL_STATUS_BUSY          the host's handles are open, or its requests under way, in the
///                                 `uv_loop_t` that the loop has made: close them, then try again
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_free(r#loop: *mut sl_loop) -> sl_status {
    guard(|| free(r#loop))
}

/// Closes the loop at once. Does not wait, and runs nothing more that is queued.
///
/// New posts and timers are refused with SL_STATUS_CLOSED; waits of the owner end. The item that
/// is running is finished, the rest is dropped: by this call where the owner makes it outside of
/// callbacks and nobody drives the loop, otherwise by the step that is running, the owner's next
/// call, or the thread that drives the loop, which ends then. Afterwards polls give
/// SL_STATUS_CLOSED. Action queues that are attached stay, and so do the counters and errors,
/// until sl_loop_free. May be called again, and before or after sl_loop_close_gracefully.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             it is closed, perhaps since before
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any, also inside of callbacks
/// @since  0.1.0
/// @see    sl_loop_close_gracefully
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_close(r#loop: *mut sl_loop) -> sl_status {
    guard(|| {
        borrow::<EventLoop, _>(r#loop)?.close();
        Ok(())
    })
}

/// Closes the loop when it has done what it has. Refuses what is new.
///
/// New posts and timers are refused with SL_STATUS_CLOSED. What is queued runs in further polls,
/// and so does what attached action queues bring; when nothing is ready any more, timers that are
/// not due are dropped and the loop is closed: polls give SL_STATUS_CLOSED then. The owner runs
/// it all in this call if it may wait; other threads wait for the owner's polls, or for the thread
/// that drives the loop. May be called again, and before or after sl_loop_close.
///
/// @param loop         the loop
/// @param max_wait_ms  longest wait for the end; 0 = none, UINT32_MAX = for ever
/// @return SL_STATUS_OK              it is closed and has nothing left
/// @return SL_STATUS_NULL_ARGUMENT   `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE    the loop was freed
/// @return SL_STATUS_WRONG_KIND      `loop` is no loop
/// @return SL_STATUS_TIMEOUT         it takes nothing new, and still has something to do
/// @return SL_STATUS_WOULD_DEADLOCK  with a wait, inside a callback of the same loop or a hook of
///                                   the thread that drives it; nothing was done
/// @thread any, also inside of callbacks
/// @since  0.1.0
/// @see    sl_loop_close
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_close_gracefully(r#loop: *mut sl_loop, max_wait_ms: u32) -> sl_status {
    guard(|| borrow::<EventLoop, _>(r#loop)?.close_gracefully(wait_ms(max_wait_ms)))
}

/// Runs what is ready on the loop, for at most `max_work_ms`, and returns. Never waits.
///
/// Due timers run first, then posts and attached actions in priority order. The budget is
/// checked between two callbacks: one that overruns is finished, never cut. What does not fit
/// stays queued, in its order, for the next call. While another thread drives the loop, the call
/// first waits for the end of that thread's slice, as every call for the owner alone does.
///
/// @param      loop            the loop
/// @param      max_work_ms     time budget; 0 runs at most one callback
/// @param[out] out_dispatched  how many callbacks ran; may be NULL
/// @return SL_STATUS_OK             also when nothing was ready
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_REENTERED      called from inside a callback of the same loop
/// @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
/// @thread owner
/// @since  0.1.0
/// @see    sl_loop_step, sl_loop_run_once
///
/// # Safety
///
/// `out_dispatched` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_poll(
    r#loop: *mut sl_loop,
    max_work_ms: u32,
    out_dispatched: *mut u32,
) -> sl_status {
    guard(|| {
        let items = owned(r#loop, |found| found.poll(millis(max_work_ms)))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_dispatched, clamp(items)) };
        Ok(())
    })
}

/// Waits as long as `step` allows, then runs what is ready within its budget, and reports.
///
/// The wait ends with the first work, wake or due timer; a wake that came before the call
/// counts. With SL_STEP_FLAG_NESTED it may be called inside a callback of the same loop.
///
/// @param      loop        the loop
/// @param      step        what it may use; NULL = all defaults: everything ready, no wait
/// @param[out] out_report  what it did; may be NULL
/// @return SL_STATUS_OK                also when nothing was ready
/// @return SL_STATUS_NULL_ARGUMENT     `loop` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or flag in `step`, or out_report->size, is unknown
/// @return SL_STATUS_STALE_HANDLE      the loop was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD      the caller is not the loop's owner thread
/// @return SL_STATUS_REENTERED         inside a callback, without SL_STEP_FLAG_NESTED
/// @return SL_STATUS_CLOSED            the loop is closed, and what it had is done or dropped
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `step` is NULL or readable for its size; `out_report` is NULL or writable for its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_step(
    r#loop: *mut sl_loop,
    step: *const sl_step,
    out_report: *mut sl_report,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_report) }?;
        // SAFETY: as the caller promised.
        let limits = Limits::try_from(unsafe { read_sized_or_defaults(step) }?)?;
        let limits = Limits { outlook: size != 0, ..limits };
        let report = owned(r#loop, |found| found.step(&limits))?;
        // SAFETY: as the caller promised.
        unsafe { write_report(out_report, size, report.into()) }
    })
}

/// Waits for work, a wake or the next timer, at most `max_wait_ms`; then runs all that is ready.
///
/// A wake that came before the call ends it at once. There is no time budget: hosts with frames
/// use sl_loop_poll or sl_loop_step.
///
/// @param      loop            the loop
/// @param      max_wait_ms     longest wait; 0 = none, UINT32_MAX = for ever
/// @param[out] out_dispatched  how many callbacks ran; may be NULL
/// @return SL_STATUS_OK             also when the wait ended with nothing to do
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_REENTERED      called from inside a callback of the same loop
/// @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `out_dispatched` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_run_once(
    r#loop: *mut sl_loop,
    max_wait_ms: u32,
    out_dispatched: *mut u32,
) -> sl_status {
    guard(|| {
        let report = owned(r#loop, |found| found.step(&Limits::waiting(wait_ms(max_wait_ms))))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_dispatched, clamp(report.items)) };
        Ok(())
    })
}

/// Waits and runs what is ready, again and again, until sl_loop_stop. Does not return before.
///
/// For threads that have nothing else to do. A stop that came before the call ends it after
/// what is ready then.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             it was stopped
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_REENTERED      called from inside a callback of the same loop
/// @return SL_STATUS_CLOSED         the loop is closed, and what it had is done or dropped
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_run(r#loop: *mut sl_loop) -> sl_status {
    guard(|| owned(r#loop, EventLoop::run))
}

/// Makes sl_loop_run return after the step it is in. Does not wait for that.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             it will return
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_stop(r#loop: *mut sl_loop) -> sl_status {
    guard(|| {
        borrow::<EventLoop, _>(r#loop)?.stop();
        Ok(())
    })
}

/// Ends the owner's wait, or its next one. Runs no callback, carries no data, allocates nothing.
///
/// Several wakes before the owner looks are one; none is lost. Costs one atomic operation while
/// the owner is awake. What was written before the call is visible to the poll that it causes.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             the owner will look
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_wake(r#loop: *mut sl_loop) -> sl_status {
    guard(|| wake(r#loop))
}

/// Reads the loop's counters. Changes nothing.
///
/// @param      loop       the loop
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `loop` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the loop was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_read_stats(
    r#loop: *mut sl_loop,
    out_stats: *mut sl_loop_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<EventLoop, _>(r#loop)?.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
