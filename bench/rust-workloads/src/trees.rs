//! Trees of Boxes, built from nothing and dropped as a whole: many small blocks of one size, freed in another order.

use std::hint::black_box;

use crate::outcome::{Outcome, Task, sum_below};

/// The most nodes of one tree.
const NODES: u64 = 1 << 17;
/// Nodes for each unit of AMOUNT.
const NODES_EACH: u64 = 200_000;

struct Node {
    left: Option<Box<Node>>,
    right: Option<Box<Node>>,
    value: u64,
}

impl Node {
    /// A balanced tree of `nodes` nodes whose values are `first`, `first + 1`, and so on.
    fn build(first: u64, nodes: u64) -> Option<Box<Node>> {
        if nodes == 0 {
            return None;
        }
        let left = (nodes - 1) / 2;
        Some(Box::new(Node {
            left: Node::build(first, left),
            value: first + left,
            right: Node::build(first + left + 1, nodes - 1 - left),
        }))
    }

    fn sum(&self) -> u64 {
        self.value + self.left.as_ref().map_or(0, |node| node.sum()) + self.right.as_ref().map_or(0, |node| node.sum())
    }
}

pub fn trees(task: &Task) -> Outcome {
    let nodes = task.amount * NODES_EACH;
    let trees = nodes.div_ceil(NODES);
    let bound = |tree: u64| nodes * tree / trees;
    Outcome::of(nodes, || {
        let tree = |tree| black_box(Node::build(bound(tree), bound(tree + 1) - bound(tree)));
        (0..trees).map(|number| tree(number).map_or(0, |root| root.sum())).sum()
    })
    .expecting(sum_below(nodes))
}
