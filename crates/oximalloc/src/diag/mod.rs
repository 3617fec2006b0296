//! The floor that talks: options and the environment, messages, errors, statistics and how they are printed.
//!
//! Invariants: nothing here allocates or panics, all state is atomics in statics, and whatever prints leaves `errno`
//! as it was. So every function may be called from inside malloc, in any thread, at any moment of a process's life.
pub mod error;
mod hook;
pub mod options;
pub mod output;
pub mod print;
pub mod prometheus;
pub mod stats;
