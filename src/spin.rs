//! Spinning before sleep, as long as it pays.
//!
//! When what a thread waits for comes soon as a rule, falling asleep and being woken each time
//! would cost more than the wait. So the thread looks around for a moment before it sleeps. When
//! that has been in vain several times in a row it stops, and only tries again now and then.

use crate::clock::monotonic_ns;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sync::{spin_hint, yield_now};

/// Failures in a row until it stops; a success makes good two of them.
const CREDIT_MAX: u32 = 8;

/// How a spin goes about it, which depends on what a look costs.
#[derive(Debug)]
pub struct Pace {
    /// Pauses of the processor after each look.
    pauses: u32,
    /// Looks between two looks at the clock.
    looks: u32,
    /// Looks at the clock before other threads are let run between them.
    alone: u32,
    /// Sleeps without spinning until it tries again.
    probe_every: u32,
}

impl Pace {
    /// For a word that is written when somebody has news: looking is free until then.
    pub const WORD: Self = Self { pauses: 1, looks: 32, alone: 2, probe_every: 64 };
    /// For a queue: looking takes its lines away from those who fill it, so it is done less
    /// often. Whoever is to fill it may be waiting for this very processor.
    pub const QUEUE: Self = Self { pauses: 16, looks: 8, alone: 0, probe_every: 32 };
}

/// One thread's habit. Others may set how long it spins.
#[derive(Debug, Default)]
pub struct Spin {
    /// 0 = never.
    longest_ns: AtomicU64,
    /// How much spinning has paid lately: 0 = not at all.
    credit: AtomicU32,
    /// Sleeps since the last probe.
    sleeps: AtomicU32,
}

impl Spin {
    /// Spins for `longest_ns` at most; 0 = never.
    pub fn new(longest_ns: u64) -> Self {
        let spin = Self::default();
        spin.set_longest(longest_ns);
        spin
    }

    /// Sets the longest spin, and forgets whether it has paid.
    pub fn set_longest(&self, longest_ns: u64) {
        self.longest_ns.store(longest_ns, Ordering::Relaxed);
        self.credit.store(CREDIT_MAX, Ordering::Relaxed);
    }

    /// Spins until `found`, at most until `deadline` (absolute, monotonic), if it pays. False
    /// when the caller should sleep.
    #[inline]
    pub fn until(&self, pace: &Pace, deadline: Option<u64>, found: impl Fn() -> bool) -> bool {
        let longest_ns = self.longest_ns.load(Ordering::Relaxed);
        let credit = self.credit.load(Ordering::Relaxed);
        if longest_ns == 0 || (credit == 0 && !self.is_time_to_probe(pace)) {
            return false;
        }
        let longest = monotonic_ns().saturating_add(longest_ns);
        let end = deadline.map_or(longest, |deadline| deadline.min(longest));
        let found = spin(pace, end, found);
        let credit = if found { (credit + 2).min(CREDIT_MAX) } else { credit.saturating_sub(1) };
        self.credit.store(credit, Ordering::Relaxed);
        found
    }

    fn is_time_to_probe(&self, pace: &Pace) -> bool {
        let sleeps = self.sleeps.load(Ordering::Relaxed) + 1;
        let is_time = sleeps >= pace.probe_every;
        self.sleeps.store(if is_time { 0 } else { sleeps }, Ordering::Relaxed);
        is_time
    }
}

#[inline]
fn spin(pace: &Pace, end: u64, found: impl Fn() -> bool) -> bool {
    for look in 0.. {
        for _ in 0..pace.looks {
            if found() {
                return true;
            }
            for _ in 0..pace.pauses {
                spin_hint();
            }
        }
        if monotonic_ns() >= end {
            break;
        }
        if look >= pace.alone {
            // Whoever is to bring news may be waiting for this very processor.
            yield_now();
        }
    }
    false
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn tries(spin: &Spin, pace: &Pace) -> bool {
        let looks = std::cell::Cell::new(0);
        let found = spin.until(pace, None, || {
            looks.set(looks.get() + 1);
            false
        });
        assert!(!found);
        looks.get() != 0
    }

    #[test]
    fn it_stops_when_it_does_not_pay_and_tries_again_now_and_then() {
        for pace in [Pace::WORD, Pace::QUEUE] {
            let spin = Spin::new(1);
            for _ in 0..CREDIT_MAX {
                assert!(tries(&spin, &pace));
            }
            for _ in 1..pace.probe_every {
                assert!(!tries(&spin, &pace));
            }
            assert!(spin.until(&pace, None, || true));
            assert!(tries(&spin, &pace));
        }
    }

    #[test]
    fn it_never_tries_when_it_has_no_time() {
        for spin in [Spin::default(), Spin::new(0)] {
            assert!(!tries(&spin, &Pace::WORD));
        }
    }

    #[test]
    fn a_deadline_ends_it() {
        let spin = Spin::new(u64::MAX);
        assert!(!spin.until(&Pace::WORD, Some(monotonic_ns() + 1000), || false));
    }
}
