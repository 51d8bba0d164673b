//! Bytes of any length as key bytes: escaped so that a prefix sorts before what it is a prefix of.

/// Closes escaped bytes. `00` inside them is followed by `ff`, so this sorts before every continuation.
const CLOSE: [u8; 2] = [0x00, 0x01];

/// Appends `bytes`, each `00` as `00 ff`, closed by `00 01`.
pub(super) fn put_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    // Text with NUL is rare: one search and one copy in the usual case.
    if bytes.contains(&0) {
        for &byte in bytes {
            put_byte(byte, out);
        }
    } else {
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(&CLOSE);
}

/// As [`put_escaped`], with ASCII letters folded to lower case first.
pub(super) fn put_folded(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        put_byte(byte.to_ascii_lowercase(), out);
    }
    out.extend_from_slice(&CLOSE);
}

/// `bytes` up to its last byte that is not a space.
pub(super) fn without_trailing_spaces(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|&byte| byte != b' ').map_or(0, |last| last + 1);
    &bytes[..end]
}

fn put_byte(byte: u8, out: &mut Vec<u8>) {
    out.push(byte);
    if byte == 0 {
        out.push(0xff);
    }
}
