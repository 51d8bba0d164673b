//! Calls of Django, SQLAlchemy, peewee, pandas, ActiveRecord and Sequel that change rows or tables.

use super::pieces::Piece;
use crate::check::Effect;

/// What a call does.
pub(super) struct Change {
    pub effect: Effect,
    /// Models or tables.
    pub tables: Vec<String>,
    pub all_rows: bool,
    pub reason: Option<String>,
    /// Whether the models are ActiveRecord's, whose tables are named after them.
    pub is_record: bool,
}

impl Change {
    fn new(effect: Effect, tables: Vec<String>, all_rows: bool) -> Option<Change> {
        Some(Change { effect, tables, all_rows, reason: None, is_record: false })
    }

    fn of_record(effect: Effect, tables: Vec<String>, all_rows: bool) -> Option<Change> {
        Some(Change { effect, tables, all_rows, reason: None, is_record: true })
    }

    pub(super) fn unknown(reason: String) -> Change {
        Change { effect: Effect::Unknown, tables: Vec::new(), all_rows: false, reason: Some(reason), is_record: false }
    }
}

/// Methods that narrow what a call is about.
const NARROWS: [&str; 17] = [
    "filter",
    "filter_by",
    "exclude",
    "get",
    "where",
    "where_not",
    "not",
    "find",
    "find_by",
    "first",
    "last",
    "limit",
    "joins",
    "having",
    "in_bulk",
    "find_each",
    "exclude_by",
];

/// How many variables are looked through.
const MOST_STEPS: usize = 5;

/// Methods that give something else than rows of a table.
const ENDS: [&str; 18] = [
    "new",
    "count",
    "sum",
    "pluck",
    "to_a",
    "to_h",
    "map",
    "ids",
    "size",
    "length",
    "tally",
    "average",
    "maximum",
    "minimum",
    "group_by",
    "index_by",
    "values_list",
    "aggregate",
];

/// What stands before a method: `User.objects.filter(...)` before `delete`.
#[derive(Default)]
struct Chain {
    /// The names, the last one first.
    names: Vec<String>,
    /// The first name in the brackets of a call of `query`, `delete`, `update` or `from`, or in `DB[:name]`.
    given: Option<String>,
}

/// What the name at `at` does, if it is called.
pub(super) fn change(pieces: &[Piece], at: usize, name: &str) -> Option<Change> {
    let sign = |at: usize| match pieces.get(at) {
        Some(Piece::Sign(sign)) => Some(*sign),
        _ => None,
    };
    let is_method = at > 0 && sign(at - 1) == Some('.');
    // Ruby's `&:destroy`
    let is_symbol = at > 1 && sign(at - 1) == Some(':') && sign(at - 2) == Some('&');
    let is_called = sign(at + 1) == Some('(');
    let is_empty = !is_called || sign(at + 2) == Some(')');
    let mut chain = if is_method { chain(pieces, at - 1) } else { Chain::default() };
    chain.resolve(pieces);
    let has = |names: &[&str]| chain.names.iter().any(|name| names.contains(&name.as_str()));
    let is_query = has(&["objects", "query"]);
    let narrowed = has(&NARROWS) || is_narrowed_after(pieces, at);
    let models = || chain.model().into_iter().collect::<Vec<_>>();
    let is_record = mentions(pieces, &["ActiveRecord", "ApplicationRecord", "Rails"]);
    // `getattr(model, "delete")`, `model.send(:delete_all)`
    if ["getattr", "send", "public_send", "__send__"].contains(&name) && is_called {
        let changes = ["delete", "destroy", "update", "drop", "truncate", "execute", "save"];
        let given = &pieces[at + 2..statement_end(pieces, at + 2)];
        let does = given.iter().any(|piece| match piece {
            Piece::Name { name, .. } | Piece::Text { content: name, .. } => {
                changes.iter().any(|change| name.starts_with(change))
            }
            _ => false,
        });
        return does.then(|| Change::unknown(format!("{name}() calls a method by its name")));
    }
    match name {
        "destroy_all" | "delete_all" if is_method => Change::of_record(Effect::Delete, models(), !narrowed && is_empty),
        "delete_by" | "destroy_by" if is_method => Change::of_record(Effect::Delete, models(), false),
        "destroy" | "destroy!" if is_method || is_symbol => Change::of_record(Effect::Delete, models(), false),
        "delete" if is_symbol && is_record => Change::new(Effect::Delete, Vec::new(), false),
        "update_all" if is_method => Change::of_record(Effect::Update, models(), !narrowed),
        "update!" | "update_column" | "update_columns" | "update_attribute" | "increment!" | "decrement!"
        | "toggle!"
            if is_method =>
        {
            Change::of_record(Effect::Update, models(), false)
        }
        "save!" if is_method || is_symbol => Change::new(Effect::Upsert, Vec::new(), false),
        "save" if is_method && (is_record || mentions(pieces, &["django", "peewee", "tortoise"])) => {
            Change::new(Effect::Upsert, Vec::new(), false)
        }
        "update" if is_method && is_record && !is_empty && !has(&["ENV"]) && !has(&ENDS) => {
            Change::of_record(Effect::Update, models(), false)
        }
        "upsert_all" | "upsert" | "update_or_create" | "bulk_update" if is_method => {
            Change::new(Effect::Upsert, models(), false)
        }
        "insert_all" | "bulk_create" | "get_or_create" | "find_or_create_by" if is_method => {
            Change::new(Effect::Insert, models(), false)
        }
        "delete" if is_method && (is_query || chain.is_table()) => {
            Change::new(Effect::Delete, models(), !narrowed && is_empty)
        }
        "delete" if is_method && !is_empty && has(&["session"]) => Change::new(Effect::Delete, Vec::new(), false),
        "delete" if is_method && is_called && is_empty && mentions(pieces, &["django", "sqlalchemy", "peewee"]) => {
            Change::new(Effect::Delete, Vec::new(), false)
        }
        "update" if is_method && (is_query || chain.is_table()) && is_called => {
            Change::new(Effect::Update, models(), !narrowed)
        }
        "delete" | "update"
            if !is_method
                && is_called
                && mentions(pieces, &["sqlalchemy", "sqlmodel"])
                && mentions(pieces, &["execute", "exec", "scalars", "scalar"])
                && !is_defined(pieces, at) =>
        {
            let effect = if name == "delete" { Effect::Delete } else { Effect::Update };
            Change::new(effect, argument(pieces, at).into_iter().collect(), !narrowed)
        }
        "commit" if is_method && mentions(pieces, &["sqlalchemy", "sqlmodel"]) && sets_attributes(pieces) => {
            Some(Change::unknown("commit() writes what was set in objects".to_owned()))
        }
        "_raw_delete" => Change::new(Effect::Delete, models(), !narrowed),
        "drop_all" | "drop_tables" if is_called => Change::new(Effect::Drop, Vec::new(), true),
        "drop_table" => Change::new(Effect::Drop, argument(pieces, at).into_iter().collect(), true),
        "remove_column" | "remove_columns" | "drop_column" | "rename_table" | "rename_column" | "change_column"
        | "alter_column" => Change::new(Effect::Alter, argument(pieces, at).into_iter().collect(), true),
        "drop" if is_method && has(&["__table__"]) => Change::new(Effect::Drop, models(), true),
        "truncate" if is_method && has(&["connection"]) => {
            Change::new(Effect::Truncate, argument(pieces, at).into_iter().collect(), true)
        }
        "truncate" if is_method && chain.is_table() => Change::new(Effect::Truncate, models(), true),
        "truncate_tables" | "truncate_table" => Change::new(Effect::Truncate, models(), true),
        "clean_with" | "clean" if has(&["DatabaseCleaner"]) => Change::new(Effect::Truncate, Vec::new(), true),
        "to_sql" if is_method && is_called => {
            let replaces = argument_texts(pieces, at).any(|text| text == "replace");
            let effect = if replaces { Effect::Drop } else { Effect::Insert };
            Change::new(effect, argument_texts(pieces, at).take(1).map(str::to_owned).collect(), replaces)
        }
        _ => None,
    }
}

impl Chain {
    /// Puts in what a variable at its beginning was set to.
    fn resolve(&mut self, pieces: &[Piece]) {
        for _ in 0..MOST_STEPS {
            let Some(root) = self.names.last().filter(|root| !is_class(root)) else { return };
            let set = pieces.windows(3).rposition(|three| {
                matches!(&three[0], Piece::Name { name, .. } if name == root)
                    && three[1] == Piece::Sign('=')
                    && matches!(&three[2], Piece::Name { name, .. } if name != root)
            });
            let Some(from) = set.map(|at| at + 2) else { return };
            let end = statement_end(pieces, from);
            // Read from its end, as if a method followed.
            let value = chain(pieces, end);
            let is_made = value.names.len() == 1 && pieces.get(from + 1) == Some(&Piece::Sign('('));
            if value.names.is_empty() || is_made {
                return;
            }
            self.names.extend(value.names);
            self.given = self.given.take().or(value.given);
        }
    }

    /// The model or table that the chain is about.
    fn model(&self) -> Option<String> {
        if let Some(given) = &self.given {
            return Some(given.clone());
        }
        let before = |wanted: &str| {
            let at = self.names.iter().position(|name| name == wanted)?;
            self.names.get(at + 1)
        };
        let root = self.names.last().filter(|name| is_class(name) || self.names.len() == 1);
        before("objects").or_else(|| before("__table__")).or(root).filter(|name| is_class(name)).cloned()
    }

    /// Whether it begins with a class, or is a table of Sequel.
    fn is_table(&self) -> bool {
        const CLASSES: [&str; 8] = ["File", "Dir", "FileUtils", "Redis", "Rails", "ENV", "Hash", "Set"];
        let root = self.names.last().is_some_and(|name| is_class(name) && !CLASSES.contains(&name.as_str()));
        let ends = |name: &String| ENDS.contains(&name.as_str());
        !self.names.iter().any(ends) && (self.given.is_some() || root)
    }
}

/// Where the statement that goes on at `from` ends: a line that does not go on with a dot.
fn statement_end(pieces: &[Piece], from: usize) -> usize {
    let mut depth = 0_usize;
    for (index, piece) in pieces.iter().enumerate().skip(from) {
        match piece {
            Piece::Sign('(' | '[' | '{') => depth += 1,
            Piece::Sign(')' | ']' | '}') if depth == 0 => return index,
            Piece::Sign(')' | ']' | '}') => depth -= 1,
            Piece::Sign('\n' | ';') if depth == 0 && pieces.get(index + 1) != Some(&Piece::Sign('.')) => return index,
            _ => {}
        }
    }
    pieces.len()
}

/// Whether an attribute of an object is set, other than of `self`.
fn sets_attributes(pieces: &[Piece]) -> bool {
    pieces.windows(5).any(|five| match five {
        [Piece::Name { name: object, .. }, Piece::Sign('.'), Piece::Name { .. }, Piece::Sign('='), next] => {
            object != "self" && *next != Piece::Sign('=')
        }
        _ => false,
    })
}

fn is_class(name: &str) -> bool {
    name.starts_with(|first: char| first.is_uppercase()) && name.chars().any(char::is_lowercase)
}

/// What stands before the dot at `at`.
fn chain(pieces: &[Piece], at: usize) -> Chain {
    let mut chain = Chain::default();
    let mut dot = at;
    while let Some(mut before) = dot.checked_sub(1) {
        let mut first = None;
        let mut is_index = false;
        // Ruby's `&.`, and a chain that goes on in the next line.
        while before > 0 && matches!(pieces[before], Piece::Sign('&' | '\n')) {
            before -= 1;
        }
        while let Piece::Sign(close @ (')' | ']' | '}')) = pieces[before] {
            let Some(open) = opened(pieces, before) else { return chain };
            first = pieces[open..before].iter().find_map(|piece| match piece {
                Piece::Name { name, .. } => Some(name.clone()),
                _ => None,
            });
            is_index = close == ']';
            let Some(next) = open.checked_sub(1) else { return chain };
            before = next;
        }
        let Piece::Name { name, .. } = &pieces[before] else { return chain };
        chain.names.push(name.clone());
        if ["query", "from", "delete", "update"].contains(&name.as_str()) || is_index && name == "DB" {
            chain.given = first;
        }
        match before.checked_sub(1) {
            Some(next) if pieces[next] == Piece::Sign('.') => dot = next,
            _ => return chain,
        }
    }
    chain
}

/// The bracket that the one at `at` closes.
fn opened(pieces: &[Piece], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, piece) in pieces[..=at].iter().enumerate().rev() {
        match piece {
            Piece::Sign(')' | ']' | '}') => depth += 1,
            Piece::Sign('(' | '[' | '{') if depth == 1 => return Some(index),
            Piece::Sign('(' | '[' | '{') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether `.where(...)` comes after the call at `at`.
fn is_narrowed_after(pieces: &[Piece], at: usize) -> bool {
    let mut depth = 0_usize;
    for (index, piece) in pieces.iter().enumerate().skip(at + 1) {
        match piece {
            Piece::Sign('(' | '[' | '{') => depth += 1,
            Piece::Sign(')' | ']' | '}') if depth == 0 => return false,
            Piece::Sign(')' | ']' | '}') => depth -= 1,
            Piece::Sign('\n') if depth == 0 && pieces.get(index + 1) != Some(&Piece::Sign('.')) => return false,
            Piece::Name { name, .. } if depth == 0 && NARROWS.contains(&name.as_str()) => return true,
            _ => {}
        }
    }
    false
}

/// The first name or text that a call is given.
fn argument(pieces: &[Piece], at: usize) -> Option<String> {
    pieces[at + 1..].iter().take_while(|piece| !matches!(piece, Piece::Sign(')' | '\n'))).find_map(
        |piece| match piece {
            Piece::Name { name, .. } => Some(name.clone()),
            Piece::Text { content, .. } => Some(content.clone()),
            _ => None,
        },
    )
}

/// The texts that a call is given.
fn argument_texts(pieces: &[Piece], at: usize) -> impl Iterator<Item = &str> {
    pieces[at + 1..].iter().take_while(|piece| !matches!(piece, Piece::Sign(')' | '\n'))).filter_map(
        |piece| match piece {
            Piece::Text { content, .. } => Some(content.as_str()),
            _ => None,
        },
    )
}

/// Whether the name at `at` is that of a function defined here.
fn is_defined(pieces: &[Piece], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| matches!(&pieces[before], Piece::Name { name, .. } if name == "def"))
}

/// Whether one of the names stands anywhere.
fn mentions(pieces: &[Piece], names: &[&str]) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Name { name, .. } if names.contains(&name.as_str())))
}
