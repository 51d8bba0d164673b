//! Files that somebody else wrote: settings, env files, schemas, certificates, exports.
//!
//! One way to open them, so that none can make the program wait or fill its memory: what is not a regular file (a pipe,
//! a device, a socket, a directory) is refused before it is read, and no file is read past a limit.

use super::system;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The limit of files that people write by hand: settings, env files, password files.
pub const SMALL_INPUT: u64 = 1 << 20;

/// The limit of files that may be generated: `package.json`, schemas, bundles of certificates.
pub const LARGE_INPUT: u64 = 32 << 20;

/// Whether a symbolic link in the place of a file is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// It is: settings are often links into another folder.
    Follow,
    /// It is refused.
    Refuse,
}

/// Opens a regular file for reading. Never waits: not for the other end of a pipe, and not for a device.
///
/// # Errors
/// The system's reason, or `InvalidInput` for what is not a regular file.
pub fn open_input(path: &Path, links: Links) -> io::Result<File> {
    // Opening a device can set it going, so it is looked at first. That alone would be a race, so it is looked at
    // again.
    let before = if links == Links::Follow { std::fs::metadata(path)? } else { std::fs::symlink_metadata(path)? };
    if !before.is_file() {
        return Err(not_regular(links));
    }
    system::open_regular(path, OpenOptions::new().read(true), links)?.ok_or_else(|| not_regular(links))
}

/// Reads a regular file of at most `limit` bytes; links are followed.
///
/// # Errors
/// As [`open_input`], and `FileTooLarge`.
pub fn read_input(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_input(path, Links::Follow)?;
    let mut bytes = Vec::new();
    // The length that the system tells can be wrong (in /proc it is 0) or change, so the reading itself is limited.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 <= limit {
        return Ok(bytes);
    }
    let reason = format!("it is larger than {} KB, which no such file should be", limit / 1000);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, reason))
}

/// As [`read_input`], for text.
///
/// # Errors
/// As [`read_input`], and `InvalidData` for what is not UTF-8.
pub fn read_input_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read_input(path, limit)?)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not valid UTF-8"))
}

fn not_regular(links: Links) -> io::Error {
    let reason = match links {
        Links::Follow => "it is not a regular file",
        Links::Refuse => "it is not a regular file (links are not followed)",
    };
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn only_regular_files_of_a_sane_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("file"), "four").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path("zero")).unwrap();
        std::fs::create_dir(path("folder")).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(read_input_text(&path("file"), 4).unwrap(), "four");
        assert_eq!(read_input_text(&path("link"), 4).unwrap(), "four");
        assert_eq!(read_input(&path("file"), 3).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        for odd in ["zero", "folder", "socket", "pipe"] {
            assert_eq!(read_input(&path(odd), 4).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{odd}");
        }
        assert_eq!(open_input(&path("link"), Links::Refuse).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(read_input(&path("none"), 4).unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(path("latin"), b"\xe9").unwrap();
        assert_eq!(read_input_text(&path("latin"), 4).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
