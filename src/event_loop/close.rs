//! How a loop ends: at once, after what it still has to do, or with its handle.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::clock::{NEVER, monotonic_ns};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::event_loop::budget::Limits;
use crate::sys;
use crate::waiters::Waiters;

/// How far a loop is on its way to the end; each state only follows on those above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// It takes what comes.
    Open,
    /// It takes nothing, and does what it has.
    Draining,
    /// It does nothing any more; what it has is to be dropped.
    Closing,
    /// It has nothing.
    Closed,
    /// Its handle is being taken away.
    Freed,
}

/// The state, and whoever waits for the end.
#[derive(Debug, Default)]
pub struct End {
    state: AtomicU8,
    waiters: Waiters,
}

impl End {
    #[inline]
    pub(super) fn is_at_least(&self, state: State) -> bool {
        self.state.load(Ordering::Acquire) >= state as u8
    }

    fn raise(&self, state: State) {
        self.state.fetch_max(state as u8, Ordering::AcqRel);
    }
}

impl EventLoop {
    /// Why the loop takes nothing.
    #[cold]
    pub fn refusal(&self) -> Error {
        if self.end.is_at_least(State::Freed) { Error::StaleHandle } else { Error::Closed }
    }

    /// Takes nothing from now on. What is queued is dropped by the one who steps, in the step
    /// that runs now or in the next one. From any thread, at any time, any number of times.
    pub fn close(&self) {
        self.shut(State::Closing);
        if self.has_turn() && !self.is_stepping_here() {
            self.settle();
        }
    }

    /// Takes nothing from now on, and ends when all that is ready has been done; timers that are
    /// not due by then are dropped. Ok when it has ended, at most `wait` nanoseconds later.
    pub fn close_gracefully(&self, wait: u64) -> Result<()> {
        // A thread that drives the loop would wait for itself, also in its hooks.
        let is_driver = self.gate.turn.is_guest(sys::thread_id());
        if wait != 0 && (is_driver || self.is_stepping_here()) {
            return Err(Error::WouldDeadlock);
        }
        let is_mine = self.is_owner();
        self.shut(State::Draining);
        let until = monotonic_ns().saturating_add(wait);
        let is_over = || self.end.is_at_least(State::Closed);
        if is_mine && wait != 0 {
            return self.drain(until);
        }
        let is_over = is_over() || wait != 0 && self.end.waiters.wait(until, is_over);
        if is_over { Ok(()) } else { Err(Error::Timeout) }
    }

    /// The owner does what there is.
    fn drain(&self, until: u64) -> Result<()> {
        let _turn = self.gate.take_turn()?;
        loop {
            let now = monotonic_ns();
            let wait = if until == NEVER { NEVER } else { until.saturating_sub(now) };
            match self.step(&Limits { work: Some(wait), ..Limits::waiting(wait) }) {
                Err(Error::Closed) => return Ok(()),
                Err(error) => return Err(error),
                Ok(_) if wait == 0 => return Err(Error::Timeout),
                Ok(_) => {}
            }
        }
    }

    fn shut(&self, state: State) {
        self.gate.ring.shut();
        self.shared.lock().closed = true;
        self.timers.lock().shut();
        self.end.raise(state);
        // The long way leads past `settle`.
        self.attend();
        self.wake();
    }

    /// At the end of a step that is in no other: ends the loop if it is to end and nothing is
    /// left to do.
    pub(super) fn settle(&self) {
        let state = self.end.state.load(Ordering::Acquire);
        let is_over = state == State::Closing as u8
            || state == State::Draining as u8 && self.next_deadline_of_items() != 0;
        if is_over {
            self.drop_all();
            self.end.raise(State::Closed);
            self.end.waiters.wake_all();
        }
    }

    /// Drops what is queued, as the owner.
    fn drop_all(&self) {
        let consumer = {
            let mut owned = self.owned.borrow_again();
            // The host's drops may call the loop, but not step it.
            owned.depth += 1;
            owned.consumer.take()
        };
        let left = consumer.map(|consumer| consumer.close(&self.gate.ring)).unwrap_or_default();
        let (posts, sources) = {
            let mut shared = self.shared.lock();
            (shared.closed, shared.ended) = (true, true);
            (std::mem::take(&mut shared.posts), std::mem::take(&mut shared.sources))
        };
        let timers = self.timers.lock().close();
        let local = self.owned.borrow_again().take_all();
        let dropped = left.len() + posts.len() + local.0.len() + local.2.posts.len();
        self.counters.posts_dropped.add(dropped as u64);
        self.counters.timers_dropped.add(timers.len() as u64);
        drop((left, posts, sources, timers, local));
        self.owned.borrow_again().depth -= 1;
    }

    /// An error when something of the host's is left where the loop waits.
    fn check_backend(&self) -> Result<()> {
        // What ends there may call the host, which may call the loop, but not step it.
        self.owned.borrow_again().depth += 1;
        let checked = self.backend.check_idle();
        self.owned.borrow_again().depth -= 1;
        checked
    }

    /// Ends the loop with its handle: nothing can be asked of it any more. By its owner.
    pub fn free(&self) -> Result<()> {
        let turn = self.gate.take_turn()?;
        if self.owned.borrow(self)?.depth != 0 {
            return Err(Error::Reentered);
        }
        self.check_backend()?;
        self.end.raise(State::Freed);
        self.stop_driving()?;
        self.bells.close();
        self.drop_all();
        self.end.waiters.wake_all();
        drop(turn);
        self.gate.turn.end();
        Ok(())
    }
}
