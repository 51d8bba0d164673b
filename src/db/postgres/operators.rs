//! How the rows of tables are told apart: by the captured key or, where there is none, by a unique index that the
//! database keeps, over generated columns (which are not captured) or columns that can be NULL.

use super::client::Failure;
use super::generated::Generated;
use super::quote;
use super::session::Session;
use super::values::is_reg;
use crate::codec::{Column, Key, KeyOrder, KeySource, Kind};
use std::collections::HashMap;

/// Per table of a session the columns that tell its rows apart, in index order.
#[derive(Debug, Default)]
pub(super) struct KeyOperators {
    members: HashMap<usize, Vec<Member>>,
    generated: Generated,
}

/// One column of an index.
#[derive(Debug)]
struct Member {
    name: String,
    /// The index's equality operator, qualified.
    operator: String,
    /// ` COLLATE` and the index's collation, if it has one.
    collate: String,
}

/// Whether text of this column's type is equal only to itself: not so of a domain or a type that an extension brings,
/// which can have a collation or an equality of its own.
fn is_plain_text(column: &Column) -> bool {
    let name = column.sql_type.trim_end_matches("[]").split(['(', ' ']).next().unwrap_or_default();
    column.collation.is_none() && ["text", "character", "name", "\"char\"", "bpchar"].contains(&name)
}

/// Whether equal values of a column can look different (1.1 and 1.10, `1 mon` and `30 days`); `order` is that of a key,
/// or [`KeyOrder::Storage`].
pub(super) fn has_many_forms(order: KeyOrder, column: &Column) -> bool {
    match column.kind {
        Kind::Text => column.array || order != KeyOrder::Storage || !is_plain_text(column),
        // a number, shown by the name of what it stands for
        Kind::Other if is_reg(column) => false,
        Kind::Numeric | Kind::Float4 | Kind::Float8 | Kind::Interval | Kind::Json | Kind::Jsonb | Kind::Other => true,
        Kind::Bool | Kind::Int | Kind::BigInt | Kind::Money | Kind::Bytes | Kind::Uuid | Kind::Enum => false,
        Kind::Date | Kind::Time | Kind::TimeTz | Kind::Timestamp | Kind::TimestampTz => false,
    }
}

/// Whether two values of a key column are equal for the database exactly if they are by `order`.
pub(super) fn is_told_by(order: KeyOrder, column: &Column) -> bool {
    let by_order = match column.kind {
        Kind::Text => order == KeyOrder::Rtrim && is_plain_text(column),
        Kind::Numeric | Kind::Float4 | Kind::Float8 => true,
        _ => false,
    };
    by_order && !column.array || !has_many_forms(order, column)
}

impl KeyOperators {
    pub(super) fn load(session: &mut Session<'_>) -> Result<KeyOperators, Failure> {
        let mut operators = KeyOperators::default();
        if session.tables.is_empty() {
            return Ok(operators);
        }
        let mut chosen: Vec<String> = session
            .tables
            .iter()
            .map(|open| match &open.schema.key {
                Key::Columns { source: KeySource::Primary, .. } => format!("({}, true, NULL)", open.oid),
                Key::Columns { source: KeySource::Unique(name), .. } => {
                    format!("({}, false, {})", open.oid, quote::literal(name))
                }
                Key::Rows => format!("({}, false, NULL)", open.oid),
            })
            .collect();
        // one table can stand in a session more than once: with a filter and without
        chosen.sort_unstable();
        chosen.dedup();
        // without a captured key: the primary key, or what others refer to, or any
        let sql = format!(
            "SELECT i.indrelid, m.attname, pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname), \
             coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', ns.nspname, co.collname) FROM pg_catalog.pg_collation co \
             JOIN pg_catalog.pg_namespace ns ON ns.oid = co.collnamespace \
             WHERE co.oid = i.indcollation[part.n::pg_catalog.int4 - 1]), '') \
             FROM (VALUES {}) AS wanted (oid, by_primary, name) \
             JOIN pg_catalog.pg_index i ON i.indexrelid = (SELECT j.indexrelid FROM pg_catalog.pg_index j \
             JOIN pg_catalog.pg_class x ON x.oid = j.indexrelid WHERE j.indrelid = wanted.oid::pg_catalog.oid \
             AND CASE WHEN wanted.by_primary THEN j.indisprimary WHEN wanted.name IS NOT NULL THEN x.relname = wanted.name \
             ELSE j.indisunique AND j.indimmediate AND j.indisvalid AND j.indislive AND j.indpred IS NULL \
             AND j.indexprs IS NULL END ORDER BY j.indisprimary DESC, \
             EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conindid = j.indexrelid) DESC, \
             j.indnkeyatts, x.relname COLLATE \"C\" LIMIT 1) \
             CROSS JOIN LATERAL pg_catalog.unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY AS part (class, n) \
             JOIN pg_catalog.pg_attribute m ON m.attrelid = i.indrelid \
             AND m.attnum = i.indkey[part.n::pg_catalog.int4 - 1] \
             JOIN pg_catalog.pg_opclass c ON c.oid = part.class \
             JOIN pg_catalog.pg_amop a ON a.amopfamily = c.opcfamily AND a.amoplefttype = c.opcintype \
             AND a.amoprighttype = c.opcintype AND a.amopstrategy = 3 \
             JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr \
             JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
             WHERE part.n <= i.indnkeyatts ORDER BY i.indrelid, part.n",
            chosen.join(", ")
        );
        let oids: Vec<u32> = session.tables.iter().map(|open| open.oid).collect();
        session.connection.query(&sql, session.monitor, &mut |row| {
            let oid: u32 = row.required_number(0)?;
            for (index, _) in oids.iter().enumerate().filter(|(_, of)| **of == oid) {
                operators.members.entry(index).or_default().push(Member {
                    name: row.required(1)?.to_string(),
                    operator: row.required(2)?.to_string(),
                    collate: row.required(3)?.to_string(),
                });
            }
            Ok(())
        })?;
        operators.generated = Generated::load(session)?;
        Ok(operators)
    }

    /// Whether the rows of the table at `index` can be told apart.
    pub(super) fn tell_apart(&self, index: usize) -> bool {
        self.members.contains_key(&index)
    }

    /// The generated columns of these tables.
    pub(super) fn generated(&self) -> &Generated {
        &self.generated
    }

    /// `row` of the table at `index` and row `other`, whose columns are called `c` and their position, have the same
    /// key, as SQL. Only for tables whose rows can be told apart; where a generated column does, functions of the
    /// database's own may be called.
    pub(super) fn same_key(&self, session: &Session<'_>, index: usize, row: &str, other: &str) -> String {
        let (Some(open), Some(members)) = (session.tables.get(index), self.members.get(&index)) else {
            return "false".into();
        };
        let same = |member: &Member| {
            let name = quote::identifier(&member.name);
            let value = match open.schema.columns.iter().position(|column| column.name == member.name) {
                Some(at) => format!("{other}.c{at}"),
                None => {
                    format!("{}{}", self.generated.value(&open.schema, index, &member.name, other)?, member.collate)
                }
            };
            Some(format!("{row}.{name} {} {value}", member.operator))
        };
        let parts: Option<Vec<String>> = members.iter().map(same).collect();
        parts.map_or_else(|| "false".into(), |parts| parts.join(" AND "))
    }
}
