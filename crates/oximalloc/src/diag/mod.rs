//! The floor that reads options and reports: environment, messages, errors, statistics and their printing.
//!
//! Invariants: nothing here allocates or panics. All state is in static atomics. Whatever prints leaves `errno` as it
//! was. So every function may be called from inside malloc, in any thread, at any moment of the process's life.
pub mod error;
mod hook;
pub mod options;
pub mod output;
pub mod print;
pub mod prometheus;
pub mod stats;
