//! `load`: text only, and handed to the parser piece by piece, so that a source that takes long to
//! compile ends when its job has to.

use std::ffi::c_int;

use mlua::ffi;

use crate::script::stack::Entry;
use crate::script::stack::native::{Native, function};
use crate::script::stack::pieces::PIECE;

/// Its name in the global table.
pub fn functions() -> [Entry; 1] {
    [(c"load", function(load))]
}

fn load(native: &mut Native<'_>) -> c_int {
    let mode = if native.is_nil(3) { b"bt" } else { native.check_bytes(3) };
    if !mode.contains(&b't') {
        native.push_nil();
        native.push_bytes(b"bytecode is not available");
        return 2;
    }
    let has_environment = native.top() >= 4;
    let source = native.string_at(1);
    if native.is_nil(2) {
        native.set_top(native.top().max(2));
        match source {
            Some(_) => native.push_copy(1),
            None => native.push_bytes(b"=(load)"),
        }
        native.replace(2);
    }
    native.check_bytes(2);
    native.set_top(PIECE);
    let loaded = match source {
        Some(source) => native.load_source(source, 2),
        None => {
            native.check_kind(1, ffi::LUA_TFUNCTION);
            native.load_from_function(2)
        }
    };
    if loaded.is_err() {
        native.push_nil();
        native.insert(-2);
        return 2;
    }
    if has_environment {
        native.push_copy(4);
        native.set_environment(-2);
    }
    1
}
