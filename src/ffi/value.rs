//! Value: what scripts take and give: nil, boolean, integer, number, bytes, array, map, pointer.
//!
//! Arguments are copied by the call that takes them. Results are lent, together with everything
//! below them, for as long as what lends the result: nothing in a value is ever freed by itself.
//! Lua's strings are bytes: a NUL stands behind them that does not count, and there may be others
//! inside. A table with exactly the keys 1 to n comes out as an array, also when it is empty; any
//! other table as a map, in no particular order. A light userdata is a pointer. What cannot leave
//! its state (a function, thread or full userdata, a table inside itself, a table as a key) makes
//! the outcome of a job SL_OUTCOME_VALUE_ERROR, and the error says where it was found.

use std::ffi::{c_char, c_void};

use crate::error::{Error, Result};
use crate::ffi::boundary::{bytes, required};
use crate::value::{Builder, Entry, Excess, Kind, Limits, Value, Values};

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum sl_value_kind {
    /// Nothing.
    Nil = 0,
    /// `as.boolean`
    Boolean = 1,
    /// `as.integer`
    Integer = 2,
    /// `as.number`
    Number = 3,
    /// `as.bytes`
    Bytes = 4,
    /// `as.array`
    Array = 5,
    /// `as.map`
    Map = 6,
    /// `as.pointer`
    Pointer = 7,
}

/// Any bytes.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_bytes {
    /// The first byte. In what the library gives, a NUL stands behind the last one.
    pub data: *const c_char,
    /// How many, without that NUL.
    pub len: usize,
}

/// Values in order.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_array {
    /// The first one.
    pub items: *const sl_value,
    /// How many.
    pub len: usize,
}

/// Pairs of key and value.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct sl_map {
    /// The first one.
    pub entries: *const sl_entry,
    /// How many.
    pub len: usize,
}

/// What is in a value, by kind.
#[derive(Clone, Copy)]
#[repr(C)]
pub union sl_value_as {
    /// SL_VALUE_KIND_BOOLEAN
    pub boolean: bool,
    /// SL_VALUE_KIND_INTEGER
    pub integer: i64,
    /// SL_VALUE_KIND_NUMBER
    pub number: f64,
    /// SL_VALUE_KIND_BYTES
    pub bytes: sl_bytes,
    /// SL_VALUE_KIND_ARRAY
    pub array: sl_array,
    /// SL_VALUE_KIND_MAP
    pub map: sl_map,
    /// SL_VALUE_KIND_POINTER: the host's, only carried.
    pub pointer: *mut c_void,
}

/// One value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct sl_value {
    /// An sl_value_kind.
    pub kind: u32,
    /// Not looked at; zero in what the library gives.
    pub reserved: u32,
    /// What is in it.
    pub r#as: sl_value_as,
}

impl sl_value {
    /// Nothing.
    pub(super) const NIL: Self =
        Self { kind: sl_value_kind::Nil as u32, reserved: 0, r#as: sl_value_as { integer: 0 } };
}

/// One pair of a map.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct sl_entry {
    /// A boolean, integer, number that is not NaN, bytes or pointer.
    pub key: sl_value,
    /// Any value.
    pub value: sl_value,
}

// What C reads is what `value.rs` wrote.
const _: () = {
    assert!(size_of::<sl_value>() == size_of::<Value>());
    assert!(align_of::<sl_value>() == align_of::<Value>());
    assert!(size_of::<sl_entry>() == size_of::<Entry>());
    assert!(sl_value_kind::Boolean as u32 == Kind::Boolean as u32);
    assert!(sl_value_kind::Integer as u32 == Kind::Integer as u32);
    assert!(sl_value_kind::Number as u32 == Kind::Number as u32);
    assert!(sl_value_kind::Bytes as u32 == Kind::Bytes as u32);
    assert!(sl_value_kind::Array as u32 == Kind::Array as u32);
    assert!(sl_value_kind::Map as u32 == Kind::Map as u32);
    assert!(sl_value_kind::Pointer as u32 == Kind::Pointer as u32);
};

/// Copies values that C lends for the call.
///
/// # Safety
///
/// `values` is NULL or readable for `len` values, and so is every list in them.
pub(super) unsafe fn copy(values: *const sl_value, len: usize, limits: Limits) -> Result<Values> {
    if len == 0 {
        return Ok(Values::none());
    }
    required(values)?;
    let mut reader = Reader { builder: Builder::new(limits), items_max: limits.items };
    // SAFETY: as the caller promised.
    unsafe { reader.values(values, len) }?;
    Ok(reader.builder.finish()?)
}

impl From<Excess> for Error {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Depth | Excess::Items | Excess::Bytes => Self::InvalidArgument,
            Excess::Memory => Self::NoMemory,
        }
    }
}

struct Reader {
    builder: Builder,
    items_max: u64,
}

impl Reader {
    /// A list that C lends. One that is longer than any tree may be is not even looked at.
    ///
    /// # Safety
    ///
    /// `first` is NULL or readable for `len` items of plain C data while `'a` lasts.
    unsafe fn list<'a, T>(&self, first: *const T, len: usize) -> Result<&'a [T]> {
        if len == 0 {
            return Ok(&[]);
        }
        let bytes = len.checked_mul(size_of::<T>()).is_some_and(|size| size <= isize::MAX as usize);
        if first.is_null() || !bytes || len as u64 > self.items_max {
            return Err(Error::InvalidArgument);
        }
        // SAFETY: not NULL and no longer than an object can be: readable, as the caller promised.
        Ok(unsafe { std::slice::from_raw_parts(first, len) })
    }

    /// # Safety
    ///
    /// `values` is NULL or readable for `len` values, and so is every list in them.
    unsafe fn values(&mut self, values: *const sl_value, len: usize) -> Result<()> {
        // SAFETY: as the caller promised.
        for value in unsafe { self.list(values, len) }? {
            // SAFETY: as the caller promised.
            unsafe { self.value(value) }?;
        }
        Ok(())
    }

    /// # Safety
    ///
    /// Every list in `value` is NULL or readable for its length.
    unsafe fn value(&mut self, value: &sl_value) -> Result<()> {
        let builder = &mut self.builder;
        match value.kind {
            0 => builder.nil()?,
            // SAFETY: any bits are a byte; as a boolean they might not be one.
            1 => builder.boolean(unsafe { (&raw const value.r#as).cast::<u8>().read() } != 0)?,
            // SAFETY: any bits are an integer.
            2 => builder.integer(unsafe { value.r#as.integer })?,
            // SAFETY: any bits are a number.
            3 => builder.number(unsafe { value.r#as.number })?,
            4 => {
                // SAFETY: any bits are a pointer and a length.
                let sl_bytes { data, len } = unsafe { value.r#as.bytes };
                // SAFETY: as the caller promised.
                let text = unsafe { bytes(data.cast(), len) };
                builder.bytes(text.map_err(|_| Error::InvalidArgument)?)?;
            }
            5 => {
                // SAFETY: any bits are a pointer and a length.
                let array = unsafe { value.r#as.array };
                let list = builder.open()?;
                // SAFETY: as the caller promised.
                unsafe { self.values(array.items, array.len) }?;
                self.builder.close_array(list)?;
            }
            6 => {
                // SAFETY: any bits are a pointer and a length.
                let map = unsafe { value.r#as.map };
                // SAFETY: as the caller promised.
                unsafe { self.map(map) }?;
            }
            // SAFETY: any bits are a pointer, which is not followed.
            7 => builder.pointer(unsafe { value.r#as.pointer })?,
            _ => return Err(Error::InvalidArgument),
        }
        Ok(())
    }

    /// # Safety
    ///
    /// The entries are NULL or readable for their number, and so is every list in them.
    unsafe fn map(&mut self, map: sl_map) -> Result<()> {
        let list = self.builder.open()?;
        // SAFETY: as the caller promised.
        for entry in unsafe { self.list(map.entries, map.len) }? {
            if !is_key(&entry.key) {
                return Err(Error::InvalidArgument);
            }
            // SAFETY: as the caller promised.
            unsafe { self.value(&entry.key) }?;
            // SAFETY: as the caller promised.
            unsafe { self.value(&entry.value) }?;
        }
        self.builder.close_map(list)?;
        Ok(())
    }
}

/// Whether Lua takes it as a key, and it means the same there: neither nil, NaN nor a list.
fn is_key(key: &sl_value) -> bool {
    match key.kind {
        1 | 2 | 4 | 7 => true,
        // SAFETY: any bits are a number.
        3 => !unsafe { key.r#as.number }.is_nan(),
        _ => false,
    }
}
