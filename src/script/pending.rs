//! Which jobs have not ended, for whoever asks by id.
//!
//! A job is on its way through the inbox, a worker's hands, its seat and the delivery; to look for
//! it there, one place after the other, would take as long as the queue is. So each id has a slot
//! here from its acceptance until its result is there, and the question is one load. Slots are used
//! again by later ids: should one still be taken, by a job that takes very long, the later job
//! waits in a list of its own, so that the answer is exact in any case.
//!
//! An action is there as soon as the queue has it, a moment before the worker can say so. Before
//! that moment the slot says that the result is being handed over, and whoever asks then waits for
//! it: nobody who has the result is told that the job is pending, and whoever is told that it is
//! not finds the result.
#![expect(unsafe_code, reason = "memory that is zero from the start becomes atomic")]

use std::collections::HashMap;

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use crate::sync::{Mutex, yield_now};

/// Most slots: as many as there are jobs that have not ended in a runner with default capacity.
const SLOTS_MAX: u64 = 1 << 16;
/// Beside an id: its result is on its way into the queue.
const HANDED: u64 = 1 << 63;

/// The jobs that have not ended.
pub struct Pending {
    /// By the last bits of an id: 0, or the job and maybe HANDED. Only the job's own thread
    /// changes one that is taken.
    slots: Box<[AtomicU64]>,
    /// Words of those jobs whose slot was taken.
    late: Mutex<HashMap<u64, u64>>,
    /// How many they are; changes under the lock.
    late_len: AtomicUsize,
}

impl Pending {
    /// Nobody, of at most `capacity` jobs.
    pub fn new(capacity: u64) -> Self {
        let slots = capacity.min(SLOTS_MAX).next_power_of_two();
        let slots = vec![0_u64; slots as usize].into_boxed_slice();
        // Zeroed by the system, a page when it is first used: most runners use few.
        // SAFETY: an atomic number lies in memory as the number does; nobody else has them yet.
        let slots = unsafe { Box::from_raw(Box::into_raw(slots) as *mut [AtomicU64]) };
        Self { slots, late: Mutex::default(), late_len: AtomicUsize::new(0) }
    }

    #[inline]
    fn slot(&self, id: u64) -> &AtomicU64 {
        &self.slots[id as usize & (self.slots.len() - 1)]
    }

    /// Job `id` was accepted, and nobody else knows it yet.
    #[inline]
    pub fn add(&self, id: u64) {
        let order = (Ordering::AcqRel, Ordering::Relaxed);
        if self.slot(id).compare_exchange(0, id, order.0, order.1).is_err() {
            self.set_late(id, Some(id));
        }
    }

    /// The result of job `id` is about to be pushed: `remove` follows at once, and nothing of the
    /// host's runs in between.
    #[inline]
    pub fn hand_over(&self, id: u64) {
        let slot = self.slot(id);
        if slot.load(Ordering::Relaxed) == id {
            slot.store(id | HANDED, Ordering::Release);
        } else if self.late_len.load(Ordering::Relaxed) != 0 {
            self.set_late(id, Some(id | HANDED));
        }
    }

    /// The result of job `id` is there. A job that was never added is none of ours.
    #[inline]
    pub fn remove(&self, id: u64) {
        let slot = self.slot(id);
        if slot.load(Ordering::Relaxed) & !HANDED == id {
            // Pairs with the look in `has`: whoever is told so finds the result.
            slot.store(0, Ordering::Release);
        } else if self.late_len.load(Ordering::Relaxed) != 0 {
            self.set_late(id, None);
        }
    }

    #[cold]
    fn set_late(&self, id: u64, word: Option<u64>) {
        let mut late = self.late.lock();
        match word {
            Some(word) => late.insert(id, word),
            None => late.remove(&id),
        };
        self.late_len.store(late.len(), Ordering::Release);
    }

    /// Whether job `id` was accepted and its result is not there yet.
    pub fn has(&self, id: u64) -> bool {
        loop {
            match self.word(id) {
                0 => return false,
                word if word & HANDED == 0 => return true,
                _ => yield_now(),
            }
        }
    }

    /// 0 for a job that is not here.
    fn word(&self, id: u64) -> u64 {
        let word = self.slot(id).load(Ordering::Acquire);
        if word & !HANDED == id {
            return word;
        }
        // Whoever knows the id of a late job has seen that there is one.
        match self.late_len.load(Ordering::Acquire) {
            0 => 0,
            _ => self.late.lock().get(&id).copied().unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_here_from_add_to_remove() {
        let pending = Pending::new(4);
        assert!(!pending.has(1));
        pending.add(1);
        assert!(pending.has(1));
        assert!(![0, 2, 5, u64::MAX, 1 | HANDED].map(|id| pending.has(id)).contains(&true));
        pending.hand_over(1);
        pending.remove(1);
        assert!(!pending.has(1));
    }

    #[test]
    fn a_job_whose_slot_is_taken_is_here_as_well() {
        let pending = Pending::new(3);
        for id in [1, 5, 9] {
            pending.add(id);
        }
        pending.remove(1);
        pending.add(13);
        pending.hand_over(9);
        pending.remove(9);
        let here = [1, 5, 9, 13].map(|id| pending.has(id));
        assert_eq!(here, [false, true, false, true]);
        pending.remove(5);
        pending.remove(13);
        assert_eq!(pending.late_len.load(Ordering::Relaxed), 0);
        assert!(![1, 5, 9, 13].map(|id| pending.has(id)).contains(&true));
    }

    #[test]
    fn what_was_never_added_is_removed_without_a_trace() {
        let pending = Pending::new(2);
        pending.add(1);
        pending.add(3);
        pending.remove(5);
        assert_eq!([1, 3, 5].map(|id| pending.has(id)), [true, true, false]);
    }

    #[test]
    fn whoever_has_the_result_is_told_that_it_is_there() {
        let pending = Pending::new(1);
        let result = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let (pending, result) = (&pending, &result);
            scope.spawn(move || {
                for id in 1..=2_000 {
                    pending.add(id);
                    pending.hand_over(id);
                    result.store(id, Ordering::Release);
                    pending.remove(id);
                }
            });
            scope.spawn(move || {
                let mut id = 0;
                while id < 2_000 {
                    id = result.load(Ordering::Acquire);
                    assert!(!pending.has(id));
                    yield_now();
                }
            });
        });
    }
}
