//! Shared libraries that the process has, or may have.

use std::ffi::{CStr, c_void};
use std::ptr;

/// A library, or the program with all that it was linked with. Never unloaded.
#[derive(Debug)]
pub struct Library(*mut c_void);

impl Library {
    /// What the program shows to all: itself and the libraries that it was started with.
    pub fn program() -> Self {
        Self(libc::RTLD_DEFAULT)
    }

    /// The library with this name, if the system has it.
    pub fn open(name: &CStr) -> Option<Self> {
        // SAFETY: a text that ends in NUL; what the library does when it is loaded is trusted.
        let opened = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        (!opened.is_null()).then_some(Self(opened))
    }
}

/// Where something of this name is.
pub fn symbol(library: &Library, name: &CStr) -> Option<*mut c_void> {
    // SAFETY: a library that is open; a text that ends in NUL.
    let found = unsafe { libc::dlsym(library.0, name.as_ptr()) };
    (!ptr::eq(found, ptr::null_mut())).then_some(found)
}
