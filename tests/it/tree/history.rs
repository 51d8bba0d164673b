//! Rows that older trees hold are not stored again, and what changed is told.

use super::memory::Memory;
use super::model::{Dice, Model, build, diff, key, keyed, model_diff, read, some_row, table};
use dbsnap::codec::{KeySpec, RowReader, Value, row};
use dbsnap::hash::Hash;
use dbsnap::store::Objects;
use dbsnap::tree::{Change, DELTA, LEAF, Leaf, LeafReader};
use std::collections::HashSet;

/// `model` with the fourth column of about one row in `one_in` changed; how many were.
fn touched(model: &Model, one_in: u64, dice: &mut Dice) -> (Model, u64) {
    let (mut model, mut changed) = (model.clone(), 0);
    for (row, _) in model.values_mut() {
        if dice.roll(one_in) == 0 {
            let mut values: Vec<Value> = RowReader::new(row).map(|value| value.unwrap().to_owned()).collect();
            values[3] = Value::Real(dice.roll(1 << 40) as f64);
            *row = row::encode(&values);
            changed += 1;
        }
    }
    (model, changed)
}

#[test]
fn the_same_rows_again_store_nothing() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(10_000, &mut Dice(1));
    let first = build(&store, &spec, &[], &model);
    let again = build(&store, &spec, &[first.root], &model);
    assert_eq!((again.root, again.new_leaves, again.stored_bytes), (first.root, 0, 0));
    assert_eq!(again.change, Some(Change::default()));
}

#[test]
fn scattered_changes_cost_little_and_are_counted() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(2);
    let mut model = table(20_000, &mut dice);
    let first = build(&store, &spec, &[], &model);
    let mut root = first.root;
    for _ in 0..3 {
        let (next, changed) = touched(&model, 100, &mut dice);
        let built = build(&store, &spec, &[root], &next);
        assert_eq!(built.change, Some(Change { added: 0, changed, removed: 0 }));
        assert!(built.stored_bytes < 30 * changed, "{} bytes for {changed} rows", built.stored_bytes);
        assert_eq!(diff(&store, &spec, &root, &built.root).unwrap(), model_diff(&model, &next));
        assert!(read(&store, &spec, &built.root, true).unwrap() == next);
        (model, root) = (next, built.root);
    }
}

#[test]
fn additions_and_removals_are_counted() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(3);
    let model = table(30_000, &mut dice);
    let first = build(&store, &spec, &[], &model);
    let mut next = model.clone();
    let mut index = 0;
    next.retain(|_, _| {
        index += 1;
        // Single rows, runs longer than a leaf, the first row and the last.
        index % 500 != 1 && !(8000..14_000).contains(&index) && index != 30_000
    });
    let removed = (model.len() - next.len()) as u64;
    for id in (0..50_000).step_by(97).chain(300_000..304_000) {
        let row = some_row(id * 7 + 3, &mut dice);
        next.insert(key(&spec, &row), (row, 1));
    }
    let added = next.len() as u64 + removed - model.len() as u64;
    let built = build(&store, &spec, &[first.root], &next);
    assert_eq!(built.change, Some(Change { added, changed: 0, removed }));
    let back = build(&store, &spec, &[built.root], &model);
    assert_eq!((back.root, back.new_leaves), (first.root, 0));
    assert_eq!(back.change, Some(Change { added: removed, changed: 0, removed: added }));
    let emptied = build(&store, &spec, &[first.root], &Model::new());
    assert_eq!(emptied.change, Some(Change { added: 0, changed: 0, removed: 30_000 }));
    let filled = build(&store, &spec, &[emptied.root], &model);
    assert_eq!(filled.change, Some(Change { added: 30_000, changed: 0, removed: 0 }));
}

#[test]
fn counts_of_a_multiset_change() {
    let (store, spec) = (Memory::default(), KeySpec::rows());
    let row = |value: i64| row::encode(&[Value::Int(value)]);
    let model = |counts: &[(i64, u64)]| -> Model {
        counts.iter().map(|(value, count)| (key(&spec, &row(*value)), (row(*value), *count))).collect()
    };
    let old = build(&store, &spec, &[], &model(&[(1, 5), (2, 1), (3, 2)]));
    let new = build(&store, &spec, &[old.root], &model(&[(1, 2), (2, 4), (4, 7)]));
    assert_eq!(new.change, Some(Change { added: 3 + 7, changed: 0, removed: 3 + 2 }));
}

#[test]
fn a_filtered_snapshot_costs_next_to_nothing() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(4);
    let model = table(30_000, &mut dice);
    let first = build(&store, &spec, &[], &model);
    let filtered: Model = model.iter().step_by(37).map(|(key, row)| (key.clone(), row.clone())).collect();
    let built = build(&store, &spec, &[first.root], &filtered);
    let bytes: usize = filtered.values().map(|(row, _)| row.len()).sum();
    assert!(built.stored_bytes < bytes as u64 / 15, "{} of {bytes}", built.stored_bytes);
    assert!(read(&store, &spec, &built.root, true).unwrap() == filtered);
    // The next full snapshot has the filtered one for its parent: its rows are found in the tree before.
    let (next, _) = touched(&model, 1000, &mut dice);
    let full = build(&store, &spec, &[built.root, first.root], &next);
    assert!(full.stored_bytes < 20_000, "{}", full.stored_bytes);
    assert!(read(&store, &spec, &full.root, true).unwrap() == next);
}

#[test]
fn rows_of_any_older_tree_are_found() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(5);
    let mut roots = Vec::new();
    let mut whole = Model::new();
    // Each tree holds other rows of the same range.
    for part in 0..4 {
        let model: Model =
            (0..6000).map(|id| some_row(id * 4 + part, &mut dice)).map(|row| (key(&spec, &row), (row, 1))).collect();
        roots.push(build(&store, &spec, &[], &model).root);
        whole.extend(model);
    }
    let built = build(&store, &spec, &roots, &whole);
    // About three bytes for each row: none follows a row of the same leaf.
    assert!(built.stored_bytes < 80_000, "{}", built.stored_bytes);
    assert!(read(&store, &spec, &built.root, false).unwrap() == whole);
}

#[test]
fn long_chains_stay_bounded_and_readable() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(6);
    let mut model = table(1500, &mut dice);
    let mut roots = vec![build(&store, &spec, &[], &model).root];
    let first = store.stored_bytes();
    for _ in 0..80 {
        model = touched(&model, 50, &mut dice).0;
        let last = *roots.last().unwrap();
        roots.push(build(&store, &spec, &[last], &model).root);
    }
    assert!(read(&store, &spec, roots.last().unwrap(), false).unwrap() == model);
    let reader = LeafReader::new(&store, 64 << 20);
    let leaves: Vec<_> =
        store.ids().into_iter().filter(|id| [LEAF, DELTA].contains(&store.kind(id).unwrap())).collect();
    let depths: HashSet<u32> =
        leaves.iter().map(|id| reader.load(id).unwrap()).map(|leaf: std::sync::Arc<Leaf>| leaf.depth()).collect();
    assert_eq!(depths.into_iter().max(), Some(32));
    // 80 changes of 2 % of the rows each: 160 % of all rows changed one of five columns.
    assert!(store.stored_bytes() < first * 2, "{first} became {}", store.stored_bytes());
}

#[test]
fn a_damaged_parent_is_no_obstacle() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(7);
    let model = table(10_000, &mut dice);
    let first = build(&store, &spec, &[], &model);
    let (next, _) = touched(&model, 100, &mut dice);
    let lost = store.ids().into_iter().find(|id| store.kind(id) == Some(LEAF)).unwrap();
    store.remove(&lost).unwrap();
    let built = build(&store, &spec, &[first.root], &next);
    assert_eq!(built.change, None);
    assert!(read(&store, &spec, &built.root, true).unwrap() == next);
    let again = build(&store, &spec, &[first.root], &model);
    assert_eq!((again.root, again.new_leaves), (first.root, 1));
    assert!(read(&store, &spec, &again.root, true).unwrap() == model);
    let nothing = build(&store, &spec, &[Hash::of(b"gone")], &next);
    assert_eq!((nothing.root, nothing.change), (built.root, None));
}

#[test]
fn a_column_added_to_all_rows_is_stored_anew() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(3000, &mut Dice(8));
    let first = build(&store, &spec, &[], &model);
    let wider: Model =
        model.iter().map(|(key, (row, count))| (key.clone(), ([row.as_slice(), &[0]].concat(), *count))).collect();
    let built = build(&store, &spec, &[first.root], &wider);
    assert_eq!(built.change, Some(Change { added: 0, changed: 3000, removed: 0 }));
    assert!(read(&store, &spec, &built.root, true).unwrap() == wider);
}
