//! Functions of glibc that were not there when the loader bound this library. Before version 2.34 they are in libraries
//! of their own, which a program without threads and plugins does not have. A plugin may bring them along later, and
//! threads with them.
//!
//! They are found without `dlsym`, which is one of them. It also waits for constructors of libraries that other threads
//! load, and a constructor may wait for a thread. What is used here waits only while the loader changes its list.
//!
//! Invariant: a library's tables are read while it is on the loader's list, which does not change meanwhile. These
//! libraries are never unloaded.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

/// The libraries: from 2.34 on it is the last one alone.
const FILES: [&CStr; 3] = [c"libpthread.so.0", c"libdl.so.2", c"libc.so.6"];

// The name by which the words in `libmimalloc.so` lead to it (`build.rs`).
core::arch::global_asm!(".globl oximalloc_loaded", ".hidden oximalloc_loaded", ".set oximalloc_loaded, {find}", find = sym find);

/// Rows of a library's table of what it has for the loader: a tag, and an address or a number.
type Row = [usize; 2];

#[cfg(target_pointer_width = "64")]
type Symbol = libc::Elf64_Sym;
#[cfg(target_pointer_width = "32")]
type Symbol = libc::Elf32_Sym;

const DT_NULL: usize = 0;
const DT_STRTAB: usize = 5;
const DT_SYMTAB: usize = 6;
const DT_GNU_HASH: usize = 0x6fff_fef5;
/// Of a symbol: the library does not define it.
const SHN_UNDEF: u16 = 0;

/// What is asked for, and the answer.
struct Search<'a> {
    name: &'a CStr,
    found: *mut c_void,
}

/// The address of glibc's function `name`. Null if no library that is loaded has it.
///
/// # Safety
/// - `name` is a string.
#[cold]
pub unsafe extern "C" fn find(name: *const c_char) -> *mut c_void {
    // SAFETY: by the contract.
    let mut search = Search { name: unsafe { CStr::from_ptr(name) }, found: ptr::null_mut() };
    // SAFETY: `look` has the type that is asked for, and gets `search` back as it is passed here.
    unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
    search.found
}

/// # Safety
/// - the loader calls it, with a `Search` as `search`.
unsafe extern "C" fn look(library: *mut libc::dl_phdr_info, _size: usize, search: *mut c_void) -> c_int {
    // SAFETY: by the contract. The loader's records have a name and so many program headers.
    let (library, search, path, parts) = unsafe {
        let library = &*library;
        let parts = core::slice::from_raw_parts(library.dlpi_phdr, usize::from(library.dlpi_phnum));
        (library, &mut *search.cast::<Search>(), CStr::from_ptr(library.dlpi_name), parts)
    };
    let file = path.to_bytes().rsplit(|byte| *byte == b'/').next();
    if !FILES.iter().any(|name| Some(name.to_bytes()) == file) {
        return 0;
    }
    let Some(table) = parts.iter().find(|part| part.p_type == libc::PT_DYNAMIC) else { return 0 };
    let (base, table) = (library.dlpi_addr as usize, library.dlpi_addr.wrapping_add(table.p_vaddr) as usize);
    // SAFETY: a library's own tables, and the loader keeps it until this function returns.
    search.found = unsafe { defined(base, ptr::with_exposed_provenance(table), search.name) };
    c_int::from(!search.found.is_null())
}

/// The function `name` of the library at `base`. Null if it has none.
///
/// # Safety
/// - `table` is the library's table for the loader, and complete.
unsafe fn defined(base: usize, mut table: *const Row, name: &CStr) -> *mut c_void {
    let [mut symbols, mut strings, mut hash] = [0; 3];
    // SAFETY: by the contract; the table ends with a row of DT_NULL.
    unsafe {
        loop {
            let [tag, value] = table.read();
            match tag {
                DT_NULL => break,
                DT_SYMTAB => symbols = value,
                DT_STRTAB => strings = value,
                DT_GNU_HASH => hash = value,
                _ => {}
            }
            table = table.add(1);
        }
    }
    if [symbols, strings, hash].contains(&0) {
        return ptr::null_mut();
    }
    // Most loaders have added the base already.
    let [symbols, strings, hash] =
        [symbols, strings, hash].map(|address| if address < base { base + address } else { address });
    let symbols = ptr::with_exposed_provenance::<Symbol>(symbols);
    let strings = ptr::with_exposed_provenance::<libc::c_char>(strings);
    let mut found = ptr::null_mut();
    // SAFETY: by the contract, and the numbers are of this library.
    unsafe {
        candidates(ptr::with_exposed_provenance(hash), hash_of(name.to_bytes()), |number| {
            let symbol = symbols.add(number).read();
            let is_it = symbol.st_shndx != SHN_UNDEF && CStr::from_ptr(strings.add(symbol.st_name as usize)) == name;
            if is_it {
                found = ptr::with_exposed_provenance_mut(base + symbol.st_value as usize);
            }
            is_it
        });
    }
    found
}

/// Call `is_it` with the number of each symbol whose name has the hash value `wanted`, until it returns true.
///
/// # Safety
/// - `table` is a library's hash table.
unsafe fn candidates(table: *const u32, wanted: u32, mut is_it: impl FnMut(usize) -> bool) {
    // SAFETY: by the contract. Four numbers come first: of buckets, of the first symbol in the table, of words in a
    // filter, and one that the filter needs. The words of the filter follow, then the buckets, each with the number of
    // its first symbol or 0, then a hash value for each symbol. The low bit of such a value marks a bucket's last one.
    unsafe {
        let [buckets, first, words] = [0, 1, 2].map(|at| table.add(at).read() as usize);
        let bucket = table.add(4 + words * size_of::<usize>() / size_of::<u32>());
        let values = bucket.add(buckets);
        let mut number = bucket.add(wanted as usize % buckets.max(1)).read() as usize;
        while number >= first.max(1) {
            let value = values.add(number - first).read();
            if (value | 1 == wanted | 1 && is_it(number)) || value & 1 != 0 {
                return;
            }
            number += 1;
        }
    }
}

/// The hash value of a name in such a table.
fn hash_of(name: &[u8]) -> u32 {
    name.iter().fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}
