//! `dbsnap history`

use super::Shop;
use crate::gauntlet::round::{Round, url};
use crate::support::postgres::PgServer;
use crate::support::process::{Project, Run};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

#[test]
fn one_row_through_all_snapshots() {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "one"]);
    shop.snap(["mods", "-m", "nothing changed"]);
    shop.sql("UPDATE mods SET price = 3, title = 'Cheap lamp' WHERE id = 2; DELETE FROM mods WHERE id = 1");
    shop.snap(["mods", "-m", "sale"]);
    shop.snap(["mods", "--where", "price IS NULL", "-m", "a part"]);
    shop.sql("DELETE FROM mods WHERE id = 2");
    shop.snap(["mods", "-m", "cleaned up"]);
    shop.sql("ALTER TABLE mods ADD COLUMN size TEXT; INSERT INTO mods VALUES (2, 'Lamp', 9, 'ann', 'L')");
    shop.snap(["mods", "-m", "back again"]);
    insta::assert_snapshot!(shop.run(["history", "mods:2"]), @r#"
    exit 0
    --- stdout
    mods 2  in 6 snapshots
    live: as in [ID]

    [ID] [AGO] created  back again
        id: 2
        title: Lamp
        price: 9.0
        author_id: ann
        size: L
    [ID] [AGO] deleted  cleaned up
        id: 2
        title: Cheap lamp
        price: 3.0
        author_id: ann
    [ID] [AGO] changed  sale
        title: Lamp → Cheap lamp
        price: 9.0 → 3.0
    [ID] [AGO] first seen  one
        id: 2
        title: Lamp
        price: 9.0
        author_id: ann
        the same in 1 later snapshot
    "#);
    insta::assert_snapshot!(shop.run(["history", "MODS:1", "-n", "1", "-q"]), @r#"
    exit 0
    --- stdout
    [ID] [AGO] deleted  sale
        id: 1
        title: Oak table
        price: 4.5
        author_id: ann
        not in 2 later snapshots either
    "#);
    insta::assert_snapshot!(shop.run(["history", "mods:3", "--json"]), @r#"
    exit 0
    --- stdout
    {"version":1,"command":"history","table":"mods","key":"3","columns":["id","title","price","author_id","size"],"steps":[{"id":"[HASH]","createdAt":"[TIME]","kind":"snapshot","message":"one","user":null,"agent":null,"command":["dbsnap","snap","-q","mods","-m","one"],"git":null,"event":"first","cells":{"author_id":{"old":null,"new":"bob"},"id":{"old":null,"new":3},"price":{"old":null,"new":null},"title":{"old":null,"new":"Rug"}},"unchangedIn":5}],"snapshots":6}
    "#);
    insta::assert_snapshot!(shop.refused(["history", "mods:77"]), @r"
    exit 12
    --- stderr
    error: there is no row '77' in table mods of any snapshot
    ");
    insta::assert_snapshot!(shop.refused(["history", "mods"]), @r"
    exit 2
    --- stderr
    error: 'mods' names no row: write TABLE:KEY, as in mods:cl123
    ");
    insta::assert_snapshot!(shop.refused(["history", "authors:ann"]), @r"
    exit 12
    --- stderr
    error: there is no table 'authors' in any snapshot
    hint: dbsnap tables lists the tables
    ");
}

/// One name and one form for a value, in a diff and in a history, and as a row's key.
#[test]
fn values_read_as_in_a_diff() {
    let place = Project::new();
    place.write(".env", "DATABASE_URL=file:./dev.db\n");
    let schema = "datasource db {
          provider = \"sqlite\"
          url = env(\"DATABASE_URL\")
        }
        model Flag {
          isOn Boolean @id @map(\"is_on\")
          downloadCount Int @map(\"download_count\")
          note String?
          extra Json?
          @@map(\"flags\")
        }";
    place.write("schema.prisma", schema);
    let sql = |sql: &str| Connection::open(place.path().join("dev.db")).unwrap().execute_batch(sql).unwrap();
    sql("CREATE TABLE flags (is_on BOOLEAN PRIMARY KEY, download_count INTEGER NOT NULL, note TEXT, extra JSON);
         INSERT INTO flags VALUES (1, 7, 'old', '{\"a\":[1,2]}'), (0, 1, NULL, NULL)");
    place.dbsnap(["init"]).run().success();
    place.dbsnap(["snap", "Flag", "-q"]).run().success();
    sql("UPDATE flags SET download_count = 8, note = ' new', extra = '{\"a\":[1,3]}' WHERE is_on");
    place.dbsnap(["snap", "Flag", "-q"]).run().success();
    insta::assert_snapshot!(place.dbsnap(["diff", "~1", "latest", "-q"]).run(), @r#"
    exit 0
    --- stdout
    flags  ~1  2 → 2 rows
      ~ true
          downloadCount: 7 → 8
          note: old → " new"
          extra.a[1]: 2 → 3
    "#);
    insta::assert_snapshot!(place.dbsnap(["history", "Flag:true", "-q"]).run(), @r#"
    exit 0
    --- stdout
    [ID] [AGO] changed  snapshot of flags
        downloadCount: 7 → 8
        note: old → " new"
        extra.a[1]: 2 → 3
    [ID] [AGO] first seen  snapshot of flags
        isOn: true
        downloadCount: 7
        note: old
        extra: {"a":[1,2]}
    "#);
    let json = |words: &[&str]| -> Json {
        let run = place.dbsnap(words.iter().chain(&["--json"])).run().success();
        serde_json::from_str(run.stdout()).unwrap()
    };
    let (diff, history) = (json(&["diff", "~1", "latest"]), json(&["history", "Flag:true"]));
    let row = &diff["tables"][0]["rows"][0];
    assert_eq!(row["cells"], history["steps"][0]["cells"]);
    assert_eq!((&row["key"], &diff["tables"][0]["key"]), (&json!({"isOn": true}), &json!(["isOn"])));
    // The key goes back in as it came out.
    let restored = json(&["restore", "~1", "Flag", "--key", &row["key"].to_string(), "--dry-run"]);
    assert_eq!(restored["tables"][0]["update"], 1, "{restored}");
}

/// What a diff shows as the key of a row is one that can be typed.
#[test]
fn keys_go_back_in_as_they_are_shown() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE pairs (name TEXT, number INTEGER, PRIMARY KEY (name, number));
        INSERT INTO pairs VALUES ('plain', 1), ('with, comma', 2), ('say \"x\", y', 3)",
    );
    shop.snap(["pairs"]);
    shop.sql("DELETE FROM pairs");
    let diff = shop.dbsnap(["diff", "-q"]).run().success();
    let keys: Vec<&str> = diff.stdout().lines().filter_map(|line| line.strip_prefix("  - ")).collect();
    assert_eq!(keys, ["plain,1", r#"["say \"x\", y",3]"#, r#"["with, comma",2]"#]);
    for key in keys {
        let run = shop.dbsnap(["restore", &format!("latest:pairs:{key}"), "--dry-run"]).run().success();
        assert!(run.stdout().contains("pairs: 1 insert"), "{run}");
    }
}

#[test]
fn values_of_postgresql_read_as_in_a_diff() {
    let db = PgServer::shared().database();
    db.sql("CREATE TABLE t (id int PRIMARY KEY, ok boolean, tags text[], raw bytea); INSERT INTO t VALUES (1, true, '{a,b}', '\\x00ff')");
    let round = Round::new(url(&db, &db.server.user));
    round.snap(&["t"]);
    db.sql("UPDATE t SET ok = false, tags = '{a}', raw = NULL");
    let lines = |run: &Run| -> Vec<String> {
        run.stdout().lines().filter(|line| line.contains('→')).map(|line| line.trim().to_owned()).collect()
    };
    let diff = lines(&round.plain(&["diff", "-q", "latest:t"]).run().success());
    assert_eq!(diff[1..], ["ok: true → false", "tags: {a,b} → {a}", "raw: x'00ff' → NULL"]);
    round.snap(&["t"]);
    let history = lines(&round.plain(&["history", "t:1", "-q"]).run().success());
    assert_eq!(history, diff[1..]);
}

/// The line on the live row, on both engines.
#[test]
fn the_live_row() {
    crate::support::place::on_both(|place| {
        place.sql("CREATE TABLE t (k CHAR(3) PRIMARY KEY, v NUMERIC(9,2), w TEXT); INSERT INTO t VALUES ('a b', 1.5, 'x'), ('c', 1, 'y')");
        let first = place.snap();
        place.sql("UPDATE t SET v = 2");
        let second = place.snap();
        let live = || {
            let run = place.round.plain(&["history", "t:a b"]).run().success();
            run.stdout().lines().nth(1).unwrap().to_owned()
        };
        let as_in = |id: &str| format!("live: as in {}", &id[..8]);
        assert_eq!(live(), as_in(&second));
        place.sql("UPDATE t SET v = 1.5");
        assert_eq!(live(), as_in(&first));
        place.sql("UPDATE t SET v = 7, w = 'z'");
        assert_eq!(live(), "live: differs in v, w");
        place.sql("ALTER TABLE t ADD COLUMN more TEXT; UPDATE t SET v = 2, w = 'x'");
        assert_eq!(live(), as_in(&second));
        place.sql("DELETE FROM t WHERE k = 'a b'");
        assert_eq!(live(), "live: not there");
        let gone = place.snap();
        assert_eq!(live(), as_in(&gone));
        place.sql("INSERT INTO t VALUES ('a b', 9, 'q', NULL)");
        assert_eq!(live(), "live: as in no snapshot");
        let quiet = place.round.plain(&["history", "t:a b", "-q"]).run().success();
        assert!(!quiet.stdout().contains("live:"), "{quiet}");
        // nothing is said where it cannot be told
        place.sql("ALTER TABLE t RENAME TO elsewhere");
        assert_eq!(live(), "");
        place.round.turn("postgresql://nobody@127.0.0.1:1/nowhere".to_owned());
        assert_eq!(live(), "");
    });
}

/// A server that does not answer is not waited for as long as where it is needed.
#[test]
fn a_database_that_does_not_answer() {
    let place = crate::support::place::Place::superuser();
    place.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    place.snap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    place.by(silent.local_addr().unwrap().port());
    nothing_in_time(&place, "t:1");
    let (db, user) = place.database();
    let host = format!("127.0.0.1:{}", silent.local_addr().unwrap().port());
    place.round.turn(format!("postgresql://{user}@{host},{host},{host}/{}?connect_timeout=15", db.name));
    nothing_in_time(&place, "t:1");
}

/// Nor is a row that takes long to find.
#[test]
fn a_database_that_answers_late() {
    let place = crate::support::place::Place::superuser();
    place.sql("CREATE TYPE one AS (n int); CREATE TABLE t (id one PRIMARY KEY); INSERT INTO t VALUES (ROW(7))");
    place.snap();
    place.sql(
        "CREATE FUNCTION slow(one) RETURNS text LANGUAGE sql AS 'SELECT pg_sleep(60)::text';
         CREATE CAST (one AS text) WITH FUNCTION slow(one)",
    );
    nothing_in_time(&place, "t:(7)");
}

fn nothing_in_time(place: &crate::support::place::Place, row: &str) {
    let started = std::time::Instant::now();
    let run = place.round.plain(&["history", row]).run().success();
    assert!(run.stdout().contains("first seen") && !run.stdout().contains("live:"), "{run}");
    assert!(started.elapsed() < std::time::Duration::from_secs(8), "{:?}", started.elapsed());
}

/// What has other types does not compare: nothing is said.
#[test]
fn the_live_row_of_other_types() {
    let place = crate::support::place::Place::superuser();
    place.sql("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1)");
    let snap = place.snap();
    let live = || {
        let run = place.round.plain(&["history", "t:1"]).run().success();
        run.stdout().lines().nth(1).unwrap().to_owned()
    };
    for column in ["id", "v"] {
        assert_eq!(live(), format!("live: as in {}", &snap[..8]));
        place.sql(&format!("ALTER TABLE t ALTER {column} TYPE bigint"));
        assert_eq!(live(), "");
        place.sql(&format!("ALTER TABLE t ALTER {column} TYPE int"));
    }
}
