//! The environment. The system gives a copy of it, which it makes on a heap of its own.

use super::{Windows, errno, wide};
use crate::prim::contract::Environment;
use windows_sys::Win32::System::Environment::{FreeEnvironmentStringsW, GetEnvironmentStringsW};

/// The most bytes of an entry that is seen. Longer ones are skipped.
const ENTRY_MAX: usize = 4096;

impl Environment for Windows {
    fn visit_environment(f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        errno::keep(|| {
            // SAFETY: no memory is passed.
            let block = unsafe { GetEnvironmentStringsW() };
            if block.is_null() {
                return false;
            }
            let mut at = block.cast_const();
            loop {
                let mut len = 0;
                // SAFETY: the block is a row of texts, each of which ends in a 0. An empty one ends the row.
                let entry = unsafe {
                    while *at.add(len) != 0 {
                        len += 1;
                    }
                    core::slice::from_raw_parts(at, len)
                };
                if entry.is_empty() || !visit_entry(entry, f) {
                    break;
                }
                at = at.wrapping_add(len + 1);
            }
            // SAFETY: the system gave it, and it is not used again.
            unsafe { FreeEnvironmentStringsW(block) };
            true
        })
    }

    fn is_secure() -> bool {
        // A program never has rights here that its caller lacks.
        false
    }
}

/// Split an entry at its first `=` and pass it to `f`. A `=` at the beginning is a part of the name: the system keeps
/// the current folder of each drive so. False if `f` returns false.
fn visit_entry(entry: &[u16], f: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
    let mut bytes = [0; ENTRY_MAX];
    let (len, whole) = wide::encode(entry, &mut bytes);
    let entry = bytes.get(..len).unwrap_or_default();
    let equals = entry.iter().skip(1).position(|&b| b == b'=').filter(|_| whole);
    match equals.and_then(|at| entry.split_at_checked(at + 1)) {
        Some((name, value)) => f(name, value.get(1..).unwrap_or_default()),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let mut seen = Vec::new();
        for entry in ["A=1", "B=", "=C:=C:\\d", "no equals sign", "D=e=f", &("L=".to_string() + &"x".repeat(ENTRY_MAX))]
        {
            let entry: Vec<u16> = entry.encode_utf16().collect();
            assert!(visit_entry(&entry, &mut |n, v| {
                seen.push(format!("{} {}", n.escape_ascii(), v.escape_ascii()));
                true
            }));
        }
        assert_eq!(seen, ["A 1", "B ", "=C: C:\\\\d", "D e=f"]);
    }
}
