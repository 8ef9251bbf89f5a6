//! What a function of the host's gets for the time of a call. C knows it by its address, which
//! is found again only on the same thread and until the call returns.

use std::cell::Cell;
use std::ptr;
use std::thread::LocalKey;

use crate::error::{Error, Result};
use crate::ffi::boundary::required;

/// Something that is lent, and what was lent by the calls around.
pub struct Lent<T> {
    item: T,
    outer: *const Lent<T>,
}

/// What a thread lends, innermost first.
pub type Lents<T> = Cell<*const Lent<T>>;

/// Ends the loan, also when the host breaks its promise not to throw.
struct Ends<T: 'static>(&'static LocalKey<Lents<T>>, *const Lent<T>);

impl<T: 'static> Drop for Ends<T> {
    fn drop(&mut self) {
        self.0.set(self.1);
    }
}

/// Lends `item` while `call` lasts, and gives back what is left of it.
pub fn lend<T>(lents: &'static LocalKey<Lents<T>>, item: T, call: impl FnOnce(&T)) -> T {
    let lent = Lent { item, outer: lents.get() };
    {
        let _ends = Ends(lents, lent.outer);
        lents.set(&lent);
        call(&lent.item);
    }
    lent.item
}

/// Uses what is lent to the calling thread under the address `shown`, which `is` tells.
pub fn with<T, C, R>(
    lents: &'static LocalKey<Lents<T>>,
    shown: *const C,
    address: impl Fn(&T) -> *mut C,
    run: impl FnOnce(&T) -> Result<R>,
) -> Result<R> {
    required(shown)?;
    let mut next = lents.get();
    // SAFETY: what is in the list is on the stack of this thread, below this call.
    while let Some(lent) = unsafe { next.as_ref() } {
        if ptr::eq(address(&lent.item), shown) {
            return run(&lent.item);
        }
        next = lent.outer;
    }
    Err(Error::StaleHandle)
}
