//! Restoring into a database that is gone: it is made, the tables are made in it and filled, and unless all of that
//! succeeds nothing is left of it.

use super::create::Creation;
use super::perform::basis;
use super::start::Start;
use super::{Created, RestoreOptions, RestorePlan, RestoreReport};
use crate::codec::TableSchema;
use crate::db::{Absent, Sink};
use crate::hash::Hash;
use crate::ops::OpError;
use crate::ops::plan::{Basis, Plan};

impl Start<'_> {
    /// Plans without a database: whatever is restored is made, with all rows.
    ///
    /// # Errors
    /// As [`Operation::plan`](crate::ops::Operation::plan).
    pub(super) fn plan_absent(&self, options: &RestoreOptions) -> Result<Plan<RestoreOptions>, OpError> {
        let (plan, basis) = self.foreseen(options)?;
        Ok(Plan::new(options, plan, basis.digest()))
    }

    /// Makes the database and restores into it.
    ///
    /// # Errors
    /// As [`Operation::apply`](crate::ops::Operation::apply), or if the database cannot be made.
    pub(super) fn apply_absent(
        &self,
        mut absent: Box<dyn Absent>,
        options: &RestoreOptions,
        planned: Option<&Hash>,
    ) -> Result<RestoreReport, OpError> {
        let (_, basis) = self.foreseen(options)?;
        basis.check(planned)?;
        let made = absent.make(&self.entry.manifest.settings);
        // the connection ends before the database is kept or goes
        let restored = made.map_err(OpError::from).and_then(|mut sink| self.restore_into(sink.as_mut(), options));
        match restored {
            Ok(report) => absent.keep().map(|()| report).map_err(OpError::from),
            Err(error) => Err(match absent.discard() {
                Ok(()) => error,
                Err(left) => OpError::NotDiscarded { error: Box::new(error), left },
            }),
        }
    }

    /// Restores into the database that was just made: what is in it is known, but for what every new one has.
    fn restore_into(&self, sink: &mut dyn Sink, options: &RestoreOptions) -> Result<RestoreReport, OpError> {
        self.apply_to(sink, options, None)
    }

    fn foreseen(&self, options: &RestoreOptions) -> Result<(RestorePlan, Basis), OpError> {
        let mut targets = self.targets(options)?;
        let creation = self.creation(&targets, |_| Ok(Vec::new()))?;
        let created: Vec<Created> = creation.as_ref().map(Creation::shown).unwrap_or_default();
        let warnings = creation.map(|creation| creation.warnings).unwrap_or_default();
        let tables = targets.take_made().into_iter().map(|(_, planned)| planned).collect();
        let plan = RestorePlan { tables, created, warnings, ..self.header.clone() };
        let nothing: (Vec<&TableSchema>, Vec<Hash>, Vec<Hash>) = Default::default();
        let basis = basis(options, (self.origin, self.entry.id), nothing, &plan)?;
        Ok((plan, basis))
    }
}
