//! Mending a damaged store: what can be read stays readable whenever the power fails, and what is replaced is kept.

use super::forms::{add, holds_rows};
use super::shelf::{ROOT, machine, open};
use crate::model::packs::{directory, packs};
use crate::tree::model::{Dice, Model, build, keyed, table};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, Mended, Objects, Store, StoreError};
use dbsnap::tree::LeafForms;
use std::path::{Path, PathBuf};

/// A store with four damaged packs, and what is in it.
struct Broken {
    machine: Simulated,
    /// What can be read as it is.
    readable: Vec<(Hash, Model)>,
    /// What can be read when it is mended.
    mendable: Vec<(Hash, Model)>,
    lost: Vec<Hash>,
    /// The packs as they are.
    damaged: Vec<(PathBuf, Vec<u8>)>,
}

fn put(machine: &Simulated, rows: &[Model]) -> (PathBuf, Vec<(Hash, Model)>) {
    let known: Vec<PathBuf> = packs(machine).into_iter().map(|pack| pack.path).collect();
    let mut store = open(machine, Access::Write).unwrap();
    store.set_pack_size(1 << 20);
    let session = store.session().unwrap();
    let trees = rows.iter().map(|rows| (build(&session, &keyed(), &[], rows).root, rows.clone())).collect();
    session.seal().unwrap();
    let new = packs(machine).into_iter().map(|pack| pack.path).find(|path| !known.contains(path));
    (new.unwrap(), trees)
}

fn broken() -> Broken {
    let machine = machine();
    let some = |rows: u64| table(rows, &mut Dice(rows));
    let (trailer, a) = put(&machine, &[some(80)]);
    let (ends, b) = put(&machine, &[some(90)]);
    let (alone, d) = put(&machine, &[some(110)]);
    let (beside, ef) = put(&machine, &[some(120), some(130)]);
    let mut changed = a[0].1.clone();
    changed.values_mut().next().unwrap().0 = some(5).into_values().next().unwrap().0;
    let c = add(&open(&machine, Access::Write).unwrap(), &[a[0].0], &changed);
    let (_, whole) = put(&machine, &[some(140)]);
    let mut damaged = Vec::new();
    for (path, at) in [(trailer, None), (ends, Some(60)), (alone, Some(0)), (beside, Some(0))] {
        let mut bytes = machine.read(&path).unwrap();
        let len = bytes.len();
        let first = usize::try_from(directory(&bytes)[0].len).unwrap();
        bytes[match at {
            None => len - 1,
            Some(0) => 8 + first / 2,
            Some(back) => len - back,
        }] ^= 1;
        machine.put(&path, &bytes);
        damaged.push((path, bytes));
    }
    let first = ef[0].0;
    // Two workers put them in either order.
    let pack = &damaged[3];
    let is_first = directory(&pack.1)[0].id == first;
    let (hit, spared) = if is_first { (&ef[0], &ef[1]) } else { (&ef[1], &ef[0]) };
    Broken {
        readable: vec![spared.clone(), whole[0].clone()],
        mendable: vec![a[0].clone(), b[0].clone(), (c, changed)],
        lost: vec![d[0].0, hit.0],
        machine,
        damaged,
    }
}

fn mend(machine: &Simulated) -> Result<Mended, StoreError> {
    open(machine, Access::Exclusive)?.mend(&LeafForms, false, &Silent)
}

/// Each damaged file is there, under its name or in quarantine.
fn nothing_is_dropped(machine: &Simulated, broken: &Broken) {
    let quarantine = Path::new(ROOT).join("quarantine");
    let kept: Vec<Vec<u8>> = machine
        .paths()
        .iter()
        .filter(|path| path.starts_with(&quarantine) || path.starts_with(Path::new(ROOT).join("packs")))
        .filter_map(|path| machine.read(path))
        .collect();
    for (path, bytes) in &broken.damaged {
        assert!(kept.contains(bytes), "{} is gone", path.display());
    }
}

fn is_mended(machine: &Simulated, broken: &Broken) {
    holds_rows(machine, &broken.readable);
    holds_rows(machine, &broken.mendable);
    nothing_is_dropped(machine, broken);
    let store: Store = open(machine, Access::Read).unwrap();
    assert!(broken.lost.iter().all(|id| !store.contains(id)));
    assert!(store.check_forms(&LeafForms, &Silent).unwrap().is_clean());
}

#[test]
fn what_is_still_in_damaged_packs_is_taken_over() {
    let broken = broken();
    let store = open(&broken.machine, Access::Read).unwrap();
    let plan = store.mend(&LeafForms, true, &Silent).unwrap();
    assert!(broken.lost.iter().all(|id| !store.contains(id)));
    drop(store);
    let before = broken.machine.paths();
    assert!(!before.iter().any(|path| path.starts_with(Path::new(ROOT).join("quarantine"))));
    let mended = mend(&broken.machine).unwrap();
    assert_eq!(mended.packs, plan.packs);
    let counts: Vec<(u64, u64)> = mended.packs.iter().map(|pack| (pack.saved, pack.lost)).collect();
    assert_eq!(counts.iter().map(|(saved, _)| saved).sum::<u64>(), 3);
    assert_eq!(counts.iter().map(|(_, lost)| lost).sum::<u64>(), 2);
    assert_eq!(mended.quarantined.len(), 4);
    is_mended(&broken.machine, &broken);
    assert!(mend(&broken.machine).unwrap().is_empty());
}

#[test]
fn a_power_cut_while_it_is_mended_loses_nothing() {
    let broken = broken();
    for step in 1.. {
        let cut = broken.machine.fork();
        cut.crash_at(cut.operations() + step);
        let done = mend(&cut);
        for seed in 0..3 {
            let after = cut.fork();
            after.reboot(seed);
            holds_rows(&after, &broken.readable);
            nothing_is_dropped(&after, &broken);
            mend(&after).unwrap();
            is_mended(&after, &broken);
        }
        if done.is_ok() {
            return;
        }
    }
}
