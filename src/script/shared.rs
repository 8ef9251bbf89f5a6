//! What the workers, the watch and whoever enqueues share, and how a result is delivered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam::utils::CachePadded;

use super::admission::{Admission, Stage};
use super::chunk::{Chunk, ChunkCache, Place};
use super::crew::Crew;
use super::engine::Engine;
use super::guest::Guests;
use super::inbox::Inbox;
use super::interrupt::Reason;
use super::job::{Limits, Outcome};
use super::kit::Kit;
use super::lua_state::LuaState;
use super::pending::Pending;
use super::recycle::Job;
use super::runner::Collect;
use super::state_record::StateRecord;
use super::tally::{Tallies, Tally};
use super::watch::Watch;
use crate::actions::{Action, ActionQueue, Body, SCRIPT_RESULT};
use crate::error::Result;
use crate::log::{self, Level};
use crate::sleepers::Sleepers;
use crate::state_pool::StatePool;
use crate::sync::atomic::{Ordering, fence};
use crate::value::{self, Builder};
use crate::waiters::Waiters;

/// What the workers, the watch and whoever enqueues share.
pub struct Shared {
    pub(super) inbox: Inbox,
    pub(super) sleepers: Sleepers,
    pub(super) admission: Admission,
    pub(super) pending: Pending,
    /// Whoever waits until all accepted jobs have ended.
    pub(super) leavers: Waiters,
    pub(super) guests: Guests,
    pub(super) tallies: Tallies,
    pub(super) pool: StatePool<LuaState>,
    /// Fewer states than workers: no worker keeps one that another waits for.
    pub(super) has_to_share: bool,
    pub(super) actions: Arc<ActionQueue>,
    pub(super) spin_ns: u64,
    /// By state.
    pub(super) records: Box<[CachePadded<StateRecord>]>,
    /// Workers are tasks of the host's pool.
    pub(super) is_summoned: bool,
    pub(super) gc: Collect,
    /// How often the hook looks when nothing else asks for it, 0 = not at all. A copy: what is
    /// global may share a cache line with something that is written all the time.
    pub(super) step: u32,
    pub(super) limits: Limits,
    pub(super) close_grace_ns: u64,
    pub(super) watch: Watch,
    pub(super) crew: Crew,
    pub(super) values: value::Limits,
    pub(super) kit: Kit,
    pub(super) chunks: ChunkCache,
}

/// Whether the host's code ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// It did.
    Host,
    /// It did not.
    Nobody,
}

impl Shared {
    pub(super) fn new_state(&self) -> Result<LuaState> {
        let engine = Engine::new(self.actions.clone(), self.values);
        LuaState::new(engine, Builder::new(self.values), &self.kit)
    }

    /// Puts a new state in the place of number `number`. Without memory for it, the old one stays.
    pub(super) fn renew(&self, number: usize, state: &mut LuaState) {
        match self.new_state() {
            Ok(new) => {
                *state = new;
                self.records[number].replaced();
                let text = format!("state {number} is replaced: its globals took its memory");
                log::write(Level::Warn, text.as_bytes());
            }
            Err(_) => log::write(Level::Error, b"no memory for a new Lua state"),
        }
    }

    /// The chunk that has this place, unless it was forgotten.
    pub(super) fn chunk_at(&self, place: Place) -> Option<Arc<Chunk>> {
        self.chunks.at(place)
    }

    /// Ends all jobs that wait for a worker: the runner is closed.
    pub(super) fn bury_all(&self) {
        self.watch.bury(self.inbox.extract(|_| true), Reason::Closed);
    }

    /// Puts a job in that was admitted.
    #[inline]
    pub(super) fn put(&self, job: Job) {
        let worker = self.inbox.push(job);
        self.sleepers.wake(worker);
        // The fence in `wake` stands between the job and this look: `close` has found the job,
        // or is found here.
        if self.admission.is_closed() {
            self.bury_all();
        }
    }

    /// Whether no job comes in any more, and the results of all that did are there.
    pub(super) fn has_ended(&self) -> bool {
        self.admission.has_ended(&self.tallies)
    }

    /// The same as `tell_leavers`, for a worker that looks at the stage again before it sleeps.
    /// Costs one load as long as jobs come in.
    #[inline]
    pub(super) fn note_end(&self) {
        if self.admission.stage() != Stage::Open {
            self.tell_leavers();
        }
    }

    /// Tells those who wait for the last job, if that was it. Whoever has ended jobs calls this
    /// before it rests.
    #[cold]
    pub(super) fn tell_leavers(&self) {
        // Pairs with those of `Admission::drain` and `Waiters::wait`, and with that of another
        // who has ended a job just now: one of us sees them all.
        fence(Ordering::SeqCst);
        if self.has_ended() {
            self.leavers.wake_all();
        }
    }

    /// Exactly one result for each job. It is counted first, so that whoever has it finds it
    /// counted.
    pub(super) fn deliver(&self, tally: &Tally, mut job: Job) -> Called {
        tally.job_ended(job.outcome == Outcome::Ok);
        let (id, delivery) = (job.id, job.delivery());
        let called = Self::call_back(&mut job);
        if delivery.wants_action() {
            self.pending.hand_over(id);
            self.actions.push_always(Action {
                id: job.id,
                owner: job.owner,
                context: job.context,
                kind: SCRIPT_RESULT,
                success: job.outcome == Outcome::Ok,
                body: Body::Script(job),
            });
        }
        self.pending.remove(id);
        tally.job_finished();
        called
    }

    /// Calls what is to be called with the job, or drops it unheard.
    pub(super) fn call_back(job: &mut Job) -> Called {
        let Some(callback) = job.take_callback() else { return Called::Nobody };
        let wanted = job.delivery().wants_callback();
        // Also the drop of what it owns is the host's code.
        let returned = catch_unwind(AssertUnwindSafe(|| {
            if wanted {
                callback(job);
            } else {
                drop(callback);
            }
        }));
        if returned.is_err() {
            log::write(Level::Error, b"a result's callback panicked");
        }
        Called::Host
    }
}
