//! A table as a plain map, and its way into a tree and back.

use super::memory::Memory;
use dbsnap::codec::{KeyOrder, KeySpec, Value, row};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{NewObjects, Objects};
use dbsnap::tree::{BuildOptions, Builder, Built, Cursor, Diff, Difference, Entry, Extent, Sorter, TreeError};
use std::collections::BTreeMap;

/// Rows by key, with counts.
pub type Model = BTreeMap<Vec<u8>, (Vec<u8>, u64)>;

/// A table whose first column is the key.
pub fn keyed() -> KeySpec {
    KeySpec::columns(vec![(0, KeyOrder::Storage)])
}

pub fn key(spec: &KeySpec, row: &[u8]) -> Vec<u8> {
    let mut key = Vec::new();
    spec.key_of(row, &mut key).unwrap();
    key
}

/// A small generator of numbers that are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize]
    }

    pub fn text(&mut self, len: u64) -> Value {
        Value::Text((0..len).map(|_| b'a' + self.roll(26) as u8).collect())
    }
}

/// A row of five columns with the key `id`; about 100 bytes, give or take a third.
pub fn some_row(id: u64, dice: &mut Dice) -> Vec<u8> {
    let len = 40 + dice.roll(60);
    row::encode(&[
        Value::Int(id as i64),
        dice.text(len),
        if dice.roll(4) == 0 { Value::Null } else { Value::Int(dice.roll(1000) as i64) },
        Value::Real(dice.roll(1000) as f64 / 8.0),
        Value::Text(format!("2026-01-{:02} 10:{:02}:00", 1 + dice.roll(28), dice.roll(60)).into_bytes()),
    ])
}

pub fn table(rows: u64, dice: &mut Dice) -> Model {
    let spec = keyed();
    (0..rows).map(|id| some_row(id * 7, dice)).map(|row| (key(&spec, &row), (row, 1))).collect()
}

/// How large the table is that `model` stands for.
pub fn extent(model: &Model) -> Extent {
    model.values().fold(Extent::default(), |sum, (row, count)| Extent {
        rows: sum.rows + count,
        row_bytes: sum.row_bytes + count * row.len() as u64,
    })
}

/// Builds the tree of `model`.
pub fn build(store: &dyn NewObjects, spec: &KeySpec, previous: &[Hash], model: &Model) -> Built {
    build_with(store, spec, previous, model, BuildOptions::new(&Silent))
}

/// As [`build`], with differences from the first of `previous` noted.
pub fn build_noting(store: &Memory, spec: &KeySpec, previous: &[Hash], model: &Model) -> Built {
    let dir = tempfile::tempdir().unwrap();
    let options = BuildOptions { differences: Some(dir.path()), ..BuildOptions::new(&Silent) };
    let built = build_with(store, spec, previous, model, options);
    // They outlive the directory: their file has no name.
    assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0);
    built
}

fn build_with(
    store: &dyn NewObjects,
    spec: &KeySpec,
    previous: &[Hash],
    model: &Model,
    options: BuildOptions<'_>,
) -> Built {
    std::thread::scope(|scope| {
        let mut builder = Builder::new(scope, store, spec, previous, extent(model), options);
        for (key, (row, count)) in model {
            builder.push(key, row, *count).unwrap();
        }
        builder.finish().unwrap()
    })
}

/// Builds through a sorter, rows in the order given.
pub fn build_sorted<'r>(
    store: &Memory,
    spec: &KeySpec,
    rows: impl Iterator<Item = &'r [u8]>,
    budget: usize,
) -> Result<Built, TreeError> {
    let mut sorter = Sorter::new(spec.clone(), &std::env::temp_dir(), budget);
    for row in rows {
        sorter.push(row)?;
    }
    let sorted = sorter.finish()?;
    std::thread::scope(|scope| {
        let mut builder = Builder::new(scope, store, spec, &[], sorted.extent(), BuildOptions::new(&Silent));
        builder.push_sorted(sorted)?;
        builder.finish()
    })
}

/// Reads a tree back, with threads that read ahead or without.
pub fn read(store: &dyn Objects, spec: &KeySpec, root: &Hash, ahead: bool) -> Result<Model, TreeError> {
    std::thread::scope(|scope| {
        let mut cursor =
            if ahead { Cursor::ahead(scope, store, spec, root, 2)? } else { Cursor::new(store, spec, root)? };
        let mut model = Model::new();
        while let Some(entry) = cursor.next_entry()? {
            assert_eq!(entry.id, Hash::of(entry.row));
            model.insert(entry.key.to_vec(), (entry.row.to_vec(), entry.count));
        }
        Ok(model)
    })
}

/// A difference, owned: key, older row and count, newer row and count.
pub type Owned = (Vec<u8>, Option<(Vec<u8>, u64)>, Option<(Vec<u8>, u64)>);

pub fn diff(store: &Memory, spec: &KeySpec, old: &Hash, new: &Hash) -> Result<Vec<Owned>, TreeError> {
    let mut diff = Diff::new(store, spec, old, new);
    let mut all = Vec::new();
    while let Some(difference) = diff.next_difference()? {
        all.push(owned(&difference));
    }
    Ok(all)
}

pub fn owned(difference: &Difference<'_>) -> Owned {
    let version = |entry: &Entry<'_>| Some((entry.row.to_vec(), entry.count));
    match difference {
        Difference::Added(new) => (new.key.to_vec(), None, version(new)),
        Difference::Removed(old) => (old.key.to_vec(), version(old), None),
        Difference::Changed { old, new } => (new.key.to_vec(), version(old), version(new)),
    }
}

/// What the maps themselves say differs.
pub fn model_diff(old: &Model, new: &Model) -> Vec<Owned> {
    let keys: std::collections::BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
    let entries = keys.into_iter().map(|key| (key.clone(), old.get(key).cloned(), new.get(key).cloned()));
    entries.filter(|(_, old, new)| old != new).collect()
}
