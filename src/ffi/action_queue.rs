//! Action queue: what workers and other threads have for the main thread, first in first out.
//!
//! Any thread pushes. The main thread takes: by try_pop, pop, pop_timeout, drain, or by
//! attaching the queue to its loop, whose polls then run the actions within their budget. These
//! may be mixed. The queue is bounded for the host's pushes and says what happens when it is
//! full; results of scripts are never refused and never dropped.

use std::ffi::c_void;
use std::sync::Arc;

use crate::actions::{Action, ActionQueue, Stats, WhenFull};
use crate::error::{Error, Result};
use crate::event_loop::budget::Limits;
use crate::event_loop::{EventLoop, NEVER};
use crate::ffi::action::{give, lend, sl_action, take};
use crate::ffi::boundary::{
    Sized0, borrow, find, guard, handle, read_sized, read_sized_or_defaults, required, size_of_out,
    write_out, write_sized,
};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::event_loop::{millis, sl_loop};
use crate::ffi::status::sl_status;
use crate::ffi::step::{sl_report, sl_step, write_report};
use crate::foreign::Foreign;
use crate::handles::{Handled, Kind, Table};

/// A queue of actions.
pub struct sl_action_queue(());

/// What the handle of a queue stands for: the queue itself may live on in a runner.
pub struct Named(pub Arc<ActionQueue>);

impl Handled for Named {
    const KIND: Kind = Kind::ActionQueue;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static QUEUES: Table<Named> = Table::new();
        &QUEUES
    }
}

/// What a push does when the queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_when_full {
    /// It is refused with SL_STATUS_FULL.
    Refuse = 0,
    /// It waits for room, at most block_ms.
    Block = 1,
    /// The oldest action is dropped and counted.
    DropOldest = 2,
}

/// How a queue is made. Fill with sl_action_queue_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_action_queue_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Actions that may wait at once; 0 = no bound; default 1024.
    pub capacity: u32,
    /// An sl_when_full.
    pub when_full: u32,
    /// Longest wait of a push with SL_WHEN_FULL_BLOCK; UINT32_MAX = for ever.
    pub block_ms: u32,
    /// Zero.
    pub reserved: u32,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_action_queue_config {
    fn defaults() -> Self {
        let (size, when_full) = (size_of::<Self>(), sl_when_full::Refuse as u32);
        Self { size, capacity: 1024, when_full, block_ms: u32::MAX, reserved: 0 }
    }
}

/// A wait in milliseconds, where the largest number is for ever.
pub(super) fn wait(ms: u32) -> u64 {
    if ms == u32::MAX { NEVER } else { millis(ms) }
}

/// Makes a queue that C may hold.
fn new(config: &sl_action_queue_config) -> Result<*mut sl_action_queue> {
    let when_full = match config.when_full {
        0 => WhenFull::Refuse,
        1 => WhenFull::Block(wait(config.block_ms)),
        2 => WhenFull::DropOldest,
        _ => return Err(Error::InvalidArgument),
    };
    if config.reserved != 0 {
        return Err(Error::InvalidArgument);
    }
    name(ActionQueue::new(config.capacity, when_full)?)
}

/// Gives a queue a handle.
pub(super) fn name(queue: Arc<ActionQueue>) -> Result<*mut sl_action_queue> {
    Ok(Named::table().insert(|(), _| Ok(Named(queue)))?.as_ptr())
}

/// Ends a queue and takes its handle away.
pub(super) fn free(pointer: *mut sl_action_queue) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    borrow::<Named, _>(pointer)?.0.end()?;
    Named::table().remove(handle(pointer)?)
}

/// Handles one action. It is lent for the call: the library frees it afterwards.
///
/// @param userdata  what was passed with the function
/// @param action    the action
/// @thread main
pub type sl_action_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, action: *const sl_action)>;

type HostFn = unsafe extern "C-unwind" fn(userdata: *mut c_void, action: *const sl_action);

/// Calls the host with an action.
fn handle_with(run: HostFn, userdata: *mut c_void, action: &Action) {
    // SAFETY: the host promised that its function may be called on the main thread while the
    // library has the userdata; the action is readable for the call.
    lend(action, |lent| unsafe { run(userdata, lent) });
}

fn attach(
    pointer: *mut sl_action_queue,
    to: *mut sl_loop,
    place: (u32, bool),
    run: sl_action_fn,
    data: (*mut c_void, sl_drop_fn),
) -> Result<()> {
    let run = run.ok_or(Error::NullArgument)?;
    let queue = borrow::<Named, _>(pointer)?;
    let (slot, handle) = find::<EventLoop, _>(to)?;
    if !slot.gate().is_owner() {
        return Err(Error::WrongThread);
    }
    queue.0.attach(handle, place, || {
        let data = Foreign::new(data.0, data.1);
        Box::new(move |action| handle_with(run, data.userdata(), action))
    })
}

fn drain(
    pointer: *mut sl_action_queue,
    limits: &Limits,
    run: sl_action_fn,
    userdata: *mut c_void,
) -> Result<sl_report> {
    let run = run.ok_or(Error::NullArgument)?;
    let queue = borrow::<Named, _>(pointer)?;
    let report = queue.0.drain(limits, |action| handle_with(run, userdata, action))?;
    Ok(report.into())
}

/// What a queue has counted. Set `size` before the call.
///
/// At any moment accepted = delivered + dropped + pending.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_action_queue_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Actions that were accepted.
    pub accepted: u64,
    /// Actions that were taken.
    pub delivered: u64,
    /// Actions that were dropped: the oldest of a full queue, or what was left at the end.
    pub dropped: u64,
    /// Pushes that found the queue full and did not get in: refused at once, timed out in their
    /// wait for room, or would have waited for themselves.
    pub refused: u64,
    /// Actions that wait.
    pub pending: u64,
    /// Most actions that were seen waiting.
    pub high_water: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_action_queue_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_action_queue_stats {
    fn from(stats: Stats) -> Self {
        let Stats { accepted, delivered, dropped, refused, pending, high_water } = stats;
        let size = size_of::<Self>();
        Self { size, accepted, delivered, dropped, refused, pending, high_water }
    }
}

/// Fills a config with its defaults: 1024 actions, refuse when full.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_action_queue_config), as the host knows it
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
pub unsafe extern "C" fn sl_action_queue_config_init(
    config: *mut sl_action_queue_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_action_queue_config::defaults()) })
}

/// Makes an empty queue. It belongs to no thread and to no loop.
///
/// @param      config     how; NULL = all defaults
/// @param[out] out_queue  the queue, to be freed with sl_action_queue_free
/// @return SL_STATUS_OK                made
/// @return SL_STATUS_NULL_ARGUMENT     `out_queue` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size, enum value or number in `config` is not allowed
/// @return SL_STATUS_FULL              2^24 queues are alive
/// @return SL_STATUS_NO_MEMORY         there is no memory for that many actions
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size; `out_queue` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_new(
    config: *const sl_action_queue_config,
    out_queue: *mut *mut sl_action_queue,
) -> sl_status {
    guard(|| {
        required(out_queue)?;
        // SAFETY: as the caller promised.
        let made = new(&unsafe { read_sized_or_defaults(config) }?)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_queue, made) };
        Ok(())
    })
}

/// Ends a queue: frees what is left in it and releases every thread that waits at it.
///
/// Actions that were popped before stay the host's. A queue that a runner uses ends for the
/// host; results that come later are counted and freed.
///
/// @param queue  the queue; NULL is allowed
/// @return SL_STATUS_OK             ended, or `queue` was NULL
/// @return SL_STATUS_STALE_HANDLE   it was freed before
/// @return SL_STATUS_WRONG_KIND     `queue` is no action queue
/// @return SL_STATUS_WRONG_THREAD   it is attached to a loop that another thread owns
/// @return SL_STATUS_REENTERED      called from inside a callback that handles its action
/// @thread any, for an attached queue: owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_action_queue_free(queue: *mut sl_action_queue) -> sl_status {
    guard(|| free(queue))
}

/// Appends an action. Copies the message; waits only with SL_WHEN_FULL_BLOCK.
///
/// @param queue   the queue
/// @param action  the action: its kind is the host's, `result` is NULL and `ticket` is 0
/// @return SL_STATUS_OK                appended
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `action`, or its message with a length, is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  the size is unknown, the kind is one of the library's,
///                                     or `result` or `ticket` is set
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @return SL_STATUS_CLOSED            the queue was closed
/// @return SL_STATUS_FULL              there is no room
/// @return SL_STATUS_TIMEOUT           there was no room in time
/// @return SL_STATUS_WOULD_DEADLOCK    it would wait for the calling thread to take
/// @return SL_STATUS_NO_MEMORY         there is no memory for a copy of the message
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `action` is NULL or readable for its size, and its message for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_push(
    queue: *mut sl_action_queue,
    action: *const sl_action,
) -> sl_status {
    guard(|| {
        let queue = borrow::<Named, _>(queue)?;
        // SAFETY: as the caller promised.
        let lent = unsafe { read_sized(action) }?;
        // SAFETY: as the caller promised.
        let copied = unsafe { take(&lent) }?;
        queue.0.push(copied)
    })
}

/// Takes the oldest action. Never waits.
///
/// @param      queue       the queue
/// @param[out] out_action  filled; to be freed with sl_action_free
/// @return SL_STATUS_OK                taken
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @return SL_STATUS_EMPTY             nothing is there
/// @return SL_STATUS_CLOSED            nothing is there, and the queue was closed
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_action` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_try_pop(
    queue: *mut sl_action_queue,
    out_action: *mut sl_action,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { pop(queue, out_action, ActionQueue::try_pop) })
}

/// # Safety
///
/// `out` is NULL or writable for as many bytes as its size says.
unsafe fn pop(
    pointer: *mut sl_action_queue,
    out: *mut sl_action,
    take: impl FnOnce(&ActionQueue) -> Result<Action>,
) -> Result<()> {
    required(out)?;
    // SAFETY: as the caller promised.
    let size = unsafe { size_of_out(out) }?;
    if size < size_of::<sl_action>() {
        return Err(Error::InvalidArgument);
    }
    let taken = take(&borrow::<Named, _>(pointer)?.0)?;
    // SAFETY: as the caller promised.
    unsafe { give(taken, out, size) }
}

/// Takes the oldest action, waiting for one as long as it takes. Uses no CPU while it waits.
///
/// @param      queue       the queue
/// @param[out] out_action  filled; to be freed with sl_action_free
/// @return SL_STATUS_OK                taken
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @return SL_STATUS_CLOSED            nothing is there, and the queue was closed or freed
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_action` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_pop(
    queue: *mut sl_action_queue,
    out_action: *mut sl_action,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { pop(queue, out_action, |queue| queue.pop(NEVER)) })
}

/// Takes the oldest action, waiting for one at most `timeout_ms`. Uses no CPU while it waits.
///
/// @param      queue       the queue
/// @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
/// @param[out] out_action  filled; to be freed with sl_action_free
/// @return SL_STATUS_OK                taken
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_action` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_action->size is smaller than an sl_action
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @return SL_STATUS_TIMEOUT           nothing came in time
/// @return SL_STATUS_CLOSED            nothing is there, and the queue was closed or freed
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_action` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_pop_timeout(
    queue: *mut sl_action_queue,
    timeout_ms: u32,
    out_action: *mut sl_action,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { pop(queue, out_action, |queue| queue.pop(wait(timeout_ms))) })
}

/// Runs what is in the queue now on the calling thread, within a budget. Never waits.
///
/// The budget is checked between two actions. What does not fit keeps its order; what comes
/// meanwhile waits for the next call.
///
/// @param      queue       the queue
/// @param      budget      max_work_us and max_items count; NULL = no budget
/// @param      run         handles each action
/// @param      userdata    passed to `run`
/// @param[out] out_report  what it did; may be NULL
/// @return SL_STATUS_OK                also when nothing was there
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `run` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size or flag in `budget`, or out_report->size, is unknown
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @return SL_STATUS_REENTERED         called from inside a callback that handles its action
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `budget` is NULL or readable for its size; `out_report` is NULL or writable for its size;
/// `run` may be called with `userdata` during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_drain(
    queue: *mut sl_action_queue,
    budget: *const sl_step,
    run: sl_action_fn,
    userdata: *mut c_void,
    out_report: *mut sl_report,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_report) }?;
        // SAFETY: as the caller promised.
        let limits = Limits::try_from(unsafe { read_sized_or_defaults(budget) }?)?;
        let report = drain(queue, &limits, run, userdata)?;
        // SAFETY: as the caller promised.
        unsafe { write_report(out_report, size, report) }
    })
}

/// Lets the polls of a loop run the queue's actions, within their budget. Once for each queue.
///
/// The actions run at `priority`; with posts of the same priority they take turns. When the
/// loop is freed, the queue stays and can be drained by hand.
///
/// @param queue     the queue
/// @param loop      the loop, owned by the calling thread
/// @param priority  an sl_priority or any number
/// @param run       handles each action
/// @param userdata  passed to `run` and `drop`
/// @param drop      takes `userdata` back when the queue has ended and nothing uses it any
///                  more, on any thread; may be NULL
/// @return SL_STATUS_OK             attached; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT  `queue`, `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   `queue` or `loop` was freed
/// @return SL_STATUS_WRONG_KIND     `queue` is no action queue, or `loop` no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_BUSY           the queue was attached before
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `run` may be called with `userdata` on the owner thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_attach(
    queue: *mut sl_action_queue,
    r#loop: *mut sl_loop,
    priority: u32,
    run: sl_action_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| attach(queue, r#loop, (priority, false), run, (userdata, drop)))
}

/// Lets the owner's polls alone run the queue's actions. As sl_action_queue_attach in everything
/// else.
///
/// It makes a difference while another thread drives the loop: then the actions wait for the
/// owner's next poll.
///
/// @param queue     the queue
/// @param loop      the loop, owned by the calling thread
/// @param priority  an sl_priority or any number
/// @param run       handles each action
/// @param userdata  passed to `run` and `drop`
/// @param drop      as in sl_action_queue_attach; may be NULL
/// @return SL_STATUS_OK             attached; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT  `queue`, `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   `queue` or `loop` was freed
/// @return SL_STATUS_WRONG_KIND     `queue` is no action queue, or `loop` no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_BUSY           the queue was attached before
/// @thread owner
/// @since  0.1.0
/// @see    sl_loop_drive_start
///
/// # Safety
///
/// `run` may be called with `userdata` on the owner thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_attach_main(
    queue: *mut sl_action_queue,
    r#loop: *mut sl_loop,
    priority: u32,
    run: sl_action_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| attach(queue, r#loop, (priority, true), run, (userdata, drop)))
}

/// Refuses further pushes and releases every thread that waits. Drops nothing.
///
/// What is queued can still be taken; pops say SL_STATUS_CLOSED when nothing is left. Results
/// of scripts still come. May be called again.
///
/// @param queue  the queue
/// @return SL_STATUS_OK             closed
/// @return SL_STATUS_NULL_ARGUMENT  `queue` is NULL
/// @return SL_STATUS_STALE_HANDLE   the queue was freed
/// @return SL_STATUS_WRONG_KIND     `queue` is no action queue
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_action_queue_close(queue: *mut sl_action_queue) -> sl_status {
    guard(|| {
        borrow::<Named, _>(queue)?.0.close();
        Ok(())
    })
}

/// Reads the queue's counters. Changes nothing.
///
/// @param      queue      the queue
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `queue` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the queue was freed
/// @return SL_STATUS_WRONG_KIND        `queue` is no action queue
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_action_queue_read_stats(
    queue: *mut sl_action_queue,
    out_stats: *mut sl_action_queue_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<Named, _>(queue)?.0.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
