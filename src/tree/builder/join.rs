//! Which rows of a new leaf older leaves hold: both are in key order, so they are joined like two sorted lists.

use super::batch::Batch;
use crate::hash::Hash;
use crate::tree::leaf::{Candidate, Entries, EntrySource};
use std::cmp::Ordering;
use std::sync::Arc;

/// Bytes of older leaves kept because rows of them may be patched.
const MOST_KEPT: u64 = 16 * 1024 * 1024;

/// Finds origins for the entries of one new leaf.
pub(super) struct Join<'b> {
    batch: &'b Batch,
    origins: Vec<EntrySource>,
    candidates: Vec<Candidate>,
    kept: u64,
    /// Entries for which no older leaf with the same row was found yet.
    missing: usize,
}

impl<'b> Join<'b> {
    /// Nothing looked at yet.
    pub(super) fn new(batch: &'b Batch) -> Join<'b> {
        let origins = vec![EntrySource::New; batch.len()];
        Join { batch, origins, candidates: Vec::new(), kept: 0, missing: batch.len() }
    }

    /// Entries that no older leaf was found to hold.
    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    /// The keys between the first and the last entry that is missing.
    pub(super) fn missing_range(&self) -> Option<(&'b [u8], &'b [u8])> {
        let is_missing = |origin: &EntrySource| !matches!(origin, EntrySource::Same { .. });
        let first = self.origins.iter().position(is_missing)?;
        let last = self.origins.iter().rposition(is_missing)?;
        Some((self.batch.key(first), self.batch.key(last)))
    }

    /// Whether any missing entry has a key from `lower` to below `upper` (empty: no bound).
    pub(super) fn misses_within(&self, lower: &[u8], upper: &[u8]) -> bool {
        let from = self.batch.at_or_above(lower, 0);
        let until = if upper.is_empty() { self.batch.len() } else { self.batch.at_or_above(upper, from) };
        self.origins[from..until].iter().any(|origin| !matches!(origin, EntrySource::Same { .. }))
    }

    /// Takes origins from `older`, the leaf `id`; returns how many entries it holds that were missing before.
    pub(super) fn take(&mut self, id: Hash, older: &Entries) -> usize {
        let Ok(source) = u32::try_from(self.candidates.len()) else { return 0 };
        let leaf = older.leaf();
        let may_patch = self.kept + leaf.row_bytes() <= MOST_KEPT;
        let (mut found, mut patched) = (0, false);
        let (mut at, mut index) = (0, 0);
        if let Some(first) = self.batch.last_key().and_then(|_| (!older.is_empty()).then(|| self.batch.key(0))) {
            at = older.at_or_above(first);
            index = if at < older.len() { self.batch.at_or_above(older.key(at), 0) } else { self.batch.len() };
        }
        while at < older.len() && index < self.batch.len() {
            match self.batch.key(index).cmp(older.key(at)) {
                Ordering::Less => index += 1,
                Ordering::Greater => at += 1,
                Ordering::Equal => {
                    let place = u32::try_from(at).unwrap_or(u32::MAX);
                    let origin = &mut self.origins[index];
                    if !matches!(origin, EntrySource::Same { .. }) {
                        if self.batch.row(index) == leaf.row(at) {
                            *origin = EntrySource::Same { source, at: place };
                            found += 1;
                        } else if *origin == EntrySource::New && may_patch {
                            *origin = EntrySource::Changed { source, at: place };
                            patched = true;
                        }
                    }
                    index += 1;
                    at += 1;
                }
            }
        }
        if found > 0 || patched {
            let kept = patched.then(|| Arc::clone(leaf));
            self.kept += kept.as_ref().map_or(0, |leaf| leaf.row_bytes());
            self.candidates.push(Candidate { id, weight: leaf.weight(), leaf: kept });
            self.missing -= found;
        }
        found
    }

    /// The leaves to draw on and, by entry, where it can be had.
    pub(super) fn finish(self) -> (Vec<Candidate>, Vec<EntrySource>) {
        (self.candidates, self.origins)
    }
}
