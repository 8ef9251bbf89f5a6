//! A worker as others see it: what it runs, until when, and how to interrupt it.

use std::ptr;
use std::sync::Arc;

use super::chunk::Chunk;
use super::interrupt::{Interrupt, Reason};
use super::job::Limits;
use super::recycle::Job;
use super::stack::hook;
use crate::claim::Claim;
use crate::clock::monotonic_ns;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::sys;

/// As a time: never.
pub const NEVER: u64 = u64::MAX;
/// Between two signals to a worker that was asked: one that comes while Lua itself changes its
/// hooks can be lost. That is rare, and arming the hook of a stack of 10^5 frames takes long.
const REMIND_NS: u64 = 100_000_000;
/// As the number of a state: none.
const NO_STATE: u32 = u32::MAX;

/// The place of one worker. One that is written off keeps its own; its successor has a new one.
#[derive(Debug)]
pub struct Seat {
    /// The running job, for whoever is to end it.
    claim: Claim<Job>,
    /// What is asked of the running job.
    pub interrupt: Interrupt,
    /// Whose the running job is.
    owner: AtomicU64,
    /// When the running job began.
    started: AtomicU64,
    /// How far it may go, for what is said of it: nanoseconds, instructions, bytes.
    allowed: [AtomicU64; 3],
    /// When the running job has to end.
    deadline: AtomicU64,
    /// When the running job was asked to end.
    asked: AtomicU64,
    /// When the worker was sent a signal last.
    signalled: AtomicU64,
    /// The state that the worker has, a number of the pool's.
    state: AtomicU32,
    /// Whom to send the signal.
    thread: AtomicU64,
    /// The running job's chunk, if it has no place by which it could be found.
    unkept: Mutex<Option<Arc<Chunk>>>,
}

impl Seat {
    /// A place where nobody works yet.
    pub fn new() -> Self {
        Self {
            claim: Claim::default(),
            interrupt: Interrupt::default(),
            owner: AtomicU64::new(0),
            started: AtomicU64::new(0),
            allowed: Default::default(),
            deadline: AtomicU64::new(NEVER),
            asked: AtomicU64::new(0),
            signalled: AtomicU64::new(0),
            state: AtomicU32::new(NO_STATE),
            thread: AtomicU64::new(0),
            unkept: Mutex::new(None),
        }
    }

    /// The calling thread is the worker from now on, and can be interrupted.
    pub fn sit(&self) {
        self.thread.store(sys::pthread(), Ordering::Release);
        if let Some(signal) = hook::signal() {
            sys::unblock_signal(signal);
        }
    }

    /// The worker has this state now.
    pub fn has_state(&self, number: Option<u32>) {
        self.state.store(number.unwrap_or(NO_STATE), Ordering::Release);
    }

    /// The state that the worker has.
    pub fn state(&self) -> Option<u32> {
        Some(self.state.load(Ordering::Acquire)).filter(|&number| number != NO_STATE)
    }

    /// The running job's chunk is this one, which has no place.
    pub fn has_unkept(&self, chunk: Option<Arc<Chunk>>) {
        *self.unkept.lock() = chunk;
    }

    /// The worker looks for a job.
    #[inline]
    pub fn look(&self) {
        self.claim.look();
    }

    /// There was none.
    #[inline]
    pub fn found_none(&self) {
        self.claim.found_none();
    }

    /// The worker begins a job.
    #[inline]
    pub fn begin(&self, job: Job) {
        self.owner.store(job.owner, Ordering::Relaxed);
        self.claim.begin(job.id, job);
    }

    /// The job has a state and starts.
    #[inline]
    pub fn start(&self, start: u64, limits: &Limits) {
        self.started.store(start, Ordering::Relaxed);
        let allowed = [limits.deadline_ns, limits.instructions, limits.memory];
        for (place, value) in self.allowed.iter().zip(allowed) {
            place.store(value, Ordering::Relaxed);
        }
    }

    /// The worker is done with job `id`. `None` when it was written off meanwhile.
    #[inline]
    pub fn end(&self, id: u64) -> Option<Job> {
        self.interrupt.end();
        let job = self.claim.end(id);
        self.deadline.store(NEVER, Ordering::Relaxed);
        job
    }

    /// Whether the worker still has job `id`: it was not taken away.
    pub fn has(&self, id: u64) -> bool {
        self.claim.has(id)
    }

    /// Whether the worker has no job and looks for none.
    pub fn is_free(&self) -> bool {
        self.claim.is_free()
    }

    /// The running job has to end at `deadline`.
    #[inline]
    pub fn set_deadline(&self, deadline: u64) {
        self.deadline.store(deadline, Ordering::SeqCst);
    }

    /// When the running job has to end, or should have ended after it was asked to.
    pub fn next_look(&self, patience_ns: u64) -> u64 {
        let id = self.claim.current();
        if id == 0 {
            return NEVER;
        }
        if self.interrupt.is_asked(id) {
            let reminder = self.signalled.load(Ordering::Acquire).saturating_add(REMIND_NS);
            return reminder.min(self.asked.load(Ordering::Acquire).saturating_add(patience_ns));
        }
        self.deadline.load(Ordering::SeqCst)
    }

    /// Asks the running job to end if `wanted` says so of its id and owner. False when there is
    /// no such job.
    pub fn ask(&self, reason: Reason, wanted: impl FnOnce(u64, u64) -> bool) -> bool {
        let id = self.claim.settled();
        let Some(_held) = self.claim.hold(id) else { return false };
        let wanted = wanted(id, self.owner.load(Ordering::Relaxed));
        if wanted && !self.interrupt.is_asked(id) {
            let now = monotonic_ns();
            self.asked.store(now, Ordering::Release);
            self.interrupt.ask(id, reason);
            self.send_signal(now);
        }
        wanted
    }

    /// Only while the job is held: its worker's thread exists.
    fn send_signal(&self, now: u64) {
        self.signalled.store(now, Ordering::Release);
        if let Some(signal) = hook::signal() {
            let interrupt = ptr::from_ref(&self.interrupt);
            sys::send_signal(self.thread.load(Ordering::Acquire), signal, interrupt.cast());
        }
    }

    /// Sends the signal again if the running job was asked to end some time ago.
    pub fn remind(&self, now: u64) {
        let id = self.claim.current();
        let due = self.signalled.load(Ordering::Acquire).saturating_add(REMIND_NS) <= now;
        if due
            && self.interrupt.is_asked(id)
            && let Some(_held) = self.claim.hold(id)
        {
            self.send_signal(now);
        }
    }

    /// Asks the running job to end if its deadline has passed.
    pub fn ask_late(&self, now: u64) {
        self.ask(Reason::Timeout, |_, _| self.deadline.load(Ordering::SeqCst) <= now);
    }

    /// Takes the running job away from its worker when it was asked to end `patience_ns` ago.
    pub fn take_stuck(&self, now: u64, patience_ns: u64) -> Option<Stuck> {
        let id = self.claim.current();
        let held = self.claim.hold(id)?;
        let asked = self.asked.load(Ordering::Acquire);
        if !self.interrupt.is_asked(id) || asked.saturating_add(patience_ns) > now {
            return None;
        }
        let reason = self.interrupt.asked_reason();
        let mut job = held.take()?;
        let started = self.started.load(Ordering::Relaxed);
        job.start(started);
        job.run_ns = now.saturating_sub(started);
        let (state, unkept) = (self.state(), self.unkept.lock().clone());
        let [deadline_ns, instructions, memory] =
            [0, 1, 2].map(|at| self.allowed[at].load(Ordering::Relaxed));
        let limits = Limits { deadline_ns, instructions, memory, ..Limits::NONE };
        Some(Stuck { job, reason, limits, state, unkept })
    }
}

/// A job that was taken away from its worker.
#[derive(Debug)]
pub struct Stuck {
    /// The job; what it was to run is left to the worker.
    pub job: Job,
    /// Why it had to end.
    pub reason: Option<Reason>,
    /// How far it was allowed to go.
    pub limits: Limits,
    /// The state that the worker had.
    pub state: Option<u32>,
    /// The job's chunk, if it has no place.
    pub unkept: Option<Arc<Chunk>>,
}
