//! Random schemas with random rows, damaged at random and brought back; the databases say what came of it.
//!
//! A trial of one seed: tables are made and a snapshot is taken of some of them; damage is done, to the others as well;
//! a restore makes each table of the snapshot what it was, to the last bit, and changes nothing else; another one
//! writes nothing; `undo` leads to the damaged state, and a patch from there to the snapshot again. A refusal must have
//! a reason that the database confirms ([`harm`]).

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a failing test names its seeds")]

mod damage;
mod engine;
mod harm;
mod postgres;
mod rows;
mod schema;
mod sqlite;
mod trial;
mod triggers;

use crate::support::sweep;
use engine::Engine;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use trial::{Course, Trial};

/// Seeds that each engine is tried with in one test; `DBSNAP_TEST_SEEDS` tries more.
fn seeds(part: u64) -> std::ops::Range<u64> {
    let number = sweep::seeds(4);
    part * number..(part + 1) * number
}

/// Tries every seed, those after a failure as well, and names those that failed.
fn tries<E: Engine>(new: fn() -> E, seeds: impl IntoIterator<Item = u64>) {
    let (mut engine, mut failed, mut courses) = (new(), Vec::new(), BTreeMap::<Course, u32>::new());
    for seed in seeds {
        let trial = AssertUnwindSafe(|| Trial::new(&mut engine, seed).run());
        match catch_unwind(trial) {
            Ok(course) => *courses.entry(course).or_insert(0) += 1,
            Err(_) => {
                eprintln!("that was seed {seed}");
                failed.push(seed);
                engine = new();
            }
        }
    }
    println!("{courses:#?}");
    assert!(failed.is_empty(), "seeds {failed:?} failed");
}

macro_rules! parts {
    ($($name:ident $engine:expr, $part:expr;)*) => { $(#[test] fn $name() { tries($engine, seeds($part)); })* };
}

parts! {
    sqlite_first sqlite::SqliteEngine::new, 0;
    sqlite_second sqlite::SqliteEngine::new, 1;
    sqlite_third sqlite::SqliteEngine::new, 2;
    sqlite_fourth sqlite::SqliteEngine::new, 3;
    postgres_first postgres::PostgresEngine::new, 0;
    postgres_second postgres::PostgresEngine::new, 1;
    postgres_third postgres::PostgresEngine::new, 2;
    postgres_fourth postgres::PostgresEngine::new, 3;
}

/// The seeds that have shown a fault (docs/TESTING.md).
#[test]
fn postgres_once_failed() {
    tries(postgres::PostgresEngine::new, [105, 156, 196, 306, 547]);
}

/// One seed, from `DBSNAP_TEST_SEED`, to look at a failure.
#[test]
fn one_seed() {
    let Some(seed) = std::env::var("DBSNAP_TEST_SEED").ok().and_then(|text| text.parse().ok()) else { return };
    match std::env::var("DBSNAP_TEST_ENGINE").as_deref() {
        Ok("postgres") => tries(postgres::PostgresEngine::new, [seed]),
        _ => tries(sqlite::SqliteEngine::new, [seed]),
    }
}
