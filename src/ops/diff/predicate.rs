//! `--where` of a diff: which differing rows are wanted.

use super::DiffOptions;
use super::align::Aligned;
use super::sides::Sides;
use crate::codec::RowReader;
use crate::db::sqlite::Condition;
use crate::ops::{OpError, Project};
use crate::tree::Entry;

/// A condition on rows of one table. A row that changed is wanted if it holds for either version.
pub(super) struct Predicate {
    condition: Condition,
    columns: usize,
}

impl Predicate {
    /// The condition of `options` on the rows of an aligned table.
    ///
    /// # Errors
    /// If it cannot be read, or names a column that the table does not have.
    pub fn of(
        project: &Project,
        options: &DiffOptions,
        sides: &Sides,
        aligned: Option<&Aligned>,
    ) -> Result<Option<Predicate>, OpError> {
        let (Some(typed), Some(aligned)) = (&options.filter, aligned) else { return Ok(None) };
        let names = project.filter_names(&aligned.schema.table);
        let condition = Condition::new(typed, &aligned.schema, sides.engine, &names)?;
        Ok(Some(Predicate { condition, columns: aligned.schema.columns.len() }))
    }

    /// Whether it holds for one of both versions.
    ///
    /// # Errors
    /// If a row cannot be read.
    pub fn holds(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Result<bool, OpError> {
        for entry in [old, new].into_iter().flatten() {
            if self.condition.holds(&RowReader::values(entry.row, self.columns)?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
