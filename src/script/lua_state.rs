//! One Lua state: it keeps its globals, and the functions of the chunks that it has run.

use std::num::NonZeroU64;
use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib};

use super::chunk::{Chunk, Place};
use super::convert;
use super::engine::{self, Engine};
use super::interrupt::{Interrupt, Reason};
use super::job::{Limits, Outcome, Text, Work};
use super::memory::{Memory, UNLIMITED};
use super::stack::hook::{self, Leash};
use super::stack::{self, Coroutine, Ended, Failure, Stack};
use crate::error::{Error, Result};
use crate::value::{Builder, Value, Values, View};

/// Memory beyond the limit for saying that it was reached.
const SLACK_BYTES: usize = 64 << 10;

/// A state, ready to run chunks. It is used by one thread at a time.
pub struct LuaState {
    /// Dropped before the state is.
    memory: Memory,
    lua: Lua,
    leash: Box<Leash>,
    coroutine: Coroutine,
    engine: Arc<Engine>,
    /// By slot: whose function is kept, and under which key of the registry.
    kept: Vec<Option<Kept>>,
    builder: Builder,
}

#[derive(Clone, Copy)]
struct Kept {
    serial: NonZeroU64,
    key: i32,
}

/// Whether a chunk had been compiled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compiled {
    /// Its function was kept.
    Before,
    /// It had to be compiled, or could not be.
    Now,
}

/// A job, as its state sees it.
pub struct Run<'a> {
    /// What is to be run.
    pub work: &'a Work,
    /// The place of its chunk.
    pub place: Option<Place>,
    /// How far it may go.
    pub limits: &'a Limits,
    /// What is asked of the worker. The job has begun there.
    pub interrupt: &'a Interrupt,
    /// Gives handlers of `__close` their time, and then asks again.
    pub grace: &'a dyn Fn(),
}

/// What a run comes to: all values with the text of the last one, or what went wrong.
pub type Ran = std::result::Result<(Values, Text), (Outcome, Vec<u8>)>;

impl LuaState {
    /// A state with all of Lua's libraries, as far as they cannot harm the host.
    pub fn new(engine: Engine, builder: Builder) -> Result<Self> {
        let options = LuaOptions::new();
        let lua = Lua::new_with(StdLib::ALL_SAFE, options).map_err(|_| Error::NoMemory)?;
        let leash = Box::new(Leash::default());
        hook::leash(&lua, &leash);
        let engine = Arc::new(engine);
        engine::install(&lua, engine.clone()).map_err(|_| Error::NoMemory)?;
        let coroutine = stack::with(&lua, |stack| stack.new_coroutine());
        let coroutine = coroutine.ok_or(Error::NoMemory)?;
        let memory = Memory::of(&lua).map_err(|_| Error::NoMemory)?;
        Ok(Self { memory, lua, leash, coroutine, engine, kept: Vec::new(), builder })
    }

    /// The worker whose interrupt this is has the state from now on.
    pub fn hold(&self, interrupt: &Interrupt) {
        self.leash.hold(interrupt);
    }

    /// What scripts post belongs to the job that is set there.
    #[inline]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Bytes that the state holds at this moment.
    pub fn used_bytes(&self) -> usize {
        self.memory.used()
    }

    /// Runs a job.
    pub fn run(&mut self, run: &Run<'_>) -> (Ran, Compiled) {
        let Self { memory, lua, coroutine, kept, builder, .. } = self;
        let limit = usize::try_from(run.limits.memory).unwrap_or(UNLIMITED);
        memory.set_limit(limit);
        let ran = stack::with(lua, |main| {
            let mut stack = coroutine.stack();
            stack.runs(run.interrupt);
            let (ran, compiled) = attempt(&mut stack, main, kept, builder, run);
            let ran = match ran {
                Ok(done) if !run.interrupt.is_pending() => {
                    stack.clear();
                    if run.interrupt.step() != 0 {
                        stack.unhook();
                    }
                    Ok(done)
                }
                ran => {
                    memory.set_limit(limit.saturating_add(SLACK_BYTES));
                    Err(end_early(main, &mut stack, ran.err(), run))
                }
            };
            (ran, compiled)
        });
        memory.set_limit(UNLIMITED);
        ran
    }
}

/// Why a chunk did not come to its end.
enum Stop {
    /// An error is on top of its stack.
    Raised(Failure),
    /// This was said about it.
    Said(Outcome, Vec<u8>),
    /// It yielded: in the hook, as a rule.
    Yielded,
}

fn attempt(
    stack: &mut Stack<'_>,
    main: &Stack<'_>,
    kept: &mut Vec<Option<Kept>>,
    builder: &mut Builder,
    run: &Run<'_>,
) -> (std::result::Result<(Values, Text), Stop>, Compiled) {
    let compiled = match push_function(stack, kept, run.place, &run.work.chunk) {
        Ok(compiled) => compiled,
        Err(failure) => return (Err(said(stack, failure, Outcome::LoadError)), Compiled::Now),
    };
    (call(stack, main, builder, run.work.args()), compiled)
}

/// Says why a job did not end well, runs what has to run at its end, and makes the coroutine
/// ready for the next one.
fn end_early(
    main: &mut Stack<'_>,
    stack: &mut Stack<'_>,
    stop: Option<Stop>,
    run: &Run<'_>,
) -> (Outcome, Vec<u8>) {
    // An error object's __tostring runs outside of the coroutine.
    main.runs(run.interrupt);
    let mut ended = match (run.interrupt.pending(), stop) {
        (Some(reason), _) => interrupted(main, stack, reason, run),
        (None, Some(Stop::Raised(Failure::Memory))) => {
            interrupted(main, stack, Reason::Memory, run)
        }
        (None, Some(Stop::Raised(Failure::Error))) => {
            (Outcome::ScriptError, main.describe_error(stack))
        }
        (None, Some(Stop::Said(outcome, text))) => (outcome, text),
        (None, _) => {
            let text = b"attempt to yield from outside a coroutine";
            (Outcome::ScriptError, main.with_traceback(text, stack))
        }
    };
    if run.interrupt.is_pending() {
        run.interrupt.forgive(hook::step_without_signal());
        (run.grace)();
    }
    stack.runs(run.interrupt);
    stack.close(main);
    if let (Some(reason), Outcome::ScriptError) = (run.interrupt.pending(), ended.0) {
        // The handlers of an error did not end in time, or its text did not.
        ended = interrupted(main, stack, reason, run);
    }
    stack.unhook();
    main.unhook();
    run.interrupt.take_place();
    ended
}

/// What is said of a job that was ended from outside, with place and traceback.
fn interrupted(
    main: &mut Stack<'_>,
    stack: &Stack<'_>,
    reason: Reason,
    run: &Run<'_>,
) -> (Outcome, Vec<u8>) {
    let noted = run.interrupt.take_place();
    let place = if noted.is_empty() { stack.place() } else { Some(noted) };
    let mut text = place.unwrap_or_else(|| run.work.chunk.shown_name());
    text.push(b' ');
    let (outcome, what) = explain(reason, run.limits);
    text.extend_from_slice(what.as_bytes());
    (outcome, main.with_traceback(&text, stack))
}

/// The outcome of an interrupted job, and what to say of it.
pub fn explain(reason: Reason, limits: &Limits) -> (Outcome, String) {
    match reason {
        Reason::Timeout => {
            let ms = limits.deadline_ns / 1_000_000;
            (Outcome::Timeout, format!("the deadline of {ms} ms has passed"))
        }
        Reason::Cancelled => (Outcome::Cancelled, "the job was cancelled".to_owned()),
        Reason::Instructions => {
            let text = format!("the budget of {} instructions is used up", limits.instructions);
            (Outcome::Instructions, text)
        }
        Reason::Memory if limits.memory == u64::MAX => {
            (Outcome::Memory, "not enough memory".to_owned())
        }
        Reason::Memory => {
            let text = format!("not enough memory: the limit is {} bytes", limits.memory);
            (Outcome::Memory, text)
        }
        Reason::Closed => (Outcome::Closed, "the runner was freed".to_owned()),
    }
}

/// Pushes the chunk's function; keeps it when the chunk has a place.
fn push_function(
    stack: &mut Stack<'_>,
    kept: &mut Vec<Option<Kept>>,
    place: Option<Place>,
    chunk: &Chunk,
) -> std::result::Result<Compiled, Failure> {
    let Some(place) = place else {
        return stack.load(chunk).map(|()| Compiled::Now);
    };
    let slot = place.slot as usize;
    if let Some(&Some(found)) = kept.get(slot)
        && found.serial == place.serial
    {
        stack.push_kept(found.key);
        return Ok(Compiled::Before);
    }
    stack.load(chunk)?;
    keep(stack, kept, place);
    Ok(Compiled::Now)
}

/// Keeps the function on top in the slot of its chunk, instead of what was there.
fn keep(stack: &mut Stack<'_>, kept: &mut Vec<Option<Kept>>, place: Place) {
    let slot = place.slot as usize;
    if kept.len() <= slot {
        kept.resize(slot + 1, None);
    }
    if let Some(old) = kept[slot].take() {
        stack.forget(old.key);
    }
    // Without memory for it, the function runs and is compiled again the next time.
    if let Some(key) = stack.keep_top() {
        kept[slot] = Some(Kept { serial: place.serial, key });
    }
}

/// Calls the function on the coroutine's stack, and reads what it returns.
fn call(
    stack: &mut Stack<'_>,
    main: &Stack<'_>,
    builder: &mut Builder,
    args: &[Value],
) -> std::result::Result<(Values, Text), Stop> {
    if !args.is_empty()
        && let Err(failure) = stack.protect(0, |stack| stack.push_values(args))
    {
        return Err(said(stack, failure, Outcome::ValueError));
    }
    match stack.resume(main) {
        Ended::Returned => {}
        Ended::Yielded => return Err(Stop::Yielded),
        Ended::Failed(failure) => return Err(Stop::Raised(failure)),
    }
    let values = convert::read(stack, 1, |number| format!("result {number}"), builder);
    let values = values.map_err(|message| Stop::Said(Outcome::ValueError, message))?;
    let text = text_of_last(stack, &values)?;
    Ok((values, text))
}

/// The text of the last of `values`, which is on top; the first one is at 1.
fn text_of_last(stack: &mut Stack<'_>, values: &Values) -> std::result::Result<Text, Stop> {
    let Some(last) = values.roots().last() else { return Ok(Text::None) };
    match last.view() {
        View::Integer(value) => return Ok(Text::of_integer(value)),
        View::Bytes(_) => return Ok(Text::LastValue),
        View::Nil => return Ok(Text::copy(b"nil")),
        View::Boolean(true) => return Ok(Text::copy(b"true")),
        View::Boolean(false) => return Ok(Text::copy(b"false")),
        _ => {}
    }
    let number = stack.top();
    // The rest may call __tostring, or at least allocates.
    match stack.protect(1, |stack| stack.make_text()) {
        Ok(()) => Ok(Text::copy(stack.message())),
        Err(Failure::Memory) => Err(said(stack, Failure::Memory, Outcome::ValueError)),
        Err(Failure::Error) => {
            let start = format!("result {number} has no text: ").into_bytes();
            Err(Stop::Said(Outcome::ValueError, [&start, stack.message()].concat()))
        }
    }
}

fn said(stack: &Stack<'_>, failure: Failure, outcome: Outcome) -> Stop {
    let outcome = if failure == Failure::Memory { Outcome::Memory } else { outcome };
    Stop::Said(outcome, stack.message().to_vec())
}
