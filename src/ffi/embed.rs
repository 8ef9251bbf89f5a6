//! Embed: a loop inside somebody else's loop, on another thread, or in another time.
//!
//! A host that waits in epoll, poll, GLib, SDL or libuv waits for one descriptor. A host that
//! replays or tests moves the time of a loop with a virtual clock by hand.

use std::ffi::c_void;

use crate::event_loop::EventLoop;
use crate::event_loop::timers::Callback;
use crate::ffi::boundary::{borrow, guard, required, write_out};
use crate::ffi::callback::{sl_drop_fn, sl_work_fn};
use crate::ffi::event_loop::{owned, sl_loop};
use crate::ffi::status::sl_status;
use crate::foreign::Foreign;

/// Gives a descriptor that is readable while a poll would find something to do.
///
/// It becomes readable for every cause (work, a wake, a due timer, what a poll left over) and
/// stays so until a poll has found nothing more. Wait for it with epoll, poll or select, then
/// call sl_loop_poll or sl_loop_step; never read, write or close it. From the first call on
/// each poll costs a few system calls more.
///
/// @param      loop    the loop
/// @param[out] out_fd  the descriptor; the loop's, valid until sl_loop_free
/// @return SL_STATUS_OK             given
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_fd` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_SYSTEM         the process has no descriptor left
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `out_fd` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_fd(r#loop: *mut sl_loop, out_fd: *mut i32) -> sl_status {
    guard(|| {
        required(out_fd)?;
        let fd = owned(r#loop, EventLoop::fd)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_fd, fd) };
        Ok(())
    })
}

/// Gives the `uv_loop_t` that the loop waits in, for handles of the host's.
///
/// Their callbacks run inside of polls and waits, on the thread that polls or drives; a poll runs
/// all that libuv has ready before it runs what the loop has, which counts for its budget. What is
/// begun outside of callbacks is seen by sl_loop_fd and a driving thread after the next poll or
/// wake. Never pass it to `uv_run` or `uv_loop_close`.
///
/// @param      loop         the loop
/// @param[out] out_uv_loop  a `uv_loop_t *` of the libuv that sl_loop_config.uv came from; the
///                          loop's, valid until sl_loop_free
/// @return SL_STATUS_OK             given
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_uv_loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_UNSUPPORTED    the loop has none of its own, or was made without
///                                  sl_loop_config.uv: then it may be of another libuv
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `out_uv_loop` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_uv_loop(
    r#loop: *mut sl_loop,
    out_uv_loop: *mut *mut c_void,
) -> sl_status {
    guard(|| {
        required(out_uv_loop)?;
        let uv_loop = owned(r#loop, EventLoop::uv_loop)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_uv_loop, uv_loop) };
        Ok(())
    })
}

/// Has `hook(userdata)` called when a poll would find something to do, to end a wait elsewhere.
///
/// For hosts that wait for events and not for descriptors: the hook sends itself one, as
/// SDL_PushEvent or glfwPostEmptyEvent do. It is called on the thread that posts, wakes or
/// schedules, or at the end of a poll that leaves something; once, and again only after the next
/// poll. It may call any function of this library but those that poll. It is not called when a
/// timer becomes due: wait no longer than sl_loop_next_deadline says. From the first hook on each
/// poll costs a little more.
///
/// @param loop      the loop
/// @param hook      what to call, instead of any earlier one; NULL = nothing
/// @param userdata  passed to `hook` and `drop`
/// @param drop      takes `userdata` back, called once on any thread: when the hook was replaced
///                  and is not running any more, or the loop is freed; may be NULL
/// @return SL_STATUS_OK             set
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `hook` and `drop` may be called with `userdata` on any thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_set_wake_hook(
    r#loop: *mut sl_loop,
    hook: sl_work_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| {
        let make = |run| Callback { run, data: Foreign::new(userdata, drop) };
        owned(r#loop, |found| found.set_wake_hook(hook.map(make)))
    })
}

/// Tells how long a poll would find nothing to do if nobody posted or woke. Runs nothing.
///
/// @param      loop    the loop
/// @param[out] out_ns  nanoseconds from now; 0 = something is ready, SL_UNLIMITED = nothing is
///                     scheduled
/// @return SL_STATUS_OK             told
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_ns` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @thread owner
/// @since  0.1.0
///
/// # Safety
///
/// `out_ns` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_next_deadline(
    r#loop: *mut sl_loop,
    out_ns: *mut u64,
) -> sl_status {
    guard(|| {
        required(out_ns)?;
        let next = owned(r#loop, EventLoop::next_deadline)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_ns, next) };
        Ok(())
    })
}

/// Reads the loop's clock. Changes nothing.
///
/// @param      loop    the loop
/// @param[out] out_ns  nanoseconds: of CLOCK_MONOTONIC, or since zero on a virtual clock
/// @return SL_STATUS_OK             read
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_ns` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_ns` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_now(r#loop: *mut sl_loop, out_ns: *mut u64) -> sl_status {
    guard(|| {
        required(out_ns)?;
        let now = borrow::<EventLoop, _>(r#loop)?.now();
        // SAFETY: as the caller promised.
        unsafe { write_out(out_ns, now) };
        Ok(())
    })
}

/// Moves a virtual clock forward. Runs nothing: the next poll finds what is due by then.
///
/// @param loop  the loop
/// @param ns    nanoseconds to add; the clock stops at its end instead of starting over
/// @return SL_STATUS_OK             moved; a waiting owner looks again
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_UNSUPPORTED    the loop has the system's clock
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_advance(r#loop: *mut sl_loop, ns: u64) -> sl_status {
    guard(|| borrow::<EventLoop, _>(r#loop)?.advance(ns))
}

/// Tells whether the calling thread owns the loop. Changes nothing.
///
/// @param      loop          the loop
/// @param[out] out_is_owner  whether it does
/// @return SL_STATUS_OK             told
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `out_is_owner` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_is_owner` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_is_owner(
    r#loop: *mut sl_loop,
    out_is_owner: *mut bool,
) -> sl_status {
    guard(|| {
        required(out_is_owner)?;
        let is_owner = borrow::<EventLoop, _>(r#loop)?.is_owner();
        // SAFETY: as the caller promised.
        unsafe { write_out(out_is_owner, is_owner) };
        Ok(())
    })
}

/// Gives the loop up, so that another thread can take it. Runs and drops nothing.
///
/// Until a thread calls sl_loop_attach_thread nobody can poll or free the loop; posts, timers
/// and wakes are accepted and wait.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             nobody owns it now
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   the caller is not the loop's owner thread
/// @return SL_STATUS_REENTERED      called from inside a callback of the same loop
/// @return SL_STATUS_BUSY           another thread drives the loop
/// @thread owner
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_detach_thread(r#loop: *mut sl_loop) -> sl_status {
    guard(|| owned(r#loop, EventLoop::detach_thread))
}

/// Makes the calling thread the owner of a loop that nobody owns. Does not take it from another.
///
/// @param loop  the loop
/// @return SL_STATUS_OK             the caller owns it now, or did before
/// @return SL_STATUS_NULL_ARGUMENT  `loop` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_WRONG_THREAD   another thread owns it
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_loop_attach_thread(r#loop: *mut sl_loop) -> sl_status {
    guard(|| borrow::<EventLoop, _>(r#loop)?.attach_thread())
}
