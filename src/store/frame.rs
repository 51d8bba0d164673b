//! Frames: one object, compressed by zstd with its length and a checksum.

use super::{Frame, ObjectKind, StoreError};
use crate::hash::Hash;
use std::cell::RefCell;
use std::io;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{
    CParameter, DCtx, InBuffer, OutBuffer, compress_bound, find_frame_compressed_size, get_error_name,
};

/// The longest object and the longest frame, in bytes: lengths are kept in 32 bits.
pub const MAX_OBJECT_LEN: u64 = u32::MAX as u64;

/// The most a frame may ask a reader to keep of what it has decoded: 8 MiB.
const MAX_WINDOW: u64 = 1 << 23;
/// A block of a frame takes at least four bytes and gives at most 128 KiB.
const MAX_RATIO: u64 = (128 << 10) / 4;
/// Of the levels up to 19, the lowest that parses as well as zstd can: the higher ones take up to twice the time for
/// 0.3 %.
const HARD_LEVEL: i32 = 16;
/// Bytes of room for a frame that a thread keeps. A longer one is decompressed piece by piece.
pub(super) const MOST_ROOM: usize = 4 << 20;
/// Bytes of a long frame that are decompressed at once.
const PIECE: usize = 128 << 10;

pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

thread_local! {
    // Contexts are large (the compressor's tables are about a megabyte) and reused: one of each per thread.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static HARD_COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    /// Where a frame is made before it is known how long it is.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

impl Frame {
    /// The level of zstd that frames are compressed with unless there is a reason for another.
    pub const LEVEL: i32 = 3;

    /// Compresses `raw` (at most [`MAX_OBJECT_LEN`] bytes) at `level`, which is brought within 1 to 19: the levels
    /// above need more memory to read than a reader allows.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`]; [`StoreError::Io`] if zstd has no memory.
    pub fn compress(id: Hash, kind: ObjectKind, raw: &[u8], level: i32) -> Result<Frame, StoreError> {
        let raw_len = raw.len() as u64;
        let stored = encode(raw, level)?;
        Ok(Frame { id, kind, raw_len, stored })
    }

    /// The same object compressed as hard as pays, or as it is if that makes it no shorter. `raw` are its bytes.
    pub(super) fn compress_hard(self, raw: &[u8]) -> Result<Frame, StoreError> {
        let stored = HARD_COMPRESSOR.with_borrow_mut(|slot| {
            let compressor = match slot {
                Some(compressor) => compressor,
                None => slot.insert(new_compressor(HARD_LEVEL)?),
            };
            compress_with(compressor, raw)
        });
        let stored = stored.map_err(no_memory)?;
        Ok(if stored.len() < self.stored.len() { Frame { stored, ..self } } else { self })
    }

    /// The decompressed bytes, checked as [`StoreError::Damaged`] says; `id` is the caller's to check.
    ///
    /// # Errors
    /// The reason, if the frame is not a whole zstd frame of the declared length with a right checksum.
    pub fn decompress(&self) -> Result<Vec<u8>, String> {
        decode(&self.stored, self.raw_len)
    }
}

/// `raw` as one zstd frame.
pub(super) fn encode(raw: &[u8], level: i32) -> Result<Vec<u8>, StoreError> {
    let len = raw.len() as u64;
    if len > MAX_OBJECT_LEN {
        return Err(StoreError::TooLarge { what: "an object", len, limit: MAX_OBJECT_LEN });
    }
    let stored = COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            None => {
                let compressor = slot.insert(new_compressor(level)?);
                // Tables that fit the nearest cache: on leaves of 256 KiB half as fast again as level 3's own, for 0.5
                // % more bytes.
                compressor.set_parameter(CParameter::HashLog(14))?;
                compressor.set_parameter(CParameter::ChainLog(13))?;
                compressor
            }
        };
        compressor.set_parameter(CParameter::CompressionLevel(level.clamp(1, 19)))?;
        compress_with(compressor, raw)
    });
    stored.map_err(no_memory)
}

fn no_memory(source: io::Error) -> StoreError {
    StoreError::Io { action: "compress an object for", path: "packs".into(), source }
}

fn new_compressor(level: i32) -> io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(level)?;
    compressor.set_parameter(CParameter::ChecksumFlag(true))?;
    compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
    // Shorter matches are mostly chance in columns of digits: at level 3 7 % faster for 0.7 % more bytes, at level 16
    // smaller as well; and faster to read at either.
    compressor.set_parameter(CParameter::MinMatch(6))?;
    Ok(compressor)
}

fn compress_with(compressor: &mut Compressor<'static>, raw: &[u8]) -> io::Result<Vec<u8>> {
    let bound = compress_bound(raw.len());
    if bound > MOST_ROOM {
        let mut stored = compressor.compress(raw)?;
        stored.shrink_to_fit();
        return Ok(stored);
    }
    ROOM.with_borrow_mut(|room| {
        room.clear();
        room.reserve(bound);
        compressor.compress_to_buffer(raw, room)?;
        Ok(room.clone())
    })
}

/// The bytes in a frame. `raw_len` is what the directory says of them; nothing longer is ever produced, and no more
/// than that is allocated.
pub(super) fn decode(stored: &[u8], raw_len: u64) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    decode_into(stored, raw_len, &mut raw)?;
    Ok(raw)
}

/// As [`decode`], in place of what is in `raw`.
pub(super) fn decode_into(stored: &[u8], raw_len: u64, raw: &mut Vec<u8>) -> Result<(), String> {
    check_header(stored, stored.len() as u64, raw_len)?;
    if find_frame_compressed_size(stored) != Ok(stored.len()) {
        return Err(OTHER_END.to_owned());
    }
    make_room(raw, raw_len)?;
    DECOMPRESSOR
        .with_borrow_mut(|slot| {
            let decompressor = match slot {
                Some(decompressor) => decompressor,
                None => slot.insert(Decompressor::new()?),
            };
            decompressor.decompress_to_buffer(stored, raw)
        })
        .map_err(|e| format!("the frame cannot be decompressed ({e})"))?;
    check_length(raw.len() as u64, raw_len)
}

const OTHER_END: &str = "the frame does not end where the directory says";

fn check_length(found: u64, raw_len: u64) -> Result<(), String> {
    if found == raw_len { Ok(()) } else { Err(format!("the frame holds {found} bytes, the directory says {raw_len}")) }
}

/// Empties `raw` and makes room for as many bytes in it.
pub(super) fn make_room(raw: &mut Vec<u8>, raw_len: u64) -> Result<(), String> {
    let len = usize::try_from(raw_len).map_err(|_| "its length is out of range".to_owned())?;
    raw.clear();
    raw.try_reserve_exact(len).map_err(|_| format!("there is no memory for {len} bytes"))
}

/// A frame that is decompressed piece by piece, for long ones: neither the frame nor its content is held as a whole.
/// The checks are those of [`decode`].
pub(super) struct Pieces {
    context: DCtx<'static>,
    piece: Vec<u8>,
    raw_len: u64,
    made: u64,
    ended: bool,
}

impl Pieces {
    /// A frame of `stored_len` bytes that begins with `start`.
    ///
    /// # Errors
    /// The reason, if it must be refused.
    pub(super) fn new(start: &[u8], stored_len: u64, raw_len: u64) -> Result<Pieces, String> {
        check_header(start, stored_len, raw_len)?;
        let context = DCtx::try_create().ok_or("there is no memory to decompress it")?;
        Ok(Pieces { context, piece: Vec::with_capacity(PIECE), raw_len, made: 0, ended: false })
    }

    /// Gives what the next bytes of the frame hold to `take`.
    ///
    /// # Errors
    /// The reason, if they are not those of such a frame.
    pub(super) fn push(&mut self, stored: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        let mut input = InBuffer::around(stored);
        while !self.ended {
            let mut output = OutBuffer::around(&mut self.piece);
            let left = self.context.decompress_stream(&mut output, &mut input);
            let left = left.map_err(|code| format!("the frame cannot be decompressed ({})", get_error_name(code)))?;
            self.made += self.piece.len() as u64;
            if self.made > self.raw_len {
                return check_length(self.made, self.raw_len);
            }
            take(&self.piece);
            self.ended = left == 0;
            if !self.ended && self.piece.len() < PIECE && input.pos() == stored.len() {
                return Ok(());
            }
        }
        if input.pos() == stored.len() { Ok(()) } else { Err(OTHER_END.to_owned()) }
    }

    /// All bytes were given.
    ///
    /// # Errors
    /// The reason, if that was not the whole frame.
    pub(super) fn end(self) -> Result<(), String> {
        if self.ended { check_length(self.made, self.raw_len) } else { Err(OTHER_END.to_owned()) }
    }
}

/// Refuses a frame before anything is allocated for it: one that is not a single frame with checksum and content size,
/// whose window is too large, or whose declared length its bytes cannot hold. It has `stored_len` bytes and begins with
/// `stored`.
fn check_header(stored: &[u8], stored_len: u64, raw_len: u64) -> Result<(), String> {
    let header = Header::parse(stored).ok_or("it is not a zstd frame")?;
    if !header.checksum {
        return Err("the frame has no checksum".to_owned());
    }
    if header.dictionary {
        return Err("the frame needs a dictionary".to_owned());
    }
    if header.window > MAX_WINDOW {
        return Err(format!("the frame needs a window of {} bytes", header.window));
    }
    if header.content_size != Some(raw_len) {
        return Err("the frame's length is not the directory's".to_owned());
    }
    if raw_len > MAX_OBJECT_LEN || raw_len > stored_len.saturating_mul(MAX_RATIO) {
        return Err(format!("{stored_len} bytes cannot hold {raw_len}"));
    }
    Ok(())
}

/// The header of a zstd frame (RFC 8878, section 3.1.1.1).
struct Header {
    checksum: bool,
    dictionary: bool,
    window: u64,
    content_size: Option<u64>,
}

impl Header {
    fn parse(stored: &[u8]) -> Option<Header> {
        let rest = stored.strip_prefix(&MAGIC)?;
        let (&descriptor, rest) = rest.split_first()?;
        let single_segment = descriptor & 0x20 != 0;
        let (window, rest) = if single_segment { (None, rest) } else { (Some(*rest.first()?), rest.get(1..)?) };
        let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let rest = rest.get(dictionary_len..)?;
        let size_len = match descriptor >> 6 {
            0 => usize::from(single_segment),
            log => 1 << log,
        };
        let mut bytes = [0u8; 8];
        bytes[..size_len].copy_from_slice(rest.get(..size_len)?);
        let declared = u64::from_le_bytes(bytes) + if size_len == 2 { 256 } else { 0 };
        let content_size = (size_len > 0).then_some(declared);
        let window = match window {
            Some(byte) => {
                let base = 1u64 << (10 + (byte >> 3));
                base + base / 8 * u64::from(byte & 7)
            }
            None => declared,
        };
        let reserved = descriptor & 0x08 != 0;
        (!reserved).then_some(Header {
            checksum: descriptor & 0x04 != 0,
            dictionary: descriptor & 3 != 0,
            window,
            content_size,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(raw: &[u8], level: i32) -> Frame {
        Frame::compress(Hash::of(raw), ObjectKind(1), raw, level).unwrap()
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(raw in proptest::collection::vec(0..4u8, 0..3000), level in -5..25i32) {
            let frame = frame(&raw, level);
            prop_assert_eq!(frame.raw_len, raw.len() as u64);
            prop_assert_eq!(frame.decompress().unwrap(), raw);
        }

        #[test]
        fn any_bytes_are_a_frame_or_an_error(stored in proptest::collection::vec(any::<u8>(), 0..200), raw_len: u32) {
            let with_magic = [&MAGIC[..], &stored].concat();
            let _ = decode(&stored, u64::from(raw_len));
            let _ = decode(&with_magic, u64::from(raw_len % 5000));
        }
    }

    #[test]
    fn no_flipped_bit_goes_unseen() {
        let raw: Vec<u8> = (0..400u32).flat_map(|n| format!("row {n} {}\n", n * n % 97).into_bytes()).collect();
        let whole = frame(&raw, 3);
        for bit in 0..whole.stored.len() * 8 {
            let mut flipped = whole.clone();
            flipped.stored[bit / 8] ^= 1 << (bit % 8);
            // One bit of the window's size means nothing to a frame that does not look back that far.
            assert!(flipped.decompress().map_or(true, |read| read == raw), "bit {bit}");
        }
        for len in 0..whole.stored.len() {
            let cut = Frame { stored: whole.stored[..len].to_vec(), ..whole.clone() };
            assert!(cut.decompress().is_err());
        }
    }

    fn in_pieces(stored: &[u8], raw_len: u64, most: usize) -> Result<Vec<u8>, String> {
        let mut raw = Vec::new();
        let mut pieces = Pieces::new(&stored[..stored.len().min(most)], stored.len() as u64, raw_len)?;
        for piece in stored.chunks(most) {
            pieces.push(piece, &mut |bytes| raw.extend_from_slice(bytes))?;
        }
        pieces.end().map(|()| raw)
    }

    #[test]
    fn pieces_are_read_and_refused_as_the_whole_is() {
        let raw: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let whole = frame(&raw, 3);
        let behind = [&whole.stored[..], b"x"].concat();
        let mut flipped = whole.stored.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for most in [20, 1000, whole.stored.len(), 1 << 20] {
            assert!(in_pieces(&whole.stored, whole.raw_len, most).unwrap() == raw, "{most}");
            for (stored, raw_len) in [
                (&whole.stored[..], whole.raw_len - 1),
                (&whole.stored[..whole.stored.len() - 1], whole.raw_len),
                (&behind, whole.raw_len),
                (&flipped, whole.raw_len),
            ] {
                assert!(in_pieces(stored, raw_len, most).is_err(), "{most}: {} {raw_len}", stored.len());
            }
        }
    }

    #[test]
    fn large_objects_keep_to_the_window() {
        let raw: Vec<u8> = (0..20_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 28) as u8).collect();
        for level in [1, 3, 19] {
            let frame = frame(&raw, level);
            assert!(Header::parse(&frame.stored).unwrap().window <= MAX_WINDOW);
            assert!(frame.decompress().unwrap() == raw);
        }
    }
}
