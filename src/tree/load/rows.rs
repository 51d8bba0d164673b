//! Rows on their way from thread to thread.

/// Some rows: their bytes one after the other, and where each ends.
#[derive(Debug, Default)]
pub struct RowBatch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RowBatch {
    /// Bytes of rows that are handed on at once; with the last row a batch may be longer.
    pub const BYTES: usize = 1 << 20;

    /// An empty batch with room for [`RowBatch::BYTES`].
    pub fn new() -> RowBatch {
        RowBatch { bytes: Vec::with_capacity(RowBatch::BYTES + RowBatch::BYTES / 8), ends: Vec::with_capacity(4096) }
    }

    /// A batch of this row alone, which is not copied.
    pub fn of(row: Vec<u8>) -> RowBatch {
        RowBatch { ends: vec![row.len()], bytes: row }
    }

    /// Adds a row.
    pub fn push(&mut self, row: &[u8]) {
        self.bytes.extend_from_slice(row);
        self.ends.push(self.bytes.len());
    }

    /// Adds the row that `write` appends to the buffer; none if it fails.
    ///
    /// # Errors
    /// What `write` returns.
    pub fn push_by<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let start = self.bytes.len();
        let written = write(&mut self.bytes);
        match written {
            Ok(()) => self.ends.push(self.bytes.len()),
            Err(_) => self.bytes.truncate(start),
        }
        written
    }

    /// Whether it is time to hand it on.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= RowBatch::BYTES
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    /// The bytes from `start`, so many.
    pub(super) fn slice(&self, start: usize, len: usize) -> &[u8] {
        &self.bytes[start..start + len]
    }

    /// Empties it and keeps its buffers, unless a long row made them large.
    pub(super) fn recycled(mut self) -> Option<RowBatch> {
        if self.bytes.capacity() > 2 * RowBatch::BYTES {
            return None;
        }
        self.bytes.clear();
        self.ends.clear();
        Some(self)
    }
}
