//! Which database: the order in which settings win.
//!
//! Flag, `DBSNAP_URL`, `DATABASE_URL`, `.dbsnap/config.toml`, `.env.local`, `.env`, `prisma/.env`.

use super::OpError;
use super::project::{Place, Project};
use crate::db::{self, DatabaseUrl, OpenOptions, Sink};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the database URL was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlOrigin {
    /// `--url`.
    Flag,
    /// An environment variable.
    Environment(&'static str),
    /// `.dbsnap/config.toml`.
    Config,
    /// A variable in an env file.
    EnvFile(PathBuf),
}

impl fmt::Display for UrlOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlOrigin::Flag => f.write_str("--url"),
            UrlOrigin::Environment(name) => write!(f, "{name} in the environment"),
            UrlOrigin::Config => f.write_str(".dbsnap/config.toml"),
            UrlOrigin::EnvFile(path) => write!(f, "DATABASE_URL in {}", path.display()),
        }
    }
}

/// A database URL and where it was found.
#[derive(Debug, Clone)]
pub struct ChosenUrl {
    /// The URL.
    pub url: DatabaseUrl,
    /// Where it was found.
    pub origin: UrlOrigin,
}

/// Environment variables that name a database, the strongest first.
const VARIABLES: [&str; 2] = ["DBSNAP_URL", "DATABASE_URL"];

/// Env files, relative to the project, the strongest first.
const ENV_FILES: [&str; 3] = [".env.local", ".env", "prisma/.env"];

/// Finds the database URL.
///
/// # Errors
/// [`OpError::NoDatabase`] if no setting names one; a URL that cannot be used is an error of its own, not skipped.
pub fn database_url(place: &Place, project: &Project) -> Result<ChosenUrl, OpError> {
    let (text, origin, base) = find(place, project)?.ok_or(OpError::NoDatabase)?;
    let url = DatabaseUrl::parse(&text, &base)?;
    Ok(ChosenUrl { url, origin })
}

/// Opens the database that the settings name.
pub(super) fn connect(place: &Place, project: &Project) -> Result<(Box<dyn Sink>, ChosenUrl), OpError> {
    let chosen = database_url(place, project)?;
    let sink = db::open(&chosen.url, &OpenOptions::default())?;
    Ok((sink, chosen))
}

type Found = (String, UrlOrigin, PathBuf);

fn find(place: &Place, project: &Project) -> Result<Option<Found>, OpError> {
    if let Some(url) = &place.url {
        return Ok(Some((url.clone(), UrlOrigin::Flag, place.dir.clone())));
    }
    for name in VARIABLES {
        match std::env::var(name) {
            Ok(url) if !url.trim().is_empty() => {
                return Ok(Some((url, UrlOrigin::Environment(name), place.dir.clone())));
            }
            Ok(_) | Err(std::env::VarError::NotPresent) => {}
            Err(std::env::VarError::NotUnicode(_)) => {
                return Err(OpError::Usage(format!("the environment variable {name} is not valid UTF-8")));
            }
        }
    }
    if let Some(url) = &project.config.url {
        return Ok(Some((url.clone(), UrlOrigin::Config, project.root.clone())));
    }
    for file in ENV_FILES {
        let path = project.root.join(file);
        if let Some(url) = from_env_file(&path)? {
            let base = path.parent().unwrap_or(&project.root).to_owned();
            return Ok(Some((url, UrlOrigin::EnvFile(PathBuf::from(file)), base)));
        }
    }
    Ok(None)
}

/// The value of `DATABASE_URL` in an env file; the last assignment wins, as dotenv has it.
fn from_env_file(path: &Path) -> Result<Option<String>, OpError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpError::io("read", path, error)),
    };
    // Lines that are not assignments are for other tools; they do not stop the search.
    let found = dotenvy::from_read_iter(file).filter_map(Result::ok).filter(|(name, _)| name == "DATABASE_URL").last();
    Ok(found.map(|(_, url)| url).filter(|url| !url.trim().is_empty()))
}
