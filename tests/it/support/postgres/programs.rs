//! PostgreSQL's programs, run as a user that they accept.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where `initdb` and `postgres` are.
pub fn bindir() -> PathBuf {
    if let Some(dir) = std::env::var_os("DBSNAP_TEST_PG_BINDIR") {
        return dir.into();
    }
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        let dir = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if dir.join("initdb").exists() {
            return dir;
        }
    }
    newest_with("initdb").expect("PostgreSQL's server programs; set DBSNAP_TEST_PG_BINDIR")
}

/// psql itself, where Debian has a Perl script of that name that looks for a cluster first, which takes longer than most of our
/// statements.
pub fn psql() -> &'static Path {
    static PSQL: OnceLock<PathBuf> = OnceLock::new();
    PSQL.get_or_init(|| newest_with("psql").unwrap_or_default().join("psql"))
}

/// Of Debian's directories of PostgreSQL's programs, the newest that has this one.
fn newest_with(program: &str) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    found.retain(|dir| dir.join(program).exists());
    found.sort();
    found.pop()
}

/// A shell script run as a user that PostgreSQL accepts: `postgres` if we are root, else ourselves.
pub fn shell(script: &str) -> Command {
    shell_at("", script)
}

/// The same, at the end of a way in.
pub fn shell_at(way_in: &str, script: &str) -> Command {
    let mut command = if !way_in.is_empty() {
        let mut words = way_in.split_whitespace();
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words).args(["sh", "-c", script]);
        command
    } else if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh", "-c", script]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    // a group of its own: what ends a test must not end the server of the run
    command.current_dir("/").process_group(0);
    command
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout.trim_ascii() == b"0"
}

/// The version of the server, as in `15.18`.
fn version(bindir: &Path) -> String {
    let version = Command::new(bindir.join("postgres")).arg("--version").output().expect("postgres --version");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let numbers = version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    numbers.expect("a version").to_owned()
}

/// The first number of the version.
pub fn major(bindir: &Path) -> u32 {
    version(bindir).split('.').next().and_then(|major| major.parse().ok()).expect("a version")
}

/// Makes, once per machine and version, a data directory to copy.
pub fn template(bindir: &Path) -> PathBuf {
    let version = version(bindir);
    let owner = if is_root() { "root" } else { "user" };
    let template = std::env::temp_dir().join(format!("dbsnap-test-pg-{version}-{owner}-1"));
    if !template.join("ready").exists() {
        // made under another name and renamed, so that nobody copies half of it; whoever comes second throws theirs
        // away
        let script = format!(
            "set -e; new=$(mktemp -d {template}.XXXXXX); \
             {bindir}/initdb -D $new/data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --wal-segsize=1 >$new/log 2>&1; \
             touch $new/ready; mv -T $new {template} 2>/dev/null || rm -rf $new",
            template = template.display(),
            bindir = bindir.display(),
        );
        let status = shell(&script).status().expect("sh");
        assert!(status.success(), "initdb failed");
    }
    template
}

/// Runs a script to its end; its output.
pub fn run(script: &str, input: &[u8]) -> String {
    run_at("", script, input)
}

/// The same, at the end of a way in.
pub fn run_at(way_in: &str, script: &str, input: &[u8]) -> String {
    let mut child = shell_at(way_in, script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("sh");
    child.stdin.take().expect("stdin").write_all(input).expect("stdin");
    let output = child.wait_with_output().expect("sh");
    assert!(output.status.success(), "{script}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
