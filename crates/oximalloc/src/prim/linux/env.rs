//! The environment, read without the C library's `getenv`, which does not work before the library's constructors have
//! run, and which finds names in one case only.
//!
//! Invariant: the environment is only read, and no reference into it outlives the call of the visitor.
use super::process::ReadFile;
use super::{Linux, errno};
use crate::prim::contract::Environment;
use core::ffi::{CStr, c_char};

unsafe extern "C" {
    /// The C library's list of `NAME=value` strings, which ends in a null. Itself null until the library is set up.
    static environ: *const *const c_char;
}

/// The longest entry that is seen when the environment has to be read from `/proc`. Longer ones are skipped.
const ENTRY_MAX: usize = 1024;

impl Environment for Linux {
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        // SAFETY: a variable of the C library, read once as a whole word.
        let mut entry = unsafe { (&raw const environ).read_volatile() };
        if entry.is_null() {
            return visit_proc(f);
        }
        loop {
            // SAFETY: `entry` walks a list that ends in a null, where the loop stops. As with `getenv`, the program
            // must not change its environment at the same time.
            let text = unsafe { *entry };
            if text.is_null() {
                return true;
            }
            // SAFETY: every entry is a C string, under the same condition.
            let text = unsafe { CStr::from_ptr(text) };
            if !visit_entry(text.to_bytes(), f) {
                return true;
            }
            // SAFETY: not past the end, because this entry was not the null.
            entry = unsafe { entry.add(1) };
        }
    }

    fn is_secure() -> bool {
        // SAFETY: no preconditions; reads what the kernel left beside the arguments.
        unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
    }
}

/// Split an entry at its first `=` and pass it to `f`. Entries without one are skipped. False if `f` returns false.
fn visit_entry(entry: &[u8], f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
    match entry.iter().position(|&b| b == b'=').and_then(|at| entry.split_at_checked(at)) {
        Some((name, value)) => f(name, value.get(1..).unwrap_or_default()),
        None => true,
    }
}

/// As [`Environment::visit_environment`], from the kernel's copy of the environment at the program's start.
fn visit_proc(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
    let before = errno::get();
    let file = ReadFile::open(c"/proc/self/environ");
    let readable = file.is_some();
    if let Some(mut file) = file {
        visit_stream(&mut |chunk| file.read(chunk), f);
    }
    errno::set(before);
    readable
}

/// Put NUL-terminated entries together from the pieces that `read` delivers, until it delivers nothing.
fn visit_stream(read: &mut dyn FnMut(&mut [u8]) -> usize, f: &mut dyn FnMut(&[u8], &[u8]) -> bool) {
    let mut chunk = [0u8; 512];
    let mut entry = [0u8; ENTRY_MAX];
    // Counts beyond `ENTRY_MAX` in an entry that is too long. The slice of such an entry is `None`.
    let mut len = 0usize;
    loop {
        let got = read(&mut chunk);
        if got == 0 {
            return;
        }
        for &byte in chunk.iter().take(got) {
            if byte != 0 {
                if let Some(slot) = entry.get_mut(len) {
                    *slot = byte;
                }
                len = len.saturating_add(1);
                continue;
            }
            if let Some(whole) = entry.get(..len)
                && !visit_entry(whole, f)
            {
                return;
            }
            len = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_tells_the_same() {
        let (mut listed, mut kernel) = (Vec::new(), Vec::new());
        assert!(Linux::visit_environment(&mut |n, v| {
            listed.push((n.to_vec(), v.to_vec()));
            true
        }));
        assert!(visit_proc(&mut |n, v| {
            kernel.push((n.to_vec(), v.to_vec()));
            true
        }));
        listed.retain(|(n, v)| n.len() + v.len() < ENTRY_MAX);
        assert_eq!(listed, kernel);
    }

    #[test]
    fn a_stream_in_small_pieces() {
        let long = "L".repeat(ENTRY_MAX) + "=x";
        let text = format!("A=1\0{long}\0no equals sign\0B=\0CD=e=f\0unfinished");
        let mut rest = text.as_bytes();
        let mut seen = Vec::new();
        visit_stream(
            &mut |chunk| {
                let n = rest.len().min(7);
                chunk[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                n
            },
            &mut |n, v| {
                seen.push(format!("{}:{}", n.escape_ascii(), v.escape_ascii()));
                true
            },
        );
        assert_eq!(seen, ["A:1", "B:", "CD:e=f"]);
    }
}
