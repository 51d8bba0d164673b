//! Random tables and random changes, taken back and forth by patches.

use super::patched::{Patched, PostgresPatched, SqlitePatched};
use crate::support::postgres::PgServer;
use crate::support::sweep;
use crate::tree::model::Dice;

/// Seeds that each engine is tried with; `DBSNAP_TEST_SEEDS` tries more.
fn seeds() -> std::ops::Range<u64> {
    0..sweep::seeds(4)
}

struct Made {
    tables: String,
    change: String,
}

fn pick<'p>(dice: &mut Dice, from: &[&'p str]) -> &'p str {
    from[usize::try_from(dice.roll(from.len() as u64)).unwrap()]
}

/// One table: what it looks like, and the ids of its rows before and after the change.
#[derive(Clone)]
struct Table {
    name: String,
    keyed: bool,
    composite: bool,
    unique: bool,
    /// The table that it refers to, with its ids; it may be itself.
    parent: Option<(String, [Vec<u64>; 2])>,
    ids: [Vec<u64>; 2],
}

impl Table {
    fn new(number: u64, parents: &[Table], dice: &mut Dice) -> Table {
        let name = format!("\"t{number} {}\"", pick(dice, &["a", "B", "é'", ";--"]));
        let keyed = dice.roll(4) > 0;
        let composite = keyed && dice.roll(3) == 0;
        let size = dice.roll(40);
        let before: Vec<u64> = (0..size).map(|id| id * 3).collect();
        let after: Vec<u64> = (0..size + dice.roll(9)).map(|id| id * 3).filter(|_| dice.roll(5) > 0).collect();
        let ids = [before, after];
        let parent = match parents.len() as u64 {
            some if some > 0 && dice.roll(3) > 0 => {
                let parent = &parents[usize::try_from(dice.roll(some)).unwrap()];
                Some((parent.name.clone(), parent.ids.clone()))
            }
            _ if keyed && !composite && dice.roll(3) == 0 => Some((name.clone(), ids.clone())),
            _ => None,
        };
        Table { name, keyed, composite, unique: dice.roll(2) == 0, parent, ids }
    }

    fn definition(&self, postgres: bool, dice: &mut Dice) -> String {
        let mut parts = vec!["id integer NOT NULL", "u text NOT NULL", "x text", "r double precision"];
        parts.extend(if postgres { ["n numeric", "j jsonb", "b bytea"] } else { ["n", "j text", "b blob"] });
        parts.push("up integer");
        match (self.keyed, self.composite) {
            (true, true) => parts.push("PRIMARY KEY (u, id)"),
            (true, false) => parts.push("PRIMARY KEY (id)"),
            _ => {}
        }
        if self.unique {
            parts.push("UNIQUE (u)");
        }
        let action = pick(dice, &["CASCADE", "SET NULL", "NO ACTION"]);
        let reference = self.parent.as_ref().map_or(String::new(), |(parent, _)| {
            format!(", FOREIGN KEY (up) REFERENCES {parent} (id) ON DELETE {action}")
        });
        format!("CREATE TABLE {} ({}{reference});\n", self.name, parts.join(", "))
    }

    /// Inserts the rows of before (0) or after (1). Most have the cells that they had: `known`.
    fn rows(&self, when: usize, postgres: bool, dice: &mut Dice, known: &mut Vec<String>) -> String {
        let ids = &self.ids[when];
        let swap = if when == 0 { 0 } else { dice.roll(3) };
        let mut rows = Vec::new();
        let mut used = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let up = match self.parent.as_ref().map(|(_, ids)| &ids[when][..]) {
                None | Some([]) => "NULL".to_owned(),
                Some(others) => others[usize::try_from(dice.roll(others.len() as u64)).unwrap()].to_string(),
            };
            let old = known.get(at).filter(|_| dice.roll(3) > 0).cloned();
            used.push(old.unwrap_or_else(|| cells(dice, postgres)));
            rows.push(format!("({id}, 'u{}', {}, {up})", (at as u64 + swap) % ids.len() as u64, used[at]));
        }
        *known = used;
        if !self.keyed && !self.unique {
            rows.extend_from_within(..rows.len() / 2);
        }
        if rows.is_empty() {
            String::new()
        } else {
            format!("INSERT INTO {} VALUES {};\n", self.name, rows.join(",\n"))
        }
    }
}

/// A few tables that refer to each other, and a change that keeps to their references: everything is thrown away and
/// made anew, the same rows for the most part.
fn made(seed: u64, postgres: bool) -> Made {
    let mut dice = Dice(seed + 1);
    let (mut tables, mut change, mut emptied) = (String::new(), String::new(), String::new());
    let mut parents = Vec::new();
    for number in 0..2 + dice.roll(3) {
        let table = Table::new(number, &parents, &mut dice);
        let mut known = Vec::new();
        tables.push_str(&table.definition(postgres, &mut dice));
        tables.push_str(&table.rows(0, postgres, &mut dice, &mut known));
        change.push_str(&table.rows(1, postgres, &mut dice, &mut known));
        emptied = format!("DELETE FROM {};\n{emptied}", table.name);
        if table.keyed && !table.composite {
            parents.push(table);
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
        let guard = Seed(seed);
        let data = SqlitePatched::new(&made.tables);
        data.goes_back_and_forth(&|| drop(data.sql(&made.change)));
        std::mem::forget(guard);
    }
}

#[test]
fn random_tables_of_postgres_go_back_and_forth() {
    for seed in seeds() {
        let made = made(seed, true);
        let guard = Seed(seed);
        let db = PgServer::shared().database();
        db.sql(&made.tables);
        let data = PostgresPatched::new(db);
        data.goes_back_and_forth(&|| drop(data.db.sql(&made.change)));
        std::mem::forget(guard);
    }
}

/// Names the seed when a test fails.
struct Seed(u64);

impl Drop for Seed {
    #[expect(clippy::print_stdout, reason = "a seed that fails is to be kept")]
    fn drop(&mut self) {
        println!("seed {}", self.0);
    }
}
