//! How the keys of tables are compared.

use super::client::Failure;
use super::quote;
use super::session::Session;
use crate::codec::{Key, KeyOrder, KeySource, Kind};
use std::collections::HashMap;

/// Per table of a session and key column, in key order: the key's equality operator, qualified.
#[derive(Debug, Default)]
pub(super) struct KeyOperators(HashMap<usize, Vec<String>>);

/// Whether equal values of a key column can look different (1.1 and 1.10).
pub(super) fn has_many_forms(order: KeyOrder, kind: Kind) -> bool {
    matches!(order, KeyOrder::Numeric | KeyOrder::Rtrim | KeyOrder::NoCase)
        || matches!(kind, Kind::Float4 | Kind::Float8)
}

impl KeyOperators {
    pub(super) fn load(session: &mut Session<'_>) -> Result<KeyOperators, Failure> {
        let index_of: HashMap<u32, usize> =
            session.plans.iter().enumerate().map(|(index, plan)| (plan.oid, index)).collect();
        let mut operators = KeyOperators::default();
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
            return Ok(operators);
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
                operators.0.entry(index).or_default().push(operator);
            }
            Ok(())
        })?;
        Ok(operators)
    }

    /// `row` of the table at `index` and row `other`, whose columns are called `c` and their position, have the same key, as SQL. Only
    /// for tables with a key.
    pub(super) fn same_key(&self, session: &Session<'_>, index: usize, row: &str, other: &str) -> String {
        let Some(plan) = session.plans.get(index) else { return "false".into() };
        let Key::Columns { columns, .. } = &plan.schema.key else { return "false".into() };
        let operators = self.0.get(&index);
        let parts: Vec<String> = columns
            .iter()
            .enumerate()
            .filter_map(|(position, key)| {
                let column = plan.schema.columns.get(key.column as usize)?;
                let operator = operators.and_then(|all| all.get(position));
                let operator = operator.map_or("OPERATOR(pg_catalog.=)", String::as_str);
                Some(format!("{row}.{} {operator} {other}.c{}", quote::identifier(&column.name), key.column))
            })
            .collect();
        parts.join(" AND ")
    }
}
