//! The ways to take from an action queue: one by one, waiting, many within a budget, or by a
//! loop's polls. They share one consumer and may be mixed.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{Ordering, fence};

use crate::actions::{Action, ActionQueue, Attachment, Taking, WhenFull};
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::budget::{Limits, Report};
use crate::event_loop::{NEVER, Ran, Source};
use crate::sys;

thread_local! {
    /// The queues whose actions the thread is running, by address, innermost last.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Actions taken between two looks at how many wait.
const COUNT_EVERY: u64 = 16;

/// Lasts as long as a thread runs actions of a queue.
struct Inside;

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(Vec::pop);
    }
}

impl ActionQueue {
    /// Takes the oldest action, and counts it by `count`. Also says whether there is more; if
    /// not, the ring listens for it now. Nothing, but more: a push is between its two halves,
    /// and as it has heard of no listener, nobody would be told of it.
    #[inline]
    pub(super) fn take(&self, count: impl FnOnce(&mut Taking)) -> (Option<Action>, bool) {
        let mut taking = self.taking.lock();
        let Taking { consumer: Some(consumer), results, delivered, .. } = &mut *taking else {
            return (None, false);
        };
        // Not each time: the count is in the producers' cache line.
        let waiting = match *delivered % COUNT_EVERY {
            0 => consumer.available(&self.ring) + results.len() as u64,
            _ => 0,
        };
        let action = results.pop_front().or_else(|| consumer.pop(&self.ring));
        let more =
            !results.is_empty() || consumer.is_ready(&self.ring) || !consumer.listen(&self.ring);
        taking.high_water = taking.high_water.max(waiting);
        if action.is_some() {
            count(&mut taking);
        }
        drop(taking);
        if more && action.is_some() {
            // Somebody else may wait for what is left: the ring tells only the first of them.
            self.poppers.wake_one();
        }
        if matches!(self.when_full, WhenFull::Block(_)) {
            // Pairs with the one in `Waiters::wait`: either we see the waiter, or it sees room.
            fence(Ordering::SeqCst);
            self.pushers.wake_one();
        }
        (action, more)
    }

    /// Takes the oldest action, without waiting.
    pub fn try_pop(&self) -> Result<Action> {
        self.taker.store(sys::thread_id(), Ordering::Relaxed);
        match self.take(|taking| taking.delivered += 1) {
            (Some(action), _) => Ok(action),
            (None, true) => {
                // Whoever would sleep now has to look again: the host's loop, another popper.
                self.tell();
                Err(Error::Empty)
            }
            (None, false) if self.is_closed() => Err(Error::Closed),
            (None, false) => Err(Error::Empty),
        }
    }

    /// Takes the oldest action, waiting for one at most `wait` nanoseconds.
    pub fn pop(&self, wait: u64) -> Result<Action> {
        let until = if wait == NEVER { NEVER } else { monotonic_ns().saturating_add(wait) };
        let mut taken = Err(Error::Timeout);
        self.poppers.wait(until, || {
            match self.try_pop() {
                Err(Error::Empty) => return false,
                other => taken = other,
            }
            true
        });
        taken
    }

    /// Runs actions on the calling thread within a budget; what comes meanwhile waits for the
    /// next call.
    pub fn drain(&self, limits: &Limits, run: impl Fn(&Action)) -> Result<Report> {
        if self.runs_here() {
            return Err(Error::Reentered);
        }
        let _inside = self.enter();
        self.taker.store(sys::thread_id(), Ordering::Relaxed);
        let start = monotonic_ns();
        let most = if limits.work == Some(0) { 1 } else { limits.items };
        let end = limits.work.filter(|work| *work != 0).map(|work| start.saturating_add(work));
        let mut report = Report { next_deadline_ns: NEVER, ..Report::default() };
        let mut now = start;
        for _ in 0..self.pending().min(most) {
            if !self.run_next(&run).one {
                break;
            }
            report.items += 1;
            if let Some(end) = end {
                now = monotonic_ns();
                if now >= end {
                    report.overshoot_ns = now - end;
                    break;
                }
            }
        }
        report.actions = report.items;
        report.remaining = self.pending();
        report.elapsed_ns = if end.is_some() { now } else { monotonic_ns() } - start;
        if report.remaining != 0 {
            report.next_deadline_ns = 0;
        }
        Ok(report)
    }

    /// Whether the calling thread is inside of a callback that handles an action of ours.
    pub(super) fn runs_here(&self) -> bool {
        INSIDE.with_borrow(|inside| inside.contains(&ptr::from_ref(self).addr()))
    }

    /// The calling thread runs actions of ours until the guard is dropped.
    #[inline]
    fn enter(&self) -> Inside {
        INSIDE.with_borrow_mut(|inside| inside.push(ptr::from_ref(self).addr()));
        Inside
    }

    #[inline]
    fn run_next(&self, run: impl Fn(&Action)) -> Ran {
        let (action, more) = self.take(|taking| taking.delivered += 1);
        let Some(action) = action else { return Ran { one: false, more } };
        run(&action);
        Ran { one: true, more }
    }
}

impl Source for ActionQueue {
    fn pending(&self) -> u64 {
        let taking = self.taking.lock();
        let ring = taking.consumer.as_ref().map_or(0, |consumer| consumer.available(&self.ring));
        ring + taking.results.len() as u64
    }

    fn is_for_owner(&self) -> bool {
        self.attachment.get().is_some_and(|attached| attached.for_owner)
    }

    fn run_one(&self) -> Ran {
        let Some(Attachment { run, .. }) = self.attachment.get() else {
            return Ran { one: false, more: false };
        };
        let _inside = self.enter();
        self.taker.store(sys::thread_id(), Ordering::Relaxed);
        // Before the ring may listen again: a push that hears it must be able to tell.
        self.told.store(false, Ordering::Release);
        self.run_next(run)
    }
}
