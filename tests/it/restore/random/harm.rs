//! What stands in the way of a restore, in the database's own word: rows outside of the snapshot that refer to rows
//! that would go.

use super::engine::Engine;
use super::schema::{Column, Fill, Reference, Schema, Table};

/// Rows because of which a restore is rightly refused.
#[derive(Debug)]
pub struct Harm {
    pub child: usize,
    pub parent: usize,
    /// Whether foreign keys act on them, so that `--cascade` is what allows it.
    pub acts: bool,
    /// Whether it is gone when the referring table, which is not in the snapshot, is emptied.
    pub removable: bool,
}

/// Everything that stands in the way of the way back to a kept state.
pub fn harms(engine: &mut dyn Engine, schema: &Schema, state: usize) -> Vec<Harm> {
    let mut found = Vec::new();
    for reference in &schema.references {
        let Reference { child, parent, on_delete, on_update, .. } = reference;
        let taken = (schema.tables[*child].taken, schema.tables[*parent].taken);
        let (dangling, moved) = (dangling(engine, schema, reference, state), moved(engine, schema, reference, state));
        let is = |action: &str| *on_delete == action || *on_update == action;
        let acts = |action: &str| !matches!(action, "NO ACTION" | "RESTRICT");
        let harm = Harm { child: *child, parent: *parent, acts: acts(on_delete), removable: !taken.0 };
        let counted = match taken {
            (false, true) if engine.number(&dangling) > 0 => {
                Some(Harm { acts: acts(on_delete) && acts(on_update), ..harm })
            }
            (false, true) if engine.postgres() => (engine.number(&moved) > 0
                && !(is("NO ACTION") && on_delete == on_update))
                .then_some(Harm { acts: false, ..harm }),
            (true, false) => (engine.number(&dangling) > 0).then_some(Harm { acts: false, ..harm }),
            (true, true) if engine.postgres() && is("RESTRICT") => {
                (engine.number(&moved) > 0).then_some(Harm { acts: false, ..harm })
            }
            _ => None,
        };
        found.extend(counted);
    }
    found
}

fn matches(schema: &Schema, reference: &Reference, child: &str, parent: &str) -> String {
    let (of, to) = (&schema.tables[reference.child], &schema.tables[reference.parent]);
    let pairs = reference.columns.iter().zip(&reference.referenced);
    let pairs = pairs.map(|(&c, &p)| format!("{child}.{} = {parent}.{}", of.names(&[c]), to.names(&[p])));
    pairs.collect::<Vec<_>>().join(" AND ")
}

/// How many rows refer to something that is not there in the end.
fn dangling(engine: &dyn Engine, schema: &Schema, reference: &Reference, state: usize) -> String {
    let side = |table: usize| match schema.tables[table].taken {
        true => engine.kept(table, state),
        false => schema.tables[table].sql(),
    };
    let present: Vec<String> = reference
        .columns
        .iter()
        .map(|&at| format!("c.{} IS NOT NULL", schema.tables[reference.child].names(&[at])))
        .collect();
    format!(
        "SELECT count(*) FROM {} AS c WHERE {} AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {})",
        side(reference.child),
        present.join(" AND "),
        side(reference.parent),
        matches(schema, reference, "c", "p")
    )
}

/// How many rows refer to values that another row has in the end.
fn moved(engine: &dyn Engine, schema: &Schema, reference: &Reference, state: usize) -> String {
    let parent = &schema.tables[reference.parent];
    let child = match schema.tables[reference.child].taken {
        true => engine.kept(reference.child, state),
        false => schema.tables[reference.child].sql(),
    };
    format!(
        "SELECT count(*) FROM {child} AS c, {} AS p, {} AS k WHERE {} AND {} AND NOT ({})",
        parent.sql(),
        engine.kept(reference.parent, state),
        matches(schema, reference, "c", "p"),
        matches(schema, reference, "c", "k"),
        same(parent)
    )
}

/// Two versions of one row, as far as anybody can tell.
fn same(table: &Table) -> String {
    let columns = match table.key.is_empty() {
        false => table.key.clone(),
        true => {
            let tells = |column: &Column| column.name == "only" || matches!(column.fill, Fill::Made(_));
            table.columns.iter().position(tells).map_or_else(|| table.given(), |at| vec![at])
        }
    };
    let same = columns.iter().map(|&at| format!("p.{0} IS NOT DISTINCT FROM k.{0}", table.names(&[at])));
    same.collect::<Vec<_>>().join(" AND ")
}
