//! In which order the tables of a patch are written.

use crate::codec::TableSchema;

/// Tables by position: referring ones before those that they refer to, as far as references allow.
pub(super) fn children_first(schemas: &[&TableSchema]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..schemas.len()).collect();
    let mut order = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_referred_to = |at: usize| left.iter().any(|&other| other != at && refers(schemas[other], schemas[at]));
        let free = left.iter().position(|&at| !is_referred_to(at)).unwrap_or(0);
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
