//! SQLite as a tool: rows of a snapshot, whatever engine they are of, in a database of our own, to be queried (`sql`,
//! `diff --where`). What stands here knows SQLite's SQL and nothing of the database that the rows were read from.

pub use super::sqlite::{Aliased, Condition, Renamed, Scratch, distinct, rename, table_name, translate};
