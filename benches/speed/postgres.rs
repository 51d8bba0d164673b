//! PostgreSQL: the first snapshot and the next one.

use crate::measure::{Lane, Taken, median, output, program, rounds, size_of, take};
use crate::report::Section;
use crate::rows::Ids;
use crate::server::Server;
use crate::{Outcome, Plan};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// `dbsnap` in a project directory.
pub fn dbsnap(dir: &Path, url: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program());
    // By the environment, so that the password is in no argument list.
    command.arg("-C").arg(dir).args(args).env("DBSNAP_URL", url).env_remove("DATABASE_URL");
    command
}

/// Empties `dir` and makes a store in it.
pub fn fresh_store(dir: &Path, url: &str) -> Outcome<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    output(&mut dbsnap(dir, url, &["init"]))?;
    Ok(())
}

/// Takes a snapshot of the table and sees that there is one more than before.
pub fn snap(dir: &Path, url: &str) -> Outcome<Taken> {
    let manifests = || fs::read_dir(dir.join(".dbsnap/snapshots")).map_or(0, Iterator::count);
    let before = manifests();
    let taken = take(&mut dbsnap(dir, url, &["snap", "mods", "-m", "speed"]))?;
    if manifests() == before { Err("dbsnap snap succeeded and left no snapshot".into()) } else { Ok(taken) }
}

/// The first snapshot of a table whose rows lie in key order.
///
/// # Errors
/// If a process fails.
pub fn first_in_order(plan: &Plan) -> Outcome<Section> {
    first(plan, Ids::InOrder, "postgres-first", "PostgreSQL: first snapshot, ids in the order of insertion")
}

/// The first snapshot of a table whose rows lie anywhere.
///
/// # Errors
/// If a process fails.
pub fn first_at_random(plan: &Plan) -> Outcome<Section> {
    first(plan, Ids::AtRandom, "postgres-first-random", "PostgreSQL: first snapshot, random ids")
}

/// A server with the table, and a directory for what the contestants write.
pub struct Arena {
    pub server: Server,
    dir: TempDir,
}

impl Arena {
    /// A server with as many rows as planned.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(plan: &Plan, ids: Ids) -> Outcome<Arena> {
        Ok(Arena { server: Server::with_mods(plan.rows, ids)?, dir: tempfile::tempdir()? })
    }

    /// A file, or directory, of the contestants'.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The peer of everything that reads the table.
    ///
    /// # Errors
    /// If it fails.
    pub fn copy(&self) -> Outcome<Taken> {
        take(&mut self.server.psql("COPY mods TO STDOUT"))
    }

    /// An empty store.
    ///
    /// # Errors
    /// If dbsnap fails.
    pub fn fresh_store(&self) -> Outcome<()> {
        fresh_store(&self.file("project"), &self.server.url())
    }

    /// A snapshot of the table.
    ///
    /// # Errors
    /// If dbsnap fails.
    pub fn snap(&self) -> Outcome<Taken> {
        snap(&self.file("project"), &self.server.url())
    }

    /// `pg_dump -Fc` of the table.
    pub fn dump(&self) -> Command {
        let mut dump = self.server.client("pg_dump");
        dump.args(["-Fc", "-t", "mods", "-f"]).arg(self.file("mods.dump"));
        dump
    }

    /// `psql` or `pg_dump` into `zstd -3`, through a shell that fails if either does.
    fn piped(&self, producer: &str) -> Command {
        let mut shell = self.server.client("bash");
        shell.args(["-c", &format!("set -o pipefail; {producer} | zstd -q -3 -c >\"$1\"")]);
        shell.arg("bash").arg(self.file("piped.zst"));
        shell
    }

    /// Bytes of the table as COPY text.
    fn text_bytes(&self) -> Outcome<u64> {
        let mut shell = self.server.client("bash");
        shell.args(["-c", "set -o pipefail; psql -X -q -c 'COPY mods TO STDOUT' | wc -c"]);
        Ok(output(&mut shell)?.parse()?)
    }

    /// Something that changes if any row does.
    ///
    /// # Errors
    /// If the server cannot tell.
    pub fn contents(&self) -> Outcome<String> {
        self.server.sql(CONTENTS)
    }

    /// Changes two columns of 1 % of the rows, other ones in each round, and gives how many.
    ///
    /// # Errors
    /// If the server refuses.
    pub fn change(&self, round: usize) -> Outcome<f64> {
        let part = hundredth(round);
        self.server.sql(&format!(
            "UPDATE mods SET download_count = download_count + 1, updated_at = updated_at + interval '1 day' WHERE {part};
             VACUUM ANALYZE mods; CHECKPOINT"
        ))?;
        Ok(self.server.sql(&format!("SELECT count(*) FROM mods WHERE {part}"))?.parse()?)
    }
}

/// Tells something that changes if any row does.
pub const CONTENTS: &str = "SELECT count(*), sum(hashtextextended(mods::text, 0)::numeric) FROM mods";

/// A condition that holds for one scattered row in a hundred.
pub fn hundredth(round: usize) -> String {
    format!("abs(hashtext(id)) % 100 = {}", round % 100)
}

fn first(plan: &Plan, ids: Ids, name: &str, title: &str) -> Outcome<Section> {
    let arena = Arena::new(plan, ids)?;
    let mut lanes: Vec<Lane<'_>> = vec![
        Box::new(|_| arena.copy()),
        Box::new(|_| take(&mut arena.dump())),
        Box::new(|_| take(&mut arena.piped("pg_dump -t mods"))),
    ];
    if !plan.peers_only {
        lanes.push(Box::new(|_| {
            arena.fresh_store()?;
            arena.snap()
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let ours = taken.get(3).map(Vec::as_slice);
    let each = arena.text_bytes()? / plan.rows;
    let about = format!("{} rows of `mods`, {each} bytes each as COPY text; {} rounds.", plan.rows, plan.rounds);
    let mut section = Section::new(title, name, about);
    section.time("time", ours, "`COPY mods TO STDOUT`, thrown away", &taken[0], 1.15);
    section.time("time", ours, "`pg_dump -Fc -t mods`", &taken[1], 0.233);
    section.time("time", ours, "`pg_dump -t mods \\| zstd -3`", &taken[2], 1.0);
    let store = if plan.peers_only { None } else { Some(real(size_of(&arena.file("project/.dbsnap"))?)) };
    section.size("size of the store", store, "the `pg_dump -Fc` file", real(size_of(&arena.file("mods.dump"))?), 0.85);
    section.memory("peak memory of `snap`", ours);
    Ok(section)
}

/// What `gc` makes of a first snapshot, and what reading it costs then.
///
/// # Errors
/// If a process fails.
pub fn gc(plan: &Plan) -> Outcome<Section> {
    let arena = Arena::new(plan, Ids::InOrder)?;
    take(&mut arena.dump())?;
    let (url, soft, hard) = (arena.server.url(), arena.file("soft"), arena.file("hard"));
    let mut packed = None;
    let mut taken = Vec::new();
    if !plan.peers_only {
        for dir in [&soft, &hard] {
            fresh_store(dir, &url)?;
            snap(dir, &url)?;
        }
        packed = Some(take(&mut dbsnap(&hard, &url, &["gc", "--recompress"]))?);
        let mut lanes: Vec<Lane<'_>> = vec![
            Box::new(|_| take(&mut dbsnap(&hard, &url, &["verify"]))),
            Box::new(|_| take(&mut dbsnap(&soft, &url, &["verify"]))),
        ];
        taken = rounds(&mut lanes, plan.rounds)?;
    }
    let about = format!(
        "{} rows of `mods`; `gc --recompress` does at once what `gc` does with packs that are a day old; {} rounds of `verify`.",
        plan.rows, plan.rounds
    );
    let mut section = Section::new("PostgreSQL: first snapshot after gc", "postgres-gc", about);
    let store = if plan.peers_only { None } else { Some(real(size_of(&hard.join(".dbsnap"))?)) };
    section.size("size of the store", store, "the `pg_dump -Fc` file", real(size_of(&arena.file("mods.dump"))?), 0.85);
    if let [after, before] = &taken[..] {
        section.time("time of `verify`", Some(after), "`verify` before gc", before, 1.05);
    }
    section.memory("peak memory of `gc --recompress`", packed.as_slice().first().map(std::slice::from_ref));
    Ok(section)
}

#[expect(clippy::cast_precision_loss, reason = "file sizes are far below 2^53")]
fn real(bytes: u64) -> f64 {
    bytes as f64
}

/// The snapshot after 1 % of the rows had two columns changed.
///
/// # Errors
/// If a process fails.
pub fn next(plan: &Plan) -> Outcome<Section> {
    let arena = Arena::new(plan, Ids::InOrder)?;
    if !plan.peers_only {
        arena.fresh_store()?;
        arena.snap()?;
    }
    let store = arena.file("project/.dbsnap");
    let (mut growth, mut compressed) = (Vec::new(), Vec::new());
    let mut lanes: Vec<Lane<'_>> = vec![Box::new(|round| {
        let changed = arena.change(round)?;
        let select = format!("COPY (SELECT * FROM mods WHERE {}) TO STDOUT", hundredth(round));
        output(&mut arena.piped(&format!("psql -X -q -c \"{select}\"")))?;
        compressed.push(real(size_of(&arena.file("piped.zst"))?) / changed);
        arena.copy()
    })];
    if !plan.peers_only {
        lanes.push(Box::new(|round| {
            let changed: f64 =
                arena.server.sql(&format!("SELECT count(*) FROM mods WHERE {}", hundredth(round)))?.parse()?;
            let before = size_of(&store)?;
            let taken = arena.snap()?;
            growth.push(real(size_of(&store)? - before) / changed);
            Ok(taken)
        }));
    }
    let taken = rounds(&mut lanes, plan.rounds)?;
    drop(lanes);
    let ours = taken.get(1).map(Vec::as_slice);
    let about = format!(
        "{} rows of `mods`; in each of {} rounds two columns of another 1 % of the rows, scattered, are changed first.",
        plan.rows, plan.rounds
    );
    let mut section = Section::new("PostgreSQL: next snapshot, 1 % of the rows changed", "postgres-next", about);
    section.time("time", ours, "`COPY mods TO STDOUT`, thrown away", &taken[0], 1.15);
    let growth = ours.map(|_| median(growth));
    section.size(
        "growth for each changed row",
        growth,
        "the changed rows as `zstd -3` makes them",
        median(compressed),
        1.0,
    );
    section.memory("peak memory of `snap`", ours);
    Ok(section)
}
