//! Any sequence of enqueue, cancel, pop and free: each job that was accepted ends once, its drop
//! runs once, and the sums hold at every moment.
#![no_main]

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use scriptloop::ffi::script_cancel::{
    sl_script_runner_cancel, sl_script_runner_cancel_all, sl_script_runner_cancel_owner,
};
use scriptloop::ffi::script_setup::sl_script_task_fn;
use scriptloop::sync::Mutex;
use scriptloop_fuzz::{
    Host, Input, config, job, queue, sl_action_queue, sl_action_queue_free, sl_outcome,
    sl_script_job, sl_script_result, sl_script_runner_config, sl_script_runner_free, sl_status,
};

const SOURCES: [&[u8]; 10] = [
    b"return ...",
    b"n = (n or 0) + 1 return n",
    b"error('no')",
    b"x(",
    b"while true do end",
    b"while true do pcall(error) end",
    b"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end",
    b"engine.post_to_main_thread('news') return 1",
    b"coroutine.wrap(function() coroutine.yield() end)() for i = 1, 1000 do end",
    b"local c <close> = setmetatable({}, {__close = function() while true do end end}) error()",
];

static DROPS: AtomicU64 = AtomicU64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);

unsafe extern "C-unwind" fn count_drop(_: *mut c_void) {
    DROPS.fetch_add(1, Ordering::Relaxed);
}

unsafe extern "C-unwind" fn count_call(_: *mut c_void, result: *const sl_script_result) {
    // SAFETY: lent for the call.
    scriptloop_fuzz::tree::read_all(unsafe { &*result });
    CALLS.fetch_add(1, Ordering::Relaxed);
}

type Task = (sl_script_task_fn, usize);

/// A host's pool of two threads that stay.
static POOL: LazyLock<Sender<Task>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel::<Task>();
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..2 {
        let receiver = receiver.clone();
        std::thread::spawn(move || {
            loop {
                let next = receiver.lock().recv();
                let (run, task) = next.expect("the sender stays");
                // SAFETY: once, with what came with it.
                unsafe { run.expect("there is one")(task as *mut c_void) }
            }
        });
    }
    sender
});

unsafe extern "C-unwind" fn submit(_: *mut c_void, run: sl_script_task_fn, task: *mut c_void) {
    POOL.send((run, task as usize)).expect("the threads stay");
}

/// One runner after the other, and what is known of their jobs.
struct World {
    config: sl_script_runner_config,
    results: *mut sl_action_queue,
    host: Host,
    /// Results that the queue still owes, by job of the present runner.
    owed: HashMap<u64, u32>,
    last: u64,
    accepted: u64,
    calls: u64,
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let how = input.byte();
        let defaults = config();
        let config = sl_script_runner_config {
            workers: 1 + u32::from(how & 1),
            states: 1 + u32::from(how >> 1 & 1),
            isolation: u32::from(how >> 2 & 1),
            job_capacity: if how & 8 == 0 { 4 } else { 1000 },
            chunk_cache: if how & 16 == 0 { 2 } else { 100 },
            submit: if how & 32 == 0 { None } else { Some(submit) },
            deadline_ms: if how & 64 == 0 { u64::MAX } else { 2 },
            close_grace_ms: u64::from(how >> 7),
            memory_max: 4 << 20,
            ..defaults
        };
        let results = queue();
        let host = Host::with_queue(&config, results);
        Self { config, results, host, owed: HashMap::new(), last: 0, accepted: 0, calls: 0 }
    }

    fn enqueue(&mut self, input: &mut Input<'_>) {
        let source = SOURCES[usize::from(input.below(SOURCES.len() as u8))];
        let (how, delivery) = (input.byte(), u32::from(input.below(4)));
        let wants_call = delivery == 1 || delivery == 2;
        let wanted = sl_script_job {
            owner: u64::from(how & 3),
            affinity: u64::from(how >> 2 & 3),
            priority: [0, 100, 128, 200][usize::from(how >> 4 & 3)],
            deadline_ms: if how & 64 == 0 { u64::MAX } else { 1 },
            instructions_max: if how & 128 == 0 { u64::MAX } else { 1000 },
            state_wait_ms: if how & 192 == 192 { 0 } else { u64::MAX },
            delivery,
            on_result: wants_call.then_some(count_call),
            drop: Some(count_drop),
            ..job(source)
        };
        match self.host.enqueue(&wanted) {
            Ok(id) => {
                assert_eq!(id, self.last + 1);
                self.last = id;
                self.accepted += 1;
                self.calls += u64::from(wants_call);
                if delivery == 0 || delivery == 2 {
                    self.owed.insert(id, u32::from(how & 3));
                }
            }
            Err(status) => assert_eq!(status, sl_status::Full),
        }
    }

    fn pop(&mut self, timeout_ms: u32) -> bool {
        let Some(action) = self.host.pop(timeout_ms) else { return false };
        if let Some(result) = action.result() {
            assert!(result.outcome <= sl_outcome::Instructions as u32);
            let owner = self.owed.remove(&result.id).expect("each job has one result");
            assert_eq!(u64::from(owner), result.owner);
        }
        true
    }

    fn cancel(&mut self, input: &mut Input<'_>) {
        let runner = self.host.runner;
        let mut count = u64::MAX;
        let status = match input.below(4) {
            0 => unsafe { sl_script_runner_cancel_all(runner, &raw mut count) },
            1 => unsafe {
                sl_script_runner_cancel_owner(runner, u64::from(input.below(4)), &raw mut count)
            },
            _ => {
                let id = self.last.saturating_sub(u64::from(input.below(8)));
                match sl_script_runner_cancel(runner, id) {
                    sl_status::NotFound => sl_status::Ok,
                    status => status,
                }
            }
        };
        assert_eq!(status, sl_status::Ok);
        assert!(count == u64::MAX || count <= self.last);
    }

    fn check_stats(&self) {
        let stats = self.host.stats();
        assert_eq!(stats.accepted, self.last);
        assert_eq!(stats.accepted, stats.delivered + stats.queued + stats.running);
        assert_eq!(stats.delivered, stats.ok + stats.failed);
    }

    /// Ends the runner: all that is owed comes, and nothing else.
    fn end_runner(&mut self) {
        assert_eq!(sl_script_runner_free(self.host.runner), sl_status::Ok);
        while self.pop(0) {}
        assert!(self.owed.is_empty(), "results are missing: {:?}", self.owed);
        assert_eq!(DROPS.load(Ordering::Relaxed), self.accepted);
        assert_eq!(CALLS.load(Ordering::Relaxed), self.calls);
        self.last = 0;
    }

    fn step(&mut self, input: &mut Input<'_>) {
        match input.below(16) {
            0..7 => self.enqueue(input),
            7..10 => self.cancel(input),
            10..12 => drop(self.pop(0)),
            12 => drop(self.pop(1)),
            13 => self.check_stats(),
            14 => std::thread::yield_now(),
            _ => {
                self.end_runner();
                self.host = Host::with_queue(&self.config, self.results);
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    DROPS.store(0, Ordering::Relaxed);
    CALLS.store(0, Ordering::Relaxed);
    let mut world = World::new(&mut input);
    for _ in 0..200 {
        if input.is_empty() {
            break;
        }
        world.step(&mut input);
    }
    world.end_runner();
    assert_eq!(sl_action_queue_free(world.results), sl_status::Ok);
});
