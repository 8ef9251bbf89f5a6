//! One Lua state: it keeps its globals, and the functions of the chunks that it has run.

use std::sync::Arc;

use mlua::{Lua, LuaOptions, StdLib};

use super::chunk::Place;
use super::convert;
use super::ending::{Stop, end_early, said, unloaded};
use super::engine::{self, Engine};
use super::interrupt::Interrupt;
use super::job::{Limits, Outcome, Text, Work};
use super::kept::{Chunks, Compiled, Kept};
use super::kit::{Isolation, Kit, Library, Setup};
use super::library;
use super::memory::{Memory, UNLIMITED};
use super::stack::hook::{self, Leash};
use super::stack::host_function::set_function;
use super::stack::{self, Coroutine, Ended, Environment, Failure, Stack};
use crate::error::{Error, Result};
use crate::value::{Builder, Value, Values, View};

/// Memory beyond the limit for saying that it was reached.
const SLACK_BYTES: usize = 64 << 10;

/// A state that holds less is not worth replacing, however low a job's limit is.
const SPOILT_BYTES: usize = 256 << 10;

/// A state, ready to run chunks. It is used by one thread at a time.
pub struct LuaState {
    /// Dropped before the state is.
    memory: Memory,
    lua: Lua,
    leash: Box<Leash>,
    coroutine: Coroutine,
    /// Where each job has globals of its own.
    environment: Option<Environment>,
    engine: Arc<Engine>,
    /// By slot: whose function is kept, and under which key of the registry.
    kept: Vec<Option<Kept>>,
    builder: Builder,
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
    /// How often the hook looks when nothing else asks for it, 0 = not at all.
    pub step: u32,
    /// Gives handlers of `__close` their time, and then asks again.
    pub grace: &'a dyn Fn(),
}

/// What a run comes to: all values with the text of the last one, or what went wrong.
pub type Ran = std::result::Result<(Values, Text), (Outcome, Vec<u8>)>;

impl LuaState {
    /// A state with all of Lua's libraries, as far as they cannot harm the host.
    pub fn new(engine: Engine, builder: Builder, kit: &Kit) -> Result<Self> {
        let options = LuaOptions::new();
        let lua = Lua::new_with(StdLib::ALL_SAFE, options).map_err(|_| Error::NoMemory)?;
        let leash = Box::new(Leash::default());
        hook::leash(&lua, &leash);
        let engine = Arc::new(engine);
        let coroutine = stack::with(&lua, |stack| stack.new_coroutine());
        let coroutine = coroutine.ok_or(Error::NoMemory)?;
        leash.set_root(&coroutine.stack());
        let sandboxed = kit.library == Library::Sandbox;
        stack::install_calls(&lua, sandboxed).map_err(|_| Error::NoMemory)?;
        library::install(&lua).map_err(|_| Error::NoMemory)?;
        let packages = engine::install(&lua, engine.clone(), kit).map_err(|_| Error::NoMemory)?;
        for function in &kit.functions {
            let set = set_function(&lua, &function.name, &function.function);
            set.map_err(|_| Error::NoMemory)?;
        }
        if let Some(on_create) = &kit.on_create {
            on_create(&mut Setup::new(&lua))?;
        }
        let environment = match kit.isolation {
            Isolation::None => None,
            Isolation::Job => Some(environment(&lua, packages).ok_or(Error::NoMemory)?),
        };
        let memory = Memory::of(&lua).map_err(|_| Error::NoMemory)?;
        let kept = Vec::new();
        Ok(Self { memory, lua, leash, coroutine, environment, engine, kept, builder })
    }

    /// The worker whose interrupt this is has the state from now on.
    pub fn hold(&self, interrupt: &Interrupt) {
        self.leash.hold(interrupt);
        self.memory.hold(interrupt);
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

    /// Collects all garbage.
    pub fn collect(&mut self) {
        stack::with(&self.lua, |stack| stack.collect());
    }

    /// Collects a little garbage. True when that was the end of a cycle.
    pub fn collect_some(&mut self) -> bool {
        stack::with(&self.lua, |stack| stack.collect_some())
    }

    /// Runs a job.
    pub fn run(&mut self, run: &Run<'_>) -> (Ran, Compiled) {
        let Self { memory, lua, coroutine, environment, kept, builder, .. } = self;
        let limit = usize::try_from(run.limits.memory).unwrap_or(UNLIMITED);
        let crowded = memory.used() > limit / 2;
        let ran = stack::with(lua, |main| {
            let mut stack = coroutine.stack();
            if crowded {
                // What an earlier job has left; the collection that Lua makes when memory runs
                // out frees less.
                main.collect();
            }
            stack.runs(run.interrupt);
            let isolated = environment.as_ref();
            if isolated.is_some_and(|own| main.begin_environment(own).is_err()) {
                let text = b"no memory for the job's globals".to_vec();
                return (Err((Outcome::Memory, text)), Compiled::Now);
            }
            memory.set_limit(limit);
            let mut chunks = Chunks { kept, isolated: isolated.is_some() };
            let (ran, compiled) = attempt(&mut stack, main, &mut chunks, builder, run);
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
            if let Some(own) = isolated {
                main.end_environment(own);
            }
            (ran, compiled)
        });
        memory.set_limit(UNLIMITED);
        run.interrupt.rests();
        ran
    }

    /// Whether a job that ran out of memory has left so much in the globals that the next one
    /// would, too. Collects all garbage.
    pub fn is_spoilt(&mut self, limit: u64) -> bool {
        self.collect();
        let used = self.memory.used();
        used > SPOILT_BYTES && used as u64 > limit / 4 * 3
    }
}

/// What a state needs to give each job globals of its own.
fn environment(lua: &Lua, make_package: mlua::Function) -> Option<Environment> {
    let function = mlua::Value::Function(make_package);
    let made = stack::with_value(lua, &function, |stack, _| stack.new_environment());
    made.ok().flatten()
}

fn attempt(
    stack: &mut Stack<'_>,
    main: &Stack<'_>,
    chunks: &mut Chunks<'_>,
    builder: &mut Builder,
    run: &Run<'_>,
) -> (std::result::Result<(Values, Text), Stop>, Compiled) {
    let compiled = match chunks.push_function(stack, run.place, &run.work.chunk) {
        Ok(compiled) => compiled,
        Err(failure) => return (Err(unloaded(stack, failure, &run.work.chunk)), Compiled::Now),
    };
    (call(stack, main, builder, run.work.args()), compiled)
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
