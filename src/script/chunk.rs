//! Chunks: the sources that jobs run, kept once however often they are enqueued.
//!
//! Compiling a short chunk costs several times what running it does, so each state keeps the
//! functions that it has compiled. The source is hashed and compared once, when a job is enqueued;
//! from then on a chunk is a slot number and a serial that no other chunk of the runner ever has.
//! A state that finds the serial in its own slot has the function, without looking at the source.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::error::Result;
use crate::sync::Mutex;

/// Bytes of all sources that are kept; one longer than a quarter of it is never kept.
const BYTES_MAX: usize = 64 << 20;

/// A source and its name.
#[derive(Debug)]
pub struct Chunk {
    /// As Lua wants it, with the final NUL: `@file`, `=label`, or source text.
    pub name: Box<[u8]>,
    /// Text, without what a file may have in front of it.
    pub source: Box<[u8]>,
    /// Where a state keeps the function; `None` when the chunk is compiled for each job.
    pub place: Option<Place>,
    hash: u64,
}

/// Where a chunk's function is kept in each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Below the cache's capacity; another chunk may have it later.
    pub slot: u32,
    /// Never used twice.
    pub serial: NonZeroU64,
}

impl Chunk {
    /// A copy of both, with no place.
    fn new(name: &[u8], source: &[u8], hash: u64) -> Result<Self> {
        let name = copy(&[name, &[0]])?;
        Ok(Self { name, source: copy(&[source])?, place: None, hash })
    }

    /// The name as errors show it, with a colon.
    pub fn shown_name(&self) -> Vec<u8> {
        const SHOWN_MAX: usize = 59;
        let name = self.name.split_last().map_or(&[][..], |(_, name)| name);
        let mut shown = match name {
            [b'@' | b'=', rest @ ..] => rest[..rest.len().min(SHOWN_MAX)].to_vec(),
            source => {
                let line = source.split(|&byte| byte == b'\n').next().unwrap_or(source);
                let line = &line[..line.len().min(SHOWN_MAX - 12)];
                [b"[string \"", line, b"\"]"].concat()
            }
        };
        shown.push(b':');
        shown
    }

    fn is(&self, name: &[u8], source: &[u8]) -> bool {
        *self.source == *source && self.name[..self.name.len() - 1] == *name
    }
}

/// All chunks that a runner knows by now, up to a number and a size.
#[derive(Debug)]
pub struct ChunkCache {
    capacity: usize,
    bytes_max: usize,
    /// Held for a lookup and a comparison, and once in a chunk's life for a copy; never while Lua
    /// or the host runs.
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    slots: Vec<Slot>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<Already>>,
    /// Slots whose chunk was forgotten to keep within `BYTES_MAX`.
    vacant: Vec<u32>,
    /// Where the search for a chunk to forget goes on.
    hand: usize,
    bytes: usize,
    last_serial: NonZeroU64,
}

#[derive(Debug)]
struct Slot {
    chunk: Option<Arc<Chunk>>,
    /// Enqueued again since the hand last came by.
    used: bool,
}

impl ChunkCache {
    /// Keeps up to `capacity` chunks; 0 keeps none.
    pub fn new(capacity: u32) -> Self {
        let (capacity, known) = (capacity as usize, Mutex::new(Known::new()));
        Self { capacity, bytes_max: BYTES_MAX, known }
    }

    /// The chunk that has this place, unless it was forgotten.
    pub fn at(&self, place: Place) -> Option<Arc<Chunk>> {
        let known = self.known.lock();
        let chunk = known.slots.get(place.slot as usize)?.chunk.as_ref()?;
        if chunk.place == Some(place) { Some(chunk.clone()) } else { None }
    }

    /// The chunk of this name and source: the one that is kept, or a new one.
    pub fn intern(&self, name: &[u8], source: &[u8]) -> Result<Arc<Chunk>> {
        let source = without_preamble(source);
        let hash = hash_of(name, source);
        if self.capacity == 0 {
            return Chunk::new(name, source, hash).map(Arc::new);
        }
        if let Some(found) = self.known.lock().find(hash, name, source) {
            return Ok(found);
        }
        let mut chunk = Chunk::new(name, source, hash)?;
        if source.len() > self.bytes_max / 4 || names_environment(source) {
            return Ok(Arc::new(chunk));
        }
        let mut known = self.known.lock();
        let slot = known.make_room(self, hash, source.len());
        known.last_serial = known.last_serial.saturating_add(1);
        let place = Place { slot, serial: known.last_serial };
        chunk.place = Some(place);
        let chunk = Arc::new(chunk);
        known.put(slot, chunk.clone());
        Ok(chunk)
    }
}

/// All parts, one behind the other.
fn copy(parts: &[&[u8]]) -> Result<Box<[u8]>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(parts.iter().map(|part| part.len()).sum())?;
    parts.iter().for_each(|part| copy.extend_from_slice(part));
    Ok(copy.into())
}

impl Known {
    fn new() -> Self {
        Self {
            slots: Vec::new(),
            by_hash: HashMap::default(),
            vacant: Vec::new(),
            hand: 0,
            bytes: 0,
            last_serial: NonZeroU64::MIN,
        }
    }

    fn find(&mut self, hash: u64, name: &[u8], source: &[u8]) -> Option<Arc<Chunk>> {
        let slot = &mut self.slots[*self.by_hash.get(&hash)? as usize];
        // The hash alone proves nothing.
        let chunk = slot.chunk.as_ref().filter(|chunk| chunk.is(name, source))?;
        slot.used = true;
        Some(chunk.clone())
    }

    /// A slot without a chunk, so that one of `bytes` can be kept in it.
    fn make_room(&mut self, bounds: &ChunkCache, hash: u64, bytes: usize) -> u32 {
        if let Some(&slot) = self.by_hash.get(&hash) {
            self.forget(slot);
        }
        while self.bytes + bytes > bounds.bytes_max {
            let slot = self.next_unused();
            self.forget(slot);
        }
        if let Some(slot) = self.vacant.pop() {
            return slot;
        }
        if self.slots.len() < bounds.capacity {
            self.slots.push(Slot { chunk: None, used: false });
            return self.slots.len() as u32 - 1;
        }
        let slot = self.next_unused();
        self.forget(slot);
        self.vacant.pop().expect("it was forgotten just now")
    }

    /// The clock's hand: what was used since it came by last is spared once.
    fn next_unused(&mut self) -> u32 {
        loop {
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[self.hand];
            if slot.chunk.is_some() && !std::mem::take(&mut slot.used) {
                return self.hand as u32;
            }
        }
    }

    fn forget(&mut self, slot: u32) {
        if let Some(chunk) = self.slots[slot as usize].chunk.take() {
            self.by_hash.remove(&chunk.hash);
            self.bytes -= chunk.source.len();
            self.vacant.push(slot);
        }
    }

    fn put(&mut self, slot: u32, chunk: Arc<Chunk>) {
        self.by_hash.insert(chunk.hash, slot);
        self.bytes += chunk.source.len();
        self.slots[slot as usize] = Slot { chunk: Some(chunk), used: false };
    }
}

/// A chunk that says `_ENV` could leave another environment in the function that is kept: it is
/// compiled each time.
fn names_environment(source: &[u8]) -> bool {
    source.windows(4).any(|word| word == b"_ENV")
}

/// Without a byte order mark, and without the text of a first line that starts with `#`: its end
/// stays, so that lines keep their numbers. Lua's own loader does this for files only.
fn without_preamble(source: &[u8]) -> &[u8] {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    if source.first() != Some(&b'#') {
        return source;
    }
    let end = source.iter().position(|&byte| byte == b'\n').unwrap_or(source.len());
    &source[end..]
}

/// Multiplies 16 bytes at a time into 64 bits and folds the product, as wyhash does.
fn hash_of(name: &[u8], source: &[u8]) -> u64 {
    const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
    fold(mix(mix(SEED, name), source), SEED)
}

fn mix(mut state: u64, bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<16>();
    for block in blocks {
        state = fold_block(state, block);
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    fold_block(state ^ bytes.len() as u64, &last)
}

fn fold_block(state: u64, block: &[u8; 16]) -> u64 {
    const ODD: u64 = 0xa076_1d64_78bd_642f;
    let both = u128::from_le_bytes(*block);
    fold(both as u64 ^ ODD, (both >> 64) as u64 ^ state)
}

fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product >> 64) as u64 ^ product as u64
}

/// For keys that are hashes already.
#[derive(Debug, Default)]
struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _bytes: &[u8]) {
        unreachable!("keys are u64")
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intern(cache: &ChunkCache, name: &[u8], source: &[u8]) -> Arc<Chunk> {
        cache.intern(name, source).expect("there is memory")
    }

    fn place(chunk: &Chunk) -> Place {
        chunk.place.expect("it is kept")
    }

    #[test]
    fn the_same_source_is_kept_once() {
        let cache = ChunkCache::new(4);
        let first = intern(&cache, b"=a", b"return 1");
        assert!(Arc::ptr_eq(&first, &intern(&cache, b"=a", b"return 1")));
        assert_ne!(place(&first), place(&intern(&cache, b"=b", b"return 1")));
        assert_ne!(place(&first), place(&intern(&cache, b"=a", b"return 2")));
    }

    #[test]
    fn equal_hashes_are_not_taken_for_equal_sources() {
        let cache = ChunkCache::new(4);
        let first = intern(&cache, b"=a", b"return 1");
        let mut known = cache.known.lock();
        assert!(known.find(first.hash, b"=a", b"return 2").is_none());
        assert!(known.find(first.hash, b"=b", b"return 1").is_none());
        assert!(known.find(first.hash, b"=a", b"return 1").is_some());
    }

    #[test]
    fn a_full_cache_forgets_what_was_not_used_again() {
        let cache = ChunkCache::new(3);
        let source = |number: usize| format!("return {number}").into_bytes();
        let kept = intern(&cache, b"=a", &source(0));
        for number in 1..100 {
            intern(&cache, b"=a", &source(number));
            assert!(Arc::ptr_eq(&kept, &intern(&cache, b"=a", &source(0))));
        }
        let known = cache.known.lock();
        assert_eq!((known.slots.len(), known.by_hash.len()), (3, 3));
        assert_eq!(known.last_serial.get(), 101, "the first one was never forgotten");
    }

    #[test]
    fn the_cache_is_bounded_in_bytes() {
        let cache = ChunkCache { bytes_max: 4000, ..ChunkCache::new(100) };
        for number in 0..8 {
            assert!(intern(&cache, b"=a", &[number; 1000]).place.is_some());
        }
        assert_eq!(cache.known.lock().bytes, 4000);
        assert_eq!(intern(&cache, b"=a", &[0; 1001]).place, None);
    }

    #[test]
    fn what_stands_before_a_file_is_skipped() {
        assert_eq!(without_preamble(b"\xef\xbb\xbf#!/usr/bin/lua\nreturn 1"), b"\nreturn 1");
        assert_eq!(without_preamble(b"#!lua"), b"");
        assert_eq!(without_preamble(b"return #t"), b"return #t");
    }

    #[test]
    fn a_chunk_that_names_its_environment_is_compiled_each_time() {
        assert_eq!(intern(&ChunkCache::new(4), b"=a", b"_ENV = {}").place, None);
    }
}
