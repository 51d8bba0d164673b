//! Rows that are taken again from the live database.

use super::Lack;
use crate::codec::TableName;
use crate::db::{Catalog, DbError, Engine, Filter, TableId, TableRead};
use crate::monitor::{Monitor, Step};
use crate::ops::OpError;
use crate::ops::capture::Capture;
use crate::ops::database::Database;
use crate::ops::held::Held;
use crate::ops::publish::origin;
use crate::ops::repository::Repository;
use crate::ops::wanted::Wanted;
use crate::snapshot::TableEntry;
use crate::store::Store;
use crate::tree::TreeError;

/// What was taken from the live database.
#[derive(Default)]
pub(super) struct Live {
    /// How many objects.
    pub objects: u64,
    /// Why the database could not be asked, if it was needed.
    pub failure: Option<String>,
}

impl Live {
    /// Reads the tables that lack something, and stores of their objects those that are missing. Returns how many.
    pub fn fetch(
        &mut self,
        project: &Repository,
        database: &mut Database,
        store: &Store,
        lacks: &[Lack],
        monitor: &dyn Monitor,
    ) -> Result<u64, OpError> {
        self.failure = None;
        let connected = database.catalog().and_then(|catalog| Ok((catalog, &mut database.connect()?.sink)));
        let (catalog, source) = match connected {
            Ok(connected) => connected,
            Err(error) => {
                self.failure = Some(error.to_string());
                return Ok(0);
            }
        };
        let here = origin(&source.identity().clone(), project);
        let mut reads: Vec<TableRead> = Vec::new();
        let mut asked: Vec<(&TableName, Option<&String>)> = Vec::new();
        for lack in lacks.iter().filter(|lack| lack.source.same_database(&here)) {
            let key = (&lack.table.table, lack.table.filter.as_ref());
            if !asked.contains(&key) {
                asked.push(key);
                match read(project, &catalog, &lack.table, source.identity().engine) {
                    Ok(read) => reads.extend(read),
                    Err(error) => self.failure = Some(error.to_string()),
                }
            }
        }
        if reads.is_empty() {
            let other = || "it is another database, or has these tables no more".to_owned();
            self.failure.get_or_insert_with(other);
            return Ok(0);
        }
        let session = store.session()?;
        let wanted = Wanted::new(&session, super::wanted(lacks));
        let held = Held::new(monitor, source.identity().engine, project.config.long_snapshot_seconds);
        let capture = Capture {
            objects: &wanted,
            scratch: store.scratch_dir(),
            storing: None,
            monitor: &held,
            differences: false,
        };
        let mut snapshot = match source.snapshot(&reads, &held) {
            Ok(snapshot) => snapshot,
            Err(DbError::Stopped) => return Err(OpError::Interrupted),
            Err(error) => {
                self.failure = Some(error.to_string());
                return Ok(0);
            }
        };
        for (index, read) in reads.iter().enumerate() {
            let table = read.schema.table.to_string();
            monitor.begin(&Step { verb: "Reading", subject: &table, ..Step::default() });
            let taken = capture.table(snapshot.as_mut(), index, &read.schema.key_spec(), &[]);
            monitor.end();
            match taken {
                Ok(_) => {
                    let definition = snapshot.definition(TableId::at(index))?;
                    capture.schema(&read.schema, None)?;
                    capture.schema(&read.schema, definition.as_ref())?;
                }
                Err(error @ (OpError::Interrupted | OpError::Store(_) | OpError::Tree(TreeError::Store(_)))) => {
                    return Err(error);
                }
                Err(error) => self.failure = Some(format!("{table}: {error}")),
            }
        }
        drop(snapshot);
        let sealed = session.seal()?;
        self.objects += sealed.objects;
        Ok(sealed.objects)
    }
}

/// How the rows of a table of a snapshot are read; `None` if the database has no such table.
fn read(
    project: &Repository,
    catalog: &Catalog,
    table: &TableEntry,
    engine: Engine,
) -> Result<Option<TableRead>, OpError> {
    let Some(info) = catalog.table(&table.table).filter(|info| info.refusal.is_none()) else { return Ok(None) };
    let filter = match &table.filter {
        Some(typed) => Some(Filter::kept(typed, engine, &info.schema, &project.filter_names(&info.schema.table))?),
        None => None,
    };
    Ok(Some(TableRead { schema: info.schema.clone(), filter }))
}
