//! `dbsnap tables`

use super::Shop;

#[test]
fn what_can_be_snapshotted() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE notes (text TEXT)");
    insta::assert_snapshot!(shop.run(["tables"]), @"");
}

#[test]
fn an_empty_database() {
    let shop = Shop::new();
    rusqlite::Connection::open(shop.path().join("empty.db")).unwrap().execute_batch("PRAGMA user_version = 1").unwrap();
    insta::assert_snapshot!(shop.run(["tables", "--url", "file:./empty.db"]), @"");
    insta::assert_snapshot!(shop.refused(["snap", "--all", "--url", "file:./empty.db"]), @"");
}
