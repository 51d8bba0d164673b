//! Tables with everything in them, through the real binary: snapshot, damage, restore; the database itself says what is
//! in it.

mod both_engines;
mod growth;
mod million;
mod postgres_exports;
mod postgres_tables;
pub mod postgres_types;
pub mod round;
pub mod sqlite;
