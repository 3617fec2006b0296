//! The environment. WASI's host gives a copy of it, which lies in memory of our own while it is read.

use super::Wasm;
use crate::prim::contract::Environment;
#[cfg(target_os = "wasi")]
use {super::wasi, crate::prim::contract::Memory, core::ffi::CStr};

impl Environment for Wasm {
    #[cfg(not(target_os = "wasi"))]
    #[inline(always)]
    fn visit_environment(_f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        true
    }

    #[cfg(target_os = "wasi")]
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        let (mut count, mut bytes) = (0, 0);
        // SAFETY: two live numbers that the host stores.
        if unsafe { wasi::environ_sizes_get(&mut count, &mut bytes) } != 0 || count == 0 {
            return true;
        }
        let list = count.saturating_mul(size_of::<*mut u8>());
        let Some(room) = list.saturating_add(bytes).checked_next_multiple_of(Wasm::page_size()) else { return true };
        let copy = Wasm::reserve(0, room, true);
        if copy.is_null() {
            return true;
        }
        // SAFETY: room for both, reserved just now. A string is read only if the host has stored all of them.
        unsafe {
            let entries = copy.cast::<*mut u8>();
            if wasi::environ_get(entries, copy.add(list)) == 0 {
                let text = |i| CStr::from_ptr((*entries.add(i)).cast()).to_bytes();
                (0..count).all(|i| visit_entry(text(i), f));
            }
            Wasm::unmap(copy, room);
        }
        true
    }

    #[inline(always)]
    fn is_secure() -> bool {
        false
    }
}

/// Split an entry at its first `=` and pass it to `f`. Entries without one are skipped. False if `f` returns false.
#[cfg(target_os = "wasi")]
fn visit_entry(entry: &[u8], f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
    match entry.iter().position(|&byte| byte == b'=').and_then(|at| entry.split_at_checked(at)) {
        Some((name, value)) => f(name, value.get(1..).unwrap_or_default()),
        None => true,
    }
}
