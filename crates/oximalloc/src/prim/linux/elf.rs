//! The head of a program's or a library's file, and a row of its table of parts. Both are larger with 64-bit addresses.

#[cfg(target_pointer_width = "32")]
pub use super::libc::{Elf32_Ehdr as FileHead, Elf32_Phdr as FilePart};
#[cfg(target_pointer_width = "64")]
pub use super::libc::{Elf64_Ehdr as FileHead, Elf64_Phdr as FilePart};
