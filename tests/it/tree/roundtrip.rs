//! What is built can be read back, and the same rows have the same root.

use super::memory::Memory;
use super::model::{Dice, Model, build, build_sorted, diff, extent, key, keyed, model_diff, read, some_row, table};
use dbsnap::codec::{KeySpec, Value, row};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::tree::{BuildOptions, Builder, Extent, Finder, Sorter, TreeError, empty_id};
use proptest::prelude::*;

#[test]
fn a_table_comes_back() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(20_000, &mut Dice(1));
    let built = build(&store, &spec, &[], &model);
    assert_eq!(built.totals.rows, 20_000);
    assert_eq!(built.totals.row_bytes, model.values().map(|(row, _)| row.len() as u64).sum::<u64>());
    assert_eq!((built.new_leaves, built.change), (built.leaves, None));
    assert_eq!(built.stored_bytes, store.stored_bytes());
    assert!(built.leaves > 3);
    for ahead in [false, true] {
        assert!(read(&store, &spec, &built.root, ahead).unwrap() == model);
    }
    let (wanted, entry) = model.iter().nth(777).unwrap();
    let found = Finder::new(&store).find(&spec, &built.root, wanted).unwrap().unwrap();
    assert_eq!((found.row(), found.count()), (&entry.0[..], entry.1));
    assert!(Finder::new(&store).find(&spec, &built.root, b"\x11").unwrap().is_none());
}

#[test]
fn an_empty_table_has_a_root() {
    let (store, spec) = (Memory::default(), keyed());
    let built = build(&store, &spec, &[], &Model::new());
    assert_eq!(built.root, empty_id(false));
    assert!(read(&store, &spec, &built.root, true).unwrap().is_empty());
}

#[test]
fn any_order_of_arrival_gives_the_same_root() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(30_000, &mut Dice(2));
    let root = build(&store, &spec, &[], &model).root;
    let mut rows: Vec<&[u8]> = model.values().map(|(row, _)| row.as_slice()).collect();
    let mut dice = Dice(3);
    for budget in [64 << 20, 1 << 20] {
        assert_eq!(build_sorted(&store, &spec, rows.iter().copied(), budget).unwrap().root, root);
        for last in (1..rows.len()).rev() {
            rows.swap(last, dice.roll(last as u64 + 1) as usize);
        }
        assert_eq!(build_sorted(&store, &spec, rows.iter().copied(), budget).unwrap().root, root);
    }
}

#[test]
fn two_rows_with_one_key_are_refused() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(4);
    let mut rows: Vec<Vec<u8>> = (0..20_000).map(|id| some_row(id, &mut dice)).collect();
    rows.push(some_row(5, &mut dice));
    for budget in [64 << 20, 1 << 20] {
        let built = build_sorted(&store, &spec, rows.iter().map(Vec::as_slice), budget);
        assert!(matches!(built, Err(TreeError::DuplicateKey)));
    }
}

#[test]
fn a_multiset_counts_equal_rows() {
    let (store, spec) = (Memory::default(), KeySpec::rows());
    let mut dice = Dice(5);
    let rows: Vec<Vec<u8>> = (0..40_000).map(|_| row::encode(&[Value::Int(dice.roll(9000) as i64)])).collect();
    let mut model = Model::new();
    for row in &rows {
        model.entry(key(&spec, row)).or_insert((row.clone(), 0)).1 += 1;
    }
    let root = build(&store, &spec, &[], &model).root;
    for budget in [64 << 20, 1 << 20] {
        let built = build_sorted(&store, &spec, rows.iter().map(Vec::as_slice), budget).unwrap();
        assert_eq!(built.root, root);
        assert_eq!((built.totals.rows, built.totals.entries), (40_000, model.len() as u64));
    }
    assert!(read(&store, &spec, &root, true).unwrap() == model);
}

#[test]
fn rows_without_columns_and_one_long_row() {
    let store = Memory::default();
    let built = build_sorted(&store, &KeySpec::rows(), [&[][..]; 5].into_iter(), 1 << 20).unwrap();
    assert_eq!((built.totals.rows, built.totals.entries), (5, 1));
    assert_eq!(read(&store, &KeySpec::rows(), &built.root, false).unwrap().len(), 1);
    let long = row::encode(&[Value::Int(3), Value::Blob(vec![7; 9 << 20])]);
    let mut dice = Dice(6);
    let mut rows: Vec<Vec<u8>> = (10..9000).map(|id| some_row(id, &mut dice)).collect();
    rows.insert(4000, long);
    let built = build_sorted(&store, &keyed(), rows.iter().map(Vec::as_slice), 1 << 20).unwrap();
    assert_eq!(read(&store, &keyed(), &built.root, true).unwrap().len(), rows.len());
}

#[test]
fn rows_out_of_order_are_refused() {
    let (store, spec) = (Memory::default(), keyed());
    std::thread::scope(|scope| {
        let options = BuildOptions::new(&Silent);
        let mut builder = Builder::new(scope, &store, &spec, &[], Extent::default(), options);
        builder.push(b"b", &[0], 1).unwrap();
        assert!(matches!(builder.push(b"a", &[0], 1), Err(TreeError::OutOfOrder)));
        assert!(matches!(builder.push(b"c", &[0], 1), Err(TreeError::Stopped)));
        assert!(matches!(builder.finish(), Err(TreeError::Stopped)));
    });
}

#[test]
fn a_verification_has_the_same_root_and_an_interrupted_build_none() {
    struct Impatient;
    impl dbsnap::monitor::Monitor for Impatient {
        fn interrupted(&self) -> bool {
            true
        }
    }
    let (store, spec) = (Memory::default(), keyed());
    let model = table(9000, &mut Dice(7));
    let built = build(&store, &spec, &[], &model);
    let verify = |monitor: &dyn dbsnap::monitor::Monitor| {
        std::thread::scope(|scope| {
            let mut builder = Builder::verification(scope, &spec, extent(&model), BuildOptions::new(monitor));
            for (key, (row, count)) in &model {
                builder.push(key, row, *count)?;
            }
            builder.finish()
        })
    };
    let verification = verify(&Silent).unwrap();
    assert_eq!((verification.root, verification.totals, verification.leaves), (built.root, built.totals, built.leaves));
    assert_eq!(verification.stored_bytes, 0);
    assert!(matches!(verify(&Impatient), Err(TreeError::Interrupted)));
}

#[test]
fn sorting_leaves_no_file_behind_and_needs_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(directory.path()).unwrap().count();
    let mut dice = Dice(8);
    let mut sorter = Sorter::new(keyed(), directory.path(), 0);
    for id in (0..20_000).rev() {
        sorter.push(&some_row(id, &mut dice)).unwrap();
    }
    assert_eq!(sorter.rows(), 20_000);
    let mut sorted = sorter.finish().unwrap();
    assert!(sorted.next_record().unwrap().is_some());
    drop(sorted);
    assert_eq!(files(), 0);
    let mut sorter = Sorter::new(keyed(), &directory.path().join("gone"), 0);
    let pushed: Result<(), TreeError> = (0..20_000).try_for_each(|id| sorter.push(&some_row(id, &mut dice)));
    assert!(matches!(pushed, Err(TreeError::Io { .. })));
}

/// Values of every class, so that columns mix them.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Int),
        any::<u64>().prop_map(|bits| Value::Real(f64::from_bits(bits))),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Blob),
    ]
}

fn any_table() -> impl Strategy<Value = std::collections::BTreeMap<u16, Vec<Value>>> {
    proptest::collection::btree_map(0..300u16, proptest::collection::vec(any_value(), 3), 0..60)
}

fn model_of(table: &std::collections::BTreeMap<u16, Vec<Value>>, spec: &KeySpec) -> Model {
    let mut model = Model::new();
    for (id, values) in table {
        let mut all = if spec.is_multiset() { vec![] } else { vec![Value::Int(i64::from(*id))] };
        all.extend_from_slice(values);
        let row = row::encode(&all);
        let count = if spec.is_multiset() { u64::from(*id % 3) + 1 } else { 1 };
        model.insert(key(spec, &row), (row, count));
    }
    model
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn chains_of_any_tables_come_back(tables in proptest::collection::vec(any_table(), 1..6), multiset: bool) {
        let spec = if multiset { KeySpec::rows() } else { keyed() };
        let store = Memory::default();
        let mut roots: Vec<Hash> = Vec::new();
        let models: Vec<Model> = tables.iter().map(|table| model_of(table, &spec)).collect();
        for model in &models {
            let alone = build(&Memory::default(), &spec, &[], model);
            let previous: Vec<Hash> = roots.iter().rev().copied().collect();
            let built = build(&store, &spec, &previous, model);
            prop_assert_eq!(built.root, alone.root);
            roots.push(built.root);
        }
        for (root, model) in roots.iter().zip(&models) {
            prop_assert!(read(&store, &spec, root, true).unwrap() == *model);
        }
        for (old, new) in [(0, models.len() - 1), (models.len() - 1, 0)] {
            let found = diff(&store, &spec, &roots[old], &roots[new]).unwrap();
            prop_assert_eq!(found, model_diff(&models[old], &models[new]));
        }
    }
}
