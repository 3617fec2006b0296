//! What `mi` uses of the C library, which a system without one of the kind has to supply here.

pub use libc::{PATH_MAX, getenv, realpath, strlen, strnlen, wchar_t, wcslen};
