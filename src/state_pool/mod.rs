//! Lends a fixed number of states, of whatever kind, to whoever asks first.
//!
//! The one that came back last is lent first: its memory is warm. Whoever waits is served in
//! order of arrival, and a state that comes back is handed directly to the first waiter whom it
//! serves, so that nobody who comes later gets it. One may also wait for one particular state, or
//! have one pinned to an owner: it is lent to nobody else until it is unpinned. No lock is held
//! while a state is made, used or destroyed.

pub mod host;

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::sync::Arc;

use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::parker::Parker;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sys::thread_id;

/// A state that is lent. It goes back by `StatePool::release`.
#[derive(Debug)]
pub struct Lease<T> {
    /// Which one it is, from 0; the same for as long as the pool exists.
    pub number: u32,
    /// The state.
    pub state: T,
}

/// Which states somebody would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Any that is pinned to nobody.
    Any,
    /// The one with this number.
    Number(u32),
    /// The one that is pinned to this owner, else any, which is pinned to it by that.
    PinnedTo(NonZeroU64),
}

/// The states that are not lent, and who waits for one.
#[derive(Debug)]
pub struct StatePool<T> {
    inner: Mutex<Inner<T>>,
    /// How many wait; changes under the lock, may be read without it.
    waiting: AtomicU32,
}

#[derive(Debug)]
struct Inner<T> {
    /// The last one is lent first.
    free: Vec<Lease<T>>,
    /// Who has which of the others: number and thread.
    lent: Vec<(u32, u64)>,
    /// By number: whom it is pinned to. As long as it has to be.
    pins: Vec<Option<NonZeroU64>>,
    /// First come, first served.
    waiters: VecDeque<Arc<Waiter<T>>>,
    closed: bool,
    acquired: u64,
    released: u64,
}

#[derive(Debug)]
struct Waiter<T> {
    parker: Parker,
    thread: u64,
    wants: Wants,
    /// What became of the wait; set while the pool is locked.
    answer: Mutex<Option<Result<Lease<T>>>>,
}

/// How the pool stands. States that are neither available nor leased have been destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// How many exist.
    pub states: u64,
    /// Of these, how many could be had at once.
    pub available: u64,
    /// Of these, how many are lent.
    pub leased: u64,
    /// How many are pinned to an owner, lent or not.
    pub pinned: u64,
    /// How many wait.
    pub waiting: u64,
    /// Leases so far.
    pub acquired: u64,
    /// Leases that ended.
    pub released: u64,
}

impl<T> StatePool<T> {
    /// A pool of these states. They are lent in this order the first time.
    pub fn new(states: Vec<T>) -> Result<Self> {
        let pool = Self::with_room(states.len())?;
        pool.fill(states);
        Ok(pool)
    }

    /// A pool without states that has the memory for so many.
    fn with_room(count: usize) -> Result<Self> {
        let (mut free, mut lent, mut pins) = (Vec::new(), Vec::new(), Vec::new());
        free.try_reserve_exact(count)?;
        lent.try_reserve_exact(count)?;
        pins.try_reserve_exact(count)?;
        let (waiters, acquired, released) = (VecDeque::new(), 0, 0);
        let inner = Inner { free, lent, pins, waiters, closed: false, acquired, released };
        Ok(Self { inner: Mutex::new(inner), waiting: AtomicU32::new(0) })
    }

    /// Puts the states in, no more than there is room for. Allocates nothing.
    fn fill(&self, states: impl IntoIterator<Item = T>) {
        let lease = |(number, state)| Lease { number, state };
        let free = &mut self.inner.lock().free;
        free.extend((0..).zip(states).map(lease));
        free.reverse();
    }

    /// A pool without states, for so many.
    pub fn with_room_for(states: usize) -> Result<Self> {
        let pool = Self::new(Vec::new())?;
        pool.inner.lock().lent.try_reserve(states).map_err(|_| Error::NoMemory)?;
        Ok(pool)
    }

    /// Adds a state; the first one is number 0 and is lent last.
    pub fn add(&self, state: T) {
        let mut inner = self.inner.lock();
        let number = (inner.free.len() + inner.lent.len()) as u32;
        inner.free.push(Lease { number, state });
    }

    /// Lends a state that is wanted, if it can be had at once.
    pub fn try_acquire(&self, wants: Wants) -> Result<Lease<T>> {
        self.inner.lock().lend(wants, thread_id())
    }

    /// Waits for a state until `deadline` (absolute, monotonic). Without a deadline the wait is
    /// refused when this thread has all wanted states itself and so would wait for itself.
    pub fn acquire(&self, wants: Wants, deadline: Option<u64>) -> Result<Lease<T>> {
        self.acquire_unless(wants, deadline, || false)
    }

    /// The same, unless `given_up`, which is asked again after a call of `hurry`.
    pub fn acquire_unless(
        &self,
        wants: Wants,
        deadline: Option<u64>,
        given_up: impl Fn() -> bool,
    ) -> Result<Lease<T>> {
        let thread = thread_id();
        let waiter = {
            let mut inner = self.inner.lock();
            match inner.lend(wants, thread) {
                Err(Error::Empty) => {}
                lent_or_closed => return lent_or_closed,
            }
            if deadline.is_none() && inner.waits_for_itself(wants, thread) {
                return Err(Error::WouldDeadlock);
            }
            let (parker, answer) = (Parker::default(), Mutex::new(None));
            let waiter = Arc::new(Waiter { parker, thread, wants, answer });
            inner.waiters.push_back(waiter.clone());
            self.count_waiters(&inner);
            waiter
        };
        loop {
            if !given_up() {
                waiter.parker.park_until(deadline);
            }
            if let Some(answer) = waiter.answer.lock().take() {
                return answer;
            }
            let late = deadline.is_some_and(|at| at <= monotonic_ns());
            if (late || given_up()) && self.give_up(&waiter) {
                return Err(Error::Timeout);
            }
        }
    }

    /// Takes a waiter out. False when it has been answered in the very last moment.
    fn give_up(&self, waiter: &Arc<Waiter<T>>) -> bool {
        let mut inner = self.inner.lock();
        let at = inner.waiters.iter().position(|other| Arc::ptr_eq(other, waiter));
        let Some(at) = at else { return false };
        inner.waiters.remove(at);
        self.count_waiters(&inner);
        true
    }

    /// Has everybody who waits ask again whether they have given up.
    pub fn hurry(&self) {
        let waiters: Vec<_> = self.inner.lock().waiters.iter().cloned().collect();
        for waiter in waiters {
            waiter.parker.unpark();
        }
    }

    /// Puts `state` in the place of number `number`, which is lent and will not come back.
    pub fn replace(&self, number: u32, state: T) {
        self.release(Lease { number, state });
    }

    /// Takes a state back: for the first one that waits for it, or to be lent again. The state
    /// of a closed pool is destroyed. True when that was the last one of a closed pool.
    pub fn release(&self, lease: Lease<T>) -> bool {
        let mut inner = self.inner.lock();
        inner.released += 1;
        inner.lent.retain(|&(number, _)| number != lease.number);
        if inner.closed {
            let last = inner.lent.is_empty();
            drop(inner);
            drop(lease);
            return last;
        }
        inner.free.push(lease);
        let served = self.serve(&mut inner);
        drop(inner);
        served.into_iter().for_each(|waiter| waiter.parker.unpark());
        false
    }

    /// The state that is pinned to `owner` is anybody's again, now or when it comes back.
    pub fn unpin(&self, owner: NonZeroU64) -> Result<()> {
        let mut inner = self.inner.lock();
        let number = inner.pinned_to(owner).ok_or(Error::NotFound)?;
        inner.pins[number as usize] = None;
        // Whoever waited for that one may take another, too.
        let mut served = Vec::new();
        while let Some(waiter) = self.serve(&mut inner) {
            served.push(waiter);
        }
        drop(inner);
        served.iter().for_each(|waiter| waiter.parker.unpark());
        Ok(())
    }

    /// Gives the first one who waits for a free state what it wants; it is yet to be woken.
    fn serve(&self, inner: &mut Inner<T>) -> Option<Arc<Waiter<T>>> {
        for at in 0..inner.waiters.len() {
            let (wants, thread) = (inner.waiters[at].wants, inner.waiters[at].thread);
            if let Ok(lease) = inner.lend(wants, thread) {
                let waiter = inner.waiters.remove(at)?;
                self.count_waiters(inner);
                *waiter.answer.lock() = Some(Ok(lease));
                return Some(waiter);
            }
        }
        None
    }

    /// Lends nothing any more: waiters are sent away, and states are destroyed, those that are
    /// lent when they come back. True when none is lent.
    pub fn close(&self) -> Result<bool> {
        let none_lent = self.dismiss()?;
        self.clear();
        Ok(none_lent)
    }

    /// Destroys the states that are not lent.
    pub fn clear(&self) {
        let free = std::mem::take(&mut self.inner.lock().free);
        drop(free);
    }

    /// Lends nothing any more and sends waiters away. States that are lent are destroyed when they
    /// come back; the others stay, so that none is destroyed under this call. True when none is
    /// lent.
    pub fn dismiss(&self) -> Result<bool> {
        let mut inner = self.inner.lock();
        if std::mem::replace(&mut inner.closed, true) {
            return Err(Error::Closed);
        }
        let waiters = std::mem::take(&mut inner.waiters);
        self.count_waiters(&inner);
        for waiter in &waiters {
            *waiter.answer.lock() = Some(Err(Error::Closed));
        }
        let none_lent = inner.lent.is_empty();
        drop(inner);
        for waiter in waiters {
            waiter.parker.unpark();
        }
        Ok(none_lent)
    }

    /// Whether somebody waits.
    #[inline]
    pub fn is_contended(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) != 0
    }

    fn count_waiters(&self, inner: &Inner<T>) {
        self.waiting.store(inner.waiters.len() as u32, Ordering::Relaxed);
    }

    /// How the pool stands.
    pub fn stats(&self) -> Stats {
        let inner = self.inner.lock();
        let (available, leased) = (inner.free.len() as u64, inner.lent.len() as u64);
        Stats {
            states: available + leased,
            available,
            leased,
            pinned: inner.pins.iter().flatten().count() as u64,
            waiting: inner.waiters.len() as u64,
            acquired: inner.acquired,
            released: inner.released,
        }
    }
}

impl<T> Inner<T> {
    fn lend(&mut self, wants: Wants, thread: u64) -> Result<Lease<T>> {
        if self.closed {
            return Err(Error::Closed);
        }
        let at = match wants {
            // The one that came back last.
            Wants::Any => self.last_free_unpinned(),
            Wants::Number(number) => self.place_of(number),
            Wants::PinnedTo(owner) => match self.pinned_to(owner) {
                Some(number) => self.place_of(number),
                None => self.last_free_unpinned(),
            },
        };
        let lease = self.free.remove(at.ok_or(Error::Empty)?);
        if let Wants::PinnedTo(owner) = wants {
            let number = lease.number as usize;
            self.pins.resize(self.pins.len().max(number + 1), None);
            self.pins[number] = Some(owner);
        }
        self.note(lease.number, thread);
        Ok(lease)
    }

    /// Whether all states that could answer the wait are lent to the thread that would wait.
    fn waits_for_itself(&self, wants: Wants, thread: u64) -> bool {
        let pinned = match wants {
            Wants::PinnedTo(owner) => self.pinned_to(owner),
            _ => None,
        };
        let answers = |&&(number, _): &&(u32, u64)| match (wants, pinned) {
            (Wants::Number(wanted), _) | (_, Some(wanted)) => number == wanted,
            _ => !self.is_pinned(number),
        };
        let mut answering = self.lent.iter().filter(answers).peekable();
        // Where all others are pinned, somebody may unpin one.
        let any_answers = answering.peek().is_some() || self.pins.iter().all(Option::is_none);
        any_answers && answering.all(|&(_, holder)| holder == thread)
    }

    fn last_free_unpinned(&self) -> Option<usize> {
        self.free.iter().rposition(|lease| !self.is_pinned(lease.number))
    }

    fn place_of(&self, number: u32) -> Option<usize> {
        self.free.iter().position(|lease| lease.number == number)
    }

    fn pinned_to(&self, owner: NonZeroU64) -> Option<u32> {
        self.pins.iter().position(|&pin| pin == Some(owner)).map(|number| number as u32)
    }

    fn is_pinned(&self, number: u32) -> bool {
        self.pins.get(number as usize).is_some_and(Option::is_some)
    }

    fn note(&mut self, number: u32, thread: u64) {
        self.acquired += 1;
        self.lent.push((number, thread));
    }
}
