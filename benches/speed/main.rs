//! How fast, how small and how lean dbsnap is, as a user meets it: whole processes, each beside its limit or its peer
//! in the same run on the same machine.
//!
//! `cargo bench --bench speed -- [NAME ...] [--rows N] [--rounds N] [--peers-only]`
//!
//! Rounds are interleaved (ours, peer, ours, peer), after one that does not count; what is reported is the median of
//! the ratios of each round. The sections of `docs/BENCHMARKS.md` that were measured are written anew, the others stay.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark talks to the person who started it")]

mod diff;
mod measure;
mod postgres;
mod prisma;
mod report;
mod restore;
mod rows;
mod server;
mod sqlite;
mod startup;
mod unchanged;

use report::Section;
use std::error::Error;
use std::process::ExitCode;

/// What a step of a benchmark gives, or why the whole run cannot go on.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// How to measure.
struct Plan {
    /// Rows of the table `mods`.
    rows: u64,
    /// Rounds that count.
    rounds: usize,
    /// Leave dbsnap out: measures what it will be held against. Nothing is written to the document then.
    peers_only: bool,
}

/// A benchmark: its name on the command line and what it does.
type Benchmark = (&'static str, fn(&Plan) -> Outcome<Section>);

const BENCHMARKS: [Benchmark; 14] = [
    ("postgres-first", postgres::first_in_order),
    ("postgres-first-random", postgres::first_at_random),
    ("postgres-gc", postgres::gc),
    ("postgres-next", postgres::next),
    ("postgres-restore", restore::postgres),
    ("postgres-diff", diff::postgres),
    ("postgres-unchanged", unchanged::postgres),
    ("sqlite-first", sqlite::first),
    ("sqlite-restore", restore::sqlite),
    ("sqlite-unchanged", unchanged::sqlite),
    ("startup", startup::startup),
    ("prisma-export", prisma::export),
    ("prisma-script", prisma::script),
    ("prisma-memory", prisma::memory),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match &args[..] {
        // The SQLite peer is this program again, so that a process is held against a process.
        [mode, file] if mode == sqlite::READER => sqlite::read_all(file),
        _ => run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("speed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[String]) -> Outcome<()> {
    let (plan, chosen) = parse(args)?;
    let mut sections = Vec::new();
    for (name, benchmark) in chosen {
        eprintln!("{name}: {} rows, {} rounds", plan.rows, plan.rounds);
        let section = benchmark(&plan).map_err(|error| format!("{name}: {error}"))?;
        println!("{}", section.markdown());
        sections.push(section);
    }
    if plan.peers_only { Ok(()) } else { report::write(&sections) }
}

fn parse(args: &[String]) -> Outcome<(Plan, Vec<Benchmark>)> {
    let mut plan = Plan { rows: 1_000_000, rounds: 5, peers_only: false };
    let mut chosen = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut number = || args.next().ok_or(format!("{arg} needs a number"));
        match arg.as_str() {
            // Cargo's own mark that this is `cargo bench`.
            "--bench" => {}
            "--rows" => plan.rows = number()?.parse()?,
            "--rounds" => plan.rounds = number()?.parse()?,
            "--peers-only" => plan.peers_only = true,
            name => {
                let known = BENCHMARKS.iter().find(|(known, _)| *known == name);
                let names: Vec<&str> = BENCHMARKS.iter().map(|(known, _)| *known).collect();
                chosen.push(*known.ok_or(format!("unknown benchmark {name}; there are {}", names.join(", ")))?);
            }
        }
    }
    if plan.rows == 0 || plan.rounds == 0 {
        return Err("rows and rounds begin at 1".into());
    }
    if chosen.is_empty() {
        chosen.extend(BENCHMARKS);
    }
    Ok((plan, chosen))
}
