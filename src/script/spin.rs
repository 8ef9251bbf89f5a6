//! Spinning before sleep, as long as it pays.
//!
//! While jobs come one after the other, waking a sleeping worker for each would cost more than
//! the jobs. So a worker looks around for a moment before it sleeps. When that has been in vain
//! several times in a row it stops, and only tries again now and then.

use crate::clock::monotonic_ns;
use crate::sync::{spin_hint, yield_now};

/// Failures in a row until it stops.
const CREDIT_MAX: u32 = 8;
/// Sleeps without spinning until it tries again.
const PROBE_EVERY: u32 = 32;
/// Looks between two looks at the clock.
const LOOKS: u32 = 8;
/// Pauses between two looks.
const PAUSES: u32 = 16;

/// One worker's habit.
#[derive(Debug)]
pub struct Spin {
    longest_ns: u64,
    credit: u32,
    sleeps: u32,
}

impl Spin {
    /// Spins for `longest_ns` at most; 0 = never.
    pub fn new(longest_ns: u64) -> Self {
        Self { longest_ns, credit: CREDIT_MAX, sleeps: 0 }
    }

    /// Spins until `found`, if it pays. False when the caller should sleep.
    pub fn until(&mut self, found: impl Fn() -> bool) -> bool {
        if !self.pays() {
            return false;
        }
        let end = monotonic_ns().saturating_add(self.longest_ns);
        loop {
            for _ in 0..LOOKS {
                if found() {
                    self.credit = (self.credit + 2).min(CREDIT_MAX);
                    return true;
                }
                // Looking takes the queue's lines away from those who fill it: not too often.
                for _ in 0..PAUSES {
                    spin_hint();
                }
            }
            if monotonic_ns() >= end {
                self.credit = self.credit.saturating_sub(1);
                return false;
            }
            // Whoever is to bring a job may be waiting for this very processor.
            yield_now();
        }
    }

    fn pays(&mut self) -> bool {
        if self.longest_ns == 0 {
            return false;
        }
        if self.credit > 0 {
            return true;
        }
        self.sleeps += 1;
        if self.sleeps < PROBE_EVERY {
            return false;
        }
        self.sleeps = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stops_when_it_does_not_pay_and_tries_again_now_and_then() {
        let mut spin = Spin::new(1);
        for _ in 0..CREDIT_MAX {
            assert!(spin.pays() && !spin.until(|| false));
        }
        for _ in 1..PROBE_EVERY {
            assert!(!spin.pays());
        }
        assert!(spin.until(|| true));
        assert!(spin.pays());
    }
}
