//! What else the process has besides this library.

/// Whether the C library allocates from here, also when the process ends. It does, because ours is its first zone.
pub fn is_its_malloc() -> bool {
    true
}

/// Whether the C runtime's functions were redirected. Only Windows does that.
pub fn is_redirected() -> bool {
    false
}
