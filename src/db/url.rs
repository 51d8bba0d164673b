//! Database URLs as Prisma and libpq write them. Messages say which part is wrong and never repeat it: a URL that
//! cannot be read may hold its password anywhere.

mod percent;
mod postgres;
mod server;
mod service;

pub use postgres::PostgresTarget;
pub use server::{Host, Password, SslMode};

use super::{DbError, Engine};
use std::fmt;
use std::path::{Path, PathBuf};

/// Which database to open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is one of it, and it is seldom moved")]
pub enum DatabaseUrl {
    /// A PostgreSQL server, database and schema.
    Postgres(PostgresTarget),
    /// The absolute path of a SQLite file, taken literally.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads `postgres://...`, `postgresql://...`, `file:...`, `sqlite:...` or the path of a `.db`, `.sqlite` or
    /// `.sqlite3` file.
    ///
    /// Relative SQLite paths are relative to `base`. In a `file:` or `sqlite:` URL what follows a `?` is dropped, as
    /// Prisma does, and nothing is percent-decoded; a plain path is taken letter for letter.
    ///
    /// # Errors
    /// [`DbError::BadUrl`] with the part that is wrong, without its text.
    pub fn parse(text: &str, base: &Path) -> Result<DatabaseUrl, DbError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(bad("it is empty"));
        }
        if text.contains('\0') {
            return Err(bad("it contains a NUL character"));
        }
        match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => match scheme.to_ascii_lowercase().as_str() {
                "postgres" | "postgresql" => {
                    let rest = rest.strip_prefix("//").ok_or_else(|| bad("`//` is missing after the scheme"))?;
                    PostgresTarget::parse(rest).map(DatabaseUrl::Postgres)
                }
                "file" | "sqlite" | "sqlite3" => sqlite_file(rest, base),
                "prisma" | "prisma+postgres" => Err(bad(
                    "it goes through Prisma's proxy, which cannot be read table by table; give the database's own postgres:// URL",
                )),
                "libsql" | "http" | "https" | "ws" | "wss" => {
                    Err(bad("remote libSQL databases are not supported; give the path of a local SQLite file"))
                }
                scheme @ ("mysql" | "mariadb" | "mongodb" | "mongodb+srv" | "sqlserver" | "cockroachdb") => {
                    Err(bad(&format!("{scheme} databases are not supported, only PostgreSQL and SQLite")))
                }
                _ => Err(bad("its scheme is not one of postgres://, postgresql://, file: and sqlite:")),
            },
            _ => plain_path(text, base),
        }
    }

    /// The engine that it is for.
    pub fn engine(&self) -> Engine {
        match self {
            DatabaseUrl::Postgres(_) => Engine::POSTGRES,
            DatabaseUrl::Sqlite(_) => Engine::SQLITE,
        }
    }

    /// The schema that it names (`?schema=`), if it does.
    pub fn schema(&self) -> Option<&str> {
        match self {
            DatabaseUrl::Postgres(target) => target.schema.as_deref(),
            DatabaseUrl::Sqlite(_) => None,
        }
    }

    /// Whether it is of a file that is not there or empty, as one that somebody opened in the wrong folder.
    pub fn is_no_file(&self) -> bool {
        match self {
            DatabaseUrl::Postgres(_) => false,
            DatabaseUrl::Sqlite(path) => !std::fs::metadata(path).is_ok_and(|file| file.len() > 0),
        }
    }

    /// For people: user, host, port, database and schema, or the file; never the password.
    pub fn display(&self) -> String {
        match self {
            DatabaseUrl::Postgres(target) => target.display(),
            DatabaseUrl::Sqlite(path) => path.display().to_string(),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display())
    }
}

/// A file of the user's that libpq reads: `~/.pgpass`, say, which on Windows is `%APPDATA%\\postgresql\\pgpass.conf`.
pub(super) fn user_file(name: &str, on_windows: &str) -> Option<PathBuf> {
    match cfg!(windows) {
        true => std::env::var_os("APPDATA").map(|dir| PathBuf::from(dir).join("postgresql").join(on_windows)),
        false => std::env::home_dir().map(|home| home.join(name)),
    }
}

/// A URL that cannot be used, and why.
fn bad(reason: &str) -> DbError {
    DbError::BadUrl(reason.to_owned())
}

/// Whether this can stand before a URL's colon. One letter is a Windows drive.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char))
        && !is_sqlite_name(text)
}

fn is_sqlite_name(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [".db", ".sqlite", ".sqlite3", ".db3"].iter().any(|ending| lower.ends_with(ending))
}

fn sqlite_file(rest: &str, base: &Path) -> Result<DatabaseUrl, DbError> {
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    let path = match path.strip_prefix("//") {
        Some(path) => path.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(path),
        None => path,
    };
    // file:///C:/dev.db
    let drive = path.strip_prefix('/').filter(|rest| cfg!(windows) && rest.as_bytes().get(1) == Some(&b':'));
    literal(drive.unwrap_or(path), base)
}

fn plain_path(text: &str, base: &Path) -> Result<DatabaseUrl, DbError> {
    if is_sqlite_name(text) || text == ":memory:" {
        return literal(text, base);
    }
    Err(bad("it is neither a postgres:// or file: URL nor the path of a .db, .sqlite or .sqlite3 file"))
}

fn literal(path: &str, base: &Path) -> Result<DatabaseUrl, DbError> {
    if path.is_empty() {
        return Err(bad("the path of the SQLite file is missing"));
    }
    if path == ":memory:" {
        return Err(bad("a database in memory belongs to the process that made it; give the path of a file"));
    }
    let path = base.join(path);
    let path = std::path::absolute(&path).map_err(|_| bad("the path of the SQLite file cannot be made absolute"))?;
    Ok(DatabaseUrl::Sqlite(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sqlite(text: &str) -> String {
        match DatabaseUrl::parse(text, Path::new("/app/prisma")) {
            Ok(DatabaseUrl::Sqlite(path)) => path.display().to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sqlite_paths_are_literal_and_relative_to_their_base() {
        assert_eq!(sqlite("file:./dev.db?connection_limit=1"), "/app/prisma/dev.db");
        assert_eq!(sqlite("file:dev.db"), "/app/prisma/dev.db");
        assert_eq!(sqlite("file:/data/dev.db"), "/data/dev.db");
        assert_eq!(sqlite("file:///data/dev.db"), "/data/dev.db");
        assert_eq!(sqlite("file://localhost/data/dev.db"), "/data/dev.db");
        assert_eq!(sqlite("sqlite:///data/dev.db"), "/data/dev.db");
        assert_eq!(sqlite("sqlite:dev%20x#.db"), "/app/prisma/dev%20x#.db");
        assert_eq!(sqlite("  ./a?b%#.sqlite3\n"), "/app/prisma/a?b%#.sqlite3");
        assert_eq!(sqlite("../dev.DB"), "/app/prisma/../dev.DB");
        assert_eq!(sqlite("odd_:name.db"), "/app/prisma/odd_:name.db");
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_being_repeated() {
        for text in [
            "",
            "s3cr3t",
            "mysql://u:s3cr3t@host/db",
            "prisma+postgres://accelerate.prisma-data.net/?api_key=s3cr3t",
            "libsql://s3cr3t.turso.io",
            "file:",
            "file::memory:",
            ":memory:",
            "postgres:u:s3cr3t@host/db",
            "s3cr3t://host/db",
        ] {
            match DatabaseUrl::parse(text, Path::new("/app")) {
                Err(DbError::BadUrl(reason)) => assert!(!reason.contains("s3cr3t"), "{reason}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_no_password_shows(text in ".{0,60}", tail in "[a-z0-9:@/?#%\\[\\]=&.,-]{0,40}") {
            let _ = DatabaseUrl::parse(&text, Path::new("/app"));
            let url = format!("postgres://user:s3cr3t-p4ss{tail}@host/db");
            match DatabaseUrl::parse(&url, Path::new("/app")) {
                Err(error) => {
                    let shown = format!("{error} {error:?}");
                    prop_assert!(!shown.contains("s3cr3t-p4ss"));
                }
                Ok(parsed) => {
                    let shown = format!("{parsed} {parsed:?}");
                    prop_assert!(!shown.contains("s3cr3t-p4ss"));
                }
            }
        }
    }
}
