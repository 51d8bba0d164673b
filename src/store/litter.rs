//! Files that other programs leave in a store: file managers, synchronisers, editors. They are neither refs nor damage.
//!
//! Packs, index files, manifests and pins have names that nobody else makes. Tags and pointers have names that people
//! choose, so there the name alone does not tell.

use super::refs::checksum_line;

/// Names that file managers give to files of their own, in lower case.
const FILE_MANAGERS: [&str; 5] = ["thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "folder.jpg"];

/// Whether a file manager makes files of that name.
pub(super) fn is_file_managers(name: &str) -> bool {
    FILE_MANAGERS.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a file that is no ref of its name is another program's: a file manager's own, or a copy that a synchroniser
/// or an editor made of another ref (`v1.sync-conflict-20260124-103000`, `v1.orig`).
pub(super) fn is_litter(kind: &str, name: &str, bytes: &[u8]) -> bool {
    is_file_managers(name) || is_copy(kind, name, bytes)
}

fn is_copy(kind: &str, name: &str, bytes: &[u8]) -> bool {
    let Some(at) = bytes.iter().position(|byte| *byte == b'\n') else { return false };
    let (line, content) = bytes.split_at(at + 1);
    let originals = (1..name.len()).filter_map(|end| name.get(..end));
    originals.map(|original| checksum_line(kind, original, content)).any(|expected| line == expected.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_and_file_managers_files_are_told_from_damaged_refs() {
        let content = b"0123";
        let mut tag = checksum_line("tags", "v1", content).into_bytes();
        tag.extend_from_slice(content);
        for name in ["v1.orig", "v1-LAPTOP", "v1.sync-conflict-20260124-103000-ABCDEFG", "v1_2"] {
            assert!(is_litter("tags", name, &tag), "{name}");
        }
        for name in ["Thumbs.db", "desktop.ini", "DESKTOP.INI"] {
            assert!(is_litter("tags", name, b"[.ShellClassInfo]"), "{name}");
        }
        for name in ["v1", "v2", "w1", "v"] {
            assert!(!is_litter("tags", name, &tag), "{name}");
        }
        assert!(!is_litter("pointers", "v1.orig", &tag));
        tag[3] ^= 1;
        assert!(!is_litter("tags", "v1.orig", &tag));
        assert!(!is_litter("tags", "v1.orig", b""));
    }
}
