//! What a declared type stands for: the kind that exports see, and the affinity by which SQLite converts on write.

use crate::codec::Kind;

/// A column's affinity (<https://sqlite.org/datatype3.html>, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    /// Integers, if nothing is lost.
    Integer,
    /// Numbers become text.
    Text,
    /// Nothing is converted.
    Blob,
    /// Integers become reals.
    Real,
    /// Integers or reals, if nothing is lost.
    Numeric,
}

/// The affinity of a declared type, by SQLite's own rules in their order.
pub(super) fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_ascii_uppercase();
    let has = |part: &str| declared.contains(part);
    if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || declared.is_empty() {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// The kind of a declared type: the names that Prisma writes and those in common use, else by affinity.
pub(super) fn kind(declared: &str) -> Kind {
    let upper = declared.to_ascii_uppercase();
    let name = upper.split('(').next().unwrap_or_default().trim();
    match name {
        "BOOLEAN" | "BOOL" => Kind::Bool,
        "BIGINT" | "INT8" | "UNSIGNED BIG INT" | "BIGINT UNSIGNED" => Kind::BigInt,
        "DECIMAL" | "NUMERIC" | "DEC" => Kind::Numeric,
        "DATETIME" | "TIMESTAMP" => Kind::Timestamp,
        "DATE" => Kind::Date,
        "TIME" => Kind::Time,
        "JSON" => Kind::Json,
        "JSONB" => Kind::Jsonb,
        "UUID" => Kind::Uuid,
        _ => match affinity(declared) {
            Affinity::Integer => Kind::Int,
            Affinity::Text => Kind::Text,
            Affinity::Blob if !name.is_empty() => Kind::Bytes,
            Affinity::Real => Kind::Float8,
            Affinity::Blob | Affinity::Numeric => Kind::Other,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prismas_types_have_their_kinds() {
        let kinds = [
            ("INTEGER", Kind::Int),
            ("BIGINT", Kind::BigInt),
            ("REAL", Kind::Float8),
            ("DOUBLE PRECISION", Kind::Float8),
            ("DECIMAL", Kind::Numeric),
            ("numeric(10, 2)", Kind::Numeric),
            ("BOOLEAN", Kind::Bool),
            ("DATETIME", Kind::Timestamp),
            ("JSONB", Kind::Jsonb),
            ("BLOB", Kind::Bytes),
            ("TEXT", Kind::Text),
            ("varchar(20)", Kind::Text),
            ("", Kind::Other),
            ("ANY", Kind::Other),
            ("STRING", Kind::Other),
        ];
        for (declared, expected) in kinds {
            assert_eq!(kind(declared), expected, "{declared}");
        }
    }

    #[test]
    fn affinities_follow_sqlites_rules_in_their_order() {
        assert_eq!(affinity("CHARINT"), Affinity::Integer);
        assert_eq!(affinity("FLOATING POINT"), Affinity::Integer, "SQLite says so: it holds INT");
        assert_eq!(affinity("JSONB"), Affinity::Numeric);
        assert_eq!(affinity(""), Affinity::Blob);
    }
}
