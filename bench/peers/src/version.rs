//! The versions that stand above the tables of results.

use std::ffi::c_char;

#[unsafe(no_mangle)]
pub extern "C" fn peers_channel_version() -> *const c_char {
    concat!(env!("CROSSBEAM_CHANNEL_VERSION"), "\0").as_ptr().cast()
}

#[unsafe(no_mangle)]
pub extern "C" fn peers_queue_version() -> *const c_char {
    concat!(env!("CROSSBEAM_QUEUE_VERSION"), "\0").as_ptr().cast()
}

#[unsafe(no_mangle)]
pub extern "C" fn peers_mlua_version() -> *const c_char {
    concat!(env!("MLUA_VERSION"), "\0").as_ptr().cast()
}
