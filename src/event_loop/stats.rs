//! What a loop has counted.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::event_loop::EventLoop;

/// Written by the owner thread alone, read by any.
#[derive(Debug, Default)]
pub struct Counters {
    /// Steps that were begun.
    pub polls: Counter,
    /// Steps that found the host's wake.
    pub wakes: Counter,
    /// Posts that ran.
    pub posts_run: Counter,
    /// Those of them that had another priority than normal.
    pub lane_posts_run: Counter,
    /// Posts dropped without running: the loop ended.
    pub posts_dropped: Counter,
    /// Timer callbacks that ran.
    pub timers_fired: Counter,
    /// Timers dropped without running: the loop ended.
    pub timers_dropped: Counter,
    /// Items of attached sources that ran.
    pub actions_run: Counter,
    /// Most posts that were waiting at the start of a step.
    pub posts_high_water: Counter,
    parks_before: u64,
}

impl Counters {
    /// `parks_before`: what the gate's parker had counted for earlier loops.
    pub fn new(parks_before: u64) -> Self {
        Self { parks_before, ..Self::default() }
    }
}

/// A counter with one writer: no read-modify-write needed.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; by the one writer.
    #[inline]
    pub fn add(&self, more: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + more, Ordering::Release);
    }

    /// Replaces; by the one writer.
    #[inline]
    pub fn set(&self, to: u64) {
        self.0.store(to, Ordering::Release);
    }

    /// Keeps the larger; by the one writer.
    #[inline]
    pub fn raise(&self, to: u64) {
        if to > self.0.load(Ordering::Relaxed) {
            self.0.store(to, Ordering::Relaxed);
        }
    }

    /// As it is now.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// A snapshot. `posts_accepted = posts_run + posts_dropped + posts_pending`, and
/// `timers_scheduled` covers each timer that fired at least once, was cancelled, dropped or is
/// still active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the C struct of the same fields says what each one is")]
pub struct Stats {
    pub polls: u64,
    pub wakes: u64,
    pub parks: u64,
    pub posts_accepted: u64,
    pub posts_run: u64,
    pub posts_dropped: u64,
    pub posts_refused: u64,
    pub posts_pending: u64,
    pub timers_scheduled: u64,
    pub timers_fired: u64,
    pub timers_cancelled: u64,
    pub timers_dropped: u64,
    pub timers_refused: u64,
    pub timers_active: u64,
    pub actions_run: u64,
    pub posts_high_water: u64,
}

pub(super) fn read(of: &EventLoop) -> Stats {
    let counters = &of.counters;
    // What has been run was accepted before: read in this order, pending is never negative.
    let posts_run = counters.posts_run.get();
    let posts_dropped = counters.posts_dropped.get();
    let (lane_posted, lane_refused) = {
        let shared = of.shared.lock();
        (shared.posted, shared.refused)
    };
    let posts_accepted = of.gate.ring.accepted(of.first_post) + lane_posted;
    let (scheduled, cancelled, refused, active) = {
        let timers = of.timers.lock();
        (timers.scheduled, timers.cancelled, timers.refused, timers.active())
    };
    Stats {
        polls: counters.polls.get(),
        wakes: counters.wakes.get(),
        parks: of.gate.parker.parks().saturating_sub(counters.parks_before),
        posts_accepted,
        posts_run,
        posts_dropped,
        posts_refused: of.gate.ring.refused() + lane_refused,
        posts_pending: posts_accepted - posts_run - posts_dropped,
        timers_scheduled: scheduled,
        timers_fired: counters.timers_fired.get(),
        timers_cancelled: cancelled,
        timers_dropped: counters.timers_dropped.get(),
        timers_refused: refused,
        timers_active: active,
        actions_run: counters.actions_run.get(),
        posts_high_water: counters.posts_high_water.get(),
    }
}
