//! Post and dispatch through crossbeam's `ArrayQueue`: the same three measurements as
//! `bench/post_dispatch.cpp` makes of the other contenders, line for line.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;

use crossbeam::queue::ArrayQueue;

use crate::clock::{Stopwatch, now_ns, sleep_until};

/// Counts what was dispatched, so that a lost or doubled item cannot pass. Only the consumer
/// touches it: plain loads and stores to the machine, atomic so that the compiler agrees.
#[derive(Default)]
struct Tally {
    count: AtomicU64,
    sum: AtomicU64,
}

impl Tally {
    fn add(&self, value: u64) {
        self.count.store(self.count() + 1, Ordering::Relaxed);
        self.sum.store(self.sum.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn verify(&self, items: u64) {
        assert_eq!(self.count(), items, "items were lost or doubled");
        let sum = (0..items).fold(0, |sum: u64, value| sum.wrapping_add(value));
        assert_eq!(self.sum.load(Ordering::Relaxed), sum, "items were changed");
    }
}

/// 64 bytes that begin with the callback's context.
#[derive(Clone, Copy)]
#[repr(C)]
struct Payload<'a> {
    tally: &'a Tally,
    value: u64,
    rest: [u64; 6],
}

#[derive(Clone, Copy)]
struct Item<'a> {
    run: fn(&Payload),
    payload: Payload<'a>,
}

fn dispatch(payload: &Payload) {
    payload.tally.add(payload.value);
}

struct Inbox<'a> {
    queue: ArrayQueue<Item<'a>>,
    tally: &'a Tally,
}

impl<'a> Inbox<'a> {
    fn new(capacity: u32, tally: &'a Tally) -> Self {
        Inbox { queue: ArrayQueue::new(capacity as usize), tally }
    }

    fn post(&self, value: u64) {
        let payload = Payload { tally: self.tally, value, rest: [value; 6] };
        let mut item = Item { run: dispatch, payload };
        while let Err(refused) = self.queue.push(item) {
            item = refused;
            thread::yield_now();
        }
    }

    fn drain(&self) {
        while let Some(item) = self.queue.pop() {
            (item.run)(&item.payload);
        }
    }
}

/// Wall time per item, all producers posting as fast as they can into a consumer that polls.
/// `place_consumer` is called by the consumer's thread once the producers have been started.
#[unsafe(no_mangle)]
pub extern "C" fn peers_array_queue_tight(
    producers: u32,
    items: u64,
    capacity: u32,
    place_consumer: extern "C" fn(),
) -> f64 {
    let tally = Tally::default();
    let inbox = Inbox::new(capacity, &tally);
    let started = AtomicBool::new(false);
    let share = items / u64::from(producers);
    let elapsed = thread::scope(|scope| {
        for producer in 0..u64::from(producers) {
            let (inbox, started) = (&inbox, &started);
            scope.spawn(move || {
                while !started.load(Ordering::Acquire) {
                    thread::yield_now();
                }
                for value in producer * share..(producer + 1) * share {
                    inbox.post(value);
                }
            });
        }
        place_consumer();
        let start = now_ns();
        started.store(true, Ordering::Release);
        while tally.count() < share * u64::from(producers) {
            inbox.drain();
        }
        now_ns() - start
    });
    tally.verify(share * u64::from(producers));
    elapsed as f64 / (share * u64::from(producers)) as f64
}

/// The frame that producers wait for: its number, and how to hear of the next.
#[derive(Default)]
struct Frames {
    number: Mutex<u64>,
    next: Condvar,
}

impl Frames {
    fn begin(&self) {
        *self.number.lock().expect("no holder panics") += 1;
        self.next.notify_all();
    }

    fn wait_for(&self, number: u64) {
        let mut current = self.number.lock().expect("no holder panics");
        while *current < number {
            current = self.next.wait(current).expect("no holder panics");
        }
    }
}

/// CPU time per item when each frame posts `per_frame` items and drains once, at its end.
#[unsafe(no_mangle)]
pub extern "C" fn peers_array_queue_frames(
    producers: u32,
    frames: u64,
    per_frame: u64,
    capacity: u32,
) -> f64 {
    let tally = Tally::default();
    let inbox = Inbox::new(capacity, &tally);
    let gate = Frames::default();
    let burst = per_frame / u64::from(producers);
    let items = burst * u64::from(producers) * frames;
    let post = |producer: u64| {
        let mut posting_ns = 0;
        for frame in 0..frames {
            gate.wait_for(frame + 1);
            let first = (frame * u64::from(producers) + producer) * burst;
            let watch = Stopwatch::start();
            for value in first..first + burst {
                inbox.post(value);
            }
            posting_ns += watch.elapsed_ns();
        }
        posting_ns
    };
    let post = &post;
    let cpu_ns = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..u64::from(producers)).map(|p| scope.spawn(move || post(p))).collect();
        let mut draining_ns = 0;
        let mut deadline = now_ns();
        let mut frame = 0;
        while tally.count() < items {
            if frame < frames {
                gate.begin();
            }
            frame += 1;
            deadline += 1_000_000;
            sleep_until(deadline);
            let watch = Stopwatch::start();
            inbox.drain();
            draining_ns += watch.elapsed_ns();
        }
        let posting_ns = threads.into_iter().map(|thread| thread.join().expect("it cannot panic"));
        draining_ns + posting_ns.sum::<u64>()
    });
    tally.verify(items);
    cpu_ns as f64 / items as f64
}

/// Wall time per post in bursts of 100 into a queue that is drained, untimed, after each.
///
/// # Safety
///
/// `out_ns` is valid for `bursts` writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_array_queue_bursts(bursts: usize, capacity: u32, out_ns: *mut f64) {
    // SAFETY: as the caller promised.
    let out = unsafe { std::slice::from_raw_parts_mut(out_ns, bursts) };
    let tally = Tally::default();
    let inbox = Inbox::new(capacity, &tally);
    for (burst, ns_per_post) in out.iter_mut().enumerate() {
        let first = burst as u64 * 100;
        let start = now_ns();
        for value in first..first + 100 {
            inbox.post(value);
        }
        *ns_per_post = (now_ns() - start) as f64 / 100.0;
        inbox.drain();
    }
    tally.verify(bursts as u64 * 100);
}
