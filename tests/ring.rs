//! The ring by itself, on one thread: order, bounds, and what closing gives back. What many
//! threads do to it is in loom_ring.rs.
#![cfg(not(loom))]

use scriptloop::queue::ring::{Bound, Refused, Ring};

fn always() -> bool {
    true
}

#[test]
fn order_holds_across_ring_and_spill() {
    let ring = Ring::default();
    let mut consumer = ring.open(0).expect("there is memory");
    let mut next = 0;
    for value in 0..10_000_u64 {
        ring.push(Bound::Keep, always, || value).expect("no bound");
        if value % 3 == 0 {
            assert_eq!(consumer.pop(&ring), Some(next));
            next += 1;
        }
    }
    while let Some(value) = consumer.pop(&ring) {
        assert_eq!(value, next);
        next += 1;
    }
    assert_eq!(next, 10_000);
    assert_eq!(ring.accepted(consumer.first()), 10_000);
    assert_eq!(consumer.taken(), 10_000);
}

#[test]
fn capacity_is_exact_whatever_the_number() {
    for capacity in [1, 2, 3, 5, 1023, 1024, 1025, 3000, 65_536, 70_000] {
        let ring = Ring::default();
        let mut consumer = ring.open(capacity).expect("there is memory");
        for value in 0..capacity {
            ring.push(Bound::Keep, always, || value).expect("below the bound");
        }
        assert_eq!(ring.push(Bound::Keep, always, || unreachable!()), Err(Refused::Full));
        ring.push(Bound::Exceed, always, || capacity).expect("must never be lost");
        for value in 0..=capacity {
            assert_eq!(consumer.pop(&ring), Some(value), "capacity {capacity}");
        }
        assert_eq!(consumer.pop(&ring), None);
        ring.push(Bound::Keep, always, || 1).expect("there is room again");
        assert_eq!(ring.refused(), 1);
    }
}

#[test]
fn close_gives_back_what_was_left_and_reopening_starts_anew() {
    let ring = Ring::default();
    for round in 0..10 {
        let mut consumer = ring.open(4).expect("there is memory");
        for value in 0..4 {
            ring.push(Bound::Keep, always, || value).expect("below the bound");
        }
        assert_eq!(consumer.pop(&ring), Some(0));
        ring.push(Bound::Exceed, always, || 9).expect("exceeds");
        assert_eq!(consumer.close(&ring), [1, 2, 3, 9], "round {round}");
        assert_eq!(ring.push(Bound::Keep, always, || unreachable!()), Err(Refused::Closed));
    }
}

#[test]
fn listening_is_seen_by_the_next_push_only_after_it_was_asked_for() {
    let ring = Ring::default();
    let mut consumer = ring.open(4).expect("there is memory");
    assert_eq!(ring.push(Bound::Keep, always, || 1), Ok(false));
    assert!(!consumer.listen(&ring), "there is something to take");
    assert_eq!(consumer.pop(&ring), Some(1));
    assert!(consumer.listen(&ring));
    assert!(consumer.listen(&ring), "asking twice is asking once");
    assert_eq!(ring.push(Bound::Keep, always, || 2), Ok(true));
    consumer.unlisten(&ring);
    assert_eq!(ring.push(Bound::Keep, always, || 3), Ok(false));
}
