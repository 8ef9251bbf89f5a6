//! Every interleaving of an owner and a guest that take turns, as the owner of a loop and the
//! thread that drives it do: one at a time, neither waits for ever, no work is left lying.
#![cfg(loom)]

use std::sync::Arc;

use loom::model::Builder;
use loom::sync::atomic::Ordering::{Relaxed, Release};
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering::AcqRel, Ordering::Acquire};
use loom::thread::{self, JoinHandle};
use scriptloop::parker::{NUDGED, Parker, Told};
use scriptloop::turn::{Party, Turn};

const OWNER: u64 = 1;
const GUEST: u64 = 2;

/// A loop in small: what is owned, the work that was posted, and the word that says so.
#[derive(Default)]
struct Loop {
    turn: Turn,
    /// Of the one whose turn it is: written as if nobody else did, so that two turns at once, or
    /// one that does not see the other, lose some.
    done: AtomicUsize,
    posted: AtomicUsize,
    word: Parker,
    stopping: AtomicBool,
}

impl Loop {
    fn shared() -> Arc<Self> {
        let this = Self::default();
        this.turn.begin(OWNER);
        this.turn.share();
        Arc::new(this)
    }

    fn ring(&self) {
        self.turn.guest_seat().unpark();
    }

    fn post(&self) {
        self.posted.fetch_add(1, AcqRel);
        if self.word.notify(NUDGED) == Told::RingBell {
            self.ring();
        }
    }

    /// By the one whose turn it is.
    fn step(&self) {
        self.word.take();
        let ready = self.posted.swap(0, AcqRel);
        self.done.store(self.done.load(Relaxed) + ready, Relaxed);
        if !self.word.watch() {
            self.ring();
        }
    }

    fn poll(&self) {
        assert!(self.turn.take(OWNER));
        self.step();
        self.turn.give(Party::Owner);
    }

    fn drive(self: &Arc<Self>) -> JoinHandle<()> {
        let this = Arc::clone(self);
        thread::spawn(move || {
            this.turn.join(GUEST);
            let stopping = || this.stopping.load(Acquire);
            while this.turn.take_as_guest(GUEST, stopping) {
                this.step();
                this.turn.give(Party::Guest);
                if stopping() {
                    break;
                }
                this.turn.guest_seat().park_until(None);
            }
        })
    }

    /// Ends the driving; all that was posted before has been done by then, or is done now.
    fn stop(&self, driver: JoinHandle<()>) -> usize {
        self.stopping.store(true, Release);
        self.ring();
        driver.join().expect("no panic");
        self.turn.unshare();
        assert!(self.turn.take(OWNER), "it is the owner's again");
        assert!(self.turn.is_of(OWNER));
        self.step();
        self.done.load(Relaxed)
    }
}

fn model(body: impl Fn() + Sync + Send + 'static) {
    let mut model = Builder::new();
    model.preemption_bound = Some(3);
    model.check(body);
}

#[test]
fn owner_and_guest_never_have_it_at_once_and_both_get_it() {
    model(|| {
        let shared = Loop::shared();
        let driver = shared.drive();
        shared.post();
        shared.poll();
        shared.post();
        shared.poll();
        assert_eq!(shared.stop(driver), 2);
    });
}

#[test]
fn a_post_of_another_thread_is_done_whoever_polls() {
    model(|| {
        let shared = Loop::shared();
        let driver = shared.drive();
        let poster = thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.post()
        });
        shared.poll();
        poster.join().expect("no panic");
        assert_eq!(shared.stop(driver), 1);
    });
}

#[test]
fn work_is_done_by_the_guest_when_nobody_polls() {
    model(|| {
        let shared = Loop::shared();
        let driver = shared.drive();
        shared.post();
        // Asleep for good, were it not rung: the model ends in a deadlock then.
        while shared.posted.load(Acquire) != 0 {
            thread::yield_now();
        }
        assert_eq!(shared.stop(driver), 1);
    });
}

#[test]
fn a_guest_that_waits_for_its_turn_can_be_stopped() {
    model(|| {
        let shared = Loop::shared();
        assert!(shared.turn.take(OWNER));
        let driver = shared.drive();
        let stopper = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                shared.stopping.store(true, Release);
                shared.ring();
            }
        });
        shared.turn.give(Party::Owner);
        stopper.join().expect("no panic");
        assert_eq!(shared.stop(driver), 0);
    });
}

#[test]
fn one_that_belongs_to_nobody_may_be_inherited_while_it_is_shared() {
    model(|| {
        let shared = Loop::shared();
        assert!(shared.turn.take(OWNER));
        shared.turn.leave();
        let driver = shared.drive();
        shared.post();
        assert_eq!(shared.turn.inherit(OWNER), Ok(()));
        shared.poll();
        assert_eq!(shared.stop(driver), 1);
    });
}
