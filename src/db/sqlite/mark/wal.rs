//! The write-ahead log as a file: which frames of it are in force, and would be if it were read anew.

use crate::fsio::FileExt;
use rusqlite::Connection;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

/// Bytes of the header of a log, and of that of each frame.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// What a log begins with whose checksums are of little-endian words; with a one in the last bit they are big-endian.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;
/// Bytes that are looked through.
const LONGEST: u64 = 32 << 20;

/// The number of frames in force, the salts of the log and the checksum of all of it up to the last of these frames; `0`
/// if there is no log.
///
/// # Errors
/// Unless whoever reads the file anew finds the same frames. If something stands beyond them, it may come into force
/// without another write, when its writer goes on, or is gone.
pub(super) fn in_force(conn: &Connection, path: Option<&Path>) -> Result<String, String> {
    const ANOTHER: &str = "its log is not the one in force";
    let cannot = |error: &dyn std::fmt::Display| format!("the write-ahead log cannot be looked at: {error}");
    let frames: i64 =
        conn.query_row("PRAGMA main.wal_checkpoint(NOOP)", [], |row| row.get(1)).map_err(|error| cannot(&error))?;
    let Some(path) = path else {
        return if frames > 0 { Err(ANOTHER.to_owned()) } else { Ok("0".to_owned()) };
    };
    let frames = u64::try_from(frames).map_err(|_| "there is a write-ahead log that is not in use".to_owned())?;
    let log = File::open(path).map_err(|error| cannot(&error))?;
    let mut header = [0u8; HEADER];
    log.read_exact_at(&mut header, 0).map_err(|error| cannot(&error))?;
    let page = number(&header, 8);
    let frame = FRAME_HEADER as u64 + u64::from(page);
    if !(512..=65536).contains(&page) || frames.saturating_mul(frame) > LONGEST {
        return Err("the write-ahead log is too long to be looked through".to_owned());
    }
    let sum = match frames {
        0 => (0, 0),
        _ => sum(&log, &header, frames, frame).map_err(|error| cannot(&error))?.ok_or(ANOTHER)?,
    };
    let mut next = [0u8; FRAME_HEADER];
    match log.read_exact_at(&mut next, HEADER as u64 + frames * frame) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
        Err(error) => return Err(cannot(&error)),
        // frames of the log as it is now have the salts of its header; those of an earlier round have others
        Ok(()) if next[8..16] != header[16..24] => {}
        Ok(()) => return Err("its log holds what is not in force: a transaction is open or was cut off".to_owned()),
    }
    let salts = (number(&header, 16), number(&header, 20));
    Ok(format!("{frames} {:08x}{:08x} {:08x}{:08x}", salts.0, salts.1, sum.0, sum.1))
}

/// The checksum of the last of so many frames, each of `length` bytes, if all are whole and the last one is a commit's.
fn sum(log: &File, header: &[u8; HEADER], frames: u64, length: u64) -> std::io::Result<Option<(u32, u32)>> {
    let word = match number(header, 0) {
        MAGIC => u32::from_le_bytes,
        magic if magic == MAGIC + 1 => u32::from_be_bytes,
        _ => return Ok(None),
    };
    let mut sum = add((0, 0), &header[..24], word);
    if number(header, 4) != VERSION || sum != (number(header, 24), number(header, 28)) {
        return Ok(None);
    }
    let mut frame = vec![0u8; usize::try_from(length).unwrap_or_default()];
    for nth in 0..frames {
        log.read_exact_at(&mut frame, HEADER as u64 + nth * length)?;
        let (head, page) = frame.split_at(FRAME_HEADER);
        sum = add(add(sum, &head[..8], word), page, word);
        let is_whole = number(head, 0) != 0 && head[8..16] == header[16..24];
        if !is_whole || sum != (number(head, 16), number(head, 20)) || (nth + 1 == frames && number(head, 4) == 0) {
            return Ok(None);
        }
    }
    Ok(Some(sum))
}

/// SQLite's checksum of `bytes` behind those of which it is `sum`.
fn add(sum: (u32, u32), bytes: &[u8], word: fn([u8; 4]) -> u32) -> (u32, u32) {
    bytes.as_chunks::<8>().0.iter().fold(sum, |(one, two), &[a, b, c, d, e, f, g, h]| {
        let one = one.wrapping_add(word([a, b, c, d])).wrapping_add(two);
        (one, two.wrapping_add(word([e, f, g, h])).wrapping_add(one))
    })
}

/// The big-endian number at `at`.
fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
