//! What is in the store already is not stored again.

use super::round::{Round, url};
use crate::support::postgres::PgServer;

/// Rows with 960,000 bytes in them that nothing can compress.
const ROWS: &str = "CREATE TABLE items (id int PRIMARY KEY, kind int, body text); \
    INSERT INTO items SELECT n, n % 10, (SELECT string_agg(md5(n::text || m), '') FROM generate_series(1, 12) AS m) \
    FROM generate_series(1, 5000) AS n";

/// A snapshot of known rows may add this much: a manifest, nodes, and which rows of which leaf it has.
const NEXT_TO_NOTHING: u64 = 40_000;

#[test]
fn rows_that_are_stored_are_not_stored_again() {
    let db = PgServer::shared().database();
    db.sql(ROWS);
    let round = Round::new(url(&db, &db.server.user));
    let first = round.snap(&["items"]);
    assert!(first.added_bytes > 900_000, "{}", first.added_bytes);

    let filtered = round.snap(&["items", "--where", "kind = 3"]);
    assert_eq!(filtered.tables["items"].rows, 500);
    assert!(filtered.added_bytes < NEXT_TO_NOTHING, "filtered: {}", filtered.added_bytes);

    db.sql("UPDATE items SET body = md5(body) WHERE id % 100 = 7; DELETE FROM items WHERE id % 100 = 8; INSERT INTO items VALUES (9000, 1, 'x')");
    let changed = round.snap(&["items"]);
    assert!(changed.added_bytes < NEXT_TO_NOTHING, "changed: {}", changed.added_bytes);

    assert_eq!(round.restore(&first), 101);
    let restored = round.snap(&["items"]);
    assert_eq!(restored.roots(), first.roots());
    assert_eq!(restored.tables["items"].new_leaves, 0);
    assert!(restored.added_bytes < 10_000, "restored: {}", restored.added_bytes);
}
