//! Redirection: the C runtimes' allocation functions become ours.
//!
//! A program's calls are bound to one DLL by name, so ours cannot come first. So when a program starts that imports this
//! DLL, a jump to our function is written over the beginning of each of these functions, in each C runtime that is
//! loaded. What the runtime builds on them (`strdup`, `_aligned_malloc`, `operator new`) comes here with them. Blocks
//! from before stay the runtime's, in the heap that it tells.
//!
//! It is done while the loader initialises what the program imports. No other thread is in one of these functions then:
//! a thread that was started by now waits for the loader before it runs any code. Either all of a runtime's functions
//! are redirected or none. Nothing is where `MIMALLOC_DISABLE_REDIRECT` is set, or where the system does not allow it.

use crate::mi::{aligned, allocate};
use crate::outcome::{new_block, product, resized};
use core::ffi::{CStr, c_void};
use core::ptr::{self, null_mut};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use oximalloc::raw;
use windows_sys::Win32::Foundation::HMODULE;
use windows_sys::Win32::System::Diagnostics::Debug::{FlushInstructionCache, IMAGE_NT_HEADERS64};
use windows_sys::Win32::System::Environment::GetEnvironmentVariableA;
use windows_sys::Win32::System::LibraryLoader::{GetModuleHandleA, GetModuleHandleW, GetProcAddress};
use windows_sys::Win32::System::Memory::{
    HEAP_REALLOC_IN_PLACE_ONLY, HeapFree, HeapReAlloc, HeapSize, PAGE_EXECUTE_READWRITE, VirtualProtect,
};
use windows_sys::Win32::System::SystemServices::{IMAGE_DOS_HEADER, IMAGE_IMPORT_DESCRIPTOR};
use windows_sys::Win32::System::Threading::GetCurrentProcess;

/// The C runtimes.
const RUNTIMES: [&CStr; 2] = [c"ucrtbase.dll", c"msvcrt.dll"];

/// The heap of each, which has the blocks from before.
static HEAPS: [AtomicPtr<c_void>; RUNTIMES.len()] = [const { AtomicPtr::new(null_mut()) }; RUNTIMES.len()];

static DONE: AtomicBool = AtomicBool::new(false);

unsafe extern "C" {
    /// Where the image that contains this code begins. The linker defines it.
    static __ImageBase: IMAGE_DOS_HEADER;
}

/// Whether a C runtime allocates from here.
pub fn is_done() -> bool {
    DONE.load(Ordering::Relaxed)
}

/// Redirect, if this is the DLL and the program imports it.
pub fn begin() {
    let image: HMODULE = (&raw const __ImageBase).cast_mut().cast();
    // SAFETY: the names are C strings. Only the DLL exports that name; the static library may be a part of any image.
    let is_dll = unsafe { GetProcAddress(image, c"mi_is_redirected".as_ptr().cast()) }.is_some();
    if !is_dll || is_disabled() || !is_imported(image) {
        return;
    }
    let done = [runtime::<0>(), runtime::<1>()];
    DONE.store(done.contains(&true), Ordering::Relaxed);
}

fn is_disabled() -> bool {
    let mut value = [0; 8];
    // SAFETY: a C string, and room for so many bytes.
    let len = unsafe {
        let name = c"MIMALLOC_DISABLE_REDIRECT".as_ptr().cast();
        GetEnvironmentVariableA(name, value.as_mut_ptr(), value.len() as u32)
    };
    len != 0 && value.get(..len as usize) != Some(b"0")
}

/// Whether the program imports `image`.
fn is_imported(image: HMODULE) -> bool {
    const IMPORTS: usize = 1;
    // SAFETY: the program is loaded, and its heads and its table of imports are as the loader has read them. The table
    // ends with a row without a name.
    unsafe {
        let program = GetModuleHandleW(ptr::null()).cast::<u8>().cast_const();
        let head = program.add((*program.cast::<IMAGE_DOS_HEADER>()).e_lfanew as usize).cast::<IMAGE_NT_HEADERS64>();
        let table = (*head).OptionalHeader.DataDirectory[IMPORTS].VirtualAddress as usize;
        let mut row = program.add(table).cast::<IMAGE_IMPORT_DESCRIPTOR>();
        while table != 0 && (*row).Name != 0 {
            if GetModuleHandleA(program.add((*row).Name as usize)) == image {
                return true;
            }
            row = row.add(1);
        }
    }
    false
}

/// How many functions there are.
const COUNT: usize = 15;
/// The first of them are in all runtimes. The others may be missing, or be places that only end the program.
const NEEDED: usize = 11;

/// What becomes of the functions of a runtime.
fn functions<const CRT: usize>() -> [(&'static CStr, *const ()); COUNT] {
    [
        (c"malloc", malloc as *const ()),
        (c"calloc", calloc as *const ()),
        (c"realloc", realloc::<CRT> as *const ()),
        (c"free", free::<CRT> as *const ()),
        (c"_msize", _msize::<CRT> as *const ()),
        (c"_expand", _expand::<CRT> as *const ()),
        (c"_aligned_malloc", aligned::mi_malloc_aligned as *const ()),
        (c"_aligned_offset_malloc", aligned::mi_malloc_aligned_at as *const ()),
        (c"_aligned_realloc", _aligned_realloc::<CRT> as *const ()),
        (c"_aligned_offset_realloc", _aligned_offset_realloc::<CRT> as *const ()),
        (c"_aligned_free", _aligned_free::<CRT> as *const ()),
        (c"_recalloc", _recalloc::<CRT> as *const ()),
        (c"_aligned_recalloc", _aligned_recalloc::<CRT> as *const ()),
        (c"_aligned_offset_recalloc", _aligned_offset_recalloc::<CRT> as *const ()),
        (c"_aligned_msize", _aligned_msize::<CRT> as *const ()),
    ]
}

/// Redirect the functions of a runtime. False if it is not loaded, or if that cannot be done.
fn runtime<const CRT: usize>() -> bool {
    let ours = functions::<CRT>();
    // SAFETY: C strings; the function of that name takes nothing and returns a heap.
    unsafe {
        let library = GetModuleHandleA(RUNTIMES[CRT].as_ptr().cast());
        if library.is_null() {
            return false;
        }
        let find = |name: &CStr| GetProcAddress(library, name.as_ptr().cast());
        let Some(heap) = find(c"_get_heap_handle") else { return false };
        let heap = core::mem::transmute::<unsafe extern "system" fn() -> isize, extern "C" fn() -> *mut c_void>(heap);
        HEAPS[CRT].store(heap(), Ordering::Relaxed);
        let mut places = [null_mut::<u8>(); COUNT];
        for (place, (name, _)) in places.iter_mut().zip(&ours) {
            let function = find(name).map_or(null_mut(), |function| (function as *const u8).cast_mut());
            *place = if has_room(function) { function } else { null_mut() };
        }
        if places.iter().take(NEEDED).any(|place| place.is_null()) {
            return false;
        }
        let mut opened = 0;
        let mut access = [0; COUNT];
        for (place, before) in places.iter().zip(&mut access) {
            if !place.is_null() && VirtualProtect(place.cast(), JUMP, PAGE_EXECUTE_READWRITE, before) == 0 {
                break;
            }
            opened += 1;
        }
        if opened == places.len() {
            for (place, (_, function)) in places.iter().zip(&ours).filter(|(place, _)| !place.is_null()) {
                write_jump(*place, *function);
            }
        }
        // In the opposite order, because two functions may be on one page.
        for (place, before) in places.iter().zip(&mut access).take(opened).rev().filter(|(place, _)| !place.is_null()) {
            VirtualProtect(place.cast(), JUMP, *before, before);
            FlushInstructionCache(GetCurrentProcess(), place.cast(), JUMP);
        }
        opened == places.len()
    }
}

/// Bytes of a jump to any address: an instruction of six bytes, and behind it the address.
const JUMP: usize = 14;

/// Whether a function is so long, with the room before the next one. Compilers have functions begin at multiples of 16.
fn has_room(function: *mut u8) -> bool {
    function.addr().is_multiple_of(16)
}

/// # Safety
/// - the place is code that may be written and that no thread runs.
unsafe fn write_jump(place: *mut u8, function: *const ()) {
    let mut bytes = [0; JUMP];
    let (jump, address) = bytes.split_at_mut(6);
    jump.copy_from_slice(&[0xff, 0x25, 0, 0, 0, 0]);
    address.copy_from_slice(&function.addr().to_ne_bytes());
    // SAFETY: by the contract.
    unsafe { place.cast::<[u8; JUMP]>().write_unaligned(bytes) };
}

fn heap<const CRT: usize>() -> *mut c_void {
    HEAPS[CRT].load(Ordering::Relaxed)
}

/// Whether a block is from before.
fn is_old(p: *mut c_void) -> bool {
    !p.is_null() && !raw::owns(p.cast())
}

extern "C" fn malloc(size: usize) -> *mut c_void {
    new_block(size)
}

extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    allocate::mi_calloc(count, size)
}

/// # Safety
/// - as in C, here and below.
unsafe extern "C" fn free<const CRT: usize>(p: *mut c_void) {
    // SAFETY: by the contract. A block that is not ours is the runtime's.
    unsafe {
        if is_old(p) {
            HeapFree(heap::<CRT>(), 0, p);
        } else {
            raw::free(p.cast());
        }
    }
}

/// As in the runtime, size 0 frees the block.
unsafe extern "C" fn realloc<const CRT: usize>(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: by the contract. Of the old block, no more is read than it has.
    unsafe {
        if size == 0 && !p.is_null() {
            free::<CRT>(p);
            return null_mut();
        }
        if !is_old(p) {
            return resized(p, size);
        }
        let new = new_block(size);
        if !new.is_null() {
            let old = HeapSize(heap::<CRT>(), 0, p);
            new.cast::<u8>().copy_from_nonoverlapping(p.cast(), old.min(size));
            HeapFree(heap::<CRT>(), 0, p);
        }
        new
    }
}

unsafe extern "C" fn _msize<const CRT: usize>(p: *mut c_void) -> usize {
    // SAFETY: by the contract.
    if is_old(p) { unsafe { HeapSize(heap::<CRT>(), 0, p) } } else { raw::usable_size(p.cast()) }
}

unsafe extern "C" fn _expand<const CRT: usize>(p: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: by the contract.
    unsafe {
        if is_old(p) {
            return HeapReAlloc(heap::<CRT>(), HEAP_REALLOC_IN_PLACE_ONLY, p, size);
        }
        allocate::mi_expand(p, size)
    }
}

unsafe extern "C" fn _recalloc<const CRT: usize>(p: *mut c_void, count: usize, size: usize) -> *mut c_void {
    let Some(bytes) = product("_recalloc", count, size) else { return null_mut() };
    // SAFETY: by the contract. What is new behind the old bytes is cleared.
    unsafe {
        let old = if p.is_null() { 0 } else { _msize::<CRT>(p) };
        let new = realloc::<CRT>(p, bytes).cast::<u8>();
        if !new.is_null() && bytes > old {
            new.add(old).write_bytes(0, bytes - old);
        }
        new.cast()
    }
}

/// What the runtime allocated for an aligned block from before: the address of that lies before the block.
///
/// # Safety
/// - it is such a block.
unsafe fn whole(p: *mut c_void) -> *mut c_void {
    let place = (p.addr() & !(size_of::<usize>() - 1)) - size_of::<usize>();
    // SAFETY: by the contract.
    unsafe { p.with_addr(place).cast::<*mut c_void>().read() }
}

unsafe extern "C" fn _aligned_free<const CRT: usize>(p: *mut c_void) {
    // SAFETY: by the contract.
    unsafe { free::<CRT>(if is_old(p) { whole(p) } else { p }) }
}

unsafe extern "C" fn _aligned_msize<const CRT: usize>(p: *mut c_void, _alignment: usize, _offset: usize) -> usize {
    // SAFETY: by the contract.
    unsafe {
        if is_old(p) {
            return _msize::<CRT>(whole(p)) - (p.addr() - whole(p).addr());
        }
    }
    raw::usable_size(p.cast())
}

unsafe extern "C" fn _aligned_realloc<const CRT: usize>(p: *mut c_void, size: usize, alignment: usize) -> *mut c_void {
    // SAFETY: by the contract.
    unsafe { _aligned_offset_realloc::<CRT>(p, size, alignment, 0) }
}

unsafe extern "C" fn _aligned_offset_realloc<const CRT: usize>(
    p: *mut c_void,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    // SAFETY: by the contract. Of the old block, no more is read than it has.
    unsafe {
        if size == 0 && !p.is_null() {
            _aligned_free::<CRT>(p);
            return null_mut();
        }
        if !is_old(p) {
            return aligned::mi_realloc_aligned_at(p, size, alignment, offset);
        }
        let new = aligned::mi_malloc_aligned_at(size, alignment, offset);
        if !new.is_null() {
            let old = _aligned_msize::<CRT>(p, alignment, offset);
            new.cast::<u8>().copy_from_nonoverlapping(p.cast(), old.min(size));
            _aligned_free::<CRT>(p);
        }
        new
    }
}

unsafe extern "C" fn _aligned_recalloc<const CRT: usize>(
    p: *mut c_void,
    count: usize,
    size: usize,
    alignment: usize,
) -> *mut c_void {
    // SAFETY: by the contract.
    unsafe { _aligned_offset_recalloc::<CRT>(p, count, size, alignment, 0) }
}

unsafe extern "C" fn _aligned_offset_recalloc<const CRT: usize>(
    p: *mut c_void,
    count: usize,
    size: usize,
    alignment: usize,
    offset: usize,
) -> *mut c_void {
    let Some(bytes) = product("_aligned_recalloc", count, size) else { return null_mut() };
    // SAFETY: by the contract. What is new behind the old bytes is cleared.
    unsafe {
        let old = if p.is_null() { 0 } else { _aligned_msize::<CRT>(p, alignment, offset) };
        let new = _aligned_offset_realloc::<CRT>(p, bytes, alignment, offset).cast::<u8>();
        if !new.is_null() && bytes > old {
            new.add(old).write_bytes(0, bytes - old);
        }
        new.cast()
    }
}
