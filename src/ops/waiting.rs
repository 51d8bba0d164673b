//! Rows that wait until there are enough of them to ask the database whether a filter holds for them.

use super::OpError;
use crate::db::DbError;
use crate::hash::Hash;
use crate::tree::Entry;

/// Rows, and bytes of them, that are asked about at once.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 1 << 20;

/// Tells for each row whether the filter holds.
pub(super) type Judge<'j> = dyn FnMut(&[&[u8]]) -> Result<Vec<bool>, DbError> + 'j;

/// A row that waits.
pub(super) struct Kept {
    pub key: Vec<u8>,
    pub id: Hash,
    pub row: Vec<u8>,
    pub count: u64,
}

impl Kept {
    /// It, as it came.
    pub fn entry(&self) -> Entry<'_> {
        Entry { key: &self.key, id: self.id, row: &self.row, count: self.count }
    }
}

/// Both versions of a row.
pub(super) type Versions = (Option<Kept>, Option<Kept>);

/// Rows that wait.
#[derive(Default)]
pub(super) struct Waiting {
    rows: Vec<Versions>,
    bytes: usize,
}

impl Waiting {
    /// Takes one more.
    pub fn push(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) {
        let mut kept = |entry: Entry<'_>| {
            self.bytes += entry.key.len() + entry.row.len();
            Kept { key: entry.key.to_vec(), id: entry.id, row: entry.row.to_vec(), count: entry.count }
        };
        let versions = (old.map(&mut kept), new.map(&mut kept));
        self.rows.push(versions);
    }

    /// Whether it is time to ask.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    /// All of them; none wait any longer.
    pub fn take(&mut self) -> Vec<Versions> {
        self.bytes = 0;
        std::mem::take(&mut self.rows)
    }
}

/// For both versions of each row whether the filter holds; not of one that is not there, or that `asks` leaves out.
pub(super) fn held(
    rows: &[Versions],
    judge: &mut Judge<'_>,
    asks: impl Fn(&Kept, &Versions) -> bool,
) -> Result<Vec<(bool, bool)>, OpError> {
    let mut all: Vec<&[u8]> = Vec::new();
    for both in rows {
        let kept = [&both.0, &both.1].into_iter().flatten().filter(|kept| asks(kept, both));
        all.extend(kept.map(|kept| kept.row.as_slice()));
    }
    let told = if all.is_empty() { Vec::new() } else { judge(&all)? };
    let mut told = told.into_iter();
    let mut next = |version: &Option<Kept>, both| {
        version.as_ref().is_some_and(|kept| asks(kept, both)) && told.next().unwrap_or(false)
    };
    Ok(rows.iter().map(|both| (next(&both.0, both), next(&both.1, both))).collect())
}
