//! The command line beside a real PostgreSQL server.

use super::{files, shown};
use crate::support::postgres::{Db, PgServer};
use crate::support::process::{Invocation, Project, Run};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const SCHEMA: &str = "CREATE TABLE authors (id text PRIMARY KEY, name text NOT NULL);
    CREATE TABLE \"Mod\" (id bigserial PRIMARY KEY, title text NOT NULL, tags text[], price numeric(10, 2),
        author text REFERENCES authors ON DELETE CASCADE);
    INSERT INTO authors VALUES ('ann', 'Ann'), ('bob', 'Bob');
    INSERT INTO \"Mod\" (title, tags, price, author) VALUES ('Oak', '{wood,table}', 4.50, 'ann'), ('Lamp', NULL, 9, 'bob');";

/// A project on a database of its own.
struct Market {
    project: Project,
    db: Db,
}

impl Market {
    fn new() -> Market {
        let market = Market { project: Project::new(), db: PgServer::shared().database() };
        market.db.sql(SCHEMA);
        market.dbsnap(["init"]).run().success();
        market
    }

    fn dbsnap<const N: usize>(&self, args: [&str; N]) -> Invocation {
        self.project.dbsnap(args).env("DATABASE_URL", self.db.url())
    }

    fn mods(&self) -> String {
        self.db.sql("SELECT * FROM \"Mod\" ORDER BY id")
    }

    /// Starts it, with both streams kept.
    fn start<const N: usize>(&self, args: [&str; N]) -> Child {
        self.dbsnap(args).command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn end(&self, child: Child) -> Run {
        Run::ended(child.wait_with_output().unwrap(), self.project.path())
    }

    /// Waits until a session waits for a lock.
    fn wait_for_a_waiter(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                       WHERE d.datname = current_database() AND NOT granted";
        while self.db.sql(waiting) == "0" {
            assert!(Instant::now() < deadline, "nobody waits for a lock");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn snapshots(&self) -> usize {
        self.dbsnap(["log", "--oneline", "--grep", "cut"])
            .run()
            .success()
            .stdout()
            .lines()
            .filter(|line| line.contains("cut"))
            .count()
    }
}

#[test]
fn the_way_there_and_back() {
    let market = Market::new();
    let before = market.mods();
    let tables = market.dbsnap(["tables"]).run().success();
    assert!(tables.stdout().contains("public.Mod") || tables.stdout().contains("Mod"), "{tables}");
    market.dbsnap(["snap", "mod", "authors", "-m", "before"]).run().success();
    market.db.sql("DELETE FROM authors WHERE id = 'ann'; UPDATE \"Mod\" SET price = 1");
    market.dbsnap(["restore", "latest", "--mode", "exact", "-y"]).run().success();
    assert_eq!(market.mods(), before);
    market.dbsnap(["export", "latest"]).run().success();
    market.dbsnap(["verify"]).run().success();
    market.dbsnap(["doctor"]).run().success();
    insta::assert_snapshot!(market.dbsnap(["show", "latest:mod:2"]).run(), @r#"
    exit 0
    --- stdout
    {
      "id": "2",
      "title": "Lamp",
      "tags": null,
      "price": "9.00",
      "author": "bob"
    }
    "#);
    insta::assert_snapshot!(market.dbsnap(["snap", "mdo"]).run(), @r"
    exit 12
    --- stderr
    error: there is no table 'mdo' in the database
    hint: did you mean Mod?
    ");
    insta::assert_snapshot!(market.dbsnap(["snap", "mod", "--where", "id = 1; DROP TABLE authors"]).run(), @r"
    exit 2
    --- stderr
    error: invalid filter: it contains a `;`: a filter is one expression, not a statement
    ");
    insta::assert_snapshot!(market.dbsnap(["snap", "mod", "--where", "pg_sleep(10) IS NULL"]).run(), @r"
    exit 2
    --- stderr
    error: invalid filter: pg_sleep() is not one of the functions that give the same answer every time (coalesce, nullif, lower, upper, length, abs, substr, ltrim, rtrim, replace, round, octet_length, ...)
    ");
}

#[test]
fn a_server_that_is_not_there() {
    let market = Market::new();
    let before = files(market.project.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgresql://me:s3cret@127.0.0.1:{port}/shop");
    let run = market.dbsnap(["snap", "authors", "--url", &url]).run();
    let said = shown(&run).replace(&port.to_string(), "[PORT]");
    insta::assert_snapshot!(said, @r"
    exit 1
    --- stderr
    error: cannot connect to 127.0.0.1:[PORT]/shop: nothing listens there; is the server running?
    hint: dbsnap doctor shows which database is used, and where its URL was found
    ");
    assert_eq!(files(market.project.path()), before);
}

#[test]
fn a_password_that_is_wrong_is_not_repeated() {
    let server = PgServer::start(&[], &[]);
    server.psql("postgres", "postgres", "CREATE ROLE scram_user LOGIN PASSWORD 'right'").unwrap();
    let project = Project::new();
    project.dbsnap(["init"]).run().success();
    let before = files(project.path());
    let url = format!("postgresql://scram_user:wr0ng-s3cret@127.0.0.1:{}/postgres?sslmode=disable", server.port);
    for words in [&["snap", "authors"][..], &["tables"], &["doctor"], &["snap", "x", "--json"]] {
        let run = project.dbsnap(words).env("DATABASE_URL", &url).run();
        assert_ne!(run.code(), Some(0), "{run}");
        assert!(!run.stdout().contains("s3cret") && !run.stderr().contains("s3cret"), "{run}");
    }
    let run = project.dbsnap(["snap", "authors"]).env("DATABASE_URL", &url).run();
    insta::assert_snapshot!(shown(&run).replace(&server.port.to_string(), "[PORT]"), @r#"
    exit 1
    --- stderr
    error: 127.0.0.1:[PORT]/postgres (user scram_user) refused the login: password authentication failed for user "scram_user"
    hint: check the user and the password: in the database URL, PGPASSWORD or ~/.pgpass
    "#);
    assert_eq!(files(project.path()), before);
}

#[test]
fn a_table_that_is_dropped_during_the_snapshot() {
    let market = Market::new();
    let mut session = market.db.session();
    session.run("BEGIN; DROP TABLE \"Mod\"");
    let child = market.start(["snap", "mod", "-m", "cut"]);
    market.wait_for_a_waiter();
    session.run("COMMIT");
    insta::assert_snapshot!(market.end(child), @r"
    exit 12
    --- stderr
    error: table Mod was dropped
    ");
    assert_eq!(market.snapshots(), 0);
}

#[test]
fn signals_while_it_waits_for_a_lock() {
    let market = Market::new();
    let mut session = market.db.session();
    session.run("BEGIN; LOCK TABLE \"Mod\" IN ACCESS EXCLUSIVE MODE");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let child = market.start(["snap", "mod", "-m", "cut"]);
        market.wait_for_a_waiter();
        let pid = child.id().to_string();
        market.project.program("kill", ["-s", signal, &pid]).run().success();
        let run = market.end(child);
        assert_eq!(run.code(), Some(code), "{run}");
    }
    session.run("COMMIT");
    assert_eq!(market.snapshots(), 0);
    market.dbsnap(["snap", "mod", "-m", "cut no more"]).run().success();
}
