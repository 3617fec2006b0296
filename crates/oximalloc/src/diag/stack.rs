//! Stacks of calls, and how they are printed: one line for each call, `module+offset`, which is what `addr2line` takes.
//!
//! A stack is an array of return addresses, the innermost first. Zeros follow the last. The system may allocate while it
//! walks the stack, and such an allocation may want a stack too. So a thread that is at it gets an empty one.

use super::hook::{THREADS, place};
use super::output::Sink;
use crate::base::sync::{AtomicUsize, Ordering};
use crate::prim::{Faults, Module, Os, keep_errno};
use core::fmt;

/// The most calls of a stack that are kept.
pub const CALLS: usize = 16;

/// At least so many calls are within the allocator: [`walk`], and functions around it that are never inlined.
const OURS: usize = 3;

/// The ids of the threads that are walking their stacks. 0: free.
static INSIDE: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];

/// Put the calling thread's stack into zeros. It stays empty where the system does not tell, or is not ready. Leaves
/// `errno` alone.
#[cold]
#[inline(never)]
pub fn walk(calls: &mut [usize]) {
    if let Some(slot) = place(core::hint::black_box(&INSIDE)) {
        keep_errno(|| Os::stack(OURS, calls));
        slot.store(0, Ordering::Relaxed);
    }
}

/// Print one line for each call of a stack. A signal handler may do so, with [`Sink::STDERR`].
#[cold]
#[inline(never)]
pub fn print(calls: &[usize], sink: &Sink, modules: &mut Modules) {
    if calls.first().is_none_or(|&call| call == 0) {
        sink.print(format_args!("    (the calls are not known)\n"));
    }
    for (number, &call) in calls.iter().take_while(|&&call| call != 0).enumerate() {
        // The return address may belong to the next line, or to the next function.
        modules.print(sink, format_args!("    #{number} "), call - 1);
    }
}

/// The modules that were looked up last. Each look-up reads through a list of the system's.
pub struct Modules {
    known: [Known; KNOWN],
    /// The one to forget next.
    next: usize,
}

#[derive(Clone, Copy)]
struct Known {
    module: Module,
    name: [u8; NAME_MAX],
}

/// How many modules are remembered.
const KNOWN: usize = 3;
/// Bytes of a module's name that are printed.
const NAME_MAX: usize = 128;
const NOWHERE: Module = Module { start: 0, end: 0, base: 0, name: 0 };

impl Modules {
    /// None yet.
    pub const fn new() -> Modules {
        Modules { known: [Known { module: NOWHERE, name: [0; NAME_MAX] }; KNOWN], next: 0 }
    }

    fn at(&mut self, address: usize) -> Option<&Known> {
        let has = |known: &Known| (known.module.start..known.module.end).contains(&address);
        if !self.known.iter().any(has) {
            let known = self.known.get_mut(self.next)?;
            self.next = (self.next + 1) % KNOWN;
            known.module = NOWHERE;
            known.module = Os::module_at(address, &mut known.name)?;
        }
        self.known.iter().find(|known| has(known))
    }

    /// Print a line: `before`, and where an address is in its module.
    #[cold]
    #[inline(never)]
    pub fn print(&mut self, sink: &Sink, before: fmt::Arguments, address: usize) {
        match self.at(address) {
            Some(Known { module, name }) => {
                let name = name.get(..module.name).unwrap_or_default();
                let name = name.utf8_chunks().next().map_or("", |chunk| chunk.valid());
                sink.print(format_args!("{before}{name}+{:#x}\n", address.wrapping_sub(module.base)));
            }
            None => sink.print(format_args!("{before}{address:#x}\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::output::tests::captured;
    use super::*;

    #[test]
    fn a_stack_names_its_modules() {
        Os::begin_stacks();
        let mut calls = [0; CALLS];
        walk(&mut calls);
        let text = captured(|sink| print(&calls, sink, &mut Modules::new()));
        let program = std::env::current_exe().unwrap().display().to_string();
        let line = format!("    #1 {program}+0x");
        assert!(text.contains(line.get(..60).unwrap_or(&line)), "{text}");
        assert!(text.lines().count() > 4);
        let text = captured(|sink| print(&[0; 3], sink, &mut Modules::new()));
        assert_eq!(text, "    (the calls are not known)\n");
        let text = captured(|sink| Modules::new().print(sink, format_args!("at "), 16));
        assert_eq!(text, "at 0x10\n");
    }

    #[test]
    fn a_thread_does_not_walk_twice_at_a_time() {
        Os::begin_stacks();
        let slot = place(&INSIDE).unwrap();
        let mut calls = [0; CALLS];
        walk(&mut calls);
        assert_eq!(calls, [0; CALLS]);
        slot.store(0, Ordering::Relaxed);
        walk(&mut calls);
        assert_ne!(calls, [0; CALLS]);
    }
}
