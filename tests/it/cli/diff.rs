//! `dbsnap diff`

use super::Shop;

/// Two snapshots, and a live database that differs from both.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "mod_tags", "-m", "first"]);
    shop.sql("UPDATE mods SET price = 5 WHERE id = 1; DELETE FROM mod_tags WHERE tag = 'light'");
    shop.snap(["mods", "mod_tags", "-m", "second"]);
    shop.sql(
        "UPDATE mods SET title = 'Desk lamp', price = NULL WHERE id = 2; DELETE FROM mods WHERE id = 3; \
         INSERT INTO mods VALUES (9, 'New', 0.1, 'bob')",
    );
    shop
}

#[test]
fn live_against_the_latest_snapshot() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    mods  +1 ~1 -1  3 → 3 rows
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      - 3  title: Rug  price: NULL  author_id: bob
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed, 1 unchanged: +1 ~1 -1
    ");
    insta::assert_snapshot!(shop.run(["diff", "--stat"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)
    mods  +1 ~1 -1  3 → 3 rows

    1 table changed, 1 unchanged: +1 ~1 -1
    ");
    insta::assert_snapshot!(shop.run(["diff", "--name-only"]), @r"
    exit 0
    --- stdout
    mods
    ");
    insta::assert_snapshot!(shop.run(["diff", "-R", "-q", "--limit", "1"]), @r"
    exit 0
    --- stdout
    mods  +1 ~1 -1  3 → 3 rows
      ~ 2
          title: Desk lamp → Lamp
          price: NULL → 9.0
      … and 2 more
    ");
}

#[test]
fn snapshots_tables_and_references() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "~1", "latest"]), @r#"
    exit 0
    --- stdout
    [ID] "first" → [ID] "second"

    mod_tags  -1  3 → 2 rows
      - (2, light)

    mods  ~1  3 → 3 rows
      ~ 1  price: 4.5 → 5.0

    2 tables changed: ~1 -1
    "#);
    insta::assert_snapshot!(shop.run(["diff", "~1:mods"]), @r#"
    exit 0
    --- stdout
    [ID] "first" → live ([DIR]/dev.db)

    mods  +1 ~2 -1  3 → 3 rows
      ~ 1  price: 4.5 → 5.0
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      - 3  title: Rug  price: NULL  author_id: bob
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed: +1 ~2 -1
    "#);
    insta::assert_snapshot!(shop.run(["diff", "live", "~1", "--stat", "--", "Mod"]), @r#"
    exit 0
    --- stdout
    live ([DIR]/dev.db) → [ID] "first"
    mods  +1 ~2 -1  3 → 3 rows

    1 table changed: +1 ~2 -1
    "#);
    shop.snap(["authors", "-m", "third"]);
    insta::assert_snapshot!(shop.run(["diff", "~1", "latest", "--stat"]), @r#"
    exit 0
    --- stdout
    [ID] "second" → [ID] "third"
    authors  not in [ID] (2 rows)
    mod_tags  not in [ID] (2 rows)
    mods  not in [ID] (3 rows)

    3 tables changed
    "#);
    insta::assert_snapshot!(shop.run(["diff", "~1", "~1"]), @r#"
    exit 0
    --- stdout
    [ID] "second" → [ID] "second"

    No differences in 2 tables.
    "#);
}

#[test]
fn only_rows_that_fit() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "--where", "price > 4 OR title LIKE 'N%'", "--", "mods"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    mods  +1 ~1  3 → 3 rows
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed: +1 ~1
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--where", "price > 4"]), @r"
    exit 2
    --- stderr
    error: --where goes with one table; 2 are compared: name one after --
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--where", "cost > 4", "--", "mods"]), @r"
    exit 2
    --- stderr
    error: the filter is refused: table mods has no column cost; its columns are id, title, price, author_id
    ");
}

#[test]
fn an_exit_code_for_scripts() {
    let shop = shop();
    let code = |args: &[&str]| shop.dbsnap(args).run().code();
    assert_eq!(code(&["diff", "--exit-code"]), Some(1));
    assert_eq!(code(&["diff", "--exit-code", "-o", "sql"]), Some(1));
    assert_eq!(code(&["diff", "latest", "latest", "--exit-code"]), Some(0));
    assert_eq!(code(&["diff", "--exit-code", "--", "mod_tags"]), Some(0));
}

#[test]
fn as_json() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "--json"]), @r#"
    exit 0
    --- stdout
    {"version":1,"command":"diff","from":{"name":"latest","id":null,"message":null,"createdAt":null,"database":null},"to":{"name":"live","id":null,"message":null,"createdAt":null,"database":"[DIR]/dev.db"},"tables":[{"table":"mod_tags","state":"same","from":"[HASH]","to":null,"added":0,"changed":0,"removed":0,"oldRows":2,"newRows":2,"key":["mod_id","tag"],"schemaChanges":[],"notes":[],"rows":[]},{"table":"mods","state":"changed","from":"[HASH]","to":null,"added":1,"changed":1,"removed":1,"oldRows":3,"newRows":3,"key":["id"],"schemaChanges":[],"notes":[],"rows":[{"op":"changed","key":{"id":2},"cells":{"price":{"old":9.0,"new":null},"title":{"old":"Lamp","new":"Desk lamp"}}},{"op":"removed","key":{"id":3},"row":{"id":3,"title":"Rug","price":null,"author_id":"bob"}},{"op":"added","key":{"id":9},"row":{"id":9,"title":"New","price":0.1,"author_id":"bob"}}]}],"different":true}
    "#);
    insta::assert_snapshot!(shop.run(["diff", "-o", "jsonl", "~1", "latest"]), @r#"
    exit 0
    --- stdout
    {"type":"diff","version":1,"command":"diff","from":{"name":"[ID]","id":"[HASH]","message":"first","createdAt":"[TIME]","database":"dev.db"},"to":{"name":"[ID]","id":"[HASH]","message":"second","createdAt":"[TIME]","database":"dev.db"}}
    {"type":"table","table":"mod_tags","state":"changed","from":"[HASH]","to":"[HASH]","added":0,"changed":0,"removed":1,"oldRows":3,"newRows":2,"key":["mod_id","tag"],"schemaChanges":[],"notes":[]}
    {"type":"row","table":"mod_tags","op":"removed","key":{"mod_id":2,"tag":"light"},"row":{"mod_id":2,"tag":"light"}}
    {"type":"table","table":"mods","state":"changed","from":"[HASH]","to":"[HASH]","added":0,"changed":1,"removed":0,"oldRows":3,"newRows":3,"key":["id"],"schemaChanges":[],"notes":[]}
    {"type":"row","table":"mods","op":"changed","key":{"id":1},"cells":{"price":{"old":4.5,"new":5.0}}}
    {"type":"end","different":true}
    "#);
}

#[test]
fn as_a_patch() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "-o", "sql"]), @r#"
    exit 0
    --- stdout
    -- From latest
    -- to live ([DIR]/dev.db)
    .bail on
    .dbconfig enable_trigger off
    PRAGMA foreign_keys = OFF;
    BEGIN IMMEDIATE;
    CREATE TEMPORARY TABLE dbsnap_check (
      c1 CONSTRAINT "table mods does not have the rows that this patch starts from (3)" CHECK (c1)
    );
    INSERT INTO temp.dbsnap_check SELECT
      (SELECT count(*) = 3 FROM main."mods");
    DROP TABLE temp.dbsnap_check;

    DELETE FROM main."mods" WHERE "id" = 3;
    UPDATE OR ABORT main."mods" SET "title" = 'Desk lamp', "price" = NULL WHERE "id" = 2;
    INSERT OR ABORT INTO main."mods" ("id", "title", "price", "author_id") VALUES
      (9, 'New', 0.1, 'bob');

    CREATE TEMPORARY TABLE dbsnap_check (
      c1 CONSTRAINT "table mods does not have the rows that this patch leads to (3)" CHECK (c1)
    );
    INSERT INTO temp.dbsnap_check SELECT
      (SELECT count(*) = 3 FROM main."mods");
    DROP TABLE temp.dbsnap_check;
    COMMIT;
    "#);
    insta::assert_snapshot!(shop.run(["diff", "-o", "sql", "latest", "latest"]), @r"
    exit 0
    --- stdout
    -- From [ID] of dev.db: second
    -- to [ID] of dev.db: second
    -- No rows differ.
    ");
    insta::assert_snapshot!(shop.refused(["diff", "-o", "sql", "--limit", "3"]), @r"
    exit 2
    --- stderr
    error: a patch holds every row: --limit, --stat and --name-only do not go with -o sql
    ");
}

#[test]
fn cells_that_are_long_json_or_strange() {
    let shop = Shop::new();
    shop.sql(
        "CREATE TABLE odd (k TEXT PRIMARY KEY, long TEXT, doc JSON, raw BLOB);
         INSERT INTO odd VALUES ('a', 'The quick brown fox jumps over the lazy dog, and the dog, being lazy, lets it.', '{\"a\":{\"b\":[1,2]}}', x'00'),
         (char(27) || '[2J', '', NULL, zeroblob(40));",
    );
    shop.snap(["odd"]);
    shop.sql(
        "UPDATE odd SET long = replace(long, 'lazy dog', 'busy cat'), doc = '{\"a\":{\"b\":[1,3]},\"c\":null}' WHERE k = 'a';
         UPDATE odd SET long = 'NULL', raw = CAST(x'61ff' AS TEXT) WHERE k <> 'a'; INSERT INTO odd VALUES ('NULL', char(10), '1', NULL);",
    );
    insta::assert_snapshot!(shop.run(["diff"]), @r#"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    odd  +1 ~2  2 → 3 rows
      ~ \u{1b}[2J
          long: "" → "NULL"
          raw: x'00000000000000000000000000000000…' ([SIZE]) → text x'61ff'
      + "NULL"  long: "\n"  doc: 1  raw: NULL
      ~ a
          long: … jumps over the lazy dog, and the dog, b… → … jumps over the busy cat, and the dog, b…
          doc.a.b[1]: 2 → 3
          doc.c: (nothing) → null

    1 table changed: +1 ~2
    "#);
    insta::assert_snapshot!(shop.run(["diff", "--full", "-q"]), @r#"
    exit 0
    --- stdout
    odd  +1 ~2  2 → 3 rows
      ~ \u{1b}[2J
          long: "" → "NULL"
          raw: x'00000000000000000000000000000000000000000000000000000000000000000000000000000000' → text x'61ff'
      + "NULL"
          long: "\n"
          doc: 1
          raw: NULL
      ~ a
          long: The quick brown fox jumps over the lazy dog, and the dog, being lazy, lets it. → The quick brown fox jumps over the busy cat, and the dog, being lazy, lets it.
          doc.a.b[1]: 2 → 3
          doc.c: (nothing) → null
    "#);
}

#[test]
fn a_page_holds_everything_it_needs_and_lets_nothing_in() {
    let shop = shop();
    shop.sql("INSERT INTO mods VALUES (10, '<script>alert(1)</script> & \"q\" ''s', 1, 'bob')");
    shop.sql("UPDATE mods SET title = 'Desk <b>lamp</b>' WHERE id = 2");
    let page = shop.dbsnap(["diff", "-o", "html"]).run().success().stdout().to_owned();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;q&quot; &#39;s"), "{page}");
    assert_eq!(page.matches("<script").count(), 1);
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"), "{page}");
    assert!(page.contains("<mark>Lamp</mark>") && page.contains("prefers-color-scheme: dark"), "{page}");
    assert_eq!(page.matches("<details").count(), 1, "tables without differences are not shown");
    let limited = shop.dbsnap(["diff", "-o", "html", "--limit", "1"]).run().success().stdout().to_owned();
    assert!(limited.contains("… and 3 more rows"), "{limited}");
}

#[test]
fn what_is_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["diff"]), @r"
    exit 12
    --- stderr
    error: there are no snapshots yet
    hint: take one with: dbsnap snap TABLE -m MESSAGE
    ");
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.refused(["diff", "v1"]), @r"
    exit 12
    --- stderr
    error: no snapshot is called 'v1'
    hint: dbsnap log lists the snapshots
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--", "mdos"]), @r"
    exit 12
    --- stderr
    error: there is no table 'mdos' in these snapshots
    hint: did you mean mods?
    ");
    insta::assert_snapshot!(shop.refused(["diff", "live"]), @r"
    exit 2
    --- stderr
    error: the live database is compared with a snapshot, not with itself
    ");
    insta::assert_snapshot!(shop.refused(["diff", "latest:mods:1"]), @r"
    exit 2
    --- stderr
    error: 'latest:mods:1' names a row; dbsnap history shows one row through all snapshots
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--json", "-o", "html"]), @r#"
    exit 2
    --- stdout
    {"version":1,"command":"error","error":{"kind":"usage","exitCode":2,"message":"--json and -o html are two formats: give one","hints":[]}}
    --- stderr
    error: --json and -o html are two formats: give one
    "#);
    shop.sql("DROP TABLE mod_tags; DROP VIEW cheap; DROP TABLE mods; CREATE TABLE fresh (id INTEGER PRIMARY KEY)");
    insta::assert_snapshot!(shop.run(["diff"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    mods  gone (3 rows)

    1 table changed
    ");
    insta::assert_snapshot!(shop.run(["diff", "--", "mods", "fresh"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    mods  gone (3 rows)

    fresh  new (0 rows)

    2 tables changed
    ");
}

#[test]
fn a_filtered_snapshot_is_compared_within_its_filter() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    shop.sql("UPDATE mods SET title = 'Other' WHERE id = 1; UPDATE mods SET price = 10 WHERE id = 2");
    insta::assert_snapshot!(shop.run(["diff"]), @r"
    exit 0
    --- stdout
    latest → live ([DIR]/dev.db)

    mods  ~1  1 → 1 rows
      note: only rows where price > 5
      ~ 2  price: 9.0 → 10.0

    1 table changed: ~1
    ");
}
