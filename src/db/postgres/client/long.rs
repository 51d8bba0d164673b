//! Rows too long to go through tokio-postgres, which reads each message into room that it doubles and keeps.

use data_encoding::HEXLOWER;
use std::io;

/// Bytes of a row from which on it is long. More than are read at once.
pub(super) const LONG: usize = 1 << 20;

/// Type oid of `bytea`. Domains are described as what they are over.
const BYTEA: [u8; 4] = 17u32.to_be_bytes();

/// What comes before the digits of a `bytea`, two for each byte.
const PREFIX: &[u8] = b"\\x";

/// A field of a long row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Field {
    Text(Vec<u8>),
    /// What the digits of a `bytea` stand for.
    Bytes(Vec<u8>),
}

/// A long row: its fields, `None` for NULL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LongRow(pub(super) Vec<Option<Field>>);

impl LongRow {
    /// The message that tokio-postgres gets instead: its first field is no UTF-8, which a server that was asked for
    /// UTF-8 does not send, and the others are NULL.
    pub(super) fn stand_in(&self) -> Vec<u8> {
        let mut body = u16::try_from(self.0.len()).unwrap_or_default().to_be_bytes().to_vec();
        body.extend_from_slice(&[0, 0, 0, 1, 0xff]);
        body.resize(body.len() + 4 * (self.0.len() - 1), 0xff);
        let length = u32::try_from(body.len() + 4).unwrap_or_default();
        [&[b'D'][..], &length.to_be_bytes(), &body].concat()
    }
}

/// A long row while it comes.
#[derive(Debug)]
pub(super) struct Gathering {
    /// Whether each column is a `bytea`.
    columns: Vec<bool>,
    fields: Vec<Option<Field>>,
    /// What came of a number: that of the fields, then the length of each.
    number: Vec<u8>,
    is_counted: bool,
    /// Bytes of the field under way that are still to come.
    left: usize,
    /// Bytes of the row that are still to come.
    rest: usize,
    /// What is still to come of that which every `bytea` begins with.
    prefix: &'static [u8],
    /// What the first of two digits stands for.
    high: Option<u8>,
}

impl Gathering {
    /// A row of `length` bytes, `description` being the body of the message that describes the rows of its result.
    pub(super) fn new(description: &[u8], length: usize) -> io::Result<Gathering> {
        let columns = columns(description).filter(|columns| !columns.is_empty());
        let columns = columns.ok_or_else(|| broken("rows that are not described".into()))?;
        Ok(Gathering {
            fields: Vec::with_capacity(columns.len()),
            columns,
            number: Vec::new(),
            is_counted: false,
            left: 0,
            rest: length,
            prefix: &[],
            high: None,
        })
    }

    /// Takes the next bytes of the row.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.rest = self.rest.saturating_sub(bytes.len());
        while !bytes.is_empty() {
            if self.left > 0 {
                let (some, more) = bytes.split_at(bytes.len().min(self.left));
                self.left -= some.len();
                self.append(some)?;
                bytes = more;
                continue;
            }
            let wanted = if self.is_counted { 4 } else { 2 } - self.number.len();
            let (some, more) = bytes.split_at(bytes.len().min(wanted));
            self.number.extend_from_slice(some);
            bytes = more;
            if some.len() == wanted {
                self.counted(bytes.len())?;
                self.number.clear();
            }
        }
        Ok(())
    }

    /// A number is whole; so many bytes of the row are here beside those that are still to come.
    fn counted(&mut self, here: usize) -> io::Result<()> {
        if !self.is_counted {
            self.is_counted = true;
            let count = self.number.first_chunk().map(|bytes| usize::from(u16::from_be_bytes(*bytes)));
            return if count == Some(self.columns.len()) { Ok(()) } else { Err(other_fields()) };
        }
        let is_bytes = *self.columns.get(self.fields.len()).ok_or_else(other_fields)?;
        let length = self.number.first_chunk().map_or(-2, |bytes| i32::from_be_bytes(*bytes));
        if length == -1 {
            self.fields.push(None);
            return Ok(());
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= self.rest + here);
        let length = length.ok_or_else(|| broken("a value that is longer than its row".into()))?;
        let mut room = Vec::new();
        let bytes = if is_bytes { length / 2 } else { length };
        room.try_reserve_exact(bytes).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        self.fields.push(Some(if is_bytes { Field::Bytes(room) } else { Field::Text(room) }));
        (self.left, self.prefix, self.high) = (length, PREFIX, None);
        if is_bytes && (length < PREFIX.len() || length % 2 == 1) {
            return Err(no_bytes());
        }
        Ok(())
    }

    /// Adds bytes to the field under way.
    fn append(&mut self, some: &[u8]) -> io::Result<()> {
        match self.fields.last_mut() {
            Some(Some(Field::Text(text))) => text.extend_from_slice(some),
            Some(Some(Field::Bytes(bytes))) => {
                let prefix = some.len().min(self.prefix.len());
                let (first, digits) = some.split_at(prefix);
                if first != &self.prefix[..prefix] {
                    return Err(no_bytes());
                }
                self.prefix = &self.prefix[prefix..];
                let mut digits = digits;
                if let (Some(high), Some((low, rest))) = (self.high, digits.split_first()) {
                    decode(&[high, *low], bytes)?;
                    (self.high, digits) = (None, rest);
                }
                if digits.len() % 2 == 1 {
                    self.high = digits.split_off_last().copied();
                }
                decode(digits, bytes)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The row, once all of it has come.
    pub(super) fn finish(self) -> io::Result<LongRow> {
        if self.left > 0 || !self.number.is_empty() || self.fields.len() != self.columns.len() {
            return Err(broken("a row that is cut short".into()));
        }
        Ok(LongRow(self.fields))
    }
}

fn other_fields() -> io::Error {
    broken("a row with another number of fields".into())
}

fn no_bytes() -> io::Error {
    broken("a bytea that is not written in hexadecimal digits".into())
}

/// Adds the bytes that these hexadecimal digits, an even number of them, stand for.
fn decode(digits: &[u8], bytes: &mut Vec<u8>) -> io::Result<()> {
    let start = bytes.len();
    bytes.resize(start + digits.len() / 2, 0);
    HEXLOWER.decode_mut(digits, &mut bytes[start..]).map_err(|_| no_bytes())?;
    Ok(())
}

/// Whether each of the columns described is a `bytea`.
fn columns(description: &[u8]) -> Option<Vec<bool>> {
    let (count, mut rest) = description.split_first_chunk()?;
    let mut columns = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let name = rest.iter().position(|byte| *byte == 0)?;
        // table (4 bytes), number of the column (2), type (4), its size (2), modifier (4), format (2)
        let (head, more) = rest.get(name + 1..)?.split_first_chunk::<18>()?;
        columns.push(head[6..10] == BYTEA);
        rest = more;
    }
    rest.is_empty().then_some(columns)
}

/// What a server must not send.
pub(super) fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
