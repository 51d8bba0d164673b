//! Trees that no writer makes, though every row in them is what its id says.

use super::memory::Memory;
use super::model::{Dice, Model, build, keyed, table};
use dbsnap::codec::KeySpec;
use dbsnap::hash::Hash;
use dbsnap::monitor::Silent;
use dbsnap::tree::{NODE, Node, Totals, TreeCheck, TreeError};

fn told(store: &Memory, spec: &KeySpec, root: &Hash) -> Result<Totals, TreeError> {
    TreeCheck::new(store).tree(spec, root, &Silent)
}

fn forge(store: &Memory, node: &Node) -> Hash {
    let bytes = node.encode();
    store.forge(Node::id_of(&bytes), NODE, &bytes);
    Node::id_of(&bytes)
}

#[test]
fn what_is_built_passes() {
    let store = Memory::default();
    for rows in [0, 1, 700, 30_000] {
        let model = table(rows, &mut Dice(rows));
        let built = build(&store, &keyed(), &[], &model);
        assert_eq!(told(&store, &keyed(), &built.root).unwrap(), built.totals);
    }
    // A multiset: every occurrence counts where leaves are cut.
    let spec = KeySpec::rows();
    for count in [1, 40] {
        let rows = table(9000, &mut Dice(count)).into_values();
        let model: Model = rows.map(|(row, _)| (Hash::of(&row).as_bytes().to_vec(), (row, count))).collect();
        let built = build(&store, &spec, &[], &model);
        assert!(built.leaves > 2);
        assert_eq!(told(&store, &spec, &built.root).unwrap(), built.totals);
    }
    // Rows of no columns: no bytes at all.
    let model: Model = [(Hash::of(b"").as_bytes().to_vec(), (Vec::new(), 7))].into();
    let built = build(&store, &spec, &[], &model);
    assert_eq!(told(&store, &spec, &built.root).unwrap().rows, 7);
}

#[test]
fn what_a_writer_would_not_make_is_refused() {
    let store = Memory::default();
    let built = build(&store, &keyed(), &[], &table(60_000, &mut Dice(3)));
    let honest = Node::load(&store, built.root).unwrap();
    assert!(honest.children.len() > 5);
    let lie = |what: &str, change: &dyn Fn(&mut Node)| {
        let mut lying = honest.clone();
        change(&mut lying);
        let outcome = told(&store, &keyed(), &forge(&store, &lying));
        assert!(outcome.as_ref().is_err_and(|error| error.to_string().contains(what)), "{what}: {outcome:?}");
    };
    lie("another kind of table", &|node| node.multiset = true);
    lie("last bound of a root", &|node| node.children.last_mut().unwrap().upper = vec![0xff; 9]);
    // Longer bounds that still lie between the keys.
    lie("the shortest", &|node| node.children[1].upper.push(0));
    // One bound of 64 ends a node of so many children, wherever it stands.
    let ended = (0..2000u16).any(|end| {
        let mut lying = honest.clone();
        let child = |upper: Vec<u8>| dbsnap::tree::Child { upper, ..honest.children[0].clone() };
        lying.children = (0..20u8).map(|number| child([&[number][..], &end.to_be_bytes()].concat())).collect();
        lying.children.push(child(Vec::new()));
        let outcome = told(&store, &keyed(), &forge(&store, &lying));
        outcome.is_err_and(|error| error.to_string().contains("goes on where it must end"))
    });
    assert!(ended);
    lie("single child", &|node| {
        let child = forge(&store, &honest);
        node.level += 1;
        node.children = vec![dbsnap::tree::Child { id: child, totals: honest.totals().unwrap(), upper: Vec::new() }];
    });
    lie("ends where it must not", &|node| {
        let mut halves = [honest.clone(), honest.clone()];
        halves[1].children = halves[0].children.split_off(3);
        node.level += 1;
        node.children = halves
            .iter()
            .map(|half| dbsnap::tree::Child {
                id: forge(&store, half),
                totals: half.totals().unwrap(),
                upper: half.children.last().unwrap().upper.clone(),
            })
            .collect();
    });
}

#[test]
fn leaves_that_end_elsewhere_are_refused() {
    let store = Memory::default();
    let model = table(40, &mut Dice(4));
    let (mut left, mut right) = (model.clone(), Model::new());
    for key in model.keys().skip(20) {
        right.extend(left.remove_entry(key));
    }
    let halves = [build(&store, &keyed(), &[], &left), build(&store, &keyed(), &[], &right)];
    let (below, above) = (left.keys().last().unwrap(), right.keys().next().unwrap());
    let shared = below.iter().zip(above).take_while(|(a, b)| a == b).count();
    let child = |half: usize, upper: &[u8]| dbsnap::tree::Child {
        id: halves[half].root,
        totals: halves[half].totals,
        upper: upper.to_vec(),
    };
    let node = Node { level: 1, multiset: false, children: vec![child(0, &above[..=shared]), child(1, &[])] };
    let outcome = told(&store, &keyed(), &forge(&store, &node));
    assert!(outcome.is_err_and(|error| error.to_string().contains("where its keys say")));
}
