//! `init`: make the store.

use super::OpError;
use super::config::TEMPLATE;
use super::repository::{Place, STORE_DIR};
use crate::fsio::{Disk, write_durably};
use crate::store::{Store, StoreError};
use serde::Serialize;
use std::path::PathBuf;

/// What `init` did.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitReport {
    /// The store's directory.
    pub store: PathBuf,
    /// Whether it was there already.
    pub existed: bool,
}

/// Makes the store, or completes one whose making was interrupted. A complete one is left as it is.
///
/// # Errors
/// If the place holds something else, or cannot be written.
pub fn init(place: &Place) -> Result<InitReport, OpError> {
    let store = place.dir.join(place.store.as_deref().unwrap_or(STORE_DIR.as_ref()));
    let existed = store.join("config.toml").is_file() && store.join("format").is_file();
    if let Some(above) = store.parent() {
        std::fs::create_dir_all(above).map_err(|error| OpError::io("make", above, error))?;
    }
    Store::init(&store)?;
    let config = store.join("config.toml");
    // Whole or not at all: what an interrupted `init` leaves is completed, what a person wrote is kept.
    if std::fs::symlink_metadata(&config).is_err() {
        write_durably(&Disk, &store.join("tmp"), &config, TEMPLATE.as_bytes()).map_err(StoreError::from)?;
    }
    Ok(InitReport { store, existed })
}
