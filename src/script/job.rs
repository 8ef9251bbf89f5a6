//! A job: what is to be run, and what came of it.
//!
//! One box travels the whole way, from the host's enqueue through a worker to whoever frees the
//! result, which is the thread that enqueued it as a rule: the allocator likes that.

use std::fmt;
use std::sync::Arc;

use super::chunk::{Chunk, Place};
use crate::foreign::Context;
use crate::value::{Value, Values, View};

/// The priority of nearly all jobs: `SL_PRIORITY_NORMAL`.
pub const NORMAL: u32 = 100;

/// How a job ended; the numbers are C's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Outcome {
    /// It ran to its end and all results could be converted.
    Ok = 0,
    /// The source is not a chunk of Lua.
    LoadError = 1,
    /// It raised an error.
    ScriptError = 2,
    /// It ran longer than it was allowed to.
    Timeout = 3,
    /// It needed more memory than there was.
    Memory = 4,
    /// It was cancelled.
    Cancelled = 5,
    /// No state became free in time.
    NoState = 6,
    /// The runner was closed before its turn came.
    Closed = 7,
    /// An argument or a result could not be converted.
    ValueError = 8,
    /// It used up its instructions.
    Instructions = 9,
}

/// Where a result goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Into the action queue.
    Action,
    /// To the job's callback, on the worker.
    Worker,
    /// To the callback first, then into the action queue.
    Both,
    /// Nowhere; it is only counted.
    None,
}

impl Delivery {
    /// Whether an action is made.
    pub fn wants_action(self) -> bool {
        matches!(self, Self::Action | Self::Both)
    }

    /// Whether the callback is called.
    pub fn wants_callback(self) -> bool {
        matches!(self, Self::Worker | Self::Both)
    }
}

/// What to run when the result is there, on the worker. What it owns is dropped with it.
pub type Callback = Box<dyn FnOnce(&ScriptResult) + Send>;

/// What a worker runs. While it does, it has this to itself: the rest of the job may be taken
/// away from it.
pub struct Work {
    /// The chunk. A worker whose state has its function does not touch it.
    pub chunk: Arc<Chunk>,
    /// What few jobs bring.
    pub input: Option<Box<Input>>,
}

/// What few jobs bring: in a box, so that the others do not carry it.
pub struct Input {
    /// What the chunk gets as `...`.
    pub args: Values,
    /// `None` = those of the runner.
    pub limits: Option<Limits>,
}

impl Work {
    /// How far it may go, on a runner with these limits.
    #[inline]
    pub fn limits(&self, runner: &Limits) -> Limits {
        self.input.as_ref().and_then(|input| input.limits).unwrap_or(*runner)
    }

    /// What the chunk gets as `...`.
    #[inline]
    pub fn args(&self) -> &[Value] {
        self.input.as_ref().map_or(&[], |input| input.args.roots())
    }
}

/// How far a job may go. All numbers: `u64::MAX` = as far as it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nanoseconds from its start.
    pub deadline_ns: u64,
    /// Instructions of Lua's.
    pub instructions: u64,
    /// Bytes of its state.
    pub memory: u64,
    /// Nanoseconds of waiting for a state.
    pub state_wait_ns: u64,
}

/// What the host asks for, copied.
pub struct Request {
    /// What is to be run; not there while a worker has it. A guest's job has none.
    pub work: Option<Work>,
    /// Copied from the chunk.
    pub place: Option<Place>,
    /// Lower numbers first.
    pub priority: u32,
    /// 0, or a key: jobs with the same key run in order and on the same state.
    pub affinity: u64,
    /// Where the result goes.
    pub delivery: Delivery,
    /// For the worker.
    pub callback: Option<Callback>,
}

impl Request {
    /// To run `chunk` with normal priority, for an action.
    pub fn new(chunk: Arc<Chunk>, args: Option<Values>, limits: Option<Limits>) -> Self {
        let place = chunk.place;
        let bare = args.is_none() && limits.is_none();
        let input = || Box::new(Input { args: args.unwrap_or_else(Values::none), limits });
        let input = if bare { None } else { Some(input()) };
        Self {
            work: Some(Work { chunk, input }),
            place,
            priority: NORMAL,
            affinity: 0,
            delivery: Delivery::Action,
            callback: None,
        }
    }
}

impl Limits {
    /// As far as it likes.
    pub const NONE: Self = Self {
        deadline_ns: u64::MAX,
        instructions: u64::MAX,
        memory: u64::MAX,
        state_wait_ns: u64::MAX,
    };
}

/// A job, and what has come of it so far. Also what `engine.post_to_main_thread` sends: then the
/// name is the text, and the data the only value.
///
/// It is three cache lines long: the worker fetches each of them, and whoever frees it fetches
/// them back, which costs as much as a trivial script.
pub struct ScriptResult {
    /// The job's id, from 1.
    pub id: u64,
    /// The host's, only carried.
    pub owner: u64,
    /// The host's, only carried.
    pub context: Context,
    /// How it ended.
    pub outcome: Outcome,
    /// Which worker ran it.
    pub worker: u32,
    /// From enqueue to start; until the start, the time of the enqueue.
    pub wait_ns: u64,
    /// From start to end, conversions included.
    pub run_ns: u64,
    /// All return values; none unless the outcome is Ok.
    pub values: Values,
    /// The last value as text.
    pub text: Text,
    /// What went wrong, with a final NUL.
    pub error: Option<Box<[u8]>>,
    /// What it is a result of; `None` for what a script posted.
    pub(super) request: Option<Request>,
}

impl ScriptResult {
    /// Of no job.
    pub(super) fn empty() -> Self {
        Self {
            id: 0,
            owner: 0,
            context: Context::NULL,
            outcome: Outcome::Ok,
            worker: 0,
            wait_ns: 0,
            run_ns: 0,
            values: Values::none(),
            text: Text::None,
            error: None,
            request: None,
        }
    }

    /// Drops what it owns, and is as good as new.
    pub(super) fn clear(&mut self) {
        *self = Self::empty();
    }

    /// What is to be run; `put_back` returns it. `None` for a guest's job.
    pub(super) fn take_work(&mut self) -> Option<Work> {
        self.request.as_mut().and_then(|request| request.work.take())
    }

    /// Whether a job that has not run is no script: its callback is all there is to it.
    pub(super) fn is_guests(&self) -> bool {
        self.request().work.is_none()
    }

    /// The work goes with the job: whoever enqueued it frees it, too.
    pub(super) fn put_back(&mut self, work: Work) {
        if let Some(request) = &mut self.request {
            request.work = Some(work);
        }
    }

    fn request(&self) -> &Request {
        self.request.as_ref().expect("a job has a request")
    }

    /// Lower numbers first.
    #[inline]
    pub(super) fn priority(&self) -> u32 {
        self.request().priority
    }

    /// 0, or the key of jobs that run in order.
    #[inline]
    pub(super) fn affinity(&self) -> u64 {
        self.request().affinity
    }

    /// The place of its chunk.
    #[inline]
    pub(super) fn place(&self) -> Option<Place> {
        self.request().place
    }

    /// Where the result goes.
    #[inline]
    pub(super) fn delivery(&self) -> Delivery {
        self.request().delivery
    }

    /// The wait is over.
    #[inline]
    pub(super) fn start(&mut self, now: u64) {
        self.wait_ns = now.saturating_sub(self.wait_ns);
    }

    /// What is to be called with the result, once.
    #[inline]
    pub(super) fn take_callback(&mut self) -> Option<Callback> {
        self.request.as_mut()?.callback.take()
    }

    /// Ends the job with these values. It has none by now; to look whether there are old ones to
    /// drop would be to wait for a cache line that is only to be written.
    #[inline]
    pub(super) fn succeed(&mut self, values: Values, text: Text) {
        std::mem::forget(std::mem::replace(&mut self.values, values));
        std::mem::forget(std::mem::replace(&mut self.text, text));
    }

    /// Ends the job with an error: `text`, to which a NUL is added.
    pub(super) fn fail(&mut self, outcome: Outcome, mut text: Vec<u8>) {
        text.push(0);
        self.outcome = outcome;
        self.error = Some(text.into());
    }

    /// The last value as text, without the NUL that stands behind it.
    #[inline]
    pub fn text(&self) -> Option<&[u8]> {
        match &self.text {
            Text::None => None,
            Text::Short { len, bytes } => Some(&bytes[..usize::from(*len)]),
            Text::LastValue => match self.values.roots().last()?.view() {
                View::Bytes(bytes) => Some(bytes),
                _ => None,
            },
            Text::Long(bytes) => bytes.split_last().map(|(_, text)| text),
        }
    }

    /// What went wrong, without the NUL that stands behind it.
    #[inline]
    pub fn error(&self) -> Option<&[u8]> {
        self.error.as_deref()?.split_last().map(|(_, text)| text)
    }
}

impl fmt::Debug for ScriptResult {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ScriptResult").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The text of a value. There is a NUL behind it in every form.
pub enum Text {
    /// There is no value.
    None,
    /// Short enough for the place where it is.
    Short {
        /// Without the NUL.
        len: u8,
        /// The text, then NULs.
        bytes: [u8; SHORT],
    },
    /// The last value is a string: it is its own text.
    LastValue,
    /// On the heap, the NUL included.
    Long(Box<[u8]>),
}

/// Holds every integer and float, and leaves a text as large as three words.
const SHORT: usize = 22;

impl Text {
    /// A copy of `text`.
    pub fn copy(text: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        if text.len() < SHORT {
            bytes[..text.len()].copy_from_slice(text);
            return Self::Short { len: text.len() as u8, bytes };
        }
        let mut long = Vec::with_capacity(text.len() + 1);
        long.extend_from_slice(text);
        long.push(0);
        Self::Long(long.into())
    }

    /// An integer as Lua writes it.
    pub fn of_integer(value: i64) -> Self {
        let mut bytes = [0; SHORT];
        let mut rest = value.unsigned_abs();
        let digits = rest.checked_ilog10().map_or(1, |log| log as usize + 1);
        let sign = usize::from(value < 0);
        bytes[0] = b'-';
        for place in bytes[sign..sign + digits].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self::Short { len: (sign + digits) as u8, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: Text) -> ScriptResult {
        ScriptResult { text, ..ScriptResult::empty() }
    }

    #[test]
    fn integers_are_written_as_lua_does() {
        let powers = (0..19).map(|power| 10_i64.pow(power));
        let around = powers.flat_map(|power| [power - 1, power, power + 1, -power, 1 - power]);
        for value in around.chain([i64::MIN, i64::MIN + 1, i64::MAX]) {
            let text = value.to_string();
            assert_eq!(with(Text::of_integer(value)).text(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn a_text_of_any_length_is_kept() {
        for len in [0, 1, SHORT - 1, SHORT, 1000] {
            let text = vec![b'x'; len];
            assert_eq!(with(Text::copy(&text)).text(), Some(&text[..]));
        }
    }

    #[test]
    fn a_job_is_three_cache_lines_long() {
        assert!(size_of::<ScriptResult>() <= 3 * 64, "{} bytes", size_of::<ScriptResult>());
    }
}
