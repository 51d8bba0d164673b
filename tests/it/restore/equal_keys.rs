//! Keys that the database takes for equal though they are written differently.

use super::place::on_postgres;

const SCHEMA: &str = "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE DOMAIN email AS public.citext; CREATE DOMAIN code AS char(6); CREATE TYPE spot AS (name public.citext, at numeric);
    CREATE DOMAIN amounts AS numeric[]; CREATE COLLATION plain (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
    CREATE DOMAIN plain_word AS text COLLATE plain; CREATE DOMAIN plain_name AS plain_word CHECK (VALUE <> ''); CREATE TYPE spots AS (first email, others spot[], open numrange)";

/// The type of the key, one form of it and another.
const FORMS: [(&str, &str, &str); 22] = [
    ("citext", "'Ann@Example.test'", "'ann@example.TEST'"),
    ("email", "'Ann@Example.test'", "'ANN@EXAMPLE.TEST'"),
    ("text COLLATE loose", "'Type Script'", "'type script'"),
    ("varchar(40) COLLATE loose", "'A-b-C'", "'a-B-c'"),
    ("plain_word", "'Émile'", "'emile'"),
    ("plain_name", "'José'", "'JOSE'"),
    ("char(6)", "'ab'", "'ab    '"),
    ("code", "'ab'", "'ab  '"),
    ("numeric", "1.10", "1.1000"),
    ("float8", "0.0", "'-0'"),
    ("bpchar", "'ab'", "'ab   '"),
    ("interval", "'1 mon'", "'30 days'"),
    ("jsonb", r#"'{"a": [1.0, "A"]}'"#, r#"'{"a": [1.00, "A"]}'"#),
    ("numrange", "'[1.0,2.0)'", "'[1.00,2)'"),
    ("float4[]", "'{0,NaN}'", "'{-0,NaN}'"),
    ("citext[]", "'{Ann,bob,NULL}'", "'{ANN,Bob,NULL}'"),
    ("email[]", "'{\"a b\",x}'", "'{\"A b\",X}'"),
    ("text[] COLLATE loose", "'{Ann}'", "'{aNN}'"),
    ("amounts", "'{1.0,2}'", "'{1.000,2.0}'"),
    ("spot", "'(Ann,1.10)'", "'(ANN,1.1000)'"),
    ("spot[]", "'{\"(Ann,1.10)\",\"(,2)\"}'", "'{\"(ANN,1.1)\",\"(,2.0)\"}'"),
    (
        "spots",
        "ROW('Ann', ARRAY[ROW('B', 1)::spot], '[1,2)')::spots",
        "ROW('aNN', ARRAY[ROW('b', 1.0)::spot], '[1.0,2)')::spots",
    ),
];

#[test]
fn a_row_whose_key_is_written_differently_is_the_same_row() {
    on_postgres(|place| {
        place.db().sql("CREATE EXTENSION citext SCHEMA public");
        place.sql(SCHEMA);
        let parents: Vec<String> = (0..FORMS.len()).map(|at| format!("p{at}")).collect();
        for (at, (kind, one, _)) in FORMS.into_iter().enumerate() {
            place.sql(&format!(
                "CREATE TABLE p{at} (tenant int, k {kind}, v int NOT NULL, PRIMARY KEY (tenant, k));
                 CREATE TABLE c{at} (id int PRIMARY KEY, tenant int, k {kind}, FOREIGN KEY (tenant, k) REFERENCES p{at} ON DELETE CASCADE);
                 INSERT INTO p{at} VALUES (1, {one}, 5), (2, {one}, 6); INSERT INTO c{at} VALUES (1, 1, {one}), (2, 2, {one})"
            ));
        }
        let change = || {
            for (at, (_, _, other)) in FORMS.into_iter().enumerate() {
                place.sql(&format!("UPDATE p{at} SET k = {other}, v = 0 WHERE tenant = 1"));
            }
        };
        let snap = place.round.snap(&parents.iter().map(String::as_str).collect::<Vec<_>>()).id;
        let whole = place.rows();
        for mode in ["upsert", "exact"] {
            change();
            let changed = place.rows();
            let report = place.done(&["restore", &snap, "--mode", mode]);
            assert!(report["tables"].as_array().unwrap().iter().all(|table| table["update"] == 1), "{report}");
            assert_eq!(place.rows(), whole, "{mode}");
            place.undo(&[]);
            assert_eq!(place.rows(), changed, "{mode}");
            place.restore_exactly(&snap);
        }
        let missing = place.done(&["restore", &snap, "--mode", "missing"]);
        assert_eq!(missing["applied"], false, "{missing}");
        change();
        let missing = place.done(&["restore", &snap, "--mode", "missing"]);
        assert_eq!(missing["applied"], false, "{missing}");
        place.may_make_again();
        place.sql(place.round.plain(&["diff", "-o", "sql", "live", &snap]).run().success().stdout());
        assert_eq!(place.rows(), whole, "by a patch");
    });
}

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
