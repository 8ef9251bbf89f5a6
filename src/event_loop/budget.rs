//! What a step may use, and what it did.

use crate::clock::Clock;
use crate::event_loop::close::{End, State};

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
pub(super) struct Meter<'a> {
    clock: &'a Clock,
    end_of_loop: &'a End,
    start: u64,
    end: Option<u64>,
    items: u64,
    now: u64,
    pub(super) report: Report,
}

impl<'a> Meter<'a> {
    pub(super) fn new(clock: &'a Clock, end_of_loop: &'a End, limits: &Limits, start: u64) -> Self {
        // No time at all still is one item: progress is certain.
        let (end, items) = match limits.work {
            None => (None, limits.items),
            Some(0) => (None, 1),
            Some(work) => (Some(start.saturating_add(work)), limits.items),
        };
        Self { clock, end_of_loop, start, end, items, now: start, report: Report::default() }
    }

    /// Counts an item; true when the step ends here.
    #[inline]
    pub(super) fn spent(&mut self) -> bool {
        self.report.items += 1;
        if self.end_of_loop.is_at_least(State::Closing) {
            return true;
        }
        if let Some(end) = self.end {
            self.now = self.clock.now();
            return self.now >= end || self.report.items >= self.items;
        }
        self.report.items >= self.items
    }

    /// The report, with its times when somebody reads them.
    pub(super) fn finish(mut self, outlook: bool) -> Report {
        if let Some(end) = self.end {
            self.report.elapsed_ns = self.now.saturating_sub(self.start);
            self.report.overshoot_ns = self.now.saturating_sub(end);
        } else if outlook && self.report.items != 0 {
            self.report.elapsed_ns = self.clock.now().saturating_sub(self.start);
        }
        self.report
    }
}
