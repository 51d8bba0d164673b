//! Runs programs, the real binary above all, in a directory of their own with nothing of the caller's environment.

use super::redact::redact;
use super::schema;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use tempfile::TempDir;

/// A temporary project directory, removed when dropped.
pub struct Project {
    dir: TempDir,
}

impl Project {
    /// An empty project.
    pub fn new() -> Project {
        Project { dir: tempfile::Builder::new().prefix("dbsnap-test-").tempdir().unwrap() }
    }

    /// An empty project in memory, where that can be: for tests that make very many.
    pub fn in_memory() -> Project {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        Project { dir: tempfile::Builder::new().prefix("dbsnap-test-").tempdir_in(place).unwrap() }
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the project, its directories included; returns its path.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// `dbsnap` with these arguments, in the project: the binary that `DBSNAP_TEST_BIN` names, or else the one built
    /// with the tests.
    pub fn dbsnap(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation {
        let built = || env!("CARGO_BIN_EXE_dbsnap").into();
        self.program(std::env::var_os("DBSNAP_TEST_BIN").unwrap_or_else(built), args)
    }

    /// Any program, in the project and in the same clean environment.
    pub fn program(&self, program: impl AsRef<OsStr>, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation {
        let words = [program.as_ref().to_owned()];
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        let mut invocation =
            Invocation { words: words.into_iter().chain(args).collect(), dir: self.path().to_owned(), env: Vec::new() };
        // The search path is the one thing that is taken over: programs have to be found.
        invocation = invocation.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        invocation.env("HOME", self.path()).env("LC_ALL", "C.UTF-8").env("TZ", "UTC")
    }
}

/// A program that is ready to be run: what, where, and its whole environment.
#[derive(Debug, Clone)]
pub struct Invocation {
    words: Vec<OsString>,
    dir: PathBuf,
    env: Vec<(OsString, OsString)>,
}

impl Invocation {
    /// Sets a variable of its environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Invocation {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// What a variable of its environment was set to.
    pub fn variable(&self, name: &str) -> Option<&OsStr> {
        self.env.iter().find(|(set, _)| set == name).map(|(_, value)| value.as_os_str())
    }

    /// The program and its arguments.
    pub fn words(&self) -> &[OsString] {
        &self.words
    }

    /// Its whole environment; of two values of a name the later one counts.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.env.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Invocation {
        self.words.push(arg.as_ref().to_owned());
        self
    }

    /// Adds several.
    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation {
        args.into_iter().fold(self, Invocation::arg)
    }

    /// Runs it elsewhere.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Invocation {
        self.dir = dir.into();
        self
    }

    /// The same under another program, which is given the words of this one after its own.
    pub fn under(mut self, wrapper: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Invocation {
        let wrapper = wrapper.into_iter().map(|word| word.as_ref().to_owned());
        self.words = wrapper.chain(self.words).collect();
        self
    }

    /// On a terminal of that width, as the only program. When the first text of a pair has been printed, the second is
    /// typed. Both streams go to the terminal, and what it shows is on stdout.
    pub fn on_terminal(self, columns: u16, dialog: &[(&str, &str)]) -> Invocation {
        let (columns, dialog) = (columns.to_string(), serde_json::to_string(dialog).unwrap());
        let pager = self.variable("DBSNAP_PAGER").unwrap_or(OsStr::new("cat")).to_owned();
        let words = ["python3", "-c", include_str!("pty.py"), &columns, &dialog];
        self.env("DBSNAP_PAGER", pager).under(words)
    }

    /// Where it runs.
    pub fn place(&self) -> &Path {
        &self.dir
    }

    /// As a command; nothing to read on stdin.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).current_dir(&self.dir).env_clear().stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(&self) -> Run {
        Run::ended(self.output(), &self.dir)
    }

    /// The same of a program that uses the library: what it prints is its own affair, and no schema says what.
    pub fn run_as_another(&self) -> Run {
        Run { output: self.output(), dir: self.dir.clone() }
    }

    fn output(&self) -> Output {
        self.command().output().unwrap_or_else(|error| panic!("cannot run {:?}: {error}", self.words))
    }
}

/// How a program ended and what it said.
#[derive(Debug)]
pub struct Run {
    output: Output,
    dir: PathBuf,
}

impl Run {
    /// What a program left. Each object that it printed is what the schemas say.
    pub fn ended(output: Output, dir: &Path) -> Run {
        schema::hold(&output.stdout);
        Run { output, dir: dir.to_owned() }
    }

    /// The exit code; `None` if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The signal that ended it, if one did.
    pub fn signal(&self) -> Option<i32> {
        self.output.status.signal()
    }

    /// All of stdout, which must be UTF-8.
    pub fn stdout(&self) -> &str {
        std::str::from_utf8(&self.output.stdout).unwrap()
    }

    /// All of stderr, which must be UTF-8.
    pub fn stderr(&self) -> &str {
        std::str::from_utf8(&self.output.stderr).unwrap()
    }

    /// Panics with all it said unless it exited with 0.
    pub fn success(self) -> Run {
        assert!(self.output.status.success(), "{self}");
        self
    }
}

/// Status, stdout and stderr, volatile parts redacted: what a snapshot of the command line holds.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", status(self.output.status))?;
        for (name, bytes) in [("stdout", &self.output.stdout), ("stderr", &self.output.stderr)] {
            if !bytes.is_empty() {
                write!(f, "--- {name}\n{}", redact(&String::from_utf8_lossy(bytes), &self.dir))?;
                if !bytes.ends_with(b"\n") {
                    writeln!(f, "(no newline)")?;
                }
            }
        }
        Ok(())
    }
}

fn status(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_runs_in_its_project() {
        let project = Project::new();
        assert_eq!(project.dbsnap(["--version"]).run().success().code(), Some(0));
    }

    #[test]
    fn nothing_of_the_environment_gets_in() {
        let project = Project::new();
        let run = project.program("env", [""; 0]).env("EXTRA", "1").run().success();
        let names: Vec<&str> = run.stdout().lines().filter_map(|line| line.split('=').next()).collect();
        assert_eq!(names, ["EXTRA", "HOME", "LC_ALL", "PATH", "TZ"]);
    }

    #[test]
    fn a_run_is_shown_with_status_and_both_streams() {
        let project = Project::new();
        project.write("deep/note.txt", "hello");
        let script = "pwd; cat deep/note.txt; echo oops 12.5 kB >&2; exit 3";
        let run = project.program("sh", ["-c", script]).run();
        insta::assert_snapshot!(run, @r"
        exit 3
        --- stdout
        [DIR]
        hello(no newline)
        --- stderr
        oops [SIZE]
        ");
        assert_eq!(run.stderr(), "oops 12.5 kB\n");
        assert_eq!(project.program("sh", ["-c", "kill -9 $$"]).run().signal(), Some(9));
    }
}
