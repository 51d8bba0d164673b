//! What an agent may not do, and what is told of it.

use super::{Client, SHOP};
use crate::support::place::Place;
use serde_json::{Value, json};

#[test]
fn snapshots_name_the_client_unless_the_environment_names_the_agent() {
    for (variable, agent) in [("NOTHING", "test-agent"), ("CLAUDECODE", "claude-code")] {
        let place = Place::sqlite();
        place.sql(SHOP);
        let mut client = Client::start(&place.round.plain(&["mcp"]).env(variable, "1"), "legacy");
        client.call("snap", json!({ "tables": ["mods"] }));
        assert_eq!(place.round.json(&["log"])["snapshots"][0]["agent"], agent);
    }
}

#[test]
fn nothing_deletes_unpins_or_collects_snapshots() {
    let place = Place::sqlite();
    place.sql(SHOP);
    place.snap();
    let mut client = Client::of(&place);
    let tools = client.told(&json!({ "ask": "tools" }));
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    for forbidden in ["delete", "unpin", "gc", "undelete", "repair", "tag", "pin", "amend"] {
        assert!(!names.contains(&forbidden), "{names:?}");
        let answer = client.ask(&json!({ "ask": "call", "tool": forbidden, "arguments": {} }));
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    for arguments in [json!({ "allowAgent": true }), json!({ "keep": 0, "apply": true })] {
        assert_eq!(client.fails("gc_plan", arguments)["kind"], "usage");
    }
    client.call("gc_plan", json!({ "keep": 0, "days": 0, "now": true }));
    assert_eq!(place.listed(), 1);
}

#[test]
fn the_annotations_are_true() {
    let place = Place::sqlite();
    let tools = Client::of(&place).told(&json!({ "ask": "tools" }));
    let of = |hint: &str| -> Vec<&str> {
        let all = tools.as_array().unwrap().iter();
        all.filter(|tool| tool["annotations"][hint] == json!(true)).map(|tool| tool["name"].as_str().unwrap()).collect()
    };
    assert_eq!(of("destructiveHint"), ["restore_apply", "undo_apply"]);
    assert_eq!(
        of("readOnlyHint"),
        [
            "tables",
            "check",
            "estimate",
            "log",
            "show",
            "diff",
            "history",
            "sql",
            "restore_plan",
            "undo_plan",
            "gc_plan"
        ]
    );
    assert_eq!(of("openWorldHint"), [""; 0]);
    let not_idempotent = |tool: &&Value| tool["annotations"]["idempotentHint"] == json!(false);
    let not_idempotent: Vec<_> =
        tools.as_array().unwrap().iter().filter(not_idempotent).map(|tool| &tool["name"]).collect();
    assert_eq!(not_idempotent, ["snap"]);
    for tool in tools.as_array().unwrap() {
        let described = |field: &Value| field["description"].as_str().is_some_and(|text| !text.is_empty());
        for fields in [&tool["inputSchema"]["properties"], &tool["outputSchema"]["properties"]] {
            let undescribed = fields
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, field)| !described(field) && !field["anyOf"].is_array() && field["type"] != "object");
            assert_eq!(undescribed.map(|(name, _)| name).collect::<Vec<_>>(), [""; 0], "{}", tool["name"]);
        }
        assert_eq!(tool["inputSchema"]["additionalProperties"], false);
        assert!(described(tool) && tool["description"].as_str().unwrap().len() < 600, "{}", tool["name"]);
    }
}
