//! The life of one worker: take a job, have a state, run it, deliver what came of it, and sleep
//! when there is nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::job::Outcome;
use super::lua_state::{Compiled, LuaState};
use super::recycle::Job;
use super::runner::Shared;
use super::spin::Spin;
use super::tally::Tally;
use crate::actions::{Action, Body, SCRIPT_RESULT};
use crate::clock::monotonic_ns;
use crate::error::Result;
use crate::log::{self, Level};
use crate::state_pool::Lease;
use crate::sync::atomic::Ordering;
use crate::sys;

/// Results between two looks at how much memory a state uses.
const MEASURE_EVERY: u32 = 64;

/// One worker, on its thread.
pub struct Worker {
    number: usize,
    shared: Arc<Shared>,
    lease: Option<Lease<LuaState>>,
    spin: Spin,
    /// The time at the end of the last job, as long as nothing has happened since.
    now: Option<u64>,
    affine_first: bool,
    unmeasured: u32,
}

impl Worker {
    /// A worker that has no state yet.
    pub fn new(number: usize, shared: Arc<Shared>) -> Self {
        let spin = Spin::new(shared.spin_ns);
        let (lease, now) = (None, None);
        Self { number, shared, lease, spin, now, affine_first: true, unmeasured: 0 }
    }

    /// Works until the runner is closed and all its jobs have been started.
    pub fn run(&mut self) {
        self.shared.worker_threads.lock().push(sys::thread_id());
        loop {
            let shared = &self.shared;
            let had_none = !shared.inbox.has_taken(self.number);
            match shared.inbox.take(self.number, self.affine_first) {
                Some(job) => {
                    if had_none && shared.inbox.has_taken(self.number) {
                        // Jobs on their way from the queue to a worker are seen by nobody who
                        // falls asleep at that moment; behind a long job they must not wait.
                        shared.sleepers.wake(None);
                    }
                    self.affine_first = job.affinity() == 0;
                    self.process(job);
                }
                None if shared.admission.is_over(&shared.tallies) => break,
                None => self.idle(),
            }
        }
        self.give_back();
        // The others may be asleep, waiting for the last job to be started: it was.
        self.shared.sleepers.wake_all();
    }

    fn idle(&mut self) {
        self.now = None;
        let (number, inbox) = (self.number, &self.shared.inbox);
        if self.spin.until(|| inbox.has_job_for(number)) {
            return;
        }
        self.measure();
        if self.shared.has_to_share {
            self.give_back();
        }
        let shared = &self.shared;
        shared.sleepers.sleep(number, || {
            shared.inbox.has_job_for(number) || shared.admission.is_over(&shared.tallies)
        });
    }

    fn tally(&self) -> &Tally {
        self.shared.tallies.of(self.number)
    }

    fn process(&mut self, mut job: Job) {
        self.tally().job_started();
        job.worker = self.number as u32;
        let mut start = self.now.take().unwrap_or_else(monotonic_ns);
        if self.shared.admission.is_closed() {
            job.fail(Outcome::Closed, b"the runner was freed before the job's turn came".to_vec());
        } else {
            match self.state_for(&job, &mut start) {
                Ok(state) => {
                    let ran = catch_unwind(AssertUnwindSafe(|| state.run(&mut job)));
                    match ran {
                        Ok(compiled) => self.tally().chunk_used(compiled == Compiled::Before),
                        Err(_) => job.fail(Outcome::ScriptError, b"the job panicked".to_vec()),
                    }
                }
                Err(_) => {
                    let text = b"the runner was freed before a state was free".to_vec();
                    job.fail(Outcome::Closed, text);
                }
            }
        }
        job.start(start);
        let end = monotonic_ns();
        job.run_ns = end.saturating_sub(start);
        self.now = Some(end);
        self.deliver(job);
        self.after_job();
    }

    /// The state to run `job` on. Moves `start` when there was a wait for it.
    fn state_for(&mut self, job: &Job, start: &mut u64) -> Result<&mut LuaState> {
        // Lane, worker and state have the same number: a key always meets the same state.
        let own = self.number as u32;
        let wants = if job.affinity() != 0 || !self.shared.has_to_share { Some(own) } else { None };
        let fits = |lease: &Lease<_>| wants.is_none_or(|wanted| wanted == lease.number);
        if !self.lease.as_ref().is_some_and(fits) {
            self.give_back();
            self.lease = Some(self.shared.pool.acquire(wants, None)?);
            *start = monotonic_ns();
        }
        let lease = self.lease.as_mut().expect("it was put there just now");
        Ok(&mut lease.state)
    }

    /// Exactly one result for each job. It is counted first, so that whoever has it finds it
    /// counted.
    fn deliver(&mut self, mut job: Job) {
        self.tally().job_ended(job.outcome == Outcome::Ok);
        let delivery = job.delivery();
        if let Some(callback) = job.take_callback() {
            let wanted = delivery.wants_callback();
            // Also the drop of what it owns is the host's code.
            let called = catch_unwind(AssertUnwindSafe(|| {
                if wanted {
                    callback(&job);
                } else {
                    drop(callback);
                }
            }));
            if called.is_err() {
                log::write(Level::Error, b"a result's callback panicked");
            }
            self.now = None;
        }
        if delivery.wants_action() {
            self.shared.actions.push_always(Action {
                id: job.id,
                owner: job.owner,
                context: job.context,
                kind: SCRIPT_RESULT,
                success: job.outcome == Outcome::Ok,
                body: Body::Script(job),
            });
        }
    }

    fn after_job(&mut self) {
        self.unmeasured += 1;
        if self.unmeasured >= MEASURE_EVERY {
            self.measure();
        }
        if self.shared.has_to_share && self.shared.pool.is_contended() {
            self.give_back();
        }
    }

    /// Notes how much memory the state uses.
    fn measure(&mut self) {
        self.unmeasured = 0;
        if let Some(lease) = &self.lease {
            let bytes = lease.state.used_bytes() as u64;
            self.shared.lua_bytes[lease.number as usize].store(bytes, Ordering::Relaxed);
        }
    }

    fn give_back(&mut self) {
        self.measure();
        if let Some(lease) = self.lease.take() {
            self.shared.pool.release(lease);
        }
    }
}
