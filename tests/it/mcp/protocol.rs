//! The protocol: versions, resources, progress, cancellation, and what is sent by mistake.

use super::{Client, MODES, SHOP, on_each};
use crate::support::place::{Place, on_both};
use crate::support::process::{Project, Run};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

#[test]
fn both_versions_of_the_protocol_are_spoken() {
    let place = Place::sqlite();
    place.sql(SHOP);
    for (mode, version) in MODES.into_iter().zip(["2025-11-25", "2026-07-28"]) {
        let mut client = Client::start(&place.round.plain(&["mcp"]), mode);
        let hello = client.told(&json!({ "ask": "hello" }));
        assert_eq!(hello["version"], version);
        if mode == "legacy" {
            assert_eq!(hello["server"]["name"], "dbsnap");
            assert!(hello["instructions"].as_str().unwrap().contains("take a snapshot with `snap`"));
            assert!(hello["capabilities"]["tools"].is_object() && hello["capabilities"]["resources"].is_object());
        }
        client.call("snap", json!({ "tables": ["mods"] }));
    }
    assert_eq!(place.listed(), 2);
}

#[test]
fn snapshots_and_diffs_are_resources() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let mut client = Client::of(&place);
    assert_eq!(client.told(&json!({ "ask": "resources" })), json!([]));
    let id = client.call("snap", json!({ "tables": ["mods"], "message": "one" }))["id"].as_str().unwrap().to_owned();
    place.sql("UPDATE mods SET title = 'Cap' WHERE id = 3");
    client.call("snap", json!({ "tables": ["mods"], "message": "two" }));
    let listed = client.told(&json!({ "ask": "resources" }));
    let titles: Vec<_> = listed.as_array().unwrap().iter().map(|resource| &resource["title"]).collect();
    assert_eq!(titles, ["two", "one"]);
    assert_eq!(listed[1]["uri"], format!("dbsnap://snapshot/{}", &id[..8]));
    let templates = client.told(&json!({ "ask": "templates" }));
    let addresses: Vec<_> = templates.as_array().unwrap().iter().map(|template| &template["uriTemplate"]).collect();
    assert_eq!(addresses, ["dbsnap://snapshot/{snapshot}", "dbsnap://diff/{from}..{to}"]);
    let mut read = |uri: &str| -> Value {
        let contents = client.told(&json!({ "ask": "read", "uri": uri }));
        serde_json::from_str(contents[0]["text"].as_str().unwrap()).unwrap()
    };
    assert_eq!(read(&format!("dbsnap://snapshot/{id}"))["snapshot"]["message"], "one");
    assert_eq!(read("dbsnap://snapshot/latest:mods:3")["row"]["title"], "Cap");
    assert_eq!(read("dbsnap://diff/latest~1..latest")["rows"][0]["cells"]["title"]["new"], "Cap");
    assert_eq!(read("dbsnap://diff/latest..live")["different"], false);
    for unknown in ["dbsnap://snapshot/ffffffff", "dbsnap://nothing/x", "file:///etc/passwd", "dbsnap://diff/a"] {
        let answer = client.ask(&json!({ "ask": "read", "uri": unknown }));
        assert_eq!(answer["error"]["code"], -32602, "{unknown}: {answer}");
    }
}

/// Enough rows that a snapshot takes a while.
fn many_rows(place: &Place, rows: u32) {
    place.sql(&format!(
        "CREATE TABLE many (id INTEGER PRIMARY KEY, text TEXT);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
         INSERT INTO many SELECT i, 'row ' || i FROM n"
    ));
}

#[test]
fn progress_is_told_and_grows() {
    on_each(|place| {
        many_rows(place, 200_000);
        let request = json!({ "ask": "call", "tool": "snap", "arguments": { "tables": ["many"] }, "progress": true });
        let answer = Client::of(place).told(&request);
        assert_eq!(answer["isError"], false, "{answer}");
        let events = answer["events"].as_array().unwrap();
        let done: Vec<f64> = events.iter().map(|event| event[0].as_f64().unwrap()).collect();
        assert!(done.len() > 1 && done.windows(2).all(|pair| pair[0] < pair[1]), "{events:?}");
        assert!(events.iter().all(|event| event[1].is_null() || event[0].as_f64() <= event[1].as_f64()), "{events:?}");
        assert!(events.iter().any(|event| event[2].as_str().unwrap().contains("many")), "{events:?}");
    });
}

#[test]
fn a_cancelled_snapshot_leaves_nothing_and_the_server_goes_on() {
    on_each(|place| {
        many_rows(place, 300_000);
        let mut client = Client::of(place);
        let arguments = json!({ "tables": ["many"] });
        let request =
            json!({ "ask": "call", "tool": "snap", "arguments": arguments, "progress": true, "cancelAfter": 2 });
        assert_eq!(client.told(&request)["cancelled"], true);
        assert_eq!(client.call("log", json!({}))["total"], 0);
        // had it gone on, it would be there by the time that another one is
        client.call("snap", arguments);
        assert_eq!(client.call("log", json!({}))["total"], 1);
        assert_eq!(client.call("verify", json!({}))["damage"], json!([]));
    });
}

#[test]
fn a_cancelled_restore_is_rolled_back() {
    on_each(|place| {
        many_rows(place, 200_000);
        let mut client = Client::of(place);
        client.call("snap", json!({ "tables": ["many"] }));
        place.sql("DELETE FROM many");
        let plan = client.call("restore_plan", json!({ "reference": "latest" }));
        let arguments = json!({ "reference": "latest", "digest": plan["digest"] });
        let request = json!({
            "ask": "call", "tool": "restore_apply", "arguments": arguments, "progress": true, "cancelAfter": 2
        });
        assert_eq!(client.told(&request)["cancelled"], true);
        // the plan still holds, so nothing was written
        assert_eq!(client.call("restore_apply", arguments)["tables"][0]["insert"], 200_000);
    });
}

#[test]
fn calls_at_once_are_all_answered() {
    on_both(|place| {
        place.sql(SHOP);
        let snap = json!({ "tool": "snap", "arguments": { "tables": ["mods"] } });
        let calls: Vec<Value> = std::iter::repeat_n(snap, 8).collect();
        let answers = Client::of(place).told(&json!({ "ask": "calls", "calls": calls }));
        assert!(answers.as_array().unwrap().iter().all(|answer| answer["isError"] == json!(false)), "{answers}");
        assert_eq!(place.listed(), 8);
    });
}

#[test]
fn wrong_arguments_say_what_is_wrong() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let mut client = Client::of(&place);
    let long = "x".repeat(100_000);
    for (tool, arguments, says) in [
        ("snap", json!({ "tables": "mods" }), "tables"),
        ("snap", json!({ "table": ["mods"] }), "unknown field `table`"),
        ("snap", json!({ (long.as_str()): 1 }), "unknown field"),
        ("sql", json!({ "query": "SELECT 1" }), "missing field `reference`"),
        ("history", json!({}), "missing field `row`"),
        ("restore_plan", json!({}), "reference is missing"),
        ("restore_plan", json!({ "reference": "latest", "mode": "some" }), "unknown variant `some`"),
        ("restore_apply", json!({ "reference": "latest" }), "digest is missing"),
        ("restore_apply", json!({ "reference": "latest", "digest": "abc" }), "64 hex digits"),
        ("log", json!({ "since": "yesterday" }), "since"),
        ("log", json!({ "limit": 0 }), "limit"),
        ("log", json!({ "limit": -1 }), "limit"),
        ("log", json!({ "cursor": "nothing" }), "cursor"),
        ("tables", json!({ "cursor": ["x"] }), "cursor"),
        ("gc_plan", json!({ "keep": "many" }), "keep"),
    ] {
        let error = client.fails(tool, arguments);
        assert_eq!(error["kind"], "usage", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says) && message.len() < 1500, "{tool}: {message}");
    }
    assert_eq!(client.fails("snap", json!({ "tables": ["modes"] }))["hints"][0], "did you mean mods?");
    assert_eq!(client.fails("show", json!({ "reference": "nothing" }))["kind"], "not_found");
    client.call("tables", json!({}));
}

#[test]
fn without_a_store_or_a_database_the_answer_says_what_to_do() {
    let project = Project::new();
    let mut client = Client::start(&project.dbsnap(["mcp"]), "legacy");
    for tool in ["log", "show", "snap", "gc_plan"] {
        let error = client.fails(tool, json!({}));
        assert_eq!((&error["kind"], &error["exitCode"]), (&json!("no_store"), &json!(10)), "{tool}");
        assert_eq!(error["hints"][0], "to create one: dbsnap init");
    }
    assert_eq!(client.told(&json!({ "ask": "resources" })), json!([]));
    let error = client.fails("tables", json!({}));
    assert_eq!(error["kind"], "usage");
    assert!(error["message"].as_str().unwrap().contains("no database is set"), "{error}");
    drop(client);

    let unreachable = "postgresql://someone:a-secret@127.0.0.1:1/shop";
    let mut client = Client::start(&project.dbsnap(["mcp", "--url", unreachable]), "legacy");
    let error = client.fails("tables", json!({}));
    assert_eq!(error["kind"], "failed");
    assert!(!error.to_string().contains("a-secret"), "{error}");
}

/// What the server prints for these lines, until it ends by itself.
fn sent(project: &Project, lines: &[&[u8]]) -> Run {
    let invocation = project.dbsnap(["mcp"]);
    let mut command = invocation.command();
    let mut process =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dbsnap");
    let mut input = process.stdin.take().unwrap();
    for line in lines {
        // it may have ended
        let _ = input.write_all(line).and_then(|()| input.write_all(b"\n"));
    }
    drop(input);
    Run::ended(process.wait_with_output().unwrap(), project.path())
}

const INITIALIZE: &[u8] = concat!(
    r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}"#
)
.as_bytes();
const INITIALIZED: &[u8] = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const LIST: &[u8] = br#"{"jsonrpc":"2.0","id":99,"method":"tools/list"}"#;

#[test]
fn what_is_no_request_neither_ends_the_server_nor_is_obeyed() {
    let project = Project::new();
    let large = [
        br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"tables","arguments":{"x":""#.to_vec(),
        vec![b'x'; 20 << 20],
        br#""}}}"#.to_vec(),
    ]
    .concat();
    let nested = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    for bad in [
        &b"hello"[..],
        b"",
        b"\xff\xfe\x00",
        b"{}",
        b"[]",
        br#"{"jsonrpc":"1.0","id":2,"method":"tools/list"}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"no/such"}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":7}}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"tables","arguments":[]}}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{}}"#,
        br#"{"jsonrpc":"2.0","id":2,"result":{}}"#,
        br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#,
        br#"{"jsonrpc":"2.0","id":2,"method":"initialize","params":{}}"#,
        &nested,
        &large,
    ] {
        let run = sent(&project, &[INITIALIZE, INITIALIZED, bad, LIST]).success();
        let shown = String::from_utf8_lossy(&bad[..bad.len().min(100)]);
        let answers: Vec<Value> = run.stdout().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert!(answers.iter().all(|answer| answer["jsonrpc"] == "2.0"), "{shown}");
        let listed = answers.iter().find(|answer| answer["id"] == 99).unwrap_or_else(|| panic!("{shown}: {run}"));
        assert!(!listed["result"]["tools"].as_array().unwrap().is_empty(), "{shown}");
        assert_eq!(run.stderr(), "", "{shown}");
    }
}

#[test]
fn a_server_that_is_not_spoken_to_ends_with_its_input() {
    let project = Project::new();
    let run = sent(&project, &[]).success();
    assert_eq!((run.stdout(), run.stderr()), ("", ""));
    let run = sent(&project, &[INITIALIZED]);
    assert_eq!((run.code(), run.stdout()), (Some(2), ""));
    assert!(run.stderr().contains("does not speak MCP"), "{run}");
}

#[test]
fn a_signal_ends_the_server_and_what_it_does() {
    let place = Place::sqlite();
    many_rows(&place, 400_000);
    let mut command = place.round.plain(&["mcp"]).command();
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = process.stdin.take().unwrap();
    let snap = br#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"snap","arguments":{"all":true}}}"#;
    for line in [INITIALIZE, INITIALIZED, snap] {
        input.write_all(line).and_then(|()| input.write_all(b"\n")).unwrap();
    }
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    let id = i32::try_from(process.id()).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), rustix::process::Signal::TERM).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    drop(input);
    assert_eq!(place.listed(), 0);
    assert_eq!(place.round.json(&["verify"])["damage"], json!([]));
}
