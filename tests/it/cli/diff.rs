//! `dbsnap diff`

use super::Shop;

/// Two snapshots, and a live database that differs from both.
pub fn shop() -> Shop {
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
    insta::assert_snapshot!(shop.run(["diff"]), @r#"
    exit 0
    --- stdout
    latest [ID] "second" ([AGO]) → live ([DIR]/dev.db)

    mods  +1 ~1 -1  3 → 3 rows
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      - 3  title: Rug  price: NULL  author_id: bob
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed, 1 unchanged: +1 ~1 -1
    "#);
    insta::assert_snapshot!(shop.run(["diff", "--stat"]), @r#"
    exit 0
    --- stdout
    latest [ID] "second" ([AGO]) → live ([DIR]/dev.db)
    mods  +1 ~1 -1  3 → 3 rows

    1 table changed, 1 unchanged: +1 ~1 -1
    "#);
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
    [ID] "first" ([AGO]) → [ID] "second" ([AGO])

    mod_tags  -1  3 → 2 rows
      - 2,light

    mods  ~1  3 → 3 rows
      ~ 1  price: 4.5 → 5.0

    2 tables changed: ~1 -1
    "#);
    insta::assert_snapshot!(shop.run(["diff", "~1:mods"]), @r#"
    exit 0
    --- stdout
    [ID] "first" ([AGO]) → live ([DIR]/dev.db)

    mods  +1 ~2 -1  3 → 3 rows
      ~ 1  price: 4.5 → 5.0
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      - 3  title: Rug  price: NULL  author_id: bob
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed: +1 ~2 -1
    "#);
    insta::assert_snapshot!(shop.run(["diff", "live", "~1", "--stat", "--", "Mods"]), @r#"
    exit 0
    --- stdout
    live ([DIR]/dev.db) → [ID] "first" ([AGO])
    mods  +1 ~2 -1  3 → 3 rows

    1 table changed: +1 ~2 -1
    "#);
    shop.snap(["authors", "-m", "third"]);
    insta::assert_snapshot!(shop.run(["diff", "~1", "latest", "--stat"]), @r#"
    exit 0
    --- stdout
    [ID] "second" ([AGO]) → [ID] "third" ([AGO])
    authors  not in [ID] (2 rows)
    mod_tags  not in [ID] (2 rows)
    mods  not in [ID] (3 rows)

    3 tables changed
    "#);
    insta::assert_snapshot!(shop.run(["diff", "~1", "~1"]), @r#"
    exit 0
    --- stdout
    [ID] "second" ([AGO]) → [ID] "second" ([AGO])

    No differences in 2 tables.
    "#);
}

#[test]
fn only_rows_that_fit() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["diff", "--where", "price > 4 OR title LIKE 'N%'", "--", "mods"]), @r#"
    exit 0
    --- stdout
    latest [ID] "second" ([AGO]) → live ([DIR]/dev.db)

    mods  +1 ~1  3 → 3 rows
      ~ 2
          title: Lamp → Desk lamp
          price: 9.0 → NULL
      + 9  title: New  price: 0.1  author_id: bob

    1 table changed: +1 ~1
    "#);
    insta::assert_snapshot!(shop.refused(["diff", "--where", "price > 4"]), @r"
    exit 2
    --- stderr
    error: --where goes with one table; 2 are compared: name one after --
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--where", "cost > 4", "--", "mods"]), @r"
    exit 2
    --- stderr
    error: invalid filter: table mods has no column cost; its columns are id, title, price, author_id; to compare with a text, quote it: 'cost'
    ");
    insta::assert_snapshot!(shop.refused(["diff", "--where", "title = Lamp", "--", "mods"]), @r"
    exit 2
    --- stderr
    error: invalid filter: table mods has no column Lamp; its columns are id, title, price, author_id; to compare with a text, quote it: 'Lamp'
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
fn what_is_not_there() {
    let shop = Shop::new();
    insta::assert_snapshot!(shop.refused(["diff"]), @r"
    exit 12
    --- stderr
    error: there are no snapshots yet
    hint: to take one: dbsnap snap TABLE -m MESSAGE
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
    {"version":1,"command":"error","error":{"kind":"usage","exitCode":2,"message":"--json and -o html are different formats: give one of them","hints":[]}}
    --- stderr
    error: --json and -o html are different formats: give one of them
    "#);
    shop.sql("DROP TABLE mod_tags; DROP VIEW cheap; DROP TABLE mods; CREATE TABLE fresh (id INTEGER PRIMARY KEY)");
    insta::assert_snapshot!(shop.run(["diff"]), @r#"
    exit 0
    --- stdout
    latest [ID] "snapshot of mods" ([AGO]) → live ([DIR]/dev.db)

    mods  gone (3 rows)

    1 table changed
    "#);
    insta::assert_snapshot!(shop.run(["diff", "--", "mods", "fresh"]), @r#"
    exit 0
    --- stdout
    latest [ID] "snapshot of mods" ([AGO]) → live ([DIR]/dev.db)

    mods  gone (3 rows)

    fresh  new (0 rows)

    2 tables changed
    "#);
}

#[test]
fn a_filtered_snapshot_is_compared_within_its_filter() {
    let shop = Shop::new();
    shop.snap(["mods", "--where", "price > 5"]);
    shop.sql("UPDATE mods SET title = 'Other' WHERE id = 1");
    insta::assert_snapshot!(shop.run(["diff"]), @r#"
    exit 0
    --- stdout
    latest [ID] "snapshot of mods" ([AGO]) → live ([DIR]/dev.db)

    mods (part)  unchanged
      note: only rows where price > 5

    No differences in 1 table.
    "#);
    insta::assert_snapshot!(shop.run(["diff", "-q"]), @"exit 0");
    shop.sql("UPDATE mods SET price = 10 WHERE id = 2");
    insta::assert_snapshot!(shop.run(["diff"]), @r#"
    exit 0
    --- stdout
    latest [ID] "snapshot of mods" ([AGO]) → live ([DIR]/dev.db)

    mods (part)  ~1  1 → 1 row
      note: only rows where price > 5
      ~ 2  price: 9.0 → 10.0

    1 table changed: ~1
    "#);
}
