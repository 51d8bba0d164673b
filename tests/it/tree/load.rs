//! Loading: whatever the order in which rows come, the tree is the same, and nothing else is left.

use super::memory::Memory;
use super::model::{Dice, Model, build, key, keyed};
use dbsnap::codec::{Value, row};
use dbsnap::monitor::Silent;
use dbsnap::store::{NewObjects, TrialObjects};
use dbsnap::tree::{BuildOptions, Built, LoadOptions, Loader, TreeError};

/// Loads `rows`; also says whether they were built while they came.
fn load(store: &Memory, rows: &[Vec<u8>]) -> Result<(Built, bool), TreeError> {
    let trial: Box<dyn TrialObjects + '_> = store.trial();
    let scratch = tempfile::tempdir().unwrap();
    let options = LoadOptions {
        build: BuildOptions::new(&Silent),
        scratch: scratch.path(),
        budget: 30 << 20,
        trial: Some(&*trial),
    };
    let loaded = std::thread::scope(|scope| {
        let mut loader = Loader::new(scope, store, &keyed(), &[], options);
        rows.iter().try_for_each(|row| loader.push(row))?;
        loader.finish()
    })?;
    if loaded.on_trial {
        trial.keep();
    }
    Ok((loaded.built, loaded.on_trial))
}

/// Loads `rows` and holds the tree and what the store then has against a tree built of the sorted rows.
fn check(rows: &[Vec<u8>], built_on_the_way: bool) {
    let model: Model = rows.iter().map(|row| (key(&keyed(), row), (row.clone(), 1))).collect();
    let (expected, loaded) = (Memory::default(), Memory::default());
    let plain = build(&expected, &keyed(), &[], &model);
    let (built, on_trial) = load(&loaded, rows).unwrap();
    assert_eq!((built.root, built.totals, built.leaves), (plain.root, plain.totals, plain.leaves));
    assert_eq!(on_trial, built_on_the_way);
    let (mut ours, mut theirs) = (loaded.ids(), expected.ids());
    ours.sort_unstable();
    theirs.sort_unstable();
    assert_eq!(ours, theirs);
    assert_eq!(built.stored_bytes, loaded.stored_bytes());
}

/// A row with a text of `least` to twice as many characters.
fn row_of(id: i64, least: u64, dice: &mut Dice) -> Vec<u8> {
    let len = least + dice.roll(least);
    row::encode(&[Value::Int(id), Value::Int(dice.roll(1000) as i64), dice.text(len)])
}

/// Rows of about a kilobyte with ascending ids, 20 MB of them.
fn ascending(dice: &mut Dice) -> Vec<Vec<u8>> {
    (0..20_000).map(|id| row_of(id * 3, 660, dice)).collect()
}

#[test]
fn rows_nearly_in_order_are_built_while_they_come() {
    let mut dice = Dice(31);
    let mut rows = ascending(&mut dice);
    check(&rows, true);
    // Neighbours change places, and some rows come long before their turn.
    for at in (0..rows.len() - 40).step_by(37) {
        rows.swap(at, at + 1 + dice.roll(39) as usize);
    }
    for _ in 0..50 {
        let row = rows.remove(10_000 + dice.roll(9_000) as usize);
        rows.insert(dice.roll(9_000) as usize, row);
    }
    check(&rows, true);
}

#[test]
fn rows_that_come_too_late_are_merged_with_what_was_built() {
    let mut dice = Dice(32);
    let mut rows = ascending(&mut dice);
    let first = rows.remove(0);
    rows.push(first);
    check(&rows, false);
    for _ in 0..200 {
        let row = rows.remove(dice.roll(15_000) as usize);
        rows.push(row);
    }
    check(&rows, false);
}

#[test]
fn rows_in_any_order_are_sorted() {
    let mut dice = Dice(33);
    let mut rows = ascending(&mut dice);
    for at in (1..rows.len()).rev() {
        rows.swap(at, dice.roll(at as u64 + 1) as usize);
    }
    check(&rows, false);
    rows.truncate(5000);
    check(&rows, false);
}

#[test]
fn a_wrong_guess_is_made_good() {
    let mut dice = Dice(34);
    let mut rows = ascending(&mut dice);
    // A kilobyte each in the beginning, a hundred bytes in the end: other cuts than the beginning lets one guess.
    rows.extend((0..60_000).map(|id| row_of(1_000_000 + id, 60, &mut dice)));
    check(&rows, false);
}

#[test]
fn a_key_that_comes_twice_is_found_wherever_it_comes() {
    let rows = ascending(&mut Dice(35));
    for (from, to) in [(100, 101), (100, 3000), (3000, 12_000), (100, 19_999), (19_000, 0)] {
        let mut rows = rows.clone();
        let again = rows[from].clone();
        rows.insert(to, again);
        assert!(matches!(load(&Memory::default(), &rows), Err(TreeError::DuplicateKey)), "{from} {to}");
    }
}
