//! Functions of the host's that scripts call.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use mlua::ffi::{self, lua_State};

use super::{Index, Stack};
use crate::value::Values;

/// What a function gives: values, or the text of an error.
pub type Given = Result<Values, Vec<u8>>;

/// Reads its arguments, from 1 to the top, and gives what it returns.
pub type HostFn = dyn Fn(&mut Stack<'_>) -> Given + Send + Sync;

/// A function of the host's. States keep its address: it lives as long as they do.
pub struct HostFunction(Box<HostFn>);

impl HostFunction {
    /// One that scripts can call.
    pub fn new(function: Box<HostFn>) -> Arc<Self> {
        Arc::new(Self(function))
    }
}

/// Makes `function` a global of `lua`, or a field of one: `name` or `table.name`. The caller
/// keeps it alive for as long as the state exists.
pub fn set_function(
    lua: &mlua::Lua,
    name: &[u8],
    function: &Arc<HostFunction>,
) -> mlua::Result<()> {
    lua.exec_raw_lua(|raw| {
        let mut stack = Stack::of(raw.state());
        let top = stack.top();
        let address = ptr::from_ref(&**function).cast_mut().cast::<c_void>();
        let set = stack.protect(0, |stack| stack.set_host_function(name, address, call_host));
        stack.cut(top);
        set.map_err(|_| mlua::Error::MemoryError("host function".to_owned()))
    })
}

/// What Lua calls: its upvalue is the function's address.
unsafe extern "C-unwind" fn call_host(lua: *mut lua_State) -> c_int {
    let below = call(lua);
    if below >= 0 {
        return below;
    }
    // Nothing with a destructor is alive here: the error may go where it likes.
    // SAFETY: there is room for an error message, here and below.
    unsafe { ffi::luaL_where(lua, 1) };
    // SAFETY: the text is below the place.
    unsafe { ffi::lua_rotate(lua, -2, 1) };
    // SAFETY: two strings are on top.
    unsafe { ffi::lua_concat(lua, 2) };
    // SAFETY: the error is on top.
    unsafe { ffi::lua_error(lua) }
}

/// Calls the function. The number of results, or -1 and the text of an error, on top.
fn call(lua: *mut lua_State) -> c_int {
    let mut stack = Stack::of(lua);
    // SAFETY: the upvalue is there.
    let address = unsafe { ffi::lua_touserdata(lua, ffi::lua_upvalueindex(1)) };
    // SAFETY: `set_function` put it there, and it lives as long as the state.
    let function = unsafe { &*address.cast::<HostFunction>() };
    stack.reserve(super::ROOM);
    let arguments = stack.top();
    let given = catch_unwind(AssertUnwindSafe(|| (function.0)(&mut stack)));
    let given = given.unwrap_or_else(|_| Err(b"the host's function panicked".to_vec()));
    let pushed = match &given {
        Ok(values) => {
            let roots = values.roots();
            stack.protect(0, |stack| stack.push_values(roots)).is_ok()
        }
        Err(text) => {
            let text = &text[..];
            // When this fails, Lua's own error is on top.
            let _failed = stack.protect(0, |stack| stack.push_text(text));
            false
        }
    };
    if pushed { stack.top() - arguments } else { -1 }
}

impl super::Protected<'_> {
    fn set_host_function(
        &mut self,
        name: &[u8],
        address: *mut c_void,
        function: ffi::lua_CFunction,
    ) {
        let (table, name) = match name.iter().position(|&byte| byte == b'.') {
            Some(dot) => (Some(&name[..dot]), &name[dot + 1..]),
            None => (None, name),
        };
        let holder = self.push_globals();
        let holder = table.map_or(holder, |table| self.push_field_table(holder, table));
        self.push_text(name);
        let lua = self.lua();
        // SAFETY: there is room, here and below.
        unsafe { ffi::lua_pushlightuserdata(lua, address) };
        // SAFETY: its one upvalue is on top.
        unsafe { ffi::lua_pushcclosure(lua, function, 1) };
        // SAFETY: a table is at `holder`, and key and value are on top.
        unsafe { ffi::lua_rawset(lua, holder) };
    }

    fn push_globals(&mut self) -> Index {
        self.push_text(b"");
        let lua = self.lua();
        // SAFETY: there is room; the registry has this field.
        unsafe { ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS) };
        // SAFETY: no preconditions.
        unsafe { ffi::lua_gettop(lua) }
    }

    /// The table in a field of the table at `holder`, which is made if it is not there.
    fn push_field_table(&mut self, holder: Index, name: &[u8]) -> Index {
        self.push_text(name);
        let lua = self.lua();
        // SAFETY: a table is at `holder`, and the key is on top.
        if unsafe { ffi::lua_rawget(lua, holder) } != ffi::LUA_TTABLE {
            self.push_text(name);
            // SAFETY: there is room, here and below.
            unsafe { ffi::lua_createtable(lua, 0, 4) };
            // SAFETY: as above.
            unsafe { ffi::lua_pushvalue(lua, -1) };
            // SAFETY: three values are there.
            unsafe { ffi::lua_rotate(lua, -3, 1) };
            // SAFETY: key and value are on top.
            unsafe { ffi::lua_rawset(lua, holder) };
        }
        // SAFETY: no preconditions.
        unsafe { ffi::lua_gettop(lua) }
    }

    /// Makes the value on top a global.
    pub fn set_global(&mut self, name: &[u8]) {
        let globals = self.push_globals();
        self.push_text(name);
        let lua = self.lua();
        // SAFETY: the value came before the two that `push_globals` has left.
        unsafe { ffi::lua_pushvalue(lua, globals - 2) };
        // SAFETY: a table is there, and key and value are on top.
        unsafe { ffi::lua_rawset(lua, globals) };
    }
}
