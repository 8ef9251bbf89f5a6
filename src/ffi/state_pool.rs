//! State pool: lends a fixed number of the host's own resources, one holder at a time.
//!
//! A state is any pointer, with functions of the host's that make and destroy it. The state that
//! came back last is lent first, so a pool of one always lends the same. Waiters use no CPU and
//! are served in order of arrival: no one who comes later overtakes them. A state can be pinned to
//! an owner, who from then on gets that one and no other, and which nobody else gets; who waits for
//! such a state waits in the same order, and is passed only by those whom another state serves. The
//! pool never looks into a state.

use std::ffi::c_void;
use std::num::NonZeroU64;

use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::ffi::action_queue::wait;
use crate::ffi::boundary::{
    Sized0, borrow, guard, handle, required, size_of_out, write_out, write_sized,
};
use crate::ffi::callback::sl_drop_fn;
use crate::ffi::status::sl_status;
use crate::foreign::{Context, Foreign};
use crate::handles::{Handled, Kind, Table};
use crate::state_pool::host::HostPool;
use crate::state_pool::{Stats, Wants};

/// A pool of states.
pub struct sl_state_pool(());

impl Handled for HostPool {
    const KIND: Kind = Kind::StatePool;
    type Gate = ();

    fn table() -> &'static Table<Self> {
        static POOLS: Table<HostPool> = Table::new();
        &POOLS
    }
}

/// Most states of one pool.
const STATES_MAX: u32 = 1 << 16;

/// Makes a state.
///
/// @param      userdata   what was passed with the function
/// @param[out] out_state  the state, not NULL
/// @return SL_STATUS_OK, or why there is no state
/// @thread any, the one that makes the pool
pub type sl_state_create_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, out_state: *mut *mut c_void) -> i32>;

/// Destroys a state.
///
/// @param userdata  what was passed with the function
/// @param state     the state
/// @thread any, the one that frees the pool or releases a state of a freed pool
pub type sl_state_destroy_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, state: *mut c_void)>;

/// The error behind a status that the host's function returned.
fn check(status: i32) -> Result<()> {
    match status {
        0 => Ok(()),
        1 => Err(Error::NullArgument),
        2 => Err(Error::InvalidArgument),
        3 => Err(Error::StaleHandle),
        4 => Err(Error::WrongKind),
        5 => Err(Error::WrongThread),
        6 => Err(Error::Reentered),
        7 => Err(Error::Closed),
        8 => Err(Error::Full),
        9 => Err(Error::Empty),
        10 => Err(Error::Timeout),
        11 => Err(Error::Busy),
        12 => Err(Error::WouldDeadlock),
        13 => Err(Error::NotFound),
        14 => Err(Error::Unsupported),
        15 => Err(Error::NoMemory),
        _ => Err(Error::System),
    }
}

fn new(
    states: u32,
    create: sl_state_create_fn,
    destroy: sl_state_destroy_fn,
    userdata: Context,
    drop: sl_drop_fn,
) -> Result<*mut sl_state_pool> {
    let (create, destroy) = create.zip(destroy).ok_or(Error::NullArgument)?;
    if states == 0 || states > STATES_MAX {
        return Err(Error::InvalidArgument);
    }
    let make = || {
        let mut state = std::ptr::null_mut();
        // SAFETY: the host promised that its function may be called with the userdata; the
        // out-parameter is valid for one write.
        check(unsafe { create(userdata.0, &mut state) })?;
        if state.is_null() { Err(Error::InvalidArgument) } else { Ok(Context(state)) }
    };
    let unmake = move |state: Context| {
        let userdata = userdata; // as a whole: its parts may not be shared
        // SAFETY: the host promised that its function may be called once for each state that
        // it made, before `drop`.
        unsafe { destroy(userdata.0, state.0) };
    };
    let pool = HostPool::new(states, make, Box::new(unmake), || Foreign::new(userdata.0, drop))?;
    Ok(HostPool::table().insert(|(), _| Ok(pool))?.as_ptr())
}

/// After this only releases are possible, and none when nothing is lent.
fn free(pointer: *mut sl_state_pool) -> Result<()> {
    if pointer.is_null() {
        return Ok(());
    }
    let nothing_lent = borrow::<HostPool, _>(pointer)?.close()?;
    if nothing_lent { HostPool::table().remove(handle(pointer)?) } else { Ok(()) }
}

fn release(pointer: *mut sl_state_pool, state: *mut c_void) -> Result<()> {
    required(state)?;
    let last = borrow::<HostPool, _>(pointer)?.release(Context(state))?;
    if last { HostPool::table().remove(handle(pointer)?) } else { Ok(()) }
}

fn deadline(timeout_ms: u32) -> Option<u64> {
    let is_bounded = timeout_ms != u32::MAX;
    is_bounded.then(|| monotonic_ns().saturating_add(wait(timeout_ms)))
}

/// 0 names nobody.
fn named(owner: u64) -> Result<NonZeroU64> {
    NonZeroU64::new(owner).ok_or(Error::InvalidArgument)
}

/// How a pool stands. Set `size` before the call.
///
/// At any moment states = available + leased, and acquired = released + leased.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_state_pool_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// States that exist.
    pub states: u64,
    /// States that are not lent, those that are pinned included.
    pub available: u64,
    /// States that are lent.
    pub leased: u64,
    /// Threads that wait for one.
    pub waiting: u64,
    /// States that were lent so far.
    pub acquired: u64,
    /// States that came back so far.
    pub released: u64,
    /// States that are pinned to an owner, lent or not.
    pub pinned: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_state_pool_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<Stats> for sl_state_pool_stats {
    fn from(stats: Stats) -> Self {
        let Stats { states, available, leased, pinned, waiting, acquired, released } = stats;
        let size = size_of::<Self>();
        Self { size, states, available, leased, waiting, acquired, released, pinned }
    }
}

/// Makes a pool and its states, by calling `create` so many times.
///
/// When a state cannot be made, those that were are destroyed, and nothing was taken.
///
/// @param      states    how many, 1 to 65536
/// @param      create    makes a state
/// @param      destroy   destroys a state
/// @param      userdata  passed to all three functions
/// @param      drop      takes `userdata` back after the last state was destroyed; may be NULL
/// @param[out] out_pool  the pool, to be freed with sl_state_pool_free
/// @return SL_STATUS_OK                made; the library owns `userdata` until `drop` has run
/// @return SL_STATUS_NULL_ARGUMENT     `create`, `destroy` or `out_pool` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `states` is out of range, or a state is NULL
/// @return SL_STATUS_FULL              2^24 pools are alive
/// @return SL_STATUS_SYSTEM            `create` returned a number that is no status
/// @return any other status            that is what `create` returned
/// @return SL_STATUS_NO_MEMORY         there is no memory for that many states; none was made
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_pool` is NULL or valid for one write. `destroy` and `drop` may be called from any thread
/// that frees the pool or releases a state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_new(
    states: u32,
    create: sl_state_create_fn,
    destroy: sl_state_destroy_fn,
    userdata: *mut c_void,
    drop: sl_drop_fn,
    out_pool: *mut *mut sl_state_pool,
) -> sl_status {
    guard(|| {
        required(out_pool)?;
        let made = new(states, create, destroy, Context(userdata), drop)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_pool, made) };
        Ok(())
    })
}

/// Ends a pool: lends nothing any more, sends waiters away and destroys the states.
///
/// States that are lent are destroyed when they are released: until the last one has come back,
/// sl_state_pool_release still works, and everything else says SL_STATUS_CLOSED. Never waits.
///
/// @param pool  the pool; NULL is allowed
/// @return SL_STATUS_OK            ended, or `pool` was NULL
/// @return SL_STATUS_CLOSED        it was freed before, and states are still lent
/// @return SL_STATUS_STALE_HANDLE  it was freed before
/// @return SL_STATUS_WRONG_KIND    `pool` is no state pool
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_state_pool_free(pool: *mut sl_state_pool) -> sl_status {
    guard(|| free(pool))
}

/// Lends a state that is pinned to nobody, waiting for one as long as it takes. Uses no CPU while
/// it waits.
///
/// @param      pool       the pool
/// @param[out] out_state  the state, to be given back with sl_state_pool_release
/// @return SL_STATUS_OK              lent
/// @return SL_STATUS_NULL_ARGUMENT   `pool` or `out_state` is NULL
/// @return SL_STATUS_STALE_HANDLE    the pool was freed
/// @return SL_STATUS_WRONG_KIND      `pool` is no state pool
/// @return SL_STATUS_CLOSED          the pool was freed, possibly during the wait
/// @return SL_STATUS_WOULD_DEADLOCK  the calling thread holds all states that are pinned to nobody
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_state` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_acquire(
    pool: *mut sl_state_pool,
    out_state: *mut *mut c_void,
) -> sl_status {
    guard(|| {
        required(out_state)?;
        let state = borrow::<HostPool, _>(pool)?.acquire(Wants::Any, None)?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_state, state.0) };
        Ok(())
    })
}

/// Lends a state that is pinned to nobody, if there is one. Never waits.
///
/// @param      pool       the pool
/// @param[out] out_state  the state, to be given back with sl_state_pool_release
/// @return SL_STATUS_OK             lent
/// @return SL_STATUS_NULL_ARGUMENT  `pool` or `out_state` is NULL
/// @return SL_STATUS_STALE_HANDLE   the pool was freed
/// @return SL_STATUS_WRONG_KIND     `pool` is no state pool
/// @return SL_STATUS_EMPTY          all states are lent or pinned
/// @return SL_STATUS_CLOSED         the pool was freed, and states are still lent
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_state` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_try_acquire(
    pool: *mut sl_state_pool,
    out_state: *mut *mut c_void,
) -> sl_status {
    guard(|| {
        required(out_state)?;
        let state = borrow::<HostPool, _>(pool)?.try_acquire()?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_state, state.0) };
        Ok(())
    })
}

/// Lends a state that is pinned to nobody, waiting for one at most `timeout_ms` of monotonic time.
///
/// @param      pool        the pool
/// @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
/// @param[out] out_state   the state, to be given back with sl_state_pool_release
/// @return SL_STATUS_OK              lent
/// @return SL_STATUS_NULL_ARGUMENT   `pool` or `out_state` is NULL
/// @return SL_STATUS_STALE_HANDLE    the pool was freed
/// @return SL_STATUS_WRONG_KIND      `pool` is no state pool
/// @return SL_STATUS_TIMEOUT         no state came back in time
/// @return SL_STATUS_CLOSED          the pool was freed, possibly during the wait
/// @return SL_STATUS_WOULD_DEADLOCK  `timeout_ms` is UINT32_MAX, and the calling thread holds all
///                                   states that are pinned to nobody
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_state` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_acquire_timeout(
    pool: *mut sl_state_pool,
    timeout_ms: u32,
    out_state: *mut *mut c_void,
) -> sl_status {
    guard(|| {
        required(out_state)?;
        let state = borrow::<HostPool, _>(pool)?.acquire(Wants::Any, deadline(timeout_ms))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_state, state.0) };
        Ok(())
    })
}

/// Lends an owner its state, waiting for it at most `timeout_ms` of monotonic time.
///
/// The first time, that is any state that is pinned to nobody; it is pinned to the owner by this
/// call. From then on the owner gets this one each time, as it was left, and no other call does,
/// until sl_state_pool_unpin: what a state keeps for an owner stays there between leases. At most
/// one holder at a time, also when the same owner asks twice.
///
/// @param      pool        the pool
/// @param      owner       any number but 0, of the host's choice
/// @param      timeout_ms  longest wait; 0 = none, UINT32_MAX = for ever
/// @param[out] out_state   the state, to be given back with sl_state_pool_release
/// @return SL_STATUS_OK                lent
/// @return SL_STATUS_NULL_ARGUMENT     `pool` or `out_state` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `owner` is 0
/// @return SL_STATUS_STALE_HANDLE      the pool was freed
/// @return SL_STATUS_WRONG_KIND        `pool` is no state pool
/// @return SL_STATUS_TIMEOUT           the state did not come back in time, or all are pinned to
///                                     others
/// @return SL_STATUS_CLOSED            the pool was freed, possibly during the wait
/// @return SL_STATUS_WOULD_DEADLOCK    `timeout_ms` is UINT32_MAX, and the calling thread holds the
///                                     state itself or, where the owner has none yet, all states
///                                     that are pinned to nobody
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_state` is NULL or valid for one write.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_acquire_pinned(
    pool: *mut sl_state_pool,
    owner: u64,
    timeout_ms: u32,
    out_state: *mut *mut c_void,
) -> sl_status {
    guard(|| {
        required(out_state)?;
        let pool = borrow::<HostPool, _>(pool)?;
        let state = pool.acquire(Wants::PinnedTo(named(owner)?), deadline(timeout_ms))?;
        // SAFETY: as the caller promised.
        unsafe { write_out(out_state, state.0) };
        Ok(())
    })
}

/// The state that is pinned to an owner is anybody's again: at once, or when it comes back if it
/// is lent. Changes nothing in it.
///
/// @param pool   the pool
/// @param owner  the owner
/// @return SL_STATUS_OK                unpinned
/// @return SL_STATUS_NULL_ARGUMENT     `pool` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  `owner` is 0
/// @return SL_STATUS_STALE_HANDLE      the pool was freed
/// @return SL_STATUS_WRONG_KIND        `pool` is no state pool
/// @return SL_STATUS_NOT_FOUND         nothing is pinned to this owner
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_state_pool_unpin(pool: *mut sl_state_pool, owner: u64) -> sl_status {
    guard(|| borrow::<HostPool, _>(pool)?.unpin(named(owner)?))
}

/// Gives a state back, from any thread. A thread that waits gets it at once.
///
/// @param pool   the pool
/// @param state  the state
/// @return SL_STATUS_OK             it is back, or destroyed if the pool was freed
/// @return SL_STATUS_NULL_ARGUMENT  `pool` or `state` is NULL
/// @return SL_STATUS_STALE_HANDLE   the pool was freed, and nothing is lent
/// @return SL_STATUS_WRONG_KIND     `pool` is no state pool
/// @return SL_STATUS_NOT_FOUND      the pool has not lent this state: released twice, or foreign
/// @thread any
/// @since  0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn sl_state_pool_release(pool: *mut sl_state_pool, state: *mut c_void) -> sl_status {
    guard(|| release(pool, state))
}

/// Reads how the pool stands. Changes nothing.
///
/// @param      pool       the pool
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `pool` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the pool was freed
/// @return SL_STATUS_WRONG_KIND        `pool` is no state pool
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_state_pool_read_stats(
    pool: *mut sl_state_pool,
    out_stats: *mut sl_state_pool_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<HostPool, _>(pool)?.stats();
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
