//! The loop as a file descriptor, for hosts that wait in epoll, GLib, SDL or libuv.

use crate::error::Result;
use crate::sys::{EpollFd, EventFd, TimerFd};

/// One descriptor over two causes: somebody rang, or a deadline has come.
#[derive(Debug)]
pub struct Bell {
    epoll: EpollFd,
    event: EventFd,
    timer: TimerFd,
}

impl Bell {
    /// A silent bell.
    pub fn new() -> Result<Self> {
        let (event, timer) = (EventFd::new()?, TimerFd::new()?);
        let epoll = EpollFd::over(&event, &timer)?;
        Ok(Self { epoll, event, timer })
    }

    /// What the host waits for.
    pub fn fd(&self) -> i32 {
        self.epoll.raw()
    }

    /// Makes the descriptor readable. From any thread.
    pub fn ring(&self) {
        self.event.ring();
    }

    /// Makes it silent: a step begins and looks at everything.
    pub fn silence(&self) {
        self.event.silence();
        self.timer.set(None);
    }

    /// Makes it readable at `deadline`.
    pub fn ring_at(&self, deadline: u64) {
        self.timer.set(Some(deadline));
    }
}
