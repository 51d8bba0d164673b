//! Random tables and random changes, taken back and forth by patches.

#![expect(clippy::print_stdout, reason = "a failing test names its seed")]

use super::patched::{Patched, PostgresPatched, SqlitePatched};
use crate::support::postgres::PgServer;
use crate::tree::model::Dice;

/// Seeds that each engine is tried with; `DBSNAP_TEST_SEEDS` tries more.
fn seeds() -> std::ops::Range<u64> {
    let number = std::env::var("DBSNAP_TEST_SEEDS").ok().and_then(|text| text.parse().ok());
    0..number.unwrap_or(6)
}

struct Made {
    tables: String,
    change: String,
}

fn pick<'p>(dice: &mut Dice, from: &[&'p str]) -> &'p str {
    from[usize::try_from(dice.roll(from.len() as u64)).unwrap()]
}

/// A few tables that refer to each other, and a change that keeps to their references: everything is thrown away and made anew, the same
/// rows for the most part.
fn made(seed: u64, postgres: bool) -> Made {
    let mut dice = Dice(seed + 1);
    let (mut tables, mut change) = (String::new(), String::new());
    let mut parents: Vec<(String, Vec<u64>, Vec<u64>)> = Vec::new();
    let mut emptied = String::new();
    for number in 0..2 + dice.roll(3) {
        let name = format!("\"t{number} {}\"", pick(&mut dice, &["a", "B", "é'", ";--"]));
        let keyed = dice.roll(4) > 0;
        let unique = dice.roll(2) == 0;
        let composite = keyed && dice.roll(3) == 0;
        let parent = match parents.len() as u64 {
            0 => None,
            some if dice.roll(3) > 0 => Some(parents[usize::try_from(dice.roll(some)).unwrap()].clone()),
            _ => None,
        };
        let mut columns = vec![
            "id integer NOT NULL".to_owned(),
            "u text NOT NULL".to_owned(),
            "x text".to_owned(),
            "r double precision".to_owned(),
        ];
        if postgres {
            columns.extend(["n numeric".to_owned(), "j jsonb".to_owned(), "b bytea".to_owned()]);
        } else {
            columns.extend(["n".to_owned(), "j text".to_owned(), "b blob".to_owned()]);
        }
        columns.push("up integer".to_owned());
        if composite {
            columns.push("PRIMARY KEY (u, id)".to_owned());
        } else if keyed {
            columns.push("PRIMARY KEY (id)".to_owned());
        }
        if unique {
            columns.push("UNIQUE (u)".to_owned());
        }
        if let Some((parent, ..)) = &parent {
            let action = pick(&mut dice, &["CASCADE", "SET NULL", "NO ACTION"]);
            columns.push(format!("FOREIGN KEY (up) REFERENCES {parent} (id) ON DELETE {action}"));
        } else if keyed && !composite && dice.roll(3) == 0 {
            columns.push(format!("FOREIGN KEY (up) REFERENCES {name} (id)"));
        }
        tables.push_str(&format!("CREATE TABLE {name} ({});\n", columns.join(", ")));
        let selfish = columns.last().is_some_and(|last| last.contains(&format!("REFERENCES {name}")));
        let size = dice.roll(40);
        let ids: Vec<u64> = (0..size).map(|id| id * 3).collect();
        let kept: Vec<u64> = (0..size + dice.roll(9)).map(|id| id * 3).filter(|_| dice.roll(5) > 0).collect();
        let mut before: Vec<String> = Vec::new();
        let rows = |ids: &[u64], others: Option<&[u64]>, swap: u64, dice: &mut Dice, before: &mut Vec<String>| {
            let mut rows = Vec::new();
            for (at, id) in ids.iter().enumerate() {
                let up = match others {
                    Some([]) | None => "NULL".to_owned(),
                    Some(others) => others[usize::try_from(dice.roll(others.len() as u64)).unwrap()].to_string(),
                };
                let old = before.get(at).filter(|_| dice.roll(3) > 0).cloned();
                let cells = old.unwrap_or_else(|| cells(dice, postgres));
                rows.push((format!("({id}, 'u{}', {cells}, {up})", (at as u64 + swap) % ids.len() as u64), cells));
            }
            *before = rows.iter().map(|(_, cells)| cells.clone()).collect();
            let mut rows: Vec<String> = rows.into_iter().map(|(row, _)| row).collect();
            if !keyed && !unique && !rows.is_empty() {
                rows.extend_from_within(..rows.len() / 2);
            }
            if rows.is_empty() { String::new() } else { format!("INSERT INTO {name} VALUES {};\n", rows.join(",\n")) }
        };
        let others =
            |before: bool| parent.as_ref().map(|(_, ids, kept)| if before { ids.clone() } else { kept.clone() });
        let own = |ids: &Vec<u64>| selfish.then(|| ids.clone());
        let first = others(true).or_else(|| own(&ids));
        tables.push_str(&rows(&ids, first.as_deref(), 0, &mut dice, &mut before));
        let swap = dice.roll(3);
        let second = others(false).or_else(|| own(&kept));
        change.push_str(&rows(&kept, second.as_deref(), swap, &mut dice, &mut before));
        emptied = format!("DELETE FROM {name};\n{emptied}");
        if keyed && !composite {
            parents.push((name, ids, kept));
        }
    }
    change = format!("{emptied}{change}INSERT INTO sure VALUES ({seed});");
    tables.push_str("CREATE TABLE sure (v text);");
    Made { tables, change }
}

fn cells(dice: &mut Dice, postgres: bool) -> String {
    let text = pick(dice, &["NULL", "''", "'NULL'", "'it''s'", "'a\tb\n.quit\n\\q'", "' x '", "'größe 😀'", "'{}'"])
        .to_owned();
    let real = match dice.roll(4) {
        0 => format!("{}.{}", dice.roll(100_000), dice.roll(1000)),
        1 => pick(dice, &["0.1", "1e300", "5e-324", "-1.7976931348623157e308", "NULL"]).to_owned(),
        _ => format!("{:?}", f64::from_bits(dice.roll(u64::MAX) & 0x7fdf_ffff_ffff_ffff)),
    };
    let (number, json, blob) = match postgres {
        true => (
            pick(dice, &["NULL", "1.10", "'NaN'", "-123456789012345678901234567890.5", "0"]),
            pick(dice, &["NULL", "'null'", "'{\"a\": [1, 2.0]}'", "'\"x\"'"]),
            pick(dice, &["NULL", "'\\x'", "'\\x00ff5c27'"]),
        ),
        false => (
            pick(
                dice,
                &[
                    "NULL",
                    "1",
                    "1.0",
                    "'1'",
                    "x'31'",
                    "9223372036854775807",
                    "-9223372036854775808",
                    "'a' || char(13, 10, 0)",
                ],
            ),
            pick(dice, &["NULL", "'null'", "'{\"a\": 1}'"]),
            pick(dice, &["NULL", "x''", "x'00ff'", "'text'"]),
        ),
    };
    format!("{text}, {real}, {number}, {json}, {blob}")
}

#[test]
fn random_tables_of_sqlite_go_back_and_forth() {
    for seed in seeds() {
        let made = made(seed, false);
        let guard = scopeguard(seed);
        let data = SqlitePatched::new(&made.tables);
        data.goes_back_and_forth(&|| drop(data.sql(&made.change)));
        std::mem::forget(guard);
    }
}

#[test]
fn random_tables_of_postgres_go_back_and_forth() {
    for seed in seeds() {
        let made = made(seed, true);
        let guard = scopeguard(seed);
        let db = PgServer::shared().database();
        db.sql(&made.tables);
        let data = PostgresPatched::new(db);
        data.goes_back_and_forth(&|| drop(data.db.sql(&made.change)));
        std::mem::forget(guard);
    }
}

/// Names the seed when a test fails.
struct Seed(u64);

fn scopeguard(seed: u64) -> Seed {
    Seed(seed)
}

impl Drop for Seed {
    fn drop(&mut self) {
        println!("seed {}", self.0);
    }
}
