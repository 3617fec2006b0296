//! What `objdump` prints of a library or program, as functions of instructions (x86-64, AT&T syntax).

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

/// Reads `objdump -d --no-show-raw-insn`.
pub fn code(text: &str) -> Code {
    text.lines().filter_map(line).collect()
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
fn line(text: &str) -> Option<(u64, Instruction)> {
    let (address, text) = text.split_once(":\t")?;
    let address = u64::from_str_radix(address.trim(), 16).ok()?;
    Some((address, instruction(text.trim())))
}

/// Words before the mnemonic.
const PREFIXES: [&str; 11] =
    ["lock", "rep", "repz", "repnz", "notrack", "bnd", "data16", "cs", "ds", "xacquire", "xrelease"];

fn instruction(text: &str) -> Instruction {
    let (code, comment) = text.split_once('#').map_or((text, None), |(code, comment)| (code.trim(), Some(comment)));
    let mut rest = code;
    let mut locked = false;
    let mnemonic = loop {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        rest = after.trim_start();
        locked |= word == "lock";
        if !PREFIXES.contains(&word) || rest.is_empty() {
            break word;
        }
    };
    let flow = flow(mnemonic, rest, comment);
    let mut found =
        Instruction { text: text.split_ascii_whitespace().collect::<Vec<_>>().join(" "), flow, ..Default::default() };
    if mnemonic.starts_with("nop") || mnemonic.starts_with("lea") || mnemonic.starts_with("prefetch") {
        return found;
    }
    if found.flow != Flow::Next {
        found.load = rest.starts_with('*') && in_memory(rest);
        return found;
    }
    let operands = operands(rest);
    for (i, operand) in operands.iter().enumerate().filter(|(_, operand)| in_memory(operand)) {
        // The last operand is written; moves do nothing else to it, comparisons only read it.
        let written = i + 1 == operands.len() && !reads_only(mnemonic);
        found.load |= !(written && overwrites(mnemonic));
        found.store |= written;
        found.effect |= written && !operand.contains("(%rsp");
        found.atomic |= locked || mnemonic.starts_with("xchg");
    }
    found
}

fn reads_only(mnemonic: &str) -> bool {
    let compares = mnemonic.starts_with("cmp") && !mnemonic.starts_with("cmpxchg");
    let one = ["test", "push", "bt", "mul", "imul", "div", "idiv", "ucomis", "comis", "vucomis", "vcomis", "ptest"];
    let exactly = |name: &str| mnemonic.strip_prefix(name).is_some_and(|size| size.len() <= 1);
    compares || one.iter().any(|name| exactly(name))
}

fn overwrites(mnemonic: &str) -> bool {
    ["mov", "vmov", "set", "stos", "pop", "vextract", "fst"].iter().any(|name| mnemonic.starts_with(name))
}

fn in_memory(operand: &str) -> bool {
    operand.contains('(') || operand.contains(':') || operand.trim_start_matches('*').starts_with("0x")
}

/// Splits at the commas that are not within parentheses.
fn operands(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let comma = |c: char| {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        c == ',' && depth == 0
    };
    text.split(comma).map(str::trim).filter(|operand| !operand.is_empty()).collect()
}

fn flow(mnemonic: &str, operand: &str, comment: Option<&str>) -> Flow {
    match mnemonic {
        "ret" | "retq" | "iretq" => Flow::Return,
        "ud2" | "ud1" | "int3" | "hlt" | "(bad)" => Flow::Stop,
        "call" | "callq" => Flow::Call(target(operand, comment)),
        "jmp" | "jmpq" => Flow::Jump(target(operand, comment)),
        _ if mnemonic.starts_with('j') || mnemonic.starts_with("loop") => Flow::Branch(target(operand, comment)),
        _ => Flow::Next,
    }
}

fn target(operand: &str, comment: Option<&str>) -> Target {
    let indirect = operand.starts_with('*');
    let place = if indirect { comment.unwrap_or("") } else { operand }.trim();
    let (address, name) = place.split_once(' ').unwrap_or((place, ""));
    let name = name.trim().trim_start_matches('<').trim_end_matches('>');
    Target {
        address: u64::from_str_radix(address, 16).ok(),
        indirect,
        name: if name.is_empty() { operand } else { name }.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Loads, stores, has an effect, is atomic.
    fn of(text: &str) -> [bool; 4] {
        let it = instruction(text);
        [it.load, it.store, it.effect, it.atomic]
    }

    #[test]
    fn tells_loads_from_stores() {
        let (load, store, both) = ([true, false, false, false], [false, true, true, false], [true, true, true, false]);
        assert_eq!(of("mov    (%rax,%rcx,8),%rax"), load);
        assert_eq!(of("mov    %rdi,0x8(%rcx)"), store);
        assert_eq!(of("movups %xmm0,(%rax)"), store);
        assert_eq!(of("subq   $0x8,(%rcx,%rdx,1)"), both);
        assert_eq!(of("cmp    0x8(%rax),%rcx"), load);
        assert_eq!(of("cmpq   $0x0,(%rax)"), load);
        assert_eq!(of("imul   0xb28(%rax),%ecx"), load);
        assert_eq!(of("mov    %fs:0x0,%rcx"), load);
        assert_eq!(of("push   0x10(%rax)"), load);
        assert_eq!(of("rep movsq %ds:(%rsi),%es:(%rdi)"), both);
        assert_eq!(of("rep stos %al,%es:(%rdi)"), store);
        assert_eq!(of("mov    %rax,0x8(%rsp)"), [false, true, false, false]);
        for none in
            ["lea    0x1e(,%rdi,2),%edx", "and    $0x7e0,%edx", "push   %rbx", "data16 cs nopw 0x0(%rax,%rax,1)"]
        {
            assert_eq!(of(none), [false; 4], "{none}");
        }
    }

    #[test]
    fn knows_atomics() {
        let atomic = [true, true, true, true];
        assert_eq!(of("lock decq 0x291be(%rip)        # 3b170 <STATS+0x40>"), atomic);
        assert_eq!(of("lock cmpxchg %rcx,(%rdi)"), atomic);
        assert_eq!(of("xchg   %rax,(%rdi)"), atomic);
        assert_eq!(of("xchg   %ax,%ax"), [false; 4]);
    }

    #[test]
    fn follows_jumps_and_calls() {
        let there = |address, indirect, name: &str| Target { address, indirect, name: name.into() };
        assert_eq!(instruction("ret").flow, Flow::Return);
        assert_eq!(instruction("repz ret").flow, Flow::Return);
        assert_eq!(instruction("int3").flow, Flow::Stop);
        let generic = there(Some(0x14240), false, "outcome::generic");
        assert_eq!(instruction("jae    14240 <outcome::generic>").flow, Flow::Branch(generic.clone()));
        assert_eq!(instruction("jmp    14240 <outcome::generic>").flow, Flow::Jump(generic));
        let slot = instruction("call   *0x1af04(%rip)        # 2f8b8 <mi_calloc@@Base+0x1a998>");
        assert_eq!(slot.flow, Flow::Call(there(Some(0x2f8b8), true, "mi_calloc@@Base+0x1a998")));
        assert!(slot.load);
        assert_eq!(instruction("notrack jmp *%rax").flow, Flow::Jump(there(None, true, "*%rax")));
    }

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
