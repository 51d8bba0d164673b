//! One row of a query's result, in text form.

use super::failure::Failure;
use tokio_postgres::SimpleQueryRow;

/// A row of a result: fields as the server's text.
#[derive(Debug)]
pub struct Row<'a>(pub(super) &'a SimpleQueryRow);

impl<'a> Row<'a> {
    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The field at `index` as text; `None` for NULL.
    ///
    /// # Errors
    /// If there is no such field or it is not UTF-8 (which a server that was asked for UTF-8 does not send).
    pub fn text(&self, index: usize) -> Result<Option<&'a str>, Failure> {
        self.0.try_get(index).map_err(|error| Failure::Protocol(format!("a row that cannot be read: {error}")))
    }

    /// The field at `index`, which is never NULL.
    ///
    /// # Errors
    /// As [`Row::text`], or if it is NULL.
    pub fn required(&self, index: usize) -> Result<&'a str, Failure> {
        self.text(index)?.ok_or_else(|| Failure::Protocol("NULL where a value was asked for".into()))
    }

    /// The field at `index` parsed as a number; `None` for NULL.
    ///
    /// # Errors
    /// As [`Row::text`], or if it is not such a number.
    pub fn number<T: std::str::FromStr>(&self, index: usize) -> Result<Option<T>, Failure> {
        self.text(index)?
            .map(|text| text.parse().map_err(|_| Failure::Protocol("a number that is none".into())))
            .transpose()
    }

    /// The field at `index` as a number that is never NULL.
    ///
    /// # Errors
    /// As [`Row::number`], or if it is NULL.
    pub fn required_number<T: std::str::FromStr>(&self, index: usize) -> Result<T, Failure> {
        self.number(index)?.ok_or_else(|| Failure::Protocol("NULL where a number was asked for".into()))
    }

    /// Whether the boolean field at `index` is true; NULL is false.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn flag(&self, index: usize) -> Result<bool, Failure> {
        Ok(self.text(index)? == Some("t"))
    }
}
