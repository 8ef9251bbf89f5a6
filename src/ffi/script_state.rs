//! Script states: how each of a runner's Lua states stands.

use crate::ffi::boundary::{Sized0, borrow, guard, size_of_out, write_sized};
use crate::ffi::script_runner::{Named, sl_script_runner};
use crate::ffi::status::sl_status;
use crate::script::state_record::StateStats;

/// What is known of one state. Set `size` before the call.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct sl_script_state_stats {
    /// Bytes in this struct, as the host knows it.
    pub size: usize,
    /// Bytes that it holds; measured every 64 jobs and when its worker idles.
    pub bytes: u64,
    /// Most bytes that it held when it was measured.
    pub bytes_max: u64,
    /// Jobs that it has run.
    pub jobs: u64,
    /// Collections that the runner had it make: as the config says, and while its worker idles.
    pub collections: u64,
    /// How often a new state took its place, because its worker was stuck or its globals had taken
    /// all the memory that a job may have.
    pub replaced: u64,
}

// SAFETY: repr(C), size first, plain numbers.
unsafe impl Sized0 for sl_script_state_stats {
    fn defaults() -> Self {
        Self { size: size_of::<Self>(), ..Self::default() }
    }
}

impl From<StateStats> for sl_script_state_stats {
    fn from(stats: StateStats) -> Self {
        let StateStats { bytes, bytes_max, jobs, collections, replaced } = stats;
        Self { size: size_of::<Self>(), bytes, bytes_max, jobs, collections, replaced }
    }
}

/// Reads how a state stands. Changes nothing.
///
/// @param      runner     the runner
/// @param      state      which state, from 0; there are as many as the runner's statistics say
/// @param[out] out_stats  filled as far as out_stats->size goes
/// @return SL_STATUS_OK                filled
/// @return SL_STATUS_NULL_ARGUMENT     `runner` or `out_stats` is NULL
/// @return SL_STATUS_INVALID_ARGUMENT  out_stats->size holds no field
/// @return SL_STATUS_STALE_HANDLE      the runner was freed
/// @return SL_STATUS_WRONG_KIND        `runner` is no script runner
/// @return SL_STATUS_NOT_FOUND         it has no such state
/// @thread any
/// @since  0.1.0
///
/// # Safety
///
/// `out_stats` is NULL or writable for as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn sl_script_runner_read_state(
    runner: *mut sl_script_runner,
    state: u32,
    out_stats: *mut sl_script_state_stats,
) -> sl_status {
    guard(|| {
        // SAFETY: as the caller promised.
        let size = unsafe { size_of_out(out_stats) }?;
        let stats = borrow::<Named, _>(runner)?.runner().state_stats(state)?;
        // SAFETY: as the caller promised.
        unsafe { write_sized(out_stats, size, stats.into()) }
    })
}
