//! Keys that the database takes for equal though they are written differently.

use super::place::on_postgres;

const SCHEMA: &str = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN email AS public.citext; CREATE DOMAIN code AS char(6)";

/// The type of the key, one form of it and another.
const FORMS: [(&str, &str, &str); 8] = [
    ("citext", "'Ann@Example.test'", "'ann@example.TEST'"),
    ("email", "'Ann@Example.test'", "'ANN@EXAMPLE.TEST'"),
    ("text COLLATE loose", "'Type Script'", "'type script'"),
    ("varchar(40) COLLATE loose", "'A-b-C'", "'a-B-c'"),
    ("char(6)", "'ab'", "'ab    '"),
    ("code", "'ab'", "'ab  '"),
    ("numeric", "1.10", "1.1000"),
    ("float8", "0.0", "'-0'"),
];

/// Torment: S17
#[test]
fn a_row_whose_key_is_written_differently_is_the_same_row() {
    on_postgres(|place| {
        place.db().sql("CREATE EXTENSION citext SCHEMA public");
        place.sql(SCHEMA);
        for (at, (kind, one, other)) in FORMS.into_iter().enumerate() {
            let (parent, child) = (format!("p{at}"), format!("c{at}"));
            place.sql(&format!(
                "CREATE TABLE {parent} (tenant int, k {kind}, v int NOT NULL, PRIMARY KEY (tenant, k));
                 CREATE TABLE {child} (id int PRIMARY KEY, tenant int, k {kind}, FOREIGN KEY (tenant, k) REFERENCES {parent} ON DELETE CASCADE);
                 INSERT INTO {parent} VALUES (1, {one}, 5), (2, {one}, 6); INSERT INTO {child} VALUES (1, 1, {one}), (2, 2, {one})"
            ));
            let snap = place.round.snap(&[&parent]).id;
            let whole = place.rows();
            for mode in ["upsert", "exact"] {
                place.sql(&format!("UPDATE {parent} SET k = {other}, v = 0 WHERE tenant = 1"));
                place.done(&["restore", &snap, "--mode", mode]);
                assert_eq!(place.rows(), whole, "{kind}, {mode}");
            }
            let patch = place.round.plain(&["diff", "-o", "sql", "live", &snap]);
            place.sql(&format!("UPDATE {parent} SET k = {other}, v = 0 WHERE tenant = 1"));
            place.sql(patch.run().success().stdout());
            assert_eq!(place.rows(), whole, "{kind}, by a patch");
        }
    });
}

/// Torment: S17
#[test]
fn a_row_is_found_by_its_key_in_any_form() {
    on_postgres(|place| {
        place.db().sql("CREATE EXTENSION citext SCHEMA public");
        place.sql(
            "CREATE TABLE t (name citext PRIMARY KEY, v int); INSERT INTO t VALUES ('TypeScript', 1), ('Rust', 2)",
        );
        let snap = place.round.snap(&["t"]).id;
        place.sql("DELETE FROM t WHERE name = 'rust'; UPDATE t SET v = 9");
        place.done(&["restore", &format!("{snap}:t:RUST")]);
        assert_eq!(place.sql("SELECT name, v FROM t ORDER BY v"), "Rust|2\nTypeScript|9");
    });
}
