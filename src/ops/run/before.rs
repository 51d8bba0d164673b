//! The snapshot before a command.

use super::tables::{Chosen, Wanted, choose, found_by_check};
use super::{Before, NotCovered, RunOptions, in_a_line, masked};
use crate::db::{Catalog, Sink, TableInfo, TableRead};
use crate::monitor::Monitor;
use crate::ops::actor;
use crate::ops::database::Database;
use crate::ops::publish::{Draft, origin, publish};
use crate::ops::restore::{RestoreOptions, guard};
use crate::ops::snap::take::{Instant, Reading, Subject};
use crate::ops::{OpError, Repository};
use crate::snapshot::{Entry, History, Run, SnapshotKind};
use crate::store::{Access, Store};

/// Why the snapshot before a command is pinned, until the tables have been compared with it.
pub(super) const PINNED: &str = "run: the command has not ended, or its tables could not be compared";

/// Takes the snapshot before a command.
///
/// # Errors
/// If it cannot be taken: then the command must not be run.
pub fn before(
    options: &RunOptions,
    repository: &Repository,
    database: &mut Database,
    monitor: &dyn Monitor,
) -> Result<Before, OpError> {
    if options.command.is_empty() {
        return Err(OpError::Usage("there is no command to run".to_owned()));
    }
    let catalog = database.catalog()?;
    let found = match options.tables.is_empty() && !options.all {
        true => found_by_check(repository, &options.command),
        false => Vec::new(),
    };
    let wanted = Wanted {
        tables: &options.tables,
        all: options.all,
        exclude: &options.exclude,
        max_table_bytes: repository.config.run.max_table_bytes,
        found: &found,
        whole: options.whole,
    };
    let Chosen { tables, left_out } = choose(repository, &catalog, &wanted)?;
    if tables.is_empty() {
        return Err(OpError::Usage("there is no table to snapshot before the command".to_owned()));
    }
    if options.undo {
        let identity = database.connect()?.sink.identity();
        let here = origin(identity, repository);
        guard::check(&RestoreOptions::default(), &here, &here, identity).map_err(|error| match error {
            OpError::Refused { what, .. } => {
                let what = format!("{what}: nothing would be undone by itself there; use --on-failure keep, and undo");
                OpError::Refused { what, allow: None }
            }
            error => error,
        })?;
    }
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let command = recorded(repository, &options.command);
    let message = match options.message.trim() {
        "" => format!("before: {}", in_a_line(&command)),
        message => message.to_owned(),
    };
    let run = Some(Run { command: command.clone(), ended: None });
    let taking = PreImage { repository, store: &store, history: &history, catalog: &catalog, tables: &tables };
    let entry = taking.take(database.connect()?.sink.as_mut(), (message, run), monitor)?;
    store.pin(&entry.id, Some(PINNED))?;
    Ok(Before::of(&entry, command, left_out, &catalog))
}

/// The words of a command as they are kept: who does not want to be recorded wants no arguments to be either.
pub(in crate::ops) fn recorded(repository: &Repository, words: &[String]) -> Vec<String> {
    masked(if repository.config.record_actor { words } else { &words[..words.len().min(1)] })
}

/// The tables of a snapshot that is taken before something is done to them.
pub(in crate::ops) struct PreImage<'p> {
    pub repository: &'p Repository,
    pub store: &'p Store,
    pub history: &'p History,
    pub catalog: &'p Catalog,
    pub tables: &'p [&'p TableInfo],
}

impl PreImage<'_> {
    /// Takes the snapshot, with that message and run.
    ///
    /// # Errors
    /// If the database cannot be read or the store not be written.
    pub fn take(
        &self,
        sink: &mut dyn Sink,
        (message, run): (String, Option<Run>),
        monitor: &dyn Monitor,
    ) -> Result<Entry, OpError> {
        let PreImage { repository, store, history, catalog, tables } = self;
        let reads: Vec<TableRead> =
            tables.iter().map(|info| TableRead { schema: info.schema.clone(), filter: None }).collect();
        let expected: Vec<_> = tables.iter().map(|info| (info.estimated_rows, info.bytes)).collect();
        let session = store.session()?;
        let reading = Reading { repository, store, history, session: &session };
        let subject = Subject { reads: &reads, expected: &expected, compared: &[] };
        let Instant { origin, mark, captured, schema_version, settings } = reading.instant(sink, subject, monitor)?;
        let draft = Draft {
            kind: SnapshotKind::Snapshot,
            message,
            actor: actor::detect(repository),
            origin,
            catalog: Some(catalog),
            schema_version,
            restored: None,
            imported: false,
            hook: repository.served().is_some(),
            run,
            mark,
            settings,
            captured,
        };
        Ok(publish(store, session, history, draft)?.entry)
    }
}

impl Before {
    /// The snapshot before that command, and what the database had beside it.
    pub(in crate::ops) fn of(
        entry: &Entry,
        command: Vec<String>,
        left_out: Vec<NotCovered>,
        catalog: &Catalog,
    ) -> Before {
        Before {
            id: entry.id.to_hex(),
            message: entry.manifest.message.clone(),
            command,
            tables: entry.manifest.tables.iter().map(|table| table.table.to_string()).collect(),
            rows: entry.manifest.rows(),
            left_out,
            known: catalog.tables.iter().map(|info| info.schema.table.to_string()).collect(),
        }
    }
}
