//! The one value type across Lua, Rust and C: built once, immutable, laid out as C reads it.
//!
//! A [`Values`] owns a list of values and everything below them in two blocks: one of values, one
//! of bytes. Children lie next to each other, as C's arrays want it, and freeing even the deepest
//! tree is freeing two blocks. A single scalar, the commonest result, needs no block at all.
//!
//! A [`Builder`] takes values in the order of a walk (children before their parent is closed) and
//! refuses what exceeds its [`Limits`]. While it builds, lists hold offsets into its blocks
//! instead of addresses, since blocks move when they grow; `finish` puts the addresses in.
#![expect(unsafe_code, reason = "the union that C sees is written and read here and nowhere else")]

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::slice;

/// What a value is; the numbers are C's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Nothing.
    Nil = 0,
    /// True or false.
    Boolean = 1,
    /// 64 bits, signed.
    Integer = 2,
    /// A double.
    Number = 3,
    /// Any bytes, followed by a NUL that does not count.
    Bytes = 4,
    /// Values in order.
    Array = 5,
    /// Pairs of key and value in no particular order.
    Map = 6,
    /// The host's, only carried.
    Pointer = 7,
}

/// What is in a value, by kind.
#[derive(Clone, Copy)]
#[repr(C)]
union Data {
    boolean: bool,
    integer: i64,
    number: f64,
    list: List,
    pointer: *mut c_void,
}

/// Bytes, items or entries: an address, or an offset while the tree is being built.
#[derive(Clone, Copy)]
#[repr(C)]
struct List {
    first: *const c_void,
    len: usize,
}

/// One value. It borrows what is below it from the [`Values`] that owns both, and therefore
/// cannot be copied.
#[repr(C)]
pub struct Value {
    kind: Kind,
    reserved: u32,
    data: Data,
}

/// One pair of a map.
#[derive(Debug)]
#[repr(C)]
pub struct Entry {
    /// Neither nil nor NaN, an array or a map.
    pub key: Value,
    /// Anything.
    pub value: Value,
}

/// A value as Rust reads it.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// Nothing.
    Nil,
    /// True or false.
    Boolean(bool),
    /// 64 bits, signed.
    Integer(i64),
    /// A double.
    Number(f64),
    /// Any bytes; a NUL stands behind them.
    Bytes(&'a [u8]),
    /// Values in order.
    Array(&'a [Value]),
    /// Pairs.
    Map(&'a [Entry]),
    /// The host's, only carried.
    Pointer(*mut c_void),
}

impl Value {
    /// Nothing.
    pub const NIL: Self = Self::new(Kind::Nil, Data { integer: 0 });

    const fn new(kind: Kind, data: Data) -> Self {
        Self { kind, reserved: 0, data }
    }

    fn boolean(value: bool) -> Self {
        // All eight bytes are written first, so that none of them is left to chance.
        let mut data = Data { integer: 0 };
        data.boolean = value;
        Self::new(Kind::Boolean, data)
    }

    fn list(kind: Kind, offset: usize, len: usize) -> Self {
        let list = List { first: ptr::without_provenance(offset), len };
        Self::new(kind, Data { list })
    }

    /// What is in it.
    #[inline]
    pub fn view(&self) -> View<'_> {
        match self.kind {
            Kind::Nil => View::Nil,
            // SAFETY: the kind says which field was written.
            Kind::Boolean => View::Boolean(unsafe { self.data.boolean }),
            // SAFETY: as above.
            Kind::Integer => View::Integer(unsafe { self.data.integer }),
            // SAFETY: as above.
            Kind::Number => View::Number(unsafe { self.data.number }),
            // SAFETY: as above.
            Kind::Pointer => View::Pointer(unsafe { self.data.pointer }),
            // SAFETY: the kind says that the list is of bytes.
            Kind::Bytes => View::Bytes(unsafe { self.items() }),
            // SAFETY: the kind says that the list is of values.
            Kind::Array => View::Array(unsafe { self.items() }),
            // SAFETY: the kind says that the list is of pairs.
            Kind::Map => View::Map(unsafe { self.items() }),
        }
    }

    /// # Safety
    ///
    /// The value is a list of `T`.
    unsafe fn items<T>(&self) -> &[T] {
        // SAFETY: the caller says that the list was written.
        let list = unsafe { self.data.list };
        // SAFETY: outside of this file only finished values can be had, and only by reference
        // from the `Values` that owns the blocks which `finish` put the address into.
        unsafe { slice::from_raw_parts(list.first.cast(), list.len) }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(out)
    }
}

/// A finished list of values: small, because each job carries two of them.
#[derive(Debug)]
pub struct Values {
    /// The only value, when there is exactly one.
    root: Value,
    tree: Option<Box<Tree>>,
    len: usize,
}

/// What a list of values owns besides its only root.
#[derive(Debug)]
struct Tree {
    /// Everything below the roots, then the roots when there are several.
    block: Vec<Value>,
    bytes: Vec<u8>,
}

// SAFETY: nothing in it ever changes, and the host's pointers are only carried.
unsafe impl Send for Values {}
// SAFETY: as above.
unsafe impl Sync for Values {}

impl Values {
    /// No values.
    pub const fn none() -> Self {
        Self { root: Value::NIL, tree: None, len: 0 }
    }

    /// The values at the top.
    #[inline]
    pub fn roots(&self) -> &[Value] {
        match (self.len, &self.tree) {
            (1, _) => slice::from_ref(&self.root),
            (len, Some(tree)) => &tree.block[tree.block.len() - len..],
            (_, None) => &[],
        }
    }
}

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

// SAFETY: as for `Values`.
unsafe impl Send for Builder {}

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
        self.bytes.reserve(bytes.len() + 1);
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
        self.block.extend(self.open.drain(list.0..));
        self.push(Value::list(kind, offset, len))
    }

    /// What was built: the values that lie in no list.
    pub fn finish(&mut self) -> Values {
        let mut values = Values::none();
        values.len = self.open.len();
        if values.len == 1 {
            values.root = self.open.pop().expect("there is one");
        }
        if !self.open.is_empty() || !self.block.is_empty() || !self.bytes.is_empty() {
            self.block.append(&mut self.open);
            let block = keep_or_copy(&mut self.block, KEPT_VALUES);
            let bytes = keep_or_copy(&mut self.bytes, KEPT_BYTES);
            let tree = values.tree.insert(Box::new(Tree { block, bytes }));
            tree.put_addresses(&mut values.root);
        }
        self.clear();
        values
    }
}

impl Tree {
    /// Turns the offsets of what has just been built into addresses.
    fn put_addresses(&mut self, root: &mut Value) {
        let bytes = self.bytes.as_ptr();
        let items = self.block.as_mut_ptr();
        // SAFETY: the same values, by way of the pointer that the lists will hold.
        let block = unsafe { slice::from_raw_parts_mut(items, self.block.len()) };
        for value in block.iter_mut().chain([root]) {
            let first: *const c_void = match value.kind {
                Kind::Bytes => bytes.wrapping_add(offset_in(value)).cast(),
                Kind::Array | Kind::Map => items.wrapping_add(offset_in(value)).cast(),
                _ => continue,
            };
            value.data.list = List { first, len: len_of(value) };
        }
    }
}

/// Where an unfinished list begins.
fn offset_in(list: &Value) -> usize {
    // SAFETY: only called for kinds that hold a list.
    unsafe { list.data.list }.first.addr()
}

fn len_of(list: &Value) -> usize {
    // SAFETY: only called for kinds that hold a list.
    unsafe { list.data.list }.len
}

/// Moves a small block's contents out and keeps the block; gives a large one away as it is.
fn keep_or_copy<T>(block: &mut Vec<T>, kept: usize) -> Vec<T> {
    if block.capacity() > kept {
        return std::mem::take(block);
    }
    let mut exact = Vec::with_capacity(block.len());
    exact.append(block);
    exact
}
