//! Databases: one folder per engine behind one [`Source`] / [`Sink`] pair.
//!
//! Both engines pass the same conformance suite (`tests/it/conformance/`). Async stays inside the PostgreSQL adapter.

mod catalog;
mod error;
pub mod postgres;
mod traits;

pub use catalog::{Catalog, Counter, Engine, SourceIdentity, TableInfo};
pub use error::DbError;
pub use traits::{Commit, Filter, RestoreTxn, RowSink, RowStream, Sink, Snapshot, Source, TableRead};
