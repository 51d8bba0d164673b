//! Stores that lie: an error, in bounded time and memory, and never a row that is not what its id says.

use super::memory::Memory;
use super::model::{Dice, Model, build, diff, keyed, read, some_row, table};
use dbsnap::codec::KeySpec;
use dbsnap::hash::Hash;
use dbsnap::store::ObjectKind;
use dbsnap::tree::{
    BuildOptions, Builder, Child, Cursor, DELTA, Extent, Flaw, LEAF, LeafReader, NODE, Node, Totals, TreeError,
    empty_id, reach,
};
use dbsnap::wire::{put_ivarint, put_uvarint};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Loads `raw` as an object of that kind.
pub fn load(store: &Memory, kind: ObjectKind, raw: &[u8]) -> Result<usize, TreeError> {
    let id = Hash::of(raw);
    store.forge(id, kind, raw);
    LeafReader::new(store, 1 << 20).load(&id).map(|leaf| leaf.len())
}

fn refused(kind: ObjectKind, raw: &[u8]) {
    let started = Instant::now();
    let outcome = load(&Memory::default(), kind, raw);
    assert!(matches!(outcome, Err(TreeError::Corrupt { .. })), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(5));
}

fn numbers(numbers: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    for number in numbers {
        put_uvarint(&mut out, *number);
    }
    out
}

/// A delta that copies: for each source its number, a move to `at`, and so many rows.
fn copies(sources: &[Hash], runs: &[(usize, i64, u64)]) -> Vec<u8> {
    let mut out = vec![0];
    put_uvarint(&mut out, sources.len() as u64);
    for source in sources {
        out.extend_from_slice(source.as_bytes());
    }
    put_uvarint(&mut out, runs.len() as u64 * 2);
    for (source, at, rows) in runs {
        put_uvarint(&mut out, (*source as u64) << 2 | 3);
        put_ivarint(&mut out, *at);
        put_uvarint(&mut out, (rows - 1) << 2);
    }
    out
}

#[test]
fn counts_and_lengths_that_cannot_be() {
    const HUGE: u64 = 1 << 60;
    for whole in [
        numbers(&[2, 0, 0]),
        numbers(&[0, HUGE, 1]),
        numbers(&[0, 65_537, 1, 0]),
        numbers(&[0, 1, HUGE]),
        // 65,536 rows of 64 NULLs would be 4 MiB of rows.
        [numbers(&[0, 65_536, 64]), vec![0; 64]].concat(),
        numbers(&[0, 2, 1, 9]),
        numbers(&[0, 2, 1, 255, 1, 7]),
        numbers(&[0, 2, 1, 2]),
        numbers(&[0, 2, 1, 3, 0, HUGE, HUGE]),
        numbers(&[0, 2, 1, 3, 1, 100, 100]),
        numbers(&[0, 2, 1, 3, 2, 0, 0]),
        numbers(&[0, 2, 1, 1, 2, 0, 0]),
        numbers(&[0, 2, 1, 0, 0]),
        numbers(&[1, 1, 0, 1, 0]),
        numbers(&[1, HUGE]),
        numbers(&[0, 0, 5, 0, 0, 0, 0, 0]),
    ] {
        refused(LEAF, &whole);
    }
    for delta in [
        numbers(&[2]),
        numbers(&[0, HUGE]),
        numbers(&[0, 0, HUGE]),
        numbers(&[0, 0, 1, HUGE << 2 | 1]),
        numbers(&[0, 0, 1, 0]),
        numbers(&[0, 0, 1, 2]),
        numbers(&[0, 0, 1, 3, 0]),
        numbers(&[0, 0, 1, 1, HUGE]),
        numbers(&[0, 0, 0, 7]),
    ] {
        refused(DELTA, &delta);
    }
    refused(NODE, &[]);
    refused(ObjectKind(9), &[]);
}

#[test]
fn a_bomb_of_rows_is_refused_early() {
    // One row of 1 MiB, copied 60,000 times.
    let store = Memory::default();
    let long = dbsnap::codec::row::encode(&[dbsnap::codec::Value::Blob(vec![0; 1 << 20])]);
    let spec = KeySpec::rows();
    let mut model = Model::new();
    model.insert(Hash::of(&long).as_bytes().to_vec(), (long, 1));
    let built = build(&store, &spec, &[], &model);
    let runs: Vec<(usize, i64, u64)> = (0..60_000).map(|run| (0, if run == 0 { 0 } else { -1 }, 1)).collect();
    let outcome = load(&store, DELTA, &copies(&[built.root], &runs));
    assert!(matches!(outcome, Err(TreeError::Corrupt { .. })), "{outcome:?}");
    // A column of 65,537 columns, and one row of many columns.
    refused(LEAF, &[numbers(&[0, 1, 65_537]), vec![0; 65_537]].concat());
    assert_eq!(load(&store, LEAF, &[numbers(&[0, 1, 65_536]), vec![0; 65_536]].concat()).unwrap(), 1);
}

#[test]
fn copies_beyond_a_source() {
    let (store, spec) = (Memory::default(), keyed());
    let built = build(&store, &spec, &[], &table(10, &mut Dice(1)));
    for runs in [[(0, 0, 11)], [(0, 10, 1)], [(0, -1, 1)], [(0, i64::MAX, 1)], [(1, 0, 1)], [(0, 5, 1 << 40)]] {
        let outcome = load(&store, DELTA, &copies(&[built.root], &runs));
        assert!(matches!(outcome, Err(TreeError::Corrupt { .. })), "{runs:?} {outcome:?}");
    }
    assert_eq!(load(&store, DELTA, &copies(&[built.root], &[(0, 3, 7)])).unwrap(), 7);
}

#[test]
fn cycles_towers_and_webs_end() {
    let (store, spec) = (Memory::default(), keyed());
    let root = build(&store, &spec, &[], &table(10, &mut Dice(2))).root;
    let name = |number: u64| Hash::of(&number.to_le_bytes());
    let too_deep =
        |outcome: Result<usize, TreeError>| assert!(matches!(outcome, Err(TreeError::Corrupt { .. })), "{outcome:?}");
    // One that needs itself, two that need each other.
    for (a, b) in [(1, 1), (2, 3), (3, 2)] {
        store.forge(name(a), DELTA, &copies(&[name(b)], &[(0, 0, 1)]));
    }
    let read_one = |id: Hash| LeafReader::new(&store, 1 << 20).load(&id).map(|leaf| leaf.len());
    too_deep(read_one(name(1)));
    too_deep(read_one(name(2)));
    for circle in [1, 2] {
        too_deep(reach(&store, &name(circle), &mut HashSet::new(), |_, _| ()).map(|()| 0));
    }
    // A tower of 64 can be read, one of 65 not, whatever was read before.
    for step in 0..70 {
        let below = if step == 0 { root } else { name(100 + step - 1) };
        store.forge(name(100 + step), DELTA, &copies(&[below], &[(0, 0, 10)]));
    }
    assert_eq!(read_one(name(163)).unwrap(), 10);
    too_deep(read_one(name(164)));
    let reader = LeafReader::new(&store, 8 << 20);
    reader.load(&name(163)).unwrap();
    too_deep(reader.load(&name(169)).map(|leaf| leaf.len()));
    // Each needs two different ones of the step below: 2^40 ways down, without a cache that holds anything.
    let started = Instant::now();
    for step in 0..40 {
        for side in 0..2 {
            let below = if step == 0 { [root, root] } else { [name(1000 + step * 2 - 2), name(1000 + step * 2 - 1)] };
            let runs = if side == 0 { [(0, 0, 1), (1, 1, 1)] } else { [(1, 0, 1), (0, 1, 1)] };
            store.forge(name(1000 + step * 2 + side), DELTA, &copies(&below, &runs));
        }
    }
    too_deep(LeafReader::new(&store, 0).load(&name(1078)).map(|leaf| leaf.len()));
    assert!(started.elapsed() < Duration::from_secs(60));
}

fn node(children: Vec<Child>) -> Node {
    Node { level: 1, multiset: false, children }
}

fn child(id: Hash, entries: u64, upper: &[u8]) -> Child {
    Child { id, totals: Totals { entries, rows: entries, row_bytes: 100 }, upper: upper.to_vec() }
}

#[test]
fn nodes_that_cannot_be() {
    let id = empty_id(false);
    let flawed = |node: Node| assert!(matches!(Node::decode(&node.encode()), Err(Flaw::Shape(_))), "{node:?}");
    flawed(node(Vec::new()));
    flawed(node((0..257u16).map(|upper| child(id, 1, &(upper + 1).to_be_bytes())).collect()));
    flawed(node(vec![child(id, 1, b"b"), child(id, 1, b"a")]));
    flawed(node(vec![child(id, 1, b"b"), child(id, 1, b"b")]));
    flawed(node(vec![child(id, 1, b""), child(id, 1, b"b")]));
    flawed(Node { level: 0, ..node(vec![child(id, 1, b"")]) });
    flawed(Node { level: 65, ..node(vec![child(id, 1, b"")]) });
    // 256 bounds that share 60,000 bytes: 15 MB from 70 KB.
    let bounds = (0..=255u8).map(|last| child(id, 1, &[vec![7; 60_000], vec![last]].concat())).collect();
    flawed(node(bounds));
    assert!(node(vec![child(id, 1, b"")]).totals().is_some());
    assert_eq!(node(vec![child(id, u64::MAX, b"a"), child(id, 1, b"")]).totals(), None);
}

#[test]
fn nodes_that_say_something_else_than_is_there() {
    let (store, spec) = (Memory::default(), keyed());
    let model = table(40_000, &mut Dice(3));
    let built = build(&store, &spec, &[], &model);
    build(&store, &spec, &[], &Model::new());
    let honest = Node::load(&store, built.root).unwrap();
    let lie = |change: &dyn Fn(&mut Node)| {
        let mut lying = honest.clone();
        change(&mut lying);
        let bytes = lying.encode();
        let root = Node::id_of(&bytes);
        store.forge(root, NODE, &bytes);
        for ahead in [false, true] {
            assert!(matches!(read(&store, &spec, &root, ahead), Err(TreeError::Corrupt { .. })));
        }
        // What both share is not read; a difference that is told was.
        match diff(&store, &spec, &built.root, &root) {
            Ok(told) => assert_eq!(told, []),
            Err(error) => assert!(matches!(error, TreeError::Corrupt { .. }), "{error}"),
        }
    };
    assert!(honest.children.len() > 2);
    lie(&|node| node.children[1].totals.entries += 1);
    lie(&|node| node.children[1].totals.row_bytes -= 1);
    lie(&|node| node.children[0].upper = b"\x10\x01".to_vec());
    lie(&|node| node.children[1].id = node.children[0].id);
    lie(&|node| node.children.swap(0, 1));
    lie(&|node| node.children[0].id = built.root);
    lie(&|node| node.level = 2);
    lie(&|node| node.children[0].id = empty_id(false));
    lie(&|node| {
        node.children[0].id = empty_id(false);
        node.children[0].totals = Totals::default();
    });
    // A leaf of another table, and a root that is no tree at all.
    let multiset = build(&store, &KeySpec::rows(), &[], &Model::new()).root;
    assert!(Cursor::new(&store, &spec, &multiset).unwrap().next_entry().is_err());
    store.forge(Hash::of(b"schema"), ObjectKind(4), b"{}");
    assert!(Cursor::new(&store, &spec, &Hash::of(b"schema")).is_err());
    assert!(reach(&store, &Hash::of(b"schema"), &mut HashSet::new(), |_, _| ()).is_err());
}

#[test]
fn a_swapped_leaf_is_noticed() {
    let (store, spec) = (Memory::default(), keyed());
    let mut dice = Dice(4);
    let model = table(9000, &mut dice);
    let built = build(&store, &spec, &[], &model);
    let mut next = model.clone();
    next.values_mut().next().unwrap().0 = some_row(0, &mut dice);
    let second = build(&store, &spec, &[], &next);
    let (old, new) = (Node::load(&store, built.root).unwrap(), Node::load(&store, second.root).unwrap());
    let frame = store.remove(&new.children[0].id).unwrap();
    store.remove(&old.children[0].id).unwrap();
    let forged = dbsnap::store::Frame { id: old.children[0].id, ..frame };
    dbsnap::store::NewObjects::put(&store, forged).unwrap();
    let outcome = read(&store, &spec, &built.root, true);
    assert!(matches!(outcome, Err(TreeError::Corrupt { flaw: Flaw::Id, .. })));
}

#[test]
fn rows_that_are_not_rows_are_refused_when_built() {
    let (store, spec) = (Memory::default(), KeySpec::rows());
    for rows in [vec![vec![9u8]], vec![vec![0], vec![0, 0]], vec![vec![3, 200]]] {
        let row_bytes = rows.iter().map(|row| row.len() as u64).sum();
        let extent = Extent { rows: rows.len() as u64, row_bytes };
        let outcome = std::thread::scope(|scope| {
            let mut builder =
                Builder::new(scope, &store, &spec, &[], extent, BuildOptions::new(&dbsnap::monitor::Silent));
            let mut keyed: Vec<(Hash, &Vec<u8>)> = rows.iter().map(|row| (Hash::of(row), row)).collect();
            keyed.sort();
            for (key, row) in keyed {
                builder.push(key.as_bytes(), row, 1)?;
            }
            builder.finish()
        });
        assert!(matches!(outcome, Err(TreeError::Codec(_))), "{outcome:?}");
    }
}
