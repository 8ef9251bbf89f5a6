//! Version: what is loaded, to be compared with what the host was compiled against.

use std::ffi::c_char;

use crate::ffi::boundary::guard_or;

/// Number of the binary interface; a host compiled against another one must not go on.
pub const SL_ABI: u32 = 1;

const fn part(text: &str) -> u32 {
    let (bytes, mut at, mut value) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        value = value * 10 + (bytes[at] - b'0') as u32;
        at += 1;
    }
    value
}

/// The version of the loaded library, as one number: major << 24 | minor << 16 | patch.
///
/// @return equal to SL_VERSION_NUMBER when header and library are of the same version
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_version() -> u32 {
    const MAJOR: u32 = part(env!("CARGO_PKG_VERSION_MAJOR"));
    const MINOR: u32 = part(env!("CARGO_PKG_VERSION_MINOR"));
    const PATCH: u32 = part(env!("CARGO_PKG_VERSION_PATCH"));
    MAJOR << 24 | MINOR << 16 | PATCH
}

/// The version of the loaded library as text, such as "0.1.0".
///
/// @return the text, ending in NUL, never NULL; lives for ever
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_version_string() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The binary interface of the loaded library.
///
/// @return equal to SL_ABI when the host may call it
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_abi_version() -> u32 {
    SL_ABI
}

/// The Lua that runs the scripts of this library's workers, such as "Lua 5.4".
///
/// It is private to the library: it shares nothing with a Lua that the host may have.
///
/// @return the text, ending in NUL, never NULL; lives for ever
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_lua_version() -> *const c_char {
    c"Lua 5.4".as_ptr()
}

/// How many handles of this library are alive in the process: for leak checks in tests.
///
/// Counts loops, action queues, state pools, runners, jobs, callbacks and actions that were popped
/// and not freed. The child of a fork counts its own.
///
/// @return the number
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_live_handles() -> u64 {
    guard_or(0, super::live_handles)
}
