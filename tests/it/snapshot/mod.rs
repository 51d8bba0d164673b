//! Snapshots as a line: their order, and what retention keeps of it.

mod retention;
