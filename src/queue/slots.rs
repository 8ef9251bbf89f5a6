//! The slots of a ring: where items lie between their producer and the consumer.
#![expect(unsafe_code, reason = "slots are shared without a lock; each access names its proof")]

use std::mem::MaybeUninit;
use std::ptr;

use crate::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(loom))]
type Cell<T> = std::cell::UnsafeCell<T>;
#[cfg(loom)]
type Cell<T> = loom::cell::UnsafeCell<T>;

/// A place for one item at a time.
struct Slot<T> {
    /// ticket + 1 once that ticket's item is in.
    sequence: AtomicU64,
    item: Cell<MaybeUninit<T>>,
}

/// All slots of a ring, by ticket. A copy of the address: `free` is called once, by the one who
/// called `new`, when nobody uses them any more.
#[derive(Debug)]
pub struct Slots<T> {
    first: *mut Slot<T>,
    mask: u64,
}

impl<T> Clone for Slots<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slots<T> {}

impl<T> Slots<T> {
    /// `len`, a power of two, slots without items, all of whose sequences are zero. `None` when
    /// there is not that much memory.
    #[cfg(not(loom))]
    pub fn new(len: u64) -> Option<Self> {
        let layout = Self::layout(len);
        // From the system's zeroed pages, not written one by one: what is not used costs
        // nothing. Zeroes are a sequence of zero and an item that is not there.
        // SAFETY: a slot has a size, and there is at least one.
        let first = unsafe { std::alloc::alloc_zeroed(layout) }.cast::<Slot<T>>();
        (!first.is_null()).then_some(Self { first, mask: len - 1 })
    }

    /// Has the system give all of the memory now: no push will wait for a page.
    pub fn touch(&self) {
        for ticket in 0..=self.mask {
            self.slot(ticket).sequence.store(0, Ordering::Relaxed);
        }
    }

    #[cfg(not(loom))]
    fn layout(len: u64) -> std::alloc::Layout {
        std::alloc::Layout::array::<Slot<T>>(len as usize).expect("a few thousand slots fit")
    }

    /// The same for the model, which has to see each slot being made.
    #[cfg(loom)]
    pub fn new(len: u64) -> Option<Self> {
        let slot = |_| Slot { sequence: AtomicU64::new(0), item: Cell::new(MaybeUninit::uninit()) };
        let slots: Box<[Slot<T>]> = (0..len).map(slot).collect();
        Some(Self { first: Box::into_raw(slots).cast(), mask: len - 1 })
    }

    /// Takes the memory back. Items that are still in are not dropped.
    pub fn free(self) {
        #[cfg(not(loom))]
        // SAFETY: made by `new` with this layout; nobody uses the slots any more.
        unsafe {
            std::alloc::dealloc(self.first.cast(), Self::layout(self.mask + 1));
        }
        #[cfg(loom)]
        // SAFETY: as above, made as a box.
        drop(unsafe {
            Box::from_raw(ptr::slice_from_raw_parts_mut(self.first, self.mask as usize + 1))
        });
    }

    /// From what `parts` gave.
    #[inline]
    pub fn from_parts(first: *mut (), mask: u64) -> Self {
        Self { first: first.cast(), mask }
    }

    /// To be kept in two words.
    pub fn parts(self) -> (*mut (), u64) {
        (self.first.cast(), self.mask)
    }

    #[inline]
    fn slot(&self, ticket: u64) -> &Slot<T> {
        // SAFETY: the mask keeps the index inside of what was allocated.
        let slot = unsafe { self.first.add((ticket & self.mask) as usize) };
        // SAFETY: the slots live as long as the ring is open, and whoever has a ticket or is
        // the consumer keeps it from being freed.
        unsafe { &*slot }
    }

    /// Puts an item into its ticket's slot. By the one who holds the ticket.
    #[inline]
    pub fn publish(&self, ticket: u64, item: T) {
        let slot = self.slot(ticket);
        #[cfg(not(loom))]
        // SAFETY: the caller holds the slot's ticket and has not published: nobody else looks.
        unsafe {
            ptr::write(slot.item.get().cast(), item);
        }
        #[cfg(loom)]
        // SAFETY: as above; the model checks it.
        slot.item.with_mut(|place| unsafe { ptr::write(place.cast(), item) });
        // Release pairs with the Acquire in `is_published`.
        slot.sequence.store(ticket + 1, Ordering::Release);
    }

    /// Whether the item of this ticket is in.
    #[inline]
    pub fn is_published(&self, ticket: u64) -> bool {
        // Acquire pairs with the Release in `publish`.
        self.slot(ticket).sequence.load(Ordering::Acquire) == ticket + 1
    }

    /// Takes a published item out. By the consumer, once.
    #[inline]
    pub fn take(&self, ticket: u64) -> T {
        let slot = self.slot(ticket);
        #[cfg(not(loom))]
        // SAFETY: it is published, and only the consumer reads it, once.
        return unsafe { ptr::read(slot.item.get().cast()) };
        #[cfg(loom)]
        // SAFETY: as above; the model checks it.
        return slot.item.with(|place| unsafe { ptr::read(place.cast()) });
    }

    /// A published item, to be used where it lies. By the consumer, once.
    #[cfg(not(loom))]
    #[inline]
    pub fn claim(&self, ticket: u64) -> Claimed<T> {
        Claimed::InRing(InRing(self.slot(ticket).item.get().cast()))
    }
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
