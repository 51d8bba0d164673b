//! `--where` of a diff: which differing rows are wanted.

use super::DiffOptions;
use super::align::Aligned;
use super::live::Live;
use super::sides::Sides;
use crate::codec::TableSchema;
use crate::db::TableId;
use crate::db::scratch::Condition;
use crate::db::{Filter, Snapshot};
use crate::monitor::Monitor;
use crate::ops::waiting::{Versions, held};
use crate::ops::{OpError, Repository};

/// A condition on rows of one table. A row that changed is wanted if it holds for either version.
pub(super) enum Predicate<'l> {
    /// The live database, which is one of the sides, decides.
    Live { database: Box<dyn Snapshot + 'l>, filter: Filter, schema: TableSchema },
    /// No database is at hand.
    Stored(Condition),
}

impl<'l> Predicate<'l> {
    /// The condition of `options` on the rows of an aligned table. Takes `live`, if it is there and needed.
    ///
    /// # Errors
    /// If it cannot be read, names a column that the table does not have, or no database can decide it.
    pub fn of(
        project: &Repository,
        options: &DiffOptions,
        sides: &Sides<'_>,
        aligned: Option<&Aligned>,
        live: &mut Option<&'l mut Live<'_>>,
        monitor: &'l dyn Monitor,
    ) -> Result<Option<Predicate<'l>>, OpError> {
        let (Some(typed), Some(aligned)) = (&options.filter, aligned) else { return Ok(None) };
        let engine = sides.one_engine("--where means other rows in each")?;
        let names = project.filter_names(&aligned.schema.table);
        Ok(Some(match live.take() {
            Some(live) => {
                let filter = Filter::parse_named(typed, engine, &aligned.schema, &names)?;
                let database = live.again(&aligned.schema.table, monitor)?;
                Predicate::Live { database, filter, schema: aligned.schema.clone() }
            }
            None => Predicate::Stored(Condition::stored(typed, &aligned.schema, engine, &names)?),
        }))
    }

    /// Of each row whether the condition holds for one of both versions.
    ///
    /// # Errors
    /// If a row cannot be read, or the condition cannot be applied to it.
    pub fn holds(&mut self, rows: &[Versions]) -> Result<Vec<bool>, OpError> {
        let told = match self {
            Predicate::Live { database, filter, schema } => {
                held(rows, &mut |rows| database.matching(TableId::at(0), filter, schema, rows), |_, _| true)?
            }
            Predicate::Stored(condition) => held(rows, &mut |rows| condition.matching(rows), |_, _| true)?,
        };
        Ok(told.into_iter().map(|(old, new)| old || new).collect())
    }
}
