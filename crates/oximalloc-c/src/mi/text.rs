//! Copies of strings, of a path and of an environment variable, in the default heap or in a given heap (null: the main
//! one). A null string gives null.

use crate::errno::{EINVAL, ENOMEM};
use crate::export::c_library::{self, wchar_t};
use crate::mi::heap_allocate::mi_heap_malloc;
use crate::outcome::new_block;
use core::ffi::{c_char, c_int, c_uchar, c_void};
use core::ptr::null_mut;
use oximalloc::raw;
use oximalloc::raw::heaps::Heap;

/// Where a copy goes: a function that makes a block of a size.
pub(crate) trait Place: FnOnce(usize) -> *mut c_void {}
impl<F: FnOnce(usize) -> *mut c_void> Place for F {}

/// Blocks of a heap.
///
/// # Safety
/// `heap` is null, or a heap that has not ended.
unsafe fn of(heap: *mut Heap) -> impl Place {
    // SAFETY: the caller's promise about `heap` is the same.
    move |size| unsafe { mi_heap_malloc(heap, size) }
}

/// A copy of the string.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_strdup(text: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promise about `text` is the same.
    unsafe { duplicate(new_block, text, usize::MAX) }
}

/// [`mi_strdup`] in a heap.
///
/// # Safety
/// As [`mi_strdup`]; `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_strdup(heap: *mut Heap, text: *const c_char) -> *mut c_char {
    // SAFETY: the caller's promises are the same.
    unsafe { duplicate(of(heap), text, usize::MAX) }
}

/// A copy of at most `n` bytes of the string.
///
/// # Safety
/// `text` is null, or a string, or `n` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_strndup(text: *const c_char, n: usize) -> *mut c_char {
    // SAFETY: the caller's promise about `text` is the same.
    unsafe { duplicate(new_block, text, n) }
}

/// [`mi_strndup`] in a heap.
///
/// # Safety
/// As [`mi_strndup`]; `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_strndup(heap: *mut Heap, text: *const c_char, n: usize) -> *mut c_char {
    // SAFETY: the caller's promises are the same.
    unsafe { duplicate(of(heap), text, n) }
}

/// A copy of at most `n` bytes.
///
/// # Safety
/// As [`mi_strndup`].
pub(crate) unsafe fn duplicate(place: impl Place, text: *const c_char, n: usize) -> *mut c_char {
    if text.is_null() {
        return null_mut();
    }
    // SAFETY: the text is read up to its zero or `n` bytes, whichever comes first. The new block has one more byte, and
    // overlaps nothing.
    unsafe {
        let len = if n == usize::MAX { c_library::strlen(text) } else { c_library::strnlen(text, n) };
        let new = place(len.saturating_add(1)).cast::<c_char>();
        if !new.is_null() {
            new.copy_from_nonoverlapping(text, len);
            new.add(len).write(0);
        }
        new
    }
}

/// A copy of the multi-byte string.
///
/// # Safety
/// `text` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_mbsdup(text: *const c_uchar) -> *mut c_uchar {
    // SAFETY: the caller's promise about `text` is the same; only the sign of its bytes differs.
    unsafe { mi_strdup(text.cast()).cast() }
}

/// A copy of the wide string.
///
/// # Safety
/// `text` is null or a wide string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_wcsdup(text: *const wchar_t) -> *mut wchar_t {
    if text.is_null() {
        return null_mut();
    }
    // SAFETY: the string is read up to its zero, and with it. The block has room for as many characters.
    unsafe {
        let count = c_library::wcslen(text) + 1;
        let new = new_block(count * size_of::<wchar_t>()).cast::<wchar_t>();
        if !new.is_null() {
            new.copy_from_nonoverlapping(text, count);
        }
        new
    }
}

/// `realpath`: writes the path to `resolved`, or to a new block if that is null. Null with `errno` if there is no such
/// path.
///
/// # Safety
/// `name` is null or a string; `resolved` is null or has `PATH_MAX` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_realpath(name: *const c_char, resolved: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's promises are the same.
    unsafe { resolve(new_block, name, resolved) }
}

/// [`mi_realpath`] in a heap.
///
/// # Safety
/// As [`mi_realpath`]; `heap` is null, or a heap that has not ended.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_heap_realpath(heap: *mut Heap, name: *const c_char, resolved: *mut c_char) -> *mut c_char {
    // SAFETY: the caller's promises are the same.
    unsafe { resolve(of(heap), name, resolved) }
}

/// # Safety
/// As [`mi_realpath`].
unsafe fn resolve(place: impl Place, name: *const c_char, resolved: *mut c_char) -> *mut c_char {
    if !resolved.is_null() {
        // SAFETY: the caller's promises are the same.
        return unsafe { c_library::realpath(name, resolved) };
    }
    // The buffer is not on the stack, because the stack may be small.
    let path = new_block(c_library::PATH_MAX as usize).cast::<c_char>();
    if path.is_null() {
        return null_mut();
    }
    // SAFETY: `path` has `PATH_MAX` bytes, and realpath returns a string in it, or null. (Freeing leaves errno alone.)
    unsafe {
        let copy = duplicate(place, c_library::realpath(name, path), usize::MAX);
        raw::free(path.cast());
        copy
    }
}

/// Stores a copy of the environment variable at `*buf`, and the number of its bytes, including the zero, at `*size`.
/// Null and 0 if there is no such variable. Returns 0, EINVAL or ENOMEM.
///
/// # Safety
/// `buf` and `size` are null or may be written; `name` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_dupenv_s(buf: *mut *mut c_char, size: *mut usize, name: *const c_char) -> c_int {
    if buf.is_null() || name.is_null() {
        return EINVAL;
    }
    // SAFETY: the pointers that are written are not null, and `name` is a string, as the caller promised.
    unsafe {
        let value = c_library::getenv(name);
        let new = mi_strdup(value);
        buf.write(new);
        if !size.is_null() {
            size.write(if new.is_null() { 0 } else { c_library::strlen(new) + 1 });
        }
        if new.is_null() && !value.is_null() { ENOMEM } else { 0 }
    }
}

/// The wide form of [`mi_dupenv_s`], which only Windows has. Elsewhere it returns EINVAL, and stores null and 0.
///
/// # Safety
/// `buf` and `size` are null or may be written; `name` is null or a wide string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mi_wdupenv_s(buf: *mut *mut wchar_t, size: *mut usize, name: *const wchar_t) -> c_int {
    // SAFETY: only pointers that are not null are written, and `name` is a wide string, as the caller promised.
    unsafe {
        if let Some(getenv) = c_library::WIDE_GETENV
            && !buf.is_null()
            && !name.is_null()
        {
            let value = getenv(name);
            let new = mi_wcsdup(value);
            buf.write(new);
            if !size.is_null() {
                size.write(if new.is_null() { 0 } else { c_library::wcslen(new) + 1 });
            }
            return if new.is_null() && !value.is_null() { ENOMEM } else { 0 };
        }
        if !buf.is_null() {
            buf.write(null_mut());
        }
        if !size.is_null() {
            size.write(0);
        }
    }
    EINVAL
}
