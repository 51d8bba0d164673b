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

/// Torment: C6
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

/// Torment: X3
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
                          make one with: dbsnap init
    ");
    empty.dbsnap(["init"]).run().success();
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @r"
    exit 1
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    bad  database         no database is set
                          set DATABASE_URL (in the environment, .env.local or .env), or give --url; dbsnap doctor shows what was looked at
    ");
    empty.write(".env", "DATABASE_URL=file:./gone.db\n");
    insta::assert_snapshot!(empty.dbsnap(["doctor"]).run(), @r"
    exit 1
    --- stdout
    ok   project          [DIR]
    ok   store            0 snapshots in 0 packs
    bad  database         cannot connect to [DIR]/gone.db: there is no such file
                          is it there and running? dbsnap doctor shows which database is used
    ");
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
        assert!(run.stdout().contains("other-database"), "{shell}");
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

#[test]
fn help() {
    let project = Project::new();
    insta::assert_snapshot!(project.dbsnap(["--help"]).run(), @r"
    exit 0
    --- stdout
    Git-style snapshots of database tables: take back what a script did to your rows

    Usage: dbsnap [OPTIONS] <COMMAND>

    Commands:
      init         Create a store in this directory
      tables       List what can be snapshotted
      snap         Take a snapshot of tables
      log          List snapshots, newest first [aliases: list, ls]
      show         Show a snapshot, a table of it, or one row
      status       Compare the live tables with their latest snapshots
      diff         Show which rows differ between snapshots, or a snapshot and the live database
      history      Follow one row through all snapshots
      sql          Query a snapshot without touching the database
      export       Write a snapshot's JSON, restore script and backup_manifest.json
      import       Import an exported JSON file as a snapshot
      restore      Restore rows: plan, confirm, write the differences, verify
      undo         Undo the last restore
      delete       Delete snapshots [alias: rm]
      undelete     Bring a deleted snapshot back
      pin          Protect a snapshot from gc and delete
      unpin        Unpin a snapshot
      tag          Give a snapshot a name
      amend        Change a snapshot's message
      gc           Apply retention and free unused space
      verify       Check the store, a snapshot or an exported file
      repair       Mend a damaged store, and take lost rows again from the database
      doctor       Diagnose the setup
      demo         Try the full workflow on a sample project
      backups      List exported backup files
      completions  Print a completion script for your shell
      man          Print the man page, or write all man pages
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
                          .env]
          --store <DIR>   Store directory [default: .dbsnap here or in a parent directory]

    A snapshot is named by an id prefix, a tag, a backup id or export file, 'latest', 'latest:TABLE' or
    '~N'.
    Start with: dbsnap demo
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
        "demo",
        "completions",
    ] {
        let run = project.dbsnap([verb, "--help"]).run().success();
        assert!(run.stdout().lines().all(|line| line.chars().count() <= 100), "{run}");
    }
}
