//! What `dbsnap diff` writes: JSON, patches, pages, and cells that are hard to read.

use super::Shop;
use super::diff::shop;

#[test]
fn as_json() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "--json"]), @r#"
    exit 0
    --- stdout
    {"version":1,"command":"diff","from":{"name":"latest","id":"[HASH]","message":"second","createdAt":"[TIME]","database":"dev.db"},"to":{"name":"live","id":null,"message":null,"createdAt":null,"database":"[DIR]/dev.db"},"tables":[{"table":"mod_tags","state":"same","from":"[HASH]","to":null,"added":0,"changed":0,"removed":0,"oldRows":2,"newRows":2,"key":["mod_id","tag"],"schemaChanges":[],"notes":[],"rows":[]},{"table":"mods","state":"changed","from":"[HASH]","to":null,"added":1,"changed":1,"removed":1,"oldRows":3,"newRows":3,"key":["id"],"schemaChanges":[],"notes":[],"rows":[{"op":"changed","key":{"id":2},"cells":{"price":{"old":9.0,"new":null},"title":{"old":"Lamp","new":"Desk lamp"}}},{"op":"removed","key":{"id":3},"row":{"id":3,"title":"Rug","price":null,"author_id":"bob"}},{"op":"added","key":{"id":9},"row":{"id":9,"title":"New","price":0.1,"author_id":"bob"}}]}],"different":true}
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
    -- From latest of dev.db: second
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
    CREATE TEMPORARY TABLE dbsnap_writes AS SELECT total_changes() AS before;

    DELETE FROM main."mods" WHERE "id" = 3 AND "title" = 'Rug' AND "price" IS NULL AND "author_id" = 'bob';
    UPDATE OR ABORT main."mods" SET "title" = 'Desk lamp', "price" = NULL WHERE "id" = 2 AND "title" = 'Lamp' AND "price" = 9.0 AND "author_id" = 'ann';
    INSERT OR ABORT INTO main."mods" ("id", "title", "price", "author_id") VALUES
      (9, 'New', 0.1, 'bob');

    CREATE TEMPORARY TABLE dbsnap_check (
      c1 CONSTRAINT "rows of mods are not what this patch starts from" CHECK (c1),
      c2 CONSTRAINT "table mods does not have the rows that this patch leads to (3)" CHECK (c2)
    );
    INSERT INTO temp.dbsnap_check SELECT
      (SELECT total_changes() - before = 3 FROM temp.dbsnap_writes),
      (SELECT count(*) = 3 FROM main."mods");
    DROP TABLE temp.dbsnap_check;
    DROP TABLE temp.dbsnap_writes;
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
    latest [ID] "snapshot of odd" ([AGO]) → live ([DIR]/dev.db)

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
