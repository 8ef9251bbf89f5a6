//! Every interleaving of taking a lock and giving it back: one thread at a time has it, and none
//! sleeps while it is free.
#![cfg(loom)]
#![expect(unsafe_code, reason = "the model's cell stands for what is guarded")]

use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::thread;
use scriptloop::lock::Lock;

#[derive(Default)]
struct Guarded {
    lock: Lock,
    count: UnsafeCell<u32>,
}

impl Guarded {
    fn add_one(&self) {
        self.lock.lock();
        // SAFETY: there is the lock; the model checks that no other thread is here.
        self.count.with_mut(|count| unsafe { *count += 1 });
        self.lock.unlock();
    }
}

/// With all interleavings, or those with at most so many switches that nobody has to make.
fn all_are_counted(others: usize, times: u32, switches: Option<usize>) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = switches;
    model.check(move || {
        let guarded = Arc::new(Guarded::default());
        let adders: Vec<_> = (0..others)
            .map(|_| {
                let guarded = guarded.clone();
                thread::spawn(move || (0..times).for_each(|_| guarded.add_one()))
            })
            .collect();
        (0..times).for_each(|_| guarded.add_one());
        for adder in adders {
            adder.join().expect("no panic");
        }
        // SAFETY: all others have ended; the model checks it.
        let count = guarded.count.with(|count| unsafe { *count });
        assert_eq!(count, (others as u32 + 1) * times);
    });
}

#[test]
fn two_threads_take_turns() {
    all_are_counted(1, 2, None);
}

#[test]
fn of_three_threads_none_is_forgotten() {
    all_are_counted(2, 1, Some(3));
}
