//! A `uv_loop_t` of the host's: a bell in it calls for a step from inside of the host's `uv_run`.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::event_loop::bell::Bell;
use crate::event_loop::budget::Limits;
use crate::event_loop::uv::api::Api;
use crate::event_loop::uv::handle::{Pair, data_of};
use crate::event_loop::uv::millis_until;
use crate::handles::{Handle, Handled};
use crate::log::{self, Level};
use crate::sync::Mutex;

/// A loop of the host's that it lends us.
#[derive(Debug)]
pub struct Loan {
    api: Api,
    /// `uv_loop_t *`
    uv_loop: *mut c_void,
    turn: u64,
    unref: bool,
}

impl Loan {
    /// A step of our loop takes `turn` nanoseconds each time that it is called; with `unref` the
    /// host's `uv_run` may end while nothing else is active.
    ///
    /// # Safety
    ///
    /// `uv_loop` is a loop of the libuv that `api` belongs to, and the calling thread runs it.
    pub unsafe fn new(api: Api, uv_loop: *mut c_void, turn: u64, unref: bool) -> Self {
        Self { api, uv_loop, turn, unref }
    }

    /// Puts handles into it, which call for steps of the loop `me`.
    pub fn open(self, me: Handle) -> Result<Lent> {
        let Self { api, uv_loop, turn, unref } = self;
        let (open, has_complained) = (AtomicU32::new(2), AtomicBool::new(false));
        let mut calls = Box::new(Calls { me, turn, pair: None, open, has_complained });
        let data = ptr::from_mut(&mut *calls).cast();
        // SAFETY: as whoever made the loan has promised.
        let pair = unsafe { Pair::init(&api, uv_loop, on_call, data) }?;
        for room in [&pair.wake, &pair.timer].into_iter().filter(|_| unref) {
            // SAFETY: a handle that was made.
            unsafe { (api.unref)(room.at()) };
        }
        calls.pair = Some(pair);
        Ok(Lent { api, calls: Mutex::new(Some(calls)), is_timing: AtomicBool::new(false) })
    }
}

/// Our handles in the host's loop.
#[derive(Debug)]
pub struct Lent {
    api: Api,
    /// None once they are being closed. The lock keeps those who ring from a handle that goes.
    calls: Mutex<Option<Box<Calls>>>,
    /// The timer is running: only then it has to be stopped.
    is_timing: AtomicBool,
}

/// What our handles' callbacks find; lives until both are closed.
#[derive(Debug)]
struct Calls {
    me: Handle,
    turn: u64,
    pair: Option<Pair>,
    open: AtomicU32,
    has_complained: AtomicBool,
}

// SAFETY: libuv's memory is used by the owner thread alone, but for the signal, which is made
// for other threads.
unsafe impl Send for Calls {}

impl Lent {
    /// Calls `body` with our handles while they are open.
    fn with(&self, body: impl FnOnce(&Api, &Pair)) {
        let calls = self.calls.lock();
        if let Some(pair) = calls.as_ref().and_then(|calls| calls.pair.as_ref()) {
            body(&self.api, pair);
        }
    }

    /// Takes the handles out; libuv lets go of them in the host's next `uv_run`. By the owner.
    pub fn close(&self) {
        let Some(calls) = self.calls.lock().take() else { return };
        let rooms = calls.pair.as_ref().map(|pair| [pair.wake.at(), pair.timer.at()]);
        // Freed by the callback of the handle that is closed last.
        let _freed_when_closed = Box::into_raw(calls);
        for at in rooms.into_iter().flatten() {
            // SAFETY: the handle is open, and the owner runs the host's loop.
            unsafe { (self.api.close)(at, Some(on_closed)) };
        }
    }
}

impl Bell for Lent {
    fn ring(&self) {
        // SAFETY: the handle is open while we have the lock; any thread may send.
        self.with(|api, pair| unsafe {
            (api.async_send)(pair.wake.at());
        });
    }

    fn silence(&self) {
        if self.is_timing.swap(false, Ordering::Relaxed) {
            // SAFETY: the handle is open; the owner calls, who runs the host's loop.
            self.with(|api, pair| unsafe {
                (api.timer_stop)(pair.timer.at());
            });
        }
    }

    fn ring_at(&self, deadline: u64) {
        let now = monotonic_ns();
        self.is_timing.store(true, Ordering::Relaxed);
        // SAFETY: as above. libuv counts from when it last looked at the clock, which is not
        // later than now: a call that comes too early finds the timer not due, and sets it again.
        self.with(|api, pair| unsafe {
            (api.timer_start)(pair.timer.at(), Some(on_call), millis_until(deadline, now), 0);
        });
    }
}

unsafe extern "C" fn on_call(handle: *mut c_void) {
    // SAFETY: libuv passes one of our handles, whose data lives until both are closed.
    let calls = unsafe { data_of::<Calls>(handle) };
    let Ok(called) = EventLoop::table().pin(calls.me) else { return };
    let (is_wrong, is_missed) = match called.take_turn() {
        Ok(_turn) => {
            let stepped = called.step(&Limits::budget(calls.turn));
            (false, stepped == Err(Error::Reentered))
        }
        Err(error) => (error == Error::WrongThread, true),
    };
    if is_missed {
        // The host runs its loop inside of one of our callbacks: we ask again when that is over.
        called.call_again();
    }
    if is_wrong && !calls.has_complained.swap(true, Ordering::Relaxed) {
        let text = b"the host's uv_loop_t runs on another thread than the one that owns the loop";
        log::write(Level::Error, text);
    }
}

unsafe extern "C" fn on_closed(handle: *mut c_void) {
    // SAFETY: as above: this is one of the two.
    let calls = unsafe { data_of::<Calls>(handle) };
    if calls.open.fetch_sub(1, Ordering::AcqRel) == 1 {
        let calls = ptr::from_ref(calls).cast_mut();
        // SAFETY: made by `Box::into_raw`; the other handle is closed, and this was its last use.
        drop(unsafe { Box::from_raw(calls) });
    }
}
