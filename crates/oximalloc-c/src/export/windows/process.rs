//! What else the process has besides this library.

use super::redirect;

/// Whether the C runtime allocates from here.
pub fn is_its_malloc() -> bool {
    redirect::is_done()
}

/// The same: there is no other way.
pub fn is_redirected() -> bool {
    redirect::is_done()
}
