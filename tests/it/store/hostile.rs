//! Packs and files made to hurt: each is an error, in bounded time and memory.

use super::format::{Stored, compress, directory, pack, plant, stored};
use super::shelf::{machine, open};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Objects, StoreError};
use zstd::zstd_safe::CParameter;

/// A store with one pack that holds one object; the object must not be readable, and the check must say so.
fn refused(object: Stored) -> String {
    let machine = machine();
    let objects = [object];
    plant(&machine, &pack(&objects, &directory(&objects)));
    let store = open(&machine, Access::Read).unwrap();
    let report = store.check(&Silent).unwrap();
    assert_eq!(report.lost, [objects[0].id]);
    match store.get(&objects[0].id) {
        Err(StoreError::Damaged { reason, .. }) => reason,
        other => panic!("it was read: {:?}", other.map(|o| o.bytes.len())),
    }
}

#[test]
fn bombs_are_refused() {
    let id = Hash::of(b"bomb");
    let zeros = vec![0u8; 200 << 20];
    let bomb = compress(&zeros, &[]);
    assert!(bomb.len() < 10_000);
    // The directory declares less, or more, than the frame holds; or the frame itself lies.
    for raw_len in [0, 1, 100, (200 << 20) - 1, (200 << 20) + 1, u64::from(u32::MAX)] {
        refused(Stored { id, kind: 1, frame: bomb.clone(), raw_len });
    }
    let mut lying = compress(&vec![0u8; 1000], &[]);
    assert_eq!(lying[4] >> 6, 1, "the content size has two bytes");
    lying[5..7].copy_from_slice(&(100u16).to_le_bytes());
    refused(Stored { id, kind: 1, frame: lying, raw_len: 356 });
    let four_gigabytes = [0x28, 0xb5, 0x2f, 0xfd, 0x84, 0x58, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0];
    assert!(
        refused(Stored { id, kind: 1, frame: four_gigabytes.to_vec(), raw_len: u64::from(u32::MAX) })
            .contains("cannot hold")
    );
}

#[test]
fn frames_that_break_the_rules_are_refused() {
    let raw: Vec<u8> = (0..12u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let id = Hash::of(&raw);
    let raw_len = raw.len() as u64;
    let with = |parameters: &[CParameter]| Stored { id, kind: 1, frame: compress(&raw, parameters), raw_len };
    assert!(
        refused(with(&[CParameter::WindowLog(27), CParameter::EnableLongDistanceMatching(true)])).contains("window")
    );
    assert!(refused(with(&[CParameter::ChecksumFlag(false)])).contains("checksum"));
    assert!(refused(with(&[CParameter::ContentSizeFlag(false)])).contains("length"));
    let mut two = compress(b"one", &[]);
    two.extend_from_slice(&compress(b"two", &[]));
    refused(Stored { id, kind: 1, frame: two, raw_len: 3 });
    let mut skippable = vec![0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4];
    skippable.extend_from_slice(&compress(b"one", &[]));
    refused(Stored { id, kind: 1, frame: skippable, raw_len: 3 });
    refused(Stored { id, kind: 1, frame: Vec::new(), raw_len: 0 });
    refused(Stored { id, kind: 1, frame: b"no frame at all".to_vec(), raw_len: 3 });
}

#[test]
fn directories_that_lie_are_refused() {
    let objects = [stored(b"one"), stored(b"two")];
    let honest = directory(&objects);
    let mut lies: Vec<Vec<u8>> = vec![
        Vec::new(),
        vec![0xff; 10],
        [&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..], &honest[1..]].concat(),
        [&[1][..], &honest[1..]].concat(),
        [&honest[..], b"x"].concat(),
        honest[..honest.len() - 1].to_vec(),
        vec![0; 100 << 20],
    ];
    let mut longer = honest.clone();
    longer[1 + 33] += 1;
    lies.push(longer);
    for lie in lies {
        let machine = machine();
        let path = plant(&machine, &pack(&objects, &lie));
        let store = open(&machine, Access::Write).unwrap();
        assert!(matches!(store.get(&objects[0].id), Err(StoreError::Missing(_))));
        let report = store.check(&Silent).unwrap();
        assert!(report.damage.iter().any(|damage| damage.path == path));
    }
}

#[test]
fn random_bytes_in_place_of_a_pack_are_refused() {
    let mut machine = Simulated::new();
    for seed in 0..300u64 {
        if seed % 50 == 0 {
            machine = super::shelf::machine();
        }
        let mut bytes: Vec<u8> = Vec::new();
        for block in 0..seed % 9 {
            bytes.extend_from_slice(Hash::of(&[seed.to_le_bytes(), block.to_le_bytes()].concat()).as_bytes());
        }
        if seed % 2 == 0 {
            bytes.splice(0..0, *b"DBSNPAK1");
            bytes.extend_from_slice(b"DBSNPAKE");
        }
        let path = plant(&machine, &bytes);
        let report = open(&machine, Access::Read).unwrap().check(&Silent).unwrap();
        assert!(report.damage.iter().any(|damage| damage.path == path));
    }
}
