//! `dbsnap init`, `doctor`, `demo`, `completions`, `--help`

use super::Shop;
use crate::support::process::Project;

#[test]
fn a_store_is_made_once() {
    let shop = Shop::without_store();
    insta::assert_snapshot!(shop.run(["init"]), @r"
    exit 0
    --- stdout
    Created a dbsnap store in [DIR]/.dbsnap

    Settings are in config.toml there. Commit only config.toml and .gitignore.
    Next: dbsnap tables, then dbsnap snap TABLE -m MESSAGE
    ");
    let before = shop.state();
    insta::assert_snapshot!(shop.run(["init"]), @r"
    exit 0
    --- stdout
    A dbsnap store already exists in [DIR]/.dbsnap.
    ");
    assert_eq!(shop.state(), before);
}

#[test]
fn an_interrupted_init_is_completed() {
    let shop = Shop::new();
    std::fs::remove_file(shop.store().join("config.toml")).unwrap();
    std::fs::remove_dir(shop.store().join("packs")).unwrap();
    insta::assert_snapshot!(shop.run(["init"]), @r"
    exit 0
    --- stdout
    Created a dbsnap store in [DIR]/.dbsnap

    Settings are in config.toml there. Commit only config.toml and .gitignore.
    Next: dbsnap tables, then dbsnap snap TABLE -m MESSAGE
    ");
    shop.snap(["mods"]);
}

#[test]
fn the_store_ignores_itself() {
    let shop = Shop::new();
    insta::assert_snapshot!(std::fs::read_to_string(shop.store().join(".gitignore")).unwrap(), @r"
    *
    !.gitignore
    !config.toml
    ");
}

#[test]
fn all_is_well() {
    let shop = Shop::new();
    shop.snap(["mods"]);
    insta::assert_snapshot!(shop.run(["doctor"]), @r"
    exit 0
    --- stdout
    ok   project          [DIR]
    ok   store            1 snapshot in 1 pack
    ok   database         [DIR]/dev.db (from DATABASE_URL in .env)
    ok   server           SQLite [VERSION]
    ok   tables           4 can be snapshotted
    note not captured     view cheap
    ");
}

#[test]
fn what_is_missing() {
    let empty = Project::new();
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @r"
    exit 1
    --- stdout
    bad  project          there is no .dbsnap store in [DIR] or any directory above it
                          to create one: dbsnap init
    bad  database         no database is set
                          looked at --url, DBSNAP_URL, DATABASE_URL (in the environment, .env.local and .env), the Prisma schema and url in .dbsnap/config.toml
    ");
    empty.dbsnap(["init"]).run().success();
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @r"
    exit 1
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    bad  database         no database is set
                          looked at --url, DBSNAP_URL, DATABASE_URL (in the environment, .env.local and .env), the Prisma schema and url in .dbsnap/config.toml
    ");
    empty.write(".env", "DATABASE_URL=file:./gone.db\n");
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @r"
    exit 1
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    bad  database         cannot connect to [DIR]/gone.db: there is no such file
                          dbsnap doctor shows which database is used, and where its URL was found
    ");
}

#[test]
fn lines_that_go_on_stand_under_what_was_found() {
    let shop = Shop::new();
    shop.sql("CREATE VIEW a_view_with_a_long_name AS SELECT 1; CREATE VIEW another_view_with_a_long_name AS SELECT 2");
    let run = shop.dbsnap(["doctor"]).on_terminal(70, &[]).run();
    let from: Vec<&str> = run.stdout().lines().skip_while(|line| !line.starts_with("note not captured")).collect();
    let indent = format!("{:26}", "");
    assert!(from.len() > 1 && from[1..].iter().all(|line| line.starts_with(&indent)), "{run}");
}

#[test]
fn what_is_known_without_a_store() {
    let shop = Shop::without_store();
    insta::assert_snapshot!(shop.run(["doctor"]), @r"
    exit 1
    --- stdout
    bad  project          there is no .dbsnap store in [DIR] or any directory above it
                          to create one: dbsnap init
    ok   database         [DIR]/dev.db (from DATABASE_URL in .env)
    ok   server           SQLite [VERSION]
    ok   tables           4 can be snapshotted
    note not captured     view cheap
    ");
    for args in [
        &["tables"][..],
        &["tables", "--url", "file:./dev.db"],
        &["-C", "/", "tables", "--url", &shop.path().join("dev.db").display().to_string()],
    ] {
        let run = shop.dbsnap(args).run().success();
        assert!(run.stdout().contains("facet_definitions"), "{run}");
    }
    std::fs::create_dir_all(shop.path().join("src/pages")).unwrap();
    let run = shop.dbsnap(["-C", "src/pages", "tables"]).run().success();
    assert!(run.stdout().contains("facet_definitions"), "{run}");
    let run = shop.dbsnap(["tables", "--store", "nowhere"]).run();
    assert_eq!(run.code(), Some(10), "{run}");
    assert!(!shop.store().exists());
}

#[test]
fn the_demo_ends_where_it_began() {
    let project = Project::new();
    let run = project.dbsnap(["demo"]).run().success();
    assert!(run.stdout().contains("Verified."), "{run}");
    assert_eq!(run.stderr(), "");
    let again = project.dbsnap(["demo", "-q"]).run().success();
    assert!(!again.stdout().contains("# "), "{again}");
    project.write("mine/file", "");
    insta::assert_snapshot!(project.dbsnap(["demo", "mine"]).run(), @r"
    exit 1
    --- stderr
    error: [DIR]/mine is there already; the demo does not overwrite it
    ");
    insta::assert_snapshot!(project.dbsnap(["demo", "--json"]).run(), @r#"
    exit 2
    --- stdout
    {"version":1,"command":"error","error":{"kind":"usage","exitCode":2,"message":"demo has no --json output","hints":[]}}
    --- stderr
    error: demo has no --json output
    "#);
}

#[test]
fn completions_of_every_shell() {
    let project = Project::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = project.dbsnap(["completions", shell]).run().success();
        assert!(run.stdout().contains("DBSNAP_COMPLETE"), "{shell}");
        // The scripts of all shells ask the program.
        let asked = ["--", "dbsnap", "restore", "--oth"];
        let asked =
            project.dbsnap(asked).env("DBSNAP_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", "2").run().success();
        assert!(asked.stdout().contains("--other-database"), "{shell}: {asked}");
    }
    insta::assert_snapshot!(project.dbsnap(["completions", "tcsh"]).run(), @r"
    exit 2
    --- stderr
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]

      tip: a similar value exists: 'zsh'

    For more information, try '--help'.
    ");
}

/// What a real bash offers at the Tab key after these words, the last of them half typed.
fn bash_offers(shop: &Shop, words: &[&str]) -> Vec<String> {
    let bin = shop.path().join("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        let dbsnap = std::env::var_os("DBSNAP_TEST_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_dbsnap").into());
        std::os::unix::fs::symlink(dbsnap, bin.join("dbsnap")).unwrap();
    }
    let script = r#"source <(dbsnap completions bash)
        function=$(complete -p dbsnap | sed 's/.*-F \([^ ]*\).*/\1/')
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        current=${COMP_WORDS[COMP_CWORD]}
        "$function" dbsnap "${current#:}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let fixed = ["--norc", "-c", script, "bash", "dbsnap"];
    let run = shop.project.program("bash", fixed.iter().chain(words)).env("PATH", path).run().success();
    assert_eq!(run.stderr(), "");
    run.stdout().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn bash_completes_snapshots_tags_and_tables() {
    let shop = Shop::new();
    let (first, second) = (shop.snap(["mods"]), shop.snap(["authors"]));
    shop.dbsnap(["tag", "latest", "v1"]).run().success();
    let offers = |words: &[&str]| bash_offers(&shop, words);
    assert_eq!(offers(&["rest"]), ["restore"]);
    assert_eq!(
        offers(&["restore", ""]).iter().filter(|one| !one.starts_with('-')).collect::<Vec<_>>(),
        ["latest", "v1", &second, &first]
    );
    assert_eq!(offers(&["show", &first[..3]]), [first.as_str()]);
    assert_eq!(offers(&["delete", &first, "v"]), ["v1"]);
    assert_eq!(offers(&["diff", "v1", "li"]), ["live"]);
    assert_eq!(offers(&["log", "m"]), ["mods"]);
    assert_eq!(offers(&["restore", "latest", "a"]), ["authors"]);
    assert_eq!(offers(&["snap", "fac"]), ["facet_definitions"], "a table that no snapshot has");
    assert_eq!(offers(&["snap", "mods", "--exclude", "mod_"]), ["mod_tags"]);
    assert_eq!(offers(&["history", "au"]), ["authors:"]);
    assert_eq!(offers(&["show", "latest:m"]), ["latest:mods"], "where a colon does not part words");
    assert_eq!(offers(&["show", "latest", ":", "m"]), ["mods"], "where it does");
    assert_eq!(offers(&["show", "latest", ":"]), ["authors", "mods"]);
    // The others ask the program alike, and show what it says of each.
    for (shell, line) in [("fish", "v1\tsnapshot of authors"), ("zsh", "v1:snapshot of authors")] {
        let asked = shop.dbsnap(["--", "dbsnap", "show", ""]).env("DBSNAP_COMPLETE", shell);
        let run = asked.env("_CLAP_COMPLETE_INDEX", "2").run().success();
        assert!(run.stdout().lines().any(|offer| offer == line), "{shell}: {run}");
    }
    shop.dbsnap(["delete", "v1", "--allow-agent", "-y"]).run().success();
    assert_eq!(offers(&["undelete", &second[..4]]), [second.as_str()]);
    assert_eq!(offers(&["show", &second[..4]]), [""; 0]);
}

/// Names are data of others: what a shell would take for more than a word is not offered.
#[test]
fn names_that_a_shell_would_run_are_not_completed() {
    let shop = Shop::new();
    shop.sql("CREATE TABLE \"z$(touch hacked)\" (id INTEGER PRIMARY KEY); CREATE TABLE \"z;ls\" (id INTEGER PRIMARY KEY); CREATE TABLE zebra (id INTEGER PRIMARY KEY)");
    assert_eq!(bash_offers(&shop, &["snap", "z"]), ["zebra"]);
    assert!(!shop.path().join("hacked").exists());
    let elsewhere = Shop::without_store();
    assert_eq!(bash_offers(&elsewhere, &["show", "l"]), [""; 0], "without a store");
}

#[test]
fn man_pages_of_every_command() {
    let project = Project::new();
    let main = project.dbsnap(["man"]).run().success();
    assert!(main.stdout().contains(r"\fBdbsnap\fR [OPTIONS] <COMMAND>"), "{main}");
    project.dbsnap(["man", "pages"]).run().success();
    for (verb, usage) in [("log", "[OPTIONS] [TABLE]"), ("delete", "[OPTIONS] <SNAPSHOT>..."), ("init", "[OPTIONS]")] {
        assert!(main.stdout().contains(&format!("dbsnap\\-{verb}(1)")), "{verb}: {main}");
        let page = std::fs::read_to_string(project.path().join(format!("pages/dbsnap-{verb}.1"))).unwrap();
        assert!(page.contains(&format!("\\fBdbsnap {verb}\\fR {usage}\n")), "{page}");
        assert!(page.contains(&format!("dbsnap {verb}")) && page.contains("Examples:"), "{page}");
    }
}

#[test]
fn help() {
    let project = Project::new();
    insta::assert_snapshot!(project.dbsnap(["--help"]).run(), @r"
    exit 0
    --- stdout
    Git-style snapshots of database tables: take back what a script did to your rows

    Usage: dbsnap [OPTIONS] <COMMAND>

    Commands:
      init         Create a store (.dbsnap) in this directory
      tables       List the tables of the database
      snap         Take a snapshot of tables
      log          List snapshots, newest first [aliases: list, ls]
      show         Show a snapshot, one of its tables, or one row
      status       Compare the live tables with their latest snapshots
      diff         Show which rows differ between two snapshots, or a snapshot and the live database
      check        Tell what a script would do to the database, without running it
      history      Show how one row changed from snapshot to snapshot
      sql          Query a snapshot with SQL
      export       Export a snapshot as JSON with a TypeScript restore script
      import       Import an exported JSON file as a snapshot
      backups      List exported backup files
      restore      Restore rows from a snapshot
      run          Run a command between two snapshots and show what it changed
      undo         Undo the last restore, or what the last run of a command did
      delete       Delete snapshots [alias: rm]
      undelete     Bring back a deleted snapshot
      pin          Protect a snapshot from gc and delete, or list pinned snapshots
      unpin        Unpin a snapshot
      tag          Name a snapshot, or list tags
      amend        Change a snapshot's message
      gc           Delete old snapshots and free unused space
      verify       Check the store, a snapshot or an exported file for damage
      repair       Repair a damaged store, taking lost rows from other copies and the database
      doctor       Check the setup and show which database is used
      mcp          Serve a coding agent on stdin and stdout (Model Context Protocol)
      hook         Watch over a coding agent's tool calls (JSON on stdin and stdout)
      agent        Set up coding agents (Claude Code, Codex, Gemini, Cursor) to use dbsnap, or undo that
      demo         Try the full workflow on a sample project
      schema       Print a JSON Schema: of config.toml, of what --json prints, of exported files
      completions  Print a completion script for your shell
      man          Print the man page, or write all man pages to a directory
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --json          Print one JSON object to stdout
      -q, --quiet         Print only the result, no progress or hints
          --color <WHEN>  When to color the output [possible values: auto, always, never]
      -C <DIR>            Run as if started in DIR
          --url <URL>     Database URL [default: DBSNAP_URL, DATABASE_URL, config.toml, .env.local,
                          .env, Prisma's files]
          --store <DIR>   Store directory [default: .dbsnap here or in a parent directory]

    Naming snapshots:
      [ID]                      an id, or its first digits (four or more)
      latest, ~1                    the newest snapshot, the one before it
      v1                            a tag
      latest:mods                   the newest snapshot that has the table mods
      v1:mods, v1:mods:cl1104       a table of a snapshot, a row of it by its key
      backup_[TIME]_mods   an exported backup, by its name or file

    Try it: dbsnap demo
    ");
    for verb in [
        "init",
        "tables",
        "snap",
        "log",
        "show",
        "export",
        "restore",
        "delete",
        "pin",
        "unpin",
        "tag",
        "amend",
        "gc",
        "verify",
        "doctor",
        "agent",
        "demo",
        "schema",
        "completions",
    ] {
        let run = project.dbsnap([verb, "--help"]).run().success();
        assert!(run.stdout().lines().all(|line| line.chars().count() <= 100), "{run}");
    }
}
