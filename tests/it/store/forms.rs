//! Objects held in several forms that draw on different objects: whatever is written, swept or damaged, what is needed
//! can be read, and no form stays in the store without what it draws on.

use super::format::{Stored, compress, directory, pack, plant};
use super::shelf::{machine, open};
use crate::tree::model::{Dice, Model, build, keyed, read, some_row, table};
use dbsnap::fsio::Simulated;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::store::{Access, CheckReport, DamageKind, Live, Objects, Session, Store};
use dbsnap::tree::{LeafForms, Marking};
use dbsnap::wire::{put_ivarint, put_uvarint};

/// The table with other values in the rows from `first` on, so many.
fn changed(model: &Model, first: usize, rows: usize, seed: u64) -> Model {
    let (mut next, mut dice) = (model.clone(), Dice(seed));
    for (at, value) in next.values_mut().enumerate().skip(first).take(rows) {
        value.0 = some_row(at as u64 * 7, &mut dice);
    }
    next
}

fn built(session: &Session<'_>, previous: &[Hash], model: &Model) -> Hash {
    build(session, &keyed(), previous, model).root
}

/// Builds and seals in a session of its own.
pub fn add(store: &Store, previous: &[Hash], model: &Model) -> Hash {
    let session = store.session().unwrap();
    let root = built(&session, previous, model);
    session.seal().unwrap();
    root
}

fn live(store: &Store, roots: &[Hash]) -> Live {
    let mut marking = Marking::new(store);
    roots.iter().for_each(|root| marking.tree(root).unwrap());
    marking.finish()
}

fn sweep(machine: &Simulated, roots: &[Hash]) {
    let store = open(machine, Access::Exclusive).unwrap();
    store.sweep(&store.plan_sweep(&live(&store, roots), &Silent).unwrap(), &Silent).unwrap();
}

fn check(machine: &Simulated) -> CheckReport {
    open(machine, Access::Read).unwrap().check_forms(&LeafForms, &Silent).unwrap()
}

/// These trees can be read, and are these tables.
pub fn holds_rows<M: std::borrow::Borrow<Model>>(machine: &Simulated, trees: &[(Hash, M)]) {
    let store = open(machine, Access::Read).unwrap();
    for (root, model) in trees {
        assert!(read(&store, &keyed(), root, false).unwrap() == *model.borrow());
    }
}

fn holds(machine: &Simulated, trees: &[(Hash, &Model)]) {
    holds_rows(machine, trees);
    let report = check(machine);
    assert!(report.is_clean(), "{:?}", report.damage);
}

/// Two writers that do not see each other store the same leaves as deltas of different ones; then what one of them drew
/// on goes.
#[test]
fn each_writer_draws_on_a_history_of_its_own() {
    let first = table(300, &mut Dice(1));
    let other = changed(&first, 200, 60, 2);
    let target = changed(&first, 10, 5, 3);
    for (keep_first, keep_other) in [(false, false), (true, false), (false, true), (true, true)] {
        let machine = machine();
        let (one, two) = (open(&machine, Access::Write).unwrap(), open(&machine, Access::Write).unwrap());
        let old = add(&one, &[], &first);
        let new = add(&one, &[], &other);
        let (mine, yours) = (one.session().unwrap(), two.session().unwrap());
        let root = built(&mine, &[old], &target);
        assert_eq!(built(&yours, &[new], &target), root);
        mine.seal().unwrap();
        yours.seal().unwrap();
        // A third takes what both hold for the source of another leaf.
        let last = changed(&target, 100, 3, 4);
        let newest = add(&open(&machine, Access::Write).unwrap(), &[root], &last);
        drop((one, two));
        let mut trees = vec![(root, &target), (newest, &last)];
        trees.extend(keep_first.then_some((old, &first)));
        trees.extend(keep_other.then_some((new, &other)));
        holds(&machine, &trees);
        while !trees.is_empty() {
            let roots: Vec<Hash> = trees.iter().map(|(root, _)| *root).collect();
            for _ in 0..2 {
                sweep(&machine, &roots);
                holds(&machine, &trees);
            }
            let store = open(&machine, Access::Exclusive).unwrap();
            assert!(store.plan_sweep(&live(&store, &roots), &Silent).unwrap().is_empty());
            trees.remove(0);
        }
    }
}

/// Each of two leaves is a delta of the other in one pack and whole in another: one of them must stay whole.
#[test]
fn forms_that_draw_on_each_other_are_not_both_kept() {
    let first = table(300, &mut Dice(5));
    let second = changed(&first, 40, 4, 6);
    let machine = machine();
    let stores: Vec<Store> = (0..2).map(|_| open(&machine, Access::Write).unwrap()).collect();
    let sessions: Vec<Session<'_>> = stores.iter().map(|store| store.session().unwrap()).collect();
    let old = built(&sessions[0], &[], &first);
    let new = built(&sessions[0], &[old], &second);
    assert_eq!(built(&sessions[1], &[], &second), new);
    assert_eq!(built(&sessions[1], &[new], &first), old);
    sessions.into_iter().for_each(|session| drop(session.seal().unwrap()));
    drop(stores);
    let trees = [(old, &first), (new, &second)];
    holds(&machine, &trees);
    for kept in [&trees[..], &trees[..1]] {
        sweep(&machine, &kept.iter().map(|(root, _)| *root).collect::<Vec<_>>());
        holds(&machine, kept);
    }
}

/// A pack with one large live tree and a small dead delta whose source goes.
fn dead_delta(machine: &Simulated) -> (Hash, Model, Hash, Model) {
    let small = table(120, &mut Dice(7));
    let next = changed(&small, 3, 2, 8);
    let large = changed(&table(600, &mut Dice(9)), 0, 600, 10);
    let mut store = open(machine, Access::Write).unwrap();
    store.set_pack_size(1 << 20);
    let old = add(&store, &[], &small);
    let session = store.session().unwrap();
    let (delta, big) = (built(&session, &[old], &next), built(&session, &[], &large));
    session.seal().unwrap();
    (delta, next, big, large)
}

/// A pack is kept for the sake of others, and a dead delta in it would outlive its source.
#[test]
fn a_dead_delta_goes_with_its_source() {
    let machine = machine();
    let (delta, next, big, large) = dead_delta(&machine);
    sweep(&machine, &[big]);
    holds(&machine, &[(big, &large)]);
    assert!(!open(&machine, Access::Read).unwrap().contains(&delta));
    // The rows return to that state.
    let store = open(&machine, Access::Write).unwrap();
    assert_eq!(add(&store, &[], &next), delta);
    drop(store);
    holds(&machine, &[(delta, &next), (big, &large)]);
}

/// As today's stores can be: the delta is there and its source is not.
#[test]
fn what_is_held_without_its_source_is_stored_again() {
    let machine = machine();
    let before = machine.paths();
    let store = open(&machine, Access::Write).unwrap();
    let small = table(120, &mut Dice(7));
    add(&store, &[], &small);
    drop(store);
    let lost: Vec<_> = machine.paths().into_iter().filter(|path| !before.contains(path)).collect();
    let (delta, next, big, large) = dead_delta(&machine);
    lost.iter().for_each(|path| machine.lose(path));
    let report = check(&machine);
    assert_eq!(report.damage.iter().map(|damage| damage.kind).collect::<Vec<_>>(), [DamageKind::Source]);
    assert_eq!(report.lost, [delta]);
    let store = open(&machine, Access::Write).unwrap();
    assert!(store.contains(&delta));
    let session = store.session().unwrap();
    let again = build(&session, &keyed(), &[], &next);
    assert_eq!((again.root, again.new_leaves), (delta, 1));
    session.seal().unwrap();
    // A second time it is held.
    assert_eq!(build(&store.session().unwrap(), &keyed(), &[], &next).new_leaves, 0);
    drop(store);
    let store = open(&machine, Access::Read).unwrap();
    assert!(read(&store, &keyed(), &delta, false).unwrap() == next);
    drop(store);
    sweep(&machine, &[delta, big]);
    holds(&machine, &[(delta, &next), (big, &large)]);
}

/// A delta of all rows of its sources, in turn.
fn delta(sources: &[Hash], named: &[Hash], rows: u64) -> Vec<u8> {
    let mut out = vec![0];
    put_uvarint(&mut out, (sources.len() + named.len()) as u64);
    sources.iter().chain(named).for_each(|source| out.extend_from_slice(source.as_bytes()));
    put_uvarint(&mut out, sources.len() as u64 * 2);
    for number in 0..sources.len() as u64 {
        put_uvarint(&mut out, number << 2 | 3);
        put_ivarint(&mut out, 0);
        put_uvarint(&mut out, (rows - 1) << 2);
    }
    out
}

fn frame(id: Hash, kind: u8, raw: &[u8]) -> Stored {
    Stored { id, kind, frame: compress(raw, &[]), raw_len: raw.len() as u64 }
}

#[test]
fn a_good_copy_is_found_among_bad_ones() {
    let model = table(120, &mut Dice(11));
    let machine = machine();
    let store = open(&machine, Access::Write).unwrap();
    let root = add(&store, &[], &model);
    let others = add(&store, &[], &table(90, &mut Dice(12)));
    let next = changed(&model, 5, 3, 13);
    let drawing = add(&store, &[root], &next);
    let (wrong, right) = (store.get(&others).unwrap().bytes, store.get(&root).unwrap());
    drop(store);
    // Other rows under its name; a delta of what is not there; of itself; other rows from a leaf that is there.
    let forms = [
        vec![frame(root, 1, &wrong)],
        vec![frame(root, 2, &delta(&[Hash::of(b"lost")], &[], 120))],
        vec![frame(root, 2, &delta(&[root], &[], 120))],
        vec![frame(root, 2, &delta(&[others], &[], 90)), frame(drawing, 1, &wrong), frame(others, 3, &right.bytes)],
    ];
    for bad in forms {
        let machine = machine.fork();
        plant(&machine, &pack(&bad, &directory(&bad)));
        let store = open(&machine, Access::Read).unwrap();
        for ahead in [false, true] {
            assert!(read(&store, &keyed(), &root, ahead).unwrap() == model);
            assert!(read(&store, &keyed(), &drawing, ahead).unwrap() == next);
        }
    }
}

/// Objects that no snapshot needs are looked at like all others.
#[test]
fn loose_forms_without_what_they_draw_on_are_told() {
    let machine = machine();
    let root = add(&open(&machine, Access::Write).unwrap(), &[], &table(10, &mut Dice(14)));
    let name = |number: u64| Hash::of(&number.to_le_bytes());
    let tower = |top: u64| -> Vec<Stored> {
        let below = |step: u64| if step == 1 { root } else { name(step - 1) };
        (1..=top).map(|step| frame(name(step), 2, &delta(&[below(step)], &[], 10))).collect()
    };
    // Each of 41 steps draws on both of the step below: 2^41 leaves.
    let web: Vec<Stored> = (2..84)
        .map(|step: u64| {
            let below = [name(step / 2 * 2 - 2), name(step / 2 * 2 - 1)];
            frame(name(step), 2, &if step < 4 { delta(&[root], &[], 1) } else { delta(&below, &[], 1) })
        })
        .collect();
    let told = |objects: &[Stored]| {
        let machine = machine.fork();
        plant(&machine, &pack(objects, &directory(objects)));
        check(&machine).damage.first().map(|damage| damage.reason.clone())
    };
    assert_eq!(told(&tower(64)), None);
    assert!(told(&tower(65)).unwrap().contains("further down"));
    assert!(told(&web[..8]).is_none());
    assert!(told(&web).unwrap().contains("object"));
    for (sources, named, what) in [
        (&[name(99)][..], &[][..], "draws on object"),
        (&[name(1)], &[], "draws on object"),
        (&[root], &[name(99)], "takes nothing from"),
        (&[root], &[name(1)], "takes nothing from"),
        (&[root, root], &[], "twice"),
    ] {
        let said = told(&[frame(name(1), 2, &delta(sources, named, 10))]).unwrap();
        assert!(said.contains(what), "{said}");
    }
}

/// Six states of a table, each stored as what differs from the one before, and another table.
struct Chain {
    machine: Simulated,
    models: Vec<Model>,
    roots: Vec<Hash>,
    unrelated: Model,
    kept: Hash,
}

fn chain(seed: u64) -> Chain {
    let machine = machine();
    let mut models = vec![table(200, &mut Dice(seed))];
    let store = open(&machine, Access::Write).unwrap();
    let mut roots = vec![add(&store, &[], &models[0])];
    for step in 0..5 {
        models.push(changed(&models[step], step * 20, 4, step as u64));
        roots.push(add(&store, &[roots[step]], &models[step + 1]));
    }
    let unrelated = table(150, &mut Dice(seed + 1));
    let kept = add(&store, &[], &unrelated);
    drop(store);
    Chain { machine, models, roots, unrelated, kept }
}

/// A sweep that is cut short leaves nothing behind that lacks what it draws on.
#[test]
fn a_power_cut_during_a_sweep_leaves_no_form_without_its_source() {
    let Chain { machine, models, roots, unrelated, kept } = chain(15);
    // All that the chain is made of is in new packs before it goes as a whole.
    sweep(&machine, &[roots[5], roots[2], kept]);
    for step in 1.. {
        let cut = machine.fork();
        cut.crash_at(cut.operations() + step);
        let store = open(&cut, Access::Exclusive);
        let swept = store.and_then(|store| store.sweep(&store.plan_sweep(&live(&store, &[kept]), &Silent)?, &Silent));
        for seed in 0..6 {
            let after = cut.fork();
            after.reboot(seed);
            holds(&after, &[(kept, &unrelated)]);
            // The same rows, stored again beside what is left.
            let store = open(&after, Access::Write).unwrap();
            assert_eq!(add(&store, &[], &models[5]), roots[5]);
            drop(store);
            holds(&after, &[(kept, &unrelated), (roots[5], &models[5])]);
            sweep(&after, &[kept, roots[5]]);
            holds(&after, &[(kept, &unrelated), (roots[5], &models[5])]);
        }
        if swept.is_ok() {
            return;
        }
    }
}

/// Without room for an index, what draws on others is removed before these.
#[test]
fn a_sweep_of_a_full_disk_leaves_no_form_without_its_source_either() {
    let Chain { machine, unrelated, kept, .. } = chain(17);
    for step in 1.. {
        let cut = machine.fork();
        cut.set_capacity(Some(cut.used()));
        cut.crash_at(cut.operations() + step);
        let store = open(&cut, Access::Exclusive);
        let swept = store.and_then(|store| store.sweep(&store.plan_sweep(&live(&store, &[kept]), &Silent)?, &Silent));
        for seed in 0..6 {
            let after = cut.fork();
            after.reboot(seed);
            holds(&after, &[(kept, &unrelated)]);
        }
        if let Ok(swept) = swept {
            assert_eq!(swept.packs_deleted, 6);
            return;
        }
    }
}

/// Whoever deletes the index by hand after a sweep that was cut short brings back what that was about to remove,
/// without what it draws on. No snapshot needs it, it is told, nobody builds on it, and the next sweep takes it away.
#[test]
fn without_an_index_what_a_sweep_left_behind_is_taken_for_absent() {
    let Chain { machine, models, roots, unrelated, kept } = chain(19);
    let mut came_back = 0;
    for step in 1.. {
        let cut = machine.fork();
        cut.crash_at(cut.operations() + step);
        let store = open(&cut, Access::Exclusive);
        let swept = store.and_then(|store| store.sweep(&store.plan_sweep(&live(&store, &[kept]), &Silent)?, &Silent));
        for seed in 0..6 {
            let after = cut.fork();
            after.reboot(seed);
            let index = after.paths().into_iter().filter(|path| path.extension().is_some_and(|end| end == "idx"));
            index.for_each(|path| after.lose(&path));
            holds_rows(&after, &[(kept, &unrelated)]);
            let report = check(&after);
            assert!(report.damage.iter().all(|damage| damage.kind == DamageKind::Source), "{:?}", report.damage);
            came_back += report.lost.len();
            let swept = after.fork();
            sweep(&swept, &[kept]);
            holds(&swept, &[(kept, &unrelated)]);
            let store = open(&after, Access::Write).unwrap();
            for state in [3, 5] {
                assert_eq!(add(&store, &roots[..state], &models[state]), roots[state]);
            }
            drop(store);
            let trees = [(kept, &unrelated), (roots[3], &models[3]), (roots[5], &models[5])];
            holds_rows(&after, &trees);
            sweep(&after, &trees.map(|(root, _)| root));
            holds(&after, &trees);
        }
        if swept.is_ok() {
            break;
        }
    }
    assert!(came_back > 0);
}
