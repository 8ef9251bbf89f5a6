//! Handlers that come with the library. Each gives its input back: as it is, after a wait, or in
//! capitals.

use std::mem::take;
use std::str;
use std::sync::Arc;

use super::Jobs;
use super::job::{Handler, Run};
use crate::clock::monotonic_ns;
use crate::error::Result;

/// Registers all of them.
pub fn register(jobs: &Jobs) -> Result<()> {
    let all: [(&[u8], Handler); 3] = [
        (b"echo", Arc::new(echo)),
        (b"sleep_ms", Arc::new(sleep_ms)),
        (b"uppercase", Arc::new(uppercase)),
    ];
    all.into_iter().try_for_each(|(kind, handler)| jobs.register(kind, || handler))
}

fn echo(run: &mut Run<'_>) {
    let input = take(&mut run.job.input);
    run.job.succeed(input);
}

fn uppercase(run: &mut Run<'_>) {
    run.job.input.bytes_mut().make_ascii_uppercase();
    echo(run);
}

fn sleep_ms(run: &mut Run<'_>) {
    let ms = str::from_utf8(run.job.input.bytes()).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(ms) = ms else {
        return run.job.fail("sleep_ms takes a number of milliseconds".into());
    };
    let deadline = monotonic_ns().saturating_add(ms.saturating_mul(1_000_000));
    run.flag.wait(deadline, monotonic_ns);
    echo(run);
}
