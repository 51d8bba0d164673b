//! Foreign keys that are in the way of a patch.

use super::operators::is_told_by;
use super::quote::table;
use super::values::literal;
use crate::codec::Key;
use crate::db::patch::PatchTable;

/// Foreign keys onto the tables that would act, or refuse at once, when a value that is not part of a row's key goes
/// from one row to another, or when rows of a partitioned table go (which of its partitions is written first is not
/// known by their names). No order of statements keeps them from that: they are dropped and, at the end, made again. A
/// condition on `k`.
pub(super) fn moving(tables: &[PatchTable<'_>]) -> String {
    format!(
        "(k.confupdtype <> 'a' OR k.confdeltype <> 'a')\n    AND ({}\n    OR NOT k.confrelid = ANY (tables) AND {} AND {})",
        beyond_keys(tables),
        in_patch("k.conrelid"),
        in_patch("k.confrelid")
    )
}

/// Foreign keys onto the tables that refuse at once, although they do not act: what is referred to may come back with
/// another row. Those of other tables are only in the way if that is not part of a row's key, and are only touched by
/// their owner. A condition on `k`.
pub(super) fn waiting(tables: &[PatchTable<'_>]) -> String {
    format!(
        "{} AND ({} OR ({} OR NOT k.confrelid = ANY (tables)) AND EXISTS (SELECT FROM pg_catalog.pg_class c \
         WHERE c.oid = k.conrelid AND pg_catalog.pg_has_role(c.relowner, 'USAGE')))",
        in_patch("k.confrelid"),
        in_patch("k.conrelid"),
        beyond_keys(tables)
    )
}

/// Whether a foreign key onto one of the tables refers to something that is not part of a row's key. A condition on
/// `k`.
fn beyond_keys(tables: &[PatchTable<'_>]) -> String {
    let key = |one: &PatchTable<'_>| {
        let of = format!("{}::pg_catalog.regclass", literal(&table(&one.schema.table)));
        let Key::Columns { columns, .. } = &one.schema.key else { return Vec::new() };
        let columns = columns.iter().filter_map(|key| Some((key.order, one.schema.columns.get(key.column as usize)?)));
        // another form of a key is another row for a patch
        let told = columns.filter(|(order, column)| is_told_by(*order, column));
        told.map(|(_, column)| format!("({of}, {})", literal(&column.name))).collect::<Vec<_>>()
    };
    let keys: Vec<String> = tables.iter().flat_map(key).collect();
    let beyond = match keys.is_empty() {
        true => String::new(),
        false => format!(
            "\n      AND (a.attrelid, a.attname::pg_catalog.text) NOT IN (SELECT v.of::pg_catalog.oid, v.name FROM (VALUES {}) AS v (of, name))",
            keys.join(", ")
        ),
    };
    format!(
        "EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = k.confrelid AND k.confrelid = ANY (tables) \
         AND a.attnum = ANY (k.confkey){beyond})"
    )
}

/// Whether a table, or a partition of it, is one of the patch's.
fn in_patch(oid: &str) -> String {
    format!(
        "({oid} = ANY (tables) OR EXISTS (SELECT FROM pg_catalog.pg_partition_tree({oid}) AS p WHERE p.relid = ANY (tables)))"
    )
}
