//! A mutex that is never poisoned: a callback that panics is contained where it is called, and
//! no lock is held while the host's code runs, so what a lock guards is always whole.
#![expect(unsafe_code, reason = "a mutex lends what it guards to one thread at a time")]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem;
use std::ops::{Deref, DerefMut};

use crate::lock::Lock;

/// Something that one thread at a time may use.
#[derive(Debug, Default)]
pub struct Mutex<T> {
    lock: Lock,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached through a guard, and there is one at a time.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A mutex around `value`.
    pub const fn new(value: T) -> Self {
        Self { lock: Lock::new(), value: UnsafeCell::new(value) }
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.lock.lock();
        MutexGuard { mutex: self, _not_send: PhantomData }
    }

    /// Waits for the lock and keeps it, until somebody takes it over by `held`.
    pub fn hold(&self) {
        mem::forget(self.lock());
    }

    /// Takes over what `hold` has locked, also in the child of a fork.
    ///
    /// # Safety
    ///
    /// The calling thread has called `hold`, and nobody has taken it over since.
    pub unsafe fn held(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: self, _not_send: PhantomData }
    }
}

/// The lock, until this is dropped.
#[derive(Debug)]
#[must_use]
pub struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    _not_send: PhantomData<*const ()>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the guard has the lock.
        unsafe { &*self.mutex.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard has the lock.
        unsafe { &mut *self.mutex.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.lock.unlock();
    }
}
