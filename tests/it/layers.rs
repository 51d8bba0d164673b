//! The layers of the crate: which module may import which. Read from the `crate::` paths of each line of `src/`.

use crate::support::files::{project, rust_files, text};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every module below the root of the crate, and what it may import besides itself: only what stands above it.
const LAYERS: [(&str, &[&str]); 15] = [
    ("wire", &[]),
    ("fsio", &[]),
    ("monitor", &[]),
    ("hash", &["wire"]),
    ("codec", &["wire", "fsio", "monitor", "hash"]),
    // Opaque bytes: the store must not learn what a row is.
    ("store", &["wire", "fsio", "monitor", "hash"]),
    ("splice", &["hash"]),
    ("tree", &["wire", "fsio", "monitor", "hash", "codec", "store"]),
    ("db", &["wire", "fsio", "monitor", "hash", "codec"]),
    ("prisma", &["wire", "fsio", "monitor", "hash", "codec"]),
    ("check", &["fsio"]),
    ("snapshot", &["wire", "fsio", "monitor", "hash", "codec", "store", "tree"]),
    (
        "ops",
        &["wire", "fsio", "monitor", "hash", "codec", "store", "splice", "tree", "db", "prisma", "check", "snapshot"],
    ),
    ("demo", &["hash", "codec"]),
    // What a report exposes from below is re-exported by `ops`.
    ("cli", &["ops", "demo", "hash", "monitor"]),
];

fn may_import(module: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, imports)| *imports)
}

/// What is wrong with the imports of a file of `src/`, given its path below `src/`, one line each.
fn complaints(below: &str, source: &str) -> Vec<String> {
    let mut path: Vec<&str> = below.trim_end_matches(".rs").split('/').collect();
    path.pop_if(|name| *name == "mod");
    let (module, mut depth) = (path[0], path.len());
    let Some(allowed) = may_import(module) else { return vec![format!("{below}: `{module}` is not in the table")] };
    let mut found = Vec::new();
    for (number, line) in (1..).zip(source.lines()).filter(|(_, line)| !line.trim_start().starts_with("//")) {
        // The tests of a file are a module below it.
        depth += usize::from(line.starts_with("mod tests {"));
        let mut complain = |what: String| found.push(format!("{below}:{number}: {what}"));
        for rest in line.split("crate::").skip(1) {
            let imported: String = rest.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
            if imported != module && !allowed.contains(&imported.as_str()) {
                complain(format!("`{module}` may not import `{imported}`; it may import {}", allowed.join(", ")));
            }
        }
        if module != "db"
            && line.contains("crate::db::")
            && ["postgres::", "sqlite::"].iter().any(|one| line.contains(one))
        {
            complain("names an engine: go by `Sink` and `Engine`".to_owned());
        }
        // A path through the root, without its name, would not be seen.
        let supers = (1..=line.len()).take_while(|count| line.contains(&"super::".repeat(*count))).count();
        if supers >= depth && line.trim() != "use super::*;" || line.contains("use crate as") {
            complain("leads through the root of the crate: write `crate::` and the module's name".to_owned());
        }
    }
    found
}

#[test]
fn the_source_keeps_to_its_layers() {
    let src = project("src");
    let files = rust_files(&src).into_iter().map(|file| (file.strip_prefix(&src).unwrap().to_owned(), text(&file)));
    let files = files.filter(|(below, _)| !["lib.rs", "main.rs"].map(Path::new).contains(&below.as_path()));
    let found: Vec<String> = files.flat_map(|(below, source)| complaints(&below.to_string_lossy(), &source)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_module_imports_one_that_stands_below_it_in_the_table() {
    for (at, (module, imports)) in LAYERS.iter().enumerate() {
        let above: Vec<&str> = LAYERS[..at].iter().map(|(name, _)| *name).collect();
        assert!(imports.iter().all(|import| above.contains(import)), "{module}");
    }
}

#[test]
fn what_breaks_the_layers_is_seen() {
    for (below, source) in [
        ("wire.rs", "use crate::hash::Hash;"),
        ("store/mod.rs", "use crate::codec::Value;"),
        ("codec/row.rs", "fn f(o: &crate::store::Object) {}"),
        ("db/sqlite/read.rs", "use super::super::super::tree::Tree;"),
        ("prisma/export.rs", "use crate::{hash::Hash, db::Source};"),
        ("hash.rs", "use super::codec::Value;"),
        ("store/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::codec::Value;\n}"),
        ("store/mod.rs", "use crate::*;"),
        ("store/mod.rs", "use crate as all;"),
        ("ops/sql.rs", "use crate::db::sqlite::Scratch;"),
        ("ops/snap.rs", "use crate::db::{Sink, postgres::Postgres};"),
        ("new.rs", ""),
    ] {
        assert_eq!(complaints(below, source).len(), 1, "{below}: {source}");
    }
    for (below, source) in [
        ("store/pack.rs", "use crate::hash::Hash; use super::Index; use crate::store::lock::Lock;"),
        ("ops/snap.rs", "/// [`crate::cli`]\nuse crate::db::Source; fn f() { crate::prisma::export() }"),
        ("codec/key/mod.rs", "use super::Value;\nmod tests {\n    use super::super::Value;\n}"),
    ] {
        assert_eq!(complaints(below, source), Vec::<String>::new());
    }
}

/// The files that `mod name;` lines reach from this one.
fn declared(file: &Path, is_root: bool) -> Vec<PathBuf> {
    let dir =
        if is_root || file.ends_with("mod.rs") { file.parent().unwrap().to_owned() } else { file.with_extension("") };
    let source = text(file);
    let declaration = |line: &str| Some(line.trim().strip_suffix(';')?.rsplit_once("mod ")?.1.to_owned());
    let there = |name: String| [dir.join(format!("{name}.rs")), dir.join(name).join("mod.rs")];
    let named = source.lines().filter_map(declaration).flat_map(there).filter(|path| path.is_file());
    named.flat_map(|path| [vec![path.clone()], declared(&path, false)].concat()).collect()
}

#[test]
fn no_file_is_left_out_of_the_crate() {
    for (dir, roots) in [("src", &["src/lib.rs", "src/main.rs"][..]), ("tests/it", &["tests/it/main.rs"])] {
        let roots: Vec<PathBuf> = roots.iter().map(|root| project(root)).collect();
        let part: BTreeSet<PathBuf> = roots.iter().flat_map(|root| declared(root, true)).chain(roots.clone()).collect();
        let left_out: Vec<_> = rust_files(&project(dir)).difference(&part).cloned().collect();
        assert!(left_out.is_empty(), "no module declares {left_out:#?}");
    }
}
