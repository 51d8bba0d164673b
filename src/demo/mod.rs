//! The demo project: a database of ten models, filled with believable content, and a clean-up that goes wrong.
//!
//! Everything is a function of a row's number, so every run makes the same database, byte for byte in its rows.

mod catalogue;
mod cleanup;
pub mod content;
mod database;
mod people;
mod project;
mod random;
mod words;

pub use cleanup::{CLEANUP_SQL, CleanupReport, run_cleanup};
pub use database::{DemoError, SCHEMA_PRISMA, SCHEMA_SQL, TABLES, create_database};
pub use project::DemoProject;
