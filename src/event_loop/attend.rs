//! What a step does besides when somebody listens to the loop: bells of its owner, a thread that
//! drives it, whoever waits for its end; and when its backend has events of its own. Most loops
//! never come here.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::clock::monotonic_ns;
use crate::error::Result;
use crate::event_loop::timers::Callback;
use crate::event_loop::{EventLoop, NEVER};
use crate::log::{self, Level};
use crate::owner_cell::HasOwner;
use crate::parker::WOKEN;

/// Somebody listens, beside the owner in its own waits.
const LISTENERS: u8 = 1;
/// The backend has events of its own.
const EVENTS: u8 = 2;

/// What steps have to attend to.
#[derive(Debug, Default)]
pub struct Duties(AtomicU8);

impl Duties {
    /// From the beginning of a loop.
    pub fn new(has_listeners: bool, has_events: bool) -> Self {
        Self(AtomicU8::new(u8::from(has_listeners) | u8::from(has_events) << 1))
    }

    /// Whether there are none: then a step is nothing but what it runs.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }

    fn has(&self, duty: u8) -> bool {
        self.0.load(Ordering::Acquire) & duty != 0
    }
}

impl EventLoop {
    /// From now on somebody listens.
    pub(super) fn attend(&self) {
        self.duties.0.fetch_or(LISTENERS, Ordering::AcqRel);
    }

    /// A step begins: it answers all earlier calls, takes the notices, and runs what the backend
    /// has; that is left to its wait if it `may_wait` and has nothing to do.
    #[cold]
    pub(super) fn begin_attentively(&self, may_wait: bool) -> u32 {
        let notices =
            if self.duties.has(LISTENERS) { self.answer_all() } else { self.gate.parker.take() };
        if self.duties.has(EVENTS)
            && !(may_wait && notices & WOKEN == 0 && self.look(false).is_none())
        {
            self.pump();
        }
        notices
    }

    /// Silences the bells that were rung, and takes the notices of those who rang.
    fn answer_all(&self) -> u32 {
        let is_driving = {
            let owned = self.owned.borrow_again();
            if let Some(consumer) = &owned.consumer {
                consumer.unlisten(&self.gate.ring);
            }
            owned.is_driving
        };
        if is_driving {
            self.drive.silence();
        } else {
            self.bells.silence();
        }
        let mut notices = self.gate.parker.take();
        if !is_driving {
            notices |= self.drive.take_wake();
        } else if notices & WOKEN != 0 {
            // The host's wakes are for the owner.
            self.drive.keep_wake();
            self.bells.ring();
        }
        notices
    }

    /// Runs what the backend has, which counts for the budget.
    fn pump(&self) {
        // A look at the clock is a tenth of what libuv takes to find nothing.
        if self.backend.has_guests() {
            self.owned.borrow_again().begun = Some(self.clock.now());
        }
        self.backend.pump();
    }

    /// A step is over. After a nested one the callback that made it may go on waiting elsewhere,
    /// as a modal dialog does.
    #[cold]
    pub(super) fn leave_attentively(&self, outermost: bool) {
        if !self.duties.has(LISTENERS) {
            return;
        }
        if outermost {
            self.settle();
        }
        self.arm();
    }

    /// Those who listen are to be called as long as there is something to do, and at the next
    /// deadline.
    pub(super) fn arm(&self) {
        let is_quiet = self.watch();
        if !self.gate.turn.is_shared() {
            if !is_quiet || self.next_deadline_of_owner() == 0 {
                self.bells.ring();
            } else {
                let next = self.next_call();
                if next != NEVER {
                    self.bells.ring_at(next);
                }
            }
            return;
        }
        self.arm_driver(is_quiet);
        if !self.owned.borrow_again().held.is_empty() {
            self.bells.ring();
        }
    }

    fn arm_driver(&self, is_quiet: bool) {
        let (has_work, is_driving) = {
            let owned = self.owned.borrow_again();
            (self.has_work(&owned), owned.is_driving)
        };
        let next = self.refresh_next_timer();
        if !is_quiet || has_work || next != NEVER && next <= self.clock.now() {
            self.ring_driver();
        } else {
            let until = self.next_call();
            self.drive.sleep_until(until, is_driving, self.gate.turn.guest_seat());
        }
    }

    /// When a step will have something to do by the time alone. Nobody can wait for a time that
    /// does not pass by itself.
    fn next_call(&self) -> u64 {
        let next = if self.clock.is_system() { self.refresh_next_timer() } else { NEVER };
        match self.backend.next_deadline() {
            NEVER => next,
            after => next.min(monotonic_ns().saturating_add(after)),
        }
    }

    /// From here on whoever leaves a notice rings; what came before has to be looked for. False
    /// when there is something already.
    fn watch(&self) -> bool {
        let owned = self.owned.borrow_again();
        let listening =
            owned.consumer.as_ref().is_some_and(|consumer| consumer.listen(&self.gate.ring));
        self.gate.parker.watch() && listening
    }

    /// A descriptor that is readable while a step has something to do.
    pub fn fd(&self) -> Result<i32> {
        self.check_owner()?;
        let fd = self.bells.fd(self.backend.fd()).inspect_err(|_| {
            let why = format!("a loop gets no descriptor: {}", std::io::Error::last_os_error());
            log::write(Level::Error, why.as_bytes());
        })?;
        self.arm_new_bell()?;
        Ok(fd)
    }

    /// Somebody came while the loop was stepped further up on the stack: the bells are to ring
    /// again when that is over.
    pub(super) fn call_again(&self) {
        self.bells.forget_call();
    }

    /// Has `hook` called when there is something to do, instead of what was called before.
    pub fn set_wake_hook(&self, hook: Option<Callback>) -> Result<()> {
        self.check_owner()?;
        let before = self.bells.set_hook(hook);
        drop(before);
        self.arm_new_bell()
    }

    /// Outside of a step a new bell is armed at once.
    fn arm_new_bell(&self) -> Result<()> {
        self.attend();
        if self.owned.borrow(self)?.depth == 0 {
            self.arm();
        }
        Ok(())
    }
}
