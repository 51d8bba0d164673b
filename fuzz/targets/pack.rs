#![no_main]

use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Store};
use libfuzzer_sys::fuzz_target;
use std::path::PathBuf;
use std::sync::LazyLock;

static DIR: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    Store::init(&root).unwrap();
    (dir, root)
});

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(DIR.1.join(format!("packs/{}.pack", "0".repeat(64))), bytes).unwrap();
    let _ = Store::open(&DIR.1, Access::Read).and_then(|store| store.check(&Silent));
});
