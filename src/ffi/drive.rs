//! Drive: a thread that polls a loop, so that the host does not have to.
//!
//! While a loop is driven its posts, timers and attached actions run on that thread as soon as
//! they are ready; it sleeps when there is nothing to do, and costs nothing then. The owner may
//! poll as before: the two take turns, the thread in slices, so that the owner waits for one
//! slice and one item at most. What is marked for the main thread (sl_loop_post_main,
//! SL_TIMER_FLAG_MAIN, sl_action_queue_attach_main) waits for the owner's poll, in its order, and
//! so do wakes. Callbacks (sl_callbacks) are always called by their owner.
//!
//! Nobody looks at the thread's errors when they happen: what it writes to the log at
//! SL_LOG_LEVEL_ERROR, and what is reported with sl_loop_report_error, is kept until somebody asks.

use std::ffi::{CStr, c_char, c_void};

use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::event_loop::drive::{Config, Hooks, Stats};
use crate::event_loop::errors::{ERRORS_MAX, Reported};
use crate::ffi::boundary::{
    Sized0, borrow, bytes, guard, handle, read_sized_or_defaults, size_of_out, write_out,
    write_sized,
};
use crate::ffi::callback::{sl_drop_fn, sl_work_fn};
use crate::ffi::event_loop::sl_loop;
use crate::ffi::status::sl_status;
use crate::ffi::step::nanos;
use crate::foreign::{Context, Foreign};

/// Errors of a loop that are kept; older ones make room.
pub const SL_LOOP_ERRORS_MAX: usize = 32;

const _: () = assert!(SL_LOOP_ERRORS_MAX == ERRORS_MAX);

/// Longest name that a thread can have on Linux.
const NAME_MAX: usize = 15;
/// Less than this the library itself may need.
const STACK_MIN: usize = 128 << 10;

/// How a loop is driven. Fill with sl_drive_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_drive_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Name of the thread, at most 15 bytes, ending in NUL; copied. NULL = "sl-drive".
    pub name: *const c_char,
    /// Bytes of the thread's stack, at least 128 KiB; default 2 MiB.
    pub stack_bytes: usize,
    /// Microseconds that the thread works before an owner that waits gets its turn; default
    /// 1000. One item that takes longer is finished.
    pub slice_us: u32,
    /// Longest time in microseconds that the thread spins before it sleeps, while that pays.
    /// 0 = never; default 20.
    pub spin_us: u32,
    /// Called first on the thread; may be NULL.
    pub on_start: sl_work_fn,
    /// Called last on the thread; may be NULL.
    pub on_exit: sl_work_fn,
    /// Passed to the hooks and to `drop`.
    pub userdata: *mut c_void,
    /// Takes `userdata` back: when the thread has ended, on the thread that stops it, or at once
    /// when the loop was driven already; may be NULL.
    pub drop: sl_drop_fn,
}

// SAFETY: repr(C), size first, plain numbers, pointers and functions.
unsafe impl Sized0 for sl_drive_config {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            name: std::ptr::null(),
            stack_bytes: 2 << 20,
            slice_us: 1000,
            spin_us: 20,
            on_start: None,
            on_exit: None,
            userdata: std::ptr::null_mut(),
            drop: None,
        }
    }
}

/// # Safety
///
/// `name` is NULL or ends in NUL.
unsafe fn name_of_thread(name: *const c_char) -> Result<String> {
    if name.is_null() {
        return Ok("sl-drive".to_owned());
    }
    // SAFETY: as the caller promised.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    let is_fine = !name.is_empty() && name.len() <= NAME_MAX;
    let name = is_fine.then(|| String::from_utf8(name.to_vec()).ok()).flatten();
    name.ok_or(Error::InvalidArgument)
}

/// # Safety
///
/// `config.name` is NULL or ends in NUL.
unsafe fn start(pointer: *mut sl_loop, config: &sl_drive_config) -> Result<()> {
    let found = borrow::<EventLoop, _>(pointer)?;
    // SAFETY: as the caller promised.
    let name = unsafe { name_of_thread(config.name) }?;
    if config.stack_bytes < STACK_MIN || config.slice_us == 0 || config.spin_us > 1_000_000 {
        return Err(Error::InvalidArgument);
    }
    let settings = Config {
        name,
        stack_bytes: config.stack_bytes,
        slice_ns: nanos(config.slice_us.into()),
        spin_us: config.spin_us,
        hooks: Hooks { start: config.on_start, exit: config.on_exit },
        data: Context(config.userdata),
    };
    let keep = || Foreign::new(config.userdata, config.drop);
    found.drive(handle(pointer)?, settings, keep)
}

/// What the driving of a loop has counted since the loop was made. Set `size` before the call.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_drive_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// 1 while there is a thread that drives the loop, otherwise 0; close ends it too.
    pub is_on: u64,
    /// Times that a thread was started.
    pub starts: u64,
    /// Turns that the thread took.
    pub steps: u64,
    /// Timers, posts and actions that it ran.
    pub items: u64,
    /// Times that it really slept; while nothing is to be done this stands still.
    pub parks: u64,
    /// Errors that were reported, those that had to make room included.
    pub errors: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_drive_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_drive_stats {
    fn from(stats: Stats) -> Self {
        Self {
            size: size_of::<Self>(),
            is_on: stats.is_on.into(),
            starts: stats.starts,
            steps: stats.steps,
            items: stats.items,
            parks: stats.parks,
            errors: stats.errors,
        }
    }
}

/// An error that a loop has kept. Lent for the call that shows it.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_loop_error {
    /// From 1, in the order in which they came; a gap says how many had to make room.
    pub number: u64,
    /// When it came: nanoseconds of CLOCK_MONOTONIC.
    pub time_ns: u64,
    /// What it says, any bytes, at most 4096; does not end in NUL.
    pub text: *const c_char,
    /// Its length in bytes.
    pub text_len: usize,
}

/// Gets an error that was kept.
///
/// @param userdata  what was passed with the function
/// @param error     valid for the call
/// @thread any, the one that drains
pub type sl_loop_error_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, error: *const sl_loop_error)>;

type ErrorFn = unsafe extern "C-unwind" fn(userdata: *mut c_void, error: *const sl_loop_error);

fn show(run: ErrorFn, userdata: *mut c_void, Reported { number, at_ns, text }: &Reported) {
    let error = sl_loop_error {
        number: *number,
        time_ns: *at_ns,
        text: text.as_ptr().cast(),
        text_len: text.len(),
    };
    // SAFETY: the host promised that its function may be called; the error is valid meanwhile.
    unsafe { run(userdata, &error) };
}

/// Fills a config with its defaults: "sl-drive", 2 MiB of stack, slices of 1 ms, spin of 20 us.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_drive_config), as the host knows it
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
pub unsafe extern "C" fn sl_drive_config_init(
    config: *mut sl_drive_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_drive_config::defaults()) })
}

/// Starts a thread that drives the loop from now on. Does nothing when there is one.
///
/// It begins with what is ready. The owner keeps the loop: it may poll, wait and free as before;
/// a poll then waits for the end of the thread's slice, and a wait of the owner's keeps the
/// thread from its turns. A start during a stop waits for the end of the stop.
///
/// @param loop    the loop
/// @param config  how; NULL = all defaults; of no effect when the loop is driven already
/// @return SL_STATUS_OK                it is driven
/// @return SL_STATUS_NULL_ARGUMENT     `loop` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size, name or number in `config` is not allowed
/// @return SL_STATUS_STALE_HANDLE      the loop was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD      it is not driven, and another thread owns it
/// @return SL_STATUS_REENTERED         called from inside a callback of the same loop
/// @return SL_STATUS_CLOSED            the loop is closed
/// @return SL_STATUS_SYSTEM            the thread could not be started
/// @thread owner, and any while the loop is driven or nobody owns it
/// @since  0.1.0
///
/// # Safety
///
/// `config` is NULL or readable for its size, with its name; its functions may be called with its
/// userdata until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_drive_start(
    r#loop: *mut sl_loop,
    config: *const sl_drive_config,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let config = unsafe { read_sized_or_defaults(config) }?;
        // SAFETY: as the caller promised.
        unsafe { start(r#loop, &config) }
    })
}

/// Ends the driving: waits until the thread has finished its item and has ended. Does nothing
/// when the loop is not driven.
///
/// What is ready then waits for the owner's polls, or for the next start. Several stops at once
/// all wait for the same end.
///
/// @param loop  the loop
/// @return SL_STATUS_OK              it is not driven any more
/// @return SL_STATUS_NULL_ARGUMENT   `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE    the loop was freed
/// @return SL_STATUS_WRONG_KIND      `loop` is no loop
/// @return SL_STATUS_WOULD_DEADLOCK  called on the thread that drives it
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_drive_stop(r#loop: *mut sl_loop) -> sl_status {
    guard(|| borrow::<EventLoop, _>(r#loop)?.stop_driving())
}

/// Reads what the driving of a loop has counted. Changes nothing.
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
pub unsafe extern "C" fn sl_loop_read_drive_stats(
    r#loop: *mut sl_loop,
    out_stats: *mut sl_drive_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<EventLoop, _>(r#loop)?.drive_stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}

/// Keeps an error for whoever drains the loop's errors. Does not write to the log.
///
/// Lines that the driving thread writes to the log at SL_LOG_LEVEL_ERROR are kept without this.
///
/// @param loop      the loop
/// @param text      what happened, any bytes; what is beyond 4096 is cut off
/// @param text_len  its length in bytes
/// @return SL_STATUS_OK             kept; the oldest of more than SL_LOOP_ERRORS_MAX made room
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL, or `text` with a length
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `text` is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_report_error(
    r#loop: *mut sl_loop,
    text: *const c_char,
    text_len: usize,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let text = unsafe { bytes(text.cast(), text_len) }?;
        borrow::<EventLoop, _>(r#loop)?.errors().report(text);
        Ok(())
    })
}

/// Shows each error that was kept once, oldest first, and forgets them. Also after the loop was
/// closed, until it is freed.
///
/// @param      loop       the loop
/// @param      run        gets each of them, on the calling thread
/// @param      userdata   passed to `run`
/// @param[out] out_count  how many there were; may be NULL
/// @return SL_STATUS_OK             also when there was none
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `run` may be called with `userdata` during the call; `out_count` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_drain_errors(
    r#loop: *mut sl_loop,
    run: sl_loop_error_fn,
    userdata: *mut c_void,
    out_count: *mut u32,
) -> sl_status {
    guard(|| {
        let run = run.ok_or(Error::NullArgument)?;
        let errors = borrow::<EventLoop, _>(r#loop)?.errors().take();
        errors.iter().for_each(|error| show(run, userdata, error));
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, errors.len() as u32) };
        Ok(())
    })
}
