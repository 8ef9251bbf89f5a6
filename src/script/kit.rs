//! What the states of a runner are made with.

use std::sync::Arc;

use mlua::Lua;
use mlua::chunk::ChunkMode;

use super::stack;
use super::stack::host_function::HostFunction;
use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::value::Values;

/// What scripts can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// What can harm nobody.
    Sandbox,
    /// All of Lua's, but for what ends or corrupts the process.
    Trusted,
}

/// What a job leaves for the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Its globals: the state is a world that scripts share.
    None,
    /// Nothing.
    Job,
}

/// A module of the host's, for `require`.
#[derive(Clone, Debug)]
pub struct Module {
    /// As scripts name it.
    pub name: Box<[u8]>,
    /// Text.
    pub source: Box<[u8]>,
}

/// A function of the host's.
#[derive(Clone)]
pub struct Function {
    /// Its name as a global, or `table.name`.
    pub name: Box<[u8]>,
    /// What is called.
    pub function: Arc<HostFunction>,
}

/// What the host does with each new state.
pub type OnCreate = Arc<dyn Fn(&mut Setup<'_>) -> Result<()> + Send + Sync>;

/// A new state, while the host sets it up.
pub struct Setup<'a> {
    lua: &'a Lua,
}

impl<'a> Setup<'a> {
    /// Of this state.
    pub fn new(lua: &'a Lua) -> Self {
        Self { lua }
    }

    /// Runs a chunk; what goes wrong is logged.
    pub fn run(&mut self, name: &str, source: &[u8]) -> Result<()> {
        let chunk = self.lua.load(source).set_mode(ChunkMode::Text).set_name(name);
        chunk.exec().map_err(|error| {
            let text = format!("setting up a state failed: {error}");
            log::write(Level::Error, text.as_bytes());
            Error::InvalidArgument
        })
    }

    /// Gives a global a value.
    pub fn set_global(&mut self, name: &[u8], values: &Values) -> Result<()> {
        let roots = values.roots();
        stack::with(self.lua, |stack| {
            stack.protect(0, |stack| {
                stack.push_values(roots);
                stack.set_global(name);
            })
        })
        .map_err(|_| Error::NoMemory)
    }
}

/// What each state is made with.
#[derive(Clone)]
pub struct Kit {
    /// What scripts can reach.
    pub library: Library,
    /// What a job leaves.
    pub isolation: Isolation,
    /// Modules from memory.
    pub modules: Vec<Module>,
    /// Functions of the host's.
    pub functions: Vec<Function>,
    /// What the host does with each new state, at last.
    pub on_create: Option<OnCreate>,
}

impl Kit {
    /// A sandbox whose globals stay, without modules.
    pub const SANDBOX: Self = Self {
        library: Library::Sandbox,
        isolation: Isolation::None,
        modules: Vec::new(),
        functions: Vec::new(),
        on_create: None,
    };
}
