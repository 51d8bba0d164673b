//! Triggers of the user: they write into an audit table, change values, or swallow rows.

use super::schema::{Fill, Table, below};
use crate::tree::model::Dice;

/// The statements that give a table some triggers, or none.
pub fn of(postgres: bool, number: usize, table: &Table, dice: &mut Dice) -> Vec<String> {
    let mut all = Vec::new();
    if dice.roll(2) == 0 {
        all.extend(if postgres { audit_postgres(number, table, dice) } else { audit_sqlite(number, table) });
    }
    let plain = table.columns.iter().find(|column| {
        let in_key = table.key.iter().any(|&at| table.columns[at].name == column.name);
        column.fill == Fill::Any && column.nullable && !in_key
    });
    if let (Some(column), 0) = (plain, dice.roll(3)) {
        let (name, target) = (&column.name, table.sql());
        if postgres {
            all.push(format!(
                "CREATE FUNCTION one.twist{number}() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN NEW.\"{name}\" := NULL; RETURN NEW; END $$"
            ));
            all.push(format!(
                "CREATE TRIGGER twist BEFORE INSERT OR UPDATE ON {target} FOR EACH ROW EXECUTE FUNCTION one.twist{number}()"
            ));
        } else if let Some(&key) = table.key.first() {
            let key = &table.columns[key].name;
            all.push(format!(
                "CREATE TRIGGER twist{number} AFTER INSERT ON {target} BEGIN \
                 UPDATE {target} SET \"{name}\" = NULL WHERE \"{key}\" = NEW.\"{key}\"; END"
            ));
        }
    }
    if dice.roll(5) == 0 {
        let target = table.sql();
        all.extend(match postgres {
            true => vec![
                format!(
                    "CREATE FUNCTION one.eat{number}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
                ),
                format!("CREATE TRIGGER eat BEFORE INSERT ON {target} FOR EACH ROW EXECUTE FUNCTION one.eat{number}()"),
            ],
            false => {
                vec![format!("CREATE TRIGGER eat{number} BEFORE INSERT ON {target} BEGIN SELECT RAISE(IGNORE); END")]
            }
        });
    }
    all
}

fn audit_postgres(number: usize, table: &Table, dice: &mut Dice) -> Vec<String> {
    let target = table.sql();
    let mut all = vec![
        format!(
            "CREATE FUNCTION one.noise{number}() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN INSERT INTO one.audit VALUES (tg_op, tg_table_name); RETURN NULL; END $$"
        ),
        format!(
            "CREATE TRIGGER noise AFTER INSERT OR UPDATE OR DELETE ON {target} FOR EACH ROW EXECUTE FUNCTION one.noise{number}()"
        ),
    ];
    match below(dice, 4) {
        0 => all.push(format!("ALTER TABLE {target} ENABLE ALWAYS TRIGGER noise")),
        1 => all.push(format!("ALTER TABLE {target} DISABLE TRIGGER noise")),
        _ => {}
    }
    all
}

fn audit_sqlite(number: usize, table: &Table) -> Vec<String> {
    let trigger = |when: &str| {
        format!(
            "CREATE TRIGGER noise{number}{when} AFTER {when} ON {} BEGIN INSERT INTO audit VALUES ('{when}', '{number}'); END",
            table.sql()
        )
    };
    ["INSERT", "UPDATE", "DELETE"].map(trigger).to_vec()
}
