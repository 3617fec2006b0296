//! The floor for options and reports: the environment, messages, errors, statistics and how they are printed.
//!
//! Invariants: nothing here allocates or panics. All state is in static atomics. Whatever prints leaves `errno` as it
//! was. So every function may be called from inside malloc, in any thread, at any moment of the process's life.
pub mod error;
mod hook;
pub mod options;
pub mod output;
pub mod print;
pub mod prometheus;
pub mod secure;
pub mod stack;
pub mod stats;
