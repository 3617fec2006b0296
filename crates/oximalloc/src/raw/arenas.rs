//! Arenas, as the C interface sees them.

pub use crate::arena::{
    ArenaRef, CommitFun, Given, area, contains, interleave, is_in_region, manage, min_alignment, min_size, print,
    reserve, reserve_huge,
};
