//! Whether nothing has changed since a snapshot, without reading a row.

use super::OpError;
use super::database::Database;
use super::publish::origin;
use super::repository::Repository;
use crate::codec::TableName;
use crate::db::Standing;
use crate::snapshot::{Manifest, Origin};

/// What is known at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unchanged {
    /// The tables have the rows that they have in the snapshot. That is proven.
    Known,
    /// It takes reading them to know, and why: `transactions have ended since`.
    NotKnown(String),
}

/// Whether `tables` are known to have the rows and columns that the snapshot of `manifest` has of them. No row is read;
/// nothing is said of counters. The argument is in `docs/decisions/0006-nothing-has-changed.md`.
///
/// # Errors
/// If the database cannot be reached or asked.
pub fn unchanged(
    repository: &Repository,
    database: &mut Database,
    manifest: &Manifest,
    tables: &[TableName],
) -> Result<Unchanged, OpError> {
    let sink = &mut database.connect()?.sink;
    let now = Now { origin: origin(sink.identity(), repository), standing: sink.standing()? };
    let found = tables.iter().map(|table| now.against(manifest, table));
    Ok(found.into_iter().find(|found| *found != Unchanged::Known).unwrap_or(Unchanged::Known))
}

/// The live database, and where it stands.
pub(super) struct Now {
    /// Which it is.
    pub origin: Origin,
    /// What it says.
    pub standing: Standing,
}

impl Now {
    /// Whether `table` is known to be as that snapshot has it.
    pub fn against(&self, manifest: &Manifest, table: &TableName) -> Unchanged {
        let not_known = |why: String| Unchanged::NotKnown(why);
        match manifest.table(table) {
            None => return not_known(format!("the snapshot does not have table {table}")),
            Some(entry) if entry.filter.is_some() => {
                return not_known(format!("the snapshot has some rows of {table} only"));
            }
            Some(_) => {}
        }
        if !manifest.source.same_database(&self.origin) {
            return not_known("the snapshot is of another database".to_owned());
        }
        match (&manifest.mark, &self.standing) {
            (_, Standing::Unknown(why)) => not_known(why.clone()),
            (None, _) => {
                not_known("when the snapshot was taken it could not be told where the database stood".to_owned())
            }
            (Some(then), Standing::Marked(now)) if then == now => Unchanged::Known,
            (Some(then), Standing::Marked(now)) => {
                not_known(format!("the database does not stand where it stood then: {}", then.lost(now).join(", ")))
            }
        }
    }
}
