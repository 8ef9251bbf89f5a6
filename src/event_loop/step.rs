//! One step of a loop: wait if asked to, then run what was ready when the step began.
//!
//! Order: due timers by (deadline, id), then posts and sources by priority. What is queued
//! while the step runs waits for the next one, so that no handler can keep a step from ending.
//! The budget is looked at between two items, never inside one.

use std::sync::atomic::Ordering;

use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::budget::{Limits, Meter, Report};
use crate::event_loop::close::State;
use crate::event_loop::owned::Owned;
use crate::event_loop::{EventLoop, NEVER, PRIORITY_NORMAL};
use crate::parker::WOKEN;
use crate::sync::yield_now;

/// What was ready when the step began.
pub(super) struct Quota {
    pub(super) posts: u64,
}

impl EventLoop {
    /// Runs what is ready for at most about `work` nanoseconds; gives the number of items.
    #[inline]
    pub fn poll(&self, work: u64) -> Result<u64> {
        if self.is_quiet()? {
            return Ok(0);
        }
        self.enter(false)?;
        self.take_notices(false);
        let mut items = 0;
        if let Some(start) = self.look(true) {
            items = self.pass(&Limits::budget(work), start).items;
        }
        self.leave();
        Ok(items)
    }

    /// The general form of `poll`.
    pub fn step(&self, limits: &Limits) -> Result<Report> {
        if limits.wait == 0 && !limits.outlook && self.is_quiet()? {
            return Ok(Report::default());
        }
        self.enter(limits.nested)?;
        let woken = self.take_notices(limits.wait != 0) & WOKEN != 0;
        let report = self.step_inside(limits, woken);
        self.leave();
        Ok(report)
    }

    /// Steps without limits until `stop`.
    pub fn run(&self) -> Result<()> {
        loop {
            // A poll may have taken the notice of a stop that came before: then do not wait.
            let stopping = self.stopping.load(Ordering::Acquire);
            self.step(&Limits::waiting(if stopping { 0 } else { NEVER }))?;
            if self.stopping.swap(false, Ordering::Acquire) {
                return Ok(());
            }
        }
    }

    fn step_inside(&self, limits: &Limits, woken: bool) -> Report {
        let timed = limits.work.is_some() || limits.outlook;
        let mut report = Report::default();
        if let Some(start) = self.look(timed) {
            report = self.pass(limits, start);
        }
        // Nothing ran: nothing was ready, or what was is between a ticket and its publication.
        if report.items == 0 && limits.wait != 0 && !woken {
            report = self.wait_and_pass(limits, timed);
        }
        if limits.outlook {
            report.remaining = self.ready_items(&self.owned.borrow_again());
            report.next_deadline_ns =
                self.until_next(report.remaining).min(self.backend.next_deadline());
        }
        report
    }

    /// Waits until a pass has run something, the host wakes the loop, or time is up.
    fn wait_and_pass(&self, limits: &Limits, timed: bool) -> Report {
        let until = match limits.wait {
            NEVER => NEVER,
            wait => monotonic_ns().saturating_add(wait),
        };
        loop {
            let woken = self.wait_for_work(until);
            if let Some(start) = self.look(timed) {
                let report = self.pass(limits, start);
                if report.items != 0 {
                    return report;
                }
                yield_now();
            }
            if woken || until != NEVER && monotonic_ns() >= until {
                return Report::default();
            }
        }
    }

    #[inline]
    fn enter(&self, nested: bool) -> Result<()> {
        let mut owned = self.owned.borrow(self)?;
        if owned.depth != 0 && !(nested && owned.consumer.is_some()) {
            return Err(Error::Reentered);
        }
        if owned.consumer.is_none() {
            return Err(self.refusal());
        }
        owned.depth += 1;
        self.counters.polls.add(1);
        Ok(())
    }

    #[inline]
    fn leave(&self) {
        let outermost = {
            let mut owned = self.owned.borrow_again();
            owned.depth -= 1;
            owned.depth == 0
        };
        if !self.duties.is_empty() {
            self.leave_attentively(outermost);
        }
    }

    #[inline]
    fn take_notices(&self, may_wait: bool) -> u32 {
        let notices = if self.duties.is_empty() {
            self.gate.parker.take()
        } else {
            self.begin_attentively(may_wait)
        };
        if notices & WOKEN != 0 {
            self.counters.wakes.add(1);
        }
        notices
    }

    /// Whether a poll has nothing to take, run or arm: then all of it is this one look.
    #[inline]
    fn is_quiet(&self) -> Result<bool> {
        let owned = self.owned.borrow(self)?;
        let quiet = owned.depth == 0
            && !self.gate.parker.is_notified()
            && self.duties.is_empty()
            && !self.has_work(&owned)
            && match self.next_timer.load(Ordering::Acquire) {
                NEVER => true,
                next => next > self.clock.now(),
            };
        if quiet {
            self.counters.polls.add(1);
        }
        Ok(quiet)
    }

    /// Posts, sources or timers that are due: all but timers whose time has just come.
    #[inline]
    pub(super) fn has_work(&self, owned: &Owned) -> bool {
        owned.consumer.as_ref().is_some_and(|consumer| consumer.is_ready(&self.gate.ring))
            || self.shared_len.load(Ordering::Acquire) != 0
            || !owned.posts.is_empty()
            || !owned.sources.is_empty()
            || !owned.due.is_empty()
    }

    /// Whether there is something to do, and what time it is. Looks at the clock only when a
    /// timer is pending or the time is asked for (`timed`); else the time is 0.
    #[inline]
    pub(super) fn look(&self, timed: bool) -> Option<u64> {
        if self.end.is_at_least(State::Closing) {
            return None;
        }
        let next = self.next_timer.load(Ordering::Acquire);
        let (ready, begun) = {
            let mut owned = self.owned.borrow_again();
            let ready = self.has_work(&owned) || !owned.is_driving && !owned.held.is_empty();
            (ready, owned.begun.take())
        };
        let now = || begun.unwrap_or_else(|| self.clock.now());
        if next == NEVER {
            return ready.then(|| if timed { now() } else { 0 });
        }
        let now = now();
        (ready || next <= now).then_some(now)
    }

    /// Runs what is ready. Never waits.
    fn pass(&self, limits: &Limits, start: u64) -> Report {
        let mut meter = Meter::new(&self.clock, &self.end, limits, start);
        let quota = self.take_stock(start);
        self.run_all(&mut meter, quota);
        meter.finish(limits.outlook)
    }

    /// Notes what is ready now; later arrivals are for the next step.
    fn take_stock(&self, now: u64) -> Quota {
        // What is due at the end of time never comes, also when a virtual clock gets there.
        let now = now.min(NEVER - 1);
        let mut owned = self.owned.borrow_again();
        if self.next_timer.load(Ordering::Acquire) <= now {
            let mut timers = self.timers.lock();
            timers.collect_due(now, &mut owned.due);
            self.next_timer.store(timers.earliest(), Ordering::Release);
        }
        if !owned.is_driving && !owned.held.is_empty() {
            owned.take_held();
        }
        if self.shared_len.load(Ordering::Acquire) != 0 {
            let mut shared = self.shared.lock();
            owned.posts.append(&mut shared.posts);
            while let Some((priority, source)) = shared.sources.pop() {
                if owned.is_driving && source.is_for_owner() {
                    owned.held.sources.push(priority, source);
                } else {
                    owned.sources.push(priority, (source, 0));
                }
            }
            self.shared_len.store(0, Ordering::Release);
        }
        if !owned.sources.is_empty() {
            // One at least: a source whose items were taken by hand must get to say so.
            owned.sources.change_all(|(source, quota)| *quota = source.pending().max(1));
        }
        let ring = &self.gate.ring;
        let posts = owned.consumer.as_ref().map_or(0, |consumer| consumer.ready(ring));
        self.counters.posts_high_water.raise(posts + owned.posts.len() as u64);
        Quota { posts }
    }

    fn run_all(&self, meter: &mut Meter<'_>, mut quota: Quota) {
        while let Some(id) = self.next_due() {
            if self.run_timer(id) {
                meter.report.timers += 1;
                if meter.spent() {
                    return;
                }
            }
        }
        loop {
            let (lane, source) = {
                let owned = self.owned.borrow_again();
                (owned.posts.first(), owned.sources.first())
            };
            let ring = if quota.posts > 0 { PRIORITY_NORMAL } else { u32::MAX };
            let ended = if lane
                .is_some_and(|lane| lane <= ring && source.is_none_or(|source| lane < source))
            {
                self.run_lane(meter)
            } else if source.is_some_and(|source| source <= ring) {
                self.run_source(meter, &mut quota)
            } else if quota.posts > 0 {
                self.run_posts(meter, &mut quota, u64::MAX)
            } else {
                return;
            };
            if ended {
                return;
            }
        }
    }
}
