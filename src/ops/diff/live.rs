//! The live side: tables read in one instant into trees that nobody keeps.

use super::sides::{Finder, Pair, TableSide};
use crate::codec::{Key, TableName, TableSchema};
use crate::db::{Catalog, DbError, Engine, Filter, Snapshot, TableId, TableRead};
use crate::hash::Hash;
use crate::monitor::{Monitor, Step};
use crate::ops::capture::Capture;
use crate::ops::database::{Connection, Database};
use crate::ops::held::Held;
use crate::ops::publish::origin;
use crate::ops::unchanged::{Now, Unchanged};
use crate::ops::{OpError, Repository};
use crate::snapshot::Origin;

/// The live database.
pub(super) struct Live<'d> {
    connection: &'d mut Connection,
    catalog: Catalog,
    origin: Origin,
}

impl<'d> Live<'d> {
    /// Connects to it.
    pub fn open(project: &Repository, database: &'d mut Database) -> Result<Live<'d>, OpError> {
        let catalog = database.catalog()?;
        let connection = database.connect()?;
        let origin = origin(connection.sink.identity(), project);
        Ok(Live { connection, catalog, origin })
    }

    /// Which database it is.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Its name for people.
    pub fn display(&self) -> String {
        self.connection.name.clone()
    }

    /// Its engine.
    pub fn engine(&self) -> Engine {
        self.connection.sink.identity().engine
    }

    /// Its tables, and why one cannot be read if it cannot.
    pub fn tables(&self) -> Vec<(TableName, Option<String>)> {
        self.catalog.tables.iter().map(|info| (info.schema.table.clone(), info.refusal.clone())).collect()
    }

    /// What it says of its tables.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The table as the catalog tells it, not yet read.
    pub fn table(&self, table: &TableName) -> Result<Option<TableSide>, OpError> {
        let Some(info) = self.catalog.table(table) else { return Ok(None) };
        if let Some(refusal) = &info.refusal {
            return Err(OpError::Refused { what: refusal.clone(), allow: None });
        }
        Ok(Some(TableSide {
            schema: info.schema.clone(),
            root: Hash::of(b""),
            rows: 0,
            engine: self.engine(),
            definition: info.definition.clone(),
            filter: None,
            snapshot: None,
            last_full: None,
            known: false,
            since: None,
            noted: None,
        }))
    }

    /// The database once more, with one table.
    ///
    /// # Errors
    /// If the table is gone or changed, or cannot be read.
    pub fn again<'l>(
        &'l mut self,
        table: &TableName,
        monitor: &'l dyn Monitor,
    ) -> Result<Box<dyn Snapshot + 'l>, OpError> {
        let gone = || DbError::Changed { table: table.clone(), what: "was dropped".to_owned() };
        let info = self.catalog.table(table).ok_or_else(gone)?;
        let read = TableRead { schema: info.schema.clone(), filter: None };
        Ok(self.connection.sink.snapshot(&[read], monitor)?)
    }

    /// Reads the live tables of `pairs`, each within the filter of the snapshot it is compared with. Those without such
    /// a snapshot are only counted. With `wants_rows` the rows that differ from that snapshot are noted on the way.
    ///
    /// # Errors
    /// If a table cannot be read, or a snapshot's filter no longer fits it.
    pub fn capture(
        &mut self,
        finder: &Finder<'_>,
        pairs: &mut [Pair],
        live_is_old: bool,
        wants_rows: bool,
    ) -> Result<(), OpError> {
        let engine = self.engine();
        let now = match finder.may_know {
            true => Some(Now { origin: self.origin.clone(), standing: self.connection.sink.standing()? }),
            false => None,
        };
        let mut reads = Vec::new();
        let mut sides: Vec<(&mut TableSide, Option<&TableSide>)> = Vec::new();
        for pair in pairs {
            let (live, other) = match live_is_old {
                true => (&mut pair.old, &pair.new),
                false => (&mut pair.new, &pair.old),
            };
            let Some(live) = live else { continue };
            if let Some(old) = other.as_ref().filter(|old| is_known(now.as_ref(), finder, live, old)) {
                (live.root, live.rows, live.known) = (old.root, old.rows, true);
                continue;
            }
            reads.push(read(finder.project, live, other.as_ref(), engine)?);
            sides.push((live, other.as_ref()));
        }
        if reads.is_empty() {
            return Ok(());
        }
        let held = Held::new(finder.monitor, engine, finder.project.config.long_snapshot_seconds);
        let mut snapshot = self.connection.sink.snapshot(&reads, &held)?;
        let capture = Capture {
            objects: finder.overlay,
            scratch: finder.overlay.scratch_dir().to_owned(),
            storing: None,
            monitor: &held,
            differences: wants_rows,
        };
        for (index, (live, other)) in sides.into_iter().enumerate() {
            let read = &reads[index];
            let Some(other) = other else {
                live.rows = snapshot.count(TableId::at(index))?;
                continue;
            };
            let spec = read.schema.key_spec();
            let table = &read.schema.table;
            let mut previous = finder.history.compatible_roots(finder.overlay, &self.origin, table, &spec);
            if other.schema.key_spec() == spec {
                previous.retain(|root| *root != other.root);
                previous.insert(0, other.root);
            }
            let step = Step { verb: "Reading", subject: &table.to_string(), rows: Some(other.rows), bytes: None };
            finder.monitor.begin(&step);
            let built = capture.table(snapshot.as_mut(), index, &spec, &previous)?;
            finder.monitor.end();
            live.since = built.change.zip(previous.first()).map(|(change, root)| (*root, change));
            live.noted = built.differences;
            live.schema = read.schema.clone();
            live.filter = read.filter.as_ref().map(|filter| filter.typed.clone());
            live.root = built.root;
            live.rows = built.totals.rows;
        }
        Ok(())
    }
}

/// Whether nothing has changed in a live table since the snapshot that `old` is of. The schema was read before it was
/// asked where the database stands, so it is of the time between.
fn is_known(now: Option<&Now>, finder: &Finder<'_>, live: &TableSide, old: &TableSide) -> bool {
    let taken = old.snapshot.and_then(|id| finder.history.get(&id));
    let known = now.zip(taken).map(|(now, taken)| now.against(&taken.manifest, &live.schema.table));
    known == Some(Unchanged::Known) && live.schema == old.schema
}

/// How a live table is read to be compared with `other`.
fn read(
    project: &Repository,
    live: &TableSide,
    other: Option<&TableSide>,
    engine: Engine,
) -> Result<TableRead, OpError> {
    let schema = match other {
        // Rows that nothing told apart then are compared as a whole, also where a key tells them apart now.
        Some(other) if other.schema.key == Key::Rows => TableSchema { key: Key::Rows, ..live.schema.clone() },
        _ => live.schema.clone(),
    };
    if other.is_some_and(|other| other.filter.is_some() && other.engine != engine) {
        let what = format!(
            "the snapshot holds some rows of table {} only, and in the live database, of another kind, its filter may mean others",
            schema.table
        );
        return Err(OpError::Refused { what, allow: None });
    }
    let filter = match other.and_then(|other| other.filter.as_ref()) {
        Some(typed) => Some(Filter::kept(typed, engine, &schema, &project.filter_names(&schema.table))?),
        None => None,
    };
    Ok(TableRead { schema, filter })
}
