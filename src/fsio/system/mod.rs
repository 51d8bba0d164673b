//! What every system has in its own way: one file for each, with the same items.
//!
//! Docs of an item are in the file for Unix; that for Windows says how it is kept to there, and by which rule of the
//! system. What cannot be known is said to be unknown, never taken for fine.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

use std::path::Path;

/// Whose a file or directory is, as far as trusting it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ownership {
    /// It belongs to the user this process runs as.
    pub ours: bool,
    /// Its owner as the system tells it (`uid 1000`); none if all that is told is whether it is ours.
    pub owner: Option<String>,
    /// Whether every user of the machine can write there; none if that is not known.
    pub all_write: Option<bool>,
}

impl Ownership {
    /// What is said of something that belongs to somebody else.
    pub fn in_words(&self) -> String {
        let owner = self.owner.as_ref().map_or_else(String::new, |owner| format!(" ({owner})"));
        format!("belongs to another user{owner}")
    }
}

/// A path as it is stored and compared: with `/` on every system.
pub fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// Whether this system takes a file of that name for something else.
pub fn is_read_as_another(name: &str) -> bool {
    cfg!(windows) && is_read_as_another_by_windows(name)
}

/// By the rules of Win32 (Microsoft, "Naming Files, Paths, and Namespaces"): periods and spaces at the end are dropped, a
/// colon begins a stream of the file before it, and devices are in every folder, whatever follows a period.
fn is_read_as_another_by_windows(name: &str) -> bool {
    let stem = name.split(['.', ':']).next().unwrap_or_default().trim_end_matches(' ').to_ascii_lowercase();
    let is_port = |kind| {
        let mut rest = stem.strip_prefix(kind).unwrap_or_default().chars();
        rest.next().is_some_and(|number| number.is_ascii_digit() || "¹²³".contains(number)) && rest.next().is_none()
    };
    let is_device = ["con", "prn", "aux", "nul", "conin$", "conout$"].contains(&stem.as_str());
    name.ends_with(['.', ' ']) || name.contains(':') || is_device || is_port("com") || is_port("lpt")
}

/// Makes the bytes of a file durable that somebody else, SQLite say, has written and closed.
///
/// # Errors
/// If the system refuses.
pub fn sync_file(path: &Path) -> std::io::Result<()> {
    open_to_sync(path)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_windows_takes_for_others_are_known() {
        for name in [".git.", ".git ", ".git::$INDEX_ALLOCATION", "v1.", "NUL", "nul.txt", "Aux .x", "com1", "LPT¹.log"]
        {
            assert!(is_read_as_another_by_windows(name), "{name}");
        }
        for name in [".git", "v1.0", "null", "com", "com10", "console", "a nul", ".x"] {
            assert!(!is_read_as_another_by_windows(name), "{name}");
        }
    }
}
