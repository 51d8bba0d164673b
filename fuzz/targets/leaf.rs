#![no_main]

use dbsnap::codec::{KeyOrder, KeySpec};
use dbsnap::hash::Hash;
use dbsnap::store::{Object, ObjectKind, Objects, StoreError};
use dbsnap::tree::{DELTA, LEAF, LeafReader};
use libfuzzer_sys::fuzz_target;

/// Every name is that of the same bytes: a leaf may be a delta of itself.
struct Same<'b>(ObjectKind, &'b [u8]);

impl Objects for Same<'_> {
    fn get(&self, _: &Hash) -> Result<Object, StoreError> {
        Ok(Object { kind: self.0, bytes: self.1.to_vec() })
    }

    fn kind(&self, _: &Hash) -> Option<ObjectKind> {
        Some(self.0)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let name = Hash::parse_hex(&"0".repeat(64)).unwrap();
    for kind in [LEAF, DELTA] {
        let _ = LeafReader::new(&Same(kind, bytes), 1 << 20).load(&name);
    }
});
