//! Tables whose rows are told apart by what is not captured: by generated columns, or by unique columns that can be
//! NULL.

use super::place::{Place, counts, on_postgres};
use crate::support::sweep;

/// Columns of a table, its rows, the columns that others refer to, and a change to the row `n = 1` that leaves these as
/// they are.
const TABLES: [(&str, &str, &str, &str); 9] = [
    (
        "project text NOT NULL, ref text GENERATED ALWAYS AS (project || '-' || n::text) STORED PRIMARY KEY",
        "(n, title, project) VALUES (1, 'one', 'AB'), (2, 'two', 'AB'), (3, 'three', 'CD')",
        "ref",
        "title = '?'",
    ),
    (
        "mail varchar(40) COLLATE \"C\", folded varchar(40) COLLATE \"C\" GENERATED ALWAYS AS (lower(mail)) STORED PRIMARY KEY",
        "(n, title, mail) VALUES (1, 'one', 'Ann@Example.test'), (2, 'two', 'Bob@Example.test')",
        "folded",
        "mail = 'ANN@example.TEST'",
    ),
    (
        "data jsonb, id int GENERATED ALWAYS AS ((data ->> 'id')::int) STORED PRIMARY KEY",
        r#"(n, title, data) VALUES (1, 'one', '{"id": 7, "a": 1}'), (2, 'two', '{"id": 8, "a": 2}')"#,
        "id",
        r#"data = '{"id": 7, "a": [1, 2]}'"#,
    ),
    (
        "tenant char(4), slug text GENERATED ALWAYS AS (replace(tenant, ' ', '') || '/' || n::text) STORED, PRIMARY KEY (tenant, slug)",
        "(n, title, tenant) VALUES (1, 'one', 'x'), (2, 'two', 'x'), (1, 'one', 'y')",
        "tenant, slug",
        "title = CASE tenant WHEN 'x' THEN NULL ELSE title END",
    ),
    (
        "a numeric(6, 2), twice numeric(8, 3) GENERATED ALWAYS AS (a * 2) STORED UNIQUE",
        "(n, title, a) VALUES (1, 'one', 1.5), (2, 'two', NULL), (3, 'two', NULL), (4, 'four', 2)",
        "twice",
        "title = 'else'",
    ),
    (
        "d day, label name_of_day GENERATED ALWAYS AS (to_label(d)) STORED PRIMARY KEY",
        "(n, title, d) VALUES (1, 'one', '2026-01-05'), (2, 'two', '2026-01-06')",
        "label",
        "title = 'monday'",
    ),
    (
        "code text UNIQUE",
        "(n, title, code) VALUES (1, 'one', 'a'), (2, 'two', NULL), (3, 'two', NULL)",
        "code",
        "title = 'else'",
    ),
    (
        "id int GENERATED ALWAYS AS IDENTITY, k text GENERATED ALWAYS AS (n::text || 'k') STORED PRIMARY KEY",
        "(n, title) VALUES (1, 'one'), (2, 'two')",
        "k",
        "title = ''",
    ),
    ("k citext COLLATE loose UNIQUE", "(n, title, k) VALUES (1, 'one', 'Ann'), (2, 'two', 'Bob')", "k", "k = 'ANN'"),
];

const TYPES: &str = "CREATE DOMAIN day AS date CHECK (VALUE > '2026-01-01'); CREATE DOMAIN name_of_day AS varchar(12);
    CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE FUNCTION label_of(date) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'day ' || ($1 - date '2026-01-01')::text $$;
    CREATE FUNCTION to_label(date) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN label_of($1); END $$";

#[test]
fn a_row_of_which_plain_columns_changed_is_updated() {
    let place = Place::owner();
    place.db().sql("CREATE EXTENSION citext SCHEMA public");
    place.sql(TYPES);
    for (at, (columns, rows, referred, change)) in TABLES.into_iter().enumerate() {
        let (parent, child) = (format!("p{at}"), format!("c{at}"));
        place.sql(&format!(
            "CREATE TABLE {parent} (n int NOT NULL, title text, {columns}); INSERT INTO {parent} {rows};
             CREATE TABLE {child} AS SELECT {referred} FROM {parent};
             ALTER TABLE {child} ADD FOREIGN KEY ({referred}) REFERENCES {parent} ({referred}) ON DELETE CASCADE"
        ));
        let snap = place.round.snap(&[&parent]).id;
        let whole = place.rows();
        let change = format!("UPDATE {parent} SET {change} WHERE n = 1");
        // in `tests/run`, each in one of the modes
        for mode in ["upsert", "exact"].into_iter().cycle().skip(at).take(if sweep::step() == 1 { 2 } else { 1 }) {
            place.sql(&change);
            let changed = place.rows();
            assert_ne!(changed, whole);
            let plan = place.done(&["restore", &snap, "--mode", mode, "--dry-run"]);
            assert_eq!(counts(&plan)[..3], [0, 1, 0], "{columns}, {mode}: {plan}");
            assert_eq!(place.restore(&[&snap, "--mode", mode])[..3], [0, 1, 0], "{columns}, {mode}");
            assert_eq!(place.rows(), whole, "{columns}, {mode}");
            place.undo(&[]);
            assert_eq!(place.rows(), changed, "{columns}, {mode}");
            assert_eq!(place.restore(&[&snap, "--mode", "missing"])[..3], [0; 3], "{columns}");
            assert_eq!(place.rows(), changed, "{columns}");
            place.restore_exactly(&snap);
        }
        assert_eq!(place.rows(), whole, "{columns}");
        place.sql(&change);
        let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]);
        place.sql(patch.run().success().stdout());
        assert_eq!(place.rows(), whole, "{columns}, by a patch");
    }
}

#[test]
fn rows_that_go_and_come_beside_those_that_change() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE p (n int, title text UNIQUE, k text GENERATED ALWAYS AS (n::text || 'k') STORED PRIMARY KEY);
             CREATE TABLE c (id int PRIMARY KEY, k text REFERENCES p ON DELETE CASCADE);
             INSERT INTO p SELECT n, 't' || n FROM generate_series(1, 60) AS n; INSERT INTO c SELECT n, n || 'k' FROM generate_series(1, 60) AS n",
        );
        place.goes_there_and_back(
            &["p", "c"],
            "UPDATE p SET title = 'x' WHERE n = 1; UPDATE p SET title = 't1' WHERE n = 2; UPDATE p SET title = 't2' WHERE n = 1;
             DELETE FROM p WHERE n BETWEEN 3 AND 9; INSERT INTO p VALUES (100, 't3'), (101, NULL), (102, NULL); UPDATE p SET title = NULL WHERE n = 50",
        );
        let snap = place.round.snap(&["p"]).id;
        place.sql(
            "INSERT INTO p VALUES (200, 'new'); DELETE FROM p WHERE n = 30; UPDATE p SET title = 'e' || n WHERE n > 55",
        );
        place.sql("INSERT INTO c VALUES (200, '200k')");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert!(code == Some(4) && error.contains("1 row of c"), "{code:?}: {error}");
    });
}

/// What others refer to changes with the columns that it is generated from.
#[test]
fn rows_that_follow_a_generated_value_are_counted() {
    on_postgres(|place| {
        place.sql(
            "CREATE TABLE p (id int PRIMARY KEY, name text, slug text GENERATED ALWAYS AS (lower(name)) STORED UNIQUE);
             CREATE TABLE c (id int PRIMARY KEY, slug text REFERENCES p (slug) ON UPDATE CASCADE ON DELETE CASCADE);
             INSERT INTO p VALUES (1, 'A'), (2, 'B'); INSERT INTO c VALUES (1, 'a'), (2, 'b')",
        );
        let snap = place.round.snap(&["p"]).id;
        let whole = place.rows();
        place.sql("UPDATE p SET name = 'a' WHERE id = 1");
        assert_eq!(place.restore(&[&snap, "--mode", "exact"])[..3], [0, 1, 0]);
        assert_eq!(place.rows(), whole);
        place.sql("UPDATE p SET name = 'X' WHERE id = 1");
        let (code, error) = place.refused(&[&snap, "--mode", "exact"]);
        assert!(code == Some(4) && error.contains("change 1 row of c") && error.contains("--cascade"), "{error}");
        let report = place.done(&["restore", &snap, "--mode", "exact", "--cascade"]);
        assert_eq!(report["cascaded"][0]["rows"], 1, "{report}");
        assert_eq!(place.rows(), whole);
    });
}
