//! A first-in first-out queue that many threads fill and one empties.
//!
//! One word, `tail`, orders everything: the next ticket, and flags that a producer learns with
//! the same compare-and-swap that gives it its ticket:
//!
//! * LISTENING: the consumer sleeps, tell it. So a post to an awake consumer costs one atomic
//!   operation and no fence.
//! * SPILLED: items wait in `spill` behind the ring; append there, so that order holds.
//! * CLOSED: nothing is taken any more.
//!
//! A ticket is taken only when its slot is free (`limit`), so the holder of a ticket always
//! publishes; the consumer knows a published slot by its sequence number, ticket + 1.
//!
//! The ring may be opened and closed many times while stale producers still look at it: opening
//! moves the tickets on, so that a compare-and-swap with an older word fails. Only after it
//! has succeeded does a producer touch a slot, and closing waits for all tickets handed out.
//! After Dmitry Vyukov's bounded queue, with one consumer and the flags added.
#![expect(unsafe_code, reason = "the ring is shared; what is sent between threads is proved here")]

use std::collections::VecDeque;
use std::ptr;

use crossbeam::utils::CachePadded;

use crate::error::Error;
pub use crate::queue::consumer::Consumer;
use crate::queue::slots::Slots;
use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard};

pub(super) const LISTENING: u64 = 1;
pub(super) const SPILLED: u64 = 2;
pub(super) const CLOSED: u64 = 4;
pub(super) const FLAGS: u64 = 7;
pub(super) const ONE: u64 = 8;

/// Slots of a ring without a bound; what is beyond waits in the spill. Keeps a ring of posts
/// within a processor's second-level cache. Their memory is untouched until it is used.
const SLOTS_UNBOUNDED: u64 = 4096;
/// Most slots of a ring with a bound: up to here it never spills.
const SLOTS_MAX: u64 = 1 << 16;

pub(super) fn ticket(word: u64) -> u64 {
    word / ONE
}

/// Why a push did not happen; then no item was made.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The bound is reached.
    Full,
    /// The ring is closed, or belongs to somebody else by now.
    Closed,
}

/// Whether a push may go beyond the bound.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Refuse at the capacity.
    Keep,
    /// Spill whatever does not fit: for what must never be lost.
    Exceed,
}

/// What producers share.
pub(super) struct Producers {
    pub(super) tail: AtomicU64,
    /// Where `head` was when a producer last looked: a copy in the producers' own cache line.
    seen_head: AtomicU64,
    pub(super) slots: AtomicPtr<()>,
    pub(super) mask: AtomicU64,
    /// Slots that may be filled at once: all of them, or fewer when the capacity is smaller.
    room: AtomicU64,
    pub(super) capacity: AtomicU64,
}

/// The queue. `Consumer` is the other end.
pub struct Ring<T> {
    pub(super) producers: CachePadded<Producers>,
    /// Tickets below this are consumed and their slots free.
    pub(super) head: CachePadded<AtomicU64>,
    pub(super) spill: Mutex<Spill<T>>,
    /// Spilled items that are not consumed yet.
    pub(super) behind: AtomicU64,
    refused: AtomicU64,
}

pub(super) struct Spill<T> {
    pub(super) items: VecDeque<T>,
    /// Items that ever came this way since the ring was opened.
    total: u64,
}

// SAFETY: items move from producers to the one consumer; `Slot` accesses are proved above.
unsafe impl<T: Send> Sync for Ring<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Ring<T> {}

impl<T> std::fmt::Debug for Ring<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        let producers = Producers {
            tail: AtomicU64::new(CLOSED),
            seen_head: AtomicU64::new(0),
            slots: AtomicPtr::new(ptr::null_mut()),
            mask: AtomicU64::new(0),
            room: AtomicU64::new(0),
            capacity: AtomicU64::new(0),
        };
        Self {
            producers: CachePadded::new(producers),
            head: CachePadded::new(AtomicU64::new(0)),
            spill: Mutex::new(Spill { items: VecDeque::new(), total: 0 }),
            behind: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }
}

impl<T> Ring<T> {
    /// Begins to take items, at most `capacity` at once (0 = no bound). The ring is closed, and
    /// the caller is the only one who opens it. An error says that there is no memory for that
    /// many; then nothing has changed.
    pub fn open(&self, capacity: u64) -> Result<Consumer<T>, Error> {
        let (capacity, len) = match capacity {
            0 => (u64::MAX, SLOTS_UNBOUNDED),
            bound => (bound, bound.min(SLOTS_MAX).next_power_of_two()),
        };
        let slots = Slots::new(len).ok_or(Error::NoMemory)?;
        if capacity != u64::MAX {
            slots.touch();
        }
        let (address, mask) = slots.parts();
        let shared = &*self.producers;
        // One further than ever before: an older word compares unequal for good.
        let first = ticket(shared.tail.load(Ordering::Relaxed)) + 1;
        shared.slots.store(address, Ordering::Relaxed);
        shared.mask.store(mask, Ordering::Relaxed);
        shared.capacity.store(capacity, Ordering::Relaxed);
        shared.room.store(len.min(capacity), Ordering::Relaxed);
        self.head.store(first, Ordering::Relaxed);
        self.refused.store(0, Ordering::Relaxed);
        self.spill.lock().total = 0;
        // Release pairs with the Acquire load in `push`.
        shared.tail.store(first * ONE, Ordering::Release);
        Ok(Consumer::new(first, slots, capacity != u64::MAX))
    }

    /// Appends what `make` makes, which is called once and only when its place is certain. On
    /// success says whether the consumer sleeps and must be told.
    ///
    /// `still_ours` is asked after the ring was looked at and before anything is changed.
    #[inline]
    pub fn push(
        &self,
        bound: Bound,
        still_ours: impl Fn() -> bool,
        make: impl FnOnce() -> T,
    ) -> Result<bool, Refused> {
        let shared = &*self.producers;
        let mut word = shared.tail.load(Ordering::Acquire);
        loop {
            if word & CLOSED != 0 || !still_ours() {
                return Err(Refused::Closed);
            }
            let mine = ticket(word);
            if word & SPILLED != 0 || !self.has_room(mine) {
                match self.begin_spill(bound, &still_ours)? {
                    Some(spill) => return Ok(self.push_spill(spill, make())),
                    None => {
                        word = shared.tail.load(Ordering::Acquire);
                        continue;
                    }
                }
            }
            let slots = shared.slots.load(Ordering::Relaxed);
            let mask = shared.mask.load(Ordering::Relaxed);
            let next = word.wrapping_add(ONE);
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match shared.tail.compare_exchange_weak(word, next, order.0, order.1) {
                Ok(_) => {
                    // The exchange proves that the ring is still open as it was when `slots`
                    // and `mask` were read, and closing waits for this ticket.
                    Slots::from_parts(slots, mask).publish(mine, make());
                    return Ok(word & LISTENING != 0);
                }
                Err(now) => word = now,
            }
        }
    }

    /// Whether the slot for this ticket is free. The answer holds as long as `tail` does: what
    /// was read of another opening makes the exchange on `tail` fail.
    #[inline]
    fn has_room(&self, mine: u64) -> bool {
        let shared = &*self.producers;
        let room = shared.room.load(Ordering::Relaxed);
        // Acquire pairs with the fetch_max of the producer that looked for us.
        if mine.saturating_sub(shared.seen_head.load(Ordering::Acquire)) < room {
            return true;
        }
        // Acquire pairs with the Release in `Consumer::pop`: the slot was read before it is
        // written again. Heads only grow, so the larger of two looks is the newer one.
        let head = self.head.load(Ordering::Acquire);
        self.note_head(head);
        mine.saturating_sub(head) < room
    }

    /// What `fetch_max` would do; that one ThreadSanitizer does not see.
    fn note_head(&self, head: u64) {
        let seen = &self.producers.seen_head;
        let newer = |old: u64| (old < head).then_some(head);
        // An error says that somebody has seen a newer one.
        let _noted = seen.fetch_update(Ordering::AcqRel, Ordering::Acquire, newer);
    }

    /// The spill, when an item must go there; None when the ring has room again.
    #[cold]
    fn begin_spill(
        &self,
        bound: Bound,
        still_ours: &dyn Fn() -> bool,
    ) -> Result<Option<MutexGuard<'_, Spill<T>>>, Refused> {
        let shared = &*self.producers;
        let spill = self.spill.lock();
        let word = shared.tail.load(Ordering::Acquire);
        if word & CLOSED != 0 || !still_ours() {
            return Err(Refused::Closed);
        }
        let spilled = word & SPILLED != 0;
        if !spilled && self.has_room(ticket(word)) {
            return Ok(None);
        }
        // While nothing is spilled the ring may be filled by others at any time, so count it
        // as full; while something is, nobody fills it.
        let ring = if spilled {
            ticket(word).saturating_sub(self.head.load(Ordering::Acquire))
        } else {
            shared.room.load(Ordering::Relaxed)
        };
        let waiting = ring + self.behind.load(Ordering::Relaxed);
        if bound == Bound::Keep && waiting >= shared.capacity.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refused::Full);
        }
        Ok(Some(spill))
    }

    #[cold]
    fn push_spill(&self, mut spill: MutexGuard<'_, Spill<T>>, item: T) -> bool {
        let shared = &*self.producers;
        spill.items.push_back(item);
        spill.total += 1;
        self.behind.fetch_add(1, Ordering::Relaxed);
        // Under the lock, so that the consumer that takes the spill also takes the flag.
        shared.tail.fetch_or(SPILLED, Ordering::AcqRel) & LISTENING != 0
    }

    /// Takes nothing any more; what is in it stays for the consumer. By one who knows that it is
    /// still the ring that is meant.
    pub fn shut(&self) {
        self.producers.tail.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Takes the consumer's request to be told back, on its behalf. True for one of those who
    /// saw it: the one that tells.
    pub fn heard(&self) -> bool {
        self.producers.tail.fetch_and(!LISTENING, Ordering::AcqRel) & LISTENING != 0
    }

    /// Whether there is nothing in it, as far as one look can tell; for those who are not the
    /// consumer.
    pub fn is_empty(&self) -> bool {
        let tail = ticket(self.producers.tail.load(Ordering::Acquire));
        tail <= self.head.load(Ordering::Acquire) && self.behind.load(Ordering::Acquire) == 0
    }

    /// Pushes that were refused because of the bound.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Items ever accepted, for a consumer that began at `first`.
    pub fn accepted(&self, first: u64) -> u64 {
        let spilled = self.spill.lock().total;
        ticket(self.producers.tail.load(Ordering::Acquire)) - first + spilled
    }
}
