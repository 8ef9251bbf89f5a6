//! Lets hooks run again after an error that leaves one.
//!
//! While a hook runs, its coroutine says that no other may. An error that leaves the hook leaves
//! that so, and neither closing nor resetting the coroutine changes it: nothing that runs there
//! afterwards, a handler of `__close` or the next job, could ever be stopped. Lua has no function
//! for this, so the byte is found by looking at a state from outside of a hook and from inside.

use std::ffi::c_void;
use std::ptr;

use mlua::ffi::{self, lua_Debug, lua_State};

use crate::sync::Once;

/// Bytes at the beginning of every state, the byte among them. In front of it stand only the
/// collector's link and the marks of an object.
const HEADER_BYTES: usize = 16;

/// Hooks may run again on this coroutine once the present one is left.
///
/// # Safety
///
/// Called in a hook of the coroutine, just before an error leaves it.
pub unsafe fn allow(lua: *mut lua_State) {
    if let Some(at) = place() {
        // SAFETY: the byte is a part of the state, which the calling thread runs.
        let flag = unsafe { lua.cast::<u8>().add(at) };
        // SAFETY: as above; Lua writes the same at the end of a hook.
        unsafe { flag.write(1) };
    }
}

/// Finds the byte, unless that was done. `None` when there is not exactly one that fits.
pub fn place() -> Option<usize> {
    static PLACE: Once<Option<usize>> = Once::new();
    *PLACE.get_or_init(find)
}

fn find() -> Option<usize> {
    // SAFETY: the function does what Lua asks of an allocator.
    let lua = unsafe { ffi::lua_newstate(zeroed, ptr::null_mut()) };
    if lua.is_null() {
        return None;
    }
    let mut inside = [u8::MAX; HEADER_BYTES];
    // SAFETY: there is this much space for whoever made the state.
    let space = unsafe { ffi::lua_getextraspace(lua) }.cast::<*mut [u8; HEADER_BYTES]>();
    // SAFETY: as above. The hook writes there only during the call below.
    unsafe { space.write(&mut inside) };
    // SAFETY: the state is new and has room.
    let loaded = unsafe { ffi::luaL_loadstring(lua, c"return".as_ptr()) } == ffi::LUA_OK;
    // SAFETY: the calling thread runs the state, here and below.
    unsafe { ffi::lua_sethook(lua, Some(look), ffi::LUA_MASKCOUNT, 1) };
    // SAFETY: a function is on top.
    let ran = loaded && unsafe { ffi::lua_pcall(lua, 0, 0, 0) } == ffi::LUA_OK;
    // SAFETY: as above.
    let outside = unsafe { header(lua) };
    // SAFETY: it is used no more.
    unsafe { ffi::lua_close(lua) };
    let mut fits = (0..HEADER_BYTES).filter(|&at| (outside[at], inside[at]) == (1, 0));
    let found = fits.next().filter(|_| ran);
    found.filter(|_| fits.next().is_none())
}

/// Memory that is zero at first, so that no byte of a state is left to chance.
///
/// # Safety
///
/// As Lua calls its allocator.
unsafe extern "C" fn zeroed(
    _: *mut c_void,
    block: *mut c_void,
    _: usize,
    size: usize,
) -> *mut c_void {
    if size == 0 {
        // SAFETY: NULL, or a block that came from below.
        unsafe { libc::free(block) };
        return ptr::null_mut();
    }
    if block.is_null() {
        // SAFETY: has no preconditions.
        return unsafe { libc::calloc(1, size) };
    }
    // SAFETY: the block came from here.
    unsafe { libc::realloc(block, size) }
}

/// # Safety
///
/// The state is alive, and the calling thread runs it.
unsafe fn header(lua: *mut lua_State) -> [u8; HEADER_BYTES] {
    // SAFETY: every state is longer than this.
    unsafe { lua.cast::<[u8; HEADER_BYTES]>().read() }
}

unsafe extern "C-unwind" fn look(lua: *mut lua_State, _: *mut lua_Debug) {
    // SAFETY: `find` has put it there.
    let space = unsafe { ffi::lua_getextraspace(lua) }.cast::<*mut [u8; HEADER_BYTES]>();
    // SAFETY: as above.
    let inside = unsafe { space.read() };
    // SAFETY: the calling thread runs the state.
    let seen = unsafe { header(lua) };
    // SAFETY: it lives until the call that runs this hook returns.
    unsafe { inside.write(seen) };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_byte_is_found() {
        assert!(super::place().is_some());
    }
}
