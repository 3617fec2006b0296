//! Rust source with everything that is not code blanked out, so that rules can be checked by looking for words.
//!
//! Invariant: [`code_of`] keeps every line break, so that a position in it is on the same line as in the source.

/// The source with comments and the insides of strings and characters replaced by spaces.
pub fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            '\'' => character(rest),
            'r' | 'b' | 'c' if !ends_in_word(&code) => literal_with_prefix(rest),
            _ => 0,
        };
        if length == 0 {
            code.push(next);
            rest = &rest[next.len_utf8()..];
        } else {
            code.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    code
}

/// The line, counted from 1, of a position in a text.
pub fn line_of(text: &str, position: usize) -> usize {
    text[..position].matches('\n').count() + 1
}

/// Is `c` part of a word?
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word at the start of a text; empty if there is none.
pub fn word_at(text: &str) -> &str {
    &text[..text.find(|c| !is_word(c)).unwrap_or(text.len())]
}

/// Where `word` stands alone in a text.
pub fn find_word<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|(position, _)| position).filter(move |&position| {
        let before = text[..position].chars().next_back();
        let after = text[position + word.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn ends_in_word(code: &str) -> bool {
    code.chars().next_back().is_some_and(is_word)
}

/// The length of a block comment, which may hold others.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a string literal that may hold escapes.
fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; 0 if the quote begins a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => {
            chars.next();
            chars.find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1)
        }
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(0, |(at, _)| at + 1),
        None => 0,
    }
}

/// The length of a raw, byte or C string literal; 0 if it is none.
fn literal_with_prefix(rest: &str) -> usize {
    let prefix = rest.len() - rest.trim_start_matches(['b', 'c']).len();
    let after = &rest[prefix.min(1)..];
    if let Some(raw) = after.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if !raw[hashes..].starts_with('"') {
            return 0;
        }
        let end = format!("\"{}", "#".repeat(hashes));
        let start = prefix.min(1) + 1 + hashes + 1;
        return rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len());
    }
    match after.chars().next() {
        Some('"') if prefix > 0 => 1 + string(after),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_what_is_no_code() {
        let words = |source| code_of(source).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(words(r#"a "b \" c" d"#), "a d");
        assert_eq!(words(r##"a r#"b " c"# d br"e" f c"g" h b"i" j"##), "a d f h j");
        assert_eq!(words("fn f<'a>(x: &'a str) -> char { '\"' }"), "fn f<'a>(x: &'a str) -> char { }");
        assert_eq!(words(r"'\'' a '\u{41}' b '\\' c"), "a b c");
        assert_eq!(words("bar(b'x') r"), "bar(b ) r");
    }

    #[test]
    fn keeps_lines() {
        let code = code_of("\"one\ntwo\" /*\n*/ three");
        assert_eq!(line_of(&code, code.find("three").unwrap()), 3);
    }

    #[test]
    fn finds_whole_words() {
        assert_eq!(find_word("unix unixes _unix (unix)", "unix").collect::<Vec<_>>(), [0, 19]);
    }
}
