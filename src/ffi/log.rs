//! Log: where the library, and the scripts it runs, speak.
//!
//! Until the host sets a function, lines up to SL_LOG_LEVEL_INFO go to standard error. So they do
//! in the child of a fork, until it sets one of its own.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::ffi::boundary::{bytes, guard};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::status::sl_status;
use crate::foreign::Foreign;
use crate::log::{self, Level, Sink};

/// How much a line matters; lower numbers matter more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_log_level {
    /// As a maximum: nothing at all.
    Off = 0,
    /// Something is lost.
    Error = 1,
    /// Something is odd.
    Warn = 2,
    /// What scripts print, and rare events.
    Info = 3,
    /// What helps to find a mistake.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

/// Receives one line of the log. The text is lent for the call, is bytes, and has no line end.
///
/// @param userdata  what was passed to sl_log_set
/// @param level     an sl_log_level
/// @param text      the line
/// @param text_len  its length in bytes
/// @thread any, also several at once
pub type sl_log_fn = Option<
    unsafe extern "C-unwind" fn(
        userdata: *mut c_void,
        level: u32,
        text: *const c_char,
        text_len: usize,
    ),
>;

fn sink(log: sl_log_fn, userdata: *mut c_void, drop: sl_drop_fn) -> Option<Sink> {
    let log = log?;
    let data = Foreign::new(userdata, drop);
    Some(Arc::new(move |level: Level, text: &[u8]| {
        // SAFETY: the host promised that its function may be called from any thread until
        // `drop` has run; the text is readable for its length.
        unsafe { log(data.userdata(), level as u32, text.as_ptr().cast(), text.len()) };
    }))
}

fn set(max_level: u32, log: sl_log_fn, userdata: *mut c_void, drop: sl_drop_fn) -> Result<()> {
    if max_level > sl_log_level::Trace as u32 {
        return Err(Error::InvalidArgument);
    }
    log::set_sink(max_level, sink(log, userdata, drop));
    Ok(())
}

/// The level of a line; SL_LOG_LEVEL_OFF is none.
fn level(number: u32) -> Result<Level> {
    let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
    levels.into_iter().find(|level| *level as u32 == number).ok_or(Error::InvalidArgument)
}

/// Sends the log of the whole process to a function of the host's. Does not repeat old lines.
///
/// The function that was set before is dropped when the last line that is being written to it
/// is done. With `log` NULL the log goes to standard error again, and `userdata` and `drop` are
/// ignored.
///
/// @param max_level  an sl_log_level: lines that matter less are not made
/// @param log        receives the lines; NULL = standard error
/// @param userdata   passed to `log`
/// @param drop       called once when `userdata` is no longer needed, on any thread; may be NULL
/// @return SL_STATUS_OK                the log goes there now
/// @return SL_STATUS_INVALID_ARGUMENT  `max_level` is no sl_log_level
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `log` and `drop` may be called with `userdata` from any thread until `drop` has run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_log_set(
    max_level: u32,
    log: sl_log_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
) -> sl_status {
    guard(|| set(max_level, log, userdata, drop))
}

/// Writes one line of the host's to the log: to where the lines of the library go. What layers
/// between the library and a host have to say then is in one place with the rest.
///
/// @param level     an sl_log_level, except SL_LOG_LEVEL_OFF
/// @param text      the line, any bytes, without a line end
/// @param text_len  its length in bytes
/// @return SL_STATUS_OK                written, or the level is above what sl_log_set wants
/// @return SL_STATUS_NULL_ARGUMENT     `text` is NULL and has a length
/// @return SL_STATUS_INVALID_ARGUMENT  `level` is no level of a line
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `text` is NULL or readable for its length.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_log_write(
    level: u32,
    text: *const c_char,
    text_len: usize,
) -> sl_status {
    guard(|| {
        let level = self::level(level)?;
        // SAFETY: NULL or readable for its length, as the caller promised.
        let text = unsafe { bytes(text.cast(), text_len) }?;
        log::write(level, text);
        Ok(())
    })
}
