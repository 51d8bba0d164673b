//! Characters that move a terminal's cursor, turn text around or cannot be seen: no command passes one on.

use crate::support::process::{Project, Run};
use crate::support::sweep;
use crate::torture::world::Seed;
use crate::tree::model::Dice;
use rusqlite::Connection;

/// All that are tried: controls of both kinds, and what changes the direction of text, ends lines or is invisible.
fn hostile() -> Vec<char> {
    let ranges =
        [1..0x20, 0x7f..0xa0, 0x200b..0x2010, 0x2028..0x202f, 0x2060..0x2070, 0xfff9..0xfffc, 0xe0001..0xe0080];
    let single = [0xad, 0x61c, 0x180e, 0x3164, 0xfeff];
    ranges.into_iter().flatten().chain(single).filter_map(char::from_u32).collect()
}

fn passes_nothing_on(run: &Run, hostile: &[char], words: &[&str]) {
    for (stream, text) in [("stdout", run.stdout()), ("stderr", run.stderr())] {
        let raw = text.chars().find(|c| *c != '\n' && hostile.contains(c));
        assert!(raw.is_none(), "{words:?}: U+{:04X} on {stream}: {text:?}", u32::from(raw.unwrap_or_default()));
    }
    assert!(run.code().is_some_and(|code| code != 101), "{words:?}: {run}");
}

#[test]
fn no_command_passes_on_what_moves_the_cursor() {
    let hostile = hostile();
    for seed in 0..sweep::seeds(3) {
        let _seed = Seed(seed);
        let mut dice = Dice(seed);
        let mut word = |start: &str| -> String {
            let some = (0..24).map(|_| hostile[usize::try_from(dice.roll(hostile.len() as u64)).unwrap()]);
            format!("{start}{}\u{1b}]0;x\u{7}\u{202e}z", some.collect::<String>())
        };
        let (table, column, old, new, message) = (word("t"), word("c"), word("old"), word("new"), word("m"));
        let quoted = |name: &str| format!("\"{name}\"");
        let project = Project::new();
        let path = project.path().join("dev.db");
        let run = |words: &[&str]| {
            let run = project.dbsnap(words).env("DBSNAP_URL", "file:./dev.db").env("USER", &message).run();
            passes_nothing_on(&run, &hostile, words);
            run
        };
        let (t, c) = (quoted(&table), quoted(&column));
        let database = Connection::open(&path).unwrap();
        database.execute_batch(&format!("CREATE TABLE {t} (id TEXT PRIMARY KEY, {c} TEXT, data JSON)")).unwrap();
        let insert = format!("INSERT INTO {t} VALUES (?1, ?2, ?3)");
        let json = serde_json::json!({ &column: &old }).to_string();
        database.execute(&insert, (&message, &old, &json)).unwrap();
        database.execute(&insert, ("k", &old, "{}")).unwrap();
        run(&["init"]).success();
        run(&["snap", "--all", "-m", &message]).success();
        database.execute(&format!("UPDATE {t} SET {c} = ?1, data = ?1"), [&new]).unwrap();
        database.execute(&insert, (&new, &new, "1")).unwrap();
        let condition = format!("{c} = '{new}'");
        let row = format!("{table}:{message}");
        let whole = format!("latest:{row}");
        let query = format!("SELECT * FROM {t}");
        let broken = format!("SELECT {} FROM {t}", quoted(&message));
        for words in [
            &["tables"][..],
            &["status"],
            &["doctor"],
            &["diff"],
            &["diff", "-o", "json"],
            &["diff", "-o", "jsonl"],
            &["diff", "--full"],
            &["diff", "--where", &condition],
            &["snap", &table, "--where", &condition],
            &["snap", &table, "--where", &message],
            &["snap", &message],
            &["log"],
            &["log", "--stat"],
            &["--json", "log"],
            &["show", "latest"],
            &["show", "~1"],
            &["--json", "show", "latest"],
            &["show", &whole],
            &["show", &message],
            &["history", &row],
            &["history", &message],
            &["sql", "latest", &query],
            &["--json", "sql", "latest", &query],
            &["sql", "latest", &broken],
            &["export", "latest"],
            &["verify"],
            &["verify", &message],
            &["import", &message],
            &["tag", "latest", &message],
            &["pin", "latest", "-m", &message],
            &["restore", "~1", "--dry-run"],
            &["restore", "~1", "-y"],
            &["restore", &message],
            &["undo", "-y"],
            &["delete", "~1", "-y"],
            &["log", "--deleted"],
            &["gc", "--dry-run", "--keep", "1"],
            &["gc", "--keep", "1"],
            &["--url", &message, "tables"],
            &["--store", &message, "log"],
            &[&message],
        ] {
            run(words);
        }
    }
}
