//! Timer: a call on a loop's owner thread at a later time.
//!
//! A timer never fires early and never inside the call that schedules it. Timers that are due
//! in the same poll run in the order of (deadline, id). They belong to their loop: there are
//! ids, no objects to free.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::event_loop::timers::{Callback, Plan, Repeat, RepeatMode};
use crate::ffi::boundary::{Sized0, borrow, find, guard, read_sized, write_out, write_sized};
use crate::ffi::callback::{sl_drop_fn, sl_work_fn};
use crate::ffi::event_loop::sl_loop;
use crate::ffi::status::sl_status;
use crate::ffi::step::nanos;
use crate::foreign::Foreign;

/// Names a timer of one loop. 0 = none. Never used again; later timers have larger ids.
pub type sl_timer_id = u64;

/// When a repeating timer is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_repeat {
    /// One interval after it began to run: a late poll does not pile up calls.
    FixedDelay = 0,
    /// On the grid of its first deadline; what was missed is skipped.
    FixedRate = 1,
}

/// Bits of sl_timer_config.flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_timer_flag {
    /// It fires on the owner thread alone: while another thread drives the loop, it waits for the
    /// owner's poll.
    Main = 1,
}

/// When a timer is due. Fill with sl_timer_config_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_timer_config {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Microseconds until it is due; 0 = at the next poll. Too large = never.
    pub delay_us: u64,
    /// Microseconds between calls; 0 = it fires once.
    pub repeat_us: u64,
    /// An sl_repeat.
    pub repeat_mode: u32,
    /// Bits of sl_timer_flag.
    pub flags: u32,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_timer_config {
    fn defaults() -> Self {
        let repeat_mode = sl_repeat::FixedDelay as u32;
        Self { size: size_of::<Self>(), delay_us: 0, repeat_us: 0, repeat_mode, flags: 0 }
    }
}

impl sl_timer_config {
    fn plan(&self) -> Result<Plan> {
        let mode = match self.repeat_mode {
            0 => RepeatMode::FixedDelay,
            1 => RepeatMode::FixedRate,
            _ => return Err(Error::InvalidArgument),
        };
        if self.flags & !(sl_timer_flag::Main as u32) != 0 {
            return Err(Error::InvalidArgument);
        }
        let interval = nanos(self.repeat_us);
        let repeat = (interval != 0).then_some(Repeat { interval, mode });
        Ok(Plan { repeat, for_owner: self.flags != 0 })
    }
}

/// Milliseconds to nanoseconds; too many are for ever.
fn millis(ms: u64) -> u64 {
    ms.saturating_mul(1_000_000)
}

#[inline]
fn schedule(
    pointer: *mut sl_loop,
    delay: u64,
    plan: Plan,
    (run, userdata, drop): (sl_work_fn, *mut c_void, sl_drop_fn),
) -> Result<sl_timer_id> {
    let run = run.ok_or(Error::NullArgument)?;
    with_loop(pointer, |found| {
        found.schedule(delay, plan, || Callback { run, data: Foreign::new(userdata, drop) })
    })?
}

/// The owner needs no pin to keep its loop alive; others do.
#[inline]
fn with_loop<T>(pointer: *mut sl_loop, body: impl FnOnce(&EventLoop) -> T) -> Result<T> {
    let (slot, _) = find::<EventLoop, _>(pointer)?;
    if slot.gate().has_turn() {
        // SAFETY: the slot holds the handle, and only the owner can remove the loop, in its
        // turn; `body` does not, as it calls no code of the host's.
        return Ok(body(unsafe { slot.object_of_owner() }));
    }
    Ok(body(&*borrow::<EventLoop, _>(pointer)?))
}

/// Fills a config with its defaults: due at the next poll, once.
///
/// @param[out] config  the struct to fill
/// @param      size    sizeof(sl_timer_config), as the host knows it
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
pub unsafe extern "C" fn sl_timer_config_init(
    config: *mut sl_timer_config,
    size: usize,
) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(config, size, sl_timer_config::defaults()) })
}

/// Schedules a call of `run(userdata)` in `delay_ms`, then every `repeat_ms`. Never calls it here.
///
/// A delay of 0 is due at the next poll. A repeating timer is due again one interval after it
/// began to run. Delays too large for the clock never come. `drop(userdata)` is called after
/// the last run, when the timer is cancelled, or when the loop is freed.
///
/// @param      loop       the loop
/// @param      delay_ms   time until it is due
/// @param      repeat_ms  time between calls; 0 = it fires once
/// @param      run        what to call
/// @param      userdata   passed to `run` and `drop`
/// @param      drop       takes `userdata` back, called once: on the owner thread, or on the
///                        thread that cancels; may be NULL
/// @param[out] out_id     names the timer; may be NULL
/// @return SL_STATUS_OK             scheduled
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_CLOSED         the loop is closed
/// @return SL_STATUS_FULL           timers_max is reached
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `run` and `drop` may be called with `userdata` on those threads until `drop` has run;
/// `out_id` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_schedule_timer(
    r#loop: *mut sl_loop,
    delay_ms: u64,
    repeat_ms: u64,
    run: sl_work_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
    out_id: *mut sl_timer_id,
) -> sl_status {
    guard(|| {
        let mode = RepeatMode::FixedDelay;
        let repeat = (repeat_ms != 0).then_some(Repeat { interval: millis(repeat_ms), mode });
        let plan = Plan { repeat, for_owner: false };
        let id = schedule(r#loop, millis(delay_ms), plan, (run, userdata, drop))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_id, id) };
        Ok(())
    })
}

/// The finer form of sl_loop_schedule_timer: microseconds, and fixed-rate repetition.
///
/// @param      loop      the loop
/// @param      config    when
/// @param      run       what to call
/// @param      userdata  passed to `run` and `drop`
/// @param      drop      as in sl_loop_schedule_timer; may be NULL
/// @param[out] out_id    names the timer; may be NULL
/// @return SL_STATUS_OK                scheduled
/// @return SL_STATUS_NULL_ARGUMENT     `loop`, `config` or `run` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  a size, flag or enum value in `config` is unknown
/// @return SL_STATUS_STALE_HANDLE      the loop was freed
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @return SL_STATUS_CLOSED            the loop is closed
/// @return SL_STATUS_FULL              timers_max is reached
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// As sl_loop_schedule_timer; `config` is NULL or readable for its size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_schedule_timer_with(
    r#loop: *mut sl_loop,
    config: *const sl_timer_config,
    run: sl_work_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
    out_id: *mut sl_timer_id,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let config = unsafe { read_sized(config) }?;
        let (delay, plan) = (nanos(config.delay_us), config.plan()?);
        let id = schedule(r#loop, delay, plan, (run, userdata, drop))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_id, id) };
        Ok(())
    })
}

/// Takes a timer back. Does not wait for a callback that is running on the owner thread.
///
/// True once for each timer, and only when it would have fired (again): not for one that has
/// fired for the last time. A repeating timer may be cancelled by its own callback.
///
/// @param      loop           the loop
/// @param      id             what sl_loop_schedule_timer gave
/// @param[out] out_cancelled  whether this call cancelled it; may be NULL
/// @return SL_STATUS_OK             either way
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_cancelled` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_cancel_timer(
    r#loop: *mut sl_loop,
    id: sl_timer_id,
    out_cancelled: *mut bool,
) -> sl_status {
    guard(|| {
        let cancelled = with_loop(r#loop, |found| found.cancel(id))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_cancelled, cancelled.is_ok()) };
        Ok(())
    })
}
