//! Large and huge OS pages. The process needs the right to lock memory, which an administrator gives. It is switched on
//! when such pages are first asked for.

use super::errno;
use crate::base::sync::{AtomicU32, Ordering};
use core::ffi::c_void;
use core::mem::transmute;
use core::ptr;
use windows_sys::Win32::Foundation::{CloseHandle, ERROR_SUCCESS, GetLastError, HANDLE, LUID};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, LUID_AND_ATTRIBUTES, SE_PRIVILEGE_ENABLED, TOKEN_ADJUST_PRIVILEGES, TOKEN_PRIVILEGES,
    TOKEN_QUERY,
};
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_EXTENDED_PARAMETER, MEM_EXTENDED_PARAMETER_0, MEM_EXTENDED_PARAMETER_1, MEM_LARGE_PAGES,
    MEM_RELEASE, MEM_RESERVE, MemExtendedParameterAttributeFlags, PAGE_READWRITE, VirtualAlloc, VirtualFree,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows_sys::w;

/// Log2 of the size of a large OS page.
pub const LARGE: u32 = 21;
/// Log2 of the size of a huge OS page.
pub const HUGE: u32 = 30;

/// `SeLockMemoryPrivilege`. It has the same number on all systems.
const LOCK_MEMORY: LUID = LUID { LowPart: 4, HighPart: 0 };
/// Have the pages of [`virtual_alloc_2`] be huge ones.
const NONPAGED_HUGE: u64 = 0x10;
/// Kinds of memory that are asked for.
const KIND: u32 = MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES;

/// See [`crate::prim::contract::Memory::reserve_large`].
#[cold]
pub fn reserve(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
    errno::keep(|| {
        if !is_allowed() {
            return ptr::null_mut();
        }
        let places = [hint, 0];
        let p = places.into_iter().map(|at| reserve_at(at, size, page_shift)).find(|p| !p.is_null());
        let p = p.unwrap_or_default();
        if !p.addr().is_multiple_of(1 << page_shift) {
            // SAFETY: reserved just now, and nobody knows of it.
            unsafe { VirtualFree(p.cast(), 0, MEM_RELEASE) };
            return ptr::null_mut();
        }
        p
    })
}

fn reserve_at(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
    let hint = ptr::without_provenance_mut(hint);
    match page_shift {
        // SAFETY: new memory.
        LARGE => unsafe { VirtualAlloc(hint, size, KIND, PAGE_READWRITE).cast() },
        HUGE => virtual_alloc_2(hint, size),
        _ => ptr::null_mut(),
    }
}

/// The newer function of the system, which knows huge pages. Older systems do not have it.
fn virtual_alloc_2(hint: *mut c_void, size: usize) -> *mut u8 {
    type VirtualAlloc2 = unsafe extern "system" fn(
        HANDLE,
        *mut c_void,
        usize,
        u32,
        u32,
        *mut MEM_EXTENDED_PARAMETER,
        u32,
    ) -> *mut c_void;
    let mut huge = MEM_EXTENDED_PARAMETER {
        Anonymous1: MEM_EXTENDED_PARAMETER_0 { _bitfield: MemExtendedParameterAttributeFlags as u64 },
        Anonymous2: MEM_EXTENDED_PARAMETER_1 { ULong64: NONPAGED_HUGE },
    };
    // SAFETY: the function of this name has this type. It makes new memory, and reads one parameter.
    unsafe {
        let Some(found) = GetProcAddress(GetModuleHandleW(w!("kernelbase.dll")), c"VirtualAlloc2".as_ptr().cast())
        else {
            return ptr::null_mut();
        };
        let call = transmute::<unsafe extern "system" fn() -> isize, VirtualAlloc2>(found);
        call(GetCurrentProcess(), hint, size, KIND, PAGE_READWRITE, &mut huge, 1).cast()
    }
}

/// Whether the process has the right. The system is asked once.
fn is_allowed() -> bool {
    const UNKNOWN: u32 = 0;
    const YES: u32 = 1;
    const NO: u32 = 2;
    static ANSWER: AtomicU32 = AtomicU32::new(UNKNOWN);
    match ANSWER.load(Ordering::Relaxed) {
        UNKNOWN => {
            let answer = switch_on();
            ANSWER.store(if answer { YES } else { NO }, Ordering::Relaxed);
            answer
        }
        known => known == YES,
    }
}

fn switch_on() -> bool {
    let mut token = ptr::null_mut();
    let wanted = TOKEN_PRIVILEGES {
        PrivilegeCount: 1,
        Privileges: [LUID_AND_ATTRIBUTES { Luid: LOCK_MEMORY, Attributes: SE_PRIVILEGE_ENABLED }],
    };
    // SAFETY: the first call fills in the handle of this process's rights. The second one reads `wanted`, and returns
    // nothing of what was before. It also succeeds if it could not switch all of it on; the last error tells.
    unsafe {
        if OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &mut token) == 0 {
            return false;
        }
        let done = AdjustTokenPrivileges(token, 0, &wanted, 0, ptr::null_mut(), ptr::null_mut()) != 0
            && GetLastError() == ERROR_SUCCESS;
        CloseHandle(token);
        done
    }
}
