//! Every interleaving of workers that fall asleep with jobs that arrive: no job waits beside a
//! sleeping worker.
#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicUsize, Ordering::AcqRel, Ordering::Acquire};
use loom::thread;
use scriptloop::sleepers::Sleepers;

struct Pool {
    jobs: AtomicUsize,
    sleepers: Sleepers,
}

impl Pool {
    fn new(workers: u32) -> Arc<Self> {
        Arc::new(Self { jobs: AtomicUsize::new(0), sleepers: Sleepers::new(workers) })
    }

    fn bring(&self, worker: Option<usize>) {
        self.jobs.fetch_add(1, AcqRel);
        self.sleepers.wake(worker);
    }

    /// Takes one job, sleeping until there is one.
    fn take(&self, worker: usize) {
        loop {
            let one_less = |jobs: usize| jobs.checked_sub(1);
            if self.jobs.fetch_update(AcqRel, Acquire, one_less).is_ok() {
                return;
            }
            self.sleepers.sleep(worker, || self.jobs.load(Acquire) != 0);
        }
    }
}

#[test]
fn a_job_wakes_a_worker_that_falls_asleep() {
    loom::model(|| {
        let pool = Pool::new(1);
        let worker = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.take(0)
        });
        pool.bring(None);
        worker.join().expect("no panic");
    });
}

#[test]
fn a_job_for_one_worker_wakes_that_one() {
    loom::model(|| {
        let pool = Pool::new(2);
        let worker = thread::spawn({
            let pool = Arc::clone(&pool);
            move || pool.take(1)
        });
        pool.bring(Some(1));
        worker.join().expect("no panic");
    });
}

#[test]
fn two_jobs_wake_two_workers() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let pool = Pool::new(2);
        let workers = [0, 1].map(|worker| {
            let pool = Arc::clone(&pool);
            thread::spawn(move || pool.take(worker))
        });
        pool.bring(None);
        pool.bring(None);
        for worker in workers {
            worker.join().expect("no panic");
        }
    });
}
