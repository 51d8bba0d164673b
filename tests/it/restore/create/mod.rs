//! `restore --create`: what was dropped is there again, just as it was, in the databases' own word.

mod database;
mod postgres;
mod postgres_beside;
mod postgres_hostile;
mod random;
mod refusals;
mod sqlite;

use crate::support::place::Place;

impl Place {
    /// The database's schema by its own program, a line each.
    fn schema(&self) -> Vec<String> {
        let text = match self.is_file() {
            true => self.sql("SELECT type || ' ' || name || ' ' || tbl_name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name <> 'sqlite_sequence' ORDER BY 1"),
            false => dumped(self),
        };
        text.lines().map(str::to_owned).collect()
    }

    /// The rows of every table, in order of the tables' names.
    fn sorted_rows(&self) -> Vec<String> {
        let mut rows = self.rows();
        rows.sort();
        rows
    }

    fn is_file(&self) -> bool {
        self.round.url().starts_with("file:")
    }

    /// Snapshots everything, does `damage`, restores with `--create`, and compares.
    fn comes_back(&self, damage: &str) -> String {
        let snap = self.snap();
        let (schema, rows) = (self.schema(), self.sorted_rows());
        self.sql(damage);
        assert_ne!(self.schema(), schema, "the damage does nothing");
        self.round.json(&["restore", &snap, "--create", "-y"]);
        similar_asserts(&self.schema(), &schema);
        assert_eq!(self.sorted_rows(), rows);
        snap
    }
}

/// What `pg_dump` says, without what it says of itself.
fn dumped(place: &Place) -> String {
    let url = place.round.url();
    let run = place.round.project.program("pg_dump", ["--schema-only", &url]).run().success();
    let is_of_the_schema = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
    run.stdout().lines().filter(is_of_the_schema).map(settled).collect::<Vec<_>>().join("\n")
}

/// A line without casts of a varchar to text, which PostgreSQL puts somewhere else once it has read what it wrote.
fn settled(line: &str) -> String {
    match line.contains("::character varying") {
        true => line.replace("::text[]", "").replace("::text", "").replace(['(', ')'], ""),
        false => line.to_owned(),
    }
}

/// That two schemas are the same; otherwise the lines that only one has.
fn similar_asserts(now: &[String], was: &[String]) {
    let only = |one: &[String], other: &[String]| -> Vec<String> {
        one.iter().filter(|line| !other.contains(line)).cloned().collect()
    };
    assert!(now == was, "gone {:#?}\ncome {:#?}", only(was, now), only(now, was));
}
