//! One row of a query's result, in text form.

use super::failure::Failure;
use super::long::{Field, LongRow};
use super::watch::{Witness, seen};
use std::borrow::Cow;
use tokio_postgres::SimpleQueryRow;

/// A row of a result: fields as the server's text.
#[derive(Debug)]
pub struct Row<'a> {
    row: &'a SimpleQueryRow,
    /// What `row` only stands for.
    long: Option<LongRow>,
}

/// What is in a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// The server's text.
    Text(Cow<'a, str>),
    /// What the text of a `bytea` stands for.
    Bytes(Vec<u8>),
}

impl<'a> Row<'a> {
    /// The row that `row` is or stands for.
    pub(super) fn new(row: &'a SimpleQueryRow, witness: &Witness) -> Row<'a> {
        let long = if row.try_get(0).is_err() { seen(witness).take_long() } else { None };
        Row { row, long }
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.row.len()
    }

    /// The field at `index` as text; `None` for NULL.
    ///
    /// # Errors
    /// If there is no such field or it is not UTF-8 (which a server that was asked for UTF-8 does not send).
    pub fn text(&self, index: usize) -> Result<Option<&str>, Failure> {
        match self.long.as_ref().and_then(|long| long.0.get(index)) {
            None => self.row.try_get(index).map_err(unreadable),
            Some(None) => Ok(None),
            Some(Some(Field::Text(text))) => std::str::from_utf8(text).map(Some).map_err(unreadable),
            Some(Some(Field::Bytes(_))) => Err(unreadable("a bytea where a text was asked for")),
        }
    }

    /// The field at `index`, `None` for NULL. It may not be asked for again: what is large is not there twice.
    ///
    /// # Errors
    /// As [`Row::text`].
    pub fn take(&mut self, index: usize) -> Result<Option<Cell<'a>>, Failure> {
        match self.long.as_mut().and_then(|long| long.0.get_mut(index)).map(Option::take) {
            None => Ok(self.row.try_get(index).map_err(unreadable)?.map(|text| Cell::Text(text.into()))),
            Some(None) => Ok(None),
            Some(Some(Field::Text(text))) => {
                String::from_utf8(text).map(|text| Some(Cell::Text(text.into()))).map_err(unreadable)
            }
            Some(Some(Field::Bytes(bytes))) => Ok(Some(Cell::Bytes(bytes))),
        }
    }

    /// The field at `index`, which is never NULL.
    ///
    /// # Errors
    /// As [`Row::text`], or if it is NULL.
    pub fn required(&self, index: usize) -> Result<&str, Failure> {
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

fn unreadable(why: impl std::fmt::Display) -> Failure {
    Failure::Protocol(format!("a row that cannot be read: {why}"))
}
