//! Updates of unique columns, in an order in which no two rows ever have the same value.
//!
//! A row that takes a value from another waits until that one has given it up. Where rows wait for each other in a circle, one
//! of them steps aside: it gets a value that no row has, and its own when the others are done. All such rows are kept in memory; rows
//! whose unique columns do not change never come here.

use crate::codec::{Key, TableSchema, UniqueIndex, Value, ValueRef, row};
use crate::db::PatchWriter;
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
    /// Rows that have stepped aside.
    parked: u32,
}

struct Unique {
    columns: Vec<usize>,
    conditional: bool,
}

struct Move {
    key: String,
    set: Vec<(usize, Value)>,
    /// For each index whose columns change: what the row gives up and what it takes. `None` for values with NULL, of which there can be many,
    /// and where nobody can tell.
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
            Some(columns) => Unique { columns, conditional: index.conditional },
            // a generated column, which may depend on any
            None => Unique { columns: (0..schema.columns.len()).collect(), conditional: true },
        };
        let indexes =
            schema.unique.iter().map(unique).filter(|index| index.conditional || index.columns != key).collect();
        Swaps { schema, writer, indexes, key, moves: Vec::new(), taken: HashSet::new(), parked: 0 }
    }

    /// Keeps an update if it changes a unique value; whether it did.
    pub fn take(&mut self, key: &str, old: &[ValueRef<'_>], new: &[ValueRef<'_>], changed: &[usize]) -> bool {
        let touched: Vec<usize> = (0..self.indexes.len())
            .filter(|&at| self.indexes[at].columns.iter().any(|column| changed.contains(column)))
            .collect();
        if touched.is_empty() {
            return false;
        }
        let value = |at: usize, values| {
            Some(&self.indexes[at]).filter(|index| !index.conditional).and_then(|index| tuple(&index.columns, values))
        };
        let tuples = touched.iter().map(|&at| (at, value(at, old), value(at, new))).collect();
        let mut set: Vec<(usize, Value)> = changed.iter().map(|&at| (at, new[at].to_owned())).collect();
        for index in touched.iter().map(|&at| &self.indexes[at]).filter(|index| index.conditional) {
            // what gives way need not be what changes
            if !changed.iter().any(|&at| index.columns.contains(&at) && self.free(at, 0).is_some()) {
                let other = index.columns.iter().find(|&&at| self.free(at, 0).is_some());
                set.extend(other.filter(|&&at| !changed.contains(&at)).map(|&at| (at, new[at].to_owned())));
            }
        }
        self.moves.push(Move { key: key.to_owned(), set, tuples, done: false });
        true
    }

    /// Makes a row that is deleted only later give up unique values that an update takes; to be called when all updates are kept.
    ///
    /// # Errors
    /// What `write` returns.
    pub fn vacate<E>(
        &mut self,
        key: &str,
        old: &[ValueRef<'_>],
        write: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
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
        let held: Vec<usize> = (0..self.indexes.len()).filter(is_taken).collect();
        if held.is_empty() {
            return Ok(());
        }
        self.parked += 1;
        let columns = self.indexes.iter().flat_map(|index| &index.columns).copied();
        let leaves = Move {
            key: key.to_owned(),
            set: columns.map(|at| (at, Value::Null)).collect(),
            tuples: held.into_iter().map(|index| (index, None, None)).collect(),
            done: false,
        };
        write(&self.aside(&leaves, self.parked))
    }

    /// Gives `write` the statements of all updates that were kept.
    ///
    /// # Errors
    /// What `write` returns.
    pub fn finish<E>(mut self, write: &mut dyn FnMut(&str) -> Result<(), E>) -> Result<(), E> {
        for one in &self.moves {
            if one.tuples.iter().any(|(index, ..)| self.indexes[*index].conditional) {
                self.parked += 1;
                write(&self.aside(one, self.parked))?;
            }
        }
        let mut holders: HashMap<(usize, Hash), usize> = HashMap::new();
        for (at, one) in self.moves.iter().enumerate() {
            for (index, gives, _) in &one.tuples {
                if let Some(gives) = gives {
                    holders.insert((*index, *gives), at);
                }
            }
        }
        let mut ready: VecDeque<usize> = VecDeque::new();
        let mut next = 0;
        let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut waits = vec![0usize; self.moves.len()];
        for (at, one) in self.moves.iter().enumerate() {
            for (index, _, takes) in &one.tuples {
                let holder = takes.and_then(|takes| holders.get(&(*index, takes)));
                if let Some(&holder) = holder.filter(|holder| **holder != at) {
                    waiting.entry(holder).or_default().push(at);
                    waits[at] += 1;
                }
            }
            if waits[at] == 0 {
                ready.push_back(at);
            }
        }
        loop {
            let Some(at) = ready.pop_front() else {
                while self.moves.get(next).is_some_and(|one| one.done) {
                    next += 1;
                }
                let Some(one) = self.moves.get(next) else { return Ok(()) };
                let number = self.parked + 1;
                write(&self.aside(one, number))?;
                self.parked = number;
                release(&mut waiting, &mut waits, &mut ready, next);
                next += 1;
                continue;
            };
            let one = &mut self.moves[at];
            if one.done {
                continue;
            }
            one.done = true;
            let set: Vec<(usize, ValueRef<'_>)> = one.set.iter().map(|(at, value)| (*at, value.as_ref())).collect();
            write(&self.writer.update(self.schema, &one.key, &set))?;
            release(&mut waiting, &mut waits, &mut ready, at);
        }
    }

    /// The statement that gives a row values that no row has.
    fn aside(&self, one: &Move, number: u32) -> String {
        let mut set: Vec<(usize, Value)> = Vec::new();
        for (index, ..) in &one.tuples {
            let Unique { columns, conditional } = &self.indexes[*index];
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
        self.writer.update(self.schema, &one.key, &set)
    }

    /// A value for the column at `at` that no row has, if there is one for any table and the row is not found by that column.
    fn free(&self, at: usize, number: u32) -> Option<Value> {
        let column = self.schema.columns.get(at).filter(|_| !self.key.contains(&at))?;
        self.writer.parked(column, number)
    }
}

/// What waited for the row at `at` waits for one less.
fn release(waiting: &mut HashMap<usize, Vec<usize>>, waits: &mut [usize], ready: &mut VecDeque<usize>, at: usize) {
    for waiter in waiting.remove(&at).unwrap_or_default() {
        waits[waiter] -= 1;
        if waits[waiter] == 0 {
            ready.push_back(waiter);
        }
    }
}

fn tuple(columns: &[usize], values: &[ValueRef<'_>]) -> Option<Hash> {
    let mut found = Vec::with_capacity(columns.len());
    for &at in columns {
        match *values.get(at)? {
            ValueRef::Null => return None,
            value => found.push(value.to_owned()),
        }
    }
    Some(Hash::of(&row::encode(&found)))
}
