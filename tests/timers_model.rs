//! The timing wheel against a sorted list: same timers due, in the same order, at the same time.

#![cfg(not(loom))]

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;
use scriptloop::event_loop::wheel::Wheel;

/// What a host may do.
#[derive(Clone, Debug)]
enum Step {
    Insert { delay: u64 },
    Cancel { nth: usize },
    Restart { nth: usize, delay: u64 },
    Advance { by: u64 },
}

/// Delays of every size that a level of the wheel cares about, and the extremes.
fn delay() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..5_000_000_u64,
        4 => 0..2_000_000_000_u64,
        3 => 0..1_000_000_000_000_u64,
        1 => 0..u64::MAX,
        1 => (0..64_u32).prop_map(|bit| 1 << bit),
        1 => (0..64_u32).prop_map(|bit| (1 << bit) - 1),
        1 => Just(u64::MAX),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => delay().prop_map(|delay| Step::Insert { delay }),
        2 => any::<usize>().prop_map(|nth| Step::Cancel { nth }),
        1 => (any::<usize>(), delay()).prop_map(|(nth, delay)| Step::Restart { nth, delay }),
        3 => delay().prop_map(|by| Step::Advance { by: by / 2 }),
    ]
}

fn nth(model: &BTreeSet<(u64, u64)>, nth: usize) -> Option<(u64, u64)> {
    if model.is_empty() { None } else { model.iter().nth(nth % model.len()).copied() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn wheel_does_what_a_sorted_list_does(steps in prop::collection::vec(step(), 1..200)) {
        let mut wheel = Wheel::new();
        let mut model = BTreeSet::new();
        let mut now = 0_u64;
        let mut last_id = 0;
        for step in steps {
            match step {
                Step::Insert { delay } => {
                    let deadline = now.saturating_add(delay);
                    let id = wheel.insert(now, deadline, || ()).expect("far from 2^24");
                    prop_assert!(id > last_id, "later timers have larger ids");
                    last_id = id;
                    model.insert((deadline, id));
                }
                Step::Cancel { nth: at } => {
                    let Some(entry) = nth(&model, at) else { continue };
                    prop_assert!(wheel.remove(entry.1).is_some());
                    prop_assert!(wheel.remove(entry.1).is_none(), "once, then never");
                    model.remove(&entry);
                }
                Step::Restart { nth: at, delay } => {
                    let Some(entry) = nth(&model, at) else { continue };
                    let deadline = now.saturating_add(delay);
                    wheel.restart(entry.1, deadline);
                    model.remove(&entry);
                    model.insert((deadline, entry.1));
                }
                Step::Advance { by } => {
                    now = now.saturating_add(by);
                    let mut due = Vec::new();
                    wheel.advance(now, &mut due);
                    let expected: VecDeque<_> =
                        model.iter().copied().take_while(|(at, _)| *at <= now).collect();
                    prop_assert_eq!(&VecDeque::from(due), &expected);
                    for entry in expected {
                        prop_assert!(wheel.remove(entry.1).is_some());
                        model.remove(&entry);
                    }
                }
            }
            let earliest = model.first().map_or(u64::MAX, |(at, _)| *at);
            prop_assert_eq!(wheel.earliest(), earliest);
            prop_assert_eq!(wheel.live() as usize, model.len());
        }
    }
}

#[test]
fn a_slot_used_again_does_not_answer_to_the_old_id() {
    let mut wheel = Wheel::new();
    let first = wheel.insert(0, 10, || ()).expect("empty");
    assert!(wheel.remove(first).is_some());
    let second = wheel.insert(0, 10, || ()).expect("empty");
    assert_ne!(first, second);
    assert!(!wheel.contains(first));
    assert!(wheel.contains(second));
}
