//! SQLite: each step of the argument in `docs/decisions/0006-nothing-has-changed.md`, and what tries to break it.

use super::random::read;
use super::{MaybeMarked, mark, refusal};
use dbsnap::codec::Mark;
use dbsnap::db::sqlite::Sqlite;
use dbsnap::db::{OpenOptions, Sink, Standing};
use rusqlite::Connection;
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Dir(TempDir);

impl Dir {
    /// A directory with a database of 200 rows in `dev.db`.
    fn new() -> Dir {
        Dir::in_mode("delete")
    }

    fn in_mode(mode: &str) -> Dir {
        let dir = Dir(tempfile::tempdir().unwrap());
        let conn = dir.session("dev.db");
        conn.pragma_update(None, "journal_mode", mode).unwrap();
        conn.execute_batch(
            "BEGIN; CREATE TABLE t (id INTEGER PRIMARY KEY, w TEXT);
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200)
             INSERT INTO t SELECT n, printf('%0200d', n) FROM n; COMMIT",
        )
        .unwrap();
        dir
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn session(&self, name: &str) -> Connection {
        let conn = Connection::open(self.path(name)).unwrap();
        conn.execute_batch("PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0").unwrap();
        conn
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path("dev.db"), &OpenOptions::default()).unwrap()
    }

    fn now(&self) -> Mark {
        mark(&mut self.open())
    }

    fn sh(&self, script: &str) {
        let run = Command::new("sh").args(["-ec", script]).current_dir(self.0.path()).output().unwrap();
        assert!(run.status.success(), "{script}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// The bytes by which SQLite's own connections tell that the file was written.
    fn change_counter(&self) -> [u8; 4] {
        std::fs::read(self.path("dev.db")).unwrap()[24..28].try_into().unwrap()
    }
}

const MODES: [&str; 6] = ["delete", "truncate", "persist", "memory", "off", "wal"];

#[test]
fn who_only_reads_changes_nothing() {
    for mode in ["delete", "truncate", "memory", "off", "wal"] {
        let dir = Dir::in_mode(mode);
        let before = dir.now();
        dir.sh("sqlite3 dev.db 'SELECT count(*) FROM t; BEGIN; SELECT * FROM t LIMIT 1; ROLLBACK' >/dev/null");
        let mut kept = dir.open();
        assert_eq!((mark(&mut kept), mark(&mut kept)), (before.clone(), before.clone()), "{mode}");
        drop(kept);
        assert_eq!(dir.now(), before, "{mode}");
    }
    // with frames in a log that another program keeps open
    let dir = Dir::in_mode("wal");
    let conn = dir.session("dev.db");
    conn.execute("UPDATE t SET w = 'x' WHERE id = 1", []).unwrap();
    let mut kept = dir.open();
    let before = mark(&mut kept);
    conn.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
    // who opens it as root makes SQLite set the log's owner, and each answer is of a new connection
    let is_root = std::fs::metadata(dir.path("dev.db")).unwrap().uid() == 0;
    assert_eq!(mark(&mut kept) == before, !is_root);
    assert_eq!(dir.now() == before, !is_root);
}

#[test]
fn a_commit_is_noticed_in_every_journal_mode() {
    for mode in MODES {
        let dir = Dir::in_mode(mode);
        for locking in ["normal", "exclusive"] {
            let before = dir.open().marked();
            let conn = dir.session("dev.db");
            conn.execute_batch(&format!("PRAGMA locking_mode = {locking}; PRAGMA journal_mode = {mode}")).unwrap_or(());
            conn.execute("UPDATE t SET w = w || '.' WHERE id = 7", []).unwrap();
            conn.execute("UPDATE t SET w = 'same length' WHERE id = 8", []).unwrap();
            if locking == "normal" {
                assert_differs(before.as_ref(), dir.open().marked().as_ref(), mode);
            }
            drop(conn);
            assert_differs(before.as_ref(), dir.open().marked().as_ref(), mode);
        }
    }
}

/// Two marks that are there are not equal.
fn assert_differs(before: Option<&Mark>, after: Option<&Mark>, what: &str) {
    assert!(before.is_none() || before != after, "{what}: {before:?}");
}

/// A file's clock ticks every few milliseconds: a mark is not taken before the tick of the last write is over.
#[test]
fn a_write_in_the_same_tick_is_noticed() {
    for mode in ["off", "wal"] {
        let dir = Dir::in_mode(mode);
        let conn = dir.session("dev.db");
        let mut write = conn.prepare("UPDATE t SET w = ?1 WHERE id = 5").unwrap();
        let mut sink = dir.open();
        for round in 0..150 {
            write.execute([round]).unwrap();
            let before = mark(&mut sink);
            write.execute([round + 1000]).unwrap();
            assert_ne!(mark(&mut sink), before, "{mode}, round {round}");
        }
    }
}

#[test]
fn a_transaction_that_is_open_is_not_told_or_changes_nothing() {
    let dir = Dir::new();
    let before = dir.now();
    let conn = dir.session("dev.db");
    conn.execute_batch("BEGIN; DELETE FROM t WHERE id = 1").unwrap();
    assert!(refusal(&mut dir.open()).contains("journal"));
    conn.execute_batch("ROLLBACK").unwrap();
    assert_eq!(dir.now(), before);

    // in a log: frames that were written for want of memory, and are not committed
    let dir = Dir::in_mode("wal");
    let conn = dir.session("dev.db");
    conn.execute_batch("UPDATE t SET w = 'x' WHERE id = 1").unwrap();
    let before = dir.now();
    conn.execute_batch("PRAGMA cache_size = 2; PRAGMA cache_spill = 2; BEGIN; UPDATE t SET w = w || '!'").unwrap();
    assert!(refusal(&mut dir.open()).contains("not in force"));
    conn.execute_batch("COMMIT").unwrap();
    assert_ne!(dir.now(), before);
}

/// A writer that was stopped between writing its frames and making them known: they come into force when it goes on, or
/// when the log is read anew, and no file is written for it.
#[test]
fn a_commit_in_the_log_that_nobody_knows_of_is_not_passed_over() {
    let dir = Dir::in_mode("wal");
    let conn = dir.session("dev.db");
    conn.execute("UPDATE t SET w = 'x' WHERE id = 1", []).unwrap();
    dir.now();
    // the same log with one more commit, made elsewhere
    dir.sh("cp dev.db other.db; cp dev.db-wal other.db-wal");
    let other = dir.session("other.db");
    other.execute("DELETE FROM t WHERE id > 100", []).unwrap();
    let (known, whole) =
        (std::fs::read(dir.path("dev.db-wal")).unwrap(), std::fs::read(dir.path("other.db-wal")).unwrap());
    assert!(whole.len() > known.len() && whole.starts_with(&known), "the log does not go on");
    let mut log = std::fs::OpenOptions::new().append(true).open(dir.path("dev.db-wal")).unwrap();
    log.write_all(&whole[known.len()..]).unwrap();
    let count = |conn: &Connection| conn.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(count(&conn), 200, "it is in force already");
    assert!(refusal(&mut dir.open()).contains("not in force"));
    // it would have come into force
    dir.sh("cp dev.db again.db; cp dev.db-wal again.db-wal");
    assert_eq!(count(&dir.session("again.db")), 100);
}

/// The journal of another time, put beside the file: the next reader rolls it back.
#[test]
fn a_journal_that_somebody_puts_there_is_noticed() {
    let dir = Dir::new();
    let conn = dir.session("dev.db");
    conn.execute_batch("BEGIN; DELETE FROM t WHERE id = 1").unwrap();
    dir.sh("cp dev.db-journal kept");
    conn.execute_batch("COMMIT").unwrap();
    drop(conn);
    let before = dir.now();
    let mut sink = dir.open();
    dir.sh("cp kept dev.db-journal");
    assert!(refusal(&mut sink).contains("journal"));
    dir.sh("rm dev.db-journal");
    assert_eq!(mark(&mut sink), before);
}

/// Two copies of a file that went on by the same number of commits have the same change counter and the same size, and
/// their times can be made the same.
#[test]
fn another_file_in_its_place_is_another() {
    for way in
        ["cp -p b.db dev.db", "mv b.db dev.db", "ln -sf b.db dev.db", "dd if=b.db of=dev.db conv=notrunc 2>/dev/null"]
    {
        let dir = Dir::new();
        dir.sh("cp dev.db b.db");
        dir.session("dev.db").execute("UPDATE t SET w = 'one way' WHERE id = 1", []).unwrap();
        dir.session("b.db").execute("UPDATE t SET w = 'another' WHERE id = 1", []).unwrap();
        let stamp = "touch -d '2026-01-01 10:00:00.123456789'";
        dir.sh(&format!("{stamp} dev.db b.db"));
        let (before, counter) = (dir.now(), dir.change_counter());
        let old = std::fs::metadata(dir.path("dev.db")).unwrap();
        dir.sh(&format!("{way}; {stamp} dev.db"));
        let new = std::fs::metadata(dir.path("dev.db")).unwrap();
        assert_eq!(dir.change_counter(), counter, "the test is to show two files with the same counter");
        assert_eq!((new.len(), new.mtime(), new.mtime_nsec()), (old.len(), old.mtime(), old.mtime_nsec()));
        assert_eq!(before.lost(&dir.now()), ["file"], "{way}");
    }
}

/// Programs that write the file by themselves, and set its times back.
#[test]
fn what_is_written_without_sqlite_is_noticed() {
    let dir = Dir::new();
    let path = dir.path("dev.db");
    let content = std::fs::read(&path).unwrap();
    let at = content.windows(200).position(|bytes| bytes.ends_with(b"00042") && bytes.starts_with(b"0000")).unwrap();
    let stamp = |path: &Path| dir.sh(&format!("touch -d '2026-01-01' {}", path.display()));
    stamp(&path);
    let before = dir.now();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"9", at as u64).unwrap();
    drop(file);
    stamp(&path);
    assert_ne!(dir.now(), before);
    let before = dir.now();
    dir.sh("sed -i s/00000043/99999943/ dev.db; touch -d 2026-01-01 dev.db");
    assert_ne!(dir.now(), before);
}

#[test]
fn a_link_that_is_turned_is_noticed_and_another_name_is_not_another_file() {
    let dir = Dir::new();
    dir.sh("mkdir one two; cp dev.db one; cp dev.db two; rm dev.db; ln -s one/dev.db dev.db");
    let before = dir.now();
    let by_itself = mark(&mut Sqlite::open(&dir.path("one/dev.db"), &OpenOptions::default()).unwrap());
    assert_eq!(by_itself, before);
    dir.sh("ln -sfn two/dev.db dev.db");
    assert_eq!(before.lost(&dir.now()), ["file"]);
}

/// Between transactions a connection keeps pages while some bytes of the file are what they were, or while nobody wrote
/// to the log. Its snapshot would have the mark of one file and the rows of another.
#[test]
fn a_file_that_is_copied_over_is_read_anew() {
    for mode in ["delete", "wal"] {
        let dir = Dir::in_mode(mode);
        dir.sh("cp dev.db b.db");
        dir.session("dev.db").execute("UPDATE t SET w = 'one way' WHERE id = 1", []).unwrap();
        dir.session("b.db").execute("UPDATE t SET w = 'another' WHERE id = 1", []).unwrap();
        let mut kept = dir.open();
        let before = read(&mut kept).unwrap();
        let old = std::fs::metadata(dir.path("dev.db")).unwrap();
        dir.sh("cp b.db dev.db");
        let new = std::fs::metadata(dir.path("dev.db")).unwrap();
        assert_eq!((new.ino(), new.len()), (old.ino(), old.len()));
        let after = read(&mut kept).unwrap();
        assert_ne!(after, before, "{mode}");
        assert_eq!(after, read(&mut dir.open()).unwrap(), "{mode}");
        assert_eq!(mark(&mut kept), dir.now(), "{mode}");
    }
}

#[test]
fn a_connection_to_a_file_that_was_replaced_tells_of_the_new_one() {
    for mode in ["delete", "wal"] {
        let dir = Dir::in_mode(mode);
        dir.sh("cp dev.db b.db");
        dir.session("b.db").execute("UPDATE t SET w = 'another' WHERE id = 1", []).unwrap();
        let mut kept = dir.open();
        let (before, rows) = (mark(&mut kept), read(&mut kept).unwrap());
        dir.sh("mv dev.db kept.db; mv b.db dev.db");
        assert_eq!(before.lost(&mark(&mut kept)), ["file"], "{mode}");
        assert_eq!(mark(&mut kept), dir.now(), "{mode}");
        assert_ne!(read(&mut kept).unwrap(), rows, "{mode}");
    }
    // a writer that goes on in a log which is not there any more
    let dir = Dir::in_mode("wal");
    let conn = dir.session("dev.db");
    conn.execute("UPDATE t SET w = 'x' WHERE id = 1", []).unwrap();
    let mut kept = dir.open();
    mark(&mut kept);
    dir.sh("mv dev.db-wal kept");
    assert!(!matches!(kept.standing(), Ok(Standing::Marked(_))), "a log that is gone");
    dir.sh("cp kept dev.db-wal");
    conn.execute("UPDATE t SET w = 'y' WHERE id = 2", []).unwrap();
    assert!(!matches!(kept.standing(), Ok(Standing::Marked(_))), "a log that is a copy");
}

/// A backup of both files is put back in place while a program has the database open: connections go on by what is known
/// of the log as it was, and who reads it anew finds other frames.
#[test]
fn a_log_that_is_not_the_one_in_force_is_not_told() {
    let dir = Dir::in_mode("wal");
    let conn = dir.session("dev.db");
    let write = |round: &str, times: u32| {
        for nth in 1..=times {
            conn.execute("UPDATE t SET w = ?1 WHERE id = 1", [format!("{round} {nth}")]).unwrap();
        }
    };
    let checkpoint = || conn.query_row("PRAGMA wal_checkpoint", [], |_| Ok(())).unwrap();
    write("a longer round, of which frames stay behind", 6);
    checkpoint();
    write("backup", 2);
    dir.sh("cp dev.db b.db; cp dev.db-wal b.db-wal");
    checkpoint();
    write("later", 3);
    dir.now();
    dir.sh("dd if=b.db of=dev.db conv=notrunc 2>/dev/null; dd if=b.db-wal of=dev.db-wal conv=notrunc 2>/dev/null");
    assert!(refusal(&mut dir.open()).contains("not the one in force"));
    checkpoint();
    write("after", 1);
    dir.now();
}

#[test]
fn what_stands_in_the_place_of_a_log_is_not_followed() {
    let dir = Dir::new();
    let mut sink = dir.open();
    dir.sh("mkfifo dev.db-wal");
    assert!(refusal(&mut sink).contains("not a regular file"));
    dir.sh("rm dev.db-wal; mkdir dev.db-journal");
    assert!(refusal(&mut sink).contains("not a regular file"));
}
