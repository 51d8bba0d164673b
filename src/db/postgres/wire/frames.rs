//! The receiving side: bytes from the socket, cut into messages.

use super::failure::Failure;
use std::io::{self, Read};

/// Bytes asked for at once.
const CHUNK: usize = 256 * 1024;
/// Longest message that carries a row: PostgreSQL's own limit for one is 1 GiB.
const MAX_ROW: usize = (1 << 30) + 1024;
/// Longest message of any other kind.
const MAX_OTHER: usize = 16 << 20;

/// A buffer of received bytes. `start..end` are not consumed yet.
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    pub(super) fn new() -> Input {
        Input { buffer: vec![0; CHUNK], start: 0, end: 0 }
    }

    /// The next whole message (its tag and body), if it is here already. The message counts as consumed.
    pub(super) fn frame(&mut self) -> Result<Option<(u8, &[u8])>, Failure> {
        let Some(length) = self.frame_length()? else { return Ok(None) };
        if self.end - self.start < length {
            return Ok(None);
        }
        let start = self.start;
        self.start += length;
        Ok(Some((self.buffer[start], &self.buffer[start + 5..start + length])))
    }

    /// Length of the next message, tag included, if its head is here.
    fn frame_length(&self) -> Result<Option<usize>, Failure> {
        let Some(head) = self.buffer[self.start..self.end].first_chunk::<5>() else { return Ok(None) };
        let [tag, length @ ..] = *head;
        let length = u32::from_be_bytes(length) as usize;
        let limit = if matches!(tag, b'd' | b'D') { MAX_ROW } else { MAX_OTHER };
        if length < 4 || length > limit {
            return Err(Failure::Protocol(format!("a message of {length} bytes")));
        }
        Ok(Some(length + 1))
    }

    /// Receives more bytes, at least one, and tells how many. The buffer grows with what arrives, not with what a length promises.
    pub(super) fn fill(&mut self, source: &mut impl Read) -> Result<usize, Failure> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.buffer.len() > 16 * CHUNK {
                self.buffer.truncate(CHUNK);
                self.buffer.shrink_to_fit();
            }
        } else if self.start > 0 && self.buffer.len() - self.end < CHUNK / 2 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let wanted = self.frame_length()?.unwrap_or(CHUNK).max(self.buffer.len() + CHUNK);
            self.buffer.resize(wanted.min(self.buffer.len() * 2), 0);
        }
        match source.read(&mut self.buffer[self.end..]) {
            Ok(0) => Err(Failure::Io(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"))),
            Ok(count) => {
                self.end += count;
                Ok(count)
            }
            Err(error) => Err(Failure::Io(error)),
        }
    }
}

/// Whether an error only says that nothing arrived (or could be sent) within the socket's time slice.
pub(super) fn is_time_slice(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_wherever_the_reads_end() {
        let mut bytes = Vec::new();
        for length in [0usize, 1, 300_000, 5] {
            bytes.push(b'd');
            bytes.extend_from_slice(&u32::try_from(length + 4).unwrap().to_be_bytes());
            bytes.extend(std::iter::repeat_n(7u8, length));
        }
        let mut source = bytes.as_slice();
        let mut input = Input::new();
        let mut seen = Vec::new();
        while seen.len() < 4 {
            match input.frame().unwrap() {
                Some((_, body)) => seen.push(body.len()),
                None => drop(input.fill(&mut (&mut source).take(70_001)).unwrap()),
            }
        }
        assert_eq!(seen, [0, 1, 300_000, 5]);
        assert!(matches!(input.fill(&mut source), Err(Failure::Io(_))));
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_before_anything_is_allocated() {
        for head in [[b'd', 0x7f, 0xff, 0xff, 0xff], [b'd', 0, 0, 0, 3], [b'E', 0x10, 0, 0, 0]] {
            let mut input = Input::new();
            input.fill(&mut head.as_slice()).unwrap();
            assert!(matches!(input.frame(), Err(Failure::Protocol(_))));
        }
    }
}
