//! Strings that native functions make, in memory of the state's.

use std::{ptr, slice};

use mlua::ffi;

use super::Index;
use super::native::Native;

/// Bytes of a text that is short enough for the function's own frame.
const INLINE: usize = 256;

/// A text that is being made. It lies in the frame of its function, and in the state when it gets
/// longer.
pub struct Text {
    inline: [u8; INLINE],
    /// In the state; null while the text is inline.
    data: *mut u8,
    len: usize,
    capacity: usize,
    /// The place on the stack of what holds `data`.
    slot: Index,
}

impl Native<'_> {
    /// Begins a text; its place on the stack stays until it is finished.
    pub fn text(&mut self) -> Text {
        self.push_nil();
        let (data, capacity) = (ptr::null_mut(), INLINE);
        Text { inline: [0; INLINE], data, len: 0, capacity, slot: self.top() }
    }

    /// Makes a block of the state that goes when its place on the stack does.
    fn push_block(&mut self, bytes: usize) -> *mut u8 {
        // SAFETY: there is room; raises for want of memory.
        unsafe { ffi::lua_newuserdatauv(self.lua, bytes, 0) }.cast()
    }

    /// Adds bytes to a text.
    #[inline]
    pub fn add(&mut self, text: &mut Text, bytes: &[u8]) {
        if text.capacity - text.len < bytes.len() {
            self.grow(text, bytes.len());
        }
        let first = if text.data.is_null() { text.inline.as_mut_ptr() } else { text.data };
        // SAFETY: the capacity is at least so large.
        let end = unsafe { first.add(text.len) };
        // SAFETY: as above; what is added lies elsewhere.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), end, bytes.len()) };
        text.len += bytes.len();
    }

    /// Adds the first bytes of the text itself once more, as many as there are at most, in room
    /// that was made; gives how long the text is then.
    pub fn add_own(&mut self, text: &mut Text, bytes: usize) -> usize {
        let bytes = bytes.min(text.len).min(text.capacity - text.len);
        let first = if text.data.is_null() { text.inline.as_mut_ptr() } else { text.data };
        // SAFETY: the capacity is at least so large.
        let end = unsafe { first.add(text.len) };
        // SAFETY: so much is there, as much is free behind it, and they do not meet.
        unsafe { ptr::copy_nonoverlapping(first, end, bytes) };
        text.len += bytes;
        text.len
    }

    /// Makes room for a text of so many bytes.
    pub fn room(&mut self, text: &mut Text, bytes: usize) {
        if text.capacity - text.len < bytes {
            self.grow(text, bytes);
        }
    }

    #[cold]
    fn grow(&mut self, text: &mut Text, more: usize) {
        let needed = text.len.checked_add(more).filter(|&len| len <= isize::MAX as usize);
        let Some(needed) = needed else { self.error(&[b"buffer too large"]) };
        let capacity = needed.max(text.capacity.saturating_mul(2));
        let data = self.push_block(capacity);
        let old = if text.data.is_null() { text.inline.as_ptr() } else { text.data };
        // SAFETY: both have room for what is there, and they are two.
        unsafe { ptr::copy_nonoverlapping(old, data, text.len) };
        self.replace(text.slot);
        (text.data, text.capacity) = (data, capacity);
    }

    /// Replaces the place of a text, and all above it, by the string.
    pub fn finish(&mut self, text: &Text) {
        let first = if text.data.is_null() { text.inline.as_ptr() } else { text.data };
        // SAFETY: so much was added.
        let bytes = unsafe { slice::from_raw_parts(first, text.len) };
        self.push_bytes(bytes);
        self.replace(text.slot);
        self.set_top(text.slot);
    }
}
