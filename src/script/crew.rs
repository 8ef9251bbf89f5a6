//! The threads of a runner: who they are, and whether all have done their work.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam::utils::CachePadded;

use super::seat::Seat;
use super::shared::Shared;
use super::worker::Worker;
use crate::error::Result;
use crate::log::{self, Level};
use crate::parker::Parker;
use crate::sync::Mutex;
use crate::sys;

/// Lua's own nesting of C calls fits several times over.
const STACK_BYTES: usize = 4 << 20;

/// What the host does on a worker's thread; gets the worker's number.
pub type ThreadHook = Box<dyn Fn(u32) + Send + Sync>;

/// What the host does on each worker's thread.
#[derive(Default)]
pub struct Hooks {
    /// First.
    pub start: Option<ThreadHook>,
    /// Last.
    pub exit: Option<ThreadHook>,
}

/// The workers and the watch.
pub struct Crew {
    hooks: Hooks,
    /// To know them when they call.
    members: Mutex<Vec<u64>>,
    /// Workers that were started and have not done their work, and their threads.
    working: Mutex<Working>,
    /// Whoever waits for them.
    parker: Parker,
}

struct Working {
    /// How many. One that is written off hands its duty to its successor.
    count: usize,
    /// By worker; a thread that is written off is never waited for.
    threads: Vec<Option<JoinHandle<()>>>,
    /// Nobody begins any more.
    over: bool,
}

impl Crew {
    /// Nobody yet, of so many workers.
    pub fn new(workers: u32, hooks: Hooks) -> Self {
        let threads = (0..workers).map(|_| None).collect();
        let working = Mutex::new(Working { count: 0, threads, over: false });
        Self { hooks, members: Mutex::new(Vec::new()), working, parker: Parker::default() }
    }

    /// The calling thread is one of the crew.
    pub fn joins(&self) {
        self.members.lock().push(sys::thread_id());
    }

    /// The calling thread is about to end.
    pub fn leaves(&self) {
        let me = sys::thread_id();
        self.members.lock().retain(|&member| member != me);
    }

    /// Whether the calling thread is one of the crew.
    pub fn has_me(&self) -> bool {
        self.members.lock().contains(&sys::thread_id())
    }

    /// A task of the host's pool is about to work. False when the runner has ended.
    pub fn begins(&self) -> bool {
        let mut working = self.working.lock();
        if working.over {
            return false;
        }
        working.count += 1;
        true
    }

    /// A worker has nothing to do any more.
    pub fn is_done(&self) {
        self.working.lock().count -= 1;
        self.has_news();
    }

    /// Whoever waits looks again.
    pub fn has_news(&self) {
        self.parker.unpark();
    }

    /// Waits until all workers are done and nothing is left for them, and for their threads.
    pub fn wait(&self, is_over: impl Fn() -> bool) {
        loop {
            let mut working = self.working.lock();
            if working.count == 0 && is_over() {
                working.over = true;
                let threads = std::mem::take(&mut working.threads);
                drop(working);
                threads.into_iter().flatten().for_each(join);
                return;
            }
            drop(working);
            self.parker.park_until(None);
        }
    }
}

/// Starts a worker in place of number `number`, or of the one that was written off there.
pub fn start_worker(
    shared: &Arc<Shared>,
    number: usize,
    seat: Arc<CachePadded<Seat>>,
) -> Result<()> {
    let crew = &shared.crew;
    let succeeds = crew.working.lock().threads[number].take().is_some();
    let theirs = shared.clone();
    let thread = spawn(&format!("sl-worker-{number}"), move || {
        if let Some(start) = &theirs.crew.hooks.start {
            start(number as u32);
        }
        Worker::new(number, seat, theirs.clone()).run();
        if let Some(exit) = &theirs.crew.hooks.exit {
            exit(number as u32);
        }
    });
    let thread = thread?;
    let mut working = crew.working.lock();
    working.count += usize::from(!succeeds);
    match working.threads.get_mut(number) {
        Some(place) => *place = Some(thread),
        // A successor in a closed runner leaves at once: whoever waits for the workers may have
        // found that it was the last one.
        None => {
            drop(working);
            join(thread);
        }
    }
    Ok(())
}

fn join(thread: JoinHandle<()>) {
    if thread.join().is_err() {
        log::write(Level::Error, b"a worker panicked");
    }
}

/// What the host's pool runs, once: one worker, until there is nothing to do.
pub struct Task {
    shared: Arc<Shared>,
    number: usize,
}

impl Task {
    /// Worker `number` of this runner.
    pub fn new(shared: Arc<Shared>, number: usize) -> Self {
        Self { shared, number }
    }

    /// Works on the calling thread.
    pub fn run(self) {
        let Self { shared, number } = self;
        if !shared.crew.begins() {
            return;
        }
        Worker::new(number, shared.watch.seat(number), shared).run_task();
    }
}

/// Starts a thread of a runner's.
pub fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    crate::spawn::spawn(name, STACK_BYTES, body)
}
