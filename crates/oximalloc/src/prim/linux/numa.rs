//! NUMA nodes: how many there are, which one this thread runs on, and where the memory of a range should come from.

use super::process::ReadFile;
use super::{Linux, errno};
use crate::base::sync::{AtomicUsize, Ordering};
use crate::base::text::number;
use crate::prim::contract::Numa;

/// The most nodes that are believed to exist.
const NODES_MAX: usize = 1024;
const PER_WORD: usize = usize::BITS as usize;

impl Numa for Linux {
    #[cold]
    fn nodes() -> usize {
        static NODES: AtomicUsize = AtomicUsize::new(0);
        let known = NODES.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        let mut text = [0u8; 256];
        let got =
            errno::keep(|| ReadFile::open(c"/sys/devices/system/node/online").map_or(0, |mut f| f.read(&mut text)));
        let nodes = last_of_list(text.get(..got).unwrap_or_default()).saturating_add(1).min(NODES_MAX);
        NODES.store(nodes, Ordering::Relaxed);
        nodes
    }

    #[cold]
    fn current_node() -> usize {
        let (mut cpu, mut node): (libc::c_uint, libc::c_uint) = (0, 0);
        let none = core::ptr::null_mut::<u8>();
        // SAFETY: two live integers that the kernel fills in; the third argument is unused.
        let failed = errno::keep(|| unsafe { libc::syscall(libc::SYS_getcpu, &raw mut cpu, &raw mut node, none) }) != 0;
        if failed { 0 } else { node as usize }
    }

    #[cold]
    unsafe fn prefer_node(p: *mut u8, size: usize, node: usize) -> bool {
        const MPOL_PREFERRED: libc::c_int = 1;
        let mut mask = [0usize; NODES_MAX / PER_WORD];
        let Some(word) = mask.get_mut(node / PER_WORD) else {
            return false;
        };
        *word = 1 << (node % PER_WORD);
        // The kernel reads one bit less than it is told.
        let (bits, flags) = (NODES_MAX + 1, 0usize);
        // SAFETY: changes neither contents nor access of the range, and the mask is a live array of the bits that are
        // read.
        errno::keep(|| unsafe { libc::syscall(libc::SYS_mbind, p, size, MPOL_PREFERRED, mask.as_ptr(), bits, flags) })
            == 0
    }
}

/// The last number of a list as the kernel prints it: `0-3,8`. 0 if there is none.
#[cold]
fn last_of_list(text: &[u8]) -> usize {
    let last = text.split(|b| !b.is_ascii_digit()).rfind(|part| !part.is_empty()).unwrap_or_default();
    usize::try_from(number(last).0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_in_the_largest_node() {
        for (text, last) in [("0\n", 0), ("0-3\n", 3), ("0,2-11\n", 11), ("", 0), ("\n", 0)] {
            assert_eq!(last_of_list(text.as_bytes()), last, "{text:?}");
        }
    }
}
