//! Post: work for a loop's owner thread, from any thread.
//!
//! A post of normal priority costs one atomic operation and, only when the owner sleeps, the
//! call that wakes it. Everything that was written before the post is visible to its function.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::event_loop::gate::{Bytes, POST_BYTES_MAX, Post};
use crate::event_loop::timers::Callback;
use crate::event_loop::{self, EventLoop, PRIORITY_NORMAL};
use crate::ffi::boundary::{borrow, bytes, find, guard};
use crate::ffi::callback::{sl_drop_fn, sl_work_fn};
use crate::ffi::event_loop::sl_loop;
use crate::ffi::status::sl_status;
use crate::foreign::Foreign;
use crate::parker::Told;
use crate::queue::ring::Refused;

/// Most bytes that sl_loop_post_copy carries.
pub const SL_POST_BYTES_MAX: usize = 64;

const _: () = assert!(SL_POST_BYTES_MAX == POST_BYTES_MAX);

/// Priorities with a name; any number is one. Lower numbers run first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_priority {
    /// Before everything.
    Critical = 0,
    /// Soon.
    High = 50,
    /// The usual; the only one whose posts need no lock.
    Normal = 100,
    /// When there is time.
    Low = 200,
    /// When there is nothing else.
    Idle = 1000,
}

const _: () = assert!(sl_priority::Normal as u32 == PRIORITY_NORMAL);

#[cold]
#[inline(never)]
fn post_to_lane(pointer: *mut sl_loop, priority: u32, make: impl FnOnce() -> Post) -> Result<()> {
    borrow::<EventLoop, _>(pointer)?.post(priority, make)
}

fn fits(lent: &[u8]) -> Result<()> {
    if lent.len() > POST_BYTES_MAX { Err(Error::InvalidArgument) } else { Ok(()) }
}

#[inline]
fn post(pointer: *mut sl_loop, priority: u32, make: impl FnOnce() -> Post) -> Result<()> {
    let (slot, handle) = find::<EventLoop, _>(pointer)?;
    if priority != PRIORITY_NORMAL {
        return post_to_lane(pointer, priority, make);
    }
    match slot.gate().post(|| slot.holds(handle), make) {
        Ok(Told::Done) => {}
        Ok(told) => event_loop::ring(handle, told),
        Err(Refused::Full) => return Err(Error::Full),
        Err(Refused::Closed) => return Err(borrow::<EventLoop, _>(pointer)?.refusal()),
    }
    Ok(())
}

/// Queues a call of `run(userdata)` for the owner thread. Never waits, never calls `run` itself.
///
/// A poll runs posts of lower numbers first and those of one number in the order of their
/// arrival. Afterwards, or when the loop is freed before, `drop(userdata)` is called.
///
/// @param loop      the loop
/// @param priority  an sl_priority or any number
/// @param run       what to call
/// @param userdata  passed to `run` and `drop`
/// @param drop      takes `userdata` back, called once on the owner thread; may be NULL
/// @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_CLOSED         the loop is closed
/// @return SL_STATUS_FULL           post_capacity is reached
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `run` and `drop` may be called with `userdata` on the owner thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_post(
    r#loop: *mut sl_loop,
    priority: u32,
    run: sl_work_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| {
        let run = run.ok_or(Error::NullArgument)?;
        let make = || Post::Call(Callback { run, data: Foreign::new(userdata, drop) });
        post(r#loop, priority, make)
    })
}

/// Queues a call of `run(userdata)` for the owner thread alone. As sl_loop_post in everything else.
///
/// It makes a difference while another thread drives the loop: then the post waits for the
/// owner's next poll, where it is the first of its priority.
///
/// @param loop      the loop
/// @param priority  an sl_priority or any number
/// @param run       what to call
/// @param userdata  passed to `run` and `drop`
/// @param drop      as in sl_loop_post; may be NULL
/// @return SL_STATUS_OK             queued; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT  `loop` or `run` is NULL
/// @return SL_STATUS_STALE_HANDLE   the loop was freed, perhaps by another thread just now
/// @return SL_STATUS_WRONG_KIND     `loop` is no loop
/// @return SL_STATUS_CLOSED         the loop is closed
/// @return SL_STATUS_FULL           post_capacity is reached
/// @thread any
/// @since  0.1.0
/// @see    sl_loop_drive_start
///
/// # Safety
///
/// As sl_loop_post.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_post_main(
    r#loop: *mut sl_loop,
    priority: u32,
    run: sl_work_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| {
        let run = run.ok_or(Error::NullArgument)?;
        let make = || Post::Main(Callback { run, data: Foreign::new(userdata, drop) });
        post(r#loop, priority, make)
    })
}

/// Queues a call of `run` with a copy of some bytes. Never waits, allocates nothing.
///
/// `run` gets a pointer to the copy, aligned to 16 bytes and valid for the call alone. As
/// sl_loop_post in everything else.
///
/// @param loop       the loop
/// @param priority   an sl_priority or any number
/// @param run        what to call
/// @param data       the bytes; may be NULL when `data_len` is 0
/// @param data_len   how many, at most SL_POST_BYTES_MAX
/// @return SL_STATUS_OK                queued
/// @return SL_STATUS_NULL_ARGUMENT     `loop` or `run` is NULL, or `data` with a length
/// @return SL_STATUS_INVALID_ARGUMENT  `data_len` is above SL_POST_BYTES_MAX
/// @return SL_STATUS_STALE_HANDLE      the loop was freed, perhaps by another thread just now
/// @return SL_STATUS_WRONG_KIND        `loop` is no loop
/// @return SL_STATUS_CLOSED            the loop is closed
/// @return SL_STATUS_FULL              post_capacity is reached
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `data` is readable for `data_len` bytes; `run` may be called on the owner thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_loop_post_copy(
    r#loop: *mut sl_loop,
    priority: u32,
    run: sl_work_fn,
    data: *const c_void,
    data_len: usize,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let lent = unsafe { bytes(data, data_len) }?;
        let run = run.ok_or(Error::NullArgument)?;
        fits(lent)?;
        post(r#loop, priority, || Post::Copy(run, Bytes::copy(lent)))
    })
}
