//! The operations of a delta: where its entries come from. `docs/FORMAT.md`, section 4.5.

use super::whole::read_flag;
use crate::hash::Hash;
use crate::tree::Flaw;
use crate::tree::splitter::MOST_ENTRIES;
use crate::wire::{Reader, put_ivarint, put_uvarint};
use std::collections::HashSet;

/// One operation. Counts are at least 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// The next entries are rows of the current source.
    Copy(usize),
    /// The next entries are literal rows.
    Literal(usize),
    /// The next entries are rows of the current source with some columns replaced.
    Patch(usize),
    /// Continue at this position of this source.
    Move(usize, usize),
}

/// Appends operations, runs merged, and remembers where the reader will stand.
#[derive(Debug, Default)]
pub(super) struct OpWriter {
    out: Vec<u8>,
    ops: u64,
    run: Option<(u64, usize)>,
    source: usize,
    position: usize,
}

const COPY: u64 = 0;
const LITERAL: u64 = 1;
const PATCH: u64 = 2;
const MOVE: u64 = 3;

impl OpWriter {
    /// The next entry is entry `at` of source `source`, as it is or patched.
    pub(super) fn sourced(&mut self, source: usize, at: usize, patched: bool) {
        if source != self.source || at != self.position {
            self.end_run();
            self.ops += 1;
            put_uvarint(&mut self.out, (source as u64) << 2 | MOVE);
            let base = if source == self.source { self.position } else { 0 };
            put_ivarint(&mut self.out, distance(base, at));
            self.source = source;
            self.position = at;
        }
        self.extend_run(if patched { PATCH } else { COPY });
        self.position += 1;
    }

    /// The next entry is a literal row.
    pub(super) fn literal(&mut self) {
        self.extend_run(LITERAL);
    }

    fn extend_run(&mut self, kind: u64) {
        match &mut self.run {
            Some((running, length)) if *running == kind => *length += 1,
            _ => {
                self.end_run();
                self.run = Some((kind, 1));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((kind, length)) = self.run.take() {
            self.ops += 1;
            put_uvarint(&mut self.out, (length as u64 - 1) << 2 | kind);
        }
    }

    /// Appends the number of operations and the operations.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        self.end_run();
        put_uvarint(out, self.ops);
        out.extend_from_slice(&self.out);
    }
}

/// Positions within a leaf are small; their distance fits.
fn distance(from: usize, to: usize) -> i64 {
    i64::try_from(to).unwrap_or(i64::MAX) - i64::try_from(from).unwrap_or(i64::MAX)
}

/// What a delta begins with, and its operations checked against the limits of a leaf.
#[derive(Debug)]
pub(super) struct Head<'a> {
    pub(super) multiset: bool,
    pub(super) sources: Vec<Hash>,
    ops: Reader<'a>,
    op_count: usize,
    pub(super) entries: usize,
    pub(super) literals: usize,
    pub(super) patched: usize,
}

impl<'a> Head<'a> {
    /// Reads it off `reader`, which then stands after the operations.
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Head<'a>, Flaw> {
        let multiset = read_flag(reader)?;
        let sources = read_sources(reader)?;
        let op_count = reader.length()?;
        let ops = reader.clone();
        let mut head = Head { multiset, sources, ops: ops.clone(), op_count, entries: 0, literals: 0, patched: 0 };
        let mut walk = OpReader { reader: ops, left: op_count, source: 0, position: 0, sources: head.sources.len() };
        let mut used = vec![false; head.sources.len()];
        while let Some(op) = walk.next_op()? {
            let (made, total) = match op {
                Op::Copy(made) => (made, None),
                Op::Literal(made) => (made, Some(&mut head.literals)),
                Op::Patch(made) => (made, Some(&mut head.patched)),
                Op::Move(..) => continue,
            };
            if !matches!(op, Op::Literal(_)) {
                used[walk.source] = true;
            }
            head.entries = head.entries.saturating_add(made);
            if head.entries as u64 > MOST_ENTRIES {
                return Err(Flaw::Shape("a leaf has more entries than leaves can have"));
            }
            if let Some(total) = total {
                *total += made;
            }
        }
        if used.contains(&false) {
            return Err(Flaw::Shape("a delta has a source that it takes nothing from"));
        }
        *reader = walk.reader;
        Ok(head)
    }

    /// The operations, from the first on.
    pub(super) fn ops(&self) -> OpReader<'a> {
        let sources = self.sources.len();
        OpReader { reader: self.ops.clone(), left: self.op_count, source: 0, position: 0, sources }
    }
}

/// Reads operations one by one, positions made absolute.
#[derive(Debug)]
pub(super) struct OpReader<'a> {
    reader: Reader<'a>,
    left: usize,
    source: usize,
    position: usize,
    sources: usize,
}

impl OpReader<'_> {
    pub(super) fn next_op(&mut self) -> Result<Option<Op>, Flaw> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let coded = self.reader.length()?;
        let (kind, value) = (coded as u64 & 3, coded >> 2);
        Ok(Some(match kind {
            COPY => Op::Copy(self.advance(value + 1)?),
            LITERAL => Op::Literal(value + 1),
            PATCH => Op::Patch(self.advance(value + 1)?),
            _ => {
                if value >= self.sources {
                    return Err(Flaw::Shape("a delta refers to a source that it does not have"));
                }
                let base = if value == self.source { self.position } else { 0 };
                let step = self.reader.ivarint()?;
                let to = i64::try_from(base).ok().and_then(|base| base.checked_add(step));
                let to = to.and_then(|to| usize::try_from(to).ok());
                self.source = value;
                self.position = to.ok_or(Flaw::Shape("a delta moves out of its source"))?;
                Op::Move(self.source, self.position)
            }
        }))
    }

    fn advance(&mut self, made: usize) -> Result<usize, Flaw> {
        if self.sources == 0 {
            return Err(Flaw::Shape("a delta without sources copies from one"));
        }
        self.position = self.position.checked_add(made).ok_or(Flaw::Shape("a delta copies too much"))?;
        Ok(made)
    }
}

fn read_sources(reader: &mut Reader<'_>) -> Result<Vec<Hash>, Flaw> {
    let count = reader.length()?;
    if count as u64 > MOST_ENTRIES {
        return Err(Flaw::Shape("a delta has more sources than entries"));
    }
    let sources: Vec<Hash> =
        reader.take(count * Hash::LEN)?.chunks_exact(Hash::LEN).filter_map(Hash::from_slice).collect();
    if sources.iter().collect::<HashSet<_>>().len() < sources.len() {
        return Err(Flaw::Shape("a delta names a source twice"));
    }
    Ok(sources)
}

/// The sources of the delta with these bytes. Its operations are read too, its rows are not.
///
/// # Errors
/// If the bytes do not begin as a delta does.
pub(in crate::tree) fn sources(bytes: &[u8]) -> Result<Vec<Hash>, Flaw> {
    Head::read(&mut Reader::new(bytes)).map(|head| head.sources)
}
