//! Commands that take tables, or the database, away: what is printed brings all of it back.

use super::{on_both, report};
use crate::support::place::{Place, on_postgres};
use crate::support::process::Run;

const SHOP: &str = "CREATE TABLE mods (id integer PRIMARY KEY, title varchar(20) DEFAULT 'x' NOT NULL);
    CREATE INDEX mods_title ON mods (title);
    CREATE TABLE reviews (id integer PRIMARY KEY, mod integer REFERENCES mods ON DELETE CASCADE, note text);
    INSERT INTO mods VALUES (1, 'lamp'), (2, 'rug'); INSERT INTO reviews VALUES (1, 1, 'good'), (2, 2, 'bad');";

/// The commands of dbsnap that a run printed: what follows `: dbsnap ` or `$ dbsnap `.
fn printed(run: &Run) -> Vec<Vec<String>> {
    let line = |line: &str| {
        let at = [": dbsnap ", "$ dbsnap "].iter().find_map(|mark| line.find(mark).map(|at| at + mark.len()))?;
        Some(line[at..].split_whitespace().map(str::to_owned).collect())
    };
    run.stderr().lines().filter_map(line).collect()
}

/// Runs the command, and what is printed; then everything is as it was.
fn comes_back(place: &Place, words: &[&str]) {
    let rows = rows(place);
    place.let_go();
    let run = place.running(&["--all"], words).run().success();
    let commands = printed(&run);
    let [command] = commands.as_slice() else { panic!("{run}") };
    let words: Vec<&str> = command.iter().map(String::as_str).chain(["-y"]).collect();
    place.round.plain(&words).run().success();
    assert_eq!(self::rows(place), rows, "{run}");
}

/// The rows of every table, in order of the tables' names.
fn rows(place: &Place) -> Vec<String> {
    let mut rows = place.rows();
    rows.sort();
    rows
}

#[test]
fn drop_table() {
    on_both(|place| {
        place.sql(SHOP);
        let cascade = if place.is_sqlite() { "" } else { " CASCADE" };
        for sql in [format!("DROP TABLE reviews{cascade}"), format!("DROP TABLE reviews; DROP TABLE mods{cascade}")] {
            let words = place.by_hand(&sql);
            comes_back(place, &words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    });
}

/// The foreign key of the table that is left comes back too.
#[test]
fn drop_table_cascade() {
    on_postgres(|place| {
        place.sql(SHOP);
        let rows = place.rows();
        let words = place.by_hand("DROP TABLE mods CASCADE");
        let run = place.running(&["--all"], &words.iter().map(String::as_str).collect::<Vec<_>>()).run().success();
        let commands = printed(&run);
        assert_eq!(commands.len(), 1, "{run}");
        assert_eq!(commands[0][2..], ["--create"], "{run}");
        let words: Vec<&str> = commands[0].iter().map(String::as_str).chain(["-y"]).collect();
        place.round.plain(&words).run().success();
        assert_eq!(place.rows(), rows);
        let key = "SELECT count(*) FROM pg_constraint WHERE conrelid = 'reviews'::regclass AND contype = 'f'";
        assert_eq!(place.sql(key), "1");
    });
}

#[test]
fn truncate_cascade() {
    on_postgres(|place| {
        place.sql(SHOP);
        let words = place.by_hand("TRUNCATE mods CASCADE");
        comes_back(place, &words.iter().map(String::as_str).collect::<Vec<_>>());
    });
}

#[test]
fn removing_the_file() {
    let place = Place::sqlite();
    place.sql(SHOP);
    comes_back(&place, &["rm", "data.db"]);
}

#[test]
fn dropping_the_database() {
    on_postgres(|place| {
        place.sql(SHOP);
        let (db, user) = place.database();
        let server = db.server;
        // it is the role's own
        server
            .psql(
                "postgres",
                &server.user,
                &format!("ALTER ROLE {user} CREATEDB; ALTER DATABASE {} OWNER TO {user}", db.name),
            )
            .unwrap();
        let url = place.round.url().replacen(&format!("/{}", db.name), "/postgres", 1);
        comes_back(place, &["psql", "-qX", &url, "-c", &format!("DROP DATABASE {} WITH (FORCE)", db.name)]);
    });
}

#[test]
fn the_report_as_json_has_the_command_when_the_database_is_gone() {
    let place = Place::sqlite();
    place.sql(SHOP);
    let run = place.round.invocation(&["run", "--all", "--", "rm", "data.db"]).run().success();
    let report = report(&run);
    let argv: Vec<&str> =
        report["recovery"][0]["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(argv, ["dbsnap", "restore", &report["before"].as_str().unwrap()[..8], "--create"], "{report}");
}

/// What `prisma migrate reset` does: the tables are there again, and empty.
#[test]
fn dropping_the_schema_and_applying_migrations_again() {
    let place = Place::superuser();
    let (tables, rows) = SHOP.split_at(SHOP.find("INSERT").unwrap());
    place.sql(tables);
    place.sql(rows);
    let words = place.by_hand(&format!("DROP SCHEMA public CASCADE; CREATE SCHEMA public; {tables}"));
    comes_back(&place, &words.iter().map(String::as_str).collect::<Vec<_>>());
    // without the migrations
    let words = place.by_hand("DROP SCHEMA public CASCADE");
    comes_back(&place, &words.iter().map(String::as_str).collect::<Vec<_>>());
}

/// One command brings back tables that are gone, one that lost its foreign key, and rows of others.
#[test]
fn dropping_a_table_and_deleting_rows_of_others() {
    on_both(|place| {
        place.sql(SHOP);
        place.sql("CREATE TABLE tags (id integer PRIMARY KEY); INSERT INTO tags VALUES (1), (2), (3); CREATE TABLE still (id integer PRIMARY KEY)");
        let cascade = if place.is_sqlite() { "" } else { " CASCADE" };
        let words = place.by_hand(&format!(
            "DELETE FROM reviews WHERE id = 1; DELETE FROM tags WHERE id > 1; DROP TABLE mods{cascade}"
        ));
        comes_back(place, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // and where no foreign key is lost
        let words = place.by_hand("DELETE FROM tags; DROP TABLE reviews; UPDATE mods SET title = 'x'");
        comes_back(place, &words.iter().map(String::as_str).collect::<Vec<_>>());
        // an undo names it too
        let words = place.by_hand("DELETE FROM tags; DROP TABLE reviews");
        let (rows, words) = (self::rows(place), words.iter().map(String::as_str).collect::<Vec<_>>());
        place.running(&["--all"], &words).run().success();
        let refused = place.round.plain(&["undo", "-y"]).run();
        let (_, command) = refused.stderr().split_once("; dbsnap ").unwrap();
        let command =
            command.split_once(" makes again what was dropped, and brings back rows of the others").unwrap().0;
        let words: Vec<&str> = command.split_whitespace().chain(["-y"]).collect();
        place.round.plain(&words).run().success();
        assert_eq!(self::rows(place), rows);
    });
}

/// Where another table has other columns, each command that is printed does what it says.
#[test]
fn dropping_a_table_and_a_column_of_another() {
    on_both(|place| {
        place.sql(SHOP);
        place.sql("CREATE TABLE tags (id integer PRIMARY KEY); INSERT INTO tags VALUES (1), (2), (3)");
        let before = place.sql("SELECT * FROM reviews ORDER BY id");
        let words = place.by_hand("DELETE FROM tags; ALTER TABLE mods DROP COLUMN title; DROP TABLE reviews");
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        place.sql("DROP INDEX mods_title");
        let run = place.running(&["--all"], &words).run().success();
        let commands = printed(&run);
        assert_eq!(commands.len(), 2, "{run}");
        for command in commands {
            let yes = if command[0] == "restore" { vec!["-y"] } else { Vec::new() };
            let words: Vec<&str> = command.iter().map(String::as_str).chain(yes).collect();
            place.round.plain(&words).run().success();
        }
        assert_eq!(place.sql("SELECT * FROM reviews ORDER BY id"), before);
        assert_eq!(place.sql("SELECT count(*) FROM tags"), "3");
    });
}

/// A program that has it open in WAL mode leaves a log behind.
#[test]
fn removing_a_file_that_a_program_has_open() {
    let place = Place::sqlite();
    place.sql(&format!("PRAGMA journal_mode = WAL; {SHOP}"));
    let program = rusqlite::Connection::open(place.round.project.path().join("data.db")).unwrap();
    program.execute("INSERT INTO mods VALUES (3, 'bed')", []).unwrap();
    comes_back(&place, &["rm", "data.db"]);
    assert!(place.round.project.path().join("data.db-wal.old").exists());
    // what the program does when it ends is not done to the new file
    drop(program);
    assert_eq!(place.sql("SELECT count(*) FROM mods"), "3");
    assert_eq!(place.sql("PRAGMA integrity_check"), "ok");
}

#[test]
fn removing_the_directory() {
    let place = Place::sqlite();
    let project = &place.round.project;
    std::fs::create_dir(project.path().join("data")).unwrap();
    place.round.turn("file:data/dev.db".to_owned());
    project.program("sqlite3", ["data/dev.db", SHOP]).run().success();
    let run = place.running(&["--all"], &["rm", "-r", "data"]).run().success();
    let commands = printed(&run);
    let words: Vec<&str> = commands[0].iter().map(String::as_str).chain(["-y"]).collect();
    place.round.plain(&words).run().success();
    let told = project.program("sqlite3", ["data/dev.db", "SELECT count(*) FROM reviews"]).run().success();
    assert_eq!(told.stdout().trim(), "2");
}
