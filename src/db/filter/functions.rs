//! The functions that may be called: built in, and for the same arguments always the same.

use super::refused;
use crate::db::{DbError, Dialect};

/// How a call of a function is written.
pub(super) enum Call {
    /// In PostgreSQL with its schema, so that no function of that name elsewhere is meant.
    Function(String),
    /// Special syntax that looks like a function and takes no schema.
    Syntax(String),
}

const SYNTAX: [&str; 2] = ["coalesce", "nullif"];
const POSTGRES_SYNTAX: [&str; 2] = ["greatest", "least"];

const BOTH: [&str; 10] =
    ["lower", "upper", "length", "abs", "substr", "ltrim", "rtrim", "replace", "round", "octet_length"];

const POSTGRES: [&str; 33] = [
    "array_length",
    "array_position",
    "btrim",
    "cardinality",
    "ceil",
    "char_length",
    "character_length",
    "date_part",
    "date_trunc",
    "floor",
    "initcap",
    "json_array_length",
    "json_extract_path_text",
    "json_typeof",
    "jsonb_array_length",
    "jsonb_extract_path_text",
    "jsonb_typeof",
    "left",
    "lpad",
    "md5",
    "mod",
    "power",
    "regexp_replace",
    "reverse",
    "right",
    "rpad",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "strpos",
    "substring",
    "trunc",
];

const SQLITE: [&str; 14] = [
    "hex",
    "ifnull",
    "iif",
    "instr",
    "json_array_length",
    "json_extract",
    "json_quote",
    "json_type",
    "json_valid",
    "sign",
    "substring",
    "trim",
    "typeof",
    "unicode",
];

const AGGREGATES: [&str; 14] = [
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "count",
    "every",
    "group_concat",
    "json_agg",
    "jsonb_agg",
    "max",
    "min",
    "string_agg",
    "sum",
    "total",
];

/// How to write a call of `name`, if it may be called.
pub(super) fn call(dialect: Dialect, name: &str) -> Result<Call, DbError> {
    let lower = name.to_ascii_lowercase();
    let has = |list: &[&str]| list.contains(&lower.as_str());
    match dialect {
        Dialect::Postgres | Dialect::Sqlite if has(&SYNTAX) => Ok(Call::Syntax(lower)),
        Dialect::Postgres if has(&POSTGRES_SYNTAX) => Ok(Call::Syntax(lower)),
        Dialect::Postgres if has(&BOTH) || has(&POSTGRES) => Ok(Call::Function(format!("pg_catalog.{lower}"))),
        Dialect::Sqlite if has(&BOTH) || has(&SQLITE) => Ok(Call::Function(lower)),
        _ if has(&AGGREGATES) => Err(refused(format!("{lower}() looks at several rows; a filter looks at one"))),
        _ => Err(refused(format!(
            "{name}() is not one of the functions that give the same answer every time ({}, ...)",
            [SYNTAX.as_slice(), BOTH.as_slice()].concat().join(", ")
        ))),
    }
}

/// Whether a call of `name` may be true or false, so that it can be a filter by itself.
pub(super) fn is_condition(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_prefix("pg_catalog.").unwrap_or(&name);
    ["coalesce", "nullif", "ifnull", "iif", "starts_with", "json_valid"].contains(&name)
}
