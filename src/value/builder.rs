//! Building [`Values`].
//!
//! A [`Builder`] takes values in the order of a walk (children before their parent is closed) and
//! refuses what exceeds its [`Limits`]. While it builds, lists hold offsets into its blocks
//! instead of addresses, since blocks move when they grow; `finish` puts the addresses in.

use std::collections::TryReserveError;
use std::ffi::c_void;

use super::{Data, Kind, Tree, Value, Values};

/// How large a tree may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Lists within lists.
    pub depth: u32,
    /// Values in all, keys included.
    pub items: u64,
    /// Bytes of all strings together.
    pub bytes: u64,
}

/// Which limit a tree exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// `Limits::depth`
    Depth,
    /// `Limits::items`
    Items,
    /// `Limits::bytes`
    Bytes,
    /// What the process has.
    Memory,
}

impl From<TryReserveError> for Excess {
    fn from(_: TryReserveError) -> Self {
        Self::Memory
    }
}

/// Where a list began.
#[derive(Debug)]
#[must_use]
pub struct Open(usize);

/// Blocks that stay with the builder for the next tree; larger ones are given back.
const KEPT_BYTES: usize = 1 << 16;
const KEPT_VALUES: usize = KEPT_BYTES / size_of::<Value>();

/// Builds one [`Values`] after the other, in blocks that it keeps.
pub struct Builder {
    limits: Limits,
    /// Values whose list is not closed yet.
    open: Vec<Value>,
    /// Contents of closed lists.
    block: Vec<Value>,
    bytes: Vec<u8>,
    items: u64,
    bytes_used: u64,
    depth: u32,
}

impl Builder {
    /// Nothing built yet.
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            open: Vec::new(),
            block: Vec::new(),
            bytes: Vec::new(),
            items: 0,
            bytes_used: 0,
            depth: 0,
        }
    }

    /// Forgets what was built since the last `finish`.
    pub fn clear(&mut self) {
        self.open.clear();
        self.open.shrink_to(KEPT_VALUES);
        self.block.clear();
        self.block.shrink_to(KEPT_VALUES);
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        (self.items, self.bytes_used, self.depth) = (0, 0, 0);
    }

    #[inline]
    fn push(&mut self, value: Value) -> Result<(), Excess> {
        if self.items >= self.limits.items {
            return Err(Excess::Items);
        }
        self.items += 1;
        if self.open.len() == self.open.capacity() {
            self.open.try_reserve(1)?;
        }
        self.open.push(value);
        Ok(())
    }

    /// Adds nil.
    pub fn nil(&mut self) -> Result<(), Excess> {
        self.push(Value::NIL)
    }

    /// Adds a boolean.
    pub fn boolean(&mut self, value: bool) -> Result<(), Excess> {
        self.push(Value::boolean(value))
    }

    /// Adds an integer.
    #[inline]
    pub fn integer(&mut self, value: i64) -> Result<(), Excess> {
        self.push(Value::new(Kind::Integer, Data { integer: value }))
    }

    /// Adds a number.
    pub fn number(&mut self, value: f64) -> Result<(), Excess> {
        self.push(Value::new(Kind::Number, Data { number: value }))
    }

    /// Adds a pointer of the host's.
    pub fn pointer(&mut self, value: *mut c_void) -> Result<(), Excess> {
        self.push(Value::new(Kind::Pointer, Data { pointer: value }))
    }

    /// Adds a copy of `bytes`.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Excess> {
        if bytes.len() as u64 > self.limits.bytes - self.bytes_used {
            return Err(Excess::Bytes);
        }
        self.push(Value::list(Kind::Bytes, self.bytes.len(), bytes.len()))?;
        self.bytes_used += bytes.len() as u64;
        self.bytes.try_reserve(bytes.len() + 1)?;
        self.bytes.extend_from_slice(bytes);
        self.bytes.push(0);
        Ok(())
    }

    /// Begins a list: what is added from now on lies in it.
    pub fn open(&mut self) -> Result<Open, Excess> {
        if self.depth >= self.limits.depth {
            return Err(Excess::Depth);
        }
        self.depth += 1;
        Ok(Open(self.open.len()))
    }

    /// Ends a list of values.
    pub fn close_array(&mut self, list: Open) -> Result<(), Excess> {
        let len = self.open.len() - list.0;
        self.close(list, Kind::Array, len)
    }

    /// Ends a list of pairs: keys and values in turn.
    pub fn close_map(&mut self, list: Open) -> Result<(), Excess> {
        let values = self.open.len() - list.0;
        assert!(values.is_multiple_of(2), "each key has a value");
        self.close(list, Kind::Map, values / 2)
    }

    fn close(&mut self, list: Open, kind: Kind, len: usize) -> Result<(), Excess> {
        self.depth -= 1;
        let offset = self.block.len();
        self.block.try_reserve(self.open.len() - list.0)?;
        self.block.extend(self.open.drain(list.0..));
        self.push(Value::list(kind, offset, len))
    }

    /// What was built: the values that lie in no list. Afterwards nothing is, also on an error.
    pub fn finish(&mut self) -> Result<Values, Excess> {
        let values = self.take();
        self.clear();
        values
    }

    fn take(&mut self) -> Result<Values, Excess> {
        let mut values = Values::none();
        values.len = self.open.len();
        if values.len == 1 {
            values.root = self.open.pop().expect("there is one");
        }
        if !self.open.is_empty() || !self.block.is_empty() || !self.bytes.is_empty() {
            self.block.try_reserve(self.open.len())?;
            self.block.append(&mut self.open);
            let block = keep_or_copy(&mut self.block, KEPT_VALUES)?;
            let bytes = keep_or_copy(&mut self.bytes, KEPT_BYTES)?;
            let tree = values.tree.insert(Box::new(Tree { block, bytes }));
            tree.put_addresses(&mut values.root);
        }
        Ok(values)
    }
}

/// Moves a small block's contents out and keeps the block; gives a large one away as it is.
fn keep_or_copy<T>(block: &mut Vec<T>, kept: usize) -> Result<Vec<T>, Excess> {
    if block.capacity() > kept {
        return Ok(std::mem::take(block));
    }
    let mut exact = Vec::new();
    exact.try_reserve_exact(block.len())?;
    exact.append(block);
    Ok(exact)
}
