//! Every interleaving of using and ending what a handle names: it is destroyed exactly once,
//! never under somebody who uses it, and a stale handle touches nothing.
#![cfg(loom)]
#![expect(unsafe_code, reason = "the model's cell stands for the object and checks each access")]

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use scriptloop::occupancy::Occupancy;

/// A slot whose object is a number: loom reports any access that races with another.
#[derive(Default)]
struct Slot {
    occupancy: Occupancy,
    object: UnsafeCell<Option<u32>>,
}

impl Slot {
    fn fill(&self, generation: u32) {
        // SAFETY: the slot is vacant; the model checks it.
        self.object.with_mut(|object| unsafe { *object = Some(generation) });
        self.occupancy.occupy(generation);
    }

    /// Uses the object as a call from C does. Gives how often it had to destroy one.
    fn call(&self, generation: u32) -> usize {
        if !self.occupancy.holds(generation) {
            return 0;
        }
        if self.occupancy.pin(generation) {
            // SAFETY: there is a pin; the model checks it.
            let found = self.object.with(|object| unsafe { *object });
            assert_eq!(found, Some(generation));
        }
        self.give_back()
    }

    /// Ends the object as a free from C does.
    fn free(&self, generation: u32) -> (bool, usize) {
        if !self.occupancy.holds(generation) {
            return (false, 0);
        }
        let freed = self.occupancy.pin(generation) && self.occupancy.close();
        (freed, self.give_back())
    }

    fn give_back(&self) -> usize {
        if !self.occupancy.unpin() {
            return 0;
        }
        // SAFETY: the duty to destroy is ours alone; the model checks it.
        let object = self.object.with_mut(|object| unsafe { (*object).take() });
        assert!(object.is_some(), "destroyed twice");
        1
    }
}

#[test]
fn an_object_is_destroyed_once_and_never_under_a_caller() {
    loom::model(|| {
        let slot = Arc::new(Slot::default());
        let generation = slot.occupancy.next_generation();
        slot.fill(generation);
        let caller = thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.call(generation)
        });
        let (freed, by_free) = slot.free(generation);
        assert!(freed);
        assert_eq!(by_free + caller.join().expect("no panic"), 1);
    });
}

#[test]
fn of_two_frees_one_succeeds() {
    loom::model(|| {
        let slot = Arc::new(Slot::default());
        let generation = slot.occupancy.next_generation();
        slot.fill(generation);
        let other = thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.free(generation)
        });
        let (mine, by_me) = slot.free(generation);
        let (theirs, by_them) = other.join().expect("no panic");
        assert!(mine != theirs);
        assert_eq!(by_me + by_them, 1);
    });
}

#[test]
fn a_stale_caller_leaves_the_next_object_in_the_slot_alone() {
    loom::model(|| {
        let slot = Arc::new(Slot::default());
        let first = slot.occupancy.next_generation();
        slot.fill(first);
        let stale = thread::spawn({
            let slot = Arc::clone(&slot);
            move || slot.call(first)
        });
        let (_, mut destroyed) = slot.free(first);
        if destroyed == 1 {
            // The slot is ours again: use it for another one, end that too.
            let second = slot.occupancy.next_generation();
            assert_ne!(first, second);
            slot.fill(second);
            destroyed += slot.free(second).1;
            assert_eq!(destroyed + stale.join().expect("no panic"), 2);
        } else {
            assert_eq!(stale.join().expect("no panic"), 1);
        }
    });
}
