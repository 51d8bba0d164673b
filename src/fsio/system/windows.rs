//! Windows: the rules of NTFS and of the Win32 interface, by Microsoft's documentation.
//!
//! - Durability. `File::sync_all` is `FlushFileBuffers`, which wants a handle that may write. It may be one of a
//!   directory: "the operation ensures that the directory structure is persisted to stable storage" ([MS-FSA] 2.1.5.7).
//! - Replacing. `std::fs::rename` replaces an existing file in one step, and files that others have open as the standard
//!   library opens them, sharing deletion.
//! - Locks. `File::lock` is `LockFileEx` on the whole file. Locks of a process that ends are released by the system, but
//!   "the time it takes depends upon available system resources", so they are released by ourselves.
//! - Access. Files have lists of access instead of bits, and take over that of their folder. None is set here: a store
//!   is as private as its folder.

use super::Ownership;
use crate::fsio::{FsError, FsResult, Links};
use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};
use winapi_util::file::{information, typ};

/// `CreateFile`: the link itself is opened, not what it leads to. Junctions and mount points count as links.
const FILE_FLAG_OPEN_REPARSE_POINT: u32 = 0x0020_0000;
/// `CreateFile`: without it, no directory is opened.
const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
/// `CreateFile`: others may read and write, but neither remove nor rename the file.
const FILE_SHARE_READ_WRITE: u32 = 0x1 | 0x2;

const ERROR_INVALID_FUNCTION: i32 = 1;
const ERROR_TOO_MANY_OPEN_FILES: i32 = 4;
const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_SHARING_VIOLATION: i32 = 32;
const ERROR_LOCK_VIOLATION: i32 = 33;
const ERROR_NOT_SUPPORTED: i32 = 50;

/// How long a file is waited for that somebody has open without sharing it: a scanner for viruses, an indexer.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

/// As on Unix. What is opened is asked what it is: `nul` and `com1` are devices in every folder.
pub fn open_regular(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<Option<File>> {
    if links == Links::Refuse {
        options.custom_flags(FILE_FLAG_OPEN_REPARSE_POINT);
    }
    match options.open(path) {
        Ok(file) => Ok((typ(&file)?.is_disk() && file.metadata()?.is_file()).then_some(file)),
        // A directory is not opened as a file.
        Err(error) if is(&error, &[ERROR_ACCESS_DENIED]) && path.is_dir() => Ok(None),
        Err(error) => Err(error),
    }
}

/// As on Unix. As long as the lock is held, nobody can remove or rename its file.
pub fn open_to_lock(path: &Path, options: &mut OpenOptions) -> io::Result<Option<File>> {
    open_regular(path, options.share_mode(FILE_SHARE_READ_WRITE), Links::Refuse)
}

/// As on Unix.
pub fn open_to_sync(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).open(path)
}

/// As on Unix.
pub fn open_dir(dir: &Path) -> io::Result<File> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    let opened = OpenOptions::new().write(true).custom_flags(flags).open(dir)?;
    if opened.metadata()?.is_dir() { Ok(opened) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Creates a file that must not exist; its access is that of its folder.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

/// Creates a directory that must not exist; its access is that of the folder that it is in.
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    std::fs::create_dir(dir)
}

/// As on Unix.
pub fn names_in(dir: &Path) -> io::Result<Vec<OsString>> {
    std::fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
}

/// Makes a call again that fails because somebody else has the file open without sharing it, for a while.
pub fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let busy = [ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION];
    let started = Instant::now();
    loop {
        match call() {
            Err(error) if is(&error, &busy) && started.elapsed() < PATIENCE => sleep(PAUSE),
            done => return done,
        }
    }
}

/// As on Unix. On NTFS, volume and index tell every file from every other one; on ReFS the index has more bits than are
/// told, but there, too, the file that [`open_to_lock`] has opened keeps its name.
pub fn is_same_file(path: &Path, open: &File) -> io::Result<bool> {
    let flags = FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT;
    let named = OpenOptions::new().access_mode(0).custom_flags(flags).open(path)?;
    let (held, named) = (information(open)?, information(&named)?);
    Ok((named.volume_serial_number(), named.file_index()) == (held.volume_serial_number(), held.file_index()))
}

/// Unlocks the file: closing it does that at a time of the system's choice.
pub fn release(locked: &File) {
    let _ = locked.unlock();
}

/// As on Unix.
pub fn names_of(path: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().access_mode(0).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(path)?;
    Ok(information(&file)?.number_of_links())
}

/// As on Unix.
pub fn has_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported || is(error, &[ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED])
}

/// As on Unix.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    is(error, &[ERROR_TOO_MANY_OPEN_FILES])
}

/// As on Unix; of other processes nothing is known, so what they left stays.
pub fn is_gone_or_own(process: i32) -> bool {
    u32::try_from(process) == Ok(std::process::id())
}

/// There are none.
pub fn mode_of(_found: &Metadata) -> Option<u32> {
    None
}

/// Does nothing.
pub fn set_mode(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

/// As on Unix, by the attribute.
pub fn owner_writes(found: &Metadata) -> bool {
    !found.permissions().readonly()
}

/// As on Unix; any file can be tried.
pub fn is_program(found: &Metadata) -> bool {
    found.is_file()
}

/// Nobody: "it is assumed that the file is stored in a directory that is secure, so no special permissions check is
/// made" (PostgreSQL, The Password File).
pub fn others_have_access(_found: &Metadata) -> bool {
    false
}

impl Ownership {
    /// As on Unix. Who may write is told of what is in the user's profile folder alone, to which the system lets nobody
    /// else but administrators; of other places it is not known.
    pub fn of(path: &Path) -> FsResult<Ownership> {
        let failed = |e| FsError::new("examine", path, e);
        // Also that the path is there, and any link in its place leads somewhere.
        let real = dunce::canonicalize(path).map_err(failed)?;
        let is_ours = |path: &Path| gix_sec::identity::is_path_owned_by_current_user(path).map_err(failed);
        let profile = std::env::home_dir().and_then(|profile| dunce::canonicalize(profile).ok());
        let is_within = profile.is_some_and(|profile| profile.parent().is_some() && real.starts_with(profile));
        let all_write = is_within.then_some(false);
        Ok(Ownership { ours: is_ours(path)? && is_ours(&real)?, owner: None, all_write })
    }
}

/// Who may do what with a file beside its owner: that, it takes over from its folder.
#[derive(Debug, Clone, Copy)]
pub struct Access(());

impl Access {
    /// As on Unix: the file must be there.
    pub fn of(path: &Path) -> io::Result<Access> {
        path.metadata().map(|_| Access(()))
    }

    /// Does nothing.
    pub fn give(self, _path: &Path) -> FsResult<()> {
        Ok(())
    }
}

/// Reading and writing at an offset. The file's own position moves along, so who uses it sets it first.
pub trait FileExt {
    /// Fills `buf` with the bytes at `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file ends before, or the system's reason.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`.
    ///
    /// # Errors
    /// The system's reason.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
}

impl FileExt for File {
    fn read_exact_at(&self, mut buf: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buf.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(self, buf, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => {
                    buf = &mut buf[read..];
                    offset += read as u64;
                }
            }
        }
        Ok(())
    }

    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(self, bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => {
                    bytes = &bytes[written..];
                    offset += written as u64;
                }
            }
        }
        Ok(())
    }
}

fn is(error: &io::Error, codes: &[i32]) -> bool {
    error.raw_os_error().is_some_and(|code| codes.contains(&code))
}
