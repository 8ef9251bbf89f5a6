//! Job: what a handler of native jobs works on, and gives back.
//!
//! A handler runs on a worker thread of the runner, beside scripts. It reads the fields of the
//! job and says by the functions below what came of it; to say nothing is to succeed with an
//! empty result. What it says last counts. The job is lent for the call: these functions take it
//! only on the thread that the handler is called on, and until it returns.

use std::cell::{Cell, UnsafeCell};
use std::ffi::{c_char, c_void};

use crate::error::{Error, Result};
use crate::ffi::boundary::{bytes, guard, required, write_out};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::lent::{self, Lents};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::status::sl_status;
use crate::foreign::{Context, Foreign};
use crate::jobs::job::{Handler, Job, Payload, Run, Text};

/// Memory of the host's that moves with a job without being copied: from the submitter to the
/// handler, and with the result to whoever takes it there. Whoever has it at the end calls
/// `drop(userdata)` once; what nobody takes, the library frees so, on any thread.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_native_payload {
    /// Where it is.
    pub data: *mut c_void,
    /// Its length in bytes.
    pub data_size: usize,
    /// What `data` is a multiple of, a power of two; 0 = not said.
    pub alignment: usize,
    /// The length of one element, of which `data_size` is a multiple; 0 = not said.
    pub element_size: usize,
    /// Passed to `drop`; often the same as `data`.
    pub userdata: *mut c_void,
    /// Takes it back; NULL when there is nothing to take back.
    pub drop: sl_drop_fn,
}

impl sl_native_payload {
    const NONE: Self = Self {
        data: std::ptr::null_mut(),
        data_size: 0,
        alignment: 0,
        element_size: 0,
        userdata: std::ptr::null_mut(),
        drop: None,
    };

    /// Reads what C lends, and checks it.
    ///
    /// # Safety
    ///
    /// `payload` is NULL or readable.
    pub(super) unsafe fn read(payload: *const Self) -> Result<Option<Self>> {
        // SAFETY: as the caller promised.
        let Some(payload) = (unsafe { payload.as_ref() }) else { return Ok(None) };
        let Self { data, data_size, alignment, element_size, .. } = *payload;
        if data_size > 0 {
            required(data)?;
        }
        let is_aligned =
            alignment == 0 || alignment.is_power_of_two() && data.addr().is_multiple_of(alignment);
        let is_whole = element_size == 0 || data_size.is_multiple_of(element_size);
        if is_aligned && is_whole { Ok(Some(*payload)) } else { Err(Error::InvalidArgument) }
    }

    /// The library owns it from now on.
    pub(super) fn take(self) -> Payload {
        Payload {
            data: Context(self.data),
            data_size: self.data_size,
            alignment: self.alignment,
            element_size: self.element_size,
            owner: Foreign::new(self.userdata, self.drop),
        }
    }

    /// The host owns it from now on.
    pub(super) fn give(payload: Payload) -> Self {
        let mut given = Self::of(Some(&payload));
        (given.userdata, given.drop) = payload.owner.release();
        given
    }

    /// To look at, not to free.
    pub(super) fn of(payload: Option<&Payload>) -> Self {
        payload.map_or(Self::NONE, |payload| Self {
            data: payload.data.0,
            data_size: payload.data_size,
            alignment: payload.alignment,
            element_size: payload.element_size,
            ..Self::NONE
        })
    }
}

/// A native job while its handler runs. Everything in it is the library's.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_job {
    /// Bytes in this struct, as the library knows it.
    pub size: usize,
    /// The job.
    pub id: sl_job_id,
    /// Whose it is.
    pub owner: u64,
    /// What was submitted, with a NUL behind.
    pub payload: *const c_char,
    /// Its length in bytes, without that NUL.
    pub payload_len: usize,
    /// The kind that it was submitted for, with a NUL behind.
    pub kind: *const c_char,
    /// Its length in bytes, without that NUL.
    pub kind_len: usize,
    /// The native payload that was submitted, to be worked on where it is; NULL = none. It goes
    /// on with the result unless it is taken or replaced. Without `userdata` and `drop`: to own
    /// it, take it.
    pub native: *const sl_native_payload,
}

/// Does a job: any work, for as long as it takes. It may call anything of this library that does
/// not wait for it to return.
///
/// @param userdata  what was registered with the function
/// @param job       what to do; lent for the call
/// @thread worker, several at once
pub type sl_job_fn = Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, job: *mut sl_job)>;

type HostFn = unsafe extern "C-unwind" fn(userdata: *mut c_void, job: *mut sl_job);

/// A job as it is lent.
struct Running {
    shown: UnsafeCell<sl_job>,
    run: *mut Run<'static>,
}

thread_local! {
    static RUNNING: Lents<Running> = const { Cell::new(std::ptr::null()) };
}

/// The host's function as `Jobs` call it.
pub(super) fn handler(call: HostFn, data: Foreign) -> Handler {
    std::sync::Arc::new(move |run: &mut Run<'_>| {
        let Job { id, owner, ref kind, ref input, ref payload, .. } = *run.job;
        let native = sl_native_payload::of(payload.as_ref());
        let input = input.bytes();
        let shown = UnsafeCell::new(sl_job {
            size: size_of::<sl_job>(),
            id,
            owner,
            payload: input.as_ptr().cast(),
            payload_len: input.len(),
            kind: kind.bytes().as_ptr().cast(),
            kind_len: kind.bytes().len(),
            native: payload.as_ref().map_or(std::ptr::null(), |_| &raw const native),
        });
        let run = std::ptr::from_mut(run).cast();
        lent::lend(&RUNNING, Running { shown, run }, |running| {
            // SAFETY: the host promised that its function may be called on any worker with its
            // userdata until `drop` has run; the job is readable for the call.
            unsafe { call(data.userdata(), running.shown.get()) };
        });
    })
}

/// Has a job that runs on this thread.
fn with<R>(job: *mut sl_job, act: impl FnOnce(&mut Run<'_>) -> Result<R>) -> Result<R> {
    lent::with(
        &RUNNING,
        job,
        |running| running.shown.get(),
        |running| {
            // SAFETY: it was borrowed for the handler's call, which this is inside of; the borrow
            // made here ends before the host's code runs again.
            act(unsafe { &mut *running.run })
        },
    )
}

/// Whether the job was cancelled or closed: what it gives will not be delivered. For handlers
/// that look now and then.
///
/// @param      job            what the handler got
/// @param[out] out_cancelled  true from then on
/// @return SL_STATUS_OK             written
/// @return SL_STATUS_NULL_ARGUMENT  `job` or `out_cancelled` is NULL
/// @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `out_cancelled` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_is_cancelled(
    job: *const sl_job,
    out_cancelled: *mut bool,
) -> sl_status {
    guard(|| {
        required(out_cancelled)?;
        let cancelled = with(job.cast_mut(), |run| Ok(run.flag.is_cancelled()))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_cancelled, cancelled) };
        Ok(())
    })
}

/// The job succeeds with this result.
///
/// @param job   what the handler got
/// @param text  any bytes, which are copied
/// @param len   their number
/// @return SL_STATUS_OK             noted
/// @return SL_STATUS_NULL_ARGUMENT  `job` is NULL, or `text` is and has a length
/// @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
/// @return SL_STATUS_NO_MEMORY      there is no memory for a copy
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `text` is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_return_text(
    job: *mut sl_job,
    text: *const c_char,
    len: usize,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let text = Text::copy(unsafe { bytes(text.cast(), len) }?)?;
        with(job, |run| {
            run.job.succeed(text);
            Ok(())
        })
    })
}

/// The job fails with this error. Its native payload will be freed when the handler returns.
///
/// @param job   what the handler got
/// @param text  any bytes, which are copied
/// @param len   their number
/// @return SL_STATUS_OK             noted
/// @return SL_STATUS_NULL_ARGUMENT  `job` is NULL, or `text` is and has a length
/// @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
/// @return SL_STATUS_NO_MEMORY      there is no memory for a copy
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `text` is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_return_error(
    job: *mut sl_job,
    text: *const c_char,
    len: usize,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let text = Text::copy(unsafe { bytes(text.cast(), len) }?)?;
        with(job, |run| {
            run.job.fail(text);
            Ok(())
        })
    })
}

/// Sets one of the four numbers that the result has beside its text.
///
/// @param job    what the handler got
/// @param index  0 to 3
/// @param value  the number; they are 0 at first
/// @return SL_STATUS_OK                noted
/// @return SL_STATUS_NULL_ARGUMENT     `job` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `index` is above 3
/// @return SL_STATUS_STALE_HANDLE      the handler has returned, or runs on another thread
/// @thread worker
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_job_return_aux(job: *mut sl_job, index: u32, value: i64) -> sl_status {
    guard(|| {
        with(job, |run| {
            *run.job.aux.get_mut(index as usize).ok_or(Error::InvalidArgument)? = value;
            Ok(())
        })
    })
}

/// Moves memory of the host's into the result. What the job had is freed by this call.
///
/// @param job      what the handler got
/// @param payload  what to move; NULL = the result is to have none
/// @return SL_STATUS_OK                the library owns it now
/// @return SL_STATUS_NULL_ARGUMENT     `job` is NULL, or `data` is and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  alignment or element_size do not fit the data
/// @return SL_STATUS_STALE_HANDLE      the handler has returned, or runs on another thread
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `payload` is NULL or readable; its `drop` may be called once with its `userdata`, on any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_return_payload(
    job: *mut sl_job,
    payload: *const sl_native_payload,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let payload = unsafe { sl_native_payload::read(payload) }?;
        let old = with(job, |run| {
            let new = payload.map(sl_native_payload::take);
            Ok(std::mem::replace(&mut run.job.payload, new))
        })?;
        // The host's code, which may call for this job again.
        drop(old);
        Ok(())
    })
}

/// Moves the native payload out of the job: the handler owns it from now on and calls its `drop`,
/// or has somebody do so.
///
/// @param      job          what the handler got
/// @param[out] out_payload  the payload
/// @return SL_STATUS_OK             moved
/// @return SL_STATUS_NULL_ARGUMENT  `job` or `out_payload` is NULL
/// @return SL_STATUS_STALE_HANDLE   the handler has returned, or runs on another thread
/// @return SL_STATUS_EMPTY          the job has none, or not any more
/// @thread worker
/// @since  0.1.0
///
/// # Safety
///
/// `out_payload` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_job_take_payload(
    job: *mut sl_job,
    out_payload: *mut sl_native_payload,
) -> sl_status {
    guard(|| {
        required(out_payload)?;
        let payload = with(job, |run| run.job.payload.take().ok_or(Error::Empty))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_payload, sl_native_payload::give(payload)) };
        Ok(())
    })
}
