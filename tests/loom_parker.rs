//! Every interleaving of the one park/wake protocol: no notice is lost, and what was written
//! before a notice is seen by the owner that takes it.
#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use scriptloop::parker::{NUDGED, Parker, Told, WOKEN};

#[test]
fn a_wake_before_or_during_the_wait_ends_it_and_carries_what_was_written() {
    loom::model(|| {
        let parker = Arc::new(Parker::default());
        let written = Arc::new(AtomicBool::new(false));
        let waker = thread::spawn({
            let (parker, written) = (Arc::clone(&parker), Arc::clone(&written));
            move || {
                written.store(true, Relaxed);
                assert_eq!(parker.notify(WOKEN), Told::Done);
            }
        });
        assert_eq!(parker.park_until(None), WOKEN);
        assert!(
            written.load(Relaxed),
            "the fence of libuv 1.49: a wake publishes what precedes it"
        );
        waker.join().expect("no panic");
    });
}

#[test]
fn two_wakers_are_both_seen_although_their_wakes_may_be_one() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let parker = Arc::new(Parker::default());
        let written = [Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false))];
        let wakers = written.clone().map(|written| {
            let parker = Arc::clone(&parker);
            thread::spawn(move || {
                written.store(true, Relaxed);
                parker.unpark();
            })
        });
        // As a loop does: sleep, take, look at everything, sleep again.
        while !written.iter().all(|written| written.load(Relaxed)) {
            assert_eq!(parker.park_until(None), NUDGED);
        }
        for waker in wakers {
            waker.join().expect("no panic");
        }
    });
}

#[test]
fn of_two_notices_to_a_watched_owner_exactly_one_rings_the_bell() {
    loom::model(|| {
        let parker = Arc::new(Parker::default());
        let watched = parker.watch();
        assert!(watched, "there is no notice yet");
        let wakers = [(); 2].map(|()| {
            let parker = Arc::clone(&parker);
            thread::spawn(move || parker.notify(NUDGED))
        });
        let told = wakers.map(|waker| waker.join().expect("no panic"));
        let rings = told.iter().filter(|told| **told == Told::RingBell).count();
        assert_eq!(rings, 1);
        assert_eq!(parker.take(), NUDGED);
        assert!(parker.watch(), "taken: the owner may watch again");
    });
}

#[test]
fn a_notice_that_races_with_watching_either_rings_or_refuses_the_watch() {
    loom::model(|| {
        let parker = Arc::new(Parker::default());
        let waker = thread::spawn({
            let parker = Arc::clone(&parker);
            move || parker.notify(WOKEN)
        });
        let watched = parker.watch();
        let told = waker.join().expect("no panic");
        assert_eq!(watched, told == Told::RingBell);
    });
}
