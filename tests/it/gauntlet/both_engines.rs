//! The same rows have the same root, whichever engine holds them.

use super::round::{Round, url};
use crate::support::postgres::PgServer;

#[test]
fn equal_tables_of_both_engines_have_one_root() {
    let db = PgServer::shared().database();
    let rows = |blob: &dyn Fn(&str) -> String| {
        let (empty, some) = (blob(""), blob("00ff5c27"));
        format!(
            "(1, 'a', 9223372036854775807, 0.1, {some}), (2, '', -9223372036854775808, 5e-324, {empty}), (3, NULL, NULL, NULL, NULL), \
             (4, 'größe', 0, 1.7976931348623157e308, {some}), (-5, '{{\"NULL\"}}', 9007199254740993, -1.5, {empty}), \
             (6, '\\N', -1, 1e22, {some}), (7, ' x ', 1, 123456789.125, {some})"
        )
    };
    let postgres = rows(&|hex| format!("'\\x{hex}'::bytea"));
    let sqlite = rows(&|hex| format!("x'{hex}'"));
    for (name, key) in [("by_number", "PRIMARY KEY (id)"), ("by_text", "PRIMARY KEY (t, id)"), ("heap", "CHECK (true)")]
    {
        let text = if name == "by_text" { "text NOT NULL" } else { "text" };
        let only = if name == "by_text" { "WHERE column2 IS NOT NULL" } else { "" };
        db.sql(&format!(
            "CREATE TABLE {name} (id bigint NOT NULL, t {text}, n bigint, d double precision, b bytea, {key}); \
             INSERT INTO {name} SELECT * FROM (VALUES {postgres}) AS v {only}"
        ));
        let round = Round::new(url(&db, &db.server.user));
        let of_postgres = round.snap(&[name]);
        round.project.write(
            "input.sql",
            format!(
                "CREATE TABLE {name} (id BIGINT NOT NULL, t {text}, n BIGINT, d DOUBLE, b BLOB, {key}); \
                 INSERT INTO {name} SELECT * FROM (VALUES {sqlite}) {only} ORDER BY column1 DESC;"
            ),
        );
        round.project.program("sqlite3", ["-bail", "data.db", ".read input.sql"]).run().success();
        let of_sqlite = round.with("file:data.db".to_owned()).snap(&[name]);
        assert_eq!(of_sqlite.roots(), of_postgres.roots(), "{name}");
        assert_eq!(of_sqlite.tables[name].new_leaves, 0, "{name}");
    }
}
