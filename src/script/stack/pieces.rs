//! A source, handed to Lua's parser piece by piece.

use std::ffi::{c_char, c_void};
use std::ptr;

use mlua::ffi::lua_State;

use super::Index;
use super::hook::{interrupt_of, raise};
use super::native::Native;

/// Bytes of one piece: compiling that much takes microseconds, as a rule.
const PIECE_BYTES: usize = 4096;
/// Where the piece lies that a reader function gave last.
pub const PIECE: Index = 5;

/// What is left of a source.
#[derive(Debug)]
pub struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    /// All of it.
    pub fn of(source: &'a [u8]) -> Self {
        Self(source)
    }

    /// What Lua calls for the next piece. A job that has to end gets an error instead: half a
    /// source may be a chunk, too.
    pub(super) unsafe extern "C-unwind" fn read(
        lua: *mut lua_State,
        pieces: *mut c_void,
        size: *mut usize,
    ) -> *const c_char {
        // SAFETY: whoever gave this function to Lua gave it a `Pieces`.
        let pieces = unsafe { &mut *pieces.cast::<Self>() };
        if interrupt_of(lua).is_some_and(|interrupt| interrupt.is_pending()) {
            raise(lua);
        }
        let (piece, rest) = pieces.0.split_at(pieces.0.len().min(PIECE_BYTES));
        pieces.0 = rest;
        Self::give(piece, size)
    }

    /// There is no more.
    fn end(size: *mut usize) -> *const c_char {
        // SAFETY: Lua passes a valid place.
        unsafe { size.write(0) };
        ptr::null()
    }

    /// This is the next piece.
    fn give(piece: &[u8], size: *mut usize) -> *const c_char {
        // SAFETY: Lua passes a valid place.
        unsafe { size.write(piece.len()) };
        piece.as_ptr().cast()
    }
}

/// What Lua calls for the next piece that the script's function at 1 gives.
pub(super) unsafe extern "C-unwind" fn read_function(
    lua: *mut lua_State,
    _: *mut c_void,
    size: *mut usize,
) -> *const c_char {
    let mut native = Native::of(lua);
    if native.must_stop() {
        native.stop();
    }
    native.reserve(2);
    native.push_copy(1);
    native.call(0, 1);
    if native.is_nil(-1) {
        native.pop(1);
        return Pieces::end(size);
    }
    let Some(piece) = native.string_at(-1) else {
        native.error(&[b"reader function must return a string"])
    };
    native.replace(PIECE);
    Pieces::give(piece, size)
}
