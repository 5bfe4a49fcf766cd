//! The document as text: its size, its tokens, its brackets.
//!
//! A lexer that follows the specification, so that what it takes for a string the parser takes for a string too. Where
//! the parser would try a second reading (`"""` without end as an empty string and the start of another), it refuses.

use async_graphql::{Pos, ServerError};

use super::{Limits, too_much};
use crate::errors::{Code, refusal};

pub(super) fn check(text: &str, limits: &Limits) -> Result<(), ServerError> {
    if text.len() > limits.document_bytes {
        return Err(too_much("bytes of document", limits.document_bytes, None));
    }
    let mut tokens = 0;
    let mut open = 0usize;
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let at = || position(text, text.len() - rest.len());
        let mut next = after;
        match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xEF | 0xBB | 0xBF => {
                rest = next;
                continue;
            }
            b'#' => {
                rest = skip(next, |byte| byte != b'\n' && byte != b'\r');
                continue;
            }
            b'"' => match string(rest) {
                Some(after) => next = after,
                None => {
                    return Err(refusal(Code::ParseFailed, "Syntax error: a string has no end.", Some(at())));
                }
            },
            b'(' | b'[' | b'{' => {
                open += 1;
                if open > limits.brackets {
                    return Err(too_much("open brackets", limits.brackets, Some(at())));
                }
            }
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'-' | b'0'..=b'9' => next = skip(next, |byte| is_name(byte) || byte == b'.'),
            byte if is_name(*byte) => next = skip(next, is_name),
            b'.' => next = after.strip_prefix(b"..").unwrap_or(after),
            _ => {}
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(too_much("tokens", limits.tokens, Some(at())));
        }
        rest = next;
    }
    Ok(())
}

fn is_name(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric()
}

fn skip(bytes: &[u8], mut wanted: impl FnMut(u8) -> bool) -> &[u8] {
    let length = bytes.iter().position(|byte| !wanted(*byte)).unwrap_or(bytes.len());
    bytes.get(length..).unwrap_or_default()
}

/// What follows the string that `bytes` starts with.
fn string(bytes: &[u8]) -> Option<&[u8]> {
    if let Some(mut rest) = bytes.strip_prefix(b"\"\"\"") {
        loop {
            if let Some(after) = rest.strip_prefix(b"\"\"\"") {
                return Some(after);
            }
            rest = match rest.strip_prefix(b"\\\"\"\"") {
                Some(after) => after,
                None => rest.split_first()?.1,
            };
        }
    }
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        let (first, after) = rest.split_first()?;
        rest = match first {
            b'"' => return Some(after),
            b'\n' | b'\r' => return None,
            b'\\' => after.split_first()?.1,
            _ => after,
        };
    }
}

/// Line and column, counted from one.
fn position(text: &str, offset: usize) -> Pos {
    let before = text.get(..offset).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Pos { line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Limits {
        Limits { tokens: 20, brackets: 3, document_bytes: 200, ..Limits::default() }
    }

    fn message(text: &str) -> Option<String> {
        check(text, &small()).err().map(|error| error.message)
    }

    #[test]
    fn tokens_are_counted_as_the_specification_does() {
        let tokens = |text: &str| {
            (0..=20).find(|limit| check(text, &Limits { tokens: *limit, ..small() }).is_ok()).unwrap_or(99)
        };
        for (text, expected) in [
            ("", 0),
            (" \t\r\n,,, \u{feff} # only { a comment \"", 0),
            ("{a}", 3),
            ("query Q($a: [Int!]! = [-1.5e3 2]) { b }", 20),
            ("{a...F...on T{a}}", 11),
            (r#"{a(b: "x y # { \" \\", c: 1)}"#, 11),
            (r#"{a(b: """ "q" \""" { [ """, c: 1)}"#, 11),
            (r#"{a(b: "" c: """""")}"#, 11),
            ("{a # } } }\n b #x\r c}", 5),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }

    #[test]
    fn too_much_text_is_refused() {
        assert_eq!(message("{a{b{c}}}"), None);
        assert_eq!(message("{a{b{c{d}}}}").unwrap(), "Too much of one request: at most 3 open brackets.");
        assert_eq!(message("{a(b:[[1]])}").unwrap(), "Too much of one request: at most 3 open brackets.");
        assert_eq!(message(&"a ".repeat(20)), None);
        assert_eq!(message(&"a ".repeat(21)).unwrap(), "Too much of one request: at most 20 tokens.");
        assert_eq!(message(&"$".repeat(21)).unwrap(), "Too much of one request: at most 20 tokens.");
        assert_eq!(message(&" ".repeat(200)), None);
        assert_eq!(
            message(&" ".repeat(201)).unwrap(),
            "Too much of one request: at most 200 bytes of document."
        );
    }

    #[test]
    fn brackets_cannot_be_hidden() {
        for hidden in [
            // closers before openers do not buy anything
            "]]]]]]{a(b:[[[1]]])}",
            // a quoted quote does not end the string
            r#"{a(b: "\"", c: [[[[1]]]])}"#,
            r#"{a(b: """\"""""", c: [[[[1]]]])}"#,
            // nor does a comment start inside one
            "{a(b: \"#\", c: [[[[1]]]])}",
            "{a # \"\n(c: [[[[1]]]])}",
            "{a # \"\r(c: [[[[1]]]])}",
        ] {
            assert_eq!(
                message(hidden).unwrap(),
                "Too much of one request: at most 3 open brackets.",
                "{hidden}"
            );
        }
        // The parser would read the first as an empty string, a string, and lists.
        for endless in [r#"{a(b: ["""x" [[[[1]]]]])}"#, "{a(b: \"x\n\")}", r#"{a(b: "\"#, "\""] {
            assert_eq!(message(endless).unwrap(), "Syntax error: a string has no end.", "{endless}");
        }
    }

    #[test]
    fn positions_are_of_characters() {
        let error = check("{\n é\"", &small()).unwrap_err();
        assert_eq!(error.locations, vec![Pos { line: 2, column: 3 }]);
    }
}
