//! `--where` on dates of SQLite, held against what Prisma's client finds by the same conditions in rows that it wrote
//! itself.

use super::script_project::{BETTER_SQLITE3, Generator, LIBSQL, PrismaWorld, Setup};
use crate::chosen::{rows_of, ways};
use crate::support::files::project;
use crate::tree::model::Dice;
use dbsnap::codec::TableName;
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{OpenOptions, Sink, TableRead};
use serde_json::{Value, json};

const MODELS: &str = "
model Event {
  id       Int       @id
  startsAt DateTime  @map(\"starts_at\")
  endsAt   DateTime? @map(\"ends_at\")
  @@map(\"events\")
}
";

/// Moments close to each other and far away, in milliseconds.
fn moment(dice: &mut Dice) -> i64 {
    let base = [1_769_212_800_000, 1_769_212_800_000, 0, 951_782_400_000, -62_135_596_800_000, 253_370_764_800_000];
    let offsets = [0, 0, 1, 7, 999, 1_000, 3_600_000, 43_200_000, 86_399_999];
    let mut one = |of: &[i64]| of[usize::try_from(dice.roll(of.len() as u64)).unwrap()];
    one(&base) + one(&offsets)
}

fn iso(milliseconds: i64) -> String {
    jiff::Timestamp::from_millisecond(milliseconds).unwrap().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A moment as people write it in a filter.
fn typed(milliseconds: i64, dice: &mut Dice) -> String {
    let at = jiff::Timestamp::from_millisecond(milliseconds).unwrap();
    match dice.roll(6) {
        0 => milliseconds.to_string(),
        1 => format!("'{}'", at.strftime("%Y-%m-%d %H:%M:%S%.3f")),
        2 => format!("'{}'", at.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00")),
        3 => format!("'{}+01:00'", (at + jiff::SignedDuration::from_hours(1)).strftime("%Y-%m-%d %H:%M:%S%.3f")),
        4 if milliseconds % 86_400_000 == 0 => format!("'{}'", at.strftime("%Y-%m-%d")),
        _ => format!("'{}'", at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")),
    }
}

/// A condition: as Prisma takes it and as `--where` does.
fn condition(dice: &mut Dice, depth: u32) -> (Value, String) {
    if depth > 0 && dice.roll(3) == 0 {
        let (a, b) = (condition(dice, depth - 1), condition(dice, depth - 1));
        return match dice.roll(3) {
            0 => (json!({ "AND": [a.0, b.0] }), format!("({}) AND ({})", a.1, b.1)),
            1 => (json!({ "OR": [a.0, b.0] }), format!("({}) OR ({})", a.1, b.1)),
            _ => (json!({ "NOT": a.0 }), format!("NOT ({})", a.1)),
        };
    }
    let (field, column) = [("startsAt", "starts_at"), ("endsAt", "ends_at")][usize::try_from(dice.roll(2)).unwrap()];
    let kinds = [("equals", "="), ("not", "<>"), ("lt", "<"), ("lte", "<="), ("gt", ">"), ("gte", ">=")];
    match dice.roll(9) {
        kind @ 0..6 => {
            let (name, operator) = kinds[usize::try_from(kind).unwrap()];
            let at = moment(dice);
            (json!({ field: { name: iso(at) } }), format!("{column} {operator} {}", typed(at, dice)))
        }
        6 => match dice.roll(2) {
            0 => (json!({ "endsAt": null }), "ends_at IS NULL".to_owned()),
            _ => (json!({ "endsAt": { "not": null } }), "ends_at IS NOT NULL".to_owned()),
        },
        kind => {
            let list: Vec<i64> = (0..=dice.roll(3)).map(|_| moment(dice)).collect();
            let name = if kind == 7 { "in" } else { "notIn" };
            let texts: Vec<String> = list.iter().map(|at| typed(*at, dice)).collect();
            let isos: Vec<String> = list.iter().map(|at| iso(*at)).collect();
            let operator = if kind == 7 { "IN" } else { "NOT IN" };
            (json!({ field: { name: isos } }), format!("{column} {operator} ({})", texts.join(", ")))
        }
    }
}

/// The commands choose the same rows, by the names that Prisma has for the columns.
fn commands(world: &PrismaWorld, filters: &[(Value, String)], answers: &[Vec<i64>]) {
    let json = |words: &[&str]| -> Value {
        serde_json::from_str(world.project.dbsnap(words).run().success().stdout()).unwrap()
    };
    let empty = json(&["log", "--json"])["snapshots"][0]["id"].as_str().unwrap().to_owned();
    for ((_, typed), answer) in filters.iter().zip(answers) {
        let typed = typed.replace("starts_at", "startsAt").replace("ends_at", "endsAt");
        let report = json(&["diff", "--json", &empty, "live", "--where", &typed, "--", "events"]);
        let differing: Vec<i64> = report["tables"][0]["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["key"]["id"].as_i64().unwrap())
            .collect();
        assert_eq!(differing, *answer, "{typed}, differ");
        let count = json(&["snap", "--json", "--dry-run", "Event", "--where", &typed])["tables"][0]["rows"].as_u64();
        assert_eq!(count, Some(answer.len() as u64), "{typed}, taken");
    }
}

/// What a client finds in dates that it stored itself, as text and as milliseconds, dbsnap finds.
fn holds(major: u32, adapter: &'static str) {
    let setup = Setup { major, generator: Generator::New, adapter };
    let (world, database) = PrismaWorld::with_database(setup, MODELS);
    for (seed, format) in (0..).zip(["iso8601", "unixepoch-ms"]) {
        database.execute(
            "DROP TABLE IF EXISTS events;
             CREATE TABLE events (id INTEGER NOT NULL PRIMARY KEY, starts_at DATETIME NOT NULL, ends_at DATETIME)",
        );
        world.project.dbsnap(["snap", "-q", "events"]).run().success();
        let mut dice = Dice(seed);
        let rows: Vec<Value> = (0..120)
            .map(|id| {
                let ends = Some(moment(&mut dice)).filter(|_| dice.roll(4) > 0).map(iso);
                json!({ "id": id, "startsAt": iso(moment(&mut dice)), "endsAt": ends })
            })
            .collect();
        let filters: Vec<(Value, String)> = (0..150).map(|_| condition(&mut dice, 2)).collect();
        let conditions: Vec<&Value> = filters.iter().map(|(prisma, _)| prisma).collect();
        let question = serde_json::to_vec(&json!({ "rows": rows, "conditions": conditions })).unwrap();
        let script = project("tests/it/prisma/filters.mts");
        world.project.write("question.json", question);
        let run = world.play(&world.invocation(&script, &[adapter, &database.url(), format])).success();
        let answers: Vec<Vec<i64>> = serde_json::from_str(run.stdout()).unwrap();

        let mut sink = Sqlite::open(&world.path().join("dev.db"), &OpenOptions::default()).unwrap();
        let schema = sink.catalog().unwrap().table(&TableName::bare("events")).unwrap().schema.clone();
        let read = TableRead { schema, filter: None };
        let stored = rows_of(&mut sink, &read);
        let what = format!("Prisma {major}, {adapter}, {format}");
        let mut some = 0;
        for ((_, typed), answer) in filters.iter().zip(&answers) {
            let told = answer.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
            some += usize::from(!answer.is_empty() && answer.len() < rows.len());
            let [taken, filtered, stored] = ways(&mut sink, &read, &stored, typed);
            assert_eq!(taken.unwrap(), told, "{what}: {typed}, read");
            assert_eq!(filtered.unwrap(), told, "{what}: {typed}, filtered");
            if let Ok(stored) = stored {
                assert_eq!(stored, told, "{what}: {typed}, stored");
            }
        }
        assert!(some > 60, "{what}: {some}");
        commands(&world, &filters[..3], &answers);
    }
}

#[test]
fn dates_as_prisma_7_finds_them_by_libsql() {
    holds(7, LIBSQL);
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn dates_as_prisma_6_finds_them_by_better_sqlite3() {
        holds(6, BETTER_SQLITE3);
    }

    #[test]
    fn dates_as_prisma_6_finds_them_by_libsql() {
        holds(6, LIBSQL);
    }

    #[test]
    fn dates_as_prisma_7_finds_them_by_better_sqlite3() {
        holds(7, BETTER_SQLITE3);
    }
}
