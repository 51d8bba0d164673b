//! What is not needed is not read, and what is needed can be told.

use super::memory::Memory;
use super::model::{Dice, Model, build, diff, keyed, model_diff, read, some_row, table};
use crate::support::sweep;
use dbsnap::hash::Hash;
use dbsnap::tree::{Cursor, DELTA, LEAF, NODE, Node, reach};
use std::collections::HashSet;

/// A tree of some dozens of leaves, and the same with one row changed.
fn two_trees(store: &Memory) -> ((Hash, Model), (Hash, Model)) {
    let (spec, mut dice) = (keyed(), Dice(11));
    let model = table(60_000, &mut dice);
    let first = build(store, &spec, &[], &model);
    assert!(first.leaves > 8);
    let mut next = model.clone();
    let place = next.values_mut().nth(14_444).unwrap();
    place.0 = some_row(14_444 * 7, &mut dice);
    let second = build(store, &spec, &[first.root], &next);
    ((first.root, model), (second.root, next))
}

#[test]
fn equal_subtrees_are_skipped_unread() {
    let (store, spec) = (Memory::default(), keyed());
    let ((old, old_model), (new, new_model)) = two_trees(&store);
    store.take_reads();
    assert_eq!(diff(&store, &spec, &old, &old).unwrap(), []);
    assert_eq!(store.take_reads(), 0);
    assert_eq!(diff(&store, &spec, &old, &new).unwrap(), model_diff(&old_model, &new_model));
    // The two roots (their kinds, then their nodes), and the two leaves.
    let reads = store.take_reads();
    assert!(reads <= 6, "{reads}");
}

#[test]
fn one_changed_row_makes_few_objects() {
    let store = Memory::default();
    let before = two_trees(&store);
    let spec = keyed();
    let objects = store.len();
    let mut next = before.1.1.clone();
    next.values_mut().nth(5).unwrap().0 = some_row(35, &mut Dice(12));
    build(&store, &spec, &[before.1.0], &next);
    assert!(store.len() - objects <= 3);
}

#[test]
fn a_changed_row_costs_the_same_after_many_snapshots_as_after_some() {
    let (store, spec, mut dice) = (Memory::default(), keyed(), Dice(15));
    let mut model = table(100, &mut dice);
    let mut roots = vec![build(&store, &spec, &[], &model).root];
    let change = |model: &mut Model, nth: usize, dice: &mut Dice| {
        model.values_mut().nth(nth % 100).unwrap().0 = some_row(nth as u64 % 100 * 7, dice);
    };
    for nth in 0..800 {
        change(&mut model, nth, &mut dice);
        roots.insert(0, build(&store, &spec, &roots[..1], &model).root);
    }
    let mut reads = |known: &[Hash]| {
        change(&mut model, 33, &mut dice);
        store.take_reads();
        build(&store, &spec, known, &model);
        store.take_reads()
    };
    let (some, all) = (reads(&roots[..100]), reads(&roots));
    assert!(all < some + some / 10, "{all} reads of 800 trees, {some} of 100");
}

#[test]
fn seeking_reads_only_the_way() {
    let (store, spec) = (Memory::default(), keyed());
    let ((root, model), _) = two_trees(&store);
    let keys: Vec<&Vec<u8>> = model.keys().collect();
    for ahead in [false, true] {
        store.take_reads();
        std::thread::scope(|scope| {
            let mut cursor = if ahead {
                Cursor::ahead(scope, &store, &spec, &root, 2).unwrap()
            } else {
                Cursor::new(&store, &spec, &root).unwrap()
            };
            for (from, until) in [(20_000, 20_100), (10, 1000), (29_990, 30_000), (0, 1), (77, 77)] {
                let end = keys.get(until).map_or(&[][..], |key| key.as_slice());
                cursor.seek(keys[from], end).unwrap();
                let mut seen = Vec::new();
                while let Some(entry) = cursor.next_entry().unwrap() {
                    seen.push(entry.key.to_vec());
                }
                let wanted: Vec<Vec<u8>> = keys[from..until].iter().map(|key| (*key).clone()).collect();
                assert!(seen == wanted, "{from}..{until}");
                assert!(cursor.next_entry().unwrap().is_none());
            }
        });
        let reads = store.take_reads();
        assert!(reads < 20, "{reads}");
    }
}

#[test]
fn everything_needed_is_told_and_nothing_else() {
    let (store, spec) = (Memory::default(), keyed());
    let ((old, _), (new, model)) = two_trees(&store);
    let mut seen = HashSet::new();
    let mut kinds = Vec::new();
    reach(&store, &new, &mut seen, |_, kind| kinds.push(kind)).unwrap();
    assert_eq!(kinds.len(), seen.len());
    for kind in [LEAF, DELTA, NODE] {
        assert!(kinds.contains(&kind));
    }
    assert!(!seen.contains(&old));
    let before = seen.len();
    reach(&store, &old, &mut seen, |_, _| ()).unwrap();
    assert_eq!(seen.len(), before + 1, "only the root differs: its changed leaf is a source of the new one");
    // Nothing else is needed ...
    let mut needed = HashSet::new();
    reach(&store, &new, &mut needed, |_, _| ()).unwrap();
    for id in store.ids() {
        if !needed.contains(&id) {
            store.remove(&id);
        }
    }
    assert!(read(&store, &spec, &new, true).unwrap() == model);
    // ... and everything is.
    for id in needed.into_iter().step_by(sweep::step()) {
        let frame = store.remove(&id).unwrap();
        assert!(reach(&store, &new, &mut HashSet::new(), |_, _| ()).is_err());
        assert!(read(&store, &spec, &new, true).is_err());
        dbsnap::store::NewObjects::put(&store, frame).unwrap();
    }
}

#[test]
fn golden_ids() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(20_000, &mut Dice(13));
    let built = build(&store, &spec, &[], &model);
    let node = Node::load(&store, built.root).unwrap();
    assert_eq!((node.level, node.children.len()), (1, 4));
    assert_eq!(built.root.short(), "a40e8435");
    assert_eq!(node.children[0].id.short(), "8f58d08c");
    assert_eq!(dbsnap::tree::empty_id(false).short(), "cd65a400");
    assert_eq!(dbsnap::tree::empty_id(true).short(), "317ab1b3");
    let tiny = build(&store, &spec, &[], &table(3, &mut Dice(14)));
    assert_eq!(tiny.root.to_hex(), "99692144d1318bd3aa628b1482bc372270a61197995f05b4ed7d8a749dd003ae");
}
