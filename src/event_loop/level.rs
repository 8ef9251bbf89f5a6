//! One level of the timing wheel: its buckets, and a map of those that are occupied.

/// Buckets of a level.
pub(super) const BUCKETS: usize = 1024;
/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// Nodes that are due in the same span of ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    /// The earliest deadline; u64::MAX after that one was taken out, until somebody asks.
    pub earliest: u64,
    /// The first node, or NONE.
    pub first: u32,
}

/// Without nodes.
pub(super) const EMPTY: Bucket = Bucket { earliest: u64::MAX, first: NONE };

/// All buckets of one level, and which of them have nodes.
#[derive(Debug)]
pub(super) struct Level {
    pub buckets: [Bucket; BUCKETS],
    occupied: [u64; BUCKETS / 64],
    /// Which words of `occupied` are not zero.
    words: u16,
}

impl Level {
    /// Without nodes.
    pub fn new() -> Box<Self> {
        Box::new(Self { buckets: [EMPTY; BUCKETS], occupied: [0; BUCKETS / 64], words: 0 })
    }

    /// The bucket has a node now.
    pub fn fill(&mut self, at: usize) {
        self.occupied[at / 64] |= 1 << (at % 64);
        self.words |= 1 << (at / 64);
    }

    /// The bucket has none any more.
    pub fn clear(&mut self, at: usize) {
        self.occupied[at / 64] &= !(1 << (at % 64));
        if self.occupied[at / 64] == 0 {
            self.words &= !(1 << (at / 64));
        }
    }

    /// How far it is from bucket `from`, going round, to the first occupied one.
    #[inline]
    pub fn distance(&self, from: usize) -> Option<u64> {
        if self.words == 0 {
            return None;
        }
        let here = self.occupied[from / 64] >> (from % 64);
        if here != 0 {
            return Some(here.trailing_zeros().into());
        }
        // The words behind this one, then round to the beginning, this one's low bits last.
        let behind = self.words.rotate_right(from as u32 / 64 + 1);
        let word = (from / 64 + 1 + behind.trailing_zeros() as usize) % (BUCKETS / 64);
        let at = word * 64 + self.occupied[word].trailing_zeros() as usize;
        Some(((at + BUCKETS - from) % BUCKETS) as u64)
    }
}
