//! The loop's timers: the wheel says when, this file keeps what to call.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::event_loop::wheel::{Wheel, index_of};
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

/// 24 bytes beside the wheel's 24; None = the slot is free, or its callback is running.
type Cold = Option<Callback>;

const BLOCK: usize = 4096;

/// All timers of a loop.
#[derive(Debug)]
pub struct Timers {
    wheel: Wheel,
    cold: Vec<Box<[Cold]>>,
    /// Few timers repeat: they pay for it beside the others.
    repeats: HashMap<u64, Repeat>,
    max: u64,
    closed: bool,
    due: Vec<(u64, u64)>,
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
            cold: Vec::new(),
            repeats: HashMap::new(),
            max: if max == 0 { u64::MAX } else { max.into() },
            closed: false,
            due: Vec::new(),
            scheduled: 0,
            cancelled: 0,
            refused: 0,
        }
    }

    fn cold(&mut self, id: u64) -> &mut Cold {
        let index = index_of(id);
        &mut self.cold[index / BLOCK][index % BLOCK]
    }

    /// Timers that are scheduled.
    pub fn active(&self) -> u64 {
        self.wheel.live().into()
    }

    /// A lower bound of the next deadline after something changed; exact when asked for.
    pub fn earliest(&mut self) -> u64 {
        self.wheel.earliest()
    }

    /// Schedules; the callback comes back when that is refused.
    pub fn schedule(
        &mut self,
        now: u64,
        deadline: u64,
        repeat: Option<Repeat>,
        callback: Callback,
    ) -> std::result::Result<u64, (Error, Callback)> {
        if self.closed {
            return Err((Error::StaleHandle, callback));
        }
        let room = self.active() < self.max;
        let Some(id) = room.then(|| self.wheel.insert(now, deadline)).flatten() else {
            self.refused += 1;
            return Err((Error::Full, callback));
        };
        while index_of(id) >= self.cold.len() * BLOCK {
            self.cold.push((0..BLOCK).map(|_| None).collect());
        }
        *self.cold(id) = Some(callback);
        if let Some(repeat) = repeat {
            self.repeats.insert(id, repeat);
        }
        self.scheduled += 1;
        Ok(id)
    }

    /// Takes a timer out. `Ok(None)` when it is running: whoever runs it drops it. Its callback
    /// is to be dropped outside of the lock.
    pub fn cancel(&mut self, id: u64) -> Result<Option<Callback>> {
        if !self.wheel.remove(id) {
            return Err(Error::NotFound);
        }
        if !self.repeats.is_empty() {
            self.repeats.remove(&id);
        }
        self.cancelled += 1;
        Ok(self.cold(id).take())
    }

    /// Moves time to `now` and appends what is due to `due`, in (deadline, id) order.
    pub fn collect_due(&mut self, now: u64, due: &mut std::collections::VecDeque<(u64, u64)>) {
        self.wheel.advance(now, &mut self.due);
        self.due.sort_unstable();
        due.extend(self.due.drain(..));
    }

    /// Begins to run a due timer. None when it was cancelled meanwhile. A repeating one is
    /// scheduled anew here, so that its own callback can cancel it; `finish` gets it back.
    pub fn start(&mut self, id: u64, now: impl Fn() -> u64) -> Option<(Callback, bool)> {
        if !self.wheel.contains(id) {
            return None;
        }
        let callback = self.cold(id).take()?;
        let repeat = if self.repeats.is_empty() { None } else { self.repeats.get(&id).copied() };
        match repeat {
            None => {
                self.wheel.remove(id);
            }
            Some(repeat) => {
                let next = next_deadline(repeat, self.wheel.deadline(id), now());
                self.wheel.restart(id, next);
            }
        }
        Some((callback, repeat.is_some()))
    }

    /// Ends the run of a repeating timer. Gives the callback back, to be dropped outside of the
    /// lock, when the timer was cancelled while it ran.
    pub fn finish(&mut self, id: u64, callback: Callback) -> Option<Callback> {
        if self.closed || !self.wheel.contains(id) {
            return Some(callback);
        }
        *self.cold(id) = Some(callback);
        None
    }

    /// Takes no more, and gives back every callback there is.
    pub fn close(&mut self) -> Vec<Callback> {
        self.closed = true;
        self.wheel = Wheel::new();
        self.repeats.clear();
        std::mem::take(&mut self.cold).into_iter().flatten().flatten().collect()
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
