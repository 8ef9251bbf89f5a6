//! Close: a runner ends at once, or when all that it has accepted has ended.
//!
//! Both ways refuse new jobs from then on and leave the handle, the counters and the queue of
//! results as they are; sl_script_runner_free is the end of these. They can be called any number
//! of times and in any order: one that drains can be closed at once, and a wait for the end also
//! ends then. Native jobs on the runner's workers are part of all this.

use crate::ffi::action_queue::wait;
use crate::ffi::boundary::{borrow, guard, required, write_out};
use crate::ffi::script_result::sl_job_id;
use crate::ffi::script_runner::{Named, sl_script_runner};
use crate::ffi::status::sl_status;

/// Closes a runner at once. Does not wait: the results of what was accepted still come, each one.
///
/// Jobs that wait and jobs that run end with SL_OUTCOME_CLOSED as soon as they can be interrupted,
/// as after sl_script_runner_cancel_all; workers that wait for a state wait no longer. Native jobs
/// are closed as by sl_jobs_close. Worker threads leave by themselves; the states are destroyed
/// when the runner is freed.
///
/// @param runner  the runner
/// @return SL_STATUS_OK             closed, by this call or before
/// @return SL_STATUS_NULL_ARGUMENT  `runner` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @thread any, also from a callback on a worker and from a function that a script has called
/// @since  0.1.0
/// @see    sl_script_runner_close_gracefully, sl_action_queue_close
#[unsafe(no_mangle)]
pub extern "C" fn sl_script_runner_close(runner: *mut sl_script_runner) -> sl_status {
    guard(|| {
        borrow::<Named, _>(runner)?.runner().close();
        Ok(())
    })
}

/// Refuses new jobs and waits until all that were accepted have ended, each as if nothing had
/// happened: its callback has returned, its action is in the queue. Ends none of them itself.
///
/// When the time is up the runner goes on draining, and a further call waits further. A job that
/// never ends is waited for, and so is one whose host function waits for what the calling thread
/// would do: bound the wait, and end them with sl_script_runner_close.
///
/// @param runner       the runner
/// @param max_wait_ms  longest wait; 0 = none, UINT32_MAX = for ever
/// @return SL_STATUS_OK              all jobs have ended, of a runner that was closed as well
/// @return SL_STATUS_NULL_ARGUMENT   `runner` is NULL
/// @return SL_STATUS_STALE_HANDLE    the runner was freed
/// @return SL_STATUS_WRONG_KIND      `runner` is no script runner
/// @return SL_STATUS_TIMEOUT         some have not ended yet; new ones are refused all the same
/// @return SL_STATUS_WOULD_DEADLOCK  called on one of its workers with `max_wait_ms` above 0; the
///                                   runner is as before
/// @thread any; on a worker with a `max_wait_ms` of 0 only
/// @since  0.1.0
/// @see    sl_script_runner_close
#[unsafe(no_mangle)]
pub extern "C" fn sl_script_runner_close_gracefully(
    runner: *mut sl_script_runner,
    max_wait_ms: u32,
) -> sl_status {
    guard(|| borrow::<Named, _>(runner)?.runner().close_gracefully(wait(max_wait_ms)))
}

/// Says whether a job was accepted and has not ended. Changes nothing and delivers nothing.
///
/// True from the moment when sl_script_runner_enqueue has returned until the job's result is there:
/// until its callback has returned and its action is in the queue, as its delivery says. Whoever
/// has taken the action is told false, and whoever is told false finds it. sl_jobs_is_pending says
/// the same of native jobs, which have ids of their own.
///
/// @param      runner          the runner
/// @param      job             the job's id
/// @param[out] out_is_pending  false when its result is there or was taken, or there is no such job
/// @return SL_STATUS_OK             written
/// @return SL_STATUS_NULL_ARGUMENT  `runner` or `out_is_pending` is NULL
/// @return SL_STATUS_STALE_HANDLE   the runner was freed
/// @return SL_STATUS_WRONG_KIND     `runner` is no script runner
/// @thread any
/// @since  0.1.0
/// @see    sl_script_runner_cancel, sl_jobs_is_pending
///
/// # Safety
///
/// `out_is_pending` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_is_job_pending(
    runner: *mut sl_script_runner,
    job: sl_job_id,
    out_is_pending: *mut bool,
) -> sl_status {
    guard(|| {
        required(out_is_pending)?;
        let is_pending = borrow::<Named, _>(runner)?.runner().is_pending(job);
        // SAFETY: as the caller promised.
        unsafe { write_out(out_is_pending, is_pending) };
        Ok(())
    })
}
