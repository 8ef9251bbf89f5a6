//! A `uv_loop_t` of the loop's own: waits are in libuv, and polls run what libuv has.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use crate::clock::{NEVER, monotonic_ns};
use crate::error::{Error, Result};
use crate::event_loop::backend::{Backend, Waited};
use crate::event_loop::uv::api::Api;
use crate::event_loop::uv::handle::{Pair, Room, data_of};
use crate::event_loop::uv::{Whose, millis_until};
use crate::foreign::Context;
use crate::parker::Parker;

const RUN_ONCE: u32 = 1;
const RUN_NOWAIT: u32 = 2;

/// Why libuv came back.
#[derive(Debug)]
struct Signs {
    woken: AtomicBool,
    timed_out: AtomicBool,
    uv_loop: Context,
    stop: unsafe extern "C" fn(*mut c_void),
}

/// The loop's own `uv_loop_t`, used by the one whose turn it is; `ring` by any thread.
#[derive(Debug)]
pub struct Own {
    api: Api,
    whose: Whose,
    uv_loop: Room,
    pair: Pair,
    signs: Box<Signs>,
    /// The owner waits in libuv, or is about to: only then it needs the signal.
    is_waiting: AtomicBool,
    /// libuv is running callbacks further up on the stack: it must not be run again inside.
    is_running: AtomicBool,
}

unsafe extern "C" fn on_wake(handle: *mut c_void) {
    // SAFETY: libuv passes one of our handles; the signs live as long as they do.
    unsafe { data_of::<Signs>(handle) }.woken.store(true, Ordering::Relaxed);
}

unsafe extern "C" fn on_time(handle: *mut c_void) {
    // SAFETY: as above.
    let signs = unsafe { data_of::<Signs>(handle) };
    signs.timed_out.store(true, Ordering::Relaxed);
    // Timers may fire before libuv waits: then it must not.
    // SAFETY: the loop lives and runs on this thread.
    unsafe { (signs.stop)(signs.uv_loop.0) };
}

impl Own {
    /// An empty one.
    pub fn new(api: Api, whose: Whose) -> Result<Self> {
        // SAFETY: has no preconditions.
        let uv_loop = Room::new(unsafe { (api.loop_size)() });
        // SAFETY: the room is of the size that libuv wants.
        if unsafe { (api.loop_init)(uv_loop.at()) } != 0 {
            return Err(Error::System);
        }
        let signs = Box::new(Signs {
            woken: AtomicBool::new(false),
            timed_out: AtomicBool::new(false),
            uv_loop: Context(uv_loop.at()),
            stop: api.stop,
        });
        let data = ptr::from_ref::<Signs>(&signs).cast_mut().cast();
        // SAFETY: the loop was made above and nobody else knows it.
        let pair = unsafe { Pair::init(&api, uv_loop.at(), on_wake, data) };
        let pair = pair.inspect_err(|_| {
            // SAFETY: as above; it has no handles.
            unsafe { (api.loop_close)(uv_loop.at()) };
        })?;
        let (is_waiting, is_running) = (AtomicBool::new(false), AtomicBool::new(false));
        // SAFETY: a handle that was made.
        unsafe { (api.unref)(pair.wake.at()) };
        let own = Self { api, whose, uv_loop, pair, signs, is_waiting, is_running };
        // Lets its descriptor know of our handles.
        own.pump();
        Ok(own)
    }

    /// Runs libuv, unless that is going on.
    fn run(&self, mode: u32) {
        if self.is_running.load(Ordering::Relaxed) {
            return;
        }
        self.is_running.store(true, Ordering::Relaxed);
        // SAFETY: the loop lives, the caller's turn it is, and it is not running.
        unsafe { (self.api.run)(self.uv_loop.at(), mode) };
        self.is_running.store(false, Ordering::Relaxed);
    }

    /// While our signal counts: libuv waits for nothing when nothing is active. At other times it
    /// does not count, so that what is active is the host's.
    fn active<T>(&self, body: impl FnOnce() -> T) -> T {
        let wake = self.pair.wake.at();
        // SAFETY: the handle lives.
        unsafe { (self.api.r#ref)(wake) };
        let result = body();
        // SAFETY: as above.
        unsafe { (self.api.unref)(wake) };
        result
    }

    /// Has libuv come back at `deadline`, or when the first timer of the host's is due: that may
    /// fire before libuv waits, which would then wait for something else. True when it is the
    /// host's that comes first.
    fn start_timer(&self, deadline: Option<u64>) -> bool {
        // SAFETY: the loop lives. Otherwise the time would count from when libuv last looked.
        unsafe { (self.api.update_time)(self.uv_loop.at()) };
        let ours = deadline.map_or(u64::MAX, |deadline| millis_until(deadline, monotonic_ns()));
        let hosts = self.next_millis();
        if ours.min(hosts) != u64::MAX {
            let (timer, ms) = (self.pair.timer.at(), ours.min(hosts));
            // SAFETY: the handle lives.
            unsafe { (self.api.timer_start)(timer, Some(on_time), ms, 0) };
        }
        hosts < ours
    }

    fn wait_in_libuv(&self, parker: &Parker, deadline: Option<u64>) -> Waited {
        let is_hosts = self.start_timer(deadline);
        parker.count_sleep();
        self.signs.woken.store(false, Ordering::Relaxed);
        self.signs.timed_out.store(false, Ordering::Relaxed);
        self.active(|| self.run(RUN_ONCE));
        // SAFETY: the handle lives.
        unsafe { (self.api.timer_stop)(self.pair.timer.at()) };
        let by_us = self.signs.woken.load(Ordering::Relaxed)
            || self.signs.timed_out.load(Ordering::Relaxed) && !is_hosts;
        Waited { notices: parker.take(), elsewhere: !by_us }
    }

    /// Milliseconds until libuv has something to do; `u64::MAX` = nothing by the time alone.
    fn next_millis(&self) -> u64 {
        // SAFETY: the loop lives.
        let ms = self.active(|| unsafe { (self.api.backend_timeout)(self.uv_loop.at()) });
        u64::try_from(ms).unwrap_or(u64::MAX)
    }

    /// The host's handles in it that are not closing.
    fn has_open_guests(&self) -> bool {
        let ours = [self.pair.wake.at(), self.pair.timer.at()];
        let mut search = Search { api: self.api, ours, found: false };
        let search = ptr::from_mut(&mut search);
        // SAFETY: the loop lives; the search outlives the walk.
        unsafe { (self.api.walk)(self.uv_loop.at(), Some(see), search.cast()) };
        // SAFETY: the walk is over: it is ours alone again.
        unsafe { (*search).found }
    }
}

struct Search {
    api: Api,
    ours: [*mut c_void; 2],
    found: bool,
}

unsafe extern "C" fn see(handle: *mut c_void, search: *mut c_void) {
    // SAFETY: what `has_open_guests` passed, for the time of the walk.
    let search = unsafe { &mut *search.cast::<Search>() };
    // SAFETY: a handle of the loop that is walked.
    let is_closing = unsafe { (search.api.is_closing)(handle) } != 0;
    search.found |= !is_closing && !search.ours.contains(&handle);
}

impl Backend for Own {
    fn wait(&self, parker: &Parker, deadline: Option<u64>) -> Waited {
        let is_nested = self.is_running.load(Ordering::Relaxed);
        if is_nested {
            return Waited::told(parker.park_until(deadline));
        }
        if parker.wait_awake(deadline) {
            return Waited::told(parker.take());
        }
        self.is_waiting.store(true, Ordering::Relaxed);
        // Whoever leaves a notice from here on sees that we wait, or we see the notice.
        fence(Ordering::SeqCst);
        let waited = if parker.watch() {
            self.wait_in_libuv(parker, deadline)
        } else {
            Waited::told(parker.take())
        };
        self.is_waiting.store(false, Ordering::Relaxed);
        waited
    }

    fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.is_waiting.load(Ordering::Relaxed) {
            // SAFETY: the handle lives as long as we do; any thread may send.
            unsafe { (self.api.async_send)(self.pair.wake.at()) };
        }
    }

    fn pumps(&self) -> bool {
        // Of a libuv that the host does not know it has nothing in here.
        self.whose == Whose::Hosts
    }

    /// Handles of the host's that count, or requests of it.
    fn has_guests(&self) -> bool {
        // SAFETY: the loop lives.
        unsafe { (self.api.loop_alive)(self.uv_loop.at()) != 0 }
    }

    fn pump(&self) {
        // Handles that do not count are run as well, as in a loop that lives by others.
        self.active(|| self.run(RUN_NOWAIT));
    }

    fn fd(&self) -> Option<i32> {
        // Where nobody pumps, a signal that came too late for its wait would stay.
        // SAFETY: the loop lives.
        self.pumps().then(|| unsafe { (self.api.backend_fd)(self.uv_loop.at()) })
    }

    fn next_deadline(&self) -> u64 {
        match self.next_millis() {
            ms if self.pumps() && ms != u64::MAX => ms.saturating_mul(1_000_000),
            _ => NEVER,
        }
    }

    fn uv_loop(&self) -> Option<*mut c_void> {
        (self.whose == Whose::Hosts).then(|| self.uv_loop.at())
    }

    fn check_idle(&self) -> Result<()> {
        // Closing handles need a turn or two until they are gone.
        self.pump();
        self.pump();
        if self.has_open_guests() || self.has_guests() { Err(Error::Busy) } else { Ok(()) }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        for room in [&self.pair.wake, &self.pair.timer] {
            // SAFETY: the handle lives and nobody else uses the loop any more.
            unsafe { (self.api.close)(room.at(), None) };
        }
        // What is closing keeps it alive by itself.
        self.run(RUN_NOWAIT);
        // SAFETY: as above.
        let left = unsafe { (self.api.loop_close)(self.uv_loop.at()) };
        debug_assert_eq!(left, 0, "checked before the loop was freed");
    }
}
