//! A stream that looks at the messages which the server sends, as they pass.

use super::long::{Gathering, LONG, LongRow, broken};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsStream};

/// A socket.
pub(super) trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Socket for T {}

/// A connection before encryption, if any.
pub(super) type Plain = Watch<Box<dyn Socket>>;

/// Longest message that carries a row: PostgreSQL's own limit for one is 1 GiB.
const MAX_ROW: usize = (1 << 30) + 1024;
/// Longest message of any other kind.
const MAX_OTHER: usize = 16 << 20;

/// Bytes read at once.
const BUFFER: usize = 256 << 10;
/// Bytes after which an answer counts as a long one, below how many a read got few, and how long then to wait for more.
const MANY: usize = 1 << 20;
const SCANT: usize = 8 << 10;
const REST: Duration = Duration::from_micros(300);

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The answer to the request for encryption.
    pub(super) answer: Option<u8>,
    /// Why the handshake of the encryption failed.
    pub(super) handshake: Option<String>,
    /// The tags of the commands that are complete since this was emptied: `SELECT 42`, `COMMIT`.
    pub(super) tags: VecDeque<String>,
    /// The transaction status of the last ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one.
    pub(super) status: u8,
    /// Bytes received since this was set to 0.
    pub(super) received: usize,
    /// A long row, of which only a stand-in was given on.
    long: Option<LongRow>,
    /// Who waits until it is taken.
    waiting: Option<Waker>,
}

impl Seen {
    /// Takes the long row that a stand-in stands for. Nothing more is received before that.
    pub(super) fn take_long(&mut self) -> Option<LongRow> {
        self.waiting.take().into_iter().for_each(Waker::wake);
        self.long.take()
    }
}

/// Shared between a stream and who asks what was seen.
pub(super) type Witness = Arc<Mutex<Seen>>;

/// Locks it. No code panics while it holds the lock.
pub(super) fn seen(witness: &Witness) -> MutexGuard<'_, Seen> {
    witness.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Encryption was asked for; the answer is one byte.
    Asked,
    /// Messages.
    Plain,
    /// Bytes of an encrypted stream, in which another `Watch` sees messages.
    Encrypted,
}

/// The stream. It reads much at once, and passes over notices, for which tokio-postgres is not prepared while it logs
/// in.
pub(super) struct Watch<S> {
    inner: S,
    phase: Phase,
    /// Whether a password may be sent in clear.
    is_safe: bool,
    /// What is to be given on before anything in the buffer.
    before: Vec<u8>,
    /// What was received; `start..end` is still to be given on.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The head of the message under way, which is given on when it is whole, and the first bytes of its body, as far
    /// as they are here.
    head: Vec<u8>,
    /// How many bytes of the message under way are still to come, once its head is here.
    left: usize,
    /// How many fields the rows of the result under way have.
    fields: [u8; 2],
    /// The body of the message that described them.
    description: Vec<u8>,
    /// The long row under way.
    long: Option<Gathering>,
    is_scant: bool,
    witness: Witness,
}

impl<S> Watch<S> {
    pub(super) fn new(inner: S, phase: Phase, is_safe: bool, witness: Witness) -> Watch<S> {
        Watch {
            inner,
            phase,
            is_safe,
            before: Vec::new(),
            buffer: vec![0; BUFFER],
            start: 0,
            end: 0,
            head: Vec::new(),
            left: 0,
            fields: [0; 2],
            description: Vec::new(),
            long: None,
            is_scant: false,
            witness,
        }
    }

    /// Looks at the first `received` bytes of the buffer, and keeps those that are to be given on.
    fn look_at(&mut self, received: usize) -> io::Result<()> {
        let (mut at, mut kept) = (0, 0);
        if self.phase == Phase::Asked && received > 0 {
            seen(&self.witness).answer = Some(self.buffer[0]);
            self.phase = if self.buffer[0] == b'S' { Phase::Encrypted } else { Phase::Plain };
            (at, kept) = (1, 1);
        }
        if self.phase != Phase::Plain {
            (at, kept) = (received, received);
        }
        while at < received {
            let run = self.step(at, received)?;
            if self.head.len() >= 5 && self.head[0] != b'N' && self.long.is_none() {
                self.buffer.copy_within(at..at + run, kept);
                kept += run;
            }
            at += run;
            if self.head.len() >= 5 && self.left == 0 {
                self.finish()?;
            }
        }
        (self.start, self.end) = (0, kept);
        Ok(())
    }

    /// Takes note of the bytes from `at` on, to the end of a message or of its head; how many those are.
    fn step(&mut self, at: usize, received: usize) -> io::Result<usize> {
        let bytes = &self.buffer[at..received];
        if self.head.len() < 5 {
            let held = self.head.len();
            let run = bytes.len().min(5 - held);
            self.head.extend_from_slice(&bytes[..run]);
            self.begin()?;
            if self.head.len() == 5 && self.head[0] != b'N' && self.long.is_none() {
                self.before.extend_from_slice(&self.head[..held]);
            }
            return Ok(run);
        }
        let run = bytes.len().min(self.left);
        if let Some(long) = &mut self.long {
            long.push(&bytes[..run])?;
        }
        let wanted = of_interest(self.head[0]).saturating_sub(self.head.len() - 5);
        self.head.extend_from_slice(&bytes[..run.min(wanted)]);
        self.left -= run;
        Ok(run)
    }

    /// The head of a message, once it is whole.
    fn begin(&mut self) -> io::Result<()> {
        let Some(&[tag, ref length @ ..]) = self.head.first_chunk::<5>() else { return Ok(()) };
        let length = u32::from_be_bytes(*length) as usize;
        if length < 4 || length > if matches!(tag, b'd' | b'D') { MAX_ROW } else { MAX_OTHER } {
            return Err(broken(format!("a message of {length} bytes")));
        }
        self.left = length - 4;
        if tag == b'D' && self.left > LONG {
            self.long = Some(Gathering::new(&self.description, self.left)?);
        }
        Ok(())
    }

    /// The end of a message.
    fn finish(&mut self) -> io::Result<()> {
        if let Some(long) = self.long.take() {
            let row = long.finish()?;
            // a row as long as that began before what is in the buffer
            self.before = row.stand_in();
            seen(&self.witness).long = Some(row);
        }
        let (tag, body) = (self.head[0], &self.head[5..]);
        match tag {
            b'T' | b'D' => {
                let fields = *body.first_chunk::<2>().ok_or_else(|| broken("a row that is cut short".into()))?;
                // tokio-postgres takes for granted that rows have as many fields as were described
                if tag == b'T' {
                    self.fields = fields;
                    self.description = body.to_vec();
                } else if fields != self.fields {
                    return Err(broken("a row with another number of fields".into()));
                }
            }
            b'C' => {
                let text = body.strip_suffix(&[0]).unwrap_or(body);
                seen(&self.witness).tags.push_back(String::from_utf8_lossy(text).into_owned());
            }
            b'Z' => seen(&self.witness).status = body.first().copied().unwrap_or(b'I'),
            b'R' if body == [0, 0, 0, 3] && !self.is_safe => {
                let why = "the server wants the password in clear over a connection that is not encrypted";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
            _ => {}
        }
        self.head.clear();
        Ok(())
    }
}

/// How many bytes of a message's body are looked at.
fn of_interest(tag: u8) -> usize {
    match tag {
        b'C' => 64,
        b'R' => 4,
        b'T' => MAX_OTHER,
        b'D' => 2,
        b'Z' => 1,
        _ => 0,
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watch<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Bytes gather while many come a few at a time: the server sends 8 KiB at once, and waking up for each of them
        // costs more than what is done with them. Nothing else runs on this thread.
        let is_empty = self.start == self.end && self.before.is_empty();
        if is_empty && self.phase == Phase::Plain {
            let mut seen = seen(&self.witness);
            if seen.long.is_some() {
                seen.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
        if is_empty && self.is_scant && seen(&self.witness).received > MANY {
            std::thread::sleep(REST);
        }
        let this = &mut *self;
        while this.start == this.end && this.before.is_empty() {
            let mut room = ReadBuf::new(&mut this.buffer);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut room))?;
            let received = room.filled().len();
            this.is_scant = received <= SCANT;
            seen(&this.witness).received += received;
            this.look_at(received)?;
            if received == 0 {
                return Poll::Ready(Ok(()));
            }
        }
        if !this.before.is_empty() {
            let given = buffer.remaining().min(this.before.len());
            buffer.put_slice(&this.before[..given]);
            this.before.drain(..given);
            return Poll::Ready(Ok(()));
        }
        let given = buffer.remaining().min(this.end - this.start);
        buffer.put_slice(&this.buffer[this.start..this.start + given]);
        this.start += given;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watch<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // the server is to end a connection: when it does, it has taken notice of what was sent last, such as a cancel
        // request
        Pin::new(&mut self.inner).poll_flush(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Watch<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}

#[cfg(test)]
mod tests {
    use super::super::long::Field;
    use super::*;

    fn watch() -> Watch<()> {
        Watch::new((), Phase::Plain, false, Witness::default())
    }

    /// What is given on of `bytes`.
    fn pass(watch: &mut Watch<()>, bytes: &[u8]) -> io::Result<Vec<u8>> {
        watch.buffer[..bytes.len()].copy_from_slice(bytes);
        watch.look_at(bytes.len())?;
        let before = std::mem::take(&mut watch.before);
        Ok([&before, &watch.buffer[watch.start..watch.end]].concat())
    }

    #[test]
    fn messages_are_seen_wherever_the_reads_end() {
        let mut bytes = Vec::new();
        for (tag, body) in [
            (b'T', &b"\0\x01rest"[..]),
            (b'D', &[b"\0\x01".as_slice(), &[7; 300]].concat()),
            (b'C', b"SELECT 1\0"),
            (b'I', b""),
            (b'C', b"COMMIT\0"),
            (b'Z', b"T"),
        ] {
            bytes.push(tag);
            bytes.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
            bytes.extend_from_slice(body);
        }
        let without = bytes.clone();
        let notice = b"N\0\0\0\x0aSNOTE\0";
        bytes.splice(0..0, *notice);
        bytes.extend_from_slice(notice);
        for size in [1, 2, 3, 7, 100, 1000] {
            let (mut watch, mut given) = (watch(), Vec::new());
            for chunk in bytes.chunks(size) {
                given.extend(pass(&mut watch, chunk).unwrap());
            }
            assert_eq!(given, without, "{size}");
            let mut seen = seen(&watch.witness);
            assert_eq!(
                (seen.status, seen.tags.make_contiguous()),
                (b'T', &mut ["SELECT 1".to_owned(), "COMMIT".to_owned()][..])
            );
        }
    }

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        [&[tag][..], &u32::try_from(body.len() + 4).unwrap().to_be_bytes(), body].concat()
    }

    /// The body of a row.
    fn row(fields: &[Option<&[u8]>]) -> Vec<u8> {
        let mut body = u16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
        for field in fields {
            let length = field.map_or(-1, |field| i32::try_from(field.len()).unwrap());
            body.extend_from_slice(&length.to_be_bytes());
            body.extend_from_slice(field.unwrap_or_default());
        }
        body
    }

    /// The description of columns of these types.
    fn described(types: &[u32]) -> Vec<u8> {
        let mut body = u16::try_from(types.len()).unwrap().to_be_bytes().to_vec();
        for number in types {
            body.extend_from_slice(b"name\0\0\0\0\0\0\0");
            body.extend_from_slice(&number.to_be_bytes());
            body.extend_from_slice(&[0; 8]);
        }
        body
    }

    #[test]
    fn a_long_row_is_taken_aside() {
        let text = "word ".repeat(LONG / 5);
        let (digits, bytes) = (format!("\\x{}", "00ff7a".repeat(LONG / 3)), [0, 0xff, 0x7a].repeat(LONG / 3));
        let long = row(&[Some(text.as_bytes()), None, Some(digits.as_bytes()), Some(b""), Some(b"\\x")]);
        let short = message(b'D', &row(&[Some(b"short"), None, None, None, None]));
        let sent = [
            message(b'T', &described(&[25, 17, 17, 25, 17])),
            short.clone(),
            message(b'D', &long),
            short.clone(),
            message(b'N', b"SNOTE\0"),
            message(b'D', &long),
            message(b'C', b"SELECT 4\0"),
        ];
        let stand_in = message(b'D', &row(&[Some(&[0xff]), None, None, None, None]));
        let whole = |text: &str| Some(Field::Text(text.as_bytes().to_vec()));
        let expected =
            LongRow(vec![whole(&text), None, Some(Field::Bytes(bytes)), whole(""), Some(Field::Bytes(Vec::new()))]);
        let given = [&sent[0], &short, &stand_in, &short, &stand_in, &sent[6]].map(Vec::as_slice).concat();
        for size in [997, 1000, 65_536, BUFFER] {
            let (mut watch, mut got, mut taken) = (watch(), Vec::new(), 0);
            for chunk in sent.concat().chunks(size) {
                got.extend(pass(&mut watch, chunk).unwrap());
                if let Some(row) = seen(&watch.witness).take_long() {
                    assert!(row == expected, "{size}");
                    taken += 1;
                }
            }
            assert!(got == given && taken == 2, "{size}");
        }
    }

    #[test]
    fn a_long_row_that_cannot_be_is_refused() {
        let text = vec![b'0'; LONG];
        let cut = |body: &[u8], most: usize| body[..body.len() - most].to_vec();
        let whole = row(&[Some(&text), Some(b"\\x00")]);
        let mut too_long = whole.clone();
        too_long[2..6].copy_from_slice(&u32::MAX.saturating_div(2).to_be_bytes());
        for (story, types, body) in [
            ("not described", &[][..], whole.clone()),
            ("too few fields", &[25, 17, 25], whole.clone()),
            ("too many fields", &[25], whole.clone()),
            ("cut short", &[25, 17], cut(&whole, 1)),
            ("a field is missing", &[25, 17], cut(&whole, 8)),
            ("more than the fields", &[25, 17], [&whole[..], b"more"].concat()),
            ("a value longer than its row", &[25, 17], too_long),
            ("no prefix", &[17, 17], whole.clone()),
            ("half a byte", &[25, 17], row(&[Some(&text), Some(b"\\x001")])),
            ("no digit", &[25, 17], row(&[Some(&text), Some(b"\\x0G")])),
            ("no digits at all", &[25, 17], row(&[Some(&text), Some(b"")])),
            ("a negative length", &[25, 17], [&cut(&whole, 8)[..], &[0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0]].concat()),
        ] {
            let mut watch = watch();
            let described = if types.is_empty() { Vec::new() } else { message(b'T', &described(types)) };
            pass(&mut watch, &described).unwrap();
            let sent = message(b'D', &body);
            let refused = sent.chunks(BUFFER).any(|chunk| pass(&mut watch, chunk).is_err());
            assert!(refused, "{story}");
            assert_eq!(seen(&watch.witness).take_long(), None, "{story}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_before_it_is_received() {
        for bytes in [
            &[b'd', 0x7f, 0xff, 0xff, 0xff][..],
            &[b'd', 0, 0, 0, 3],
            &[b'E', 0x10, 0, 0, 0],
            &[b'D', 0, 0, 0, 6, 0, 1],
            &[b'T', 0, 0, 0, 4],
            &[b'R', 0, 0, 0, 8, 0, 0, 0, 3],
        ] {
            assert!(pass(&mut watch(), bytes).is_err(), "{bytes:?}");
        }
    }
}
