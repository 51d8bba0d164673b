//! Compressing harder what has been there for a while.

use super::format::{Stored, directory, pack, plant, stored};
use super::shelf::{ROOT, machine, open, publish, snap, verify};
use super::sweep::{live, sweep, verify_all};
use crate::model::packs::packs;
use crate::tree::model::Dice;
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::{Monitor, Silent};
use dbsnap::store::{
    Access, ColdPack, Frame, Live, NewObjects, NoSources, ObjectKind, Objects, Recompressed, StoreError,
};
use dbsnap::tree::LeafForms;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// As `docs/FORMAT.md` has it.
const MARK: &[u8] = b"dbsnap hard pack 1\n";

/// Words of which a harder look finds more again.
fn prose(number: u64) -> &'static [u8] {
    static PROSE: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    let words = || -> Vec<String> { (0..90).map(|at| format!("w{}x{} ", at * at % 71, at * 7 % 13)).collect() };
    let text = |number, words: &[String]| {
        let mut dice = Dice(number);
        (0..1500)
            .map(|_| words[(dice.roll(90) * dice.roll(90) / 90) as usize].as_str())
            .collect::<String>()
            .into_bytes()
    };
    &PROSE.get_or_init(|| (0..6).map(|number| text(number, &words())).collect())[number as usize]
}

/// A store with three packs of two long objects each; their ids.
fn shelf() -> (Simulated, Vec<Hash>) {
    let machine = machine();
    let mut ids = Vec::new();
    for at in 0..3 {
        let mut store = open(&machine, Access::Write).unwrap();
        store.set_pack_size(1 << 20);
        let session = store.session().unwrap();
        for number in [at * 2, at * 2 + 1] {
            let raw = prose(number);
            ids.push(Hash::of(raw));
            session.put(Frame::compress(ids[ids.len() - 1], ObjectKind(1), raw, Frame::LEVEL).unwrap()).unwrap();
        }
        session.seal().unwrap();
    }
    (machine, ids)
}

fn are_there(machine: &Simulated, ids: &[Hash], story: &str) {
    let store = open(machine, Access::Read).unwrap();
    for (number, id) in ids.iter().enumerate() {
        let object = store.get(id).unwrap_or_else(|error| panic!("{story}: object {number}: {error}"));
        assert!(object.bytes == prose(number as u64) && object.kind == ObjectKind(1), "{story}: object {number}");
    }
    let report = store.check(&Silent).unwrap();
    assert!(report.is_clean(), "{story}: {:?}", report.damage);
}

fn recompress(machine: &Simulated) -> Result<Recompressed, StoreError> {
    let store = open(machine, Access::Exclusive)?;
    let cold = store.cold_packs(None)?;
    store.recompress(&cold, &NoSources, &Silent)
}

fn cold(machine: &Simulated) -> Vec<ColdPack> {
    open(machine, Access::Read).unwrap().cold_packs(None).unwrap()
}

/// Sweeps with everything in `ids` live.
fn tidy(machine: &Simulated, ids: &[Hash]) {
    let store = open(machine, Access::Exclusive).unwrap();
    let live: Live = ids.iter().copied().collect();
    store.sweep(&store.plan_sweep(&live, &Silent).unwrap(), &Silent).unwrap();
}

fn paths(machine: &Simulated) -> BTreeSet<PathBuf> {
    packs(machine).into_iter().map(|pack| pack.path).collect()
}

#[test]
fn packs_come_back_smaller_with_the_same_objects_and_only_once() {
    let (machine, ids) = shelf();
    let before = machine.used();
    let done = recompress(&machine).unwrap();
    assert_eq!((done.before.files, done.after.files), (3, 3));
    assert!(done.after.bytes * 100 < done.before.bytes * 95, "{done:?}");
    assert!(machine.used() < before);
    are_there(&machine, &ids, "after");
    let mark = Hash::of(MARK);
    for pack in packs(&machine) {
        let held: Vec<Hash> = pack.objects.iter().map(|object| object.id).collect();
        let first = ids.iter().position(|id| *id == held[1]).unwrap();
        assert_eq!(held, [mark, ids[first], ids[first + 1]]);
    }
    assert_eq!(open(&machine, Access::Read).unwrap().get(&mark).unwrap().bytes, MARK);
    let hard = paths(&machine);
    assert!(cold(&machine).is_empty());
    assert_eq!(recompress(&machine).unwrap(), Recompressed::default());
    tidy(&machine, &ids);
    assert_eq!(paths(&machine), hard);
}

#[test]
fn what_was_written_later_is_not_cold() {
    let (machine, _) = shelf();
    let store = open(&machine, Access::Read).unwrap();
    let written = SystemTime::UNIX_EPOCH;
    assert!(store.cold_packs(Some(written)).unwrap().is_empty());
    assert_eq!(store.cold_packs(Some(written + Duration::from_secs(1))).unwrap().len(), 3);
    let mut store = open(&machine, Access::Read).unwrap();
    store.set_pack_size(1 << 30);
    assert!(store.cold_packs(None).unwrap().is_empty(), "tiny beside a full one");
}

#[test]
fn only_an_exclusive_store_is_compressed_harder() {
    let (machine, _) = shelf();
    let store = open(&machine, Access::Write).unwrap();
    let cold = store.cold_packs(None).unwrap();
    assert!(matches!(store.recompress(&cold, &NoSources, &Silent), Err(StoreError::NotExclusive)));
}

#[test]
fn a_power_cut_at_any_operation_of_a_recompression_loses_nothing() {
    let (machine, ids) = shelf();
    for step in 1.. {
        let cut = machine.fork();
        cut.crash_at(cut.operations() + step);
        let done = recompress(&cut);
        for seed in 0..4 {
            let after = cut.fork();
            after.reboot((seed * 977) ^ step);
            let story = format!("cut at {step}, seed {seed}");
            are_there(&after, &ids, &story);
            tidy(&after, &ids);
            recompress(&after).unwrap();
            are_there(&after, &ids, &story);
            assert!(cold(&after).is_empty(), "{story}");
            assert_eq!(packs(&after).iter().map(|pack| pack.objects.len() - 1).sum::<usize>(), ids.len(), "{story}");
        }
        if done.is_ok() {
            return;
        }
    }
}

#[test]
fn any_operation_of_a_recompression_may_fail() {
    let (machine, ids) = shelf();
    for lasting in [false, true] {
        for step in 1.. {
            let failing = machine.fork();
            let at = failing.operations() + step;
            failing.fail_at(at, ErrorKind::Other, lasting);
            let done = recompress(&failing);
            let reached = failing.operations() >= at;
            failing.heal();
            let story = format!("operation {step} fails, lasting {lasting}: {done:?}");
            for seed in 0..3 {
                let after = failing.fork();
                after.reboot(seed);
                are_there(&after, &ids, &story);
            }
            are_there(&failing, &ids, &story);
            tidy(&failing, &ids);
            recompress(&failing).unwrap();
            assert!(cold(&failing).is_empty(), "{story}");
            if !reached {
                break;
            }
        }
    }
}

#[test]
fn a_full_disk_lets_be_what_it_has_no_room_for() {
    let (machine, ids) = shelf();
    let mut full = 0;
    for room in (0..).step_by(400) {
        let machine = machine.fork();
        machine.set_capacity(Some(machine.used() + room));
        let done = recompress(&machine).unwrap_or_else(|error| panic!("{room} bytes free: {error}"));
        full += u64::from(done.out_of_space);
        are_there(&machine, &ids, &format!("{room} bytes free"));
        machine.set_capacity(None);
        recompress(&machine).unwrap();
        are_there(&machine, &ids, &format!("{room} bytes free, then more"));
        assert!(cold(&machine).is_empty());
        if !done.out_of_space {
            break;
        }
    }
    assert!(full > 10);
}

#[test]
fn a_damaged_pack_stays_as_it_is_and_the_others_do_not_wait_for_it() {
    let (machine, _) = shelf();
    let before = paths(&machine);
    let damaged = before.first().unwrap();
    let mut bytes = machine.read(damaged).unwrap();
    bytes[100] ^= 1;
    machine.put(damaged, &bytes);
    for _ in 0..2 {
        let done = recompress(&machine).unwrap();
        assert_eq!(done.damaged.iter().map(|(path, _)| path).collect::<Vec<_>>(), [damaged]);
        assert_eq!(machine.read(damaged).unwrap(), bytes);
        assert_eq!(cold(&machine).len(), 1);
    }
    assert_eq!(paths(&machine).intersection(&before).count(), 1);
}

#[test]
fn what_is_not_what_its_id_says_is_not_carried_on() {
    let machine = machine();
    let good = Stored { kind: 4, ..stored(prose(1)) };
    let wrong = Stored { kind: 4, id: Hash::of(b"something else"), ..stored(prose(2)) };
    let objects = [good, wrong];
    let path = plant(&machine, &pack(&objects, &directory(&objects)));
    let store = open(&machine, Access::Exclusive).unwrap();
    let cold = store.cold_packs(None).unwrap();
    let done = store.recompress(&cold, &LeafForms, &Silent).unwrap();
    assert_eq!(done.damaged.len(), 1, "{done:?}");
    assert!(machine.read(&path).is_some());
}

/// What another writer marked is taken for hard, whatever it looks like; and a pack without room for the mark is let
/// be.
#[test]
fn the_mark_is_that_of_the_format() {
    let machine = machine();
    let marked = [Stored { kind: 5, ..stored(MARK) }, stored(prose(1))];
    plant(&machine, &pack(&marked, &directory(&marked)));
    assert!(cold(&machine).is_empty());
    for (objects, are_cold) in [(65_535u64, 1), (65_536, 0)] {
        let machine = super::shelf::machine();
        let one = stored(b"one");
        let id = |number: u64| Hash::of(&number.to_le_bytes());
        let many = |number| Stored { id: id(number), kind: 1, frame: one.frame.clone(), raw_len: one.raw_len };
        let many: Vec<Stored> = (0..objects).map(many).collect();
        plant(&machine, &pack(&many, &directory(&many)));
        assert_eq!(cold(&machine).len(), are_cold, "{objects} objects");
    }
}

#[test]
fn what_a_sweep_leaves_of_hard_packs_is_hard() {
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    snap(&store, &(0..40).collect::<Vec<_>>()).unwrap();
    let kept = publish(&store, &(0..40).step_by(2).collect::<Vec<_>>()).unwrap();
    drop(store);
    recompress(&machine).unwrap();
    let store = open(&machine, Access::Exclusive).unwrap();
    for manifest in store.manifest_ids().unwrap().into_iter().filter(|manifest| *manifest != kept) {
        assert!(store.remove_manifest(&manifest).unwrap());
    }
    drop(store);
    // Beside them one that is not.
    let kept_too = snap(&open(&machine, Access::Write).unwrap(), &[100, 103, 106]).unwrap();
    let swept = sweep(&machine).unwrap();
    assert!(swept.packs_written > 0);
    let left = cold(&machine);
    recompress(&machine).unwrap();
    verify_all(&machine);
    let store = open(&machine, Access::Exclusive).unwrap();
    [kept, kept_too].iter().for_each(|manifest| verify(&store, manifest));
    assert!(left.len() < packs(&machine).len() && !left.is_empty());
    assert!(store.cold_packs(None).unwrap().is_empty());
    assert!(store.plan_sweep(&live(&store), &Silent).unwrap().is_empty());
}

/// A power cut can bring back a pack that is there in a hard form.
#[test]
fn of_two_copies_the_hard_one_is_kept() {
    let (machine, ids) = shelf();
    let soft: Vec<(PathBuf, Vec<u8>)> =
        paths(&machine).into_iter().map(|path| (path.clone(), machine.read(&path).unwrap())).collect();
    recompress(&machine).unwrap();
    soft.iter().for_each(|(path, bytes)| machine.put(path, bytes));
    tidy(&machine, &ids);
    assert!(cold(&machine).is_empty());
    assert_eq!(packs(&machine).len(), 3);
    are_there(&machine, &ids, "twice");
}

#[test]
fn a_mended_pack_is_not_marked() {
    let (machine, ids) = shelf();
    recompress(&machine).unwrap();
    let path = paths(&machine).into_iter().next().unwrap();
    let mut bytes = machine.read(&path).unwrap();
    let after_mark = 200;
    bytes[after_mark] ^= 1;
    machine.put(&path, &bytes);
    let mended = open(&machine, Access::Exclusive).unwrap().mend(&NoSources, false, &Silent).unwrap();
    assert_eq!((mended.packs.len(), mended.packs[0].saved, mended.packs[0].lost), (1, 1, 1));
    assert_eq!(cold(&machine).len(), 1);
    let store = open(&machine, Access::Read).unwrap();
    assert_eq!(ids.iter().filter(|id| store.get(id).is_ok()).count(), ids.len() - 1);
}

/// Interrupts after so many objects.
struct Until(AtomicU64, u64);

impl Monitor for Until {
    fn advance(&self, _: u64, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed) >= self.1
    }
}

#[test]
fn what_was_done_before_an_interruption_counts() {
    for objects in [0, 2, 4] {
        let (machine, ids) = shelf();
        let store = open(&machine, Access::Exclusive).unwrap();
        let cold_before = store.cold_packs(None).unwrap();
        let monitor = Until(AtomicU64::new(0), objects);
        let stopped = store.recompress(&cold_before, &NoSources, &monitor);
        assert!(matches!(stopped, Err(StoreError::Interrupted)), "{stopped:?}");
        drop(store);
        assert_eq!(cold(&machine).len() as u64, 3 - objects / 2);
        are_there(&machine, &ids, "interrupted");
        assert!(machine.paths().iter().all(|path| !path.starts_with(format!("{ROOT}/tmp/"))));
    }
}
