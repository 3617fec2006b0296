//! What takes the place of this folder's other files on macOS and the other systems of Apple.
//!
//! A program's calls come here in two ways. `interpose` has a table that the loader reads when a program starts with the
//! dynamic library: calls of these names, from everywhere else, lead to our functions. `zone` is an allocator as the C
//! library knows them, and becomes its first one. So the C library's own calls come here too, and those of a program
//! that has the static library inside.
//!
//! C++'s operators are not here: those of the C++ library call `malloc` and `free`, ask the new-handler, and throw.

mod interpose;
mod life;
pub mod process;
mod zone;
