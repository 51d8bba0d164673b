//! Which rows of other tables would go, or change, with rows that are deleted or get new values.
//!
//! The actions of foreign keys are followed from table to table, by the places of rows, without writing anything: a
//! plan can be made in a transaction that only reads.

pub(super) mod actions;
mod seeds;

use super::client::Failure;
use super::operators::{KeyOperators, has_many_forms};
use super::quote;
use super::session::Session;
use crate::codec::{Key, TableName, TableSchema};
use crate::db::{Change, Changing, DbError};
use actions::{Action, Which};
use seeds::Seeds;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Places that are asked about in one query.
const PLACES: usize = 20_000;

/// What becomes of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Gone,
    /// These of its columns get other values.
    Changed(BTreeSet<String>),
}

impl Fate {
    /// What becomes of a row of which both are true; `None` if it is `self` already.
    fn and(&self, other: &Fate) -> Option<Fate> {
        match (self, other) {
            (Fate::Gone, _) => None,
            (Fate::Changed(_), Fate::Gone) => Some(Fate::Gone),
            (Fate::Changed(known), Fate::Changed(new)) => {
                (!new.is_subset(known)).then(|| Fate::Changed(known.union(new).cloned().collect()))
            }
        }
    }
}

/// Where a row is in its table: block and position, as the server writes a `tid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct RowPosition {
    block: u32,
    position: u16,
}

impl RowPosition {
    fn parse(text: &str) -> Result<RowPosition, Failure> {
        let parts =
            text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).and_then(|text| text.split_once(','));
        let place = parts.and_then(|(block, position)| {
            Some(RowPosition { block: block.parse().ok()?, position: position.parse().ok()? })
        });
        place.ok_or_else(|| Failure::Protocol("a place of a row that is none".into()))
    }
}

/// The rows that were found so far, by table.
#[derive(Default)]
struct Reached {
    fates: HashMap<u32, HashMap<RowPosition, Fate>>,
    /// What was found last, and not followed yet.
    new: BTreeMap<(u32, Fate), Vec<RowPosition>>,
}

impl Reached {
    fn add(&mut self, table: u32, place: RowPosition, fate: Fate) {
        let known = self.fates.entry(table).or_default();
        let fate = match known.get(&place) {
            None => Some(fate),
            Some(known) => known.and(&fate),
        };
        let Some(fate) = fate else { return };
        known.insert(place, fate.clone());
        self.new.entry((table, fate)).or_default().push(place);
    }
}

/// A walk along foreign keys.
struct Walk<'w, 's> {
    session: &'w mut Session<'s>,
    /// Tables whose rows are written as planned.
    own: HashSet<u32>,
    actions: BTreeMap<u32, Vec<Action>>,
    reached: Reached,
}

impl Session<'_> {
    /// Counts, through all actions of foreign keys, the rows of tables other than the first `own` that `changes` would
    /// reach.
    pub(super) fn cascaded_rows(
        &mut self,
        own: usize,
        operators: &KeyOperators,
        changes: &mut [Changing<'_>],
    ) -> Result<Vec<(TableName, u64)>, DbError> {
        let failed = |failure: Failure| {
            let denied = failure.code() == Some("42501");
            match failure.during("counting what foreign keys reach") {
                error if denied => DbError::Denied { what: error.to_string() },
                error => error,
            }
        };
        let own = self.tables.iter().take(own).map(|open| open.oid).collect();
        let mut walk = Walk { session: self, own, actions: BTreeMap::new(), reached: Reached::default() };
        for change in changes.iter_mut() {
            let oid = walk.session.open_table(change.table.position())?.oid;
            let actions = walk.actions(oid).map_err(failed)?;
            let mut followed: BTreeSet<String> = actions.iter().flat_map(Action::followed).cloned().collect();
            let follows_deletion = actions.iter().any(Action::follows_deletion);
            let schema = &walk.session.open_table(change.table.position())?.schema;
            followed.retain(|name| can_change(schema, name));
            let followed = match change.change {
                Change::Deleted if follows_deletion => None,
                Change::Updated if !followed.is_empty() => Some(followed),
                _ => continue,
            };
            let seeds = Seeds { index: change.table.position(), operators, followed };
            let reached = &mut walk.reached;
            seeds.find(walk.session, change.rows, &mut |place, fate| reached.add(oid, place, fate))?;
        }
        walk.follow().and_then(|()| walk.counts()).map_err(failed)
    }
}

/// Whether an update can give this column another value, or another form of it: the key of a row stays.
fn can_change(schema: &TableSchema, name: &str) -> bool {
    let Some(at) = schema.columns.iter().position(|column| column.name == name) else {
        return schema.generated.iter().any(|column| column.name == name);
    };
    let Key::Columns { columns, .. } = &schema.key else { return true };
    let key = columns.iter().find(|key| key.column as usize == at);
    key.is_none_or(|key| has_many_forms(key.order, &schema.columns[at]))
}

impl Walk<'_, '_> {
    /// What happens to rows that refer to rows of the table with this oid.
    fn actions(&mut self, parent: u32) -> Result<&[Action], Failure> {
        match self.actions.entry(parent) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => Ok(new.insert(actions::load(self.session, parent, Which::Acting)?)),
        }
    }

    /// Follows the actions from table to table until no row is added.
    fn follow(&mut self) -> Result<(), Failure> {
        while let Some(((parent, fate), places)) = self.reached.new.pop_first() {
            let name = quote::table(&self.session.relation_name(parent)?);
            let next: Vec<(String, Fate)> = self
                .actions(parent)?
                .iter()
                .filter_map(|action| {
                    let (child, matches) = (&action.child, &action.matches);
                    let sql = format!(
                        "SELECT DISTINCT c.tableoid, c.ctid FROM ONLY {name} AS p JOIN {child} AS c ON {matches}"
                    );
                    Some((sql, action.after(&fate)?))
                })
                .collect();
            for (sql, fate) in next {
                for some in places.chunks(PLACES) {
                    self.step(&sql, &fate, some)?;
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, sql: &str, fate: &Fate, places: &[RowPosition]) -> Result<(), Failure> {
        let places: Vec<String> =
            places.iter().map(|place| format!("\"({},{})\"", place.block, place.position)).collect();
        let sql = format!("{sql} WHERE p.ctid = ANY ('{{{}}}'::pg_catalog.tid[])", places.join(","));
        let (own, reached) = (&self.own, &mut self.reached);
        let asked = self.session.connection.query(&sql, self.session.monitor, &mut |row| {
            let table = row.required_number(0)?;
            // What becomes of rows of our own tables is planned and verified. Values in them that others refer to may be
            // moved on the way to where they end, though.
            if !(own.contains(&table) && *fate == Fate::Gone) {
                reached.add(table, RowPosition::parse(row.required(1)?)?, fate.clone());
            }
            Ok(())
        });
        asked.map(drop)
    }

    fn counts(&mut self) -> Result<Vec<(TableName, u64)>, Failure> {
        let counts: Vec<(u32, u64)> = self
            .reached
            .fates
            .iter()
            .filter(|(table, places)| !self.own.contains(table) && !places.is_empty())
            .map(|(table, places)| (*table, places.len() as u64))
            .collect();
        let mut told = Vec::with_capacity(counts.len());
        for (table, rows) in counts {
            told.push((self.session.relation_name(table)?, rows));
        }
        told.sort();
        Ok(told)
    }
}
