//! Values, rows, keys and schemas as canonical bytes. Pure: no I/O, no clock, no database.
//!
//! `docs/FORMAT.md`, sections 2 to 4, is the reference for every byte written here.

mod dangling;
mod definition;
mod engine;
mod error;
mod filler;
pub mod key;
mod mark;
pub mod row;
pub mod schema;
mod value;

pub use dangling::DanglingRows;
pub use definition::{Definition, Part, PartKind};
pub use engine::{Booleans, Columns, Dialect, Engine, EngineInfo, Location, NameTaken, UnknownEngine};
pub use error::CodecError;
pub use filler::RowFiller;
pub use key::{KeyOrder, KeySpec};
pub use mark::Mark;
pub use row::{RowReader, RowWriter};
pub use schema::{
    Column, ForeignKey, Generated, GeneratedColumn, Identity, Key, KeyColumn, KeySource, Kind, ReferentialAction,
    StoredSchema, TableName, TableSchema, UniqueIndex,
};
pub use value::{Value, ValueRef};
