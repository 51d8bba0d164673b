//! Random rows that keep to the references, and the SQL that makes tables and fills them.

use super::schema::{Fill, Kind, Reference, Schema, Table, below, labels, pick};
use crate::tree::model::Dice;

/// The values of every table's rows as SQL.
pub type Rows = Vec<Vec<Vec<String>>>;

/// The unique value with that number.
pub fn unique(kind: Kind, number: u64) -> String {
    match kind {
        Kind::Int => number.to_string(),
        Kind::Uuid => format!("'00000000-0000-4000-8000-{number:012x}'"),
        Kind::Date => {
            let days = jiff::Span::new().days(i64::try_from(number % 2_000_000).unwrap());
            format!("'{}'", jiff::civil::date(1900, 1, 1).checked_add(days).unwrap())
        }
        Kind::Label => format!("'l{number}'"),
        _ => format!("'{} {number}'", ["k", "Kö", "it''s", "_"][usize::try_from(number % 4).unwrap()]),
    }
}

/// Any value of a kind.
fn any(dice: &mut Dice, kind: Kind, nullable: bool, postgres: bool) -> String {
    if nullable && dice.roll(5) == 0 {
        return "NULL".to_owned();
    }
    let from: &[&str] = match (kind, postgres) {
        (Kind::Int, _) => &["0", "-7", "42", "1000000000", "-1000000000"],
        (Kind::Text, _) => &["''", "'NULL'", "'it''s'", "'a\tb\n\\q'", "' x '", "'größe 😀'"],
        (Kind::Numeric, true) => &["1.10", "1.1", "'NaN'", "-12345678901234567890.5", "0", "0.00"],
        (Kind::Numeric, false) => &["1", "1.0", "'1'", "x'31'", "9223372036854775807", "-9223372036854775808"],
        (Kind::Real, true) => &["0.1", "1e300", "'-0'", "'NaN'", "5e-324", "'-Infinity'"],
        (Kind::Real, false) => &["0.1", "1e300", "-0.0", "9e999", "5e-324", "2"],
        (Kind::Json, _) => &["'null'", "'{\"a\": [1, 2.0]}'", "'\"x\"'", "'[]'"],
        (Kind::Bytes, true) => &["'\\x'", "'\\x00ff5c27'", "'\\x31'"],
        (Kind::Bytes, false) => &["x''", "x'00ff5c27'", "'text'"],
        (Kind::Flag, true) => &["true", "false"],
        (Kind::Flag, false) => &["1", "0", "'t'"],
        (Kind::Moment, true) => &["'infinity'", "'2026-01-02 03:04:05.678901+02'", "'0044-03-15 12:00:00+00 BC'"],
        (Kind::Moment, false) => &["'2026-01-02T03:04:05Z'", "'never'"],
        (Kind::Uuid, _) => &["'00000000-0000-4000-8000-00000000ffff'"],
        (Kind::Date, true) => &["'2026-02-03'", "'-infinity'", "'0044-03-15 BC'"],
        (Kind::Date, false) => &["'2026-02-03'", "1769212800000"],
        (Kind::Label, _) => &["'l1'", "'l4'"],
    };
    pick(dice, from).to_owned()
}

/// One row; what refers to other rows takes their values from `rows`.
pub fn row(schema: &Schema, rows: &Rows, table: usize, number: u64, dice: &mut Dice) -> Option<Vec<String>> {
    let mut chosen: Option<(usize, Option<usize>)> = None;
    let mut made = Vec::new();
    for column in &schema.tables[table].columns {
        made.push(match column.fill {
            Fill::Unique if column.nullable && dice.roll(6) == 0 => "NULL".to_owned(),
            Fill::Unique => unique(column.kind, number),
            Fill::Half => (number / 6).to_string(),
            Fill::Side if column.nullable && dice.roll(6) == 0 => "NULL".to_owned(),
            Fill::Side => match ((number / 3).is_multiple_of(2), schema.postgres) {
                (side, true) => side.to_string(),
                (side, false) => u8::from(side).to_string(),
            },
            Fill::Any => any(dice, column.kind, column.nullable, schema.postgres),
            Fill::Generated | Fill::Made(_) => String::new(),
            Fill::Reference(reference, position) => {
                let Reference { parent, referenced, .. } = &schema.references[reference];
                let found = chosen.filter(|(of, _)| *of == reference).map(|(_, found)| found);
                let found = found.unwrap_or_else(|| match rows[*parent].len() {
                    _ if column.nullable && dice.roll(5) == 0 => None,
                    0 => None,
                    some => Some(below(dice, some)),
                });
                chosen = Some((reference, found));
                let value = found.map(|at| rows[*parent][at][referenced[position]].clone());
                match value.filter(|value| value != "NULL" && !value.is_empty()) {
                    Some(value) => value,
                    None if column.nullable => "NULL".to_owned(),
                    None => return None,
                }
            }
        });
    }
    make(&schema.tables[table], &mut made);
    Some(made)
}

/// Fills in what the database makes of other values of the row.
pub fn make(table: &Table, row: &mut [String]) {
    for at in 0..row.len() {
        if let Fill::Made(from) = table.columns[at].fill {
            row[at] = format!("'{}x'", if row[from] == "NULL" { "-1" } else { &row[from] });
        }
    }
}

/// Rows of all tables. First those without references are made, so that others find them.
#[expect(clippy::needless_range_loop, reason = "tables and rows go by the same number")]
pub fn random(schema: &Schema, dice: &mut Dice) -> Rows {
    let mut rows: Rows = vec![Vec::new(); schema.tables.len()];
    let sizes: Vec<u64> = schema.tables.iter().map(|_| [0, 3, 9, 25][below(dice, 4)]).collect();
    // what they refer to in the first round is not there yet: values that are unique are enough
    for (at, table) in schema.tables.iter().enumerate() {
        let blank = |number: u64| {
            table.columns.iter().map(move |column| match column.fill {
                Fill::Unique => unique(column.kind, number),
                _ => String::new(),
            })
        };
        rows[at] = (0..sizes[at]).map(|number| blank(number * 3 + 1).collect()).collect();
        rows[at].iter_mut().for_each(|row| make(table, row));
    }
    for at in 0..schema.tables.len() {
        let anything: Vec<usize> =
            (0..schema.tables[at].columns.len()).filter(|&c| schema.tables[at].columns[c].fill == Fill::Any).collect();
        for nth in 0..rows[at].len() {
            for &column in &anything {
                let column_is = &schema.tables[at].columns[column];
                rows[at][nth][column] = any(dice, column_is.kind, column_is.nullable, schema.postgres);
            }
        }
    }
    let first = rows.clone();
    for at in 0..schema.tables.len() {
        let mut made = Vec::new();
        for (nth, old) in first[at].iter().enumerate() {
            let Some(mut new) = row(schema, &first, at, nth as u64 * 3 + 1, dice) else { continue };
            for (column, value) in old.iter().enumerate().filter(|(_, value)| !value.is_empty()) {
                new[column].clone_from(value);
            }
            make(&schema.tables[at], &mut new);
            made.push(new);
        }
        rows[at] = made;
    }
    without_dangling(schema, &mut rows);
    for (table, rows) in schema.tables.iter().zip(&mut rows) {
        let unkeyed = table.columns.iter().all(|column| !matches!(column.fill, Fill::Unique | Fill::Side));
        if unkeyed && !rows.is_empty() {
            rows.extend_from_within(..rows.len().div_ceil(2));
        }
    }
    rows
}

/// Drops rows whose parent was not made after all, until none is left.
fn without_dangling(schema: &Schema, rows: &mut Rows) {
    loop {
        let before: usize = rows.iter().map(Vec::len).sum();
        for Reference { child, parent, columns, referenced, .. } in &schema.references {
            let parents: std::collections::HashSet<Vec<String>> =
                rows[*parent].iter().map(|row| referenced.iter().map(|&at| row[at].clone()).collect()).collect();
            rows[*child].retain(|row| {
                let values: Vec<String> = columns.iter().map(|&at| row[at].clone()).collect();
                values.iter().any(|value| value == "NULL") || parents.contains(&values)
            });
        }
        if rows.iter().map(Vec::len).sum::<usize>() == before {
            return;
        }
    }
}

impl Table {
    /// `(columns) OVERRIDING ... VALUES (...)` for some rows.
    pub fn insert(&self, postgres: bool, rows: &[Vec<String>]) -> String {
        let given = self.given();
        let tuple = |row: &Vec<String>| {
            let values: Vec<&str> = given.iter().map(|&at| row[at].as_str()).collect();
            format!("({})", values.join(", "))
        };
        if given.is_empty() {
            return format!("INSERT INTO {} DEFAULT VALUES", self.sql());
        }
        let tuples: Vec<String> = rows.iter().map(tuple).collect();
        let overriding = if postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
        format!("INSERT INTO {} ({}){overriding} VALUES {}", self.sql(), self.names(&given), tuples.join(",\n "))
    }

    fn create(&self, postgres: bool, references: &[String]) -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for column in &self.columns {
            let (kind, more) = match column.more.as_str() {
                "serial" => ("serial", ""),
                more => (column.kind.sql(postgres), more),
            };
            let null = if column.nullable || more.contains("PRIMARY KEY") { "" } else { " NOT NULL" };
            parts.push(format!("\"{}\" {kind}{more}{null}", column.name));
        }
        if parts.is_empty() {
            parts.push("\"lone\" integer".to_owned());
        }
        parts.extend(self.constraints.iter().chain(references).cloned());
        let mut all = vec![format!("CREATE TABLE {} (\n  {}){}", self.sql(), parts.join(",\n  "), self.options)];
        if let [low, high] = &self.leaves()[..]
            && !self.parts.is_empty()
        {
            all.push(format!("CREATE TABLE {low} PARTITION OF {} FOR VALUES FROM (MINVALUE) TO (20)", self.sql()));
            all.push(format!("CREATE TABLE {high} PARTITION OF {} DEFAULT", self.sql()));
        }
        all
    }
}

impl Schema {
    fn foreign(&self, reference: &Reference) -> String {
        let (child, parent) = (&self.tables[reference.child], &self.tables[reference.parent]);
        format!(
            "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}{}",
            child.names(&reference.columns),
            parent.sql(),
            parent.names(&reference.referenced),
            reference.on_delete,
            reference.on_update,
            reference.deferral
        )
    }

    /// Everything that makes the tables with their rows, statement by statement. References and triggers come last
    /// where they can.
    pub fn statements(&self, rows: &Rows, dice: &mut Dice) -> Vec<String> {
        let mut all = Vec::new();
        if self.postgres {
            all.push("CREATE TABLE one.audit (what text, tab text)".to_owned());
            all.push(format!("CREATE TYPE one.label AS ENUM ({})", labels()));
        } else {
            all.push("PRAGMA foreign_keys = OFF".to_owned());
            all.push("CREATE TABLE audit (what text, tab text)".to_owned());
        }
        for (at, table) in self.tables.iter().enumerate() {
            let own: Vec<String> =
                self.references.iter().filter(|reference| reference.child == at).map(|one| self.foreign(one)).collect();
            all.extend(table.create(self.postgres, if self.postgres { &[] } else { &own }));
        }
        for (table, rows) in self.tables.iter().zip(rows).filter(|(_, rows)| !rows.is_empty()) {
            all.push(table.insert(self.postgres, rows));
        }
        for (at, table) in self.tables.iter().enumerate() {
            all.extend(table.later.iter().cloned());
            if self.postgres {
                let own = self.references.iter().filter(|reference| reference.child == at);
                all.extend(own.map(|one| format!("ALTER TABLE {} ADD {}", table.sql(), self.foreign(one))));
                let counted = table.columns.iter().filter(|column| column.counted);
                all.extend(counted.map(|column| {
                    let (name, column) = (table.sql().replace('\'', "''"), &column.name);
                    format!(
                        "SELECT setval(pg_get_serial_sequence('{name}', '{column}'), (SELECT coalesce(max(\"{column}\"), 0) + 1 FROM {}), false)",
                        table.sql()
                    )
                }));
            }
        }
        if !self.postgres {
            all.push("PRAGMA foreign_keys = ON".to_owned());
        }
        for (at, table) in self.tables.iter().enumerate() {
            all.extend(super::triggers::of(self.postgres, at, table, dice));
        }
        all
    }
}
