//! Allocation and freeing under protection (the option `secure`).
//!
//! The fast paths of `malloc` and `free` find nothing then: stacks lie where they do not look
//! (`heap::state::theap::secured`), and the slice class map is empty for them. So each operation takes the generic path,
//! whose first step leads here. Here it finds another fast path: the same stack, and the checks.
//!
//! ```text
//! malloc:  pop -> is the mark that of a free block? is the head clear? -> set the mark of a block in use
//! free:    is the mark that of a block in use? -> set the mark of a free block, clear the head
//!              -> into the delay line; another block leaves that for the stack
//! ```
//!
//! - `malloc`, `free`, `realloc`: blocks that share a page.
//! - `large`: blocks with a page of their own, before an inaccessible OS page.
//! - `strict`: what level 3 adds.
//! - `report`: what is said of a misuse.

mod free;
mod large;
mod malloc;
mod realloc;
mod report;
mod strict;

pub use free::{delete, delete_array, delete_sized, free, free_sized, usable_size};
pub use malloc::{aligned, malloc, malloc_in, new, supply, zalloc};
pub use realloc::{expand, realloc};
