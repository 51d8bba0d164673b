//! What tables need that is not part of them, by the server's own record of what depends on what: types, functions,
//! sequences, and what these need in turn.

use super::shared::{Node, Shared};
use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::client::{Connection, Failure};
use crate::monitor::Monitor;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// The first oid that is not of the system's own.
const FIRST_OF_USERS: u32 = 16_384;

/// What needs what.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// By table.
    roots: HashMap<u32, HashSet<Node>>,
    /// By what needs it. What an extension brings needs the extension alone.
    edges: HashMap<Node, HashSet<Node>>,
}

/// What the objects of a FROM item `x (class, id)` depend on.
fn found() -> String {
    let class = |name: &str| format!("'pg_catalog.{name}'::pg_catalog.regclass");
    format!(
        "CROSS JOIN LATERAL (SELECT d.refclassid AS class, d.refobjid AS id FROM pg_catalog.pg_depend d \
         WHERE d.classid = x.class AND d.objid = x.id AND d.deptype IN ('n', 'a', 'i') \
         UNION ALL SELECT d.classid, d.objid FROM pg_catalog.pg_depend d WHERE x.class = {relation} \
         AND d.refclassid = {relation} AND d.refobjid = x.id AND d.classid = {relation} AND d.deptype = 'a' \
         UNION ALL SELECT {relation}, t.typrelid FROM pg_catalog.pg_type t \
         WHERE x.class = {types} AND t.oid = x.id AND t.typtype = 'c' \
         UNION ALL SELECT {rule}, k.oid FROM pg_catalog.pg_constraint k WHERE x.class = {types} AND k.contypid = x.id) AS f \
         LEFT JOIN LATERAL (SELECT e.refobjid AS oid FROM pg_catalog.pg_depend e \
         WHERE e.classid = f.class AND e.objid = f.id AND e.deptype = 'e') AS ext ON true \
         WHERE f.id >= {FIRST_OF_USERS} AND f.class NOT IN ({}, {}) \
         AND (f.class <> {relation} OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = f.id AND c.relkind IN ('S', 'c', 'v', 'm', 'f'))) \
         AND (f.class <> {rule} OR EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.oid = f.id AND k.contypid <> 0))",
        class("pg_namespace"),
        class("pg_extension"),
        relation = class("pg_class"),
        types = class("pg_type"),
        rule = class("pg_constraint"),
    )
}

/// What the relations with these oids need.
pub(super) fn load(connection: &mut Connection, oids: &[u32], monitor: &dyn Monitor) -> Result<Needs, Failure> {
    let own = [
        ("pg_constraint", "oid", "conrelid"),
        ("pg_attrdef", "oid", "adrelid"),
        ("pg_trigger", "oid", "tgrelid"),
        ("pg_rewrite", "oid", "ev_class"),
        ("pg_policy", "oid", "polrelid"),
        ("pg_statistic_ext", "oid", "stxrelid"),
    ];
    let own: String = own
        .iter()
        .map(|(class, id, root)| {
            format!(
                " UNION ALL SELECT o.{root}, 'pg_catalog.{class}'::pg_catalog.regclass, o.{id} FROM wanted JOIN pg_catalog.{class} o \
                 ON o.{root} = wanted.oid"
            )
        })
        .collect();
    let sql = format!(
        "WITH RECURSIVE wanted (oid) AS (SELECT wanted.oid FROM {wanted}), \
         own (root, class, id) AS (SELECT wanted.oid, 'pg_catalog.pg_class'::pg_catalog.regclass, wanted.oid FROM wanted \
         UNION ALL SELECT i.indrelid, 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid \
         FROM wanted JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid{own}), \
         need (root, above_class, above, class, id, extension) AS (\
         SELECT x.root, 0::pg_catalog.oid, 0::pg_catalog.oid, f.class::pg_catalog.oid, f.id, ext.oid FROM own AS x {found} \
         UNION SELECT x.root, x.class, x.id, f.class::pg_catalog.oid, f.id, ext.oid \
         FROM (SELECT * FROM need WHERE extension IS NULL) AS x {found}) \
         SELECT n.root, n.above_class::pg_catalog.regclass, n.above, n.class::pg_catalog.regclass, n.id, n.extension FROM need n",
        wanted = oid_array(oids.iter().copied()),
        found = found()
    );
    let mut needs = Needs::default();
    connection.query_again(&sql, monitor, &mut |row| {
        let needed = Node { class: row.required(3)?.to_owned(), oid: row.required_number(4)? };
        let above: u32 = row.required_number(2)?;
        match above {
            0 => needs.roots.entry(row.required_number(0)?).or_default().insert(needed.clone()),
            _ => {
                let above = Node { class: row.required(1)?.to_owned(), oid: above };
                needs.edges.entry(above).or_default().insert(needed.clone())
            }
        };
        if let Some(extension) = row.number(5)? {
            let extension = Node { class: "pg_extension".to_owned(), oid: extension };
            needs.edges.entry(needed).or_default().insert(extension);
        }
        Ok(())
    })?;
    Ok(needs)
}

impl Needs {
    /// Everything that is needed.
    pub(super) fn nodes(&self) -> HashSet<Node> {
        self.roots.values().chain(self.edges.values()).flatten().cloned().collect()
    }

    /// Whether it comes with an extension.
    pub(super) fn is_brought(&self, node: &Node) -> bool {
        self.edges.get(node).into_iter().flatten().any(|below| below.class == "pg_extension")
    }

    /// What the relations of `line` need, what is needed first. The order depends on names, not on oids.
    pub(super) fn in_order<'s>(&self, line: &[u32], shared: &'s HashMap<Node, Shared>) -> Vec<&'s Shared> {
        let roots = line.iter().filter_map(|oid| self.roots.get(oid)).flatten();
        let mut wanted: BTreeMap<(u8, &str), (&Node, BTreeSet<&Node>)> = BTreeMap::new();
        for node in self.below(roots) {
            if let Some(shared) = shared.get(node) {
                let below = self.edges.get(node).into_iter().flatten();
                wanted.insert((shared.part.kind.stage(), &shared.part.name), (node, self.below(below)));
            }
        }
        let described: BTreeSet<&Node> = wanted.values().map(|(node, _)| *node).collect();
        let (mut ordered, mut done) = (Vec::new(), BTreeSet::new());
        while !wanted.is_empty() {
            let is_ready = |(node, needs): &(&Node, BTreeSet<&Node>)| {
                needs.iter().all(|needed| needed == node || done.contains(needed) || !described.contains(needed))
            };
            // of what needs each other, one has to be first
            let next = wanted.iter().find(|(_, one)| is_ready(one)).or_else(|| wanted.iter().next());
            let Some(key) = next.map(|(key, _)| *key) else { break };
            if let Some((node, _)) = wanted.remove(&key) {
                done.insert(node);
                ordered.extend(shared.get(node));
            }
        }
        ordered
    }

    /// `nodes`, and all that they need. What an extension brings is needed as the extension.
    fn below<'n>(&'n self, nodes: impl Iterator<Item = &'n Node>) -> BTreeSet<&'n Node> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&Node> = nodes.collect();
        while let Some(node) = open.pop() {
            if found.insert(node) {
                open.extend(self.edges.get(node).into_iter().flatten());
            }
        }
        found
    }
}
