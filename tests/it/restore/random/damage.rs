//! Random damage: statements of which each may fail.

use super::rows::{Rows, row, unique};
use super::schema::{Fill, Schema, Table, below};
use crate::tree::model::Dice;

/// Statements to be run one by one.
pub fn damage(schema: &Schema, rows: &Rows, dice: &mut Dice) -> Vec<String> {
    let (mut all, mut rows) = (Vec::new(), rows.clone());
    let mut fresh = 10_000;
    for _ in 0..2 + below(dice, 14) {
        let at = below(dice, schema.tables.len());
        if !schema.tables[at].taken && dice.roll(2) == 0 {
            continue;
        }
        // nobody may lose what a table in the snapshot refers to outside of it
        let is_outer_parent = !schema.tables[at].taken
            && schema.references.iter().any(|one| one.parent == at && schema.tables[one.child].taken);
        all.extend(match is_outer_parent {
            true => insertion(schema, &mut rows, at, dice, &mut fresh),
            false => one(schema, &mut rows, at, dice, &mut fresh),
        });
    }
    all
}

fn one(schema: &Schema, rows: &mut Rows, at: usize, dice: &mut Dice, fresh: &mut u64) -> Vec<String> {
    let table = &schema.tables[at];
    match dice.roll(18) {
        0..=2 => vec![format!("DELETE FROM {} WHERE {}", table.sql(), some(table, &rows[at], dice))],
        3 => vec![format!("DELETE FROM {}", table.sql())],
        4..=6 => update(schema, rows, at, dice),
        7 => rename_keys(table, &rows[at], dice, fresh),
        8 | 9 => swap(table, &rows[at], dice),
        10 => moved(schema, rows, at, dice, fresh),
        11 => counters(schema, table),
        12 | 13 => exchange(schema, rows, at, dice),
        _ => insertion(schema, rows, at, dice, fresh),
    }
}

/// A column that tells rows apart, as far as there is one.
fn telling(table: &Table) -> Option<usize> {
    let unique = (0..table.columns.len()).find(|&at| table.columns[at].fill == Fill::Unique);
    unique.or_else(|| table.given().first().copied())
}

/// A condition that holds for some rows.
fn some(table: &Table, rows: &[Vec<String>], dice: &mut Dice) -> String {
    let (Some(at), false) = (telling(table), rows.is_empty()) else { return "1 = 1".to_owned() };
    let values: Vec<String> =
        (0..1 + below(dice, 4)).map(|_| rows[below(dice, rows.len())][at].clone()).filter(|v| v != "NULL").collect();
    match values.is_empty() {
        true => format!("{} IS NULL", table.names(&[at])),
        false => format!("{} IN ({})", table.names(&[at]), values.join(", ")),
    }
}

/// New values for some rows: those of another row that could have been.
fn update(schema: &Schema, rows: &Rows, at: usize, dice: &mut Dice) -> Vec<String> {
    let table = &schema.tables[at];
    let Some(new) = row(schema, rows, at, 9_000 + dice.roll(900), dice) else { return Vec::new() };
    let set: Vec<String> = table
        .given()
        .into_iter()
        .filter(|&column| !matches!(table.columns[column].fill, Fill::Unique | Fill::Half | Fill::Side))
        .map(|column| format!("{} = {}", table.names(&[column]), new[column]))
        .collect();
    if set.is_empty() {
        return Vec::new();
    }
    vec![format!("UPDATE {} SET {} WHERE {}", table.sql(), set.join(", "), some(table, &rows[at], dice))]
}

fn rename_keys(table: &Table, rows: &[Vec<String>], dice: &mut Dice, fresh: &mut u64) -> Vec<String> {
    let own: Vec<usize> = (0..table.columns.len()).filter(|&at| table.columns[at].fill == Fill::Unique).collect();
    if own.is_empty() || rows.is_empty() {
        return Vec::new();
    }
    let at = own[below(dice, own.len())];
    *fresh += 1;
    let (name, old) = (table.names(&[at]), &rows[below(dice, rows.len())][at]);
    vec![format!("UPDATE {} SET {name} = {} WHERE {name} = {old}", table.sql(), unique(table.columns[at].kind, *fresh))]
}

/// Two or three rows change places in a column that is unique.
fn swap(table: &Table, rows: &[Vec<String>], dice: &mut Dice) -> Vec<String> {
    let own: Vec<usize> = (0..table.columns.len()).filter(|&at| table.columns[at].fill == Fill::Unique).collect();
    if own.is_empty() || rows.len() < 3 {
        return Vec::new();
    }
    let at = own[below(dice, own.len())];
    let from = below(dice, rows.len() - 2);
    let name = table.names(&[at]);
    let values: Vec<String> = rows[from..from + 2 + below(dice, 2)].iter().map(|row| row[at].clone()).collect();
    let set = |old: &str, new: &str| format!("UPDATE {} SET {name} = {new} WHERE {name} = {old}", table.sql());
    let free = unique(table.columns[at].kind, 777_777);
    let mut all = vec![set(&values[0], &free)];
    all.extend(values.windows(2).map(|pair| set(&pair[1], &pair[0])));
    all.push(set(&free, &values[values.len() - 1]));
    all
}

/// Two rows go and come back with the unique values of each other: there need not be a free value.
fn exchange(schema: &Schema, rows: &mut Rows, at: usize, dice: &mut Dice) -> Vec<String> {
    let table = &schema.tables[at];
    let fill = |at: usize| table.columns[at].fill;
    let sides: Vec<usize> =
        (0..table.columns.len()).filter(|&at| matches!(fill(at), Fill::Half | Fill::Side)).collect();
    let columns = if sides.is_empty() { table.unique().into_iter().collect() } else { sides };
    let Some(telling) = telling(table).filter(|at| !columns.is_empty() && !columns.contains(at)) else {
        return Vec::new();
    };
    if rows[at].len() < 2 {
        return Vec::new();
    }
    let first = below(dice, rows[at].len() - 1);
    let old = [rows[at][first].clone(), rows[at][first + 1].clone()];
    let mut new = old.clone();
    for column in columns {
        new[0][column].clone_from(&old[1][column]);
        new[1][column].clone_from(&old[0][column]);
    }
    rows[at][first].clone_from(&new[0]);
    rows[at][first + 1].clone_from(&new[1]);
    let name = table.names(&[telling]);
    vec![
        format!("DELETE FROM {} WHERE {name} IN ({}, {})", table.sql(), old[0][telling], old[1][telling]),
        table.insert(schema.postgres, &new),
    ]
}

/// A row goes, and another one comes with one of its unique values.
fn moved(schema: &Schema, rows: &mut Rows, at: usize, dice: &mut Dice, fresh: &mut u64) -> Vec<String> {
    let table = &schema.tables[at];
    let (Some(column), false) = (table.unique(), rows[at].is_empty()) else { return Vec::new() };
    *fresh += 1;
    let Some(mut new) = row(schema, rows, at, *fresh, dice) else { return Vec::new() };
    let old = &rows[at][below(dice, rows[at].len())][column];
    new[column].clone_from(old);
    super::rows::make(table, &mut new);
    vec![
        format!("DELETE FROM {} WHERE {} = {old}", table.sql(), table.names(&[column])),
        table.insert(schema.postgres, std::slice::from_ref(&new)),
    ]
}

fn counters(schema: &Schema, table: &Table) -> Vec<String> {
    let counted = table.columns.iter().filter(|column| column.counted);
    counted
        .map(|column| match schema.postgres {
            true => format!(
                "SELECT setval(pg_get_serial_sequence('{}', '{}'), 2)",
                table.sql().replace('\'', "''"),
                column.name
            ),
            false => format!("UPDATE sqlite_sequence SET seq = 2 WHERE name = '{}'", table.name.replace('\'', "''")),
        })
        .collect()
}

fn insertion(schema: &Schema, rows: &mut Rows, at: usize, dice: &mut Dice, fresh: &mut u64) -> Vec<String> {
    let mut all = Vec::new();
    for _ in 0..1 + below(dice, 3) {
        *fresh += 1;
        // some take the number of a row that was there
        let number = if dice.roll(3) == 0 { dice.roll(25) * 3 + 1 } else { *fresh };
        let Some(made) = row(schema, rows, at, number, dice) else { continue };
        all.push(schema.tables[at].insert(schema.postgres, std::slice::from_ref(&made)));
        // others may refer to it from now on, and be more likely to
        rows[at].extend([made.clone(), made.clone(), made]);
    }
    all
}
