//! How a step runs one item: a timer, a post, an action of an attached queue.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::event_loop::budget::Meter;
use crate::event_loop::gate::Post;
use crate::event_loop::owned::Owned;
use crate::event_loop::step::Quota;
use crate::event_loop::{EventLoop, PRIORITY_NORMAL, Source};
use crate::foreign::call;
use crate::queue::slots::Claimed;

impl EventLoop {
    pub(super) fn next_due(&self) -> Option<u64> {
        let mut owned = self.owned.borrow_again();
        loop {
            let (deadline, id) = owned.due.pop_front()?;
            if !owned.is_driving || !self.timers.lock().is_for_owner(id) {
                return Some(id);
            }
            owned.held.due.push_back((deadline, id));
        }
    }

    /// False when the timer was cancelled after it became due.
    pub(super) fn run_timer(&self, id: u64) -> bool {
        let started = {
            let mut timers = self.timers.lock();
            let started = timers.start(id, || self.clock.now());
            if started.as_ref().is_none_or(|(_, repeats)| *repeats) {
                self.next_timer.store(timers.earliest(), Ordering::Release);
            }
            started
        };
        let Some((callback, repeats)) = started else { return false };
        self.counters.timers_fired.add(1);
        call(callback.run, callback.data.context());
        if repeats {
            let dropped = self.timers.lock().finish(id, callback);
            drop(dropped);
        }
        true
    }

    /// Runs posts of normal priority in the order of their arrival. True when the step ends.
    pub(super) fn run_posts(&self, meter: &mut Meter<'_>, quota: &mut Quota, most: u64) -> bool {
        let most = most.min(quota.posts);
        for _ in 0..most {
            let Some(post) = self.owned.borrow_again().claim(self) else {
                quota.posts = 0;
                return false;
            };
            quota.posts -= 1;
            let mut ran = true;
            post.using(|post| ran = self.run_post(post, PRIORITY_NORMAL, meter));
            self.owned.borrow_again().release(self);
            if ran && meter.spent() {
                return true;
            }
        }
        false
    }

    pub(super) fn run_lane(&self, meter: &mut Meter<'_>) -> bool {
        let post = self.owned.borrow_again().posts.pop();
        let Some((priority, mut post)) = post else { return false };
        let ran = self.run_post(&mut post, priority, meter);
        drop(post);
        ran && meter.spent()
    }

    /// False when it is held for the owner.
    #[inline]
    fn run_post(&self, post: &mut Post, priority: u32, meter: &mut Meter<'_>) -> bool {
        if matches!(post, Post::Main(_)) && self.hold(post, priority) {
            return false;
        }
        self.counters.posts_run.add(1);
        if priority != PRIORITY_NORMAL {
            self.counters.lane_posts_run.add(1);
        }
        meter.report.posts += 1;
        post.run();
        true
    }

    /// On a thread that drives the loop, keeps a post for its owner.
    #[cold]
    fn hold(&self, post: &mut Post, priority: u32) -> bool {
        let mut owned = self.owned.borrow_again();
        if owned.is_driving {
            owned.held.posts.push(priority, std::mem::replace(post, Post::Moved));
        }
        owned.is_driving
    }

    /// Runs the items of the first source. Where posts of the same priority are waiting, they
    /// take turns. True when the step ends.
    pub(super) fn run_source(&self, meter: &mut Meter<'_>, quota: &mut Quota) -> bool {
        let entry = self.owned.borrow_again().sources.pop();
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
            if !ended {
                ended = self.run_post_of(priority, meter, quota);
            }
            if ended {
                self.owned.borrow_again().sources.push_front(priority, (source, left));
                return true;
            }
        }
        // Its quota is used up: what has come since waits for the next step.
        self.source_again(priority, source);
        false
    }

    /// Runs one post of a priority, if there is one. True when the step ends.
    fn run_post_of(&self, priority: u32, meter: &mut Meter<'_>, quota: &mut Quota) -> bool {
        if priority == PRIORITY_NORMAL {
            return self.run_posts(meter, quota, 1);
        }
        let first = self.owned.borrow_again().posts.first();
        first == Some(priority) && self.run_lane(meter)
    }

    fn source_again(&self, priority: u32, source: Arc<dyn Source>) {
        let mut shared = self.shared.lock();
        if !shared.closed {
            shared.sources.push(priority, source);
            self.shared_len.fetch_add(1, Ordering::Release);
        }
    }
}

impl Owned {
    #[inline]
    fn claim(&mut self, of: &EventLoop) -> Option<Claimed<Post>> {
        self.consumer.as_mut()?.claim(&of.gate.ring)
    }

    #[inline]
    fn release(&mut self, of: &EventLoop) {
        if let Some(consumer) = &mut self.consumer {
            consumer.release(&of.gate.ring);
        }
    }
}
