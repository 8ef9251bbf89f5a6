//! The operating system: clock, futex, descriptors, thread identity. Nothing else calls libc.
#![expect(unsafe_code, reason = "system calls have no safe form; each wrapper here is one")]

mod library;
mod thread;

use std::ffi::c_void;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::AtomicU32;

use once_cell::sync::OnceCell;

use crate::error::{Error, Result};
pub use crate::sys::library::{Library, symbol};
pub use crate::sys::thread::{renumber_thread, thread_id};

const NANOS: u64 = 1_000_000_000;

/// Nanoseconds of CLOCK_MONOTONIC: never set back, stops while the machine sleeps.
#[inline]
pub fn monotonic_ns() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for one write; the clock exists on every Linux.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * NANOS + time.tv_nsec as u64
}

/// The calling thread, as `send_signal` knows it.
pub fn pthread() -> u64 {
    // SAFETY: has no preconditions.
    unsafe { libc::pthread_self() as u64 }
}

/// How many processors the calling thread may use.
pub fn usable_processors() -> usize {
    // SAFETY: all zeroes is a set without processors.
    let mut set = unsafe { std::mem::zeroed::<libc::cpu_set_t>() };
    // SAFETY: `set` is writable for the size that is passed.
    if unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) } != 0 {
        return processors();
    }
    // SAFETY: has no preconditions but a set.
    let count = unsafe { libc::CPU_COUNT(&set) };
    usize::try_from(count).unwrap_or(1).max(1)
}

/// How many processors the machine has, whichever of them the calling thread may use.
pub fn processors() -> usize {
    // SAFETY: has no preconditions.
    let count = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(count).unwrap_or(1).max(1)
}

/// Lets another thread run.
pub fn yield_now() {
    // SAFETY: has no preconditions.
    unsafe { libc::sched_yield() };
}

fn timespec(ns: u64) -> libc::timespec {
    // A deadline beyond what time_t can say is one that never comes.
    let seconds = (ns / NANOS).min(i64::MAX as u64) as libc::time_t;
    libc::timespec { tv_sec: seconds, tv_nsec: (ns % NANOS) as libc::c_long }
}

/// Sleeps while `word` holds `expected`, until `deadline` (absolute, monotonic) at the latest.
/// May return early for no reason: the caller looks at the word again.
pub fn futex_wait(word: &AtomicU32, expected: u32, deadline: Option<u64>) {
    let until = deadline.map(timespec);
    let until = until.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the word outlives the call; `until` is NULL or a timespec that outlives it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            expected,
            until,
            ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
}

/// Wakes at most one thread that sleeps on `word`.
pub fn futex_wake(word: &AtomicU32) {
    let op = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: waking touches no memory; the address is only a key.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), op, 1) };
}

fn owned(fd: libc::c_int) -> Result<OwnedFd> {
    if fd < 0 {
        return Err(Error::System);
    }
    // SAFETY: the kernel has just given us this descriptor and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A counter descriptor: readable while it has been rung and not been silenced.
#[derive(Debug)]
pub struct EventFd(OwnedFd);

impl EventFd {
    /// A silent one.
    pub fn new() -> Result<Self> {
        // SAFETY: has no preconditions.
        owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) }).map(Self)
    }

    /// Makes it readable.
    pub fn ring(&self) {
        let one = 1_u64;
        // SAFETY: eight readable bytes; the descriptor is ours and open.
        unsafe { libc::write(self.0.as_raw_fd(), ptr::from_ref(&one).cast(), 8) };
    }

    /// Makes it silent.
    pub fn silence(&self) {
        let mut count = 0_u64;
        // SAFETY: eight writable bytes; the descriptor is ours and open.
        unsafe { libc::read(self.0.as_raw_fd(), ptr::from_mut(&mut count).cast(), 8) };
    }
}

/// A descriptor that becomes readable at a time.
#[derive(Debug)]
pub struct TimerFd(OwnedFd);

impl TimerFd {
    /// One that never fires.
    pub fn new() -> Result<Self> {
        let flags = libc::TFD_CLOEXEC | libc::TFD_NONBLOCK;
        // SAFETY: has no preconditions.
        owned(unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) }).map(Self)
    }

    /// Readable from `deadline` (absolute, monotonic) on; `None` takes an earlier order back.
    pub fn set(&self, deadline: Option<u64>) {
        // Zero would disarm: an instant in the distant past is as good.
        let at = deadline.map_or(0, |ns| ns.max(1));
        let order = libc::itimerspec { it_interval: timespec(0), it_value: timespec(at) };
        let flags = libc::TFD_TIMER_ABSTIME;
        // SAFETY: `order` is readable for the call; the descriptor is ours and open.
        unsafe { libc::timerfd_settime(self.0.as_raw_fd(), flags, &order, ptr::null_mut()) };
    }
}

/// A descriptor that is readable while one of its members is.
#[derive(Debug)]
pub struct EpollFd(OwnedFd);

impl EpollFd {
    /// An epoll instance over a bell, a timer, and somebody else's descriptor.
    pub fn over(bell: &EventFd, timer: &TimerFd, other: Option<i32>) -> Result<Self> {
        // SAFETY: has no preconditions.
        let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        for fd in [bell.0.as_raw_fd(), timer.0.as_raw_fd()].into_iter().chain(other) {
            let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 0 };
            let (ours, op) = (epoll.as_raw_fd(), libc::EPOLL_CTL_ADD);
            // SAFETY: all descriptors are open; `event` is readable for the call.
            if unsafe { libc::epoll_ctl(ours, op, fd, &mut event) } != 0 {
                return Err(Error::System);
            }
        }
        Ok(Self(epoll))
    }

    /// The number that the host hands to its own poll, epoll or select.
    pub fn raw(&self) -> i32 {
        self.0.as_raw_fd()
    }
}

/// Waits until `fd` is readable; false when it is not within the time. `None` = for ever.
pub fn is_readable(fd: i32, wait_ms: Option<u32>) -> bool {
    let mut entry = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let wait = wait_ms.map_or(-1, |ms| ms.try_into().unwrap_or(libc::c_int::MAX));
    // SAFETY: one entry that is valid for the call. A signal ends the wait early, as does time.
    unsafe { libc::poll(&mut entry, 1, wait) == 1 }
}

/// Writes to standard error without buffering, locking or failing.
pub fn write_stderr(text: &[u8]) {
    // SAFETY: `text` is readable for its length.
    unsafe { libc::write(libc::STDERR_FILENO, text.as_ptr().cast(), text.len()) };
}

/// Keeps every signal away from the calling thread until the guard is dropped. Threads that are
/// started meanwhile inherit it, so that the host's signal handlers never run on ours.
pub fn block_signals() -> SignalGuard {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: valid for one write.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    let mut old = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `all` was filled above; `old` is valid for one write.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), old.as_mut_ptr()) };
    // SAFETY: written by the call above, which cannot fail for SIG_SETMASK.
    SignalGuard(unsafe { old.assume_init() })
}

/// Gives the thread its signals back when dropped.
pub struct SignalGuard(libc::sigset_t);

impl Drop for SignalGuard {
    fn drop(&mut self) {
        // SAFETY: the mask is the one that the thread had before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, ptr::null_mut()) };
    }
}

/// Has these called by every `fork` of the process from now on: before it, and after it in either
/// process, on the thread that forks. False when there is no memory for that.
pub fn at_fork(
    before: unsafe extern "C" fn(),
    in_parent: unsafe extern "C" fn(),
    in_child: unsafe extern "C" fn(),
) -> bool {
    // SAFETY: the functions stay as long as the process, since the library is never unloaded.
    unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) == 0 }
}

/// What a signal of ours calls on the thread that it was sent to, with the value that it carries.
pub type SignalFn = fn(value: *const c_void);

static ON_SIGNAL: OnceCell<SignalFn> = OnceCell::new();

/// Takes a real-time signal that nobody handles, once in the process. `None` when there is none.
pub fn take_signal(on_signal: SignalFn) -> Option<i32> {
    ON_SIGNAL.get_or_init(|| on_signal);
    // From the end: hosts and other libraries begin at the other one.
    (libc::SIGRTMIN()..=libc::SIGRTMAX()).rev().find(|&signal| handle_signal(signal))
}

fn handle_signal(signal: libc::c_int) -> bool {
    // SAFETY: all zeroes is the default action without flags.
    let mut action = unsafe { std::mem::zeroed::<libc::sigaction>() };
    // SAFETY: reads the present action into a valid place.
    let read = unsafe { libc::sigaction(signal, ptr::null(), &mut action) };
    if read != 0 || action.sa_sigaction != libc::SIG_DFL {
        return false;
    }
    let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void) = deliver_signal;
    action.sa_sigaction = handler as libc::sighandler_t;
    // On the host's alternative stack if its thread has one; system calls go on.
    action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the handler does what a signal handler may do.
    unsafe { libc::sigaction(signal, &action, ptr::null_mut()) == 0 }
}

extern "C" fn deliver_signal(_: libc::c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: with SA_SIGINFO the kernel passes a valid one.
    let info = unsafe { &*info };
    // SAFETY: every signal has the sender in this place, if it has one.
    let sender = unsafe { info.si_pid() };
    // Only from `send_signal`: a process may send itself anything, but not by chance with a value.
    if info.si_code != libc::SI_QUEUE || sender != std::process::id() as libc::pid_t {
        return;
    }
    // SAFETY: signals with SI_QUEUE carry a value.
    let value = unsafe { info.si_value() };
    if let Some(on_signal) = ON_SIGNAL.get() {
        on_signal(value.sival_ptr);
    }
}

/// Sends `signal` with `value` to a thread that has not ended.
pub fn send_signal(thread: u64, signal: i32, value: *const c_void) {
    let value = libc::sigval { sival_ptr: value.cast_mut() };
    // SAFETY: the caller knows that the thread exists. On failure, which only a full queue of
    // signals can cause, the watch comes back.
    unsafe { libc::pthread_sigqueue(thread as libc::pthread_t, signal, value) };
}

/// Lets `signal` reach the calling thread.
pub fn unblock_signal(signal: i32) {
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: valid for one write.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: emptied above; the signal exists.
    unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    // SAFETY: a valid set; the old one is not asked for.
    unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), ptr::null_mut()) };
}
