//! Where the library speaks: the host's log function, or standard error until there is one.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::sync::Mutex;
use crate::sys;

/// How much a line matters. Lower numbers matter more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Level {
    /// Something is lost.
    Error = 1,
    /// Something is odd.
    Warn = 2,
    /// What scripts print, and rare events.
    Info = 3,
    /// What helps to find a mistake.
    Debug = 4,
    /// Everything.
    Trace = 5,
}

impl Level {
    /// The name that a line on standard error and `engine.log` use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// What receives lines.
pub type Sink = Arc<dyn Fn(Level, &[u8]) + Send + Sync>;

/// What keeps the errors of one thread.
pub type Keep = Box<dyn Fn(&[u8])>;

thread_local! {
    static KEEP: RefCell<Option<Keep>> = const { RefCell::new(None) };
}

/// Also shows each error that the calling thread writes to `keep`, whatever the level is.
pub fn keep_errors(keep: Option<Keep>) {
    KEEP.set(keep);
}

static MAX_LEVEL: AtomicU32 = AtomicU32::new(Level::Info as u32);
pub(crate) static SINK: Mutex<Option<Sink>> = Mutex::new(None);

/// Replaces the sink; `None` is standard error. The old one is dropped when the last line that
/// is being written to it is done.
pub fn set_sink(max_level: u32, sink: Option<Sink>) {
    // The old sink is dropped after the lock is free: its drop is the host's code.
    let _old = std::mem::replace(&mut *SINK.lock(), sink);
    MAX_LEVEL.store(max_level, Ordering::Relaxed);
}

/// Whether a line of this level goes anywhere.
#[inline]
pub fn enabled(level: Level) -> bool {
    level as u32 <= MAX_LEVEL.load(Ordering::Relaxed)
}

/// Hands one line to the sink. No lock is held while it is called.
pub fn write(level: Level, text: &[u8]) {
    if level == Level::Error {
        KEEP.with_borrow(|keep| keep.iter().for_each(|keep| keep(text)));
    }
    if !enabled(level) {
        return;
    }
    let sink = SINK.lock().clone();
    if let Some(sink) = sink {
        sink(level, text);
        return;
    }
    let mut line = Vec::with_capacity(text.len() + 24);
    line.extend_from_slice(b"scriptloop ");
    line.extend_from_slice(level.name().as_bytes());
    line.extend_from_slice(b": ");
    line.extend_from_slice(text);
    line.push(b'\n');
    sys::write_stderr(&line);
}
