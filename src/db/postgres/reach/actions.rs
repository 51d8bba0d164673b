//! What foreign keys do to the rows that refer to one that goes or changes.

use super::Fate;
use crate::codec::TableName;
use crate::db::postgres::client::Failure;
use crate::db::postgres::quote;
use crate::db::postgres::session::Session;

/// What a foreign key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Nothing,
    Cascade,
    /// SET NULL, SET DEFAULT.
    Set,
}

/// One column of a foreign key.
#[derive(Debug)]
struct Pair {
    referencing: String,
    referenced: String,
    /// Whether the referencing column is set when what it refers to is deleted.
    is_set: bool,
}

/// A foreign key that does something.
#[derive(Debug)]
pub(in crate::db::postgres) struct Action {
    constraint: u32,
    /// The table whose rows refer, quoted; `ONLY` it, or with its partitions.
    pub child: String,
    on_delete: Act,
    on_update: Act,
    pairs: Vec<Pair>,
    /// `p.parent_column OPERATOR(...) c.child_column AND ...`
    pub matches: String,
}

impl Action {
    /// Whether it does something to rows that refer to deleted ones.
    pub fn follows_deletion(&self) -> bool {
        self.on_delete != Act::Nothing
    }

    /// The referenced columns whose new values it follows.
    pub fn followed(&self) -> impl Iterator<Item = &String> {
        let follows = self.on_update != Act::Nothing;
        self.pairs.iter().filter(move |_| follows).map(|pair| &pair.referenced)
    }

    /// What becomes of the rows that refer to one with this fate; `None` if nothing does.
    pub(super) fn after(&self, parent: &Fate) -> Option<Fate> {
        let columns = |which: &dyn Fn(&Pair) -> bool| {
            let chosen = self.pairs.iter().filter(|pair| which(pair));
            Fate::Changed(chosen.map(|pair| pair.referencing.clone()).collect())
        };
        match parent {
            Fate::Gone => match self.on_delete {
                Act::Nothing => None,
                Act::Cascade => Some(Fate::Gone),
                Act::Set => Some(columns(&|pair| pair.is_set)),
            },
            Fate::Changed(changed) => {
                let is_changed = |pair: &Pair| changed.contains(&pair.referenced);
                if !self.pairs.iter().any(is_changed) {
                    return None;
                }
                match self.on_update {
                    Act::Nothing => None,
                    Act::Cascade => Some(columns(&is_changed)),
                    Act::Set => Some(columns(&|_| true)),
                }
            }
        }
    }
}

impl Act {
    /// As `pg_constraint` names it.
    fn named(letter: &str) -> Act {
        match letter {
            "c" => Act::Cascade,
            "n" | "d" => Act::Set,
            _ => Act::Nothing,
        }
    }
}

/// Which foreign keys are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::db::postgres) enum Which {
    /// Those that do something to the rows that refer.
    Acting,
    All,
}

/// The foreign keys onto the table with this oid. Partitions of a referencing table are
/// reached through the table that the foreign key was made for; tables that only inherit are not reached.
pub(in crate::db::postgres) fn load(
    session: &mut Session<'_>,
    parent: u32,
    which: Which,
) -> Result<Vec<Action>, Failure> {
    let acting = match which {
        Which::Acting => "AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))",
        Which::All => "",
    };
    let set = if session.version >= 15 { "coalesce(k.confdelsetcols, k.conkey)" } else { "k.conkey" };
    let sql = format!(
        "SELECT k.oid, n.nspname, c.relname, c.relkind = 'p', k.confdeltype, k.confupdtype, pa.attname, ca.attname, \
         ca.attnum = ANY ({set}), pg_catalog.quote_ident(opn.nspname), op.oprname \
         FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey), \
         pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY AS pair (child, parent, operator, n) \
         JOIN pg_catalog.pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = pair.parent \
         JOIN pg_catalog.pg_attribute ca ON ca.attrelid = k.conrelid AND ca.attnum = pair.child \
         JOIN pg_catalog.pg_operator op ON op.oid = pair.operator \
         JOIN pg_catalog.pg_namespace opn ON opn.oid = op.oprnamespace \
         WHERE k.contype = 'f' AND k.confrelid = {parent} {acting} \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint u WHERE u.oid = k.conparentid AND u.conrelid <> k.conrelid) \
         ORDER BY k.oid, pair.n"
    );
    let mut actions: Vec<Action> = Vec::new();
    session.connection.query(&sql, session.monitor, &mut |row| {
        let constraint = row.required_number(0)?;
        if actions.last().is_none_or(|last| last.constraint != constraint) {
            let child = quote::table(&TableName::qualified(row.required(1)?, row.required(2)?));
            actions.push(Action {
                constraint,
                child: if row.flag(3)? { child } else { format!("ONLY {child}") },
                on_delete: Act::named(row.required(4)?),
                on_update: Act::named(row.required(5)?),
                pairs: Vec::new(),
                matches: String::new(),
            });
        }
        let Some(action) = actions.last_mut() else { return Ok(()) };
        let (referenced, referencing) = (row.required(6)?.to_owned(), row.required(7)?.to_owned());
        let and = if action.matches.is_empty() { "" } else { " AND " };
        let (left, right) = (quote::identifier(&referenced), quote::identifier(&referencing));
        let operator = format!("OPERATOR({}.{})", row.required(9)?, row.required(10)?);
        action.matches.push_str(&format!("{and}p.{left} {operator} c.{right}"));
        action.pairs.push(Pair { referencing, referenced, is_set: row.flag(8)? });
        Ok(())
    })?;
    Ok(actions)
}
