//! Values with several owners: a graph of `Rc` and `Weak`, and the versions of a tree that share what did not change.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use crate::numbers::{Xorshift, scatter};
use crate::outcome::{Outcome, Task, check, sum_below, wrong};

/// The most nodes of one graph.
const NODES: u64 = 20_000;
/// Nodes for each unit of AMOUNT.
const NODES_EACH: u64 = 16_000;
const EDGES: usize = 3;
const VERSIONS: u64 = 5_000;
const KEYS: u64 = 1 << 11;
const KEPT: usize = 64;

struct Place {
    name: Rc<str>,
    number: u64,
    roads: RefCell<Vec<Rc<Place>>>,
    parent: RefCell<Weak<Place>>,
}

/// The places that place `number` of a graph has roads to: all come before it, so that there is no ring of owners.
fn neighbours(random: &mut Xorshift, number: u64) -> [u64; EDGES] {
    std::array::from_fn(|_| random.below(number))
}

/// The sum over the graph of the numbers at the roads' ends and of each place's parent, by arithmetic alone.
fn graph_sum(random: &mut Xorshift, nodes: u64) -> u64 {
    (1..nodes)
        .map(|number| {
            let ends = neighbours(random, number);
            ends.iter().sum::<u64>() + ends[0]
        })
        .sum()
}

fn graph_of(random: &mut Xorshift, nodes: u64) -> Vec<Rc<Place>> {
    let mut places: Vec<Rc<Place>> = Vec::new();
    for number in 0..nodes {
        let place = Rc::new(Place {
            name: format!("place {number}").into(),
            number,
            roads: RefCell::default(),
            parent: RefCell::default(),
        });
        if number > 0 {
            let ends = neighbours(random, number).map(|end| &places[end as usize]);
            *place.parent.borrow_mut() = Rc::downgrade(ends[0]);
            for end in ends {
                place.roads.borrow_mut().push(Rc::clone(end));
            }
        }
        places.push(place);
    }
    places
}

/// Graphs of up to 20 000 places, built, walked along every road, and dropped from the newest place to the oldest.
pub fn graph(task: &Task) -> Outcome {
    let nodes = task.amount * NODES_EACH;
    let graphs = nodes.div_ceil(NODES);
    let nodes_of = |graph: u64| nodes * (graph + 1) / graphs - nodes * graph / graphs;
    let mut random = Xorshift::new();
    let expected = (0..graphs).map(|graph| graph_sum(&mut random, nodes_of(graph))).sum();
    Outcome::of(nodes, || {
        let mut random = Xorshift::new();
        let mut sum = 0;
        for graph in 0..graphs {
            let mut places = black_box(graph_of(&mut random, nodes_of(graph)));
            while let Some(place) = places.pop() {
                sum += place.roads.borrow().iter().map(|end| end.number).sum::<u64>();
                sum += place.parent.borrow().upgrade().map_or(0, |parent| parent.number);
                check(place.name.starts_with("place ") && Rc::strong_count(&place) == 1, "a place was overwritten");
            }
        }
        sum
    })
    .expecting(expected)
}

struct Branch {
    key: u64,
    value: u64,
    left: Version,
    right: Version,
}

type Version = Option<Arc<Branch>>;

/// The version with `key` set to `value`: the path to the key is new, all else is shared. Also the value before.
fn set(version: &Version, key: u64, value: u64) -> (Arc<Branch>, Option<u64>) {
    let Some(old) = version else {
        return (Arc::new(Branch { key, value, left: None, right: None }), None);
    };
    let (left, right) = (old.left.clone(), old.right.clone());
    if key == old.key {
        return (Arc::new(Branch { key, value, left, right }), Some(old.value));
    }
    if key < old.key {
        let (left, before) = set(&left, key, value);
        return (Arc::new(Branch { key: old.key, value: old.value, left: Some(left), right }), before);
    }
    let (right, before) = set(&right, key, value);
    (Arc::new(Branch { key: old.key, value: old.value, left, right: Some(right) }), before)
}

fn values_of(version: &Version, least: u64, most: u64) -> u64 {
    let Some(branch) = version else { return 0 };
    if branch.key < least || branch.key > most {
        wrong("a branch was overwritten");
    }
    let smaller = values_of(&branch.left, least, branch.key);
    branch.value + smaller + values_of(&branch.right, branch.key, most)
}

/// A search tree of 2048 keys of which every version is a value of its own, and the last 64 versions are kept.
pub fn versions(task: &Task) -> Outcome {
    let steps = task.amount * VERSIONS;
    Outcome::of(steps, || {
        let mut random = Xorshift::new();
        let mut kept: Vec<Version> = vec![None; KEPT];
        let mut newest: Version = None;
        let mut sum = 0;
        for step in 0..steps {
            let (version, before) = set(&newest, scatter(random.below(KEYS)), step);
            // Each step's number is read once: when a later one takes its place, or at the end.
            sum += before.unwrap_or(0);
            newest = Some(black_box(version));
            kept[step as usize % KEPT].clone_from(&newest);
        }
        sum + values_of(&newest, 0, u64::MAX)
    })
    .expecting(sum_below(steps))
}
