//! What `fork` does. The child has a copy of all memory and one thread: whatever other threads
//! were in the middle of stays so, and whatever waits for them waits for ever.
//!
//! So the child takes over nothing. Every handle of the parent is stale there, its objects stay
//! as they are, unused, and the thread that forked is another one, which owns no loop. What the
//! process has as a whole, and what the child goes on with, is under the locks that are taken
//! before the fork: then nobody is in the middle of it.
//!
//! Nobody who has one of these locks waits for another, or runs code of the host's. Objects have
//! locks of their own, which nobody in the child asks for.
#![expect(unsafe_code, reason = "the process calls these when it is loaded and when it forks")]

use std::mem;

use crate::ffi::NOUNS;
use crate::log::{self, Level, SINK};
use crate::script::recycle::KEPT;
use crate::sync::MAKING;
use crate::sys;

/// When the library is loaded: no thread is in it yet, and handlers of the host's that are
/// registered later run outside of ours, when nothing is held.
#[used]
#[unsafe(link_section = ".init_array")]
static AT_LOAD: extern "C" fn() = register;

extern "C" fn register() {
    if !sys::at_fork(before, in_parent, in_child) {
        log::write(Level::Error, b"no memory for what is to be done at a fork");
    }
}

unsafe extern "C" fn before() {
    MAKING.hold();
    SINK.hold();
    KEPT.hold();
    for noun in &NOUNS {
        (noun.hold)();
    }
}

unsafe extern "C" fn in_parent() {
    for noun in &NOUNS {
        // SAFETY: `before` was called on this thread.
        unsafe { (noun.let_go)() };
    }
    // SAFETY: as above, here and below.
    drop(unsafe { KEPT.held() });
    // SAFETY: as above.
    drop(unsafe { SINK.held() });
    // SAFETY: as above.
    drop(unsafe { MAKING.held() });
}

/// Only does what a signal handler may do.
unsafe extern "C" fn in_child() {
    for noun in &NOUNS {
        // SAFETY: `before` was called on this thread, the only one that a fork leaves.
        unsafe { (noun.abandon)() };
    }
    // SAFETY: as above, here and below. What is kept is memory and nothing else.
    drop(unsafe { KEPT.held() });
    // SAFETY: as above.
    let mut sink = unsafe { SINK.held() };
    // The host's function may need what its other threads had; its `drop` is the parent's.
    mem::forget(sink.take());
    drop(sink);
    // SAFETY: as above.
    drop(unsafe { MAKING.held() });
    sys::renumber_thread();
}
