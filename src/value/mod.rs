//! The one value type across Lua, Rust and C: built once, immutable, laid out as C reads it.
//!
//! A [`Values`] owns a list of values and everything below them in two blocks: one of values, one
//! of bytes. Children lie next to each other, as C's arrays want it, and freeing even the deepest
//! tree is freeing two blocks. A single scalar, the commonest result, needs no block at all.
#![expect(unsafe_code, reason = "the union that C sees is written and read here and nowhere else")]

mod builder;

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::slice;

pub use builder::{Builder, Excess, Limits, Open};

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

// SAFETY: what it leads to moves with it and never changes once it is built; the host's pointers
// are only carried.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

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
        if list.first.is_null() {
            // An empty list alone has no tree, and so no address.
            return &[];
        }
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

impl Values {
    /// No values.
    pub const fn none() -> Self {
        Self { root: Value::NIL, tree: None, len: 0 }
    }

    /// One value that is no list: the commonest result of a script. `None` for a list.
    #[inline]
    pub fn scalar(value: View<'_>) -> Option<Self> {
        let root = match value {
            View::Nil => Value::NIL,
            View::Boolean(value) => Value::boolean(value),
            View::Integer(value) => Value::new(Kind::Integer, Data { integer: value }),
            View::Number(value) => Value::new(Kind::Number, Data { number: value }),
            View::Pointer(value) => Value::new(Kind::Pointer, Data { pointer: value }),
            View::Bytes(_) | View::Array(_) | View::Map(_) => return None,
        };
        Some(Self { root, tree: None, len: 1 })
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
