//! What differs between two trees, in numbers.

/// How many rows differ from an older tree. In a multiset a row is added or removed as often as its count grew or
/// shrank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// Rows whose keys the older tree does not have.
    pub added: u64,
    /// Rows whose keys the older tree has with other values; none in a multiset.
    pub changed: u64,
    /// Rows whose keys only the older tree has.
    pub removed: u64,
}

impl Change {
    /// Adds `other`.
    pub(super) fn add(&mut self, other: Change) {
        self.added = self.added.saturating_add(other.added);
        self.changed = self.changed.saturating_add(other.changed);
        self.removed = self.removed.saturating_add(other.removed);
    }

    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}
