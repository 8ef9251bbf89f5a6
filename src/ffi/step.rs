//! Step: what a call that runs the host's functions may use, and what it did.
//!
//! The same two structs serve the loop and the action queue. Times are nanoseconds of the
//! monotonic clock where they come out, microseconds where they go in.

use crate::error::{Error, Result};
use crate::event_loop::NEVER;
use crate::event_loop::budget::{Limits, Report};
use crate::ffi::boundary::{Sized0, guard, write_sized};
use crate::ffi::status::sl_status;

/// No bound, no end: for budgets, waits and deadlines.
pub const SL_UNLIMITED: u64 = u64::MAX;

const _: () = assert!(SL_UNLIMITED == NEVER);

/// Bits of sl_step.flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_step_flag {
    /// The step is allowed inside a callback of the same loop. It runs what is ready then; the
    /// outer poll goes on with the rest afterwards.
    Nested = 1,
}

/// What a step may use. Fill with sl_step_init, then change what is to differ.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_step {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Time budget in microseconds. SL_UNLIMITED = none, and no look at the clock between
    /// items; 0 = at most one item.
    pub max_work_us: u64,
    /// Longest wait for the first item in microseconds; 0 = none, SL_UNLIMITED = for ever.
    pub max_wait_us: u64,
    /// Most items; 0 = no cap.
    pub max_items: u32,
    /// Bits of sl_step_flag.
    pub flags: u32,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_step {
    fn defaults() -> Self {
        let size = size_of::<Self>();
        Self { size, max_work_us: SL_UNLIMITED, max_wait_us: 0, max_items: 0, flags: 0 }
    }
}

pub(super) fn nanos(micros: u64) -> u64 {
    micros.saturating_mul(1000)
}

impl TryFrom<sl_step> for Limits {
    type Error = Error;

    fn try_from(step: sl_step) -> Result<Self> {
        let nested = step.flags & sl_step_flag::Nested as u32 != 0;
        if step.flags & !(sl_step_flag::Nested as u32) != 0 {
            return Err(Error::InvalidArgument);
        }
        let work = (step.max_work_us != SL_UNLIMITED).then(|| nanos(step.max_work_us));
        let items = if step.max_items == 0 { u64::MAX } else { step.max_items.into() };
        Ok(Self { work, wait: nanos(step.max_wait_us), items, nested, outlook: true })
    }
}

/// What a poll or a drain did. Set `size` before the call.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_report {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Timers, posts and actions that ran.
    pub items: u64,
    /// Timer callbacks that ran.
    pub timers: u64,
    /// Posts that ran.
    pub posts: u64,
    /// Actions that ran.
    pub actions: u64,
    /// Nanoseconds from the start of the first item to the end of the last one.
    pub elapsed_ns: u64,
    /// Nanoseconds that the last item went beyond the time budget.
    pub overshoot_ns: u64,
    /// Ready items that did not fit, or came meanwhile: the next call runs them.
    pub remaining: u64,
    /// As sl_loop_next_deadline.
    pub next_deadline_ns: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_report {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Report> for sl_report {
    fn from(report: Report) -> Self {
        Self {
            size: size_of::<Self>(),
            items: report.items,
            timers: report.timers,
            posts: report.posts,
            actions: report.actions,
            elapsed_ns: report.elapsed_ns,
            overshoot_ns: report.overshoot_ns,
            remaining: report.remaining,
            next_deadline_ns: report.next_deadline_ns,
        }
    }
}

/// Writes a report unless the caller wants none, which a size of 0 says.
///
/// # Safety
///
/// `out` is NULL or writable for `size` bytes.
pub(super) unsafe fn write_report(
    out: *mut sl_report,
    size: usize,
    report: sl_report,
) -> Result<()> {
    if size == 0 {
        return Ok(());
    }
    // SAFETY: as the caller promised.
    unsafe { write_sized(out, size, report) }
}

/// Fills a step with its defaults: no time budget, no wait, no cap, no flags.
///
/// @param[out] step  the struct to fill
/// @param      size  sizeof(sl_step), as the host knows it
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `step` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `size` holds no field
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `step` is NULL or writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_step_init(step: *mut sl_step, size: usize) -> sl_status {
    // SAFETY: as the caller promised.
    guard(|| unsafe { write_sized(step, size, sl_step::defaults()) })
}
