//! Post: work for a loop's owner thread, from any thread.
//!
//! A post of normal priority costs one atomic operation and, only when the owner sleeps, the
//! call that wakes it. Everything that was written before the post is visible to its function.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::event_loop::gate::{Bytes, POST_BYTES_MAX, Post};
use crate::event_loop::timers::Callback;
use crate::event_loop::{EventLoop, PRIORITY_NORMAL};
use crate::ffi::boundary::{borrow, bytes, find, guard};
use crate::ffi::callback::{sl_drop_fn, sl_work_fn};
use crate::ffi::event_loop::{ring, sl_loop};
use crate::ffi::status::sl_status;
use crate::foreign::Foreign;
use crate::parker::Told;

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

#[inline]
fn post(pointer: *mut sl_loop, priority: u32, post: Post) -> Result<()> {
    let (error, post) = match try_post(pointer, priority, post) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    post.disown();
    Err(error)
}

/// The post comes back when it is refused: it still is the host's.
#[inline]
fn try_post(
    pointer: *mut sl_loop,
    priority: u32,
    post: Post,
) -> std::result::Result<(), (Error, Post)> {
    let (slot, handle) = match find::<EventLoop, _>(pointer) {
        Ok(found) => found,
        Err(error) => return Err((error, post)),
    };
    if priority != PRIORITY_NORMAL {
        return match borrow::<EventLoop, _>(pointer) {
            Ok(pinned) => pinned.post(priority, post),
            Err(error) => Err((error, post)),
        };
    }
    match slot.gate().post(post, || slot.holds(handle)) {
        Ok(Told::Done) => Ok(()),
        Ok(told) => {
            ring(pointer, told);
            Ok(())
        }
        Err((refused, post)) => Err((refused.into(), post)),
    }
}

fn call(run: sl_work_fn, userdata: *mut c_void, drop: sl_drop_fn) -> Result<Post> {
    let run = run.ok_or(Error::NullArgument)?;
    Ok(Post::Call(Callback { run, data: Foreign::new(userdata, drop) }))
}

fn copy(run: sl_work_fn, lent: &[u8]) -> Result<Post> {
    let run = run.ok_or(Error::NullArgument)?;
    let mut copied = Bytes([0; POST_BYTES_MAX]);
    let place = copied.0.get_mut(..lent.len()).ok_or(Error::InvalidArgument)?;
    place.copy_from_slice(lent);
    Ok(Post::Copy(run, copied))
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
    guard(|| post(r#loop, priority, call(run, userdata, drop)?))
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
        post(r#loop, priority, copy(run, lent)?)
    })
}
