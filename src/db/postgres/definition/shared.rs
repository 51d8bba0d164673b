//! What several tables may use: types, sequences, functions, collations, extensions.

use crate::codec::{Part, PartKind};
use crate::db::postgres::client::{Connection, Failure};
use crate::monitor::Monitor;
use std::collections::{HashMap, HashSet};

/// An object of the database: the system table that lists it, and its oid there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Node {
    /// `pg_type`.
    pub(super) class: String,
    pub(super) oid: u32,
}

/// How such an object is made.
#[derive(Debug)]
pub(super) struct Shared {
    /// The schema that it is in.
    pub(super) schema: String,
    pub(super) part: Part,
}

/// Which objects to read about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Scope<'n> {
    /// All that somebody made; not what extensions brought.
    All,
    /// Only these.
    Only(&'n HashSet<Node>),
}

/// The system table, the kind of part, and a query of (oid, schema, name, SQL or NULL if it is made by something else or
/// was dropped meanwhile, why it cannot be made, a JSON list of what follows it) with a place for a condition on `o.oid`.
const QUERIES: [(&str, PartKind, &str); 5] = [
    ("pg_extension", PartKind::Extension, EXTENSIONS),
    ("pg_collation", PartKind::Collation, COLLATIONS),
    ("pg_type", PartKind::Type, TYPES),
    ("pg_class", PartKind::Sequence, SEQUENCES),
    ("pg_proc", PartKind::Function, FUNCTIONS),
];

const EXTENSIONS: &str = "SELECT o.oid, n.nspname, o.extname, pg_catalog.format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', \
    o.extname, n.nspname) || ' CASCADE', NULL, NULL FROM pg_catalog.pg_extension o JOIN pg_catalog.pg_namespace n ON n.oid = o.extnamespace WHERE ";

const COLLATIONS: &str = "SELECT o.oid, n.nspname, pg_catalog.format('%I.%I', n.nspname, o.collname), \
    pg_catalog.format('CREATE COLLATION %I.%I (', n.nspname, o.collname) || CASE o.collprovider WHEN 'c' \
    THEN pg_catalog.format('provider = libc, lc_collate = %L, lc_ctype = %L', o.collcollate, o.collctype) \
    ELSE pg_catalog.format('provider = %s, locale = %L', CASE o.collprovider WHEN 'i' THEN 'icu' ELSE 'builtin' END, \
    coalesce(pg_catalog.to_jsonb(o) ->> 'colllocale', pg_catalog.to_jsonb(o) ->> 'colliculocale', o.collcollate)) END \
    || coalesce(', rules = ' || pg_catalog.quote_literal(nullif(pg_catalog.to_jsonb(o) ->> 'collicurules', '')), '') \
    || CASE WHEN o.collisdeterministic THEN '' ELSE ', deterministic = false' END || ')', NULL, NULL \
    FROM pg_catalog.pg_collation o JOIN pg_catalog.pg_namespace n ON n.oid = o.collnamespace WHERE ";

const TYPES: &str = "SELECT o.oid, n.nspname, pg_catalog.format('%I.%I', n.nspname, o.typname), CASE o.typtype \
    WHEN 'e' THEN pg_catalog.format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, o.typname, \
    (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) \
    FROM pg_catalog.pg_enum e WHERE e.enumtypid = o.oid)) \
    WHEN 'd' THEN pg_catalog.format('CREATE DOMAIN %I.%I AS %s', n.nspname, o.typname, pg_catalog.format_type(o.typbasetype, o.typtypmod)) \
    || coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', cn.nspname, c.collname) FROM pg_catalog.pg_collation c \
    JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace JOIN pg_catalog.pg_type b ON b.oid = o.typbasetype \
    WHERE c.oid = o.typcollation AND o.typcollation <> b.typcollation), '') \
    || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(o.typdefaultbin, 0), '') || CASE WHEN o.typnotnull THEN ' NOT NULL' ELSE '' END \
    || coalesce((SELECT pg_catalog.string_agg(pg_catalog.format(' CONSTRAINT %I %s', k.conname, pg_catalog.pg_get_constraintdef(k.oid)), '' \
    ORDER BY k.conname COLLATE \"C\") FROM pg_catalog.pg_constraint k WHERE k.contypid = o.oid AND k.contype = 'c' AND k.convalidated), '') \
    WHEN 'c' THEN pg_catalog.format('CREATE TYPE %I.%I AS (%s)', n.nspname, o.typname, \
    (SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) \
    || coalesce((SELECT pg_catalog.format(' COLLATE %I.%I', cn.nspname, c.collname) FROM pg_catalog.pg_collation c \
    JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace JOIN pg_catalog.pg_type b ON b.oid = a.atttypid \
    WHERE c.oid = a.attcollation AND a.attcollation <> b.typcollation), ''), ', ' ORDER BY a.attnum) \
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = o.typrelid AND a.attnum > 0 AND NOT a.attisdropped)) \
    WHEN 'r' THEN (SELECT pg_catalog.format('CREATE TYPE %I.%I AS RANGE (subtype = %s', n.nspname, o.typname, pg_catalog.format_type(r.rngsubtype, NULL)) \
    || coalesce((SELECT pg_catalog.format(', subtype_opclass = %I.%I', pn.nspname, p.opcname) FROM pg_catalog.pg_opclass p \
    JOIN pg_catalog.pg_namespace pn ON pn.oid = p.opcnamespace WHERE p.oid = r.rngsubopc AND NOT p.opcdefault), '') \
    || coalesce((SELECT pg_catalog.format(', collation = %I.%I', cn.nspname, c.collname) FROM pg_catalog.pg_collation c \
    JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace JOIN pg_catalog.pg_type b ON b.oid = r.rngsubtype \
    WHERE c.oid = r.rngcollation AND r.rngcollation <> b.typcollation), '') \
    || CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::pg_catalog.regproc ELSE '' END \
    || coalesce((SELECT pg_catalog.format(', multirange_type_name = %I.%I', mn.nspname, m.typname) FROM pg_catalog.pg_type m \
    JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace \
    WHERE m.oid = (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid), '') || ')' \
    FROM pg_catalog.pg_range r WHERE r.rngtypid = o.oid AND r.rngcanonical = 0) END, \
    CASE WHEN o.typtype = 'b' AND o.typcategory <> 'A' THEN 'is a base type' \
    WHEN o.typtype = 'r' THEN 'is a range type with a canonical function' END, \
    pg_catalog.to_json(ARRAY(SELECT pg_catalog.format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', n.nspname, o.typname, k.conname, \
    pg_catalog.pg_get_constraintdef(k.oid)) FROM pg_catalog.pg_constraint k \
    WHERE k.contypid = o.oid AND k.contype = 'c' AND NOT k.convalidated ORDER BY k.conname COLLATE \"C\") \
    || ARRAY(SELECT pg_catalog.format('COMMENT ON TYPE %I.%I IS %L', n.nspname, o.typname, t.description) FROM pg_catalog.pg_description t \
    WHERE t.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.objoid = o.oid AND t.objsubid = 0)) \
    FROM pg_catalog.pg_type o JOIN pg_catalog.pg_namespace n ON n.oid = o.typnamespace \
    WHERE (o.typtype <> 'c' OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = o.typrelid AND c.relkind = 'c')) AND ";

const SEQUENCES: &str = "SELECT o.oid, n.nspname, pg_catalog.format('%I.%I', n.nspname, o.relname), \
    pg_catalog.format('CREATE SEQUENCE %I.%I AS %s START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', \
    n.nspname, o.relname, pg_catalog.format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, \
    CASE WHEN q.seqcycle THEN ' CYCLE' ELSE '' END), NULL, \
    pg_catalog.to_json(ARRAY(SELECT pg_catalog.format('GRANT %s ON SEQUENCE %I.%I TO %s%s', \
    pg_catalog.string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type COLLATE \"C\"), n.nspname, o.relname, \
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, \
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
    FROM (SELECT DISTINCT e.grantee, e.privilege_type, e.is_grantable FROM pg_catalog.aclexplode(o.relacl) AS e) AS g \
    WHERE g.grantee <> o.relowner GROUP BY g.grantee, g.is_grantable ORDER BY 1) \
    || ARRAY(SELECT pg_catalog.format('COMMENT ON SEQUENCE %I.%I IS %L', n.nspname, o.relname, t.description) FROM pg_catalog.pg_description t \
    WHERE t.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND t.objoid = o.oid AND t.objsubid = 0)) \
    FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace \
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = o.oid WHERE o.relpersistence <> 't' AND ";

/// Everybody may call a function unless that is taken back.
const FUNCTIONS: &str = "SELECT o.oid, n.nspname, f.name, \
    CASE WHEN o.prokind <> 'a' THEN pg_catalog.rtrim(pg_catalog.pg_get_functiondef(o.oid), E'\\n') END, \
    CASE WHEN o.prokind = 'a' THEN 'is an aggregate' END, \
    pg_catalog.to_json(ARRAY(SELECT pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', f.name) WHERE o.proacl IS NOT NULL \
    AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(o.proacl) AS e WHERE e.grantee = 0)) \
    || ARRAY(SELECT pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO %s%s', f.name, \
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, \
    CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) \
    FROM (SELECT DISTINCT e.grantee, e.is_grantable FROM pg_catalog.aclexplode(o.proacl) AS e) AS g \
    WHERE g.grantee <> o.proowner ORDER BY 1) \
    || ARRAY(SELECT pg_catalog.format('COMMENT ON ROUTINE %s IS %L', f.name, t.description) FROM pg_catalog.pg_description t \
    WHERE t.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND t.objoid = o.oid)) \
    FROM pg_catalog.pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace \
    CROSS JOIN LATERAL (SELECT pg_catalog.format('%I.%I(%s)', n.nspname, o.proname, \
    pg_catalog.pg_get_function_identity_arguments(o.oid)) AS name) AS f WHERE ";

/// How the objects in `scope` are made.
pub(super) fn load(
    connection: &mut Connection,
    scope: Scope<'_>,
    monitor: &dyn Monitor,
) -> Result<HashMap<Node, Shared>, Failure> {
    let mut found = HashMap::new();
    for (class, kind, sql) in QUERIES {
        let condition = match scope {
            Scope::All => format!(
                "n.nspname <> 'information_schema' AND (n.nspname = 'pg_catalog' OR pg_catalog.left(n.nspname, 3) <> 'pg_') \
                 AND o.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
                 WHERE e.classid = 'pg_catalog.{class}'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')"
            ),
            Scope::Only(nodes) => {
                let mut oids: Vec<u32> = nodes.iter().filter(|node| node.class == class).map(|node| node.oid).collect();
                if oids.is_empty() {
                    continue;
                }
                oids.sort_unstable();
                let list: Vec<String> = oids.iter().map(ToString::to_string).collect();
                format!(
                    "o.oid IN ({}) AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e \
                     WHERE e.classid = 'pg_catalog.{class}'::pg_catalog.regclass AND e.objid = o.oid AND e.deptype = 'e')",
                    list.join(", ")
                )
            }
        };
        connection.query_again(&format!("{sql}{condition}"), monitor, &mut |row| {
            let name = row.required(2)?.to_owned();
            let (kind, sql) = match (row.text(3)?, row.text(4)?) {
                (Some(sql), _) => (kind, sql.to_owned()),
                (None, Some(why)) => (PartKind::Unsupported, format!("{name} {why}")),
                // an array, a multirange: it comes with its type; or it was dropped meanwhile
                (None, None) => return Ok(()),
            };
            let then = statements(row.text(5)?)?;
            let part = Part { kind, name, table: None, references: None, sql, then };
            let shared = Shared { schema: row.required(1)?.to_owned(), part };
            found.insert(Node { class: class.to_owned(), oid: row.required_number(0)? }, shared);
            Ok(())
        })?;
    }
    Ok(found)
}

/// A list of statements as JSON; of what was dropped meanwhile some are NULL.
pub(super) fn statements(json: Option<&str>) -> Result<Vec<String>, Failure> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let list: Vec<Option<String>> = serde_json::from_str(json)
        .map_err(|error| Failure::Protocol(format!("a list of statements cannot be read: {error}")))?;
    Ok(list.into_iter().flatten().collect())
}
