//! Functions of Lua's library that can take as long as they like, in a form that cannot: no hook
//! fires in a C function, so each of these looks by itself, every thousand steps, whether its job
//! has to end. They give the same results and raise the same errors as Lua's own.

mod load;
mod pattern;
mod strings;
mod tables;

use super::stack;

/// Replaces them in a new state that has its leash.
pub fn install(lua: &mlua::Lua) -> mlua::Result<()> {
    stack::set_functions(lua, c"_G", &load::functions())?;
    stack::set_functions(lua, c"string", &strings::functions())?;
    stack::set_functions(lua, c"table", &tables::functions())
}

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::*;
    use crate::script::interrupt::{Interrupt, Reason};
    use crate::script::stack::hook::{self, Leash};

    /// Compares all functions with Lua's own, on arguments made at random: results and errors.
    const COMPARE: &str = include_str!("compare.lua");

    #[test]
    fn each_function_does_what_luas_own_does() {
        let lua = Lua::new();
        let leash = Leash::default();
        hook::leash(&lua, &leash);
        let compare = lua.load(COMPARE).set_name("=compare").into_function();
        let compare = compare.expect("it compiles");
        // Keeps Lua's own, and gives what compares them with the new ones.
        let run = compare.call::<mlua::Function>(()).expect("it keeps the originals");
        install(&lua).expect("there is memory");
        run.call::<()>(4_000).expect("all are the same");
    }

    #[test]
    fn a_job_that_has_to_end_ends_in_each_of_them() {
        let lua = Lua::new();
        let (leash, interrupt) = (Leash::default(), Interrupt::default());
        hook::leash(&lua, &leash);
        leash.hold(&interrupt);
        install(&lua).expect("there is memory");
        interrupt.begin(1, u64::MAX, 0);
        interrupt.ask(1, Reason::Timeout);
        for endless in [
            "return ('a'):rep(40):find(('a-'):rep(40) .. 'b')",
            "return ('a'):rep(40):match(('a?'):rep(40) .. ('a'):rep(40) .. 'b')",
            "return ('x'):rep(10000):gsub('.-.-.-.-b', '')",
            "for _ in ('x'):rep(10000):gmatch('.-.-.-.-b') do end",
            "return ('x'):rep(1 << 20, 'y')",
            "return table.move({}, 1, 1e15, 2)",
            "return table.concat(setmetatable({}, {__len = function() return 1e15 end,\
             __index = string.lower and function() return '' end}))",
            "local t = {} for i = 1, 5000 do t[i] = -i end table.sort(t)",
            "return table.insert(setmetatable({}, {__len = function() return 1 << 40 end}), 1, 1)",
            "return table.remove(setmetatable({}, {__len = function() return 1 << 40 end}), 1)",
            "local n = 0 return assert(load(function() n = n + 1 return 'x = 1 ' end))",
        ] {
            let error = lua.load(endless).exec().expect_err(endless);
            assert!(!error.to_string().contains("bad argument"), "{endless}: {error}");
        }
    }
}
