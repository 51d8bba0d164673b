//! Scripts that run one after the other in one Node.js process: tsx and Prisma's client are loaded once.

use crate::support::process::{Invocation, Run};
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, ExitStatus, Output, Stdio};

/// The process; it ends with the value.
pub struct ScriptProcess {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl ScriptProcess {
    /// Started by running `script_process.mjs`.
    pub fn start(program: &Invocation) -> ScriptProcess {
        let mut command = program.command();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        ScriptProcess { child, said }
    }

    /// Runs a script with its arguments to its end.
    pub fn run(&mut self, script: &Invocation) -> Run {
        let words: Vec<&str> = script.words().iter().map(|word| word.to_str().unwrap()).collect();
        let env: Map<String, Value> = script
            .variables()
            .map(|(name, value)| (name.to_str().unwrap().to_owned(), value.to_str().unwrap().into()))
            .collect();
        let asked = json!({ "script": words[0], "args": words[1..], "env": env, "dir": script.place() });
        writeln!(self.child.stdin.as_ref().unwrap(), "{asked}").unwrap();
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        if line.is_empty() {
            self.child.stderr.take().unwrap().read_to_string(&mut line).unwrap();
            panic!("{words:?} has ended the process: {line}");
        }
        let answer: Value = serde_json::from_str(&line).unwrap();
        let bytes = |name: &str| answer[name].as_str().unwrap().as_bytes().to_vec();
        let code = i32::try_from(answer["code"].as_i64().unwrap()).unwrap();
        let output = Output {
            // as `wait` has it
            status: ExitStatus::from_raw(code << 8),
            stdout: bytes("stdout"),
            stderr: bytes("stderr"),
        };
        Run::ended(output, script.place())
    }
}

impl Drop for ScriptProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
