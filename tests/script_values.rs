//! Any tree of values goes through a Lua state and comes back the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use scriptloop::actions::{ActionQueue, Body, WhenFull};
use scriptloop::foreign::Context;
use scriptloop::script::crew::Hooks;
use scriptloop::script::job::{self, Outcome, Request};
use scriptloop::script::kit::Kit;
use scriptloop::script::runner::{Collect, Config, ScriptRunner};
use scriptloop::value::{Builder, Excess, Limits, Value, Values, View};

const LIMITS: Limits = Limits { depth: 16, items: 10_000, bytes: 1 << 20 };
const FOR_EVER: u64 = u64::MAX;

/// A tree in the form that Lua gives back: no nil in a table, no map that is an array.
#[derive(Clone, Debug, PartialEq)]
enum Tree {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// By its bits: NaN equals itself, and 0.0 is not -0.0.
    Number(u64),
    Bytes(Vec<u8>),
    Array(Vec<Tree>),
    Map(BTreeMap<Vec<u8>, Tree>),
}

fn leaf() -> impl Strategy<Value = Tree> {
    prop_oneof![
        any::<bool>().prop_map(Tree::Boolean),
        any::<i64>().prop_map(Tree::Integer),
        any::<f64>().prop_map(|number| Tree::Number(number.to_bits())),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Tree::Bytes),
    ]
}

fn tree() -> impl Strategy<Value = Tree> {
    leaf().prop_recursive(6, 200, 8, |inner| {
        let key = prop::collection::vec(any::<u8>(), 0..8);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Tree::Array),
            prop::collection::btree_map(key, inner, 1..8).prop_map(Tree::Map),
        ]
    })
}

fn build(builder: &mut Builder, tree: &Tree) -> Result<(), Excess> {
    match tree {
        Tree::Nil => builder.nil(),
        Tree::Boolean(value) => builder.boolean(*value),
        Tree::Integer(value) => builder.integer(*value),
        Tree::Number(bits) => builder.number(f64::from_bits(*bits)),
        Tree::Bytes(bytes) => builder.bytes(bytes),
        Tree::Array(items) => {
            let list = builder.open()?;
            items.iter().try_for_each(|item| build(builder, item))?;
            builder.close_array(list)
        }
        Tree::Map(entries) => {
            let list = builder.open()?;
            for (key, value) in entries {
                builder.bytes(key)?;
                build(builder, value)?;
            }
            builder.close_map(list)
        }
    }
}

fn values_of(trees: &[Tree]) -> Values {
    let mut builder = Builder::new(LIMITS);
    for tree in trees {
        build(&mut builder, tree).expect("the strategy stays far below the limits");
    }
    builder.finish().expect("there is memory")
}

fn tree_of(value: &Value) -> Tree {
    match value.view() {
        View::Nil => Tree::Nil,
        View::Boolean(value) => Tree::Boolean(value),
        View::Integer(value) => Tree::Integer(value),
        View::Number(value) => Tree::Number(value.to_bits()),
        View::Bytes(bytes) => Tree::Bytes(bytes.to_vec()),
        View::Array(items) => Tree::Array(items.iter().map(tree_of).collect()),
        View::Map(entries) => {
            let entry = |entry: &scriptloop::value::Entry| match tree_of(&entry.key) {
                Tree::Bytes(key) => (key, tree_of(&entry.value)),
                other => panic!("{other:?} was never a key"),
            };
            Tree::Map(entries.iter().map(entry).collect())
        }
        View::Pointer(_) => panic!("there was no pointer"),
    }
}

fn trees_of(values: &Values) -> Vec<Tree> {
    values.roots().iter().map(tree_of).collect()
}

fn runner() -> ScriptRunner {
    let config = Config {
        workers: 1,
        states: 1,
        job_capacity: 16,
        chunk_cache: 16,
        spin_us: 0,
        values: LIMITS,
        limits: job::Limits::NONE,
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

/// Sends the trees through a chunk that returns its arguments.
fn round_trip(runner: &ScriptRunner, trees: &[Tree]) -> Vec<Tree> {
    let chunk = runner.chunk(b"=echo", b"return ...").expect("there is memory");
    let request = Request::new(chunk, Some(values_of(trees)), None);
    runner.enqueue(0, Context::NULL, request, || None).expect("there is room");
    let action = runner.actions().pop(FOR_EVER).expect("a result comes");
    let Body::Script(result) = &action.body else { panic!("it is a script's result") };
    assert_eq!((result.outcome, result.error()), (Outcome::Ok, None));
    trees_of(&result.values)
}

#[test]
fn every_tree_survives_the_way_through_a_state() {
    let runner = runner();
    let trees = prop::collection::vec(prop_oneof![1 => Just(Tree::Nil), 9 => tree()], 0..5);
    let mut cases = proptest::test_runner::TestRunner::default();
    cases
        .run(&trees, |trees| {
            prop_assert_eq!(trees_of(&values_of(&trees)), trees.clone());
            prop_assert_eq!(round_trip(&runner, &trees), trees);
            Ok(())
        })
        .expect("a round trip changes nothing");
}

#[test]
fn a_builder_can_be_used_again_after_any_tree() {
    let mut builder = Builder::new(LIMITS);
    let large = Tree::Array(vec![Tree::Bytes(vec![7; 100]); 5000]);
    build(&mut builder, &large).expect("it is within the limits");
    assert_eq!(trees_of(&builder.finish().expect("there is memory")), [large]);
    build(&mut builder, &Tree::Integer(1)).expect("it is within the limits");
    assert_eq!(trees_of(&builder.finish().expect("there is memory")), [Tree::Integer(1)]);
    assert_eq!(trees_of(&builder.finish().expect("there is memory")), []);
}

#[test]
fn each_limit_is_reached_exactly() {
    let limits = Limits { depth: 2, items: 4, bytes: 5 };
    let nested = |depth: u32| (0..depth).fold(Tree::Integer(0), |tree, _| Tree::Array(vec![tree]));
    let fits = |tree: &Tree| build(&mut Builder::new(limits), tree);
    assert_eq!(fits(&nested(2)), Ok(()));
    assert_eq!(fits(&nested(3)), Err(Excess::Depth));
    let items = |count| Tree::Array(vec![Tree::Boolean(true); count]);
    assert_eq!(fits(&items(3)), Ok(()), "the list itself is the fourth");
    assert_eq!(fits(&items(4)), Err(Excess::Items));
    assert_eq!(fits(&Tree::Bytes(vec![0; 5])), Ok(()));
    assert_eq!(fits(&Tree::Bytes(vec![0; 6])), Err(Excess::Bytes));
}
