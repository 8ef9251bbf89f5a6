//! A pool of the host's own states: pointers, with a function that destroys them.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::{Lease, StatePool, Stats, Wants};
use crate::error::{Error, Result};
use crate::foreign::{Context, Foreign};
use crate::sync::Mutex;

/// Destroys a state of the host's.
pub type Destroy = Box<dyn Fn(Context) + Send + Sync>;

/// What the host gave with the pool. It goes when the last state has been destroyed.
struct Host {
    destroy: Destroy,
    _data: Foreign,
}

/// A state; dropping it destroys it.
struct HostState {
    state: Context,
    host: Arc<Host>,
}

impl Drop for HostState {
    fn drop(&mut self) {
        (self.host.destroy)(self.state);
    }
}

/// A pool that knows its leases by their pointers.
pub struct HostPool {
    pool: StatePool<HostState>,
    lent: Mutex<Vec<Lease<HostState>>>,
}

impl fmt::Debug for HostPool {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("HostPool").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

impl HostPool {
    /// Makes `count` states. When one cannot be made, the others are destroyed and `data` is
    /// not taken. All memory is there before the first one is made.
    pub fn new(
        count: u32,
        mut make: impl FnMut() -> Result<Context>,
        destroy: Destroy,
        data: impl FnOnce() -> Foreign,
    ) -> Result<Self> {
        let (mut made, mut lent) = (Vec::new(), Vec::new());
        made.try_reserve_exact(count as usize)?;
        lent.try_reserve_exact(count as usize)?;
        let pool = StatePool::with_room(count as usize)?;
        for _ in 0..count {
            match make() {
                Ok(state) => made.push(state),
                Err(error) => {
                    made.into_iter().rev().for_each(destroy);
                    return Err(error);
                }
            }
        }
        let host = Arc::new(Host { destroy, _data: data() });
        let own = |state| HostState { state, host: host.clone() };
        pool.fill(made.into_iter().map(own));
        Ok(Self { pool, lent: Mutex::new(lent) })
    }

    /// Lends a state if there is one.
    pub fn try_acquire(&self) -> Result<Context> {
        self.pool.try_acquire(Wants::Any).map(|lease| self.lend(lease))
    }

    /// Waits for a state until `deadline`.
    pub fn acquire(&self, wants: Wants, deadline: Option<u64>) -> Result<Context> {
        self.pool.acquire(wants, deadline).map(|lease| self.lend(lease))
    }

    /// What was pinned to `owner` is anybody's.
    pub fn unpin(&self, owner: NonZeroU64) -> Result<()> {
        self.pool.unpin(owner)
    }

    fn lend(&self, lease: Lease<HostState>) -> Context {
        let state = lease.state.state;
        self.lent.lock().push(lease);
        state
    }

    /// Takes a state back. True when it was the last one of a closed pool.
    pub fn release(&self, state: Context) -> Result<bool> {
        let lease = {
            let mut lent = self.lent.lock();
            let at = lent.iter().rposition(|lease| lease.state.state == state);
            lent.swap_remove(at.ok_or(Error::NotFound)?)
        };
        Ok(self.pool.release(lease))
    }

    /// Lends nothing any more. True when nothing is lent.
    pub fn close(&self) -> Result<bool> {
        self.pool.close()
    }

    /// How the pool stands.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }
}
