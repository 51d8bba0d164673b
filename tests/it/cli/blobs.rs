//! `LIKE` and `GLOB` of SQLite leave BLOBs alone, however this SQLite was built, as they do in the sqlite3 program.

use super::Shop;
use serde_json::Value;

const SCHEMA: &str = "CREATE TABLE files (id INTEGER PRIMARY KEY, name, CHECK (name NOT LIKE '%forbidden%'));
    CREATE UNIQUE INDEX drafts ON files (id) WHERE name LIKE 'draft%';
    INSERT INTO files VALUES (1, 'draft one'), (2, CAST('draft two' AS BLOB)), (3, 'DRAFT'), (4, NULL), (5, 12),
        (6, CAST('forbidden' AS BLOB)), (7, '');";

#[test]
fn like_and_glob_never_match_a_blob() {
    let shop = Shop::new();
    let sqlite3 =
        |sql: &str| shop.project.program("sqlite3", ["-bail", "dev.db", sql]).run().success().stdout().to_owned();
    sqlite3(SCHEMA);
    for condition in [
        "name LIKE 'd%'",
        "name LIKE '%'",
        "name NOT LIKE 'd%'",
        "name LIKE '1_'",
        "name LIKE 'draft\\ o%' ESCAPE '\\'",
        "name GLOB 'd*'",
        "NOT (name GLOB '*')",
    ] {
        let ids = format!("SELECT id FROM files WHERE {condition} ORDER BY id");
        shop.dbsnap(["snap", "-q", "files", "--where", condition]).run().success();
        let run = shop.dbsnap(["sql", "--json", "latest", "SELECT id FROM files ORDER BY id"]).run().success();
        let answer: Value = serde_json::from_str(run.stdout()).unwrap();
        let chosen: String = answer["rows"].as_array().unwrap().iter().map(|row| format!("{}\n", row[0])).collect();
        assert_eq!(chosen, sqlite3(&ids), "{condition}");
        assert!(!chosen.is_empty(), "{condition} chooses nothing");
    }
    // The database's own rules are held to as they were when the rows were written.
    shop.snap(["files"]);
    let before = sqlite3("SELECT id, quote(name) FROM files");
    sqlite3("DELETE FROM files");
    shop.dbsnap(["restore", "latest", "-y"]).run().success();
    assert_eq!(sqlite3("SELECT id, quote(name) FROM files"), before);
    assert_eq!(sqlite3("PRAGMA integrity_check"), "ok\n");
}
