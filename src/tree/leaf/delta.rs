//! Deltas: a leaf told by what it shares with leaves stored before it.

use super::ops::{Head, Op, OpWriter};
use super::patch::{PatchReader, PatchWriter};
use super::{Leaf, rowblock, whole};
use crate::codec::CodecError;
use crate::hash::Hash;
use crate::tree::{Flaw, TreeError};
use crate::wire::{Reader, put_uvarint};
use std::sync::Arc;

/// Where an entry of a new leaf can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tree) enum EntrySource {
    /// Nowhere.
    New,
    /// Entry `at` of candidate `source` has the same row.
    Same {
        /// Which candidate.
        source: u32,
        /// Which of its entries.
        at: u32,
    },
    /// Entry `at` of candidate `source` has the same key but another row.
    Changed {
        /// Which candidate.
        source: u32,
        /// Which of its entries.
        at: u32,
    },
}

/// A leaf that a delta may draw on.
#[derive(Debug)]
pub(in crate::tree) struct Candidate {
    /// Its id.
    pub(in crate::tree) id: Hash,
    /// Its [`Leaf::weight`].
    pub(in crate::tree) weight: u64,
    /// The leaf itself; needed only where rows of it are patched.
    pub(in crate::tree) leaf: Option<Arc<Leaf>>,
}

/// Objects that have to be read for one delta, at most. Well below what a reader accepts.
const MOST_WEIGHT: u64 = 16_384;

/// Writes one delta.
pub(in crate::tree) struct DeltaWriter<'r> {
    ops: OpWriter,
    literals: Vec<&'r [u8]>,
    patches: PatchWriter<'r>,
    candidates: &'r [Candidate],
    sources: Vec<Hash>,
    weight: u64,
    /// By candidate: its number among the sources, once it is one.
    numbers: Vec<Option<usize>>,
}

impl<'r> DeltaWriter<'r> {
    /// A writer before the first entry.
    pub(in crate::tree) fn new(candidates: &'r [Candidate]) -> DeltaWriter<'r> {
        DeltaWriter {
            ops: OpWriter::default(),
            literals: Vec::new(),
            patches: PatchWriter::default(),
            candidates,
            sources: Vec::new(),
            weight: 1,
            numbers: vec![None; candidates.len()],
        }
    }

    /// Adds the next entry: `row`, which can be had from `origin`.
    ///
    /// # Errors
    /// If a row is not canonical.
    pub(in crate::tree) fn entry(&mut self, row: &'r [u8], origin: EntrySource) -> Result<(), CodecError> {
        let (source, at, changed) = match origin {
            EntrySource::New => {
                self.literal(row);
                return Ok(());
            }
            EntrySource::Same { source, at } => (source as usize, at as usize, false),
            EntrySource::Changed { source, at } => (source as usize, at as usize, true),
        };
        let candidate = &self.candidates[source];
        let told = self.numbers[source].is_some() || self.weight.saturating_add(candidate.weight) <= MOST_WEIGHT;
        let told = told
            && match &candidate.leaf {
                _ if !changed => true,
                Some(leaf) => self.patches.add(leaf.row(at), row)?,
                None => false,
            };
        if !told {
            self.literal(row);
            return Ok(());
        }
        let number = *self.numbers[source].get_or_insert_with(|| {
            self.weight += candidate.weight;
            self.sources.push(candidate.id);
            self.sources.len() - 1
        });
        self.ops.sourced(number, at, changed);
        Ok(())
    }

    fn literal(&mut self, row: &'r [u8]) {
        self.literals.push(row);
        self.ops.literal();
    }

    /// Rows that are not in any source.
    pub(in crate::tree) fn literals(&self) -> usize {
        self.literals.len()
    }

    /// The bytes of the delta. `counts` has one count per entry in a multiset.
    ///
    /// # Errors
    /// If a row is not canonical or rows have different numbers of values.
    pub(in crate::tree) fn finish(self, counts: Option<&[u64]>) -> Result<Vec<u8>, CodecError> {
        let mut out = vec![u8::from(counts.is_some())];
        put_uvarint(&mut out, self.sources.len() as u64);
        for source in &self.sources {
            out.extend_from_slice(source.as_bytes());
        }
        self.ops.finish(&mut out);
        whole::put_counts(counts, &mut out);
        if !self.literals.is_empty() {
            rowblock::put(self.literals.iter().copied(), &mut out)?;
        }
        self.patches.finish(&mut out);
        Ok(out)
    }
}

/// The leaf that the delta `id` with these bytes tells; its id is not checked. `load` gives the decoded source of a
/// number.
///
/// # Errors
/// If the bytes are not those of a delta against these sources, or a source cannot be had.
pub(super) fn decode(
    id: Hash,
    bytes: &[u8],
    mut load: impl FnMut(&Hash, usize) -> Result<Arc<Leaf>, TreeError>,
) -> Result<Leaf, TreeError> {
    let flawed = |flaw: Flaw| flaw.of(id);
    let mut reader = Reader::new(bytes);
    let head = Head::read(&mut reader).map_err(flawed)?;
    let counts = whole::read_counts(&mut reader, head.multiset, head.entries).map_err(flawed)?;
    let (mut own, mut ends) = (Vec::new(), Vec::new());
    if head.literals > 0 {
        rowblock::read(&mut reader, head.literals, &mut own, &mut ends).map_err(flawed)?;
    }
    let patches = PatchReader::read(&mut reader, head.patched).map_err(flawed)?;
    reader.end().map_err(|wire| flawed(wire.into()))?;
    let leaf = Leaf { multiset: head.multiset, counts, buffers: vec![Arc::default()], weight: 1, ..Leaf::default() };
    let mut maker = Maker { leaf, own, ends, taken: 0, patches };
    let mut ops = head.ops();
    let (mut number, mut position) = (0, 0);
    let mut source: Option<(Arc<Leaf>, Buffers)> = None;
    while let Some(op) = ops.next_op().map_err(flawed)? {
        match op {
            Op::Literal(made) => maker.literals(made).map_err(flawed)?,
            Op::Move(to, at) => {
                if to != number {
                    source = None;
                }
                (number, position) = (to, at);
            }
            Op::Copy(made) | Op::Patch(made) => {
                let (from, buffers) = match &mut source {
                    Some(source) => source,
                    None => {
                        let from = load(&head.sources[number], number)?;
                        if from.multiset != head.multiset {
                            return Err(flawed(Flaw::Shape("a delta draws on a leaf of another kind of table")));
                        }
                        maker.leaf.depth = maker.leaf.depth.max(from.depth + 1);
                        let buffers = Buffers(vec![None; from.buffers.len()]);
                        source.insert((from, buffers))
                    }
                };
                let patch = matches!(op, Op::Patch(_));
                maker.take(from, buffers, position, made, patch).map_err(flawed)?;
                position += made;
            }
        }
    }
    Ok(maker.finish())
}

/// By buffer of a source: the number it has in the leaf being made.
struct Buffers(Vec<Option<usize>>);

/// Puts a leaf together from literals, sources and patches.
struct Maker<'a> {
    leaf: Leaf,
    /// Literal rows, then patched ones: what becomes buffer 0.
    own: Vec<u8>,
    /// Ends of literal rows in `own`.
    ends: Vec<usize>,
    taken: usize,
    patches: PatchReader<'a>,
}

impl Maker<'_> {
    fn literals(&mut self, made: usize) -> Result<(), Flaw> {
        for _ in 0..made {
            let start = if self.taken == 0 { 0 } else { self.ends[self.taken - 1] };
            let end = *self.ends.get(self.taken).ok_or(Flaw::Shape("there are too few literal rows"))?;
            self.leaf.push(0, start, end - start)?;
            self.taken += 1;
        }
        Ok(())
    }

    fn take(&mut self, from: &Leaf, buffers: &mut Buffers, at: usize, made: usize, patch: bool) -> Result<(), Flaw> {
        if at.checked_add(made).is_none_or(|end| end > from.len()) {
            return Err(Flaw::Shape("a delta copies beyond the end of its source"));
        }
        for span in &from.spans[at..at + made] {
            let shared = &from.buffers[span.buffer as usize];
            let start = span.start as usize;
            if patch {
                let begin = self.own.len();
                self.patches.apply(&shared[start..start + span.len as usize], &mut self.own)?;
                self.leaf.push(0, begin, self.own.len() - begin)?;
            } else {
                let number = *buffers.0[span.buffer as usize].get_or_insert_with(|| {
                    self.leaf.buffers.push(Arc::clone(shared));
                    self.leaf.buffers.len() - 1
                });
                self.leaf.push(number, start, span.len as usize)?;
            }
        }
        if self.leaf.buffers.len() > 64 {
            // Many sources, little from each: copy, so that they need not all stay in memory.
            self.gather(buffers);
        }
        Ok(())
    }

    /// Copies rows out of shared buffers into a new one, keeping buffer 0 for what is still to be made.
    fn gather(&mut self, buffers: &mut Buffers) {
        let mut all = Vec::new();
        for span in self.leaf.spans.iter_mut().filter(|span| span.buffer != 0) {
            let start = span.start as usize;
            let moved = all.len();
            all.extend_from_slice(&self.leaf.buffers[span.buffer as usize][start..start + span.len as usize]);
            *span = super::Span { buffer: 1, start: u32::try_from(moved).unwrap_or(u32::MAX), len: span.len };
        }
        self.leaf.buffers.truncate(1);
        self.leaf.buffers.push(Arc::new(all));
        buffers.0.fill(None);
    }

    fn finish(mut self) -> Leaf {
        self.leaf.buffers[0] = Arc::new(self.own);
        self.leaf.compact();
        self.leaf
    }
}
