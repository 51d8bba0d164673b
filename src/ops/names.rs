//! From what a person typed to a table of the database: `mods`, `shop.mods`, `Mods`, `Mod`, `FacetDefinition`.

use super::OpError;
use crate::codec::TableName;
use crate::db::{Catalog, TableInfo};

/// How many near names an error lists.
const NEAR: usize = 3;

/// The tables that `typed` stands for: one, or all leaf partitions of a partitioned one.
///
/// # Errors
/// If none goes by that name (with near ones), or several do.
pub(super) fn find_tables<'c>(catalog: &'c Catalog, typed: &str) -> Result<Vec<&'c TableInfo>, OpError> {
    let partitions: Vec<&TableInfo> = catalog
        .tables
        .iter()
        .filter(|info| info.partition_of.as_ref().is_some_and(|parent| is_called(parent, typed)))
        .collect();
    if !partitions.is_empty() {
        return Ok(partitions);
    }
    let names: Vec<&TableName> = catalog.tables.iter().map(|info| &info.schema.table).collect();
    let position = find(&names, typed, "the database")?;
    Ok(vec![&catalog.tables[position]])
}

/// The position in `names` of the table that `typed` stands for; `place` says in errors whose tables they are.
///
/// # Errors
/// If none goes by that name (with near ones), or several do.
pub(super) fn find(names: &[&TableName], typed: &str, place: &str) -> Result<usize, OpError> {
    let tests: [&dyn Fn(&TableName) -> bool; 3] = [
        &|name| is_called(name, typed),
        &|name| name.name.eq_ignore_ascii_case(typed) || full_name(name).eq_ignore_ascii_case(typed),
        &|name| stem(&name.name) == stem(typed),
    ];
    for test in tests {
        let found: Vec<usize> = (0..names.len()).filter(|&at| test(names[at])).collect();
        match found[..] {
            [] => {}
            [position] => return Ok(position),
            _ => {
                // `public` is where an unqualified name is looked for first.
                let public: Vec<usize> =
                    found.iter().copied().filter(|&at| names[at].schema.as_deref() == Some("public")).collect();
                if let [position] = public[..] {
                    return Ok(position);
                }
                let candidates = found.iter().map(|&at| full_name(names[at])).collect();
                return Err(OpError::AmbiguousTable { typed: typed.to_owned(), candidates });
            }
        }
    }
    Err(OpError::NoSuchTable { typed: typed.to_owned(), place: place.to_owned(), near: near(names, typed) })
}

/// Whether a table goes by exactly what was typed, with or without its schema.
fn is_called(name: &TableName, typed: &str) -> bool {
    name.name == typed || full_name(name) == typed
}

fn full_name(name: &TableName) -> String {
    match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    }
}

/// What a model's name and its table's name have in common: letters and digits in lower case, in the singular.
fn stem(name: &str) -> String {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if let Some(rest) = letters.strip_suffix("ies") {
        return format!("{rest}y");
    }
    match letters.strip_suffix('s') {
        Some(rest) if !rest.ends_with('s') => rest.to_owned(),
        _ => letters,
    }
}

fn near(names: &[&TableName], typed: &str) -> Vec<String> {
    let wanted = typed.to_lowercase();
    let mut scored: Vec<(usize, String)> = names
        .iter()
        .map(|name| {
            let bare = strsim::damerau_levenshtein(&name.name.to_lowercase(), &wanted);
            let full = strsim::damerau_levenshtein(&full_name(name).to_lowercase(), &wanted);
            (bare.min(full), name.to_string())
        })
        .filter(|(distance, name)| *distance <= 2 + name.len() / 4)
        .collect();
    scored.sort();
    scored.into_iter().take(NEAR).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(tables: &[(&str, &str)], typed: &str) -> Result<usize, OpError> {
        let names: Vec<TableName> = tables.iter().map(|(schema, name)| TableName::qualified(*schema, *name)).collect();
        find(&names.iter().collect::<Vec<_>>(), typed, "the database")
    }

    #[test]
    fn models_and_any_case_find_their_table() {
        let tables = [("public", "mods"), ("public", "facet_definitions"), ("public", "categories"), ("shop", "mods")];
        assert_eq!(position(&tables, "mods").unwrap(), 0);
        assert_eq!(position(&tables, "shop.mods").unwrap(), 3);
        assert_eq!(position(&tables, "Mod").unwrap(), 0);
        assert_eq!(position(&tables, "FacetDefinition").unwrap(), 1);
        assert_eq!(position(&tables, "CATEGORY").unwrap(), 2);
    }

    #[test]
    fn what_is_missing_or_ambiguous_says_so() {
        let tables = [("a", "mods"), ("b", "mods"), ("public", "User"), ("public", "users")];
        assert!(matches!(position(&tables, "mods"), Err(OpError::AmbiguousTable { .. })));
        assert_eq!(position(&tables, "User").unwrap(), 2);
        assert_eq!(position(&tables, "users").unwrap(), 3);
        match position(&tables, "usres") {
            Err(OpError::NoSuchTable { near, .. }) => assert_eq!(near, ["users", "User"]),
            other => panic!("{other:?}"),
        }
    }
}
