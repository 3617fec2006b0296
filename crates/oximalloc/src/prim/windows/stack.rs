//! Stacks of calls, by the system's function for them, which goes by the tables for unwinding; and the modules that
//! addresses are in. Faults are not told of.

use super::{Windows, errno, wide};
use crate::base::sync::{AtomicBool, Ordering};
use crate::prim::contract::{Fault, Faults, Module};
use core::ptr;
use windows_sys::Win32::System::Diagnostics::Debug::{IMAGE_NT_HEADERS64, RtlCaptureStackBackTrace};
use windows_sys::Win32::System::LibraryLoader::{GetModuleFileNameW, GetModuleHandleW};
use windows_sys::Win32::System::Memory::{MEM_IMAGE, MEMORY_BASIC_INFORMATION, VirtualQuery};
use windows_sys::Win32::System::SystemServices::IMAGE_DOS_HEADER;

unsafe extern "C" {
    /// Where the image that contains this code begins. The linker defines it.
    static __ImageBase: IMAGE_DOS_HEADER;
}

static BEGUN: AtomicBool = AtomicBool::new(false);

/// The most calls that are looked at: those within this library, and those that are kept.
const DEEPEST: usize = if cfg!(debug_assertions) { 40 } else { 24 };

/// The most words of a module's name.
const NAME_MAX: usize = 512;

impl Faults for Windows {
    fn begin_stacks() {
        BEGUN.store(true, Ordering::Relaxed);
    }

    #[cold]
    #[inline(never)]
    fn stack(skip: usize, calls: &mut [usize]) -> usize {
        if !BEGUN.load(Ordering::Relaxed) {
            return 0;
        }
        let mut all = [ptr::null_mut(); DEEPEST];
        // SAFETY: room for that many addresses.
        let got =
            errno::keep(|| unsafe { RtlCaptureStackBackTrace(0, DEEPEST as u32, all.as_mut_ptr(), ptr::null_mut()) });
        let got = all.get(..usize::from(got)).unwrap_or_default();
        let start = (&raw const __ImageBase).addr();
        // SAFETY: no memory is passed.
        let is_program = unsafe { GetModuleHandleW(ptr::null()) }.addr() == start;
        let end = if is_program { start } else { start + bytes_of(&raw const __ImageBase) };
        // The first one is here.
        let outside = got.iter().skip(1 + skip).map(|call| call.addr()).skip_while(|call| (start..end).contains(call));
        let mut kept = 0;
        for (place, call) in calls.iter_mut().zip(outside) {
            *place = call;
            kept += 1;
        }
        kept
    }

    fn module_at(address: usize, name: &mut [u8]) -> Option<Module> {
        let mut text = [0; NAME_MAX];
        errno::keep(|| {
            // SAFETY: the call fills in a record, for which zeros are fine. Any address will do.
            let part = unsafe {
                let mut part: MEMORY_BASIC_INFORMATION = core::mem::zeroed();
                VirtualQuery(ptr::without_provenance(address), &mut part, size_of_val(&part));
                part
            };
            if part.Type != MEM_IMAGE {
                return None;
            }
            let start = part.AllocationBase;
            // SAFETY: room for that many words. The system fails if the address is not one of a module.
            let len = unsafe { GetModuleFileNameW(start, text.as_mut_ptr(), NAME_MAX as u32) };
            let text = text.get(..len as usize).filter(|text| !text.is_empty())?;
            let (bytes, _) = wide::encode(text, name);
            let end = start.addr() + bytes_of(start.cast());
            Some(Module { start: start.addr(), end, base: start.addr(), name: bytes })
        })
    }

    fn at_fault(_tell: fn(&Fault)) {}

    fn nothing_at_fault() {}
}

/// Bytes of a module in memory, as its head says.
fn bytes_of(head: *const IMAGE_DOS_HEADER) -> usize {
    // SAFETY: the callers pass the beginning of a module that is loaded. The first head says where the second one is.
    unsafe {
        let second = head.cast::<u8>().add((*head).e_lfanew as usize).cast::<IMAGE_NT_HEADERS64>();
        (*second).OptionalHeader.SizeOfImage as usize
    }
}
