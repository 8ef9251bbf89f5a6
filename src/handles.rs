//! Handles that cannot dangle. What C holds is not an address but (generation, index, kind), so
//! that a freed, foreign or mistaken handle is found out without touching memory that is gone.
//!
//! A slot is never returned to the system, only used again under another generation. Besides
//! the object it holds a *gate*: a part that outlives the object, for operations so hot that
//! they cannot afford to pin the object (wake, post, poll of a loop). They look at the
//! generation, act on the gate, and are harmless when the object ends at that very moment.
#![expect(unsafe_code, reason = "slots hand out references to what they hold; proofs stand here")]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::Deref;

use once_cell::sync::OnceCell;

use crate::error::{Error, Result};
use crate::occupancy::Occupancy;
use crate::sync::Mutex;

/// Which noun a handle names; part of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `sl_loop`
    Loop = 1,
    /// `sl_action_queue`
    ActionQueue = 2,
    /// A popped action's message and result.
    Action = 3,
    /// `sl_state_pool`
    StatePool = 4,
    /// `sl_script_runner`
    ScriptRunner = 5,
    /// `sl_callbacks`
    Callbacks = 6,
    /// `sl_jobs`
    Jobs = 7,
}

/// A type that C holds handles to.
pub trait Handled: Send + Sync + Sized + 'static {
    /// The noun.
    const KIND: Kind;
    /// What outlives the object; `()` for most.
    type Gate: Default + Send + Sync;
    /// The one table of this type.
    fn table() -> &'static Table<Self>;
}

/// generation (32) | index (24) | kind (7) | 1. The last bit is set, so that no aligned address
/// can be taken for a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle(u64);

impl Handle {
    fn new(generation: u32, index: u32, kind: Kind) -> Self {
        Self(u64::from(generation) << 32 | u64::from(index) << 8 | (kind as u64) << 1 | 1)
    }

    /// Reads what C passed.
    #[inline]
    pub fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// What C gets.
    #[inline]
    pub fn bits(self) -> u64 {
        self.0
    }

    /// The same, in the type that C's opaque structs have.
    pub fn as_ptr<C>(self) -> *mut C {
        std::ptr::without_provenance_mut::<c_void>(self.0 as usize).cast()
    }

    #[inline]
    fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline]
    fn index(self) -> u32 {
        (self.0 >> 8) as u32 & INDEX_MAX
    }

    #[inline]
    fn is_of(self, kind: Kind) -> bool {
        self.0 & 0xff == (kind as u64) << 1 | 1
    }
}

const INDEX_MAX: u32 = (1 << 24) - 1;
/// The first chunk's slots; each further chunk is twice as large as the one before.
const FIRST_CHUNK: u32 = 32;
const CHUNKS: usize = 20;

/// One place for an object, and its gate.
pub struct Slot<T: Handled> {
    occupancy: Occupancy,
    gate: T::Gate,
    object: UnsafeCell<Option<T>>,
}

// SAFETY: `object` is written only by the one who has a vacant slot from the free list, or the
// duty to vacate it, and read only by those who hold a pin (or the proof that
// `Slot::object_of_owner` asks for).
unsafe impl<T: Handled> Sync for Slot<T> {}

impl<T: Handled> Slot<T> {
    /// The part that outlives the object.
    #[inline]
    pub fn gate(&self) -> &T::Gate {
        &self.gate
    }

    /// Whether the object that `handle` names is still there.
    #[inline]
    pub fn holds(&self, handle: Handle) -> bool {
        self.occupancy.holds(handle.generation())
    }

    /// The object, without a pin.
    ///
    /// # Safety
    ///
    /// `holds` was true, and nothing but the calling thread may remove the object until the
    /// reference is gone.
    #[inline]
    pub unsafe fn object_of_owner(&self) -> &T {
        // SAFETY: nobody writes the object while it cannot be removed.
        let object = unsafe { &*self.object.get() };
        object.as_ref().expect("a slot that holds a handle has an object")
    }
}

/// All objects of one kind.
pub struct Table<T: Handled> {
    chunks: [OnceCell<Box<[Slot<T>]>>; CHUNKS],
    free: Mutex<Free>,
}

struct Free {
    /// Slots that were used before, last one first: their lines are warm.
    vacant: Vec<u32>,
    /// Slots from here on have never been used.
    fresh: u32,
    live: u32,
    /// Slots below are those of the process that this one is a fork of.
    abandoned: u32,
}

/// The chunk an index lies in, and where it lies there.
#[inline]
fn place(index: u32) -> (usize, usize) {
    let shifted = index + FIRST_CHUNK;
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (shifted - (FIRST_CHUNK << chunk)) as usize)
}

impl<T: Handled> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Handled> Table<T> {
    /// No objects.
    pub const fn new() -> Self {
        let free = Free { vacant: Vec::new(), fresh: 0, live: 0, abandoned: 0 };
        Self { chunks: [const { OnceCell::new() }; CHUNKS], free: Mutex::new(free) }
    }

    /// How many objects there are.
    pub fn live(&self) -> u64 {
        self.free.lock().live.into()
    }

    fn slot(&self, index: u32) -> Option<&Slot<T>> {
        let (chunk, at) = place(index);
        self.chunks.get(chunk)?.get()?.get(at)
    }

    /// Makes sure of a slot; under the lock.
    fn grow_to(&self, index: u32) {
        let (chunk, _) = place(index);
        self.chunks[chunk].get_or_init(|| {
            let slot = |_| Slot {
                occupancy: Occupancy::default(),
                gate: T::Gate::default(),
                object: UnsafeCell::new(None),
            };
            (0..FIRST_CHUNK << chunk).map(slot).collect()
        });
    }

    /// Keeps what `make` builds beside its gate, and names it. `make` runs no code of the host's,
    /// which might fork: the slot would be the parent's.
    pub fn insert(
        &'static self,
        make: impl FnOnce(&'static T::Gate, Handle) -> Result<T>,
    ) -> Result<Handle> {
        let (index, slot) = self.take_slot()?;
        let generation = slot.occupancy.next_generation();
        let handle = Handle::new(generation, index, T::KIND);
        let object = match make(&slot.gate, handle) {
            Ok(object) => object,
            Err(error) => {
                self.give_back(index);
                return Err(error);
            }
        };
        // SAFETY: the slot is vacant and was taken from the free list: only we know it.
        unsafe { *slot.object.get() = Some(object) };
        slot.occupancy.occupy(generation);
        Ok(handle)
    }

    /// A vacant slot for the caller alone. Chunks grow under the lock: whoever has it, as one who
    /// is about to fork, knows that all slots below `fresh` are there.
    fn take_slot(&self) -> Result<(u32, &Slot<T>)> {
        let mut free = self.free.lock();
        let index = match free.vacant.pop() {
            Some(index) => index,
            None if free.fresh > INDEX_MAX => return Err(Error::Full),
            None => {
                self.grow_to(free.fresh);
                free.fresh += 1;
                free.fresh - 1
            }
        };
        free.live += 1;
        drop(free);
        Ok((index, self.slot(index).expect("slots below `fresh` are there")))
    }

    fn give_back(&self, index: u32) {
        let mut free = self.free.lock();
        free.vacant.push(index);
        free.live -= 1;
    }

    /// The slot that `handle` names, if its object is still there at this moment.
    #[inline]
    pub fn find(&'static self, handle: Handle) -> Result<&'static Slot<T>> {
        match self.slot(handle.index()) {
            Some(slot) if handle.is_of(T::KIND) && slot.holds(handle) => Ok(slot),
            _ => Err(Error::StaleHandle),
        }
    }

    /// Keeps the object alive until the pin is dropped.
    #[inline]
    pub fn pin(&'static self, handle: Handle) -> Result<Pin<T>> {
        let slot = self.find(handle)?;
        let (index, table) = (handle.index(), self);
        let pin = Pin { slot, index, table, _not_send: PhantomData };
        // Also when it came too late: then the pin is taken back by the drop.
        if slot.occupancy.pin(handle.generation()) { Ok(pin) } else { Err(Error::StaleHandle) }
    }

    /// Takes the name away: every later use of `handle` is stale. The object is destroyed now,
    /// or by the last of those who still pin it.
    pub fn remove(&'static self, handle: Handle) -> Result<()> {
        let pin = self.pin(handle)?;
        if pin.slot.occupancy.close() { Ok(()) } else { Err(Error::StaleHandle) }
    }
}

/// The table of one noun while the process forks.
impl<T: Handled> Table<T> {
    /// Before: keeps the table as it is.
    pub fn hold(&self) {
        self.free.hold();
    }

    /// After, in the process that forked.
    ///
    /// # Safety
    ///
    /// The calling thread has called `hold`, and nothing of the kind since.
    pub unsafe fn let_go(&self) {
        // SAFETY: as the caller promised.
        drop(unsafe { self.free.held() });
    }

    /// After, in the child: all handles are stale, and no object is destroyed. Allocates nothing.
    ///
    /// # Safety
    ///
    /// As for `let_go`, and there is no other thread.
    pub unsafe fn abandon(&self) {
        // SAFETY: as the caller promised.
        let mut free = unsafe { self.free.held() };
        for slot in (free.abandoned..free.fresh).filter_map(|index| self.slot(index)) {
            slot.occupancy.abandon();
        }
        free.vacant.clear();
        free.live = 0;
        free.abandoned = free.fresh;
    }
}

/// An object that stays until this is dropped.
pub struct Pin<T: Handled> {
    slot: &'static Slot<T>,
    index: u32,
    table: &'static Table<T>,
    _not_send: PhantomData<*const ()>,
}

impl<T: Handled> Deref for Pin<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the pin keeps the object from being taken out.
        let object = unsafe { &*self.slot.object.get() };
        object.as_ref().expect("a pinned slot has an object")
    }
}

impl<T: Handled> Drop for Pin<T> {
    #[inline]
    fn drop(&mut self) {
        if self.slot.occupancy.unpin() {
            self.destroy();
        }
    }
}

impl<T: Handled> Pin<T> {
    #[cold]
    fn destroy(&self) {
        // SAFETY: `unpin` gave the duty to us alone, and the slot is vacant for all others.
        let object = unsafe { (*self.slot.object.get()).take() };
        drop(object);
        self.table.give_back(self.index);
    }
}
