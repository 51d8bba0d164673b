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
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// How the protocol's versions are negotiated.
const MODES: [&str; 2] = ["legacy", "2026-07-28"];

/// The Python client: it takes a second to start, and talks to one server after the other.
struct Python {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> Python {
        let (python, script) = (project("target/mcp/bin/python"), project("tests/mcp/client.py"));
        assert!(python.is_file(), "tests/run installs the Python client: {} is missing", python.display());
        // nothing of its own environment reaches a server
        let mut command = Command::new(python);
        command.args(["-X", "utf8"]).arg(script).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (asks, answers) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Python { process, asks, answers }
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

thread_local! {
    /// What this test has left for its next server.
    static IDLE: RefCell<Option<Python>> = const { RefCell::new(None) };
}

/// The Python client, connected to a server.
struct Client {
    /// There is one until this is dropped.
    python: Option<Python>,
}

impl Client {
    /// Of the place's project and database.
    fn of(place: &Place) -> Client {
        Client::start(&place.round.plain(&["mcp"]), "2026-07-28")
    }

    /// Starts that server.
    fn start(server: &Invocation, mode: &str) -> Client {
        let mut python = IDLE.take().unwrap_or_else(Python::start);
        let command = server.command();
        let text = |word: &OsStr| word.to_str().unwrap().to_owned();
        let words: Vec<String> = std::iter::once(command.get_program()).chain(command.get_args()).map(text).collect();
        let env: BTreeMap<String, String> =
            command.get_envs().filter_map(|(name, value)| Some((text(name), text(value?)))).collect();
        let server = json!({ "mode": mode, "words": words, "dir": server.place(), "env": env });
        writeln!(python.asks, "{server}").unwrap();
        Client { python: Some(python) }
    }

    /// What the client says to a request, error or not.
    fn ask(&mut self, request: &Value) -> Value {
        let python = self.python.as_mut().unwrap();
        writeln!(python.asks, "{request}").unwrap();
        let mut line = String::new();
        python.answers.read_line(&mut line).unwrap();
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
        if !std::thread::panicking() {
            self.told(&json!({ "ask": "leave" }));
            IDLE.set(self.python.take());
        }
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
