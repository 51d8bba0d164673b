//! In which order tables are written, by their foreign keys.

use crate::codec::TableSchema;

/// Tables by position: referring ones before those that they refer to, as far as references allow.
pub(super) fn children_first(schemas: &[&TableSchema]) -> Vec<usize> {
    ordered(schemas.len(), |at, other| refers(schemas[other], schemas[at]))
}

/// Tables by position: those that are referred to before those that refer to them, as far as references allow.
pub(super) fn parents_first(schemas: &[&TableSchema]) -> Vec<usize> {
    ordered(schemas.len(), |at, other| refers(schemas[at], schemas[other]))
}

/// Positions, each behind the others that it waits for; in a circle the first goes ahead.
fn ordered(count: usize, waits: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    let mut order = Vec::with_capacity(count);
    while !left.is_empty() {
        let has_to_wait = |at: usize| left.iter().any(|&other| other != at && waits(at, other));
        let free = left.iter().position(|&at| !has_to_wait(at)).unwrap_or(0);
        order.push(left.remove(free));
    }
    order
}

/// Whether references lead from a table back to itself.
pub(super) fn is_cyclic(schemas: &[&TableSchema], start: usize) -> bool {
    let mut reached = vec![false; schemas.len()];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        for to in 0..schemas.len() {
            if refers(schemas[at], schemas[to]) && !reached[to] {
                reached[to] = true;
                open.push(to);
            }
        }
    }
    reached[start]
}

fn refers(from: &TableSchema, to: &TableSchema) -> bool {
    from.foreign_keys.iter().any(|key| key.table == to.table)
}
