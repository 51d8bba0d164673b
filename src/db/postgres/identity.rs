//! Which database a connection is to.

use super::client::{Connection, Failure};
use super::endpoint::Endpoint;
use crate::db::{DbError, Engine, SourceIdentity};
use crate::monitor::Silent;

/// The oldest major version that is supported.
const OLDEST: u32 = 13;

/// The identity, and the server's major version.
pub(super) fn load(connection: &mut Connection, endpoint: &Endpoint) -> Result<(SourceIdentity, u32), DbError> {
    let mut identity = SourceIdentity {
        engine: Engine::POSTGRES,
        cluster: None,
        database: endpoint.database.clone(),
        version: String::new(),
        user: None,
        host: Some(endpoint.host.to_string()),
        local: connection.is_local(),
    };
    let mut number = 0u32;
    let sql = "SELECT pg_catalog.current_database(), CURRENT_USER, pg_catalog.current_setting('server_version'), \
               pg_catalog.current_setting('server_version_num')";
    let told = connection.query(sql, &Silent, &mut |row| {
        identity.database = row.required(0)?.to_string();
        identity.user = Some(row.required(1)?.to_string());
        identity.version = row.required(2)?.to_string();
        number = row.required_number(3)?;
        Ok(())
    });
    told.map_err(|failure| failure.during("asking the server who it is"))?;
    let major = number / 10_000;
    if major < OLDEST {
        let version = &identity.version;
        return Err(DbError::Unsupported(format!(
            "this server is PostgreSQL {version}; dbsnap needs {OLDEST} or later"
        )));
    }
    identity.cluster = cluster(connection).map_err(|failure| failure.during("reading the system identifier"))?;
    Ok((identity, major))
}

/// Schemas in which the session looks for a table without one, as the role, the database or the URL's `options` have
/// it. To be asked before a transaction is pinned: its path is empty.
pub(super) fn search_path(connection: &mut Connection) -> Result<Vec<String>, Failure> {
    let mut path = Vec::new();
    let sql = "SELECT name FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) AS name";
    connection.query(sql, &Silent, &mut |row| {
        path.push(row.required(0)?.to_string());
        Ok(())
    })?;
    Ok(path)
}

/// Whether the server only follows another one.
pub(super) fn is_standby(connection: &mut Connection) -> bool {
    let mut found = false;
    let asked = connection.query("SELECT pg_catalog.pg_is_in_recovery()", &Silent, &mut |row| {
        found = row.flag(0)?;
        Ok(())
    });
    asked.is_ok() && found
}

/// That a standby cannot be written.
pub(super) fn standby() -> DbError {
    DbError::Unsupported("this server is a standby: it can be read only; write to the server that it follows".into())
}

/// The cluster's system identifier, if this role may read it.
fn cluster(connection: &mut Connection) -> Result<Option<String>, Failure> {
    let mut found = None;
    let sql = "SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c";
    let asked = connection.query(sql, &Silent, &mut |row| {
        found = row.text(0)?.map(str::to_string);
        Ok(())
    });
    match asked {
        Ok(_) => Ok(found),
        // not allowed, or a server that has no control file
        Err(Failure::Server(error)) if !error.is_fatal() => Ok(None),
        Err(failure) => Err(failure),
    }
}
