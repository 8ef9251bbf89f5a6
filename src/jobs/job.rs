//! A job: what is to be done, and what came of it. One box travels the whole way, from the submit
//! through a worker to whoever takes the result.

use std::sync::Arc;

use crate::error::Result;
use crate::foreign::{Context, Foreign};
use crate::parker::Parker;
use crate::sync::atomic::{AtomicBool, Ordering};

/// Bytes with a NUL behind them that does not count.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<u8>);

impl Text {
    /// A copy of `bytes`.
    pub fn copy(bytes: &[u8]) -> Result<Self> {
        let mut copy = Vec::new();
        copy.try_reserve_exact(bytes.len() + 1)?;
        copy.extend_from_slice(bytes);
        copy.push(0);
        Ok(Self(copy))
    }

    /// The bytes without the NUL.
    pub fn bytes(&self) -> &[u8] {
        // Nothing was allocated for no bytes, not even the NUL: a NUL of everybody's serves.
        self.0.split_last().map_or(&b"\0"[..0], |(_, bytes)| bytes)
    }

    /// To be changed where they are.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.split_last_mut().map_or(&mut [], |(_, bytes)| bytes)
    }
}

impl<T: Into<Vec<u8>>> From<T> for Text {
    fn from(text: T) -> Self {
        let mut bytes = text.into();
        bytes.push(0);
        Self(bytes)
    }
}

/// A piece of the host's memory that moves with a job and is never copied.
#[derive(Debug)]
pub struct Payload {
    /// Where it is.
    pub data: Context,
    /// Its length in bytes.
    pub data_size: usize,
    /// What its address is a multiple of; 0 = not said.
    pub alignment: usize,
    /// The length of one of its elements; 0 = not said.
    pub element_size: usize,
    /// Takes it back.
    pub owner: Foreign,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its handler gave a result.
    Ok,
    /// Its handler gave an error, or there was none of its kind.
    Failed,
    /// It was cancelled, or its end was: closed jobs are cancelled, too.
    Cancelled,
}

/// What goes with a job once it is accepted, and only then.
#[derive(Default)]
pub struct Cargo {
    /// The host's memory.
    pub payload: Option<Payload>,
    /// Gets the result instead of a poll.
    pub sink: Option<Sink>,
}

/// Takes a job's result, once, on the thread that ended the job, with nothing locked.
pub type Sink = Box<dyn FnOnce(Box<Job>) + Send>;

/// A job, and what has come of it so far.
#[derive(Debug)]
pub struct Job {
    /// From 1, in the order of the submits.
    pub id: u64,
    /// Whose it is.
    pub owner: u64,
    /// Which handler it is for.
    pub kind: Arc<Text>,
    /// What the handler works on.
    pub input: Text,
    /// Moves from the submitter to the handler and with the result to whoever takes that; the
    /// handler may take or replace it.
    pub payload: Option<Payload>,
    /// How it ended.
    pub outcome: Outcome,
    /// The result, or the error.
    pub output: Text,
    /// Numbers for the result.
    pub aux: [i64; 4],
    /// From submit to start; until the start, the time of the submit.
    pub wait_ns: u64,
    /// From start to end; until the end, the time of the start.
    pub run_ns: u64,
}

impl Job {
    /// The handler's result.
    pub fn succeed(&mut self, output: Text) {
        (self.outcome, self.output) = (Outcome::Ok, output);
    }

    /// The handler's error.
    pub fn fail(&mut self, error: Text) {
        (self.outcome, self.output) = (Outcome::Failed, error);
    }

    /// It ends without what its handler may have given.
    pub fn cancel(&mut self) {
        self.outcome = Outcome::Cancelled;
        self.output = "the job was cancelled".into();
        self.aux = [0; 4];
        self.settle();
    }

    /// A result that is no good has no payload: it is freed here, where nothing is locked.
    pub fn settle(&mut self) {
        if self.outcome != Outcome::Ok {
            drop(self.payload.take());
        }
    }

    pub(super) fn starts(&mut self, now: u64) {
        self.wait_ns = now.saturating_sub(self.wait_ns);
        self.run_ns = now;
    }

    pub(super) fn never_runs(&mut self, now: u64) {
        self.starts(now);
        self.ends(now);
    }

    pub(super) fn ends(&mut self, now: u64) {
        self.run_ns = now.saturating_sub(self.run_ns);
    }
}

/// Whether a job that runs was asked to end.
#[derive(Debug, Default)]
pub struct Flag {
    cancelled: AtomicBool,
    /// Its handler, if that waits.
    parker: Parker,
}

impl Flag {
    /// Asks it to end.
    pub fn cancel(&self) {
        // Release pairs with the Acquire below: whoever is told sees why.
        self.cancelled.store(true, Ordering::Release);
        self.parker.unpark();
    }

    /// Whether it was asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Waits until `deadline` or until it is asked to end. Only the handler's thread may.
    pub fn wait(&self, deadline: u64, now: impl Fn() -> u64) {
        while !self.is_cancelled() && now() < deadline {
            self.parker.park_until(Some(deadline));
        }
    }
}

/// A job in the hands of its handler.
#[derive(Debug)]
pub struct Run<'a> {
    /// What is to be done, and where the result goes.
    pub job: &'a mut Job,
    /// Whether it was asked to end.
    pub flag: &'a Flag,
}

/// Does the jobs of one kind, on worker threads, several at once. To give nothing is to succeed
/// with an empty result.
pub type Handler = Arc<dyn Fn(&mut Run<'_>) + Send + Sync>;
