//! The layers of the crate, held against what the source says.
//!
//! A module imports only what stands in [`LAYERS`] beside it. The table, and not the compiler, is what keeps the crate free
//! of cycles: every module's imports stand above it.

use crate::source::files::{declared, module_of, project, rust_files, text};
use crate::source::paths::{Reference, references};
use crate::source::tokens::tokens;
use std::collections::BTreeSet;
use std::path::Path;

/// Every module below the root of the crate and what it may import besides itself.
const LAYERS: [(&str, &[&str]); 13] = [
    ("wire", &[]),
    ("fsio", &[]),
    ("monitor", &[]),
    ("hash", &["wire"]),
    ("codec", &["wire", "fsio", "monitor", "hash"]),
    // Opaque bytes: the store must not learn what a row is.
    ("store", &["wire", "fsio", "monitor", "hash"]),
    ("tree", &["wire", "fsio", "monitor", "hash", "codec", "store"]),
    ("db", &["wire", "fsio", "monitor", "hash", "codec"]),
    ("prisma", &["wire", "fsio", "monitor", "hash", "codec"]),
    ("snapshot", &["wire", "fsio", "monitor", "hash", "codec", "store", "tree"]),
    ("ops", &["wire", "fsio", "monitor", "hash", "codec", "store", "tree", "db", "prisma", "snapshot"]),
    ("demo", &["hash", "codec"]),
    // What a report exposes from below is re-exported by `ops`.
    ("cli", &["ops", "demo", "hash", "monitor"]),
];

/// Names that say nothing of what a file holds.
const EMPTY_NAMES: [&str; 9] = ["util", "utils", "common", "helper", "helpers", "core", "manager", "managers", "misc"];

const PRINTING: [&str; 5] = ["println", "print", "eprintln", "eprint", "dbg"];

/// What is wrong with one file of `src/`, given its place below `src/`, one line each.
fn complaints(below: &str, source: &str) -> Vec<String> {
    let module = module_of(Path::new(below));
    let mut found = Vec::new();
    found.extend(empty_name(below));
    found.extend(printing(&module, source));
    if below == "lib.rs" {
        return found;
    }
    let owner = module.first().map_or("main", String::as_str);
    if owner != "main" && layer(owner).is_none() {
        found.push(format!("{below}: module `{owner}` has no layer"));
    }
    for reference in references(source, &module) {
        found.extend(adapter(owner, &reference).map(|complaint| format!("{below}:{}: {complaint}", reference.line)));
        if let Some(complaint) = forbidden(owner, &reference) {
            found.push(format!("{below}:{}: {complaint}", reference.line));
        }
    }
    found
}

fn layer(module: &str) -> Option<&'static [&'static str]> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, imports)| *imports)
}

fn forbidden(owner: &str, reference: &Reference) -> Option<String> {
    let Some(target) = reference.path.first().map(String::as_str) else {
        return Some("imports the root of the crate: name the module".to_owned());
    };
    if target == "*" {
        return Some("imports everything from the root of the crate: name the module".to_owned());
    }
    if layer(target).is_none() {
        return Some(format!("`{target}` is not a module of the layer table: import it from where it is made"));
    }
    // The binary parses, runs and exits; all of that is in `cli`.
    let allowed: &[&str] = if owner == "main" { &["cli"] } else { layer(owner).unwrap_or(&[]) };
    if target == owner || allowed.contains(&target) {
        return None;
    }
    Some(format!("`{owner}` may not import `{}`; it may import {}", reference.path.join("::"), allowed.join(", ")))
}

/// Engines are reached through `db`: only that knows their folders.
fn adapter(owner: &str, reference: &Reference) -> Option<String> {
    let [db, folder, ..] = &reference.path[..] else { return None };
    let is_adapter = db == "db" && ["postgres", "sqlite"].contains(&folder.as_str());
    (is_adapter && owner != "db")
        .then(|| format!("`{owner}` may not import `{}`: name no engine", reference.path.join("::")))
}

fn empty_name(below: &str) -> Option<String> {
    let without = Path::new(below).with_extension("");
    let empty =
        without.iter().find(|part| part.to_string_lossy().split('_').any(|word| EMPTY_NAMES.contains(&word)))?;
    Some(format!("{below}: `{}` says nothing of what is inside: name it after its subject", empty.display()))
}

/// Printing macros anywhere but in `cli`, and standard streams taken by hand.
fn printing(module: &[String], source: &str) -> Vec<String> {
    let here = module.join("::");
    let in_cli = module.first().is_some_and(|name| name == "cli");
    let found = tokens(source);
    let mut complaints = Vec::new();
    for four in found.windows(4) {
        let name = four[0].ident().unwrap_or("");
        let banned = PRINTING.contains(&name) && four[1].is_punct('!') && (!in_cli || name == "dbg");
        let stream = name == "io"
            && four[1].is_punct(':')
            && four[3].ident().is_some_and(|stream| stream == "stdout" || stream == "stderr")
            && !in_cli;
        if banned || stream {
            let shown =
                if banned { format!("{name}!") } else { four[3].ident().map_or_else(String::new, str::to_owned) };
            complaints.push(format!("{here}:{}: `{shown}`: only `cli` prints", four[0].line));
        }
    }
    complaints
}

#[test]
fn the_source_keeps_to_its_layers() {
    let src = project("src");
    let found: Vec<String> = rust_files(&src)
        .iter()
        .flat_map(|file| complaints(&file.strip_prefix(&src).unwrap().to_string_lossy(), &text(file)))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn no_file_is_forgotten() {
    let mut forgotten = BTreeSet::new();
    let roots: [(&str, &[&str]); 2] = [("src", &["src/lib.rs", "src/main.rs"]), ("tests/it", &["tests/it/main.rs"])];
    for (dir, roots) in roots {
        let part: BTreeSet<_> = roots.iter().flat_map(|root| declared(&project(root))).collect();
        forgotten.extend(rust_files(&project(dir)).difference(&part).cloned());
    }
    // A file directly in `tests/` looks like a test of its own and is never built.
    let beside = std::fs::read_dir(project("tests")).unwrap().map(|entry| entry.unwrap().path());
    forgotten.extend(beside.filter(|path| path.extension().is_some_and(|extension| extension == "rs")));
    assert!(forgotten.is_empty(), "no module declares {forgotten:#?}");
}

#[test]
fn the_table_names_the_modules_of_the_crate_and_has_no_cycle() {
    let src = project("src");
    let there: BTreeSet<String> = rust_files(&src)
        .iter()
        .filter_map(|file| module_of(file.strip_prefix(&src).unwrap()).into_iter().next())
        .collect();
    assert_eq!(there, LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (at, (module, imports)) in LAYERS.iter().enumerate() {
        let above: Vec<&str> = LAYERS[..at].iter().map(|(name, _)| *name).collect();
        for import in *imports {
            assert!(above.contains(import), "`{module}` imports `{import}`, which stands below it in the table");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(below: &str, source: &str) {
        assert_eq!(complaints(below, source), Vec::<String>::new());
    }

    fn refuses(below: &str, source: &str, because: &str) {
        let found = complaints(below, source);
        assert!(found.iter().any(|complaint| complaint.contains(because)), "{below}: {source}\nonly: {found:?}");
    }

    #[test]
    fn imports_from_below_pass() {
        accepts("hash.rs", "use crate::wire;");
        accepts("store/pack.rs", "use crate::hash::Hash; use super::Index; use crate::store::lock::Lock;");
        accepts("tree/cursor.rs", "use crate::{codec::Value, store::{Object, Objects}}; use std::fmt;");
        accepts("ops/snap.rs", "use crate::db::Sink; fn f() { crate::prisma::export() }");
        accepts("cli/mod.rs", "use crate::ops::snap; use crate::monitor::Monitor;");
        accepts("main.rs", "fn main() { dbsnap::cli::main() }");
        accepts("lib.rs", "pub mod cli; pub use crate::ops::Snap;");
    }

    #[test]
    fn imports_from_above_or_beside_are_caught() {
        refuses("wire.rs", "use crate::hash::Hash;", "may not import `hash::Hash`");
        refuses("store/mod.rs", "use crate::codec::Value;", "may not import `codec::Value`");
        refuses("codec/row.rs", "fn f(o: &crate::store::Object) {}", "may not import `store::Object`");
        refuses("db/sqlite/read.rs", "use super::super::super::tree::Tree;", "may not import `tree::Tree`");
        refuses("prisma/export.rs", "use crate::{hash::Hash, db::Sink};", "may not import `db::Sink`");
        refuses("snapshot/mod.rs", "pub use crate::ops;", "may not import `ops`");
        refuses("cli/mod.rs", "use crate::store::Store;", "may not import `store::Store`");
        refuses("main.rs", "use dbsnap::ops::snap;", "may not import `ops::snap`");
        refuses("hash.rs", "use super::codec::Value;", "may not import `codec::Value`");
        refuses("store/mod.rs", "#[cfg(test)] mod tests { use crate::codec::Value; }", "may not import `codec::Value`");
    }

    #[test]
    fn engines_are_reached_through_db() {
        refuses("ops/sql.rs", "use crate::db::sqlite::Scratch;", "name no engine");
        refuses("ops/snap.rs", "use crate::db::{Sink, postgres::Postgres};", "name no engine");
        accepts("ops/sql.rs", "use crate::db::scratch::Scratch;");
        accepts("db/open.rs", "use crate::db::sqlite::Sqlite;");
    }

    #[test]
    fn the_root_is_not_a_way_around() {
        refuses("store/mod.rs", "use crate::*;", "everything from the root");
        refuses("hash.rs", "use super::*;", "everything from the root");
        refuses("store/mod.rs", "use crate as all;", "the root of the crate");
        refuses("store/mod.rs", "use crate::Snap;", "`Snap` is not a module");
        refuses("stray.rs", "", "`stray` has no layer");
    }

    #[test]
    fn a_manifest_knows_no_database() {
        refuses("snapshot/manifest.rs", "use crate::db::SourceIdentity;", "may not import `db::SourceIdentity`");
        refuses("snapshot/manifest.rs", "use crate::db;", "may not import `db`");
    }

    #[test]
    fn empty_names_are_caught() {
        refuses("store/util.rs", "", "`util` says nothing");
        refuses("tree/helpers/x.rs", "", "`helpers` says nothing");
        refuses("db/row_common.rs", "", "`row_common` says nothing");
        accepts("store/lock.rs", "");
    }

    #[test]
    fn printing_is_for_the_command_line() {
        refuses("ops/snap.rs", "fn f() { println!(\"x\"); }", "`println!`: only `cli` prints");
        refuses("store/mod.rs", "fn f() { let _ = std::io::stderr(); }", "`stderr`: only `cli` prints");
        refuses("cli/mod.rs", "fn f() { dbg!(1); }", "`dbg!`");
        accepts("cli/mod.rs", "fn f() { println!(\"x\"); let _ = std::io::stdout(); }");
        accepts("ops/run.rs", "fn f() { child.stdout(pipe); let text = \"println!(1)\"; } // eprintln!(2)");
    }
}
