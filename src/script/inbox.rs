//! Jobs that wait for a worker, lowest priority number first, in order within one.
//!
//! Nearly all jobs have normal priority and no affinity: they go through a ring that is filled
//! without a lock, and from which a worker takes a few at a time, so that short jobs do not pay
//! for the workers' meeting there. What a worker has taken so, an idle one may take from it
//! again: a long job holds up nobody.
//! All others wait in lanes under a mutex, whose first priority can be read without it: one for
//! the jobs that any worker may take, and one for each worker's affine jobs. A job never overtakes
//! an earlier one of its affinity key, not even a less urgent one.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::collections::{HashMap, VecDeque};

use crossbeam::utils::CachePadded;

use super::job::NORMAL;
use super::recycle::Job;
use crate::error::Result;
use crate::queue::lanes::Lanes;
use crate::queue::ring::{Bound, Consumer, Ring};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Jobs that a worker takes from the queue at once, at most.
const AT_ONCE: u64 = 8;

/// As the first priority of a lane: it is empty.
const EMPTY: u64 = u64::MAX;

/// All jobs of a runner that no worker has taken yet.
pub struct Inbox {
    normal: Ring<Job>,
    /// Whoever has it is the ring's consumer. There until the end.
    outlet: CachePadded<Mutex<Option<Outlet>>>,
    /// How many have left the ring and wait at the outlet; changes under its lock.
    aside: AtomicUsize,
    /// By worker: what it has taken from `normal` and not begun.
    taken: Box<[CachePadded<Taken>]>,
    others: Lane,
    affine: Box<[CachePadded<Lane>]>,
}

/// The end of the ring where jobs come out.
struct Outlet {
    ring: Consumer<Job>,
    /// Taken out of the ring by somebody who looked for jobs to cancel. Before those in the ring.
    aside: VecDeque<Job>,
}

impl Outlet {
    #[inline]
    fn pop(&mut self, ring: &Ring<Job>, aside: &AtomicUsize) -> Option<Job> {
        if self.aside.is_empty() {
            return self.ring.pop(ring);
        }
        let job = self.aside.pop_front();
        aside.store(self.aside.len(), Ordering::Release);
        job
    }
}

#[derive(Default)]
struct Taken {
    /// How many; changes under the lock.
    len: AtomicUsize,
    jobs: Mutex<VecDeque<Job>>,
}

impl Taken {
    #[inline]
    fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    #[inline]
    fn pop(&self) -> Option<Job> {
        if self.is_empty() {
            return None;
        }
        let mut jobs = self.jobs.lock();
        let job = jobs.pop_front();
        self.len.store(jobs.len(), Ordering::Release);
        job
    }

    fn extract(&self, wanted: impl FnMut(&Job) -> bool) -> Vec<Job> {
        let mut jobs = self.jobs.lock();
        let out = extract(&mut jobs, wanted);
        self.len.store(jobs.len(), Ordering::Release);
        out
    }
}

/// Takes out what is wanted, in order.
fn extract(jobs: &mut VecDeque<Job>, mut wanted: impl FnMut(&Job) -> bool) -> Vec<Job> {
    let (out, rest): (VecDeque<_>, _) =
        std::mem::take(jobs).into_iter().partition(|job| wanted(job));
    *jobs = rest;
    Vec::from(out)
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
        waiting.leaves(job.affinity());
        self.note_first(&waiting);
        Some(job)
    }

    fn extract(&self, wanted: impl FnMut(&Job) -> bool) -> Vec<Job> {
        let mut waiting = self.jobs.lock();
        let out = waiting.lanes.extract(wanted);
        for job in &out {
            waiting.leaves(job.affinity());
        }
        self.note_first(&waiting);
        out
    }
}

impl Waiting {
    /// One job of this key does not wait any more.
    fn leaves(&mut self, affinity: u64) {
        if let Some(key) = self.keys.get_mut(&affinity) {
            key.jobs -= 1;
            if key.jobs == 0 {
                self.keys.remove(&affinity);
            }
        }
    }
}

impl Inbox {
    /// No jobs, for so many workers. Jobs with an affinity are spread over the first `lanes`.
    pub fn new(workers: usize, lanes: usize) -> Result<Self> {
        let affine = (0..lanes).map(|_| CachePadded::new(Lane::new())).collect();
        let taken = (0..workers).map(|_| CachePadded::default()).collect();
        let normal = Ring::default();
        let outlet = Outlet { ring: normal.open(0)?, aside: VecDeque::new() };
        let outlet = CachePadded::new(Mutex::new(Some(outlet)));
        let aside = AtomicUsize::new(0);
        Ok(Self { normal, outlet, aside, taken, others: Lane::new(), affine })
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
            let mut job = Some(job);
            let make = || job.take().expect("a place is certain only once");
            let pushed = self.normal.push(Bound::Exceed, || true, make);
            debug_assert!(pushed.is_ok(), "open as long as there is an inbox");
        } else {
            self.others.push(priority, 0, job);
        }
        None
    }

    /// Takes the job that `worker` should run next. With `affine_first` its own jobs win over
    /// others of the same priority; a worker takes turns, so that neither kind starves.
    #[inline]
    pub fn take(&self, worker: usize, affine_first: bool) -> Option<Job> {
        loop {
            let affine = self.affine.get(worker).map_or(EMPTY, |lane| lane.first());
            let others = self.others.first();
            if affine == EMPTY && others == EMPTY {
                return self.take_normal(worker);
            }
            let firsts = (affine, others);
            if let Some(job) = self.take_in_order(worker, firsts, affine_first) {
                return Some(job);
            }
            // Another worker was faster; what the lanes hold now may be another job.
        }
    }

    #[inline]
    fn take_normal(&self, worker: usize) -> Option<Job> {
        self.taken[worker].pop().or_else(|| self.fetch_normal(worker))
    }

    /// From the queue, else from another worker.
    fn fetch_normal(&self, worker: usize) -> Option<Job> {
        if self.has_normal()
            && let Some(job) = self.fetch_some(worker)
        {
            return Some(job);
        }
        let others = self.taken.iter().cycle().skip(worker + 1).take(self.taken.len() - 1);
        others.filter_map(|other| other.pop()).next()
    }

    /// The oldest job in the queue; further ones, a fair share of what waits, are kept for later.
    fn fetch_some(&self, worker: usize) -> Option<Job> {
        let mut outlet = self.outlet.lock();
        let outlet = outlet.as_mut()?;
        let first = outlet.pop(&self.normal, &self.aside)?;
        let ready = outlet.ring.ready(&self.normal) + outlet.aside.len() as u64;
        let share = ready / (2 * self.taken.len() as u64);
        if share > 0 {
            let mine = &self.taken[worker];
            let mut jobs = mine.jobs.lock();
            let more = std::iter::from_fn(|| outlet.pop(&self.normal, &self.aside));
            jobs.extend(more.take(share.min(AT_ONCE - 1) as usize));
            mine.len.store(jobs.len(), Ordering::Release);
        }
        Some(first)
    }

    /// Takes from the best of the three places; at least one of the lanes had a job.
    fn take_in_order(
        &self,
        worker: usize,
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
        if normal_first && let Some(job) = self.take_normal(worker) {
            return Some(job);
        }
        if affine < others || affine == others && affine_first {
            return self.affine[worker].pop();
        }
        self.others.pop()
    }

    /// Whether `worker` has taken jobs that it has not begun.
    #[inline]
    pub fn has_taken(&self, worker: usize) -> bool {
        !self.taken[worker].is_empty()
    }

    /// Takes out all jobs that are `wanted`. One that is not here is with a worker, who said
    /// before it took the job that it looks for one.
    pub fn extract(&self, wanted: impl Fn(&Job) -> bool) -> Vec<Job> {
        let mut out = Vec::new();
        if let Some(outlet) = self.outlet.lock().as_mut() {
            // As long as the outlet is locked, nothing moves from here to the workers.
            while let Some(job) = outlet.ring.pop(&self.normal) {
                outlet.aside.push_back(job);
            }
            out.extend(extract(&mut outlet.aside, &wanted));
            self.aside.store(outlet.aside.len(), Ordering::Release);
            for taken in &self.taken {
                out.extend(taken.extract(&wanted));
            }
        }
        out.extend(self.others.extract(&wanted));
        for lane in &self.affine {
            out.extend(lane.extract(&wanted));
        }
        out
    }

    #[inline]
    fn has_normal(&self) -> bool {
        !self.normal.is_empty() || self.aside.load(Ordering::Acquire) != 0
    }

    /// Whether `worker` would find a job.
    #[inline]
    pub fn has_job_for(&self, worker: usize) -> bool {
        self.has_normal()
            || self.taken.iter().any(|taken| !taken.is_empty())
            || self.others.first() != EMPTY
            || self.affine.get(worker).is_some_and(|lane| lane.first() != EMPTY)
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        if let Some(outlet) = self.outlet.lock().take() {
            // The workers have ended all jobs.
            let left = outlet.ring.close(&self.normal);
            debug_assert!(
                left.is_empty() && outlet.aside.is_empty(),
                "each accepted job has a result"
            );
        }
    }
}
