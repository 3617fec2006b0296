//! NUMA nodes. Without being asked, the system takes memory from the node of the thread's processor. It can be asked for
//! another node only when addresses are reserved.

use super::{Windows, errno};
use crate::base::sync::{AtomicUsize, Ordering};
use crate::prim::contract::Numa;
use windows_sys::Win32::System::Kernel::PROCESSOR_NUMBER;
use windows_sys::Win32::System::Threading::{
    GetCurrentProcessorNumberEx, GetNumaHighestNodeNumber, GetNumaProcessorNodeEx,
};

impl Numa for Windows {
    fn nodes() -> usize {
        /// 0: not asked yet.
        static NODES: AtomicUsize = AtomicUsize::new(0);
        let known = NODES.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        let mut highest = 0;
        // SAFETY: the call fills in the number.
        let told = errno::keep(|| unsafe { GetNumaHighestNodeNumber(&mut highest) }) != 0;
        let nodes = if told { (highest as usize).saturating_add(1) } else { 1 };
        NODES.store(nodes, Ordering::Relaxed);
        nodes
    }

    fn current_node() -> usize {
        let mut processor = PROCESSOR_NUMBER { Group: 0, Number: 0, Reserved: 0 };
        let mut node = 0;
        // SAFETY: the calls fill in the number of a processor and of its node.
        let told = errno::keep(|| unsafe {
            GetCurrentProcessorNumberEx(&mut processor);
            GetNumaProcessorNodeEx(&processor, &mut node)
        }) != 0;
        if told && usize::from(node) < Self::nodes() { node.into() } else { 0 }
    }

    unsafe fn prefer_node(_p: *mut u8, _size: usize, _node: usize) -> bool {
        false
    }
}
