//! One server, database and user: what a URL says, with everything filled in that it leaves open.

use crate::db::{DbError, Host, Password, PostgresTarget, SslMode};
use std::path::PathBuf;
use std::time::Duration;

/// How long connecting and logging in may take unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where to connect and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The server.
    pub(super) host: Host,
    /// Its port.
    pub(super) port: u16,
    /// The user to log in as.
    pub(super) user: String,
    /// The password, should the server ask for one.
    pub(super) password: Option<Password>,
    /// Where to look for the password instead of the usual password file.
    pub(super) pass_file: Option<PathBuf>,
    /// The database.
    pub(super) database: String,
    /// What an encrypted connection has to verify.
    pub(super) ssl_mode: SslMode,
    /// Root certificates (PEM) to trust instead of the system's.
    pub(super) ssl_root_cert: Option<PathBuf>,
    /// How long connecting and logging in may take.
    pub(super) connect_timeout: Duration,
    /// Settings of the session, as the server's command line has them: `-c search_path=shop`.
    pub(super) options: Option<String>,
    /// The name that the server shows for the session.
    pub(super) application_name: String,
}

impl Endpoint {
    /// One for each host of `target`, in the order to try them.
    ///
    /// # Errors
    /// [`DbError::BadUrl`] if there is no user name to be had.
    pub(super) fn all(target: &PostgresTarget) -> Result<Vec<Endpoint>, DbError> {
        // the environment names the user of this machine, never the server: PGHOST and the like cannot redirect a
        // restore
        let own = || ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let user = target
            .user
            .clone()
            .or_else(own)
            .ok_or_else(|| DbError::BadUrl("it names no user, and neither does the environment (USER)".into()))?;
        let database = target.database.clone().unwrap_or_else(|| user.clone());
        let endpoint = |(host, port): &(Host, u16)| Endpoint {
            host: host.clone(),
            port: *port,
            user: user.clone(),
            password: target.password.clone(),
            pass_file: target.pass_file.clone(),
            database: database.clone(),
            ssl_mode: target.ssl_mode,
            ssl_root_cert: target.ssl_root_cert.clone(),
            connect_timeout: target.connect_timeout.unwrap_or(CONNECT_TIMEOUT),
            options: target.options.clone(),
            application_name: target.application_name.clone().unwrap_or_else(|| "dbsnap".into()),
        };
        Ok(target.hosts.iter().map(endpoint).collect())
    }

    /// `host:port/database`, for messages.
    pub(super) fn label(&self) -> String {
        format!("{}:{}/{}", self.host, self.port, self.database)
    }
}
