//! A stand-in for coding agents: four at a time speak the hook's protocol around random shell commands, destructive and
//! not. Whatever is told as lost is brought back by the command that is told with it, when the calls beside it have
//! ended, as it is told: after each round of 20. Then every row is there.
//!
//! `DBSNAP_TEST_STAND_IN_CALLS=200 cargo test --test it -- hook::stand_in --nocapture` prints the figures that
//! `docs/AGENTS.md` has. `DBSNAP_TEST_STAND_IN_SEED` asks for other calls.

#![expect(clippy::print_stdout, reason = "the figures are its result")]

use super::{Call, by_hand, commands, follow, is_sqlite, remembered};
use crate::support::place::Place;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Calls of a trial, unless told otherwise.
const CALLS: usize = 80;
/// Calls of a round.
const ROUND: usize = 20;
/// Agents that work at a time.
const AGENTS: [&str; 4] = ["one", "two", "three", "four"];
/// Rows of each table that all agents work on.
const ROWS: u64 = 300;
/// The tables that all agents work on.
const SHARED: [&str; 3] = ["mods", "favorites", "notes"];
/// Tables that are dropped, each once.
const DROPPED: usize = 12;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().unwrap())
}

/// Random numbers from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one_of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}

/// Makes the tables: `id`, and a text that updates write.
fn fill(place: &Place) {
    let numbers = |rows: u64| match is_sqlite(place) {
        true => {
            format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {rows}) SELECT n FROM n")
        }
        false => format!("SELECT n FROM generate_series(1, {rows}) n"),
    };
    let dropped: Vec<String> = (0..DROPPED).map(dropped).collect();
    for (table, rows) in SHARED.iter().map(|table| (*table, ROWS)).chain(dropped.iter().map(|table| (&**table, 20))) {
        place.sql(&format!(
            "CREATE TABLE {table} (id integer PRIMARY KEY, value text NOT NULL);
             INSERT INTO {table} SELECT n, '{table} ' || n FROM ({}) x",
            numbers(rows)
        ));
    }
}

fn dropped(at: usize) -> String {
    format!("draft_{at}")
}

/// The rows of a table: ids and values.
fn rows(place: &Place, table: &str) -> BTreeMap<u64, String> {
    let listed = place.sql(&format!("SELECT id, value FROM {table} ORDER BY id"));
    let row = |line: &str| line.split_once('|').map(|(id, value)| (id.parse().unwrap(), value.to_owned())).unwrap();
    listed.lines().map(row).collect()
}

/// The commands of a trial. Rows that are updated get a value that says so; what is inserted has ids above those of the
/// beginning.
fn script(place: &Place, calls: usize, seed: u64) -> Vec<String> {
    let mut random = Random(seed);
    let mut drops = (0..DROPPED).map(dropped);
    (0..calls)
        .map(|call| {
            let table = random.one_of(&SHARED);
            let (from, length) = (random.below(ROWS) + 1, random.below(60) + 1);
            let range = format!("id BETWEEN {from} AND {}", from + length);
            let sql = match random.below(20) {
                0 => return "ls -la".to_owned(),
                1 => return "git status".to_owned(),
                2 => return "cat .dbsnap/config.toml | head -3".to_owned(),
                3 => return "true && echo nothing".to_owned(),
                4..=6 => format!("SELECT count(*) FROM {table} WHERE {range}"),
                7 | 8 => format!("UPDATE {table} SET value = 'updated by {call}' WHERE {range}"),
                9 | 10 => format!("INSERT INTO {table} VALUES ({}, 'inserted')", 100_000 + call),
                11 if is_sqlite(place) => format!("DELETE FROM {table}"),
                11 => format!("TRUNCATE {table}"),
                12 => match drops.next() {
                    Some(table) => format!("DROP TABLE {table}"),
                    None => format!("DELETE FROM {table} WHERE {range}"),
                },
                13 => format!("BEGIN; DELETE FROM {table} WHERE {range}; ROLLBACK"),
                _ => format!("DELETE FROM {table} WHERE {range}"),
            };
            by_hand(place, &sql)
        })
        .collect()
}

/// What happened.
#[derive(Default)]
struct Figures {
    losses: usize,
    deleted: u64,
    dropped: usize,
    shared: usize,
    before: Vec<Duration>,
    after: Vec<Duration>,
}

/// An agent makes calls of the script until it is at its end. What it is told to run, and by which call.
fn agent(
    place: &Place,
    name: &str,
    round: &[(usize, String)],
    next: &AtomicUsize,
    figures: &Mutex<Figures>,
) -> Vec<(usize, String)> {
    let mut told_to_run = Vec::new();
    while let Some((at, command)) = round.get(next.fetch_add(1, Ordering::Relaxed)) {
        let call = Call { session: name, ..Call::new(place, &at.to_string(), command.clone()) };
        let started = Instant::now();
        call.let_go();
        let before = started.elapsed();
        call.run();
        let started = Instant::now();
        let told = call.told();
        let after = started.elapsed();
        let mut figures = figures.lock().unwrap();
        figures.before.push(before);
        figures.after.push(after);
        let Some(told) = told else { continue };
        assert!(!told.contains("cannot be told"), "{command}: {told}");
        figures.losses += 1;
        figures.shared += usize::from(told.contains("Other calls were under way"));
        figures.dropped += told.matches(": gone, with ").count();
        figures.deleted += told.lines().filter_map(deleted).sum::<u64>();
        told_to_run.extend(commands(&told).into_iter().map(|command| (*at, command)));
    }
    told_to_run
}

/// The rows of the beginning that are not there, or have a value that nobody wrote.
fn missing(place: &Place, whole: &BTreeMap<String, BTreeMap<u64, String>>) -> Vec<String> {
    let mut missing = Vec::new();
    for (table, was) in whole {
        let now = rows(place, table);
        let is_right = |found: &String, value: &String| found == value || found.starts_with("updated by ");
        let wrong = was.iter().filter(|(id, value)| !now.get(id).is_some_and(|found| is_right(found, value)));
        missing.extend(wrong.map(|(id, _)| format!("{table} {id}")));
    }
    missing
}

/// The rows that a line of a report says are deleted.
fn deleted(line: &str) -> Option<u64> {
    let (_, counts) = line.strip_suffix(" rows deleted")?.rsplit_once(": ")?;
    counts.split(' ').next()?.replace(',', "").parse().ok()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn trial(place: &Place, engine: &str) {
    let calls = usize::try_from(setting("DBSNAP_TEST_STAND_IN_CALLS", CALLS as u64)).unwrap();
    fill(place);
    place.round.project.write(".dbsnap/config.toml", "[hook]\nmax_deleted = 0\nbudget_seconds = 60\n");
    let tables = SHARED.iter().map(ToString::to_string).chain((0..DROPPED).map(dropped));
    let whole: BTreeMap<String, BTreeMap<u64, String>> =
        tables.map(|table| (table.clone(), rows(place, &table))).collect();
    let script: Vec<(usize, String)> =
        script(place, calls, setting("DBSNAP_TEST_STAND_IN_SEED", 20_261_130)).into_iter().enumerate().collect();
    let is_shared = |(table, _): &(&String, &BTreeMap<u64, String>)| SHARED.contains(&table.as_str());
    let shared = whole.iter().filter(is_shared).map(|(table, rows)| (table.clone(), rows.clone())).collect();
    let figures = Mutex::new(Figures::default());
    let mut lost = BTreeSet::new();
    for (number, round) in script.chunks(ROUND).enumerate() {
        let next = AtomicUsize::new(0);
        let mut told: Vec<(usize, String)> = std::thread::scope(|scope| {
            let start = |name: &'static str| {
                let (next, figures) = (&next, &figures);
                scope.spawn(move || agent(place, name, round, next, figures))
            };
            let agents: Vec<_> = AGENTS.iter().map(|name| start(name)).collect();
            agents.into_iter().flat_map(|agent| agent.join().unwrap()).collect()
        });
        lost.extend(missing(place, &shared).into_iter().map(|row| (number, row)));
        // the newest first, as one takes back changes that build on each other
        told.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        for (_, command) in &told {
            let run = follow(place, command);
            // rows that another command has brought back already are conflicts of an undo
            assert!(matches!(run.code(), Some(0 | 3)), "{command}: {run}");
        }
        assert_eq!(missing(place, &whole), Vec::<String>::new(), "after {told:#?}");
    }
    let mut figures = figures.into_inner().unwrap();
    let inserts = script.iter().filter(|(_, command)| command.contains("'inserted'")).count();
    let inserted: usize =
        SHARED.iter().map(|table| rows(place, table).into_keys().filter(|id| *id >= 100_000).count()).sum();
    assert_eq!(place.round.json(&["verify"])["damage"].as_array().map_or(0, Vec::len), 0);
    println!(
        "{engine}: {calls} calls, {} at a time; {} snapshots; {} calls told of losses, {} of them beside others; \
         {} rows were gone and {} came back; they were told of {} times, and of dropped tables {} times; \
         {inserted} of {inserts} rows inserted meanwhile are there; median time before a call {} ms, after it {} ms",
        AGENTS.len(),
        place.listed(),
        figures.losses,
        figures.shared,
        lost.len(),
        lost.len(),
        figures.deleted,
        figures.dropped,
        median(&mut figures.before).as_millis(),
        median(&mut figures.after).as_millis(),
    );
    assert!(figures.losses > calls / 4 && figures.dropped > 0, "nothing was lost");
    assert!(remembered(place).len() <= figures.losses, "calls that have ended are remembered");
}

#[test]
fn on_sqlite() {
    trial(&Place::sqlite(), "SQLite");
}

/// Only in `tests/run --long`.
mod long {
    use super::*;

    #[test]
    fn on_postgres() {
        trial(&Place::owner(), "PostgreSQL");
    }
}
