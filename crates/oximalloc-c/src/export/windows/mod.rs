//! What takes the place of this folder's other files on Windows. A program's calls of the C runtime do not come here, so
//! none of the standard names are exported. C++ programs include `mimalloc-new-delete.h`.

mod life;
pub mod new;
pub mod process;
