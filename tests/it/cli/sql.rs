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
    error: invalid query: it must be one SELECT over the snapshot's tables
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT 1; SELECT 2"]), @r#"
    exit 2
    --- stderr
    error: invalid query: it is more than one statement (the snapshot has "authors", "mods")
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT * FROM mod_tags"]), @r#"
    exit 2
    --- stderr
    error: invalid query: no such table: mod_tags (the snapshot has "authors", "mods")
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest"]), @r#"
    exit 2
    --- stderr
    error: give a query, as in: dbsnap sql latest "SELECT count(*) FROM mods"
    "#);
    insta::assert_snapshot!(shop.run(["sql", "latest:mods", "--out", "bug.db"]), @r"
    exit 0
    --- stderr
    Wrote bug.db: 3 rows of snapshot [ID] in 1 table
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

#[test]
fn other_formats() {
    let shop = Shop::new();
    shop.sql(
        "UPDATE mods SET title = 'a \"b\", c' || char(10) || 'd' WHERE id = 1; UPDATE mods SET title = '' WHERE id = 2",
    );
    shop.snap(["mods", "-m", "one"]);
    let query = "SELECT id, title, price, x'00ff' AS raw FROM mods ORDER BY id";
    insta::assert_snapshot!(shop.run(["sql", "latest", query, "-o", "csv"]), @r#"
    exit 0
    --- stdout
    id,title,price,raw
    1,"a ""b"", c
    d",4.5,00ff
    2,"",9.0,00ff
    3,Rug,,00ff
    "#);
    assert_eq!(shop.run(["sql", "latest", query, "--output", "json"]), shop.run(["sql", "latest", query, "--json"]));
    assert_eq!(shop.run(["sql", "latest", query, "-o", "table"]), shop.run(["sql", "latest", query]));
    insta::assert_snapshot!(shop.refused(["sql", "latest", query, "--json", "-o", "csv"]), @r#"
    exit 2
    --- stdout
    {"version":1,"command":"error","error":{"kind":"usage","exitCode":2,"message":"--json and -o csv are different formats: give one of them","hints":[]}}
    --- stderr
    error: --json and -o csv are different formats: give one of them
    "#);
}

/// What other programs read of it is what the table held.
#[test]
fn sqlite3_imports_the_csv() {
    let shop = Shop::new();
    shop.sql("INSERT INTO mods VALUES (4, 'quo\"te, and' || char(13, 10) || '家具', 1e-9, NULL)");
    shop.snap(["mods"]);
    let csv = shop.dbsnap(["sql", "latest", "SELECT * FROM mods", "-o", "csv"]).run().success();
    shop.project.write("mods.csv", csv.stdout());
    let run =
        shop.project.program("sqlite3", [":memory:", ".import --csv mods.csv copy", "SELECT hex(title) FROM copy"]);
    let source = shop.project.program("sqlite3", ["dev.db", "SELECT hex(title) FROM mods"]);
    assert_eq!(run.run().success().stdout(), source.run().success().stdout());
}

#[test]
fn wide_characters_are_aligned() {
    let shop = Shop::new();
    shop.sql("UPDATE mods SET title = '家具テーブル' WHERE id = 1; UPDATE mods SET title = '🛒 cart' WHERE id = 2");
    shop.snap(["mods", "-m", "家具"]);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT title, price FROM mods"]), @r"
    exit 0
    --- stdout
    title         price
    家具テーブル  4.5
    🛒 cart       9.0
    Rug           NULL
    ");
    shop.sql("CREATE TABLE \"家具\" (id INTEGER PRIMARY KEY); CREATE TABLE short (id INTEGER PRIMARY KEY)");
    let column = |text: &str, needle: &str| -> Vec<usize> {
        let lines = text.lines().filter(|line| line.contains(needle));
        lines.map(|line| console::measure_text_width(&line[..line.find(needle).unwrap()])).collect()
    };
    let listed = shop.dbsnap(["tables"]).run().success();
    let places = column(listed.stdout(), " id");
    assert!(places.len() > 4 && places.iter().all(|place| *place == places[0]), "{listed}");
    shop.snap(["家具", "-m", "MARK"]);
    shop.snap(["authors", "-m", "MARK"]);
    let listed = shop.dbsnap(["log", "--grep", "MARK"]).run().success();
    let places = column(listed.stdout(), "MARK");
    assert!(places.len() == 2 && places[0] == places[1], "{listed}");
    let status = shop.dbsnap(["status", "家具", "authors"]).run().success();
    let places = column(status.stdout(), "unchanged");
    assert!(places.len() == 2 && places[0] == places[1], "{status}");
}

#[test]
fn names_of_a_prisma_schema() {
    let shop = Shop::new();
    let schema = r#"
        datasource db {
          provider = "sqlite"
          url      = env("DATABASE_URL")
        }
        model Mod {
          id       Int     @id
          label    String  @map("title")
          authorId String? @map("author_id")
          @@map("mods")
        }
        model Author {
          id    String @id
          label String @map("name")
          @@map("authors")
        }"#;
    shop.project.write("schema.prisma", schema);
    shop.snap(["mods", "authors"]);
    let query = "SELECT a.label, count(*) FROM Mod m JOIN Author a ON m.authorId = a.id GROUP BY 1 ORDER BY 1";
    insta::assert_snapshot!(shop.run(["sql", "latest", query]), @r"
    exit 0
    --- stdout
    label  count(*)
    Ann    2
    Bob    1
    ");
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT authorId AS who FROM mods, Author WHERE Author.label = 'Bob' AND mods.id = 1"]), @r"
    exit 0
    --- stdout
    who
    ann
    ");
    insta::assert_snapshot!(shop.refused(["sql", "latest", "SELECT label FROM Mod, Author"]), @r#"
    exit 2
    --- stderr
    error: invalid query: label could be any of authors.name, mods.title (the snapshot has "mods", "authors")
    "#);
    // What the database itself calls so comes first.
    shop.sql("CREATE TABLE author (label TEXT); INSERT INTO author VALUES ('mine')");
    shop.snap(["--all"]);
    insta::assert_snapshot!(shop.run(["sql", "latest", "SELECT label FROM Author"]), @r"
    exit 0
    --- stdout
    label
    mine
    ");
}

#[test]
fn a_table_that_another_snapshot_has() {
    let shop = Shop::new();
    shop.snap(["mods", "mod_tags", "-m", "both"]);
    shop.snap(["mods", "-m", "one"]);
    let run = shop.dbsnap(["sql", "latest", "SELECT count(*) FROM mod_tags"]).run();
    let hint = "dbsnap sql latest:mod_tags queries the newest snapshot that has it";
    assert!(run.code() == Some(2) && run.stderr().contains(hint), "{run}");
    shop.dbsnap(["sql", "latest:mod_tags", "SELECT count(*) FROM mod_tags"]).run().success();
}
