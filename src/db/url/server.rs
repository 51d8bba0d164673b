//! A server's address, the login and how far the connection must be verified.

use std::fmt;
use std::path::PathBuf;

/// A password. Printing it in any way prints stars; only [`Password::expose`] gives it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password.
    pub fn new(text: impl Into<String>) -> Password {
        Password(text.into())
    }

    /// The password itself, for the login and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name or address (IPv6 without brackets), by TCP.
    Tcp(String),
    /// A directory that holds a Unix socket.
    Socket(PathBuf),
}

impl Host {
    /// Whether it is this machine: a socket, `localhost` or a loopback address.
    pub fn is_local(&self) -> bool {
        match self {
            Host::Socket(_) => true,
            Host::Tcp(name) => {
                let name = name.trim_end_matches('.');
                name.eq_ignore_ascii_case("localhost")
                    || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
            }
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Tcp(name) if name.contains(':') => write!(f, "[{name}]"),
            Host::Tcp(name) => f.write_str(name),
            Host::Socket(directory) => write!(f, "{}", directory.display()),
        }
    }
}

/// How far the connection must be encrypted and the server verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SslMode {
    /// No encryption.
    Disable,
    /// Encryption if the server offers it; verifies nothing.
    Prefer,
    /// Encryption; the server is not verified.
    Require,
    /// The server's certificate must come from a trusted authority.
    VerifyCa,
    /// It must also be for the host that was asked for.
    VerifyFull,
}
