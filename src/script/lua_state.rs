//! One Lua state: it keeps its globals, and the functions of the chunks that it has run.

use std::num::NonZeroU64;
use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib};

use super::chunk::Place;
use super::convert;
use super::engine::{self, Engine};
use super::job::{Outcome, Request, ScriptResult, Text};
use super::memory::Memory;
use super::stack::{self, Failure, Index, Stack};
use crate::error::{Error, Result};
use crate::value::{Builder, Value, Values, View};

/// A state, ready to run chunks. It is used by one thread at a time.
pub struct LuaState {
    /// Dropped before the state is.
    memory: Memory,
    lua: Lua,
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

/// What a run comes to: all values with the text of the last one, or what went wrong.
type Ran = std::result::Result<(Values, Text), (Outcome, Vec<u8>)>;

impl LuaState {
    /// A state with all of Lua's libraries, as far as they cannot harm the host.
    pub fn new(engine: Engine, builder: Builder) -> Result<Self> {
        let options = LuaOptions::new();
        let lua = Lua::new_with(StdLib::ALL_SAFE, options).map_err(|_| Error::NoMemory)?;
        let engine = Arc::new(engine);
        engine::install(&lua, engine.clone()).map_err(|_| Error::NoMemory)?;
        let memory = Memory::of(&lua).map_err(|_| Error::NoMemory)?;
        Ok(Self { memory, lua, engine, kept: Vec::new(), builder })
    }

    /// Bytes that the state holds at this moment.
    pub fn used_bytes(&self) -> usize {
        self.memory.used()
    }

    /// Runs a job and puts what came of it into `result`.
    pub fn run(&mut self, result: &mut ScriptResult) -> Compiled {
        self.engine.begin(result);
        let request = result.request.as_ref().expect("a job has a request");
        let Self { lua, kept, builder, .. } = self;
        let (ran, compiled) = stack::with(lua, |stack| run(stack, kept, builder, request));
        self.engine.end();
        match ran {
            Ok((values, text)) => {
                result.outcome = Outcome::Ok;
                result.values = values;
                result.text = text;
            }
            Err((outcome, error)) => result.fail(outcome, error),
        }
        compiled
    }
}

fn run(
    stack: &mut Stack<'_>,
    kept: &mut Vec<Option<Kept>>,
    builder: &mut Builder,
    request: &Request,
) -> (Ran, Compiled) {
    stack.push_handler();
    let function = stack.top() + 1;
    let compiled = match push_function(stack, kept, request) {
        Ok(compiled) => compiled,
        Err(failure) => return (Err(failed(stack, failure, Outcome::LoadError)), Compiled::Now),
    };
    let args = request.args.as_deref().map_or(&[][..], Values::roots);
    (call(stack, function, builder, args), compiled)
}

/// Pushes the chunk's function; keeps it when the chunk has a place.
fn push_function(
    stack: &mut Stack<'_>,
    kept: &mut Vec<Option<Kept>>,
    request: &Request,
) -> std::result::Result<Compiled, Failure> {
    let Some(place) = request.place else {
        return stack.load(&request.chunk).map(|()| Compiled::Now);
    };
    let slot = place.slot as usize;
    if let Some(&Some(found)) = kept.get(slot)
        && found.serial == place.serial
    {
        stack.push_kept(found.key);
        return Ok(Compiled::Before);
    }
    stack.load(&request.chunk)?;
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

/// Calls the function at the top of the stack, and reads what it returns.
fn call(stack: &mut Stack<'_>, function: Index, builder: &mut Builder, args: &[Value]) -> Ran {
    if !args.is_empty()
        && let Err(failure) = stack.protect(0, |stack| stack.push_values(args))
    {
        return Err(failed(stack, failure, Outcome::ValueError));
    }
    if let Err(failure) = stack.call(function) {
        return Err(failed(stack, failure, Outcome::ScriptError));
    }
    let values = convert::read(stack, function, |number| format!("result {number}"), builder);
    let values = values.map_err(|message| (Outcome::ValueError, message))?;
    let text = text_of_last(stack, function, &values)?;
    Ok((values, text))
}

/// The text of the last of `values`, which is on top; `first` is the place of the first.
fn text_of_last(
    stack: &mut Stack<'_>,
    first: Index,
    values: &Values,
) -> std::result::Result<Text, (Outcome, Vec<u8>)> {
    let Some(last) = values.roots().last() else { return Ok(Text::None) };
    match last.view() {
        View::Integer(value) => return Ok(Text::of_integer(value)),
        View::Bytes(_) => return Ok(Text::LastValue),
        View::Nil => return Ok(Text::copy(b"nil")),
        View::Boolean(true) => return Ok(Text::copy(b"true")),
        View::Boolean(false) => return Ok(Text::copy(b"false")),
        _ => {}
    }
    let number = stack.top() - first + 1;
    // The rest may call __tostring, or at least allocates.
    match stack.protect(1, |stack| stack.make_text()) {
        Ok(()) => Ok(Text::copy(stack.message())),
        Err(failure) => {
            let (outcome, message) = failed(stack, failure, Outcome::ValueError);
            let start = format!("result {number} has no text: ").into_bytes();
            Err((outcome, [start, message].concat()))
        }
    }
}

fn failed(stack: &Stack<'_>, failure: Failure, outcome: Outcome) -> (Outcome, Vec<u8>) {
    let outcome = if failure == Failure::Memory { Outcome::Memory } else { outcome };
    (outcome, stack.message().to_vec())
}
