//! Reports on sampled blocks: on a fault at one, and what is said of one that is misused.
//!
//! The handler of faults does not allocate, waits for nobody, and prints to standard error whatever is registered for
//! messages. It calls no function of the program's: not that of `mi_register_output`, nor that of `mi_register_error`.
//! A thread's stack for signals may be as short as 8 KiB, of which the kernel takes up to 3.5 KiB, so what runs in the
//! handler has few and small buffers.

use crate::diag::error::may_tell;
use crate::diag::output::Sink;
use crate::diag::stack::{self, Modules};
use crate::heap::pages::samples::{self, Known};
use crate::prim::{Fault, Faults, Os, Threads};
use core::ptr;

/// Keep records of sampled blocks from now on, and report faults at them.
#[cold]
pub fn begin() {
    samples::begin();
    Os::begin_stacks();
    Os::at_fault(fault);
}

/// A thread's access has failed. This runs in a signal handler.
#[cold]
fn fault(fault: &Fault) {
    let mut known = Known::UNKNOWN;
    let known = &mut known;
    if !samples::find(ptr::without_provenance(fault.address), known) {
        return;
    }
    // What lies before the guard of a block in use is accessible. If not, that is not our doing.
    if (!known.is_freed() && fault.address < known.guard()) || !may_tell() {
        return;
    }
    let sink = Sink::STDERR;
    let access = match fault.write {
        Some(true) => "written",
        Some(false) => "read",
        None => "accessed",
    };
    let (what, state) = if known.is_freed() { ("use after free", "freed ") } else { ("overflow", "") };
    let (block, size, thread) = (known.block(), known.size(), Os::thread_id() & !1);
    let (byte, place) = match fault.address.checked_sub(block) {
        Some(inside) => (inside + 1, "of"),
        None => (block - fault.address, "before the start of"),
    };
    sink.print(format_args!(
        "mimalloc: error: {what}: byte {byte} {place} a {state}block of {size} bytes at {block:#x} was {access} (thread {thread:#x})\n"
    ));
    let modules = &mut Modules::new();
    modules.print(&sink, format_args!("  by "), fault.instruction);
    print_history(known, &sink, modules);
}

/// Print who allocated a block, and who freed it.
#[cold]
#[inline(never)]
pub fn print_history(known: &Known, sink: &Sink, modules: &mut Modules) {
    for (what, is_so, (thread, calls)) in
        [("allocated", true, known.allocated()), ("freed", known.is_freed(), known.freed())]
    {
        if is_so {
            sink.print(format_args!("  {what} by thread {thread:#x}:\n"));
            stack::print(calls, sink, modules);
        }
    }
}
