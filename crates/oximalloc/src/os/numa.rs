//! NUMA nodes, as the option `use_numa_nodes` presents them. Invariant: [`current`] is below [`nodes`].

use crate::diag::options::{self, Opt};
use crate::prim::{Numa, Os};

/// How many nodes there are, or how many the option pretends there are.
pub fn nodes() -> usize {
    usize::try_from(options::get(Opt::UseNumaNodes)).ok().filter(|&n| n > 0).unwrap_or_else(Os::nodes)
}

/// The node that the calling thread is running on.
pub fn current() -> i32 {
    match nodes() {
        0 | 1 => 0,
        nodes => (Os::current_node() % nodes) as i32,
    }
}

/// Make the memory of a range come from `node` if possible. No effect if `node` is negative or there is only one node.
///
/// # Safety
/// - the range consists of whole OS pages of the caller's mappings.
#[inline(never)]
pub unsafe fn prefer(p: *mut u8, size: usize, node: i32) {
    if let Ok(node) = usize::try_from(node)
        && nodes() > 1
    {
        // A refusal costs speed and nothing else.
        // SAFETY: by the contract.
        unsafe { Os::prefer_node(p, size, node % nodes()) };
    }
}
