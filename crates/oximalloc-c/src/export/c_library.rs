//! What `mi` uses of the C library. A system without a C library of this kind has to supply it here.

pub use libc::{PATH_MAX, getenv, realpath, strlen, strnlen, wchar_t, wcslen};
