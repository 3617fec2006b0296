//! The contract with the operating system, and its only implementations. Nothing above this floor names a platform.
//! Invariant: no function here allocates, panics, or changes `errno`.

pub mod tls;
pub mod word;
#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::{env, memory, process, thread};
