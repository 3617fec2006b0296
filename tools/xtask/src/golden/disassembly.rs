//! What `objdump` prints of a library or program, as functions of instructions. A file for each processor reads an
//! instruction's text.

use std::collections::BTreeMap;

/// One instruction, and what it does besides computing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// Its text, for people.
    pub text: String,
    /// Reads memory.
    pub load: bool,
    /// Writes memory (what pushes and calls put on the stack is not counted).
    pub store: bool,
    /// Writes memory that is not at the stack pointer.
    pub effect: bool,
    /// Reads and writes memory in one step that no other core comes between.
    pub atomic: bool,
    /// Where it may go on.
    pub flow: Flow,
}

/// Where an instruction leads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    /// To the next instruction.
    #[default]
    Next,
    /// Out of the function.
    Return,
    /// Nowhere: a trap.
    Stop,
    /// There.
    Jump(Target),
    /// There, or to the next.
    Branch(Target),
    /// To the next, once that function has returned.
    Call(Target),
}

/// Where a jump or call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The address, where the instruction has one; otherwise the address that it is read from, if that is known.
    pub address: Option<u64>,
    /// `address` is where the pointer lies.
    pub indirect: bool,
    /// The name that objdump gives it.
    pub name: String,
}

/// The code of a file, by address.
pub type Code = BTreeMap<u64, Instruction>;

/// Reads the text of one instruction of a processor.
pub type Read = fn(&str) -> Instruction;

/// Reads `objdump -d --no-show-raw-insn`.
pub fn code(text: &str, read: Read) -> Code {
    text.lines().filter_map(|text| line(text, read)).collect()
}

/// A function: where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Of its first byte.
    pub start: u64,
    /// In bytes.
    pub size: u64,
}

/// Reads the functions in the tables that `objdump -t` prints.
pub fn functions(text: &str) -> BTreeMap<String, Extent> {
    // 00000000000148e0 g     F .text<TAB>000000000000003b              malloc
    let symbol = |line: &str| {
        let (front, back) = line.split_once('\t')?;
        let mut front = front.split_ascii_whitespace();
        let start = u64::from_str_radix(front.next()?, 16).ok()?;
        front.any(|word| word.contains('F')).then_some(())?;
        let size = u64::from_str_radix(back.split_ascii_whitespace().next()?, 16).ok()?;
        // What another library defines has no size here.
        (size > 0).then_some(())?;
        Some((back.split_ascii_whitespace().last()?.to_string(), Extent { start, size }))
    };
    text.lines().filter_map(symbol).collect()
}

/// Reads the relocations that `objdump -R` prints: what the loader puts where, by name or as `*ABS*+0xADDRESS`.
pub fn relocations(text: &str) -> BTreeMap<u64, String> {
    let relocation = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let at = u64::from_str_radix(words.next()?, 16).ok()?;
        words.next().filter(|kind| kind.starts_with("R_"))?;
        Some((at, words.next()?.split('@').next()?.to_string()))
    };
    text.lines().filter_map(relocation).collect()
}

/// `   148e7:<TAB>jae    14240 <mimalloc::outcome::generic>`
fn line(text: &str, read: Read) -> Option<(u64, Instruction)> {
    let (address, text) = text.split_once(":\t")?;
    let address = u64::from_str_radix(address.trim(), 16).ok()?;
    Some((address, read(text.trim())))
}

/// `14240 <outcome::generic>`: an address and its name. If there is no name, it is called `otherwise`.
pub fn target(place: &str, indirect: bool, otherwise: &str) -> Target {
    let (address, name) = place.trim().split_once(' ').unwrap_or((place, ""));
    let name = name.trim().trim_start_matches('<').trim_end_matches('>');
    let name = if name.is_empty() { otherwise } else { name }.to_string();
    Target { address: u64::from_str_radix(address, 16).ok(), indirect, name }
}

/// The text with single spaces.
pub fn spaced(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_tables() {
        let table = "00000000000148e0 g     F .text\t000000000000003b              malloc\n\
                     00000000000148c0 g     F .text\t0000000000000006 .hidden inner\n\
                     0000000000000000       F *UND*\t0000000000000000              memset\n\
                     000000000046b368 l     O .bss\t0000000000000018              TABLE\n";
        let found = functions(table);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["inner", "malloc"]);
        assert_eq!(found["malloc"], Extent { start: 0x148e0, size: 0x3b });
        let loader = "OFFSET           TYPE              VALUE\n\
                      000000000002f8b8 R_X86_64_GLOB_DAT  mi_calloc@@Base\n\
                      000000000002f870 R_X86_64_RELATIVE  *ABS*+0x00000000000148e0\n";
        let found = relocations(loader);
        assert_eq!((found[&0x2f8b8].as_str(), found[&0x2f870].as_str()), ("mi_calloc", "*ABS*+0x00000000000148e0"));
    }
}
