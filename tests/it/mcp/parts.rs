//! Answers are bounded: lists come in parts, long values are shortened.

use super::{Client, on_each};
use crate::support::place::{Place, on_both};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All parts of an answer.
fn parts(client: &mut Client, tool: &str, arguments: &Value) -> Vec<Value> {
    let mut parts = vec![client.call(tool, arguments.clone())];
    while let Some(cursor) = parts[parts.len() - 1].get("nextCursor") {
        let mut arguments = arguments.clone();
        arguments["cursor"] = cursor.clone();
        let next = client.call(tool, arguments);
        assert_eq!(next["total"], parts[0]["total"]);
        parts.push(next);
    }
    parts
}

/// The items of a list of these parts.
fn items<'p>(parts: &'p [Value], list: &str) -> Vec<&'p Value> {
    parts.iter().flat_map(|part| part[list].as_array().unwrap()).collect()
}

#[test]
fn the_parts_of_a_large_diff_have_every_row_once() {
    on_each(|place| {
        let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)";
        for table in ["one", "two", "same"] {
            place.sql(&format!(
                "CREATE TABLE {table} (id INTEGER PRIMARY KEY, text TEXT);
                 {numbers} INSERT INTO {table} SELECT i, 'row ' || i FROM n"
            ));
        }
        let mut client = Client::of(place);
        client.call("snap", json!({ "all": true }));
        place.sql(
            "UPDATE one SET text = 'new ' || id; DELETE FROM two WHERE id > 500; INSERT INTO two VALUES (5000, 'x')",
        );
        client.call("snap", json!({ "all": true }));
        for arguments in [json!({ "from": "latest~1" }), json!({ "from": "latest~1", "to": "latest", "limit": 300 })] {
            let parts = parts(&mut client, "diff", &arguments);
            let rows = items(&parts, "rows");
            let keys: BTreeSet<_> =
                rows.iter().map(|row| (row["table"].to_string(), row["key"]["id"].as_i64().unwrap())).collect();
            assert_eq!((rows.len(), keys.len()), (1501, 1501));
            assert!(parts.len() > 3, "{}", parts.len());
            let tables = items(&parts, "tables");
            assert_eq!(tables.iter().map(|table| &table["table"]).collect::<Vec<_>>(), ["one", "two"]);
            assert_eq!([&parts[0]["added"], &parts[0]["changed"], &parts[0]["removed"]], [1, 1000, 500]);
            assert_eq!((&parts[0]["total"], &parts[0]["unchangedTables"]), (&json!(1503), &json!(1)));
        }
    });
}

#[test]
fn a_cursor_does_not_go_on_in_other_data() {
    let place = Place::sqlite();
    place.sql("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
    let mut client = Client::of(&place);
    client.call("snap", json!({ "all": true }));
    place.sql("DELETE FROM t WHERE id = 1");
    let first = client.call("diff", json!({ "limit": 1 }));
    let cursor = &first["nextCursor"];
    assert_eq!(client.call("diff", json!({ "limit": 1, "cursor": cursor }))["rows"][0]["key"]["id"], 1);
    let other = client.fails("diff", json!({ "limit": 1, "cursor": cursor, "tables": ["t"] }));
    assert!(other["message"].as_str().unwrap().contains("does not hold any more"), "{other}");
    place.sql("DELETE FROM t WHERE id = 2");
    let later = client.fails("diff", json!({ "limit": 1, "cursor": cursor }));
    assert!(later["message"].as_str().unwrap().contains("does not hold any more"), "{later}");
    client.call("snap", json!({ "all": true }));
    let log = client.call("log", json!({ "limit": 1 }));
    client.call("snap", json!({ "all": true }));
    assert_eq!(client.fails("log", json!({ "limit": 1, "cursor": log["nextCursor"] }))["kind"], "usage");
}

#[test]
fn the_rows_of_a_query_come_in_parts() {
    let place = Place::sqlite();
    place.sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
         INSERT INTO t SELECT i, 'row ' || i FROM n",
    );
    let mut client = Client::of(&place);
    client.call("snap", json!({ "all": true }));
    let query = json!({ "reference": "latest", "query": "SELECT id, text FROM t ORDER BY id" });
    let parts = parts(&mut client, "sql", &query);
    assert_eq!(
        items(&parts, "rows").iter().map(|row| row[0].as_u64().unwrap()).collect::<Vec<_>>(),
        (1..=6000).collect::<Vec<_>>()
    );
    assert!(parts.len() > 2, "{}", parts.len());
}

#[test]
fn many_tables_and_many_snapshots_are_bounded() {
    let place = Place::sqlite();
    let tables = |nth: usize| format!("CREATE TABLE a_table_with_quite_a_long_name_{nth:03} (id INTEGER PRIMARY KEY);");
    place.sql(&(0..300).map(tables).collect::<String>());
    let mut client = Client::of(&place);
    assert_eq!(items(&parts(&mut client, "tables", &json!({})), "tables").len(), 300);
    assert_eq!(items(&parts(&mut client, "estimate", &json!({ "all": true })), "tables").len(), 300);
    let snap = client.call("snap", json!({ "all": true, "message": "x".repeat(50_000) }));
    assert!(snap["tables"].as_array().unwrap().len() < 300);
    assert_eq!(snap["total"], 300);
    assert!(snap["message"].as_str().unwrap().ends_with("... (50000 characters)"), "{snap}");
    assert_eq!(items(&parts(&mut client, "show", &json!({})), "tables").len(), 300);
    assert_eq!(client.call("log", json!({}))["snapshots"][0]["moreTables"], 280);
    place.sql("INSERT INTO a_table_with_quite_a_long_name_007 VALUES (1)");
    let planned = parts(&mut client, "restore_plan", &json!({ "reference": "latest", "mode": "exact" }));
    assert_eq!((items(&planned, "tables").len(), planned.len() > 1), (300, true));
    for _ in 0..60 {
        client.call("snap", json!({ "tables": ["a_table_with_quite_a_long_name_00*"] }));
    }
    assert_eq!(items(&parts(&mut client, "log", &json!({})), "snapshots").len(), 61);
    assert_eq!(client.told(&json!({ "ask": "resources" })).as_array().unwrap().len(), 50);
}

#[test]
fn long_values_are_cut_and_numbers_are_exact() {
    on_both(|place| {
        place.sql(&format!(
            "CREATE TABLE t (id BIGINT PRIMARY KEY, text TEXT);
             INSERT INTO t VALUES (9007199254740993, '{}')",
            "é".repeat(200_000)
        ));
        let mut client = Client::of(place);
        client.call("snap", json!({ "all": true }));
        place.sql("DELETE FROM t");
        let cut = format!("{}... (200000 characters)", "é".repeat(960));
        let diff = client.call("diff", json!({}));
        assert_eq!(diff["rows"][0]["row"]["text"], cut);
        assert_eq!(client.call("show", json!({ "reference": "latest:t" }))["table"]["sample"][0]["text"], cut);
        assert_eq!(
            client.call("history", json!({ "row": "t:9007199254740993" }))["steps"][0]["cells"]["text"]["new"],
            cut
        );
        let query = json!({ "reference": "latest", "query": "SELECT id, text, substr(text, 199999) FROM t" });
        assert_eq!(client.call("sql", query)["rows"][0], json!(["9007199254740993", cut, "éé"]));
    });
}
