//! What the targets share: a runner with its queue, as a host in C has it, and one way to read
//! the input. Everything goes through the functions that are exported.

use std::mem::MaybeUninit;
use std::ptr;

pub use scriptloop::ffi::action::{sl_action, sl_action_free};
pub use scriptloop::ffi::action_queue::{
    sl_action_queue, sl_action_queue_free, sl_action_queue_new, sl_action_queue_pop_timeout,
};
use scriptloop::ffi::log::{sl_log_level, sl_log_set};
pub use scriptloop::ffi::script_job::{sl_script_job, sl_script_job_init};
pub use scriptloop::ffi::script_result::{sl_outcome, sl_script_result};
pub use scriptloop::ffi::script_runner::{
    sl_script_runner, sl_script_runner_config, sl_script_runner_config_init,
    sl_script_runner_enqueue, sl_script_runner_free, sl_script_runner_new,
    sl_script_runner_read_stats, sl_script_runner_stats,
};
pub use scriptloop::ffi::status::sl_status;
pub use scriptloop::ffi::value::{sl_array, sl_bytes, sl_entry, sl_map, sl_value, sl_value_as};

pub mod tree;

/// Far longer than anything takes: reaching it is a finding.
const PATIENCE_MS: u32 = 20_000;

/// A runner and the queue of its results.
pub struct Host {
    pub runner: *mut sl_script_runner,
    pub results: *mut sl_action_queue,
}

// SAFETY: handles are numbers.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

/// A config of one worker and one state, to be changed.
pub fn config() -> sl_script_runner_config {
    let mut config = MaybeUninit::uninit();
    let size = size_of::<sl_script_runner_config>();
    // SAFETY: it is written in full.
    let config = unsafe {
        assert_eq!(sl_script_runner_config_init(config.as_mut_ptr(), size), sl_status::Ok);
        config.assume_init()
    };
    sl_script_runner_config { workers: 1, states: 1, ..config }
}

/// A job, to be changed.
pub fn job(source: &[u8]) -> sl_script_job {
    let mut job = MaybeUninit::uninit();
    // SAFETY: it is written in full.
    let job = unsafe {
        let size = size_of::<sl_script_job>();
        assert_eq!(sl_script_job_init(job.as_mut_ptr(), size), sl_status::Ok);
        job.assume_init()
    };
    sl_script_job { source: source.as_ptr().cast(), source_len: source.len(), ..job }
}

/// A queue without a bound.
pub fn queue() -> *mut sl_action_queue {
    let mut queue = ptr::null_mut();
    // SAFETY: it is writable.
    let status = unsafe { sl_action_queue_new(ptr::null(), &raw mut queue) };
    assert_eq!(status, sl_status::Ok);
    queue
}

impl Host {
    pub fn new(config: &sl_script_runner_config) -> Self {
        let results = queue();
        Self::with_queue(config, results)
    }

    pub fn with_queue(config: &sl_script_runner_config, results: *mut sl_action_queue) -> Self {
        // What scripts print is not worth a line each.
        let level = sl_log_level::Error as u32;
        // SAFETY: there is no function.
        let status = unsafe { sl_log_set(level, None, ptr::null_mut(), None) };
        assert_eq!(status, sl_status::Ok);
        let config = sl_script_runner_config { actions: results, ..*config };
        let mut runner = ptr::null_mut();
        // SAFETY: both are valid for the call.
        let status = unsafe { sl_script_runner_new(ptr::null_mut(), &config, &raw mut runner) };
        assert_eq!(status, sl_status::Ok);
        Self { runner, results }
    }

    pub fn enqueue(&self, job: &sl_script_job) -> Result<u64, sl_status> {
        let mut id = 0;
        // SAFETY: both are valid for the call, and so is what the job points to.
        match unsafe { sl_script_runner_enqueue(self.runner, job, &raw mut id) } {
            sl_status::Ok => Ok(id),
            other => Err(other),
        }
    }

    /// The next action, waiting up to `timeout_ms`.
    pub fn pop(&self, timeout_ms: u32) -> Option<Action> {
        let mut action: sl_action = unsafe { MaybeUninit::zeroed().assume_init() };
        action.size = size_of::<sl_action>();
        // SAFETY: it is writable.
        match unsafe { sl_action_queue_pop_timeout(self.results, timeout_ms, &raw mut action) } {
            sl_status::Ok => Some(Action(action)),
            sl_status::Timeout => None,
            other => panic!("pop: {other:?}"),
        }
    }

    /// The next action, which has to come.
    pub fn next(&self) -> Action {
        self.pop(PATIENCE_MS).expect("a result comes")
    }

    /// Runs a job and hands its result over; what it posted before is read, too.
    pub fn run<R>(&self, job: &sl_script_job, read: impl FnOnce(&sl_script_result) -> R) -> R {
        let id = self.enqueue(job).expect("it is a valid job");
        loop {
            let action = self.next();
            assert_eq!(action.0.id, id, "nothing else is under way");
            let Some(result) = action.result() else { continue };
            let stats = self.stats();
            assert_eq!(stats.accepted, stats.delivered + stats.queued + stats.running);
            return read(result);
        }
    }

    pub fn stats(&self) -> sl_script_runner_stats {
        let mut stats: sl_script_runner_stats = unsafe { MaybeUninit::zeroed().assume_init() };
        stats.size = size_of::<sl_script_runner_stats>();
        // SAFETY: it is writable.
        let status = unsafe { sl_script_runner_read_stats(self.runner, &raw mut stats) };
        assert_eq!(status, sl_status::Ok);
        stats
    }
}

/// One action, freed in the end.
pub struct Action(pub sl_action);

impl Action {
    /// A job's result; a script's message has none, but is read.
    pub fn result(&self) -> Option<&sl_script_result> {
        // SAFETY: NULL, or lent until the action is freed.
        let result = unsafe { self.0.result.as_ref() }.expect("scripts make all actions");
        tree::read_all(result);
        tree::read_bytes(self.0.message, self.0.message_len);
        (self.0.kind == 0).then_some(result)
    }
}

impl Drop for Action {
    fn drop(&mut self) {
        // SAFETY: it was popped and is freed once.
        let status = unsafe { sl_action_free(&raw mut self.0) };
        assert_eq!(status, sl_status::Ok);
    }
}

/// The input, byte by byte; zeros behind its end.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub fn below(&mut self, bound: u8) -> u8 {
        self.byte() % bound
    }

    pub fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.byte()))
    }

    pub fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
