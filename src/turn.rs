//! Whose turn it is with something that belongs to one thread and that a second one may share.
//!
//! As long as nobody shares it, its owner holds it all the time and pays nothing but a look at
//! `holder`. While it is shared, owner and guest take it for a moment each. Whoever gives it back
//! while the other one waits gives it to that one: neither can keep the other out.
//!
//! A bit says that a party waits or is about to. Whoever gives back looks at the bit after the
//! turn is free, whoever waits looks at the turn after its bit is set, each with a full fence
//! between: one of the two sees the other. Whoever takes a bit away hands the turn over.

use crate::parker::Parker;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
use crate::sync::yield_now;

/// No thread.
pub const NOBODY: u64 = 0;
/// It has ended: nobody can take it any more.
pub const ENDED: u64 = u64::MAX;

/// The two that take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// The thread that it belongs to.
    Owner,
    /// The one that shares it.
    Guest,
}

impl Party {
    fn other(self) -> Self {
        match self {
            Self::Owner => Self::Guest,
            Self::Guest => Self::Owner,
        }
    }

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub struct Turn {
    /// The thread whose turn it is.
    holder: AtomicU64,
    /// The thread of each party.
    parties: [AtomicU64; 2],
    is_shared: AtomicBool,
    /// A bit for each party that waits.
    waiting: AtomicU32,
    /// Where they wait.
    seats: [Parker; 2],
}

impl Turn {
    /// It belongs to `owner` now, and to nobody before.
    pub fn begin(&self, owner: u64) {
        self.is_shared.store(false, Ordering::Relaxed);
        self.waiting.store(0, Ordering::Relaxed);
        self.seat(Party::Guest).take();
        self.party(Party::Owner).store(owner, Ordering::Relaxed);
        self.holder.store(owner, Ordering::Release);
    }

    /// It has ended, in the turn of the one who calls.
    pub fn end(&self) {
        self.is_shared.store(false, Ordering::Relaxed);
        self.party(Party::Owner).store(ENDED, Ordering::Relaxed);
        self.holder.store(ENDED, Ordering::Release);
    }

    /// Whether it is the turn of thread `me`.
    #[inline]
    pub fn is_of(&self, me: u64) -> bool {
        // Acquire pairs with the Release of the one who gave it.
        self.holder.load(Ordering::Acquire) == me
    }

    /// Whether it belongs to thread `me`, whosever turn it is.
    pub fn belongs_to(&self, me: u64) -> bool {
        self.owner() == me
    }

    /// The thread that it belongs to, or NOBODY, or ENDED.
    pub fn owner(&self) -> u64 {
        self.party(Party::Owner).load(Ordering::Acquire)
    }

    /// Whether `me` is the thread that shares it.
    pub fn is_guest(&self, me: u64) -> bool {
        self.party(Party::Guest).load(Ordering::Relaxed) == me
    }

    /// Whether there is a second party.
    pub fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Acquire)
    }

    /// It belongs to nobody from now on. By its owner, in its turn.
    pub fn leave(&self) {
        self.holder.store(NOBODY, Ordering::Release);
        self.party(Party::Owner).store(NOBODY, Ordering::Release);
    }

    /// It belongs to thread `me` from now on, if it belongs to nobody. Err: to whom it belongs.
    pub fn inherit(&self, me: u64) -> Result<(), u64> {
        let order = (Ordering::AcqRel, Ordering::Acquire);
        match self.party(Party::Owner).compare_exchange(NOBODY, me, order.0, order.1) {
            Ok(_) => {}
            Err(owner) if owner == me => {}
            Err(owner) => return Err(owner),
        }
        if !self.is_shared() {
            self.restore();
        }
        Ok(())
    }

    /// From now on a guest has its turns too. By the owner in its turn, or by anyone when it
    /// belongs to nobody.
    pub fn share(&self) {
        self.is_shared.store(true, Ordering::Release);
        self.holder.store(NOBODY, Ordering::Release);
    }

    /// There is no guest any more: its thread has left. From any thread.
    pub fn unshare(&self) {
        self.party(Party::Guest).store(NOBODY, Ordering::Relaxed);
        self.is_shared.store(false, Ordering::Release);
        self.restore();
    }

    /// It is the owner's turn for good. Should the owner be giving it back right now, it takes
    /// it again at the next call.
    fn restore(&self) {
        let owner = self.owner();
        if owner != NOBODY {
            let order = (Ordering::AcqRel, Ordering::Relaxed);
            let _its_turn_already = self.holder.compare_exchange(NOBODY, owner, order.0, order.1);
        }
    }

    /// Waits for the owner's turn; `me` is the owner. False when there is none any more.
    pub fn take(&self, me: u64) -> bool {
        self.wait(Party::Owner, me, || false)
    }

    /// The guest's thread is here.
    pub fn join(&self, me: u64) {
        self.party(Party::Guest).store(me, Ordering::Release);
    }

    /// Waits for the guest's turn, until `enough`: whoever makes it true unparks the guest's seat.
    pub fn take_as_guest(&self, me: u64, enough: impl Fn() -> bool) -> bool {
        self.wait(Party::Guest, me, enough)
    }

    fn wait(&self, party: Party, me: u64, enough: impl Fn() -> bool) -> bool {
        if self.try_take(me) {
            return true;
        }
        self.waiting.fetch_or(party.bit(), Ordering::SeqCst);
        fence(Ordering::SeqCst);
        loop {
            let is_mine = self.try_take(me);
            if is_mine || enough() || self.holder.load(Ordering::Relaxed) == ENDED {
                return if self.take_bit(party) { is_mine } else { self.receive(me) };
            }
            self.seat(party).park_until(None);
            if self.waiting.load(Ordering::SeqCst) & party.bit() == 0 {
                return self.receive(me);
            }
        }
    }

    /// The other party has taken our bit: it hands the turn over.
    fn receive(&self, me: u64) -> bool {
        while !self.try_take(me) {
            yield_now();
        }
        true
    }

    /// Whether it is the turn of `me` now, which was free or was handed over.
    fn try_take(&self, me: u64) -> bool {
        let order = (Ordering::AcqRel, Ordering::Acquire);
        let taken = self.holder.compare_exchange(NOBODY, me, order.0, order.1);
        taken.is_ok() || taken == Err(me)
    }

    /// Ends the turn of `party`, unless it has no other.
    pub fn give(&self, party: Party) {
        if party == Party::Owner && !self.is_shared() {
            return;
        }
        let other = party.other();
        if self.take_bit(other) {
            let next = self.party(other).load(Ordering::Acquire);
            self.holder.store(next, Ordering::Release);
            self.seat(other).unpark();
            return;
        }
        self.holder.store(NOBODY, Ordering::Release);
        fence(Ordering::SeqCst);
        // It may have looked before. Now it can take the turn by itself; handing over would be
        // too late when it has taken it and given it back by now.
        if self.waiting.load(Ordering::SeqCst) & other.bit() != 0 {
            self.seat(other).unpark();
        }
    }

    /// True for the one who hands over to `party`.
    fn take_bit(&self, party: Party) -> bool {
        self.waiting.load(Ordering::SeqCst) & party.bit() != 0
            && self.waiting.fetch_and(!party.bit(), Ordering::SeqCst) & party.bit() != 0
    }

    fn party(&self, party: Party) -> &AtomicU64 {
        &self.parties[party as usize]
    }

    fn seat(&self, party: Party) -> &Parker {
        &self.seats[party as usize]
    }

    /// Where the guest waits, for its turn and for whatever else it waits for.
    pub fn guest_seat(&self) -> &Parker {
        self.seat(Party::Guest)
    }
}
