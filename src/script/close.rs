//! The end of a runner: at once, or when all that was accepted has ended; and what has not.

use super::runner::ScriptRunner;
use crate::clock::monotonic_ns;
use crate::error::{Error, Result};
use crate::log::{self, Level};

impl ScriptRunner {
    /// Accepts no more jobs and ends those that wait and those that run as closed. Waits for
    /// nobody and destroys no state: the caller may be a script's host function.
    pub fn close(&self) {
        let shared = &*self.shared;
        if !shared.admission.close() {
            return;
        }
        // Workers that wait for a state give up; idle ones leave. What waits for a worker is
        // left to the watch: a host's pool may itself be waiting for this very call.
        shared.guests.close();
        let dismissed = shared.pool.dismiss();
        debug_assert!(dismissed.is_ok(), "closed only here, and once");
        shared.bury_all();
        shared.watch.close();
        if !shared.is_summoned {
            shared.sleepers.wake_all();
        }
    }

    /// Accepts no more jobs and waits, at most `wait` nanoseconds, until those that were accepted
    /// have ended.
    pub fn close_gracefully(&self, wait: u64) -> Result<()> {
        if wait != 0 && self.is_worker() {
            return Err(Error::WouldDeadlock);
        }
        let shared = &*self.shared;
        shared.admission.drain();
        let until = monotonic_ns().saturating_add(wait);
        let ended = shared.leavers.wait(until, || shared.has_ended());
        if ended { Ok(()) } else { Err(Error::Timeout) }
    }

    /// Whether a job was accepted whose result is not there yet. A guest's job is none of ours.
    pub fn is_pending(&self, id: u64) -> bool {
        self.shared.pending.has(id, self.shared.admission.accepted())
    }

    /// Closes and waits for the workers; not for those that are stuck. Only the owner may call
    /// this, any number of times.
    pub fn end(&self) -> Result<()> {
        if self.is_worker() {
            return Err(Error::WouldDeadlock);
        }
        self.close();
        let shared = &*self.shared;
        shared.pool.clear();
        shared.crew.wait(|| shared.admission.is_over(&shared.tallies));
        shared.watch.end();
        let watcher = self.watcher.lock().take();
        if watcher.is_some_and(|watcher| watcher.join().is_err()) {
            log::write(Level::Error, b"the watch panicked");
        }
        Ok(())
    }
}
