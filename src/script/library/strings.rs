//! Those functions of `string` that can take long for small arguments: matching, and `rep`.
//! The others take time in proportion to the memory that their strings take.

use std::ffi::c_int;

use memchr::memmem;
use mlua::ffi;

use super::pattern::{Capture, Fault, Matcher};
use crate::script::stack::native::{Native, Patience, function};
use crate::script::stack::text::Text;
use crate::script::stack::{Entry, Index};

/// Longest string that Lua makes.
const SIZE_MAX: usize = i64::MAX as usize;
/// Most that `rep` adds in one step, unless one part is longer: it stays in the cache.
const PIECE: usize = 64 << 10;
/// What makes a string a pattern.
const SPECIALS: &[u8] = b"^$*+?.([%-";

/// Their names in `string`.
pub fn functions() -> [Entry; 5] {
    [
        (c"find", function(|native| find(native, true))),
        (c"gmatch", function(gmatch)),
        (c"gsub", function(gsub)),
        (c"match", function(|native| find(native, false))),
        (c"rep", function(rep)),
    ]
}

/// A position from the start, or from the end if negative, as an offset.
fn offset(position: i64, len: usize) -> usize {
    let len = len as i64;
    match position {
        0 => 0,
        1.. => usize::try_from(position - 1).unwrap_or(usize::MAX),
        _ if position < -len => 0,
        _ => (len + position) as usize,
    }
}

fn fail(native: &mut Native<'_>, fault: Fault) -> ! {
    match fault {
        Fault::Interrupted => native.stop(),
        Fault::Malformed(text) => native.error(&[text.as_bytes()]),
        Fault::NoCapture(number) => {
            let mut digits = [0; 3];
            native.error(&[b"invalid capture index %", decimal(number, &mut digits)])
        }
    }
}

/// A small number as text.
fn decimal(number: i32, digits: &mut [u8; 3]) -> &[u8] {
    let number = number.clamp(0, 999) as u32;
    let all = [number / 100, number / 10 % 10, number % 10];
    *digits = all.map(|digit| b'0' + digit as u8);
    let skipped = if number >= 100 {
        0
    } else if number >= 10 {
        1
    } else {
        2
    };
    &digits[skipped..]
}

fn or_fail<T>(native: &mut Native<'_>, result: Result<T, Fault>) -> T {
    match result {
        Ok(value) => value,
        Err(fault) => fail(native, fault),
    }
}

fn push_capture(native: &mut Native<'_>, capture: Capture<'_>) {
    match capture {
        Capture::Part(part) => native.push_bytes(part),
        Capture::Position(position) => native.push_integer(position),
    }
}

/// Pushes all captures of a match; the whole match if there are none and it is asked for.
fn push_captures<S: Fn() -> bool>(
    native: &mut Native<'_>,
    matcher: &Matcher<'_, '_, S>,
    (start, end): (usize, usize),
    whole: bool,
) -> c_int {
    let count = matcher.captures().max(usize::from(whole));
    native.reserve(count as c_int);
    for number in 0..count {
        let capture = matcher.capture(number, start, end);
        let capture = or_fail(native, capture);
        push_capture(native, capture);
    }
    count as c_int
}

fn find(native: &mut Native<'_>, positions: bool) -> c_int {
    let subject = native.check_bytes(1);
    let pattern = native.check_bytes(2);
    let init = offset(native.integer_or(3, 1), subject.len());
    if init > subject.len() {
        native.push_nil();
        return 1;
    }
    let is_plain = || !pattern.iter().any(|byte| SPECIALS.contains(byte));
    if positions && (native.is_true(4) || is_plain()) {
        let Some(at) = memmem::find(&subject[init..], pattern) else {
            native.push_nil();
            return 1;
        };
        let start = (init + at) as i64;
        native.push_integer(start + 1);
        native.push_integer(start + pattern.len() as i64);
        return 2;
    }
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(subject, &pattern[usize::from(anchored)..], native.stopper());
    let found = matcher.search(init, anchored);
    match or_fail(native, found) {
        None => {
            native.push_nil();
            1
        }
        Some((start, end)) if positions => {
            native.push_integer(start as i64 + 1);
            native.push_integer(end as i64);
            2 + push_captures(native, &matcher, (start, end), false)
        }
        Some(place) => push_captures(native, &matcher, place, true),
    }
}

/// The upvalues of the iterator: subject, pattern, where to go on, and where the last match ended.
const SUBJECT: c_int = 1;
const PATTERN: c_int = 2;
const NEXT: c_int = 3;
const LAST: c_int = 4;

fn gmatch(native: &mut Native<'_>) -> c_int {
    let subject = native.check_bytes(1);
    native.check_bytes(2);
    let init = offset(native.integer_or(3, 1), subject.len()).min(subject.len() + 1);
    native.set_top(2);
    native.push_integer(init as i64);
    native.push_integer(-1);
    native.push_function(function(next_match), 4);
    1
}

fn next_match(native: &mut Native<'_>) -> c_int {
    let subject = native.check_bytes(Native::upvalue(SUBJECT));
    let pattern = native.check_bytes(Native::upvalue(PATTERN));
    let next = native.check_integer(Native::upvalue(NEXT)) as usize;
    let last = native.check_integer(Native::upvalue(LAST));
    let mut matcher = Matcher::new(subject, pattern, native.stopper());
    for start in next..=subject.len() {
        let found = matcher.match_at(start);
        if let Some(end) = or_fail(native, found)
            && end as i64 != last
        {
            native.push_integer(end as i64);
            native.replace(Native::upvalue(NEXT));
            native.push_integer(end as i64);
            native.replace(Native::upvalue(LAST));
            return push_captures(native, &matcher, (start, end), true);
        }
    }
    native.push_integer(subject.len() as i64 + 1);
    native.replace(Native::upvalue(NEXT));
    0
}

fn gsub(native: &mut Native<'_>) -> c_int {
    const REPLACEMENT: Index = 3;
    let subject = native.check_bytes(1);
    let pattern = native.check_bytes(2);
    let kind = native.kind(REPLACEMENT);
    let usable = [ffi::LUA_TNUMBER, ffi::LUA_TSTRING, ffi::LUA_TFUNCTION, ffi::LUA_TTABLE];
    if !usable.contains(&kind) {
        native.type_error(REPLACEMENT, c"string/function/table");
    }
    let most = native.integer_or(4, subject.len() as i64 + 1);
    let anchored = pattern.first() == Some(&b'^');
    let stopper = native.stopper();
    let mut matcher = Matcher::new(subject, &pattern[usize::from(anchored)..], stopper);
    let mut patience = Patience::default();
    let mut text = native.text();
    let (mut at, mut last, mut count, mut changed) = (0, None, 0, false);
    while count < most {
        let found = matcher.match_at(at);
        match or_fail(native, found) {
            Some(end) if last != Some(end) => {
                count += 1;
                // A callback may do anything, the next one as well.
                native.go_on(&mut patience);
                changed |= add_replacement(native, &mut text, &matcher, (at, end), kind);
                (at, last) = (end, Some(end));
            }
            _ if at < subject.len() => {
                native.add(&mut text, &subject[at..=at]);
                at += 1;
            }
            _ => break,
        }
        if anchored {
            break;
        }
    }
    if changed {
        native.add(&mut text, &subject[at.min(subject.len())..]);
        native.finish(&text);
    } else {
        native.push_copy(1);
    }
    native.push_integer(count);
    2
}

/// Adds what replaces a match; false when the match stays.
fn add_replacement<S: Fn() -> bool>(
    native: &mut Native<'_>,
    text: &mut Text,
    matcher: &Matcher<'_, '_, S>,
    (start, end): (usize, usize),
    kind: c_int,
) -> bool {
    const REPLACEMENT: Index = 3;
    match kind {
        ffi::LUA_TFUNCTION => {
            native.push_copy(REPLACEMENT);
            let arguments = push_captures(native, matcher, (start, end), true);
            native.call(arguments, 1);
        }
        ffi::LUA_TTABLE => {
            let capture = matcher.capture(0, start, end);
            let capture = or_fail(native, capture);
            push_capture(native, capture);
            native.get_field(REPLACEMENT);
        }
        _ => {
            add_template(native, text, matcher, (start, end));
            return true;
        }
    }
    if !native.is_true(-1) {
        native.pop(1);
        let whole = matcher.whole(start, end);
        native.add(text, whole);
        return false;
    }
    let Some(bytes) = native.string_at(-1) else {
        let name = native.kind_name(-1);
        native.error(&[b"invalid replacement value (a ", name, b")"])
    };
    native.add(text, bytes);
    native.pop(1);
    true
}

/// Adds the replacement string with its captures put in.
fn add_template<S: Fn() -> bool>(
    native: &mut Native<'_>,
    text: &mut Text,
    matcher: &Matcher<'_, '_, S>,
    (start, end): (usize, usize),
) {
    let mut rest = native.string_at(3).unwrap_or_default();
    while let Some(at) = memchr::memchr(b'%', rest) {
        native.add(text, &rest[..at]);
        match rest.get(at + 1) {
            Some(b'%') => native.add(text, b"%"),
            Some(b'0') => {
                let whole = matcher.whole(start, end);
                native.add(text, whole);
            }
            Some(&digit @ b'1'..=b'9') => {
                let capture = matcher.capture(usize::from(digit - b'1'), start, end);
                match or_fail(native, capture) {
                    Capture::Part(part) => native.add(text, part),
                    Capture::Position(position) => {
                        native.push_integer(position);
                        let digits = native.string_at(-1).unwrap_or_default();
                        native.add(text, digits);
                        native.pop(1);
                    }
                }
            }
            _ => native.error(&[b"invalid use of '%' in replacement string"]),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    native.add(text, rest);
}

fn rep(native: &mut Native<'_>) -> c_int {
    let part = native.check_bytes(1);
    let count = native.check_integer(2);
    let separator = if native.is_nil(3) { &[][..] } else { native.check_bytes(3) };
    let one = part.len() + separator.len();
    if count <= 0 || one == 0 {
        native.push_bytes(b"");
        return 1;
    }
    let all = usize::try_from(count).ok().and_then(|count| one.checked_mul(count));
    if all.is_none_or(|all| all > SIZE_MAX) {
        native.error(&[b"resulting string too large"]);
    }
    let mut text = native.text();
    let all = all.unwrap_or_default() - separator.len();
    native.room(&mut text, all);
    native.add(&mut text, part);
    let mut len = part.len();
    if len < all {
        native.add(&mut text, separator);
        len = one;
    }
    // From its own beginning, twice as much each time: Lua's own takes a step for each part.
    let piece = (PIECE - PIECE % one).max(one);
    while len < all {
        if native.must_stop() {
            native.stop();
        }
        len = native.add_own(&mut text, piece.min(all - len));
    }
    native.finish(&text);
    1
}
