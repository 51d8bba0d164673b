//! The tables of the database that is snapshotted: few rows, and few states that they go to and fro between.
//!
//! The rows of a state are the same in every story, so what they are is computed once.

use crate::tree::model::{Dice, Model, extent, key};
use dbsnap::codec::{Column, Key, KeyColumn, KeyOrder, KeySource, KeySpec, Kind, TableName, TableSchema, Value, row};
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::NewObjects;
use dbsnap::tree::{BuildOptions, Builder, Built, TreeError};
use std::sync::LazyLock;

/// `copy` has the rows of `small`: the same leaves, in tables with histories of their own. `bag` has no key. `wide` has
/// rows so long that it has several leaves.
pub const NAMES: [&str; 4] = ["small", "copy", "bag", "wide"];
pub const STATES: usize = 6;
pub const BAG: usize = 2;
const WIDE: usize = 3;
/// Bits of a state that change rows.
const BITS: u64 = 3;

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| (0..NAMES.len()).map(Table::new).collect());

pub struct Table {
    pub name: TableName,
    pub spec: KeySpec,
    /// The schema's object.
    pub schema: Vec<u8>,
    /// For each state all rows, and those that pass the filter.
    states: Vec<[Model; 2]>,
}

pub fn table(number: usize) -> &'static Table {
    &TABLES[number]
}

impl Table {
    fn new(number: usize) -> Table {
        let name = TableName::bare(NAMES[number]);
        let keyed = Key::Columns {
            source: KeySource::Primary,
            columns: vec![KeyColumn { column: 0, order: KeyOrder::Storage }],
        };
        let column = |name: &str, kind| Column {
            name: name.to_owned(),
            sql_type: "X".to_owned(),
            kind,
            array: false,
            nullable: false,
            default: None,
            identity: None,
            collation: None,
        };
        let schema = TableSchema {
            table: name.clone(),
            columns: vec![column("id", Kind::Int), column("v", Kind::Text), column("w", Kind::Int)],
            generated: Vec::new(),
            key: if number == BAG { Key::Rows } else { keyed },
            foreign_keys: Vec::new(),
            unique: Vec::new(),
        };
        let spec = schema.key_spec();
        let states = (0..STATES as u64).map(|state| {
            let rows = rows(number, state);
            let entries = |filtered: bool| {
                let mut model = Model::new();
                for (_, row) in rows.iter().filter(|(id, _)| !filtered || id % 3 != 0) {
                    model.entry(key(&spec, row)).or_insert_with(|| (row.clone(), 0)).1 += 1;
                }
                model
            };
            [entries(false), entries(true)]
        });
        Table { name, states: states.collect(), schema: serde_json::to_vec(&schema).unwrap(), spec }
    }

    pub fn rows(&self, state: usize, filtered: bool) -> &Model {
        &self.states[state % STATES][usize::from(filtered)]
    }

    /// Builds the tree of a state. One worker, so that the same story is the same operations in the same order.
    pub fn build(
        &self,
        objects: &dyn NewObjects,
        previous: &[Hash],
        state: usize,
        filtered: bool,
    ) -> Result<Built, TreeError> {
        let rows = self.rows(state, filtered);
        let options = BuildOptions { threads: 1, ..BuildOptions::new(&Silent) };
        std::thread::scope(|scope| {
            let mut builder = Builder::new(scope, objects, &self.spec, previous, extent(rows), options);
            for (key, (row, count)) in rows {
                builder.push(key, row, *count)?;
            }
            builder.finish()
        })
    }
}

/// Rows with their ids. The bits of a state say which of three pairs of rows have other values; the last states have
/// fewer rows, or more.
fn rows(number: usize, state: u64) -> Vec<(u64, Vec<u8>)> {
    let (ids, len) = match number {
        WIDE => (0..6, 60_000),
        BAG => (0..40 + state / 5, 40),
        _ => (0..12 + 6 * (state / 5), 40),
    };
    let is_there = |id: &u64| state != 4 || id % 5 != 2;
    let row = |id: u64| {
        let version = if id < 2 * BITS { (state >> (id / 2)) & 1 } else { 0 };
        let mut dice = Dice(id * 2 + version);
        // Forty letters that do not compress, and then, in long rows, what does.
        let mut text = dice.text(40);
        if let Value::Text(text) = &mut text {
            text.resize(len, b'-');
        }
        let id = if number == BAG { id / 3 } else { id };
        (id, row::encode(&[Value::Int(id as i64), text, Value::Int(7)]))
    };
    ids.filter(is_there).map(row).collect()
}
