//! A look at a query's text before it is parsed: how many tokens it has and how deep its brackets go.
//!
//! The parser descends by recursion, so that a text of a few hundred thousand brackets would overflow the
//! stack and end the process. The rule: no text reaches the parser that this has not passed.

/// Tokens in one document; the introspection query of GraphiQL has some 300.
pub const MAX_TOKENS: usize = 10_000;

/// Brackets of any kind within one another; the parser itself stops at selections 64 deep.
pub const MAX_NESTING: usize = 100;

/// Checks the two limits and says which one was exceeded.
pub fn check(query: &str) -> Result<(), String> {
    let bytes = query.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += skip_while(&bytes[at..], |b| b != b'\n' && b != b'\r');
                continue;
            }
            b'"' => at + string(&bytes[at..]),
            b'{' | b'(' | b'[' => {
                nesting += 1;
                at + 1
            }
            b'}' | b')' | b']' => {
                nesting = nesting.saturating_sub(1);
                at + 1
            }
            _ if is_word(byte) => at + skip_while(&bytes[at..], is_word),
            _ => at + 1,
        };
        tokens += 1;
        if tokens > MAX_TOKENS {
            return Err(format!("the document has more than {MAX_TOKENS} tokens; send a smaller one"));
        }
        if nesting > MAX_NESTING {
            return Err(format!("the document nests deeper than {MAX_NESTING} brackets; send a flatter one"));
        }
    }
    Ok(())
}

/// Names and numbers.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn skip_while(bytes: &[u8], keep: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&b| !keep(b)).unwrap_or(bytes.len())
}

/// The length of the string that begins here, block string or plain, closed or not.
fn string(bytes: &[u8]) -> usize {
    let block = bytes.starts_with(b"\"\"\"");
    let mut at = if block { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if !block => at += 2,
            b'\\' if bytes[at..].starts_with(b"\\\"\"\"") => at += 4,
            b'"' if !block => return at + 1,
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'\n' | b'\r' if !block => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_hide_brackets() {
        let hidden = "[".repeat(MAX_NESTING * 2);
        for query in [
            format!("{{ a(b: \"{hidden}\\\"{hidden}\") }}"),
            format!("{{ a(b: \"\"\"{hidden} \" \\\"\"\" {hidden}\"\"\") }}"),
            format!("{{ a # {hidden}\n }}"),
        ] {
            assert_eq!(check(&query), Ok(()), "{query}");
        }
    }

    #[test]
    fn a_comment_or_string_that_has_ended_hides_nothing() {
        let deep = "[".repeat(MAX_NESTING + 1);
        for query in [
            format!("# x\n{deep}"),
            format!("\"x\" {deep}"),
            format!("\"\"\"x\"\"\" {deep}"),
            // Within a block string a backslash escapes three quotes and nothing else.
            format!(r#""""\\""" """ {deep}"#),
            format!("\"x\\\\\" {deep}"),
            deep.clone(),
        ] {
            assert!(check(&query).is_err(), "{query}");
        }
    }

    #[test]
    fn tokens_are_counted() {
        assert_eq!(check(&"a ".repeat(MAX_TOKENS)), Ok(()));
        assert!(check(&"a ".repeat(MAX_TOKENS + 1)).is_err());
        assert!(check(&"!".repeat(MAX_TOKENS + 1)).is_err());
    }

    #[test]
    fn the_parser_survives_what_passes() {
        for (open, close) in
            [("{a", "}"), ("{a(b:[", "])}"), ("query($a:[", "])"), ("{...on A{a", "}}"), ("{a(b:{c:", "})}")]
        {
            let times = MAX_NESTING / open.bytes().filter(|b| b"{[(".contains(b)).count();
            let query = format!("{}{}", open.repeat(times), close.repeat(times));
            assert_eq!(check(&query), Ok(()));
            let _ = async_graphql::parser::parse_query(&query);
        }
        for text in ["[".repeat(MAX_NESTING - 2), "{a:".repeat(MAX_NESTING - 2)] {
            let query = format!("{{a(b:{text}");
            assert_eq!(check(&query), Ok(()));
            let _ = async_graphql::parser::parse_query(&query);
        }
    }
}
