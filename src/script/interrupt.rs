//! Why the running job has to end: what others ask of a worker, and what its script looks at.
//!
//! A request names the job that it is about, so that one that comes too late asks nothing of the
//! next job. It costs a script nothing until it comes: then a signal to the worker's thread arms
//! Lua's hook (`stack::hook`), and library functions that take long look here themselves.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::compiler_fence;

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// Why a job is ended from outside. The numbers are only told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Reason {
    /// Its deadline has passed.
    Timeout = 1,
    /// The host cancelled it.
    Cancelled = 2,
    /// It has used up its instructions.
    Instructions = 3,
    /// It has reached the limit on memory, and may have caught the error.
    Memory = 4,
    /// The runner is closed.
    Closed = 5,
}

const REASON_BITS: u32 = 3;

impl Reason {
    fn of(word: u64) -> Option<Self> {
        match word & ((1 << REASON_BITS) - 1) {
            1 => Some(Self::Timeout),
            2 => Some(Self::Cancelled),
            3 => Some(Self::Instructions),
            4 => Some(Self::Memory),
            5 => Some(Self::Closed),
            _ => None,
        }
    }
}

/// Longest place that is noted: a chunk's short name (60) and a line.
const PLACE_MAX: usize = 80;

/// What is asked of one worker.
#[derive(Debug, Default)]
pub struct Interrupt {
    /// The job that runs, 0 between jobs. Only the worker writes it.
    job: AtomicU64,
    /// A job and why it has to end; the first request for a job wins.
    request: AtomicU64,
    /// The coroutine that runs: its hook is the one to arm. Only the worker writes it.
    running: AtomicPtr<c_void>,
    /// Instructions that the job may still use. Only the worker touches it.
    left: AtomicU64,
    /// How many instructions pass between two hooks; 0 = the hook waits for the signal.
    step: AtomicU32,
    /// Where the script was when it learned of the request.
    place: Mutex<Vec<u8>>,
}

impl Interrupt {
    /// Job `id` runs from now on. With a budget of instructions, or where no signal can be had,
    /// the hook is armed from the beginning: `step` says how often it looks.
    #[inline]
    pub fn begin(&self, id: u64, instructions: u64, step: u32) {
        self.left.store(instructions, Ordering::Relaxed);
        self.step.store(step, Ordering::Relaxed);
        self.job.store(id, Ordering::Relaxed);
    }

    /// No job runs any more.
    #[inline]
    pub fn end(&self) {
        self.job.store(0, Ordering::Relaxed);
        self.rests();
    }

    /// Asks job `id` to end. Whoever asks sends the signal, too.
    pub fn ask(&self, id: u64, reason: Reason) {
        let asked = id << REASON_BITS | reason as u64;
        let mut request = self.request.load(Ordering::Relaxed);
        while request >> REASON_BITS != id {
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match self.request.compare_exchange_weak(request, asked, order.0, order.1) {
                Ok(_) => return,
                Err(now) => request = now,
            }
        }
    }

    /// Whether job `id` was asked to end.
    pub fn is_asked(&self, id: u64) -> bool {
        self.request.load(Ordering::Acquire) >> REASON_BITS == id
    }

    /// What was asked last, of whatever job.
    pub fn asked_reason(&self) -> Option<Reason> {
        Reason::of(self.request.load(Ordering::Acquire))
    }

    /// The running job itself finds that it has to end.
    pub fn ask_running(&self, reason: Reason) {
        self.ask(self.job.load(Ordering::Relaxed), reason);
    }

    /// Why the running job has to end.
    #[inline]
    pub fn pending(&self) -> Option<Reason> {
        let request = self.request.load(Ordering::Acquire);
        let job = self.job.load(Ordering::Relaxed);
        if request >> REASON_BITS == job && job != 0 { Reason::of(request) } else { None }
    }

    /// Whether the running job has to end.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.pending().is_some()
    }

    /// Takes the request back, so that handlers at the job's end may run, without a budget of
    /// instructions. A new request can come.
    pub fn forgive(&self, step: u32) {
        self.left.store(u64::MAX, Ordering::Relaxed);
        self.step.store(step, Ordering::Relaxed);
        self.request.store(0, Ordering::Release);
    }

    /// Which coroutine runs.
    #[inline]
    pub fn set_running(&self, coroutine: *mut c_void) {
        self.running.store(coroutine, Ordering::Release);
    }

    /// None does: the state may go.
    #[inline]
    pub fn rests(&self) {
        self.running.store(ptr::null_mut(), Ordering::Release);
        // A signal handler of this very thread reads it: nothing that follows may come first.
        compiler_fence(Ordering::SeqCst);
    }

    /// The coroutine that runs, null when none does.
    #[inline]
    pub fn running(&self) -> *mut c_void {
        self.running.load(Ordering::Acquire)
    }

    /// How many instructions pass between two hooks, 0 = the hook is not armed.
    #[inline]
    pub fn step(&self) -> u32 {
        self.step.load(Ordering::Relaxed)
    }

    /// `count` instructions were used. When that was the last of them, the job has to end.
    pub fn charge(&self, count: u32) {
        let left = self.left.load(Ordering::Relaxed);
        self.left.store(left.saturating_sub(count.into()), Ordering::Relaxed);
        if left <= count.into() {
            self.ask_running(Reason::Instructions);
        }
    }

    /// Notes where the script was, unless that has been noted.
    pub fn note_place(&self, text: &[u8]) {
        let mut place = self.place.lock();
        if place.is_empty() {
            place.extend_from_slice(&text[..text.len().min(PLACE_MAX)]);
        }
    }

    /// What was noted, which is then forgotten.
    pub fn take_place(&self) -> Vec<u8> {
        std::mem::take(&mut *self.place.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_about_one_job() {
        let interrupt = Interrupt::default();
        interrupt.begin(1, 0, 0);
        interrupt.ask(2, Reason::Timeout);
        assert_eq!(interrupt.pending(), None);
        interrupt.ask(1, Reason::Cancelled);
        interrupt.ask(1, Reason::Timeout);
        assert_eq!(interrupt.pending(), Some(Reason::Cancelled), "the first one wins");
        interrupt.end();
        assert_eq!(interrupt.pending(), None);
        interrupt.begin(2, 0, 0);
        assert_eq!(interrupt.pending(), None);
    }

    #[test]
    fn a_budget_ends_with_the_last_instruction() {
        let interrupt = Interrupt::default();
        interrupt.begin(1, 250, 100);
        interrupt.charge(100);
        interrupt.charge(100);
        assert!(!interrupt.is_pending());
        interrupt.charge(100);
        assert_eq!(interrupt.pending(), Some(Reason::Instructions));
    }
}
