//! The loop's timers: the wheel says when, this file says what is done then.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Result};
use crate::event_loop::wheel::Wheel;
use crate::foreign::{Foreign, WorkFn};

/// A function of the host's with its data.
#[derive(Debug)]
pub struct Callback {
    /// Called with the userdata, on the owner thread.
    pub run: WorkFn,
    /// The userdata and its drop.
    pub data: Foreign,
}

/// When a repeating timer is due again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepeatMode {
    /// One interval after it ran: a late tick does not pile up.
    FixedDelay,
    /// On the grid of its first deadline; what was missed is skipped.
    FixedRate,
}

/// How often, in nanoseconds, and how.
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// Nanoseconds, not zero.
    pub interval: u64,
    /// What the interval counts from.
    pub mode: RepeatMode,
}

/// What a timer does besides firing once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// It fires again.
    pub repeat: Option<Repeat>,
    /// It fires on the owner thread alone, also while another one drives the loop.
    pub for_owner: bool,
}

/// All timers of a loop.
#[derive(Debug)]
pub struct Timers {
    wheel: Wheel<Callback>,
    /// Few timers repeat: they pay for it beside the others.
    repeats: HashMap<u64, Repeat>,
    /// The same for those that are for the owner alone.
    for_owner: HashSet<u64>,
    max: u64,
    closed: bool,
    due: Vec<(u64, u64)>,
    /// Timers that are due, were not cancelled and have not run.
    pub ready: u64,
    /// Ever scheduled.
    pub scheduled: u64,
    /// Ever cancelled by the host.
    pub cancelled: u64,
    /// Refused because of `max`.
    pub refused: u64,
}

impl Timers {
    /// At most `max` at once; 0 = no bound but 2^24.
    pub fn new(max: u32) -> Self {
        Self {
            wheel: Wheel::new(),
            repeats: HashMap::new(),
            for_owner: HashSet::new(),
            max: if max == 0 { u64::MAX } else { max.into() },
            closed: false,
            due: Vec::new(),
            ready: 0,
            scheduled: 0,
            cancelled: 0,
            refused: 0,
        }
    }

    /// Timers that are scheduled.
    pub fn active(&self) -> u64 {
        self.wheel.live().into()
    }

    /// A lower bound of the next deadline after something changed; exact when asked for.
    pub fn earliest(&mut self) -> u64 {
        self.wheel.earliest()
    }

    /// Schedules; the callback is made when it is certain to be scheduled.
    #[inline]
    pub fn schedule(
        &mut self,
        now: u64,
        deadline: u64,
        plan: Plan,
        make: impl FnOnce() -> Callback,
    ) -> Result<u64> {
        if self.closed {
            return Err(Error::Closed);
        }
        let room = self.active() < self.max;
        let id = if room { self.wheel.insert(now, deadline, make) } else { None };
        let Some(id) = id else {
            self.refused += 1;
            return Err(Error::Full);
        };
        if let Some(repeat) = plan.repeat {
            self.repeats.insert(id, repeat);
        }
        if plan.for_owner {
            self.for_owner.insert(id);
        }
        self.scheduled += 1;
        Ok(id)
    }

    /// Takes a timer out. `Ok(None)` when it is running: whoever runs it drops it. Its callback
    /// is to be dropped outside of the lock.
    pub fn cancel(&mut self, id: u64) -> Result<Option<Callback>> {
        self.ready -= u64::from(self.wheel.is_taken(id));
        let callback = self.wheel.remove(id).ok_or(Error::NotFound)?;
        self.forget(id);
        self.cancelled += 1;
        Ok(callback)
    }

    /// Its plan is over.
    #[inline]
    fn forget(&mut self, id: u64) {
        if !self.repeats.is_empty() {
            self.repeats.remove(&id);
        }
        if !self.for_owner.is_empty() {
            self.for_owner.remove(&id);
        }
    }

    /// Whether it is to fire on the owner thread alone.
    pub fn is_for_owner(&self, id: u64) -> bool {
        self.for_owner.contains(&id)
    }

    /// Moves time to `now` and appends what is due to `due`, in (deadline, id) order.
    pub fn collect_due(&mut self, now: u64, due: &mut std::collections::VecDeque<(u64, u64)>) {
        self.wheel.advance(now, &mut self.due);
        self.ready += self.due.len() as u64;
        due.extend(self.due.drain(..));
    }

    /// Begins to run a due timer. None when it was cancelled meanwhile. A repeating one is
    /// scheduled anew here, so that its own callback can cancel it; `finish` gets it back.
    pub fn start(&mut self, id: u64, now: impl Fn() -> u64) -> Option<(Callback, bool)> {
        let repeat = if self.repeats.is_empty() { None } else { self.repeats.get(&id).copied() };
        let last = self.wheel.deadline(id)?;
        self.ready -= 1;
        let Some(repeat) = repeat else {
            if !self.for_owner.is_empty() {
                self.for_owner.remove(&id);
            }
            return Some((self.wheel.remove(id)??, false));
        };
        self.wheel.restart(id, next_deadline(repeat, last, now()));
        // Out while it runs: a nested step finds no callback and leaves it for later.
        Some((self.wheel.take_item(id)?, true))
    }

    /// Ends the run of a repeating timer. Gives the callback back, to be dropped outside of the
    /// lock, when the timer was cancelled while it ran.
    pub fn finish(&mut self, id: u64, callback: Callback) -> Option<Callback> {
        self.wheel.put_item(id, callback)
    }

    /// Takes no more.
    pub fn shut(&mut self) {
        self.closed = true;
    }

    /// Takes no more, and gives back every callback there is.
    pub fn close(&mut self) -> Vec<Callback> {
        self.closed = true;
        self.ready = 0;
        self.repeats.clear();
        self.for_owner.clear();
        self.wheel.clear()
    }
}

fn next_deadline(repeat: Repeat, last: u64, now: u64) -> u64 {
    match repeat.mode {
        RepeatMode::FixedDelay => now.saturating_add(repeat.interval),
        RepeatMode::FixedRate => {
            let missed = now.saturating_sub(last) / repeat.interval;
            last.saturating_add(repeat.interval.saturating_mul(missed + 1))
        }
    }
}
