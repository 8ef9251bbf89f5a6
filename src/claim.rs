//! Who ends a piece of work: the one who does it, or the one who has waited too long for it.
//!
//! Whoever begins puts in what is needed to end the work properly (a job with its callback); it
//! comes out once: for the doer at the end, or for a watcher who takes the work away. A watcher
//! can also hold the work for a moment: until it lets go, the work does not end, so that what it
//! tells the doer is about this work and reaches a thread that exists.
#![expect(unsafe_code, reason = "the item is guarded by the word; each access names its proof")]

use crate::sync::atomic::{AtomicU64, Ordering, fence};
use crate::sync::yield_now;

#[cfg(not(loom))]
type Cell<T> = std::cell::UnsafeCell<T>;
#[cfg(loom)]
type Cell<T> = loom::cell::UnsafeCell<T>;

/// Under way, beside the id.
const RUNNING: u64 = 1;
/// A watcher holds it, beside the id.
const HELD: u64 = 2;
const ID_SHIFT: u32 = 2;
/// The doer is looking for work: which one it is, is not known yet.
const LOOKING: u64 = 3;

/// A place for one piece of work at a time.
#[derive(Debug)]
pub struct Claim<T> {
    /// 0, LOOKING, or the id and one of the states.
    word: AtomicU64,
    item: Cell<Option<T>>,
}

// SAFETY: the item is touched by the doer before the word says RUNNING, and afterwards by the one
// whose exchange took the word to zero; items move between threads, hence `Send`.
unsafe impl<T: Send> Sync for Claim<T> {}

impl<T> Default for Claim<T> {
    fn default() -> Self {
        Self { word: AtomicU64::new(0), item: Cell::new(None) }
    }
}

impl<T> Claim<T> {
    /// The doer looks for work. It says so before it takes any, so that work which is not where
    /// it waited is under way here.
    #[inline]
    pub fn look(&self) {
        self.word.store(LOOKING, Ordering::Relaxed);
    }

    /// The doer found none.
    #[inline]
    pub fn found_none(&self) {
        self.word.store(0, Ordering::Release);
    }

    /// The doer begins work `id`, which is not 0. `item` is what its end needs.
    #[inline]
    pub fn begin(&self, id: u64, item: T) {
        self.put(Some(item));
        self.word.store(id << ID_SHIFT | RUNNING, Ordering::Release);
    }

    /// The doer is done. `None` when the work was taken away: its end is somebody else's.
    #[inline]
    pub fn end(&self, id: u64) -> Option<T> {
        let running = id << ID_SHIFT | RUNNING;
        loop {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match self.word.compare_exchange(running, 0, order.0, order.1) {
                Ok(_) => return self.put(None),
                Err(word) if word == id << ID_SHIFT | HELD => yield_now(),
                Err(_) => return None,
            }
        }
    }

    /// The doer asks whether work `id` is still its own. A watcher that is about to take it away
    /// is waited for: it is quick.
    pub fn has(&self, id: u64) -> bool {
        // What the doer has written before is seen by a watcher that does not hold it yet.
        fence(Ordering::SeqCst);
        loop {
            match self.word.load(Ordering::Acquire) {
                word if word == id << ID_SHIFT | RUNNING => return true,
                word if word == id << ID_SHIFT | HELD => yield_now(),
                _ => return false,
            }
        }
    }

    /// Whether no work is under way, and the doer looks for none.
    pub fn is_free(&self) -> bool {
        self.word.load(Ordering::Acquire) == 0
    }

    /// The work that is under way, 0 = none. It may have ended when this returns.
    pub fn current(&self) -> u64 {
        self.word.load(Ordering::Acquire) >> ID_SHIFT
    }

    /// The same after a doer that is looking has found some, or none: it is quick.
    pub fn settled(&self) -> u64 {
        while self.word.load(Ordering::Acquire) == LOOKING {
            yield_now();
        }
        self.current()
    }

    /// A watcher keeps work `id` from ending until what is returned is dropped. `None` when it
    /// is not under way.
    pub fn hold(&self, id: u64) -> Option<Held<'_, T>> {
        let (running, held) = (id << ID_SHIFT | RUNNING, id << ID_SHIFT | HELD);
        loop {
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match self.word.compare_exchange(running, held, order.0, order.1) {
                Ok(_) => {
                    // What the watcher looks at now was written before the doer's `has`, or that
                    // waits for it.
                    fence(Ordering::SeqCst);
                    return Some(Held { claim: self, running });
                }
                Err(word) if word == held => yield_now(),
                Err(_) => return None,
            }
        }
    }

    /// The word says that nobody else touches the item.
    fn put(&self, item: Option<T>) -> Option<T> {
        #[cfg(not(loom))]
        // SAFETY: called before the word says RUNNING, or by whoever took it away from that.
        return std::mem::replace(unsafe { &mut *self.item.get() }, item);
        #[cfg(loom)]
        // SAFETY: as above; the model checks it.
        self.item.with_mut(|cell| std::mem::replace(unsafe { &mut *cell }, item))
    }
}

/// Work that does not end while this exists.
#[derive(Debug)]
pub struct Held<'a, T> {
    claim: &'a Claim<T>,
    running: u64,
}

impl<T> Held<'_, T> {
    /// Takes the work away from its doer, who will learn it at the end.
    pub fn take(self) -> Option<T> {
        let item = self.claim.put(None);
        self.claim.word.store(0, Ordering::Release);
        // Nothing is held any more.
        std::mem::forget(self);
        item
    }
}

impl<T> Drop for Held<'_, T> {
    fn drop(&mut self) {
        self.claim.word.store(self.running, Ordering::Release);
    }
}
