//! glibc's own names of the allocation functions, and its functions that look into or tune the allocator.

use super::rounded::rounded_block;
use crate::errno::Code;
use crate::mi::{allocate, posix, stats};
use crate::outcome::{failed, new_block, resized};
use core::ffi::{c_char, c_int, c_void};
use core::fmt::{self, Write};
use oximalloc::raw;

/// `malloc`, under glibc's own name.
#[unsafe(no_mangle)]
pub extern "C" fn __libc_malloc(size: usize) -> *mut c_void {
    new_block(size)
}

/// `calloc`, under glibc's own name.
#[unsafe(no_mangle)]
pub extern "C" fn __libc_calloc(count: usize, size: usize) -> *mut c_void {
    allocate::mi_calloc(count, size)
}

/// `realloc`, under glibc's own name.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __libc_realloc(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { resized(p, size) }
}

/// `free`, under glibc's own name.
///
/// # Safety
/// `p` is null or a block of this library that is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __libc_free(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// `cfree`, under glibc's own name.
///
/// # Safety
/// `p` is null or a block of this library that is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __libc_cfree(p: *mut c_void) {
    // SAFETY: the caller's promise about `p` is the same.
    unsafe { raw::free(p.cast()) }
}

/// `memalign`, under glibc's own name.
#[unsafe(no_mangle)]
pub extern "C" fn __libc_memalign(alignment: usize, size: usize) -> *mut c_void {
    rounded_block(size, alignment)
}

/// `valloc`, under glibc's own name.
#[unsafe(no_mangle)]
pub extern "C" fn __libc_valloc(size: usize) -> *mut c_void {
    posix::mi_valloc(size)
}

/// `pvalloc`, under glibc's own name.
#[unsafe(no_mangle)]
pub extern "C" fn __libc_pvalloc(size: usize) -> *mut c_void {
    posix::mi_pvalloc(size)
}

/// `posix_memalign`, under glibc's own name.
///
/// # Safety
/// `out` may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn __posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    // SAFETY: the caller's promise about `out` is the same.
    unsafe { posix::mi_posix_memalign(out, alignment, size) }
}

/// Gives free memory back to the operating system. Returns 1 if there was any. The padding is ignored.
#[unsafe(no_mangle)]
pub extern "C" fn malloc_trim(_pad: usize) -> c_int {
    let before = raw::totals().committed;
    raw::collect(true);
    (raw::totals().committed < before) as c_int
}

/// glibc's table of the allocator's bytes. The fields that describe glibc's own heap layout are 0.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Mallinfo<N> {
    /// Bytes committed outside huge blocks.
    pub arena: N,
    /// Free pieces; not counted.
    pub ordblks: N,
    /// Free fast bins; there are none.
    pub smblks: N,
    /// Huge blocks.
    pub hblks: N,
    /// Bytes in huge blocks.
    pub hblkhd: N,
    /// Always 0.
    pub usmblks: N,
    /// Bytes in free fast bins; there are none.
    pub fsmblks: N,
    /// Bytes in use outside huge blocks.
    pub uordblks: N,
    /// Bytes that are free.
    pub fordblks: N,
    /// Bytes that `malloc_trim` could give back.
    pub keepcost: N,
}

/// The allocator's bytes.
#[unsafe(no_mangle)]
pub extern "C" fn mallinfo2() -> Mallinfo<usize> {
    let totals = raw::totals();
    Mallinfo {
        arena: totals.committed.saturating_sub(totals.huge_bytes),
        hblks: totals.huge_count,
        hblkhd: totals.huge_bytes,
        uordblks: totals.in_use.saturating_sub(totals.huge_bytes),
        fordblks: totals.free,
        keepcost: totals.free,
        ..Mallinfo::default()
    }
}

/// [`mallinfo2`] in the old, narrow fields. A number that does not fit becomes the largest one that does.
#[unsafe(no_mangle)]
pub extern "C" fn mallinfo() -> Mallinfo<c_int> {
    let wide = mallinfo2();
    let narrow = |bytes: usize| c_int::try_from(bytes).unwrap_or(c_int::MAX);
    Mallinfo {
        arena: narrow(wide.arena),
        hblks: narrow(wide.hblks),
        hblkhd: narrow(wide.hblkhd),
        uordblks: narrow(wide.uordblks),
        fordblks: narrow(wide.fordblks),
        keepcost: narrow(wide.keepcost),
        ..Mallinfo::default()
    }
}

/// Writes the totals as XML in the shape of glibc's. Returns 0, or -1 with `errno` (EINVAL for any option but 0).
///
/// # Safety
/// `stream` is an open stream.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc_info(options: c_int, stream: *mut libc::FILE) -> c_int {
    if options != 0 {
        failed(Code::EINVAL);
        return -1;
    }
    let info = mallinfo2();
    let totals = raw::totals();
    let written = Stream(stream).write_fmt(format_args!(
        "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n</sizes>\n\
         <total type=\"rest\" count=\"0\" size=\"{free}\"/>\n\
         <system type=\"current\" size=\"{arena}\"/>\n\
         <aspace type=\"total\" size=\"{mapped}\"/>\n</heap>\n\
         <total type=\"rest\" count=\"0\" size=\"{free}\"/>\n\
         <total type=\"mmap\" count=\"{huge_count}\" size=\"{huge}\"/>\n\
         <system type=\"current\" size=\"{arena}\"/>\n\
         <aspace type=\"total\" size=\"{mapped}\"/>\n</malloc>\n",
        free = info.fordblks,
        arena = info.arena,
        mapped = totals.mapped,
        huge_count = info.hblks,
        huge = info.hblkhd,
    ));
    if written.is_ok() { 0 } else { -1 }
}

struct Stream(*mut libc::FILE);

impl Write for Stream {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: the pointer and the length are those of `text`; the stream is open, as `malloc_info` was promised.
        let written = unsafe { libc::fwrite(text.as_ptr().cast::<c_void>(), 1, text.len(), self.0) };
        if written == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// The parameters of `mallopt`, M_ARENA_MAX (-8) to M_TRIM_THRESHOLD (-1), and M_MXFAST.
const MALLOPT: [core::ops::RangeInclusive<c_int>; 2] = [-8..=-1, 1..=1];
/// The largest M_MXFAST that the manual page allows.
const MXFAST_MAX: c_int = 80 * size_of::<usize>() as c_int / 4;

/// Accepts glibc's parameters, without effect. Returns 0 for values that they do not allow.
#[unsafe(no_mangle)]
pub extern "C" fn mallopt(parameter: c_int, value: c_int) -> c_int {
    let known = MALLOPT.iter().any(|range| range.contains(&parameter));
    (known && (parameter != 1 || (0..=MXFAST_MAX).contains(&value))) as c_int
}

/// Prints the statistics to stderr.
#[unsafe(no_mangle)]
pub extern "C" fn malloc_stats() {
    stats::mi_stats_print(core::ptr::null_mut::<c_char>().cast());
}
