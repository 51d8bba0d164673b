//! The tables of Python's and Ruby's models, where their classes say them.

use crate::check::{Files, SourceFile};
use std::path::Path;

/// The table of a model that is a class of this text or of a file that it imports, if it says one.
pub(super) fn table(model: &str, text: &str, files: &Files) -> Option<String> {
    let own = body(model, text).map(|body| declared(model, body, None));
    let imported = || {
        let file = import(model, text, files)?;
        let body = body(model, &file.text)?;
        Some(declared(model, body, Some(&file)))
    };
    own.or_else(imported).flatten()
}

/// The lines of a class, from the one that begins it.
fn body<'a>(model: &str, text: &'a str) -> Option<&'a str> {
    let begins = |line: &str| {
        let rest = line.trim_start().strip_prefix("class ").and_then(|rest| rest.strip_prefix(model));
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
    };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if begins(line) {
            let rest = &text[at..];
            let end = rest[line.len()..].find("\nclass ").map_or(rest.len(), |end| line.len() + end);
            return Some(&rest[..end]);
        }
        at += line.len();
    }
    None
}

/// The table that a class is for.
fn declared(model: &str, body: &str, file: Option<&SourceFile>) -> Option<String> {
    for line in body.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        if ["__tablename__", "db_table", "table_name", "self.table_name"].contains(&name.trim()) {
            let value = value.trim();
            let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
            return Some(value[1..].split(quote).next()?.to_owned());
        }
    }
    let head = body.lines().next()?;
    if head.contains("models.Model") {
        // Django: the application and the model.
        let app = file?.dir().file_name()?.to_string_lossy().into_owned();
        return Some(format!("{app}_{}", model.to_lowercase()));
    }
    head.contains("table=True").then(|| model.to_lowercase())
}

/// The file of the project that a model is imported from.
fn import(model: &str, text: &str, files: &Files) -> Option<SourceFile> {
    let module = text.lines().find_map(|line| {
        let (module, names) = line.trim().strip_prefix("from ")?.split_once(" import ")?;
        let names = names.split('#').next()?;
        let has = names.split(|char: char| !char.is_alphanumeric() && char != '_').any(|name| name == model);
        has.then_some(module.trim())
    })?;
    let levels = module.len() - module.trim_start_matches('.').len();
    let path = module.trim_start_matches('.').replace('.', "/");
    let up = "../".repeat(levels.saturating_sub(1));
    ["", "src/", "app/", "../", "../src/"].iter().find_map(|dir| {
        let ends = [format!("{up}{dir}{path}.py"), format!("{up}{dir}{path}/__init__.py")];
        ends.iter().find_map(|path| files.is_file(path).then(|| files.read(Path::new(path)).ok()).flatten())
    })
}

/// The name that ActiveRecord gives the table of a model: `mod_versions` of `ModVersion`.
pub(super) fn by_convention(model: &str) -> String {
    let mut name = String::new();
    for (at, letter) in model.char_indices() {
        if letter.is_uppercase() && at > 0 {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    let is_consonant = |letter: char| letter.is_alphabetic() && !"aeiou".contains(letter);
    if let Some(stem) = name.strip_suffix('y').filter(|stem| stem.ends_with(is_consonant)) {
        format!("{stem}ies")
    } else if ["s", "x", "z", "ch", "sh"].iter().any(|ending| name.ends_with(ending)) {
        format!("{name}es")
    } else {
        format!("{name}s")
    }
}
