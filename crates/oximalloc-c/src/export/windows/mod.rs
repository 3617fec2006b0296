//! What takes the place of this folder's other files on Windows. None of the standard names are exported: a program's
//! calls of the C runtime come here by redirection.

mod life;
pub mod process;
mod redirect;
