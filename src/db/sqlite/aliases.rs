//! Other names that a query may use for tables and columns, such as those of a Prisma schema.

use crate::db::DbError;
use sqlparser::dialect::SQLiteDialect;
use sqlparser::tokenizer::{Token, Tokenizer};
use std::collections::{BTreeMap, BTreeSet};

/// Words of a SELECT that are names only between quotes.
const KEYWORDS: [&str; 57] = [
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "COLLATE",
    "CROSS",
    "CURRENT",
    "DESC",
    "DISTINCT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "FILTER",
    "FROM",
    "FULL",
    "GLOB",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INTERSECT",
    "IS",
    "ISNULL",
    "JOIN",
    "LEFT",
    "LIKE",
    "LIMIT",
    "MATCH",
    "MATERIALIZED",
    "NATURAL",
    "NOT",
    "NOTNULL",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "RECURSIVE",
    "REGEXP",
    "RIGHT",
    "ROWS",
    "SELECT",
    "THEN",
    "UNION",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// A table, and what else it and its columns are called.
pub struct Aliased {
    /// Its own name.
    pub table: String,
    /// Its columns' own names.
    pub columns: Vec<String>,
    /// Other names of the table.
    pub names: Vec<String>,
    /// Other names of columns, each with the column's own.
    pub fields: Vec<(String, String)>,
}

/// `query` with other names replaced by those that tables and columns have. A name that a table or column has itself stays, and so
/// do names that the query gives (`AS`, `WITH`) and those of functions.
///
/// # Errors
/// [`DbError::Filter`] if a name stands for several tables, or for different columns of the tables that are read.
pub fn translate(query: &str, tables: &[Aliased]) -> Result<String, DbError> {
    if tables.iter().all(|table| table.names.is_empty() && table.fields.is_empty()) {
        return Ok(query.to_owned());
    }
    let refused = |reason: String| DbError::Filter { reason };
    let mut tokens = Tokenizer::new(&SQLiteDialect {}, query).tokenize().map_err(|error| refused(error.to_string()))?;
    let significant: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at], Token::Whitespace(_))).collect();
    let words: Vec<&Token> = significant.iter().map(|at| &tokens[*at]).collect();
    let names = Names::read(&words, tables)?;
    let mut wanted = Vec::new();
    for (nth, at) in significant.iter().enumerate() {
        if let Some(name) = names.replacement(&words, nth)? {
            wanted.push((*at, Token::make_word(name, Some('"'))));
        }
    }
    if wanted.is_empty() {
        return Ok(query.to_owned());
    }
    for (at, token) in wanted {
        tokens[at] = token;
    }
    Ok(tokens.iter().map(ToString::to_string).collect())
}

/// What the names in a query stand for.
struct Names<'t> {
    tables: &'t [Aliased],
    /// Names that the query gives, and functions.
    own: BTreeSet<String>,
    /// The tables that are read, by every name that they go by in the query.
    read: BTreeMap<String, &'t Aliased>,
}

impl<'t> Names<'t> {
    fn read(words: &[&Token], tables: &'t [Aliased]) -> Result<Names<'t>, DbError> {
        let mut names = Names { tables, own: BTreeSet::new(), read: BTreeMap::new() };
        for (nth, token) in words.iter().enumerate() {
            let Some(name) = name_of(token) else { continue };
            let is_given = nth.checked_sub(1).is_some_and(|before| is_word(words[before], "AS"));
            let is_subquery = words.get(nth + 1).is_some_and(|next| is_word(next, "AS"))
                && words.get(nth + 2).is_some_and(|next| {
                    matches!(next, Token::LParen) || is_word(next, "MATERIALIZED") || is_word(next, "NOT")
                });
            if is_given || is_subquery || matches!(words.get(nth + 1), Some(Token::LParen)) {
                names.own.insert(name.to_lowercase());
            }
        }
        for (nth, token) in words.iter().enumerate() {
            let Some(name) = name_of(token) else { continue };
            let Some(table) = names.table(name)? else { continue };
            names.read.insert(name.to_lowercase(), table);
            let skip = usize::from(words.get(nth + 1).is_some_and(|next| is_word(next, "AS")));
            if let Some(alias) = words.get(nth + 1 + skip).and_then(|next| name_of(next)) {
                names.read.insert(alias.to_lowercase(), table);
            }
        }
        Ok(names)
    }

    /// What the word at `nth` is called, if it is another name of a table or column.
    fn replacement(&self, words: &[&Token], nth: usize) -> Result<Option<&'t str>, DbError> {
        let Some(name) = name_of(words[nth]).filter(|name| !self.own.contains(&name.to_lowercase())) else {
            return Ok(None);
        };
        let before = |count: usize| nth.checked_sub(count).map(|at| words[at]);
        if matches!(before(1), Some(Token::Period)) {
            let qualifier = before(2).and_then(name_of).and_then(|name| self.read.get(&name.to_lowercase()));
            return self.column(name, qualifier.copied());
        }
        let clause = words[..nth].iter().rev().find(|word| is_keyword(word) && !is_word(word, "AS"));
        let is_listed = before(1).is_some_and(|word| matches!(word, Token::Comma) || is_keyword(word))
            && clause.is_some_and(|word| is_word(word, "FROM") || is_word(word, "JOIN"));
        let is_table = is_listed || matches!(words.get(nth + 1), Some(Token::Period));
        if !is_table && let Some(column) = self.column(name, None)? {
            return Ok(Some(column));
        }
        let is_column = !is_table && self.read.values().any(|table| has(&table.columns, name));
        let table = if is_column { None } else { self.table(name)? };
        Ok(table.filter(|table| !table.table.eq_ignore_ascii_case(name)).map(|table| &*table.table))
    }

    /// The table of that name or other name.
    fn table(&self, name: &str) -> Result<Option<&'t Aliased>, DbError> {
        if self.own.contains(&name.to_lowercase()) {
            return Ok(None);
        }
        if let Some(table) = self.tables.iter().find(|table| table.table.eq_ignore_ascii_case(name)) {
            return Ok(Some(table));
        }
        let found: Vec<&Aliased> = self.tables.iter().filter(|table| has(&table.names, name)).collect();
        match found[..] {
            [] => Ok(None),
            [table] => Ok(Some(table)),
            _ => Err(ambiguous(name, found.iter().map(|table| table.table.clone()))),
        }
    }

    /// The column that `name` is another name of, in `table` or in all tables that are read.
    fn column(&self, name: &str, table: Option<&'t Aliased>) -> Result<Option<&'t str>, DbError> {
        let tables: Vec<&'t Aliased> = table.map_or_else(|| self.read.values().copied().collect(), |table| vec![table]);
        if tables.iter().any(|table| has(&table.columns, name)) {
            return Ok(None);
        }
        let fields = tables.into_iter().flat_map(|table| table.fields.iter().map(move |field| (table, field)));
        let found: BTreeMap<&str, &Aliased> = fields
            .filter(|(_, (field, _))| field.eq_ignore_ascii_case(name))
            .map(|(table, (_, column))| (&**column, table))
            .collect();
        if found.len() > 1 {
            return Err(ambiguous(name, found.iter().map(|(column, table)| format!("{}.{column}", table.table))));
        }
        Ok(found.keys().next().copied())
    }
}

fn ambiguous(name: &str, candidates: impl Iterator<Item = String>) -> DbError {
    let all: Vec<String> = candidates.collect();
    DbError::Filter { reason: format!("{name} could be any of {}", all.join(", ")) }
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|have| have.eq_ignore_ascii_case(name))
}

/// The name that a token is, if it is one.
fn name_of(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if !is_keyword(token) => Some(&word.value),
        _ => None,
    }
}

fn is_keyword(token: &Token) -> bool {
    KEYWORDS.iter().any(|keyword| is_word(token, keyword))
}

fn is_word(token: &Token, keyword: &str) -> bool {
    matches!(token, Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[&str], model: &str, fields: &[(&str, &str)]) -> Aliased {
        let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let pair = |(field, column): &(&str, &str)| ((*field).to_owned(), (*column).to_owned());
        Aliased {
            table: name.to_owned(),
            columns: strings(columns),
            names: strings(&[model]),
            fields: fields.iter().map(pair).collect(),
        }
    }

    fn tables() -> [Aliased; 3] {
        let fields = [("downloadCount", "download_count"), ("createdAt", "created_at"), ("order", "position")];
        [
            table("mods", &["id", "name", "download_count", "created_at", "position"], "Mod", &fields),
            table("people", &["id", "user", "created"], "User", &[("createdAt", "created"), ("name", "user")]),
            table("User2", &["id"], "user2", &[]),
        ]
    }

    #[test]
    fn names_of_a_schema_are_replaced() {
        let translated = |query: &str| translate(query, &tables()).unwrap();
        for (query, wanted) in [
            ("SELECT downloadCount FROM Mod", "SELECT \"download_count\" FROM \"mods\""),
            ("SELECT Mod.downloadcount FROM mod", "SELECT \"mods\".\"download_count\" FROM \"mods\""),
            ("SELECT m.createdAt FROM Mod AS m, User u", "SELECT m.\"created_at\" FROM \"mods\" AS m, \"people\" u"),
            ("SELECT u.createdAt FROM mods JOIN User u", "SELECT u.\"created\" FROM mods JOIN \"people\" u"),
            ("SELECT \"order\" FROM mods ORDER BY 1", "SELECT \"position\" FROM mods ORDER BY 1"),
            ("SELECT name FROM User", "SELECT \"user\" FROM \"people\""),
        ] {
            assert_eq!(translated(query), wanted);
        }
    }

    #[test]
    fn what_is_the_databases_or_the_querys_own_stays() {
        for query in [
            "SELECT name, 'Mod' FROM mods",
            "SELECT name FROM mods JOIN people USING (id)",
            "SELECT position AS downloadCount FROM mods ORDER BY downloadCount",
            "WITH Mod AS (SELECT 1 AS id) SELECT id FROM Mod",
            "WITH Mod (id) AS (SELECT 1) SELECT id FROM Mod",
            "SELECT downloadCount(id) FROM mods",
            "SELECT user FROM people",
            "SELECT id FROM user2",
            "SELECT downloadCount FROM other",
        ] {
            assert_eq!(translate(query, &tables()).unwrap(), query);
        }
    }

    #[test]
    fn a_name_for_several_columns_is_refused() {
        let refused = translate("SELECT createdAt FROM Mod JOIN User", &tables()).unwrap_err().to_string();
        assert!(refused.contains("createdAt could be any of people.created, mods.created_at"), "{refused}");
    }
}
