//! What the catalog tells.

use crate::conformance::Fixture;
use dbsnap::codec::{Key, KeySource, Kind, ReferentialAction, TableSchema};
use dbsnap::db::Catalog;

fn catalog(fixture: &dyn Fixture) -> Catalog {
    fixture.open().catalog().unwrap()
}

fn schema<'c>(fixture: &dyn Fixture, catalog: &'c Catalog, table: &str) -> &'c TableSchema {
    &catalog.table(&fixture.table(table)).unwrap_or_else(|| panic!("no table {table}")).schema
}

fn key_source(schema: &TableSchema) -> Option<&KeySource> {
    match &schema.key {
        Key::Columns { source, .. } => Some(source),
        Key::Rows => None,
    }
}

pub fn lists_tables_with_their_columns(fixture: &mut dyn Fixture) {
    let blob = fixture.blob_type();
    fixture.exec(&format!(
        "CREATE TABLE mods (id TEXT NOT NULL PRIMARY KEY, downloads INTEGER NOT NULL DEFAULT 7, size BIGINT, price DECIMAL, \
         shown BOOLEAN NOT NULL DEFAULT false, picture {blob}, meta JSONB);
         CREATE TABLE authors (id TEXT NOT NULL PRIMARY KEY);"
    ));
    let catalog = catalog(fixture);
    let names: Vec<_> = catalog.tables.iter().map(|info| info.schema.table.name.as_str()).collect();
    assert_eq!(names, ["authors", "mods"], "in order of name");
    let mods = schema(fixture, &catalog, "mods");
    let told: Vec<_> = mods.columns.iter().map(|column| (column.name.as_str(), column.kind, column.nullable)).collect();
    assert_eq!(
        told,
        [
            ("id", Kind::Text, false),
            ("downloads", Kind::Int, false),
            ("size", Kind::BigInt, true),
            ("price", Kind::Numeric, true),
            ("shown", Kind::Bool, false),
            ("picture", Kind::Bytes, true),
            ("meta", Kind::Jsonb, true),
        ]
    );
    assert_eq!(mods.columns[1].default.as_deref(), Some("7"));
    assert_eq!(mods.columns[2].default, None);
    assert_eq!(mods.key_names(), ["id"]);
    assert!(catalog.not_captured.is_empty(), "{:?}", catalog.not_captured);
}

pub fn chooses_keys(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE by_primary (a INTEGER NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL UNIQUE, PRIMARY KEY (b, a));
         CREATE TABLE by_unique (a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, d INTEGER);
         CREATE UNIQUE INDEX u_nullable ON by_unique (d);
         CREATE UNIQUE INDEX u_partial ON by_unique (a) WHERE b > 1;
         CREATE UNIQUE INDEX u_expression ON by_unique (abs(a));
         CREATE UNIQUE INDEX u_three ON by_unique (a, b, c);
         CREATE UNIQUE INDEX u_z ON by_unique (c, a);
         CREATE UNIQUE INDEX u_y ON by_unique (b, a);
         CREATE TABLE by_rows (a INTEGER, b INTEGER);
         CREATE UNIQUE INDEX u_maybe ON by_rows (a);",
    );
    let catalog = catalog(fixture);
    let primary = schema(fixture, &catalog, "by_primary");
    assert_eq!(key_source(primary), Some(&KeySource::Primary));
    assert_eq!(primary.key_names(), ["b", "a"], "in key order");
    let unique = schema(fixture, &catalog, "by_unique");
    assert_eq!(key_source(unique), Some(&KeySource::Unique("u_y".to_owned())), "fewest columns, then name");
    assert_eq!(unique.key_names(), ["b", "a"]);
    let plain = unique.unique.iter().filter(|index| !index.conditional);
    let plain: Vec<_> = plain.map(|index| index.name.as_str()).collect();
    assert_eq!(plain, ["u_nullable", "u_three", "u_y", "u_z"], "without expression or predicate, in order of name");
    let conditional = unique.unique.iter().filter(|index| index.conditional);
    let conditional: Vec<_> = conditional.map(|index| (index.name.as_str(), index.columns.join(" "))).collect();
    assert_eq!(conditional, [("u_expression", "a".to_owned()), ("u_partial", "a b".to_owned())]);
    assert_eq!(schema(fixture, &catalog, "by_rows").key, Key::Rows);
}

pub fn tells_foreign_keys(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE parents (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b), UNIQUE (b, a));
         CREATE TABLE children (id INTEGER NOT NULL PRIMARY KEY, pa INTEGER, pb INTEGER, up INTEGER \
             REFERENCES children (id) ON DELETE SET NULL, \
             FOREIGN KEY (pb, pa) REFERENCES parents (b, a) ON DELETE CASCADE ON UPDATE CASCADE);",
    );
    let catalog = catalog(fixture);
    let mut keys = schema(fixture, &catalog, "children").foreign_keys.clone();
    keys.sort_by_key(|key| key.columns.len());
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].columns, ["up"]);
    assert_eq!(keys[0].table, fixture.table("children"));
    assert_eq!(keys[0].references, ["id"]);
    assert_eq!((keys[0].on_delete, keys[0].on_update), (ReferentialAction::SetNull, ReferentialAction::NoAction));
    assert_eq!(keys[1].columns, ["pb", "pa"]);
    assert_eq!(keys[1].table, fixture.table("parents"));
    assert_eq!(keys[1].references, ["b", "a"]);
    assert_eq!((keys[1].on_delete, keys[1].on_update), (ReferentialAction::Cascade, ReferentialAction::Cascade));
}

pub fn says_what_is_not_captured(fixture: &mut dyn Fixture) {
    fixture.exec("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;");
    let catalog = catalog(fixture);
    assert_eq!(catalog.tables.len(), 1);
    assert_eq!(catalog.not_captured.len(), 1);
    let told = &catalog.not_captured[0];
    assert!(told.starts_with("view ") && told.ends_with('v'), "{told}");
}

pub fn quotes_names(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE \"We\"\"ird]'; --\" (\"Id\" INTEGER NOT NULL PRIMARY KEY, \"select\" TEXT, \"a b\" TEXT, \"line\nbreak\" TEXT);
         CREATE TABLE \"Upper\" (id INTEGER NOT NULL PRIMARY KEY);",
    );
    let catalog = catalog(fixture);
    let weird = schema(fixture, &catalog, "We\"ird]'; --");
    let names: Vec<_> = weird.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Id", "select", "a b", "line\nbreak"]);
    schema(fixture, &catalog, "Upper");
}

pub fn leaves_generated_columns_to_the_database(fixture: &mut dyn Fixture) {
    fixture.exec(
        "CREATE TABLE t (a INTEGER NOT NULL PRIMARY KEY, twice INTEGER GENERATED ALWAYS AS (a * 2) STORED, b TEXT);
         INSERT INTO t (a, b) VALUES (4, 'x');",
    );
    let catalog = catalog(fixture);
    let told = schema(fixture, &catalog, "t");
    let names: Vec<_> = told.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(told.generated.len(), 1);
    assert_eq!(told.generated[0].name, "twice");
}
