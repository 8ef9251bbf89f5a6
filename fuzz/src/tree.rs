//! Trees of values: made from random input, read to their last byte, and compared.

use std::ffi::{c_char, c_void};
use std::ptr;

use scriptloop::ffi::value::sl_value_kind as Kind;

use crate::{Input, sl_array, sl_bytes, sl_entry, sl_map, sl_script_result, sl_value, sl_value_as};

/// Keeps what values point to.
#[derive(Default)]
pub struct Store {
    texts: Vec<Box<[u8]>>,
    lists: Vec<Box<[sl_value]>>,
    maps: Vec<Box<[sl_entry]>>,
    /// Something in it is no value.
    pub is_wrong: bool,
    /// Values in it, keys included.
    pub items: usize,
    pub depth: usize,
}

const NIL: sl_value =
    sl_value { kind: Kind::Nil as u32, reserved: 0, r#as: sl_value_as { integer: 0 } };

impl Store {
    /// Values as the input says; sometimes wrong ones.
    pub fn values(&mut self, input: &mut Input<'_>, most: u8) -> Vec<sl_value> {
        let count = input.below(most + 1);
        (0..count).map(|_| self.value(input, 1)).collect()
    }

    fn value(&mut self, input: &mut Input<'_>, depth: usize) -> sl_value {
        self.items += 1;
        self.depth = self.depth.max(depth);
        let tag = input.byte();
        let (kind, content) = match tag % 16 {
            0 => return NIL,
            1 => (Kind::Boolean, sl_value_as { boolean: tag & 16 != 0 }),
            2 | 3 => (Kind::Integer, sl_value_as { integer: input.word() as i64 }),
            4 => (Kind::Integer, sl_value_as { integer: i64::from(tag >> 4) }),
            5 | 6 => (Kind::Number, sl_value_as { number: f64::from_bits(input.word()) }),
            7 => (Kind::Pointer, sl_value_as { pointer: input.word() as *mut c_void }),
            8 | 9 => {
                let len = input.byte() as usize;
                (Kind::Bytes, sl_value_as { bytes: self.bytes(input.take(len)) })
            }
            10 | 11 => {
                let count = if depth > 40 { 0 } else { input.below(6) };
                let items = (0..count).map(|_| self.value(input, depth + 1)).collect();
                (Kind::Array, sl_value_as { array: self.array(items) })
            }
            12 | 13 => {
                let count = if depth > 40 { 0 } else { input.below(6) };
                let entries: Vec<_> = (0..count)
                    .map(|_| {
                        let key = self.value(input, depth + 1);
                        self.is_wrong |= is_no_key(&key);
                        sl_entry { key, value: self.value(input, depth + 1) }
                    })
                    .collect();
                (Kind::Map, sl_value_as { map: self.map(entries) })
            }
            14 => {
                self.is_wrong = true;
                let null = sl_bytes { data: ptr::null(), len: 1 + usize::from(tag >> 4) };
                (Kind::Bytes, sl_value_as { bytes: null })
            }
            _ => {
                self.is_wrong = true;
                let kind = 8 + u32::from(input.byte());
                return sl_value { kind, reserved: 0, r#as: sl_value_as { integer: -1 } };
            }
        };
        sl_value { kind: kind as u32, reserved: u32::from(tag), r#as: content }
    }

    fn bytes(&mut self, bytes: &[u8]) -> sl_bytes {
        self.texts.push(bytes.into());
        let kept = self.texts.last().expect("it was pushed");
        sl_bytes { data: kept.as_ptr().cast(), len: kept.len() }
    }

    fn array(&mut self, items: Vec<sl_value>) -> sl_array {
        self.lists.push(items.into());
        let kept = self.lists.last().expect("it was pushed");
        sl_array { items: kept.as_ptr(), len: kept.len() }
    }

    fn map(&mut self, entries: Vec<sl_entry>) -> sl_map {
        self.maps.push(entries.into());
        let kept = self.maps.last().expect("it was pushed");
        sl_map { entries: kept.as_ptr(), len: kept.len() }
    }
}

fn is(value: &sl_value, kind: Kind) -> bool {
    value.kind == kind as u32
}

fn is_no_key(key: &sl_value) -> bool {
    let is_nan = || {
        // SAFETY: by its kind.
        unsafe { key.r#as.number }.is_nan()
    };
    is(key, Kind::Nil)
        || is(key, Kind::Array)
        || is(key, Kind::Map)
        || is(key, Kind::Number) && is_nan()
}

/// Lists of no items may have no address.
unsafe fn list<'a, T>(first: *const T, len: usize) -> &'a [T] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promised.
    unsafe { std::slice::from_raw_parts(first, len) }
}

/// Reads all bytes and the NUL behind them.
pub fn read_bytes(first: *const c_char, len: usize) -> Vec<u8> {
    if first.is_null() {
        assert_eq!(len, 0);
        return Vec::new();
    }
    // SAFETY: so long is what the library gives.
    let bytes = unsafe { list(first.cast::<u8>(), len + 1) };
    assert_eq!(bytes[len], 0, "a NUL stands behind what the library gives");
    bytes[..len].to_vec()
}

/// Reads all that a result points to.
pub fn read_all(result: &sl_script_result) {
    read_bytes(result.text, result.text_len);
    let error = read_bytes(result.error, result.error_len);
    assert_eq!(result.outcome == 0, error.is_empty(), "what failed says why");
    // SAFETY: the result lends them.
    let values = unsafe { list(result.values, result.values_len) };
    let mut out = Vec::new();
    values.iter().for_each(|value| write(value, &mut out));
}

/// All that a result's values say, maps in an order of their own.
pub fn text_of(values: &[sl_value]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| write(value, &mut out));
    out
}

/// The same for values of a result.
pub fn result_text(result: &sl_script_result) -> Vec<u8> {
    // SAFETY: the result lends them.
    text_of(unsafe { list(result.values, result.values_len) })
}

fn write(value: &sl_value, out: &mut Vec<u8>) {
    out.extend(value.kind.to_le_bytes());
    // SAFETY: each by its kind, as the library or `Store` wrote it.
    unsafe {
        match value.kind {
            0 => {}
            1 => out.push(u8::from(value.r#as.boolean)),
            2 | 7 => out.extend(value.r#as.integer.to_le_bytes()),
            3 => out.extend(value.r#as.number.to_bits().to_le_bytes()),
            4 => {
                let sl_bytes { data, len } = value.r#as.bytes;
                out.extend(len.to_le_bytes());
                out.extend(list(data.cast::<u8>(), len));
            }
            5 => {
                let sl_array { items, len } = value.r#as.array;
                out.extend(len.to_le_bytes());
                list(items, len).iter().for_each(|item| write(item, out));
            }
            6 => {
                let sl_map { entries, len } = value.r#as.map;
                out.extend(len.to_le_bytes());
                let mut texts: Vec<_> = list(entries, len)
                    .iter()
                    .map(|entry| text_of(&[entry.key, entry.value]))
                    .collect();
                texts.sort();
                out.extend(texts.concat());
            }
            other => panic!("the library gave kind {other}"),
        }
    }
}
