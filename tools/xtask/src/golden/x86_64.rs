//! Instructions of x86-64, as `objdump` prints them in the syntax of AT&T.

use super::disassembly::{Flow, Instruction, Target, spaced, target};

/// Words before the mnemonic.
const PREFIXES: [&str; 11] =
    ["lock", "rep", "repz", "repnz", "notrack", "bnd", "data16", "cs", "ds", "xacquire", "xrelease"];

/// Reads an instruction.
pub fn instruction(text: &str) -> Instruction {
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
    let mut found = Instruction { text: spaced(text), flow, ..Default::default() };
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
        "call" | "callq" => Flow::Call(leads_to(operand, comment)),
        "jmp" | "jmpq" => Flow::Jump(leads_to(operand, comment)),
        _ if mnemonic.starts_with('j') || mnemonic.starts_with("loop") => Flow::Branch(leads_to(operand, comment)),
        _ => Flow::Next,
    }
}

fn leads_to(operand: &str, comment: Option<&str>) -> Target {
    let indirect = operand.starts_with('*');
    target(if indirect { comment.unwrap_or("") } else { operand }.trim(), indirect, operand)
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
}
