//! Starting threads of the library's own.

use std::thread::{Builder, JoinHandle};

use crate::error::{Error, Result};
use crate::log::{self, Level};
use crate::sys;

/// Starts a thread that the host's signals never run on.
pub fn spawn(
    name: &str,
    stack_bytes: usize,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let _signals_stay_with_the_host = sys::block_signals();
    let builder = Builder::new().name(name.to_owned()).stack_size(stack_bytes);
    builder.spawn(body).map_err(|error| {
        let text = format!("cannot start thread {name}: {error}");
        log::write(Level::Error, text.as_bytes());
        Error::System
    })
}
