//! What a terminal shows, narrow and wide: no line is cut by the terminal itself, and what matters is seen.

use super::Shop;
use crate::support::sweep;

/// A table with a name that takes most of a line, and long values.
const LONG: &str = "a_table_whose_name_is_as_long_as_any_name_in_postgresql_may_be";

fn shop() -> Shop {
    let shop = Shop::new();
    let value = "word ".repeat(60);
    shop.sql(&format!("CREATE TABLE {LONG} (id INTEGER PRIMARY KEY, v TEXT, w TEXT); INSERT INTO {LONG} VALUES (1, '{value}', '{value}')"));
    shop.snap([
        "mods",
        LONG,
        "-m",
        "before the cleanup of all that nobody needs any more, as was agreed on Monday in the meeting",
    ]);
    shop.dbsnap(["export", "latest"]).run().success();
    shop.dbsnap(["pin", "latest", "-m", "for the audit at the end of the year, which needs it"]).run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    shop.sql(&format!("UPDATE {LONG} SET v = v || 'end'; DELETE FROM mods WHERE id = 1"));
    shop
}

/// The lines that a terminal shows, without what moves its cursor.
fn lines(shown: &str) -> Vec<String> {
    let plain = |line: &str| {
        let mut text = String::new();
        let mut rest = line.trim_end_matches('\r');
        // a progress bar was drawn over
        rest = rest.rsplit('\r').next().unwrap();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            text.push_str(before);
            rest = after.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).get(1..).unwrap_or_default();
        }
        text + rest
    };
    shown.split('\n').map(plain).collect()
}

#[test]
fn lines_end_where_the_terminal_does() {
    let shop = shop();
    // the last one in `tests/run --long`
    for columns in [80_u16, 60, 200].into_iter().take(if sweep::step() == 1 { 3 } else { 2 }) {
        for words in [
            &["log"][..],
            &["log", "--stat"],
            &["tables"],
            &["status"],
            &["diff"],
            &["diff", "--stat"],
            &["history", &format!("{LONG}:1")],
            &["snap", "mods", "--dry-run"],
            &["restore", "latest", "--dry-run"],
            &["gc", "--dry-run"],
            &["backups"],
            &["pin"],
            &["tag"],
            &["doctor"],
            &["show", "nosuchsnapshotbecausethereisnone:mods"],
        ] {
            let run = shop.dbsnap(words).env("NO_COLOR", "1").on_terminal(columns, &[]).run();
            for line in lines(run.stdout()) {
                // a single long name or path may be longer
                let fits = line.chars().count() <= usize::from(columns) || !line.trim_start().contains(' ');
                assert!(fits, "{words:?} at {columns} columns: {line:?}\n{run}");
            }
        }
    }
}

#[test]
fn a_long_name_leaves_room_for_the_message() {
    let shop = shop();
    for (columns, message) in
        [(80, "before the cle"), (200, "before the cleanup of all that nobody needs any more, as was agreed")]
    {
        for command in ["log", "status", "backups"] {
            let run = shop.dbsnap([command]).env("NO_COLOR", "1").on_terminal(columns, &[]).run().success();
            assert!(run.stdout().contains(message), "{command} at {columns} columns: {run}");
        }
        let run = shop.dbsnap(["backups"]).env("NO_COLOR", "1").on_terminal(columns, &[]).run().success();
        assert_eq!(run.stdout().matches("  valid  backup_").count(), 2, "{run}");
    }
    let piped = shop.dbsnap(["log"]).run().success();
    assert!(piped.stdout().contains("as was agreed on Monday in the meeting"), "{piped}");
}

#[test]
fn a_command_to_copy_stays_in_one_line() {
    let shop = shop();
    let run = shop.dbsnap(["snap", "mods", "--export"]).env("NO_COLOR", "1").on_terminal(40, &[]).run().success();
    let shown = lines(run.stdout());
    assert!(
        shown.iter().any(|line| line.starts_with("$ npx tsx ") && line.ends_with("_restore.ts --restore")),
        "{run}"
    );
    assert!(shown.iter().any(|line| line == "- Writing to:"), "{run}");
}
