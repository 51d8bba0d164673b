//! The bytes of the format, against a second writer made from `docs/FORMAT.md` alone, and pinned.

use super::shelf::{ROOT, machine, open};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Frame, NewObjects, ObjectKind, Objects, StoreError};
use std::path::{Path, PathBuf};
use zstd::zstd_safe::CParameter;

/// One object as a pack holds it: id, kind, frame, and the length that the directory declares.
pub struct Stored {
    pub id: Hash,
    pub kind: u8,
    pub frame: Vec<u8>,
    pub raw_len: u64,
}

pub fn compress(raw: &[u8], parameters: &[CParameter]) -> Vec<u8> {
    let mut compressor = zstd::bulk::Compressor::new(3).unwrap();
    compressor.set_parameter(CParameter::ChecksumFlag(true)).unwrap();
    parameters.iter().for_each(|p| compressor.set_parameter(*p).unwrap());
    compressor.compress(raw).unwrap()
}

pub fn stored(raw: &[u8]) -> Stored {
    Stored { id: Hash::of(raw), kind: 1, frame: compress(raw, &[]), raw_len: raw.len() as u64 }
}

fn uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value > 127 {
        out.push((value & 127) as u8 | 128);
        value >>= 7;
    }
    out.push(value as u8);
}

pub fn directory(objects: &[Stored]) -> Vec<u8> {
    let mut out = Vec::new();
    uvarint(&mut out, objects.len() as u64);
    for object in objects {
        out.extend_from_slice(object.id.as_bytes());
        out.push(object.kind);
        uvarint(&mut out, object.frame.len() as u64);
        uvarint(&mut out, object.raw_len);
    }
    out
}

/// A pack as section 5 describes it.
pub fn pack(objects: &[Stored], directory: &[u8]) -> Vec<u8> {
    let mut out = b"DBSNPAK1".to_vec();
    objects.iter().for_each(|object| out.extend_from_slice(&object.frame));
    let frame = compress(directory, &[]);
    out.extend_from_slice(&frame);
    out.extend_from_slice(&(frame.len() as u32).to_le_bytes());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(Hash::of(&frame).as_bytes());
    out.extend_from_slice(b"DBSNPAKE");
    out
}

/// Puts a pack into a store, under the name that its bytes have.
pub fn plant(machine: &Simulated, bytes: &[u8]) -> PathBuf {
    let path = Path::new(ROOT).join(format!("packs/{}.pack", Hash::of(bytes)));
    machine.put(&path, bytes);
    path
}

#[test]
fn a_pack_from_another_writer_is_read() {
    let machine = machine();
    let objects = [stored(b"one"), stored(b""), stored(&[7; 300_000])];
    plant(&machine, &pack(&objects, &directory(&objects)));
    let store = open(&machine, Access::Read).unwrap();
    assert_eq!(store.get(&Hash::of(b"one")).unwrap().bytes, b"one");
    assert_eq!(store.get(&Hash::of(b"")).unwrap().bytes, b"");
    assert_eq!(store.get(&Hash::of(&[7; 300_000])).unwrap().bytes, [7; 300_000]);
    assert!(store.check(&Silent).unwrap().is_clean());
}

#[test]
fn the_pack_that_is_written_is_the_one_described() {
    let machine = machine();
    let mut store = open(&machine, Access::Write).unwrap();
    store.set_pack_size(1 << 20);
    let session = store.session().unwrap();
    let raws: [&[u8]; 3] = [b"one", b"", b"two two two two two two two two two two"];
    for raw in raws {
        session.put(Frame::compress(Hash::of(raw), ObjectKind(1), raw, 3).unwrap()).unwrap();
    }
    session.seal().unwrap();
    let objects: Vec<Stored> = raws.iter().map(|raw| stored(raw)).collect();
    let expected = pack(&objects, &directory(&objects));
    let path = Path::new(ROOT).join(format!("packs/{}.pack", Hash::of(&expected)));
    assert_eq!(machine.read(&path), Some(expected));
}

/// Stores of this version stay readable forever: these bytes never change.
#[test]
fn the_pinned_pack_is_read() {
    const PINNED: &str = "\
         4442534e50414b3128b52ffd240631000061206c65616691291ad628b52ffd240631000061206e6f646526dc7d6428b5\
         2ffd24021100007b7dd194f27a28b52ffd246a51030003ee57cd5cdb0c486b70ab8198e7b4a6f9d66b7c94c4351b53e1\
         21ddafa1f43510011306a20dee014e91c4c1501ae59bb3efa865d97e030a8a32295bb7e25c23c8ab4d2a0313066e46dd\
         10defc9b56c29a6ec56b508c21f54c08192194e4df25bf36f0c9c3c279040f02974fe928770000006a0000007e627ae2\
         f9ec136f654b19d5c6ec5e7883ed874a899bef40ab49dad601efef0e4442534e50414b45";
    let bytes: Vec<u8> =
        (0..PINNED.len() / 2).map(|i| u8::from_str_radix(&PINNED[2 * i..2 * i + 2], 16).unwrap()).collect();
    assert_eq!(Hash::of(&bytes).to_hex(), "93bbe3b1334af442a7c459a9ce4c43bfcaa1c33ad255511ec6a840d0621fca40");
    let machine = machine();
    plant(&machine, &bytes);
    let store = open(&machine, Access::Read).unwrap();
    for (raw, kind) in [(&b"a leaf"[..], 1), (b"a node", 3), (b"{}", 4)] {
        let object = store.get(&Hash::of(raw)).unwrap();
        assert_eq!((object.kind, object.bytes.as_slice()), (ObjectKind(kind), raw));
    }
}

#[test]
fn an_index_file_is_what_is_described() {
    let machine = machine();
    let objects = [stored(b"one"), stored(b"two"), stored(&[7; 300_000])];
    let bytes = pack(&objects, &directory(&objects));
    plant(&machine, &bytes);
    let mut entries: Vec<Vec<u8>> = Vec::new();
    let mut offset = 8u32;
    for object in &objects {
        let mut entry = object.id.as_bytes().to_vec();
        for word in [0, offset, object.frame.len() as u32, object.raw_len as u32] {
            entry.extend_from_slice(&word.to_le_bytes());
        }
        entry.push(object.kind);
        entries.push(entry);
        offset += object.frame.len() as u32;
    }
    entries.sort();
    let mut index = b"DBSNIDX1".to_vec();
    index.extend_from_slice(&1u32.to_le_bytes());
    index.extend_from_slice(&3u32.to_le_bytes());
    index.extend_from_slice(Hash::of(&bytes).as_bytes());
    index.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    index.extend_from_slice(&entries.concat());
    let path = Path::new(ROOT).join(format!("index/{}.idx", Hash::of(&index)));
    machine.put(&path, &index);
    let store = open(&machine, Access::Read).unwrap();
    assert!(store.check(&Silent).unwrap().is_clean());
    assert_eq!(store.get(&Hash::of(b"two")).unwrap().bytes, b"two");
    // An index that says something else than the pack is noticed, and what it gives out wrongly is not.
    let stale = [&index[..index.len() - 49 * 3], &entries[0], &entries[1]].concat();
    let mut stale = stale;
    stale[12] = 2;
    machine.lose(&path);
    machine.put(&Path::new(ROOT).join(format!("index/{}.idx", Hash::of(&stale))), &stale);
    assert!(!open(&machine, Access::Read).unwrap().check(&Silent).unwrap().is_clean());
}

#[test]
fn an_unknown_format_is_refused() {
    for (content, found) in [
        (&b"dbsnap store 2\n"[..], "2"),
        (b"dbsnap store 1", "1"),
        (b"dbsnap store 1\n\n", "1"),
        (b"99\n", "99"),
        (b"", "unreadable"),
        (b"dbsnap store \x1b[31m\n", "unreadable"),
        (&[b'x'; 5000], "unreadable"),
    ] {
        let machine = machine();
        machine.put(&Path::new(ROOT).join("format"), content);
        for access in [Access::Read, Access::Write, Access::Exclusive] {
            match open(&machine, access) {
                Err(StoreError::UnknownFormat { found: f, .. }) => assert_eq!(f, found),
                other => panic!("{other:?}"),
            }
        }
        assert!(matches!(super::shelf::init(&machine), Err(StoreError::UnknownFormat { .. })));
    }
}
