//! Which database, which store, where: flags, environment, `config.toml`, env files.

use super::{Shop, shown};
use crate::support::process::Project;
use rusqlite::Connection;

/// The first line of `tables`: the database.
fn chosen(invocation: &crate::support::process::Invocation) -> String {
    let run = invocation.run().success();
    let line = run.stdout().lines().next().unwrap();
    line.rsplit('/').next().unwrap().to_owned()
}

#[test]
fn the_strongest_setting_wins() {
    let project = Project::new();
    for name in ["flag", "dbsnap", "database", "config", "local", "env", "prisma/prisma"] {
        project.write(&format!("{name}.db"), "");
        Connection::open(project.path().join(format!("{name}.db")))
            .unwrap()
            .execute_batch("CREATE TABLE t (id)")
            .unwrap();
    }
    project.dbsnap(["init"]).run().success();
    let tables = project.dbsnap(["tables"]);
    insta::assert_snapshot!(tables.run(), @r"
    exit 2
    --- stderr
    error: no database is set
    hint: set DATABASE_URL (in the environment, .env.local or .env), or give --url; dbsnap doctor shows what was looked at
    ");
    project.write("prisma/.env", "DATABASE_URL=file:./prisma.db\n");
    assert_eq!(chosen(&tables), "prisma.db");
    project.write(".env", "OTHER=1\nDATABASE_URL='file:./env.db' # a comment\n");
    assert_eq!(chosen(&tables), "env.db");
    project.write(".env.local", "export DATABASE_URL=file:./local.db\n");
    assert_eq!(chosen(&tables), "local.db");
    project.write(".dbsnap/config.toml", "url = \"file:./config.db\"\n");
    assert_eq!(chosen(&tables), "config.db");
    let tables = tables.env("DATABASE_URL", "file:./database.db");
    assert_eq!(chosen(&tables), "database.db");
    let tables = tables.env("DBSNAP_URL", "file:./dbsnap.db");
    assert_eq!(chosen(&tables), "dbsnap.db");
    assert_eq!(chosen(&tables.arg("--url").arg("file:./flag.db")), "flag.db");
}

#[test]
fn from_below_and_from_elsewhere() {
    let shop = Shop::new();
    shop.project.write("deep/down/file", "");
    assert_eq!(chosen(&shop.dbsnap(["tables"]).dir(shop.path().join("deep/down"))), "dev.db");
    assert_eq!(chosen(&shop.dbsnap(["tables", "-C"]).arg(shop.path()).dir("/")), "dev.db");
    let elsewhere = Project::new();
    let away = elsewhere.dbsnap(["--store", "kept/here", "init"]);
    away.run().success();
    assert!(elsewhere.path().join("kept/here/format").is_file());
    insta::assert_snapshot!(shop.run(["-C", "nowhere", "log"]), @r"
    exit 1
    --- stderr
    error: cannot enter [DIR]/nowhere: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(shop.run(["--store", "nowhere", "log"]), @r"
    exit 10
    --- stderr
    error: there is no .dbsnap store in [DIR]/nowhere or any directory above it
    hint: to create one: dbsnap init
    ");
}

#[test]
fn quiet_prints_what_was_asked_for() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.run(["snap", "authors", "-q"]), @r"
    exit 0
    --- stdout
    [ID]
    ");
    insta::assert_snapshot!(shop.run(["-q", "log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] snapshot of authors
    ");
    let exported = shop.dbsnap(["export", "latest", "-q"]).run().success();
    assert!(exported.stdout().contains("_authors.json") && !exported.stdout().contains("To restore"), "{exported}");
    let name = exported.stdout().split_whitespace().find(|word| word.ends_with("_authors.json")).unwrap().to_owned();
    let imported = shop.dbsnap(["import", &name, "-q"]).run().success();
    assert!(imported.stdout().starts_with("Imported 2 records of authors"), "{imported}");
    assert_eq!(imported.stdout().lines().count(), 1, "{imported}");
}

#[test]
fn urls_that_cannot_be_used_are_not_repeated() {
    let shop = Shop::new();
    for url in [
        "garbage s3cret",
        "mysql://u:s3cret@h/db",
        "postgres://u:s3cret@h:port/db",
        "postgres://u:s3cret@[/db",
        "",
        "file:",
    ] {
        let run = shop.dbsnap(["snap", "mods", "--url", url]);
        let said = shop.unchanged(&run);
        assert!(said.starts_with("exit 2\n"), "{url}: {said}");
        assert!(!said.contains("s3cret"), "{url}: {said}");
    }
    let environment = shop.dbsnap(["snap", "mods"]).env("DATABASE_URL", "mysql://u:s3cret@h/db");
    insta::assert_snapshot!(shop.unchanged(&environment), @r"
    exit 2
    --- stderr
    error: the database URL cannot be used: mysql databases are not supported, only PostgreSQL and SQLite
    ");
}

#[test]
fn files_that_are_no_database() {
    let shop = Shop::new();
    shop.project.write(
        "text.db",
        "This is no database, it is a text that is longer than a header of a hundred bytes would be, so there.",
    );
    shop.project.write("empty.db", "");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./gone.db"]), @r"
    exit 1
    --- stderr
    error: cannot connect to [DIR]/gone.db: there is no such file
    hint: dbsnap doctor shows which database is used, and where its URL was found
    ");
    assert!(!shop.path().join("gone.db").exists());
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./text.db"]), @r"
    exit 1
    --- stderr
    error: opening [DIR]/text.db: the file is not a SQLite database, or it is encrypted
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./empty.db"]), @r"
    exit 2
    --- stderr
    error: the database has no tables
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./.dbsnap"]), @r"
    exit 1
    --- stderr
    error: cannot connect to [DIR]/.dbsnap: it is a directory
    hint: dbsnap doctor shows which database is used, and where its URL was found
    ");
}

#[test]
fn a_broken_config_names_the_line_and_does_not_quote_it() {
    let shop = Shop::new();
    shop.project.write(".dbsnap/config.toml", "export = \"always\"\nurl = postgres://u:s3cret@h/db\n");
    insta::assert_snapshot!(shop.refused(["snap", "mods"]), @r"
    exit 2
    --- stderr
    error: [DIR]/.dbsnap/config.toml cannot be used: line 2: string values must be quoted, expected literal string
    ");
    shop.project.write(".dbsnap/config.toml", "exprot = \"always\"\n");
    insta::assert_snapshot!(shop.refused(["snap", "mods"]), @r"
    exit 2
    --- stderr
    error: [DIR]/.dbsnap/config.toml cannot be used: line 1: unknown field `exprot`, expected one of `url`, `export`, `export_dir`, `long_snapshot_seconds`, `record_actor`, `run`, `hook`, `retention`
    ");
    shop.project.write(".dbsnap/config.toml", b"\xff\xfe");
    insta::assert_snapshot!(shop.refused(["snap", "mods"]), @r"
    exit 1
    --- stderr
    error: cannot read [DIR]/.dbsnap/config.toml: it is not valid UTF-8
    ");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    let log = shop.dbsnap(["log"]);
    let coloured =
        |invocation: &crate::support::process::Invocation| invocation.run().success().stdout().contains('\u{1b}');
    assert!(!coloured(&log));
    assert!(coloured(&log.clone().env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(&log.clone().env("NO_COLOR", "1")));
    assert!(!shown(&log.run()).contains('\u{1b}'));
}
