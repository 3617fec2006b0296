//! Reads the options from the environment, and warns of variables that make no sense.
//!
//! Invariants: the environment is read once. It is not read at all in a program that runs with more rights than its
//! caller. No warning is given before all variables are read, because one of them may show or hide warnings.
use super::value::{ACCEPTED, parse};
use super::{ALL, COUNT, Opt, get, print};
use crate::base::sync::{AtomicU32, Ordering};
use crate::base::text::cut;
use crate::diag::error::{shown, warning};
use crate::prim::{Environment, Memory, Os};
use core::fmt::{self, Write};

/// The prefix of every variable of ours, in upper or lower case.
const PREFIX: &[u8] = b"MIMALLOC_";

const UNREAD: u32 = 0;
const READING: u32 = 1;
const READ: u32 = 2;

static STATE: AtomicU32 = AtomicU32::new(UNREAD);

/// Read the options from the environment, if that has not been done yet. If another thread is reading them, this
/// returns at once, and the caller may still see defaults. It does not wait, because the reading thread may be this
/// one. If the environment is not available yet, a later call tries again.
pub fn init() {
    if !Os::capabilities().reports {
        return;
    }
    if STATE.compare_exchange(UNREAD, READING, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        return;
    }
    if Os::is_secure() {
        STATE.store(READ, Ordering::Relaxed);
        return;
    }
    let mut found = Found::NOTHING;
    let readable = Os::visit_environment(&mut |name, value| {
        found.see(name, value);
        true
    });
    found.adopt();
    if found.odd && shown() {
        Os::visit_environment(&mut |name, value| {
            if let Some(oddity) = oddity(name, value) {
                warning(format_args!("{oddity}"));
            }
            true
        });
    }
    STATE.store(if readable { READ } else { UNREAD }, Ordering::Relaxed);
    if readable && get(Opt::Verbose) > 0 {
        print();
    }
}

/// The values found in the environment.
struct Found {
    /// By option. `current` has the values given under an option's own name, `older` those given under an older one.
    current: [Option<i64>; COUNT],
    older: [Option<i64>; COUNT],
    /// Whether there is something to warn of.
    odd: bool,
}

impl Found {
    const NOTHING: Found = Found { current: [None; COUNT], older: [None; COUNT], odd: false };

    /// Note a variable. If a name occurs several times, the first one counts.
    fn see(&mut self, name: &[u8], value: &[u8]) {
        let Some(name) = ours(name) else { return };
        let known = lookup(name).and_then(|(option, age)| Some((option, age, value_of(option, value)?)));
        let Some((option, age, value)) = known else {
            self.odd = true;
            return;
        };
        let values = if age == Age::Current { &mut self.current } else { &mut self.older };
        if let Some(slot) = values.get_mut(option as usize) {
            slot.get_or_insert(value);
        }
    }

    /// Put the values in force. An option's own name takes precedence over the older ones.
    fn adopt(&self) {
        for ((option, current), older) in ALL.into_iter().zip(self.current).zip(self.older) {
            if let Some(value) = current.or(older) {
                option.setting().adopt(value);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Age {
    Current,
    Older,
}

/// The part of the name after the prefix, if it is a variable of ours.
fn ours(name: &[u8]) -> Option<&[u8]> {
    let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
    prefix.eq_ignore_ascii_case(PREFIX).then_some(rest)
}

/// Call `f` with each name of each option, until it returns false.
#[inline(never)]
fn each_name(f: &mut dyn FnMut(Opt, Age, &'static str) -> bool) {
    for option in ALL {
        let (mut age, mut names) = (Age::Current, option.words().1);
        while !names.is_empty() {
            let (name, rest) = cut(names, b' ');
            if !f(option, age, name) {
                return;
            }
            (age, names) = (Age::Older, rest);
        }
    }
}

/// The option with this name, given without prefix in upper or lower case.
#[inline(never)]
fn lookup(name: &[u8]) -> Option<(Opt, Age)> {
    let mut found = None;
    each_name(&mut |option, age, known| {
        if known.as_bytes().eq_ignore_ascii_case(name) {
            found = Some((option, age));
        }
        found.is_none()
    });
    found
}

#[inline(never)]
fn value_of(option: Opt, text: &[u8]) -> Option<i64> {
    parse(text, option.in_kib())
}

/// Something to warn of, ready for printing.
enum Oddity<'a> {
    Malformed { option: Opt, name: &'a [u8], value: &'a [u8] },
    Unknown { name: &'a [u8] },
}

/// What is wrong with a variable, if anything.
fn oddity<'a>(name: &'a [u8], value: &'a [u8]) -> Option<Oddity<'a>> {
    let Some((option, _)) = lookup(ours(name)?) else { return Some(Oddity::Unknown { name }) };
    value_of(option, value).is_none().then_some(Oddity::Malformed { option, name, value })
}

impl fmt::Display for Oddity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match *self {
            Oddity::Malformed { option, name, value } => {
                let (name, value) = (shortened(name), shortened(value));
                let bare = if option.in_kib() { " (a bare number counts KiB)" } else { "" };
                write!(f, "{name}: value '{value}' is ignored; accepted is {ACCEPTED}{bare}; {} stays", get(option))
            }
            Oddity::Unknown { name } => {
                write!(f, "{}: there is no such option", shortened(name))?;
                match ours(name).and_then(closest) {
                    Some(known) => {
                        f.write_str("; did you mean MIMALLOC_")?;
                        known.bytes().try_for_each(|b| f.write_char(b.to_ascii_uppercase().into()))?;
                        f.write_char('?')
                    }
                    None => Ok(()),
                }
            }
        }
    }
}

/// What the user wrote, made fit for printing: its beginning, with escapes for everything but plain text.
fn shortened(text: &[u8]) -> core::slice::EscapeAscii<'_> {
    text.get(..48).unwrap_or(text).escape_ascii()
}

/// The known name that is most similar to `name`. None if even that one has little in common with it.
fn closest(name: &[u8]) -> Option<&'static str> {
    let mut best = None;
    let mut least = (name.len() / 3).max(2) + 1;
    each_name(&mut |_, _, known| {
        let distance = distance(name, known.as_bytes());
        if distance < least {
            (best, least) = (Some(known), distance);
        }
        true
    });
    best
}

/// The longest option name that `distance` looks at.
const NAME_MAX: usize = 64;

/// How many letters have to be inserted, dropped or replaced to turn `from` into `to`, ignoring case.
fn distance(from: &[u8], to: &[u8]) -> usize {
    // `row[j]` is the distance between the part of `from` seen so far and the first `j + 1` letters of `to`.
    const FIRST: [u8; NAME_MAX] = {
        let mut row = [1; NAME_MAX];
        let mut j = 1;
        while j < NAME_MAX {
            row[j] = row[j - 1] + 1;
            j += 1;
        }
        row
    };
    let mut row = FIRST;
    let mut last = to.len();
    for (i, a) in from.iter().take(NAME_MAX).enumerate() {
        let (mut diagonal, mut left) = (i, i + 1);
        for (cell, b) in row.iter_mut().zip(to) {
            let replaced = diagonal + usize::from(!a.eq_ignore_ascii_case(b));
            diagonal = usize::from(*cell);
            left = replaced.min(diagonal + 1).min(left + 1);
            *cell = left as u8;
        }
        last = left;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(variables: &[(&str, &str)]) -> Found {
        let mut found = Found::NOTHING;
        variables.iter().for_each(|(name, value)| found.see(name.as_bytes(), value.as_bytes()));
        found
    }

    fn said(name: &str, value: &str) -> String {
        oddity(name.as_bytes(), value.as_bytes()).map_or(String::new(), |oddity| oddity.to_string())
    }

    #[test]
    fn names_in_any_case_and_age() {
        let found = found(&[
            ("MIMALLOC_PURGE_DELAY", "-1"),
            ("mimalloc_Reset_Delay", "7"),
            ("MIMALLOC_LIMIT_OS_ALLOC", "on"),
            ("MIMALLOC_ARENA_RESERVE", "2G"),
            ("MIMALLOC_ARENA_RESERVE", "1"),
            ("PATH", "/bin"),
        ]);
        assert!(!found.odd);
        let values = |o: Opt| (found.current[o as usize], found.older[o as usize]);
        assert_eq!(values(Opt::PurgeDelay), (Some(-1), Some(7)));
        assert_eq!(values(Opt::DisallowOsAlloc), (None, Some(1)));
        assert_eq!(values(Opt::ArenaReserve), (Some(2 << 20), None));
        assert_eq!(found.current.iter().flatten().count(), 2);
    }

    #[test]
    fn what_is_odd() {
        assert!(found(&[("MIMALLOC_VERBOSE", "loud")]).odd);
        assert!(found(&[("MIMALLOC_VERBOSITY", "1")]).odd);
        assert!(!found(&[("MIMALLOC", "1"), ("XMIMALLOC_VERBOSE", "q")]).odd);
        assert_eq!(said("MIMALLOC_VERBOSE", "1"), "");
        assert_eq!(said("HOME", "x"), "");
        assert_eq!(
            said("mimalloc_guarded_precise", "m\nb"),
            "mimalloc_guarded_precise: value 'm\\nb' is ignored; accepted is a number, a size such as 64K, 2MiB or 1G, \
             or one of yes, no, on, off, true, false; 0 stays"
        );
        assert!(said("MIMALLOC_MINIMAL_PURGE_SIZE", "big").ends_with("(a bare number counts KiB); 0 stays"));
        assert_eq!(
            said("MIMALLOC_SHOW_STAT", "1"),
            "MIMALLOC_SHOW_STAT: there is no such option; did you mean MIMALLOC_SHOW_STATS?"
        );
        assert_eq!(said("MIMALLOC_QQQQQQQQQQ", "1"), "MIMALLOC_QQQQQQQQQQ: there is no such option");
    }

    #[test]
    fn the_longest_warning_fits_a_line() {
        let value = "\u{1}".repeat(500);
        let text = said("MIMALLOC_DEPRECATED_ABANDONED_PAGE_PURGE", &value);
        assert!(text.len() < 512 - "mimalloc: warning: \n".len() - 1, "{}", text.len());
    }

    #[test]
    fn distances() {
        assert_eq!(distance(b"", b"abc"), 3);
        assert_eq!(distance(b"kitten", b"SITTING"), 3);
        assert_eq!(distance(b"abc", b"abc"), 0);
        assert_eq!(distance(b"abcd", b""), 4);
        each_name(&mut |_, _, name| {
            assert!((1..=NAME_MAX).contains(&name.len()));
            true
        });
    }
}
