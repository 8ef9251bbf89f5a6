//! The script runner: its parts and its door.

use std::fmt;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use crossbeam::utils::CachePadded;

use super::admission::Admission;
use super::chunk::{Chunk, ChunkCache};
use super::crew::{self, Crew, Hooks, Task};
use super::guest::{Guest, Guests, Invitation, Wanted};
use super::inbox::Inbox;
use super::interrupt::Reason;
use super::job::{Callback, Limits, Request};
use super::kit::Kit;
use super::pending::Pending;
use super::recycle::Job;
use super::rescue::Rescue;
use super::shared::Shared;
use super::stack::hook;
use super::state_record::StateStats;
use super::tally::Tallies;
use super::watch::Watch;
use crate::actions::ActionQueue;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::foreign::Context;
use crate::sleepers::{Sleepers, WORKERS_MAX};
use crate::state_pool::StatePool;
use crate::sync::Mutex;
use crate::sys;
use crate::value;
use crate::waiters::Waiters;

/// Most states of one runner.
const STATES_MAX: u32 = 1 << 12;
/// Deepest bound on values: reading them uses the worker's stack.
const DEPTH_MAX: u32 = 1000;

/// Has the host's pool run a task.
pub type Submit = Box<dyn Fn(Task) + Send + Sync>;

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
    pub values: value::Limits,
    /// For jobs that bring none of their own.
    pub limits: Limits,
    /// How long handlers of `__close` may run after a job was interrupted.
    pub close_grace_ns: u64,
    /// When states collect, beside what Lua does by itself and while its worker is idle.
    pub gc: Collect,
}

/// After how much work a state collects all of its garbage.
#[derive(Clone, Copy, Debug)]
pub struct Collect {
    /// Jobs; `u32::MAX` = any number.
    pub every_jobs: u32,
    /// Bytes that it has grown by; `u64::MAX` = any number.
    pub every_bytes: u64,
}

impl Collect {
    /// When Lua thinks that it is time.
    pub const BY_ITSELF: Self = Self { every_jobs: u32::MAX, every_bytes: u64::MAX };
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
            && self.values.depth <= DEPTH_MAX
            && self.values.items > 0;
        if fits { Ok(self) } else { Err(Error::InvalidArgument) }
    }
}

/// A pool of workers that run Lua.
pub struct ScriptRunner {
    pub(super) shared: Arc<Shared>,
    /// The watch's thread.
    pub(super) watcher: Mutex<Option<JoinHandle<()>>>,
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
    /// Workers that were stuck and got a successor.
    pub workers_replaced: u64,
}

impl ScriptRunner {
    /// Makes the states and starts the workers. Results go to `actions`.
    pub fn new(
        config: Config,
        kit: Kit,
        hooks: Hooks,
        submit: Option<Submit>,
        actions: Arc<ActionQueue>,
    ) -> Result<Self> {
        let config = config.checked()?;
        let states = config.states as usize;
        let is_summoned = submit.is_some();
        let inbox =
            Inbox::new(config.workers as usize, config.workers.min(config.states) as usize)?;
        let pool = StatePool::with_room_for(states)?;
        let shared = Arc::new_cyclic(|shared: &Weak<Shared>| Shared {
            inbox,
            sleepers: match submit {
                None => Sleepers::new(config.workers),
                Some(submit) => {
                    let shared = shared.clone();
                    let summon = move |number| {
                        if let Some(shared) = shared.upgrade() {
                            submit(Task::new(shared, number));
                        }
                    };
                    Sleepers::summoned(config.workers, Box::new(summon))
                }
            },
            is_summoned,
            admission: Admission::new(config.job_capacity.into()),
            pending: Pending::new(config.job_capacity.into()),
            leavers: Waiters::default(),
            guests: Guests::default(),
            tallies: Tallies::new(config.workers),
            pool,
            has_to_share: config.states < config.workers,
            actions,
            spin_ns: u64::from(config.spin_us) * 1000,
            records: (0..states).map(|_| CachePadded::default()).collect(),
            gc: config.gc,
            step: hook::step_without_signal(),
            limits: config.limits,
            close_grace_ns: config.close_grace_ns,
            watch: Watch::new(config.workers),
            crew: Crew::new(config.workers, hooks),
            values: config.values,
            kit,
            chunks: ChunkCache::new(config.chunk_cache),
        });
        for record in &shared.records {
            let state = shared.new_state()?;
            record.measured(state.used_bytes());
            shared.pool.add(state);
        }
        let runner = Self { shared, watcher: Mutex::new(None), config };
        // On failure the drop ends the workers that were started.
        runner.start().map(|()| runner)
    }

    fn start(&self) -> Result<()> {
        let shared = self.shared.clone();
        let watcher = crew::spawn("sl-watch", move || {
            shared.crew.joins();
            shared.watch.run(&Rescue::new(shared.clone()));
            shared.crew.leaves();
        })?;
        *self.watcher.lock() = Some(watcher);
        if self.shared.is_summoned {
            return Ok(());
        }
        for number in 0..self.config.workers as usize {
            crew::start_worker(&self.shared, number, self.shared.watch.seat(number))?;
        }
        Ok(())
    }

    /// The chunk of this name and source, for a request.
    #[inline]
    pub fn chunk(&self, name: &[u8], source: &[u8]) -> Result<Arc<Chunk>> {
        self.shared.chunks.intern(name, source)
    }

    /// The bounds on arguments.
    pub fn value_limits(&self) -> value::Limits {
        self.config.values
    }

    /// How far a job may go that brings no limits of its own.
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
        shared.put(job);
        Ok(id)
    }

    /// What a guest brings its jobs with.
    pub fn invitation(&self) -> Invitation {
        Invitation(Arc::downgrade(&self.shared))
    }

    /// From now on the guest is told when jobs are cancelled, and the end.
    pub fn welcome(&self, guest: Weak<dyn Guest>) {
        self.shared.guests.add(guest);
    }

    /// Cancels all jobs that are wanted, wherever they are; gives their number.
    pub fn cancel(&self, wanted: Wanted) -> u64 {
        let shared = &*self.shared;
        let guests = shared.guests.cancel(wanted);
        let is_wanted = |id, owner| wanted.means(id, owner);
        let waiting = shared.inbox.extract(|job| !job.is_guests() && is_wanted(job.id, job.owner));
        let count = waiting.len() as u64;
        if count > 0 {
            shared.watch.bury(waiting, Reason::Cancelled);
        }
        let running = shared.watch.ask(Reason::Cancelled, is_wanted);
        if running > 0 {
            shared.pool.hurry();
        }
        guests + count + running
    }

    /// Whether the calling thread is one of ours.
    pub fn is_worker(&self) -> bool {
        self.shared.crew.has_me()
    }

    /// How the state with this number stands.
    pub fn state_stats(&self, number: u32) -> Result<StateStats> {
        let record = self.shared.records.get(number as usize);
        record.map(|record| record.stats()).ok_or(Error::NotFound)
    }

    /// How the runner stands; the sums hold at every moment.
    pub fn stats(&self) -> Stats {
        let shared = &*self.shared;
        let sums = shared.tallies.sums();
        // Later than the sums: whatever is counted there was accepted before.
        let accepted = shared.admission.accepted();
        let delivered = sums.ok + sums.failed;
        // More may have been started since the others were counted: workers hold one job each,
        // and so does the watch.
        let workers = u64::from(self.config.workers);
        let running = (sums.started - delivered).min(workers + 1);
        Stats {
            accepted,
            delivered,
            queued: accepted - delivered - running,
            running,
            refused: shared.admission.refused(),
            ok: sums.ok,
            failed: sums.failed,
            chunk_hits: sums.hits,
            chunk_misses: sums.misses,
            workers,
            states: self.config.states.into(),
            lua_bytes: shared.records.iter().map(|record| record.bytes()).sum(),
            queue_high_water: shared.admission.high_water(),
            workers_replaced: sums.written_off,
        }
    }
}

impl Drop for ScriptRunner {
    fn drop(&mut self) {
        // Refused only to a worker that was left behind: all others have ended by then.
        let _ended = self.end();
    }
}
