//! What a Mach-O file for 64-bit processors, lowest byte first, says of its sections and symbols (`<mach-o/loader.h>`,
//! `<mach-o/nlist.h>`).

use std::collections::BTreeSet;

/// What is known of a file.
#[derive(Default)]
pub struct Image {
    /// Segment, section, bytes.
    sections: Vec<(String, String, u64)>,
    /// Names that others may use.
    pub defined: BTreeSet<String>,
    /// Names that others must have.
    pub undefined: BTreeSet<String>,
}

impl Image {
    /// The bytes of a section.
    pub fn section(&self, segment: &str, name: &str) -> Option<u64> {
        self.sections.iter().find(|(of, section, _)| of == segment && section == name).map(|(_, _, bytes)| *bytes)
    }
}

const MAGIC: u32 = 0xfeed_facf;
const HEADER: usize = 32;
const LC_SYMTAB: u32 = 2;
const LC_SEGMENT_64: u32 = 0x19;
/// Bytes of what comes before the sections in a segment's command, and of one of them.
const SEGMENT: usize = 72;
const SECTION: usize = 80;
/// Bytes of a symbol.
const SYMBOL: usize = 16;
/// Bits of a symbol's type.
const N_STAB: u8 = 0xe0;
const N_TYPE: u8 = 0x0e;
const N_EXT: u8 = 1;

/// Reads a file. None if it is not of that kind, or not whole.
pub fn read(file: &[u8]) -> Option<Image> {
    if number(file, 0)? != MAGIC {
        return None;
    }
    let mut image = Image::default();
    let mut at = HEADER;
    for _ in 0..number(file, 16)? {
        let (kind, size) = (number(file, at)?, number(file, at + 4)? as usize);
        let command = file.get(at..at + size)?;
        match kind {
            LC_SEGMENT_64 => read_sections(command, &mut image)?,
            LC_SYMTAB => read_symbols(file, command, &mut image)?,
            _ => {}
        }
        at += size;
    }
    Some(image)
}

fn read_sections(command: &[u8], image: &mut Image) -> Option<()> {
    for i in 0..number(command, 64)? as usize {
        let section = command.get(SEGMENT + i * SECTION..)?.get(..SECTION)?;
        let bytes = u64::from_le_bytes(section[40..48].try_into().ok()?);
        image.sections.push((name(&section[16..32]), name(&section[..16]), bytes));
    }
    Some(())
}

fn read_symbols(file: &[u8], command: &[u8], image: &mut Image) -> Option<()> {
    let (at, count, names) =
        (number(command, 8)? as usize, number(command, 12)? as usize, number(command, 16)? as usize);
    for i in 0..count {
        let symbol = file.get(at + i * SYMBOL..)?.get(..SYMBOL)?;
        let kind = symbol[4];
        if kind & N_STAB == 0 && kind & N_EXT != 0 {
            let name = name(file.get(names + number(symbol, 0)? as usize..)?);
            if kind & N_TYPE == 0 { &mut image.undefined } else { &mut image.defined }.insert(name);
        }
    }
    Some(())
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// The text up to the first zero byte.
fn name(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a segment of one section, and two symbols.
    fn file() -> Vec<u8> {
        let padded = |text: &str, size: usize| [text.as_bytes(), &vec![0; size - text.len()]].concat();
        let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let segment = (SEGMENT + SECTION) as u32;
        let symbols = HEADER as u32 + segment + 24;
        [
            numbers(&[MAGIC, 0, 0, 6, 2, segment + 24, 0, 0]),
            numbers(&[LC_SEGMENT_64, segment]),
            padded("__DATA", 16),
            vec![0; 40],
            numbers(&[1, 0]),
            padded("__interpose", 16),
            padded("__DATA", 16),
            vec![0; 8],
            numbers(&[48, 0]),
            vec![0; 32],
            numbers(&[LC_SYMTAB, 24, symbols, 2, symbols + 32, 10]),
            numbers(&[1, u32::from(N_EXT), 0, 0]),
            numbers(&[4, u32::from(N_EXT | N_TYPE), 0, 0]),
            b"\0_a\0_mi\0".to_vec(),
        ]
        .concat()
    }

    #[test]
    fn reads_sections_and_symbols() {
        let image = read(&file()).unwrap();
        assert_eq!(image.section("__DATA", "__interpose"), Some(48));
        assert_eq!(image.section("__DATA", "__data"), None);
        assert_eq!(image.undefined, BTreeSet::from(["_a".to_string()]));
        assert_eq!(image.defined, BTreeSet::from(["_mi".to_string()]));
    }

    #[test]
    fn what_is_cut_off_is_no_file() {
        let file = file();
        // (The last byte only ends a name.)
        assert!((0..file.len() - 4).all(|length| read(&file[..length]).is_none()));
    }
}
