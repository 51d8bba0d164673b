//! dbsnap: git-style, content-addressed snapshots of database tables.
//!
//! The crate is built in layers; a module imports only from the layers below it (`tests/it/layers.rs` reads the
//! imports and holds them against this table):
//!
//! | layer | modules | what they know |
//! |---|---|---|
//! | 0 | [`hash`], [`wire`], [`fsio`], [`monitor`] | bytes, files, and how long work reports itself |
//! | 1 | [`codec`] | values, rows, keys and schemas as canonical bytes; pure |
//! | 1 | [`store`] | packs, index, refs, lock: opaque objects, named by hash, kept safely |
//! | 2 | [`tree`] | a table as a prolly tree of rows in the store |
//! | 2 | [`db`] | PostgreSQL and SQLite behind one contract, `Sink` |
//! | 2 | [`prisma`] | Prisma schemas; the plan's export files: JSON, restore script, `backup_manifest.json` |
//! | 3 | [`snapshot`] | manifests, references, history, retention |
//! | 4 | [`demo`] | the project of `dbsnap demo`: tables, rows, and a clean-up that goes wrong |
//! | 4 | [`ops`] | one file per use case: options in, report out |
//! | 5 | [`cli`] | arguments, rendering, exit codes; the only place that prints |

pub mod cli;
pub mod codec;
pub mod db;
pub mod demo;
pub mod fsio;
pub mod hash;
pub mod monitor;
pub mod ops;
pub mod prisma;
pub mod snapshot;
pub mod store;
pub mod tree;
pub mod wire;
