//! Instructions of arm64, as `objdump` prints them.

use super::disassembly::{Flow, Instruction, Target, spaced, target};

/// Reads an instruction.
pub fn instruction(text: &str) -> Instruction {
    let code = text.split_once("//").map_or(text, |(code, _)| code).trim();
    let (mnemonic, operands) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
    let operands = operands.trim();
    let flow = flow(mnemonic, operands);
    let atomic = is_atomic(mnemonic);
    let store = atomic || mnemonic.starts_with("st");
    let effect = store && !operands.contains("[sp");
    let load = atomic && !mnemonic.starts_with("st") || mnemonic.starts_with("ld");
    Instruction { text: spaced(code), load, store, effect, atomic, flow }
}

/// Whether it reads and writes in one step, or ends a sequence of two that does (`ldxr` begins it).
fn is_atomic(mnemonic: &str) -> bool {
    let one = ["cas", "swp", "ldadd", "ldclr", "ldset", "ldeor", "ldsmax", "ldsmin", "ldumax", "ldumin"];
    let exclusive = ["stxr", "stlxr", "stxp", "stlxp"];
    one.iter().chain(&exclusive).any(|name| mnemonic.starts_with(name))
}

fn flow(mnemonic: &str, operands: &str) -> Flow {
    match mnemonic {
        "ret" => Flow::Return,
        "brk" | "udf" | "hlt" => Flow::Stop,
        "b" => Flow::Jump(leads_to(operands)),
        "br" => Flow::Jump(target("", true, operands)),
        "bl" => Flow::Call(leads_to(operands)),
        "blr" => Flow::Call(target("", true, operands)),
        "cbz" | "cbnz" | "tbz" | "tbnz" => Flow::Branch(leads_to(operands)),
        _ if mnemonic.starts_with("b.") => Flow::Branch(leads_to(operands)),
        _ => Flow::Next,
    }
}

/// The last operand says where.
fn leads_to(operands: &str) -> Target {
    // A name may have commas, but it comes after the address.
    let (front, name) = operands.split_once('<').unwrap_or((operands, ""));
    let address = front.rsplit(',').next().unwrap_or(front).trim();
    target(&format!("{address} {name}"), false, address)
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
        for load in ["ldr	x8, [x9, #6320]", "ldp	x29, x30, [sp], #16", "ldarb	w8, [x0]", "ldxr	x8, [x0]"] {
            assert_eq!(of(load), [true, false, false, false], "{load}");
        }
        assert_eq!(of("str	x8, [x9, x10]"), [false, true, true, false]);
        assert_eq!(of("stlr	x8, [x9]"), [false, true, true, false]);
        assert_eq!(of("stp	x29, x30, [sp, #-16]!"), [false, true, false, false]);
        for none in ["prfm	pldl1keep, [x8]", "mov	w8, #0x1c7f                	// #7295", "mrs	x8, tpidr_el0", "dmb	ish"]
        {
            assert_eq!(of(none), [false; 4], "{none}");
        }
    }

    #[test]
    fn knows_atomics() {
        for atomic in ["casal	x0, x1, [x2]", "swpal	x0, x0, [x1]", "ldadd	x0, x0, [x1]", "ldsetl	w0, w0, [x1]"] {
            assert_eq!(of(atomic), [true; 4], "{atomic}");
        }
        assert_eq!(of("stlxr	w9, x8, [x0]"), [false, true, true, true]);
    }

    #[test]
    fn follows_jumps_and_calls() {
        let there = |address, name: &str| Target { address: Some(address), indirect: false, name: name.into() };
        assert_eq!(instruction("ret").flow, Flow::Return);
        assert_eq!(instruction("brk	#0x1").flow, Flow::Stop);
        let generic = there(0x14240, "outcome::generic");
        assert_eq!(instruction("b	14240 <outcome::generic>").flow, Flow::Jump(generic.clone()));
        assert_eq!(instruction("bl	14240 <outcome::generic>").flow, Flow::Call(generic.clone()));
        for branch in ["b.hi	14240 <outcome::generic>  // b.pmore", "tbnz	w8, #3, 14240 <outcome::generic>"] {
            assert_eq!(instruction(branch).flow, Flow::Branch(generic.clone()), "{branch}");
        }
        let pair = there(0x99, "of::<A, B>::it");
        assert_eq!(instruction("cbz	x0, 99 <of::<A, B>::it>").flow, Flow::Branch(pair));
        let known = Target { address: None, indirect: true, name: "x16".into() };
        assert_eq!(instruction("br	x16").flow, Flow::Jump(known));
    }
}
