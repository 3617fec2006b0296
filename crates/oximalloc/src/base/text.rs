//! Parsing of words and numbers in texts: tables, small files of the system, options. All functions are `const`,
//! because some tables are read at compile time.

/// The text before the first `mark` and the text after it. `mark` is an ASCII character.
#[inline(never)]
pub const fn cut(text: &str, mark: u8) -> (&str, &str) {
    let bytes = text.as_bytes();
    let mut end = 0;
    while end < bytes.len() && bytes[end] != mark {
        end += 1;
    }
    let Some((before, rest)) = text.split_at_checked(end) else { return (text, "") };
    match rest.split_at_checked(1) {
        Some((_, after)) => (before, after),
        None => (before, ""),
    }
}

/// The number spelled by the decimal digits at the start of `text`, and the rest of the text. The number is 0 if there
/// are no digits, and saturates if it is too large.
#[inline(never)]
pub const fn number(mut text: &[u8]) -> (u64, &[u8]) {
    let mut n = 0u64;
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        n = n.saturating_mul(10).saturating_add((*digit & 15) as u64);
        text = rest;
    }
    (n, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_at_other_bytes() {
        assert_eq!(number(b"120 kB"), (120, &b" kB"[..]));
        assert_eq!(number(b"007"), (7, &b""[..]));
        assert_eq!((number(b"").0, number(b"-1").0), (0, 0));
        assert_eq!(number(b"18446744073709551615").0, u64::MAX);
        assert_eq!(number(b"18446744073709551616x"), (u64::MAX, &b"x"[..]));
    }

    #[test]
    fn texts_are_cut_once() {
        assert_eq!(cut("a b c", b' '), ("a", "b c"));
        assert_eq!(cut("a", b' '), ("a", ""));
        assert_eq!(cut("a ", b' '), ("a", ""));
        assert_eq!(cut("", b'\n'), ("", ""));
    }
}
