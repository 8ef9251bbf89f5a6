//! How a job ends that does not come to its end by itself: what is said of it, and what may still
//! run.

use super::chunk::Chunk;
use super::interrupt::Reason;
use super::job::{Limits, Outcome};
use super::lua_state::Run;
use super::stack::{Failure, Stack};

/// Why a chunk did not come to its end.
pub enum Stop {
    /// An error is on top of its stack.
    Raised(Failure),
    /// This was said about it.
    Said(Outcome, Vec<u8>),
    /// It yielded: in the hook, as a rule.
    Yielded,
}

/// Says why a job did not end well, runs what has to run at its end, and makes the coroutine
/// ready for the next one.
pub fn end_early(
    main: &mut Stack<'_>,
    stack: &mut Stack<'_>,
    stop: Option<Stop>,
    run: &Run<'_>,
) -> (Outcome, Vec<u8>) {
    // An error object's __tostring runs outside of the coroutine.
    main.runs(run.interrupt);
    let mut ended = match (run.interrupt.pending(), stop) {
        (Some(reason), _) => interrupted(main, stack, reason, run),
        (None, Some(Stop::Raised(Failure::Memory) | Stop::Said(Outcome::Memory, _))) => {
            interrupted(main, stack, Reason::Memory, run)
        }
        (None, Some(Stop::Raised(Failure::Error))) => {
            (Outcome::ScriptError, named(main.describe_error(stack), run))
        }
        (None, Some(Stop::Said(outcome, text))) => (outcome, text),
        (None, _) => {
            let text = b"attempt to yield from outside a coroutine";
            (Outcome::ScriptError, main.with_traceback(text, stack))
        }
    };
    let raised = ended.0 == Outcome::ScriptError;
    if let Some(reason) = run.interrupt.pending() {
        if raised {
            // The text of the error did not end in time.
            ended = interrupted(main, stack, reason, run);
        }
        run.interrupt.forgive(run.step);
        (run.grace)();
        stack.runs(run.interrupt);
        stack.close(main);
    } else {
        stack.runs(run.interrupt);
        stack.close(main);
        if let (true, Some(reason)) = (raised, run.interrupt.pending()) {
            // The handlers of the error did not end in time.
            ended = interrupted(main, stack, reason, run);
        }
    }
    stack.unhook();
    main.unhook();
    run.interrupt.take_place();
    ended
}

/// What is said of a job that was ended from outside, with place and traceback.
pub fn interrupted(
    main: &mut Stack<'_>,
    stack: &Stack<'_>,
    reason: Reason,
    run: &Run<'_>,
) -> (Outcome, Vec<u8>) {
    let noted = run.interrupt.take_place();
    let place = if noted.is_empty() { stack.place() } else { Some(noted) };
    let mut text = place.unwrap_or_else(|| run.work.chunk.shown_name());
    text.push(b' ');
    let (outcome, what) = explain(reason, run.limits);
    text.extend_from_slice(what.as_bytes());
    (outcome, named(main.with_traceback(&text, stack), run))
}

/// With the chunk's name at the end, where the traceback of a deep stack does not reach it.
fn named(mut text: Vec<u8>, run: &Run<'_>) -> Vec<u8> {
    let name = run.work.chunk.shown_name();
    if !text.windows(name.len()).any(|part| part == name) {
        text.extend_from_slice(&[b"\n\t", &name[..], b" in main chunk"].concat());
    }
    text
}

/// The outcome of an interrupted job, and what to say of it.
pub fn explain(reason: Reason, limits: &Limits) -> (Outcome, String) {
    match reason {
        Reason::Timeout => {
            let ms = limits.deadline_ns / 1_000_000;
            (Outcome::Timeout, format!("the deadline of {ms} ms has passed"))
        }
        Reason::Cancelled => (Outcome::Cancelled, "the job was cancelled".to_owned()),
        Reason::Instructions => {
            let text = format!("the budget of {} instructions is used up", limits.instructions);
            (Outcome::Instructions, text)
        }
        Reason::Memory if limits.memory == u64::MAX => {
            (Outcome::Memory, "not enough memory".to_owned())
        }
        Reason::Memory => {
            let text = format!("not enough memory: the limit is {} bytes", limits.memory);
            (Outcome::Memory, text)
        }
        Reason::Closed => (Outcome::Closed, "the runner was closed".to_owned()),
    }
}

/// Why a chunk does not compile. Some of Lua's messages do not name it.
pub fn unloaded(stack: &Stack<'_>, failure: Failure, chunk: &Chunk) -> Stop {
    let name = chunk.shown_name();
    match said(stack, failure, Outcome::LoadError) {
        Stop::Said(outcome, text) if !text.starts_with(&name) => {
            Stop::Said(outcome, [&name, &b" "[..], &text].concat())
        }
        stop => stop,
    }
}

pub fn said(stack: &Stack<'_>, failure: Failure, outcome: Outcome) -> Stop {
    let outcome = if failure == Failure::Memory { Outcome::Memory } else { outcome };
    Stop::Said(outcome, stack.message().to_vec())
}
