//! Triggers and rules that would do something of their own while rows are put back.
//!
//! They are switched off one by one with ALTER TABLE, which a plain owner may, and switched back to the state they had
//! before the transaction commits. `session_replication_role = replica` would need a superuser and would skip foreign
//! keys as well.

use crate::db::DbError;
use crate::db::postgres::catalog::oid_array;
use crate::db::postgres::client::Failure;
use crate::db::postgres::lifting::BY_USER;
use crate::db::postgres::quote;
use crate::db::postgres::session::Session;
use std::collections::HashMap;

/// What must be switched off before the first write, and back on before COMMIT.
#[derive(Debug, Default)]
pub(super) struct UserTriggers {
    off: Vec<String>,
    on: Vec<String>,
    done: bool,
}

/// Refuses a session in which foreign keys are not checked, unless that can be changed.
pub(super) fn require_origin(session: &mut Session<'_>) -> Result<(), DbError> {
    let mut replica = false;
    let sql = "SELECT pg_catalog.current_setting('session_replication_role') = 'replica'";
    let asked = session.connection.query(sql, session.monitor, &mut |row| {
        replica = row.flag(0)?;
        Ok(())
    });
    asked.map_err(|failure| failure.during("reading session_replication_role"))?;
    if replica {
        let set = session.connection.execute("SET LOCAL session_replication_role = origin", session.monitor);
        set.map_err(|_| DbError::Denied {
            what: "this role has session_replication_role = replica, under which foreign keys are not checked".into(),
        })?;
    }
    Ok(())
}

impl UserTriggers {
    /// Finds the triggers and rules of the session's tables that would fire.
    pub(super) fn load(session: &mut Session<'_>) -> Result<UserTriggers, DbError> {
        let mut triggers = UserTriggers::default();
        triggers.add(session, 0).map(|()| triggers)
    }

    /// Finds those of the session's tables from `first` on as well.
    pub(super) fn add(&mut self, session: &mut Session<'_>, first: usize) -> Result<(), DbError> {
        let names: HashMap<u32, (String, String)> = session
            .tables
            .iter()
            .skip(first)
            .map(|open| (open.oid, (open.sql_name.clone(), open.table().to_string())))
            .collect();
        if names.is_empty() {
            return Ok(());
        }
        let wanted = oid_array(names.keys().copied());
        let sql = format!(
            "SELECT f.oid, f.kind, f.name, f.state, pg_catalog.pg_has_role(c.relowner, 'USAGE') FROM (\
             SELECT wanted.oid, 'TRIGGER' AS kind, t.tgname AS name, t.tgenabled AS state \
             FROM {wanted} JOIN pg_catalog.pg_trigger t ON t.tgrelid = wanted.oid AND {BY_USER} UNION ALL \
             SELECT wanted.oid, 'RULE', r.rulename, r.ev_enabled \
             FROM {wanted} JOIN pg_catalog.pg_rewrite r ON r.ev_class = wanted.oid AND r.ev_type <> '1') AS f \
             JOIN pg_catalog.pg_class c ON c.oid = f.oid WHERE f.state IN ('O', 'A') ORDER BY f.oid, f.kind, f.name"
        );
        let mut refused = None;
        let asked = session.connection.query(&sql, session.monitor, &mut |row| {
            let Some((table, shown)) = names.get(&row.required_number(0)?) else { return Ok(()) };
            let (kind, name) = (row.required(1)?, row.required(2)?);
            if !row.flag(4)? {
                refused.get_or_insert(format!(
                    "table {shown} has the {} {name}, which only the table's owner may switch off for a restore",
                    kind.to_ascii_lowercase()
                ));
            }
            let quoted = quote::identifier(name);
            let enable = if row.required(3)? == "A" { "ENABLE ALWAYS" } else { "ENABLE" };
            self.off.push(format!("ALTER TABLE ONLY {table} DISABLE {kind} {quoted}"));
            self.on.push(format!("ALTER TABLE ONLY {table} {enable} {kind} {quoted}"));
            Ok(())
        });
        asked.map_err(|failure| failure.during("reading triggers and rules"))?;
        match refused {
            Some(what) => Err(DbError::Denied { what }),
            None => Ok(()),
        }
    }

    /// Switches everything off that is not off yet.
    pub(super) fn disable(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        if self.done || self.off.is_empty() {
            return Ok(());
        }
        self.done = true;
        session.connection.execute(&self.off.join("; "), session.monitor).map(drop)
    }

    /// Something else that must be put back before COMMIT.
    pub(super) fn leave_off(&mut self, session: &mut Session<'_>, off: &str, on: String) -> Result<(), Failure> {
        session.connection.execute(off, session.monitor)?;
        self.done = true;
        self.on.push(on);
        Ok(())
    }

    /// Switches everything back on.
    pub(super) fn restore(&mut self, session: &mut Session<'_>) -> Result<(), Failure> {
        if !self.done || self.on.is_empty() {
            return Ok(());
        }
        session.connection.execute(&self.on.join("; "), session.monitor).map(drop)
    }
}

/// In words, what [`UserTriggers`] could not do.
pub(super) fn altering(failure: Failure) -> DbError {
    match failure.code() {
        Some("55P03") => DbError::Busy {
            what: "a table whose triggers, rules or identity must be switched off for a restore is in use by another session".into(),
        },
        _ => failure.during("switching triggers, rules and identities off or on"),
    }
}
