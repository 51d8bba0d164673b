//! What the crate is built from.

use crate::support::files::{project, text};

/// The bundled SQLite has the fix of the WAL corruption bug, and nothing of what is banned is in the lock file.
#[test]
fn the_dependencies_are_the_ones_that_were_chosen() {
    let sqlite = rusqlite::version_number();
    assert!(sqlite >= 3_051_003, "SQLite {} is older than 3.51.3", rusqlite::version());

    let lock = text(&project("Cargo.lock"));
    let locked: Vec<&str> = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    assert!(locked.contains(&"rusqlite"), "the lock file is not read");
    for banned in ["openssl", "openssl-sys", "native-tls", "sqlx", "ruzstd"] {
        assert!(!locked.contains(&banned), "{banned} is in the tree");
    }
}
