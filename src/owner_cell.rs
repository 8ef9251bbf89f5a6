//! What only the owner thread of something touches, without a lock.
#![expect(unsafe_code, reason = "the owner check stands in for a lock; nothing else is needed")]

use std::cell::{RefCell, RefMut};

use crate::error::Result;

/// Something that belongs to one thread at a time. Moving it to another is a Release/Acquire pair,
/// so that the next owner sees all that the last one did.
pub trait HasOwner {
    /// An error unless the calling thread is the owner.
    fn check_owner(&self) -> Result<()>;
}

/// Lets the owner in and nobody else. Lies inside of what is owned.
pub struct OwnerCell<T>(RefCell<T>);

// SAFETY: `borrow` gives access only to the owner thread, and there is one at a time; moving
// ownership is a Release/Acquire pair.
unsafe impl<T: Send> Sync for OwnerCell<T> {}

impl<T> OwnerCell<T> {
    /// Keeps `inside` for the owner.
    pub fn new(inside: T) -> Self {
        Self(RefCell::new(inside))
    }

    /// For moments only: never while the host's code runs.
    #[inline]
    pub fn borrow(&self, of: &impl HasOwner) -> Result<RefMut<'_, T>> {
        of.check_owner()?;
        Ok(self.0.borrow_mut())
    }

    /// The same where the owner has been checked by whoever is further up on this thread's stack,
    /// and ownership cannot move meanwhile.
    #[inline]
    pub(crate) fn borrow_again(&self) -> RefMut<'_, T> {
        self.0.borrow_mut()
    }
}
