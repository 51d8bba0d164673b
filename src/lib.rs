//! dbsnap: git-style, content-addressed snapshots of database tables.
//!
//! A [`Repository`] is a project with its store of snapshots, a [`Database`] the connection to its tables; both are
//! opened once. What changes one of them is an [`Operation`]: the options of a command ([`SnapOptions`],
//! [`RestoreOptions`], [`UndoOptions`], [`DeleteOptions`], [`GcOptions`]). It makes a [`Plan`], which can be looked at,
//! kept as JSON, and applied. A plan has a digest of all that it stands on; if any of that has changed, it is not
//! applied ([`OpError::PlanChanged`]).
//!
//! ```
//! use dbsnap::{Operation, Place, Repository, RestoreOptions, Silent, SnapOptions, UndoOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let shop = rusqlite::Connection::open(dir.path().join("shop.db"))?;
//! shop.execute_batch(
//!     "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT);
//!      INSERT INTO mods VALUES (1, 'Lamp'), (2, 'Chair')",
//! )?;
//! let titles = || shop.query_row("SELECT group_concat(title) FROM mods", [], |row| row.get::<_, String>(0));
//!
//! let place = Place { dir: dir.path().to_owned(), url: Some("file:shop.db".to_owned()), ..Place::default() };
//! dbsnap::init(&place)?;
//! let repository = Repository::find(&place)?;
//! let mut database = repository.database();
//!
//! let snap = SnapOptions { tables: vec!["mods".to_owned()], ..SnapOptions::default() };
//! let snapshot = snap.apply(&repository, &mut database, None, &Silent)?;
//!
//! shop.execute("DELETE FROM mods WHERE title = 'Chair'", [])?;
//!
//! let restore = RestoreOptions { reference: snapshot.id, ..RestoreOptions::default() };
//! let plan = restore.plan(&repository, &mut database, &Silent)?;
//! assert_eq!((plan.effect.tables[0].insert, plan.effect.tables[0].unchanged), (1, 1));
//! plan.apply(&repository, &mut database, &Silent)?;
//! assert_eq!(titles()?, "Lamp,Chair");
//!
//! // what the plan stood on is not there any more
//! assert!(matches!(plan.apply(&repository, &mut database, &Silent), Err(dbsnap::OpError::PlanChanged)));
//!
//! UndoOptions::default().apply(&repository, &mut database, None, &Silent)?;
//! assert_eq!(titles()?, "Lamp");
//! # Ok(())
//! # }
//! ```
//!
//! [`UndoOptions`] takes back the last restore. To take back what a program did, call [`run::before`] and [`run::after`]
//! around it: then it takes that back, row by row. Settings and Prisma's schema are read once, and a connection that is lost is not made again: a
//! program that runs for long finds its [`Repository`] and [`Database`] anew for each request.
//!
//! Calls block, and must not be made from within a tokio runtime. Progress goes to a [`Monitor`], and an [`Interrupt`]
//! ends what runs. Reports and errors are told as JSON by [`json`]. An engine that is not built in is registered
//! ([`db::Engine::register`]) and comes in as a [`db::Sink`] ([`Database::new`]).
//!
//! # Layers
//!
//! A module imports only from the layers below it (`tests/it/layers.rs` reads the imports and holds them against this
//! table):
//!
//! | layer | modules | what they know |
//! |---|---|---|
//! | 0 | `hash`, `wire`, `fsio`, `monitor` | bytes, files, and how long work reports itself |
//! | 1 | `codec` | values, rows, keys and schemas as canonical bytes; pure |
//! | 1 | `store` | packs, index, refs, lock: opaque objects, named by hash, kept safely |
//! | 1 | `splice` | parts of ours in somebody else's text files: put in, and taken out to the byte |
//! | 2 | `tree` | a table as a prolly tree of rows in the store |
//! | 2 | `db` | PostgreSQL and SQLite behind one contract, `Sink` |
//! | 2 | `prisma` | Prisma schemas; export files: JSON, restore script, `backup_manifest.json` |
//! | 2 | `check` | what a script or a shell command does to tables, as far as its text tells; runs nothing |
//! | 3 | `snapshot` | manifests, references, history, retention |
//! | 4 | `demo` | the project of `dbsnap demo`: tables, rows, and a clean-up that goes wrong. Only for `cli` |
//! | 4 | `ops` | one file per use case: options in, report out |
//! | 5 | `cli` | arguments, rendering, exit codes; the only place that prints. A feature, on by default |

#[doc(hidden)]
pub mod check;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod codec;
pub mod db;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod demo;
#[doc(hidden)]
pub mod fsio;
pub mod hash;
pub mod monitor;
pub mod ops;
#[doc(hidden)]
pub mod prisma;
#[doc(hidden)]
pub mod snapshot;
#[doc(hidden)]
pub mod splice;
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod tree;
#[doc(hidden)]
pub mod wire;

pub use hash::Hash;
pub use monitor::{Interrupt, Monitor, Silent, Step};
pub use ops::delete::{DeleteOptions, DeletePlan, DeleteReport};
pub use ops::gc::{GcOptions, GcReport};
pub use ops::init::{InitReport, init};
pub use ops::restore::{Mode, RestoreOptions, RestorePlan, RestoreReport, UndoOptions};
pub use ops::snap::{SnapOptions, SnapPlan, SnapReport};
pub use ops::{Database, ErrorKind, OpError, Operation, Place, Plan, Repository, json, run};
