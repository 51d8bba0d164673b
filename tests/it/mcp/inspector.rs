//! The MCP Inspector, the other client.

use super::SHOP;
use crate::support::files::project;
use crate::support::place::Place;
use serde_json::{Value, json};

/// What the Inspector prints for this request.
fn inspect(place: &Place, request: &[&str]) -> Value {
    let inspector = project("tests/mcp/node_modules/.bin/mcp-inspector");
    assert!(inspector.is_file(), "tests/run installs the Inspector: {} is missing", inspector.display());
    let server = place.round.plain(&["mcp"]);
    let words = [inspector.as_os_str(), "--cli".as_ref()];
    let run = server.under(words).args(request).run().success();
    serde_json::from_str(run.stdout()).unwrap_or_else(|_| panic!("{run}"))
}

#[test]
fn the_inspector_lists_calls_and_reads() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let listed = inspect(&place, &["--method", "tools/list"]);
    let tools = listed["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "restore_apply"), "{listed}");
    assert!(tools.iter().all(|tool| tool["outputSchema"]["type"] == "object"));

    let call = ["--method", "tools/call", "--tool-name"];
    let snap = [&call[..], &["snap", "--tool-arg", "tables=[\"mods\"]", "message=by the inspector"]].concat();
    let answer = inspect(&place, &snap);
    assert_eq!(answer["isError"], false, "{answer}");
    assert_eq!(answer["structuredContent"]["tables"][0]["rows"], 3);

    let wrong = inspect(&place, &[&call[..], &["show", "--tool-arg", "reference=nothing"]].concat());
    let error: Value = serde_json::from_str(wrong["content"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!((&wrong["isError"], &error["error"]["kind"]), (&json!(true), &json!("not_found")));

    let resources = inspect(&place, &["--method", "resources/list"]);
    let uri = resources["resources"][0]["uri"].as_str().unwrap();
    let read = inspect(&place, &["--method", "resources/read", "--uri", uri]);
    let text: Value = serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["snapshot"]["message"], "by the inspector");
    assert!(text["snapshot"]["agent"].as_str().unwrap().contains("inspector"), "{text}");
}
