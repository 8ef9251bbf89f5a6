//! What any thread brings to a loop: posts, sources that have become ready, timers.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::{Error, Result};
use crate::event_loop::gate::Post;
use crate::event_loop::timers::{Callback, Plan};
use crate::event_loop::{EventLoop, PRIORITY_NORMAL, Source};
use crate::parker::NUDGED;
use crate::queue::ring::Refused;

impl EventLoop {
    pub(super) fn nudge(&self) {
        let told = self.gate.parker.notify(NUDGED);
        self.finish(told);
    }

    /// Queues a post, made when it is certain to be queued.
    pub fn post(&self, priority: u32, make: impl FnOnce() -> Post) -> Result<()> {
        if priority == PRIORITY_NORMAL {
            let posted = self.gate.post(|| true, make).map_err(|refused| match refused {
                Refused::Full => Error::Full,
                Refused::Closed => self.refusal(),
            });
            self.finish(posted?);
            return Ok(());
        }
        {
            let mut shared = self.shared.lock();
            if shared.closed {
                return Err(self.refusal());
            }
            if shared.posted - self.counters.lane_posts_run.get() >= self.post_capacity {
                shared.refused += 1;
                return Err(Error::Full);
            }
            shared.posts.push(priority, make());
            shared.posted += 1;
            self.shared_len.fetch_add(1, Ordering::Release);
        }
        self.nudge();
        Ok(())
    }

    /// Tells the loop that a source has items. The source does so once, until `run_one` has
    /// said false.
    pub fn source_ready(&self, priority: u32, source: Arc<dyn Source>) {
        {
            let mut shared = self.shared.lock();
            if shared.ended {
                return;
            }
            shared.sources.push(priority, source);
            self.shared_len.fetch_add(1, Ordering::Release);
        }
        self.nudge();
    }

    /// Schedules a timer; its callback is made when it is certain to be scheduled.
    #[inline]
    pub fn schedule(&self, delay: u64, plan: Plan, make: impl FnOnce() -> Callback) -> Result<u64> {
        let now = self.clock.now();
        let deadline = now.saturating_add(delay);
        let mut timers = self.timers.lock();
        let id = match timers.schedule(now, deadline, plan, make) {
            Err(Error::Closed) => return Err(self.refusal()),
            scheduled => scheduled?,
        };
        let sooner = deadline < self.next_timer.load(Ordering::Relaxed);
        if sooner {
            self.next_timer.store(deadline, Ordering::Release);
        }
        drop(timers);
        // The owner sleeps until the old deadline, or a bell is set to it.
        if sooner && (!self.duties.is_empty() || !self.has_turn()) {
            self.nudge();
        }
        Ok(id)
    }

    /// Cancels a timer. Ok once: when it was still to run, or is repeating and running now.
    /// The caller drops what comes out, which calls the host, when it is done with the loop.
    pub fn cancel(&self, id: u64) -> Result<Option<Callback>> {
        self.timers.lock().cancel(id)
    }
}
