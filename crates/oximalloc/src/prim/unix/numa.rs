//! NUMA nodes: how many there are, which one this thread runs on, and where the memory of a range should come from.
//! Invariant: as in `memory`, `errno` stays; a kernel without NUMA is one node.

use super::memory::keep_errno;
use super::process::ReadFile;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::base::text::number;

/// The largest node number that is believed, plus 1.
const NODES_MAX: usize = 1024;
const PER_WORD: usize = usize::BITS as usize;

/// One more than the largest number of a node that has memory or processors. The file is read at the first call.
#[cold]
pub fn nodes() -> usize {
    static NODES: AtomicUsize = AtomicUsize::new(0);
    let known = NODES.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let mut text = [0u8; 256];
    let got = keep_errno(|| ReadFile::open(c"/sys/devices/system/node/online").map_or(0, |mut f| f.read(&mut text)));
    let nodes = last_of_list(text.get(..got).unwrap_or_default()).saturating_add(1).min(NODES_MAX);
    NODES.store(nodes, Ordering::Relaxed);
    nodes
}

/// The last number of a list as the kernel prints it: `0-3,8`. 0 if there is none.
#[cold]
fn last_of_list(text: &[u8]) -> usize {
    let last = text.split(|b| !b.is_ascii_digit()).rfind(|part| !part.is_empty()).unwrap_or_default();
    usize::try_from(number(last).0).unwrap_or(usize::MAX)
}

/// The node that the calling thread runs on at the moment.
#[cold]
pub fn current() -> usize {
    let (mut cpu, mut node): (libc::c_uint, libc::c_uint) = (0, 0);
    let none = core::ptr::null_mut::<u8>();
    // SAFETY: two live integers that the kernel fills in; the third argument is unused.
    let failed = keep_errno(|| unsafe { libc::syscall(libc::SYS_getcpu, &raw mut cpu, &raw mut node, none) }) != 0;
    if failed { 0 } else { node as usize }
}

/// Have the memory of a range come from `node` as long as that one has some; what is resident stays where it is.
///
/// # Safety
/// - the range consists of whole OS pages of the caller's mappings.
#[cold]
pub unsafe fn prefer(p: *mut u8, size: usize, node: usize) -> bool {
    const MPOL_PREFERRED: libc::c_int = 1;
    let mut mask = [0usize; NODES_MAX / PER_WORD];
    let Some(word) = mask.get_mut(node / PER_WORD) else {
        return false;
    };
    *word = 1 << (node % PER_WORD);
    // The kernel takes the last bit of the count for its own.
    let (bits, flags) = (NODES_MAX + 1, 0usize);
    // SAFETY: changes neither contents nor access of the range, and the mask is a live array of that many bits.
    keep_errno(|| unsafe { libc::syscall(libc::SYS_mbind, p, size, MPOL_PREFERRED, mask.as_ptr(), bits, flags) }) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prim::memory;

    #[test]
    fn a_list_ends_in_the_largest_node() {
        for (text, last) in [("0\n", 0), ("0-3\n", 3), ("0,2-11\n", 11), ("", 0), ("\n", 0)] {
            assert_eq!(last_of_list(text.as_bytes()), last, "{text:?}");
        }
    }

    #[test]
    fn this_machine_has_a_node() {
        assert!(nodes() >= 1 && current() < nodes());
        let p = memory::reserve(0, 1 << 16, true);
        // SAFETY: our own mapping. A kernel may lack the call, so the answer is not looked at.
        unsafe {
            prefer(p, 1 << 16, current());
            p.write(1);
            assert!(!prefer(p, 1 << 16, usize::MAX));
            assert!(memory::unmap(p, 1 << 16));
        }
    }
}
