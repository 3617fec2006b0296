//! Subprocesses: parts of a program that keep their threads, heaps and arenas apart from those of the other parts.

use crate::errno::{self, Code};
use core::ptr::null;
use oximalloc::raw::heaps::{self, Subproc};
use oximalloc::raw::messages::error;

/// `mi_subproc_id_t`. Null stands for the main one. Some calling conventions treat a structure of one pointer otherwise
/// than a pointer.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SubprocId(*const Subproc);

impl SubprocId {
    /// The subprocess. None for null, and for one that has ended.
    #[cold]
    pub fn get(self) -> Option<&'static Subproc> {
        if self.0.is_null() { None } else { Subproc::at(self.0) }
    }

    /// Its number, or None.
    #[cold]
    pub fn number(self) -> Option<u32> {
        self.get().map(Subproc::number)
    }

    /// The subprocess, or None (reported) if it has ended.
    #[cold]
    pub fn known(self, function: &str) -> Option<&'static Subproc> {
        let known = Subproc::at(self.0);
        if known.is_none() {
            error(Code::EINVAL, format_args!("{function}: {:p} is no subprocess; nothing was done", self.0));
        }
        known
    }
}

/// The main subprocess: that of all threads that are in no other one.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_main() -> SubprocId {
    SubprocId(Subproc::at(null()).map_or(null(), |main| main))
}

/// The subprocess of this thread.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_current() -> SubprocId {
    SubprocId(Subproc::current())
}

/// A new subprocess. Without memory null, which names the main one, with `errno` ENOMEM.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_new() -> SubprocId {
    match Subproc::new() {
        Some(subproc) => SubprocId(subproc),
        None => {
            error(Code::ENOMEM, format_args!("subproc_new: out of memory"));
            errno::set(Code::ENOMEM);
            SubprocId(null())
        }
    }
}

/// Ends a subprocess, and frees all blocks of its heaps. For the main one, which cannot end, nothing happens.
///
/// # Safety
/// The threads of the subprocess have ended, and nobody uses its heaps or blocks any more.
#[unsafe(no_mangle)]
#[cold]
pub unsafe extern "C" fn mi_subproc_destroy(subproc: SubprocId) {
    if let Some(subproc) = subproc.known("subproc_destroy") {
        subproc.destroy();
    }
}

/// Moves this thread into a subprocess. Its theaps end, and its plain allocations come from that subprocess's main
/// heap.
#[unsafe(no_mangle)]
#[cold]
pub extern "C" fn mi_subproc_add_current_thread(subproc: SubprocId) {
    if let Some(subproc) = subproc.known("subproc_add_current_thread") {
        heaps::subproc_add_current_thread(subproc);
    }
}
