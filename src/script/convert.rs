//! From a state's values to ours, within bounds. Nothing in here can run a script: tables are
//! read raw.
//!
//! A table with exactly the keys 1 to n is an array, also when it is empty; every other table is
//! a map. Tables that are reached twice come out twice; a table inside itself, and whatever
//! cannot leave its state, is refused with its place: `result 1.enemies[3].update is a function`.

use super::stack::{Index, Peek, Stack};
use crate::value::{Builder, Excess, Values, View};

/// Free places that one level of a walk needs.
const ROOM: i32 = 8;
/// Longest part of a key that a message shows.
const KEY_SHOWN: usize = 40;

/// Reads the values from `first` on up to the top. `name` says what a message calls the first,
/// second and so on.
pub fn read(
    stack: &mut Stack<'_>,
    first: Index,
    name: fn(i32) -> String,
    builder: &mut Builder,
) -> Result<Values, Vec<u8>> {
    if first == stack.top()
        && let Some(values) = scalar(&stack.peek(first))
    {
        return Ok(values);
    }
    let mut reader = Reader { builder, tables: Vec::new() };
    for index in first..=stack.top() {
        if let Err(trouble) = reader.value(stack, index) {
            builder.clear();
            return Err(trouble.describe(name(index - first + 1)));
        }
    }
    builder.finish().map_err(|excess| Trouble::from(excess).describe(name(1)))
}

/// A value that needs no walk and exceeds no limit.
#[inline]
fn scalar(value: &Peek<'_>) -> Option<Values> {
    Values::scalar(match *value {
        Peek::Nil => View::Nil,
        Peek::Boolean(value) => View::Boolean(value),
        Peek::Integer(value) => View::Integer(value),
        Peek::Number(value) => View::Number(value),
        Peek::Pointer(value) => View::Pointer(value),
        Peek::Bytes(_) | Peek::Table | Peek::Other(_) => return None,
    })
}

/// The arguments of a function: all that is on its stack.
pub fn read_arguments(stack: &mut Stack<'_>, mut builder: Builder) -> Result<Values, Vec<u8>> {
    read(stack, 1, |number| format!("argument {number}"), &mut builder)
}

struct Reader<'a> {
    builder: &'a mut Builder,
    /// The tables that the current value lies in.
    tables: Vec<usize>,
}

/// Why a value could not be read, and where in it.
struct Trouble {
    what: What,
    /// The keys that lead there, innermost first.
    place: Vec<Vec<u8>>,
}

enum What {
    Stays(&'static str),
    Cycle,
    KeyIsTable,
    Excess(Excess),
}

impl From<Excess> for Trouble {
    fn from(excess: Excess) -> Self {
        What::Excess(excess).into()
    }
}

impl From<What> for Trouble {
    fn from(what: What) -> Self {
        Self { what, place: Vec::new() }
    }
}

impl Reader<'_> {
    #[inline]
    fn value(&mut self, stack: &mut Stack<'_>, index: Index) -> Result<(), Trouble> {
        match stack.peek(index) {
            Peek::Table => return self.table(stack, index),
            Peek::Other(kind) => return Err(What::Stays(kind).into()),
            Peek::Integer(value) => self.builder.integer(value),
            Peek::Nil => self.builder.nil(),
            Peek::Boolean(value) => self.builder.boolean(value),
            Peek::Number(value) => self.builder.number(value),
            Peek::Bytes(bytes) => self.builder.bytes(bytes),
            Peek::Pointer(value) => self.builder.pointer(value),
        }?;
        Ok(())
    }

    fn table(&mut self, stack: &mut Stack<'_>, table: Index) -> Result<(), Trouble> {
        let identity = stack.identity(table);
        if self.tables.contains(&identity) {
            return Err(What::Cycle.into());
        }
        if !stack.reserve(ROOM) {
            return Err(Excess::Depth.into());
        }
        let list = self.builder.open()?;
        self.tables.push(identity);
        match array_len(stack, table) {
            Some(len) => {
                self.items(stack, table, len)?;
                self.builder.close_array(list)?;
            }
            None => {
                self.pairs(stack, table)?;
                self.builder.close_map(list)?;
            }
        }
        self.tables.pop();
        Ok(())
    }

    fn items(&mut self, stack: &mut Stack<'_>, table: Index, len: usize) -> Result<(), Trouble> {
        for key in 1..=len as i64 {
            let read = stack.item(table, key, |stack, item| self.value(stack, item));
            read.map_err(|trouble| trouble.within(&Peek::Integer(key)))?;
        }
        Ok(())
    }

    fn pairs(&mut self, stack: &mut Stack<'_>, table: Index) -> Result<(), Trouble> {
        stack.pairs(table, |stack, key, value| {
            if matches!(stack.peek(key), Peek::Table) {
                return Err(What::KeyIsTable.into());
            }
            let read = self.value(stack, key).and_then(|()| self.value(stack, value));
            read.map_err(|trouble| trouble.within(&stack.peek(key)))
        })
    }
}

/// How many items a table has whose keys are exactly 1 to n; `None` for any other.
fn array_len(stack: &mut Stack<'_>, table: Index) -> Option<usize> {
    let len = stack.raw_len(table);
    let mut count = 0;
    let all = stack.pairs(table, |stack, key, _| match stack.peek(key) {
        Peek::Integer(key) if key >= 1 && key as usize <= len => {
            count += 1;
            Ok(())
        }
        _ => Err(()),
    });
    (all.is_ok() && count == len).then_some(len)
}

impl Trouble {
    fn within(mut self, key: &Peek<'_>) -> Self {
        self.place.push(describe_key(key));
        self
    }

    fn describe(self, name: String) -> Vec<u8> {
        let mut text = name.into_bytes();
        for key in self.place.iter().rev() {
            text.extend_from_slice(key);
        }
        let what = match self.what {
            What::Stays(kind) => format!(" is a {kind}, which cannot leave its state"),
            What::Cycle => " is a table that contains itself".to_owned(),
            What::KeyIsTable => " has a table as a key".to_owned(),
            What::Excess(Excess::Depth) => " lies too deep in tables".to_owned(),
            What::Excess(Excess::Items) => " is one value too many".to_owned(),
            What::Excess(Excess::Memory) => " needs more memory than there is".to_owned(),
            What::Excess(Excess::Bytes) => " makes the strings too long altogether".to_owned(),
        };
        text.extend_from_slice(what.as_bytes());
        text
    }
}

/// `.name`, `[1]` or `["other"]`.
fn describe_key(key: &Peek<'_>) -> Vec<u8> {
    match key {
        Peek::Bytes(bytes) if is_name(bytes) => [b".", *bytes].concat(),
        Peek::Bytes(bytes) => {
            let shown = bytes.len().min(KEY_SHOWN);
            let rest: &[u8] = if shown < bytes.len() { b"..." } else { b"" };
            [b"[\"", &bytes[..shown], rest, b"\"]"].concat()
        }
        Peek::Integer(key) => format!("[{key}]").into_bytes(),
        Peek::Number(key) => format!("[{key}]").into_bytes(),
        Peek::Boolean(key) => format!("[{key}]").into_bytes(),
        Peek::Pointer(key) => format!("[{key:?}]").into_bytes(),
        Peek::Other(kind) => format!("[a {kind}]").into_bytes(),
        Peek::Nil | Peek::Table => b"[?]".to_vec(),
    }
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.len() <= KEY_SHOWN
        && bytes.first().is_some_and(|first| !first.is_ascii_digit())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
