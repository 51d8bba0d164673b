//! Bytes on the wire: canonical varints, length-prefixed strings, and a reader that never trusts a length.
//!
//! Integers are unsigned LEB128, at most ten bytes, and minimal: a reader refuses a longer form of the same number, so
//! that one value has one encoding. Signed integers are zigzag-mapped first (0, -1, 1, -2 become 0, 1, 2, 3).

use thiserror::Error;

/// What can be wrong with encoded bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WireError {
    /// The input ended inside a value.
    #[error("the bytes end in the middle of a value")]
    Truncated,
    /// A varint is longer than needed or does not fit 64 bits.
    #[error("an integer is not in its shortest form or does not fit 64 bits")]
    BadVarint,
    /// Bytes were left over after the last value.
    #[error("there are bytes after the last value")]
    Trailing,
}

/// Appends `value` as unsigned LEB128 (1 to 10 bytes).
#[inline]
pub fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends `value` zigzag-mapped as LEB128.
#[inline]
pub fn put_ivarint(out: &mut Vec<u8>, value: i64) {
    put_uvarint(out, zigzag(value));
}

/// Appends the length of `bytes` as a varint, then the bytes.
#[inline]
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uvarint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Maps a signed integer to an unsigned one so that small magnitudes stay small.
#[expect(clippy::cast_sign_loss, reason = "zigzag is a bijection between i64 and u64")]
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// The inverse of [`zigzag`].
#[expect(clippy::cast_possible_wrap, reason = "zigzag is a bijection between i64 and u64")]
pub const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Number of bytes [`put_uvarint`] writes for `value`.
pub const fn uvarint_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Reads values from a slice; every length is checked against what is left before it is used.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader at the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// What has not been read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything has been read.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    #[inline]
    pub fn byte(&mut self) -> Result<u8, WireError> {
        let (&first, rest) = self.rest.split_first().ok_or(WireError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }

    /// The next `len` bytes.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        if len > self.rest.len() {
            return Err(WireError::Truncated);
        }
        let (taken, rest) = self.rest.split_at(len);
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut out = [0u8; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// The next unsigned varint; only its shortest form is accepted.
    #[inline]
    pub fn uvarint(&mut self) -> Result<u64, WireError> {
        // Most are lengths, and short.
        match self.rest {
            [low @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*low))
            }
            [low, high @ 1..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(low & 0x7f) | u64::from(*high) << 7)
            }
            _ => self.long_uvarint(),
        }
    }

    fn long_uvarint(&mut self) -> Result<u64, WireError> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().enumerate().take(10) {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && byte > 1 {
                return Err(WireError::BadVarint);
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                if byte == 0 && index > 0 {
                    return Err(WireError::BadVarint);
                }
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        if self.rest.len() >= 10 { Err(WireError::BadVarint) } else { Err(WireError::Truncated) }
    }

    /// The next zigzag-mapped signed varint.
    #[inline]
    pub fn ivarint(&mut self) -> Result<i64, WireError> {
        self.uvarint().map(unzigzag)
    }

    /// The next varint as a length or count; refused if it does not fit `usize`.
    #[inline]
    pub fn length(&mut self) -> Result<usize, WireError> {
        usize::try_from(self.uvarint()?).map_err(|_| WireError::BadVarint)
    }

    /// The next length-prefixed bytes.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], WireError> {
        let len = self.length()?;
        self.take(len)
    }

    /// Succeeds only if everything has been read.
    pub fn end(&self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { Err(WireError::Trailing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn varints_come_back(value: u64, signed: i64) {
            let mut out = Vec::new();
            put_uvarint(&mut out, value);
            prop_assert_eq!(out.len(), uvarint_len(value));
            put_ivarint(&mut out, signed);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.uvarint(), Ok(value));
            prop_assert_eq!(reader.ivarint(), Ok(signed));
            prop_assert_eq!(reader.end(), Ok(()));
        }

        #[test]
        fn any_accepted_varint_is_the_canonical_one(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut reader = Reader::new(&bytes);
            if let Ok(value) = reader.uvarint() {
                let mut out = Vec::new();
                put_uvarint(&mut out, value);
                prop_assert_eq!(&bytes[..out.len()], &out[..]);
            }
        }
    }

    #[test]
    fn long_forms_and_overflow_are_refused() {
        assert_eq!(Reader::new(&[0x80, 0x00]).uvarint(), Err(WireError::BadVarint));
        assert_eq!(Reader::new(&[0xff; 10]).uvarint(), Err(WireError::BadVarint));
        assert_eq!(Reader::new(&[0xff; 3]).uvarint(), Err(WireError::Truncated));
        assert_eq!(Reader::new(&[5, 1]).bytes(), Err(WireError::Truncated));
    }
}
