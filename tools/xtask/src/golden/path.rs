//! The fast path of a function: the way from its entry to a return that stands for all the others.
//!
//! It is the one with the fewest calls (a jump out of the function is one); among those, one that writes memory before
//! one that does not, since an allocation or a free that is served has changed a list, and a refusal has not; among
//! those, the one with the fewest instructions.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::disassembly::{Code, Extent, Flow, Target};

/// What a function's fast path costs, and what is beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// Instructions, the return included.
    pub instructions: usize,
    /// Those that may go on elsewhere.
    pub branches: usize,
    /// Those that read memory.
    pub loads: usize,
    /// Those that write it.
    pub stores: usize,
    /// Those that are atomic.
    pub atomics: usize,
    /// Calls, and jumps out of the function, on the path.
    pub calls: Vec<Target>,
    /// The same in the rest of the function.
    pub elsewhere: Vec<Target>,
    /// The instructions' text.
    pub text: Vec<String>,
}

/// Where a walk is: an address, and whether memory was written on the way.
type Place = (u64, bool);

/// The fast path of the function at `extent`; none if no way leads out of it.
pub fn fast_path(code: &Code, extent: Extent) -> Option<Path> {
    let inside = |address: u64| address.wrapping_sub(extent.start) < extent.size;
    let mut best: BTreeMap<Place, (usize, usize)> = BTreeMap::new();
    let mut before: BTreeMap<Place, Place> = BTreeMap::new();
    let mut queue = BinaryHeap::from([Reverse(((0, 0), (extent.start, false)))]);
    let mut ends = Vec::new();
    best.insert((extent.start, false), (0, 0));
    while let Some(Reverse((cost, place))) = queue.pop() {
        let (address, wrote) = place;
        let Some(at) = code.get(&address).filter(|_| inside(address) && best[&place] == cost) else { continue };
        let (calls, length) = (cost.0, cost.1 + 1);
        let wrote = wrote || at.effect;
        let after = next(code, address);
        let mut go = |to: Option<u64>, calls: usize| {
            let Some(to) = to.map(|to| (to, wrote)) else { return };
            if best.get(&to).is_none_or(|known| (calls, length) < *known) {
                best.insert(to, (calls, length));
                before.insert(to, place);
                queue.push(Reverse(((calls, length), to)));
            }
        };
        let target_inside = |target: &Target| target.address.filter(|to| !target.indirect && inside(*to));
        match &at.flow {
            Flow::Next => go(after, calls),
            Flow::Stop => {}
            Flow::Return => ends.push((calls, !wrote, length, place)),
            Flow::Call(_) => go(after, calls + 1),
            Flow::Jump(target) => match target_inside(target) {
                Some(to) => go(Some(to), calls),
                None => ends.push((calls + 1, !wrote, length, place)),
            },
            Flow::Branch(target) => {
                match target_inside(target) {
                    Some(to) => go(Some(to), calls),
                    None => ends.push((calls + 1, !wrote, length, place)),
                }
                go(after, calls);
            }
        }
    }
    let (.., last) = *ends.iter().min()?;
    let mut places = vec![last];
    while let Some(place) = before.get(places.last()?) {
        places.push(*place);
    }
    places.reverse();
    Some(describe(code, extent, &places))
}

fn next(code: &Code, address: u64) -> Option<u64> {
    code.range(address + 1..).next().map(|(next, _)| *next)
}

fn describe(code: &Code, extent: Extent, places: &[Place]) -> Path {
    let inside = |target: &Target| {
        !target.indirect && target.address.is_some_and(|to| to.wrapping_sub(extent.start) < extent.size)
    };
    let mut path = Path { instructions: places.len(), ..Path::default() };
    for (i, (address, _)) in places.iter().enumerate() {
        let at = &code[address];
        path.loads += usize::from(at.load);
        path.stores += usize::from(at.store);
        path.atomics += usize::from(at.atomic);
        path.text.push(at.text.clone());
        match &at.flow {
            Flow::Branch(target) => {
                path.branches += 1;
                if i + 1 == places.len() {
                    path.calls.push(target.clone());
                }
            }
            Flow::Call(target) => path.calls.push(target.clone()),
            Flow::Jump(target) if !inside(target) => path.calls.push(target.clone()),
            _ => {}
        }
    }
    let on_path: BTreeSet<u64> = places.iter().map(|(address, _)| *address).collect();
    for (address, at) in code.range(extent.start..extent.start + extent.size) {
        let (Flow::Branch(target) | Flow::Jump(target) | Flow::Call(target)) = &at.flow else { continue };
        let passed =
            matches!(at.flow, Flow::Branch(_)) && on_path.contains(address) && *address != places[places.len() - 1].0;
        if !inside(target) && (passed || !on_path.contains(address)) {
            path.elsewhere.push(target.clone());
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::super::disassembly::code;
    use super::super::x86_64::instruction;
    use super::*;

    /// The path of the function that is all of `text`, whose instructions are numbered from 10 on.
    fn path(text: &str) -> Option<Path> {
        let numbered: Vec<String> =
            text.lines().enumerate().map(|(i, line)| format!("  {:x}:\t{}", 0x10 + i, line.trim())).collect();
        fast_path(&code(&numbered.join("\n"), instruction), Extent { start: 0x10, size: numbered.len() as u64 })
    }

    fn names(targets: &[Target]) -> Vec<&str> {
        targets.iter().map(|target| target.name.as_str()).collect()
    }

    #[test]
    fn a_pop_is_one_way() {
        let path = path(
            "cmp    $0x201,%rdi
             jae    99 <generic>
             mov    %fs:(%rcx),%rcx
             mov    (%rcx),%rax
             test   %rax,%rax
             je     99 <generic>
             subq   $0x8,(%rcx)
             ret
             int3",
        );
        let path = path.unwrap();
        assert_eq!((path.instructions, path.branches, path.loads, path.stores, path.atomics), (8, 2, 3, 1, 0));
        assert_eq!((names(&path.calls), names(&path.elsewhere)), (vec![], vec!["generic", "generic"]));
    }

    #[test]
    fn a_refusal_is_not_the_fast_path() {
        let path = path(
            "test   %rdi,%rdi
             je     16 <f+0x6>
             nop
             nop
             mov    %rax,(%rdi)
             ret
             mov    $0x16,%eax
             ret",
        );
        assert_eq!(path.unwrap().instructions, 6);
    }

    #[test]
    fn a_call_is_dearer_than_any_number_of_instructions() {
        let path = path(
            "test   %rdi,%rdi
             je     14 <f+0x4>
             call   99 <slow>
             ret
             lock incq (%rsi)
             nop
             nop
             ret",
        );
        let path = path.unwrap();
        assert_eq!((path.instructions, path.atomics), (6, 1));
        assert_eq!((names(&path.calls), names(&path.elsewhere)), (vec![], vec!["slow"]));
    }

    #[test]
    fn a_call_that_all_ways_take_is_named() {
        let both = path(
            "push   %rbx
             call   99 <inner>
             test   %rax,%rax
             je     88 <again>
             pop    %rbx
             jmp    *0x10(%rip)   # 77 <slot>",
        );
        let both = both.unwrap();
        // The branch out of the function counts for as much as the jump: so the shorter way is taken.
        assert_eq!((both.instructions, names(&both.calls)), (4, vec!["inner", "again"]));
        assert_eq!(names(&both.elsewhere), ["slot"]);
    }

    #[test]
    fn loops_end_and_traps_do_not_count() {
        let path = path(
            "dec    %rdi
             jne    10 <f>
             test   %rsi,%rsi
             je     16 <f+0x6>
             mov    %rsi,(%rdx)
             ret
             ud2",
        );
        assert_eq!(path.unwrap().instructions, 6);
        assert_eq!(self::path("ud2"), None);
        assert_eq!(self::path("jmp    10 <f>"), None);
    }
}
