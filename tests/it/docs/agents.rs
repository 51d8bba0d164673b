//! The session in docs/AGENTS.md.

use crate::support::recording::{Reader, check_section};
use std::cell::RefCell;

/// What the script of the session does.
const SCRIPT: &str = "
    DELETE FROM mods WHERE id IN (SELECT id FROM mods ORDER BY id LIMIT 40);
    UPDATE mods SET price = 0 WHERE id IN (SELECT id FROM mods ORDER BY id DESC LIMIT 7);
";
/// What the first snapshot and the plan are called there: commands name them.
const SNAPSHOT: &str = "564bdfaa";
const DIGEST: &str = "7c1f04b58e93a26dd04f5b8e6317c9a2f80e5d4b1a6c3927e8f0b15d2c4a6e39";

/// What a run made, and what that is called in the session.
#[derive(Default)]
struct Names(RefCell<Vec<(String, String)>>);

/// The digits, with blanks of a time, that follow each mark.
fn behind<'t>(text: &'t str, mark: &'t str, length: usize) -> impl Iterator<Item = &'t str> {
    let found = text.split(mark).skip(1).filter_map(move |rest| rest.get(..length));
    found.filter(|word| word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_'))
}

impl Names {
    /// Learns the first snapshot, the digest and the time of each backup.
    fn learn(&self, printed: &str) {
        let mut names = self.0.borrow_mut();
        let mut add = |real: &str, shown: &dyn Fn(usize) -> String| {
            let shown = shown(names.iter().filter(|(real, _)| real.contains('_')).count());
            if !names.iter().any(|(one, other)| one == real || *other == shown) {
                names.push((real.to_owned(), shown));
            }
        };
        behind(printed, "Snapshot ", SNAPSHOT.len()).for_each(|id| add(id, &|_| SNAPSHOT.to_owned()));
        behind(printed, "\"digest\":\"", DIGEST.len()).for_each(|digest| add(digest, &|_| DIGEST.to_owned()));
        // one backup a minute
        behind(printed, "scripts/backups/backup_", "20260124_103000".len())
            .for_each(|time| add(time, &|known| format!("20260124_10{}00", 30 + known)));
    }

    /// What is printed, as it stands in the session.
    fn shown(&self, printed: &str) -> String {
        self.0.borrow().iter().fold(printed.to_owned(), |text, (real, shown)| text.replace(real, shown))
    }

    /// A command of the session, as it can be run.
    fn real(&self, command: &str) -> String {
        self.0.borrow().iter().fold(command.to_owned(), |text, (real, shown)| text.replace(shown, real))
    }
}

#[test]
fn the_session_of_the_subagent_is_what_the_program_prints() {
    let reader = Reader::new();
    reader.prints("dbsnap demo . -q");
    // the demo's own snapshots and files are not part of it
    reader.prints("rm -r .dbsnap scripts/backups && dbsnap init");
    let names = Names::default();
    check_section("docs/AGENTS.md", "## The subagent", 10, |command| {
        if command.starts_with("dbsnap restore") && command.ends_with("--dry-run") {
            rusqlite::Connection::open(reader.path().join("dev.db")).unwrap().execute_batch(SCRIPT).unwrap();
        }
        let printed = reader.says(&names.real(command));
        printed.iter().for_each(|line| names.learn(line));
        printed.iter().map(|line| names.shown(line)).collect()
    });
}
