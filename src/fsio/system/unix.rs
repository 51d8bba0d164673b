//! Linux and macOS.
//!
//! `File::sync_all` is `fsync` on Linux and `F_FULLFSYNC` on macOS, where `fsync` alone leaves bytes in the drive's
//! cache. `File::lock` is `flock` on both: a lock belongs to the open file and ends with it.

use super::Ownership;
use crate::fsio::{FsError, FsResult, Links};
use rustix::fs::{Dir, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, getpid, test_kill_process};
use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

pub use std::os::unix::fs::FileExt;

const FILE_MODE: u32 = 0o600;
const DIR_MODE: u32 = 0o700;

/// Opens a file if it is a regular one. Never waits: not for the other end of a pipe, and not for a device.
///
/// # Errors
/// The system's reason. (`Ok(None)` is for what is not a regular file.)
pub fn open_regular(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<Option<File>> {
    let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    match options.custom_flags(flags_of(flags)).open(path) {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if links == Links::Refuse && error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok(None),
        Err(error) => Err(error),
    }
}

/// Opens a file to be locked, so that whether it still has its name can be asked.
///
/// # Errors
/// As [`open_regular`].
pub fn open_to_lock(path: &Path, options: &mut OpenOptions) -> io::Result<Option<File>> {
    open_regular(path, options, Links::Refuse)
}

/// Opens a file so that it can be synced.
///
/// # Errors
/// The system's reason.
pub fn open_to_sync(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Opens a directory so that its names can be made durable; a link to one is refused.
///
/// # Errors
/// The system's reason.
pub fn open_dir(dir: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(flags_of(OFlags::DIRECTORY | OFlags::NOFOLLOW)).open(dir)
}

/// Creates a file that must not exist, for its owner only.
///
/// # Errors
/// The system's reason.
pub fn create_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)?;
    // The mode given to `open` is cut by the umask; this one is not.
    if let Err(error) = file.set_permissions(Permissions::from_mode(FILE_MODE)) {
        let _ = std::fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

/// Creates a directory that must not exist, for its owner only.
///
/// # Errors
/// The system's reason.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    retry(|| DirBuilder::new().mode(DIR_MODE).create(dir))?;
    std::fs::set_permissions(dir, Permissions::from_mode(DIR_MODE))
}

/// The names in a directory.
///
/// # Errors
/// The system's reason.
pub fn names_in(dir: &Path) -> io::Result<Vec<OsString>> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = retry(|| Ok(rustix::fs::open(dir, flags, Mode::empty())?))?;
    let mut names = Vec::new();
    // Not `std::fs::read_dir`: it panics if closing the directory fails.
    for entry in Dir::new(opened)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// Makes a call again that the system says is worth it: here, that a signal has interrupted. (For files the standard
/// library does so itself.)
///
/// # Errors
/// What the call returns.
pub fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Whether `path`, if it is a link the link itself, is the open file; `NotFound` if nothing is there.
///
/// # Errors
/// The system's reason.
pub fn is_same_file(path: &Path, open: &File) -> io::Result<bool> {
    let (held, named) = (open.metadata()?, std::fs::symlink_metadata(path)?);
    Ok((named.dev(), named.ino()) == (held.dev(), held.ino()))
}

/// What has to be done with a lock before its file is closed: here, nothing.
pub fn release(_locked: &File) {}

/// How many names (hard links) a file has; links to it are followed.
///
/// # Errors
/// The system's reason.
pub fn names_of(path: &Path) -> io::Result<u64> {
    Ok(path.metadata()?.nlink())
}

/// Whether a lock failed because the file system has none.
pub fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || Errno::from_io_error(error) == Some(Errno::NOLCK)
}

/// Whether the process, or the system, may have no more files open.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// Whether a process of this number is certainly not there, or is this one.
pub fn is_gone_or_own(process: i32) -> bool {
    let process = Pid::from_raw(process);
    process.is_some_and(|process| process == getpid() || test_kill_process(process) == Err(Errno::SRCH))
}

/// The permission bits of a file; none where a file has no such bits.
pub fn mode_of(found: &Metadata) -> Option<u32> {
    Some(found.permissions().mode() & 0o7777)
}

/// Gives a file these permission bits; does nothing where a file has none.
///
/// # Errors
/// The system's reason.
pub fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Whether its owner may write to a file.
pub fn owner_writes(found: &Metadata) -> bool {
    found.permissions().mode() & 0o200 != 0
}

/// Whether it is a file that can be run.
pub fn is_program(found: &Metadata) -> bool {
    found.is_file() && found.permissions().mode() & 0o111 != 0
}

/// Whether others than its owner have access to a file that holds a password. Where that is not a matter of bits, what
/// psql takes for granted is: a file in its owner's own folder.
pub fn others_have_access(found: &Metadata) -> bool {
    found.permissions().mode() & 0o077 != 0
}

impl Ownership {
    /// Who owns `path` and who may write there. Of a link, both it and what it leads to must be ours.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn of(path: &Path) -> FsResult<Ownership> {
        let failed = |e| FsError::new("examine", path, e);
        let own = rustix::process::geteuid().as_raw();
        let (named, found) =
            (std::fs::symlink_metadata(path).map_err(failed)?, std::fs::metadata(path).map_err(failed)?);
        let uid = if named.uid() == own { found.uid() } else { named.uid() };
        let all_write = Some(found.mode() & 0o002 != 0);
        Ok(Ownership { ours: uid == own, owner: Some(format!("uid {uid}")), all_write })
    }
}

/// Who may do what with a file beside its owner.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    mode: u32,
    group: u32,
}

impl Access {
    /// Of a file that is there.
    ///
    /// # Errors
    /// The system's reason.
    pub fn of(path: &Path) -> io::Result<Access> {
        let found = path.metadata()?;
        Ok(Access { mode: found.mode() & 0o7777, group: found.gid() })
    }

    /// Gives it to another file of ours.
    ///
    /// # Errors
    /// If the system refuses: this user must be in the group.
    pub fn give(self, path: &Path) -> FsResult<()> {
        let set_group = || match path.metadata()?.gid() == self.group {
            true => Ok(()),
            false => std::os::unix::fs::chown(path, None, Some(self.group)),
        };
        set_group().map_err(|e| FsError::new("set the group of", path, e))?;
        set_mode(path, self.mode).map_err(|e| FsError::new("set the mode of", path, e))
    }
}

#[expect(clippy::cast_possible_wrap, reason = "open flags are a bit set that libc calls an int")]
const fn flags_of(flags: OFlags) -> i32 {
    flags.bits() as i32
}
