//! What an exported file says of how its table was made.

use crate::support::place::{Place, on_both};
use serde_json::Value;
use std::fs;

/// The metadata of the exported tables.
fn exported(place: &Place) -> Vec<(String, Value)> {
    let snap = place.snap();
    let report = place.round.json(&["export", &snap]);
    let of = |table: &Value| {
        let text = fs::read_to_string(place.round.project.path().join(table["json"].as_str().unwrap())).unwrap();
        assert!(!text.contains("sk-secret"), "{text}");
        (table["table"].as_str().unwrap().to_owned(), serde_json::from_str::<Value>(&text).unwrap()["metadata"].clone())
    };
    report["tables"].as_array().unwrap().iter().map(of).collect()
}

/// Exported files are committed and shared: the code of functions and triggers stays out of them.
#[test]
fn code_stays_out_of_exported_files() {
    on_both(|place| {
        place.sql("CREATE TABLE plain (id int PRIMARY KEY); CREATE TABLE called (id int PRIMARY KEY)");
        match place.round.url().starts_with("file:") {
            true => place.sql(
                "CREATE TRIGGER t AFTER INSERT ON called BEGIN SELECT 'sk-secret-key'; END",
            ),
            false => place.sql(
                "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM 'sk-secret-key'; RETURN NEW; END$$;
                 CREATE TRIGGER t AFTER INSERT ON called FOR EACH ROW EXECUTE FUNCTION f('sk-secret-argument')",
            ),
        };
        for (table, metadata) in exported(place) {
            assert_eq!(metadata["definition"].is_null(), table == "called", "{metadata}");
        }
    });
}
