//! Counters that always add up.
//!
//! Each worker writes its own, so that counting costs no more than a store. They only grow, and
//! each step of a job's life is counted after the one before it; read in the opposite order,
//! they never say that more has ended than has begun, whatever happens meanwhile.

use crossbeam::utils::CachePadded;

use crate::sync::atomic::{AtomicU64, Ordering};

/// What one worker has done.
#[derive(Debug, Default)]
pub struct Tally {
    started: AtomicU64,
    ok: AtomicU64,
    failed: AtomicU64,
    finished: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    written_off: AtomicU64,
}

/// All workers' tallies.
#[derive(Debug)]
pub struct Tallies(Box<[CachePadded<Tally>]>);

/// One more. Only the owner writes, so that nothing is lost between load and store; Release, so
/// that whoever sees the count sees the ones before it.
#[inline]
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Release);
}

impl Tally {
    /// A job was taken out of the inbox.
    #[inline]
    pub fn job_started(&self) {
        count(&self.started);
    }

    /// A job's result is about to be delivered.
    #[inline]
    pub fn job_ended(&self, ok: bool) {
        count(if ok { &self.ok } else { &self.failed });
    }

    /// A job's result is there, and nothing of it is left to do.
    #[inline]
    pub fn job_finished(&self) {
        count(&self.finished);
    }

    /// The worker was stuck and got a successor.
    pub fn written_off(&self) {
        count(&self.written_off);
    }

    /// A job's chunk was compiled before, or now.
    #[inline]
    pub fn chunk_used(&self, hit: bool) {
        count(if hit { &self.hits } else { &self.misses });
    }
}

/// Sums over all workers.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// Jobs that ended well.
    pub ok: u64,
    /// Jobs that ended otherwise.
    pub failed: u64,
    /// Jobs taken out of the inbox.
    pub started: u64,
    /// Chunks that had been compiled before.
    pub hits: u64,
    /// Chunks that had to be compiled.
    pub misses: u64,
    /// Workers that were stuck and got a successor.
    pub written_off: u64,
}

impl Tallies {
    /// Zeros for so many workers and for the watch.
    pub fn new(workers: u32) -> Self {
        Self((0..=workers).map(|_| CachePadded::default()).collect())
    }

    /// The one that the watch writes.
    pub fn of_watch(&self) -> &Tally {
        self.0.last().expect("there is one more than workers")
    }

    /// The one that `worker` writes.
    pub fn of(&self, worker: usize) -> &Tally {
        &self.0[worker]
    }

    fn sum(&self, counter: impl Fn(&Tally) -> &AtomicU64) -> u64 {
        self.0.iter().map(|tally| counter(tally).load(Ordering::Acquire)).sum()
    }

    /// Jobs taken out of the inbox.
    pub fn started(&self) -> u64 {
        self.sum(|tally| &tally.started)
    }

    /// Jobs that have ended.
    pub fn ended(&self) -> u64 {
        self.sum(|tally| &tally.ok) + self.sum(|tally| &tally.failed)
    }

    /// Jobs whose results are there.
    pub fn finished(&self) -> u64 {
        self.sum(|tally| &tally.finished)
    }

    /// All sums, the last step of a job's life first.
    pub fn sums(&self) -> Sums {
        Sums {
            ok: self.sum(|tally| &tally.ok),
            failed: self.sum(|tally| &tally.failed),
            started: self.started(),
            hits: self.sum(|tally| &tally.hits),
            misses: self.sum(|tally| &tally.misses),
            written_off: self.sum(|tally| &tally.written_off),
        }
    }
}
