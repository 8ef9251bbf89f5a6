//! A lock in one word that threads sleep on, after Ulrich Drepper's "Futexes are tricky".
//!
//! All that it knows is in that word: a lock that is held while the process forks can be given
//! back in the child, whatever the threads that are gone were about to do with it.

use crate::sync::atomic::Ordering;
use crate::sync::{Futex, spin_hint, yield_now};

const FREE: u32 = 0;
const TAKEN: u32 = 1;
/// Taken, and somebody sleeps until it is free.
const AWAITED: u32 = 2;

/// Looks before the sleep, since locks are held for moments: the first ones soon after each other,
/// the others when other threads have run.
const LOOKS: u32 = if cfg!(loom) { 0 } else { 10 };
const SOON: u32 = 3;

/// Guards something that stands elsewhere.
#[derive(Debug, Default)]
pub struct Lock {
    word: Futex,
}

impl Lock {
    /// A free one.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { word: Futex::new() }
    }

    /// Waits until the lock is free and takes it.
    #[inline]
    pub fn lock(&self) {
        if !self.try_lock() {
            self.wait();
        }
    }

    #[inline]
    fn try_lock(&self) -> bool {
        // Acquire pairs with the Release in `unlock`, here and below.
        self.word.compare_exchange(FREE, TAKEN, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        for look in 1..=LOOKS {
            match self.word.load(Ordering::Relaxed) {
                FREE if self.try_lock() => return,
                AWAITED => break,
                _ if look <= SOON => (0..1 << look).for_each(|_| spin_hint()),
                _ => yield_now(),
            }
        }
        // Whoever has slept cannot know that nobody else does.
        while self.word.swap(AWAITED, Ordering::Acquire) != FREE {
            self.word.wait(AWAITED, None);
        }
    }

    /// Gives the lock back, by the one who has it.
    #[inline]
    pub fn unlock(&self) {
        if self.word.swap(FREE, Ordering::Release) == AWAITED {
            self.word.wake();
        }
    }
}
