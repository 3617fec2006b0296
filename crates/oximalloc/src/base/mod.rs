//! The lowest floor: constants, units, atomics. Depends on nothing.
pub mod config;
pub mod grow_list;
pub mod pair;
pub mod seen;
pub mod slot;
pub mod sync;
pub mod text;
pub mod try_lock;
pub mod units;
