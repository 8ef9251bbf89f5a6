//! Every interleaving of workers that go to sleep and jobs that come: no job ever waits beside a
//! worker that sleeps. Where one would, the model ends with all threads blocked, and says so.
#![cfg(loom)]

use std::collections::VecDeque;
use std::sync::Arc;

use loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use loom::thread;
use scriptloop::sleepers::Sleepers;
use scriptloop::sync::Mutex;

struct Shop {
    sleepers: Sleepers,
    jobs: Mutex<VecDeque<u32>>,
    closed: AtomicBool,
}

impl Shop {
    fn new(workers: u32) -> Arc<Self> {
        Arc::new(Self {
            sleepers: Sleepers::new(workers),
            jobs: Mutex::new(VecDeque::new()),
            closed: AtomicBool::new(false),
        })
    }

    fn enqueue(&self, job: u32) {
        self.jobs.lock().push_back(job);
        self.sleepers.wake(None);
    }

    fn take(&self) -> Option<u32> {
        self.jobs.lock().pop_front()
    }

    /// What a worker does until it has a job.
    fn wait(&self, worker: usize) -> u32 {
        loop {
            if let Some(job) = self.take() {
                return job;
            }
            self.sleepers.sleep(worker, || !self.jobs.lock().is_empty());
        }
    }
}

#[test]
fn a_worker_gets_every_job() {
    loom::model(|| {
        let shop = Shop::new(1);
        let worker = thread::spawn({
            let shop = Arc::clone(&shop);
            move || [shop.wait(0), shop.wait(0)]
        });
        shop.enqueue(1);
        shop.enqueue(2);
        assert_eq!(worker.join().expect("no panic"), [1, 2]);
    });
}

#[test]
fn a_job_does_not_wait_for_a_worker_that_is_busy_with_another() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let shop = Shop::new(2);
        // Each takes one job and is busy for ever after.
        let workers = [0, 1].map(|number| {
            let shop = Arc::clone(&shop);
            thread::spawn(move || shop.wait(number))
        });
        shop.enqueue(1);
        shop.enqueue(2);
        let sum: u32 = workers.map(|worker| worker.join().expect("no panic")).iter().sum();
        assert_eq!(sum, 3);
    });
}

#[test]
fn the_end_reaches_a_worker_that_is_about_to_sleep() {
    loom::model(|| {
        let shop = Shop::new(1);
        let worker = thread::spawn({
            let shop = Arc::clone(&shop);
            move || {
                while !shop.closed.load(Relaxed) {
                    shop.sleepers.sleep(0, || shop.closed.load(Relaxed));
                }
            }
        });
        shop.closed.store(true, Relaxed);
        shop.sleepers.wake_all();
        worker.join().expect("no panic");
    });
}
