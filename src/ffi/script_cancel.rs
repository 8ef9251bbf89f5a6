//! Cancel: jobs end early, wherever they are, each with its one result.
//!
//! A job that waits for a worker ends at once; its callback is called on the runner's own watch
//! thread. One that waits for a state or runs ends as soon as its script can be interrupted:
//! within microseconds in Lua code and in library functions. One that is stuck in a C function is
//! taken away from its worker, which gets a successor, 150 ms later.
//! Native jobs that run on the runner's workers are cancelled by owner and all with its scripts; by
//! id they are cancelled with sl_jobs_cancel.
//! The outcome is SL_OUTCOME_CANCELLED, unless the job ended in the last moment by itself.

use crate::error::Error;
use crate::ffi::boundary::{borrow, guard, write_out};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::script_runner::{Named, sl_script_runner};
use crate::ffi::status::sl_status;
use crate::script::guest::Wanted;

/// Cancels one job.
///
/// @param runner  the runner
/// @param job     the job's id
/// @return SL_STATUS_OK             it had not ended, and ends now
/// @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @return SL_STATUS_NOT_FOUND      there is no such job any more, or never was
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_script_runner_cancel(
    runner: *mut sl_script_runner,
    job: sl_job_id,
) -> sl_status {
    guard(|| {
        let named = borrow::<Named, _>(runner)?;
        match named.runner().cancel(Wanted::Job(job)) {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    })
}

/// Cancels all jobs of an owner that were accepted and have not ended.
///
/// @param      runner     the runner
/// @param      owner      as in the jobs; 0 is an owner like any other
/// @param[out] out_count  how many there were; may be NULL
/// @return SL_STATUS_OK             cancelled, also when there were none
/// @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_count` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_cancel_owner(
    runner: *mut sl_script_runner,
    owner: u64,
    out_count: *mut u64,
) -> sl_status {
    guard(|| {
        let count = borrow::<Named, _>(runner)?.runner().cancel(Wanted::Owner(owner));
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, count) };
        Ok(())
    })
}

/// Cancels all jobs that were accepted and have not ended.
///
/// @param      runner     the runner
/// @param[out] out_count  how many there were; may be NULL
/// @return SL_STATUS_OK             cancelled, also when there were none
/// @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_count` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_cancel_all(
    runner: *mut sl_script_runner,
    out_count: *mut u64,
) -> sl_status {
    guard(|| {
        let count = borrow::<Named, _>(runner)?.runner().cancel(Wanted::All);
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, count) };
        Ok(())
    })
}
