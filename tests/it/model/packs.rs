//! The directories of packs, read as `docs/FORMAT.md` describes them and not by the store.

use super::world::ROOT;
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use std::path::{Path, PathBuf};

pub struct Pack {
    pub path: PathBuf,
    pub objects: Vec<Packed>,
}

/// An object in a pack and the length of its frame.
pub struct Packed {
    pub id: Hash,
    pub len: u64,
}

/// All packs of the store in `machine`.
pub fn packs(machine: &Simulated) -> Vec<Pack> {
    let dir = Path::new(ROOT).join("packs");
    let paths = machine.paths().into_iter().filter(|path| path.parent() == Some(&dir));
    paths.map(|path| Pack { objects: directory(&machine.read(&path).unwrap()), path }).collect()
}

/// The objects of a pack, in file order.
pub fn directory(pack: &[u8]) -> Vec<Packed> {
    let trailer = pack.len() - 48;
    let length = |at: usize| u32::from_le_bytes(pack[at..at + 4].try_into().unwrap()) as usize;
    let frame = &pack[trailer - length(trailer)..trailer];
    let bytes = zstd::bulk::decompress(frame, length(trailer + 4)).unwrap();
    let mut rest = &bytes[..];
    let number = uvarint(&mut rest);
    (0..number)
        .map(|_| {
            let id = Hash::from_slice(&rest[..32]).unwrap();
            rest = &rest[33..];
            let len = uvarint(&mut rest);
            uvarint(&mut rest);
            Packed { id, len }
        })
        .collect()
}

fn uvarint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 127) << shift;
        if byte < 128 {
            return value;
        }
    }
    value
}
