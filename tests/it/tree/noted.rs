//! What a builder notes of differences is what a walk over both trees finds.

use super::memory::Memory;
use super::model::{Dice, Model, Owned, build, build_noting, diff, key, keyed, model_diff, owned, some_row, table};
use crate::support::sweep;
use dbsnap::codec::{KeySpec, RowReader, Value, row};
use dbsnap::hash::Hash;
use dbsnap::store::Objects;
use dbsnap::tree::{Built, LEAF, TreeError};

fn noted(built: &Built, old: &Hash, new: &Hash) -> Vec<Owned> {
    let differences = built.differences.as_ref().unwrap();
    let mut noted = differences.between(old, new).unwrap();
    let mut all = Vec::new();
    while let Some(difference) = noted.next_difference().unwrap() {
        all.push(owned(&difference));
    }
    all
}

/// Builds both, and holds what was noted, both ways, against the maps and against a walk.
fn check(spec: &KeySpec, old: &Model, new: &Model, what: &str) {
    let store = Memory::default();
    let first = build(&store, spec, &[], old);
    let built = build_noting(&store, spec, &[first.root], new);
    assert_eq!(built.root, build(&Memory::default(), spec, &[], new).root, "{what}");
    let (there, back) = (model_diff(old, new), model_diff(new, old));
    assert!(noted(&built, &first.root, &built.root) == there, "{what}");
    assert!(noted(&built, &built.root, &first.root) == back, "{what}: back");
    assert!(diff(&store, spec, &first.root, &built.root).unwrap() == there, "{what}: walk");
    let counted = built.change.unwrap();
    let count = |pick: fn(&Owned) -> u64| there.iter().map(pick).sum::<u64>();
    let grown =
        |one: &Owned| one.2.as_ref().map_or(0, |new| new.1).saturating_sub(one.1.as_ref().map_or(0, |old| old.1));
    let shrunk =
        |one: &Owned| one.1.as_ref().map_or(0, |old| old.1).saturating_sub(one.2.as_ref().map_or(0, |new| new.1));
    let changed = |one: &Owned| match one {
        (_, Some(old), Some(new)) => u64::from(old.0 != new.0),
        _ => 0,
    };
    assert_eq!(
        (counted.added, counted.removed, counted.changed),
        (count(grown), count(shrunk), count(changed)),
        "{what}"
    );
}

/// `model` with rows changed, lost, doubled and added, singly and in runs.
fn mutated(spec: &KeySpec, model: &Model, dice: &mut Dice) -> Model {
    let mut next = Model::new();
    let one_in = [2, 10, 100, 5000][dice.roll(4) as usize];
    let (mut run, mut op) = (0, 0);
    for (row, count) in model.values() {
        if run == 0 && dice.roll(one_in) == 0 {
            run = if dice.roll(20) == 0 { dice.roll(3000) } else { 1 };
            op = dice.roll(4);
        }
        let (mut row, mut count) = (row.clone(), *count);
        if run > 0 {
            run -= 1;
            match op {
                0 => continue,
                1 if spec.is_multiset() => count = 1 + dice.roll(4),
                2 => {
                    let other = some_row(1_000_000 + dice.roll(1 << 40), dice);
                    next.insert(key(spec, &other), (other, 1));
                }
                _ => {
                    let mut values: Vec<Value> = RowReader::new(&row).map(|value| value.unwrap().to_owned()).collect();
                    let longer = dice.roll(300);
                    values[1] = dice.text(longer);
                    row = row::encode(&values);
                }
            }
        }
        next.insert(key(spec, &row), (row, count));
    }
    next
}

#[test]
fn what_is_noted_is_what_a_walk_finds() {
    for seed in 0..sweep::seeds(10) {
        let mut dice = Dice(seed);
        let spec = if seed % 3 == 0 { KeySpec::rows() } else { keyed() };
        let rows = [0, 1, 300, 9000, 25_000][dice.roll(5) as usize];
        let mut model = Model::new();
        for (row, _) in table(rows, &mut dice).into_values() {
            let count = if spec.is_multiset() { 1 + dice.roll(3) } else { 1 };
            model.insert(key(&spec, &row), (row, count));
        }
        let next = mutated(&spec, &model, &mut dice);
        check(&spec, &model, &next, &format!("seed {seed}"));
    }
}

#[test]
fn everything_may_differ_and_nothing() {
    let mut dice = Dice(61);
    let (model, other) = (table(12_000, &mut dice), table(12_000, &mut dice));
    let empty = Model::new();
    for spec in [keyed(), KeySpec::rows()] {
        let rekeyed = |model: &Model| -> Model {
            model.values().map(|(row, count)| (key(&spec, row), (row.clone(), *count))).collect()
        };
        let (model, other) = (rekeyed(&model), rekeyed(&other));
        for (old, new) in [(&model, &other), (&model, &model), (&model, &empty), (&empty, &model), (&empty, &empty)] {
            check(&spec, old, new, "whole tables");
        }
    }
}

#[test]
fn they_are_those_of_two_trees_and_of_no_others() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(3000, &mut Dice(62));
    let first = build(&store, &spec, &[], &model);
    let mut next = model.clone();
    next.pop_first();
    let built = build_noting(&store, &spec, &[first.root], &next);
    let differences = built.differences.unwrap();
    assert!(differences.between(&first.root, &built.root).is_some());
    assert!(differences.between(&first.root, &first.root).is_none());
    assert!(differences.between(&built.root, &Hash::of(b"another")).is_none());
    // Nothing to compare with, or nobody asked.
    assert!(build_noting(&store, &spec, &[], &next).differences.is_none());
    assert!(build(&store, &spec, &[first.root], &next).differences.is_none());
}

/// The leaf of an older tree is not what its id says, but is what the new rows are: no difference could be seen.
#[test]
fn what_is_compared_with_is_proven() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(63);
    let model = table(10_000, &mut dice);
    let first = build(&store, &spec, &[], &model);
    let before = store.ids();
    let mut next = model.clone();
    let changed = some_row(35_000, &mut dice);
    next.insert(key(&spec, &changed), (changed, 1));
    let second = Memory::default();
    let plain = build(&second, &spec, &[], &next);
    let leaves =
        |store: &Memory| -> Vec<Hash> { store.ids().into_iter().filter(|id| store.kind(id) == Some(LEAF)).collect() };
    let old: Vec<Hash> = leaves(&store).into_iter().filter(|id| !second.contains(id)).collect();
    let new: Vec<Hash> = leaves(&second).into_iter().filter(|id| !before.contains(id)).collect();
    assert_eq!((old.len(), new.len()), (1, 1));
    store.forge(old[0], LEAF, &second.get(&new[0]).unwrap().bytes);
    let built = build_noting(&store, &spec, &[first.root], &next);
    assert_eq!(built.root, plain.root);
    assert!(built.change.is_none() && built.differences.is_none());
    assert!(matches!(diff(&store, &spec, &first.root, &built.root), Err(TreeError::Corrupt { .. })));
}
