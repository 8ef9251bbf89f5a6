//! Jobs that wait for a worker, lowest priority number first, in order within one.
//!
//! Nearly all jobs have normal priority and no affinity: they go through a queue without a lock,
//! from which a worker takes a few at a time, so that short jobs do not pay for the workers'
//! meeting there. What a worker has taken so, an idle one may take from it again: a long job
//! holds up nobody.
//! All others wait in lanes under a mutex, whose first priority can be read without it: one for
//! the jobs that any worker may take, and one for each worker's affine jobs. A job never overtakes
//! an earlier one of its affinity key, not even a less urgent one.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::HashMap;

use crossbeam::deque::{Injector, Steal, Stealer, Worker as Local};
use crossbeam::utils::CachePadded;

use super::job::NORMAL;
use super::recycle::Job;
use crate::queue::lanes::Lanes;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Jobs that a worker takes from the queue at once.
const AT_ONCE: usize = 8;

/// As the first priority of a lane: it is empty.
const EMPTY: u64 = u64::MAX;

/// All jobs of a runner that no worker has taken yet.
pub struct Inbox {
    normal: Injector<Job>,
    /// By worker: what it has taken from `normal` and not begun.
    taken: Box<[Stealer<Job>]>,
    others: Lane,
    affine: Box<[CachePadded<Lane>]>,
}

struct Lane {
    /// The first job's priority; changes under the lock.
    first: AtomicU64,
    jobs: Mutex<Waiting>,
}

struct Waiting {
    lanes: Lanes<Job>,
    keys: HashMap<u64, Key>,
}

/// The jobs of one affinity key that wait.
struct Key {
    jobs: usize,
    /// The priority that the last of them got: the next one gets no better.
    last: u32,
}

impl Lane {
    fn new() -> Self {
        let waiting = Waiting { lanes: Lanes::new(), keys: HashMap::new() };
        Self { first: AtomicU64::new(EMPTY), jobs: Mutex::new(waiting) }
    }

    fn first(&self) -> u64 {
        self.first.load(Ordering::Acquire)
    }

    fn note_first(&self, waiting: &Waiting) {
        self.first.store(waiting.lanes.first().map_or(EMPTY, u64::from), Ordering::Release);
    }

    fn push(&self, mut priority: u32, affinity: u64, job: Job) {
        let mut waiting = self.jobs.lock();
        if affinity != 0 {
            let key = waiting.keys.entry(affinity).or_insert(Key { jobs: 0, last: priority });
            key.jobs += 1;
            priority = priority.max(key.last);
            key.last = priority;
        }
        waiting.lanes.push(priority, job);
        self.note_first(&waiting);
    }

    fn pop(&self) -> Option<Job> {
        let mut waiting = self.jobs.lock();
        let (_, job) = waiting.lanes.pop()?;
        if let Some(key) = waiting.keys.get_mut(&job.affinity()) {
            key.jobs -= 1;
            if key.jobs == 0 {
                waiting.keys.remove(&job.affinity());
            }
        }
        self.note_first(&waiting);
        Some(job)
    }
}

impl Inbox {
    /// No jobs. Jobs with an affinity are spread over the first `lanes` workers; each worker has
    /// one of `locals`.
    pub fn new(lanes: usize, locals: &[Local<Job>]) -> Self {
        let affine = (0..lanes).map(|_| CachePadded::new(Lane::new())).collect();
        let taken = locals.iter().map(Local::stealer).collect();
        Self { normal: Injector::new(), taken, others: Lane::new(), affine }
    }

    /// Puts a job in; says which worker must run it, if not any may.
    #[inline]
    pub fn push(&self, job: Job) -> Option<usize> {
        let (priority, affinity) = (job.priority(), job.affinity());
        if affinity != 0 {
            let worker = (affinity % self.affine.len() as u64) as usize;
            self.affine[worker].push(priority, affinity, job);
            return Some(worker);
        }
        if priority == NORMAL {
            self.normal.push(job);
        } else {
            self.others.push(priority, 0, job);
        }
        None
    }

    /// Takes the job that `worker` should run next. With `affine_first` its own jobs win over
    /// others of the same priority; a worker takes turns, so that neither kind starves.
    #[inline]
    pub fn take(&self, worker: usize, local: &Local<Job>, affine_first: bool) -> Option<Job> {
        loop {
            let affine = self.affine.get(worker).map_or(EMPTY, |lane| lane.first());
            let others = self.others.first();
            if affine == EMPTY && others == EMPTY {
                return self.take_normal(worker, local);
            }
            let firsts = (affine, others);
            if let Some(job) = self.take_in_order(worker, local, firsts, affine_first) {
                return Some(job);
            }
            // Another worker was faster; what the lanes hold now may be another job.
        }
    }

    #[inline]
    fn take_normal(&self, worker: usize, local: &Local<Job>) -> Option<Job> {
        local.pop().or_else(|| self.fetch_normal(worker, local))
    }

    /// From the queue, else from another worker.
    fn fetch_normal(&self, worker: usize, local: &Local<Job>) -> Option<Job> {
        loop {
            let mut found = self.normal.steal_batch_with_limit_and_pop(local, AT_ONCE);
            for other in self.taken.iter().cycle().skip(worker + 1).take(self.taken.len() - 1) {
                found = found.or_else(|| other.steal());
            }
            match found {
                Steal::Success(job) => return Some(job),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    /// Takes from the best of the three places; at least one of the lanes had a job.
    fn take_in_order(
        &self,
        worker: usize,
        local: &Local<Job>,
        (affine, others): (u64, u64),
        affine_first: bool,
    ) -> Option<Job> {
        let best = affine.min(others);
        let normal = u64::from(NORMAL);
        let normal_first = match best.cmp(&normal) {
            Less => false,
            Equal => !affine_first,
            Greater => true,
        };
        if normal_first && let Some(job) = self.take_normal(worker, local) {
            return Some(job);
        }
        if affine < others || affine == others && affine_first {
            return self.affine[worker].pop();
        }
        self.others.pop()
    }

    /// Whether jobs wait that a worker has taken, `worker` itself first.
    #[inline]
    pub fn has_taken(&self, worker: usize) -> bool {
        !self.taken[worker].is_empty() || self.taken.iter().any(|taken| !taken.is_empty())
    }

    /// Whether `worker` would find a job.
    #[inline]
    pub fn has_job_for(&self, worker: usize) -> bool {
        !self.normal.is_empty()
            || self.has_taken(worker)
            || self.others.first() != EMPTY
            || self.affine.get(worker).is_some_and(|lane| lane.first() != EMPTY)
    }
}
