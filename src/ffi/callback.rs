//! Callbacks: functions of the host's that the library keeps, each with the host's data.
//!
//! A pair (function, userdata) often comes with a `drop`. From the moment a call returns
//! SL_STATUS_OK the library owns the userdata, and `drop` is called exactly once on every path:
//! after the function ran for the last time, or without it ever having run. On any other status
//! nothing was taken and `drop` is not called. Callbacks must not throw, longjmp or end their
//! thread; they may call any function of this library unless that function says otherwise.

use std::ffi::c_void;

/// Work for the owner thread of a loop.
///
/// @param userdata  what was passed with the function
/// @thread owner, or the one that drives the loop
pub type sl_work_fn = Option<unsafe extern "C-unwind" fn(userdata: *mut c_void)>;

/// Takes the host's data back. Called exactly once.
///
/// @param userdata  what was passed with the function
/// @thread any, each function that takes one says which
pub type sl_drop_fn = Option<unsafe extern "C-unwind" fn(userdata: *mut c_void)>;
