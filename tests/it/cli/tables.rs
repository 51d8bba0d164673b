//! `dbsnap tables`

use super::Shop;

#[test]
fn what_can_be_snapshotted() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE notes (text TEXT)");
    insta::assert_snapshot!(shop.run(["tables"]), @r"
    exit 0
    --- stdout
    [DIR]/dev.db

    TABLE              ROWS  SIZE  KEY          REFERS TO  CASCADES TO
    authors               2 [SIZE] id                      mods
    facet_definitions     2 [SIZE] id
    mod_tags              3 [SIZE] mod_id, tag  mods
    mods                  3 [SIZE] id           authors    mod_tags
    notes                 0 [SIZE] none

    not captured: view cheap
    ");
}

#[test]
fn an_empty_database() {
    let shop = Shop::new();
    rusqlite::Connection::open(shop.path().join("empty.db")).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    insta::assert_snapshot!(shop.run(["tables", "--url", "file:./empty.db"]), @r"
    exit 0
    --- stdout
    [DIR]/empty.db

    The database has no tables.
    ");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./empty.db"]), @r"
    exit 2
    --- stderr
    error: the database has no tables
    ");
}
