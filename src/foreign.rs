//! What the host lends us to keep and to call: (function, userdata, drop). Everything of the
//! host's that the library holds has this form, and its drop runs exactly once.
#![expect(unsafe_code, reason = "calling the host's functions is what this file is for")]

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::ptr;

/// `void (*)(void *userdata)`. Unwinding is part of the type so that our destructors run when a
/// host breaks its promise not to throw.
pub type WorkFn = unsafe extern "C-unwind" fn(userdata: *mut c_void);

/// `sl_status (*)(void *userdata, void *target)`: makes something of the host's where it says.
pub type BuildFn = unsafe extern "C-unwind" fn(userdata: *mut c_void, target: *mut c_void) -> i32;

/// A pointer of the host's that the library only carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context(pub *mut c_void);

// SAFETY: the library never follows the pointer; the host receives it on a documented thread.
unsafe impl Send for Context {}
// SAFETY: as above: sharing a number that is not followed is harmless.
unsafe impl Sync for Context {}

impl Context {
    /// Points nowhere.
    pub const NULL: Self = Self(ptr::null_mut());
}

/// The host's data together with the function that takes it back.
#[derive(Debug)]
pub struct Foreign {
    userdata: Context,
    drop: Option<WorkFn>,
}

impl Foreign {
    /// Takes charge of `userdata`; from now on `drop` runs exactly once.
    pub fn new(userdata: *mut c_void, drop: Option<WorkFn>) -> Self {
        Self { userdata: Context(userdata), drop }
    }

    /// The same, for `call`.
    #[inline]
    pub fn context(&self) -> Context {
        self.userdata
    }

    /// What the host's functions get as their first argument.
    #[inline]
    pub fn userdata(&self) -> *mut c_void {
        self.userdata.0
    }

    /// Gives the data back to the host: `drop` will not run.
    pub fn release(self) -> (*mut c_void, Option<WorkFn>) {
        let this = ManuallyDrop::new(self);
        (this.userdata.0, this.drop)
    }
}

impl Drop for Foreign {
    #[inline]
    fn drop(&mut self) {
        if let Some(drop) = self.drop {
            // SAFETY: the host promised that `drop` may be called once with `userdata` on any
            // thread that the function's contract names; `Drop` runs once.
            unsafe { drop(self.userdata.0) };
        }
    }
}

/// Calls a function that the host gave for its `userdata`.
#[inline]
pub fn call(run: WorkFn, userdata: Context) {
    // SAFETY: the host promised that `run` may be called with `userdata` until `drop` has run.
    unsafe { run(userdata.0) };
}
