//! What the C tests cannot do to a runner: callbacks that panic, and two closes.

use std::sync::Arc;

use scriptloop::actions::{Action, ActionQueue, Body, WhenFull};
use scriptloop::foreign::Context;
use scriptloop::log;
use scriptloop::script::crew::Hooks;
use scriptloop::script::job::{Callback, Delivery, Limits, Outcome, Request, ScriptResult};
use scriptloop::script::kit::Kit;
use scriptloop::script::runner::{Collect, Config, ScriptRunner};
use scriptloop::value;

const FOR_EVER: u64 = u64::MAX;

fn runner() -> ScriptRunner {
    let values = value::Limits { depth: 16, items: 1000, bytes: 1 << 20 };
    let (job_capacity, chunk_cache) = (16, 16);
    let config = Config {
        workers: 1,
        states: 1,
        job_capacity,
        chunk_cache,
        spin_us: 0,
        values,
        limits: Limits::NONE,
        close_grace_ns: 0,
        gc: Collect::BY_ITSELF,
    };
    ScriptRunner::new(
        config,
        Kit::SANDBOX,
        Hooks::default(),
        None,
        ActionQueue::new(0, WhenFull::Refuse).expect("there is memory"),
    )
    .expect("a valid config")
}

fn enqueue(
    runner: &ScriptRunner,
    source: &str,
    delivery: Delivery,
    callback: impl FnOnce() -> Option<Callback>,
) {
    let chunk = runner.chunk(b"=test", source.as_bytes()).expect("there is memory");
    let request = Request { delivery, ..Request::new(chunk, None, None) };
    runner.enqueue(7, Context::NULL, request, callback).expect("there is room");
}

fn check_result(runner: &ScriptRunner, check: impl FnOnce(&ScriptResult)) {
    let action: Action = runner.actions().pop(FOR_EVER).expect("a result comes");
    match &action.body {
        Body::Script(result) => check(result),
        _ => panic!("it is a script's result"),
    }
}

fn check_text(runner: &ScriptRunner, source: &str, text: &str) {
    enqueue(runner, source, Delivery::Action, || None);
    check_result(runner, |result| {
        assert_eq!((result.outcome, result.error()), (Outcome::Ok, None));
        assert_eq!(result.text(), Some(text.as_bytes()));
    });
}

#[test]
fn a_callback_that_panics_is_contained() {
    // The log is the process's: lines that this provokes go nowhere.
    log::set_sink(log::Level::Error as u32, Some(Arc::new(|_, _| {})));
    let runner = runner();
    for delivery in [Delivery::Worker, Delivery::Both] {
        enqueue(&runner, "return 1", delivery, || {
            Some(Box::new(|_| panic!("a defect in what the library was given")))
        });
    }
    check_result(&runner, |result| assert_eq!(result.text(), Some(&b"1"[..])));
    check_text(&runner, "return 'still working'", "still working");
    let stats = runner.stats();
    assert_eq!((stats.ok, stats.failed, stats.queued, stats.running), (3, 0, 0, 0));
    log::set_sink(log::Level::Info as u32, None);
}

#[test]
fn close_is_idempotent_and_refuses_what_comes_after() {
    use scriptloop::error::Error;
    let runner = runner();
    check_text(&runner, "return 1", "1");
    assert_eq!(runner.end(), Ok(()));
    assert_eq!(runner.end(), Ok(()));
    let chunk = runner.chunk(b"=test", b"return 1").expect("there is memory");
    let request = Request::new(chunk, None, None);
    let refused = runner.enqueue(0, Context::NULL, request, || panic!("nothing is taken"));
    assert_eq!(refused, Err(Error::Closed));
    assert_eq!(runner.stats().refused, 1);
}
