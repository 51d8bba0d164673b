//! How the tables of a restore hang together, and how their keys are compared.

use crate::codec::{Key, KeySource};
use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::quote;
use crate::db::postgres::session::Session;
use crate::db::postgres::wire::Failure;
use std::collections::{HashMap, HashSet};

/// Foreign keys and key operators of the tables of one restore.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Tables that a foreign key ties to a table of the restore, itself included.
    linked: HashSet<usize>,
    /// Tables whose deleted rows make something happen (CASCADE, SET NULL, SET DEFAULT) or are refused at once.
    acting: HashSet<usize>,
    /// Those of them whose deleted rows make something happen to tables outside of the restore, be it through others.
    reaching_out: HashSet<usize>,
    /// Per table and key column, in key order: the key's equality operator, qualified.
    operators: HashMap<usize, Vec<String>>,
}

impl Links {
    pub(super) fn load(session: &mut Session<'_>) -> Result<Links, Failure> {
        let index_of: HashMap<u32, usize> =
            session.plans.iter().enumerate().map(|(index, plan)| (plan.oid, index)).collect();
        let mut links = Links::default();
        if index_of.is_empty() {
            return Ok(links);
        }
        links.load_references(session, &index_of)?;
        links.load_operators(session, &index_of)?;
        Ok(links)
    }

    fn load_references(&mut self, session: &mut Session<'_>, index_of: &HashMap<u32, usize>) -> Result<(), Failure> {
        // a foreign key of or onto a partitioned table is one of and onto each of its leaves
        let leaves = |side: &str| {
            format!(
                "ARRAY(SELECT k.{side} WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_partition_tree(k.{side})) \
                 UNION ALL SELECT p.relid FROM pg_catalog.pg_partition_tree(k.{side}) p WHERE p.isleaf)"
            )
        };
        let sql = format!(
            "SELECT f.children, f.parents, f.acts FROM (SELECT {} AS children, {} AS parents, k.confdeltype <> 'a' AS acts \
             FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN \
             (SELECT wanted.oid FROM {wanted} UNION SELECT a.relid FROM {wanted} \
             CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(wanted.oid) AS a (relid))) AS f",
            leaves("conrelid"),
            leaves("confrelid"),
            wanted = referenced(session)
        );
        let mut within: Vec<(usize, usize)> = Vec::new();
        session.connection.query(&sql, session.monitor, &mut |row| {
            let children: Vec<Option<usize>> = oids(row.required(0)?).map(|oid| index_of.get(&oid?).copied()).collect();
            let parents: Vec<usize> = oids(row.required(1)?).filter_map(|oid| index_of.get(&oid?).copied()).collect();
            let acts = row.flag(2)?;
            let own: Vec<usize> = children.iter().copied().flatten().collect();
            if !own.is_empty() {
                self.linked.extend(own.iter().chain(&parents));
            }
            if acts {
                self.acting.extend(&parents);
                if own.len() < children.len() {
                    self.reaching_out.extend(&parents);
                }
                within.extend(parents.iter().flat_map(|parent| own.iter().map(|child| (*parent, *child))));
            }
            Ok(())
        })?;
        while let Some(&(parent, _)) = within
            .iter()
            .find(|(parent, child)| self.reaching_out.contains(child) && !self.reaching_out.contains(parent))
        {
            self.reaching_out.insert(parent);
        }
        Ok(())
    }

    fn load_operators(&mut self, session: &mut Session<'_>, index_of: &HashMap<u32, usize>) -> Result<(), Failure> {
        let keys: Vec<String> = session
            .plans
            .iter()
            .filter_map(|plan| match &plan.schema.key {
                Key::Columns { source: KeySource::Primary, .. } => Some(format!("({}, NULL)", plan.oid)),
                Key::Columns { source: KeySource::Unique(name), .. } => {
                    Some(format!("({}, {})", plan.oid, quote::literal(name)))
                }
                Key::Rows => None,
            })
            .collect();
        if keys.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "SELECT i.indrelid, pg_catalog.quote_ident(n.nspname), o.oprname \
             FROM (VALUES {}) AS wanted (oid, name) \
             JOIN pg_catalog.pg_index i ON i.indrelid = wanted.oid::pg_catalog.oid \
             JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid \
             CROSS JOIN LATERAL pg_catalog.unnest(i.indclass::pg_catalog.oid[]) WITH ORDINALITY AS part (class, n) \
             JOIN pg_catalog.pg_opclass c ON c.oid = part.class \
             JOIN pg_catalog.pg_amop a ON a.amopfamily = c.opcfamily AND a.amoplefttype = c.opcintype \
             AND a.amoprighttype = c.opcintype AND a.amopstrategy = 3 \
             JOIN pg_catalog.pg_operator o ON o.oid = a.amopopr \
             JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace \
             WHERE CASE WHEN wanted.name IS NULL THEN i.indisprimary ELSE x.relname = wanted.name END \
             AND part.n <= i.indnkeyatts ORDER BY i.indrelid, part.n",
            keys.join(", ")
        );
        session.connection.query(&sql, session.monitor, &mut |row| {
            if let Some(&index) = index_of.get(&row.required_number(0)?) {
                let operator = format!("OPERATOR({}.{})", row.required(1)?, row.required(2)?);
                self.operators.entry(index).or_default().push(operator);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Whether a foreign key ties this table to one of the restore.
    pub(super) fn is_linked(&self, index: usize) -> bool {
        self.linked.contains(&index)
    }

    /// Whether a row of this table can be deleted and put back in one statement without anything else happening.
    pub(super) fn is_replaceable(&self, index: usize) -> bool {
        !self.acting.contains(&index)
    }

    /// Whether whatever happens then happens to tables of the restore, whose rows are looked at again and put right.
    pub(super) fn stays_within(&self, index: usize) -> bool {
        !self.reaching_out.contains(&index)
    }

    /// The operator that compares the key column at `position` (in key order) of this table.
    pub(super) fn operator(&self, index: usize, position: usize) -> &str {
        self.operators
            .get(&index)
            .and_then(|operators| operators.get(position))
            .map_or("OPERATOR(pg_catalog.=)", String::as_str)
    }
}

/// The numbers of an array of oids, as the server writes it.
fn oids(array: &str) -> impl Iterator<Item = Option<u32>> + '_ {
    let inside = array.trim_start_matches('{').trim_end_matches('}');
    inside.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().ok())
}

fn referenced(session: &Session<'_>) -> String {
    oid_array(session.plans.iter().map(|plan| plan.oid))
}
