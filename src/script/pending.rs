//! Which jobs have not ended, for whoever asks by id.
//!
//! A job is on its way through the inbox, a worker's hands, its seat and the delivery; to look for
//! it there, one place after the other, would take as long as the queue is. So whoever ends a job
//! notes its id in a slot that it shares with few others: whoever asks compares. A job that takes
//! so long that a later one of its slot has ended before it is put into a list of its own by that
//! one, so that the answer is exact in any case. Whoever brings a job in has nothing to note.
//!
//! An action is there as soon as the queue has it, a moment before the worker can say so. Before
//! that moment the slot says that the result is being handed over, and whoever asks then waits for
//! it: nobody who has the result is told that the job is pending, and whoever is told that it is
//! not finds the result.
#![expect(unsafe_code, reason = "memory that is zero from the start becomes atomic")]

use std::collections::HashMap;

use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Mutex, yield_now};

/// Most slots: as many as there are jobs that have not ended in a runner with default capacity.
const SLOTS_MAX: u64 = 1 << 16;
/// Beside an id: its result is on its way into the queue.
const HANDED: u64 = 1 << 63;

fn id_of(word: u64) -> u64 {
    word & !HANDED
}

/// Which jobs have ended.
pub struct Pending {
    /// By the last bits of an id: the highest id of those that has ended, or is about to with
    /// HANDED; 0 = none has.
    slots: Box<[AtomicU64]>,
    /// Words of jobs that have not ended, though a later one of their slot has: 0, or HANDED.
    /// Slots pass over a job under this lock.
    late: Mutex<HashMap<u64, u64>>,
}

impl Pending {
    /// For a runner in which at most `capacity` jobs have not ended, as a rule.
    pub fn new(capacity: u64) -> Self {
        let slots = capacity.min(SLOTS_MAX).next_power_of_two();
        let slots = vec![0_u64; slots as usize].into_boxed_slice();
        // Zeroed by the system, a page when it is first used: most runners use few.
        // SAFETY: an atomic number lies in memory as the number does; nobody else has them yet.
        let slots = unsafe { Box::from_raw(Box::into_raw(slots) as *mut [AtomicU64]) };
        Self { slots, late: Mutex::default() }
    }

    #[inline]
    fn slot(&self, id: u64) -> &AtomicU64 {
        &self.slots[id as usize & (self.slots.len() - 1)]
    }

    /// The result of job `id` is about to be pushed: `remove` follows at once, and nothing of the
    /// host's runs in between.
    #[inline]
    pub fn hand_over(&self, id: u64) {
        self.note(id, id | HANDED);
    }

    /// The result of job `id` is there, or it is none of those that are asked for.
    #[inline]
    pub fn remove(&self, id: u64) {
        self.note(id, id);
    }

    #[inline]
    fn note(&self, id: u64, word: u64) {
        let slot = self.slot(id);
        let before = slot.load(Ordering::Relaxed);
        let is_next = id_of(before) == id || before == self.one_before(id);
        // Release pairs with the look in `has`: whoever is told so finds the result.
        let order = (Ordering::Release, Ordering::Relaxed);
        if !is_next || slot.compare_exchange(before, word, order.0, order.1).is_err() {
            self.note_late(id, word);
        }
    }

    /// The id that has the same slot; 0 = there is none.
    fn one_before(&self, id: u64) -> u64 {
        id.saturating_sub(self.slots.len() as u64)
    }

    /// Others of the slot have not ended, or are ending at this moment.
    #[cold]
    fn note_late(&self, id: u64, word: u64) {
        let slot = self.slot(id);
        let mut late = self.late.lock();
        loop {
            let before = slot.load(Ordering::Relaxed);
            if id_of(before) > id {
                // One was passed over, and is in the list; or it was not asked for, and is not.
                match word & HANDED {
                    0 => late.remove(&id),
                    handed => late.insert(id, handed),
                };
                return;
            }
            // In the list first: nobody may find a job in neither place.
            let passed = || self.passed(id, before);
            late.extend(passed());
            let order = (Ordering::Release, Ordering::Relaxed);
            if slot.compare_exchange(before, word, order.0, order.1).is_ok() {
                return;
            }
            // Others of the slot have ended meanwhile, without the lock: all over again.
            passed().for_each(|(id, _)| {
                late.remove(&id);
            });
        }
    }

    /// Who has not ended when `id` follows on `before` in their slot, and how each is listed.
    fn passed(&self, id: u64, before: u64) -> impl Iterator<Item = (u64, u64)> {
        let step = self.slots.len() as u64;
        let (last, handed) = (id_of(before), before & HANDED);
        let earlier = std::iter::successors(Some(id), move |id| id.checked_sub(step)).skip(1);
        let waiting = earlier.take_while(move |id| *id > last).map(|id| (id, 0));
        waiting.chain((handed != 0 && last != id).then_some((last, handed)))
    }

    /// Whether job `id`, of `accepted` so far, has not ended.
    pub fn has(&self, id: u64, accepted: u64) -> bool {
        if id == 0 || id > accepted {
            return false;
        }
        loop {
            match self.word(id) {
                None => return false,
                Some(0) => return true,
                Some(_) => yield_now(),
            }
        }
    }

    /// None for a job that has ended; otherwise 0 or HANDED.
    fn word(&self, id: u64) -> Option<u64> {
        let word = self.slot(id).load(Ordering::Acquire);
        match id_of(word).cmp(&id) {
            std::cmp::Ordering::Less => Some(0),
            std::cmp::Ordering::Equal => Some(word & HANDED).filter(|handed| *handed != 0),
            std::cmp::Ordering::Greater => self.late.lock().get(&id).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: u64 = 1 << 40;

    fn end(pending: &Pending, id: u64) {
        pending.hand_over(id);
        pending.remove(id);
    }

    #[test]
    fn a_job_is_here_until_its_end() {
        let pending = Pending::new(4);
        assert!(!pending.has(1, 0));
        assert!(pending.has(1, 1));
        assert!(![0, 2, 5, u64::MAX, 1 | HANDED].map(|id| pending.has(id, 1)).contains(&true));
        end(&pending, 1);
        assert!(!pending.has(1, 1));
        pending.remove(2);
        assert!(!pending.has(2, 2));
    }

    #[test]
    fn a_job_that_later_ones_of_its_slot_pass_is_here_as_well() {
        let pending = Pending::new(4);
        for id in [9, 17] {
            end(&pending, id);
        }
        let here = [1, 5, 9, 13, 17, 21].map(|id| pending.has(id, MANY));
        assert_eq!(here, [true, true, false, true, false, true]);
        for id in [5, 1, 13] {
            end(&pending, id);
        }
        let here = [1, 5, 9, 13, 17, 21].map(|id| pending.has(id, MANY));
        assert_eq!(here, [false, false, false, false, false, true]);
        assert!(pending.late.lock().is_empty());
    }

    #[test]
    fn one_that_is_handed_over_is_passed_as_that() {
        let pending = Pending::new(1);
        pending.hand_over(1);
        end(&pending, 2);
        assert_eq!(pending.word(1), Some(HANDED));
        pending.remove(1);
        assert_eq!(pending.word(1), None);
        assert!(pending.late.lock().is_empty());
    }

    #[test]
    fn an_end_twice_leaves_no_trace() {
        let pending = Pending::new(2);
        for id in [3, 3, 1, 5, 3, 1] {
            pending.remove(id);
        }
        assert!(pending.late.lock().is_empty());
        assert_eq!([1, 3, 5, 7].map(|id| pending.has(id, MANY)), [false, false, false, true]);
    }

    #[test]
    fn whoever_has_the_result_is_told_that_it_is_there() {
        const ROUNDS: u64 = 4_000;
        let pending = Pending::new(2);
        let results = [const { AtomicU64::new(0) }; 3];
        let ended = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for (at, result) in results.iter().enumerate() {
                let (pending, ended) = (&pending, &ended);
                // Three workers, each with every third job.
                scope.spawn(move || {
                    for id in (at as u64 + 1..=ROUNDS).step_by(3) {
                        assert!(pending.has(id, ROUNDS));
                        pending.hand_over(id);
                        result.store(id, Ordering::Release);
                        pending.remove(id);
                    }
                    ended.fetch_add(1, Ordering::Release);
                });
            }
            scope.spawn(|| {
                while ended.load(Ordering::Acquire) < 3 {
                    for result in &results {
                        let id = result.load(Ordering::Acquire);
                        assert!(!pending.has(id, ROUNDS));
                    }
                    yield_now();
                }
            });
        });
        assert!((1..=ROUNDS).all(|id| !pending.has(id, ROUNDS)));
        assert!(pending.late.lock().is_empty());
    }
}
