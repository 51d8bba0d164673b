//! The definition in the schema's object: what older builds and everything that keeps objects make of it.

use crate::support::place::{Place, on_both};
use dbsnap::codec::{Definition, Part, PartKind, TableName, TableSchema};
use dbsnap::snapshot::{History, needs, read_definition, read_schema};
use dbsnap::store::{Access, Store};

fn store(place: &Place) -> Store {
    Store::open(&place.round.project.path().join(".dbsnap"), Access::Read).unwrap()
}

#[test]
fn a_schema_is_written_as_before_and_read_with_or_without_one() {
    let schema: TableSchema = serde_json::from_str(r#"{"table":{"name":"t"},"columns":[],"key":"rows"}"#).unwrap();
    assert_eq!(schema.to_object(None).unwrap(), serde_json::to_vec(&schema).unwrap());
    let part = Part {
        kind: PartKind::Table,
        name: "t".to_owned(),
        table: Some(TableName::bare("t")),
        references: None,
        sql: "CREATE TABLE t (a)".to_owned(),
        then: Vec::new(),
    };
    let bytes = schema.to_object(Some(&Definition { parts: vec![part] })).unwrap();
    let expected = r#"{"table":{"name":"t"},"columns":[],"key":"rows","definition":[{"kind":"table","name":"t","table":{"name":"t"},"sql":"CREATE TABLE t (a)"}]}"#;
    assert_eq!(std::str::from_utf8(&bytes).unwrap(), expected);
    // a reader that knows nothing of definitions passes over it
    assert_eq!(serde_json::from_slice::<TableSchema>(&bytes).unwrap(), schema);
}

#[test]
fn what_gc_keeps_verify_reads_and_a_restore_needs_holds_the_definition() {
    on_both(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); INSERT INTO a VALUES (1)");
        place.snap();
        place.sql("INSERT INTO a VALUES (2)");
        let snap = place.snap();
        place.round.json(&["gc", "--keep", "1", "--now"]);
        place.round.json(&["verify"]);
        let store = store(place);
        let history = History::load(&store).unwrap();
        let [entry] = history.entries.as_slice() else { panic!("one is left") };
        for table in &entry.manifest.tables {
            let definition = read_definition(&store, &table.schema_object).unwrap().unwrap();
            assert!(definition.parts.iter().any(|part| part.kind == PartKind::Table), "{definition:?}");
            read_schema(&store, &table.schema_object).unwrap();
            assert!(needs(&entry.manifest).contains(&table.schema_object));
        }
        let rows = place.rows();
        place.sql("DROP TABLE b; DROP TABLE a");
        place.round.json(&["restore", &snap, "--create", "-y"]);
        assert_eq!(place.rows(), rows);
    });
}

#[test]
fn an_unchanged_schema_is_stored_once_also_if_its_table_was_made_again() {
    on_both(|place| {
        place.sql("CREATE TABLE a (id int PRIMARY KEY, w varchar(9) UNIQUE); CREATE INDEX a_w ON a (w); INSERT INTO a VALUES (1, 'x')");
        let first = place.snap();
        place.sql("INSERT INTO a VALUES (2, 'y')");
        place.snap();
        place.sql("DROP TABLE a");
        place.round.json(&["restore", &first, "--create", "-y"]);
        place.snap();
        let history = History::load(&store(place)).unwrap();
        let objects: Vec<_> = history.entries.iter().map(|entry| entry.manifest.tables[0].schema_object).collect();
        assert_eq!(objects.len(), 4, "with the safety snapshot");
        assert!(objects.iter().all(|object| *object == objects[0]), "{objects:?}");
    });
}
