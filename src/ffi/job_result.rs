//! Job result: what a native job gave. Lent to the function of a poll.

use std::cell::{Cell, UnsafeCell};
use std::ffi::{c_char, c_void};

use crate::error::{Error, Result};
use crate::ffi::boundary::{guard, required, write_out};
use crate::ffi::job::sl_native_payload;
use crate::ffi::lent::{self, Lents};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::status::sl_status;
use crate::jobs::job::{Job, Outcome, Payload};

/// What a native job gave. Everything in it lives as long as it is lent.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_job_result {
    /// Bytes in this struct, as the library knows it.
    pub size: usize,
    /// The job.
    pub id: sl_job_id,
    /// Whose it is.
    pub owner: u64,
    /// What its handler gave, with a NUL behind; NULL when it is not ok.
    pub result: *const c_char,
    /// Its length in bytes, without that NUL.
    pub result_len: usize,
    /// What went wrong, with a NUL behind; NULL when it is ok.
    pub error: *const c_char,
    /// Its length in bytes, without that NUL.
    pub error_len: usize,
    /// The kind that it was submitted for, with a NUL behind.
    pub kind: *const c_char,
    /// Its length in bytes, without that NUL.
    pub kind_len: usize,
    /// Its native payload, which is freed when the call returns unless it is taken; NULL = none.
    /// Without `userdata` and `drop`.
    pub native: *const sl_native_payload,
    /// Numbers of its handler's.
    pub aux: [i64; 4],
    /// Nanoseconds from submit to start.
    pub wait_ns: u64,
    /// Nanoseconds that its handler ran.
    pub run_ns: u64,
    /// Its handler ran and gave no error.
    pub ok: bool,
    /// It was cancelled or closed; then it is not ok.
    pub cancelled: bool,
}

/// Handles one result of a poll. It is lent for the call: the library frees it afterwards.
///
/// @param userdata  what was passed with the function
/// @param result    the result
/// @thread any, the one that polls
pub type sl_job_result_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, result: *mut sl_job_result)>;

/// A result as it is lent.
struct Shown {
    shown: UnsafeCell<sl_job_result>,
    payload: Cell<Option<Payload>>,
}

thread_local! {
    static SHOWN: Lents<Shown> = const { Cell::new(std::ptr::null()) };
}

/// Shows a result to the host for the time of a call, and frees what is left of it.
pub(super) fn show(job: &mut Job, call: impl FnOnce(*mut sl_job_result)) {
    let payload = job.payload.take();
    let native = sl_native_payload::of(payload.as_ref());
    let text = job.output.bytes();
    let parts = |is_there| {
        if is_there { (text.as_ptr().cast(), text.len()) } else { (std::ptr::null(), 0) }
    };
    let ok = job.outcome == Outcome::Ok;
    let ((result, result_len), (error, error_len)) = (parts(ok), parts(!ok));
    let shown = UnsafeCell::new(sl_job_result {
        size: size_of::<sl_job_result>(),
        id: job.id,
        owner: job.owner,
        result,
        result_len,
        error,
        error_len,
        kind: job.kind.bytes().as_ptr().cast(),
        kind_len: job.kind.bytes().len(),
        native: payload.as_ref().map_or(std::ptr::null(), |_| &raw const native),
        aux: job.aux,
        wait_ns: job.wait_ns,
        run_ns: job.run_ns,
        ok,
        cancelled: job.outcome == Outcome::Cancelled,
    });
    let payload = Cell::new(payload);
    lent::lend(&SHOWN, Shown { shown, payload }, |shown| call(shown.shown.get()));
}

/// Moves the native payload out of a result: the host owns it from now on.
///
/// @param      result       what the function of a poll got
/// @param[out] out_payload  the payload
/// @return SL_STATUS_OK             moved
/// @return SL_STATUS_NULL_ARGUMENT  `result` or `out_payload` is NULL
/// @return SL_STATUS_STALE_HANDLE   the function has returned, or runs on another thread
/// @return SL_STATUS_EMPTY          the result has none, or not any more
/// @thread any, the one that polls
/// @since  0.1.0
///
/// # Safety
///
/// `out_payload` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_result_take_payload(
    result: *mut sl_job_result,
    out_payload: *mut sl_native_payload,
) -> sl_status {
    guard(|| {
        required(out_payload)?;
        let take = |shown: &Shown| -> Result<Payload> { shown.payload.take().ok_or(Error::Empty) };
        let payload = lent::with(&SHOWN, result, |shown| shown.shown.get(), take)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_payload, sl_native_payload::give(payload)) };
        Ok(())
    })
}
