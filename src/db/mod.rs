//! Databases: one folder per engine behind one trait, [`Sink`].
//!
//! Both engines pass the same conformance suite (`tests/it/conformance/`).

mod catalog;
mod error;
mod filter;
mod open;
mod patch;
pub mod postgres;
pub mod scratch;
pub mod sqlite;
mod traits;
mod url;

pub use crate::codec::{Booleans, Columns, Dialect, Engine, EngineInfo, Location, NameTaken, UnknownEngine};
pub use catalog::{Catalog, Counter, SourceIdentity, TableInfo};
pub use error::{DbError, Rule};
pub use filter::{Care, FilterNames};
pub use open::{OpenOptions, absent, open, patch_writer};
use patch::patch_keys;
pub use patch::{Copies, Crossing, Done, PatchTable, PatchWriter};
pub use traits::{
    Absent, Change, Changing, Commit, Filter, Making, MayDangle, Misfit, RestoreTxn, RowSink, RowStream, Sink,
    Snapshot, Standing, TableId, TableRead, TableReader, Write, Writing, Written,
};
pub use url::{DatabaseUrl, Host, Password, PostgresTarget, SslMode};
