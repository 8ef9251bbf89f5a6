//! The one place that names synchronisation primitives, so that a model checker can replace them.

use std::convert::Infallible;

use once_cell::sync::OnceCell;

#[cfg(loom)]
pub use loom::sync::atomic;
#[cfg(not(loom))]
pub use std::sync::atomic;

#[cfg(loom)]
pub use loom::sync::MutexGuard;

#[cfg(not(loom))]
pub use crate::mutex::{Mutex, MutexGuard};

/// The model's mutex.
#[derive(Debug)]
#[cfg(loom)]
pub struct Mutex<T>(loom::sync::Mutex<T>);

#[cfg(loom)]
impl<T> Mutex<T> {
    /// A mutex around `value`.
    pub fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    /// Waits for the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().expect("the models never panic under a lock")
    }
}

/// A word that threads can sleep on: the kernel's futex, or a model of it.
#[derive(Debug)]
pub struct Futex {
    word: atomic::AtomicU32,
    #[cfg(loom)]
    model: (loom::sync::Mutex<()>, loom::sync::Condvar),
}

impl Futex {
    /// A word holding zero.
    #[cfg(not(loom))]
    pub const fn new() -> Self {
        Self { word: atomic::AtomicU32::new(0) }
    }

    /// A word holding zero.
    #[cfg(loom)]
    pub fn new() -> Self {
        let model = (loom::sync::Mutex::new(()), loom::sync::Condvar::new());
        Self { word: atomic::AtomicU32::new(0), model }
    }

    /// Sleeps while the word holds `expected`; may return early for no reason.
    #[cfg(not(loom))]
    pub fn wait(&self, expected: u32, deadline: Option<u64>) {
        crate::sys::futex_wait(&self.word, expected, deadline);
    }

    /// Sleeps while the word holds `expected`. A model knows no time: a deadline never comes.
    #[cfg(loom)]
    pub fn wait(&self, expected: u32, _deadline: Option<u64>) {
        let guard = self.model.0.lock().expect("the models never panic under a lock");
        if self.word.load(atomic::Ordering::SeqCst) == expected {
            drop(self.model.1.wait(guard));
        }
    }

    /// Wakes one sleeper.
    #[cfg(not(loom))]
    pub fn wake(&self) {
        crate::sys::futex_wake(&self.word);
    }

    /// Wakes one sleeper.
    #[cfg(loom)]
    pub fn wake(&self) {
        drop(self.model.0.lock());
        self.model.1.notify_one();
    }
}

impl Default for Futex {
    fn default() -> Self {
        Self::new()
    }
}

impl std::ops::Deref for Futex {
    type Target = atomic::AtomicU32;

    fn deref(&self) -> &atomic::AtomicU32 {
        &self.word
    }
}

/// Held while something `Once` is made: whoever holds it knows that nothing is half made.
#[cfg(not(loom))]
pub(crate) static MAKING: Mutex<()> = Mutex::new(());

/// What is made once in the life of a process. Making one must not need another.
#[derive(Debug)]
pub struct Once<T>(OnceCell<T>);

impl<T> Once<T> {
    /// Yet to be made.
    pub const fn new() -> Self {
        Self(OnceCell::new())
    }

    /// What there is.
    #[inline]
    pub fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// What there is, or what `make` makes now.
    #[inline]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        let made: Result<_, Infallible> = self.get_or_try_init(|| Ok(make()));
        let Ok(made) = made;
        made
    }

    /// The same where it may fail, and is tried again then.
    #[inline]
    pub fn get_or_try_init<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(made) = self.0.get() {
            return Ok(made);
        }
        #[cfg(not(loom))]
        let _making = MAKING.lock();
        self.0.get_or_try_init(make)
    }
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Tells the processor, or the model, that this thread spins.
#[inline]
pub fn spin_hint() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::hint::spin_loop();
}

/// Lets another thread run.
pub fn yield_now() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    crate::sys::yield_now();
}
