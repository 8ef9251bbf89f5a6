//! The pool that a good Rust programmer writes in an afternoon: mlua states on worker threads,
//! crossbeam channels in and out. A job is the index of a chunk and an id, a result the id and an
//! integer: no names, errors, values, limits or statistics.

use std::ffi::c_char;
use std::hint::black_box;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam::channel::{Receiver, Sender, bounded};
use mlua::{Function, Lua};

use crate::clock::{now_ns, sleep_until};

struct Job {
    chunk: usize,
    id: u64,
}

struct Outcome {
    id: u64,
    value: i64,
}

pub struct Pool {
    jobs: Option<Sender<Job>>,
    results: Receiver<Outcome>,
    workers: Vec<JoinHandle<()>>,
}

/// How a worker gets from a job to a function.
#[derive(Clone, Copy)]
enum Chunks {
    /// Each state compiles each chunk once and keeps the function.
    Cached,
    /// Each job is compiled from its source text, as the engines do today.
    CompiledEachTime,
}

impl Pool {
    fn new(workers: u32, sources: Vec<String>, chunks: Chunks) -> Self {
        let (jobs, inbox) = bounded::<Job>(1024);
        let (outbox, results) = bounded::<Outcome>(1024);
        let sources: Arc<[String]> = sources.into();
        let start = |_| {
            let (inbox, outbox, sources) = (inbox.clone(), outbox.clone(), sources.clone());
            thread::spawn(move || work(&inbox, &outbox, &sources, chunks))
        };
        let workers = (0..workers).map(start).collect();
        Pool { jobs: Some(jobs), results, workers }
    }

    fn send(&self, chunk: usize, id: u64) {
        let jobs = self.jobs.as_ref().expect("closed only by drop");
        jobs.send(Job { chunk, id }).expect("the workers live as long as the pool");
    }

    fn receive(&self) -> Outcome {
        self.results.recv().expect("the workers live as long as the pool")
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.jobs = None;
        for worker in self.workers.drain(..) {
            worker.join().expect("a worker cannot panic");
        }
    }
}

fn work(inbox: &Receiver<Job>, outbox: &Sender<Outcome>, sources: &[String], chunks: Chunks) {
    let lua = Lua::new();
    let compile = |source: &String| -> Function {
        lua.load(source.as_str()).into_function().expect("the benchmark's own chunk")
    };
    let functions: Vec<Function> = sources.iter().map(compile).collect();
    for job in inbox {
        let value = match chunks {
            Chunks::Cached => functions[job.chunk].call(()),
            Chunks::CompiledEachTime => lua.load(sources[job.chunk].as_str()).call(()),
        };
        let value = value.expect("the benchmark's own chunk");
        if outbox.send(Outcome { id: job.id, value }).is_err() {
            return;
        }
    }
}

/// # Safety
///
/// `source` is valid UTF-8 of `source_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_pool_new(
    workers: u32,
    source: *const c_char,
    source_len: usize,
    compile_each: bool,
) -> *mut Pool {
    // SAFETY: as the caller promised.
    let bytes = unsafe { std::slice::from_raw_parts(source.cast::<u8>(), source_len) };
    let source = String::from_utf8(bytes.to_vec()).expect("the benchmark's own chunk");
    let chunks = if compile_each { Chunks::CompiledEachTime } else { Chunks::Cached };
    Box::into_raw(Box::new(Pool::new(workers, vec![source], chunks)))
}

/// # Safety
///
/// `pool` came from `peers_pool_new` and is used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_pool_free(pool: *mut Pool) {
    // SAFETY: as the caller promised.
    drop(unsafe { Box::from_raw(pool) });
}

/// Wall time per job with `window` jobs outstanding; every result must be `expected`.
///
/// # Safety
///
/// `pool` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_pool_throughput(
    pool: *const Pool,
    jobs: u64,
    window: u64,
    expected: i64,
) -> f64 {
    // SAFETY: as the caller promised.
    let pool = unsafe { &*pool };
    let (mut sent, mut id_sum) = (0, 0);
    let start = now_ns();
    while sent < window.min(jobs) {
        pool.send(0, sent);
        sent += 1;
    }
    for _ in 0..jobs {
        let outcome = pool.receive();
        assert_eq!(outcome.value, expected, "a job gave a wrong result");
        id_sum += outcome.id;
        if sent < jobs {
            pool.send(0, sent);
            sent += 1;
        }
    }
    let elapsed = now_ns() - start;
    assert_eq!(id_sum, jobs * (jobs - 1) / 2, "a result was lost or doubled");
    elapsed as f64 / jobs as f64
}

/// Time from sending one job to having its result, after `idle_ns` in which the workers park.
///
/// # Safety
///
/// `pool` is live; `out_ns` is valid for `samples` writes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_pool_latency(
    pool: *const Pool,
    samples: usize,
    idle_ns: u64,
    expected: i64,
    out_ns: *mut f64,
) {
    // SAFETY: as the caller promised.
    let pool = unsafe { &*pool };
    // SAFETY: as the caller promised.
    let out = unsafe { std::slice::from_raw_parts_mut(out_ns, samples) };
    for (id, latency) in out.iter_mut().enumerate() {
        sleep_until(now_ns() + idle_ns);
        let start = now_ns();
        pool.send(0, id as u64);
        let outcome = pool.receive();
        *latency = (now_ns() - start) as f64;
        assert_eq!(outcome.value, expected, "the job gave a wrong result");
    }
}

/// How many turns of the benchmark's loop take `target_ns` in a bare state, call included.
///
/// # Safety
///
/// `source` is valid UTF-8 of `source_len` bytes: a chunk that takes the number of turns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_calibrate_turns(
    source: *const c_char,
    source_len: usize,
    target_ns: u64,
) -> u64 {
    // SAFETY: as the caller promised.
    let bytes = unsafe { std::slice::from_raw_parts(source.cast::<u8>(), source_len) };
    let lua = Lua::new();
    let function: Function = lua.load(bytes).into_function().expect("the benchmark's own chunk");
    let best_of = |turns: u64| {
        let once = |_| {
            let start = now_ns();
            for _ in 0..1000 {
                black_box(function.call::<i64>(turns).expect("the benchmark's own chunk"));
            }
            (now_ns() - start) as f64 / 1000.0
        };
        (0..20).map(once).fold(f64::INFINITY, f64::min)
    };
    let (none, many) = (best_of(0), best_of(1000));
    ((target_ns as f64 - none) / ((many - none) / 1000.0)).max(1.0) as u64
}

/// A bare state with mlua's safe libraries, for its size.
#[unsafe(no_mangle)]
pub extern "C" fn peers_state_new() -> *mut Lua {
    Box::into_raw(Box::new(Lua::new()))
}

/// # Safety
///
/// `state` came from `peers_state_new` and is used no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_state_free(state: *mut Lua) {
    // SAFETY: as the caller promised.
    drop(unsafe { Box::from_raw(state) });
}

/// # Safety
///
/// `state` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_state_lua_bytes(state: *const Lua) -> usize {
    // SAFETY: as the caller promised.
    unsafe { &*state }.used_memory()
}

/// Runs a chunk in a bare state and gives the nanoseconds that it took.
///
/// # Safety
///
/// `state` is live and used by nobody else; `source` is valid UTF-8 of `source_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn peers_state_run(
    state: *const Lua,
    source: *const c_char,
    source_len: usize,
) -> f64 {
    // SAFETY: as the caller promised.
    let bytes = unsafe { std::slice::from_raw_parts(source.cast::<u8>(), source_len) };
    // SAFETY: as the caller promised.
    let lua = unsafe { &*state };
    let function = lua.load(bytes).into_function().expect("the benchmark's own chunk");
    let start = now_ns();
    black_box(function.call::<i64>(()).expect("the benchmark's own chunk"));
    (now_ns() - start) as f64
}
