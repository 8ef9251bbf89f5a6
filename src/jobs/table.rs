//! What a lock guards: handlers, jobs that have not ended, results that wait, and the counters.
//! Nothing here calls the host or drops what is the host's.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::job::{Cargo, Flag, Handler, Job, Outcome, Sink, Text};
use crate::error::{Error, Result};
use crate::script::guest::Wanted;

/// What is to be done, copied.
#[derive(Debug)]
pub struct Request<'a> {
    /// Which handler it is for.
    pub kind: &'a [u8],
    /// What the handler works on.
    pub input: Text,
    /// Whose it is.
    pub owner: u64,
    /// Lower numbers first.
    pub priority: u32,
}

/// Which results a poll takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// `None` = any.
    pub kind: Option<&'a [u8]>,
    /// `None` = anybody's.
    pub owner: Option<u64>,
}

impl Filter<'_> {
    fn takes(&self, job: &Job) -> bool {
        self.kind.is_none_or(|kind| kind == job.kind.bytes())
            && self.owner.is_none_or(|owner| owner == job.owner)
    }
}

/// Counters. At any moment `accepted = queued + running + ready + delivered`, and
/// `ready + delivered = ok + failed + cancelled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the C struct of the same fields says what each one is")]
pub struct Stats {
    pub accepted: u64,
    pub queued: u64,
    pub running: u64,
    pub ready: u64,
    pub delivered: u64,
    pub ok: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub refused: u64,
    pub high_water: u64,
}

/// Who does the jobs of a kind.
struct Registered {
    kind: Arc<Text>,
    handler: Handler,
}

struct Pending {
    owner: u64,
    sink: Option<Sink>,
    stage: Stage,
}

enum Stage {
    Queued(Box<Job>),
    Running(Arc<Flag>),
}

/// A job that was taken out of the queue: to be run, or to be cancelled.
pub struct Begun {
    pub job: Box<Job>,
    pub flag: Arc<Flag>,
}

/// What a cancellation has found.
pub enum Found {
    /// It waited for a worker, and is to be ended by whoever found it.
    Queued(Begun),
    /// It was asked to end.
    Running(u64),
}

/// All that is known of the jobs.
pub struct Table {
    kinds: HashMap<Box<[u8]>, Registered>,
    /// By id.
    pending: BTreeMap<u64, Pending>,
    /// In the order in which the jobs ended.
    ready: BTreeMap<u64, Box<Job>>,
    /// Jobs that have ended: the place of the next one in that order.
    pub ended: u64,
    /// Handlers that have not returned.
    pub busy: u64,
    pub closed: bool,
    /// Jobs that may be accepted and not delivered; `u64::MAX` = any number.
    capacity: u64,
    stats: Stats,
}

impl Table {
    pub fn new(capacity: u64) -> Self {
        Self {
            kinds: HashMap::new(),
            pending: BTreeMap::new(),
            ready: BTreeMap::new(),
            ended: 0,
            busy: 0,
            closed: false,
            capacity,
            stats: Stats::default(),
        }
    }

    /// Has jobs of a kind done by what `make` gives; gives back who did them before.
    pub fn register(
        &mut self,
        kind: &[u8],
        make: impl FnOnce() -> Handler,
    ) -> Result<Option<Handler>> {
        if self.closed {
            return Err(Error::Closed);
        }
        if let Some(known) = self.kinds.get_mut(kind) {
            return Ok(Some(std::mem::replace(&mut known.handler, make())));
        }
        let known = Registered { kind: Arc::new(kind.into()), handler: make() };
        self.kinds.insert(kind.into(), known);
        Ok(None)
    }

    /// Who does jobs of a kind.
    pub fn handler(&self, kind: &[u8]) -> Option<Handler> {
        self.kinds.get(kind).map(|known| known.handler.clone())
    }

    fn undelivered(&self) -> u64 {
        self.stats.accepted - self.stats.delivered
    }

    /// Whether one more job may come in. `place` is asked last for one among the workers, if
    /// there is a handler, and gives it for good.
    pub fn admit<T>(
        &mut self,
        kind: &[u8],
        place: impl FnOnce() -> Result<T>,
    ) -> Result<(Arc<Text>, Option<T>)> {
        let admitted = if self.closed {
            Err(Error::Closed)
        } else if self.undelivered() >= self.capacity {
            Err(Error::Full)
        } else {
            match self.kinds.get(kind) {
                Some(known) => place().map(|place| (known.kind.clone(), Some(place))),
                None => Ok((Arc::new(kind.into()), None)),
            }
        };
        self.stats.refused += u64::from(admitted.is_err());
        admitted
    }

    /// Takes an admitted job in and numbers it.
    pub fn insert(&mut self, kind: Arc<Text>, request: Request<'_>, cargo: Cargo, now: u64) -> u64 {
        self.stats.accepted += 1;
        self.stats.queued += 1;
        self.stats.high_water = self.stats.high_water.max(self.undelivered());
        let id = self.stats.accepted;
        let job = Box::new(Job {
            id,
            owner: request.owner,
            kind,
            input: request.input,
            payload: cargo.payload,
            outcome: Outcome::Ok,
            output: Text::default(),
            aux: [0; 4],
            wait_ns: now,
            run_ns: 0,
        });
        let (owner, sink) = (request.owner, cargo.sink);
        self.pending.insert(id, Pending { owner, sink, stage: Stage::Queued(job) });
        id
    }

    /// Takes a job out of the queue. `None` when it was cancelled before.
    pub fn begin(&mut self, id: u64) -> Option<Begun> {
        let pending = self.pending.get_mut(&id)?;
        let flag = Arc::new(Flag::default());
        match std::mem::replace(&mut pending.stage, Stage::Running(flag.clone())) {
            Stage::Queued(job) => {
                self.stats.queued -= 1;
                self.stats.running += 1;
                Some(Begun { job, flag })
            }
            running @ Stage::Running(_) => {
                pending.stage = running;
                None
            }
        }
    }

    /// A job has ended. Gives it back with its sink if it has one, else keeps it for a poll.
    pub fn end(&mut self, job: Box<Job>) -> Option<(Box<Job>, Sink)> {
        let pending = self.pending.remove(&job.id).expect("what has begun ends once");
        let stats = &mut self.stats;
        stats.running -= 1;
        *match job.outcome {
            Outcome::Ok => &mut stats.ok,
            Outcome::Failed => &mut stats.failed,
            Outcome::Cancelled => &mut stats.cancelled,
        } += 1;
        self.ended += 1;
        if let Some(sink) = pending.sink {
            stats.delivered += 1;
            return Some((job, sink));
        }
        self.ready.insert(self.ended, job);
        None
    }

    /// Cancels the first job from `from` to the last one `until` that is wanted.
    pub fn cancel_next(&mut self, wanted: Wanted, from: u64, until: u64) -> Option<Found> {
        let mut ids = self.pending.range(from..=until);
        let id = *ids.find(|(id, pending)| wanted.means(**id, pending.owner))?.0;
        if let Some(begun) = self.begin(id) {
            begun.flag.cancel();
            return Some(Found::Queued(begun));
        }
        if let Some(Pending { stage: Stage::Running(flag), .. }) = self.pending.get(&id) {
            flag.cancel();
        }
        Some(Found::Running(id))
    }

    /// The last id.
    pub fn last(&self) -> u64 {
        self.stats.accepted
    }

    /// Takes the first result within a part of the order of their ends; says where it was.
    pub fn take(&mut self, filter: &Filter<'_>, places: Range<u64>) -> Option<(u64, Box<Job>)> {
        let place = *self.ready.range(places).find(|(_, job)| filter.takes(job))?.0;
        self.stats.delivered += 1;
        self.ready.remove(&place).map(|job| (place, job))
    }

    /// Whether a job has not ended.
    pub fn is_pending(&self, id: u64) -> bool {
        self.pending.contains_key(&id)
    }

    /// Empties it of what is the host's, to be dropped without the lock.
    pub fn clear(&mut self) -> impl Sized + use<> {
        self.stats.delivered += self.ready.len() as u64;
        (std::mem::take(&mut self.ready), std::mem::take(&mut self.kinds))
    }

    pub fn stats(&self) -> Stats {
        Stats { ready: self.ready.len() as u64, ..self.stats }
    }
}
