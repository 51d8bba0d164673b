//! A table as a prolly tree of rows in the store.
//!
//! Rows in key order are cut into leaves where their keys say so, leaves are listed in nodes, nodes in one root. The
//! same rows have the same root, whoever built it and from what. `docs/FORMAT.md`, sections 3 and 4, is the reference.

mod builder;
mod check;
mod cursor;
mod diff;
mod differences;
mod error;
mod forms;
mod frame;
mod gaps;
mod leaf;
mod load;
mod lru;
mod node;
mod pool;
mod reach;
mod sort;
mod splitter;
mod walk;

pub use builder::{BuildOptions, Builder, Built, Change};
pub use check::TreeCheck;
pub use cursor::{Cursor, Entry, Finder, FoundRow, LeafMap};
pub use diff::{Diff, Difference};
pub use differences::{Differences, Noted};
pub use error::{Flaw, TreeError};
pub use forms::LeafForms;
pub use frame::{DELTA, LEAF, NODE, SCHEMA};
pub use gaps::{Gap, gaps};
pub use leaf::{Entries, Leaf, LeafReader, MAX_ROW, empty_id};
pub use load::{LoadOptions, Loaded, Loader, RowBatch};
pub use node::{Child, Node, Totals};
pub use reach::{Marking, reach};
pub use sort::{Record, Sorted, Sorter};
pub use splitter::Extent;
