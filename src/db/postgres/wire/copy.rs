//! COPY in both directions.

use super::connection::{Connection, Pause};
use super::failure::Failure;
use crate::db::DbError;
use crate::monitor::Monitor;
use bytes::BytesMut;
use postgres_protocol::message::frontend;

/// Bytes gathered before they are sent.
const CHUNK: usize = 128 * 1024;
/// The tag and length that stand before COPY data.
const HEAD: usize = 5;

impl Connection {
    /// Runs `COPY ... TO STDOUT` and gives each row, as its COPY text with the newline, to `each`. Returns the number of rows,
    /// in the server's word, which equals the number given.
    ///
    /// # Errors
    /// See [`Failure`]. A COPY that did not end with the server's count of exactly the rows given is an error.
    pub fn copy_out(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        mut each: impl FnMut(&[u8]) -> Result<(), DbError>,
    ) -> Result<u64, Failure> {
        let mut given = 0u64;
        let mut done = false;
        let tag = self.converse(sql, monitor, |kind, body| match kind {
            b'd' if !done => {
                given += 1;
                each(body).map_err(Failure::Caller)
            }
            b'H' => Ok(()),
            b'c' if !done => {
                done = true;
                Ok(())
            }
            _ => Err(Failure::Protocol(format!("message {:?} in a COPY", char::from(kind)))),
        })?;
        match tag.rows() {
            Some(rows) if done && rows == given => Ok(rows),
            _ => Err(Failure::Protocol(format!("the server sent {given} rows and says {:?}", tag.text()))),
        }
    }

    /// Runs `COPY ... FROM STDIN`. `feed` appends COPY text to the buffer and returns whether there is more to come. Returns
    /// the number of rows in the server's word.
    ///
    /// # Errors
    /// See [`Failure`]; if `feed` fails, the COPY is taken back.
    pub fn copy_in(
        &mut self,
        sql: &str,
        monitor: &dyn Monitor,
        feed: &mut dyn FnMut(&mut Vec<u8>) -> Result<bool, DbError>,
    ) -> Result<u64, Failure> {
        self.start(sql, monitor)?;
        let Pause::CopyIn = self.listen(monitor, &mut |_, _| Ok(()))? else {
            return Err(Failure::Protocol("no COPY data asked for".into()));
        };
        let mut chunk = vec![b'd', 0, 0, 0, 0];
        let mut more = true;
        while more {
            more = match feed(&mut chunk) {
                Ok(more) => more,
                Err(error) => return Err(self.take_back(Failure::Caller(error), monitor)),
            };
            if chunk.len() > CHUNK || (!more && chunk.len() > HEAD) {
                let Ok(length) = u32::try_from(chunk.len() - 1) else {
                    let error = DbError::Unsupported("a row of more than 4 GiB cannot be written".into());
                    return Err(self.take_back(Failure::Caller(error), monitor));
                };
                chunk[1..HEAD].copy_from_slice(&length.to_be_bytes());
                self.send(&chunk, monitor)?;
                chunk.truncate(HEAD);
            }
            if monitor.interrupted() {
                return Err(self.take_back(Failure::Interrupted, monitor));
            }
        }
        let mut message = BytesMut::new();
        frontend::copy_done(&mut message);
        self.send(&message, monitor)?;
        match self.listen(monitor, &mut |_, _| Ok(()))? {
            Pause::Ready(tag) => {
                tag.rows().ok_or_else(|| Failure::Protocol(format!("COPY ended with {:?}", tag.text())))
            }
            Pause::CopyIn => Err(Failure::Protocol("COPY data asked for twice".into())),
        }
    }

    /// Ends a COPY so that the server forgets what it got.
    fn take_back(&mut self, why: Failure, monitor: &dyn Monitor) -> Failure {
        let mut message = BytesMut::new();
        if frontend::copy_fail("stopped by dbsnap", &mut message).is_ok() && self.send(&message, monitor).is_ok() {
            self.drain();
        }
        why
    }
}
