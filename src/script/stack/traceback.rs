//! The traceback of a very deep stack. Lua's own walks the stack from its top for each line that
//! it writes, the lowest ones included, which takes tens of milliseconds there.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use mlua::ffi::{self, lua_Debug, lua_State};

/// A stack with so many levels is deep.
const DEEP: i32 = 1000;
/// Levels that are shown of it.
const SHOWN: i32 = 16;

/// The traceback of a coroutine that runs nothing; `None` when its stack is not deep.
pub(super) fn of_deep_stack(lua: *mut lua_State) -> Option<Vec<u8>> {
    let mut record = MaybeUninit::<lua_Debug>::zeroed();
    // SAFETY: the record is writable, here and below.
    if unsafe { ffi::lua_getstack(lua, DEEP, record.as_mut_ptr()) } == 0 {
        return None;
    }
    let mut text = b"\nstack traceback:".to_vec();
    for level in 0..SHOWN {
        // SAFETY: levels that do not exist are told apart.
        if unsafe { ffi::lua_getstack(lua, level, record.as_mut_ptr()) } == 0 {
            break;
        }
        // SAFETY: filled for a level that exists; the options need no stack.
        unsafe { ffi::lua_getinfo(lua, c"Sln".as_ptr(), record.as_mut_ptr()) };
        // SAFETY: zeroes and what Lua has written are a valid record.
        add_level(&mut text, unsafe { record.assume_init_ref() });
    }
    text.extend_from_slice(b"\n\t...\t(more than 1000 levels)");
    Some(text)
}

fn add_level(text: &mut Vec<u8>, level: &lua_Debug) {
    text.extend_from_slice(b"\n\t");
    text.extend(level.short_src.iter().map(|&byte| byte as u8).take_while(|&byte| byte != 0));
    text.push(b':');
    if level.currentline > 0 {
        text.extend_from_slice(format!("{}:", level.currentline).as_bytes());
    }
    let (kind, name) = (bytes(level.namewhat), bytes(level.name));
    if !kind.is_empty() {
        text.extend_from_slice(&[b" in ", kind, b" '", name, b"'"].concat());
    } else if bytes(level.what) == b"main" {
        text.extend_from_slice(b" in main chunk");
    } else if level.linedefined > 0 {
        text.extend_from_slice(format!(" in function <line {}>", level.linedefined).as_bytes());
    } else {
        text.extend_from_slice(b" in ?");
    }
}

fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return b"";
    }
    // SAFETY: Lua's names end with a NUL and live as long as their function.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}
