//! PostgreSQL's types in terms of the format: what a value becomes, how it sorts in a key.

use super::client::{Connection, Failure};
use crate::codec::{KeyOrder, Kind};
use crate::monitor::Monitor;
use std::collections::{HashMap, HashSet};

/// How the text of a value becomes a canonical value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `int2`, `int4`, `int8`.
    Int,
    /// `float4`: kept widened, written back narrowed.
    Float4,
    /// `float8`.
    Float8,
    /// `bytea`.
    Bytes,
    /// Everything else.
    Text,
}

impl Form {
    /// The form of a column of this kind.
    pub(super) fn of(kind: Kind, array: bool) -> Form {
        match kind {
            _ if array => Form::Text,
            Kind::Int | Kind::BigInt => Form::Int,
            Kind::Float4 => Form::Float4,
            Kind::Float8 => Form::Float8,
            Kind::Bytes => Form::Bytes,
            _ => Form::Text,
        }
    }
}

#[derive(Debug)]
struct Type {
    name: String,
    builtin: bool,
    class: char,
    base: u32,
    element: u32,
    is_array: bool,
}

/// The database's types, by oid. Row types of tables and arrays of them are left out; they are [`Kind::Other`].
pub(super) struct Types {
    by_oid: HashMap<u32, Type>,
    /// Collations under which an ASCII letter equals its capital, by oid; [`DEFAULT_COLLATION`] for `citext`, which
    /// asks no other.
    folding: HashSet<u32>,
}

const DEFAULT_COLLATION: u32 = 100;

impl Types {
    /// Reads them.
    pub(super) fn load(connection: &mut Connection, monitor: &dyn Monitor) -> Result<Types, Failure> {
        let sql = "SELECT t.oid, t.typname, n.nspname = 'pg_catalog', t.typtype, t.typbasetype, t.typelem, \
                   t.typcategory = 'A' AND t.typelem <> 0 AND t.typlen = -1 \
                   FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
                   LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem \
                   WHERE t.typrelid = 0 AND (e.oid IS NULL OR e.typrelid = 0)";
        let mut types = HashMap::new();
        connection.query(sql, monitor, &mut |row| {
            let found = Type {
                name: row.required(1)?.to_string(),
                builtin: row.flag(2)?,
                class: row.required(3)?.chars().next().unwrap_or('b'),
                base: row.required_number(4)?,
                element: row.required_number(5)?,
                is_array: row.flag(6)?,
            };
            types.insert(row.required_number(0)?, found);
            Ok(())
        })?;
        Ok(Types { by_oid: types, folding: folding_collations(connection, monitor)? })
    }

    /// The type below any domains.
    fn resolve(&self, mut oid: u32) -> Option<&Type> {
        // domains cannot form a cycle, but what a server says is not to be trusted
        for _ in 0..64 {
            let found = self.by_oid.get(&oid)?;
            if found.class != 'd' {
                return Some(found);
            }
            oid = found.base;
        }
        None
    }

    /// The kind of a column of type `oid`, and whether it is an array of that kind. Domains count as what they are
    /// over.
    pub(super) fn kind(&self, oid: u32) -> (Kind, bool) {
        match self.resolve(oid) {
            Some(found) if found.is_array => (self.resolve(found.element).map_or(Kind::Other, scalar), true),
            Some(found) => (scalar(found), false),
            None => (Kind::Other, false),
        }
    }

    /// How a key column of type `oid` is ordered whose index has this collation.
    pub(super) fn order(&self, oid: u32, collation: u32) -> KeyOrder {
        let is_named =
            |builtin, name| self.resolve(oid).is_some_and(|found| found.builtin == builtin && found.name == name);
        match self.kind(oid) {
            (_, true) => KeyOrder::Storage,
            (Kind::Numeric, _) => KeyOrder::Numeric,
            (Kind::Date, _) => KeyOrder::Date,
            (Kind::Time, _) => KeyOrder::Time,
            (Kind::Timestamp | Kind::TimestampTz, _) => KeyOrder::Timestamp,
            // character(n): trailing spaces do not count
            (Kind::Text, _) if is_named(true, "bpchar") => KeyOrder::Rtrim,
            (Kind::Text, _) if is_named(false, "citext") && self.folding.contains(&DEFAULT_COLLATION) => {
                KeyOrder::NoCase
            }
            (Kind::Text, _) if collation != DEFAULT_COLLATION && self.folding.contains(&collation) => KeyOrder::NoCase,
            _ => KeyOrder::Storage,
        }
    }
}

/// Asks the database which collations take a letter and its capital for equal, and, of the default one, whether one is
/// the other's lower case. All 26 letters have to: in Turkish `i` is not that of `I`.
fn folding_collations(connection: &mut Connection, monitor: &dyn Monitor) -> Result<HashSet<u32>, Failure> {
    const SMALL: &str = "'abcdefghijklmnopqrstuvwxyz'";
    const LARGE: &str = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ'";
    let mut tests = vec![format!("SELECT {DEFAULT_COLLATION}, pg_catalog.lower({LARGE}::pg_catalog.text) = {SMALL}")];
    let sql = "SELECT c.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname) \
               FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace \
               JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() \
               WHERE NOT c.collisdeterministic AND c.collencoding IN (-1, d.encoding) \
               AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')";
    connection.query(sql, monitor, &mut |row| {
        let (oid, name) = (row.required_number::<u32>(0)?, row.required(1)?);
        tests.push(format!("SELECT {oid}, {SMALL}::pg_catalog.text = {LARGE} COLLATE {name}"));
        Ok(())
    })?;
    let mut folding = HashSet::new();
    connection.query(&tests.join(" UNION ALL "), monitor, &mut |row| {
        if row.flag(1)? {
            folding.insert(row.required_number(0)?);
        }
        Ok(())
    })?;
    Ok(folding)
}

fn scalar(found: &Type) -> Kind {
    if found.class == 'e' {
        return Kind::Enum;
    }
    if !found.builtin {
        return if found.name == "citext" { Kind::Text } else { Kind::Other };
    }
    match found.name.as_str() {
        "bool" => Kind::Bool,
        "int2" | "int4" => Kind::Int,
        "int8" => Kind::BigInt,
        "float4" => Kind::Float4,
        "float8" => Kind::Float8,
        "numeric" => Kind::Numeric,
        "money" => Kind::Money,
        "text" | "varchar" | "bpchar" | "char" | "name" => Kind::Text,
        "bytea" => Kind::Bytes,
        "uuid" => Kind::Uuid,
        "date" => Kind::Date,
        "time" => Kind::Time,
        "timetz" => Kind::TimeTz,
        "timestamp" => Kind::Timestamp,
        "timestamptz" => Kind::TimestampTz,
        "interval" => Kind::Interval,
        "json" => Kind::Json,
        "jsonb" => Kind::Jsonb,
        _ => Kind::Other,
    }
}
