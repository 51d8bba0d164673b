//! Where a restore goes: a database that is there, or with `--create` one that is gone.

use super::RestoreOptions;
use crate::db::{Absent, Catalog, DbError, Sink, SourceIdentity};
use crate::ops::OpError;
use crate::ops::database::{Connection, Database};
use std::collections::BTreeMap;

/// Where a restore goes.
pub(super) enum Place<'p> {
    /// A database that is there.
    There(&'p mut dyn Sink),
    /// One that is gone.
    Absent(Box<dyn Absent>),
}

/// Connects to the database; with `--create`, it may be gone, if it is the one that the snapshot is of, as `is_its` tells.
/// Also what people call it.
pub(super) fn open<'d>(
    database: &'d mut Database,
    options: &RestoreOptions,
    is_its: impl FnOnce(&SourceIdentity) -> bool,
) -> Result<(Place<'d>, String), OpError> {
    match database.connect() {
        Ok(_) => {
            let Connection { sink, name, .. } = database.connect()?;
            Ok((Place::There(sink.as_mut()), name.clone()))
        }
        Err(OpError::Db(gone @ DbError::Connect { absent: true, .. })) if options.create => {
            let (absent, name) = database.absent()?;
            // another one may be restored into, and is not made for that
            match options.other_database && !is_its(absent.identity()) {
                true => Err(gone.into()),
                false => Ok((Place::Absent(absent), name)),
            }
        }
        Err(OpError::Db(gone @ DbError::Connect { absent: true, .. })) => Err(OpError::DatabaseGone(gone)),
        Err(error) => Err(error),
    }
}

impl<'p> Place<'p> {
    /// Which database it is, or would be.
    pub fn identity(&self) -> &SourceIdentity {
        match self {
            Place::There(sink) => sink.identity(),
            Place::Absent(absent) => absent.identity(),
        }
    }

    /// What a person should know before anything is made.
    pub fn remarks(&self, settings: &BTreeMap<String, String>) -> Vec<String> {
        match self {
            Place::There(_) => Vec::new(),
            Place::Absent(absent) => absent.remarks(settings),
        }
    }

    /// With its tables: none where there is no database.
    pub fn with_catalog(self) -> Result<(Place<'p>, Catalog), OpError> {
        match self {
            Place::There(sink) => {
                let catalog = sink.catalog()?;
                Ok((Place::There(sink), catalog))
            }
            Place::Absent(absent) => Ok((Place::Absent(absent), Catalog::default())),
        }
    }
}
