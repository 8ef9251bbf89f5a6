//! Uv: libuv as a place where loops wait, with the functions of the libuv that the host has.
//!
//! SL_BACKEND_UV gives a loop that waits in a `uv_loop_t`. There are three ways to it:
//! with nothing else in the config, libuv is found in the process or loaded, and the host sees
//! nothing of it; with `config.uv = sl_uv_functions()` from scriptloop_uv.h, the host's own libuv
//! is used, however it is linked, and sl_loop_uv_loop gives the `uv_loop_t` for handles of the
//! host's; with `config.uv_loop` as well, the loop is called from the host's `uv_run`.

use std::ffi::c_void;

use crate::error::{Error, Result};
use crate::event_loop::uv::{Api, HandleFn, WalkFn, installed};
use crate::ffi::boundary::{Sized0, guard, read_sized, required, write_out};
use crate::ffi::status::sl_status;

/// Bits of sl_loop_config.uv_flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_uv_flag {
    /// The loop does not keep the host's `uv_run` from ending: as after `uv_unref`.
    Unref = 1,
}

/// The functions of a libuv, with pointers that have no type. Filled by sl_uv_functions of
/// scriptloop_uv.h, which the host compiles against its own uv.h; nobody fills it by hand.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_uv_api {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// uv_version
    pub version: Option<unsafe extern "C" fn() -> u32>,
    /// uv_loop_size
    pub loop_size: Option<unsafe extern "C" fn() -> usize>,
    /// uv_loop_init
    pub loop_init: Option<unsafe extern "C" fn(uv_loop: *mut c_void) -> i32>,
    /// uv_loop_close
    pub loop_close: Option<unsafe extern "C" fn(uv_loop: *mut c_void) -> i32>,
    /// uv_loop_alive
    pub loop_alive: Option<unsafe extern "C" fn(uv_loop: *const c_void) -> i32>,
    /// uv_run
    pub run: Option<unsafe extern "C" fn(uv_loop: *mut c_void, mode: u32) -> i32>,
    /// uv_stop
    pub stop: Option<unsafe extern "C" fn(uv_loop: *mut c_void)>,
    /// uv_update_time
    pub update_time: Option<unsafe extern "C" fn(uv_loop: *mut c_void)>,
    /// uv_backend_fd
    pub backend_fd: Option<unsafe extern "C" fn(uv_loop: *const c_void) -> i32>,
    /// uv_backend_timeout
    pub backend_timeout: Option<unsafe extern "C" fn(uv_loop: *const c_void) -> i32>,
    /// uv_walk
    pub walk: Option<
        unsafe extern "C" fn(
            uv_loop: *mut c_void,
            see: Option<unsafe extern "C" fn(handle: *mut c_void, argument: *mut c_void)>,
            argument: *mut c_void,
        ),
    >,
    /// uv_handle_size
    pub handle_size: Option<unsafe extern "C" fn(kind: u32) -> usize>,
    /// uv_handle_set_data
    pub handle_set_data: Option<unsafe extern "C" fn(handle: *mut c_void, data: *mut c_void)>,
    /// uv_is_closing
    pub is_closing: Option<unsafe extern "C" fn(handle: *const c_void) -> i32>,
    /// uv_close
    pub close: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            closed: Option<unsafe extern "C" fn(handle: *mut c_void)>,
        ),
    >,
    /// uv_ref
    pub ref_handle: Option<unsafe extern "C" fn(handle: *mut c_void)>,
    /// uv_unref
    pub unref_handle: Option<unsafe extern "C" fn(handle: *mut c_void)>,
    /// uv_async_init
    pub async_init: Option<
        unsafe extern "C" fn(
            uv_loop: *mut c_void,
            handle: *mut c_void,
            called: Option<unsafe extern "C" fn(handle: *mut c_void)>,
        ) -> i32,
    >,
    /// uv_async_send
    pub async_send: Option<unsafe extern "C" fn(handle: *mut c_void) -> i32>,
    /// uv_timer_init
    pub timer_init: Option<unsafe extern "C" fn(uv_loop: *mut c_void, handle: *mut c_void) -> i32>,
    /// uv_timer_start
    pub timer_start: Option<
        unsafe extern "C" fn(
            handle: *mut c_void,
            called: Option<unsafe extern "C" fn(handle: *mut c_void)>,
            timeout_ms: u64,
            repeat_ms: u64,
        ) -> i32,
    >,
    /// uv_timer_stop
    pub timer_stop: Option<unsafe extern "C" fn(handle: *mut c_void) -> i32>,
}

const _: Option<HandleFn> = None::<unsafe extern "C" fn(*mut c_void)>;
const _: Option<WalkFn> = None::<unsafe extern "C" fn(*mut c_void, *mut c_void)>;

// SAFETY: repr(C), size first, functions that may be NULL.
unsafe impl Sized0 for sl_uv_api {
    fn defaults() -> Self {
        Self {
            size: size_of::<Self>(),
            version: None,
            loop_size: None,
            loop_init: None,
            loop_close: None,
            loop_alive: None,
            run: None,
            stop: None,
            update_time: None,
            backend_fd: None,
            backend_timeout: None,
            walk: None,
            handle_size: None,
            handle_set_data: None,
            is_closing: None,
            close: None,
            ref_handle: None,
            unref_handle: None,
            async_init: None,
            async_send: None,
            timer_init: None,
            timer_start: None,
            timer_stop: None,
        }
    }
}

impl sl_uv_api {
    fn all(&self) -> Option<Api> {
        Some(Api {
            version: self.version?,
            loop_size: self.loop_size?,
            loop_init: self.loop_init?,
            loop_close: self.loop_close?,
            loop_alive: self.loop_alive?,
            run: self.run?,
            stop: self.stop?,
            update_time: self.update_time?,
            backend_fd: self.backend_fd?,
            backend_timeout: self.backend_timeout?,
            walk: self.walk?,
            handle_size: self.handle_size?,
            handle_set_data: self.handle_set_data?,
            is_closing: self.is_closing?,
            close: self.close?,
            r#ref: self.ref_handle?,
            unref: self.unref_handle?,
            async_init: self.async_init?,
            async_send: self.async_send?,
            timer_init: self.timer_init?,
            timer_start: self.timer_start?,
            timer_stop: self.timer_stop?,
        })
    }
}

/// The host's functions, or those that the process has.
///
/// # Safety
///
/// `functions` is NULL or readable for its size, and its functions are those of one libuv.
pub(super) unsafe fn api(functions: *const sl_uv_api) -> Result<Api> {
    if functions.is_null() {
        return installed();
    }
    // SAFETY: as the caller promised.
    let functions = unsafe { read_sized(functions) }?;
    functions.all().ok_or(Error::InvalidArgument)?.checked()
}

/// Tells whether loops with a backend can be made. Loads libuv when asked for it.
///
/// @param      backend           an sl_backend
/// @param[out] out_is_available  whether it is there; for SL_BACKEND_UV: a libuv, 1.44 or newer
/// @return SL_STATUS_OK                told
/// @return SL_STATUS_NULL_ARGUMENT     `out_is_available` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `backend` is no sl_backend
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_is_available` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_backend_is_available(
    backend: u32,
    out_is_available: *mut bool,
) -> sl_status {
    guard(|| {
        required(out_is_available)?;
        let is_available = match backend {
            0 => true,
            1 => installed().is_ok(),
            _ => return Err(Error::InvalidArgument),
        };
        // SAFETY: as the caller promised.
        unsafe { write_out(out_is_available, is_available) };
        Ok(())
    })
}
