//! Stacks of calls, by the C library's `backtrace`. That needs no frame pointers: it goes by the tables for unwinding,
//! and stops where there are none.
//!
//! The function is found by a weak reference. Without it (musl, static programs) there are no stacks. Its first call
//! loads the compiler's unwinder, which allocates and takes the loader's lock. So the first call must not come from
//! inside the loader, which may be what allocates before constructors run:
//!
//! ```text
//! NEW          constructors have not run
//!     begin:        -> WANTED
//!     constructor:  -> CONSTRUCTED
//! WANTED       constructor:  the first call -> READY
//! CONSTRUCTED  begin:        the first call -> READY
//! READY
//! ```
//!
//! From then on, with glibc from 2.35 on, a walk takes no lock and allocates nothing, unless the program registers tables
//! for unwinding at run time (some compilers that compile as the program runs). For such a program the unwinder takes a
//! lock, under which it may allocate once for each table. If that allocation is sampled, the thread waits for itself.

use super::elf::{FileHead, FilePart};
use super::{Linux, errno, fault, libc, maps};
use crate::base::sync::{AtomicU32, AtomicUsize, Ordering};
use crate::prim::contract::{Fault, Faults, Module};
use core::ffi::{c_int, c_void};
use core::ops::Range;
use core::ptr;

core::arch::global_asm!(
    ".weak backtrace",
    ".weak __ehdr_start",
    ".hidden __ehdr_start",
    ".pushsection .data.rel.ro.oximalloc_0_1_stack, \"aw\", %progbits",
    ".balign 8",
    ".globl oximalloc_0_1_stack",
    ".hidden oximalloc_0_1_stack",
    "oximalloc_0_1_stack:",
    ".dc.a backtrace",
    ".dc.a __ehdr_start",
    ".popsection",
);

/// What the linker and the loader found; the order is that of the table above.
#[repr(C)]
struct Found {
    backtrace: Option<unsafe extern "C" fn(*mut *mut c_void, c_int) -> c_int>,
    /// Where the file that contains this code begins in memory.
    head: Option<&'static FileHead>,
}

unsafe extern "C" {
    #[link_name = "oximalloc_0_1_stack"]
    static FOUND: Found;
}

const NEW: u32 = 0;
const WANTED: u32 = 1;
const CONSTRUCTED: u32 = 2;
const READY: u32 = 3;

/// See the file's head.
static STATE: AtomicU32 = AtomicU32::new(NEW);

/// Where the library that contains this code lies. Empty if that is the program itself.
static OWN: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

/// The most calls that are looked at: those within this library, and those that are kept. Each costs most of a
/// microsecond.
const DEEPEST: usize = if cfg!(debug_assertions) { 40 } else { 24 };

extern "C" fn constructor() {
    let before = STATE.compare_exchange(NEW, CONSTRUCTED, Ordering::Relaxed, Ordering::Relaxed);
    if before == Err(WANTED) {
        prepare();
    }
}

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

/// The first call.
#[cold]
fn prepare() {
    // SAFETY: a table that is read-only and complete when this code runs.
    let found = unsafe { &FOUND };
    let Some(backtrace) = found.backtrace else { return };
    if let Some(own) = found.head.and_then(library) {
        OWN[0].store(own.start, Ordering::Relaxed);
        OWN[1].store(own.end, Ordering::Relaxed);
    }
    let mut call = ptr::null_mut();
    // SAFETY: room for one address.
    errno::keep(|| unsafe { backtrace(&mut call, 1) });
    // Release: pairs with the Acquire in `stack`. A thread that sees this also sees what the first call has set up.
    STATE.store(READY, Ordering::Release);
}

/// The addresses of the library that begins with `head`. None if it is the program.
fn library(head: &'static FileHead) -> Option<Range<usize>> {
    let start = ptr::from_ref(head).addr();
    let parts = ptr::from_ref(head).cast::<u8>().wrapping_add(head.e_phoff as usize).cast::<FilePart>();
    // SAFETY: reads the auxiliary vector only.
    if unsafe { libc::getauxval(libc::AT_PHDR) } as usize == parts.addr() {
        return None;
    }
    let mut bytes = 0;
    for i in 0..usize::from(head.e_phnum) {
        // SAFETY: the table of the file's parts follows its head in memory, and has so many rows.
        let part = unsafe { parts.add(i).read() };
        match part.p_type {
            libc::PT_LOAD => bytes = bytes.max((part.p_vaddr + part.p_memsz) as usize),
            // A program names its loader.
            libc::PT_INTERP => return None,
            _ => {}
        }
    }
    Some(start..start + bytes)
}

impl Faults for Linux {
    #[cold]
    fn begin_stacks() {
        let before = STATE.compare_exchange(NEW, WANTED, Ordering::Relaxed, Ordering::Relaxed);
        if before == Err(CONSTRUCTED) {
            prepare();
        }
    }

    #[cold]
    #[inline(never)]
    fn stack(skip: usize, calls: &mut [usize]) -> usize {
        // Acquire: pairs with the Release in `prepare`.
        if STATE.load(Ordering::Acquire) != READY {
            return 0;
        }
        // SAFETY: as in `prepare`.
        let Some(backtrace) = (unsafe { FOUND.backtrace }) else { return 0 };
        let mut all = [ptr::null_mut(); DEEPEST];
        // SAFETY: room for that many addresses.
        let got = errno::keep(|| unsafe { backtrace(all.as_mut_ptr(), DEEPEST as c_int) });
        let own = OWN[0].load(Ordering::Relaxed)..OWN[1].load(Ordering::Relaxed);
        let got = all.get(..usize::try_from(got).unwrap_or(0)).unwrap_or_default();
        // The first one is here.
        let outside = got.iter().skip(1 + skip).map(|call| call.addr()).skip_while(|call| own.contains(call));
        let mut kept = 0;
        for (place, call) in calls.iter_mut().zip(outside) {
            *place = call;
            kept += 1;
        }
        kept
    }

    fn module_at(address: usize, name: &mut [u8]) -> Option<Module> {
        maps::module_at(address, name)
    }

    fn at_fault(tell: fn(&Fault)) {
        fault::begin(tell);
    }

    fn nothing_at_fault() {
        fault::end();
    }
}
