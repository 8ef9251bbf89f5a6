//! Job cancel: native jobs end early, wherever they are, each with its one result.
//!
//! A job that waits for a worker ends at once. One that runs is asked: its handler looks with
//! sl_job_is_cancelled, and what it gives does not count any more. The calls that cancel all
//! scripts of a runner, or those of an owner, reach native jobs, too.

use crate::error::{Error, Result};
use crate::ffi::boundary::{borrow, guard, required, write_out};
use crate::ffi::jobs::{Named, sl_jobs};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::status::sl_status;
use crate::script::guest::Wanted;

fn cancel(jobs: *mut sl_jobs, wanted: Wanted) -> Result<u64> {
    Ok(borrow::<Named, _>(jobs)?.0.cancel(wanted))
}

/// Cancels one job. If it waits for a worker, its result is there when this returns. If it runs,
/// its result comes when its handler returns, and is a cancelled one whatever that gave.
///
/// @param jobs  the jobs
/// @param job   the job's id
/// @return SL_STATUS_OK             it had not ended, and is cancelled
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
/// @return SL_STATUS_STALE_HANDLE   the jobs were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @return SL_STATUS_NOT_FOUND      there is no such job any more, or never was
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_jobs_cancel(jobs: *mut sl_jobs, job: sl_job_id) -> sl_status {
    guard(|| match cancel(jobs, Wanted::Job(job))? {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    })
}

/// Cancels all jobs of an owner that were submitted before and have not ended, as sl_jobs_cancel.
/// sl_script_runner_cancel_owner does so as well, together with the owner's scripts.
///
/// @param      jobs       the jobs
/// @param      owner      as in the requests; 0 is an owner like any other
/// @param[out] out_count  how many there were; may be NULL
/// @return SL_STATUS_OK             cancelled, also when there were none
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
/// @return SL_STATUS_STALE_HANDLE   the jobs were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_count` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_cancel_owner(
    jobs: *mut sl_jobs,
    owner: u64,
    out_count: *mut u64,
) -> sl_status {
    guard(|| {
        let count = cancel(jobs, Wanted::Owner(owner))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, count) };
        Ok(())
    })
}

/// Cancels all jobs that were submitted before and have not ended, as sl_jobs_cancel.
/// sl_script_runner_cancel_all does so as well, together with all scripts.
///
/// @param      jobs       the jobs
/// @param[out] out_count  how many there were; may be NULL
/// @return SL_STATUS_OK             cancelled, also when there were none
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` is NULL
/// @return SL_STATUS_STALE_HANDLE   the jobs were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_count` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_cancel_all(jobs: *mut sl_jobs, out_count: *mut u64) -> sl_status {
    guard(|| {
        let count = cancel(jobs, Wanted::All)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_count, count) };
        Ok(())
    })
}

/// Says whether a job was accepted and has not ended. Changes nothing.
///
/// True from the moment when sl_jobs_submit has returned until the job's result is there: until it
/// can be polled, or goes to its callback. sl_script_runner_is_job_pending says the same of
/// scripts, which have ids of their own.
///
/// @param      jobs         the jobs
/// @param      job          the job's id
/// @param[out] out_pending  false when its result is there or was taken, or there is no such job
/// @return SL_STATUS_OK             written
/// @return SL_STATUS_NULL_ARGUMENT  `jobs` or `out_pending` is NULL
/// @return SL_STATUS_STALE_HANDLE   the jobs were freed
/// @return SL_STATUS_WRONG_KIND     `jobs` are no jobs
/// @thread any
/// @since  0.1.0
/// @see    sl_script_runner_is_job_pending
///
/// # Safety
///
/// `out_pending` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_jobs_is_pending(
    jobs: *mut sl_jobs,
    job: sl_job_id,
    out_pending: *mut bool,
) -> sl_status {
    guard(|| {
        required(out_pending)?;
        let pending = borrow::<Named, _>(jobs)?.0.is_pending(job);
        // SAFETY: as the caller promised.
        unsafe { write_out(out_pending, pending) };
        Ok(())
    })
}
