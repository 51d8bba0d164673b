//! The socket under a connection: TCP, Unix, or TLS over TCP; and how it is opened.

use super::tls;
use crate::db::postgres::endpoint::Endpoint;
use crate::db::{DbError, Host, SslMode};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long one read or write waits before the monitor is asked whether to go on.
pub(super) const TIME_SLICE: Duration = Duration::from_millis(100);

/// A connected socket.
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Socket {
    /// Connects and, as `sslmode` asks, encrypts. Reads and writes wait no longer than what is left of the timeout.
    pub(super) fn open(endpoint: &Endpoint) -> Result<Socket, DbError> {
        let deadline = Instant::now() + endpoint.connect_timeout;
        let host = match &endpoint.host {
            Host::Tcp(host) => host,
            Host::Socket(directory) => {
                return open_local(&directory.join(format!(".s.PGSQL.{}", endpoint.port)), deadline)
                    .map_err(|error| connect_error(endpoint, &error));
            }
        };
        let plain = || open_tcp(host, endpoint.port, deadline).map_err(|error| connect_error(endpoint, &error));
        if endpoint.ssl_mode == SslMode::Disable {
            return plain().map(Socket::Tcp);
        }
        match encrypt(plain()?, host, endpoint) {
            Ok(socket) if socket.is_encrypted() || endpoint.ssl_mode == SslMode::Prefer => Ok(socket),
            Err(_) if endpoint.ssl_mode == SslMode::Prefer => plain().map(Socket::Tcp),
            Ok(_) => Err(tls_error(endpoint, "the server does not offer encryption")),
            Err(reason) => Err(tls_error(endpoint, &reason)),
        }
    }

    /// How long a read or write waits.
    pub(super) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        match self {
            #[cfg(unix)]
            Socket::Unix(socket) => {
                socket.set_read_timeout(Some(patience))?;
                socket.set_write_timeout(Some(patience))
            }
            Socket::Tcp(socket) => {
                socket.set_read_timeout(Some(patience))?;
                socket.set_write_timeout(Some(patience))
            }
            Socket::Tls(stream) => {
                stream.sock.set_read_timeout(Some(patience))?;
                stream.sock.set_write_timeout(Some(patience))
            }
        }
    }

    /// Whether what is sent here is encrypted.
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Socket::Tls(_))
    }

    /// Whether the other end is this machine.
    pub(super) fn is_local(&self) -> bool {
        let peer = match self {
            #[cfg(unix)]
            Socket::Unix(_) => return true,
            Socket::Tcp(socket) => socket.peer_addr(),
            Socket::Tls(stream) => stream.sock.peer_addr(),
        };
        peer.is_ok_and(|address| address.ip().to_canonical().is_loopback())
    }

    /// Data for binding a login to this channel, if it is encrypted and the certificate's hash is known.
    pub(super) fn end_point(&self) -> Option<Vec<u8>> {
        match self {
            Socket::Tls(stream) => tls::end_point(stream.conn.peer_certificates()?.first()?),
            _ => None,
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.read(buffer),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.read(buffer),
            Socket::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(socket) => socket.write(bytes),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.write(bytes),
            Socket::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Socket::Tcp(socket) => socket.flush(),
            #[cfg(unix)]
            Socket::Unix(socket) => socket.flush(),
            Socket::Tls(stream) => stream.flush(),
        }
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1))
}

#[cfg(unix)]
fn open_local(path: &Path, deadline: Instant) -> io::Result<Socket> {
    let socket = Socket::Unix(UnixStream::connect(path)?);
    socket.set_patience(left(deadline))?;
    Ok(socket)
}

#[cfg(not(unix))]
fn open_local(_path: &Path, _deadline: Instant) -> io::Result<Socket> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no Unix sockets"))
}

/// Tries every address of the host.
fn open_tcp(host: &str, port: u16, deadline: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(deadline)) {
            Ok(socket) => {
                socket.set_nodelay(true)?;
                socket.set_read_timeout(Some(left(deadline)))?;
                socket.set_write_timeout(Some(left(deadline)))?;
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

/// Asks for encryption and does the handshake. The socket stays plain if the server does not offer it: it then expects a login over
/// the same one, and some (PGlite's) have no other.
fn encrypt(mut socket: TcpStream, host: &str, endpoint: &Endpoint) -> Result<Socket, String> {
    let config = tls::client_config(endpoint)?;
    let mut request = bytes::BytesMut::new();
    postgres_protocol::message::frontend::ssl_request(&mut request);
    socket.write_all(&request).map_err(|error| error.to_string())?;
    // exactly one byte is read, so that nothing sent before the handshake can pass for part of the encrypted stream
    let mut answer = [0u8];
    socket.read_exact(&mut answer).map_err(|error| error.to_string())?;
    match &answer {
        b"S" => {}
        b"N" => return Ok(Socket::Tcp(socket)),
        _ => return Err("the server does not know of encryption".into()),
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let mut session = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    while session.is_handshaking() {
        session.complete_io(&mut socket).map_err(|error| error.to_string())?;
    }
    Ok(Socket::Tls(Box::new(StreamOwned::new(session, socket))))
}

fn connect_error(endpoint: &Endpoint, error: &io::Error) -> DbError {
    let reason = match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there; is the server running?".to_string(),
        io::ErrorKind::NotFound if matches!(endpoint.host, Host::Socket(_)) => {
            "there is no socket; is the server running?".to_string()
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer in time".to_string(),
        _ => error.to_string(),
    };
    DbError::Connect { target: endpoint.label(), reason }
}

fn tls_error(endpoint: &Endpoint, reason: &str) -> DbError {
    DbError::Tls { target: format!("{}:{}", endpoint.host, endpoint.port), reason: reason.to_string() }
}
