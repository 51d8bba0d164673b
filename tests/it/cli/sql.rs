//! `dbsnap sql`

use super::Shop;
use crate::gauntlet::round::{Round, url};
use crate::support::postgres::PgServer;

#[test]
fn a_snapshot_is_queried_without_the_database() {
    let shop = Shop::new();
    shop.snap(["authors", "mods", "-m", "one"]);
    std::fs::remove_file(shop.path().join("dev.db")).unwrap();
    let query = "SELECT name, count(*) AS mods, sum(price) FROM mods JOIN authors ON author_id = authors.id GROUP BY 1";
    insta::assert_snapshot!(shop.run(["sql", "latest", query]), @r"
    exit 0
    --- stdout
    name  mods  sum(price)
    Ann   2     13.5
    Bob   1     NULL
    ");
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT id, price, x'00ff' FROM mods", "--json"]), @r#"
    exit 0
    --- stdout
    {"version":1,"command":"sql","columns":["id","price","x'00ff'"],"rows":[[1,4.5,{"$blob":"AP8="}],[2,9.0,{"$blob":"AP8="}],[3,null,{"$blob":"AP8="}]],"id":"[HASH]","tables":["mods"],"loaded":3,"answered":3,"out":null}
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "DELETE FROM mods"]), @r#"
    exit 2
    --- stderr
    error: the query is refused: reading it: not authorized (the snapshot has "authors", "mods")
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT 1; SELECT 2"]), @r#"
    exit 2
    --- stderr
    error: the query is refused: it goes on after one statement (the snapshot has "authors", "mods")
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT * FROM mod_tags"]), @r#"
    exit 2
    --- stderr
    error: the query is refused: reading it: no such table: mod_tags (the snapshot has "authors", "mods")
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest"]), @r#"
    exit 2
    --- stderr
    error: give a query, as in: dbsnap sql latest "SELECT count(*) FROM mods"
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest:mods", "--out", "bug.db"]), @r"
    exit 0
    --- stderr
    Written bug.db: 3 rows of snapshot [ID] in 1 table
    ");
    let run = shop.project.program("sqlite3", ["bug.db", ".schema", "SELECT * FROM mods"]).run().success();
    insta::assert_snapshot!(run, @r#"
    exit 0
    --- stdout
    CREATE TABLE IF NOT EXISTS "mods" ("id" "INTEGER", "title" "TEXT", "price" "REAL", "author_id" "TEXT", PRIMARY KEY ("id"));
    1|Oak table|4.5|ann
    2|Lamp|9.0|ann
    3|Rug||bob
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "--out", "bug.db"]), @r"
    exit 4
    --- stderr
    error: [DIR]/bug.db exists already; nothing is overwritten
    ");
}

#[test]
fn a_snapshot_of_postgresql_too() {
    let db = PgServer::shared().database();
    db.sql(
        "CREATE SCHEMA shop; CREATE TABLE shop.mods (id int PRIMARY KEY, ok boolean, price numeric(12, 2), r real, raw bytea, at timestamptz, tags text[]);
         INSERT INTO shop.mods VALUES (1, true, 19.90, 0.1, '\\x00ff', '2026-01-24 10:30:00+00', '{a,b}'), (2, false, 5, 'NaN', NULL, NULL, NULL);
         CREATE TABLE notes (mod int, note text); INSERT INTO notes VALUES (1, 'x'), (1, 'x')",
    );
    let round = Round::new(url(&db, &db.server.user));
    round.snap(&["--all"]);
    let query = "SELECT m.*, count(note) AS notes FROM \"shop.mods\" m LEFT JOIN notes ON mod = id WHERE price > 4 GROUP BY id ORDER BY ok";
    let run = round.plain(&["sql", "latest", query]).run().success();
    insta::assert_snapshot!(run, @r"
    exit 0
    --- stdout
    id  ok  price  r    raw      at                      tags   notes
    2   0   5      NaN  NULL     NULL                    NULL   0
    1   1   19.9   0.1  x'00ff'  [TIME]+00  {a,b}  2
    ");
    let typed = "SELECT DISTINCT typeof(ok), typeof(price), typeof(r), typeof(raw), typeof(at) FROM \"shop.mods\"";
    insta::assert_snapshot!(round.plain(&["sql", "latest", typed]).run().success(), @r"
    exit 0
    --- stdout
    typeof(ok)  typeof(price)  typeof(r)  typeof(raw)  typeof(at)
    integer     real           real       blob         text
    integer     integer        text       null         null
    ");
}
