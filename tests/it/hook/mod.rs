//! `hook`: what coding agents call around their tools, in each agent's own form, on both engines, through the binary.

#![expect(clippy::unwrap_used, reason = "what a test cannot go on without ends it")]

mod bad;
mod calls;
mod formats;
mod harm;
mod losses;
mod secrets;
mod stand_in;
mod wide;

use crate::support::place::Place;
use crate::support::process::{Invocation, Run};
use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;

/// A mod for each of 200 ids, a favorite for each of 300, and two settings.
const SHOP: &str = "CREATE TABLE mods (id integer PRIMARY KEY, title text);
    CREATE TABLE favorites (id integer PRIMARY KEY, mod_id integer REFERENCES mods (id) ON DELETE CASCADE);
    CREATE TABLE settings (id integer PRIMARY KEY, value text);";

/// Fills the tables of [`SHOP`].
fn fill(place: &Place) {
    let numbers = match is_sqlite(place) {
        true => "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300) SELECT n FROM n",
        false => "SELECT n FROM generate_series(1, 300) n",
    };
    place.sql(&format!(
        "{SHOP} INSERT INTO mods SELECT n, 'mod ' || n FROM ({numbers}) x WHERE n <= 200;
         INSERT INTO favorites SELECT n, n % 200 + 1 FROM ({numbers}) x;
         INSERT INTO settings VALUES (1, 'one'), (2, 'two')"
    ));
}

fn is_sqlite(place: &Place) -> bool {
    place.round.url().starts_with("file:")
}

/// Runs it with that on stdin.
fn fed(invocation: &Invocation, input: &[u8]) -> Run {
    let mut command = invocation.command();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // who refuses an input need not read it to its end
    let _ = child.stdin.take().unwrap().write_all(input);
    Run::ended(child.wait_with_output().unwrap(), invocation.place())
}

/// A call of Claude Code's Bash tool.
struct Call<'p> {
    place: &'p Place,
    session: &'p str,
    id: String,
    command: String,
}

impl<'p> Call<'p> {
    fn new(place: &'p Place, id: &str, command: impl Into<String>) -> Call<'p> {
        Call { place, session: "session-1", id: id.to_owned(), command: command.into() }
    }

    /// One that runs this SQL with the database's own program.
    fn sql(place: &'p Place, id: &str, sql: &str) -> Call<'p> {
        Call::new(place, id, by_hand(place, sql))
    }

    fn input(&self, event: &str) -> Value {
        json!({
            "session_id": self.session,
            "transcript_path": "/home/me/.claude/projects/shop/1.jsonl",
            "cwd": self.place.round.project.path(),
            "permission_mode": "default",
            "hook_event_name": event,
            "tool_name": "Bash",
            "tool_input": { "command": self.command, "description": "A command", "timeout": 120_000 },
            "tool_use_id": self.id,
        })
    }

    /// What the hook says before it.
    fn before(&self) -> Run {
        fed(&self.place.round.plain(&["hook", "pre-tool-use"]), self.input("PreToolUse").to_string().as_bytes())
    }

    /// That the hook lets it go without a word.
    fn let_go(&self) -> &Call<'p> {
        let run = self.before();
        assert_eq!((run.code(), run.stdout(), run.stderr()), (Some(0), "{}\n", ""), "{run}");
        self
    }

    /// Runs the command, as an agent does.
    fn run(&self) -> Run {
        let shell = self.place.round.project.program("sh", ["-c", &self.command]);
        shell.env("DATABASE_URL", self.place.round.url()).run()
    }

    /// What the hook says after it.
    fn after(&self) -> Run {
        let mut input = self.input("PostToolUse");
        input["tool_response"] = json!({ "stdout": "", "stderr": "", "interrupted": false });
        fed(&self.place.round.plain(&["hook", "post-tool-use"]), input.to_string().as_bytes())
    }

    /// What the agent is told after it; none if nothing.
    fn told(&self) -> Option<String> {
        let run = self.after().success();
        let answer: Value = serde_json::from_str(run.stdout()).unwrap();
        answer["hookSpecificOutput"]["additionalContext"].as_str().map(str::to_owned)
    }

    /// The call from its beginning to its end: what the agent is told after it.
    fn made(&self) -> Option<String> {
        self.let_go();
        self.run();
        self.told()
    }
}

/// The command by which somebody runs this SQL with the database's own program.
fn by_hand(place: &Place, sql: &str) -> String {
    match is_sqlite(place) {
        true => format!("sqlite3 -bail -cmd '.timeout 20000' data.db \"{sql}\""),
        false => format!("psql -qXAt -v ON_ERROR_STOP=1 '{}' -c \"{sql}\"", place.round.url()),
    }
}

/// The commands of dbsnap that a text names.
fn commands(text: &str) -> Vec<String> {
    let behind = |line: &str| line.split_once(": dbsnap ").map(|(_, words)| format!("dbsnap {words}"));
    text.lines().filter_map(behind).collect()
}

/// Runs a command that was printed, as an agent does.
fn follow(place: &Place, command: &str) -> Run {
    let words: Vec<&str> = command.strip_prefix("dbsnap ").unwrap().split(' ').collect();
    place.round.plain(&words).run()
}

/// The pinned snapshots and why.
fn pins(place: &Place) -> Vec<(String, String)> {
    let listed = place.round.json(&["pin"]);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    listed["pins"].as_array().unwrap().iter().map(|pin| (text(&pin["id"]), text(&pin["pinReason"]))).collect()
}

/// The names of the files that remember calls.
fn remembered(place: &Place) -> Vec<String> {
    let dir = place.round.project.path().join(".dbsnap/hooks");
    let names = std::fs::read_dir(dir).into_iter().flatten();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
