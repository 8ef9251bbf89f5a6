//! Every interleaving of the ring with its flags: nothing is lost or doubled, order holds for
//! each producer, and a sleeping consumer is told.
#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use loom::thread;
use scriptloop::parker::Parker;
use scriptloop::queue::ring::{Bound, Consumer, Refused, Ring};

type Shared = Arc<(Ring<u64>, Parker)>;

fn shared() -> Shared {
    Arc::new((Ring::default(), Parker::default()))
}

fn push(shared: &Shared, value: u64, bound: Bound) -> Result<(), Refused> {
    if shared.0.push(bound, || true, || value)? {
        shared.1.unpark();
    }
    Ok(())
}

/// Takes `count` items as a loop does: pop, else listen and sleep.
fn take(shared: &Shared, consumer: &mut Consumer<u64>, count: usize) -> Vec<u64> {
    let mut taken = Vec::new();
    while taken.len() < count {
        match consumer.pop(&shared.0) {
            Some(value) => taken.push(value),
            None if consumer.listen(&shared.0) => {
                shared.1.park_until(None);
                consumer.unlisten(&shared.0);
            }
            // Between a ticket and its publication.
            None => thread::yield_now(),
        }
    }
    taken
}

#[test]
fn a_sleeping_consumer_is_told_of_each_of_two_pushes() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = shared();
        let mut consumer = shared.0.open(2).expect("there is memory");
        let producers = [1, 2].map(|value| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || push(&shared, value, Bound::Keep).expect("there is room"))
        });
        let mut taken = take(&shared, &mut consumer, 2);
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
        for producer in producers {
            producer.join().expect("no panic");
        }
        assert!(consumer.close(&shared.0).is_empty());
    });
}

#[test]
fn order_holds_from_the_ring_into_the_spill_and_back() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let shared = shared();
        let mut consumer = shared.0.open(1).expect("there is memory");
        let producer = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for value in 1..=3 {
                    push(&shared, value, Bound::Exceed).expect("open");
                }
            }
        });
        assert_eq!(take(&shared, &mut consumer, 3), [1, 2, 3]);
        producer.join().expect("no panic");
        assert!(consumer.close(&shared.0).is_empty());
    });
}

#[test]
fn two_spilling_producers_lose_nothing() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = shared();
        let mut consumer = shared.0.open(1).expect("there is memory");
        let producers = [10, 20].map(|base| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                push(&shared, base, Bound::Exceed).expect("open");
            })
        });
        let mut taken = take(&shared, &mut consumer, 2);
        taken.sort_unstable();
        assert_eq!(taken, [10, 20]);
        for producer in producers {
            producer.join().expect("no panic");
        }
        assert!(consumer.close(&shared.0).is_empty());
    });
}

#[test]
fn a_push_that_races_with_close_is_given_back_by_one_of_them() {
    loom::model(|| {
        let shared = shared();
        let consumer = shared.0.open(2).expect("there is memory");
        let producer = thread::spawn({
            let shared = Arc::clone(&shared);
            move || push(&shared, 7, Bound::Keep)
        });
        let left = consumer.close(&shared.0);
        match producer.join().expect("no panic") {
            Ok(()) => assert_eq!(left, [7]),
            Err(refused) => {
                assert_eq!(refused, Refused::Closed);
                assert!(left.is_empty());
            }
        }
    });
}

#[test]
fn a_push_meant_for_a_ring_that_ended_never_lands_in_the_next_one() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(4);
    model.check(|| {
        let shared = shared();
        let generation = Arc::new(AtomicU64::new(1));
        let consumer = shared.0.open(2).expect("there is memory");
        let producer = thread::spawn({
            let (shared, generation) = (Arc::clone(&shared), Arc::clone(&generation));
            move || shared.0.push(Bound::Exceed, || generation.load(Acquire) == 1, || 7)
        });
        generation.store(2, Release);
        let mut left = consumer.close(&shared.0);
        let second = shared.0.open(1).expect("there is memory");
        assert!(second.close(&shared.0).is_empty(), "it belongs to somebody else");
        match producer.join().expect("no panic") {
            Ok(_) => assert_eq!(left.pop_front(), Some(7)),
            Err(refused) => assert_eq!(refused, Refused::Closed),
        }
        assert!(left.is_empty());
    });
}

#[test]
fn of_two_pushes_that_see_the_request_exactly_one_hears_it() {
    loom::model(|| {
        let shared = shared();
        let consumer = shared.0.open(2).expect("there is memory");
        assert!(consumer.listen(&shared.0));
        let producers = [1, 2].map(|value| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.0.push(Bound::Keep, || true, || value).expect("room") && shared.0.heard()
            })
        });
        let heard = producers.map(|producer| producer.join().expect("no panic"));
        assert_eq!(heard.iter().filter(|heard| **heard).count(), 1);
        assert_eq!(consumer.close(&shared.0).len(), 2);
    });
}

#[test]
fn a_slot_is_written_again_only_after_it_was_read_whoever_looked_at_the_head() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = shared();
        let mut consumer = shared.0.open(1).expect("there is memory");
        push(&shared, 1, Bound::Keep).expect("there is room");
        let producers = [2, 3].map(|value| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || push(&shared, value, Bound::Keep).is_ok())
        });
        assert_eq!(consumer.pop(&shared.0), Some(1));
        let second = consumer.pop(&shared.0);
        let accepted = producers.map(|producer| producer.join().expect("no panic"));
        let taken = usize::from(second.is_some()) + consumer.close(&shared.0).len();
        assert_eq!(taken, accepted.iter().filter(|accepted| **accepted).count());
    });
}
