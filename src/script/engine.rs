//! What a script can reach of the host: the log, and the main thread.

use std::ffi::c_void;
use std::sync::Arc;

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaString, Value as LuaValue};

use super::job::{ScriptResult, Text};
use super::kit::{Kit, Library};
use super::recycle::Job;
use super::{convert, stack};
use crate::actions::{Action, ActionQueue, Body, SCRIPT_MESSAGE};
use crate::foreign::Context;
use crate::log::{self, Level};
use crate::sync::Once;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use crate::value::{Builder, Limits};

const PRELUDE: &str = include_str!("prelude.lua");

/// The state's side of the connection. Only the thread that runs the state touches it: the
/// atomics are for the compiler, not for other threads.
pub struct Engine {
    actions: Arc<ActionQueue>,
    limits: Limits,
    /// The running job's id; 0 between jobs.
    id: AtomicU64,
    owner: AtomicU64,
    context: AtomicPtr<c_void>,
}

/// Whose a posted message is.
#[derive(Clone, Copy, Debug)]
pub struct Author {
    id: u64,
    owner: u64,
    context: Context,
}

impl Author {
    /// A job as the author of what its script posts.
    #[inline]
    pub fn of(job: &ScriptResult) -> Self {
        Self { id: job.id, owner: job.owner, context: job.context }
    }
}

impl Engine {
    /// A connection to this queue.
    pub fn new(actions: Arc<ActionQueue>, limits: Limits) -> Self {
        let (id, owner) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { actions, limits, id, owner, context: AtomicPtr::default() }
    }

    /// From now on, what scripts post is by this author.
    #[inline]
    pub fn begin(&self, author: Author) {
        self.id.store(author.id, Ordering::Relaxed);
        self.owner.store(author.owner, Ordering::Relaxed);
        self.context.store(author.context.0, Ordering::Relaxed);
    }

    /// No job runs any more.
    #[inline]
    pub fn end(&self) {
        self.id.store(0, Ordering::Relaxed);
    }

    /// Sends a name and a value; the message says why it did not.
    fn post(&self, lua: &Lua, name: &LuaString, data: &LuaValue) -> Result<(), Vec<u8>> {
        let id = self.id.load(Ordering::Relaxed);
        if id == 0 {
            return Err(b"nothing can be posted when no job runs".to_vec());
        }
        let mut builder = Builder::new(self.limits);
        let values = stack::with_value(lua, data, |stack, index| {
            convert::read(stack, index, |_| "data".to_owned(), &mut builder)
        });
        let values = values.map_err(|error| error.to_string().into_bytes())??;
        let owner = self.owner.load(Ordering::Relaxed);
        let context = Context(self.context.load(Ordering::Relaxed));
        let mut message = Job::new(id, owner, context, None);
        message.text = Text::copy(&name.as_bytes());
        message.values = values;
        self.actions.push_always(Action {
            id,
            owner,
            context,
            kind: SCRIPT_MESSAGE,
            success: true,
            body: Body::Script(message),
        });
        Ok(())
    }
}

/// Prepares a new state for scripts. Gives the function that makes `require` and `package`.
pub fn install(lua: &Lua, engine: Arc<Engine>, kit: &Kit) -> mlua::Result<Function> {
    let write_log = lua.create_function(|_, (level, text): (u32, LuaString)| {
        log::write(level_of(level), &text.as_bytes());
        Ok(())
    })?;
    let post = lua.create_function(move |lua, (name, data): (LuaString, LuaValue)| {
        let problem = engine.post(lua, &name, &data).err();
        problem.map(|text| lua.create_string(text)).transpose()
    })?;
    let debug = stack::debug_library(lua)?;
    let modules = lua.create_table()?;
    for module in &kit.modules {
        let name = lua.create_string(&module.name)?;
        modules.raw_set(name, lua.create_string(&module.source)?)?;
    }
    let prelude = lua.load(prelude(lua)?).set_mode(ChunkMode::Binary).set_name("=scriptloop");
    let sandboxed = kit.library == Library::Sandbox;
    let make_package = prelude.call((write_log, post, debug, sandboxed, modules))?;
    // What was only needed on the way is half as large as the state.
    lua.gc_collect()?;
    Ok(make_package)
}

/// The prelude, compiled once in the process, without what only a debugger would want.
fn prelude(lua: &Lua) -> mlua::Result<&'static [u8]> {
    static COMPILED: Once<Vec<u8>> = Once::new();
    let compile = || Ok(lua.load(PRELUDE).set_name("=scriptloop").into_function()?.dump(true));
    COMPILED.get_or_try_init(compile).map(Vec::as_slice)
}

fn level_of(number: u32) -> Level {
    match number {
        1 => Level::Error,
        2 => Level::Warn,
        3 => Level::Info,
        4 => Level::Debug,
        _ => Level::Trace,
    }
}
