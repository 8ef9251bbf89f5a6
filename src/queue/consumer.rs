//! The consuming end of a ring: there is one, and it leaves the producers' word alone as long as
//! the slots tell it enough.
#![expect(unsafe_code, reason = "the end of a ring may move to another thread")]

use std::collections::VecDeque;
use std::ptr;

use crate::queue::ring::{CLOSED, FLAGS, LISTENING, ONE, Ring, SPILLED, ticket};
#[cfg(not(loom))]
use crate::queue::slots::Claimed;
use crate::queue::slots::Slots;
use crate::sync::atomic::Ordering;
use crate::sync::{spin_hint, yield_now};

/// Published items that one look counts before it asks the producers' word.
const LOOK_AHEAD: u64 = 16;

/// The consuming end of a ring. Whoever has it is the one consumer.
#[derive(Debug)]
pub struct Consumer<T> {
    /// Same as `Ring::head`, without an atomic load.
    head: u64,
    /// Spilled items that were fetched: older than what is in the ring now.
    fetched: VecDeque<T>,
    slots: Slots<T>,
    first: u64,
    consumed_spill: u64,
    /// Items that are being used where they lie; then `Ring::head` stands still.
    claimed: u32,
    /// An item that is being used waits no longer and must not count for the bound: in a ring
    /// that has one, items are moved out of their slots first.
    bounded: bool,
}

// SAFETY: the pointer is to slots that are shared by design; see `Ring`.
unsafe impl<T: Send> Send for Consumer<T> {}

impl<T> Consumer<T> {
    pub(super) fn new(first: u64, slots: Slots<T>, bounded: bool) -> Self {
        let (fetched, consumed_spill, claimed) = (VecDeque::new(), 0, 0);
        Self { head: first, fetched, slots, first, consumed_spill, claimed, bounded }
    }

    /// The first ticket; for `Ring::accepted`.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// Items taken so far.
    pub fn taken(&self) -> u64 {
        self.head - self.first + self.consumed_spill
    }

    /// Whether there is something to take, as far as one look can tell. Leaves the producers'
    /// word alone: each look at it would take it away from their processors.
    #[inline]
    pub fn is_ready(&self, ring: &Ring<T>) -> bool {
        self.slots.is_published(self.head) || ring.behind.load(Ordering::Relaxed) != 0
    }

    /// How many items there are to take now; at least those that were published before.
    #[inline]
    pub fn ready(&self, ring: &Ring<T>) -> u64 {
        let near =
            (0..LOOK_AHEAD).take_while(|ahead| self.slots.is_published(self.head + ahead)).count();
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
        if !self.slots.is_published(self.head) {
            return if self.fetch_spill(ring) { self.pop(ring) } else { None };
        }
        let item = self.slots.take(self.head);
        self.head += 1;
        self.publish_head(ring);
        Some(item)
    }

    /// As `pop`, without moving the item: its slot stays taken until `release`.
    #[cfg(not(loom))]
    #[inline]
    pub fn claim(&mut self, ring: &Ring<T>) -> Option<Claimed<T>> {
        if self.bounded || !self.fetched.is_empty() || !self.slots.is_published(self.head) {
            let item = self.pop(ring)?;
            self.claimed += 1;
            return Some(Claimed::Fetched(item));
        }
        let claimed = self.slots.claim(self.head);
        self.head += 1;
        self.claimed += 1;
        Some(claimed)
    }

    /// Ends the use of a claimed item. Claims may nest; the slots are free after the last one.
    #[inline]
    pub fn release(&mut self, ring: &Ring<T>) {
        self.claimed -= 1;
        self.publish_head(ring);
    }

    #[inline]
    fn publish_head(&self, ring: &Ring<T>) {
        if self.claimed == 0 || self.bounded {
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
        let (from, to) = (self.head * ONE, (self.head * ONE) | LISTENING);
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
        // All tickets are consumed and CLOSED keeps new ones from being handed out.
        self.slots.free();
        left
    }
}
