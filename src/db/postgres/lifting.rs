//! Indexes and constraints that are in the way, as the statements that take them off and make them again exactly as
//! they were.
//!
//! PostgreSQL checks a unique index row by row, so rows that exchange unique values pass it in no order; and a
//! constraint that was added as NOT VALID refuses rows that it never looked at. Within the transaction both are dropped
//! and made again, which the owner of a table (or, of its rules, a domain) may do. Each query here gives two columns:
//! what takes one thing off, and what puts it back. The statements that put back run in the opposite order.

/// Whether the trigger `t` is one of a user's. Before version 15 those that a partition has from its parent are told to be
/// internal.
pub(super) const BY_USER: &str = "(NOT t.tgisinternal OR t.tgparentid <> 0 AND NOT EXISTS \
    (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = t.tgconstraint AND k.contype <> 't'))";

/// The name of a relation, quoted, with its schema.
fn relation(oid: &str) -> String {
    format!(
        "(SELECT pg_catalog.format('%I.%I', nn.nspname, rr.relname) FROM pg_catalog.pg_class rr \
         JOIN pg_catalog.pg_namespace nn ON nn.oid = rr.relnamespace WHERE rr.oid = {oid})"
    )
}

/// `; COMMENT ON ...`, if there is a comment; `what` is an expression that gives its object.
fn comment(what: &str, oid: &str, catalog: &str) -> String {
    format!(
        "coalesce(pg_catalog.format('; COMMENT ON %s IS %L', {what}, pg_catalog.obj_description({oid}, '{catalog}')) \
         || pg_catalog.left(pg_catalog.obj_description({oid}, '{catalog}'), 0), '')"
    )
}

/// The definition of the constraint `name` (a row of `pg_constraint`). It does not hold for all rows any more if some
/// come that it is `broken` by.
fn definition(name: &str, broken: bool) -> String {
    let not_valid =
        if broken { format!(" || CASE WHEN {name}.convalidated THEN ' NOT VALID' ELSE '' END") } else { String::new() };
    format!("pg_catalog.pg_get_constraintdef({name}.oid){not_valid}")
}

/// What takes the constraint `name` (a row of `pg_constraint`) of `table` off, and what puts it back.
fn constraint(table: &str, name: &str, broken: bool) -> String {
    let commented = comment(
        &format!("pg_catalog.format('CONSTRAINT %I ON %s', {name}.conname, {table})"),
        &format!("{name}.oid"),
        "pg_constraint",
    );
    format!(
        "pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', {table}, {name}.conname), \
         pg_catalog.format('ALTER TABLE %s ADD CONSTRAINT %I %s', {table}, {name}.conname, \
         {}) || {commented}",
        definition(name, broken)
    )
}

/// Foreign keys for which `condition` on `k` holds. If rows are to come that they are `broken` by, they do not hold for
/// all rows from then on.
pub(super) fn foreign_keys(condition: &str, broken: bool) -> String {
    format!(
        "SELECT {} FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND ({condition}) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgconstraint = k.oid AND t.tgenabled <> 'O')",
        constraint(&relation("k.conrelid"), "k", broken)
    )
}

/// Triggers by which foreign keys are looked at, as far as `condition` on `k`, the trigger `t` and its function `p`
/// holds. Only a superuser may switch them off.
pub(super) fn checking_triggers(condition: &str) -> String {
    let switch = |verb: &str| {
        format!("pg_catalog.format('ALTER TABLE ONLY %s {verb} TRIGGER %I', {}, t.tgname)", relation("t.tgrelid"))
    };
    format!(
        "SELECT {}, {} FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_trigger t ON t.tgconstraint = k.oid \
         AND t.tgenabled = 'O' JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid WHERE k.contype = 'f' AND ({condition})",
        switch("DISABLE"),
        switch("ENABLE"),
    )
}

/// Unique indexes and exclusion constraints for which `condition` on `i` (`pg_index`) holds, with all of the
/// partitioned index that one is part of. Foreign keys that rely on one go first, unless changes of values follow them.
/// A table whose updates are published must not be without what identifies its rows, which a primary key does without
/// being asked.
pub(super) fn unique_indexes(condition: &str) -> String {
    let roots = format!(
        "SELECT DISTINCT coalesce(pg_catalog.pg_partition_root(i.indexrelid)::pg_catalog.oid, i.indexrelid) AS oid \
         FROM pg_catalog.pg_index i WHERE (i.indisunique OR i.indisexclusion) AND i.indisvalid \
         AND ({condition})"
    );
    let tree = "SELECT roots.oid AS root, roots.oid, 0 AS level, NULL::pg_catalog.oid AS parent FROM roots UNION ALL \
         SELECT roots.oid, p.relid, p.level, p.parentrelid FROM roots \
         CROSS JOIN LATERAL pg_catalog.pg_partition_tree(roots.oid) AS p WHERE p.level > 0";
    let (index, table) = (relation("i.indexrelid"), relation("i.indrelid"));
    let by_default =
        "i.indisprimary AND (SELECT c.relreplident = 'd' FROM pg_catalog.pg_class c WHERE c.oid = i.indrelid)";
    let make = format!(
        "pg_catalog.format('SET LOCAL default_tablespace = %L; ', \
         coalesce((SELECT s.spcname FROM pg_catalog.pg_tablespace s WHERE s.oid = x.reltablespace), '')) \
         || CASE WHEN k.oid IS NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid) \
         ELSE pg_catalog.format('ALTER TABLE %s%s ADD CONSTRAINT %I %s', CASE x.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END, \
         {table}, k.conname, pg_catalog.pg_get_constraintdef(k.oid)) \
         || coalesce(pg_catalog.format('; ALTER INDEX %s SET (%s)', {index}, \
         nullif(pg_catalog.array_to_string(x.reloptions, ', '), '')) || pg_catalog.left(x.reloptions::pg_catalog.text, 0), '') \
         || {} END || {} \
         || CASE WHEN i.indisclustered THEN pg_catalog.format('; ALTER TABLE %s CLUSTER ON %I', {table}, x.relname) ELSE '' END \
         || CASE WHEN i.indisreplident THEN pg_catalog.format('; ALTER TABLE ONLY %s REPLICA IDENTITY USING INDEX %I', {table}, x.relname) \
         WHEN {by_default} THEN pg_catalog.format('; ALTER TABLE ONLY %s REPLICA IDENTITY DEFAULT', {table}) ELSE '' END \
         || coalesce((SELECT pg_catalog.string_agg(pg_catalog.format('; ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', \
         {index}, a.attnum, a.attstattarget), '') FROM pg_catalog.pg_attribute a \
         WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0), '')",
        comment(&format!("pg_catalog.format('CONSTRAINT %I ON %s', k.conname, {table})"), "k.oid", "pg_constraint"),
        comment(&format!("pg_catalog.format('INDEX %s', {index})"), "i.indexrelid", "pg_class"),
    );
    let attach = format!(
        "CASE WHEN tree.parent IS NOT NULL THEN \
         pg_catalog.format('; ALTER INDEX %s ATTACH PARTITION %s', {}, {index}) ELSE '' END",
        relation("tree.parent")
    );
    format!(
        "WITH roots AS MATERIALIZED ({roots}), tree AS MATERIALIZED ({tree}) \
         SELECT f.off, f.again FROM (SELECT 0 AS step, k.off, k.again FROM ({}) AS k (off, again) UNION ALL \
         SELECT 1, coalesce(pg_catalog.string_agg(CASE WHEN i.indisreplident OR {by_default} THEN \
         pg_catalog.format('ALTER TABLE ONLY %s REPLICA IDENTITY FULL; ', {table}) END, ''), '') \
         || pg_catalog.string_agg(CASE WHEN tree.parent IS NOT NULL THEN '' WHEN k.oid IS NULL \
         THEN pg_catalog.format('DROP INDEX %s', {index}) \
         ELSE pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I', {table}, k.conname) END, ''), \
         pg_catalog.string_agg({make}, '; ' ORDER BY tree.level, i.indexrelid) \
         || coalesce(pg_catalog.string_agg({attach}, '' ORDER BY tree.level DESC, i.indexrelid), '') \
         FROM tree JOIN pg_catalog.pg_index i ON i.indexrelid = tree.oid \
         JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
         LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x') \
         GROUP BY tree.root) AS f ORDER BY f.step",
        foreign_keys("k.conindid IN (SELECT tree.oid FROM tree) AND k.confupdtype IN ('a', 'r')", false),
    )
}

/// The CHECK constraint of that name of the relation `oid`, with those that inherit it, if it does not hold for all
/// rows; or, if rows are to come that it was `broken` by before, whether it does or not.
pub(super) fn checks(oid: &str, name: &str, broken: bool) -> String {
    let unless = if broken { "" } else { "c.convalidated OR " };
    let same = format!("c.contype = 'c' AND c.conname = {name}");
    let of = |at: &str| {
        format!("pg_catalog.format('CONSTRAINT %I ON %s', {at}.conname, {})", relation(&format!("{at}.conrelid")))
    };
    format!(
        "WITH RECURSIVE up AS (SELECT {oid} AS oid UNION SELECT h.inhparent FROM up \
         JOIN pg_catalog.pg_inherits h ON h.inhrelid = up.oid \
         JOIN pg_catalog.pg_constraint c ON c.conrelid = h.inhparent AND {same}), \
         top AS (SELECT c.conrelid AS oid FROM up JOIN pg_catalog.pg_constraint c ON c.conrelid = up.oid AND {same} \
         WHERE c.coninhcount = 0), \
         tree AS (SELECT top.oid FROM top UNION SELECT h.inhrelid FROM tree \
         JOIN pg_catalog.pg_inherits h ON h.inhparent = tree.oid \
         JOIN pg_catalog.pg_constraint c ON c.conrelid = h.inhrelid AND {same}) \
         SELECT {} || (SELECT coalesce(pg_catalog.string_agg({}, ''), '') FROM tree \
         JOIN pg_catalog.pg_constraint c ON c.conrelid = tree.oid AND {same} AND c.coninhcount > 0) \
         FROM top JOIN pg_catalog.pg_constraint k ON k.conrelid = top.oid AND k.contype = 'c' AND k.conname = {name} \
         WHERE (SELECT pg_catalog.count(*) FROM top) = 1 AND NOT EXISTS (SELECT FROM tree \
         JOIN pg_catalog.pg_constraint c ON c.conrelid = tree.oid AND {same} \
         WHERE {unless}c.conislocal <> (c.oid = k.oid) OR c.coninhcount > 1)",
        constraint(&relation("k.conrelid"), "k", broken),
        comment(&of("c"), "c.oid", "pg_constraint"),
    )
}

/// CHECK constraints of the relations in the array `tables` that do not hold for all rows, with those that inherit
/// them, as far as this role may take them off.
pub(super) fn checks_older_than(tables: &str) -> String {
    format!(
        "SELECT DISTINCT f.off, f.again FROM pg_catalog.pg_constraint older \
         JOIN pg_catalog.pg_class o ON o.oid = older.conrelid AND pg_catalog.pg_has_role(o.relowner, 'USAGE') \
         CROSS JOIN LATERAL ({}) AS f (off, again) \
         WHERE older.contype = 'c' AND NOT older.convalidated AND older.conrelid = ANY ({tables})",
        checks("older.conrelid", "older.conname", false)
    )
}

/// Rules of domains for which `condition` on `k` and the domain `y` (`pg_type`) holds, and which do not hold for all
/// values; or, if values are to come that they were `broken` by before, whether they do or not.
pub(super) fn domain_checks(condition: &str, broken: bool) -> String {
    let kind = if broken { "k.contype = 'c'" } else { "k.contype = 'c' AND NOT k.convalidated" };
    let name = "(SELECT pg_catalog.format('%I.%I', n.nspname, y.typname) FROM pg_catalog.pg_namespace n WHERE n.oid = y.typnamespace)";
    let commented = comment(
        &format!("pg_catalog.format('CONSTRAINT %I ON DOMAIN %s', k.conname, {name})"),
        "k.oid",
        "pg_constraint",
    );
    format!(
        "SELECT pg_catalog.format('ALTER DOMAIN %s DROP CONSTRAINT %I', {name}, k.conname), \
         pg_catalog.format('ALTER DOMAIN %s ADD CONSTRAINT %I %s', {name}, k.conname, {}) || {commented} \
         FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_type y ON y.oid = k.contypid \
         WHERE {kind} AND ({condition})",
        definition("k", broken)
    )
}

/// The same for those that values in columns `a` (`pg_attribute`) for which `columns` holds can have, as far as this
/// role may take them off.
pub(super) fn domain_checks_of(columns: &str, broken: bool) -> String {
    let condition = format!(
        "pg_catalog.pg_has_role(y.typowner, 'USAGE') AND y.oid IN (WITH RECURSIVE used (oid) AS \
         (SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE ({columns}) AND a.attnum > 0 AND NOT a.attisdropped UNION \
         SELECT x.oid FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid \
         CROSS JOIN LATERAL (SELECT t.typbasetype UNION ALL SELECT t.typelem UNION ALL SELECT b.atttypid \
         FROM pg_catalog.pg_attribute b WHERE b.attrelid = t.typrelid AND b.attnum > 0 AND NOT b.attisdropped) AS x (oid) \
         WHERE x.oid <> 0) SELECT used.oid FROM used)"
    );
    domain_checks(&condition, broken)
}

/// Foreign keys for which `condition` on `k` holds: the referring table, the one that it refers to, the columns, and
/// the query for the values of rows that refer to nothing, with how many rows have them.
pub(super) fn references(condition: &str) -> String {
    format!(
        "SELECT cn.nspname, cc.relname, pn.nspname, pc.relname, pg_catalog.string_agg(ca.attname, E'\\n' ORDER BY pair.n), \
         pg_catalog.format('SELECT ROW(%s)::pg_catalog.text COLLATE \"C\" AS v, pg_catalog.count(*) FROM ONLY %I.%I AS c WHERE %s \
         AND NOT EXISTS (SELECT FROM %s %I.%I AS p WHERE %s) GROUP BY 1 ORDER BY 1', \
         pg_catalog.string_agg(pg_catalog.format('c.%I', ca.attname), ', ' ORDER BY pair.n), cn.nspname, cc.relname, \
         CASE k.confmatchtype WHEN 'f' THEN pg_catalog.format('NOT (%s)', \
         pg_catalog.string_agg(pg_catalog.format('c.%I IS NULL', ca.attname), ' AND ')) \
         ELSE pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', ca.attname), ' AND ') END, \
         CASE pc.relkind WHEN 'p' THEN '' ELSE 'ONLY' END, pn.nspname, pc.relname, \
         pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, n.nspname, o.oprname, ca.attname), ' AND ')) \
         FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), \
         pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS pair (child, parent, operator, n) \
         JOIN pg_catalog.pg_class cc ON cc.oid = k.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = cc.relnamespace \
         JOIN pg_catalog.pg_class pc ON pc.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = pc.relnamespace \
         JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
         JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
         JOIN pg_catalog.pg_operator o ON o.oid = pair.operator JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
         WHERE k.contype = 'f' AND ({condition}) AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint up \
         WHERE up.oid = k.conparentid AND up.conrelid = k.conrelid) \
         GROUP BY k.oid, k.conname, k.confmatchtype, cn.nspname, cc.relname, pn.nspname, pc.relname, pc.relkind \
         ORDER BY k.conname, k.oid"
    )
}

/// A query for the query that finds rows which refer to nothing by the foreign key for which `condition` on `k` holds,
/// and which this transaction has not written.
pub(super) fn dangling(condition: &str) -> String {
    format!(
        "SELECT pg_catalog.format('SELECT c.ctid FROM ONLY %s AS c WHERE pg_catalog.age(c.xmin) > 0 AND %s \
         AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)', {}, \
         pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', ca.attname), ' AND '), {}, \
         pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, n.nspname, o.oprname, ca.attname), ' AND ')) \
         FROM pg_catalog.pg_constraint k CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), \
         pg_catalog.unnest(k.confkey), pg_catalog.unnest(k.conpfeqop)) AS pair (child, parent, operator) \
         JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
         JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
         JOIN pg_catalog.pg_operator o ON o.oid = pair.operator JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
         WHERE k.contype = 'f' AND ({condition}) GROUP BY k.oid, k.conrelid, k.confrelid",
        relation("k.conrelid"),
        format_args!(
            "(SELECT CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END FROM pg_catalog.pg_class c WHERE c.oid = k.confrelid) || {}",
            relation("k.confrelid")
        ),
    )
}
