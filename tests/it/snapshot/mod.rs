//! Snapshots as a line: their order, and what retention keeps of it; what they say of themselves.

mod definitions;
mod fields;
mod retention;
