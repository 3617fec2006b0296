//! The standard functions under `mi_` names, as POSIX, BSD and glibc define them.

use crate::errno::{self, Code, EINVAL, ENOMEM, EOVERFLOW};
use crate::outcome::{aligned_block, block, failed, product, resized};
use core::ffi::{c_int, c_void};
use core::ptr::null_mut;
use oximalloc::raw;
use oximalloc::raw::messages::error;
use oximalloc::raw::process::page_size;

/// `posix_memalign`: stores the block at `out` and returns 0, or returns EINVAL or ENOMEM. `errno` does not change, and
/// `*out` does not change on failure.
///
/// # Safety
/// `out` is null (EINVAL) or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_posix_memalign(out: *mut *mut c_void, alignment: usize, size: usize) -> c_int {
    if out.is_null() || !alignment.is_power_of_two() || !alignment.is_multiple_of(size_of::<*mut c_void>()) {
        return bad_posix_alignment(alignment);
    }
    let p = raw::aligned(size, alignment, 0);
    if p.is_null() {
        return ENOMEM;
    }
    // SAFETY: `out` is not null, so the caller's promise covers it.
    unsafe { out.write(p.cast()) };
    0
}

#[cold]
#[inline(never)]
fn bad_posix_alignment(alignment: usize) -> c_int {
    error(
        Code::EINVAL,
        format_args!("posix_memalign: alignment {alignment} is no power of two, or below a pointer's size"),
    );
    EINVAL
}

/// `memalign`: a block of `size` bytes at a power of two.
#[unsafe(no_mangle)]
pub extern "C" fn mi_memalign(alignment: usize, size: usize) -> *mut c_void {
    aligned_block(raw::aligned(size, alignment, 0), alignment)
}

/// `aligned_alloc`: the same. The size need not be a multiple of the alignment.
#[unsafe(no_mangle)]
pub extern "C" fn mi_aligned_alloc(alignment: usize, size: usize) -> *mut c_void {
    aligned_block(raw::aligned(size, alignment, 0), alignment)
}

/// `valloc`: a block at a page boundary.
#[unsafe(no_mangle)]
pub extern "C" fn mi_valloc(size: usize) -> *mut c_void {
    block(raw::aligned(size, page_size(), 0))
}

/// `pvalloc`: a block of whole pages, at least one.
#[unsafe(no_mangle)]
pub extern "C" fn mi_pvalloc(size: usize) -> *mut c_void {
    match size.max(1).checked_next_multiple_of(page_size()) {
        Some(whole) => block(raw::aligned(whole, page_size(), 0)),
        None => failed(Code::ENOMEM),
    }
}

/// `reallocarray`: `realloc` to `count` elements of `size` bytes.
///
/// # Safety
/// `p` is null or a block of this library, and not used again unless null is returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_reallocarray(p: *mut c_void, count: usize, size: usize) -> *mut c_void {
    match product("reallocarray", count, size) {
        // SAFETY: the caller's promise about `p` is the same.
        Some(bytes) => unsafe { resized(p, bytes) },
        None => null_mut(),
    }
}

/// NetBSD's `reallocarr`: gives the block at `*ptrp` room for `count` elements of `size` bytes, or frees it if that is
/// no bytes. Returns 0, EINVAL (`ptrp` is null), EOVERFLOW or ENOMEM. `errno` does not change, and `*ptrp` does not
/// change on failure.
///
/// # Safety
/// `ptrp` is null, or may be read and written as a pointer and holds null or a block of this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_reallocarr(ptrp: *mut c_void, count: usize, size: usize) -> c_int {
    if ptrp.is_null() {
        return EINVAL;
    }
    errno::kept(|| {
        let Some(bytes) = product("reallocarr", count, size) else { return EOVERFLOW };
        let place = ptrp.cast::<*mut u8>();
        // SAFETY: the caller promised that `ptrp` may be read and written as a pointer and holds null or our block. It
        // may be unaligned, which the unaligned accesses allow.
        unsafe {
            let old = place.read_unaligned();
            if bytes == 0 {
                raw::free(old);
                place.write_unaligned(null_mut());
                return 0;
            }
            let new = raw::realloc(old, bytes);
            if new.is_null() {
                return ENOMEM;
            }
            place.write_unaligned(new);
        }
        0
    })
}
