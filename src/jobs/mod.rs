//! Native jobs: functions of the host's that run on the workers of a script runner.
//!
//! ```text
//! submit ──► table (queued) ──► runner's inbox ──► worker: handler ──► table (ready) ──► poll
//!                  │                                                        └─ or ──► sink
//!                  └── cancel, close: the same end, without a worker
//! ```
//!
//! The table says who ends a job: whoever takes it out of the queue, a worker or a cancellation.
//! What waits in the runner's inbox is no more than an id. No lock is held while the host's code
//! runs, and its memory is given back before the result is there.

pub mod builtins;
pub mod job;
mod table;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

pub use self::table::{Filter, Request, Stats};

use self::job::{Cargo, Flag, Handler, Job, Run};
use self::table::{Begun, Found, Table};
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::foreign::Context;
use crate::handles::{Handle, Handled};
use crate::log::{self, Level};
use crate::parker::Parker;
use crate::script::guest::{Guest, Invitation, Tag, Wanted};
use crate::script::job::{Outcome, ScriptResult};
use crate::script::runner::ScriptRunner;
use crate::sync::Mutex;

/// Kinds, jobs and results on the workers of one runner.
pub struct Jobs {
    table: Mutex<Table>,
    runner: Invitation,
    /// A loop that is woken when there is a result to poll.
    woken: Option<Handle>,
    /// Whoever waits for the handlers to return.
    leaver: Parker,
}

impl fmt::Debug for Jobs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Jobs").finish_non_exhaustive()
    }
}

impl Jobs {
    /// No kinds and no jobs. At most `capacity` of them may be undelivered; 0 = any number.
    pub fn new(runner: &ScriptRunner, woken: Option<Handle>, capacity: u32) -> Arc<Self> {
        let capacity = if capacity == 0 { u64::MAX } else { capacity.into() };
        let jobs = Arc::new(Self {
            table: Mutex::new(Table::new(capacity)),
            runner: runner.invitation(),
            woken,
            leaver: Parker::default(),
        });
        let guest = Arc::downgrade(&jobs);
        runner.welcome(guest);
        jobs
    }

    /// From now on jobs of this kind are done by what `make` gives. The old handler is dropped
    /// when no job that runs uses it any more.
    pub fn register(&self, kind: &[u8], make: impl FnOnce() -> Handler) -> Result<()> {
        let replaced = self.table.lock().register(kind, make)?;
        drop(replaced);
        Ok(())
    }

    /// Queues a job and numbers it. One of a kind that nobody knows ends at once. `cargo` is only
    /// made for a job that is accepted.
    pub fn submit(
        self: &Arc<Self>,
        request: Request<'_>,
        cargo: impl FnOnce() -> Cargo,
    ) -> Result<u64> {
        let (priority, now) = (request.priority, monotonic_ns());
        let visit = self.runner.enter();
        let (id, place) = {
            let mut table = self.table.lock();
            let enter = || {
                let visit = visit.as_ref().ok_or(Error::Closed)?;
                Ok((visit, visit.admit()?))
            };
            let (kind, place) = table.admit(request.kind, enter)?;
            (table.insert(kind, request, cargo(), now), place)
        };
        let Some((visit, number)) = place else {
            self.end_unknown(id);
            return Ok(id);
        };
        let jobs = self.clone();
        let run = move |result: &ScriptResult| match result.outcome {
            Outcome::Ok => jobs.run(id),
            _ => drop(jobs.cancel(Wanted::Job(id))),
        };
        visit.bring(number, priority, Tag { guest: self.address(), id }, Box::new(run));
        Ok(id)
    }

    /// As nobody else has it while there are jobs of ours.
    fn address(&self) -> Context {
        Context(ptr::from_ref(self).cast_mut().cast())
    }

    fn end_unknown(&self, id: u64) {
        let begun = self.table.lock().begin(id);
        let Some(Begun { mut job, flag }) = begun else { return };
        job.never_runs(monotonic_ns());
        job.fail([b"Unknown job kind: ", job.kind.bytes()].concat().into());
        self.end(job, &flag);
    }

    /// Runs a job on the calling worker, unless it was cancelled while it waited.
    fn run(&self, id: u64) {
        let (Begun { mut job, flag }, handler) = {
            let mut table = self.table.lock();
            let Some(begun) = table.begin(id) else { return };
            table.busy += 1;
            let handler = table.handler(begun.job.kind.bytes());
            (begun, handler.expect("handlers stay as long as jobs wait"))
        };
        job.starts(monotonic_ns());
        let mut run = Run { job: &mut job, flag: &flag };
        let returned = catch_unwind(AssertUnwindSafe(|| handler(&mut run)));
        job.ends(monotonic_ns());
        if returned.is_err() {
            job.fail("Unhandled exception in job handler".into());
        }
        // One that was replaced meanwhile is gone before the result is there.
        drop(handler);
        self.end(job, &flag);
        let mut table = self.table.lock();
        table.busy -= 1;
        if table.busy == 0 {
            self.leaver.unpark();
        }
    }

    /// Delivers the result of a job that was taken out of the queue, exactly once.
    fn end(&self, mut job: Box<Job>, flag: &Flag) {
        let sunk = loop {
            if flag.is_cancelled() && job.outcome != job::Outcome::Cancelled {
                job.cancel();
            }
            job.settle();
            let mut table = self.table.lock();
            // Flags are set under the lock: one that was set while the payload was given back
            // is seen here, and there is none after this.
            if !flag.is_cancelled() || job.outcome == job::Outcome::Cancelled {
                break table.end(job);
            }
        };
        if let Some((job, sink)) = sunk {
            if catch_unwind(AssertUnwindSafe(|| sink(job))).is_err() {
                log::write(Level::Error, b"what takes a job's result panicked");
            }
        } else if let Some(Ok(woken)) = self.woken.map(|woken| EventLoop::table().pin(woken)) {
            woken.wake();
        }
    }

    /// Cancels the jobs that are wanted, of those submitted before: one that waits ends here, one
    /// that runs is asked to. Gives their number.
    pub fn cancel(&self, wanted: Wanted) -> u64 {
        let (mut next, last) = match wanted {
            Wanted::Job(id) => (id, id),
            _ => (1, self.table.lock().last()),
        };
        let (mut ended, mut running) = (Vec::new(), 0);
        while next <= last {
            let found = self.table.lock().cancel_next(wanted, next, last);
            match found {
                Some(Found::Queued(Begun { mut job, flag })) => {
                    job.never_runs(monotonic_ns());
                    ended.push(job.id);
                    next = job.id + 1;
                    self.end(job, &flag);
                }
                Some(Found::Running(id)) => {
                    running += 1;
                    next = id + 1;
                }
                None => break,
            }
        }
        if !ended.is_empty()
            && let Some(visit) = self.runner.enter()
        {
            visit.withdraw(self.address(), |id| ended.binary_search(&id).is_ok());
        }
        ended.len() as u64 + running
    }

    /// Accepts no more jobs and cancels those that have not ended. What is ready can be polled.
    pub fn close(&self) {
        self.table.lock().closed = true;
        self.cancel(Wanted::All);
    }

    /// The end: closes, waits for the handlers that run, and frees what nobody has polled. Only
    /// one thread may call this.
    pub fn free(&self) {
        self.close();
        while self.table.lock().busy != 0 {
            self.leaver.park_until(None);
        }
        let left = self.table.lock().clear();
        drop(left);
    }

    /// Whether the calling thread may run a handler: it must not wait for one.
    pub fn is_worker(&self) -> bool {
        self.runner.enter().is_some_and(|visit| visit.is_worker())
    }

    /// Shows the results that are there now and match, in the order in which the jobs ended, at
    /// most `most` (0 = all); gives their number. Each is shown once, whoever polls.
    pub fn poll(&self, filter: &Filter<'_>, most: u64, mut show: impl FnMut(Box<Job>)) -> u64 {
        let most = if most == 0 { u64::MAX } else { most };
        let (mut next, end) = (0, self.table.lock().ended + 1);
        let mut count = 0;
        while count < most {
            let taken = self.table.lock().take(filter, next..end);
            let Some((place, job)) = taken else { break };
            next = place + 1;
            count += 1;
            show(job);
        }
        count
    }

    /// Whether a job was accepted and has not ended.
    pub fn is_pending(&self, id: u64) -> bool {
        self.table.lock().is_pending(id)
    }

    /// Counters, as they are at one moment.
    pub fn stats(&self) -> Stats {
        self.table.lock().stats()
    }
}

impl Guest for Jobs {
    fn cancel(&self, wanted: Wanted) -> u64 {
        self.cancel(wanted)
    }

    fn close(&self) {
        self.close();
    }
}
