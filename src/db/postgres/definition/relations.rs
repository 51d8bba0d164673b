//! Tables, and what is part of them: constraints, indexes, triggers and the rest.

use super::settings;
use crate::codec::{Part, PartKind, TableName};
use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::client::{Connection, Failure};
use crate::monitor::Monitor;
use std::collections::HashMap;

/// A table, partitioned or not.
#[derive(Debug)]
pub(super) struct Relation {
    /// Its schema.
    pub(super) schema: String,
    /// The table and what is part of it, in the order of making.
    pub(super) parts: Vec<Part>,
}

/// The table's name as SQL. `c` is the table and `n` its schema in all these queries.
const NAME: &str = "pg_catalog.format('%I.%I', n.nspname, c.relname)";
/// `ALTER TABLE` with the table's name; a partitioned one is altered with what is below it, which it has not yet.
pub(super) const ALTER: &str =
    "pg_catalog.format('ALTER TABLE %s%I.%I', CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END, n.nspname, c.relname)";

/// The definitions of the tables with these oids, each without what it needs beside itself.
pub(super) fn load(
    connection: &mut Connection,
    version: u32,
    oids: &[u32],
    monitor: &dyn Monitor,
) -> Result<HashMap<u32, Relation>, Failure> {
    let wanted = oid_array(oids.iter().copied());
    let of = format!(
        "FROM {wanted} JOIN pg_catalog.pg_class c ON c.oid = wanted.oid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    );
    let mut relations = HashMap::new();
    for (kind, sql) in [
        (PartKind::Unsupported, unsupported(&of)),
        (PartKind::Table, tables(&of, version)),
        (PartKind::Check, checks(&of, version)),
        (PartKind::Key, keys(&of)),
        (PartKind::Index, indexes(&of)),
        (PartKind::Partition, partitions(&of)),
        (PartKind::ForeignKey, foreign_keys(&of)),
        (PartKind::Trigger, triggers(&of)),
        (PartKind::Ownership, settings::ownerships(&of)),
        (PartKind::Setting, settings::queries(&of, version)),
        (PartKind::Privilege, settings::privileges(&of)),
    ] {
        connection.query_again(&sql, monitor, &mut |row| {
            // dropped since this transaction's instant
            let Some(sql) = row.text(4)?.map(str::to_owned) else { return Ok(()) };
            let schema = row.required(1)?;
            let relation = relations
                .entry(row.required_number(0)?)
                .or_insert_with(|| Relation { schema: schema.to_owned(), parts: Vec::new() });
            let references = match (row.text(5)?, row.text(6)?) {
                (Some(schema), Some(name)) => Some(TableName::qualified(schema, name)),
                _ => None,
            };
            relation.parts.push(Part {
                kind,
                name: row.required(3)?.to_owned(),
                table: Some(TableName::qualified(schema, row.required(2)?)),
                references,
                sql,
                then: Vec::new(),
            });
            Ok(())
        })?;
    }
    // a foreign key from another table stands with that one's name
    inbound(connection, &of, &mut relations, monitor)?;
    Ok(relations)
}

/// A query of (oid, schema, table, name, SQL, schema and name of a referenced table), of `name` and `sql`.
pub(super) fn parts(name: &str, sql: &str, rest: &str) -> String {
    format!("SELECT c.oid, n.nspname, c.relname, {name}, {sql}, NULL, NULL {rest}")
}

fn unsupported(of: &str) -> String {
    let sql = format!(
        "{NAME} || CASE WHEN c.reloftype <> 0 THEN ' is a table of a composite type (OF)' ELSE ' inherits, or is inherited from' END"
    );
    parts(
        "'inheritance'",
        &sql,
        &format!(
            "{of} WHERE c.reloftype <> 0 OR c.relkind = 'r' AND EXISTS (SELECT FROM pg_catalog.pg_inherits i \
             WHERE i.inhparent = c.oid OR i.inhrelid = c.oid AND NOT c.relispartition)"
        ),
    )
}

fn tables(of: &str, version: u32) -> String {
    let not_null = match version {
        18.. => {
            "coalesce((SELECT CASE WHEN k.convalidated THEN pg_catalog.format(' CONSTRAINT %I NOT NULL', k.conname) \
             || CASE WHEN k.connoinherit THEN ' NO INHERIT' ELSE '' END ELSE '' END \
             FROM pg_catalog.pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]), \
             CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END)"
        }
        _ => "CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END",
    };
    let columns = format!(
        "(SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) \
         || coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', on_.nspname, o.collname) FROM pg_catalog.pg_collation o \
         JOIN pg_catalog.pg_namespace on_ ON on_.oid = o.collnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         WHERE o.oid = a.attcollation AND a.attcollation <> t.typcollation), '') \
         || coalesce((SELECT CASE a.attgenerated WHEN '' THEN ' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, 0) \
         ELSE pg_catalog.format(' GENERATED ALWAYS AS (%s) %s', pg_catalog.pg_get_expr(d.adbin, d.adrelid), \
         CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END) END \
         FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), '') \
         || coalesce((SELECT pg_catalog.format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %I.%I START WITH %s INCREMENT BY %s \
         MINVALUE %s MAXVALUE %s CACHE %s%s)', CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, sn.nspname, s.relname, \
         q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END) \
         FROM pg_catalog.pg_depend e JOIN pg_catalog.pg_class s ON s.oid = e.objid AND s.relkind = 'S' \
         JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid \
         WHERE a.attidentity <> '' AND e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
         AND e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.refobjid = a.attrelid \
         AND e.refobjsubid = a.attnum AND e.deptype = 'i'), '') || {not_null}, ', ' ORDER BY a.attnum) \
         FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"
    );
    let options = |of: &str, prefix: &str| {
        format!(
            "SELECT pg_catalog.format('{prefix}%I = %L', pg_catalog.split_part(o.o, '=', 1), \
             pg_catalog.substr(o.o, pg_catalog.strpos(o.o, '=') + 1)) AS o, '{prefix}' AS of, n \
             FROM pg_catalog.unnest({of}.reloptions) WITH ORDINALITY AS o (o, n)"
        )
    };
    let sql = format!(
        "'CREATE ' || CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END || 'TABLE ' || {NAME} || ' (' || coalesce({columns}, '') || ')' \
         || CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END \
         || coalesce((SELECT pg_catalog.format(' USING %I', m.amname) FROM pg_catalog.pg_am m WHERE m.oid = c.relam AND m.amname <> 'heap'), '') \
         || coalesce((SELECT ' WITH (' || pg_catalog.string_agg(w.o, ', ' ORDER BY w.of, w.n) || ')' FROM ({} UNION ALL {}) AS w), '')",
        options("c", ""),
        options("toast", "toast.")
    );
    let rest = format!("{of} LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid");
    parts("c.relname", &sql, &rest)
}

fn checks(of: &str, version: u32) -> String {
    // a NOT NULL that is not validated is no part of its column
    let unvalidated = if version >= 18 { " OR k.contype = 'n' AND NOT k.convalidated" } else { "" };
    let sql = format!(
        "{ALTER} || pg_catalog.format(' ADD CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))"
    );
    let rest = format!(
        "{of} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND (k.contype = 'c'{unvalidated}) ORDER BY c.oid, k.conname COLLATE \"C\""
    );
    parts("k.conname", &sql, &rest)
}

fn keys(of: &str) -> String {
    let sql = format!(
        "{ALTER} || pg_catalog.format(' ADD CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))"
    );
    let rest = format!(
        "{of} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x') \
         ORDER BY c.oid, k.contype <> 'p', k.conname COLLATE \"C\""
    );
    parts("k.conname", &sql, &rest)
}

fn indexes(of: &str) -> String {
    let rest = format!(
        "{of} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND (i.indisvalid OR c.relkind = 'p') \
         JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) \
         ORDER BY c.oid, x.relname COLLATE \"C\""
    );
    parts("x.relname", "pg_catalog.pg_get_indexdef(i.indexrelid)", &rest)
}

/// Foreign keys that a partition has from above: with one of its own, none is made for it when it is attached. Then
/// that it is attached.
fn partitions(of: &str) -> String {
    let key = format!(
        "{ALTER} || pg_catalog.format(' ADD CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid))"
    );
    let attach = format!(
        "pg_catalog.format('ALTER TABLE ONLY %I.%I ATTACH PARTITION ', pn.nspname, p.relname) || {NAME} || ' ' \
         || pg_catalog.pg_get_expr(c.relpartbound, c.oid)"
    );
    format!(
        "SELECT a.oid, a.nspname, a.relname, coalesce(a.name, a.relname), a.sql, a.of_schema, a.of_table FROM (\
         SELECT c.oid, n.nspname, c.relname, k.conname AS name, {key} AS sql, r.nspname AS of_schema, f.relname AS of_table {of} \
         JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' \
         JOIN pg_catalog.pg_constraint above ON above.oid = k.conparentid AND above.conrelid <> k.conrelid \
         JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace r ON r.oid = f.relnamespace \
         UNION ALL SELECT c.oid, n.nspname, c.relname, NULL, {attach}, pn.nspname, p.relname {of} \
         JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid JOIN pg_catalog.pg_class p ON p.oid = i.inhparent \
         JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace WHERE c.relispartition) AS a \
         ORDER BY a.oid, a.name COLLATE \"C\" NULLS LAST"
    )
}

fn foreign_keys(of: &str) -> String {
    format!(
        "SELECT c.oid, n.nspname, c.relname, k.conname, {ALTER} || pg_catalog.format(' ADD CONSTRAINT %I %s', k.conname, \
         pg_catalog.pg_get_constraintdef(k.oid)), r.nspname, f.relname {of} \
         JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0 \
         JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace r ON r.oid = f.relnamespace \
         ORDER BY c.oid, k.conname COLLATE \"C\""
    )
}

/// Adds foreign keys from other tables.
fn inbound(
    connection: &mut Connection,
    of: &str,
    relations: &mut HashMap<u32, Relation>,
    monitor: &dyn Monitor,
) -> Result<(), Failure> {
    let sql = format!(
        "SELECT f.oid, n.nspname, c.relname, k.conname, {ALTER} || pg_catalog.format(' ADD CONSTRAINT %I %s', k.conname, \
         pg_catalog.pg_get_constraintdef(k.oid)), f.nspname, f.relname FROM (SELECT c.oid, n.nspname, c.relname {of}) AS f \
         JOIN pg_catalog.pg_constraint k ON k.confrelid = f.oid AND k.conrelid <> f.oid AND k.contype = 'f' AND k.conparentid = 0 \
         JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         ORDER BY f.oid, n.nspname COLLATE \"C\", c.relname COLLATE \"C\", k.conname COLLATE \"C\""
    );
    connection.query_again(&sql, monitor, &mut |row| {
        let (Some(relation), Some(sql)) = (relations.get_mut(&row.required_number(0)?), row.text(4)?) else {
            return Ok(());
        };
        relation.parts.push(Part {
            kind: PartKind::ForeignKey,
            name: row.required(3)?.to_owned(),
            table: Some(TableName::qualified(row.required(1)?, row.required(2)?)),
            references: Some(TableName::qualified(row.required(5)?, row.required(6)?)),
            sql: sql.to_owned(),
            then: Vec::new(),
        });
        Ok(())
    })?;
    Ok(())
}

/// Triggers and rules, and whether they fire.
fn triggers(of: &str) -> String {
    let state = |column: &str, what: &str, name: &str| {
        format!(
            "pg_catalog.format('ALTER TABLE %I.%I %s {what} %I', n.nspname, c.relname, CASE {column} WHEN 'D' THEN 'DISABLE' \
             WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, {name})"
        )
    };
    let trigger = "JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0";
    let rule = "JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid AND w.rulename <> '_RETURN'";
    let selects = [
        parts(
            "t.tgname::pg_catalog.text AS name",
            "pg_catalog.pg_get_triggerdef(t.oid) AS sql",
            &format!("{of} {trigger}"),
        ),
        parts(
            "t.tgname || ' (state)'",
            &state("t.tgenabled", "TRIGGER", "t.tgname"),
            &format!("{of} {trigger} WHERE t.tgenabled <> 'O'"),
        ),
        parts("w.rulename", "pg_catalog.rtrim(pg_catalog.pg_get_ruledef(w.oid), ';')", &format!("{of} {rule}")),
        parts(
            "w.rulename || ' (state)'",
            &state("w.ev_enabled", "RULE", "w.rulename"),
            &format!("{of} {rule} WHERE w.ev_enabled <> 'O'"),
        ),
    ];
    ordered(&selects)
}

/// Several queries as one, in order of name.
pub(super) fn ordered(selects: &[String]) -> String {
    format!(
        "SELECT * FROM ({}) AS a ORDER BY a.oid, a.name COLLATE \"C\", a.sql COLLATE \"C\"",
        selects.join(" UNION ALL ")
    )
}
