//! Monotonic time in nanoseconds: the system's, or one that its owner moves.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
pub use crate::sys::monotonic_ns;

/// Later than all that comes.
pub const NEVER: u64 = u64::MAX;

/// What a loop takes the time from.
#[derive(Debug)]
pub enum Clock {
    /// CLOCK_MONOTONIC.
    System,
    /// Starts at zero and stands still until it is advanced.
    Virtual(AtomicU64),
}

impl Clock {
    /// A clock that stands at zero.
    pub fn virtual_at_zero() -> Self {
        Self::Virtual(AtomicU64::new(0))
    }

    /// Now.
    #[inline]
    pub fn now(&self) -> u64 {
        match self {
            Self::System => monotonic_ns(),
            Self::Virtual(now) => now.load(Ordering::Acquire),
        }
    }

    /// Whether time passes by itself.
    pub fn is_system(&self) -> bool {
        matches!(self, Self::System)
    }

    /// Moves a virtual clock; it stops at the end of time instead of wrapping.
    pub fn advance(&self, ns: u64) -> Result<()> {
        let Self::Virtual(now) = self else { return Err(Error::Unsupported) };
        let moved = |old: u64| Some(old.saturating_add(ns));
        now.fetch_update(Ordering::AcqRel, Ordering::Acquire, moved)
            .expect("the closure always gives a value");
        Ok(())
    }
}
