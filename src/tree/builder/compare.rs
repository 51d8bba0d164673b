//! What differs between a new leaf and the tree before it: counted, and written down if somebody wants to know.

use super::batch::Batch;
use super::change::Change;
use crate::hash::Hash;
use crate::tree::cursor::{Entry, check_place};
use crate::tree::differences::Notes;
use crate::tree::leaf::{Entries, LeafHasher};
use crate::tree::walk::Position;
use crate::tree::{Flaw, TreeError};
use std::cmp::Ordering;
use std::ops::Range;

/// Compares one new leaf with older ones, which come in key order.
pub(super) struct Comparison<'b> {
    batch: &'b Batch,
    lower: &'b [u8],
    upper: &'b [u8],
    /// The next entry of the new leaf that is not compared yet.
    next: usize,
    change: Change,
    noting: Option<Noting<'b>>,
}

/// What writing down needs.
pub(super) struct Noting<'b> {
    /// Where it goes.
    pub(super) notes: Notes<'b>,
    /// The ids of the new leaf's rows.
    pub(super) ids: &'b [Hash],
}

/// Two entries with one key, or one that has no other: positions in the older and in the new leaf.
type Pair = (Option<usize>, Option<usize>);

impl<'b> Comparison<'b> {
    /// Of the leaf `batch`, whose keys are from `lower` to below `upper` (empty: no bound).
    pub(super) fn new(
        batch: &'b Batch,
        lower: &'b [u8],
        upper: &'b [u8],
        noting: Option<Noting<'b>>,
    ) -> Comparison<'b> {
        Comparison { batch, lower, upper, next: 0, change: Change::default(), noting }
    }

    /// The keys of the new leaf are from the first to below the second (empty: no bound).
    pub(super) fn bounds(&self) -> (&'b [u8], &'b [u8]) {
        (self.lower, self.upper)
    }

    /// The next older leaf is the new one.
    pub(super) fn same(&mut self) {
        self.next = self.batch.len();
    }

    /// Compares with the next older leaf, that at `place`, of which only what is within the bounds counts.
    ///
    /// # Errors
    /// If differences are written down and `older` is not what its id or its place says, or the disk refuses.
    pub(super) fn leaf(&mut self, older: &Entries, place: &Position) -> Result<(), TreeError> {
        let mut at = older.at_or_above(self.lower);
        let until = if self.upper.is_empty() { older.len() } else { older.at_or_above(self.upper) };
        let mut differing: Vec<Pair> = Vec::new();
        // Rows that do not differ have the ids of the new ones.
        let mut known: Vec<Option<Hash>> = vec![None; if self.noting.is_some() { older.len() } else { 0 }];
        while at < until {
            let order = match self.next < self.batch.len() {
                true => self.batch.key(self.next).cmp(older.key(at)),
                false => Ordering::Greater,
            };
            let pair = match order {
                Ordering::Less => (None, Some(self.next)),
                Ordering::Greater => (Some(at), None),
                Ordering::Equal => (Some(at), Some(self.next)),
            };
            if self.count(older, pair) {
                differing.push(pair);
            } else if let (Some(known), Some(noting)) = (known.get_mut(at), &self.noting) {
                *known = noting.ids.get(self.next).copied();
            }
            at += usize::from(pair.0.is_some());
            self.next += usize::from(pair.1.is_some());
        }
        if let Some(noting) = &mut self.noting {
            let ids = verify(older, place, known)?;
            for (old, new) in differing {
                let old = old.map(|at| old_entry(older, &ids, at));
                noting.notes.add(old, new.map(|at| new_entry(self.batch, noting.ids, at)))?;
            }
        }
        Ok(())
    }

    /// Counts what a pair differs in; whether it does.
    fn count(&mut self, older: &Entries, pair: Pair) -> bool {
        let mut change = Change::default();
        match pair {
            (None, Some(new)) => change.added = self.batch.count(new),
            (Some(old), None) => change.removed = older.leaf().count(old),
            (Some(at), Some(index)) => {
                let (new, old) = (self.batch.count(index), older.leaf().count(at));
                change.added = new.saturating_sub(old);
                change.removed = old.saturating_sub(new);
                change.changed = u64::from(self.batch.row(index) != older.leaf().row(at));
            }
            (None, None) => {}
        }
        let differs = !change.is_empty();
        if differs {
            self.change.add(change);
        }
        differs
    }

    /// What differs, all older leaves compared: what is left of the new one was added. Where it is written down, if it
    /// is.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn finish(mut self) -> Result<(Change, Vec<Range<u64>>), TreeError> {
        for index in self.next..self.batch.len() {
            self.change.add(Change { added: self.batch.count(index), ..Change::default() });
            if let Some(noting) = &mut self.noting {
                noting.notes.add(None, Some(new_entry(self.batch, noting.ids, index)))?;
            }
        }
        let pieces = self.noting.map_or(Ok(Vec::new()), |noting| noting.notes.finish())?;
        Ok((self.change, pieces))
    }
}

fn new_entry<'b>(batch: &'b Batch, ids: &[Hash], at: usize) -> Entry<'b> {
    let row = batch.row(at);
    let id = ids.get(at).copied().unwrap_or_else(|| Hash::of(row));
    Entry { key: batch.key(at), id, row, count: batch.count(at) }
}

fn old_entry<'e>(older: &'e Entries, ids: &[Hash], at: usize) -> Entry<'e> {
    let row = older.leaf().row(at);
    let id = ids.get(at).copied().unwrap_or_else(|| Hash::of(row));
    Entry { key: older.key(at), id, row, count: older.leaf().count(at) }
}

/// The ids of an older leaf's rows, by which it is verified to be the leaf that its place names. Those that are not
/// `known` are taken.
fn verify(older: &Entries, place: &Position, known: Vec<Option<Hash>>) -> Result<Vec<Hash>, TreeError> {
    let row = |at: usize| older.leaf().row(at);
    let unknown: Vec<&[u8]> = known.iter().enumerate().filter(|(_, id)| id.is_none()).map(|(at, _)| row(at)).collect();
    let mut taken = Hash::of_each(&unknown).into_iter();
    let ids: Vec<Hash> = known.into_iter().filter_map(|id| id.or_else(|| taken.next())).collect();
    let mut hasher = LeafHasher::new(older.leaf().is_multiset());
    ids.iter().enumerate().for_each(|(at, id)| hasher.entry(id, older.leaf().count(at)));
    if hasher.finish() != place.id {
        return Err(Flaw::Id.of(place.id));
    }
    check_place(older, place)?;
    Ok(ids)
}
