//! One node.

use super::Wasm;
use crate::prim::contract::Numa;

impl Numa for Wasm {
    #[inline(always)]
    fn nodes() -> usize {
        1
    }
    #[inline(always)]
    fn current_node() -> usize {
        0
    }
    #[inline(always)]
    unsafe fn prefer_node(_p: *mut u8, _size: usize, _node: usize) -> bool {
        false
    }
}
