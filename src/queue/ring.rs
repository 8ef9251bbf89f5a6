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
#![expect(unsafe_code, reason = "slots are shared without a lock; each access names its proof")]

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ptr;

use crossbeam::utils::CachePadded;

use crate::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, spin_hint, yield_now};

const LISTENING: u64 = 1;
const SPILLED: u64 = 2;
const CLOSED: u64 = 4;
const FLAGS: u64 = 7;
const ONE: u64 = 8;

/// Most slots that a ring has; what is beyond waits in the spill. Keeps a ring of posts within
/// a processor's second-level cache. Their memory is untouched until it is used.
const SLOTS_MAX: u64 = 8192;
/// Published items that one look counts before it asks the producers' word.
const LOOK_AHEAD: u64 = 16;

fn ticket(word: u64) -> u64 {
    word / ONE
}

#[cfg(not(loom))]
type Cell<T> = std::cell::UnsafeCell<T>;
#[cfg(loom)]
type Cell<T> = loom::cell::UnsafeCell<T>;

struct Slot<T> {
    /// ticket + 1 once that ticket's item is in.
    sequence: AtomicU64,
    item: Cell<MaybeUninit<T>>,
}

#[cfg(not(loom))]
fn write_cell<T>(cell: &Cell<MaybeUninit<T>>, item: T) {
    // SAFETY: the caller holds the slot's ticket and has not published: nobody else looks.
    unsafe { ptr::write(cell.get().cast(), item) };
}

#[cfg(loom)]
fn write_cell<T>(cell: &Cell<MaybeUninit<T>>, item: T) {
    // SAFETY: as above; the model checks it.
    cell.with_mut(|place| unsafe { ptr::write(place.cast(), item) });
}

#[cfg(not(loom))]
fn read_cell<T>(cell: &Cell<MaybeUninit<T>>) -> T {
    // SAFETY: the sequence says that the item is published, and the consumer reads it once.
    unsafe { ptr::read(cell.get().cast()) }
}

#[cfg(loom)]
fn read_cell<T>(cell: &Cell<MaybeUninit<T>>) -> T {
    // SAFETY: as above; the model checks it.
    cell.with(|place| unsafe { ptr::read(place.cast()) })
}

/// Slots without items, all of whose sequences are zero.
#[cfg(not(loom))]
fn new_slots<T>(len: usize) -> *mut Slot<T> {
    // From the system's zeroed pages, not written one by one: what is not used costs nothing.
    let slots = Box::<[Slot<T>]>::new_zeroed_slice(len);
    // SAFETY: a sequence of zero and an item that is not initialised are a slot.
    Box::into_raw(unsafe { slots.assume_init() }).cast()
}

#[cfg(loom)]
fn new_slots<T>(len: usize) -> *mut Slot<T> {
    let slot = |_| Slot { sequence: AtomicU64::new(0), item: Cell::new(MaybeUninit::uninit()) };
    Box::into_raw((0..len).map(slot).collect::<Box<[Slot<T>]>>()).cast()
}

/// Takes back what `new_slots` gave; the items are gone.
fn free_slots<T>(slots: *mut Slot<T>, len: usize) {
    // SAFETY: made by `new_slots` with this length; the ring is closed and all tickets are
    // consumed, so nobody holds a reference into it.
    drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(slots, len)) });
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
struct Producers {
    tail: AtomicU64,
    /// Where `head` was when a producer last looked: a copy in the producers' own cache line.
    seen_head: AtomicU64,
    slots: AtomicPtr<Slot<()>>,
    mask: AtomicU64,
    /// Slots that may be filled at once: all of them, or fewer when the capacity is smaller.
    room: AtomicU64,
    capacity: AtomicU64,
}

/// The queue. `Consumer` is the other end.
pub struct Ring<T> {
    producers: CachePadded<Producers>,
    /// Tickets below this are consumed and their slots free.
    head: CachePadded<AtomicU64>,
    spill: Mutex<Spill<T>>,
    /// Spilled items that are not consumed yet.
    behind: AtomicU64,
    refused: AtomicU64,
}

struct Spill<T> {
    items: VecDeque<T>,
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

/// The consuming end of a ring. Whoever has it is the one consumer.
#[derive(Debug)]
pub struct Consumer<T> {
    /// Same as `Ring::head`, without an atomic load.
    head: u64,
    /// Spilled items that were fetched: older than what is in the ring now.
    fetched: VecDeque<T>,
    slots: *mut Slot<T>,
    mask: u64,
    first: u64,
    consumed_spill: u64,
    /// Items that are being used where they lie; then `Ring::head` stands still.
    claimed: u32,
}

/// An item that was taken, to be used at once.
pub enum Claimed<T> {
    /// Where it lies: no copy is made.
    InRing(InRing<T>),
    /// From the spill.
    Fetched(T),
}

/// An item in its slot.
pub struct InRing<T>(*mut T);

impl<T> Claimed<T> {
    /// Uses the item, then drops it. `Consumer::release` must follow.
    #[inline]
    pub fn using(self, how: impl FnOnce(&mut T)) {
        match self {
            Self::InRing(item) => {
                // SAFETY: the slot is published, the consumer has passed it, and producers do
                // not get it before it is released.
                how(unsafe { &mut *item.0 });
                drop(item);
            }
            Self::Fetched(mut item) => how(&mut item),
        }
    }
}

impl<T> Drop for InRing<T> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: made once for each published item, so it is dropped once.
        unsafe { ptr::drop_in_place(self.0) };
    }
}

// SAFETY: the pointer is to slots that are shared by design; see `Ring`.
unsafe impl<T: Send> Send for Consumer<T> {}

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
    /// the caller is the only one who opens it.
    pub fn open(&self, capacity: u64) -> Consumer<T> {
        let capacity = if capacity == 0 { u64::MAX } else { capacity };
        let len = capacity.min(SLOTS_MAX).next_power_of_two();
        let slots = new_slots(len as usize);
        let shared = &*self.producers;
        // One further than ever before: an older word compares unequal for good.
        let first = ticket(shared.tail.load(Ordering::Relaxed)) + 1;
        shared.slots.store(slots.cast(), Ordering::Relaxed);
        shared.mask.store(len - 1, Ordering::Relaxed);
        shared.capacity.store(capacity, Ordering::Relaxed);
        shared.room.store(len.min(capacity), Ordering::Relaxed);
        self.head.store(first, Ordering::Relaxed);
        self.refused.store(0, Ordering::Relaxed);
        self.spill.lock().total = 0;
        // Release pairs with the Acquire load in `push`.
        shared.tail.store(first * ONE, Ordering::Release);
        let (fetched, consumed_spill) = (VecDeque::new(), 0);
        Consumer { head: first, fetched, slots, mask: len - 1, first, consumed_spill, claimed: 0 }
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
            let slots = shared.slots.load(Ordering::Relaxed).cast::<Slot<T>>();
            let mask = shared.mask.load(Ordering::Relaxed);
            let next = word.wrapping_add(ONE);
            let order = (Ordering::AcqRel, Ordering::Acquire);
            match shared.tail.compare_exchange_weak(word, next, order.0, order.1) {
                Ok(_) => {
                    // SAFETY: the exchange proves that the ring is still open as it was when
                    // `slots` and `mask` were read, and closing waits for this ticket.
                    let slot = unsafe { &*slots.add((mine & mask) as usize) };
                    write_cell(&slot.item, make());
                    // Release pairs with the Acquire in `Consumer::pop`.
                    slot.sequence.store(mine + 1, Ordering::Release);
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
        if mine.saturating_sub(shared.seen_head.load(Ordering::Relaxed)) < room {
            return true;
        }
        // Acquire pairs with the Release in `Consumer::pop`: the slot was read before it is
        // written again. Heads only grow, so the larger of two looks is the newer one.
        let head = self.head.load(Ordering::Acquire);
        shared.seen_head.fetch_max(head, Ordering::AcqRel);
        mine.saturating_sub(head) < room
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

    /// Takes the consumer's request to be told back, on its behalf. True for one of those who
    /// saw it: the one that tells.
    pub fn heard(&self) -> bool {
        self.producers.tail.fetch_and(!LISTENING, Ordering::AcqRel) & LISTENING != 0
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

impl<T> Consumer<T> {
    /// The first ticket; for `Ring::accepted`.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Items taken so far.
    pub fn taken(&self) -> u64 {
        self.head - self.first + self.consumed_spill
    }

    #[inline]
    fn is_published(&self, ticket: u64) -> bool {
        // SAFETY: `slots` lives until `close`, which takes this consumer.
        let slot = unsafe { &*self.slots.add((ticket & self.mask) as usize) };
        // Acquire pairs with the Release in `push`.
        slot.sequence.load(Ordering::Acquire) == ticket + 1
    }

    /// Whether there is something to take, as far as one look can tell. Leaves the producers'
    /// word alone: each look at it would take it away from their processors.
    #[inline]
    pub fn is_ready(&self, ring: &Ring<T>) -> bool {
        self.is_published(self.head) || ring.behind.load(Ordering::Relaxed) != 0
    }

    /// How many items there are to take now; at least those that were published before.
    #[inline]
    pub fn ready(&self, ring: &Ring<T>) -> u64 {
        let near = (0..LOOK_AHEAD).take_while(|ahead| self.is_published(self.head + ahead)).count();
        if near as u64 == LOOK_AHEAD || ring.behind.load(Ordering::Relaxed) != 0 {
            return self.available(ring);
        }
        near as u64
    }

    /// How many items were accepted and not taken.
    #[inline]
    pub fn available(&self, ring: &Ring<T>) -> u64 {
        let in_ring = ticket(ring.producers.tail.load(Ordering::Acquire)) - self.head;
        in_ring + ring.behind.load(Ordering::Relaxed)
    }

    /// Whether a bounded push would find room, as far as one look can tell.
    pub fn has_room(&self, ring: &Ring<T>) -> bool {
        self.available(ring) < ring.producers.capacity.load(Ordering::Relaxed)
    }

    /// The oldest item. None also while the oldest ticket's holder has not published it yet.
    #[inline]
    pub fn pop(&mut self, ring: &Ring<T>) -> Option<T> {
        if let Some(item) = self.fetched.pop_front() {
            self.consumed_spill += 1;
            ring.behind.fetch_sub(1, Ordering::Relaxed);
            return Some(item);
        }
        if !self.is_published(self.head) {
            return if self.fetch_spill(ring) { self.pop(ring) } else { None };
        }
        // SAFETY: as in `is_published`.
        let slot = unsafe { &*self.slots.add((self.head & self.mask) as usize) };
        let item = read_cell(&slot.item);
        self.head += 1;
        self.publish_head(ring);
        Some(item)
    }

    /// As `pop`, without moving the item: its slot stays taken until `release`.
    #[cfg(not(loom))]
    #[inline]
    pub fn claim(&mut self, ring: &Ring<T>) -> Option<Claimed<T>> {
        if !self.fetched.is_empty() || !self.is_published(self.head) {
            let item = self.pop(ring)?;
            self.claimed += 1;
            return Some(Claimed::Fetched(item));
        }
        // SAFETY: as in `is_published`.
        let slot = unsafe { &*self.slots.add((self.head & self.mask) as usize) };
        self.head += 1;
        self.claimed += 1;
        Some(Claimed::InRing(InRing(slot.item.get().cast())))
    }

    /// Ends the use of a claimed item. Claims may nest; the slots are free after the last one.
    #[inline]
    pub fn release(&mut self, ring: &Ring<T>) {
        self.claimed -= 1;
        self.publish_head(ring);
    }

    #[inline]
    fn publish_head(&self, ring: &Ring<T>) {
        if self.claimed == 0 {
            // Release pairs with the Acquire in `has_room`.
            ring.head.store(self.head, Ordering::Release);
        }
    }

    /// Takes what waits behind the ring, once everything in the ring has been taken.
    fn fetch_spill(&mut self, ring: &Ring<T>) -> bool {
        let word = ring.producers.tail.load(Ordering::Acquire);
        if word & SPILLED == 0 || ticket(word) != self.head {
            return false;
        }
        let mut spill = ring.spill.lock();
        std::mem::swap(&mut self.fetched, &mut spill.items);
        ring.producers.tail.fetch_and(!SPILLED, Ordering::AcqRel);
        true
    }

    /// Asks to be told of the next push. False when there is something to take already.
    pub fn listen(&self, ring: &Ring<T>) -> bool {
        if !self.fetched.is_empty() {
            return false;
        }
        let (from, to) = (self.head * ONE, self.head * ONE | LISTENING);
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let tail = &ring.producers.tail;
        match tail.compare_exchange(from, to, order.0, order.1) {
            Ok(_) => true,
            Err(now) => now == to,
        }
    }

    /// Takes the request back.
    pub fn unlisten(&self, ring: &Ring<T>) {
        if ring.producers.tail.load(Ordering::Relaxed) & LISTENING != 0 {
            ring.producers.tail.fetch_and(!LISTENING, Ordering::AcqRel);
        }
    }

    /// Ends the ring and gives back what was in it, in order.
    pub fn close(mut self, ring: &Ring<T>) -> VecDeque<T> {
        let word = ring.producers.tail.fetch_or(CLOSED, Ordering::AcqRel);
        let mut left = VecDeque::new();
        let mut spins = 0;
        while self.head != ticket(word) || !self.fetched.is_empty() {
            match self.pop(ring) {
                Some(item) => left.push_back(item),
                // A ticket's holder is between taking and publishing it: a few instructions.
                None if spins < 64 => {
                    spins += 1;
                    spin_hint();
                }
                None => yield_now(),
            }
        }
        {
            let mut spill = ring.spill.lock();
            left.append(&mut spill.items);
            ring.behind.store(0, Ordering::Relaxed);
        }
        let end = FLAGS & !SPILLED & !LISTENING;
        ring.producers.tail.fetch_and(!FLAGS | end, Ordering::AcqRel);
        ring.producers.slots.store(ptr::null_mut(), Ordering::Relaxed);
        free_slots(self.slots, self.mask as usize + 1);
        left
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn always() -> bool {
        true
    }

    #[test]
    fn order_holds_across_ring_and_spill() {
        let ring = Ring::default();
        let mut consumer = ring.open(0);
        let mut next = 0;
        for value in 0..10_000_u64 {
            ring.push(Bound::Keep, always, || value).expect("no bound");
            if value % 3 == 0 {
                assert_eq!(consumer.pop(&ring), Some(next));
                next += 1;
            }
        }
        while let Some(value) = consumer.pop(&ring) {
            assert_eq!(value, next);
            next += 1;
        }
        assert_eq!(next, 10_000);
        assert_eq!(ring.accepted(consumer.first()), 10_000);
        assert_eq!(consumer.taken(), 10_000);
    }

    #[test]
    fn capacity_is_exact_whatever_the_number() {
        for capacity in [1, 2, 3, 5, 1023, 1024, 1025, 3000] {
            let ring = Ring::default();
            let mut consumer = ring.open(capacity);
            for value in 0..capacity {
                ring.push(Bound::Keep, always, || value).expect("below the bound");
            }
            assert_eq!(ring.push(Bound::Keep, always, || unreachable!()), Err(Refused::Full));
            ring.push(Bound::Exceed, always, || capacity).expect("must never be lost");
            for value in 0..=capacity {
                assert_eq!(consumer.pop(&ring), Some(value), "capacity {capacity}");
            }
            assert_eq!(consumer.pop(&ring), None);
            ring.push(Bound::Keep, always, || 1).expect("there is room again");
            assert_eq!(ring.refused(), 1);
        }
    }

    #[test]
    fn close_gives_back_what_was_left_and_reopening_starts_anew() {
        let ring = Ring::default();
        for round in 0..10 {
            let mut consumer = ring.open(4);
            for value in 0..4 {
                ring.push(Bound::Keep, always, || value).expect("below the bound");
            }
            assert_eq!(consumer.pop(&ring), Some(0));
            ring.push(Bound::Exceed, always, || 9).expect("exceeds");
            assert_eq!(consumer.close(&ring), [1, 2, 3, 9], "round {round}");
            assert_eq!(ring.push(Bound::Keep, always, || unreachable!()), Err(Refused::Closed));
        }
    }

    #[test]
    fn listening_is_seen_by_the_next_push_only_after_it_was_asked_for() {
        let ring = Ring::default();
        let mut consumer = ring.open(4);
        assert_eq!(ring.push(Bound::Keep, always, || 1), Ok(false));
        assert!(!consumer.listen(&ring), "there is something to take");
        assert_eq!(consumer.pop(&ring), Some(1));
        assert!(consumer.listen(&ring));
        assert!(consumer.listen(&ring), "asking twice is asking once");
        assert_eq!(ring.push(Bound::Keep, always, || 2), Ok(true));
        consumer.unlisten(&ring);
        assert_eq!(ring.push(Bound::Keep, always, || 3), Ok(false));
    }
}
