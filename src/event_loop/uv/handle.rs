//! Memory that libuv works in, whose size only libuv knows.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::event_loop::uv::api::{Api, HandleFn};

/// `UV_ASYNC` and `UV_TIMER`: their numbers are part of libuv's binary interface.
const ASYNC: u32 = 1;
const TIMER: u32 = 13;

/// Room for one struct of libuv's. It must not move or go while libuv knows it.
#[derive(Debug)]
pub struct Room(Box<[u128]>);

impl Room {
    /// Zeroes, aligned for anything.
    pub fn new(bytes: usize) -> Self {
        Self(vec![0; bytes.div_ceil(size_of::<u128>())].into_boxed_slice())
    }

    /// Where it is.
    pub fn at(&self) -> *mut c_void {
        self.0.as_ptr().cast_mut().cast()
    }
}

/// What a handle was given as its data.
///
/// # Safety
///
/// The handle lives, its data is a `T` that lives for `'a`.
pub unsafe fn data_of<'a, T>(handle: *mut c_void) -> &'a T {
    // SAFETY: `data` is the first field of every handle, public since libuv 1.0.
    let data = unsafe { handle.cast::<*mut c_void>().read() };
    // SAFETY: as the caller promised.
    unsafe { &*data.cast::<T>() }
}

/// What a loop has in a `uv_loop_t`: a signal that any thread can send, and a timer.
#[derive(Debug)]
pub struct Pair {
    pub wake: Room,
    pub timer: Room,
}

impl Pair {
    /// Puts both into `uv_loop`; their callbacks get `data`.
    ///
    /// # Safety
    ///
    /// `uv_loop` is a loop of this libuv, and the calling thread may use it.
    pub unsafe fn init(
        api: &Api,
        uv_loop: *mut c_void,
        on_wake: HandleFn,
        data: *mut c_void,
    ) -> Result<Self> {
        // SAFETY: has no preconditions.
        let wake = Room::new(unsafe { (api.handle_size)(ASYNC) });
        // SAFETY: has no preconditions.
        let timer = Room::new(unsafe { (api.handle_size)(TIMER) });
        // SAFETY: as the caller promised; the room is of the size that libuv wants.
        let failed = unsafe { (api.async_init)(uv_loop, wake.at(), Some(on_wake)) } != 0;
        if failed {
            // The one thing that can fail: the process has no descriptor left.
            return Err(Error::System);
        }
        // SAFETY: as above; it cannot fail.
        unsafe { (api.timer_init)(uv_loop, timer.at()) };
        for room in [&wake, &timer] {
            // SAFETY: a handle that was made.
            unsafe { (api.handle_set_data)(room.at(), data) };
        }
        Ok(Self { wake, timer })
    }
}
