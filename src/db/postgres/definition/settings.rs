//! What is part of a table beside its structure: owners of sequences, storage, replica identity, row-level security,
//! privileges, statistics, comments.

use super::relations::{ALTER, ordered, parts};

const COLUMN: &str = "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped";

/// Which sequences go with a column. The name is that of the sequence, as its own part has it.
pub(super) fn ownerships(of: &str) -> String {
    ordered(&[parts(
        "pg_catalog.format('%I.%I', sn.nspname, s.relname) AS name",
        "pg_catalog.format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', sn.nspname, s.relname, n.nspname, c.relname, a.attname) AS sql",
        &format!(
            "{of} {COLUMN} JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.refobjid = c.oid AND d.refobjsubid = a.attnum AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
             AND d.deptype = 'a' JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' \
             JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace"
        ),
    )])
}

/// What is left: storage, replica identity, row-level security, statistics, comments.
pub(super) fn queries(of: &str, version: u32) -> String {
    let column = COLUMN;
    let alter_column =
        |sql: &str, values: &str| format!("{ALTER} || pg_catalog.format(' ALTER COLUMN %I {sql}', a.attname{values})");
    let mut selects = vec![
        parts(
            "'storage of ' || a.attname AS name",
            &format!(
                "{} AS sql",
                alter_column(
                    "SET STORAGE %s",
                    ", CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END",
                )
            ),
            &format!("{of} {column} JOIN pg_catalog.pg_type y ON y.oid = a.atttypid AND y.typstorage <> a.attstorage"),
        ),
        parts(
            "'statistics of ' || a.attname",
            &alter_column("SET STATISTICS %s", ", a.attstattarget"),
            &format!("{of} {column} AND a.attstattarget >= 0"),
        ),
        parts(
            "'options of ' || x.relname",
            "pg_catalog.format('ALTER INDEX %I.%I SET (%s)', n.nspname, x.relname, pg_catalog.array_to_string(x.reloptions, ', '))",
            &format!(
                "{of} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'u', 'x') \
                 JOIN pg_catalog.pg_class x ON x.oid = k.conindid AND x.reloptions IS NOT NULL"
            ),
        ),
        parts(
            "'replica identity'",
            &format!(
                "{ALTER} || ' REPLICA IDENTITY ' || CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'USING INDEX ' \
                 || (SELECT pg_catalog.quote_ident(x.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
                 WHERE i.indrelid = c.oid AND i.indisreplident) END"
            ),
            &format!(
                "{of} WHERE c.relreplident IN ('f', 'n') OR c.relreplident = 'i' \
                 AND EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)"
            ),
        ),
        parts(
            "'cluster'",
            &format!("{ALTER} || pg_catalog.format(' CLUSTER ON %I', x.relname)"),
            &format!(
                "{of} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisclustered JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid"
            ),
        ),
        parts(
            "'statistics ' || s.stxname",
            "pg_catalog.pg_get_statisticsobjdef(s.oid)",
            &format!("{of} JOIN pg_catalog.pg_statistic_ext s ON s.stxrelid = c.oid"),
        ),
    ];
    if version >= 14 {
        selects.push(parts(
            "'compression of ' || a.attname",
            &alter_column("SET COMPRESSION %s", ", CASE a.attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END"),
            &format!("{of} {column} AND a.attcompression <> ''"),
        ));
    }
    selects.extend(security(of));
    selects.extend(comments(of));
    ordered(&selects)
}

fn security(of: &str) -> [String; 3] {
    [
        parts(
            "'row security'",
            &format!("{ALTER} || ' ENABLE ROW LEVEL SECURITY'"),
            &format!("{of} WHERE c.relrowsecurity"),
        ),
        parts(
            "'row security (owner)'",
            &format!("{ALTER} || ' FORCE ROW LEVEL SECURITY'"),
            &format!("{of} WHERE c.relforcerowsecurity"),
        ),
        parts(
            "'policy ' || p.polname",
            "pg_catalog.format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, n.nspname, c.relname, \
             CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, CASE p.polcmd WHEN 'r' THEN 'SELECT' \
             WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
             (SELECT pg_catalog.string_agg(CASE r.oid WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.oid)) END, \
             ', ' ORDER BY pg_catalog.pg_get_userbyid(r.oid) COLLATE \"C\") FROM pg_catalog.unnest(p.polroles) AS r (oid))) \
             || coalesce(' USING (' || pg_catalog.pg_get_expr(p.polqual, p.polrelid) || ')', '') \
             || coalesce(' WITH CHECK (' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')",
            &format!("{of} JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid"),
        ),
    ]
}

/// What others than the owner may do, whoever granted it.
pub(super) fn privileges(of: &str) -> String {
    let grantee =
        "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END";
    let options = "CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END";
    let list = "pg_catalog.string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type COLLATE \"C\")";
    let granted = |list: &str| {
        format!(
            "CROSS JOIN LATERAL (SELECT DISTINCT e.grantee, e.privilege_type, e.is_grantable FROM pg_catalog.aclexplode({list}) AS e \
             WHERE e.grantee <> c.relowner) AS g"
        )
    };
    ordered(&[
        parts(
            &format!("{grantee} || {options} AS name"),
            &format!(
                "pg_catalog.format('GRANT %s ON TABLE %I.%I TO %s%s', {list}, n.nspname, c.relname, {grantee}, {options}) AS sql"
            ),
            &format!("{of} {} GROUP BY c.oid, n.nspname, c.relname, g.grantee, g.is_grantable", granted("c.relacl")),
        ),
        parts(
            &format!("{grantee} || ' on ' || a.attname || {options}"),
            &format!(
                "pg_catalog.format('GRANT %s ON TABLE %I.%I TO %s%s', pg_catalog.string_agg(pg_catalog.format('%s (%I)', g.privilege_type, a.attname), \
                 ', ' ORDER BY g.privilege_type COLLATE \"C\"), n.nspname, c.relname, {grantee}, {options})"
            ),
            &format!(
                "{of} {COLUMN} {} GROUP BY c.oid, n.nspname, c.relname, a.attname, g.grantee, g.is_grantable",
                granted("a.attacl")
            ),
        ),
    ])
}

fn comments(of: &str) -> [String; 3] {
    let on = |class: &str, id: &str, sub: &str| {
        format!(
            "JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.{class}'::pg_catalog.regclass AND d.objoid = {id} AND d.objsubid = {sub}"
        )
    };
    [
        parts(
            "'comment' || coalesce(' on ' || a.attname, '')",
            "CASE WHEN a.attname IS NULL THEN pg_catalog.format('COMMENT ON TABLE %I.%I IS %L', n.nspname, c.relname, d.description) \
             ELSE pg_catalog.format('COMMENT ON COLUMN %I.%I.%I IS %L', n.nspname, c.relname, a.attname, d.description) END",
            &format!(
                "{of} JOIN pg_catalog.pg_description d ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objoid = c.oid \
                 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND a.attnum > 0"
            ),
        ),
        parts(
            "'comment on constraint ' || k.conname",
            "pg_catalog.format('COMMENT ON CONSTRAINT %I ON %I.%I IS %L', k.conname, n.nspname, c.relname, d.description)",
            &format!(
                "{of} JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('c', 'p', 'u', 'x', 'f') {}",
                on("pg_constraint", "k.oid", "0")
            ),
        ),
        parts(
            "'comment on index ' || x.relname",
            "pg_catalog.format('COMMENT ON INDEX %I.%I IS %L', n.nspname, x.relname, d.description)",
            &format!(
                "{of} JOIN pg_catalog.pg_index i ON i.indrelid = c.oid JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid {}",
                on("pg_class", "x.oid", "0")
            ),
        ),
    ]
}
