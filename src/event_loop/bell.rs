//! How a loop calls for a step from an owner that waits elsewhere: in epoll, GLib, SDL, libuv.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use once_cell::sync::OnceCell;

use crate::error::Result;
use crate::event_loop::timers::Callback;
use crate::event_loop::uv::Lent;
use crate::foreign::call;
use crate::sync::Mutex;
use crate::sys::{EpollFd, EventFd, TimerFd};

/// One way to be called.
pub trait Bell: Send + Sync {
    /// There is something to do. From any thread.
    fn ring(&self);
    /// A step begins and looks at everything: earlier calls are answered.
    fn silence(&self);
    /// There will be something to do at `deadline`. By the thread that steps.
    fn ring_at(&self, deadline: u64);
}

/// As a file descriptor: one over two causes, somebody rang or a deadline has come.
#[derive(Debug)]
pub struct FdBell {
    epoll: EpollFd,
    event: EventFd,
    timer: TimerFd,
}

impl FdBell {
    /// A silent bell; it also rings while `other` is readable.
    pub fn new(other: Option<i32>) -> Result<Self> {
        let (event, timer) = (EventFd::new()?, TimerFd::new()?);
        let epoll = EpollFd::over(&event, &timer, other)?;
        Ok(Self { epoll, event, timer })
    }

    /// What the host waits for.
    pub fn fd(&self) -> i32 {
        self.epoll.raw()
    }
}

impl Bell for FdBell {
    fn ring(&self) {
        self.event.ring();
    }

    fn silence(&self) {
        self.event.silence();
        self.timer.set(None);
    }

    fn ring_at(&self, deadline: u64) {
        self.timer.set(Some(deadline));
    }
}

/// All bells of a loop's owner; most loops have none.
#[derive(Default)]
pub struct Bells {
    /// They rang, and no step has begun since.
    rung: AtomicBool,
    fd: OnceCell<FdBell>,
    /// The host's function, which looks after deadlines itself.
    hook: Mutex<Option<Arc<Callback>>>,
    /// In the host's libuv loop.
    lent: Option<Lent>,
}

impl Bells {
    /// With one in the host's libuv loop.
    pub fn with_lent(lent: Lent) -> Self {
        Self { lent: Some(lent), ..Self::default() }
    }

    /// Whether there is one that a step has to look after from the beginning.
    pub fn is_lent(&self) -> bool {
        self.lent.is_some()
    }

    /// The one that is a descriptor, made when it is first asked for; it also rings while
    /// `other` is readable.
    pub fn fd(&self, other: Option<i32>) -> Result<i32> {
        Ok(self.fd.get_or_try_init(|| FdBell::new(other))?.fd())
    }

    /// The one that is a function of the host's; `None` = there is none any more. The caller
    /// drops what was there, which calls the host.
    pub fn set_hook(&self, hook: Option<Callback>) -> Option<Arc<Callback>> {
        std::mem::replace(&mut *self.hook.lock(), hook.map(Arc::new))
    }

    /// Calls the owner, unless it has been called already. From any thread; runs the hook.
    pub fn ring(&self) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        self.each(|bell| bell.ring());
        let hook = self.hook.lock().clone();
        if let Some(hook) = hook {
            call(hook.run, hook.data.context());
        }
    }

    /// A step begins. Notices are taken after this: whoever found the bells rung has left one.
    pub fn silence(&self) {
        self.each(|bell| bell.silence());
        self.rung.store(false, Ordering::Release);
    }

    /// The owner is to be called at `deadline`.
    pub fn ring_at(&self, deadline: u64) {
        self.each(|bell| bell.ring_at(deadline));
    }

    /// Somebody came too early to step: a call is to be made again.
    pub fn forget_call(&self) {
        self.rung.store(false, Ordering::Release);
    }

    /// Takes what is in the host's hands out of them. By the owner.
    pub fn close(&self) {
        self.lent.iter().for_each(Lent::close);
    }

    fn each(&self, tell: impl Fn(&dyn Bell)) {
        if let Some(fd) = self.fd.get() {
            tell(fd);
        }
        if let Some(lent) = &self.lent {
            tell(lent);
        }
    }
}
