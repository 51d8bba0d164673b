//! Which database: the order in which settings win.
//!
//! Flag, `DBSNAP_URL`, the environment, `.dbsnap/config.toml`, `.env.local`, `.env`, `prisma/.env`, a literal in
//! Prisma's config or schema. The variable is `DATABASE_URL`, or the one that Prisma's config or schema names.

use super::OpError;
use super::repository::Repository;
use crate::db::DatabaseUrl;
use crate::fsio::{SMALL_INPUT, read_input};
use crate::prisma::env_file::{EnvFile, TooLong};
use crate::prisma::project::PrismaProject;
use crate::prisma::schema::Setting;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the database URL was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UrlOrigin {
    /// `--url`.
    Flag,
    /// An environment variable.
    Environment(String),
    /// `.dbsnap/config.toml`.
    Config,
    /// A variable in an env file.
    EnvFile {
        /// The variable.
        variable: String,
        /// The file, relative to the project.
        file: PathBuf,
    },
    /// A literal in Prisma's config file or schema, relative to the project.
    Prisma(PathBuf),
}

impl fmt::Display for UrlOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UrlOrigin::Flag => f.write_str("--url"),
            UrlOrigin::Environment(name) => write!(f, "{name} in the environment"),
            UrlOrigin::Config => f.write_str(".dbsnap/config.toml"),
            UrlOrigin::EnvFile { variable, file } => write!(f, "{variable} in {}", file.display()),
            UrlOrigin::Prisma(file) => write!(f, "{}", file.display()),
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

/// The variable that names the database where Prisma names no other.
const DATABASE_URL: &str = "DATABASE_URL";

/// Env files, relative to the project, the strongest first.
const ENV_FILES: [&str; 3] = [".env.local", ".env", "prisma/.env"];

/// Finds the database URL.
///
/// # Errors
/// [`OpError::NoDatabase`] if no setting names one; a URL that cannot be used is an error of its own, not skipped.
pub fn database_url(project: &Repository) -> Result<ChosenUrl, OpError> {
    let found = match find(project)? {
        Some(found) => found,
        None => return Err(OpError::NoDatabase { variable: wanted(project).to_owned() }),
    };
    let url = parse(&found, project.models().prisma.as_ref())?;
    Ok(ChosenUrl { url, origin: found.origin })
}

/// The variable that is looked for: the first that Prisma names, else `DATABASE_URL`.
pub(super) fn wanted(project: &Repository) -> &str {
    let urls = project.models().prisma.as_ref().map(PrismaProject::urls).unwrap_or_default();
    urls.into_iter().find_map(|(setting, _)| setting.variable()).unwrap_or(DATABASE_URL)
}

/// A URL as it stands there.
struct Found {
    text: String,
    origin: UrlOrigin,
    /// Where relative SQLite paths start.
    base: PathBuf,
}

impl Found {
    /// Whether it leads to a proxy or pooler: then a direct URL is better, if there is one.
    fn is_indirect(&self) -> bool {
        self.text.trim_start().starts_with("prisma") || self.text.contains("pgbouncer=true")
    }
}

fn find(project: &Repository) -> Result<Option<Found>, OpError> {
    let here = |text: String, origin| Some(Found { text, origin, base: project.dir().to_owned() });
    if let Some(url) = project.url() {
        return Ok(here(url.clone(), UrlOrigin::Flag));
    }
    if let Some(url) = variable("DBSNAP_URL")? {
        return Ok(here(url, UrlOrigin::Environment("DBSNAP_URL".to_owned())));
    }
    let prisma = project.models().prisma.as_ref();
    let settings: Vec<(&Setting, &Path)> = prisma.iter().flat_map(|prisma| prisma.urls()).collect();
    let mut names: Vec<&str> = settings.iter().filter_map(|(setting, _)| setting.variable()).collect();
    if names.is_empty() {
        names.push(DATABASE_URL);
    }
    let mut indirect = None;
    let mut direct = |found: Option<Found>| match found {
        Some(found) if found.is_indirect() => {
            indirect.get_or_insert(found);
            None
        }
        found => found,
    };
    let from_shell = |name: &str| -> Result<Option<Found>, OpError> {
        Ok(variable(name)?.and_then(|url| here(url, UrlOrigin::Environment(name.to_owned()))))
    };
    for name in &names {
        if let Some(found) = direct(from_shell(name)?) {
            return Ok(Some(found));
        }
    }
    if let Some(url) = &project.config.url {
        return Ok(Some(Found { text: url.clone(), origin: UrlOrigin::Config, base: project.root.clone() }));
    }
    for name in &names {
        if let Some(found) = direct(from_env_files(project, prisma, name)?) {
            return Ok(Some(found));
        }
    }
    for (setting, file) in settings {
        if let Setting::Literal(text) = setting {
            let base = file.parent().unwrap_or(&project.root).to_owned();
            let found = Found { text: text.clone(), origin: UrlOrigin::Prisma(shown(file, project)), base };
            if let Some(found) = direct(Some(found)) {
                return Ok(Some(found));
            }
        }
    }
    // Where Prisma names another variable that is nowhere set.
    if !names.contains(&DATABASE_URL) && indirect.is_none() {
        return Ok(from_shell(DATABASE_URL)?.or(from_env_files(project, prisma, DATABASE_URL)?));
    }
    Ok(indirect)
}

/// A variable of the environment; one that is empty counts as none.
fn variable(name: &str) -> Result<Option<String>, OpError> {
    match std::env::var(name) {
        Ok(value) if !value.trim().is_empty() => Ok(Some(value)),
        Ok(_) | Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(OpError::Usage(format!("the environment variable {name} is not valid UTF-8")))
        }
    }
}

/// Looks in the env files beside Prisma's schema (where it is not in the project's own folder), then in the project's.
fn from_env_files(project: &Repository, prisma: Option<&PrismaProject>, name: &str) -> Result<Option<Found>, OpError> {
    let mut dirs = vec![project.root.as_path()];
    if let Some(prisma) = prisma.filter(|prisma| prisma.root != project.root) {
        dirs.insert(0, &prisma.root);
    }
    for dir in dirs {
        for file in ENV_FILES {
            let path = dir.join(file);
            if let Some(text) = from_env_file(&path, name)? {
                let base = path.parent().unwrap_or(dir).to_owned();
                let origin = UrlOrigin::EnvFile { variable: name.to_owned(), file: shown(&path, project) };
                return Ok(Some(Found { text, origin, base }));
            }
        }
    }
    Ok(None)
}

fn shown(path: &Path, project: &Repository) -> PathBuf {
    path.strip_prefix(&project.root).unwrap_or(path).to_owned()
}

/// The value of a variable in an env file, as the application's own loader has it.
fn from_env_file(path: &Path, name: &str) -> Result<Option<String>, OpError> {
    let bytes = match read_input(path, SMALL_INPUT) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpError::io("read", path, error)),
    };
    let file = EnvFile::parse(&String::from_utf8_lossy(&bytes));
    // Under its own name the environment has nothing, or blanks.
    let environment = |other: &str| if other == name { None } else { std::env::var(other).ok() };
    let value = file.value(name, &environment).map_err(|TooLong| OpError::Config {
        path: path.to_owned(),
        reason: format!("{name} refers to other variables until it is longer than any URL"),
    })?;
    Ok(value.filter(|url| !url.trim().is_empty()))
}

/// Reads the URL. A relative SQLite path may start at several places ([`PrismaProject::sqlite_folders`]): the first is
/// taken that has a database.
fn parse(found: &Found, prisma: Option<&PrismaProject>) -> Result<DatabaseUrl, OpError> {
    let is_ours = matches!(&found.origin, UrlOrigin::Flag | UrlOrigin::Config)
        || found.origin == UrlOrigin::Environment("DBSNAP_URL".to_owned());
    let mut bases = prisma.filter(|_| !is_ours).map(PrismaProject::sqlite_folders).unwrap_or_default();
    bases.push(found.base.clone());
    let mut urls = Vec::with_capacity(bases.len());
    for base in bases {
        urls.push(DatabaseUrl::parse(&found.text, &base)?);
    }
    let chosen = urls.iter().find(|url| !url.is_no_file()).or(urls.first());
    chosen.cloned().ok_or_else(|| OpError::NoDatabase { variable: DATABASE_URL.to_owned() })
}
