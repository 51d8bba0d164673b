//! COPY from the server.

use super::connection::Connection;
use super::failure::Failure;
use crate::db::DbError;
use crate::monitor::Monitor;

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
}
