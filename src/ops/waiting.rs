//! Rows that wait until there are enough of them to ask the database whether a filter holds for them.

use super::OpError;
use crate::db::{DbError, RowStream};
use crate::fsio::FileExt;
use crate::hash::{Hash, Hasher};
use crate::tree::Entry;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Rows, and bytes of them, that are asked about at once.
const MOST_ROWS: usize = 500;
const MOST_BYTES: usize = 1 << 20;
/// Bytes of a row that waits on disk and not in memory.
const LONG: usize = 1 << 20;

/// Tells for each row whether the filter holds.
pub(super) type Matching<'j> = dyn FnMut(&mut dyn RowStream) -> Result<Vec<bool>, DbError> + 'j;

/// A row that waits.
pub(super) struct Kept {
    pub key: Vec<u8>,
    pub count: u64,
    id: Hash,
    row: Storage,
}

/// Where a row is.
enum Storage {
    Memory(Vec<u8>),
    /// A file, the hash of what is in it, and where.
    Disk(Rc<File>, Hash, Range<u64>),
}

impl Kept {
    /// Its row; a long one is read anew each time.
    ///
    /// # Errors
    /// If the temporary file cannot be read, or is not what was written.
    pub fn row(&self) -> Result<Cow<'_, [u8]>, OpError> {
        let (file, hash, range) = match &self.row {
            Storage::Memory(row) => return Ok(Cow::Borrowed(row)),
            Storage::Disk(file, hash, range) => (file, hash, range),
        };
        let refused = |error| OpError::io("read", "a temporary file", error);
        let mut row = vec![0; usize::try_from(range.end - range.start).map_err(|_| refused(changed()))?];
        file.read_exact_at(&mut row, range.start).map_err(refused)?;
        if Hash::of(&row) == *hash { Ok(Cow::Owned(row)) } else { Err(refused(changed())) }
    }

    /// It, as it came; `row` is what [`Kept::row`] gave.
    pub fn entry<'k>(&'k self, row: &'k [u8]) -> Entry<'k> {
        Entry { key: &self.key, id: self.id, row, count: self.count }
    }

    /// Whether both have the same row.
    pub fn is_same_row(&self, other: &Kept) -> bool {
        match (&self.row, &other.row) {
            (Storage::Memory(row), Storage::Memory(other)) => row == other,
            (Storage::Disk(_, hash, _), Storage::Disk(_, other, _)) => hash == other,
            _ => false,
        }
    }
}

fn changed() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "what is read is not what was written")
}

/// Both versions of a row.
pub(super) type Versions = (Option<Kept>, Option<Kept>);

/// A version of a row, whose bytes come in parts.
pub(super) type Version<'v> = (Entry<'v>, &'v [&'v [u8]]);

/// Rows that wait.
pub(super) struct Waiting {
    rows: Vec<Versions>,
    bytes: usize,
    dir: PathBuf,
    /// Where long rows are, and where the next comes.
    file: Option<Rc<File>>,
    end: u64,
}

impl Waiting {
    /// No rows; a file for long ones is made in `dir`.
    pub fn new(dir: &Path) -> Waiting {
        Waiting { rows: Vec::new(), bytes: 0, dir: dir.to_owned(), file: None, end: 0 }
    }

    /// Takes one more.
    ///
    /// # Errors
    /// If a temporary file cannot be written.
    pub fn push(&mut self, old: Option<Version<'_>>, new: Option<Version<'_>>) -> Result<(), OpError> {
        let versions =
            (old.map(|version| self.keep(version)).transpose()?, new.map(|version| self.keep(version)).transpose()?);
        self.rows.push(versions);
        Ok(())
    }

    fn keep(&mut self, (entry, parts): Version<'_>) -> Result<Kept, OpError> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.bytes += entry.key.len() + length;
        let row = match length > LONG {
            false => Storage::Memory(parts.concat()),
            true => self.write(parts).map_err(|error| OpError::io("write a temporary file in", &self.dir, error))?,
        };
        Ok(Kept { key: entry.key.to_vec(), count: entry.count, id: entry.id, row })
    }

    fn write(&mut self, parts: &[&[u8]]) -> io::Result<Storage> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(Rc::new(tempfile::tempfile_in(&self.dir)?)),
        };
        let (start, mut hasher) = (self.end, Hasher::new());
        for part in parts {
            file.write_all_at(part, self.end)?;
            hasher.update(part);
            self.end += part.len() as u64;
        }
        Ok(Storage::Disk(Rc::clone(file), hasher.finish(), start..self.end))
    }

    /// Whether it is time to ask.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= MOST_ROWS || self.bytes >= MOST_BYTES
    }

    /// All of them; none wait any longer. They can be read until the next one is pushed.
    pub fn take(&mut self) -> Vec<Versions> {
        (self.bytes, self.end) = (0, 0);
        std::mem::take(&mut self.rows)
    }
}

/// For both versions of each row whether the filter holds; not of one that is not there, or that `asks` leaves out.
pub(super) fn held(
    rows: &[Versions],
    matching: &mut Matching<'_>,
    asks: impl Fn(&Kept, &Versions) -> bool,
) -> Result<Vec<(bool, bool)>, OpError> {
    let mut asked = Asked { rows: Vec::new(), next: 0, row: Cow::Borrowed(&[]), failed: None };
    for both in rows {
        asked.rows.extend([&both.0, &both.1].into_iter().flatten().filter(|kept| asks(kept, both)));
    }
    let told = if asked.rows.is_empty() { Ok(Vec::new()) } else { matching(&mut asked) };
    let mut told = match (told, asked.failed) {
        (Err(DbError::Stopped), Some(failed)) => return Err(failed),
        (told, _) => told?.into_iter(),
    };
    let mut next = |version: &Option<Kept>, both| {
        version.as_ref().is_some_and(|kept| asks(kept, both)) && told.next().unwrap_or(false)
    };
    Ok(rows.iter().map(|both| (next(&both.0, both), next(&both.1, both))).collect())
}

/// Rows that are asked about.
struct Asked<'r> {
    rows: Vec<&'r Kept>,
    next: usize,
    row: Cow<'r, [u8]>,
    failed: Option<OpError>,
}

impl RowStream for Asked<'_> {
    fn next_row(&mut self) -> Result<Option<&[u8]>, DbError> {
        if self.next == self.rows.len() {
            return Ok(None);
        }
        self.next += 1;
        self.again().map(Some)
    }

    fn forget(&mut self) {
        self.row = Cow::Borrowed(&[]);
    }

    fn again(&mut self) -> Result<&[u8], DbError> {
        // not beside the one before
        self.forget();
        let kept = self.next.checked_sub(1).and_then(|at| self.rows.get(at)).ok_or(DbError::Stopped)?;
        match kept.row() {
            Ok(row) => self.row = row,
            Err(error) => {
                self.failed = Some(error);
                return Err(DbError::Stopped);
            }
        }
        Ok(&self.row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_rows_wait_on_disk_and_are_what_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let mut waiting = Waiting::new(dir.path());
        let (long, other) = (vec![1; LONG + 1], vec![2; LONG + 1]);
        let entry = Entry { key: b"k", id: Hash::of(b"id"), row: b"", count: 1 };
        for _ in 0..2 {
            waiting.push(Some((entry, &[b"short"])), Some((entry, &[&long[..LONG], &long[LONG..]]))).unwrap();
            waiting.push(Some((entry, &[&long])), Some((entry, &[&other]))).unwrap();
            assert!(waiting.is_full());
            let rows = waiting.take();
            let mut seen = Vec::new();
            let mut matching = |rows: &mut dyn RowStream| {
                while let Some(row) = rows.next_row()? {
                    seen.push(row.to_vec());
                    rows.forget();
                    assert!(rows.again()? == seen.last().unwrap().as_slice());
                }
                Ok(vec![true, false, true])
            };
            let told = held(&rows, &mut matching, |kept, both| !both.1.as_ref().unwrap().is_same_row(kept)).unwrap();
            assert_eq!(told, [(true, false), (false, false)]);
            assert!(seen == [b"short".to_vec(), long.clone()]);
            assert!(rows[1].0.as_ref().unwrap().is_same_row(rows[0].1.as_ref().unwrap()));
        }
        // a disk that gives other bytes than it was given
        waiting.push(None, Some((entry, &[&long]))).unwrap();
        waiting.file.as_ref().unwrap().write_all_at(b"x", 5).unwrap();
        let told = held(&waiting.take(), &mut |rows| rows.next_row().map(|_| Vec::new()), |_, _| true);
        assert!(told.unwrap_err().to_string().contains("not what was written"));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
