//! One row of a query's result, in text form.

use super::failure::Failure;

/// A row of a result: fields as the server's text, borrowed from the receive buffer.
#[derive(Debug)]
pub struct Row<'a> {
    fields: Vec<Option<&'a [u8]>>,
}

impl<'a> Row<'a> {
    /// Takes a DataRow apart.
    pub(super) fn parse(body: &'a [u8]) -> Result<Row<'a>, Failure> {
        fn cut<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Failure> {
            let (taken, left) =
                rest.split_at_checked(length).ok_or_else(|| Failure::Protocol("a row that is cut short".into()))?;
            *rest = left;
            Ok(taken)
        }
        let mut rest = body;
        let count = cut(&mut rest, 2)?;
        let count = usize::from(count[0]) << 8 | usize::from(count[1]);
        let mut fields = Vec::with_capacity(count);
        for _ in 0..count {
            let length = cut(&mut rest, 4)?;
            let length = i32::from_be_bytes([length[0], length[1], length[2], length[3]]);
            fields.push(match usize::try_from(length) {
                Ok(length) => Some(cut(&mut rest, length)?),
                Err(_) => None,
            });
        }
        Ok(Row { fields })
    }

    /// The field at `index` as text; `None` for NULL.
    ///
    /// # Errors
    /// If there is no such field or it is not UTF-8 (which a server that was asked for UTF-8 does not send).
    pub fn text(&self, index: usize) -> Result<Option<&'a str>, Failure> {
        match self.fields.get(index) {
            None => Err(Failure::Protocol("a row with too few fields".into())),
            Some(None) => Ok(None),
            Some(Some(bytes)) => {
                std::str::from_utf8(bytes).map(Some).map_err(|_| Failure::Protocol("text that is not UTF-8".into()))
            }
        }
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
