//! The snapshot before a command.

use super::tables::{Chosen, choose};
use super::{Before, RunOptions, in_a_line, masked};
use crate::db::TableRead;
use crate::monitor::Monitor;
use crate::ops::actor;
use crate::ops::database::Database;
use crate::ops::publish::{Draft, origin, publish};
use crate::ops::restore::{RestoreOptions, guard};
use crate::ops::snap::take::{Instant, Reading, Subject};
use crate::ops::{OpError, Repository};
use crate::snapshot::{History, Run, SnapshotKind};
use crate::store::Access;

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
    let Chosen { tables, left_out } = choose(repository, &catalog, options)?;
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
    let reads: Vec<TableRead> =
        tables.iter().map(|info| TableRead { schema: info.schema.clone(), filter: None }).collect();
    let expected: Vec<_> = tables.iter().map(|info| (info.estimated_rows, info.bytes)).collect();
    let store = repository.open(Access::Write)?;
    let history = History::load(&store)?;
    let session = store.session()?;
    let reading = Reading { repository, store: &store, history: &history, session: &session };
    let subject = Subject { reads: &reads, expected: &expected, compared: &[] };
    let Instant { origin, mark, captured, schema_version, settings } =
        reading.instant(database.connect()?.sink.as_mut(), subject, monitor)?;
    // who does not want to be recorded wants no arguments to be either
    let words = if repository.config.record_actor { &options.command } else { &options.command[..1] };
    let command = masked(words);
    let message = match options.message.trim() {
        "" => format!("before: {}", in_a_line(&command)),
        message => message.to_owned(),
    };
    let draft = Draft {
        kind: SnapshotKind::Snapshot,
        message,
        actor: actor::detect(repository),
        origin,
        catalog: Some(&catalog),
        schema_version,
        restored: None,
        imported: false,
        run: Some(Run { command: command.clone(), ended: None }),
        mark,
        settings,
        captured,
    };
    let entry = publish(&store, session, &history, draft)?.entry;
    store.pin(&entry.id, Some(PINNED))?;
    Ok(Before {
        id: entry.id.to_hex(),
        message: entry.manifest.message.clone(),
        command,
        tables: entry.manifest.tables.iter().map(|table| table.table.to_string()).collect(),
        rows: entry.manifest.rows(),
        left_out,
        known: catalog.tables.iter().map(|info| info.schema.table.to_string()).collect(),
    })
}
