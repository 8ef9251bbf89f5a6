//! Who gets in: ids, the bound on jobs, the high-water mark, and the end.
//!
//! One word holds how many jobs were accepted and whether the door is shut, so that no job is
//! accepted after the last one: once it is shut, the number stands, and the workers know how many
//! jobs are still to come out of the inbox. Behind a shut door the jobs still run, until the runner
//! is closed.

use crossbeam::utils::CachePadded;

use super::tally::Tallies;
use crate::error::{Error, Result};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

const SHUT: u64 = 1 << 63;

/// How far a runner is on its way to the end; there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stage {
    /// Jobs come in.
    Open = 0,
    /// No more come in; those that are in run to their end.
    Draining = 1,
    /// Those that are in are ended.
    Closed = 2,
}

/// The door of a runner.
#[derive(Debug)]
pub struct Admission {
    /// Jobs accepted, and SHUT.
    accepted: AtomicU64,
    /// A Stage for the workers, who ask before each job: whoever enqueues writes the word above
    /// for each job, and would have to fetch it back from them.
    stage: CachePadded<AtomicU32>,
    capacity: u64,
    /// What the tallies summed up to when they were looked at last. The workers' counters are
    /// in other processors' caches: they are read again only when these are too old to decide.
    ended_seen: AtomicU64,
    started_seen: AtomicU64,
    high_water: AtomicU64,
    refused: AtomicU64,
}

impl Admission {
    /// Lets in until `capacity` jobs have not ended.
    pub fn new(capacity: u64) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            accepted: zero(),
            stage: CachePadded::new(AtomicU32::new(Stage::Open as u32)),
            capacity,
            ended_seen: zero(),
            started_seen: zero(),
            high_water: zero(),
            refused: zero(),
        }
    }

    /// Lets one job in and numbers it. The caller must put it into the inbox.
    #[inline]
    pub fn admit(&self, tallies: &Tallies) -> Result<u64> {
        let mut word = self.accepted.load(Ordering::Relaxed);
        loop {
            if word & SHUT != 0 {
                return self.refuse(Error::Closed);
            }
            if word.saturating_sub(self.ended_seen.load(Ordering::Relaxed)) >= self.capacity {
                let ended = tallies.ended();
                self.ended_seen.store(ended, Ordering::Relaxed);
                if word.saturating_sub(ended) >= self.capacity {
                    return self.refuse(Error::Full);
                }
            }
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            match self.accepted.compare_exchange_weak(word, word + 1, order.0, order.1) {
                Ok(_) => break,
                Err(now) => word = now,
            }
        }
        let id = word + 1;
        let waiting = id.saturating_sub(self.started_seen.load(Ordering::Relaxed));
        if waiting > self.high_water.load(Ordering::Relaxed) {
            self.note_waiting(id, tallies);
        }
        Ok(id)
    }

    #[cold]
    fn refuse(&self, error: Error) -> Result<u64> {
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(error)
    }

    #[cold]
    fn note_waiting(&self, id: u64, tallies: &Tallies) {
        let started = tallies.started();
        self.started_seen.store(started, Ordering::Relaxed);
        self.high_water.fetch_max(id.saturating_sub(started), Ordering::Relaxed);
    }

    /// Lets nobody in any more; those that are in run to their end, unless `close` was called.
    pub fn drain(&self) {
        self.advance(Stage::Draining);
    }

    /// Lets nobody in any more and ends those that are in. False when that was so already. Whoever
    /// was let in at the last moment either finds it closed after the job is in the inbox, or the
    /// job is found there by whoever looks after this call.
    pub fn close(&self) -> bool {
        self.advance(Stage::Closed)
    }

    fn advance(&self, stage: Stage) -> bool {
        self.accepted.fetch_or(SHUT, Ordering::AcqRel);
        let before = self.stage.fetch_max(stage as u32, Ordering::AcqRel);
        // A worker that falls asleep sees the stage, or whoever set it sees what that has done.
        fence(Ordering::SeqCst);
        before < stage as u32
    }

    /// How far the runner is.
    #[inline]
    pub fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Acquire) {
            0 => Stage::Open,
            1 => Stage::Draining,
            _ => Stage::Closed,
        }
    }

    /// Whether nobody gets in any more, and whoever is in is ended.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.stage() == Stage::Closed
    }

    /// Whether it is closed, and whoever got in has been started.
    pub fn is_over(&self, tallies: &Tallies) -> bool {
        self.is_closed() && tallies.started() == self.accepted()
    }

    /// Whether nobody gets in any more, and the results of all who did are there.
    pub fn has_ended(&self, tallies: &Tallies) -> bool {
        self.stage() != Stage::Open && tallies.finished() == self.accepted()
    }

    /// Jobs let in so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Acquire) & !SHUT
    }

    /// Jobs sent away so far.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Most jobs that ever waited at once.
    pub fn high_water(&self) -> u64 {
        self.high_water.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_get_in_than_there_is_room_for() {
        let (admission, tallies) = (Admission::new(2), Tallies::new(1));
        assert_eq!(admission.admit(&tallies), Ok(1));
        assert_eq!(admission.admit(&tallies), Ok(2));
        assert_eq!(admission.admit(&tallies), Err(Error::Full));
        tallies.of(0).job_started();
        assert_eq!(admission.admit(&tallies), Err(Error::Full));
        tallies.of(0).job_ended(true);
        assert_eq!(admission.admit(&tallies), Ok(3));
        assert_eq!((admission.refused(), admission.high_water()), (2, 2));
    }

    #[test]
    fn it_is_over_when_the_last_one_has_started() {
        let (admission, tallies) = (Admission::new(9), Tallies::new(1));
        assert_eq!(admission.admit(&tallies), Ok(1));
        assert!(admission.close());
        assert!(!admission.close());
        assert_eq!(admission.admit(&tallies), Err(Error::Closed));
        assert!(!admission.is_over(&tallies));
        tallies.of(0).job_started();
        assert!(admission.is_over(&tallies));
    }

    #[test]
    fn a_drain_lets_nobody_in_and_may_become_a_close() {
        let (admission, tallies) = (Admission::new(9), Tallies::new(1));
        assert_eq!(admission.admit(&tallies), Ok(1));
        assert!(!admission.has_ended(&tallies));
        admission.drain();
        assert_eq!(admission.admit(&tallies), Err(Error::Closed));
        assert_eq!((admission.is_closed(), admission.has_ended(&tallies)), (false, false));
        tallies.of(0).job_started();
        tallies.of(0).job_ended(true);
        assert!(!admission.has_ended(&tallies));
        tallies.of(0).job_finished();
        assert_eq!((admission.is_over(&tallies), admission.has_ended(&tallies)), (false, true));
        assert!(admission.close());
        admission.drain();
        assert_eq!((admission.is_closed(), admission.is_over(&tallies)), (true, true));
    }
}
