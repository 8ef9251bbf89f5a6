//! The one park/wake protocol: a word with a place for one sleeper.
//!
//! The word holds notices (NUDGED, WOKEN) and what its owner is doing about them (PARKED,
//! WATCHED). Whoever has news sets a notice with one atomic operation and learns from the old
//! value whether somebody must be told. The owner goes to sleep by turning an empty word into
//! PARKED, which fails when a notice is there: no order of events loses a wake-up.

use crate::clock::monotonic_ns;
use crate::spin::{Pace, Spin};
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Futex, Once};

/// There is something new to look at.
pub const NUDGED: u32 = 1;
/// The host asked for a return from the wait.
pub const WOKEN: u32 = 2;
/// The owner sleeps on the word.
const PARKED: u32 = 4;
/// The owner sleeps somewhere else and wants a bell rung.
const WATCHED: u32 = 8;

const NOTICES: u32 = NUDGED | WOKEN;

/// What the one who notified has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Told {
    /// Nothing: the owner is awake, or has been told already, or was woken just now.
    Done,
    /// Ring the owner's bell.
    RingBell,
}

/// A place where one thread waits until it is notified.
#[derive(Debug, Default)]
pub struct Parker {
    word: Futex,
    /// Of the owner, before it sleeps.
    spin: Spin,
    /// Times that the owner really slept.
    parks: AtomicU32,
}

impl Parker {
    /// Sets how long a wait may spin before it sleeps. With one processor it never spins.
    pub fn set_spin(&self, micros: u32) {
        let micros = if processors() > 1 { micros } else { 0 };
        self.spin.set_longest(u64::from(micros) * 1000);
    }

    /// Leaves a notice, and wakes the owner when it sleeps here.
    ///
    /// Always one read-modify-write, also when the notice is there already: what was written
    /// before this call is visible to the owner that takes the notice (Release pairs with the
    /// Acquire in `take`).
    #[inline]
    pub fn notify(&self, notice: u32) -> Told {
        // WOKEN makes its taker look at everything, so it may replace NUDGED: an exchange is one
        // instruction where an `or` that returns the old value is a loop.
        let old = if notice == WOKEN {
            self.word.swap(WOKEN, Ordering::AcqRel)
        } else {
            self.word.fetch_or(notice, Ordering::AcqRel)
        };
        if old & (PARKED | WATCHED) == 0 || old & NOTICES != 0 {
            return Told::Done;
        }
        self.tell(old)
    }

    #[cold]
    fn tell(&self, old: u32) -> Told {
        if old & WATCHED != 0 {
            return Told::RingBell;
        }
        self.word.wake();
        Told::Done
    }

    /// Leaves the plain notice; for owners that have no bell.
    #[inline]
    pub fn unpark(&self) {
        let told = self.notify(NUDGED);
        debug_assert_eq!(told, Told::Done, "only loops are watched");
    }

    /// Takes the notices. Costs one load when there are none.
    #[inline]
    pub fn take(&self) -> u32 {
        if self.word.load(Ordering::Relaxed) == 0 {
            return 0;
        }
        self.word.swap(0, Ordering::Acquire) & NOTICES
    }

    /// Whether there are notices; takes none.
    #[inline]
    pub fn is_notified(&self) -> bool {
        self.word.load(Ordering::Relaxed) & NOTICES != 0
    }

    /// Asks for a bell at the next notice, or has asked before. False when there is one already.
    pub fn watch(&self) -> bool {
        let (from, to) = (0, WATCHED);
        match self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => true,
            Err(word) => word == to,
        }
    }

    /// How often the owner really slept.
    pub fn parks(&self) -> u64 {
        self.parks.load(Ordering::Relaxed).into()
    }

    /// Waits for a notice until `deadline` (absolute, monotonic) and takes it; 0 = none came.
    pub fn park_until(&self, deadline: Option<u64>) -> u32 {
        let taken = self.take();
        if taken != 0 {
            return taken;
        }
        // A deadline that has passed must never reach the kernel: it costs a timer's slack.
        if deadline.is_some_and(|at| at <= monotonic_ns()) {
            return 0;
        }
        if self.wait_awake(deadline) {
            return self.take();
        }
        self.sleep(deadline)
    }

    /// Waits for a notice without sleeping, as long as that pays. For those who sleep elsewhere.
    pub fn wait_awake(&self, deadline: Option<u64>) -> bool {
        self.spin.until(&Pace::WORD, deadline, || self.is_notified())
    }

    /// The owner is about to sleep, here or elsewhere.
    pub fn count_sleep(&self) {
        self.parks.store(self.parks.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    fn sleep(&self, deadline: Option<u64>) -> u32 {
        let (from, to) = (0, PARKED);
        if self.word.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return self.take();
        }
        self.count_sleep();
        loop {
            self.word.wait(PARKED, deadline);
            if self.is_notified() || deadline.is_some_and(|at| at <= monotonic_ns()) {
                // Also takes PARKED away; a notice that comes in between is taken with it.
                return self.word.swap(0, Ordering::Acquire) & NOTICES;
            }
        }
    }
}

fn processors() -> usize {
    static COUNT: Once<usize> = Once::new();
    // Not what the calling thread is bound to: the others may be bound elsewhere.
    *COUNT.get_or_init(crate::sys::processors)
}
