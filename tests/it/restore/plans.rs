//! What a restore says that it will do, and where.

use super::place::{Place, on_both, on_postgres, on_server};
use crate::gauntlet::round::url;
use crate::support::elsewhere::{ADDRESS, from_elsewhere};
use crate::support::postgres::PgServer;
use crate::support::witness::Witness;
use serde_json::Value;

const SHOP: &str = "CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT, price NUMERIC);
    CREATE TABLE tags (mod_id INTEGER REFERENCES mods, tag TEXT); CREATE TABLE beside (id INTEGER PRIMARY KEY, w TEXT);
    INSERT INTO mods VALUES (1, 'Lamp', 10), (2, 'Chair', 20), (3, 'Rug', NULL); INSERT INTO beside VALUES (1, 'one');
    INSERT INTO tags VALUES (1, 'light'), (1, 'light'), (2, 'wood')";
const DAMAGE: &str = "DELETE FROM tags; UPDATE mods SET price = 0 WHERE id = 1; DELETE FROM mods WHERE id = 2;
    INSERT INTO mods VALUES (4, 'New', 4), (5, 'Newer', 5); INSERT INTO tags VALUES (4, 'new'), (1, 'light')";
const MODS: &str = "SELECT * FROM mods ORDER BY id";
const TAGS: &str = "SELECT * FROM tags ORDER BY 1, 2";

fn planned(report: &Value) -> Vec<(&str, [u64; 5])> {
    let tables = report["tables"].as_array().unwrap().iter();
    let counts =
        |table: &Value| ["insert", "update", "delete", "unchanged", "left"].map(|work| table[work].as_u64().unwrap());
    tables.map(|table| (table["table"].as_str().unwrap(), counts(table))).collect()
}

/// Rows added since stay unless the restore is exact; changed ones stay where only missing ones are asked for.
#[test]
fn the_plan_is_what_is_applied() {
    on_both(|place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods", "tags"]).id;
        place.sql(DAMAGE);
        let damaged = place.rows();
        for (mode, plan, mods, tags) in [
            (
                "upsert",
                [("mods", [1, 1, 0, 1, 2]), ("tags", [2, 0, 0, 1, 1])],
                "1|Lamp|10\n2|Chair|20\n3|Rug|\n4|New|4\n5|Newer|5",
                "1|light\n1|light\n2|wood\n4|new",
            ),
            (
                "missing",
                [("mods", [1, 0, 0, 1, 3]), ("tags", [2, 0, 0, 1, 1])],
                "1|Lamp|0\n2|Chair|20\n3|Rug|\n4|New|4\n5|Newer|5",
                "1|light\n1|light\n2|wood\n4|new",
            ),
            (
                "exact",
                [("mods", [1, 1, 2, 1, 0]), ("tags", [2, 0, 1, 1, 0])],
                "1|Lamp|10\n2|Chair|20\n3|Rug|",
                "1|light\n1|light\n2|wood",
            ),
        ] {
            let told = place.done(&["restore", &snap, "--mode", mode, "--dry-run"]);
            assert_eq!(planned(&told), plan, "{mode}");
            assert_eq!(place.rows(), damaged);
            let done = place.done(&["restore", &snap, "--mode", mode]);
            assert_eq!(planned(&done), plan, "{mode}");
            assert_eq!(done["cascaded"], told["cascaded"]);
            assert_eq!((place.sql(MODS).as_str(), place.sql(TAGS).as_str()), (mods, tags), "{mode}");
            place.undo(&[]);
            assert_eq!(place.rows(), damaged, "{mode}");
        }
    });
}

fn digest(place: &Place, args: &[&str]) -> String {
    place.done(&[args, &["--dry-run"]].concat())["digest"].as_str().unwrap().to_owned()
}

/// What is shown and what is applied is told apart by all that a plan stands on.
#[test]
fn only_the_plan_of_the_digest_is_applied() {
    on_both(|place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods"]).id;
        place.sql("UPDATE mods SET price = 0 WHERE id = 1");
        let restore = ["restore", &snap];
        for change in [
            "UPDATE mods SET price = 1 WHERE id = 1",
            // a row that the restore would not touch
            "INSERT INTO mods VALUES (9, 'Later', 9)",
            "ALTER TABLE mods ADD COLUMN note TEXT",
        ] {
            let planned = digest(place, &restore);
            assert_eq!(digest(place, &restore), planned);
            place.sql(change);
            let run = place.unchanged(&place.round.plain(&[&restore[..], &["--digest", &planned]].concat()));
            assert_eq!(run.code(), Some(7), "{change}: {run}");
            assert!(run.stderr().contains("the plan does not hold any more"), "{run}");
            assert_ne!(digest(place, &restore), planned, "{change}");
        }
        let planned = digest(place, &restore);
        for other in [&["--mode", "exact"][..], &["--where", "id = 1"]] {
            let args = [&restore[..], other, &["--digest", &planned]].concat();
            assert_eq!(place.unchanged(&place.round.plain(&args)).code(), Some(7), "{other:?}");
        }
        assert_eq!(place.done(&[&restore[..], &["--digest", &planned]].concat())["applied"], true);
        assert_eq!(place.sql("SELECT price FROM mods WHERE id = 1"), "10");

        let planned = digest(place, &["undo"]);
        place.sql("DELETE FROM mods WHERE id = 9");
        let run = place.unchanged(&place.round.plain(&["undo", "--digest", &planned]));
        assert_eq!(run.code(), Some(7), "{run}");
        let planned = digest(place, &["undo"]);
        assert_eq!(place.done(&["undo", "--digest", &planned])["applied"], true);
        assert_eq!(place.sql("SELECT price FROM mods WHERE id = 1"), "1");

        let into = ["restore", &snap, "--into", "copy"];
        let planned = digest(place, &into);
        let other = place.round.plain(&["restore", &snap, "--into", "other", "--digest", &planned]);
        assert_eq!(place.unchanged(&other).code(), Some(7));
        assert_eq!(place.done(&[&into[..], &["--digest", &planned]].concat())["applied"], true);
        assert_eq!(place.sql("SELECT count(*) FROM copy"), "3");
    });
}

/// How far the server's log has come, when no other session is left that could still write: one that ends drops what it
/// made for itself.
fn quiet(place: &Place) -> String {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let begun = std::time::Instant::now();
    while place.db().sql(others) != "0" {
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "somebody stays");
    }
    place.db().sql("SELECT pg_current_wal_insert_lsn()")
}

/// Not even the server's log of changes grows.
#[test]
fn commands_that_only_look_write_nothing() {
    let settings = ["wal_level=minimal", "max_wal_senders=0", "autovacuum=off"];
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&settings, &[])));
    on_server(server, |place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods", "tags"]).id;
        place.sql(DAMAGE);
        // a witness whose session stays would not be quiet
        let witness = || Witness::on(server, &place.db().name);
        let (before, listed) = (witness(), place.listed());
        // what is left of earlier changes, the witness's functions too, would be tidied by whoever comes next
        place.db().sql("VACUUM FREEZE; CHECKPOINT");
        for args in [
            &["restore", &snap, "--mode", "exact", "--dry-run"][..],
            &["snap", "--all", "--dry-run"],
            &["snap", "mods", "tags", "-m", "a look"],
            &["diff", &snap],
            &["status"],
            &["tables"],
        ] {
            let log = quiet(place);
            place.round.plain(args).run().success();
            assert_eq!(quiet(place), log, "{args:?}");
        }
        before.same(&witness());
        assert_eq!(place.listed(), listed + 1);
    });
}

#[test]
fn another_database_and_production_are_refused_and_the_target_is_shown() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods", "tags"]).id;
        place.sql(DAMAGE);
        let production = place.round.plain(&["restore", &snap, "-y"]).env("NODE_ENV", "production");
        for invocation in [production.clone(), production.clone().args(["--other-database", "--remote", "--cascade"])] {
            let run = place.unchanged(&invocation);
            assert_eq!(run.code(), Some(4), "{run}");
            assert!(run.stderr().contains("NODE_ENV is production") && run.stderr().contains("--production"), "{run}");
        }
        let shown = place.round.plain(&["restore", &snap, "--dry-run"]).run().success();
        let (db, user) = place.database();
        let target = format!("into {user}@{}:{}/{}", db.server.host, db.server.port, db.name);
        assert!(shown.stdout().contains(&target), "{target}: {shown}");

        let other = Place::superuser();
        other.sql(SHOP);
        let user = other.user().to_owned();
        place.round.turn(url(other.db(), &user));
        for flags in [&[][..], &["--remote", "--production", "--cascade"]] {
            let before = other.witness();
            let (code, error) = place.refused(&[&[snap.as_str()], flags].concat());
            before.same(&other.witness());
            assert_eq!(code, Some(4), "{error}");
            assert!(error.contains(&db.name) && error.contains(&other.db().name), "{error}");
            assert!(error.contains("--other-database allows it"), "{error}");
        }
        other.sql("DELETE FROM tags");
        let (before, beside) = (place.witness(), other.witness());
        place.round.plain(&["restore", &snap, "-y", "--other-database"]).run().success();
        before.same(&place.witness());
        beside.same_but(&other.witness(), &["mods".to_owned(), "tags".to_owned()]);
        assert_eq!(other.sql("SELECT count(*) FROM tags"), "3");
        place.round.plain(&["restore", &snap, "--to", &url(place.db(), place.user()), "-y"]).run().success();
        assert_eq!(place.sql("SELECT count(*) FROM mods"), "5");
        assert_eq!(place.sql("SELECT price FROM mods WHERE id = 1"), "10");
    });
}

#[test]
fn a_host_that_is_not_this_machine_is_refused() {
    on_postgres(|place| {
        place.sql(SHOP);
        let snap = place.round.snap(&["mods", "tags"]).id;
        place.sql(DAMAGE);
        let far = |flags: &[&str]| {
            let (db, user) = place.database();
            from_elsewhere(db, user, place.round.plain(&[&["restore", &snap, "-y"], flags].concat()))
        };
        for flags in [&[][..], &["--other-database", "--production", "--cascade"]] {
            let run = place.unchanged(&far(flags));
            assert_eq!(run.code(), Some(4), "{run}");
            assert!(run.stderr().contains(&format!("the target is on {ADDRESS}, not on this machine")), "{run}");
            assert!(run.stderr().contains("--remote allows it"), "{run}");
        }
        far(&["--remote"]).run().success();
        assert_eq!(place.sql("SELECT price FROM mods WHERE id = 1"), "10");
    });
}
