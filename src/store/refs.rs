//! Refs: tags, pins and small named pointers (`docs/FORMAT.md`, section 8).

use super::check::describe;
use super::layout::hash_name;
use super::litter::{is_file_managers, is_litter};
use super::{Store, StoreError};
use crate::fsio::{FileKind, is_read_as_another, read_whole};
use crate::hash::Hash;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

/// The longest content of a ref, in bytes: a pin's reason or a pointer's bytes.
pub const MAX_REF_LEN: u64 = 4096;
const TAGS: &str = "tags";
const PINS: &str = "pins";
const POINTERS: &str = "pointers";
const CHECKSUM_LEN: usize = 65;

/// Refs by what they are found by, and what each says, or why that cannot be understood.
pub type Each<K, V> = Vec<(K, Result<V, StoreError>)>;

/// Something that stands where a ref should.
pub(super) struct Misplaced {
    /// Where.
    pub path: PathBuf,
    /// What should be there, if that is known.
    pub right: Option<Vec<u8>>,
}

/// A snapshot that is kept from retention and deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The snapshot.
    pub id: Hash,
    /// Why, in the words of whoever pinned it.
    pub reason: Option<String>,
}

/// Succeeds if `name` can be a tag or a pointer: 1 to 64 characters of `[A-Za-z0-9._-]`, the first not `.` or `-`, and
/// nothing that reads as another kind of reference: eight or more hex digits, `latest`, `backup_...`.
///
/// # Errors
/// [`StoreError::BadName`] with the rule that it breaks.
pub fn check_name(name: &str) -> Result<(), StoreError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let lower = name.to_ascii_lowercase();
    let reason = if name.is_empty() || name.len() > 64 {
        "it must have 1 to 64 characters"
    } else if !name.bytes().all(plain) {
        "only letters, digits, `.`, `_` and `-` are allowed"
    } else if name.starts_with(['.', '-']) {
        "it must not begin with `.` or `-`"
    } else if name.len() >= Hash::SHORT && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        "it reads as the id of a snapshot"
    } else if lower == "latest" {
        "`latest` always means the newest snapshot"
    } else if lower.starts_with("backup_") {
        "it reads as the name of an export"
    } else if is_read_as_another(name) {
        "Windows takes a file of that name for another one, or for a device"
    } else {
        return Ok(());
    };
    Err(StoreError::BadName { name: name.to_owned(), reason })
}

impl Store {
    /// All tags and what they name, sorted by name.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if one cannot be understood, [`StoreError::Io`].
    pub fn tags(&self) -> Result<Vec<(String, Hash)>, StoreError> {
        self.each_tag()?.into_iter().map(|(name, id)| Ok((name, id?))).collect()
    }

    /// All tags, sorted by name, and what each names, or why that cannot be understood.
    ///
    /// # Errors
    /// [`StoreError::Io`] if they cannot be listed.
    pub fn each_tag(&self) -> Result<Each<String, Hash>, StoreError> {
        let names = self.ref_names(TAGS)?.into_iter().filter(|name| check_name(name).is_ok());
        let read = |name: String| match self.tag(&name) {
            Err(_) if self.is_litter(TAGS, &name) => None,
            read => Some((name, read.transpose()?)),
        };
        Ok(names.filter_map(read).collect())
    }

    /// What a tag names.
    ///
    /// # Errors
    /// [`StoreError::BadName`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn tag(&self, name: &str) -> Result<Option<Hash>, StoreError> {
        check_name(name)?;
        let Some(content) = self.read_ref(TAGS, name)? else { return Ok(None) };
        let id = std::str::from_utf8(&content).ok().and_then(Hash::parse_hex);
        id.map(Some).ok_or_else(|| StoreError::damaged(&self.ref_path(TAGS, name), "it holds no id"))
    }

    /// Lets a tag name `id`, durably; an older meaning is replaced.
    ///
    /// # Errors
    /// [`StoreError::BadName`], also if it differs from another tag only in case, which some file systems cannot tell
    /// apart; [`StoreError::Io`].
    pub fn set_tag(&self, name: &str, id: &Hash) -> Result<(), StoreError> {
        self.check_new_name(TAGS, name)?;
        self.write_ref(TAGS, name, id.to_hex().as_bytes())
    }

    /// Removes a tag, durably. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError::BadName`], [`StoreError::Io`].
    pub fn remove_tag(&self, name: &str) -> Result<bool, StoreError> {
        check_name(name)?;
        self.remove_ref(TAGS, name)
    }

    /// All pins, sorted by id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if a reason cannot be understood, [`StoreError::Io`].
    pub fn pins(&self) -> Result<Vec<Pin>, StoreError> {
        self.each_pin()?.into_iter().map(|(_, pin)| pin).collect()
    }

    /// All pinned snapshots, sorted by id, and each pin, or why it cannot be understood.
    ///
    /// # Errors
    /// [`StoreError::Io`] if they cannot be listed.
    pub fn each_pin(&self) -> Result<Each<Hash, Pin>, StoreError> {
        let ids = self.ref_names(PINS)?.into_iter().filter_map(|name| hash_name(&name, ""));
        Ok(ids.filter_map(|id| Some((id, self.read_pin(&id).transpose()?))).collect())
    }

    /// Keeps a snapshot from retention and deletion, durably; the reason is at most [`MAX_REF_LEN`] bytes.
    ///
    /// # Errors
    /// [`StoreError::Missing`] if there is no such manifest, [`StoreError::TooLarge`], [`StoreError::Io`].
    pub fn pin(&self, id: &Hash, reason: Option<&str>) -> Result<(), StoreError> {
        if self.fs.stat(&self.layout.manifest(id))?.is_none() {
            return Err(StoreError::Missing(*id));
        }
        self.write_ref(PINS, &id.to_hex(), reason.unwrap_or_default().as_bytes())
    }

    /// Takes a pin away, durably. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn unpin(&self, id: &Hash) -> Result<bool, StoreError> {
        self.remove_ref(PINS, &id.to_hex())
    }

    /// The names of all pointers, sorted.
    ///
    /// # Errors
    /// [`StoreError::Io`].
    pub fn pointers(&self) -> Result<Vec<String>, StoreError> {
        let ours =
            |name: &String| check_name(name).is_ok() && (self.pointer(name).is_ok() || !self.is_litter(POINTERS, name));
        Ok(self.ref_names(POINTERS)?.into_iter().filter(ours).collect())
    }

    /// The bytes kept under a pointer's name.
    ///
    /// # Errors
    /// [`StoreError::BadName`], [`StoreError::Damaged`], [`StoreError::Io`].
    pub fn pointer(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        check_name(name)?;
        self.read_ref(POINTERS, name)
    }

    /// Keeps at most [`MAX_REF_LEN`] bytes under a name, durably.
    ///
    /// # Errors
    /// [`StoreError::BadName`], [`StoreError::TooLarge`], [`StoreError::Io`].
    pub fn set_pointer(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        self.check_new_name(POINTERS, name)?;
        self.write_ref(POINTERS, name, content)
    }

    /// Removes a pointer, durably. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError::BadName`], [`StoreError::Io`].
    pub fn remove_pointer(&self, name: &str) -> Result<bool, StoreError> {
        check_name(name)?;
        self.remove_ref(POINTERS, name)
    }

    /// Refs that cannot be understood, and tags and pins of snapshots that are not there, with the reason.
    pub(super) fn damaged_refs(&self) -> Result<Vec<(PathBuf, String)>, StoreError> {
        let (mut damaged, mut named) = (Vec::new(), Vec::new());
        let mut note = |kind: &str, name: &str, result: Result<Option<Hash>, StoreError>| match result {
            Err(error) => damaged.push((self.ref_path(kind, name), describe(&error))),
            Ok(id) => named.extend(id.map(|id| (self.ref_path(kind, name), id))),
        };
        for (name, id) in self.each_tag()? {
            note(TAGS, &name, id.map(Some));
        }
        for (id, pin) in self.each_pin()? {
            note(PINS, &id.to_hex(), pin.map(|pin| Some(pin.id)));
        }
        for name in self.pointers()? {
            note(POINTERS, &name, self.pointer(&name).map(|_| None));
        }
        // After the refs: a snapshot taken meanwhile is there before a ref names it. A tag of a deleted one comes back with
        // it.
        let manifests: HashSet<Hash> = self.manifest_ids()?.into_iter().collect();
        let deleted: HashSet<Hash> = self.set_aside_manifests()?.into_iter().map(|aside| aside.id).collect();
        named.retain(|(_, id)| !manifests.contains(id) && !deleted.contains(id));
        damaged.extend(named.into_iter().map(|(path, _)| (path, "it names a snapshot that is not there".to_owned())));
        Ok(damaged)
    }

    /// Refs in which one bit is wrong, and what they should hold.
    pub(super) fn mendable_refs(&self) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
        let mut mendable = Vec::new();
        for kind in [TAGS, PINS, POINTERS] {
            for name in self.ref_names(kind)? {
                if !matches!(self.read_ref(kind, &name), Err(StoreError::Damaged { .. })) || self.is_litter(kind, &name)
                {
                    continue;
                }
                let path = self.ref_path(kind, &name);
                let is_right = |bytes: &[u8]| {
                    let content = bytes.get(CHECKSUM_LEN..).unwrap_or_default();
                    bytes.get(..CHECKSUM_LEN) == Some(checksum_line(kind, &name, content).as_bytes())
                };
                if let Some(right) = self.one_bit_off(&path, &is_right) {
                    mendable.push((path, right));
                }
            }
        }
        Ok(mendable)
    }

    fn read_pin(&self, id: &Hash) -> Result<Option<Pin>, StoreError> {
        let name = id.to_hex();
        let Some(content) = self.read_ref(PINS, &name)? else { return Ok(None) };
        let reason = String::from_utf8(content)
            .map_err(|_| StoreError::damaged(&self.ref_path(PINS, &name), "its reason is not UTF-8"))?;
        Ok(Some(Pin { id: *id, reason: (!reason.is_empty()).then_some(reason) }))
    }

    /// Whether a file among the refs that cannot be understood as one is another program's.
    fn is_litter(&self, kind: &str, name: &str) -> bool {
        let bytes = read_whole(&*self.fs, &self.ref_path(kind, name), MAX_REF_LEN + CHECKSUM_LEN as u64);
        is_litter(kind, name, &bytes.unwrap_or_default())
    }

    fn ref_path(&self, kind: &str, name: &str) -> PathBuf {
        self.layout.refs(kind).join(name)
    }

    fn ref_names(&self, kind: &str) -> Result<Vec<String>, StoreError> {
        let listed = self.entries_of(&self.layout.refs(kind))?;
        // Also what is no regular file: to overlook a pin would be to delete what it protects.
        let mut names: Vec<String> = listed.into_iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        Ok(names)
    }

    fn check_new_name(&self, kind: &str, name: &str) -> Result<(), StoreError> {
        check_name(name)?;
        if is_file_managers(name) {
            let reason = "file managers make files of that name";
            return Err(StoreError::BadName { name: name.to_owned(), reason });
        }
        let clashes = |other: &String| other != name && other.eq_ignore_ascii_case(name);
        if self.ref_names(kind)?.iter().any(clashes) {
            let reason = "there is one that differs from it only in case";
            return Err(StoreError::BadName { name: name.to_owned(), reason });
        }
        Ok(())
    }

    fn read_ref(&self, kind: &str, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.ref_path(kind, name);
        let bytes = match read_whole(&*self.fs, &path, MAX_REF_LEN + CHECKSUM_LEN as u64) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if matches!(error.kind(), io::ErrorKind::FileTooLarge | io::ErrorKind::InvalidInput) => {
                return Err(StoreError::damaged(&path, error.source.to_string()));
            }
            read => read?,
        };
        let content = bytes.get(CHECKSUM_LEN..).unwrap_or_default();
        if bytes.get(..CHECKSUM_LEN) == Some(checksum_line(kind, name, content).as_bytes()) {
            return Ok(Some(content.to_vec()));
        }
        Err(StoreError::damaged(&path, "its checksum is wrong"))
    }

    fn write_ref(&self, kind: &str, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let len = content.len() as u64;
        if len > MAX_REF_LEN {
            return Err(StoreError::TooLarge { what: "a ref", len, limit: MAX_REF_LEN });
        }
        self.ready_to_write()?;
        let (path, bytes) = (self.ref_path(kind, name), whole(kind, name, content));
        match self.is_directory(kind, name)? {
            true => self.replace_directory(&path, &bytes).map(drop),
            false => self.write_file(&path, &bytes),
        }
    }

    fn remove_ref(&self, kind: &str, name: &str) -> Result<bool, StoreError> {
        self.ready_to_write()?;
        Ok(self.clear_of_directory(kind, name)? || self.remove_file(&self.ref_path(kind, name))?)
    }

    /// Moves a directory that has a ref's name into quarantine, whatever it holds. Returns whether there was one.
    fn clear_of_directory(&self, kind: &str, name: &str) -> Result<bool, StoreError> {
        let is_directory = self.is_directory(kind, name)?;
        if is_directory {
            self.set_apart(&self.ref_path(kind, name))?;
        }
        Ok(is_directory)
    }

    fn is_directory(&self, kind: &str, name: &str) -> Result<bool, StoreError> {
        Ok(self.fs.stat(&self.ref_path(kind, name))?.is_some_and(|stat| stat.kind == FileKind::Dir))
    }

    /// Directories that have a ref's name, and what should be there instead, if that is known: a pin is known by its
    /// name.
    pub(super) fn directories_for_refs(&self) -> Result<Vec<Misplaced>, StoreError> {
        let mut found = Vec::new();
        for kind in [TAGS, PINS, POINTERS] {
            for name in self.ref_names(kind)? {
                let is_name = if kind == PINS { hash_name(&name, "").is_some() } else { check_name(&name).is_ok() };
                if is_name && self.is_directory(kind, &name)? {
                    let right = (kind == PINS).then(|| whole(kind, &name, b""));
                    found.push(Misplaced { path: self.ref_path(kind, &name), right });
                }
            }
        }
        Ok(found)
    }
}

fn whole(kind: &str, name: &str, content: &[u8]) -> Vec<u8> {
    [checksum_line(kind, name, content).as_bytes(), content].concat()
}

/// The first line of a ref. It covers the name too, so that files that were swapped are noticed.
pub(super) fn checksum_line(kind: &str, name: &str, content: &[u8]) -> String {
    let mut covered = format!("{kind}/{name}\n").into_bytes();
    covered.extend_from_slice(content);
    format!("{}\n", Hash::of(&covered))
}
