//! Through the binary and the use case, on both engines.

use crate::support::place::{Place, Role};
use crate::support::postgres::PgServer;
use dbsnap::codec::TableName;
use dbsnap::ops::Repository;
use dbsnap::ops::unchanged::{Unchanged, unchanged};
use dbsnap::snapshot::{History, Manifest};
use dbsnap::store::Access;
use std::os::unix::fs::MetadataExt;

/// A server of its own: transactions of other tests are changes too.
fn server() -> &'static PgServer {
    Box::leak(Box::new(PgServer::start(&["autovacuum=off"], &[])))
}

/// A database of each kind that nobody else uses.
fn places() -> Vec<Place> {
    let server = server();
    vec![Place::sqlite(), Place::on(server.database(), Role::Superuser), Place::on(server.database(), Role::Owner)]
}

/// The tables that `status` did not have to read.
fn known(place: &Place) -> Vec<String> {
    let report = place.round.json(&["status"]);
    let tables = report["tables"].as_array().unwrap().iter();
    let known = tables.filter(|table| table["knownBy"] == "mark");
    known
        .map(|table| {
            assert_eq!(table["status"], "unchanged", "{table}");
            table["table"].as_str().unwrap().to_owned()
        })
        .collect()
}

const TABLES: &str = "CREATE TABLE a (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO a VALUES (1, 'one'), (2, 'two'); \
                      CREATE TABLE b (id INTEGER PRIMARY KEY, w TEXT); INSERT INTO b VALUES (1, 'one');";

#[test]
fn what_dbsnap_does_itself_is_no_change() {
    for place in places() {
        place.sql(TABLES);
        let snap = place.snap();
        assert_eq!(known(&place), ["a", "b"]);
        let (out, patch) = (place.round.project.path().join("out"), snap.clone() + ":a");
        for args in [
            &["status"][..],
            &["log", "--stat"],
            &["show", &patch],
            &["verify"],
            &["tables"],
            &["snap", "--all", "--dry-run"],
            &["diff"],
            &["diff", "--where", "id > 1", "--", "a"],
            &["diff", "-o", "sql"],
            &["history", "a:1"],
            &["sql", &snap, "SELECT count(*) FROM a"],
            &["export", &snap, "-o", out.to_str().unwrap()],
            &["restore", &snap, "--dry-run"],
        ] {
            let run = place.round.plain(args).run();
            assert_eq!(run.code(), Some(0), "{args:?}: {run}");
            assert_eq!(known(&place), ["a", "b"], "after {args:?}");
        }
        // the second snapshot reads all, and is as good a witness as the first
        place.snap();
        assert_eq!(known(&place), ["a", "b"]);
    }
}

#[test]
fn what_changed_is_read_and_so_is_what_cannot_be_told() {
    for place in places() {
        place.sql(TABLES);
        place.snap();
        let told = place.round.plain(&["status"]).run().success().stdout().to_owned();
        // nothing is another, and yet somebody wrote
        place.sql("UPDATE b SET w = 'x'; UPDATE b SET w = 'one'");
        assert_eq!(known(&place), [""; 0]);
        assert_eq!(place.round.plain(&["status"]).run().success().stdout(), told);
        place.sql("DELETE FROM a WHERE id = 2");
        let report = place.round.json(&["status", "a"]);
        assert_eq!((&report["tables"][0]["status"], &report["tables"][0]["removed"]), (&"changed".into(), &1.into()));

        // each table by its own latest snapshot; some rows are always read
        place.round.snap(&["a", "--where", "id > 0"]);
        place.round.snap(&["b"]);
        assert_eq!(known(&place), ["b"]);
        // a restore writes, and leaves a safety snapshot, which is no witness
        let snap = place.round.snap(&["a", "b"]).id;
        place.sql("UPDATE a SET w = 'x'");
        place.restore(&[&snap, "a"]);
        assert_eq!(known(&place), [""; 0]);
        assert_eq!(place.round.json(&["status"])["different"], false);
        // a new message is no new snapshot
        place.snap();
        place.round.json(&["amend", "latest", "-m", "another message"]);
        assert_eq!(known(&place), ["a", "b"]);
        // a file knows of no database
        let out = place.round.project.path().join("out");
        place.round.json(&["export", "latest", "a", "-o", out.to_str().unwrap()]);
        place.sql("DROP TABLE b");
        let report = place.round.json(&["status"]);
        assert_eq!(report["tables"][1]["status"], "gone", "{report}");
    }
}

/// Where a file system was mounted anew, a power cut may have come between that this machine does not know of: a mount
/// namespace has mounts of its own.
#[test]
fn what_is_mounted_anew_is_read() {
    let place = Place::sqlite();
    place.sql(TABLES);
    place.snap();
    assert_eq!(known(&place), ["a", "b"]);
    let elsewhere = match std::fs::metadata("/proc/self").unwrap().uid() {
        0 => ["unshare", "-m"].as_slice(),
        _ => &["unshare", "-U", "-r", "-m"],
    };
    let run = place.round.plain(&["status", "--json"]).under(elsewhere.iter().copied()).run().success();
    let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
    for table in report["tables"].as_array().unwrap() {
        assert_eq!((&table["status"], table.get("knownBy")), (&"unchanged".into(), None), "{report}");
    }
    assert_eq!(known(&place), ["a", "b"]);
}

#[test]
fn a_use_case_says_why_it_is_not_known() {
    for place in places() {
        place.sql(TABLES);
        place.round.snap(&["a"]);
        let dir = place.round.project.path().to_owned();
        let project = Repository::find(&dbsnap::ops::Place { dir, store: None, url: None }).unwrap();
        let manifest = newest(&project);
        let table = |name: &str| match manifest.tables[0].table.schema {
            Some(_) => TableName::qualified("public", name),
            None => TableName::bare(name),
        };
        let mut database = dbsnap::ops::Database::new(open(&place));
        let mut ask = |manifest: &Manifest, names: &[&str]| {
            let tables: Vec<TableName> = names.iter().map(|name| table(name)).collect();
            unchanged(&project, &mut database, manifest, &tables).unwrap()
        };
        let why = |found| match found {
            Unchanged::NotKnown(why) => why,
            Unchanged::Known => panic!("known"),
        };
        assert_eq!(ask(&manifest, &["a"]), Unchanged::Known);
        assert!(why(ask(&manifest, &["a", "b"])).contains("does not have table"));
        let mut another = manifest.clone();
        another.source.database.push('x');
        assert_eq!(why(ask(&another, &["a"])), "the snapshot is of another database");
        let older = Manifest { mark: None, ..manifest.clone() };
        assert!(why(ask(&older, &["a"])).contains("could not be told"));
        place.sql("UPDATE a SET w = 'x'");
        let why = why(ask(&manifest, &["a"]));
        assert!(why.contains("does not stand where it stood then"), "{why}");
        assert!(why.ends_with("transactions") || why.ends_with("file"), "{why}");
    }
}

fn newest(project: &Repository) -> Manifest {
    let store = project.open(Access::Read).unwrap();
    History::load(&store).unwrap().entries[0].manifest.clone()
}

fn open(place: &Place) -> Box<dyn dbsnap::db::Sink> {
    let options = dbsnap::db::OpenOptions::default();
    let url = dbsnap::db::DatabaseUrl::parse(&place.round.url(), place.round.project.path()).unwrap();
    dbsnap::db::open(&url, &options).unwrap()
}
