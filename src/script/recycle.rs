//! The boxes that jobs travel in, used again.
//!
//! A job is made on one thread, filled on a second and freed on the first: with hundreds on
//! their way, an allocator meets its slow path for each. A box that was freed waits here, still
//! in the cache of the thread that is about to make the next job.

use std::ops::{Deref, DerefMut};

use super::job::{Request, ScriptResult};
use crate::foreign::Context;
use crate::sync::Mutex;

/// Boxes kept at most, of all runners.
const KEPT_MAX: usize = 1024;

#[expect(clippy::vec_box, reason = "the boxes are what is kept")]
pub(crate) static KEPT: Mutex<Vec<Box<ScriptResult>>> = Mutex::new(Vec::new());

/// A job or result in a box of its own.
#[derive(Debug)]
pub struct Job(Option<Box<ScriptResult>>);

impl Job {
    /// A job in which nothing has happened yet.
    pub fn new(id: u64, owner: u64, context: Context, request: Option<Request>) -> Self {
        let kept = KEPT.lock().pop();
        let mut job = kept.unwrap_or_else(|| Box::new(ScriptResult::empty()));
        (job.id, job.owner, job.context) = (id, owner, context);
        job.request = request;
        Self(Some(job))
    }
}

impl Deref for Job {
    type Target = ScriptResult;

    #[inline]
    fn deref(&self) -> &ScriptResult {
        self.0.as_ref().expect("only the drop takes it")
    }
}

impl DerefMut for Job {
    #[inline]
    fn deref_mut(&mut self) -> &mut ScriptResult {
        self.0.as_mut().expect("only the drop takes it")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let Some(mut job) = self.0.take() else { return };
        // What the host gave is dropped here, outside of the lock.
        job.clear();
        let mut kept = KEPT.lock();
        if kept.len() < KEPT_MAX {
            kept.push(job);
        }
    }
}
