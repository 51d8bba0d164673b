//! Every value in every kind of table of SQLite, compared by the `sqlite3` and `sqldiff` of the distribution.

use super::round::Round;
use crate::support::process::Project;

const TABLES: &str = include_str!("sqlite.sql");
const DAMAGE: &str = include_str!("sqlite_damage.sql");

/// Tables whose rows have no key, or NULL in it: `sqldiff` cannot tell their rows apart but by row ids, which belong to
/// nobody.
const WITHOUT_KEY: &[&str] = &["heap", "names_of_rowid", "text_key"];

fn sqlite3(project: &Project, file: &str, sql: &str) -> String {
    project.write("input.sql", sql);
    let run = project.program("sqlite3", ["-bail", file, ".read input.sql"]).run().success();
    run.stdout().to_owned()
}

/// Class, exact number, bytes and length of every value of every table, one line a row, sorted within a table.
pub fn contents(project: &Project, file: &str) -> String {
    let statements = sqlite3(
        project,
        file,
        "SELECT 'SELECT ' || quote(name) || ' || '' '' || ' || (SELECT group_concat(printf('typeof(\"%w\") || '':'' || \
         coalesce(iif(typeof(\"%w\") = ''real'', printf(''%%!.20e'', \"%w\"), hex(\"%w\")), '''')', name, name, name, name), \
         ' || '' '' || ') FROM pragma_table_xinfo(t.name)) || printf(' FROM \"%w\" ORDER BY 1;', name) \
         FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name;",
    );
    sqlite3(project, file, &statements)
}

fn gauntlet(pragmas: &str) {
    let project = Project::new();
    sqlite3(&project, "data.db", &format!("{pragmas}; {TABLES}"));
    sqlite3(&project, "data.db", "VACUUM INTO 'before.db'");
    let round = Round::within(project, "file:data.db".to_owned());
    let run = |sql: &str| drop(sqlite3(&round.project, "data.db", sql));
    let names = sqlite3(
        &round.project,
        "data.db",
        "SELECT printf('DELETE FROM \"%w\";', name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    );
    let contents = || contents(&round.project, "data.db");
    round.survives(&contents, &[&|| run(&names), &|| run(DAMAGE)]);

    let counter = sqlite3(&round.project, "data.db", "SELECT seq FROM sqlite_sequence WHERE name = 'counted'");
    assert!(counter.trim().parse::<u64>().unwrap() >= 1000, "{counter}");
    assert_eq!(sqlite3(&round.project, "data.db", "PRAGMA integrity_check; PRAGMA foreign_key_check;"), "ok\n");
    let schema = "SELECT sql FROM sqlite_schema ORDER BY name";
    assert_eq!(sqlite3(&round.project, "data.db", schema), sqlite3(&round.project, "before.db", schema));
    let tables = "SELECT json_group_array(name) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = serde_json::from_str(&sqlite3(&round.project, "data.db", tables)).unwrap();
    for table in tables.iter().filter(|table| !WITHOUT_KEY.contains(&table.as_str())) {
        let diff = round.project.program("sqldiff", ["--primarykey", "--table", table, "before.db", "data.db"]).run();
        assert_eq!(diff.success().stdout(), "", "{table}");
    }
}

#[test]
fn every_value_in_every_kind_of_table_survives() {
    gauntlet("PRAGMA journal_mode = DELETE");
}

/// A key that was none, because NULL stood in it, is one as soon as those rows are lost: they come back all the same.
#[test]
fn rows_with_null_in_their_key_come_back_after_they_all_are_lost() {
    let project = Project::new();
    sqlite3(
        &project,
        "data.db",
        "CREATE TABLE t (k TEXT PRIMARY KEY, v); INSERT INTO t VALUES (NULL, 1), (NULL, 1), ('a', 2), ('b', 3);",
    );
    let round = Round::within(project, "file:data.db".to_owned());
    let snap = round.snap(&["t"]);
    sqlite3(
        &round.project,
        "data.db",
        "DELETE FROM t WHERE k IS NULL; UPDATE t SET v = 9 WHERE k = 'a'; INSERT INTO t VALUES ('c', 4);",
    );
    assert_eq!(round.restore(&snap), 5);
    assert_eq!(
        sqlite3(&round.project, "data.db", "SELECT quote(k), v FROM t ORDER BY v"),
        "NULL|1\nNULL|1\n'a'|2\n'b'|3\n"
    );
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn every_value_survives_in_utf16_and_wal() {
        gauntlet("PRAGMA encoding = 'UTF-16be'; PRAGMA journal_mode = WAL");
    }
}
