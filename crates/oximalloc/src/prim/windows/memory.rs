//! Address space and memory. A reservation begins at a multiple of 64 KiB, and is given back as a whole.

use super::{Windows, errno, large};
use crate::base::sync::{AtomicBool, AtomicUsize, Ordering};
use crate::prim::contract::{At, Capabilities, Memory};
use core::mem::{MaybeUninit, zeroed};
use core::ptr;
use windows_sys::Win32::Foundation::{ERROR_INVALID_ADDRESS, GetLastError};
use windows_sys::Win32::System::JobObjects::{
    JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    QueryInformationJobObject,
};
use windows_sys::Win32::System::Memory::{
    MEM_COMMIT, MEM_DECOMMIT, MEM_RELEASE, MEM_RESERVE, MEM_RESET, MEMORY_BASIC_INFORMATION, PAGE_NOACCESS,
    PAGE_READWRITE, VirtualAlloc, VirtualFree, VirtualProtect, VirtualQuery,
};
use windows_sys::Win32::System::ProcessStatus::{K32QueryWorkingSetEx, PSAPI_WORKING_SET_EX_INFORMATION};
use windows_sys::Win32::System::SystemInformation::GetSystemInfo;
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// Whether [`Memory::protect`] was ever called.
static PROTECTS: AtomicBool = AtomicBool::new(false);

impl Memory for Windows {
    const CAPABILITIES: Capabilities = Capabilities {
        unmap_part: false,
        decommit_part: true,
        remap: false,
        advise_huge: false,
        protect: true,
        lock: true,
        fork: false,
        thread_end: true,
        sparse: true,
        threads: true,
        reports: true,
        address_bits: 47,
        // The system puts programs and libraries near the end of its addresses, and heaps and stacks into the first
        // part of them.
        arenas_at: 1 << 45,
        arenas_spread: 1 << 43,
        granularity: 1 << 16,
        large_page_shift: large::LARGE,
        huge_page_shift: large::HUGE,
    };
    const RESIDENT_MAX: usize = 256;

    #[inline(never)]
    fn page_size() -> usize {
        static SIZE: AtomicUsize = AtomicUsize::new(0);
        let known = SIZE.load(Ordering::Relaxed);
        if known != 0 {
            return known;
        }
        // SAFETY: the call fills in a record of numbers and addresses, for which zeros are fine.
        let size = errno::keep(|| unsafe {
            let mut system = zeroed();
            GetSystemInfo(&mut system);
            system.dwPageSize as usize
        });
        SIZE.store(size, Ordering::Relaxed);
        size
    }

    fn overcommits() -> bool {
        false
    }

    fn limit(address_space: bool) -> Option<usize> {
        if address_space {
            return None;
        }
        // A process in a job may have a limit.
        let mut job = MaybeUninit::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>::zeroed();
        let bytes = size_of_val(&job) as u32;
        // SAFETY: the call fills in the record of the job that this process is in. Zeros are fine for it.
        let (told, job) = errno::keep(|| unsafe {
            let kind = JobObjectExtendedLimitInformation;
            let told =
                QueryInformationJobObject(ptr::null_mut(), kind, job.as_mut_ptr().cast(), bytes, ptr::null_mut());
            (told != 0, job.assume_init())
        });
        let limited = told && job.BasicLimitInformation.LimitFlags & JOB_OBJECT_LIMIT_PROCESS_MEMORY != 0;
        limited.then_some(job.ProcessMemoryLimit)
    }

    fn reserve(hint: usize, size: usize, commit: bool) -> *mut u8 {
        errno::keep(|| {
            // A place that is not free is an error here.
            let places = [hint & !(Self::CAPABILITIES.granularity - 1), 0];
            let places = places.get(usize::from(places[0] == 0)..).unwrap_or_default();
            let reserve = |at: &usize| reserve(ptr::without_provenance_mut(*at), size, commit);
            places.iter().map(reserve).find(|p| !p.is_null()).unwrap_or_default()
        })
    }

    fn reserve_at(p: *mut u8, size: usize, commit: bool) -> At {
        errno::keep(|| {
            let q = reserve(p, size, commit);
            if q == p {
                return At::Mapped;
            }
            if q.is_null() {
                // SAFETY: no memory is passed.
                let occupied = unsafe { GetLastError() } == ERROR_INVALID_ADDRESS;
                return if occupied { At::Occupied } else { At::Refused };
            }
            // The address was rounded down.
            // SAFETY: reserved just now, and nobody knows of it.
            unsafe { VirtualFree(q.cast(), 0, MEM_RELEASE) };
            At::Refused
        })
    }

    fn reserve_large(hint: usize, size: usize, page_shift: u32) -> *mut u8 {
        large::reserve(hint, size, page_shift)
    }

    #[inline(never)]
    unsafe fn unmap(p: *mut u8, size: usize) -> bool {
        errno::keep(|| {
            // The system gives back all of a reservation, however much that is.
            // SAFETY: by the contract the range is the caller's alone.
            is_whole(p, size) && unsafe { VirtualFree(p.cast(), 0, MEM_RELEASE) != 0 }
        })
    }

    #[inline(never)]
    unsafe fn commit(p: *mut u8, size: usize) -> bool {
        errno::keep(|| {
            // SAFETY: makes memory accessible that is the caller's.
            let done = unsafe { !VirtualAlloc(p.cast(), size, MEM_COMMIT, PAGE_READWRITE).is_null() };
            if done && !PROTECTS.load(Ordering::Relaxed) {
                return true;
            }
            // Memory that was committed before keeps its protection. What is not from this system call, a file for
            // example, cannot be committed, but may be protected.
            set_access(p, size, PAGE_READWRITE)
        })
    }

    unsafe fn protect(p: *mut u8, size: usize) -> bool {
        PROTECTS.store(true, Ordering::Relaxed);
        errno::keep(|| set_access(p, size, PAGE_NOACCESS))
    }

    #[inline(never)]
    unsafe fn decommit(p: *mut u8, size: usize, strict: bool) -> bool {
        errno::keep(|| {
            if strict {
                // SAFETY: drops contents that nobody needs by the contract.
                return unsafe { VirtualFree(p.cast(), size, MEM_DECOMMIT) != 0 };
            }
            // Memory that was decommitted might not be given again. So it stays committed: it is cleared, and the system
            // may then take it, which leaves zeros too.
            if !is_writable(p, size) {
                return false;
            }
            // SAFETY: nobody needs the contents, by the contract, and all of the range may be written.
            unsafe {
                p.write_bytes(0, size);
                VirtualAlloc(p.cast(), size, MEM_RESET, PAGE_READWRITE);
            }
            true
        })
    }

    unsafe fn reset(p: *mut u8, size: usize) -> bool {
        // SAFETY: drops contents that nobody needs by the contract.
        errno::keep(|| unsafe { !VirtualAlloc(p.cast(), size, MEM_RESET, PAGE_READWRITE).is_null() })
    }

    unsafe fn advise_huge(_p: *mut u8, _size: usize, _on: bool) -> bool {
        false
    }

    unsafe fn populate(_p: *mut u8, _size: usize) {}

    fn resident(p: *const u8, size: usize) -> usize {
        const IS_RESIDENT: usize = 1;
        let page = Self::page_size();
        let count = (size / page).min(Self::RESIDENT_MAX);
        // SAFETY: a record of numbers and addresses, for which zeros are fine.
        let mut pages: [PSAPI_WORKING_SET_EX_INFORMATION; Self::RESIDENT_MAX] = unsafe { zeroed() };
        for (i, place) in pages.iter_mut().take(count).enumerate() {
            place.VirtualAddress = p.wrapping_add(i * page).cast_mut().cast();
        }
        let bytes = (count * size_of::<PSAPI_WORKING_SET_EX_INFORMATION>()) as u32;
        // SAFETY: the call fills in the records. The addresses in them need not be mapped.
        let told =
            errno::keep(|| unsafe { K32QueryWorkingSetEx(GetCurrentProcess(), pages.as_mut_ptr().cast(), bytes) }) != 0;
        // SAFETY: any bits are flags.
        let is_resident =
            |page: &&PSAPI_WORKING_SET_EX_INFORMATION| unsafe { page.VirtualAttributes.Flags } & IS_RESIDENT != 0;
        if told { pages.iter().take(count).filter(is_resident).count() } else { 0 }
    }

    unsafe fn remap(_p: *mut u8, _old: usize, _new: usize, _to: *mut u8) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn remap_in_place(_p: *mut u8, _old: usize, _new: usize) -> bool {
        false
    }
}

/// New memory at `p`, which the system rounds down to the granularity (null: anywhere). Null if refused.
fn reserve(p: *mut u8, size: usize, commit: bool) -> *mut u8 {
    let (kind, access) = if commit { (MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) } else { (MEM_RESERVE, PAGE_NOACCESS) };
    // SAFETY: new memory, where nothing is.
    unsafe { VirtualAlloc(p.cast(), size, kind, access).cast() }
}

fn set_access(p: *mut u8, size: usize, access: u32) -> bool {
    let mut before = 0;
    // SAFETY: the callers' contracts: the range is the caller's, and nobody uses it if access is taken away.
    unsafe { VirtualProtect(p.cast(), size, access, &mut before) != 0 }
}

/// What the system knows of the part that `p` is in: pages that are alike.
fn part(p: *const u8) -> Option<MEMORY_BASIC_INFORMATION> {
    let mut part = MaybeUninit::<MEMORY_BASIC_INFORMATION>::zeroed();
    // SAFETY: the call fills in the record, for which zeros are fine. Any address will do.
    unsafe {
        let told = VirtualQuery(p.cast(), part.as_mut_ptr(), size_of::<MEMORY_BASIC_INFORMATION>()) != 0;
        told.then_some(part.assume_init())
    }
}

/// Whether a range is all of what one call reserved.
fn is_whole(p: *mut u8, size: usize) -> bool {
    let base_at = |at: usize| part(p.wrapping_add(at)).filter(|part| part.AllocationBase == p.cast());
    let mut at = 0;
    while at < size {
        match base_at(at) {
            Some(part) => at = part.BaseAddress.addr() + part.RegionSize - p.addr(),
            None => return false,
        }
    }
    at == size && base_at(size).is_none()
}

/// Whether all of a range may be written.
fn is_writable(p: *mut u8, size: usize) -> bool {
    part(p).is_some_and(|part| {
        let end = part.BaseAddress.addr() + part.RegionSize;
        part.State == MEM_COMMIT && part.Protect == PAGE_READWRITE && end >= p.addr() + size
    })
}
