//! Those functions of `table` that loop as long as a length says, whoever made the length up.

use std::ffi::c_int;

use mlua::ffi;

use crate::script::stack::native::{Native, Patience, function};
use crate::script::stack::{Entry, Index};

/// What a function does with a table.
const READS: u32 = 1;
const WRITES: u32 = 2;
const MEASURES: u32 = 4;

/// Their names in `table`.
pub fn functions() -> [Entry; 5] {
    [
        (c"concat", function(concat)),
        (c"insert", function(insert)),
        (c"move", function(move_items)),
        (c"remove", function(remove)),
        (c"sort", function(sort)),
    ]
}

/// An error unless there is a table, or something that can be used like one.
fn check(native: &mut Native<'_>, index: Index, uses: u32) {
    if native.kind(index) == ffi::LUA_TTABLE {
        return;
    }
    let needs = [(READS, c"__index"), (WRITES, c"__newindex"), (MEASURES, c"__len")];
    let usable =
        needs.iter().all(|&(need, name)| uses & need == 0 || native.has_metafield(index, name));
    if !usable {
        native.check_kind(index, ffi::LUA_TTABLE);
    }
}

fn len(native: &mut Native<'_>, uses: u32) -> i64 {
    check(native, 1, uses | MEASURES);
    native.len(1)
}

fn concat(native: &mut Native<'_>) -> c_int {
    let last = len(native, READS);
    let separator = if native.is_nil(2) { &[][..] } else { native.check_bytes(2) };
    let first = native.integer_or(3, 1);
    let last = native.integer_or(4, last);
    let mut text = native.text();
    let mut patience = Patience::default();
    let mut at = first;
    while at <= last {
        native.go_on(&mut patience);
        native.push_item(1, at);
        let Some(bytes) = native.string_at(-1) else {
            let name = native.kind_name(-1);
            native.push_integer(at);
            let index = native.string_at(-1).unwrap_or_default();
            native.error(&[
                b"invalid value (",
                name,
                b") at index ",
                index,
                b" in table for 'concat'",
            ])
        };
        native.add(&mut text, bytes);
        native.pop(1);
        if at == last {
            break;
        }
        native.add(&mut text, separator);
        at += 1;
    }
    native.finish(&text);
    1
}

fn insert(native: &mut Native<'_>) -> c_int {
    let end = len(native, READS | WRITES).wrapping_add(1);
    let place = match native.top() {
        2 => end,
        3 => {
            let place = native.check_integer(2);
            if (place as u64).wrapping_sub(1) >= end as u64 {
                native.argument_error(2, c"position out of bounds");
            }
            let mut patience = Patience::default();
            let mut at = end;
            while at > place {
                native.go_on(&mut patience);
                native.push_item(1, at - 1);
                native.set_item(1, at);
                at -= 1;
            }
            place
        }
        _ => native.error(&[b"wrong number of arguments to 'insert'"]),
    };
    native.set_item(1, place);
    0
}

fn remove(native: &mut Native<'_>) -> c_int {
    let size = len(native, READS | WRITES);
    let mut place = native.integer_or(2, size);
    if place != size && (place as u64).wrapping_sub(1) > size as u64 {
        native.argument_error(2, c"position out of bounds");
    }
    native.push_item(1, place);
    let mut patience = Patience::default();
    while place < size {
        native.go_on(&mut patience);
        native.push_item(1, place + 1);
        native.set_item(1, place);
        place += 1;
    }
    native.push_nil();
    native.set_item(1, place);
    1
}

fn move_items(native: &mut Native<'_>) -> c_int {
    let (from, end, to) =
        (native.check_integer(2), native.check_integer(3), native.check_integer(4));
    let target = if native.is_nil(5) { 1 } else { 5 };
    check(native, 1, READS);
    check(native, target, WRITES);
    if end >= from {
        if !(from > 0 || end < i64::MAX + from) {
            native.argument_error(3, c"too many elements to move");
        }
        let count = end - from + 1;
        if to > i64::MAX - count + 1 {
            native.argument_error(4, c"destination wrap around");
        }
        let mut patience = Patience::default();
        let forward = to > end || to <= from || target != 1 && !native.is_equal(1, target);
        for step in 0..count {
            native.go_on(&mut patience);
            let step = if forward { step } else { count - 1 - step };
            native.push_item(1, from + step);
            native.set_item(target, to + step);
        }
    }
    native.push_copy(target);
    1
}

fn sort(native: &mut Native<'_>) -> c_int {
    let count = len(native, READS | WRITES);
    if count > 1 {
        if count >= i64::from(c_int::MAX) {
            native.argument_error(1, c"array too big");
        }
        if !native.is_nil(2) {
            native.check_kind(2, ffi::LUA_TFUNCTION);
        }
        native.set_top(2);
        quicksort(native, &mut Patience::default(), 1, count);
    }
    0
}

/// Whether the value at `a` comes before the one at `b`, places from the top.
fn before(native: &mut Native<'_>, patience: &mut Patience, a: Index, b: Index) -> bool {
    native.go_on(patience);
    if native.kind(2) != ffi::LUA_TFUNCTION {
        return native.is_less(a, b);
    }
    native.push_copy(2);
    native.push_copy(a - 1);
    native.push_copy(b - 2);
    native.call(2, 1);
    let is_before = native.is_true(-1);
    native.pop(1);
    is_before
}

/// Sets two items to the two values on top, which go: the higher one goes to `a`.
fn set_two(native: &mut Native<'_>, a: i64, b: i64) {
    native.set_item(1, a);
    native.set_item(1, b);
}

/// Puts the items at `low` and `high` in order; true when they were not.
fn order_two(native: &mut Native<'_>, patience: &mut Patience, low: i64, high: i64) -> bool {
    native.push_item(1, low);
    native.push_item(1, high);
    let swap = before(native, patience, -1, -2);
    if swap {
        set_two(native, low, high);
    } else {
        native.pop(2);
    }
    swap
}

/// Sorts from `low` to `high`. The smaller part is sorted by recursion, which is so never deep.
fn quicksort(native: &mut Native<'_>, patience: &mut Patience, mut low: i64, mut high: i64) {
    while low < high {
        order_two(native, patience, low, high);
        if high - low == 1 {
            return;
        }
        let middle = low + (high - low) / 2;
        // What was the lowest of two is no higher than the highest.
        if !order_two(native, patience, low, middle) {
            order_two(native, patience, middle, high);
        }
        if high - low == 2 {
            return;
        }
        // The pivot stays on the stack, and waits at the last place but one.
        native.push_item(1, middle);
        native.push_copy(-1);
        native.push_item(1, high - 1);
        set_two(native, middle, high - 1);
        let pivot = partition(native, patience, low, high);
        let (left, right) = (pivot - low, high - pivot);
        if left < right {
            quicksort(native, patience, low, pivot - 1);
            low = pivot + 1;
        } else {
            quicksort(native, patience, pivot + 1, high);
            high = pivot - 1;
        }
    }
}

/// Exchanges items until those before a place come before the pivot, which is on top and goes,
/// and gives that place.
fn partition(native: &mut Native<'_>, patience: &mut Patience, low: i64, high: i64) -> i64 {
    let (mut up, mut down) = (low, high - 1);
    loop {
        loop {
            up += 1;
            native.push_item(1, up);
            if !before(native, patience, -1, -2) {
                break;
            }
            if up == high - 1 {
                native.error(&[b"invalid order function for sorting"]);
            }
            native.pop(1);
        }
        loop {
            down -= 1;
            native.push_item(1, down);
            if !before(native, patience, -3, -1) {
                break;
            }
            if down < up {
                native.error(&[b"invalid order function for sorting"]);
            }
            native.pop(1);
        }
        if down < up {
            native.pop(1);
            // The pivot and the item at `up` change places.
            set_two(native, high - 1, up);
            return up;
        }
        set_two(native, up, down);
    }
}
