//! The script runner: its parts, its door and its end.

use std::fmt;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::admission::Admission;
use super::chunk::{Chunk, ChunkCache};
use super::engine::Engine;
use super::inbox::Inbox;
use super::job::{Callback, Request};
use super::lua_state::LuaState;
use super::recycle::Job;
use super::tally::Tallies;
use super::worker::Worker;
use crate::actions::ActionQueue;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::foreign::Context;
use crate::log::{self, Level};
use crate::sleepers::{Sleepers, WORKERS_MAX};
use crate::state_pool::StatePool;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sys;
use crate::value::{Builder, Limits};

/// Most states of one runner.
const STATES_MAX: u32 = 1 << 12;
/// Deepest bound on values: reading them uses the worker's stack.
const DEPTH_MAX: u32 = 1000;
/// Lua's own nesting of C calls fits several times over.
const STACK_BYTES: usize = 4 << 20;

/// How a runner is made; C's defaults stand in `ffi`.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// 0 = one less than there are processors, but at least one.
    pub workers: u32,
    /// 0 = one more than workers.
    pub states: u32,
    /// Jobs accepted that have not ended.
    pub job_capacity: u32,
    /// Chunks that each state keeps compiled.
    pub chunk_cache: u32,
    /// Longest spin of a worker before it sleeps.
    pub spin_us: u32,
    /// For arguments, results and posted data.
    pub limits: Limits,
}

impl Config {
    fn checked(mut self) -> Result<Self> {
        if self.workers == 0 {
            let processors = sys::usable_processors();
            self.workers = (processors as u32).saturating_sub(1).clamp(1, WORKERS_MAX);
        }
        if self.states == 0 {
            self.states = self.workers + 1;
        }
        let fits = self.workers <= WORKERS_MAX
            && self.states <= STATES_MAX
            && self.job_capacity > 0
            && self.limits.depth <= DEPTH_MAX
            && self.limits.items > 0;
        if fits { Ok(self) } else { Err(Error::InvalidArgument) }
    }
}

/// What the workers and whoever enqueues share.
pub struct Shared {
    pub(super) inbox: Inbox,
    pub(super) sleepers: Sleepers,
    pub(super) admission: Admission,
    pub(super) tallies: Tallies,
    pub(super) pool: StatePool<LuaState>,
    /// Fewer states than workers: no worker keeps one that another waits for.
    pub(super) has_to_share: bool,
    pub(super) actions: Arc<ActionQueue>,
    pub(super) spin_ns: u64,
    /// By state: its size when it was looked at last.
    pub(super) lua_bytes: Box<[AtomicU64]>,
    /// Who the workers are, to know them when they call.
    pub(super) worker_threads: Mutex<Vec<u64>>,
    chunks: ChunkCache,
}

/// A pool of workers that run Lua.
pub struct ScriptRunner {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    config: Config,
}

impl fmt::Debug for ScriptRunner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ScriptRunner").field("config", &self.config).finish_non_exhaustive()
    }
}

/// How a runner stands: accepted = delivered + queued + running.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// Jobs let in.
    pub accepted: u64,
    /// Results, of all outcomes.
    pub delivered: u64,
    /// Jobs that no worker has taken yet.
    pub queued: u64,
    /// Jobs that a worker has taken and not ended.
    pub running: u64,
    /// Jobs sent away.
    pub refused: u64,
    /// Results with the outcome Ok.
    pub ok: u64,
    /// All other results.
    pub failed: u64,
    /// Jobs whose chunk had been compiled before.
    pub chunk_hits: u64,
    /// Jobs whose chunk had to be compiled.
    pub chunk_misses: u64,
    /// Worker threads.
    pub workers: u64,
    /// Lua states.
    pub states: u64,
    /// Their size when it was looked at last.
    pub lua_bytes: u64,
    /// Most jobs that ever waited at once.
    pub queue_high_water: u64,
}

impl ScriptRunner {
    /// Makes the states and starts the workers. Results go to `actions`.
    pub fn new(config: Config, actions: Arc<ActionQueue>) -> Result<Self> {
        let config = config.checked()?;
        let mut states = Vec::new();
        let mut lua_bytes = Vec::new();
        for _ in 0..config.states {
            let engine = Engine::new(actions.clone(), config.limits);
            let state = LuaState::new(engine, Builder::new(config.limits))?;
            lua_bytes.push(AtomicU64::new(state.used_bytes() as u64));
            states.push(state);
        }
        let shared = Arc::new(Shared {
            inbox: Inbox::new(config.workers as usize, config.workers.min(config.states) as usize),
            sleepers: Sleepers::new(config.workers),
            admission: Admission::new(config.job_capacity.into()),
            tallies: Tallies::new(config.workers),
            pool: StatePool::new(states),
            has_to_share: config.states < config.workers,
            actions,
            spin_ns: u64::from(config.spin_us) * 1000,
            lua_bytes: lua_bytes.into(),
            worker_threads: Mutex::new(Vec::new()),
            chunks: ChunkCache::new(config.chunk_cache),
        });
        let runner = Self { shared, threads: Mutex::new(Vec::new()), config };
        // On failure the drop ends the workers that were started.
        runner.start().map(|()| runner)
    }

    fn start(&self) -> Result<()> {
        let _signals_stay_with_the_host = sys::block_signals();
        for number in 0..self.config.workers as usize {
            let shared = self.shared.clone();
            let thread = thread::Builder::new()
                .name(format!("sl-worker-{number}"))
                .stack_size(STACK_BYTES)
                .spawn(move || Worker::new(number, shared).run());
            match thread {
                Ok(thread) => self.threads.lock().push(thread),
                Err(error) => {
                    let text = format!("cannot start worker {number}: {error}");
                    log::write(Level::Error, text.as_bytes());
                    return Err(Error::System);
                }
            }
        }
        Ok(())
    }

    /// The chunk of this name and source, for a request.
    #[inline]
    pub fn chunk(&self, name: &[u8], source: &[u8]) -> Arc<Chunk> {
        self.shared.chunks.intern(name, source)
    }

    /// The bounds on arguments.
    pub fn limits(&self) -> Limits {
        self.config.limits
    }

    /// Where results go.
    pub fn actions(&self) -> &Arc<ActionQueue> {
        &self.shared.actions
    }

    /// Queues a job and numbers it. `callback` is only made for a job that is accepted.
    #[inline]
    pub fn enqueue(
        &self,
        owner: u64,
        context: Context,
        mut request: Request,
        callback: impl FnOnce() -> Option<Callback>,
    ) -> Result<u64> {
        let shared = &*self.shared;
        let id = shared.admission.admit(&shared.tallies)?;
        request.callback = callback();
        let mut job = Job::new(id, owner, context, Some(request));
        job.wait_ns = monotonic_ns();
        let worker = shared.inbox.push(job);
        shared.sleepers.wake(worker);
        Ok(id)
    }

    /// Whether the calling thread is one of the workers.
    pub fn is_worker(&self) -> bool {
        self.shared.worker_threads.lock().contains(&sys::thread_id())
    }

    /// Accepts no more jobs, ends those that wait as closed, lets those that run finish, and
    /// waits for the workers.
    pub fn close(&self) -> Result<()> {
        if self.is_worker() {
            return Err(Error::WouldDeadlock);
        }
        if !self.shared.admission.close() {
            return Err(Error::Closed);
        }
        // Workers that wait for a state give up; idle ones look whether there is work left.
        self.shared.pool.close()?;
        self.shared.sleepers.wake_all();
        let threads = std::mem::take(&mut *self.threads.lock());
        for thread in threads {
            if thread.join().is_err() {
                log::write(Level::Error, b"a worker panicked");
            }
        }
        // The system may give their names to other threads.
        self.shared.worker_threads.lock().clear();
        Ok(())
    }

    /// How the runner stands; the sums hold at every moment.
    pub fn stats(&self) -> Stats {
        let shared = &*self.shared;
        let sums = shared.tallies.sums();
        // Later than the sums: whatever is counted there was accepted before.
        let accepted = shared.admission.accepted();
        let delivered = sums.ok + sums.failed;
        Stats {
            accepted,
            delivered,
            queued: accepted - sums.started,
            running: sums.started - delivered,
            refused: shared.admission.refused(),
            ok: sums.ok,
            failed: sums.failed,
            chunk_hits: sums.hits,
            chunk_misses: sums.misses,
            workers: self.config.workers.into(),
            states: self.config.states.into(),
            lua_bytes: shared.lua_bytes.iter().map(|size| size.load(Ordering::Relaxed)).sum(),
            queue_high_water: shared.admission.high_water(),
        }
    }
}

impl Drop for ScriptRunner {
    fn drop(&mut self) {
        // An error means that it is closed already.
        let _closed = self.close();
    }
}
