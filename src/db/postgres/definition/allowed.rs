//! What a statement of a definition may be. Definitions come from a store, which somebody else may have written.

use crate::codec::{Part, PartKind};

const ALTER_TABLE: &str = "ALTER TABLE ";
const GRANTS: [&str; 11] = [
    "GRANT CREATE",
    "GRANT DELETE",
    "GRANT EXECUTE",
    "GRANT INSERT",
    "GRANT MAINTAIN",
    "GRANT REFERENCES",
    "GRANT SELECT",
    "GRANT TRIGGER",
    "GRANT TRUNCATE",
    "GRANT UPDATE",
    "GRANT USAGE",
];

/// Whether `sql` begins like a statement that makes such a part, or what belongs to it. That it is only one statement
/// is another question.
pub(super) fn makes(part: &Part, sql: &str) -> bool {
    let begins = |with: &[&str]| with.iter().any(|words| sql.starts_with(words));
    let is_what_follows = part.then.iter().any(|then| then == sql)
        && (begins(&["REVOKE ALL ON ROUTINE ", "COMMENT ON ", "ALTER DOMAIN "]) || begins(&GRANTS));
    is_what_follows
        || match part.kind {
            PartKind::Schema => begins(&["CREATE SCHEMA "]),
            PartKind::Extension => begins(&["CREATE EXTENSION "]),
            PartKind::Collation => begins(&["CREATE COLLATION "]),
            PartKind::Type => begins(&["CREATE TYPE ", "CREATE DOMAIN "]),
            PartKind::Sequence => begins(&["CREATE SEQUENCE "]),
            PartKind::Function => begins(&["CREATE OR REPLACE FUNCTION ", "CREATE OR REPLACE PROCEDURE "]),
            PartKind::Table => begins(&["CREATE TABLE ", "CREATE UNLOGGED TABLE "]),
            PartKind::Check | PartKind::Key | PartKind::Partition | PartKind::ForeignKey => begins(&[ALTER_TABLE]),
            PartKind::Index => begins(&["CREATE INDEX ", "CREATE UNIQUE INDEX "]),
            PartKind::Trigger => {
                begins(&["CREATE TRIGGER ", "CREATE CONSTRAINT TRIGGER ", "CREATE RULE ", ALTER_TABLE])
            }
            PartKind::Ownership => begins(&["ALTER SEQUENCE "]),
            PartKind::Setting => {
                begins(&[ALTER_TABLE, "ALTER INDEX ", "CREATE STATISTICS ", "CREATE POLICY ", "COMMENT ON "])
            }
            PartKind::Privilege => begins(&GRANTS),
            PartKind::Unsupported => false,
        }
}
