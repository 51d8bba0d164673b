//! `dbsnap log`

use super::{Shop, files, shown};

fn shop() -> Shop {
    let shop = Shop::new();
    shop.snap(["mods", "-m", "First: mods"]);
    shop.sql("DELETE FROM mods WHERE id = 1");
    shop.dbsnap(["snap", "mods", "authors", "-m", "second"]).env("USER", "kim").env("CLAUDECODE", "1").run().success();
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    shop.dbsnap(["pin", "latest"]).run().success();
    shop
}

#[test]
fn the_list() {
    let shop = shop();
    insta::assert_snapshot!(shop.run(["log"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods, authors  4  -1     +[SIZE] second (v1) (pinned)  kim via claude-code
    [ID] [AGO] mods           3  first  +[SIZE] First: mods
    ");
    insta::assert_snapshot!(shop.run(["log", "--oneline"]), @r"
    exit 0
    --- stdout
    [ID] second (v1) (pinned)
    [ID] First: mods
    ");
    insta::assert_snapshot!(shop.run(["log", "--stat"]), @r"
    exit 0
    --- stdout
    [ID] [AGO] mods, authors  4  -1     +[SIZE] second (v1) (pinned)  kim via claude-code
        dbsnap snap mods authors -m second
        mods  2 rows [SIZE] -1
        authors  2 rows [SIZE] first
    [ID] [AGO] mods           3  first  +[SIZE] First: mods
        dbsnap snap -q mods -m 'First: mods'
        mods  3 rows [SIZE] first
    ");
}

/// As git does.
#[test]
fn a_number_is_how_many() {
    let shop = shop();
    for args in [
        &["log", "-1", "--oneline"][..],
        &["-C", ".", "log", "--oneline", "-1", "mods"],
        &["ls", "-1", "--oneline", "--", "mods"],
    ] {
        let run = shop.dbsnap(args).run().success();
        assert_eq!(run.stdout().lines().count(), 1, "{run}");
        assert!(run.stdout().contains("second"), "{run}");
    }
    assert_eq!(shop.dbsnap(["log", "-15", "--oneline"]).run().success().stdout().lines().count(), 2);
    for args in [&["log", "-1", "-n", "1"][..], &["log", "--", "-1"], &["diff", "-1"], &["log", "-x"]] {
        let run = shop.dbsnap(args).run();
        assert!(matches!(run.code(), Some(2 | 12)), "{args:?}: {run}");
    }
    for (args, wrong) in [(["log", "-3", "--bogus", "mods"], "'--bogus'"), (["log", "-3", "mods", "more"], "'more'")] {
        let run = shop.dbsnap(args).run();
        assert!(run.code() == Some(2) && run.stderr().contains(&format!("argument {wrong} found")), "{run}");
    }
}

#[test]
fn no_line_ends_in_spaces() {
    let run = shop().dbsnap(["log", "--stat"]).run();
    assert!(run.stdout().lines().all(|line| line == line.trim_end()), "{run}");
}

#[test]
fn a_message_of_any_length() {
    let shop = Shop::new();
    let long = "word ".repeat(20_000);
    shop.snap(["mods", "-m", "short"]);
    shop.snap(["mods", "-m", long.trim()]);
    for arguments in [&["log"][..], &["log", "--stat"]] {
        let run = shop.dbsnap(arguments.iter().copied()).run().success();
        assert!(run.stdout().contains("short") && run.stdout().contains(long.trim()), "{arguments:?}");
    }
}

#[test]
fn a_part_of_the_list() {
    let shop = shop();
    let oneline = |args: &[&str]| shown(&shop.dbsnap(["log", "--oneline"].iter().chain(args)).run());
    insta::assert_snapshot!(oneline(&["authors"]), @r"
    exit 0
    --- stdout
    [ID] second (v1) (pinned)
    ");
    insta::assert_snapshot!(oneline(&["-n", "1"]), @r"
    exit 0
    --- stdout
    [ID] second (v1) (pinned)
    ");
    insta::assert_snapshot!(oneline(&["--grep", "first"]), @r"
    exit 0
    --- stdout
    [ID] First: mods
    ");
    insta::assert_snapshot!(oneline(&["--actor", "claude"]), @r"
    exit 0
    --- stdout
    [ID] second (v1) (pinned)
    ");
    insta::assert_snapshot!(oneline(&["--actor", "nobody"]), @r"
    exit 0
    --- stdout
    No matching snapshots.
    ");
    insta::assert_snapshot!(oneline(&["--since", "2999-01-01"]), @r"
    exit 0
    --- stdout
    No matching snapshots.
    ");
    assert_eq!(oneline(&["--since", "1h"]).lines().count(), 4);
}

#[test]
fn what_cannot_be_listed() {
    let shop = shop();
    insta::assert_snapshot!(shop.refused(["log", "aothors"]), @r"
    exit 12
    --- stderr
    error: there is no table 'aothors' in any snapshot
    hint: did you mean authors?
    ");
    insta::assert_snapshot!(shop.refused(["log", "--since", "yesterday"]), @r"
    exit 2
    --- stderr
    error: invalid value 'yesterday' for '--since <TIME>': give a date (2026-01-24), an RFC 3339 time, or an age (3d, 12h, 30m)

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refused(["log", "--since", "3é"]), @r"
    exit 2
    --- stderr
    error: invalid value '3é' for '--since <TIME>': give a date (2026-01-24), an RFC 3339 time, or an age (3d, 12h, 30m)

    For more information, try '--help'.
    ");
}

#[test]
fn an_empty_store() {
    insta::assert_snapshot!(Shop::new().run(["log"]), @r"
    exit 0
    --- stdout
    No snapshots yet. Take one: dbsnap snap TABLE -m MESSAGE
    ");
}

#[test]
fn a_format_of_ones_own() {
    let shop = shop();
    let format = |args: &[&str]| shown(&shop.dbsnap(["log"].iter().chain(args)).run());
    insta::assert_snapshot!(
        format(&["--format", r"{short} {{{kind}}} {tables} {rows} [{tags}] {user}/{agent}\t{message}"]),
        @r"
    exit 0
    --- stdout
    [ID] {snapshot} mods,authors 4 [v1] kim/claude-code	second
    [ID] {snapshot} mods 3 [] /	First: mods
    "
    );
    let run =
        shop.dbsnap(["log", "--format", "{id}|{date}|{size}|{database}", "--date", "unix", "-n1"]).run().success();
    let parts: Vec<&str> = run.stdout().trim().split('|').collect();
    assert_eq!(parts[0].len(), 64, "{run}");
    let age = jiff::Timestamp::now().as_second() - parts[1].parse::<i64>().unwrap();
    assert!((0..600).contains(&age), "{run}");
    assert!(parts[2].ends_with('B') && parts[3].ends_with("dev.db"), "{run}");
    // Nothing but the lines that were asked for: scripts read them.
    insta::assert_snapshot!(format(&["--format", "{id}", "--grep", "nothing like it"]), @"exit 0");
    assert_eq!(format(&["--json", "--format", "{id}", "--date", "iso"]), format(&["--json"]));
}

#[test]
fn dates_in_every_style() {
    let shop = shop();
    let date = |style: &str, zone: &str| {
        let words = ["log", "--format", "{date}", "-n1", "--date", style];
        shop.dbsnap(words).env("TZ", zone).run().success().stdout().trim().to_owned()
    };
    let moment: jiff::Timestamp = date("iso", "UTC").parse().unwrap();
    assert_eq!(date("unix", "UTC"), moment.as_second().to_string());
    assert_eq!(date("relative", "UTC"), "just now");
    let local = date("local", "Asia/Tokyo");
    let parsed = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", &local).unwrap().to_timestamp().unwrap();
    assert_eq!(parsed, moment);
    assert!(local.ends_with(" +0900"), "{local}");
    assert_eq!(date("iso", "Asia/Tokyo"), moment.to_string());
    let listed = shop.dbsnap(["log", "--date", "iso", "-n1"]).run().success();
    assert!(listed.stdout().contains(&moment.to_string()), "{listed}");
}

#[test]
fn what_is_no_format() {
    let shop = shop();
    insta::assert_snapshot!(shop.refused(["log", "--format", "{hash}"]), @r"
    exit 2
    --- stderr
    error: invalid value '{hash}' for '--format <TEMPLATE>': there is no field 'hash'; fields are id, short, date, message, tables, rows, size, user, agent, session, command, tags, branch, commit, database, kind

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shop.refused(["log", "--format", "{id"]), @r"
    exit 2
    --- stderr
    error: invalid value '{id' for '--format <TEMPLATE>': a '{' has no '}' (a brace itself is '{{')

    For more information, try '--help'.
    ");
}

/// `snap`, `log` and `show` tell one number: what the files of the store grew by.
#[test]
fn what_the_store_grew_by_is_one_number() {
    let shop = Shop::new();
    let size = || -> u64 {
        let kept = |(path, _): &(std::path::PathBuf, Vec<u8>)| {
            ["packs", "snapshots"].iter().any(|dir| path.components().any(|part| part.as_os_str() == *dir))
        };
        files(&shop.store()).into_iter().filter(kept).map(|(_, bytes)| bytes.len() as u64).sum()
    };
    let number = |args: &[&str], pointer: &str| -> u64 {
        let run = shop.dbsnap(["--json"].iter().chain(args).copied()).run().success();
        let report: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        report.pointer(pointer).unwrap().as_u64().unwrap()
    };
    // New rows, and none.
    for _ in 0..2 {
        let before = size();
        let snapped = number(&["snap", "mods", "-m", "one"], "/addedBytes");
        assert_eq!(size() - before, snapped);
        assert_eq!(number(&["log"], "/snapshots/0/addedBytes"), snapped);
        assert_eq!(number(&["show", "latest"], "/snapshot/addedBytes"), snapped);
    }
}

/// The agent and its session, the command line without passwords, the commit; nothing if the settings say so.
#[test]
fn who_took_a_snapshot() {
    let shop = Shop::new();
    shop.project.write(".git/HEAD", "0123456789abcdef\n");
    let snap = ["snap", "mods", "-m", "token=s3cr3t", "--url", "file:dev.db?password=s3cr3t", "--export"];
    let snap = || shop.dbsnap(snap).env("USER", "kim").env("CLAUDECODE", "1").env("CLAUDE_CODE_SESSION_ID", "5e5510");
    snap().run().success();
    let who = || shop.dbsnap(["log", "-1", "--format", "{user} {agent} {session} {commit}: {command}"]).run().success();
    assert_eq!(
        who().stdout(),
        "kim claude-code 5e5510 0123456789abcdef: dbsnap snap mods -m token=*** --url 'file:dev.db?password=***' --export\n"
    );
    for (actor, listed) in [("5e55", 1), ("CLAUDE", 1), ("kim", 1), ("ann", 0)] {
        let run = shop.dbsnap(["log", "--json", "--actor", actor]).run().success();
        let log: serde_json::Value = serde_json::from_str(run.stdout()).unwrap();
        assert_eq!(log["snapshots"].as_array().unwrap().len(), listed, "{actor}: {run}");
    }
    let shown = shop.dbsnap(["show"]).run().success();
    assert!(shown.stdout().contains("session   5e5510\n"), "{shown}");
    let history = shop.dbsnap(["history", "mods:1", "--json"]).run().success();
    assert!(history.stdout().contains(r#""session":"5e5510""#), "{history}");
    let exported = shop.path().join("scripts/backups");
    let file = std::fs::read_dir(exported).unwrap().flatten().map(|entry| entry.path());
    let file = file.filter(|path| path.to_string_lossy().ends_with("_mods.json")).max().unwrap();
    let export: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let metadata = &export["metadata"];
    assert_eq!([&metadata["agent"], &metadata["gitCommit"]], ["claude-code", "0123456789abcdef"], "{metadata}");
    assert!(metadata.get("user").is_none() && metadata.get("session").is_none(), "{metadata}");
    shop.project.write(".dbsnap/config.toml", "record_actor = false\n");
    snap().run().success();
    assert_eq!(who().stdout(), "   : \n");
}
