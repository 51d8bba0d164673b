//! Exported files read back: the snapshot of an import is the snapshot that was exported.

use super::script_refusals::forge;
use crate::gauntlet::round::{Round, url};
use crate::support::postgres::PgServer;
use crate::support::process::Project;
use rusqlite::Connection;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// Exports everything that `round` can, imports each file, and compares the roots.
fn same_roots(round: &Round) {
    let snap = round.snap(&["--all"]);
    let exported = round.json(&["export", &snap.id, "-o", "exported"]);
    for table in exported["tables"].as_array().unwrap() {
        let imported = round.json(&["import", table["json"].as_str().unwrap(), "-m", "back again"]);
        let name = table["table"].as_str().unwrap();
        assert_eq!(imported["table"], name);
        assert_eq!(imported["root"].as_str(), Some(snap.roots()[name]), "{name}");
        assert_eq!(imported["message"], "back again");
    }
}

#[test]
fn every_value_of_postgresql_has_the_same_root() {
    let db = PgServer::shared().database();
    db.sql(include_str!("../gauntlet/samples.sql"));
    db.sql(
        "DO $d$ DECLARE t text; BEGIN FOR t IN SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace \
         AND relname NOT IN ('everything', 'v_text', 'k_jsonb', 'v_json', 'v_timestamptz', 'v_bytea', 'k_float8') LOOP EXECUTE 'DROP TABLE ' || t; END LOOP; END $d$",
    );
    same_roots(&Round::new(url(&db, &db.server.user)));
}

#[test]
fn every_value_of_sqlite_has_the_same_root() {
    let project = Project::new();
    let file = project.path().join("live.db");
    Connection::open(&file).unwrap().execute_batch(include_str!("../gauntlet/sqlite.sql")).unwrap();
    same_roots(&Round::within(project, format!("file:{}", file.display())));
}

/// A project with a Prisma schema, an exported table and its file.
fn shop() -> (Round, PathBuf, String) {
    let project = Project::new();
    let file = project.path().join("live.db");
    let sql = "CREATE TABLE users (id INTEGER PRIMARY KEY, role_name TEXT); INSERT INTO users VALUES (1, 'creator'), (2, 'odd'), (3, 'CREATOR');
        CREATE TABLE _prisma_migrations (id TEXT PRIMARY KEY, migration_name TEXT, finished_at DATETIME, rolled_back_at DATETIME);
        INSERT INTO _prisma_migrations VALUES ('1', '20260101_first', 1, NULL), ('2', '20260102_second', 2, NULL), ('3', '20260103_back', 3, 4), ('4', '20260104_open', NULL, NULL);";
    Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    project.write(
        "prisma/schema.prisma",
        "datasource db {\n provider = \"sqlite\"\n}\ngenerator client {\n provider = \"prisma-client-js\"\n}\n\
         enum Role {\n USER\n CREATOR @map(\"creator\")\n}\n\
         model User {\n id Int @id\n roleName Role @map(\"role_name\")\n @@map(\"users\")\n}\n",
    );
    let round = Round::within(project, format!("file:{}", file.display()));
    let snap = round.snap(&["users", "--where", "id > 0"]);
    let report = round.json(&["export", &snap.id]);
    let json = PathBuf::from(report["tables"][0]["json"].as_str().unwrap());
    let root = snap.roots()["users"].to_owned();
    (round, json, root)
}

#[test]
fn prismas_names_stand_in_the_file_and_go_back() {
    let (round, json, root) = shop();
    let text = fs::read_to_string(&json).unwrap();
    let whole: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(whole["metadata"]["fields"], serde_json::json!(["id", "roleName"]));
    assert_eq!(whole["metadata"]["model"], "user");
    assert_eq!(whole["metadata"]["schemaVersion"], "20260102_second");
    assert_eq!(whole["metadata"]["filterApplied"], "id > 0");
    assert_eq!(whole["data"][0]["roleName"], "CREATOR");
    assert_eq!(whole["data"][1]["roleName"], "odd", "a label that the schema does not know stays what it is");
    assert_eq!(
        whole["data"][2]["roleName"],
        serde_json::json!({ "$text": "CREATOR" }),
        "a label that is another's name"
    );
    let imported = round.json(&["import", json.to_str().unwrap()]);
    assert_eq!(imported["root"], root.as_str());
    assert_eq!(imported["rows"], 3);
    let shown = round.json(&["show", imported["id"].as_str().unwrap()]);
    assert!(shown.to_string().contains("id > 0"), "{shown}");
}

#[test]
fn damaged_and_hostile_files_are_refused() {
    let (round, json, _) = shop();
    let original = fs::read_to_string(&json).unwrap();
    let count = || round.json(&["log"]).to_string().matches("\"createdAt\"").count();
    let before = count();
    let refused = |path: &Path, wanted: &str, code: i32| {
        let run = round.invocation(&["import", path.to_str().unwrap()]).run();
        assert_eq!(run.code(), Some(code), "{wanted}: {run}");
        assert!(run.to_string().contains(wanted), "{wanted}: {run}");
        assert_eq!(count(), before);
    };
    let cases = [
        (original.replace("\"odd\"", "\"even\""), "checksum does not match"),
        (original[..original.len() - 9].to_owned(), "cut short"),
        (
            forge(&original, &[r#"{"id":1,"roleName":"USER"}"#, r#"{"id":1,"roleName":{"$text":"CREATOR"}}"#]),
            "same key",
        ),
        (forge(&original, &[r#"{"id":1,"roleName":"USER"}"#]), "`encodings` are not those of the records"),
        (forge(&original, &[r#"{"id":1,"roleName":"USER","id":2}"#]), "stands twice"),
        (original.replace("\"column\":0", "\"column\":7"), "`key` is not the key of its `schema`"),
        (
            original.replace("\"engine\": \"sqlite\"", "\"engine\": \"postgresql\""),
            "`engine` is postgresql, and its `schema` is of another engine",
        ),
        (original.replace("\"CREATOR\":\"creator\"", "\"CREATOR\":\"USER\""), "names of the enum"),
        (original.replace("\"filterApplied\": \"id > 0\"", "\"filterApplied\": null"), "the metadata was edited"),
        (original.replace("20260102_second", "20260103_back"), "the metadata was edited"),
        (original.replace("\"database\":\"", "\"database\":\"x"), "the metadata was edited"),
        (original.replace("\"model\": \"user\"", "\"model\": \"users\""), "the metadata was edited"),
        ("{\"not\": \"ours\"}".to_owned(), "not a backup file"),
        (String::new(), "not a backup file"),
    ];
    for (content, wanted) in cases {
        fs::write(&json, content).unwrap();
        refused(&json, wanted, 5);
    }
    refused(&json.with_file_name("none.json"), "No such file", 1);
}

/// Files of earlier versions have no checksum of their metadata.
#[test]
fn a_file_of_an_earlier_version_is_imported() {
    let round = shop().0;
    let name = "tests/fixtures/exports/backup_20261129_232745_mods.json";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let imported = round.json(&["import", file.to_str().unwrap()]);
    assert_eq!(imported["root"], "b886f6ddc6794371fa7a8ff1032fb9ae456b75b96f18d73f5f7ab8b025261f3b");
    let shown = round.json(&["show", imported["id"].as_str().unwrap()]).to_string();
    assert!(shown.contains("id < 3") && shown.contains("dev.db"), "{shown}");
}

#[test]
fn the_list_is_kept_true() {
    let (round, json, _) = shop();
    let list = json.with_file_name("backup_manifest.json");
    let original = fs::read(&json).unwrap();
    let status = || {
        let list: Value = serde_json::from_slice(&fs::read(&list).unwrap()).unwrap();
        list["backups"][0]["status"].as_str().unwrap().to_owned()
    };
    let verify = || round.invocation(&["verify"]).run().code();
    fs::write(json.with_file_name("mine.json"), "not of dbsnap").unwrap();
    // An entry of somebody else, for a file that is not there.
    let theirs = serde_json::json!({ "id": "theirs", "filePath": "gone.sql", "kind": "pg_dump" });
    let mut with_theirs: Value = serde_json::from_slice(&fs::read(&list).unwrap()).unwrap();
    with_theirs["backups"].as_array_mut().unwrap().push(theirs.clone());
    with_theirs["owner"] = "Ada".into();
    fs::write(&list, with_theirs.to_string()).unwrap();
    assert_eq!((verify(), status()), (Some(0), "valid".to_owned()));
    fs::write(&json, [&original[..], b" "].concat()).unwrap();
    assert_eq!((verify(), status()), (Some(5), "corrupt".to_owned()));
    fs::remove_file(&json).unwrap();
    assert_eq!((verify(), status()), (Some(5), "missing".to_owned()));
    fs::write(&json, &original).unwrap();
    assert_eq!((verify(), status()), (Some(0), "valid".to_owned()));
    round.json(&["delete", "latest"]);
    assert!(!json.exists());
    let left: Value = serde_json::from_slice(&fs::read(&list).unwrap()).unwrap();
    assert_eq!((&left["backups"], &left["owner"]), (&serde_json::json!([theirs]), &Value::from("Ada")));
    assert_eq!(fs::read(json.with_file_name("mine.json")).unwrap(), b"not of dbsnap");
}
