//! Logging in.

use super::connection::Connection;
use super::failure::{Failure, ServerError};
use super::frames::Input;
use super::socket::{Socket, TIME_SLICE};
use crate::db::postgres::endpoint::Endpoint;
use crate::db::postgres::password;
use crate::db::{DbError, Password};
use bytes::BytesMut;
use postgres_protocol::authentication::{self, sasl};
use postgres_protocol::message::frontend;
use std::io::{self, Write};
use std::time::Instant;

/// What the server tells of itself while logging in.
#[derive(Debug, Default, Clone)]
pub(super) struct Greeting {
    pub(super) process: i32,
    pub(super) cancel_key: Vec<u8>,
}

/// Connects, encrypts and logs in.
pub(super) fn connect(endpoint: &Endpoint) -> Result<Connection, DbError> {
    let deadline = Instant::now() + endpoint.connect_timeout;
    let mut login = Login { socket: Socket::open(endpoint)?, input: Input::new(), endpoint, deadline };
    let greeting = login.run().map_err(|failure| explain(endpoint, failure))?;
    let Login { socket, input, .. } = login;
    socket.set_patience(TIME_SLICE).map_err(|error| explain(endpoint, Failure::Io(error)))?;
    Ok(Connection::new(socket, input, greeting, endpoint.clone()))
}

fn explain(endpoint: &Endpoint, failure: Failure) -> DbError {
    let login = |reason| DbError::Login { target: format!("{} (user {})", endpoint.label(), endpoint.user), reason };
    let connect = |reason| DbError::Connect { target: endpoint.label(), reason };
    match failure {
        Failure::Server(error) => match error.code.get(..2) {
            Some("28") => login(error.message),
            _ => connect(format!("{} (SQLSTATE {})", error.message, error.code)),
        },
        Failure::Io(error) if super::frames::is_time_slice(&error) => connect("no answer in time".into()),
        Failure::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => login(error.to_string()),
        Failure::Io(error) => connect(error.to_string()),
        Failure::Protocol(what) => connect(format!("this is not a PostgreSQL server: {what}")),
        Failure::Interrupted => DbError::Stopped,
        Failure::Caller(error) => error,
    }
}

struct Login<'e> {
    socket: Socket,
    input: Input,
    endpoint: &'e Endpoint,
    /// When the server has had time enough, however busily it talks.
    deadline: Instant,
}

impl Login<'_> {
    fn run(&mut self) -> Result<Greeting, Failure> {
        let mut message = BytesMut::new();
        // nothing else that nobody asked for: poolers refuse parameters that they do not know
        let options = self.endpoint.options.as_deref().map(|options| ("options", options));
        let parameters = [
            ("user", self.endpoint.user.as_str()),
            ("database", self.endpoint.database.as_str()),
            ("client_encoding", "UTF8"),
            ("application_name", self.endpoint.application_name.as_str()),
        ];
        frontend::startup_message(parameters.into_iter().chain(options), &mut message)?;
        self.send(&message)?;
        self.authenticate()?;
        self.greeting()
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.socket.write_all(bytes)?;
        Ok(self.socket.flush()?)
    }

    /// The next message that is not a notice, copied.
    fn receive(&mut self) -> Result<(u8, Vec<u8>), Failure> {
        loop {
            if Instant::now() > self.deadline {
                return Err(Failure::Io(io::ErrorKind::TimedOut.into()));
            }
            match self.input.frame()? {
                Some((b'N', _)) => {}
                Some((b'E', body)) => return Err(Failure::Server(ServerError::parse(body))),
                Some((tag, body)) => return Ok((tag, body.to_vec())),
                None => drop(self.input.fill(&mut self.socket)?),
            }
        }
    }

    /// The next authentication message: its kind and data.
    fn receive_authentication(&mut self) -> Result<(u32, Vec<u8>), Failure> {
        let (tag, body) = self.receive()?;
        match body.split_first_chunk::<4>() {
            Some((kind, data)) if tag == b'R' => Ok((u32::from_be_bytes(*kind), data.to_vec())),
            _ => Err(Failure::Protocol("no authentication request".into())),
        }
    }

    fn authenticate(&mut self) -> Result<(), Failure> {
        let (kind, data) = self.receive_authentication()?;
        match kind {
            0 => return Ok(()),
            3 => {
                if !self.socket.is_encrypted() && !self.socket.is_local() {
                    return Err(denied(
                        "the server wants the password in clear over a connection that is not encrypted",
                    ));
                }
                let password = self.password()?;
                self.send_password(password.expose().as_bytes())?;
            }
            5 => {
                let salt = data.first_chunk::<4>().ok_or_else(|| Failure::Protocol("a login without salt".into()))?;
                let hash = authentication::md5_hash(
                    self.endpoint.user.as_bytes(),
                    self.password()?.expose().as_bytes(),
                    *salt,
                );
                self.send_password(hash.as_bytes())?;
            }
            10 => self.scram(&data)?,
            _ => return Err(denied("the server wants a way to log in that dbsnap does not have (GSSAPI, SSPI)")),
        }
        match self.receive_authentication()? {
            (0, _) => Ok(()),
            _ => Err(Failure::Protocol("the login does not end".into())),
        }
    }

    /// The URL's password, else the one that psql would find.
    fn password(&self) -> Result<Password, Failure> {
        if let Some(password) = &self.endpoint.password {
            return Ok(password.clone());
        }
        match password::find(self.endpoint) {
            Ok(Some(password)) => Ok(password),
            Ok(None) => Err(denied("the server wants a password and none was given")),
            Err(why) => Err(denied(&format!("the server wants a password; {why}"))),
        }
    }

    fn send_password(&mut self, password: &[u8]) -> Result<(), Failure> {
        let mut message = BytesMut::new();
        frontend::password_message(password, &mut message)?;
        self.send(&message)
    }

    /// SCRAM-SHA-256, bound to the encrypted channel where the server can.
    fn scram(&mut self, offered: &[u8]) -> Result<(), Failure> {
        let offers = |name: &str| offered.split(|&byte| byte == 0).any(|offer| offer == name.as_bytes());
        let (mechanism, binding) = match self.socket.end_point() {
            Some(hash) if offers(sasl::SCRAM_SHA_256_PLUS) => {
                (sasl::SCRAM_SHA_256_PLUS, sasl::ChannelBinding::tls_server_end_point(hash))
            }
            Some(_) => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unrequested()),
            None => (sasl::SCRAM_SHA_256, sasl::ChannelBinding::unsupported()),
        };
        if !offers(mechanism) {
            return Err(denied("the server wants a way to log in that dbsnap does not have"));
        }
        let mut scram = sasl::ScramSha256::new(self.password()?.expose().as_bytes(), binding);
        let mut message = BytesMut::new();
        frontend::sasl_initial_response(mechanism, scram.message(), &mut message)?;
        self.send(&message)?;
        let (11, data) = self.receive_authentication()? else {
            return Err(Failure::Protocol("the login does not continue".into()));
        };
        scram.update(&data)?;
        message.clear();
        frontend::sasl_response(scram.message(), &mut message)?;
        self.send(&message)?;
        let (12, data) = self.receive_authentication()? else {
            return Err(Failure::Protocol("the login does not end".into()));
        };
        // proves that the server knows the password too
        Ok(scram.finish(&data)?)
    }

    fn greeting(&mut self) -> Result<Greeting, Failure> {
        let mut greeting = Greeting::default();
        loop {
            let (tag, body) = self.receive()?;
            match tag {
                b'K' => {
                    let (process, key) =
                        body.split_first_chunk::<4>().ok_or_else(|| Failure::Protocol("a short cancel key".into()))?;
                    greeting.process = i32::from_be_bytes(*process);
                    greeting.cancel_key = key.to_vec();
                }
                b'S' => {}
                b'Z' => return Ok(greeting),
                _ => return Err(Failure::Protocol(format!("message {:?} while logging in", char::from(tag)))),
            }
        }
    }
}

fn denied(reason: &str) -> Failure {
    Failure::Io(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}
