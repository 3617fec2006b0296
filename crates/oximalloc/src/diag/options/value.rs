//! The format of an option's value in the environment.
use crate::base::text::number;

/// The accepted formats, for the message about a malformed value.
pub(super) const ACCEPTED: &str = "a number, a size such as 64K, 2MiB or 1G, or one of yes, no, on, off, true, false";

const WORDS: [(&[u8], i64); 6] = [(b"yes", 1), (b"on", 1), (b"true", 1), (b"no", 0), (b"off", 0), (b"false", 0)];

/// The number that `text` stands for; `None` if it is malformed. With `in_kib` the result counts KiB, and a number
/// without suffix counts KiB too. A number that is too large becomes the largest value.
pub(super) fn parse(text: &[u8], in_kib: bool) -> Option<i64> {
    let text = text.trim_ascii();
    if let Some(&(_, value)) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Some(value);
    }
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (number, suffix) = number(digits);
    if suffix.len() == digits.len() {
        return None;
    }
    // The smallest value is one farther from 0 than the largest.
    let number = number.min(i64::MAX as u64 + u64::from(negative)) as i64;
    let number = if negative { number.wrapping_neg() } else { number };
    let power = power_of_1024(suffix)?;
    let kib = u32::from(in_kib && power > 0);
    Some(number.saturating_mul(1024i64.pow(power - kib)))
}

/// The power of 1024 that a suffix stands for: nothing, or K, M, G, T, optionally followed by B or iB.
fn power_of_1024(suffix: &[u8]) -> Option<u32> {
    let Some((letter, rest)) = suffix.split_first() else { return Some(0) };
    if !(rest.is_empty() || rest.eq_ignore_ascii_case(b"B") || rest.eq_ignore_ascii_case(b"iB")) {
        return None;
    }
    match letter.to_ascii_uppercase() {
        b'K' => Some(1),
        b'M' => Some(2),
        b'G' => Some(3),
        b'T' => Some(4),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words() {
        let cases: [(&str, i64); 15] = [
            ("0", 0),
            ("1", 1),
            ("-1", -1),
            ("+42", 42),
            (" 7 ", 7),
            ("007", 7),
            ("yes", 1),
            ("On", 1),
            ("TRUE", 1),
            ("no", 0),
            ("oFF", 0),
            ("False", 0),
            ("9223372036854775807", i64::MAX),
            ("99999999999999999999", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ];
        for (text, value) in cases {
            assert_eq!(parse(text.as_bytes(), false), Some(value), "{text}");
            assert_eq!(parse(text.as_bytes(), true), Some(value), "{text} in KiB");
        }
        assert_eq!(parse(b"-99999999999999999999", false), Some(i64::MIN));
    }

    #[test]
    fn sizes() {
        let cases: [(&str, i64, i64); 10] = [
            ("64K", 64 << 10, 64),
            ("64kb", 64 << 10, 64),
            ("64KiB", 64 << 10, 64),
            ("2m", 2 << 20, 2 << 10),
            ("3MIB", 3 << 20, 3 << 10),
            ("1G", 1 << 30, 1 << 20),
            ("2TB", 2 << 40, 2 << 30),
            ("-1K", -1024, -1),
            ("0T", 0, 0),
            ("9223372036854775807T", i64::MAX, i64::MAX),
        ];
        for (text, bytes, kib) in cases {
            assert_eq!(parse(text.as_bytes(), false), Some(bytes), "{text}");
            assert_eq!(parse(text.as_bytes(), true), Some(kib), "{text} in KiB");
        }
    }

    #[test]
    fn malformed() {
        let cases = [
            "", " ", "-", "+", "K", "maybe", "1.5", "1x", "1Ki", "1KBB", "1 K", "0x10", "--1", "on off", "1P", "1B",
            "10ms", "\u{e9}",
        ];
        for text in cases {
            assert_eq!(parse(text.as_bytes(), false), None, "{text}");
        }
        assert_eq!(parse(&[0xff, b'1'], true), None);
    }
}
