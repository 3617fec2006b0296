//! What else the process has besides this library.

/// Whether the C runtime allocates from here.
pub fn is_its_malloc() -> bool {
    false
}
