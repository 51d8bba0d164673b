//! SQL text that is given to a client.

use super::super::value::{Kind, Text, Value, What};
use super::super::{Interpreter, Place};
use super::known_part;
use crate::check::finding::{Effect, Finding, one_line};
use crate::check::sql;

/// Stands in a statement for a name or value that is not known.
const HOLE: &str = "dbsnap_not_known";

/// Methods of clients that take SQL.
const RUNS_SQL: [&str; 34] = [
    "query",
    "execute",
    "exec",
    "run",
    "all",
    "get",
    "each",
    "prepare",
    "unsafe",
    "batch",
    "executeMultiple",
    "raw",
    "any",
    "none",
    "one",
    "oneOrNone",
    "oneFirst",
    "many",
    "manyOrNone",
    "maybeOne",
    "result",
    "multi",
    "multiResult",
    "iterate",
    "values",
    "simple",
    "sql",
    "execAsync",
    "runAsync",
    "executeRaw",
    "queryRaw",
    "statement",
    "migrate",
    "stream",
];

/// Methods of clients whose result is a client.
const GIVES_CLIENT: [&str; 14] = [
    "connect",
    "getConnection",
    "transaction",
    "begin",
    "promise",
    "acquire",
    "reserve",
    "task",
    "tx",
    "Pool",
    "Client",
    "createPool",
    "createConnection",
    "request",
];

/// The words that a statement may begin with.
const VERBS: [&str; 40] = [
    "SELECT",
    "WITH",
    "INSERT",
    "UPDATE",
    "DELETE",
    "TRUNCATE",
    "DROP",
    "ALTER",
    "CREATE",
    "MERGE",
    "COPY",
    "REPLACE",
    "DO",
    "CALL",
    "VACUUM",
    "PRAGMA",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "SET",
    "RESET",
    "EXPLAIN",
    "ANALYZE",
    "REINDEX",
    "GRANT",
    "REVOKE",
    "SHOW",
    "VALUES",
    "LOCK",
    "SAVEPOINT",
    "RELEASE",
    "START",
    "END",
    "ATTACH",
    "DETACH",
    "REFRESH",
    "COMMENT",
    "EXEC",
    "LISTEN",
    "NOTIFY",
];

/// The words after which a text is taken for a statement wherever it goes.
const STARTS: [(&str, &[&str]); 9] = [
    ("DELETE", &["FROM"]),
    ("TRUNCATE", &[]),
    ("DROP", &["TABLE", "DATABASE", "SCHEMA", "VIEW", "MATERIALIZED", "COLUMN", "INDEX", "SEQUENCE", "TYPE", "OWNED"]),
    ("ALTER", &["TABLE", "TYPE", "SCHEMA", "DATABASE"]),
    ("MERGE", &["INTO"]),
    ("REPLACE", &["INTO"]),
    ("INSERT", &["INTO", "OR"]),
    ("WITH", &[]),
    ("UPDATE", &[]),
];

/// The text from its first word on, without comments.
fn from_first_word(text: &str) -> &str {
    let mut text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(' || c == ';');
    while let Some(rest) = text
        .strip_prefix("--")
        .map(|rest| rest.split_once('\n').map_or("", |(_, rest)| rest))
        .or_else(|| text.strip_prefix("/*").map(|rest| rest.split_once("*/").map_or("", |(_, rest)| rest)))
    {
        text = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    }
    text
}

fn first_word(text: &str) -> String {
    let text = from_first_word(text);
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>().to_uppercase()
}

/// Whether a text begins as a statement does.
pub(super) fn is_statement(text: &str) -> bool {
    VERBS.contains(&first_word(text).as_str())
}

/// Whether a text is a statement that changes rows or tables, as its first words have it.
fn is_change(text: &str) -> bool {
    let words: Vec<String> = from_first_word(text).split_whitespace().take(6).map(str::to_uppercase).collect();
    let Some((first, rest)) = words.split_first() else { return false };
    STARTS.iter().any(|(verb, seconds)| {
        first == verb
            && match *verb {
                "UPDATE" => rest.iter().any(|word| word == "SET"),
                "WITH" => text.to_uppercase().contains(" AS "),
                "TRUNCATE" => rest
                    .first()
                    .is_some_and(|word| word == "TABLE" || words.len() <= 3 || text.trim_end().ends_with("CASCADE")),
                _ => rest.first().is_some_and(|word| seconds.contains(&word.trim_end_matches(';'))),
            }
    })
}

impl<'a> Interpreter<'a, '_> {
    /// SQL text that is run. `sure`: by a client that takes nothing else; otherwise only what looks like a change counts.
    pub fn sql(&mut self, value: &Value<'a>, place: Place, sure: bool) {
        for text in value.texts() {
            let starts_unknown =
                match text.parts.iter().find(|part| part.as_ref().is_none_or(|part| !from_first_word(part).is_empty()))
                {
                    Some(None) => true,
                    Some(Some(_)) => false,
                    None => text.has_holes(),
                };
            if starts_unknown {
                if sure {
                    self.unknown(place, "the SQL text is not constant");
                }
                continue;
            }
            self.keep_temporary(&text);
            let is_seen =
                if sure { !from_first_word(&text.with(HOLE)).is_empty() } else { is_change(&text.with(HOLE)) };
            if is_seen {
                self.statements(&text, place, sure);
            }
        }
    }

    fn statements(&mut self, text: &Text, place: Place, sure: bool) {
        for mut finding in read(text) {
            if finding.effect == Effect::Unknown && !sure {
                continue;
            }
            finding.text = one_line(&finding.text.replace(HOLE, "${...}"));
            let named = finding.tables.len();
            finding.tables.retain(|table| !table.contains(HOLE));
            // What is not known at the end may be a condition.
            let may_be_limited = text.parts.last().is_some_and(Option::is_none) && finding.tables.len() == named;
            finding.all_rows &= !may_be_limited;
            match &text.origin {
                Some((file, line)) => {
                    finding.file = Some(file.to_string());
                    finding.line += line - 1;
                }
                None => {
                    finding.file = Some(self.module.name.to_string());
                    finding.line = self.module.line(place.line_of);
                }
            }
            self.found.push(finding);
        }
    }

    /// SQL among the arguments of a call; whether there was any.
    pub fn sql_arguments(&mut self, arguments: &[Value<'a>], place: Place, sure: bool) -> bool {
        let texts: Vec<Value<'a>> = arguments.iter().flat_map(|argument| statement_texts(argument, 0)).collect();
        // Of several texts the first is the statement, others are its parameters.
        let texts = if sure { &texts[..texts.len().min(1)] } else { &texts[..] };
        let before = self.found.len();
        texts.iter().for_each(|text| self.sql(text, place, sure));
        self.found.len() > before
    }

    /// What a statement says of transactions.
    fn session(&mut self, client: &Value<'a>, text: &Text) {
        let whole = known_part(text);
        let words: Vec<String> = from_first_word(&whole).split_whitespace().take(4).map(str::to_uppercase).collect();
        let words: Vec<&str> = words.iter().map(|word| word.trim_end_matches(';')).collect();
        let client = client.root();
        match words.as_slice() {
            ["BEGIN"] | ["BEGIN" | "START", "TRANSACTION", ..] => {
                self.transactions.push((client, self.found.len(), self.conditions));
            }
            ["COMMIT" | "END", ..] => self.transactions.retain(|(of, ..)| *of != client),
            ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION" | "WORK"] => {
                let open = self.transactions.iter().rposition(|(of, ..)| *of == client);
                if let Some((_, since, conditions)) = open.map(|open| self.transactions[open])
                    && self.conditions <= conditions
                {
                    self.roll_back(client, since);
                    self.transactions.retain(|(of, ..)| *of != client);
                }
            }
            _ => {}
        }
    }

    /// Keeps in mind a table that the program makes for itself.
    fn keep_temporary(&mut self, text: &Text) {
        let whole = known_part(text);
        let mut words = from_first_word(&whole).split_whitespace().map(|word| word.trim_matches(['"', '(', '`', ';']));
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("CREATE"))
            && words.next().is_some_and(|word| word.to_uppercase().starts_with("TEMP"))
        {
            let skipped = ["TABLE", "IF", "NOT", "EXISTS"];
            let name = words.find(|word| !skipped.contains(&word.to_uppercase().as_str()));
            self.temporary.extend(name.and_then(|name| name.split('(').next()).map(str::to_owned));
        }
    }

    pub fn sql_method(
        &mut self,
        object: &Value<'a>,
        name: &str,
        arguments: &[Value<'a>],
        place: Place,
    ) -> Option<Value<'a>> {
        if let Some(Value::Text(text)) = arguments.first() {
            self.session(object, text);
        }
        if GIVES_CLIENT.contains(&name) {
            let client = Value::of_kind(Kind::Sql);
            let parameters = [client.clone(), client.clone(), client.clone()];
            arguments.iter().for_each(|argument| self.escape_with(argument, &parameters, 0));
            // `db.transaction(fn)` of better-sqlite3 gives a function.
            let function = arguments.first().filter(|one| name == "transaction" && matches!(one, Value::Function(_)));
            return Some(function.cloned().unwrap_or(client));
        }
        if name == "file"
            && let Some(path) = arguments.first().and_then(Value::constant)
        {
            match self.files.read(&path) {
                Ok(file) => {
                    let text = Value::Text(Text::constant(&*file.text).at(&file.name.as_str().into(), 1));
                    self.sql(&text, place, true);
                }
                Err(reason) => self.unknown(place, reason),
            }
            return Some(Value::nothing());
        }
        if !RUNS_SQL.contains(&name) {
            return None;
        }
        let is_told = |argument: &Value<'a>| !statement_texts(argument, 0).is_empty();
        match arguments.first() {
            Some(Value::List(list)) => {
                for one in list.borrow().clone() {
                    if !self.sql_arguments(std::slice::from_ref(&one), place, true) && !is_told(&one) {
                        self.unknown(place, "the SQL text is not constant");
                    }
                }
            }
            Some(first) if is_told(first) => drop(self.sql_arguments(&arguments[..1], place, true)),
            Some(first) if is_query_of_builder(first) => {}
            Some(Value::Thing(_) | Value::OneOf(_)) => self.unknown(place, "the SQL text is not constant"),
            _ => {}
        }
        self.escape_all(arguments);
        Some(Value::thing(Kind::Plain, What::Call(object.clone(), Vec::new())))
    }
}

/// A statement that a builder made counts where it was made.
fn is_query_of_builder(value: &Value<'_>) -> bool {
    matches!(value.kind(), Kind::Query(_) | Kind::Plain)
}

/// The texts that an argument gives as statements: itself, `{ sql }`, or each of a list.
fn statement_texts<'a>(argument: &Value<'a>, depth: usize) -> Vec<Value<'a>> {
    match argument {
        Value::Text(_) => vec![argument.clone()],
        Value::Object(object) if depth < 3 => {
            let named = ["sql", "text", "query", "statement"].iter().find_map(|name| object.get(name));
            named.iter().flat_map(|value| statement_texts(value, depth + 1)).collect()
        }
        Value::List(list) if depth < 3 => {
            list.borrow().iter().flat_map(|value| statement_texts(value, depth + 1)).collect()
        }
        Value::OneOf(all) if all.iter().any(|one| matches!(one, Value::Text(_))) => vec![argument.clone()],
        _ => Vec::new(),
    }
}

/// What a text does. Where parts of it are not known, they are taken for a name, a value, or nothing: as it can be
/// parsed.
fn read(text: &Text) -> Vec<Finding> {
    let is_told = |found: &Vec<Finding>| found.iter().all(|finding| finding.effect != Effect::Unknown);
    let first = sql::findings(&text.with(HOLE));
    if is_told(&first) || !text.has_holes() {
        return first;
    }
    let others = ["1", ""].into_iter().map(|hole| sql::findings(&text.with(hole)));
    others.into_iter().find(is_told).unwrap_or_else(|| by_verb(text).unwrap_or(first))
}

/// By the first word alone.
fn by_verb(text: &Text) -> Option<Vec<Finding>> {
    let whole = text.with(HOLE);
    let effect = match first_word(&whole).as_str() {
        "SELECT" | "CREATE" | "SHOW" | "PRAGMA" | "VALUES" => return Some(Vec::new()),
        "INSERT" => Effect::Insert,
        "UPDATE" => Effect::Update,
        "DELETE" => Effect::Delete,
        "TRUNCATE" => Effect::Truncate,
        "ALTER" => Effect::Alter,
        "DROP" => Effect::Drop,
        _ => return None,
    };
    let skipped =
        ["DELETE", "UPDATE", "TRUNCATE", "INSERT", "ALTER", "DROP", "FROM", "INTO", "TABLE", "ONLY", "IF", "EXISTS"];
    let mut words = from_first_word(&whole).split_whitespace();
    let table = words.find(|word| !skipped.contains(&word.to_uppercase().as_str()));
    let table = table.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned());
    Some(vec![Finding {
        file: None,
        line: 1,
        text: whole.split_whitespace().collect::<Vec<_>>().join(" "),
        effect,
        tables: table.into_iter().collect(),
        all_rows: false,
        reason: None,
    }])
}
