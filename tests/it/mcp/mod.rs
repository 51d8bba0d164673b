//! `dbsnap mcp`, asked by real clients: the Python SDK and the MCP Inspector.

mod agents;
mod inspector;
mod parts;
mod protocol;
mod tools;

use crate::support::files::project;
use crate::support::place::Place;
use crate::support::process::Invocation;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// How the protocol's versions are negotiated.
const MODES: [&str; 2] = ["legacy", "2026-07-28"];

/// The Python client, connected to a server.
struct Client {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Client {
    /// Of the place's project and database.
    fn of(place: &Place) -> Client {
        Client::start(&place.round.plain(&["mcp"]), "2026-07-28")
    }

    /// Starts that server.
    fn start(server: &Invocation, mode: &str) -> Client {
        let (python, script) = (project("target/mcp/bin/python"), project("tests/mcp/client.py"));
        assert!(python.is_file(), "tests/run installs the Python client: {} is missing", python.display());
        let client = [python.as_os_str(), script.as_os_str(), mode.as_ref()];
        let mut command = server.clone().under(client).command();
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asks, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Client { process, asks, answers }
    }

    /// What the client says to a request, error or not.
    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.asks, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{request}: {line}"))
    }

    /// What it says to one that succeeds.
    fn told(&mut self, request: &Value) -> Value {
        let mut answer = self.ask(request);
        assert!(answer.get("ok").is_some(), "{request}: {answer}");
        answer["ok"].take()
    }

    /// What a tool answers.
    fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let request = json!({ "ask": "call", "tool": tool, "arguments": arguments });
        let mut answer = self.told(&request);
        assert_eq!(answer["isError"], false, "{request}: {answer}");
        assert!(answer["bytes"].as_u64().unwrap() <= 64 << 10, "{tool}: {}", answer["bytes"]);
        answer["content"].take()
    }

    /// The error that a tool answers.
    fn fails(&mut self, tool: &str, arguments: Value) -> Value {
        let request = json!({ "ask": "call", "tool": tool, "arguments": arguments });
        let mut answer = self.told(&request);
        assert_eq!(answer["isError"], true, "{request}: {answer}");
        answer["content"]["error"].take()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a test that takes its time on both engines, on PostgreSQL as a plain owner.
fn on_each(test: impl Fn(&Place)) {
    test(&Place::sqlite());
    test(&Place::owner());
}

/// Three tables, one of which refers to another.
const SHOP: &str = "
    CREATE TABLE mods (id INTEGER PRIMARY KEY, title TEXT NOT NULL, content_type TEXT NOT NULL);
    CREATE TABLE favorites (id INTEGER PRIMARY KEY, mod_id INTEGER NOT NULL REFERENCES mods (id) ON DELETE CASCADE);
    CREATE TABLE facet_definitions (id INTEGER PRIMARY KEY, label TEXT);
    INSERT INTO mods VALUES (1, 'Modern Lamp', 'furniture'), (2, 'Vintage Chair', 'furniture'), (3, 'Hat', 'clothes');
    INSERT INTO favorites VALUES (1, 1), (2, 2), (3, 3);
    INSERT INTO facet_definitions VALUES (1, 'style');";
