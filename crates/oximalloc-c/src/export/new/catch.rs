//! What the frames of all processors have in common: names that are ours alone, and the tables of what is caught.
//!
//! A table names labels of the frame, so it is the same for each processor. Invariant: the table says that whatever one
//! call throws is caught, as a `catch (...)` would, and that everything else passes through.

/// Gives the operator that begins here a name that is ours alone, whatever the program has.
macro_rules! own {
    ($own:ident) => {
        concat!(
            ".globl oximalloc_own_",
            stringify!($own),
            "; .hidden oximalloc_own_",
            stringify!($own),
            "; oximalloc_own_",
            stringify!($own),
            ":"
        )
    };
}
pub(crate) use own;

/// The word that leads to the runtime's personality routine, which exists if there is anything to throw.
macro_rules! personality {
    () => {
        ".weak __gxx_personality_v0; .weak __cxa_begin_catch; .weak __cxa_end_catch
        .pushsection .data.rel.ro.oximalloc_cxx_personality, \"aw\", %progbits
        .balign 8
        .globl oximalloc_personality; .hidden oximalloc_personality
        oximalloc_personality: .dc.a __gxx_personality_v0
        .popsection"
    };
}
pub(super) use personality;

/// What the unwind table of a frame that catches says first. The argument begins the names of its labels.
macro_rules! catches {
    ($frame:literal) => {
        concat!(
            ".cfi_personality 0x9b, oximalloc_personality; .cfi_lsda 0x1b, .L",
            $frame,
            "_exceptions; .L",
            $frame,
            "_start:"
        )
    };
}
pub(super) use catches;

/// The exception table of a frame, in the form that g++ writes. The labels say where the frame starts and ends, where
/// the call is that may throw, what comes after it, and where what was thrown is caught.
macro_rules! exceptions {
    ($frame:literal) => {
        concat!(
            ".pushsection .gcc_except_table.oximalloc, \"a\", %progbits; .balign 4;",
            $crate::export::new::catch::label!($frame, "_exceptions"),
            ".byte 0xff, 0x9b;",
            $crate::export::new::catch::span!($frame, "_sites_size", "_types"),
            $crate::export::new::catch::label!($frame, "_sites_size"),
            ".byte 0x01;",
            $crate::export::new::catch::span!($frame, "_sites", "_actions"),
            $crate::export::new::catch::label!($frame, "_sites"),
            // Start, length, landing pad, action.
            $crate::export::new::catch::span!($frame, "_start", "_call"),
            $crate::export::new::catch::span!($frame, "_call", "_after"),
            $crate::export::new::catch::span!($frame, "_start", "_caught"),
            ".uleb128 1;",
            $crate::export::new::catch::span!($frame, "_start", "_after"),
            $crate::export::new::catch::span!($frame, "_after", "_end"),
            ".uleb128 0; .uleb128 0;",
            $crate::export::new::catch::label!($frame, "_actions"),
            ".byte 1, 0; .balign 4; .long 0;",
            $crate::export::new::catch::label!($frame, "_types"),
            ".popsection"
        )
    };
}
pub(super) use exceptions;

/// A label of a frame.
macro_rules! label {
    ($frame:literal, $name:literal) => {
        concat!(".L", $frame, $name, ": ")
    };
}
pub(super) use label;

/// The number of bytes from a label of a frame to another.
macro_rules! span {
    ($frame:literal, $from:literal, $to:literal) => {
        concat!(".uleb128 .L", $frame, $to, " - .L", $frame, $from, ";")
    };
}
pub(super) use span;
