//! Guests: others who have work for the workers of a runner, beside its scripts.
//!
//! A guest's job comes in by the same door and waits in the same inbox, by its priority. It is no
//! more than a function that is called once: on a worker, which needs no state for it, or with
//! the outcome that says why no worker will. What it does, whose it is and whether it was
//! cancelled is for the guest to know: it has no deadline, and nobody takes it away from its
//! worker.

use std::sync::{Arc, Weak};

use super::interrupt::Reason;
use super::job::{Callback, Delivery, Request};
use super::recycle::Job;
use super::shared::Shared;
use crate::error::Result;
use crate::foreign::Context;
use crate::sync::Mutex;

/// Jobs that are to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The one with this id.
    Job(u64),
    /// Those of this owner.
    Owner(u64),
    /// All of them.
    All,
}

impl Wanted {
    /// Whether a job of this id and owner is meant.
    pub fn means(self, id: u64, owner: u64) -> bool {
        match self {
            Self::Job(wanted) => wanted == id,
            Self::Owner(wanted) => wanted == owner,
            Self::All => true,
        }
    }
}

/// What a runner asks of its guests, with nothing locked.
pub trait Guest: Send + Sync {
    /// Cancels its jobs that are wanted; gives their number.
    fn cancel(&self, wanted: Wanted) -> u64;
    /// Brings no more jobs and cancels all that it has brought: the runner is closed.
    fn close(&self);
}

/// The guests of one runner.
#[derive(Default)]
pub struct Guests(Mutex<Vec<Weak<dyn Guest>>>);

impl Guests {
    pub(super) fn add(&self, guest: Weak<dyn Guest>) {
        let mut guests = self.0.lock();
        guests.retain(|guest| guest.strong_count() > 0);
        guests.push(guest);
    }

    /// Cancels all guests' jobs of an owner, or all jobs; gives their number. An id is of the
    /// runner's own: guests have ids of theirs.
    pub(super) fn cancel(&self, wanted: Wanted) -> u64 {
        if matches!(wanted, Wanted::Job(_)) {
            return 0;
        }
        self.all().iter().map(|guest| guest.cancel(wanted)).sum()
    }

    pub(super) fn close(&self) {
        for guest in self.all() {
            guest.close();
        }
    }

    fn all(&self) -> Vec<Arc<dyn Guest>> {
        self.0.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

/// Lets a guest in for as long as there is a runner; does not keep it.
#[derive(Clone)]
pub struct Invitation(pub(super) Weak<Shared>);

impl Invitation {
    /// `None` when the runner is no more.
    pub fn enter(&self) -> Option<Visit> {
        self.0.upgrade().map(Visit)
    }
}

/// A guest inside of a runner. To be dropped where the host's code may run: it may be the last
/// who keeps the states.
pub struct Visit(Arc<Shared>);

/// By what a guest knows its job while it waits.
#[derive(Clone, Copy, Debug)]
pub struct Tag {
    /// An address of the guest's, as nobody else has it.
    pub guest: Context,
    /// The guest's own id of the job.
    pub id: u64,
}

impl Visit {
    /// Lets one job in and numbers it among all of the runner's; `bring` must follow.
    pub fn admit(&self) -> Result<u64> {
        let number = self.0.admission.admit(&self.0.tallies)?;
        // It is no id of a script's job that anybody would ask for.
        self.0.pending.remove(number);
        Ok(number)
    }

    /// Puts an admitted job in. `run` is called once, contained, with a result in which only the
    /// outcome counts: Ok on the worker that is to run the job, anything else instead of that.
    pub fn bring(&self, number: u64, priority: u32, tag: Tag, run: Callback) {
        let request = Request {
            work: None,
            place: None,
            priority,
            affinity: 0,
            delivery: Delivery::Worker,
            callback: Some(run),
        };
        self.0.put(Job::new(number, tag.id, tag.guest, Some(request)));
    }

    /// Takes those out of the inbox again that the guest has ended by itself: no worker needs to
    /// come by for them.
    pub fn withdraw(&self, guest: Context, ended: impl Fn(u64) -> bool) {
        let is_one = |job: &Job| job.is_guests() && job.context == guest && ended(job.owner);
        let jobs = self.0.inbox.extract(is_one);
        if !jobs.is_empty() {
            self.0.watch.bury(jobs, Reason::Cancelled);
        }
    }

    /// Whether the calling thread is one of the runner's.
    pub fn is_worker(&self) -> bool {
        self.0.crew.has_me()
    }
}
