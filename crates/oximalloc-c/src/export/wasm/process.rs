//! What else the program has besides this library: nothing that could be asked for by name.

/// Whether the C library allocates from here: it does, in a program that is linked with this library.
pub fn is_its_malloc() -> bool {
    true
}
