//! Finding the project: the directory that holds `.dbsnap/`, here or above, as git finds its own.

use super::OpError;
use super::config::Config;
use super::models::Models;
use crate::store::{Access, Store};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The name of the store's directory.
pub const STORE_DIR: &str = ".dbsnap";

/// Where a command runs and what its flags say of places.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The directory to start from.
    pub dir: PathBuf,
    /// The store, if a flag names it.
    pub store: Option<PathBuf>,
    /// The database URL, if a flag names it.
    pub url: Option<String>,
}

/// A project with a store.
#[derive(Debug, Clone)]
pub struct Project {
    /// The directory that holds the store: relative paths of the settings start here.
    pub root: PathBuf,
    /// The store's directory.
    pub store_dir: PathBuf,
    /// Its settings.
    pub config: Config,
    place: Place,
    models: Arc<OnceLock<Models>>,
}

impl Project {
    /// Finds the project for `place`.
    ///
    /// # Errors
    /// [`OpError::NoStore`] if there is none; [`OpError::Config`] if its settings cannot be used.
    pub fn find(place: &Place) -> Result<Project, OpError> {
        let store_dir = match &place.store {
            Some(store) => {
                let store = place.dir.join(store);
                if !store.is_dir() {
                    return Err(OpError::NoStore(store));
                }
                store
            }
            None => place
                .dir
                .ancestors()
                .map(|dir| dir.join(STORE_DIR))
                .find(|dir| dir.is_dir())
                .ok_or_else(|| OpError::NoStore(place.dir.clone()))?,
        };
        check_owner(&store_dir)?;
        let root = store_dir.parent().unwrap_or(Path::new("/")).to_owned();
        let config = Config::load(&store_dir.join("config.toml"))?;
        Ok(Project { root, store_dir, config, place: place.clone(), models: Arc::default() })
    }

    /// Opens the store. In a fresh clone there are only its settings: then the rest is made first.
    ///
    /// # Errors
    /// If it is not a store, of an unknown format, or locked.
    pub fn open(&self, access: Access) -> Result<Store, OpError> {
        if self.store_dir.join("config.toml").is_file() && !self.store_dir.join("format").exists() {
            Store::init(&self.store_dir)?;
        }
        Ok(Store::open(&self.store_dir, access)?)
    }

    /// What its Prisma schema says; read when it is first asked for.
    pub fn models(&self) -> &Models {
        self.models.get_or_init(|| Models::find(&self.root, &self.place.dir))
    }

    /// Where the command runs.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Where export files go.
    pub fn export_dir(&self) -> PathBuf {
        self.root.join(&self.config.export_dir)
    }
}

/// Refuses a store that belongs to somebody else: its settings name a database and its bytes go into one.
fn check_owner(store_dir: &Path) -> Result<(), OpError> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(store_dir).map_err(|error| OpError::io("look at", store_dir, error))?.uid();
    let Ok(own) = std::fs::metadata("/proc/self").map(|me| me.uid()) else { return Ok(()) };
    if owner == own {
        return Ok(());
    }
    Err(OpError::Refused {
        what: format!("{} belongs to another user (uid {owner}, you are {own})", store_dir.display()),
        allow: None,
    })
}
