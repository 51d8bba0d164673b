//! Names that differ in case only: two for PostgreSQL, one for SQLite.

use crate::db::DbError;
use sqlparser::dialect::SQLiteDialect;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::BTreeMap;

/// `names` as SQLite tells them apart: of those that differ in case only the first stays, the others get `_2`, `_3` and
/// so on.
pub fn distinct(names: &[String]) -> Vec<String> {
    let mut given: Vec<String> = Vec::with_capacity(names.len());
    for name in names {
        let is_free = |wanted: &str, given: &[String]| {
            !given.iter().any(|have| have.eq_ignore_ascii_case(wanted))
                && (wanted == name || !names.iter().any(|other| other.eq_ignore_ascii_case(wanted)))
        };
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let chosen = std::iter::once(name.clone()).chain(numbered).find(|wanted| is_free(wanted, &given));
        given.push(chosen.unwrap_or_default());
    }
    given
}

/// A table of the source, and what it and its columns are called in a database of ours.
pub struct Renamed {
    /// The names of the source: the table's and the columns'.
    pub source: (String, Vec<String>),
    /// The names here.
    pub here: (String, Vec<String>),
}

/// `query` with the names of the source replaced by those that tables and columns have here, if they are other ones.
///
/// # Errors
/// [`DbError::Filter`] if a name could be any of several that differ in case only.
pub fn rename(query: &str, tables: &[Renamed]) -> Result<String, DbError> {
    if tables.iter().all(|table| table.source == table.here) {
        return Ok(query.to_owned());
    }
    let refused = |reason: String| DbError::Filter { reason };
    let mut tokens = Tokenizer::new(&SQLiteDialect {}, query).tokenize().map_err(|error| refused(error.to_string()))?;
    let words: Vec<String> = tokens.iter().filter_map(|token| word(token).map(str::to_owned)).collect();
    let read = |table: &&Renamed| words.iter().any(|word| word.eq_ignore_ascii_case(&table.source.0));
    let table_names = Twins::new(tables.iter().map(|table| (&*table.source.0, &*table.here.0)));
    let columns = tables.iter().filter(read);
    let column_names: Vec<Twins<'_>> = columns
        .clone()
        .map(|table| Twins::new(table.source.1.iter().map(String::as_str).zip(table.here.1.iter().map(String::as_str))))
        .collect();
    let is_column =
        |name: &str| tables.iter().any(|table| table.source.1.iter().any(|column| column.eq_ignore_ascii_case(name)));
    let significant: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at], Token::Whitespace(_))).collect();
    for (nth, at) in significant.iter().enumerate() {
        let Some(name) = word(&tokens[*at]).map(str::to_owned) else { continue };
        let before = nth.checked_sub(1).map(|nth| &tokens[significant[nth]]);
        let after = significant.get(nth + 1).map(|at| &tokens[*at]);
        let is_table = matches!(after, Some(Token::Period))
            || before
                .and_then(word)
                .is_some_and(|word| ["from", "join"].iter().any(|one| word.eq_ignore_ascii_case(one)));
        let wanted = match is_table || !is_column(&name) {
            true => table_names.here(&name)?,
            false => column_names.iter().find_map(|twins| twins.here(&name).transpose()).transpose()?,
        };
        if let Some(wanted) = wanted {
            tokens[*at] = Token::make_word(wanted, Some('"'));
        }
    }
    Ok(tokens.iter().map(ToString::to_string).collect())
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(&word.value),
        _ => None,
    }
}

/// Names by what SQLite takes for one.
struct Twins<'t>(BTreeMap<String, Vec<(&'t str, &'t str)>>);

impl<'t> Twins<'t> {
    fn new(names: impl Iterator<Item = (&'t str, &'t str)>) -> Twins<'t> {
        let mut twins: BTreeMap<String, Vec<(&str, &str)>> = BTreeMap::new();
        for (source, here) in names {
            twins.entry(source.to_ascii_lowercase()).or_default().push((source, here));
        }
        twins.retain(|_, names| names.len() > 1);
        Twins(twins)
    }

    /// What `name` is called here, if it is one of several that differ in case only.
    fn here(&self, name: &str) -> Result<Option<&'t str>, DbError> {
        let Some(names) = self.0.get(&name.to_ascii_lowercase()) else { return Ok(None) };
        match names.iter().find(|(source, _)| *source == name) {
            Some((_, here)) => Ok(Some(here)),
            None => {
                let all: Vec<String> = names.iter().map(|(source, _)| format!("\"{source}\"")).collect();
                Err(DbError::Filter { reason: format!("{name} could be any of {}", all.join(", ")) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_told_apart() {
        assert_eq!(distinct(&strings(&["User", "mods", "user", "USER"])), ["User", "mods", "user_2", "USER_3"]);
        assert_eq!(distinct(&strings(&["a", "A", "A_2", "a_2"])), ["a", "A_3", "A_2", "a_2_2"]);
    }

    #[test]
    fn a_query_says_what_it_means() {
        let people = Renamed {
            source: ("User".to_owned(), strings(&["id", "name"])),
            here: ("User".to_owned(), strings(&["id", "name"])),
        };
        let logins = Renamed {
            source: ("user".to_owned(), strings(&["id", "email"])),
            here: ("user_2".to_owned(), strings(&["id", "email"])),
        };
        let prefs = Renamed {
            source: ("prefs".to_owned(), strings(&["userId", "userid", "user"])),
            here: ("prefs".to_owned(), strings(&["userId", "userid_2", "user"])),
        };
        let tables = [people, logins, prefs];
        let renamed = |query: &str| rename(query, &tables).unwrap();
        assert_eq!(renamed("SELECT 'user' FROM User"), "SELECT 'user' FROM \"User\"");
        assert_eq!(
            renamed("SELECT \"user\".id, email FROM \"user\" JOIN User u ON u.id = \"user\".id"),
            "SELECT \"user_2\".id, email FROM \"user_2\" JOIN \"User\" u ON u.id = \"user_2\".id"
        );
        assert_eq!(
            renamed("SELECT userId, userid, user FROM prefs"),
            "SELECT \"userId\", \"userid_2\", user FROM prefs"
        );
        assert_eq!(renamed("SELECT userid FROM other"), "SELECT userid FROM other");
        for unclear in ["SELECT 1 FROM USER", "SELECT USERID FROM prefs"] {
            assert!(matches!(rename(unclear, &tables), Err(DbError::Filter { .. })), "{unclear}");
        }
    }
}
