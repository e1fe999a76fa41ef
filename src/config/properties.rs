//! The file format of `java.util.Properties`, which worker and connector files are written in.

/// One entry, with the line it begins on so that errors can name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    pub key: String,
    pub value: String,
    pub line: usize,
}

/// A file that is no properties file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: Malformed \\uxxxx encoding.")]
pub struct MalformedEscape {
    pub line: usize,
}

/// Reads a file of the command line: bytes are ISO-8859-1, other characters are written as `\uXXXX`.
///
/// Text in UTF-8 is therefore read as two or more odd characters each, as by the JVM.
///
/// # Errors
/// A `\u` without four hexadecimal digits.
pub fn parse_bytes(bytes: &[u8]) -> Result<Vec<Property>, MalformedEscape> {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    parse(&text)
}

/// Reads properties in file order. Keys may repeat; the last one counts.
///
/// # Errors
/// A `\u` without four hexadecimal digits.
pub fn parse(text: &str) -> Result<Vec<Property>, MalformedEscape> {
    logical_lines(text)
        .into_iter()
        .map(|(line, text)| {
            let (key, value) = split_at_separator(&text);
            let malformed = MalformedEscape { line };
            match (unescape(key), unescape(value)) {
                (Some(key), Some(value)) => Ok(Property { key, value, line }),
                _ => Err(malformed),
            }
        })
        .collect()
}

/// Lines without comments and blank ones, those that end in a backslash joined with the next.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut natural = natural_lines(text).into_iter().zip(1..).peekable();
    while let Some((first, number)) = natural.next() {
        let first = trim_start(first);
        if is_nothing(first) {
            continue;
        }
        let mut line = first.to_owned();
        while ends_in_open_backslash(&line) {
            line.pop();
            let Some((next, _)) = natural.next() else {
                break;
            };
            // A backslash in the last line ends with the text, unless a second character of its line end comes.
            let at_end = natural.peek().is_none() && next.is_empty() && !text.ends_with("\r\n");
            let next = trim_start(next);
            if !line.is_empty() || !is_nothing(next) || at_end {
                line.push_str(next);
                continue;
            }
            // As long as nothing but backslashes has come, Java still looks for the beginning of a line.
            match natural.find(|(next, _)| !is_nothing(trim_start(next))) {
                Some((next, _)) => line.push_str(trim_start(next)),
                None => return lines,
            }
        }
        lines.push((number, line));
    }
    lines
}

/// Blank, or a comment.
fn is_nothing(line: &str) -> bool {
    line.is_empty() || line.starts_with(['#', '!'])
}

/// Lines end with `\n`, `\r` or both.
fn natural_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\n', '\r']) {
        lines.push(&rest[..end]);
        let skip = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + skip..];
    }
    lines.push(rest);
    lines
}

fn trim_start(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '\u{c}'])
}

/// Whether the last backslash is not itself escaped.
fn ends_in_open_backslash(line: &str) -> bool {
    line.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 1
}

/// The key ends at the first `=`, `:` or blank that is not escaped; one `=` or `:` among blanks belongs to neither.
fn split_at_separator(line: &str) -> (&str, &str) {
    let mut escaped = false;
    let end = line.char_indices().find(|&(_, c)| {
        let ends = !escaped && matches!(c, '=' | ':' | ' ' | '\t' | '\u{c}');
        escaped = c == '\\' && !escaped;
        ends
    });
    let Some((end, _)) = end else {
        return (line, "");
    };
    let value = trim_start(&line[end..]);
    let value = value.strip_prefix(['=', ':']).unwrap_or(value);
    (&line[..end], trim_start(value))
}

/// None if a `\u` is malformed. Works in UTF-16, since escapes may spell surrogate pairs.
fn unescape(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return Some(text.to_owned());
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => match chars.next()? {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'f' => '\u{c}',
                'u' => {
                    let digits: String = chars.by_ref().take(4).collect();
                    let is_hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                    units.push(u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex)?);
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_line_of_each_key() {
        let properties = parse("# first\n\na=1\nb=x\\\n  y\r\n! no\rc 3").unwrap_or_default();
        let lines: Vec<(&str, usize)> = properties
            .iter()
            .map(|p| (p.key.as_str(), p.line))
            .collect();
        assert_eq!(lines, [("a", 3), ("b", 4), ("c", 7)]);
    }

    #[test]
    fn names_the_line_of_a_malformed_escape() {
        assert_eq!(parse("a=1\nb=\\u12"), Err(MalformedEscape { line: 2 }));
        assert_eq!(parse("a=\\u+123"), Err(MalformedEscape { line: 1 }));
    }
}
