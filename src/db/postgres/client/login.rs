//! Connecting, encrypting and logging in.

use super::failure::Failure;
use super::tls::Encryption;
use super::watch::{Phase, Plain, Socket, Watch, Witness, seen};
use crate::db::postgres::endpoint::Endpoint;
use crate::db::postgres::password;
use crate::db::{DbError, Host, SslMode};
use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

/// What the server says to a login if it has no database of that name.
const NO_SUCH_DATABASE: &str = "3D000";

/// A connection that is logged in.
pub(super) struct Login {
    pub(super) client: Client,
    /// What carries the messages; it ends when the connection does.
    pub(super) task: JoinHandle<Result<(), tokio_postgres::Error>>,
    pub(super) witness: Witness,
    pub(super) is_local: bool,
    pub(super) is_encrypted: bool,
}

/// Connects and logs in, as `sslmode` asks.
///
/// # Errors
/// [`DbError::Connect`], [`DbError::Login`], [`DbError::Tls`].
pub(super) async fn login(endpoint: &Endpoint) -> Result<Login, DbError> {
    let (witness, mode) = (Witness::default(), mode(endpoint));
    let failure = match attempt(endpoint, mode, &witness).await {
        Err(failure) => failure,
        done => return done,
    };
    let (answer, handshake) = {
        let mut seen = seen(&witness);
        (seen.answer, seen.handshake.take())
    };
    match (mode, answer, handshake) {
        (SslMode::Disable, ..) => Err(failure),
        // what does not know of encryption, or fails at it, is tried without
        (SslMode::Prefer, Some(answer), handshake) if handshake.is_some() || answer != b'N' && answer != b'S' => {
            attempt(endpoint, SslMode::Disable, &witness).await
        }
        (SslMode::Prefer, ..) => Err(failure),
        (_, _, Some(reason)) => Err(tls_error(endpoint, &reason)),
        (_, Some(b'N'), _) => Err(tls_error(endpoint, "the server does not offer encryption")),
        (_, Some(b'S') | None, _) => Err(failure),
        (_, Some(_), _) => Err(tls_error(endpoint, "the server does not know of encryption")),
    }
}

/// Asks the server, over a connection of its own, to stop the statement under way.
pub(super) async fn cancel(endpoint: &Endpoint, login: &Login) -> io::Result<()> {
    let token = login.client.cancel_token();
    let asked = async {
        let witness = Witness::default();
        let mode = if login.is_encrypted { endpoint.ssl_mode } else { SslMode::Disable };
        let (mut stream, _) = open(endpoint, mode, &witness).await?;
        match &endpoint.host {
            Host::Tcp(host) if login.is_encrypted => {
                let encryption = Encryption::new(endpoint, host, witness).map_err(io::Error::other)?;
                token.cancel_query_raw(stream, encryption).await.map_err(io::Error::other)
            }
            _ => {
                token.cancel_query_raw(&mut stream, NoTls).await.map_err(io::Error::other)?;
                // the server closes it when it has taken notice
                stream.read(&mut [0]).await.map(drop)
            }
        }
    };
    timeout(endpoint.connect_timeout, asked).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// What is asked of the server: sockets of this machine are not encrypted.
fn mode(endpoint: &Endpoint) -> SslMode {
    match endpoint.host {
        Host::Socket(_) => SslMode::Disable,
        Host::Tcp(_) => endpoint.ssl_mode,
    }
}

async fn attempt(endpoint: &Endpoint, mode: SslMode, witness: &Witness) -> Result<Login, DbError> {
    let (stream, is_local) = match open(endpoint, mode, witness).await {
        Ok(opened) => opened,
        Err(error) => return Err(connect_error(endpoint, &error)),
    };
    let mut config = Config::new();
    config.user(&endpoint.user).dbname(&endpoint.database).application_name(&endpoint.application_name).ssl_mode(
        match mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => tokio_postgres::config::SslMode::Require,
        },
    );
    if let Some(options) = &endpoint.options {
        config.options(options);
    }
    let found = match &endpoint.password {
        Some(password) => Ok(Some(password.clone())),
        None => password::find(endpoint),
    };
    if let Ok(Some(password)) = &found {
        config.password(password.expose());
    }
    let connected = match &endpoint.host {
        Host::Tcp(host) if mode != SslMode::Disable => {
            let encryption = Encryption::new(endpoint, host, witness.clone());
            let encryption = encryption.map_err(|reason| tls_error(endpoint, &reason))?;
            config.connect_raw(stream, encryption).await.map(|(client, carrier)| (client, tokio::spawn(carrier)))
        }
        _ => config.connect_raw(stream, NoTls).await.map(|(client, carrier)| (client, tokio::spawn(carrier))),
    };
    match connected {
        Ok((client, task)) => {
            let is_encrypted = mode != SslMode::Disable && seen(witness).answer == Some(b'S');
            Ok(Login { client, task, witness: witness.clone(), is_local, is_encrypted })
        }
        // the only thing that can be missing: everything else of the configuration is given
        Err(error) if error.to_string().starts_with("invalid configuration") => Err(match found {
            Err(why) => login_error(endpoint, format!("the server wants a password; {why}")),
            Ok(_) => login_error(endpoint, "the server wants a password and none was given".into()),
        }),
        Err(error) if error.to_string().starts_with("authentication error") => {
            Err(login_error(endpoint, reason_of(&error)))
        }
        Err(error) => Err(explain(endpoint, error.into())),
    }
}

/// Connects; also tells whether the other end is this machine.
async fn open(endpoint: &Endpoint, mode: SslMode, witness: &Witness) -> io::Result<(Plain, bool)> {
    let (socket, is_local): (Box<dyn Socket>, bool) = match &endpoint.host {
        Host::Socket(directory) => (open_socket(&directory.join(format!(".s.PGSQL.{}", endpoint.port))).await?, true),
        Host::Tcp(host) => {
            let socket = open_tcp(host, endpoint.port).await?;
            let is_local = socket.peer_addr().is_ok_and(|address| address.ip().to_canonical().is_loopback());
            (Box::new(socket), is_local)
        }
    };
    let phase = if mode == SslMode::Disable { Phase::Plain } else { Phase::Asked };
    Ok((Watch::new(socket, phase, is_local, witness.clone()), is_local))
}

/// A socket is a file of this machine.
#[cfg(unix)]
async fn open_socket(path: &Path) -> io::Result<Box<dyn Socket>> {
    Ok(Box::new(tokio::net::UnixStream::connect(path).await?))
}

#[cfg(not(unix))]
async fn open_socket(path: &Path) -> io::Result<Box<dyn Socket>> {
    let reason = format!("{} is a Unix socket, which this system does not have: name a host", path.display());
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

/// Tries every address of the host.
async fn open_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for address in lookup_host((host, port)).await? {
        match TcpStream::connect(address).await {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                let reference = SockRef::from(&socket);
                let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(30));
                reference.set_tcp_keepalive(&keepalive.with_interval(Duration::from_secs(10)))?;
                #[cfg(target_os = "linux")]
                reference.set_tcp_user_timeout(Some(Duration::from_secs(60)))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn explain(endpoint: &Endpoint, failure: Failure) -> DbError {
    let connect = |reason| DbError::Connect { target: endpoint.label(), reason, absent: false };
    match failure {
        Failure::Server(error) if error.code.starts_with("28") => login_error(endpoint, error.message),
        Failure::Server(error) => DbError::Connect {
            target: endpoint.label(),
            reason: format!("{} (SQLSTATE {})", error.message, error.code),
            absent: error.code == NO_SUCH_DATABASE,
        },
        Failure::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            login_error(endpoint, error.to_string())
        }
        Failure::Io(error) => connect(error.to_string()),
        Failure::Protocol(what) => connect(format!("this is not a PostgreSQL server: {what}")),
        Failure::Interrupted => DbError::Stopped,
        Failure::Caller(error) => error,
    }
}

/// That there was no answer within the time that connecting may take.
pub(super) fn too_late(endpoint: &Endpoint) -> DbError {
    let reason = match endpoint.ssl_mode {
        SslMode::Prefer => "no answer in time; a server without TLS (PGlite) may need sslmode=disable in the URL",
        _ => "no answer in time",
    };
    DbError::Connect { target: endpoint.label(), reason: reason.into(), absent: false }
}

fn connect_error(endpoint: &Endpoint, error: &io::Error) -> DbError {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there; is the server running?".to_owned(),
        io::ErrorKind::NotFound if matches!(endpoint.host, Host::Socket(_)) => {
            "there is no socket; is the server running?".to_string()
        }
        _ => error.to_string(),
    };
    DbError::Connect { target: endpoint.label(), reason, absent: false }
}

fn login_error(endpoint: &Endpoint, reason: String) -> DbError {
    DbError::Login { target: format!("{} (user {})", endpoint.label(), endpoint.user), reason }
}

fn tls_error(endpoint: &Endpoint, reason: &str) -> DbError {
    DbError::Tls { target: format!("{}:{}", endpoint.host, endpoint.port), reason: reason.to_string() }
}

/// The cause of an error, which is more than what kind of error it is.
fn reason_of(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
