//! The fields of manifests and table schemas: what is written is what `docs/schema/manifest.schema.json` says,
//! and `docs/FORMAT.md` names each of them.

use crate::support::postgres::PgServer;
use crate::support::process::Project;
use crate::support::schema::{fits, published};
use dbsnap::codec::{
    Column, DanglingRows, Definition, ForeignKey, Generated, GeneratedColumn, Identity, Key, KeyColumn, KeyOrder,
    KeySource, Kind, Mark, Part, PartKind, ReferentialAction, TableName, TableSchema, UniqueIndex,
};
use dbsnap::hash::Hash;
use dbsnap::snapshot::{
    Actor, CounterState, FORMAT, GitState, Manifest, Origin, Restored, Run, RunEnd, SnapshotKind, Stored, TableChange,
    TableEntry,
};
use dbsnap::store::{Access, Objects, Store};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The names of all fields in a JSON value.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                found.insert(name.clone());
                fields(value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

/// The names of all fields that the schema describes.
fn described(rule: &Value, found: &mut BTreeSet<String>) {
    match rule {
        Value::Object(map) => {
            for (word, value) in map {
                if word == "properties" {
                    found.extend(value.as_object().unwrap().keys().cloned());
                }
                described(value, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| described(value, found)),
        _ => {}
    }
}

/// A manifest in which every field stands. A new field does not compile here until it is given.
fn full_manifest() -> Manifest {
    let hash = Hash::of(b"something");
    let table = TableName::qualified("shop", "mods");
    Manifest {
        dbsnap: FORMAT,
        kind: SnapshotKind::Safety,
        created_at: "2026-01-24T10:30:00.5Z".parse().unwrap(),
        message: "before".to_owned(),
        parent: Some(hash),
        sequence: Some(7),
        replaces: vec![hash],
        restored: Some(Restored {
            id: hash,
            undoes: Some(hash),
            dangling: vec![DanglingRows {
                table: table.clone(),
                columns: vec!["author".to_owned()],
                references: TableName::bare("authors"),
                rows: 2,
                digest: Some("a digest".to_owned()),
            }],
        }),
        imported: true,
        hook: true,
        run: Some(Run {
            command: vec!["node".to_owned()],
            ended: Some(RunEnd {
                before: hash,
                started_at: "2026-01-24T10:29:00Z".parse().unwrap(),
                ended_at: "2026-01-24T10:30:00Z".parse().unwrap(),
                exit_code: Some(1),
                signal: Some(9),
            }),
        }),
        actor: Actor {
            user: Some("ann".to_owned()),
            host: Some("desk".to_owned()),
            agent: Some("an agent".to_owned()),
            session: Some("a session".to_owned()),
            command: vec!["dbsnap".to_owned()],
            git: Some(GitState { branch: Some("main".to_owned()), commit: Some("abc".to_owned()) }),
        },
        source: Origin {
            engine: "postgres".to_owned(),
            cluster: Some("7".to_owned()),
            database: "shop".to_owned(),
            version: "15".to_owned(),
        },
        search_path: vec!["shop".to_owned()],
        schema_version: Some("20260101_init".to_owned()),
        settings: settings(),
        mark: Some(Mark::new([("transactions", "7:7:".to_owned())])),
        tables: vec![TableEntry {
            table: table.clone(),
            backup: "backup_20260124_103000_mods".to_owned(),
            part_of: vec![table],
            definition: Some("0123abcd".to_owned()),
            rows: 1,
            bytes: 2,
            root: hash,
            schema_object: hash,
            filter: Some("id > 3".to_owned()),
            change: Some(TableChange { since: hash, added: 1, changed: 2, removed: 3 }),
            counters: vec![CounterState {
                name: "s".to_owned(),
                column: "id".to_owned(),
                last: Some(-4),
                next: Some(7),
            }],
        }],
        stored: Stored { objects: 1, bytes: 2 },
    }
}

/// Settings of both engines.
fn settings() -> BTreeMap<String, String> {
    let postgres = ["encoding", "lc_collate", "lc_ctype", "locale_provider", "locale", "icu_rules"];
    let sqlite = ["page_size", "auto_vacuum", "application_id", "user_version", "journal_mode", "file_mode"];
    postgres.iter().chain(&sqlite).map(|name| ((*name).to_owned(), "1".to_owned())).collect()
}

/// What is stored of a table's schema, with a definition.
fn stored(schema: &TableSchema) -> Value {
    let part = Part {
        kind: PartKind::ForeignKey,
        name: "f".to_owned(),
        table: Some(schema.table.clone()),
        references: Some(TableName::bare("others")),
        sql: "ALTER TABLE".to_owned(),
        then: vec!["COMMENT".to_owned()],
    };
    serde_json::from_slice(&schema.to_object(Some(&Definition { parts: vec![part] })).unwrap()).unwrap()
}

/// The same of a table's schema.
fn full_schema() -> TableSchema {
    TableSchema {
        table: TableName::qualified("shop", "mods"),
        columns: vec![Column {
            name: "id".to_owned(),
            sql_type: "integer[]".to_owned(),
            kind: Kind::TimestampTz,
            array: true,
            nullable: true,
            default: Some("1".to_owned()),
            identity: Some(Identity::ByDefault),
            collation: Some("C".to_owned()),
        }],
        generated: vec![GeneratedColumn {
            name: "g".to_owned(),
            sql_type: "text".to_owned(),
            generated: Generated::Virtual,
            expression: Some("id".to_owned()),
        }],
        key: Key::Columns {
            source: KeySource::Unique("mods_key".to_owned()),
            columns: vec![KeyColumn { column: 0, order: KeyOrder::NoCase }],
        },
        foreign_keys: vec![ForeignKey {
            name: Some("f".to_owned()),
            columns: vec!["id".to_owned()],
            table: TableName::bare("others"),
            references: vec!["id".to_owned()],
            on_delete: ReferentialAction::SetNull,
            on_update: ReferentialAction::NoAction,
            deferrable: true,
        }],
        unique: vec![UniqueIndex { name: "u".to_owned(), columns: vec!["id".to_owned()], conditional: true }],
    }
}

#[test]
fn every_field_is_described_and_named_in_the_document() {
    let manifest: Value = serde_json::from_slice(&full_manifest().to_bytes()).unwrap();
    let table = stored(&full_schema());
    fits("manifest", None, &manifest).unwrap();
    fits("manifest", Some("StoredSchema"), &table).unwrap();
    let keyless = serde_json::to_value(TableSchema { key: Key::Rows, ..full_schema() }).unwrap();
    fits("manifest", Some("StoredSchema"), &keyless).unwrap();
    // Nothing is described that is not written.
    let (mut written, mut told) = (BTreeSet::new(), BTreeSet::new());
    fields(&manifest, &mut written);
    fields(&table, &mut written);
    described(&serde_json::from_str(&published("manifest")).unwrap(), &mut told);
    told.extend(settings().into_keys());
    assert_eq!(told, written);
    let document = include_str!("../../../docs/FORMAT.md");
    let unnamed: Vec<_> = written.iter().filter(|name| !document.contains(&format!("`{name}`"))).collect();
    assert!(unnamed.is_empty(), "docs/FORMAT.md does not name {unnamed:?}");
}

#[test]
fn what_does_not_fit_is_told() {
    let manifest: Value = serde_json::from_slice(&full_manifest().to_bytes()).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut changed = manifest.clone();
        change(&mut changed);
        fits("manifest", None, &changed).unwrap_err()
    };
    assert!(refused(&|value| value["new"] = Value::Null).contains("`new` is not described"));
    assert!(refused(&|value| value["tables"][0]["new"] = 1.into()).contains("manifest.tables[0]: `new` is not"));
    assert!(refused(&|value| value["kind"] = "other".into()).contains("manifest.kind"));
    assert!(refused(&|value| value["parent"] = "12".into()).contains("is not pattern"));
    assert!(refused(&|value| value["tables"][0]["rows"] = (-1).into()).contains("is not minimum"));
    assert!(refused(&|value| value["createdAt"] = "today".into()).contains("is not format"));
    assert!(refused(&|value| drop(value.as_object_mut().unwrap().remove("stored"))).contains("is not required"));
}

/// What the program writes, of both engines: all kinds of keys, a restore, a filter, an amended message.
#[test]
fn postgres_and_sqlite_snapshots_fit() {
    let db = PgServer::shared().database();
    let target = db.target();
    let password = target.password.as_ref().map_or("", |password| password.expose());
    let (server, name) = (&db.server, &db.name);
    let url = format!("postgresql://{}:{password}@{}:{}/{name}", server.user, server.host, server.port);
    db.session().run(
        "CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE TABLE authors (id uuid PRIMARY KEY, at timestamptz NOT NULL UNIQUE);
         CREATE TABLE mods (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, title varchar(20) COLLATE \"C\" DEFAULT 'x',
             moods mood[], author uuid REFERENCES authors ON DELETE CASCADE DEFERRABLE,
             twice int GENERATED ALWAYS AS (id * 2) STORED);
         CREATE UNIQUE INDEX ON mods (lower(title));
         CREATE TABLE notes (note text);
         CREATE TABLE days (day date NOT NULL UNIQUE);
         INSERT INTO mods (title) VALUES ('a'), ('b');",
    );
    let sqlite = "CREATE TABLE authors (id TEXT PRIMARY KEY COLLATE NOCASE NOT NULL);
         CREATE TABLE mods (id INTEGER PRIMARY KEY AUTOINCREMENT, title VARCHAR(20), author TEXT REFERENCES authors,
             twice INT AS (id * 2));
         CREATE TABLE notes (note);
         CREATE TABLE days (day TEXT NOT NULL UNIQUE);
         INSERT INTO mods (title) VALUES ('a'), ('b');";
    for url in [url.as_str(), "file:./dev.db"] {
        let project = Project::new();
        if url.starts_with("file") {
            rusqlite::Connection::open(project.path().join("dev.db")).unwrap().execute_batch(sqlite).unwrap();
        }
        let run = |words: &[&str]| drop(project.dbsnap(words).env("DBSNAP_URL", url).run().success());
        run(&["init"]);
        run(&["snap", "--all", "-m", "one"]);
        run(&["snap", "mods", "--where", "id > 1", "-m", "two"]);
        run(&["amend", "latest", "-m", "three"]);
        match url.starts_with("file") {
            true => rusqlite::Connection::open(project.path().join("dev.db"))
                .unwrap()
                .execute_batch("UPDATE mods SET title = 'c' WHERE id = 2")
                .unwrap(),
            false => drop(db.session().run("UPDATE mods SET title = 'c' WHERE id = 2")),
        }
        run(&["restore", "latest", "-y"]);
        let store = Store::open(&project.path().join(".dbsnap"), Access::Read).unwrap();
        let ids = store.manifest_ids().unwrap();
        assert_eq!(ids.len(), 3);
        for id in ids {
            let manifest: Value = serde_json::from_slice(&store.read_manifest(&id).unwrap()).unwrap();
            fits("manifest", None, &manifest).unwrap();
            for table in manifest["tables"].as_array().unwrap() {
                let object = Hash::parse_hex(table["schemaObject"].as_str().unwrap()).unwrap();
                let table: Value = serde_json::from_slice(&store.get(&object).unwrap().bytes).unwrap();
                fits("manifest", Some("StoredSchema"), &table).unwrap();
            }
        }
    }
}

/// A later version may say it in another way.
#[test]
fn a_mark_of_another_form_is_none() {
    let whole = full_manifest();
    let written: Value = serde_json::from_slice(&whole.to_bytes()).unwrap();
    let without = Manifest { mark: None, ..whole.clone() };
    for other in [serde_json::json!({"transactions": "7:7:"}), 7.into(), "text".into(), serde_json::json!(["a", 1])] {
        let mut changed = written.clone();
        changed["mark"] = other;
        assert_eq!(Manifest::from_bytes(changed.to_string().as_bytes()).unwrap(), without, "{changed}");
    }
    assert_eq!(Manifest::from_bytes(written.to_string().as_bytes()).unwrap(), whole);
}
