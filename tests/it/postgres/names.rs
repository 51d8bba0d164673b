//! Names that are not nice, and names that are traps.

use super::rows::{dump, quoted, read_of, reads, round_trip, rows_of};
use crate::support::place::{Place, on_postgres};
use dbsnap::codec::TableName;
use dbsnap::db::{Change, Changing, Filter, Sink, TableId};
use dbsnap::monitor::Silent;

#[test]
fn any_name_is_only_a_name() {
    on_postgres(|place| {
        let db = place.db();
        let names = [
            "We\"ird'; drop table x;--",
            "new\nline",
            "tab\there",
            "per%cent",
            "back\\slash",
            "$$dollar$$",
            "\u{202e}evil",
            "ÄÖÜäöüÄÖÜäöüÄÖÜäöüÄÖÜäöüÄÖÜäöüÄ",
            "select",
            "A",
            "a",
            "pg_class",
            "t\u{7f}",
        ];
        for name in names {
            let (table, column) = (format!("public.{}", quoted(name)), quoted(name));
            place.sql(&format!(
            "CREATE TABLE {table} (\"a b\" int PRIMARY KEY, {column} text, \"Select\" text UNIQUE, \"c0\" int, s serial);
             INSERT INTO {table} VALUES (1, 'x', 'y', 2), (2, NULL, NULL, 3)"
        ));
        }
        place.sql("CREATE SCHEMA \"S.\"\"x\"; CREATE TABLE \"S.\"\"x\".\"t.u\" (id int PRIMARY KEY); INSERT INTO \"S.\"\"x\".\"t.u\" VALUES (1)");
        let mut sink = place.open();
        let wipe: String = names.iter().map(|name| format!("DELETE FROM public.{};", quoted(name))).collect();
        round_trip(db, &mut sink, &names, &wipe);
        assert_eq!(rows_of(&mut sink, &TableName::qualified("S.\"x", "t.u")).len(), 1);
    });
}

#[test]
fn a_search_path_full_of_traps_is_not_followed() {
    on_postgres(|place| {
        let db = place.db();
        let role = place.user();
        place.sql(
            "CREATE TABLE t (id serial PRIMARY KEY, word text UNIQUE, up int REFERENCES t ON DELETE CASCADE);
         CREATE TABLE bag (word text, n int); INSERT INTO bag VALUES ('a', 1), ('a', 1), (NULL, 2);
         INSERT INTO t (word) VALUES ('a'), ('b');
         CREATE SCHEMA evil; GRANT USAGE ON SCHEMA evil TO PUBLIC;
         CREATE FUNCTION evil.trap() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;",
        );
        let mut traps = String::new();
        for (name, arguments, result) in [
            ("quote_ident", "text", "text"),
            ("quote_ident", "name", "text"),
            ("lower", "text", "text"),
            ("current_setting", "text", "text"),
            ("format_type", "oid, int", "text"),
            ("has_table_privilege", "oid, text", "bool"),
            ("row_security_active", "oid", "bool"),
            ("pg_get_expr", "pg_node_tree, oid", "text"),
            ("to_regclass", "text", "regclass"),
            ("pg_has_role", "oid, text", "bool"),
            ("current_database", "", "name"),
            ("left", "text, int", "text"),
        ] {
            traps.push_str(&format!(
            "CREATE FUNCTION evil.{name}({arguments}) RETURNS {result} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;"
        ));
        }
        for (symbol, left, right) in [
            ("=", "int", "int"),
            ("=", "text", "text"),
            ("=", "oid", "oid"),
            ("=", "name", "text"),
            ("<>", "name", "text"),
            ("||", "text", "text"),
            ("=", "name", "name"),
            ("=", "tid", "tid"),
            ("=", "int8", "int8"),
            ("<=", "int8", "int8"),
            (">=", "int8", "int8"),
            (">=", "int8", "int"),
            ("+", "int", "int8"),
            ("+", "int8", "int8"),
        ] {
            let name =
                format!("trap_{}_{left}_{right}", symbol.bytes().map(|byte| byte.to_string()).collect::<String>());
            let result = if symbol == "||" { "text" } else { "bool" };
            traps.push_str(&format!(
            "CREATE FUNCTION evil.{name}({left}, {right}) RETURNS {result} LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'trapped'; END $$;
             CREATE OPERATOR evil.{symbol} (FUNCTION = evil.{name}, LEFTARG = {left}, RIGHTARG = {right});"
        ));
        }
        traps.push_str("CREATE TABLE evil.pg_class (oid oid); CREATE TABLE evil.pg_settings (name text);");
        traps.push_str(&format!("ALTER ROLE {role} SET search_path = evil, pg_catalog, public"));
        place.sql(&traps);
        assert!(db.sql_as(role, "SELECT 1 WHERE 1 = 1").is_err(), "the trap works");
        let mut sink = place.open();
        round_trip(db, &mut sink, &["t", "bag"], "TRUNCATE t, bag");
        let catalog = sink.catalog().unwrap();
        let reads = reads(&catalog, &["t", "bag"]);
        let rows = rows_of(&mut sink, &super::rows::public("t"));
        let mut txn = dbsnap::db::Sink::restore(&mut sink, &reads, &Silent).unwrap();
        for change in [Change::Deleted, Change::Updated] {
            txn.cascaded_rows(&mut [Changing {
                table: TableId::at(0),
                change,
                rows: &mut super::rows::Given::new(&rows),
            }])
            .unwrap();
        }
        txn.counters(TableId::at(0)).unwrap();
        txn.update(TableId::at(0), &mut super::rows::Given::new(&rows)).unwrap();
        txn.delete(
            TableId::at(1),
            &mut super::rows::Given::values(&[&[super::rows::text("a"), dbsnap::codec::Value::Int(1)]]),
        )
        .unwrap();
        txn.commit().unwrap();
        assert_eq!(dump(db, "bag").len(), 2);
    });
}

#[test]
fn what_is_not_captured_is_said() {
    // only a superuser makes foreign tables without more ado
    let place = Place::superuser();
    let db = place.db();
    db.sql("CREATE TABLE t (id serial PRIMARY KEY, n int); CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; CREATE SEQUENCE loose; CREATE UNLOGGED TABLE u (id int);
            CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1; SELECT lo_create(0);
            CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (id int) SERVER s;
            CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part1 PARTITION OF parts FOR VALUES IN (1)");
    let mut session = db.session();
    session.run("CREATE TEMPORARY TABLE tmp (id int)");
    let mut source = place.open();
    let catalog = source.catalog().unwrap();
    let names: Vec<_> = catalog.tables.iter().map(|info| info.schema.table.to_string()).collect();
    assert_eq!(names, ["part1", "t", "u"]);
    let not: Vec<_> = catalog.not_captured.iter().map(String::as_str).collect();
    assert_eq!(not[..3], ["foreign table f", "materialized view m", "sequence loose"]);
    assert!(not[3].starts_with("temporary table pg_temp_"), "{not:?}");
    assert_eq!(not[4..], ["view v", "view s.v", "large object (1)"]);
    for name in ["f", "v", "m", "loose", "parts"] {
        let mut reads = reads(&catalog, &["t"]);
        reads[0].schema.table = super::rows::public(name);
        assert!(source.restore(&reads, &Silent).is_err(), "{name}");
    }
}

#[test]
fn filters_are_evaluated_under_the_pinned_settings() {
    on_postgres(|place| {
        place.sql("CREATE TABLE t (id int PRIMARY KEY, at timestamptz); INSERT INTO t VALUES (1, '2026-01-01 00:30+00'), (2, '2026-01-02 12:00+00')");
        let mut source = place.open();
        let catalog = source.catalog().unwrap();
        let mut read = read_of(&catalog, &super::rows::public("t"));
        let sql = "\"at\" < '2026-01-01 12:00' -- a comment";
        read.filter = Some(Filter { typed: sql.into(), sql: sql.into(), columns: Vec::new() });
        let mut snapshot = source.snapshot(&[read], &Silent).unwrap();
        assert_eq!(super::rows::gather(snapshot.as_mut(), 0).len(), 1);
    });
}
