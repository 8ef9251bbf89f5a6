//! When things are due: a rolling timing wheel of nodes with exact deadlines.
//!
//! A tick is 2^20 ns. Level 0 has a bucket for each of the next 1024 ticks; a bucket of each
//! further level spans 16 times as many ticks as one of the level below. A node lies in the
//! lowest level that reaches its tick, and is dealt out to a lower one when the time of its
//! bucket begins: what is due within a second never moves, and what moves does so in small
//! portions, so that no frame pays for all of them. Time jumps from one occupied bucket to the
//! next. After Varghese and Lauck's hierarchical wheels; nothing here knows locks.

use crate::event_loop::level::{BUCKETS, Bucket, EMPTY, Level, NONE};

const TICK_BITS: u32 = 20;
/// Ticks of one bucket, from level to level: 2^4.
const SPAN_BITS: u32 = 4;
/// Enough to reach every tick of a u64 of nanoseconds.
const LEVELS: usize = 10;
/// In `previous`: not a node but the bucket that the node is first in.
const BUCKET: u32 = 1 << 31;
/// Nodes are kept in blocks, so that growing copies nothing and stalls no frame.
const BLOCK_BITS: u32 = 8;
const BLOCK: usize = 1 << BLOCK_BITS;
/// An id is sequence (40) | index (24): later timers have larger ids.
const INDEX_BITS: u32 = 24;
const SEQUENCES: u64 = 1 << 40;

#[derive(Debug)]
struct Node<T> {
    deadline: u64,
    /// 0 = the node is free.
    id: u64,
    /// The next node in the bucket, or in the free list.
    next: u32,
    /// The one before, or BUCKET | level | bucket; NONE while the node is in no bucket.
    previous: u32,
    /// What is due. None while it is taken out.
    item: Option<T>,
}

/// The wheel. Items lie in its nodes.
#[derive(Debug)]
pub struct Wheel<T> {
    blocks: Vec<Box<[Node<T>]>>,
    used: u32,
    free: u32,
    live: u32,
    sequence: u64,
    /// The tick that time has come to.
    tick: u64,
    /// Each is made when it is first needed: most hosts need two.
    levels: [Option<Box<Level>>; LEVELS],
    /// How many of them may have been made.
    height: usize,
}

#[inline]
fn index_of(id: u64) -> u32 {
    (id & ((1 << INDEX_BITS) - 1)) as u32
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Wheel<T> {
    /// Without nodes.
    pub const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            used: 0,
            free: NONE,
            live: 0,
            sequence: 0,
            tick: 0,
            levels: [const { None }; LEVELS],
            height: 0,
        }
    }

    /// Nodes that are in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    #[inline]
    fn node(&mut self, index: u32) -> &mut Node<T> {
        &mut self.blocks[(index >> BLOCK_BITS) as usize][index as usize % BLOCK]
    }

    /// Adds a node and names it. None when 2^24 are in use; then `make` is not called.
    #[inline]
    pub fn insert(&mut self, now: u64, deadline: u64, make: impl FnOnce() -> T) -> Option<u64> {
        if self.live == 0 {
            // Nothing is relative to the old tick: start from here, with no bucket to deal out.
            self.tick = self.tick.max(now >> TICK_BITS);
        }
        let index = self.allocate()?;
        self.sequence = if self.sequence + 1 == SEQUENCES { 1 } else { self.sequence + 1 };
        let id = self.sequence << INDEX_BITS | u64::from(index);
        let node = self.node(index);
        (node.deadline, node.id, node.item) = (deadline, id, Some(make()));
        self.live += 1;
        self.link(index, deadline);
        Some(id)
    }

    #[inline]
    fn allocate(&mut self) -> Option<u32> {
        if self.free != NONE {
            let index = self.free;
            self.free = self.node(index).next;
            return Some(index);
        }
        if self.used as usize == self.blocks.len() * BLOCK {
            if self.used == 1 << INDEX_BITS {
                return None;
            }
            let node = || Node { deadline: 0, id: 0, next: NONE, previous: NONE, item: None };
            self.blocks.push((0..BLOCK).map(|_| node()).collect());
        }
        self.used += 1;
        Some(self.used - 1)
    }

    /// The node that `id` names.
    #[inline]
    fn find(&mut self, id: u64) -> Option<&mut Node<T>> {
        let index = index_of(id);
        if id == 0 || index >= self.used {
            return None;
        }
        Some(self.node(index)).filter(|node| node.id == id)
    }

    /// Whether `id` names a node.
    pub fn contains(&mut self, id: u64) -> bool {
        self.find(id).is_some()
    }

    /// When `id` is due.
    pub fn deadline(&mut self, id: u64) -> Option<u64> {
        self.find(id).map(|node| node.deadline)
    }

    /// Takes the item out of a node, which stays.
    pub fn take_item(&mut self, id: u64) -> Option<T> {
        self.find(id)?.item.take()
    }

    /// Puts an item into a node; it comes back when there is no such node.
    pub fn put_item(&mut self, id: u64, item: T) -> Option<T> {
        match self.find(id) {
            Some(node) => node.item.replace(item),
            None => Some(item),
        }
    }

    /// Whether `id` names a node that `advance` took out of its bucket.
    pub fn is_taken(&mut self, id: u64) -> bool {
        self.find(id).is_some_and(|node| node.previous == NONE)
    }

    /// Takes out the node that `id` names, with its item if it is in. None = no such node.
    #[inline]
    pub fn remove(&mut self, id: u64) -> Option<Option<T>> {
        let item = self.find(id)?.item.take();
        let index = index_of(id);
        self.unlink(index);
        let free = self.free;
        let node = self.node(index);
        (node.id, node.next) = (0, free);
        self.free = index;
        self.live -= 1;
        Some(item)
    }

    /// Puts the node that `id` names back in, to be due at `deadline`.
    pub fn restart(&mut self, id: u64, deadline: u64) {
        if self.contains(id) {
            let index = index_of(id);
            self.unlink(index);
            self.node(index).deadline = deadline;
            self.link(index, deadline);
        }
    }

    /// The level and bucket for what is due at `deadline`, as seen from the current tick.
    #[inline]
    fn place(&self, deadline: u64) -> (usize, usize) {
        let tick = (deadline >> TICK_BITS).max(self.tick);
        let (mut level, mut to, mut from) = (0, tick, self.tick);
        while to - from >= BUCKETS as u64 {
            level += 1;
            to >>= SPAN_BITS;
            from >>= SPAN_BITS;
        }
        (level, to as usize % BUCKETS)
    }

    #[inline]
    fn link(&mut self, index: u32, deadline: u64) {
        let (level, at) = self.place(deadline);
        self.height = self.height.max(level + 1);
        let rows = self.levels[level].get_or_insert_with(Level::new);
        let bucket = &mut rows.buckets[at];
        let first = std::mem::replace(&mut bucket.first, index);
        if first == NONE {
            bucket.earliest = deadline;
            rows.fill(at);
        } else {
            // An unknown earliest stays unknown.
            if bucket.earliest != u64::MAX {
                bucket.earliest = bucket.earliest.min(deadline);
            }
            self.node(first).previous = index;
        }
        let node = self.node(index);
        node.next = first;
        node.previous = BUCKET | (level * BUCKETS + at) as u32;
    }

    fn unlink(&mut self, index: u32) {
        let &mut Node { next, previous, deadline, .. } = self.node(index);
        if previous == NONE {
            return;
        }
        self.node(index).previous = NONE;
        if next != NONE {
            self.node(next).previous = previous;
        }
        if previous & BUCKET == 0 {
            self.node(previous).next = next;
            // Which bucket that is, is not known here: it may know a deadline that is gone,
            // which is a lower bound until the bucket is looked through.
            self.forget(deadline);
            return;
        }
        let (level, at) = bucket_of(previous);
        let rows = self.levels[level].as_mut().expect("a node is in it");
        rows.buckets[at].first = next;
        if next == NONE {
            rows.buckets[at] = EMPTY;
            rows.clear(at);
        } else if rows.buckets[at].earliest == deadline {
            rows.buckets[at].earliest = u64::MAX;
        }
    }

    /// Some bucket has lost a node that was due at `deadline`. It lies where the node would be
    /// put now, or in a higher level where it was put earlier.
    fn forget(&mut self, deadline: u64) {
        let tick = (deadline >> TICK_BITS).max(self.tick);
        for (level, rows) in self.levels[..self.height].iter_mut().enumerate() {
            let Some(rows) = rows else { continue };
            let at = (tick >> (level as u32 * SPAN_BITS)) as usize % BUCKETS;
            if rows.buckets[at].earliest == deadline {
                rows.buckets[at].earliest = u64::MAX;
            }
        }
    }

    /// The first occupied bucket of a level, and the tick at which its time begins.
    #[inline]
    fn first_bucket(&self, level: usize) -> Option<(usize, u64)> {
        let shift = level as u32 * SPAN_BITS;
        let here = self.tick >> shift;
        let far = self.levels[level].as_ref()?.distance(here as usize % BUCKETS)?;
        Some(((here + far) as usize % BUCKETS, ((here + far) << shift).max(self.tick)))
    }

    /// The earliest deadline of all nodes in buckets; u64::MAX when there is none.
    pub fn earliest(&mut self) -> u64 {
        let mut earliest = u64::MAX;
        for level in 0..self.height {
            let Some((at, start)) = self.first_bucket(level) else { continue };
            if start << TICK_BITS < earliest {
                earliest = earliest.min(self.earliest_in(level, at));
            }
        }
        earliest
    }

    fn earliest_in(&mut self, level: usize, at: usize) -> u64 {
        let Bucket { earliest, first } = self.bucket(level, at);
        if earliest != u64::MAX {
            return earliest;
        }
        let (mut found, mut index) = (u64::MAX, first);
        while index != NONE {
            let node = self.node(index);
            found = found.min(node.deadline);
            index = node.next;
        }
        self.levels[level].as_mut().expect("asked for").buckets[at].earliest = found;
        found
    }

    fn bucket(&self, level: usize, at: usize) -> Bucket {
        self.levels[level].as_ref().map_or(EMPTY, |rows| rows.buckets[at])
    }

    /// Moves time to `now` and appends (deadline, id) of all nodes due by then, in this order.
    /// They are in no bucket then: `remove` or `restart` each.
    pub fn advance(&mut self, now: u64, due: &mut Vec<(u64, u64)>) {
        let target = now >> TICK_BITS;
        loop {
            // Of buckets that begin together the highest is dealt out first.
            let next = (0..self.height)
                .filter_map(|level| self.first_bucket(level).map(|(at, tick)| (tick, level, at)))
                .min_by_key(|(tick, level, _)| (*tick, std::cmp::Reverse(*level)));
            let Some((tick, level, at)) = next.filter(|(tick, ..)| *tick <= target) else { break };
            self.tick = tick;
            let begin = due.len();
            let mut index = self.empty(level, at);
            while index != NONE {
                let &mut Node { deadline, id, next, .. } = self.node(index);
                if level == 0 && deadline <= now {
                    self.node(index).previous = NONE;
                    due.push((deadline, id));
                } else {
                    self.link(index, deadline);
                }
                index = next;
            }
            // Buckets come in the order of time: sorting each is sorting all.
            due[begin..].sort_unstable();
            if level == 0 && tick == target {
                break;
            }
        }
        self.tick = self.tick.max(target);
    }

    /// Takes all nodes out of a bucket; gives the first.
    fn empty(&mut self, level: usize, at: usize) -> u32 {
        let rows = self.levels[level].as_mut().expect("its bucket is occupied");
        rows.clear(at);
        std::mem::replace(&mut rows.buckets[at], EMPTY).first
    }

    /// Takes everything out.
    pub fn clear(&mut self) -> Vec<T> {
        let blocks = std::mem::take(&mut self.blocks);
        *self = Self::new();
        blocks.into_iter().flatten().filter_map(|node| node.item).collect()
    }
}

fn bucket_of(previous: u32) -> (usize, usize) {
    let packed = (previous & !BUCKET) as usize;
    (packed / BUCKETS, packed % BUCKETS)
}
