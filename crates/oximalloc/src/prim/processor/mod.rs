//! What depends on the processor. A port to another processor is one file here, and the lines below that choose it. The
//! constants at the end say which functions it has, and their types. It takes from `plain` what it does not write in
//! instructions of its own.
//!
//! - [`slice_in`], [`load_16`], [`divides`], [`advance`]: use words, some of which other threads may write, as operands
//!   of instructions. See `plain` for what they do.
//! - [`prefetch`]: fetch the cache line at an address, because it will soon be written to. [`prefetch_to_read`]: the
//!   same, because it will soon be read. These are hints: nothing is read, and any address will do.
//! - `elf`: `load` and `store` of the thread-local word `oximalloc_0_1_thread` of an ELF system, and `tag`, which is
//!   never 0 and which no other living thread has. A system that is not ELF has these in its own folder.
//! - `elf_late`: `load` and `store` for a C library that loads no library late whose thread-local memory is addressed as
//!   in `elf`. Not on all processors.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "arm")]
mod arm;
#[cfg(any(test, tsan, not(target_arch = "x86_64")))]
mod plain;
#[cfg(target_arch = "s390x")]
mod s390x;
#[cfg(target_arch = "wasm32")]
mod wasm;
mod window;
#[cfg(target_arch = "x86")]
mod x86;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use aarch64 as chosen;
#[cfg(target_arch = "arm")]
use arm as chosen;
#[cfg(target_arch = "s390x")]
use s390x as chosen;
#[cfg(target_arch = "wasm32")]
use wasm as chosen;
#[cfg(target_arch = "x86")]
use x86 as chosen;
#[cfg(target_arch = "x86_64")]
use x86_64 as chosen;

pub use window::Window;

#[cfg(not(target_arch = "wasm32"))]
pub use chosen::elf;
#[cfg(all(target_env = "musl", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub use chosen::elf_late;
pub use chosen::{advance, divides, load_16, prefetch, prefetch_to_read, slice_in};

const _: unsafe fn(*const Window, usize) -> Option<(usize, *const Window)> = slice_in;
const _: unsafe fn(*const u8, usize) -> usize = load_16::<0>;
const _: unsafe fn(*const u8, usize, usize) -> bool = divides::<0>;
const _: unsafe fn(*const u8, usize) = advance::<8>;
const _: [fn(*const u8); 2] = [prefetch, prefetch_to_read];
#[cfg(not(target_arch = "wasm32"))]
const _: () = {
    let _: fn() -> *const u8 = elf::load;
    let _: fn(*const u8) = elf::store;
    let _: fn() -> usize = elf::tag;
};

#[cfg(test)]
mod tests;
