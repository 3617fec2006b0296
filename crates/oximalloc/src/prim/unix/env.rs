//! The environment, read without the C library's `getenv`, which finds names in one case only.
//!
//! Invariant: the environment is only read, and no reference into it outlives the call of the visitor.

use super::{Unix, system};
use crate::prim::contract::Environment;
use core::ffi::CStr;

impl Environment for Unix {
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        let mut entry = system::environment();
        if entry.is_null() {
            return false;
        }
        loop {
            // SAFETY: `entry` walks a list that ends in a null, where the loop stops. As with `getenv`, the program
            // must not change its environment at the same time.
            let text = unsafe { *entry };
            if text.is_null() {
                return true;
            }
            // SAFETY: every entry is a C string, under the same condition.
            let text = unsafe { CStr::from_ptr(text) }.to_bytes();
            if let Some(at) = text.iter().position(|&b| b == b'=')
                && let Some((name, value)) = text.split_at_checked(at)
                && !f(name, value.get(1..).unwrap_or_default())
            {
                return true;
            }
            // SAFETY: not past the end, because this entry was not the null.
            entry = unsafe { entry.add(1) };
        }
    }

    fn is_secure() -> bool {
        system::is_secure()
    }
}
