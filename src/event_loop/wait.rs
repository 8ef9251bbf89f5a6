//! How a loop's owner waits, what it would wait for, and how a host's own loop waits for it.

use std::sync::atomic::Ordering;

use crate::clock::monotonic_ns;
use crate::error::Result;
use crate::event_loop::backend::Waited;
use crate::event_loop::close::State;
use crate::event_loop::owned::Owned;
use crate::event_loop::{EventLoop, NEVER};
use crate::owner_cell::HasOwner;
use crate::parker::WOKEN;

impl EventLoop {
    /// Sleeps until there is something to do or `until`. True when the host's wake or the
    /// bound ended it: then the step returns even with nothing done.
    pub(super) fn wait_for_work(&self, until: u64) -> bool {
        // A loop that takes nothing has nothing to wait for, and its ring does not listen.
        while !self.end.is_at_least(State::Draining) {
            let listening = {
                let owned = self.owned.borrow_again();
                owned.consumer.as_ref().is_some_and(|consumer| consumer.listen(&self.gate.ring))
            };
            let mut deadline = until;
            if self.clock.is_system() {
                deadline = deadline.min(self.refresh_next_timer());
            }
            let deadline = Some(deadline).filter(|at| *at != NEVER);
            let mut waited = Waited::told(0);
            if listening && self.shared_len.load(Ordering::Acquire) == 0 {
                waited = self.backend.wait(&self.gate.parker, deadline);
                let owned = self.owned.borrow_again();
                if let Some(consumer) = &owned.consumer {
                    consumer.unlisten(&self.gate.ring);
                }
            }
            if waited.notices & WOKEN != 0 {
                self.counters.wakes.add(1);
                return true;
            }
            if waited.elsewhere {
                return true;
            }
            if self.look(false).is_some() {
                return false;
            }
            if until != NEVER && monotonic_ns() >= until {
                return true;
            }
        }
        true
    }

    /// Makes `next_timer` exact: what it was may have been cancelled.
    pub(super) fn refresh_next_timer(&self) -> u64 {
        if self.next_timer.load(Ordering::Acquire) == NEVER {
            return NEVER;
        }
        let mut timers = self.timers.lock();
        let next = timers.earliest();
        self.next_timer.store(next, Ordering::Release);
        next
    }

    /// Ready items, as many as one look can tell.
    pub(super) fn ready_items(&self, owned: &Owned) -> u64 {
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
        let timers = if owned.due.is_empty() { 0 } else { self.timers.lock().ready };
        posts + owned.posts.len() as u64 + timers + sources + shared
    }

    pub(super) fn until_next(&self, ready: u64) -> u64 {
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
        self.check_owner()?;
        Ok(self.next_deadline_of_owner())
    }

    /// The same, by the one whose turn it is.
    pub(super) fn next_deadline_of_owner(&self) -> u64 {
        self.next_deadline_of_items().min(self.backend.next_deadline())
    }

    /// The same for what is the loop's own.
    pub(super) fn next_deadline_of_items(&self) -> u64 {
        let ready = {
            let owned = self.owned.borrow_again();
            self.ready_items(&owned) + owned.held.len()
        };
        self.until_next(ready)
    }
}
