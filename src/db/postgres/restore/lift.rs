//! What refuses rows although it may not: lifted as the database names it, and put back when the rows are written.
//!
//! Unique indexes are in the way of rows that exchange values while rows outside of the restore refer to them, so that
//! the rows cannot be deleted and put back. Constraints, and rules of domains, that were added as NOT VALID are in the
//! way of rows that are older than they are; and any constraint can be in the way of rows that were there before the
//! restore that is undone.

use super::PostgresRestore;
use super::dangling::Reference;
use super::staging::{Staged, Work};
use crate::codec::TableName;
use crate::db::DbError;
use crate::db::postgres::client::{Constraint, Failure, ServerError};
use crate::db::postgres::lifting;
use crate::db::postgres::quote;
use std::collections::HashSet;

/// Statements that put back what is lifted, in the order in which it was taken off.
#[derive(Debug, Default)]
pub(super) struct Lifted {
    again: Vec<String>,
    seen: Vec<Constraint>,
    orphans: Vec<Orphans>,
    /// CHECK constraints that held for all rows and will not.
    weakened: Vec<Constraint>,
}

/// What a foreign key refuses with; since PostgreSQL 18 RESTRICT has a code of its own.
const REFERENCE: [&str; 2] = ["23503", "23001"];

/// Whether this role is a superuser, as SQL.
const SUPERUSER: &str = "pg_catalog.current_setting('is_superuser') = 'on'";

/// Rows that refer to nothing by a foreign key that is lifted.
#[derive(Debug)]
struct Orphans {
    /// Finds those that are not written here: no more may come.
    find: String,
    before: HashSet<String>,
    /// What the database says if a row does.
    error: ServerError,
}

/// A foreign key that held for all rows before this transaction, and rows were written by which it may not.
#[derive(Debug)]
pub(super) struct HeldKey {
    key: Constraint,
    references: Vec<Reference>,
    /// Whether it is NOT VALID now.
    weakened: bool,
    /// What the database said of the rows.
    error: ServerError,
}

impl PostgresRestore<'_> {
    /// Takes off what `failure` names, if it may be; whether it did. The transaction stands where it stood before what
    /// failed.
    pub(super) fn lift(&mut self, pending: &[Staged], failure: &Failure, lifted: &mut Lifted) -> Result<bool, Failure> {
        let Failure::Server(error) = failure else { return Ok(false) };
        let Some(named) = error.constraint.clone().filter(|named| !lifted.seen.contains(named)) else {
            return Ok(false);
        };
        let unchecked = error.code == "23514" && !self.allowed.unchecked.is_empty();
        let Some(sql) = self.lifting_of(pending, &error.code, &named, unchecked) else { return Ok(false) };
        let pairs = self.pairs(&sql)?;
        if pairs.is_empty() {
            return Ok(false);
        }
        let off: Vec<&str> = pairs.iter().map(|(off, _)| off.as_str()).collect();
        let mut again: Vec<String> = pairs.iter().map(|(_, again)| again.clone()).collect();
        match self.lifting_of(pending, &error.code, &named, !unchecked) {
            Some(sql) if REFERENCE.contains(&error.code.as_str()) => {
                let key = format!("k.conrelid = {} AND k.conname = {}", oid_of(&named), quote::literal(&named.name));
                let find = self.texts(&lifting::dangling(&key))?;
                let find = find.into_iter().collect::<Vec<_>>().join(" UNION ALL ");
                let before = self.texts(&find)?;
                let references = self.references(&format!("{key} AND k.convalidated"))?;
                // what comes later may mend it: until the end it is put back so that it takes what dangles
                let weak: Vec<String> = self.pairs(&sql)?.into_iter().map(|(_, weak)| weak).collect();
                let held = self.lets_dangle() && !references.is_empty();
                let weakened = held && weak.len() == again.len() && weak != again;
                if weakened {
                    again = weak;
                }
                if held && self.held.iter().all(|held| held.key != named) {
                    self.held.push(HeldKey { key: named.clone(), references, weakened, error: error.clone() });
                }
                lifted.orphans.push(Orphans { find, before, error: error.clone() });
            }
            Some(sql) if unchecked && self.pairs(&sql)?.is_empty() => lifted.weakened.push(named.clone()),
            _ => {}
        }
        lifted.seen.push(named);
        lifted.again.extend(again);
        self.alter_checked(&off.join("; ")).map(|()| true)
    }

    /// Runs statements that take something off or put it back, for which no check of its table may wait.
    fn alter_checked(&mut self, sql: &str) -> Result<(), Failure> {
        let checked = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED";
        self.session.connection.execute(checked, self.session.monitor)?;
        self.alter(sql)
    }

    /// The first two columns of what `sql` gives.
    fn pairs(&mut self, sql: &str) -> Result<Vec<(String, String)>, Failure> {
        let mut pairs = Vec::new();
        self.session.connection.query(sql, self.session.monitor, &mut |row| {
            pairs.push((row.required(0)?.to_string(), row.required(1)?.to_string()));
            Ok(())
        })?;
        Ok(pairs)
    }

    /// The query for what is to be taken off; if it is `broken` by rows that are to come, it does not hold for all rows
    /// afterwards.
    fn lifting_of(&self, pending: &[Staged], code: &str, named: &Constraint, broken: bool) -> Option<String> {
        let name = quote::literal(&named.name);
        let oid = oid_of(named);
        let held_by_children = || {
            let mut updates = pending.iter().filter(|staged| staged.work == Work::Update);
            updates.any(|staged| !self.links.is_replaceable(staged.index))
        };
        match code {
            // otherwise all old rows were gone before a new one came, and it is another row that has the value
            "23505" | "23P01" if held_by_children() => Some(lifting::unique_indexes(&format!(
                "i.indrelid = {oid} AND i.indexrelid = (SELECT x.oid FROM pg_catalog.pg_class x \
                 JOIN pg_catalog.pg_class t ON t.relnamespace = x.relnamespace WHERE t.oid = i.indrelid AND x.relname = {name})"
            ))),
            // a row that is written refers to nothing, and not one that is left behind by a row that goes; or what a
            // row is referred to by goes to another, where that is refused at once
            code if REFERENCE.contains(&code) => Some(self.lifting_of_reference(pending, &oid, &name, broken)),
            "23514" => Some(format!(
                "({}) UNION ALL {}",
                lifting::checks(&oid, &name, broken),
                // of a domain, or one that it is over
                lifting::domain_checks(
                    &format!(
                        "k.conname = {name} AND y.oid IN (WITH RECURSIVE d (oid) AS (SELECT t.oid FROM pg_catalog.pg_type t \
                     JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = {} AND t.typname = {} UNION \
                     SELECT t.typbasetype FROM d JOIN pg_catalog.pg_type t ON t.oid = d.oid) SELECT d.oid FROM d)",
                        quote::literal(&named.schema),
                        quote::literal(&named.relation)
                    ),
                    broken
                )
            )),
            _ => None,
        }
    }

    /// The query for the foreign key `name` of the table `oid`: a row that is written refers to nothing, and not one
    /// that is left behind by a row that goes; or what a row is referred to by goes to another, where that is refused
    /// at once.
    fn lifting_of_reference(&self, pending: &[Staged], oid: &str, name: &str, broken: bool) -> String {
        let written = self.written_to(pending);
        let restricts = format!("k.confrelid IN ({written}) AND 'r' IN (k.confdeltype, k.confupdtype)");
        let comes = format!("k.conrelid IN ({written})");
        let taken = format!("{comes} AND (NOT k.convalidated OR {})", self.lets_dangle());
        let switched = format!("{taken} AND {SUPERUSER}");
        let dropped = format!("{taken} OR {restricts}");
        format!(
            "{} UNION ALL {}",
            lifting::checking_triggers(&format!(
                "k.conrelid = {oid} AND k.conname = {name} AND {switched} \
                 AND (p.proname IN ('RI_FKey_check_ins', 'RI_FKey_check_upd') OR {restricts})"
            )),
            lifting::foreign_keys(
                &format!("k.conrelid = {oid} AND k.conname = {name} AND NOT ({switched}) AND ({dropped})"),
                broken
            )
        )
    }

    /// Checks foreign keys that rows may be older than and that would wait until the end, when nothing can be lifted
    /// any more.
    pub(super) fn keeps_deferred_keys(&mut self, pending: &[Staged]) -> Result<(), Failure> {
        let sql = format!(
            "SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, k.conname) FROM pg_catalog.pg_constraint k \
             JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace \
             WHERE k.contype = 'f' AND k.condeferrable AND (NOT k.convalidated OR {}) AND k.conrelid IN ({})",
            self.lets_dangle(),
            self.written_to(pending)
        );
        let names = self.texts(&sql)?.into_iter().collect::<Vec<_>>().join(", ");
        if names.is_empty() {
            return Ok(());
        }
        let sql = format!("SET CONSTRAINTS {names} IMMEDIATE; SET CONSTRAINTS {names} DEFERRED");
        self.session.connection.execute(&sql, self.session.monitor).map(drop)
    }

    /// Whether rows may come that refer to nothing by a foreign key that holds for all rows: only those that did before
    /// the restore that is undone. Tables that become what they were are no reason: the key may be younger.
    fn lets_dangle(&self) -> bool {
        !self.allowed.known.is_empty()
    }

    /// Once everything is written: what refers to nothing by keys that held for all rows must be what did so before the
    /// restore that is undone. Where nothing does, they hold again.
    pub(super) fn settle_keys(&mut self) -> Result<(), DbError> {
        for HeldKey { key, references, weakened, error } in std::mem::take(&mut self.held) {
            let doing = || format!("checking the constraint {} of {}", key.name, key.relation);
            let told = self.dangling_by(&references).map_err(|failure| failure.during(doing()))?;
            if !told.iter().all(|told| self.allowed.is_known(told)) {
                return Err(Failure::Server(error).during(doing()));
            }
            for told in &told {
                self.session.monitor.warn(&told.warning(told.rows, "as in the restored state"));
            }
            if !weakened {
                continue;
            }
            if !told.is_empty() {
                self.tell_weakened(&key);
                continue;
            }
            let sql = format!(
                "ALTER TABLE {}.{} VALIDATE CONSTRAINT {}",
                quote::identifier(&key.schema),
                quote::identifier(&key.relation),
                quote::identifier(&key.name)
            );
            self.alter_checked(&sql).map_err(|failure| failure.during(doing()))?;
        }
        Ok(())
    }

    fn tell_weakened(&self, Constraint { schema, relation, name }: &Constraint) {
        self.session.monitor.warn(&format!(
            "constraint {name} of {} is now NOT VALID: rows that came back break it; once they are mended, VALIDATE CONSTRAINT \
             makes it valid again",
            TableName::qualified(schema.clone(), relation.clone())
        ));
    }

    /// The tables to which rows of `pending` come.
    fn written_to(&self, pending: &[Staged]) -> String {
        let come = pending.iter().filter(|staged| staged.work != Work::Delete);
        let oids = come.filter_map(|staged| self.session.tables.get(staged.index)).map(|open| open.oid.to_string());
        std::iter::once("0".to_owned()).chain(oids).collect::<Vec<_>>().join(", ")
    }

    /// The first column of what `sql` gives.
    pub(super) fn texts(&mut self, sql: &str) -> Result<HashSet<String>, Failure> {
        let mut texts = HashSet::new();
        self.session.connection.query(sql, self.session.monitor, &mut |row| {
            texts.insert(row.required(0)?.to_string());
            Ok(())
        })?;
        Ok(texts)
    }

    /// Puts back what was lifted, and tells what does not hold any more.
    pub(super) fn put_back(&mut self, lifted: &Lifted) -> Result<(), Failure> {
        if lifted.again.is_empty() {
            return Ok(());
        }
        for orphans in &lifted.orphans {
            if !self.texts(&orphans.find)?.is_subset(&orphans.before) {
                return Err(Failure::Server(orphans.error.clone()));
            }
        }
        let again: Vec<&str> = lifted.again.iter().rev().map(String::as_str).collect();
        self.alter_checked(&again.join("; "))?;
        lifted.weakened.iter().for_each(|weakened| self.tell_weakened(weakened));
        Ok(())
    }

    /// Writes `pending` by `ways`, lifting what the database names as being in the way.
    pub(super) fn lifting(
        &mut self,
        pending: &[Staged],
        mut ways: impl FnMut(&mut Self) -> Result<Vec<u64>, Failure>,
    ) -> Result<Vec<u64>, DbError> {
        let mut lifted = Lifted::default();
        loop {
            self.run("SAVEPOINT dbsnap_write", "setting a savepoint")?;
            let failure = match ways(self) {
                Ok(counts) => {
                    self.put_back(&lifted).map_err(|failure| self.explain(pending, failure))?;
                    self.run("RELEASE SAVEPOINT dbsnap_write", "releasing a savepoint")?;
                    return Ok(counts);
                }
                Err(failure @ Failure::Server(_)) => failure,
                Err(failure) => return Err(self.explain(pending, failure)),
            };
            self.run("ROLLBACK TO SAVEPOINT dbsnap_write", "going back to a savepoint")?;
            match self.lift(pending, &failure, &mut lifted) {
                Ok(true) => {}
                Ok(false) => return Err(self.explain(pending, failure)),
                // 2BP01: something else relies on it; the first failure says more
                Err(lifting) if lifting.code() == Some("2BP01") => return Err(self.explain(pending, failure)),
                Err(lifting) => return Err(self.not_lifted(pending, &failure, lifting)),
            }
        }
    }
}

impl PostgresRestore<'_> {
    /// In words, that what `refused` rows could not be taken off; if an event trigger forbids it, with its name.
    fn not_lifted(&mut self, pending: &[Staged], refused: &Failure, lifting: Failure) -> DbError {
        let (Failure::Server(refused), Failure::Server(raised)) = (refused, &lifting) else {
            return self.explain(pending, lifting);
        };
        let (Some(named), message) = (&refused.constraint, raised.message.clone()) else {
            return self.explain(pending, lifting);
        };
        let sql = "SELECT t.evtname, t.evtfoid::pg_catalog.regprocedure FROM pg_catalog.pg_event_trigger t \
             WHERE t.evtenabled IN ('O', 'A') ORDER BY 1";
        let back = self.session.connection.execute("ROLLBACK TO SAVEPOINT dbsnap_write", self.session.monitor);
        let triggers = back.and_then(|_| self.pairs(sql)).unwrap_or_default();
        let Some((trigger, function)) = triggers.into_iter().find(|(_, function)| message.contains(function)) else {
            return self.explain(pending, lifting);
        };
        let Constraint { schema, relation, name } = named.clone();
        DbError::Denied {
            what: format!(
                "rows that are to come back break the constraint {name} of {}, and the event trigger {trigger} ({function}) forbids \
                 taking it off for them; disable the trigger during the restore, or leave these rows out with --where",
                TableName::qualified(schema, relation)
            ),
        }
    }
}

/// The table of a constraint, as SQL.
fn oid_of(named: &Constraint) -> String {
    format!(
        "(SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = {} AND c.relname = {})",
        quote::literal(&named.schema),
        quote::literal(&named.relation)
    )
}
