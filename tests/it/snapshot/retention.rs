//! Retention, whatever the clocks said.

use dbsnap::codec::TableName;
use dbsnap::hash::Hash;
use dbsnap::snapshot::{
    Actor, Entry, FORMAT, Grace, History, KeepReason, Manifest, Origin, Policy, Restored, Run, RunEnd, SnapshotKind,
    Stored, TableChange, TableEntry, Verdict, apply_retention, deleted_at,
};
use dbsnap::store::{DeletedBy, SetAside};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 24 * 60;
const YEAR: i64 = 366 * DAY;

/// A moment, in minutes after the test's first.
fn at(minutes: i64) -> Timestamp {
    "2026-01-24T10:30:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

/// A snapshot of one table.
fn snapshot(sequence: u64, minutes: i64) -> Entry {
    let table = TableEntry {
        table: TableName::bare("mods"),
        backup: format!("backup_{sequence}_mods"),
        part_of: Default::default(),
        definition: None,
        rows: 1,
        bytes: 1,
        root: Hash::of(b"root"),
        schema_object: Hash::of(b"schema"),
        filter: None,
        change: None,
        counters: Vec::new(),
    };
    let manifest = Manifest {
        dbsnap: FORMAT,
        kind: SnapshotKind::Snapshot,
        created_at: at(minutes),
        message: format!("number {sequence}"),
        parent: None,
        sequence: Some(sequence),
        replaces: Vec::new(),
        restored: None,
        imported: false,
        hook: false,
        run: None,
        search_path: Default::default(),
        actor: Actor::default(),
        source: Origin {
            engine: "sqlite".to_owned(),
            cluster: None,
            database: "dev.db".to_owned(),
            version: "3".to_owned(),
        },
        schema_version: None,
        settings: BTreeMap::new(),
        mark: None,
        tables: vec![table],
        stored: Stored::default(),
    };
    Entry { id: Hash::of(&sequence.to_le_bytes()), manifest, len: 0 }
}

/// Snapshots taken one after the other when the clock said so.
fn history(stamps: &[i64]) -> History {
    let entries = (1..).zip(stamps).map(|(sequence, stamp)| snapshot(sequence, *stamp));
    let mut history = History { entries: entries.collect(), unreadable: Vec::new() };
    history.entries.reverse();
    history
}

/// The numbers of the snapshots that go.
fn dropped(stamps: &[i64], policy: Policy, now: i64) -> BTreeSet<usize> {
    let verdicts = apply_retention(&history(stamps), policy, at(now), &BTreeSet::new(), &BTreeMap::new());
    let newest_first = verdicts.iter().zip((1..=stamps.len()).rev());
    newest_first.filter(|((_, verdict), _)| matches!(verdict, Verdict::Drop(_))).map(|(_, number)| number).collect()
}

#[test]
fn a_clock_that_jumps_makes_nothing_old() {
    let policy = Policy { per_table: 5, days: 30 };
    let none = BTreeSet::new();
    for now in [5, -10 * YEAR, 10 * YEAR, 40 * DAY, 400 * DAY, -2 * 60] {
        assert_eq!(dropped(&[0, 1, 2], policy, now), none, "just taken; now {now}");
        assert_eq!(dropped(&[0, 1, 10 * YEAR], policy, now), none, "the clock was ahead at the last; now {now}");
        assert_eq!(dropped(&[0, 10 * YEAR, 2], policy, now), none, "it was ahead once; now {now}");
        assert_eq!(dropped(&[-1000 * YEAR, 1, 2], policy, now), none, "it stood at its first day at first; now {now}");
        assert_eq!(dropped(&[0, -5 * 60, -5 * 60 + 1], policy, now), none, "it was set back; now {now}");
    }
    // a clock that was ahead by less, and is right again
    assert_eq!(dropped(&[0, 90 * DAY, 2], policy, 3), none);
}

#[test]
fn what_is_old_goes_all_the_same() {
    let policy = Policy { per_table: 5, days: 30 };
    let gone = |stamps: &[i64], now| dropped(stamps, policy, now).into_iter().collect::<Vec<_>>();
    assert_eq!(gone(&[0, 31 * DAY], 31 * DAY), [1]);
    assert_eq!(gone(&[0, 29 * DAY], 29 * DAY), [0usize; 0]);
    assert_eq!(gone(&[0, DAY, 20 * DAY, 40 * DAY], 41 * DAY), [1, 2]);
    assert_eq!(gone(&[0, 1, 2, 3, 4, 5, 6], 7), [1, 2]);
    // in the order of taking, whatever the clock said
    assert_eq!(gone(&[60, 0, 59, 1, 58, 2, 57], 61), [1, 2]);
}

/// Snapshots made of `changes`, oldest first, and what retention says of each, oldest first.
fn verdicts_of(changes: &[&dyn Fn(&mut Manifest)], policy: Policy, pinned: &[usize]) -> Vec<Verdict> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, change) in changes.iter().enumerate() {
        let mut entry = snapshot(number as u64 + 1, number as i64);
        change(&mut entry.manifest);
        entries.push(entry);
    }
    let pins = pinned.iter().map(|at| entries[*at].id).collect();
    entries.reverse();
    let history = History { entries, unreadable: Vec::new() };
    let mut verdicts = apply_retention(&history, policy, at(1000), &pins, &BTreeMap::new());
    verdicts.reverse();
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn whole(_: &mut Manifest) {}

fn filtered(manifest: &mut Manifest) {
    manifest.tables[0].filter = Some("id < 5".to_owned());
}

fn imported(manifest: &mut Manifest) {
    manifest.imported = true;
}

fn safety(manifest: &mut Manifest) {
    manifest.kind = SnapshotKind::Safety;
}

/// The id of the snapshot at that place.
fn id(place: u64) -> Hash {
    Hash::of(&(place + 1).to_le_bytes())
}

/// Lost rows that the snapshot at `place` had.
fn lossy(place: u64, removed: u64) -> impl Fn(&mut Manifest) {
    move |manifest| {
        manifest.tables[0].change = Some(TableChange { since: id(place), added: 1, changed: 2, removed });
    }
}

#[test]
fn no_other_sort_pushes_whole_snapshots_out() {
    let policy = Policy { per_table: 2, days: 30 };
    for other in [filtered, imported, safety] {
        let line: Vec<&dyn Fn(&mut Manifest)> =
            vec![&whole, &whole, &whole, &other, &other, &other, &other, &other, &other];
        let kept: Vec<bool> =
            verdicts_of(&line, policy, &[]).iter().map(|verdict| matches!(verdict, Verdict::Keep(_))).collect();
        assert_eq!(kept, [false, true, true, false, false, false, false, true, true]);
    }
    // each sort for itself
    let line: Vec<&dyn Fn(&mut Manifest)> =
        vec![&whole, &filtered, &imported, &safety, &whole, &filtered, &imported, &safety];
    assert!(verdicts_of(&line, policy, &[]).iter().all(|verdict| matches!(verdict, Verdict::Keep(_))));
}

#[test]
fn the_newest_whole_one_stays_however_old_and_many_the_others_are() {
    let policy = Policy { per_table: 0, days: 0 };
    let line: Vec<&dyn Fn(&mut Manifest)> = vec![&whole, &whole, &filtered, &imported, &safety];
    let verdicts = verdicts_of(&line, policy, &[]);
    assert_eq!(verdicts[1], Verdict::Keep(KeepReason::NewestWholeOf(TableName::bare("mods"))));
    assert_eq!(verdicts[3], Verdict::Keep(KeepReason::NewestOf(TableName::bare("mods"))));
    assert!(matches!(verdicts[0], Verdict::Drop(_)));
}

#[test]
fn the_last_one_with_rows_that_were_gone_afterwards_stays() {
    let policy = Policy { per_table: 1, days: 30 };
    let (first, second, nothing) = (lossy(0, 40), lossy(2, 3), lossy(4, 0));
    let line: Vec<&dyn Fn(&mut Manifest)> = vec![&whole, &first, &whole, &second, &whole, &nothing, &whole];
    let verdicts = verdicts_of(&line, policy, &[]);
    let last = KeepReason::LastWithRows { table: TableName::bare("mods"), rows: 3 };
    assert_eq!(verdicts[2], Verdict::Keep(last));
    for place in [0, 1, 3, 4, 5] {
        assert!(matches!(verdicts[place], Verdict::Drop(_)), "{place}");
    }
    // also under the id that it had before its message was changed
    let renamed = |manifest: &mut Manifest| manifest.replaces = vec![Hash::of(b"before")];
    let since = |manifest: &mut Manifest| {
        manifest.tables[0].change = Some(TableChange { since: Hash::of(b"before"), added: 0, changed: 0, removed: 9 });
    };
    let verdicts = verdicts_of(&[&renamed, &since, &whole], policy, &[]);
    assert!(matches!(&verdicts[0], Verdict::Keep(KeepReason::LastWithRows { rows: 9, .. })), "{verdicts:?}");
}

/// What a person asked for stays as long as what restoring it left behind.
#[test]
fn a_snapshot_stays_while_the_undo_of_its_restore_is_pinned() {
    let policy = Policy { per_table: 1, days: 30 };
    let restored = |place, undoes: Option<u64>| {
        move |manifest: &mut Manifest| {
            safety(manifest);
            manifest.restored = Some(Restored { id: id(place), undoes: undoes.map(id), dangling: Vec::new() });
        }
    };
    let (restore, undo) = (restored(0, None), restored(2, Some(1)));
    let line: Vec<&dyn Fn(&mut Manifest)> = vec![&whole, &whole, &restore, &undo, &whole, &whole];
    let verdicts = verdicts_of(&line, policy, &[2, 3]);
    assert_eq!(verdicts[0], Verdict::Keep(KeepReason::RestoreOf(id(2))));
    assert_eq!(verdicts[1], Verdict::Keep(KeepReason::RestoreOf(id(3))));
    assert!(matches!(verdicts[4], Verdict::Drop(_)));
    assert!(verdicts_of(&line, policy, &[])[..2].iter().all(|verdict| matches!(verdict, Verdict::Drop(_))));
}

/// Neither of them undoes the run alone.
#[test]
fn both_snapshots_of_a_run_stay_while_one_does() {
    let policy = Policy { per_table: 1, days: 30 };
    let run = |ended: Option<u64>| {
        move |manifest: &mut Manifest| {
            let ended = ended.map(|before| RunEnd {
                before: id(before),
                started_at: at(0),
                ended_at: at(0),
                exit_code: Some(0),
                signal: None,
            });
            manifest.run = Some(Run { command: Vec::new(), ended });
        }
    };
    let (before, after) = (run(None), run(Some(0)));
    let line: Vec<&dyn Fn(&mut Manifest)> = vec![&before, &after, &whole];
    for pinned in [0, 1] {
        let verdicts = verdicts_of(&line, policy, &[pinned]);
        assert_eq!(verdicts[pinned], Verdict::Keep(KeepReason::Pinned));
        assert_eq!(verdicts[1 - pinned], Verdict::Keep(KeepReason::RunOf(id(pinned as u64))));
    }
    assert!(verdicts_of(&line, policy, &[])[..2].iter().all(|verdict| matches!(verdict, Verdict::Drop(_))));
}

#[test]
fn a_deletion_can_be_taken_back_for_its_time_whatever_the_clock_says() {
    let deleted = |grace: &Grace| SetAside { at: grace.stamp(), id: id(0), by: DeletedBy::Hand };
    let known = [at(0), at(5)];
    let grace = |now: i64| Grace::new(7, at(now), known.into_iter());
    for then in [10, -10 * YEAR, 10 * YEAR, -60] {
        let aside = deleted(&grace(then));
        for now in [11, 6 * DAY, 10 * YEAR, -10 * YEAR] {
            assert!(!grace(now).is_over(&aside), "deleted at {then}, asked at {now}");
        }
        assert!(grace(8 * DAY).is_over(&aside), "deleted at {then}");
    }
    assert!(Grace::new(0, at(10), known.into_iter()).is_over(&deleted(&grace(10))));
    assert_eq!(deleted_at(&SetAside { at: i64::MAX, id: id(0), by: DeletedBy::Hand }), Timestamp::MAX);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// With clocks that are wrong by years, or set back at the end, nothing goes that a right clock would have let
    /// stay.
    #[test]
    fn no_clock_collects_more_than_a_right_one(
        steps in prop::collection::vec((0..20 * DAY, prop::sample::select(vec![0, 0, 0, -10, 3, 10, 1000])), 1..20),
        per_table in 1usize..8,
        days in 0u32..60,
        wrong_now in -3000 * YEAR..3000 * YEAR,
    ) {
        let mut moment = 0;
        let (mut right, mut said) = (Vec::new(), Vec::new());
        for (step, wrong_by) in steps {
            moment += step;
            right.push(moment);
            said.push(moment + wrong_by * YEAR);
        }
        let policy = Policy { per_table, days };
        let sane = dropped(&right, policy, moment);
        for now in [moment, moment + wrong_now] {
            let gone = dropped(&said, policy, now);
            prop_assert!(gone.is_subset(&sane), "{gone:?} of {sane:?}");
            // how many stay never depends on the clock
            prop_assert!(said.len() - gone.len() >= per_table.min(said.len()) || !sane.is_empty());
        }
    }
}
