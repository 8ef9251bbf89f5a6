//! What the C tests cannot do to native jobs: results that go to a sink, handlers and sinks that
//! panic.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier};

use scriptloop::actions::{ActionQueue, WhenFull};
use scriptloop::error::Error;
use scriptloop::jobs::job::{Cargo, Handler, Job, Outcome, Sink, Text};
use scriptloop::jobs::{Filter, Jobs, Request, builtins};
use scriptloop::log;
use scriptloop::script::crew::Hooks;
use scriptloop::script::guest::Wanted;
use scriptloop::script::job::Limits;
use scriptloop::script::kit::Kit;
use scriptloop::script::runner::{Collect, Config, ScriptRunner};
use scriptloop::value;

fn runner() -> ScriptRunner {
    let config = Config {
        workers: 1,
        states: 1,
        job_capacity: 16,
        chunk_cache: 16,
        spin_us: 0,
        values: value::Limits { depth: 16, items: 1000, bytes: 1 << 20 },
        limits: Limits::NONE,
        close_grace_ns: 0,
        gc: Collect::BY_ITSELF,
    };
    let actions = ActionQueue::new(0, WhenFull::Refuse).expect("there is memory");
    ScriptRunner::new(config, Kit::SANDBOX, Hooks::default(), None, actions)
        .expect("a valid config")
}

fn request(kind: &str) -> Request<'_> {
    let input = Text::copy(b"input").expect("there is memory");
    Request { kind: kind.as_bytes(), input, owner: 7, priority: 100 }
}

fn sink(results: &Sender<Box<Job>>) -> Sink {
    let results = results.clone();
    Box::new(move |job| results.send(job).expect("the test waits"))
}

fn submit(jobs: &Arc<Jobs>, kind: &str, results: &Sender<Box<Job>>) -> u64 {
    let cargo = || Cargo { payload: None, sink: Some(sink(results)) };
    jobs.submit(request(kind), cargo).expect("there is room")
}

fn next(results: &Receiver<Box<Job>>) -> (u64, Outcome, String) {
    let job = results.recv().expect("a result comes");
    (job.id, job.outcome, String::from_utf8_lossy(job.output.bytes()).into_owned())
}

#[test]
fn a_result_goes_to_its_sink_and_never_to_a_poll() {
    let runner = runner();
    let jobs = Jobs::new(&runner, None, 0);
    let (to, results) = channel();
    builtins::register(&jobs).expect("they are open");
    submit(&jobs, "echo", &to);
    assert_eq!(next(&results), (1, Outcome::Ok, "input".to_owned()));
    submit(&jobs, "nonsense", &to);
    assert_eq!(next(&results), (2, Outcome::Failed, "Unknown job kind: nonsense".to_owned()));
    assert_eq!(jobs.poll(&Filter::default(), 0, |_| panic!("there is none")), 0);
    let stats = jobs.stats();
    assert_eq!((stats.accepted, stats.delivered, stats.ready), (2, 2, 0));
    jobs.free();
}

#[test]
fn a_sink_gets_what_is_cancelled_and_is_not_made_for_what_is_refused() {
    let runner = runner();
    let jobs = Jobs::new(&runner, None, 0);
    let (to, results) = channel();
    builtins::register(&jobs).expect("they are open");
    let barrier = Arc::new(Barrier::new(2));
    let inside = barrier.clone();
    let handler: Handler = Arc::new(move |_| {
        inside.wait();
        inside.wait();
    });
    jobs.register(b"busy", || handler).expect("they are open");
    submit(&jobs, "busy", &to);
    barrier.wait();
    submit(&jobs, "echo", &to);
    assert_eq!(jobs.cancel(Wanted::Owner(7)), 2);
    assert_eq!(next(&results), (2, Outcome::Cancelled, "the job was cancelled".to_owned()));
    barrier.wait();
    assert_eq!(next(&results), (1, Outcome::Cancelled, "the job was cancelled".to_owned()));
    jobs.close();
    let refused = jobs.submit(request("echo"), || panic!("nothing is taken"));
    assert_eq!(refused, Err(Error::Closed));
    jobs.free();
}

#[test]
fn a_handler_that_panics_fails_its_job_and_the_worker_lives_on() {
    let runner = runner();
    let jobs = Jobs::new(&runner, None, 0);
    let (to, results) = channel();
    builtins::register(&jobs).expect("they are open");
    let panics: Handler = Arc::new(|_| panic!("a defect in what the library was given"));
    jobs.register(b"panics", || panics).expect("they are open");
    submit(&jobs, "panics", &to);
    let failed = "Unhandled exception in job handler".to_owned();
    assert_eq!(next(&results), (1, Outcome::Failed, failed));
    submit(&jobs, "echo", &to);
    assert_eq!(next(&results), (2, Outcome::Ok, "input".to_owned()));
    jobs.free();
}

#[test]
fn a_sink_that_panics_is_contained_and_the_end_is_reached() {
    // The log is the process's: lines that this provokes go nowhere.
    log::set_sink(log::Level::Error as u32, Some(Arc::new(|_, _| {})));
    let runner = runner();
    let jobs = Jobs::new(&runner, None, 0);
    let (to, results) = channel();
    builtins::register(&jobs).expect("they are open");
    let cargo = || {
        let sink: Sink = Box::new(|_| panic!("a defect in what the library was given"));
        Cargo { payload: None, sink: Some(sink) }
    };
    jobs.submit(request("echo"), cargo).expect("there is room");
    submit(&jobs, "echo", &to);
    assert_eq!(next(&results).0, 2);
    jobs.free();
    let stats = jobs.stats();
    assert_eq!((stats.ok, stats.delivered, stats.running), (2, 2, 0));
}
