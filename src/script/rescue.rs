//! What happens to a worker that does not end its job: the job gets its result, and the worker a
//! successor with a state of its own. No thread is ever killed: when the stuck one comes back, it
//! finds that nothing is its any more, throws its state away and leaves.

use std::sync::Arc;

use super::crew;
use super::ending::explain;
use super::interrupt::Reason;
use super::job::Outcome;
use super::recycle::Job;
use super::seat::Stuck;
use super::shared::Shared;
use super::watch::Rescuer;
use crate::clock::monotonic_ns;
use crate::log::{self, Level};

/// Rescues the workers of one runner.
pub struct Rescue(Arc<Shared>);

impl Rescue {
    /// For this runner.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// A new worker and a new state instead of those that are stuck.
    fn replace(&self, worker: usize, state: Option<u32>) {
        let shared = &self.0;
        if let Some(number) = state {
            match shared.new_state() {
                Ok(new) => {
                    shared.records[number as usize].replaced();
                    shared.pool.replace(number, new);
                }
                Err(_) => log::write(Level::Error, b"no memory for a new Lua state"),
            }
        }
        let seat = shared.watch.replace(worker);
        if shared.is_summoned {
            // The host's thread is the host's; its task does not count any more.
            shared.crew.is_done();
            shared.sleepers.free(worker);
            shared.sleepers.wake(None);
            return;
        }
        if crew::start_worker(shared, worker, seat).is_err() {
            shared.crew.is_done();
        }
    }
}

impl Rescuer for Rescue {
    fn rescue(&self, worker: usize, stuck: Stuck) {
        let Stuck { mut job, reason, limits, state, unkept } = stuck;
        let (outcome, text) = explain(reason.unwrap_or(Reason::Timeout), &limits);
        let chunk = job.place().and_then(|place| self.0.chunk_at(place)).or(unkept);
        let name = chunk.map_or_else(|| b"a script:".to_vec(), |chunk| chunk.shown_name());
        let name = String::from_utf8_lossy(&name).into_owned();
        let text = format!("{name} {text}, and it is stuck in a function that cannot be stopped");
        let line = format!("worker {worker} is replaced: job {} of {text}", job.id);
        log::write(Level::Warn, line.as_bytes());
        job.fail(outcome, text.into_bytes());
        self.0.tallies.of(worker).written_off();
        self.0.deliver(self.0.tallies.of(worker), job);
        self.0.tell_leavers();
        self.replace(worker, state);
    }

    fn deliver_ended(&self, mut job: Job, reason: Reason) {
        let tally = self.0.tallies.of_watch();
        tally.job_started();
        let (outcome, text) = match reason {
            Reason::Closed => (Outcome::Closed, "the runner was closed before the job's turn came"),
            _ => (Outcome::Cancelled, "the job was cancelled before it began"),
        };
        job.fail(outcome, text.as_bytes().to_vec());
        job.start(monotonic_ns());
        self.0.deliver(tally, job);
        self.0.tell_leavers();
        self.0.crew.has_news();
    }
}
