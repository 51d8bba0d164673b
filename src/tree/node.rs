//! Nodes: lists of children with what is below each of them and where its keys end.

use super::frame::{NODE, first_good};
use super::splitter::{MOST_BOUNDS, MOST_CHILDREN};
use super::{Flaw, TreeError};
use crate::hash::{Hash, Hasher};
use crate::store::{ObjectKind, Objects};
use crate::wire::{Reader, put_bytes, put_uvarint};

/// What a node's id is taken over, before its bytes.
const ID_PREFIX: &[u8] = b"dbsnap node 1\n";
/// Levels that no table reaches: two children a node make 2^64 leaves.
const MOST_LEVELS: u8 = 64;

/// What is below a place in a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Entries: distinct rows.
    pub entries: u64,
    /// Rows: entries with their counts.
    pub rows: u64,
    /// Bytes of canonical rows, each entry once.
    pub row_bytes: u64,
}

impl Totals {
    /// Adds `other`; `None` if a sum does not fit 64 bits.
    pub fn plus(self, other: Totals) -> Option<Totals> {
        Some(Totals {
            entries: self.entries.checked_add(other.entries)?,
            rows: self.rows.checked_add(other.rows)?,
            row_bytes: self.row_bytes.checked_add(other.row_bytes)?,
        })
    }
}

/// One child of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The leaf or node.
    pub id: Hash,
    /// What is below it.
    pub totals: Totals,
    /// A bound between this child and the next: above all keys of this one, at or below all keys of the next. Empty for
    /// the last child of the whole level: no bound.
    pub upper: Vec<u8>,
}

/// A list of children, all leaves (level 1) or all nodes of the level below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// 1 if the children are leaves.
    pub level: u8,
    /// Whether the rows are a multiset.
    pub multiset: bool,
    /// The children in key order, 1 to 256.
    pub children: Vec<Child>,
}

impl Node {
    /// The node's bytes: `docs/FORMAT.md`, section 4.4.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.level, u8::from(self.multiset)];
        put_uvarint(&mut out, self.children.len() as u64);
        for child in &self.children {
            out.extend_from_slice(child.id.as_bytes());
        }
        for child in &self.children {
            put_uvarint(&mut out, child.totals.entries);
            if self.multiset {
                put_uvarint(&mut out, child.totals.rows);
            }
            put_uvarint(&mut out, child.totals.row_bytes);
        }
        let mut before: &[u8] = &[];
        for child in &self.children {
            let shared = shared_prefix(before, &child.upper);
            put_uvarint(&mut out, shared as u64);
            put_bytes(&mut out, &child.upper[shared..]);
            before = &child.upper;
        }
        out
    }

    /// The id of a node with these bytes.
    pub fn id_of(bytes: &[u8]) -> Hash {
        Hasher::new().update(ID_PREFIX).update(bytes).finish()
    }

    /// The node with these bytes.
    ///
    /// # Errors
    /// If the bytes are not what [`Node::encode`] makes of some node.
    pub fn decode(bytes: &[u8]) -> Result<Node, Flaw> {
        let mut reader = Reader::new(bytes);
        let level = reader.byte()?;
        let multiset = match reader.byte()? {
            0 => false,
            1 => true,
            _ => return Err(Flaw::Shape("a node's multiset flag is neither 0 nor 1")),
        };
        if level == 0 || level > MOST_LEVELS {
            return Err(Flaw::Shape("a node has an impossible level"));
        }
        let count = reader.length()?;
        if count == 0 || count > MOST_CHILDREN {
            return Err(Flaw::Shape("a node has no children or too many"));
        }
        let ids = reader.take(count * Hash::LEN)?;
        let mut children = Vec::with_capacity(count);
        for id in ids.chunks_exact(Hash::LEN) {
            let id = Hash::from_slice(id).ok_or(Flaw::Shape("a node's ids are cut short"))?;
            let entries = reader.uvarint()?;
            let rows = if multiset { reader.uvarint()? } else { entries };
            let totals = Totals { entries, rows, row_bytes: reader.uvarint()? };
            children.push(Child { id, totals, upper: Vec::new() });
        }
        read_bounds(&mut reader, &mut children)?;
        reader.end()?;
        Ok(Node { level, multiset, children })
    }

    /// Reads the node `id` and checks its id.
    ///
    /// # Errors
    /// If it is missing, not a node, or not the node that `id` names.
    pub fn load(objects: &dyn Objects, id: Hash) -> Result<Node, TreeError> {
        first_good(objects, &id, |kind, bytes| Node::parse(id, kind, bytes))
    }

    /// The node that an object of that kind with these bytes is, if it is the one that `id` names.
    pub(super) fn parse(id: Hash, kind: ObjectKind, bytes: &[u8]) -> Result<Node, TreeError> {
        if kind != NODE {
            return Err(Flaw::Kind(kind.0).of(id));
        }
        if Node::id_of(bytes) != id {
            return Err(Flaw::Id.of(id));
        }
        Node::decode(bytes).map_err(|flaw| flaw.of(id))
    }

    /// What is below the node; `None` if the sums do not fit 64 bits.
    pub fn totals(&self) -> Option<Totals> {
        self.children.iter().try_fold(Totals::default(), |sum, child| sum.plus(child.totals))
    }
}

fn read_bounds(reader: &mut Reader<'_>, children: &mut [Child]) -> Result<(), Flaw> {
    let last = children.len() - 1;
    let mut before: Vec<u8> = Vec::new();
    let mut total = 0;
    for (index, child) in children.iter_mut().enumerate() {
        let shared = reader.length()?;
        let rest = reader.bytes()?;
        let prefix = before.get(..shared).ok_or(Flaw::Shape("a bound shares more than the bound before it has"))?;
        // Shared prefixes make bounds longer than the bytes they are read from: the writer's limit is the reader's too.
        if index >= 2 && total >= MOST_BOUNDS {
            return Err(Flaw::Shape("a node's bounds are too long"));
        }
        let mut upper = Vec::with_capacity(shared + rest.len());
        upper.extend_from_slice(prefix);
        upper.extend_from_slice(rest);
        if shared != shared_prefix(&before, &upper) {
            return Err(Flaw::Shape("a bound shares less than it could"));
        }
        let unbounded = upper.is_empty() && index == last;
        if !unbounded && upper <= before {
            return Err(Flaw::Shape("a node's bounds do not ascend"));
        }
        before.clone_from(&upper);
        total += upper.len();
        child.upper = upper;
    }
    Ok(())
}

/// The shortest bound between two keys, `below` < `above`: above the one, at or below the other.
pub fn bound_between(below: &[u8], above: &[u8]) -> Vec<u8> {
    let shared = shared_prefix(below, above);
    above[..above.len().min(shared + 1)].to_vec()
}

fn shared_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
