//! What is known of each state from outside: written by the worker that has it, read by anybody.

use crate::sync::atomic::{AtomicU64, Ordering};

/// One state's counters. A state that takes the place of a stuck one goes on counting.
#[derive(Debug, Default)]
pub struct StateRecord {
    bytes: AtomicU64,
    bytes_max: AtomicU64,
    jobs: AtomicU64,
    collections: AtomicU64,
    replaced: AtomicU64,
}

/// How a state stands.
#[derive(Clone, Copy, Debug)]
pub struct StateStats {
    /// Bytes in use when it was looked at last.
    pub bytes: u64,
    /// Most bytes in use of all looks.
    pub bytes_max: u64,
    /// Jobs that it has run.
    pub jobs: u64,
    /// Collections that the runner had it make.
    pub collections: u64,
    /// How often a new state has taken the place of one that was stuck or could not recover.
    pub replaced: u64,
}

/// One more; only whoever has the state counts.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

impl StateRecord {
    /// It holds so many bytes.
    pub fn measured(&self, bytes: usize) {
        let bytes = bytes as u64;
        self.bytes.store(bytes, Ordering::Relaxed);
        if bytes > self.bytes_max.load(Ordering::Relaxed) {
            self.bytes_max.store(bytes, Ordering::Relaxed);
        }
    }

    /// It has run a job.
    #[inline]
    pub fn ran_job(&self) {
        count(&self.jobs);
    }

    /// It has collected its garbage.
    pub fn collected(&self) {
        count(&self.collections);
    }

    /// A new one has taken its place.
    pub fn replaced(&self) {
        count(&self.replaced);
    }

    /// Bytes in use when it was looked at last.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How it stands.
    pub fn stats(&self) -> StateStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        StateStats {
            bytes: read(&self.bytes),
            bytes_max: read(&self.bytes_max),
            jobs: read(&self.jobs),
            collections: read(&self.collections),
            replaced: read(&self.replaced),
        }
    }
}
