//! One connection: statements out, messages in.

use super::failure::{Failure, ServerError};
use super::frames::{Input, is_time_slice};
use super::row::Row;
use super::socket::Socket;
use super::startup::{self, Greeting};
use crate::db::DbError;
use crate::db::postgres::endpoint::Endpoint;
use crate::monitor::{Monitor, Silent};
use bytes::BytesMut;
use postgres_protocol::message::frontend;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// How long a cancelled statement may take to end before the connection is given up.
const CANCEL_PATIENCE: Duration = Duration::from_secs(10);

/// Bytes after which an answer counts as a long one, below how many a read got few, and how long then to wait for more.
const MANY: u64 = 1 << 20;
const SCANT: usize = 64 << 10;
const REST: Duration = Duration::from_micros(300);

/// The server's word that a command is complete: `COPY 42`, `COMMIT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The tag as sent.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The number of rows in it, if it has one.
    pub fn rows(&self) -> Option<u64> {
        self.0.rsplit(' ').next()?.parse().ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing is under way.
    Ready,
    /// A statement was sent and its end has not been seen.
    Busy,
    /// Nothing more can be said over it.
    Broken,
}

/// What is done with a message that carries data: its tag and body.
type OnMessage<'f> = dyn FnMut(u8, &[u8]) -> Result<(), Failure> + 'f;

/// An open, logged-in connection.
pub struct Connection {
    socket: Socket,
    input: Input,
    greeting: Greeting,
    endpoint: Endpoint,
    state: State,
    /// Bytes received since the last statement was sent.
    received: u64,
    /// Whether few were there when bytes were last received.
    is_scant: bool,
    /// The transaction status of the last ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one.
    status: u8,
}

impl Connection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DbError::Connect`], [`DbError::Login`], [`DbError::Tls`].
    pub fn open(endpoint: &Endpoint) -> Result<Connection, DbError> {
        startup::connect(endpoint)
    }

    pub(super) fn new(socket: Socket, input: Input, greeting: Greeting, endpoint: Endpoint) -> Connection {
        Connection {
            socket,
            input,
            greeting,
            endpoint,
            state: State::Ready,
            received: 0,
            is_scant: false,
            status: b'I',
        }
    }

    /// Whether the other end is this machine.
    pub fn is_local(&self) -> bool {
        self.socket.is_local()
    }

    /// Whether it cannot be used any more.
    pub fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Whether a transaction is open, failed or not.
    pub fn in_transaction(&self) -> bool {
        self.status != b'I'
    }

    /// Runs `sql` (one or more statements) and gives every row of its results to `each`. Returns the last command's tag.
    ///
    /// # Errors
    /// See [`Failure`]; if `each` fails, the statement is cancelled.
    pub fn query(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        each: &mut dyn FnMut(&Row<'_>) -> Result<(), Failure>,
    ) -> Result<Tag, Failure> {
        self.converse(sql, monitor, |tag, body| match tag {
            b'D' => each(&Row::parse(body)?),
            _ => Err(Failure::Protocol(format!("message {:?} in a query", char::from(tag)))),
        })
    }

    /// Runs `sql`, whose rows, if any, do not matter.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn execute(&mut self, sql: &str, monitor: &dyn Monitor) -> Result<Tag, Failure> {
        self.query(sql, monitor, &mut |_| Ok(()))
    }

    /// Ends the transaction, if there is one, without its changes. A connection that cannot do that is closed.
    pub fn rollback(&mut self) {
        for _ in 0..3 {
            if self.state != State::Ready || !self.in_transaction() {
                return;
            }
            // a cancel request that came late may hit this statement: then it is sent again
            let _ = self.execute("ROLLBACK", &Silent);
        }
        if self.in_transaction() {
            self.state = State::Broken;
        }
    }

    /// Sends `sql` and gives each message that carries data to `on`.
    pub(super) fn converse(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        mut on: impl FnMut(u8, &[u8]) -> Result<(), Failure>,
    ) -> Result<Tag, Failure> {
        self.start(sql, monitor)?;
        self.listen(monitor, &mut on)
    }

    /// Sends a query.
    fn start(&mut self, sql: &str, monitor: &dyn Monitor) -> Result<(), Failure> {
        if self.state != State::Ready {
            self.state = State::Broken;
            return Err(Failure::Io(io::Error::new(io::ErrorKind::NotConnected, "the connection was lost before")));
        }
        let mut message = BytesMut::new();
        frontend::query(sql, &mut message)?;
        self.state = State::Busy;
        self.received = 0;
        self.send(&message, monitor)
    }

    /// Sends bytes, waiting as long as the server takes them or the monitor allows.
    fn send(&mut self, mut bytes: &[u8], monitor: &dyn Monitor) -> Result<(), Failure> {
        loop {
            let sent = if bytes.is_empty() { self.socket.flush().map(|()| 0) } else { self.socket.write(bytes) };
            match sent {
                Ok(0) if bytes.is_empty() => return Ok(()),
                Ok(0) => return Err(self.broken(Failure::Io(io::ErrorKind::WriteZero.into()))),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if is_time_slice(&error) => {
                    // half a message may be out: the connection cannot be saved, only left
                    if monitor.interrupted() {
                        return Err(self.broken(Failure::Interrupted));
                    }
                }
                Err(error) => return Err(self.broken(Failure::Io(error))),
            }
        }
    }

    /// Receives until the statement is complete.
    fn listen(&mut self, monitor: &dyn Monitor, on: &mut OnMessage<'_>) -> Result<Tag, Failure> {
        let mut tag = None;
        let mut refused: Option<ServerError> = None;
        let mut rows = 0u64;
        loop {
            let stop = match self.input.frame() {
                Ok(Some((b'D' | b'd' | b'H' | b'c', _))) if refused.is_some() => continue,
                Ok(Some((kind @ (b'D' | b'd' | b'H' | b'c'), body))) => match on(kind, body) {
                    Ok(()) => {
                        rows += u64::from(kind == b'D');
                        continue;
                    }
                    Err(failure) => failure,
                },
                Ok(Some((b'C', body))) => {
                    let text = body.strip_suffix(&[0]).unwrap_or(body);
                    let done = Tag(String::from_utf8_lossy(text).into_owned());
                    if refused.is_none() && done.text().starts_with("SELECT ") && done.rows() != Some(rows) {
                        let what = format!("{rows} rows were sent and the server says {:?}", done.text());
                        return Err(self.broken(Failure::Protocol(what)));
                    }
                    rows = 0;
                    tag = Some(done);
                    continue;
                }
                Ok(Some((b'E', body))) => {
                    refused.get_or_insert(ServerError::parse(body));
                    continue;
                }
                Ok(Some((b'Z', body))) => {
                    self.status = body.first().copied().unwrap_or(b'I');
                    self.state = State::Ready;
                    return match (refused, tag) {
                        (Some(error), _) => Err(Failure::Server(error)),
                        (None, Some(tag)) => Ok(tag),
                        (None, None) => Err(self.broken(Failure::Protocol("a statement without an end".into()))),
                    };
                }
                Ok(Some((b'G', _))) => Failure::Protocol("COPY data asked for in a query".into()),
                Ok(Some((b'T' | b'N' | b'S' | b'A' | b'I', _))) => continue,
                Ok(Some((kind, _))) => {
                    return Err(self.broken(Failure::Protocol(format!("message {:?}", char::from(kind)))));
                }
                Ok(None) => match self.wait(monitor) {
                    Ok(()) => continue,
                    // what the server said before it hung up tells more than that it did
                    Err(Failure::Io(_)) if refused.is_some() => {
                        return Err(refused.map_or_else(|| Failure::Protocol(String::new()), Failure::Server));
                    }
                    Err(Failure::Interrupted) => Failure::Interrupted,
                    Err(failure) => return Err(failure),
                },
                Err(failure) => return Err(self.broken(failure)),
            };
            self.abort();
            return Err(stop);
        }
    }

    /// Waits for bytes from the server, asking the monitor now and then.
    fn wait(&mut self, monitor: &dyn Monitor) -> Result<(), Failure> {
        loop {
            if monitor.interrupted() {
                return Err(Failure::Interrupted);
            }
            self.rest();
            match self.input.fill(&mut self.socket) {
                Ok(count) => {
                    self.received += count as u64;
                    self.is_scant = count < SCANT;
                    return Ok(());
                }
                Err(Failure::Io(error)) if is_time_slice(&error) => {}
                Err(failure) => return Err(self.broken(failure)),
            }
        }
    }

    /// Lets bytes gather while many come a few at a time: the server sends 8 KiB at once, and waking up for each of them costs
    /// more than what is done with them.
    fn rest(&self) {
        if self.is_scant && self.received > MANY {
            std::thread::sleep(REST);
        }
    }

    fn broken(&mut self, failure: Failure) -> Failure {
        self.state = State::Broken;
        failure
    }

    /// Cancels the statement under way and skips what is left of its result.
    fn abort(&mut self) {
        if self.state == State::Busy {
            match self.cancel() {
                Ok(()) => self.drain(),
                // a server that does not take notice of that will not end the statement either
                Err(_) => self.state = State::Broken,
            }
        }
    }

    /// Skips everything up to the end of the statement.
    fn drain(&mut self) {
        let deadline = Instant::now() + CANCEL_PATIENCE;
        while self.state == State::Busy {
            match self.input.frame() {
                Ok(Some((b'Z', body))) => {
                    self.status = body.first().copied().unwrap_or(b'I');
                    self.state = State::Ready;
                }
                Ok(Some(_)) => {}
                Ok(None) => match self.input.fill(&mut self.socket) {
                    Ok(_) => {}
                    Err(Failure::Io(error)) if is_time_slice(&error) && Instant::now() < deadline => {}
                    Err(_) => self.state = State::Broken,
                },
                Err(_) => self.state = State::Broken,
            }
        }
    }

    /// Asks the server, over a connection of its own, to stop the statement under way. Returns when the server has taken notice.
    fn cancel(&self) -> Result<(), DbError> {
        let Some(key) = self.greeting.cancel_key.first_chunk::<4>() else { return Ok(()) };
        let mut socket = Socket::open(&self.endpoint)?;
        let mut message = BytesMut::new();
        frontend::cancel_request(self.greeting.process, i32::from_be_bytes(*key), &mut message);
        let lost = |error: io::Error| DbError::Lost(error.to_string());
        socket.write_all(&message).map_err(lost)?;
        socket.flush().map_err(lost)?;
        match socket.read(&mut [0]) {
            Err(error) if is_time_slice(&error) => Err(lost(error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.state == State::Ready {
            let mut message = BytesMut::new();
            frontend::terminate(&mut message);
            let _ = self.socket.write_all(&message);
            let _ = self.socket.flush();
        }
    }
}
