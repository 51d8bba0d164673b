//! Names and texts as SQL.

use crate::codec::TableName;

/// `name` as a quoted identifier.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `table` with its schema, quoted. A table without a schema is one of `public`.
pub(super) fn table(table: &TableName) -> String {
    format!("{}.{}", identifier(table.schema.as_deref().unwrap_or("public")), identifier(&table.name))
}

/// `text` as a literal that means the same whatever `standard_conforming_strings` says.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// The condition that a row stands at one of `places`, which are ctids between double quotes.
pub(super) fn among_places(places: &[String]) -> String {
    format!("ctid OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog._tid)", places.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("We\"ird'; drop table x;--"), "\"We\"\"ird'; drop table x;--\"");
        assert_eq!(table(&TableName::bare("select")), "\"public\".\"select\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }
}
