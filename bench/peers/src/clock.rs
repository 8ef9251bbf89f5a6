//! The clocks that the C++ side reads, read the same way.

use std::ptr::null_mut;

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for one write, and both clocks exist on every Linux.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

pub fn now_ns() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Sleeps until an absolute time, so that frames do not drift.
pub fn sleep_until(deadline_ns: u64) {
    let time = libc::timespec {
        tv_sec: (deadline_ns / 1_000_000_000) as libc::time_t,
        tv_nsec: (deadline_ns % 1_000_000_000) as libc::c_long,
    };
    let absolute = libc::TIMER_ABSTIME;
    let sleep = || {
        // SAFETY: `time` is valid, and what is left of an absolute sleep is not asked for.
        unsafe {
            libc::clock_nanosleep(libc::CLOCK_MONOTONIC, absolute, &raw const time, null_mut())
        }
    };
    while sleep() == libc::EINTR {}
}

/// What this thread itself has used.
fn thread_cpu_ns() -> u64 {
    read(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Times a short piece of work as `bench::Stopwatch` does: by the wall, unless a neighbour took
/// the processor in between; then by what the thread itself used.
pub struct Stopwatch {
    cpu_start_ns: u64,
    wall_start_ns: u64,
}

impl Stopwatch {
    pub fn start() -> Self {
        let cpu_start_ns = thread_cpu_ns();
        Stopwatch { cpu_start_ns, wall_start_ns: now_ns() }
    }

    pub fn elapsed_ns(&self) -> u64 {
        let wall_ns = now_ns() - self.wall_start_ns;
        wall_ns.min(thread_cpu_ns() - self.cpu_start_ns)
    }
}
