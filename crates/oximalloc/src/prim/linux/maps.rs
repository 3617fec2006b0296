//! Which module an address is in, from `/proc/self/maps`. Nothing but plain system calls is used, so a signal handler
//! may ask. The file is read anew each time.

use super::elf::FileHead;
use super::errno;
use super::process::ReadFile;
use crate::prim::contract::Module;
use core::ptr;

/// What is known of a line of the file: `start-end perms offset device inode   name`.
#[derive(Clone, Copy, Default)]
struct Line {
    /// The number of the field that is being read.
    field: u8,
    start: usize,
    end: usize,
    offset: usize,
    readable: bool,
    /// The device and the inode, mixed into one number.
    file: u64,
    /// Bytes of the name that fit.
    name: usize,
}

const PERMISSIONS: u8 = 2;
const OFFSET: u8 = 3;
const DEVICE: u8 = 4;
const INODE: u8 = 5;
const BEFORE_NAME: u8 = 6;
const NAME: u8 = 7;

fn append(number: &mut usize, digit: u8) {
    *number = *number << 4 | char::from(digit).to_digit(16).unwrap_or(0) as usize;
}

impl Line {
    /// Take the next byte, which is no newline.
    fn take(&mut self, byte: u8, name: &mut [u8]) {
        match (self.field, byte) {
            (0, b'-') | (1..=INODE, b' ') => self.field += 1,
            (0, digit) => append(&mut self.start, digit),
            (1, digit) => append(&mut self.end, digit),
            (PERMISSIONS, letter) => self.readable |= letter == b'r',
            (OFFSET, digit) => append(&mut self.offset, digit),
            (DEVICE | INODE, other) => self.file = self.file.wrapping_mul(0x0100_0000_01b3) ^ u64::from(other),
            (BEFORE_NAME, b' ') => {}
            (_, letter) => {
                self.field = NAME;
                if let Some(place) = name.get_mut(self.name) {
                    *place = letter;
                    self.name += 1;
                }
            }
        }
    }
}

/// The module at an address, from the text that `read` delivers in pieces. `fixed` tells whether the file whose start is
/// mapped at an address is a program that lies where its file says.
fn find(
    address: usize,
    name: &mut [u8],
    read: &mut dyn FnMut(&mut [u8]) -> usize,
    fixed: impl Fn(usize) -> bool,
) -> Option<Module> {
    let mut chunk = [0u8; 256];
    let mut line = Line::default();
    // The last line that shows the start of a file.
    let mut first = Line::default();
    loop {
        let got = read(&mut chunk);
        if got == 0 {
            return None;
        }
        for &byte in chunk.iter().take(got) {
            if byte != b'\n' {
                line.take(byte, name);
                continue;
            }
            if line.offset == 0 && line.name > 0 {
                first = line;
            }
            if (line.start..line.end).contains(&address) {
                let whole = first.file == line.file && first.name > 0;
                let base = match first.start {
                    _ if !whole => line.start.wrapping_sub(line.offset),
                    start if first.readable && fixed(start) => 0,
                    start => start,
                };
                return (line.name > 0).then_some(Module { start: line.start, end: line.end, base, name: line.name });
            }
            line = Line::default();
        }
    }
}

/// Whether a program begins there that lies where its file says.
fn is_fixed(start: usize) -> bool {
    let head = ptr::with_exposed_provenance::<FileHead>(start);
    // SAFETY: the kernel said that the start of a file is mapped there and may be read. A part of a file that is mapped
    // is at least an OS page long, and so is the mapping of an executable file's head.
    unsafe { (&raw const (*head).e_ident).read()[..4] == *b"\x7fELF" && (&raw const (*head).e_type).read() == 2 }
}

/// As the contract says.
#[cold]
pub fn module_at(address: usize, name: &mut [u8]) -> Option<Module> {
    errno::keep(|| {
        let mut file = ReadFile::open(c"/proc/self/maps")?;
        find(address, name, &mut |chunk| file.read(chunk), is_fixed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00400000-00401000 r--p 00000000 08:01 17      /bin/fixed program
00401000-00402000 r-xp 00001000 08:01 17                     /bin/fixed program
00500000-00600000 rw-p 00000000 00:00 0
7f000000-7f001000 r--p 00000000 08:01 18 /lib/a.so
7f001000-7f003000 r-xp 00000800 08:01 18 /lib/a.so
ff009000-ff00a000 r-xp 00005000 08:02 18 /lib/b.so
";

    #[test]
    fn an_address_has_a_module() {
        let at = |address, room| {
            let mut rest = TEXT.as_bytes();
            let mut name = [0; 32];
            let mut read = |chunk: &mut [u8]| {
                let n = rest.len().min(7);
                chunk[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                n
            };
            let found = find(address, &mut name[..room], &mut read, |start| start == 0x40_0000)?;
            Some((found.base, String::from_utf8_lossy(&name[..found.name]).into_owned()))
        };
        assert_eq!(at(0x40_1234, 32), Some((0, "/bin/fixed program".into())));
        assert_eq!(at(0x40_1234, 4), Some((0, "/bin".into())));
        assert_eq!(at(0x7f00_2345, 32), Some((0x7f00_0000, "/lib/a.so".into())));
        assert_eq!(at(0xff00_9345, 32), Some((0xff00_4000, "/lib/b.so".into())));
        for none in [0, 0x50_0000, 0x60_0000, 0x7f00_3000, usize::MAX] {
            assert_eq!(at(none, 32), None);
        }
    }
}
