//! Every interleaving of doing a piece of work, holding it and taking it away: its end is one
//! thread's, and nobody holds work that has ended.
#![cfg(loom)]

use std::sync::Arc;

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use scriptloop::claim::Claim;

#[test]
fn work_ends_once_whoever_ends_it() {
    loom::model(|| {
        let claim = Arc::new(Claim::default());
        claim.begin(7, String::from("seven"));
        let watcher = {
            let claim = claim.clone();
            thread::spawn(move || claim.hold(7).and_then(|held| held.take()))
        };
        let own = claim.end(7);
        let taken = watcher.join().expect("it returns");
        assert_eq!(usize::from(own.is_some()) + usize::from(taken.is_some()), 1);
        assert_eq!(own.or(taken).as_deref(), Some("seven"));
        assert_eq!(claim.current(), 0);
    });
}

#[test]
fn held_work_does_not_end() {
    loom::model(|| {
        let claim = Arc::new(Claim::default());
        let ended = Arc::new(AtomicU64::new(0));
        claim.begin(1, ());
        let watcher = {
            let (claim, ended) = (claim.clone(), ended.clone());
            thread::spawn(move || {
                let held = claim.hold(1);
                if held.is_some() {
                    assert_eq!(ended.load(Ordering::Relaxed), 0);
                }
            })
        };
        assert!(claim.end(1).is_some());
        ended.store(1, Ordering::Relaxed);
        watcher.join().expect("it returns");
    });
}

#[test]
fn a_request_that_the_doer_takes_back_takes_nothing_away_from_it() {
    loom::model(|| {
        let claim = Arc::new(Claim::default());
        let asked = Arc::new(AtomicU64::new(1));
        claim.begin(1, ());
        let watcher = {
            let (claim, asked) = (claim.clone(), asked.clone());
            thread::spawn(move || {
                let held = claim.hold(1)?;
                if asked.load(Ordering::Acquire) == 1 { held.take() } else { None }
            })
        };
        asked.store(0, Ordering::Release);
        let has = claim.has(1);
        let taken = watcher.join().expect("it returns").is_some();
        assert!(!has || !taken, "nobody would ask again");
        assert_eq!(claim.end(1).is_some(), !taken);
    });
}

#[test]
fn the_next_work_is_not_taken_for_the_last() {
    loom::model(|| {
        let claim = Arc::new(Claim::default());
        claim.begin(1, 1);
        let watcher = {
            let claim = claim.clone();
            thread::spawn(move || claim.hold(1).and_then(|held| held.take()))
        };
        let first = claim.end(1);
        claim.begin(2, 2);
        assert_eq!(claim.end(2), Some(2));
        assert_eq!(watcher.join().expect("it returns").or(first), Some(1));
    });
}
