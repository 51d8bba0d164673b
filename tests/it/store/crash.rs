//! Power cuts and disk errors at every operation, on a simulated machine.

use super::shelf::{frame, id, init, numbers, open, publish, put, snap, verify};
use super::sweep::{live, sweep};
use crate::support::sweep;
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, DeletedBy, NewObjects, Objects, SetAside, StoreError};
use std::io::ErrorKind;

/// What the outside world knows after a run that may have been cut short.
#[derive(Default)]
struct Known {
    initialised: bool,
    /// Manifests whose publishing was acknowledged and whose removal was never begun.
    published: Vec<Hash>,
    /// Whether the first of them has its tag and its pin.
    marked: bool,
}

/// A life of a store: init, snapshots that share objects, one removed, a sweep, another snapshot.
fn live_a_life(machine: &Simulated, known: &mut Known) -> Result<(), StoreError> {
    init(machine)?;
    known.initialised = true;
    {
        let store = open(machine, Access::Write)?;
        // Packs that are half dead once the second snapshot is gone, so that the sweep has to write some anew.
        put(&store, 0..16)?;
        known.published.push(publish(&store, &(0..16).step_by(2).collect::<Vec<_>>())?);
        known.published.push(publish(&store, &(0..16).collect::<Vec<_>>())?);
        known.published.push(snap(&store, &(20..30).collect::<Vec<_>>())?);
        store.set_tag("first", &known.published[0])?;
        store.pin(&known.published[0], Some("because"))?;
        known.marked = true;
    }
    let doomed = known.published.remove(1);
    open(machine, Access::Exclusive)?.remove_manifest(&doomed)?;
    sweep(machine)?;
    let store = open(machine, Access::Write)?;
    let manifest = snap(&store, &(8..25).collect::<Vec<_>>())?;
    known.published.push(manifest);
    Ok(())
}

/// What must hold after any crash: the store can be used at once, every acknowledged snapshot is whole, every snapshot
/// that is listed at all is whole, and the store takes new ones and can be swept.
fn must_hold(machine: &Simulated, known: &Known, story: &str) {
    if !known.initialised {
        init(machine).unwrap_or_else(|e| panic!("{story}: init after the crash: {e}"));
    }
    {
        let store = open(machine, Access::Write).unwrap_or_else(|e| panic!("{story}: open: {e}"));
        let listed = store.manifest_ids().unwrap();
        for manifest in &known.published {
            assert!(listed.contains(manifest), "{story}: an acknowledged snapshot is gone");
        }
        if known.marked {
            assert_eq!(store.tag("first").unwrap(), Some(known.published[0]), "{story}: the tag is gone");
            assert_eq!(store.pins().unwrap().len(), 1, "{story}: the pin is gone");
        }
        for manifest in &listed {
            for number in numbers(&store, manifest) {
                assert!(store.get(&id(number)).is_ok(), "{story}: object {number} of {manifest:?} is lost");
            }
            verify(&store, manifest);
        }
        let report = store.check(&Silent).unwrap();
        assert!(report.is_clean(), "{story}: {:?}", report.damage);
        snap(&store, &[1, 2, 3, 1000]).unwrap_or_else(|e| panic!("{story}: snap after the crash: {e}"));
    }
    sweep(machine).unwrap_or_else(|e| panic!("{story}: sweep after the crash: {e}"));
    let store = open(machine, Access::Exclusive).unwrap();
    assert!(store.plan_sweep(&live(&store), &Silent).unwrap().is_empty(), "{story}: a second sweep finds more");
    store.manifest_ids().unwrap().iter().for_each(|manifest| verify(&store, manifest));
}

fn operations_of_a_life() -> u64 {
    let machine = Simulated::new();
    live_a_life(&machine, &mut Known::default()).unwrap();
    machine.operations()
}

/// Seeds for each operation; more with `DBSNAP_CRASH_SEEDS`.
fn seeds() -> u64 {
    std::env::var("DBSNAP_CRASH_SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(4)
}

#[test]
fn a_power_cut_at_any_operation_loses_nothing_acknowledged() {
    for operation in 1..=operations_of_a_life() {
        let machine = Simulated::new();
        machine.crash_at(operation);
        let mut known = Known::default();
        live_a_life(&machine, &mut known).expect_err("the power was cut");
        for seed in 0..seeds() {
            let after = machine.fork();
            after.reboot(seed.wrapping_mul(0x1000_0001) ^ operation);
            must_hold(&after, &known, &format!("operation {operation}, seed {seed}"));
        }
    }
}

#[test]
fn a_power_cut_right_after_the_acknowledgement_loses_nothing() {
    let machine = Simulated::new();
    let mut known = Known::default();
    live_a_life(&machine, &mut known).unwrap();
    for seed in 0..100 {
        let after = machine.fork();
        after.reboot(seed);
        must_hold(&after, &known, &format!("at the end, seed {seed}"));
    }
}

#[test]
fn a_second_power_cut_during_recovery_loses_nothing_either() {
    let life = operations_of_a_life();
    for operation in (1..=life).step_by(sweep::step()) {
        let machine = Simulated::new();
        machine.crash_at(operation);
        let mut known = Known::default();
        live_a_life(&machine, &mut known).expect_err("the power was cut");
        machine.reboot(operation);
        let start = machine.operations();
        for step in (1..80).step_by(5) {
            let again = machine.fork();
            again.crash_at(start + step);
            let recover = || -> Result<(), StoreError> {
                init(&again)?;
                sweep(&again)?;
                snap(&open(&again, Access::Write)?, &[4, 5, 6, 2000]).map(drop)
            };
            let done = recover();
            again.reboot(step);
            let known = Known {
                initialised: known.initialised || done.is_ok(),
                published: known.published.clone(),
                marked: known.marked,
            };
            must_hold(&again, &known, &format!("operation {operation}, then {step}"));
        }
    }
}

#[test]
fn any_operation_may_fail_once_or_for_good() {
    for operation in 1..=operations_of_a_life() {
        for (kind, lasting) in [(ErrorKind::Other, false), (ErrorKind::Other, true), (ErrorKind::StorageFull, true)] {
            let machine = Simulated::new();
            machine.fail_at(operation, kind, lasting);
            let mut known = Known::default();
            let result = live_a_life(&machine, &mut known);
            machine.heal();
            let story = format!("operation {operation} fails with {kind:?}, lasting {lasting}: {result:?}");
            for seed in 0..2 {
                let after = machine.fork();
                after.reboot(seed);
                must_hold(&after, &known, &story);
            }
            must_hold(&machine, &known, &story);
        }
    }
}

#[test]
fn after_a_failed_write_nothing_is_published() {
    let life = operations_of_a_life();
    let machine = Simulated::new();
    init(&machine).unwrap();
    let store = open(&machine, Access::Write).unwrap();
    put(&store, 0..5).unwrap();
    let start = machine.operations();
    for step in 1..life {
        let machine = machine.fork();
        let store = open(&machine, Access::Write).unwrap();
        machine.fail_at(start + step, ErrorKind::Other, false);
        if put(&store, 5..30).is_ok() {
            return;
        }
        assert!(matches!(publish(&store, &[1]), Err(StoreError::Poisoned { .. })));
        assert!(matches!(store.session(), Err(StoreError::Poisoned { .. })));
    }
}

#[test]
fn after_a_failed_publish_nothing_is_published_either() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let store = open(&machine, Access::Write).unwrap();
    put(&store, 0..5).unwrap();
    machine.fail_at(machine.operations() + 3, ErrorKind::Other, false);
    assert!(matches!(publish(&store, &[1]), Err(StoreError::Io { .. })));
    assert!(matches!(publish(&store, &[1]), Err(StoreError::Poisoned { .. })));
    drop(store);
    publish(&open(&machine, Access::Write).unwrap(), &[1]).unwrap();
}

/// Fails one operation of a work after the other, each on a machine of its own, until the work gets past its end.
fn failing_once(machine: &Simulated, work: impl Fn(&Simulated) -> Result<(), StoreError>, then: impl Fn(&Simulated)) {
    for step in 1.. {
        let machine = machine.fork();
        machine.fail_at(machine.operations() + step, ErrorKind::Other, false);
        let done = work(&machine);
        machine.heal();
        then(&machine);
        if done.is_ok() {
            return;
        }
    }
}

/// A pack that its writer could not make durable can be seen nevertheless, and who stores the same builds on it.
#[test]
fn what_a_snapshot_builds_on_is_durable_before_it_is_acknowledged() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let again = |machine: &Simulated| {
        let manifest = snap(&open(machine, Access::Write).unwrap(), &[1, 2, 3]).unwrap();
        for seed in 0..20 {
            let after = machine.fork();
            after.reboot(seed);
            verify(&open(&after, Access::Read).unwrap(), &manifest);
        }
    };
    failing_once(&machine, |machine| put(&open(machine, Access::Write)?, 1..4).map(drop), again);
}

/// An index file that takes a pack for one that is to be removed can be gone, and not durably, when that pack is
/// written again by somebody who dies. Who builds on the pack makes sure first that the index file does not come back.
#[test]
fn no_index_file_comes_back_that_hides_what_a_snapshot_builds_on() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let gone = snap(&open(&machine, Access::Write).unwrap(), &[1, 2, 3]).unwrap();
    open(&machine, Access::Exclusive).unwrap().remove_manifest(&gone).unwrap();
    /// The work of a process that is killed at a step; whether it got to its end.
    fn killed(machine: &Simulated, step: u64, work: impl Fn() -> Result<(), StoreError>) -> bool {
        machine.fail_at(machine.operations() + step, ErrorKind::Other, true);
        let done = work().is_ok();
        machine.heal();
        done
    }
    for swept in 1.. {
        let first = machine.fork();
        let is_last = killed(&first, swept, || sweep(&first).map(drop));
        for wrote in 1.. {
            let second = first.fork();
            let is_last = killed(&second, wrote, || put(&open(&second, Access::Write)?, 1..4).map(drop));
            let manifest = snap(&open(&second, Access::Write).unwrap(), &[1, 2, 3]).unwrap();
            for seed in 0..12 {
                let after = second.fork();
                after.reboot(seed);
                let store = open(&after, Access::Read).unwrap();
                for number in numbers(&store, &manifest) {
                    assert!(
                        store.get(&id(number)).is_ok(),
                        "{number} is lost: gc {swept}, writer {wrote}, seed {seed}"
                    );
                }
            }
            if is_last {
                break;
            }
        }
        if is_last {
            break;
        }
    }
}

/// A deletion that failed at its last sync can be seen nevertheless, and so can packs; a sweep that goes by them makes
/// them durable.
#[test]
fn what_a_sweep_goes_by_is_durable_before_it_deletes() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let store = open(&machine, Access::Write).unwrap();
    let beside = open(&machine, Access::Write).unwrap();
    let late = beside.session().unwrap();
    let doomed = snap(&store, &[1, 2, 3, 6]).unwrap();
    publish(&store, &[3, 6]).unwrap();
    // The same objects in a second pack, of which only the name can fail to be durable.
    [3, 6].iter().for_each(|number| assert!(late.put(frame(*number)).unwrap() > 0));
    machine.fail_at(machine.operations() + 4, ErrorKind::Other, false);
    assert!(late.seal().is_err());
    drop((store, beside));
    let swept = |machine: &Simulated| {
        for step in 1..60 {
            let cut = machine.fork();
            cut.crash_at(cut.operations() + step);
            let _ = sweep(&cut);
            for seed in 0..8 {
                let after = cut.fork();
                after.reboot(seed);
                let store = open(&after, Access::Read).unwrap();
                store.manifest_ids().unwrap().iter().for_each(|manifest| verify(&store, manifest));
            }
        }
    };
    failing_once(&machine, |machine| open(machine, Access::Exclusive)?.remove_manifest(&doomed).map(drop), swept);
}

/// Deletes a snapshot, brings it back, deletes it again and removes it for good; notes after each step what is
/// acknowledged.
fn delete_and_bring_back(machine: &Simulated, aside: &SetAside, acknowledged: &mut u32) -> Result<(), StoreError> {
    let store = open(machine, Access::Exclusive)?;
    store.set_aside(&[*aside])?;
    *acknowledged = 1;
    store.bring_back(aside, &[id(1), id(2)])?;
    *acknowledged = 2;
    store.set_aside(&[*aside])?;
    *acknowledged = 3;
    store.remove_set_aside(&[*aside])
}

#[test]
fn a_deletion_that_is_cut_short_or_fails_can_be_taken_back_or_was_not_begun() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let stays = snap(&open(&machine, Access::Write).unwrap(), &[2, 3]).unwrap();
    let gone = snap(&open(&machine, Access::Write).unwrap(), &[1, 2]).unwrap();
    let aside = SetAside { at: 7, id: gone, by: DeletedBy::Hand };
    let check = |machine: &Simulated, acknowledged: u32, story: &str| {
        let store = open(machine, Access::Read).unwrap_or_else(|error| panic!("{story}: {error}"));
        let listed = store.manifest_ids().unwrap();
        assert!(listed.contains(&stays), "{story}: another snapshot is gone");
        let deleted = store.read_set_aside(&aside).is_ok();
        match acknowledged {
            1 => assert!(deleted || listed.contains(&gone), "{story}: the deletion cannot be taken back"),
            2 => assert!(deleted || listed.contains(&gone), "{story}: what was brought back is gone"),
            _ => {}
        }
        listed.iter().for_each(|manifest| verify(&store, manifest));
        assert!(store.check(&Silent).unwrap().is_clean(), "{story}");
    };
    for step in 1.. {
        let (cut, failing) = (machine.fork(), machine.fork());
        cut.crash_at(cut.operations() + step);
        failing.fail_at(failing.operations() + step, ErrorKind::Other, false);
        let mut acknowledged = 0;
        let done = delete_and_bring_back(&cut, &aside, &mut acknowledged);
        for seed in 0..8 {
            let after = cut.fork();
            after.reboot(seed);
            check(&after, acknowledged, &format!("cut at {step}, seed {seed}"));
        }
        acknowledged = 0;
        let _ = delete_and_bring_back(&failing, &aside, &mut acknowledged);
        failing.heal();
        check(&failing, acknowledged, &format!("failed at {step}"));
        if done.is_ok() {
            break;
        }
    }
}

/// Where not even a name can be added, a deletion still makes room.
#[test]
fn what_a_full_disk_cannot_set_aside_is_removed() {
    let machine = Simulated::new();
    init(&machine).unwrap();
    let gone = snap(&open(&machine, Access::Write).unwrap(), &[1, 2]).unwrap();
    let store = open(&machine, Access::Exclusive).unwrap();
    machine.fail_at(machine.operations() + 1, ErrorKind::StorageFull, false);
    let aside = SetAside { at: 7, id: gone, by: DeletedBy::Hand };
    assert_eq!(store.set_aside(&[aside]).unwrap(), [gone]);
    assert!(store.manifest_ids().unwrap().is_empty() && store.set_aside_manifests().unwrap().is_empty());
}
