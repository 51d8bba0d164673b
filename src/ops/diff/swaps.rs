//! Updates of unique columns, in an order in which no two rows ever have the same value.
//!
//! A row that takes a value from another waits until that one has given it up. Where rows wait for each other in a
//! circle, the patch takes the index off for as long as it runs, or, in SQLite, a unique value is parked: its row gets a
//! value that no row has, and its own when the others are done. All such rows are kept in memory; rows whose unique
//! columns do not change never come here.

use crate::codec::{Key, TableSchema, UniqueIndex, Value, ValueRef, row};
use crate::db::{Crossing, PatchWriter};
use crate::hash::Hash;
use std::collections::{HashMap, HashSet, VecDeque};

/// Updates that wait for each other.
pub(super) struct Swaps<'w> {
    schema: &'w TableSchema,
    writer: &'w dyn PatchWriter,
    /// Each unique index beyond the key.
    indexes: Vec<Unique>,
    /// Positions of the key's columns: a row is found by them, so it keeps them.
    key: Vec<usize>,
    moves: Vec<Move>,
    /// Unique values that an update takes, once somebody has asked.
    taken: HashSet<(usize, Hash)>,
    /// Rows whose unique values are parked.
    parked: u32,
    /// Indexes that no order passes, and that are taken off.
    off: HashSet<usize>,
    /// Columns that change.
    changed: HashSet<usize>,
}

struct Unique {
    name: String,
    columns: Vec<usize>,
    conditional: bool,
}

struct Move {
    /// What picks the row by its key, and as it was before anything was done to it.
    key: String,
    picked: String,
    is_parked: bool,
    set: Vec<(usize, Value)>,
    /// For each index whose columns change: what the row gives up and what it takes. `None` for values with NULL, of
    /// which there can be many, and where nobody can tell.
    tuples: Vec<(usize, Option<Hash>, Option<Hash>)>,
    done: bool,
}

impl<'w> Swaps<'w> {
    /// No updates yet.
    pub fn new(schema: &'w TableSchema, writer: &'w dyn PatchWriter) -> Swaps<'w> {
        let place = |name: &str| schema.columns.iter().position(|column| column.name == *name);
        let key: Vec<usize> = match schema.key {
            Key::Columns { .. } => schema.key_names().into_iter().filter_map(place).collect(),
            Key::Rows => Vec::new(),
        };
        let unique = |index: &UniqueIndex| match index.columns.iter().map(|name| place(name)).collect() {
            Some(columns) => {
                let columns: Vec<usize> = columns;
                let is_told =
                    |at: &usize| schema.columns.get(*at).is_some_and(|column| writer.is_equal_by_value(column));
                let conditional = index.conditional || !columns.iter().all(is_told);
                Unique { name: index.name.clone(), columns, conditional }
            }
            // a generated column, which may depend on any
            None => {
                Unique { name: index.name.clone(), columns: (0..schema.columns.len()).collect(), conditional: true }
            }
        };
        let indexes =
            schema.unique.iter().map(unique).filter(|index| index.conditional || index.columns != key).collect();
        Swaps {
            schema,
            writer,
            indexes,
            key,
            moves: Vec::new(),
            taken: HashSet::new(),
            parked: 0,
            off: HashSet::new(),
            changed: HashSet::new(),
        }
    }

    /// Whether an update of these columns changes a unique value.
    pub fn keeps(&self, changed: &[usize]) -> bool {
        self.indexes.iter().any(|index| index.columns.iter().any(|column| changed.contains(column)))
    }

    /// Keeps an update if it changes a unique value. `picks` gives what picks the row by its key, and as it was.
    pub fn take(
        &mut self,
        picks: impl FnOnce() -> (String, String),
        old: &[ValueRef<'_>],
        new: &[ValueRef<'_>],
        changed: &[usize],
    ) {
        self.changed.extend(changed);
        let touched: Vec<usize> = (0..self.indexes.len())
            .filter(|&at| self.indexes[at].columns.iter().any(|column| changed.contains(column)))
            .collect();
        if touched.is_empty() {
            return;
        }
        let value = |at: usize, values| {
            Some(&self.indexes[at]).filter(|index| !index.conditional).and_then(|index| tuple(&index.columns, values))
        };
        let tuples = touched.iter().map(|&at| (at, value(at, old), value(at, new))).collect();
        let mut set: Vec<(usize, Value)> = changed.iter().map(|&at| (at, new[at].to_owned())).collect();
        for index in touched.iter().map(|&at| &self.indexes[at]).filter(|index| index.conditional) {
            // that what changes gives way need not be enough (`ON t (owner) WHERE is_default`)
            let others = index.columns.iter().filter(|&&at| !changed.contains(&at) && self.free(at, 0).is_some());
            let others: Vec<usize> = others.filter(|at| set.iter().all(|(have, _)| have != *at)).copied().collect();
            set.extend(others.into_iter().map(|at| (at, new[at].to_owned())));
        }
        let (key, picked) = picks();
        self.moves.push(Move { key, picked, is_parked: false, set, tuples, done: false });
    }

    /// What is in the way of the updates; to be asked when all are kept.
    pub fn crossing(&mut self) -> Crossing {
        if self.writer.drops_indexes() {
            let touched = self.moves.iter().flat_map(|one| one.tuples.iter().map(|(index, ..)| *index));
            let conditional: Vec<usize> = touched.filter(|&index| self.indexes[index].conditional).collect();
            self.off.extend(conditional);
            loop {
                let mut order = self.order();
                while let Some(at) = order.ready.pop_front() {
                    order.release(at);
                }
                let stuck = (0..self.moves.len()).filter(|&at| order.waits[at] > 0);
                let indexes: Vec<usize> =
                    stuck.flat_map(|at| self.moves[at].tuples.iter().map(|(index, ..)| *index)).collect();
                if indexes.is_empty() {
                    break;
                }
                self.off.extend(indexes);
            }
        }
        let name = |at: &usize| self.schema.columns.get(*at).map(|column| column.name.clone());
        Crossing {
            indexes: self.off.iter().map(|&index| self.indexes[index].name.clone()).collect(),
            columns: self.changed.iter().filter_map(name).collect(),
        }
    }

    /// A row is deleted only when all updates are done: an index by which it holds what one of them takes is in the
    /// way. To be called when all updates are kept.
    pub fn holds_on(&mut self, old: &[ValueRef<'_>]) {
        let held = self.held(old);
        self.off.extend(held);
    }

    /// The indexes by which a row has what an update takes.
    fn held(&mut self, old: &[ValueRef<'_>]) -> Vec<usize> {
        if self.taken.is_empty() {
            let takes = |one: &Move| {
                one.tuples.iter().filter_map(|(index, _, takes)| Some((*index, (*takes)?))).collect::<Vec<_>>()
            };
            self.taken = self.moves.iter().flat_map(takes).collect();
        }
        let moves = |index: usize| self.moves.iter().any(|one| one.tuples.iter().any(|(at, ..)| *at == index));
        let is_taken = |index: &usize| match self.indexes[*index].conditional {
            true => moves(*index),
            false => tuple(&self.indexes[*index].columns, old).is_some_and(|held| self.taken.contains(&(*index, held))),
        };
        (0..self.indexes.len()).filter(is_taken).collect()
    }

    /// Gives `write` the statements of all updates that were kept; returns how many they are.
    ///
    /// # Errors
    /// What `write` returns.
    pub fn finish<E>(&mut self, write: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<u64, E> {
        let mut statements = 0;
        for at in 0..self.moves.len() {
            let mut touched = self.moves[at].tuples.iter();
            if touched.any(|(index, ..)| self.indexes[*index].conditional && !self.off.contains(index)) {
                self.parked += 1;
                write(&self.park(&self.moves[at], self.parked))?;
                self.moves[at].is_parked = true;
                statements += 1;
            }
        }
        let mut order = self.order();
        let mut next = 0;
        loop {
            let Some(at) = order.ready.pop_front() else {
                while self.moves.get(next).is_some_and(|one| one.done) {
                    next += 1;
                }
                let Some(one) = self.moves.get(next) else { return Ok(statements) };
                let number = self.parked + 1;
                write(&self.park(one, number))?;
                self.parked = number;
                self.moves[next].is_parked = true;
                statements += 1;
                order.release(next);
                next += 1;
                continue;
            };
            let one = &mut self.moves[at];
            if one.done {
                continue;
            }
            one.done = true;
            let set: Vec<(usize, ValueRef<'_>)> = one.set.iter().map(|(at, value)| (*at, value.as_ref())).collect();
            let picked = if one.is_parked { &one.key } else { &one.picked };
            write(&self.writer.update(self.schema, picked, &set))?;
            statements += 1;
            order.release(at);
        }
    }

    /// Which updates wait for which, as far as their indexes stay.
    fn order(&self) -> Order {
        let mut holders: HashMap<(usize, Hash), Vec<usize>> = HashMap::new();
        let stays = |(index, ..): &&(usize, Option<Hash>, Option<Hash>)| !self.off.contains(index);
        for (at, one) in self.moves.iter().enumerate() {
            for (index, gives, _) in one.tuples.iter().filter(stays) {
                if let Some(gives) = gives {
                    holders.entry((*index, *gives)).or_default().push(at);
                }
            }
        }
        let mut order =
            Order { ready: VecDeque::new(), waiting: HashMap::new(), waits: vec![0usize; self.moves.len()] };
        for (at, one) in self.moves.iter().enumerate() {
            for (index, _, takes) in one.tuples.iter().filter(stays) {
                let holding = takes.and_then(|takes| holders.get(&(*index, takes)));
                for &holder in holding.into_iter().flatten().filter(|holder| **holder != at) {
                    order.waiting.entry(holder).or_default().push(at);
                    order.waits[at] += 1;
                }
            }
            if order.waits[at] == 0 {
                order.ready.push_back(at);
            }
        }
        order
    }

    /// The statement that gives a row values that no row has.
    fn park(&self, one: &Move, number: u32) -> String {
        let mut set: Vec<(usize, Value)> = Vec::new();
        for (index, ..) in &one.tuples {
            let Unique { columns, conditional, .. } = &self.indexes[*index];
            let columns = columns.iter().filter(|at| one.set.iter().any(|(changed, _)| changed == *at));
            let free = columns.filter_map(|&at| Some((at, self.free(at, number)?)));
            // where only the database can tell, all of them give way
            let mut free: Vec<(usize, Value)> = if *conditional { free.collect() } else { free.take(1).collect() };
            if free.is_empty() {
                // without any the statement would change nothing; the updates then fail and the patch with them
                free.extend(one.set.first().map(|(at, _)| (*at, Value::Null)));
            }
            for (at, value) in free {
                if !set.iter().any(|(have, _)| *have == at) {
                    set.push((at, value));
                }
            }
        }
        let set: Vec<(usize, ValueRef<'_>)> = set.iter().map(|(at, value)| (*at, value.as_ref())).collect();
        let picked = if one.is_parked { &one.key } else { &one.picked };
        self.writer.park(self.schema, picked, &set)
    }

    /// A value for the column at `at` that no row has, if there is one for any table and the row is not found by that
    /// column.
    fn free(&self, at: usize, number: u32) -> Option<Value> {
        let column = self.schema.columns.get(at).filter(|_| !self.key.contains(&at))?;
        self.writer.parked(column, number)
    }
}

/// Updates that wait for others.
struct Order {
    ready: VecDeque<usize>,
    waiting: HashMap<usize, Vec<usize>>,
    waits: Vec<usize>,
}

impl Order {
    /// What waited for the row at `at` waits for one less.
    fn release(&mut self, at: usize) {
        for waiter in self.waiting.remove(&at).unwrap_or_default() {
            self.waits[waiter] -= 1;
            if self.waits[waiter] == 0 {
                self.ready.push_back(waiter);
            }
        }
    }
}

/// What an index has of a row. Values that an index can take for equal (`a` and `A`, 1 and 1.0) give the same, whatever
/// this one does.
fn tuple(columns: &[usize], values: &[ValueRef<'_>]) -> Option<Hash> {
    let mut found = Vec::with_capacity(columns.len());
    for &at in columns {
        found.push(match *values.get(at)? {
            ValueRef::Null => return None,
            ValueRef::Text(text) => Value::Text(text.trim_ascii_end().to_ascii_lowercase()),
            #[expect(clippy::cast_precision_loss, reason = "neighbours may give the same")]
            ValueRef::Int(int) => Value::Real(int as f64),
            ValueRef::Real(real) => Value::Real(real + 0.0),
            value => value.to_owned(),
        });
    }
    Some(Hash::of(&row::encode(&found)))
}
