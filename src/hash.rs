//! Object names: BLAKE3 hashes, 32 bytes, shown as lower-case hex.

mod many;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A BLAKE3 hash (32 bytes) that names a row, a tree object, a pack or a manifest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash([u8; Hash::LEN]);

impl Hash {
    /// Length of a hash in bytes.
    pub const LEN: usize = 32;
    /// Hex digits shown when a hash is printed for people.
    pub const SHORT: usize = 8;

    /// Hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// The hashes of `inputs`, in their order: [`Hash::of`] each, several at once.
    pub fn of_each(inputs: &[&[u8]]) -> Vec<Hash> {
        many::of_each(inputs)
    }

    /// A hash from its 32 raw bytes.
    pub const fn from_bytes(bytes: [u8; Hash::LEN]) -> Hash {
        Hash(bytes)
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; Hash::LEN] {
        &self.0
    }

    /// A hash from the first 32 bytes of `slice`; `None` unless there are exactly 32.
    pub fn from_slice(slice: &[u8]) -> Option<Hash> {
        slice.try_into().ok().map(Hash)
    }

    /// All 64 hex digits, lower case.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// The first eight hex digits: what is shown to people and accepted as a reference.
    pub fn short(self) -> String {
        let mut hex = self.to_hex();
        hex.truncate(Hash::SHORT);
        hex
    }

    /// Parses 64 hex digits of either case; `None` for anything else.
    pub fn parse_hex(text: &str) -> Option<Hash> {
        HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok().map(Hash)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", self.short())
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        let text = String::deserialize(deserializer)?;
        Hash::parse_hex(&text).ok_or_else(|| de::Error::custom("a hash is 64 hex digits"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Hash {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Hash".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "A BLAKE3 hash in hex digits.",
        })
    }
}

/// Hashes bytes that arrive in pieces.
#[derive(Clone, Default)]
pub struct Hasher(blake3::Hasher);

impl Hasher {
    /// A hasher that has seen nothing.
    pub fn new() -> Hasher {
        Hasher::default()
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) -> &mut Hasher {
        self.0.update(bytes);
        self
    }

    /// The hash of everything added so far.
    pub fn finish(&self) -> Hash {
        Hash(*self.0.finalize().as_bytes())
    }
}
