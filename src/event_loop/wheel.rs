//! When things are due: a hierarchical timing wheel over 24-byte nodes, with exact deadlines.
//!
//! A tick is 2^20 ns. A node lies in the level of the highest byte in which its tick differs
//! from the current one, so level 0 holds what is due within 256 ticks, sorted by tick, and
//! each further level 256 times as much. Time moves by jumping from one occupied bucket to the
//! next; a bucket of a higher level is dealt out to lower ones when its time begins.
//! After Varghese and Lauck's hierarchical wheels. Nothing here knows callbacks or locks.

const TICK_BITS: u32 = 20;
const LEVEL_BITS: u32 = 8;
/// Six bytes of tick and twenty bits within one cover every u64 of nanoseconds.
const LEVELS: usize = 6;
const BUCKETS: usize = 1 << LEVEL_BITS;
const NONE: u32 = u32::MAX;
/// In `previous`: not a node but the bucket that the node is first in.
const BUCKET: u32 = 1 << 31;
/// Nodes are kept in blocks, so that growing copies nothing and stalls no frame.
const BLOCK_BITS: u32 = 12;
const BLOCK: usize = 1 << BLOCK_BITS;
/// An id is sequence (40) | index (24): later timers have larger ids.
const INDEX_BITS: u32 = 24;
const SEQUENCES: u64 = 1 << 40;

#[derive(Clone, Copy, Debug)]
struct Node {
    deadline: u64,
    /// 0 = the node is free.
    id: u64,
    /// The next node in the bucket, or in the free list.
    next: u32,
    /// The one before, or BUCKET | bucket; NONE while the node is in no bucket.
    previous: u32,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    first: u32,
    /// The earliest deadline; u64::MAX after that one was taken out, until somebody asks.
    earliest: u64,
}

const EMPTY: Bucket = Bucket { first: NONE, earliest: u64::MAX };

/// The wheel. Node indices are stable and dense, so data can lie beside it by index.
#[derive(Debug)]
pub struct Wheel {
    blocks: Vec<Box<[Node]>>,
    used: u32,
    free: u32,
    live: u32,
    sequence: u64,
    /// The tick that the levels are relative to.
    tick: u64,
    /// Made for the first node: most loops have a wheel, some never use it.
    levels: Vec<[Bucket; BUCKETS]>,
    occupied: [[u64; BUCKETS / 64]; LEVELS],
}

/// The index that a timer's id names.
pub fn index_of(id: u64) -> usize {
    (id & ((1 << INDEX_BITS) - 1)) as usize
}

impl Wheel {
    /// Without nodes.
    pub const fn new() -> Self {
        Self {
            blocks: Vec::new(),
            used: 0,
            free: NONE,
            live: 0,
            sequence: 0,
            tick: 0,
            levels: Vec::new(),
            occupied: [[0; BUCKETS / 64]; LEVELS],
        }
    }

    /// Nodes that are in use.
    pub fn live(&self) -> u32 {
        self.live
    }

    fn node(&self, index: u32) -> &Node {
        &self.blocks[(index >> BLOCK_BITS) as usize][index as usize & (BLOCK - 1)]
    }

    fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.blocks[(index >> BLOCK_BITS) as usize][index as usize & (BLOCK - 1)]
    }

    /// Adds a node and names it. None when 2^24 are in use.
    pub fn insert(&mut self, now: u64, deadline: u64) -> Option<u64> {
        if self.live == 0 {
            // Nothing is relative to the old tick: start from here, with no bucket to deal out.
            self.tick = self.tick.max(now >> TICK_BITS);
        }
        let index = self.allocate()?;
        self.sequence = (self.sequence + 1) % SEQUENCES;
        let sequence = self.sequence.max(1);
        let id = sequence << INDEX_BITS | u64::from(index);
        *self.node_mut(index) = Node { deadline, id, next: NONE, previous: NONE };
        self.live += 1;
        self.link(index);
        Some(id)
    }

    fn allocate(&mut self) -> Option<u32> {
        if self.free != NONE {
            let index = self.free;
            self.free = self.node(index).next;
            return Some(index);
        }
        if self.used == 1 << INDEX_BITS {
            return None;
        }
        if self.used as usize == self.blocks.len() * BLOCK {
            let node = Node { deadline: 0, id: 0, next: NONE, previous: NONE };
            self.blocks.push(vec![node; BLOCK].into_boxed_slice());
        }
        self.used += 1;
        Some(self.used - 1)
    }

    /// Whether `id` names a node.
    pub fn contains(&self, id: u64) -> bool {
        id != 0 && index_of(id) < self.used as usize && self.node(index_of(id) as u32).id == id
    }

    /// When `id`, which names a node, is due.
    pub fn deadline(&self, id: u64) -> u64 {
        self.node(index_of(id) as u32).deadline
    }

    /// Takes out the node that `id` names. False when there is none.
    pub fn remove(&mut self, id: u64) -> bool {
        if !self.contains(id) {
            return false;
        }
        let index = index_of(id) as u32;
        self.unlink(index);
        let free = self.free;
        *self.node_mut(index) = Node { deadline: 0, id: 0, next: free, previous: NONE };
        self.free = index;
        self.live -= 1;
        true
    }

    /// Puts the node that `id` names back in, to be due at `deadline`.
    pub fn restart(&mut self, id: u64, deadline: u64) {
        let index = index_of(id) as u32;
        self.unlink(index);
        self.node_mut(index).deadline = deadline;
        self.link(index);
    }

    fn link(&mut self, index: u32) {
        if self.levels.is_empty() {
            self.levels = vec![[EMPTY; BUCKETS]; LEVELS];
        }
        let deadline = self.node(index).deadline;
        let tick = (deadline >> TICK_BITS).max(self.tick);
        let level = ((tick ^ self.tick) | 1).ilog2() / LEVEL_BITS;
        let at = (tick >> (level * LEVEL_BITS)) as usize % BUCKETS;
        let bucket = &mut self.levels[level as usize][at];
        let first = std::mem::replace(&mut bucket.first, index);
        // An unknown earliest stays unknown unless the bucket was empty.
        if first == NONE {
            bucket.earliest = deadline;
        } else if bucket.earliest != u64::MAX {
            bucket.earliest = bucket.earliest.min(deadline);
        }
        self.occupied[level as usize][at / 64] |= 1 << (at % 64);
        if first != NONE {
            self.node_mut(first).previous = index;
        }
        let node = self.node_mut(index);
        node.next = first;
        node.previous = BUCKET | level << LEVEL_BITS | at as u32;
    }

    fn unlink(&mut self, index: u32) {
        let Node { next, previous, deadline, .. } = *self.node(index);
        if previous == NONE {
            return;
        }
        if next != NONE {
            self.node_mut(next).previous = previous;
        }
        if previous & BUCKET == 0 {
            self.node_mut(previous).next = next;
        } else {
            let (level, at) = bucket_of(previous);
            self.levels[level][at].first = next;
            if next == NONE {
                self.occupied[level][at / 64] &= !(1 << (at % 64));
            }
        }
        self.node_mut(index).previous = NONE;
        self.forget_earliest(deadline);
    }

    /// The bucket of `deadline` has lost a node: was it the earliest?
    fn forget_earliest(&mut self, deadline: u64) {
        let tick = (deadline >> TICK_BITS).max(self.tick);
        let level = ((tick ^ self.tick) | 1).ilog2() / LEVEL_BITS;
        let at = (tick >> (level * LEVEL_BITS)) as usize % BUCKETS;
        let bucket = &mut self.levels[level as usize][at];
        if bucket.earliest == deadline {
            bucket.earliest = u64::MAX;
        }
    }

    fn first_occupied(&self, level: usize, from: usize) -> Option<usize> {
        let mut word = from / 64;
        let mut bits = self.occupied[level][word] & (u64::MAX << (from % 64));
        loop {
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            word += 1;
            bits = *self.occupied[level].get(word)?;
        }
    }

    /// The earliest deadline of all nodes in buckets; u64::MAX when there is none.
    pub fn earliest(&mut self) -> u64 {
        for level in 0..self.levels.len() {
            let here = (self.tick >> (level as u32 * LEVEL_BITS)) as usize % BUCKETS;
            let Some(at) = self.first_occupied(level, here) else { continue };
            let Bucket { first, earliest } = self.levels[level][at];
            if earliest != u64::MAX {
                return earliest;
            }
            let mut found = u64::MAX;
            let mut index = first;
            while index != NONE {
                let node = self.node(index);
                found = found.min(node.deadline);
                index = node.next;
            }
            self.levels[level][at].earliest = found;
            return found;
        }
        u64::MAX
    }

    /// Moves time to `now` and appends (deadline, id) of all nodes due by then, in no order.
    /// They are in no bucket then: `remove` or `restart` each.
    pub fn advance(&mut self, now: u64, due: &mut Vec<(u64, u64)>) {
        let target = now >> TICK_BITS;
        while !self.levels.is_empty() {
            let here = self.tick as usize % BUCKETS;
            if let Some(at) = self.first_occupied(0, here) {
                let tick = self.tick - here as u64 + at as u64;
                if tick > target {
                    break;
                }
                self.tick = tick;
                self.take_due(at, now, due);
                if tick == target {
                    break;
                }
                self.tick += 1;
                if self.tick % BUCKETS as u64 == 0 {
                    self.deal_out();
                }
                continue;
            }
            let Some(next) = self.next_bucket_start().filter(|start| *start <= target) else {
                break;
            };
            self.tick = next;
            self.deal_out();
        }
        // Nothing lies between here and the target: jump, and deal out what begins there.
        if self.tick < target {
            self.tick = target;
            self.deal_out();
        }
    }

    /// The first tick of the first occupied bucket above level 0.
    fn next_bucket_start(&self) -> Option<u64> {
        (1..LEVELS).find_map(|level| {
            let shift = level as u32 * LEVEL_BITS;
            let here = (self.tick >> shift) as usize % BUCKETS;
            let at = (here + 1 < BUCKETS).then(|| self.first_occupied(level, here + 1))??;
            let above = self.tick >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
            Some(above | (at as u64) << shift)
        })
    }

    /// The current tick has entered new buckets: their nodes belong to lower levels now.
    fn deal_out(&mut self) {
        for level in (1..LEVELS).rev() {
            let at = (self.tick >> (level as u32 * LEVEL_BITS)) as usize % BUCKETS;
            if self.occupied[level][at / 64] & 1 << (at % 64) == 0 {
                continue;
            }
            self.occupied[level][at / 64] &= !(1 << (at % 64));
            let mut index = std::mem::replace(&mut self.levels[level][at], EMPTY).first;
            while index != NONE {
                let next = self.node(index).next;
                self.link(index);
                index = next;
            }
        }
    }

    fn take_due(&mut self, at: usize, now: u64, due: &mut Vec<(u64, u64)>) {
        let mut index = std::mem::replace(&mut self.levels[0][at], EMPTY).first;
        self.occupied[0][at / 64] &= !(1 << (at % 64));
        while index != NONE {
            let Node { deadline, id, next, .. } = *self.node(index);
            if deadline <= now {
                self.node_mut(index).previous = NONE;
                due.push((deadline, id));
            } else {
                self.link(index);
            }
            index = next;
        }
    }
}

fn bucket_of(previous: u32) -> (usize, usize) {
    let packed = (previous & !BUCKET) as usize;
    (packed >> LEVEL_BITS, packed % BUCKETS)
}
