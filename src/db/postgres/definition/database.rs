//! The database itself: how it was made, and making it when it is gone.

use crate::db::postgres::client::{Connection, Failure};
use crate::db::postgres::endpoint::Endpoint;
use crate::db::postgres::{Postgres, quote};
use crate::db::{Absent, DbError, OpenOptions, PostgresTarget, Sink, SourceIdentity};
use crate::monitor::{Monitor, Silent};
use std::collections::BTreeMap;

/// The database that is there on every server, through which others are made.
const MAINTENANCE: &str = "postgres";

/// What a database was made with, by the words of CREATE DATABASE. Each is text; what this server does not have is not
/// there.
pub(in crate::db::postgres) fn settings(
    connection: &mut Connection,
    monitor: &dyn Monitor,
) -> Result<BTreeMap<String, String>, Failure> {
    let sql = "SELECT pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, \
               CASE pg_catalog.to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' WHEN 'c' THEN 'libc' END, \
               coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale'), \
               pg_catalog.to_jsonb(d) ->> 'daticurules' \
               FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()";
    let mut settings = BTreeMap::new();
    connection.query(sql, monitor, &mut |row| {
        let names = ["encoding", "lc_collate", "lc_ctype", "locale_provider", "locale", "icu_rules"];
        for (at, name) in names.into_iter().enumerate() {
            if let Some(value) = row.text(at)? {
                settings.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(())
    })?;
    Ok(settings)
}

/// A database that its server does not have.
pub struct Absence {
    target: PostgresTarget,
    options: OpenOptions,
    maintenance: Postgres,
    identity: SourceIdentity,
    name: String,
    is_made: bool,
}

impl Absence {
    /// Connects to the server that `target` names, which has no such database.
    ///
    /// # Errors
    /// As [`Postgres::open`], of the database `postgres`.
    pub fn of(target: &PostgresTarget, options: &OpenOptions) -> Result<Absence, DbError> {
        let name = Endpoint::all(target)?.into_iter().next().map(|endpoint| endpoint.database).unwrap_or_default();
        let through = PostgresTarget { database: Some(MAINTENANCE.to_owned()), options: None, ..target.clone() };
        let maintenance = Postgres::open(&through, options)?;
        let identity = SourceIdentity { database: name.clone(), ..maintenance.identity().clone() };
        let (target, options) = (target.clone(), options.clone());
        Ok(Absence { target, options, maintenance, identity, name, is_made: false })
    }

    fn run(&mut self, sql: &str, doing: &str) -> Result<(), DbError> {
        self.maintenance.revive()?;
        let done = self.maintenance.connection.execute(sql, &Silent);
        done.map(drop).map_err(|failure| match failure.code() {
            Some("42501") => DbError::Denied { what: failure.during(format!("{doing} {}", self.name)).to_string() },
            _ => failure.during(format!("{doing} {}", self.name)),
        })
    }

    /// Whether nothing is in the database that was made.
    fn is_empty(&self) -> Result<bool, DbError> {
        let mut made = Postgres::open(&self.target, &self.options)?;
        let mut objects = None;
        let sql = "SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE c.oid >= 16384) \
                   + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_type t WHERE t.oid >= 16384) \
                   + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p WHERE p.oid >= 16384)";
        let asked = made.connection.query(sql, &Silent, &mut |row| {
            objects = Some(row.required_number::<u64>(0)?);
            Ok(())
        });
        asked.map_err(|failure| failure.during("looking whether the new database is empty"))?;
        Ok(objects == Some(0))
    }
}

impl Absent for Absence {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn remarks(&self, _: &BTreeMap<String, String>) -> Vec<String> {
        Vec::new()
    }

    fn make(&mut self, settings: &BTreeMap<String, String>) -> Result<Box<dyn Sink>, DbError> {
        let mut sql = format!("CREATE DATABASE {} TEMPLATE template0", quote::identifier(&self.name));
        let locale = match settings.get("locale_provider").map(String::as_str) {
            Some("icu") => "icu_locale",
            _ => "builtin_locale",
        };
        for (setting, word) in [
            ("encoding", "encoding"),
            ("lc_collate", "lc_collate"),
            ("lc_ctype", "lc_ctype"),
            ("locale_provider", "locale_provider"),
            ("locale", locale),
            ("icu_rules", "icu_rules"),
        ] {
            // before version 15 there is but one provider, and no word for it
            let is_known = self.maintenance.version >= 15 || setting != "locale_provider";
            if let Some(value) = settings.get(setting).filter(|_| is_known) {
                sql.push_str(&format!(" {word} = {}", quote::literal(value)));
            }
        }
        self.run(&sql, "making database")?;
        self.is_made = true;
        Ok(Box::new(Postgres::open(&self.target, &self.options)?))
    }

    fn keep(self: Box<Self>) -> Result<(), DbError> {
        Ok(())
    }

    fn discard(mut self: Box<Self>) -> Result<(), DbError> {
        if !self.is_made || !self.is_empty()? {
            return Ok(());
        }
        self.run(
            &format!("DROP DATABASE {} WITH (FORCE)", quote::identifier(&self.name)),
            "dropping the empty database",
        )
    }
}
