//! Where a PostgreSQL server is and how to log in.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// A password. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the login message only.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// How much the encrypted connection has to prove, as libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt if the server can; prove nothing.
    Prefer,
    /// Encrypt; the server's certificate is checked (as `VerifyCa`) only if a root certificate is given.
    Require,
    /// Encrypt; the certificate must come from a trusted root.
    VerifyCa,
    /// Encrypt; the certificate must come from a trusted root and name the host.
    VerifyFull,
}

impl SslMode {
    /// What is used for `host` unless the user says otherwise: everything that leaves this machine is verified in full.
    pub fn for_host(host: &str) -> SslMode {
        if is_local(host) { SslMode::Prefer } else { SslMode::VerifyFull }
    }
}

/// Whether `host` can only be this machine: a socket directory, `localhost` or a loopback address.
pub(super) fn is_local(host: &str) -> bool {
    host.is_empty()
        || host.starts_with(['/', '@'])
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One PostgreSQL database and how to reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresTarget {
    /// Host name, address, or directory of the server's socket (then it starts with `/`).
    pub host: String,
    /// Port; 5432 by default.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The password, if the server asks for one.
    pub password: Option<Secret>,
    /// The database.
    pub database: String,
    /// The schema that unqualified table names mean (Prisma's `?schema=`); no part of the connection.
    pub schema: Option<String>,
    /// What the encrypted connection has to prove.
    pub sslmode: SslMode,
    /// Root certificates (PEM) to trust instead of the system's.
    pub sslrootcert: Option<PathBuf>,
    /// How long connecting and logging in may take; 10 seconds by default.
    pub connect_timeout: Option<Duration>,
}

impl PostgresTarget {
    /// `host:port/database`, for messages; no user and no password.
    pub fn label(&self) -> String {
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        format!("{host}:{}/{}", self.port, self.database)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown_and_remote_hosts_are_verified() {
        assert!(!format!("{:?}", Secret::new("hunter2")).contains("hunter2"));
        for host in ["localhost", "127.0.0.1", "::1", "/run/postgresql", ""] {
            assert_eq!(SslMode::for_host(host), SslMode::Prefer, "{host}");
        }
        for host in ["db.example.com", "10.0.0.1", "localhost.example.com"] {
            assert_eq!(SslMode::for_host(host), SslMode::VerifyFull, "{host}");
        }
    }
}
