//! The contract with the operating system, and its only implementations. Nothing above this floor names a platform.
//! Invariant: no function here allocates, panics, or changes `errno`.

pub mod prefetch;
pub mod tls;
#[cfg(unix)]
mod unix;
pub mod word;
#[cfg(unix)]
pub use unix::{env, memory, memory::keep_errno, numa, process, thread};
