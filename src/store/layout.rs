//! Where things are in a store, and which names are ours.

use crate::hash::Hash;
use std::path::{Path, PathBuf};

/// The directories of a store, below its root, parents first.
pub(super) const DIRS: [&str; 8] =
    ["tmp", "packs", "index", "snapshots", "refs", "refs/tags", "refs/pins", "refs/pointers"];

/// Everything that may stand in the root of a store.
pub(super) const ROOT_NAMES: [&str; 12] = [
    "format",
    "lock",
    ".gitignore",
    "config.toml",
    "tmp",
    "packs",
    "index",
    "snapshots",
    "deleted",
    "refs",
    "quarantine",
    "hooks",
];

/// The format of the stores that this program writes and reads.
pub(super) const FORMAT_VERSION: &str = "1";
/// What the `format` file holds.
pub(super) const FORMAT: &[u8] = b"dbsnap store 1\n";
/// How the `format` file of any version begins.
pub(super) const FORMAT_NAME: &str = "dbsnap store ";

/// What the store's `.gitignore` holds: rows never go into version control, settings may.
pub(super) const GITIGNORE: &[u8] = b"*\n!.gitignore\n!config.toml\n";

/// The paths of one store.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Layout {
        Layout { root: root.to_path_buf() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn format(&self) -> PathBuf {
        self.root.join("format")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn gitignore(&self) -> PathBuf {
        self.root.join(".gitignore")
    }

    pub(super) fn temp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    pub(super) fn packs(&self) -> PathBuf {
        self.root.join("packs")
    }

    pub(super) fn pack(&self, name: &Hash) -> PathBuf {
        self.packs().join(format!("{name}.pack"))
    }

    pub(super) fn index(&self) -> PathBuf {
        self.root.join("index")
    }

    pub(super) fn index_file(&self, name: &Hash) -> PathBuf {
        self.index().join(format!("{name}.idx"))
    }

    pub(super) fn manifests(&self) -> PathBuf {
        self.root.join("snapshots")
    }

    pub(super) fn manifest(&self, id: &Hash) -> PathBuf {
        self.manifests().join(format!("{id}.json"))
    }

    /// Where deleted manifests are until they are removed for good; made by the first deletion.
    pub(super) fn deleted(&self) -> PathBuf {
        self.root.join("deleted")
    }

    /// Where damaged files are set aside; made when there is the first.
    pub(super) fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    /// The directory of one kind of refs: `tags`, `pins` or `pointers`.
    pub(super) fn refs(&self, kind: &str) -> PathBuf {
        self.root.join("refs").join(kind)
    }
}

/// The hash in a file name of the form `<64 lower-case hex digits><suffix>`; `None` for any other name.
pub(super) fn hash_name(name: &str, suffix: &str) -> Option<Hash> {
    let stem = name.strip_suffix(suffix)?;
    let hash = Hash::parse_hex(stem)?;
    // One hash, one name: the upper-case spelling is not ours.
    stem.bytes().all(|byte| !byte.is_ascii_uppercase()).then_some(hash)
}
