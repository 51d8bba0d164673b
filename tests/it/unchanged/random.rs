//! Random statements against the real engines, and every mark held against all earlier ones of the trial: where two are
//! equal, a full read must find the same rows.

use super::MaybeMarked;
use crate::conformance::Collected;
use crate::support::postgres::{Db, PgServer, PsqlSession};
use crate::support::sweep;
use crate::tree::model::Dice;
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{DatabaseUrl, DbError, OpenOptions, Sink, TableId, TableRead};
use dbsnap::monitor::Silent;
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Seeds of these parts of the trial, of which each engine has two; `DBSNAP_TEST_SEEDS` tries more in each.
fn seeds(parts: Range<u64>) -> Range<u64> {
    let number = sweep::seeds(6);
    parts.start * number..parts.end * number
}

/// The rows of every table.
pub(super) type Content = BTreeMap<String, Vec<Vec<u8>>>;

trait World {
    /// A new connection of dbsnap's.
    fn open(&self) -> Result<Box<dyn Sink>, DbError>;

    /// Somebody does something; an error of theirs is theirs.
    fn act(&mut self, dice: &mut Dice);
}

fn options() -> OpenOptions {
    OpenOptions { lock_wait: Duration::from_millis(30), connect_within: None }
}

/// All rows, read by one snapshot.
pub(super) fn read(sink: &mut dyn Sink) -> Result<Content, DbError> {
    let tables = sink.catalog()?.tables;
    let reads: Vec<TableRead> =
        tables.iter().map(|info| TableRead { schema: info.schema.clone(), filter: None }).collect();
    let mut snapshot = sink.snapshot(&reads, &Silent)?;
    let mut content = Content::new();
    for (at, read) in reads.iter().enumerate() {
        let mut rows = Collected::default();
        snapshot.read(TableId::at(at), &mut rows)?;
        rows.rows.sort();
        content.insert(format!("{:?}", read.schema), rows.rows);
    }
    Ok(content)
}

/// Plays one seed; how often something was known, and how often rows were other ones.
fn play(world: &mut dyn World, rounds: u32, seed: u64) -> (usize, usize) {
    let mut dice = Dice(seed);
    let (mut known, mut changed) = (0, 0);
    let mut earlier = Vec::new();
    for _ in 0..rounds {
        for _ in 0..dice.roll(4) {
            world.act(&mut dice);
        }
        // what is locked is not read, and no mark of it counts
        let Ok(mut sink) = world.open() else { continue };
        let Some(mark) = sink.marked() else { continue };
        let Ok(content) = read(sink.as_mut()) else { continue };
        for (then, rows) in &earlier {
            if *then == mark {
                known += 1;
                assert!(*rows == content, "seed {seed}: nothing has changed, it says, at {mark:?}");
            } else if *rows != content {
                changed += 1;
            }
        }
        earlier.push((mark, content));
    }
    (known, changed)
}

/// Plays all seeds; marks that never were equal would show nothing, nor would rows that never changed.
fn trial<W: World>(seeds: Range<u64>, rounds: u32, new: impl Fn() -> W) {
    let played: Vec<(usize, usize)> = seeds.map(|seed| play(&mut new(), rounds, seed)).collect();
    let known = played.iter().filter(|(known, _)| *known > 0).count();
    let changed = played.iter().filter(|(_, changed)| *changed > 0).count();
    assert!(known * 2 > played.len() && changed * 2 > played.len(), "{played:?}");
}

fn pick<'p>(dice: &mut Dice, from: &[&'p str]) -> &'p str {
    dice.pick(from)
}

struct SqliteWorld {
    dir: tempfile::TempDir,
    sessions: [Option<Connection>; 2],
}

impl SqliteWorld {
    fn new() -> SqliteWorld {
        let dir = tempfile::tempdir().unwrap();
        let world = SqliteWorld { dir, sessions: [None, None] };
        let conn = world.session();
        conn.execute_batch(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT); CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT, w TEXT);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60) INSERT INTO t SELECT n, printf('%0300d', n) FROM n",
        )
        .unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn session(&self) -> Connection {
        let conn = Connection::open(self.path("dev.db")).unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = 3; PRAGMA cache_spill = 3").unwrap();
        conn
    }
}

impl World for SqliteWorld {
    fn open(&self) -> Result<Box<dyn Sink>, DbError> {
        Ok(Box::new(Sqlite::open(&self.path("dev.db"), &options())?))
    }

    fn act(&mut self, dice: &mut Dice) {
        let at = usize::try_from(dice.roll(2)).unwrap();
        let id = dice.roll(70);
        match dice.roll(30) {
            0..2 => self.sessions[at] = None,
            2 => {
                // the file as it was, or with it as it is
                self.sessions = [None, None];
                let (from, to) = if dice.roll(2) == 0 { ("dev.db", "kept.db") } else { ("kept.db", "dev.db") };
                let _ = std::fs::copy(self.path(from), self.path(to));
            }
            3 => {
                self.sessions = [None, None];
                if std::fs::copy(self.path("dev.db"), self.path("new.db")).is_ok() {
                    std::fs::rename(self.path("new.db"), self.path("dev.db")).unwrap();
                }
            }
            4 => {
                self.sessions = [None, None];
                let file = std::fs::File::options().append(true).open(self.path("dev.db")).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
            _ => {
                if self.sessions[at].is_none() {
                    self.sessions[at] = Some(self.session());
                }
                let write = format!("UPDATE t SET w = printf('%0300d', {}) WHERE id = {id}", dice.roll(9));
                let statement = pick(
                    dice,
                    &[
                        "BEGIN",
                        "BEGIN IMMEDIATE",
                        "COMMIT",
                        "COMMIT",
                        "ROLLBACK",
                        "SAVEPOINT a",
                        "ROLLBACK TO a",
                        "RELEASE a",
                        &write,
                        &write,
                        "UPDATE t SET w = w",
                        "UPDATE t SET w = substr(w, 2) || 'x'",
                        "DELETE FROM t WHERE id % 9 = 4",
                        "DELETE FROM t WHERE id < 0",
                        "INSERT INTO s (w) VALUES ('new')",
                        "SELECT count(*) FROM t",
                        "CREATE TABLE IF NOT EXISTS more (id INTEGER PRIMARY KEY)",
                        "DROP TABLE IF EXISTS more",
                        "PRAGMA wal_checkpoint(PASSIVE)",
                        "PRAGMA wal_checkpoint(RESTART)",
                        "PRAGMA wal_checkpoint(TRUNCATE)",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA journal_mode = DELETE",
                        "PRAGMA journal_mode = TRUNCATE",
                        "PRAGMA journal_mode = MEMORY",
                        "PRAGMA journal_mode = OFF",
                        "VACUUM",
                    ],
                );
                let _ = self.sessions[at].as_ref().unwrap().execute_batch(statement);
            }
        }
    }
}

#[test]
fn sqlite() {
    trial(seeds(0..2), 40, SqliteWorld::new);
}

struct PostgresWorld {
    sessions: [PsqlSession; 3],
    db: Db,
    /// Another database of the same server.
    _beside: Db,
}

impl PostgresWorld {
    fn new(server: &'static PgServer) -> PostgresWorld {
        let (db, beside) = (server.database(), server.database());
        db.sql(
            "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t SELECT n, 'w' || n FROM generate_series(1, 60) n; \
             CREATE TABLE s (id serial, w text); CREATE UNLOGGED TABLE u (id int)",
        );
        beside.sql("CREATE TABLE t (id int PRIMARY KEY, w text)");
        let mut sessions = [db.session_as("postgres"), db.session_as("postgres"), beside.session_as("postgres")];
        for session in &mut sessions {
            session.script("\\set ON_ERROR_STOP 0\nSET lock_timeout = '20ms';");
        }
        PostgresWorld { sessions, db, _beside: beside }
    }
}

impl World for PostgresWorld {
    fn open(&self) -> Result<Box<dyn Sink>, DbError> {
        let url = DatabaseUrl::parse(&self.db.url(), &PathBuf::from("/"))?;
        dbsnap::db::open(&url, &options())
    }

    fn act(&mut self, dice: &mut Dice) {
        // the database beside is at work now and then
        let at = [0, 0, 0, 1, 1, 1, 2][usize::try_from(dice.roll(7)).unwrap()];
        let (id, word) = (dice.roll(70), dice.roll(3));
        let insert = format!("INSERT INTO t VALUES ({id}, 'v{word}') ON CONFLICT DO NOTHING");
        let update = format!("UPDATE t SET w = 'v{word}' WHERE id = {id}");
        let delete = format!("DELETE FROM t WHERE id = {id}");
        let control = [
            "BEGIN",
            "BEGIN",
            "BEGIN ISOLATION LEVEL SERIALIZABLE",
            "COMMIT",
            "COMMIT",
            "COMMIT",
            "ROLLBACK",
            "SAVEPOINT a",
            "ROLLBACK TO a",
            "RELEASE a",
            "PREPARE TRANSACTION 'p'",
            "COMMIT PREPARED 'p'",
            "ROLLBACK PREPARED 'p'",
        ];
        let write = [&insert, &update, &update, &delete].map(String::as_str);
        let other = [
            "UPDATE t SET w = w",
            "DELETE FROM t WHERE id < 0",
            "SELECT count(*) FROM t",
            "SELECT * FROM t WHERE id = 5 FOR UPDATE",
            "SELECT * FROM t WHERE id = 5 FOR KEY SHARE",
            "INSERT INTO s (w) VALUES ('new')",
            "SELECT nextval('s_id_seq')",
            "INSERT INTO u VALUES (1)",
            "TRUNCATE u",
            "ALTER TABLE u ADD COLUMN IF NOT EXISTS more int DEFAULT 3",
            "ALTER TABLE u DROP COLUMN IF EXISTS more",
            "CREATE TEMP TABLE IF NOT EXISTS mine (id int)",
            "DO $$ BEGIN DELETE FROM t WHERE id = 8; RAISE 'no'; EXCEPTION WHEN others THEN END $$",
            "VACUUM t",
            "ANALYZE t",
            "CHECKPOINT",
            "REINDEX TABLE t",
            "LOCK TABLE t IN SHARE MODE",
        ];
        let statement = match dice.roll(5) {
            0 | 1 => pick(dice, &control),
            2 | 3 => pick(dice, &write),
            _ => pick(dice, &other),
        };
        self.sessions[at].run(statement);
    }
}

#[test]
fn postgres_first() {
    on_postgres(seeds(0..1));
}

#[test]
fn postgres_second() {
    on_postgres(seeds(1..2));
}

fn on_postgres(seeds: Range<u64>) {
    let server: &'static PgServer = Box::leak(Box::new(PgServer::start(&["max_prepared_transactions=5"], &[])));
    trial(seeds, 24, || PostgresWorld::new(server));
}
