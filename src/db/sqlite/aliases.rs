//! Other names that a query may use for tables and columns, such as those of a Prisma schema.

use super::headings::{heading, unnamed};
use super::sql::quote;
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

/// `query` with other names replaced by those that tables and columns have. A name that a table or column has itself
/// stays, and so do names that the query gives (`AS`, `WITH`) and those of functions. The answer's columns are called
/// as the query calls them.
///
/// # Errors
/// [`DbError::Filter`] if a name stands for several tables, or for different columns of the tables that are read.
pub fn translate(query: &str, tables: &[Aliased]) -> Result<String, DbError> {
    if tables.iter().all(|table| table.names.is_empty() && table.fields.is_empty()) {
        return Ok(query.to_owned());
    }
    let refused = |reason: String| DbError::Filter { reason };
    let tokens = Tokenizer::new(&SQLiteDialect {}, query).tokenize().map_err(|error| refused(error.to_string()))?;
    let significant: Vec<usize> = (0..tokens.len()).filter(|at| !matches!(tokens[*at], Token::Whitespace(_))).collect();
    let words: Vec<&Token> = significant.iter().map(|at| &tokens[*at]).collect();
    let names = Names::read(&words, tables)?;
    let mut wanted = BTreeMap::new();
    for nth in 0..words.len() {
        if let Some(name) = names.replacement(&words, nth)? {
            wanted.insert(nth, Token::make_word(name, Some('"')).to_string());
        }
    }
    if wanted.is_empty() {
        return Ok(query.to_owned());
    }
    let changed = unnamed(&words).into_iter().filter(|column| wanted.range(column.clone()).next().is_some());
    let headings: Vec<(usize, String)> = changed
        .map(|column| {
            let last = column.end - 1;
            let text = tokens[significant[column.start]..=significant[last]].iter().map(ToString::to_string).collect();
            (last, quote(&heading(&words[column], text)))
        })
        .collect();
    let mut texts: Vec<String> = tokens.iter().map(ToString::to_string).collect();
    for (nth, name) in wanted {
        texts[significant[nth]] = name;
    }
    for (nth, name) in headings {
        texts[significant[nth]] += &format!(" AS {name}");
    }
    Ok(texts.concat())
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
pub(super) fn name_of(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) if !is_keyword(token) => Some(&word.value),
        _ => None,
    }
}

pub(super) fn is_keyword(token: &Token) -> bool {
    KEYWORDS.iter().any(|keyword| is_word(token, keyword))
}

pub(super) fn is_word(token: &Token, keyword: &str) -> bool {
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
            ("SELECT 1 FROM Mod WHERE downloadCount > 5", "SELECT 1 FROM \"mods\" WHERE \"download_count\" > 5"),
            ("SELECT Mod.downloadcount x FROM mod", "SELECT \"mods\".\"download_count\" x FROM \"mods\""),
            (
                "SELECT m.createdAt AS at FROM Mod AS m, User u",
                "SELECT m.\"created_at\" AS at FROM \"mods\" AS m, \"people\" u",
            ),
            (
                "SELECT id FROM mods JOIN User u ON u.createdAt",
                "SELECT id FROM mods JOIN \"people\" u ON u.\"created\"",
            ),
            ("SELECT 1 FROM mods ORDER BY \"order\"", "SELECT 1 FROM mods ORDER BY \"position\""),
            ("SELECT id FROM User GROUP BY name", "SELECT id FROM \"people\" GROUP BY \"user\""),
        ] {
            assert_eq!(translated(query), wanted);
        }
    }

    #[test]
    fn columns_of_the_answer_are_called_as_the_query_calls_them() {
        let translated = |query: &str| translate(query, &tables()).unwrap();
        let mods = "FROM \"mods\"";
        let count = "\"download_count\"";
        for (list, wanted) in [
            ("downloadCount", format!("{count} AS \"downloadCount\"")),
            ("DISTINCT downloadcount", format!("DISTINCT {count} AS \"downloadcount\"")),
            ("id, Mod.\"order\" , name", "id, \"mods\".\"position\" AS \"order\" , name".to_owned()),
            ("max(downloadCount), 1", format!("max({count}) AS \"max(downloadCount)\", 1")),
            ("downloadCount + 1", format!("{count} + 1 AS \"downloadCount + 1\"")),
            ("downloadCount AS n", format!("{count} AS n")),
            ("max(downloadCount) n", format!("max({count}) n")),
            ("CASE WHEN downloadCount THEN 1 END 'n'", format!("CASE WHEN {count} THEN 1 END 'n'")),
            (
                "(SELECT 'a\"', downloadCount)",
                format!("(SELECT 'a\"', {count}) AS \"(SELECT 'a\"\"', downloadCount)\""),
            ),
        ] {
            assert_eq!(translated(&format!("SELECT {list} FROM Mod")), format!("SELECT {wanted} {mods}"));
        }
        assert_eq!(
            translated("WITH c AS (SELECT downloadCount FROM Mod) SELECT 1 FROM c UNION SELECT downloadCount FROM c"),
            format!("WITH c AS (SELECT {count} {mods}) SELECT 1 FROM c UNION SELECT {count} FROM c")
        );
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
