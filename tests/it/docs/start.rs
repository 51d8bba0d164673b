//! The pages that get somebody started, followed from the first command to the last.

use super::readme::ROWS;
use crate::support::files::project;
use crate::support::postgres::{Db, PgServer};
use crate::support::recording::{Reader, check_page};
use std::os::unix::fs::symlink;

/// Node packages, as the project's own installation.
fn install(reader: &Reader, packages: &str) {
    let packages = project(packages).join("node_modules");
    assert!(packages.is_dir(), "{} is missing: tests/run installs it", packages.display());
    symlink(packages, reader.path().join("node_modules")).unwrap();
}

/// The shop of the README on PostgreSQL, which the pages have at another address; psql reaches it by the environment.
fn shop() -> (Db, Reader) {
    let db = PgServer::shared().database();
    db.sql(ROWS);
    // so that the sizes of tables are known, and do not come when the server gets to it
    db.sql("ANALYZE");
    let server = &db.server;
    let address = format!("{}:{}/{}", server.host, server.port, db.name);
    let reader = Reader::new().shows(db.url(), "postgres://postgres@127.0.0.1:5432/shop");
    let reader = reader.shows(format!("{}@{address}", server.user), "postgres@127.0.0.1:5432/shop");
    let reader = reader.shows(address, "127.0.0.1:5432/shop");
    let reader = reader.shows(db.sql("SHOW server_version"), "15.18 (Debian 15.18-0+deb12u1)");
    let reader = db.environment().into_iter().fold(reader, |reader, (name, value)| reader.env(name, value));
    (db, reader)
}

#[test]
fn drizzle() {
    let reader = Reader::new();
    install(&reader, "tests/drizzle");
    reader.write("package.json", r#"{"type": "module"}"#);
    check_page("docs/START-DRIZZLE.md", 10, &reader);
}

#[test]
fn sql() {
    let (_db, reader) = shop();
    check_page("docs/START-SQL.md", 10, &reader);
}

#[test]
fn agent() {
    let reader = Reader::new();
    reader.prints("dbsnap demo . -q && rm -r .dbsnap scripts/backups");
    check_page("docs/START-AGENT.md", 5, &reader);
}

#[test]
fn team() {
    let reader = Reader::new().shows(rusqlite::version(), "3.54.1");
    let reader = reader.env("GIT_AUTHOR_NAME", "me").env("GIT_AUTHOR_EMAIL", "me@example.org");
    let reader = reader.env("GIT_COMMITTER_NAME", "me").env("GIT_COMMITTER_EMAIL", "me@example.org");
    check_page("docs/START-TEAM.md", 10, &reader);
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn prisma() {
        let (db, reader) = shop();
        // the engine that makes tables is no package; the tables are there
        let reader = reader.env("PRISMA_SCHEMA_ENGINE_BINARY", "/bin/false").env("PRISMA_HIDE_UPDATE_MESSAGE", "1");
        let reader = reader.env("CHECKPOINT_DISABLE", "1");
        install(&reader, "tests/prisma/7");
        reader.write(
            "package.json",
            r#"{"type": "module", "dependencies": {"@prisma/client": "7.10.0", "@prisma/adapter-pg": "7.10.0"}}"#,
        );
        reader.write(".env", &format!("DATABASE_URL=\"{}\"\n", db.url()));
        check_page("docs/START-PRISMA.md", 10, &reader);
    }
}
