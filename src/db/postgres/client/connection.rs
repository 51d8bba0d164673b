//! One connection: statements out, rows in.

use super::failure::{Failure, ServerError};
use super::login::{self, Login};
use super::row::Row;
use super::watch::seen;
use crate::db::DbError;
use crate::db::postgres::endpoint::Endpoint;
use crate::monitor::{Monitor, Silent};
use futures_util::Stream;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Interval, interval, timeout};
use tokio_postgres::{SimpleQueryMessage, SimpleQueryStream};

/// How often the monitor is asked whether to go on.
const TIME_SLICE: Duration = Duration::from_millis(100);

/// How long a cancelled statement may take to end before the connection is given up.
const CANCEL_PATIENCE: Duration = Duration::from_secs(10);

/// How long the server may take to hear that a connection ends.
const FAREWELL: Duration = Duration::from_secs(1);

/// The server's word that a command is complete: `SELECT 42`, `COMMIT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag(String);

impl Tag {
    /// The tag as sent.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Whether its number is that of rows which were sent.
    fn is_of_rows(&self) -> bool {
        self.0.starts_with("SELECT ") || self.0.starts_with("FETCH ")
    }

    /// The number of rows in it, if it has one.
    pub fn rows(&self) -> Option<u64> {
        self.0.rsplit(' ').next()?.parse().ok()
    }
}

/// An open, logged-in connection.
pub struct Connection {
    runtime: Runtime,
    /// `None` once the connection cannot be used any more.
    login: Option<Login>,
    endpoint: Endpoint,
    is_local: bool,
    /// Numbers of the statements that the server keeps, by their text; `None` if it keeps none.
    prepared: Option<HashMap<String, usize>>,
}

/// Whether a connection can be used after a statement.
enum Ended {
    Ready(Result<Tag, Failure>),
    Broken(Failure),
}

impl Connection {
    /// Connects and logs in.
    ///
    /// # Errors
    /// [`DbError::Connect`], [`DbError::Login`], [`DbError::Tls`].
    pub fn open(endpoint: &Endpoint) -> Result<Connection, DbError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| DbError::Connect {
            target: endpoint.label(),
            reason: format!("no runtime: {error}"),
            absent: false,
        })?;
        let login = runtime
            .block_on(async { timeout(endpoint.connect_timeout, login::login(endpoint)).await })
            .map_err(|_| login::too_late(endpoint))??;
        Ok(Connection {
            runtime,
            is_local: login.is_local,
            login: Some(login),
            endpoint: endpoint.clone(),
            prepared: None,
        })
    }

    /// Whether the other end is this machine.
    pub fn is_local(&self) -> bool {
        self.is_local
    }

    /// Whether it cannot be used any more.
    pub fn is_broken(&self) -> bool {
        self.login.is_none()
    }

    /// Whether a transaction is open, failed or not.
    pub fn in_transaction(&self) -> bool {
        self.login.as_ref().is_some_and(|login| seen(&login.witness).status != b'I')
    }

    /// Runs `sql` (one or more statements) and gives every row of its results to `each`. Returns the last command's
    /// tag. A SELECT that did not end with the server's count of exactly the rows given is an error.
    ///
    /// # Errors
    /// See [`Failure`]; if `each` fails, the statement is cancelled.
    pub fn query(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), Failure>,
    ) -> Result<Tag, Failure> {
        let Some(login) = self.login.as_mut() else {
            return Err(Failure::Io(io::Error::new(io::ErrorKind::NotConnected, "the connection was lost before")));
        };
        match self.runtime.block_on(converse(login, &self.endpoint, sql, monitor, each)) {
            Ended::Ready(done) => done,
            Ended::Broken(failure) => {
                self.login = None;
                Err(failure)
            }
        }
    }

    /// Runs one query or FETCH and gives every row of its result to `each`. Returns their number, in the server's word.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn read(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        mut each: impl FnMut(&mut Row<'_>) -> Result<(), DbError>,
    ) -> Result<u64, Failure> {
        let mut given = 0;
        let tag = self.query(sql, monitor, &mut |row| {
            given += 1;
            each(row).map_err(Failure::Caller)
        })?;
        match tag.rows() {
            Some(rows) if rows == given && tag.is_of_rows() => Ok(rows),
            _ => Err(self.broken(format!("the server sent {given} rows and says {:?}", tag.text()))),
        }
    }

    /// Runs `sql`, whose rows, if any, do not matter.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn execute(&mut self, sql: &str, monitor: &dyn Monitor) -> Result<Tag, Failure> {
        self.query(sql, monitor, &mut |_| Ok(()))
    }

    /// From now on the server keeps what [`Connection::query_again`] asks, until [`Connection::deallocate`]. Both belong
    /// in one transaction: a pooler gives the next one another session of the server.
    pub fn keep_prepared(&mut self) {
        self.prepared.get_or_insert_default();
    }

    /// As [`Connection::query`] for one statement without parameters. While statements are kept, the same text is
    /// parsed and planned once.
    ///
    /// # Errors
    /// As [`Connection::query`].
    pub fn query_again(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), Failure>,
    ) -> Result<Tag, Failure> {
        let Some(prepared) = &mut self.prepared else { return self.query(sql, monitor, each) };
        if let Some(number) = prepared.get(sql) {
            let execute = format!("EXECUTE dbsnap_{number}");
            return self.query(&execute, monitor, each);
        }
        let number = prepared.len();
        prepared.insert(sql.to_owned(), number);
        self.query(&format!("PREPARE dbsnap_{number} AS {sql}; EXECUTE dbsnap_{number}"), monitor, each)
    }

    /// Has the server forget the statements that it keeps.
    ///
    /// # Errors
    /// See [`Failure`].
    pub fn deallocate(&mut self, monitor: &dyn Monitor) -> Result<(), Failure> {
        let names: Vec<String> = self
            .prepared
            .iter()
            .flat_map(|kept| kept.values())
            .map(|number| format!("DEALLOCATE dbsnap_{number}"))
            .collect();
        if !names.is_empty() {
            self.execute(&names.join("; "), monitor)?;
        }
        self.prepared = None;
        Ok(())
    }

    /// Has the server parse `sql`, which must be one statement: nothing is carried out.
    ///
    /// # Errors
    /// If it is none, or more than one, or the connection is lost.
    pub fn parse(&mut self, sql: &str) -> Result<(), Failure> {
        let Some(login) = self.login.as_mut() else {
            return Err(Failure::Io(io::Error::new(io::ErrorKind::NotConnected, "the connection was lost before")));
        };
        match self.runtime.block_on(login.client.prepare(sql)) {
            Ok(_) => Ok(()),
            Err(error) => match error.as_db_error().map(ServerError::new) {
                Some(said) if !error.is_closed() => Err(Failure::Server(said)),
                _ => {
                    let cause = self.runtime.block_on(cause(login, error));
                    self.login = None;
                    Err(cause)
                }
            },
        }
    }

    /// Ends the transaction, if there is one, without its changes. A connection that cannot do that is closed, and so is
    /// one whose server still keeps statements: behind a pooler they would be found by somebody else.
    pub fn rollback(&mut self) {
        if self.prepared.take().is_some_and(|kept| !kept.is_empty()) {
            self.login = None;
        }
        for _ in 0..3 {
            if !self.in_transaction() {
                return;
            }
            // a cancel request that came late may hit this statement: then it is sent again
            let _ = self.execute("ROLLBACK", &Silent);
        }
        if self.in_transaction() {
            self.login = None;
        }
    }

    fn broken(&mut self, what: String) -> Failure {
        self.login = None;
        Failure::Protocol(what)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(Login { client, task, .. }) = self.login.take() {
            drop(client);
            let _ = self.runtime.block_on(async { timeout(FAREWELL, task).await });
        }
    }
}

/// Sends `sql` and gives each row of its results to `each`.
async fn converse(
    login: &mut Login,
    endpoint: &Endpoint,
    sql: &str,
    monitor: &dyn Monitor,
    each: &mut dyn FnMut(&mut Row<'_>) -> Result<(), Failure>,
) -> Ended {
    {
        let mut seen = seen(&login.witness);
        seen.tags.clear();
        seen.received = 0;
    }
    let mut stream = match login.client.simple_query_raw(sql).await {
        Ok(stream) => pin!(stream),
        Err(error) => return Ended::Broken(cause(login, error).await),
    };
    let mut slices = interval(TIME_SLICE);
    let mut refused: Option<ServerError> = None;
    let (mut tag, mut rows) = (None, 0u64);
    let stop = loop {
        let Some(next) = next(stream.as_mut(), &mut slices).await else {
            if monitor.interrupted() {
                break Failure::Interrupted;
            }
            continue;
        };
        match next {
            None => {
                return match (refused, tag) {
                    (Some(error), _) => Ended::Ready(Err(Failure::Server(error))),
                    (None, Some(tag)) => Ended::Ready(Ok(tag)),
                    (None, None) => Ended::Broken(Failure::Protocol("a statement without an end".into())),
                };
            }
            Some(Ok(SimpleQueryMessage::Row(row))) => {
                let mut row = Row::new(&row, &login.witness);
                if refused.is_none() {
                    rows += 1;
                    if let Err(failure) = each(&mut row) {
                        break failure;
                    }
                }
            }
            Some(Ok(SimpleQueryMessage::CommandComplete(_))) => {
                let Some(done) = seen(&login.witness).tags.pop_front().map(Tag) else { continue };
                if refused.is_none() && done.is_of_rows() && done.rows() != Some(rows) {
                    let what = format!("{rows} rows were sent and the server says {:?}", done.text());
                    return Ended::Broken(Failure::Protocol(what));
                }
                rows = 0;
                tag = Some(done);
            }
            // the row after it may be there already, a long one too
            Some(Ok(_)) => {}
            Some(Err(error)) => match (error.as_db_error(), refused.take()) {
                (_, Some(first)) if error.is_closed() => return Ended::Broken(Failure::Server(first)),
                (Some(said), first) => refused = first.or_else(|| Some(ServerError::new(said))),
                (None, _) => return Ended::Broken(cause(login, error).await),
            },
        }
        if monitor.interrupted() {
            break Failure::Interrupted;
        }
    };
    // the statement is cancelled, and what is left of its result is passed over
    let ended = async {
        login::cancel(endpoint, login).await.ok()?;
        while let Some(left) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
            seen(&login.witness).take_long();
            if matches!(left, Err(error) if error.as_db_error().is_none()) {
                return None;
            }
        }
        Some(())
    };
    match timeout(CANCEL_PATIENCE, ended).await {
        Ok(Some(())) => Ended::Ready(Err(stop)),
        // a server that does not take notice of that will not end the statement either
        Ok(None) | Err(_) => Ended::Broken(stop),
    }
}

/// What comes next; `None` if nothing came within a slice of time.
async fn next(
    mut stream: Pin<&mut SimpleQueryStream>,
    slices: &mut Interval,
) -> Option<Option<Result<SimpleQueryMessage, tokio_postgres::Error>>> {
    poll_fn(|cx| match stream.as_mut().poll_next(cx) {
        Poll::Ready(next) => Poll::Ready(Some(next)),
        Poll::Pending => slices.poll_tick(cx).map(|_| None),
    })
    .await
}

/// Why a connection ended. What the statement is told is only that it did.
async fn cause(login: &mut Login, error: tokio_postgres::Error) -> Failure {
    if error.is_closed()
        && let Ok(Ok(Err(cause))) = timeout(FAREWELL, &mut login.task).await
    {
        return cause.into();
    }
    error.into()
}

#[cfg(test)]
mod tests {
    use super::super::long::LONG;
    use super::super::watch::{Phase, Watch, Witness};
    use super::*;
    use crate::db::DatabaseUrl;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio_postgres::{Config, NoTls};

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
    }

    /// What is said of a long row's columns comes together with it: the row is not passed over with its description.
    #[test]
    fn a_long_row_is_read_that_is_there_before_its_description_was_looked_at() {
        let text = "x".repeat(LONG + 1);
        let row = [&b"\0\x01"[..], &u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat();
        let described = b"\0\x01w\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0";
        let ready = message(b'Z', b"I");
        let answer =
            [message(b'T', described), message(b'D', &row), message(b'C', b"SELECT 1\0"), ready.clone()].concat();
        let DatabaseUrl::Postgres(target) =
            DatabaseUrl::parse("postgresql://u@127.0.0.1/d", std::path::Path::new("/")).unwrap()
        else {
            panic!()
        };
        let endpoint = &Endpoint::all(&target).unwrap()[0];
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().unwrap();
        let given = runtime.block_on(async {
            let (ours, mut theirs) = duplex(8 << 20);
            let server = tokio::spawn(async move {
                let mut heard = [0; 1024];
                assert_ne!(theirs.read(&mut heard).await.unwrap(), 0);
                theirs.write_all(&[message(b'R', &[0; 4]), ready].concat()).await.unwrap();
                assert_ne!(theirs.read(&mut heard).await.unwrap(), 0);
                theirs.write_all(&answer).await.unwrap();
                theirs
            });
            let witness = Witness::default();
            let watch = Watch::new(ours, Phase::Plain, true, witness.clone());
            let (client, carrier) = Config::new().user("u").connect_raw(watch, NoTls).await.unwrap();
            let task = tokio::spawn(carrier);
            let mut login = Login { client, task, witness, is_local: true, is_encrypted: false };
            let mut given = Vec::new();
            let mut each = |row: &mut Row<'_>| {
                given.push(row.text(0)?.map(str::len));
                Ok(())
            };
            let ended = converse(&mut login, endpoint, "SELECT w", &Silent, &mut each).await;
            assert!(matches!(ended, Ended::Ready(Ok(_))));
            drop(server.await);
            given
        });
        assert_eq!(given, [Some(LONG + 1)]);
    }
}
