//! Which function a number stands for.
//!
//! Numbers only grow: whoever keeps one for too long reaches nobody, never somebody else's
//! function.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::callbacks::Function;
use crate::error::{Error, Result};

/// Numbers are exact in a double, which is what some Luas have instead of integers.
const IDS: u64 = 1 << 53;

struct Entry {
    function: Arc<Function>,
    /// It goes when it is called.
    once: bool,
}

/// All functions that are registered. A tree, so that what has gone leaves no room behind and what
/// is left at the end goes in order.
pub struct Registry {
    entries: BTreeMap<u64, Entry>,
    next: u64,
}

impl Default for Registry {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), next: 1 }
    }
}

impl Registry {
    /// Numbers a function, made when it is certain to be kept.
    pub fn add(&mut self, once: bool, make: impl FnOnce() -> Arc<Function>) -> Result<u64> {
        let id = self.next;
        if id >= IDS {
            return Err(Error::Full);
        }
        self.next += 1;
        self.entries.insert(id, Entry { function: make(), once });
        Ok(id)
    }

    /// Takes a function out; the caller drops it when it is done with the registry.
    pub fn remove(&mut self, id: u64) -> Option<Arc<Function>> {
        self.entries.remove(&id).map(|entry| entry.function)
    }

    /// The function to call now.
    pub fn find(&mut self, id: u64) -> Option<Arc<Function>> {
        let entry = self.entries.get(&id)?;
        if entry.once { self.remove(id) } else { Some(entry.function.clone()) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}
