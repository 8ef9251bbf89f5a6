//! The life of one worker: take a job, have a state, run it, deliver what came of it, and sleep
//! when there is nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::admission::Stage;
use super::chunk::Place;
use super::ending::explain;
use super::engine::Author;
use super::interrupt::Reason;
use super::job::{Limits, Outcome, Work};
use super::kept::Compiled;
use super::lua_state::{LuaState, Ran, Run};
use super::recycle::Job;
use super::seat::Seat;
use super::shared::{Called, Shared};
use super::tally::Tally;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::spin::{Pace, Spin};
use crate::state_pool::{Lease, Wants};
use crate::sys;

/// Growth of a state that is worth a collection while its worker has nothing to do.
const IDLE_BYTES: usize = 64 << 10;
/// Instructions between two looks at a budget: a resume counts as so many, too.
const INSTRUCTION_STEP: u32 = 100;
/// A hook after each instruction is one that has something to do.
const LEAST_STEP: u32 = 2;
/// Results between two looks at how much memory a state uses.
const MEASURE_EVERY: u32 = 64;

/// One worker, on its thread.
pub struct Worker {
    number: usize,
    shared: Arc<Shared>,
    seat: Arc<CachePadded<Seat>>,
    lease: Option<Lease<LuaState>>,
    spin: Spin,
    /// The time at the end of the last job, as long as nothing has happened since.
    now: Option<u64>,
    affine_first: bool,
    unmeasured: u32,
    /// Jobs since the state's garbage was collected last, and what was left then.
    uncollected: u32,
    left_bytes: usize,
}

/// Whether a worker goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It looks for the next job.
    GoesOn,
    /// Its job was taken away, and its place: it is to leave without a trace.
    WrittenOff,
}

impl Worker {
    /// A worker that has no state yet.
    pub fn new(number: usize, seat: Arc<CachePadded<Seat>>, shared: Arc<Shared>) -> Self {
        let spin = Spin::new(shared.spin_ns);
        let (lease, now) = (None, None);
        Self {
            number,
            shared,
            seat,
            lease,
            spin,
            now,
            affine_first: true,
            unmeasured: 0,
            uncollected: 0,
            left_bytes: 0,
        }
    }

    /// Works until the runner is closed.
    pub fn run(&mut self) {
        if self.work(true) == Fate::WrittenOff {
            return;
        }
        self.give_back();
        self.shared.crew.is_done();
    }

    /// Works until there is nothing to do, on a thread of the host's.
    pub fn run_task(&mut self) {
        if self.work(false) == Fate::WrittenOff {
            return;
        }
        self.give_back();
        self.shared.crew.is_done();
    }

    /// Works; `stays` while there is nothing to do, until the end.
    fn work(&mut self, stays: bool) -> Fate {
        self.shared.crew.joins();
        self.seat.sit();
        let fate = self.take_jobs(stays);
        self.shared.crew.leaves();
        // A signal that was sent for the last job arrives before the seat may be gone: at the
        // next system call.
        sys::yield_now();
        fate
    }

    fn take_jobs(&mut self, stays: bool) -> Fate {
        loop {
            let shared = &self.shared;
            let had_none = !shared.inbox.has_taken(self.number);
            self.seat.look();
            match shared.inbox.take(self.number, self.affine_first) {
                Some(job) => {
                    let has_more = had_none && shared.inbox.has_taken(self.number);
                    self.affine_first = job.affinity() == 0;
                    if self.process(job, has_more) == Fate::WrittenOff {
                        // The state is a stranger's by now: it is not given back.
                        drop(self.lease.take());
                        return Fate::WrittenOff;
                    }
                }
                None => {
                    self.seat.found_none();
                    let stage = shared.admission.stage();
                    shared.note_end();
                    if stage == Stage::Closed {
                        return Fate::GoesOn;
                    }
                    if stays {
                        self.idle(stage);
                    } else {
                        self.collect_while_idle();
                        self.give_back();
                        if self.shared.sleepers.retire(self.number, || self.has_work(stage)) {
                            return Fate::GoesOn;
                        }
                    }
                }
            }
        }
    }

    /// Whether there is a job, or the runner is not at `stage` any more.
    fn has_work(&self, stage: Stage) -> bool {
        self.shared.inbox.has_job_for(self.number) || self.shared.admission.stage() != stage
    }

    fn idle(&mut self, stage: Stage) {
        self.now = None;
        let (number, inbox) = (self.number, &self.shared.inbox);
        if self.spin.until(&Pace::QUEUE, None, || inbox.has_job_for(number)) {
            return;
        }
        self.collect_while_idle();
        self.measure();
        if self.shared.has_to_share {
            self.give_back();
        }
        self.shared.sleepers.sleep(number, || self.has_work(stage));
    }

    fn tally(&self) -> &Tally {
        self.shared.tallies.of(self.number)
    }

    /// Jobs on their way from the queue to a worker are seen by nobody who falls asleep at that
    /// moment; behind a long job they must not wait. It may be the host who wakes a worker, so
    /// this one is not looking for a job meanwhile: others wait for one who is.
    fn share(&self, has_more: bool) {
        if has_more {
            self.shared.sleepers.wake(None);
        }
    }

    fn process(&mut self, mut job: Job, has_more: bool) -> Fate {
        self.tally().job_started();
        job.worker = self.number as u32;
        let Some(work) = job.take_work() else { return self.process_guests(job, has_more) };
        let (id, affinity, place) = (job.id, job.affinity(), job.place());
        let author = Author::of(&job);
        let limits = work.limits(&self.shared.limits);
        if place.is_none() {
            self.seat.has_unkept(Some(work.chunk.clone()));
        }
        self.seat.begin(job);
        self.share(has_more);
        let mut start = self.now.take().unwrap_or_else(monotonic_ns);
        let attempted = if self.shared.admission.is_closed() {
            let text = b"the runner was closed before the job's turn came".to_vec();
            (Err((Outcome::Closed, text)), None)
        } else {
            self.attempt((id, affinity, place), author, &work, &limits, &mut start)
        };
        // Whoever has taken the job away has ended it, too.
        let Some(mut job) = self.seat.end(id) else { return Fate::WrittenOff };
        if place.is_none() {
            self.seat.has_unkept(None);
        }
        let (ran, compiled) = attempted;
        match ran {
            Ok((values, text)) => job.succeed(values, text),
            Err((outcome, error)) => job.fail(outcome, error),
        }
        if let Some(compiled) = compiled {
            self.tally().chunk_used(compiled == Compiled::Before);
        }
        job.put_back(work);
        job.start(start);
        let end = monotonic_ns();
        job.run_ns = end.saturating_sub(start);
        self.now = Some(end);
        if self.shared.deliver(self.tally(), job) == Called::Host {
            self.now = None;
        }
        self.after_job();
        Fate::GoesOn
    }

    /// Runs a job that is no script: without a state, and as long as it takes.
    fn process_guests(&mut self, mut job: Job, has_more: bool) -> Fate {
        // Whoever looks for a script that is to end finds none here, and does not wait for one.
        self.seat.found_none();
        self.share(has_more);
        if self.shared.has_to_share {
            self.give_back();
        }
        self.now = None;
        if self.shared.admission.is_closed() {
            // The guest is about to end it too: whoever comes first does, and nobody runs it.
            job.outcome = Outcome::Closed;
        }
        Shared::call_back(&mut job);
        self.tally().job_ended(job.outcome == Outcome::Ok);
        self.tally().job_finished();
        Fate::GoesOn
    }

    /// Runs a job's work on a state. Moves `start` when there was a wait for one.
    fn attempt(
        &mut self,
        (id, affinity, place): (u64, u64, Option<Place>),
        author: Author,
        work: &Work,
        limits: &Limits,
        start: &mut u64,
    ) -> (Ran, Option<Compiled>) {
        let leased = self.have_state(id, affinity, limits, start);
        let (shared, seat) = (&*self.shared, &*self.seat);
        let (number, state) = match (leased, &mut self.lease) {
            (Ok(()), Some(lease)) => (lease.number as usize, &mut lease.state),
            (leased, _) => return (Err(no_state(leased.err(), seat, id, limits)), None),
        };
        seat.start(*start, limits);
        let step = match limits.instructions {
            u64::MAX => shared.step,
            most => INSTRUCTION_STEP.min(u32::try_from(most).unwrap_or(u32::MAX)).max(LEAST_STEP),
        };
        seat.interrupt.begin(id, limits.instructions, step);
        if limits.deadline_ns != u64::MAX {
            shared.watch.expect(seat, start.saturating_add(limits.deadline_ns));
        }
        let grace = || {
            shared.watch.expect(seat, monotonic_ns().saturating_add(shared.close_grace_ns));
            // The watch looks no more after a job that it has taken away.
            if !seat.has(id) {
                seat.interrupt.ask_running(Reason::Timeout);
            }
        };
        let step = shared.step;
        let run = Run { work, place, limits, step, interrupt: &seat.interrupt, grace: &grace };
        shared.records[number].ran_job();
        state.engine().begin(author);
        let ran = catch_unwind(AssertUnwindSafe(|| state.run(&run)));
        state.engine().end();
        let panicked =
            |_| (Err((Outcome::ScriptError, b"the job panicked".to_vec())), Compiled::Now);
        let (ran, compiled) = ran.unwrap_or_else(panicked);
        if matches!(ran, Err((Outcome::Memory, _))) && state.is_spoilt(limits.memory) {
            shared.renew(number, state);
            state.hold(&seat.interrupt);
        }
        (ran, Some(compiled))
    }

    /// Has the state that is to run job `id`. Moves `start` when there was a wait for it.
    fn have_state(
        &mut self,
        id: u64,
        affinity: u64,
        limits: &Limits,
        start: &mut u64,
    ) -> Result<()> {
        // Lane, worker and state have the same number: a key always meets the same state.
        let own = self.number as u32;
        let any = affinity == 0 && self.shared.has_to_share;
        let wants = if any { Wants::Any } else { Wants::Number(own) };
        let fits = |lease: &Lease<_>| any || lease.number == own;
        if !self.lease.as_ref().is_some_and(fits) {
            self.give_back();
            let deadline = Some(start.saturating_add(limits.state_wait_ns));
            let deadline = deadline.filter(|_| limits.state_wait_ns != u64::MAX);
            let asked = || self.seat.interrupt.is_asked(id);
            let lease = self.shared.pool.acquire_unless(wants, deadline, asked)?;
            lease.state.hold(&self.seat.interrupt);
            (self.uncollected, self.left_bytes) = (0, lease.state.used_bytes());
            self.seat.has_state(Some(lease.number));
            self.lease = Some(lease);
            *start = monotonic_ns();
        }
        Ok(())
    }

    fn after_job(&mut self) {
        self.unmeasured += 1;
        self.uncollected += 1;
        if self.unmeasured >= MEASURE_EVERY {
            self.measure();
        }
        self.collect_if_due();
        if self.shared.has_to_share && self.shared.pool.is_contended() {
            self.give_back();
        }
    }

    /// Collects after as many jobs or bytes as the runner's config says.
    fn collect_if_due(&mut self) {
        let Some(lease) = &mut self.lease else { return };
        let gc = self.shared.gc;
        let grown = lease.state.used_bytes().saturating_sub(self.left_bytes) as u64;
        if self.uncollected >= gc.every_jobs || grown >= gc.every_bytes {
            lease.state.collect();
            (self.uncollected, self.left_bytes) = (0, lease.state.used_bytes());
            self.shared.records[lease.number as usize].collected();
            self.now = None;
        }
    }

    /// Collects step by step until there is a job, somebody waits for a state, or no garbage is
    /// left that is worth it.
    fn collect_while_idle(&mut self) {
        let Some(lease) = &mut self.lease else { return };
        let grown = lease.state.used_bytes().saturating_sub(self.left_bytes);
        if self.uncollected == 0 || grown < IDLE_BYTES {
            return;
        }
        let shared = &self.shared;
        while !shared.inbox.has_job_for(self.number) && !shared.pool.is_contended() {
            if lease.state.collect_some() {
                (self.uncollected, self.left_bytes) = (0, lease.state.used_bytes());
                shared.records[lease.number as usize].collected();
                return;
            }
        }
    }

    /// Notes how much memory the state uses.
    fn measure(&mut self) {
        self.unmeasured = 0;
        if let Some(lease) = &self.lease {
            self.shared.records[lease.number as usize].measured(lease.state.used_bytes());
        }
    }

    fn give_back(&mut self) {
        self.measure();
        self.seat.has_state(None);
        if let Some(lease) = self.lease.take() {
            self.shared.pool.release(lease);
        }
    }
}

/// Why a job got no state.
fn no_state(error: Option<Error>, seat: &Seat, id: u64, limits: &Limits) -> (Outcome, Vec<u8>) {
    let asked = if seat.interrupt.is_asked(id) { seat.interrupt.asked_reason() } else { None };
    if let Some(reason) = asked {
        let (outcome, text) = explain(reason, limits);
        return (outcome, text.into_bytes());
    }
    if error == Some(Error::Timeout) {
        let ms = limits.state_wait_ns / 1_000_000;
        return (Outcome::NoState, format!("no state became free within {ms} ms").into_bytes());
    }
    (Outcome::Closed, b"the runner was closed before a state was free".to_vec())
}
