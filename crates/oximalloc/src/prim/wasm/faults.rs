//! Code cannot see its own stack, and a fault ends the program at once.

use super::Wasm;
use crate::prim::contract::{Fault, Faults, Module};

impl Faults for Wasm {
    #[inline(always)]
    fn begin_stacks() {}
    #[inline(always)]
    fn stack(_skip: usize, _calls: &mut [usize]) -> usize {
        0
    }
    #[inline(always)]
    fn module_at(_address: usize, _name: &mut [u8]) -> Option<Module> {
        None
    }
    #[inline(always)]
    fn at_fault(_tell: fn(&Fault)) {}
    #[inline(always)]
    fn nothing_at_fault() {}
}
