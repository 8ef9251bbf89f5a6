//! The one place that names synchronisation primitives, so that a model checker can replace them.

#[cfg(loom)]
pub use loom::sync::atomic;
#[cfg(not(loom))]
pub use std::sync::atomic;

#[cfg(loom)]
pub use loom::sync::MutexGuard;
#[cfg(not(loom))]
pub use parking_lot::MutexGuard;

/// A mutex that is never poisoned: a callback that panics is contained where it is called, and
/// no lock is held while the host's code runs, so what a lock guards is always whole.
#[derive(Debug, Default)]
#[cfg(not(loom))]
pub struct Mutex<T>(parking_lot::Mutex<T>);

#[cfg(not(loom))]
impl<T> Mutex<T> {
    /// A mutex around `value`.
    pub const fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    /// Waits for the lock.
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        // How a waiting thread is handed the lock, ThreadSanitizer does not follow.
        #[cfg(tsan)]
        loop {
            match self.0.try_lock() {
                Some(guard) => return guard,
                None => yield_now(),
            }
        }
        #[cfg(not(tsan))]
        self.0.lock()
    }
}

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
