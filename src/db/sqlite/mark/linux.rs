//! Where a database file stands, by the file system's word: on Linux. The argument is in
//! `docs/decisions/0006-nothing-has-changed.md`.

use super::wal;
use crate::codec::Mark;
use rusqlite::Connection;
use rustix::fs::{AtFlags, CWD, StatxFlags};
use rustix::time::Timespec;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// File systems of this machine's whose times of change were looked at: the magic numbers of ext2 to ext4, XFS, Btrfs,
/// tmpfs and overlayfs.
const FILE_SYSTEMS: [i64; 5] = [0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630];
/// What tells one start of this machine from the next.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// How often the clock is looked at, each millisecond, until it has passed a file's last change. It ticks every one to
/// ten.
const TRIES: u32 = 100;
/// What asks `statx` for the number of a mount (since Linux 6.8).
const STATX_MNT_ID_UNIQUE: u32 = 0x4000;

/// What the kernel says of a file that is there and not empty.
#[derive(Debug)]
struct Seen {
    /// Mount, device, inode, size and time of change.
    text: String,
    /// The same with the time of the last writing, which a change of the owner does not move.
    written: String,
}

/// The files of a database as they are at one time.
#[derive(Debug)]
pub(in crate::db::sqlite) struct Files {
    machine: String,
    file: Seen,
    log: Option<Seen>,
}

impl Files {
    /// Looks at what is at `path`.
    ///
    /// # Errors
    /// Why nothing would follow from it.
    pub(in crate::db::sqlite) fn at(path: &Path) -> Result<Files, String> {
        let file_system = rustix::fs::statfs(path).map_err(|error| format!("no file system is told: {error}"))?;
        if !FILE_SYSTEMS.contains(&magic(file_system.f_type)) {
            return Err("the times of changes are not relied on in the file system that it is in".to_owned());
        }
        let machine = std::fs::read_to_string(BOOT).map_err(|error| format!("{BOOT}: {error}"))?;
        let file = settled(path)?.ok_or("the file is gone or empty")?;
        if settled(&beside(path, "-journal"))?.is_some() {
            return Err("a transaction is open or was cut off: there is a journal".to_owned());
        }
        let log = settled(&beside(path, "-wal"))?;
        Ok(Files { machine: machine.trim().to_owned(), file, log })
    }

    /// Asks on `conn`, which was opened since and is not in a transaction.
    ///
    /// # Errors
    /// Why nothing is known: it may remember what it read of other files than those that are at `path` now.
    pub(in crate::db::sqlite) fn mark(&self, conn: &Connection, path: &Path) -> Result<Mark, String> {
        let log_path = beside(path, "-wal");
        let in_force = wal::in_force(conn, self.log.as_ref().map(|_| log_path.as_path()))?;
        let now = Files::at(path)?;
        if !self.are(&now) {
            return Err("the file or its log was changed while it was opened".to_owned());
        }
        let log = now.log.map_or_else(|| "none".to_owned(), |log| format!("{} {in_force}", log.text));
        Ok(Mark::new([("machine", now.machine), ("file", now.file.text), ("log", log)]))
    }

    fn are(&self, now: &Files) -> bool {
        // SQLite sets the log's owner when root opens it, and with it the time of change
        let own = rustix::process::geteuid().is_root();
        self.file.text == now.file.text
            && match (&self.log, &now.log) {
                (Some(then), Some(now)) if own => then.written == now.written,
                (Some(then), Some(now)) => then.text == now.text,
                (then, now) => then.is_none() && now.is_none(),
            }
    }
}

/// The 32 bits of a magic number, of which some processors make one with a sign.
fn magic(f_type: impl Into<i64>) -> i64 {
    f_type.into() & 0xFFFF_FFFF
}

/// The clock by which the kernel stamps files.
fn file_clock() -> Timespec {
    rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse)
}

/// Which mount a file is reached by: a number that is not given again before the machine is started anew.
fn mount(path: &Path) -> Result<u64, String> {
    let wanted = StatxFlags::from_bits_retain(STATX_MNT_ID_UNIQUE);
    let found = rustix::fs::statx(CWD, path, AtFlags::SYMLINK_NOFOLLOW, wanted)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    match found.stx_mask & STATX_MNT_ID_UNIQUE {
        0 => Err("only Linux 6.8 and later tells whether the file system was mounted anew".to_owned()),
        _ => Ok(found.stx_mnt_id),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Which file is there, how long it is and when it was last changed; `None` if it is not there or empty.
///
/// Whatever is written to it after this gets a later time of change: the clock by which the kernel stamps files is past
/// the one that is returned.
fn settled(path: &Path) -> Result<Option<Seen>, String> {
    for _ in 0..TRIES {
        let now = file_clock();
        let found = match std::fs::symlink_metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        if !found.is_file() {
            return Err(format!("{} is not a regular file", path.display()));
        }
        if found.len() == 0 {
            return Ok(None);
        }
        let changed = Timespec { tv_sec: found.ctime(), tv_nsec: found.ctime_nsec() };
        if changed.tv_nsec == 0 {
            return Err("the file system seems to note changes by the second".to_owned());
        }
        if changed < now {
            let which = format!("{}:{}:{} {}", mount(path)?, found.dev(), found.ino(), found.len());
            let text = format!("{which} {}.{:09}", changed.tv_sec, changed.tv_nsec);
            return Ok(Some(Seen { text, written: format!("{which} {}.{:09}", found.mtime(), found.mtime_nsec()) }));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err(format!("{} is being written, or was last changed in the future", path.display()))
}
