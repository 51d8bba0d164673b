//! The hooks by which coding agents call `dbsnap hook`, in each agent's form.

use crate::ops::run::quoted;
use crate::splice::{Handlers, JsonPart, Slot};
use serde_json::{Value, json};

/// Seconds that a hook may take.
const TIMEOUT: u64 = 30;

/// What dbsnap calls the events, whatever the agents do.
const BEFORE: &str = "pre-tool-use";
const AFTER: &str = "post-tool-use";
const START: &str = "session-start";
const STOP: &str = "stop";
const EVENTS: [&str; 4] = [BEFORE, AFTER, START, STOP];

/// The program, unless a person has put another command in its place.
const PROGRAM: &str = "dbsnap";

/// A failed hook of Claude Code lets the command through, unless `onFailure` says otherwise.
pub(super) fn claude_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher: Option<&str>| {
        let handler = if event == BEFORE {
            json!({
                "type": "command", "command": PROGRAM, "args": ["hook", event, "--for", "claude"], "timeout": TIMEOUT,
                "onFailure": "block",
            })
        } else {
            json!({ "type": "command", "command": line(event, "claude"), "timeout": TIMEOUT })
        };
        group(name, matcher, &handler)
    };
    let tools = Some("Bash|PowerShell|Monitor|mcp__.*");
    vec![
        hook("PreToolUse", BEFORE, tools),
        hook("PostToolUse", AFTER, tools),
        // a command that fails may have written
        hook("PostToolUseFailure", AFTER, tools),
        hook("SessionStart", START, None),
        hook("Stop", STOP, None),
    ]
}

pub(super) fn codex_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher| {
        let handler = json!({ "type": "command", "command": line(event, "codex"), "timeout": TIMEOUT });
        group(name, matcher, &handler)
    };
    vec![
        hook("PreToolUse", BEFORE, Some("Bash|mcp__.*")),
        hook("PostToolUse", AFTER, Some("Bash|mcp__.*")),
        hook("SessionStart", START, None),
        hook("Stop", STOP, None),
    ]
}

pub(super) fn gemini_hooks() -> Vec<JsonPart> {
    let hook = |name, event, matcher| {
        let (name_of_hook, command) = (format!("dbsnap-{event}"), line(event, "gemini"));
        let handler = json!({ "name": name_of_hook, "type": "command", "command": command, "timeout": TIMEOUT * 1000 });
        group(name, matcher, &handler)
    };
    vec![
        hook("BeforeTool", BEFORE, Some("run_shell_command|mcp_.*")),
        hook("AfterTool", AFTER, Some("run_shell_command|mcp_.*")),
        hook("SessionStart", START, None),
        hook("AfterAgent", STOP, None),
    ]
}

/// Cursor reads what these answer; of `afterShellExecution` it does not.
pub(super) fn cursor_hooks() -> Vec<JsonPart> {
    let hook = |name, event| {
        let mut handler = json!({ "command": line(event, "cursor"), "timeout": TIMEOUT });
        if [BEFORE, AFTER].contains(&event) {
            handler["matcher"] = json!("Shell|MCP:.*");
        }
        if event == BEFORE {
            handler["failClosed"] = json!(true);
        }
        part(name, handler, Handlers::Itself)
    };
    vec![
        hook("preToolUse", BEFORE),
        hook("postToolUse", AFTER),
        hook("postToolUseFailure", AFTER),
        hook("sessionStart", START),
        hook("stop", STOP),
    ]
}

/// The command line of a hook. Every failure before a command refuses it, which takes exit code 2 with some agents. No
/// failure at another event stops an agent, not even that of a dbsnap which does not know hooks.
fn line(event: &str, agent: &str) -> String {
    let otherwise = if event == BEFORE { "exit 2" } else { "true" };
    format!("{PROGRAM} hook {event} --for {agent} || {otherwise}")
}

/// Handlers of an event for some tools.
fn group(name: &'static str, matcher: Option<&str>, handler: &Value) -> JsonPart {
    let group = match matcher {
        Some(matcher) => json!({ "matcher": matcher, "hooks": [handler] }),
        None => json!({ "hooks": [handler] }),
    };
    part(name, group, Handlers::In("hooks"))
}

fn part(name: &'static str, value: Value, handlers: Handlers) -> JsonPart {
    JsonPart { path: vec!["hooks", name], slot: Slot::Element { value, handlers, fit } }
}

/// What a handler should be, if it is one that runs `dbsnap hook`: as `wanted`, with what a person may set as they set
/// it: the program, the timeout, the tools, fields that we don't write.
fn fit(is: &Value, wanted: &Value) -> Option<Value> {
    const THEIRS: [&str; 2] = ["timeout", "matcher"];
    let (is, mut fitted) = (is.as_object()?, wanted.as_object()?.clone());
    let (call, ours) = (Call::of(is)?, Call::of(&fitted)?);
    if call.program != [PROGRAM] {
        if call.is_line || ours.is_line {
            fitted.shift_remove("args");
            fitted.insert("command".to_owned(), call.line(&ours).into());
        } else {
            let (command, before) = call.program.split_first()?;
            fitted.insert("command".to_owned(), command.clone().into());
            fitted.insert("args".to_owned(), [before, &ours.words[..]].concat().into());
        }
    } else if call.is_line && ours.is_line {
        fitted.insert("command".to_owned(), call.line(&ours).into());
    }
    for (name, value) in is {
        let is_theirs = THEIRS.contains(&name.as_str()) || !wanted.as_object()?.contains_key(name) && name != "args";
        if is_theirs {
            fitted.insert(name.clone(), value.clone());
        }
    }
    Some(Value::Object(fitted))
}

/// A call of `dbsnap hook`, as a line for a shell or as words.
struct Call {
    is_line: bool,
    /// What stands before `hook`: one text of a line, or words.
    program: Vec<String>,
    /// `hook`, the event and the agent.
    words: Vec<String>,
    /// What follows these in a line.
    rest: String,
}

impl Call {
    fn of(handler: &serde_json::Map<String, Value>) -> Option<Call> {
        let command = handler.get("command")?.as_str()?;
        match handler.get("args") {
            None => Call::of_line(command),
            Some(args) => {
                let args = args.as_array()?.iter().map(|arg| arg.as_str().map(str::to_owned));
                let words: Vec<String> =
                    std::iter::once(Some(command.to_owned())).chain(args).collect::<Option<_>>()?;
                let at = (1..words.len()).find(|at| is_call(&words[at - 1], &words[*at], words.get(at + 1)))?;
                let (program, words) = words.split_at(at);
                Some(Call { is_line: false, program: program.to_vec(), words: words.to_vec(), rest: String::new() })
            }
        }
    }

    fn of_line(line: &str) -> Option<Call> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = (1..words.len()).find(|at| is_call(words[at - 1], words[*at], words.get(at + 1)))?;
        let count = if words.get(at + 2) == Some(&"--for") { 4 } else { 2 };
        let own: Vec<String> = words.iter().skip(at).take(count).map(|word| (*word).to_owned()).collect();
        // where words begin in the line
        let start = |number: usize| words.get(number).map_or(line.len(), |word| offset(line, word));
        Some(Call {
            is_line: true,
            program: vec![line[..start(at)].trim().to_owned()],
            words: own,
            rest: line[start(at + count)..].trim().to_owned(),
        })
    }

    /// This program, called as `ours` is, with what follows here if anything does.
    fn line(&self, ours: &Call) -> String {
        let program = match self.is_line {
            true => self.program.concat(),
            false => self.program.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "),
        };
        let rest = if self.rest.is_empty() { &ours.rest } else { &self.rest };
        format!("{program} {} {rest}", ours.words.join(" ")).trim_end().to_owned()
    }
}

/// Where a part of a text begins in it.
fn offset(text: &str, part: &str) -> usize {
    part.as_ptr() as usize - text.as_ptr() as usize
}

/// Whether these words follow each other where `dbsnap hook EVENT` is run, by whatever path or package runner.
fn is_call(program: &str, word: &str, event: Option<&(impl AsRef<str> + ?Sized)>) -> bool {
    let name = program.trim_matches(['"', '\'']).rsplit('/').next().unwrap_or_default();
    let name = name.split('@').next().unwrap_or_default();
    name == PROGRAM && word == "hook" && event.is_some_and(|event| EVENTS.contains(&event.as_ref()))
}
