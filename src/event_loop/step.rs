//! One step of a loop: wait if asked to, then run what was ready when the step began.
//!
//! Order: due timers by (deadline, id), then posts and sources by priority. What is queued
//! while the step runs waits for the next one, so that no handler can keep a step from ending.
//! The budget is looked at between two items, never inside one.

use std::sync::atomic::Ordering;

use crate::clock::{Clock, monotonic_ns};
use crate::error::{Error, Result};
use crate::event_loop::gate::Post;
use crate::event_loop::owned::Owned;
use crate::event_loop::{EventLoop, NEVER, PRIORITY_NORMAL};
use crate::foreign::call;
use crate::parker::WOKEN;
use crate::sync::yield_now;

/// What a step may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nanoseconds of work; None = no time budget, and no look at the clock between items.
    pub work: Option<u64>,
    /// Nanoseconds to wait for the first item; `NEVER` = no bound.
    pub wait: u64,
    /// Most items.
    pub items: u64,
    /// Allowed inside a callback of the same loop.
    pub nested: bool,
    /// Report what remains and when the next timer is due.
    pub outlook: bool,
}

impl Limits {
    /// A frame's share: `work` nanoseconds, no waiting.
    pub fn budget(work: u64) -> Self {
        Self { work: Some(work), wait: 0, items: u64::MAX, nested: false, outlook: false }
    }

    /// All that is ready, after waiting for it.
    pub fn waiting(wait: u64) -> Self {
        Self { work: None, wait, items: u64::MAX, nested: false, outlook: false }
    }
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Timers, posts and actions together.
    pub items: u64,
    /// Timer callbacks.
    pub timers: u64,
    /// Posts.
    pub posts: u64,
    /// Items of attached sources.
    pub actions: u64,
    /// From the first item's start to the last one's end.
    pub elapsed_ns: u64,
    /// How far the last item went beyond the budget.
    pub overshoot_ns: u64,
    /// Ready items that did not fit.
    pub remaining: u64,
    /// Nanoseconds until something is ready; 0 = now, `NEVER` = nothing is scheduled.
    pub next_deadline_ns: u64,
}

/// The budget of a running step, and its report so far.
struct Meter<'a> {
    clock: &'a Clock,
    start: u64,
    end: Option<u64>,
    items: u64,
    now: u64,
    report: Report,
}

impl<'a> Meter<'a> {
    fn new(clock: &'a Clock, limits: &Limits, start: u64) -> Self {
        // No time at all still is one item: progress is certain.
        let (end, items) = match limits.work {
            None => (None, limits.items),
            Some(0) => (None, 1),
            Some(work) => (Some(start.saturating_add(work)), limits.items),
        };
        Self { clock, start, end, items, now: start, report: Report::default() }
    }

    /// Counts an item; true when the step ends here.
    #[inline]
    fn spent(&mut self) -> bool {
        self.report.items += 1;
        if let Some(end) = self.end {
            self.now = self.clock.now();
            return self.now >= end || self.report.items >= self.items;
        }
        self.report.items >= self.items
    }
}

/// What was ready when the step began.
struct Quota {
    posts: u64,
}

impl EventLoop {
    /// Runs what is ready for at most about `work` nanoseconds; gives the number of items.
    #[inline]
    pub fn poll(&self, work: u64) -> Result<u64> {
        self.enter(false)?;
        self.take_notices();
        if self.is_idle() {
            self.leave();
            return Ok(0);
        }
        let start = self.clock.now();
        let items = self.pass(&Limits::budget(work), start).items;
        self.leave();
        Ok(items)
    }

    /// The general form of `poll`.
    pub fn step(&self, limits: &Limits) -> Result<Report> {
        self.enter(limits.nested)?;
        let woken = self.take_notices() & WOKEN != 0;
        let report = self.step_inside(limits, woken);
        self.leave();
        Ok(report)
    }

    /// Steps without limits until `stop`.
    pub fn run(&self) -> Result<()> {
        loop {
            self.step(&Limits::waiting(NEVER))?;
            if self.stopping.swap(false, Ordering::Acquire) {
                return Ok(());
            }
        }
    }

    fn step_inside(&self, limits: &Limits, woken: bool) -> Report {
        let until = match limits.wait {
            NEVER => NEVER,
            wait => monotonic_ns().saturating_add(wait),
        };
        let mut woken = woken || limits.wait == 0;
        loop {
            if !woken && self.is_idle() {
                woken = self.wait_for_work(until);
            }
            let start = self.clock.now();
            let mut report = self.pass(limits, start);
            // A ticket's holder may be about to publish its post: nothing ran, wait on.
            if report.items == 0 && !woken && monotonic_ns() < until {
                yield_now();
                continue;
            }
            if limits.outlook {
                report.remaining = self.ready_items(&self.owned.in_step());
                report.next_deadline_ns = self.until_next(report.remaining);
            }
            return report;
        }
    }

    #[inline]
    fn enter(&self, nested: bool) -> Result<()> {
        let mut owned = self.owned.borrow(self)?;
        if owned.depth != 0 && !(nested && owned.consumer.is_some()) {
            return Err(Error::Reentered);
        }
        owned.depth += 1;
        self.counters.polls.add(1);
        Ok(())
    }

    #[inline]
    fn leave(&self) {
        let outermost = {
            let mut owned = self.owned.in_step();
            owned.depth -= 1;
            owned.depth == 0
        };
        if outermost && self.bell.get().is_some() {
            self.arm_bell();
        }
    }

    #[inline]
    fn take_notices(&self) -> u32 {
        if let Some(bell) = self.bell.get() {
            bell.silence();
            let owned = self.owned.in_step();
            if let Some(consumer) = &owned.consumer {
                consumer.unlisten(&self.gate.ring);
            }
        }
        let notices = self.gate.parker.take();
        if notices & WOKEN != 0 {
            self.counters.wakes.add(1);
        }
        notices
    }

    /// Whether a pass would find nothing. Looks at the clock only when a timer is pending.
    #[inline]
    fn is_idle(&self) -> bool {
        let owned = self.owned.in_step();
        let next = self.next_timer.load(Ordering::Acquire);
        owned.consumer.as_ref().is_none_or(|consumer| !consumer.is_ready(&self.gate.ring))
            && self.shared_len.load(Ordering::Acquire) == 0
            && owned.posts.is_empty()
            && owned.sources.is_empty()
            && owned.due.is_empty()
            && (next == NEVER || next > self.clock.now())
    }

    /// Sleeps until there is something to do or `until`. True when the host's wake or the
    /// bound ended it: then the step returns even with nothing done.
    fn wait_for_work(&self, until: u64) -> bool {
        loop {
            let listening = {
                let owned = self.owned.in_step();
                owned.consumer.as_ref().is_some_and(|consumer| consumer.listen(&self.gate.ring))
            };
            let mut deadline = until;
            if self.clock.is_system() {
                deadline = deadline.min(self.refresh_next_timer());
            }
            let deadline = Some(deadline).filter(|at| *at != NEVER);
            let mut notices = 0;
            if listening && self.shared_len.load(Ordering::Acquire) == 0 {
                notices = self.backend.wait(&self.gate.parker, deadline);
                let owned = self.owned.in_step();
                if let Some(consumer) = &owned.consumer {
                    consumer.unlisten(&self.gate.ring);
                }
            }
            if notices & WOKEN != 0 {
                self.counters.wakes.add(1);
                return true;
            }
            if !self.is_idle() {
                return false;
            }
            if until != NEVER && monotonic_ns() >= until {
                return true;
            }
        }
    }

    /// Makes `next_timer` exact: what it was may have been cancelled.
    fn refresh_next_timer(&self) -> u64 {
        if self.next_timer.load(Ordering::Acquire) == NEVER {
            return NEVER;
        }
        let mut timers = self.timers.lock();
        let next = timers.earliest();
        self.next_timer.store(next, Ordering::Release);
        next
    }

    /// Runs what is ready. Never waits.
    fn pass(&self, limits: &Limits, start: u64) -> Report {
        let mut meter = Meter::new(&self.clock, limits, start);
        let quota = self.take_stock(start);
        self.run_all(&mut meter, quota);
        let mut report = meter.report;
        report.elapsed_ns = meter.clock.now().saturating_sub(meter.start);
        report.overshoot_ns = meter.end.map_or(0, |end| meter.now.saturating_sub(end));
        report
    }

    /// Notes what is ready now; later arrivals are for the next step.
    fn take_stock(&self, now: u64) -> Quota {
        let mut owned = self.owned.in_step();
        if self.next_timer.load(Ordering::Acquire) <= now {
            let mut timers = self.timers.lock();
            timers.collect_due(now, &mut owned.due);
            self.next_timer.store(timers.earliest(), Ordering::Release);
        }
        if self.shared_len.load(Ordering::Acquire) != 0 {
            let mut shared = self.shared.lock();
            owned.posts.append(&mut shared.posts);
            while let Some((priority, source)) = shared.sources.pop() {
                owned.sources.push(priority, (source, 0));
            }
            self.shared_len.store(0, Ordering::Release);
        }
        for (source, quota) in owned.sources.iter_mut() {
            // One at least: a source whose items were taken by hand must get to say so.
            *quota = source.pending().max(1);
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
                let owned = self.owned.in_step();
                (owned.posts.first(), owned.sources.first())
            };
            let ring = if quota.posts > 0 { PRIORITY_NORMAL } else { u32::MAX };
            let ended = if lane.is_some_and(|lane| lane <= source.unwrap_or(lane).min(ring)) {
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

    fn next_due(&self) -> Option<u64> {
        let mut owned = self.owned.in_step();
        owned.due.pop_front().map(|(_, id)| id)
    }

    /// False when the timer was cancelled after it became due.
    fn run_timer(&self, id: u64) -> bool {
        let started = {
            let mut timers = self.timers.lock();
            let started = timers.start(id, || self.clock.now());
            if started.as_ref().is_some_and(|(_, repeats)| *repeats) {
                self.next_timer.store(timers.earliest(), Ordering::Release);
            }
            started
        };
        let Some((callback, repeats)) = started else { return false };
        self.counters.timers_fired.add(1);
        call(callback.run, callback.data.userdata());
        if repeats {
            let dropped = self.timers.lock().finish(id, callback);
            drop(dropped);
        }
        true
    }

    /// Runs posts of normal priority in the order of their arrival. True when the step ends.
    fn run_posts(&self, meter: &mut Meter<'_>, quota: &mut Quota, most: u64) -> bool {
        let most = most.min(quota.posts);
        for _ in 0..most {
            let post = self.owned.in_step().pop(self);
            let Some(post) = post else {
                quota.posts = 0;
                return false;
            };
            quota.posts -= 1;
            if self.run_post(meter, post) {
                return true;
            }
        }
        false
    }

    #[inline]
    fn run_post(&self, meter: &mut Meter<'_>, post: Post) -> bool {
        self.counters.posts_run.add(1);
        meter.report.posts += 1;
        post.run();
        meter.spent()
    }

    fn run_lane(&self, meter: &mut Meter<'_>) -> bool {
        let mut owned = self.owned.in_step();
        let Some((_, post)) = owned.posts.pop() else { return false };
        drop(owned);
        self.run_post(meter, post)
    }

    /// Runs the items of the first source. Where posts of the same priority are waiting, they
    /// take turns. True when the step ends.
    fn run_source(&self, meter: &mut Meter<'_>, quota: &mut Quota) -> bool {
        let entry = self.owned.in_step().sources.pop();
        let Some((priority, (source, mut left))) = entry else { return false };
        while left > 0 {
            let ran = source.run_one();
            left -= 1;
            let mut ended = false;
            if ran.one {
                self.counters.actions_run.add(1);
                meter.report.actions += 1;
                ended = meter.spent();
            }
            if !ran.more {
                return ended;
            }
            if !ran.one {
                // A push is between its two halves.
                break;
            }
            if !ended && priority == PRIORITY_NORMAL {
                ended = self.run_posts(meter, quota, 1);
            }
            if ended {
                self.owned.in_step().sources.push_front(priority, (source, left));
                return true;
            }
        }
        // Its quota is used up: what has come since waits for the next step.
        self.source_again(priority, source);
        false
    }

    fn source_again(&self, priority: u32, source: std::sync::Arc<dyn super::Source>) {
        let mut shared = self.shared.lock();
        if !shared.closed {
            shared.sources.push(priority, source);
            self.shared_len.fetch_add(1, Ordering::Release);
        }
    }

    /// Ready items, as many as one look can tell.
    fn ready_items(&self, owned: &Owned) -> u64 {
        let ring = &self.gate.ring;
        let posts = owned.consumer.as_ref().map_or(0, |consumer| consumer.available(ring));
        let sources: u64 = owned.sources.iter().map(|(source, _)| source.pending()).sum();
        let shared = if self.shared_len.load(Ordering::Acquire) == 0 {
            0
        } else {
            let shared = self.shared.lock();
            let pending = shared.sources.iter().map(|source| source.pending());
            shared.posts.len() as u64 + pending.sum::<u64>()
        };
        posts + owned.posts.len() as u64 + owned.due.len() as u64 + sources + shared
    }

    fn until_next(&self, ready: u64) -> u64 {
        if ready != 0 {
            return 0;
        }
        match self.refresh_next_timer() {
            NEVER => NEVER,
            next => next.saturating_sub(self.clock.now()),
        }
    }

    /// Nanoseconds until a step has something to do; 0 = it has now. For the owner thread.
    pub fn next_deadline(&self) -> Result<u64> {
        let ready = self.ready_items(&*self.owned.borrow(self)?);
        Ok(self.until_next(ready))
    }

    /// After a step, and when the descriptor is first asked for: it is to be readable as long
    /// as there is something to do, and at the next deadline.
    pub(super) fn arm_bell(&self) {
        let Some(bell) = self.bell.get() else { return };
        let owned = self.owned.in_step();
        let listening =
            owned.consumer.as_ref().is_some_and(|consumer| consumer.listen(&self.gate.ring));
        // From here on whoever leaves a notice rings; what came before is looked at below.
        let watched = self.gate.parker.watch();
        if !listening || !watched || self.until_next(self.ready_items(&owned)) == 0 {
            bell.ring();
            return;
        }
        let next = self.next_timer.load(Ordering::Acquire);
        if next != NEVER && self.clock.is_system() {
            bell.ring_at(next);
        }
    }
}

impl Owned {
    #[inline]
    fn pop(&mut self, of: &EventLoop) -> Option<Post> {
        self.consumer.as_mut()?.pop(&of.gate.ring)
    }
}
