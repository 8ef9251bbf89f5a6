//! Who may use the object in a slot: one word, so that pinning and ending it need no lock.
//!
//! A pin is taken first and looked at afterwards: one that came too late does no harm but to
//! count for a moment, in this or a later generation. The object ends when it is closing and
//! nobody pins it; whoever brings that about and wins the exchange to VACANT destroys it.

use crate::sync::atomic::{AtomicU64, Ordering};

/// The object is to be destroyed when nobody pins it.
const CLOSING: u64 = 1 << 31;
/// Nothing is in the slot.
const VACANT: u64 = 1 << 30;
const PINS: u64 = VACANT - 1;
/// Neither open nor to be destroyed, however many pins of before come and go.
const GONE: u64 = CLOSING | VACANT | 1 << 29;

/// generation (32) | CLOSING | VACANT | pins (30)
#[derive(Debug)]
pub struct Occupancy(AtomicU64);

impl Default for Occupancy {
    fn default() -> Self {
        Self(AtomicU64::new(VACANT))
    }
}

fn is_open(word: u64, generation: u32) -> bool {
    word >> 32 == u64::from(generation) && word & (CLOSING | VACANT) == 0
}

impl Occupancy {
    /// Under which generation a vacant slot is to be used next.
    pub fn next_generation(&self) -> u32 {
        let last = (self.0.load(Ordering::Relaxed) >> 32) as u32;
        last.wrapping_add(1).max(1)
    }

    /// Opens a vacant slot, by the one who has it, after the object was put in.
    pub fn occupy(&self, generation: u32) {
        // Pins that came too late may be counted here: add, never overwrite.
        let old = self.0.load(Ordering::Relaxed) & !PINS;
        let new = u64::from(generation) << 32;
        // Release pairs with the Acquire of `holds` and `pin`: they see the object.
        self.0.fetch_add(new.wrapping_sub(old), Ordering::Release);
    }

    /// Whether the object of this generation is there at this moment.
    #[inline]
    pub fn holds(&self, generation: u32) -> bool {
        is_open(self.0.load(Ordering::Acquire), generation)
    }

    /// Takes a pin, which `unpin` must give back in any case. False: too late, do not touch.
    #[inline]
    #[must_use]
    pub fn pin(&self, generation: u32) -> bool {
        is_open(self.0.fetch_add(1, Ordering::Acquire), generation)
    }

    /// Gives a pin back. True: the caller has to destroy the object, and has the slot then.
    #[inline]
    #[must_use]
    pub fn unpin(&self) -> bool {
        // Release: what was done with the object comes before its end.
        let word = self.0.fetch_sub(1, Ordering::AcqRel) - 1;
        word & CLOSING != 0 && word & PINS == 0 && self.vacate(word)
    }

    #[cold]
    fn vacate(&self, word: u64) -> bool {
        // A pin that comes too late may be counted and given back meanwhile: then its owner
        // finds the same, and one of us wins.
        let vacant = word & !CLOSING | VACANT;
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        self.0.compare_exchange(word, vacant, order.0, order.1).is_ok()
    }

    /// Asks for the end, by one who holds a pin. False when somebody else has.
    #[must_use]
    pub fn close(&self) -> bool {
        self.0.fetch_or(CLOSING, Ordering::AcqRel) & CLOSING == 0
    }

    /// Closes the slot for good, whatever it holds: nothing is destroyed, and it is never used
    /// again. By the only thread that there is.
    pub fn abandon(&self) {
        self.0.store(GONE, Ordering::Relaxed);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_slot_stays_closed_and_is_never_to_be_destroyed() {
        let slot = Occupancy::default();
        let generation = slot.next_generation();
        slot.occupy(generation);
        assert!(slot.pin(generation));
        slot.abandon();
        for generation in [0, generation, generation + 1] {
            assert!(!slot.holds(generation) && !slot.pin(generation) && !slot.unpin());
        }
        assert!(!slot.close() && !slot.unpin() && !slot.holds(generation));
    }
}
