//! How the tables of a restore hang together.

use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::client::Failure;
use crate::db::postgres::session::Session;
use std::collections::{HashMap, HashSet};

/// Foreign keys of the tables of one restore.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Tables that a foreign key refers to, of whatever table it is, and those of the restore that refer to one of
    /// them: a row that is referred to may come with the same restore that takes another away.
    linked: HashSet<usize>,
    /// Tables whose deleted rows make something happen (CASCADE, SET NULL, SET DEFAULT) or are refused at once.
    acting: HashSet<usize>,
    /// Those of them whose deleted rows make something happen to tables outside of the restore, be it through others.
    reaching_out: HashSet<usize>,
}

impl Links {
    pub(super) fn load(session: &mut Session<'_>) -> Result<Links, Failure> {
        let index_of: HashMap<u32, usize> =
            session.tables.iter().enumerate().map(|(index, open)| (open.oid, index)).collect();
        let mut links = Links::default();
        if index_of.is_empty() {
            return Ok(links);
        }
        links.load_references(session, &index_of)?;
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
            self.linked.extend(own.iter().chain(&parents));
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

    /// Whether all that is done to this table is done in one statement, together with what is done to tables that it
    /// hangs together with.
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
}

/// The numbers of an array of oids, as the server writes it.
fn oids(array: &str) -> impl Iterator<Item = Option<u32>> + '_ {
    let inside = array.trim_start_matches('{').trim_end_matches('}');
    inside.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().ok())
}

fn referenced(session: &Session<'_>) -> String {
    oid_array(session.tables.iter().map(|open| open.oid))
}
