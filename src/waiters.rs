//! Threads that wait for something of a queue, first come first served, each on a parker of its
//! own. Costs one load when nobody waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering, fence};

use crate::clock::NEVER;
use crate::parker::Parker;
use crate::sync::Mutex;

/// A list of waiting threads.
#[derive(Debug, Default)]
pub struct Waiters {
    count: AtomicUsize,
    parkers: Mutex<VecDeque<Arc<Parker>>>,
}

impl Waiters {
    /// Waits until `ready` says true or `until` has come; gives what `ready` said last. The
    /// thread is in the list before `ready` is asked, so that nothing is missed in between.
    pub fn wait(&self, until: u64, mut ready: impl FnMut() -> bool) -> bool {
        if ready() {
            return true;
        }
        let parker = Arc::new(Parker::default());
        let deadline = (until != NEVER).then_some(until);
        loop {
            self.enlist(&parker);
            // Pairs with the fence of those who change what `ready` looks at.
            fence(Ordering::SeqCst);
            if ready() {
                self.leave(&parker);
                return true;
            }
            if parker.park_until(deadline) == 0 {
                self.leave(&parker);
                return ready();
            }
        }
    }

    fn enlist(&self, parker: &Arc<Parker>) {
        let mut parkers = self.parkers.lock();
        // Whoever woke us took us out.
        parkers.push_back(Arc::clone(parker));
        self.count.store(parkers.len(), Ordering::SeqCst);
    }

    /// Takes the thread out. When it was woken and needs it no longer, the next one gets the call.
    fn leave(&self, parker: &Arc<Parker>) {
        let woken = {
            let mut parkers = self.parkers.lock();
            let at = parkers.iter().position(|other| Arc::ptr_eq(other, parker));
            at.map(|at| parkers.remove(at));
            self.count.store(parkers.len(), Ordering::SeqCst);
            at.is_none()
        };
        if woken {
            self.wake_one();
        }
    }

    /// Wakes the thread that has waited longest.
    #[inline]
    pub fn wake_one(&self) {
        if self.count.load(Ordering::SeqCst) != 0 {
            self.wake_first();
        }
    }

    #[cold]
    fn wake_first(&self) {
        let first = {
            let mut parkers = self.parkers.lock();
            let first = parkers.pop_front();
            self.count.store(parkers.len(), Ordering::SeqCst);
            first
        };
        if let Some(first) = first {
            first.unpark();
        }
    }

    /// Wakes all of them.
    pub fn wake_all(&self) {
        let all = {
            let mut parkers = self.parkers.lock();
            self.count.store(0, Ordering::SeqCst);
            std::mem::take(&mut *parkers)
        };
        for parker in all {
            parker.unpark();
        }
    }
}
