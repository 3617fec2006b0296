//! Reports on sampled blocks: on a fault at one, and what is said of one that is misused.
//!
//! The handler of faults does not allocate, waits for nobody, and prints to standard error whatever is registered for
//! messages. It calls no function of the program's: not that of `mi_register_output`, nor that of `mi_register_error`.

use crate::diag::error::may_tell;
use crate::diag::output::Sink;
use crate::diag::stack::Modules;
use crate::heap::pages::samples::{self, Known, Who};
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
    let Some(known) = samples::at(ptr::without_provenance(fault.address)) else { return };
    // What lies before the guard of a block in use is accessible. If not, that is not our doing.
    if (known.freed.is_none() && fault.address < known.guard) || !may_tell() {
        return;
    }
    let sink = Sink::STDERR;
    let thread = Os::thread_id() & !1;
    let access = match fault.write {
        Some(true) => "written",
        Some(false) => "read",
        None => "accessed",
    };
    let (what, state) = if known.freed.is_some() { ("use after free", "freed ") } else { ("overflow", "") };
    let Known { block, size, .. } = known;
    match fault.address.checked_sub(block) {
        Some(inside) => sink.print(format_args!(
            "mimalloc: error: {what}: byte {} of a {state}block of {size} bytes at {block:#x} was {access} (thread {thread:#x})\n",
            inside + 1
        )),
        None => sink.print(format_args!(
            "mimalloc: error: {what}: the byte {} bytes before a {state}block of {size} bytes at {block:#x} was {access} (thread {thread:#x})\n",
            block - fault.address
        )),
    }
    Modules::new().print(&sink, format_args!("  by "), fault.instruction);
    print_history(&known, &sink);
}

/// Print who allocated a block, and who freed it.
#[cold]
#[inline(never)]
pub fn print_history(known: &Known, sink: &Sink) {
    let mut modules = Modules::new();
    let mut print = |what: &str, who: &Who| {
        sink.print(format_args!("  {what} by thread {:#x}:\n", who.thread));
        who.stack.print(sink, &mut modules);
    };
    print("allocated", &known.allocated);
    if let Some(who) = &known.freed {
        print("freed", who);
    }
}
