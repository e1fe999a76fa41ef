//! References to configuration providers: `${provider:[path:]key}`.
//!
//! There is no escape, a name may hold anything but `}`, and what a reference stands for is not read again.

use std::ops::Range;

/// One reference in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'a> {
    /// Where it stands, braces included.
    pub range: Range<usize>,
    pub provider: &'a str,
    /// Empty if the reference has none.
    pub path: &'a str,
    pub key: &'a str,
}

/// The references of a text, in order. `${x}` without a colon is plain text, as in Kafka.
pub fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(length) = text[start + 2..].find('}') else {
            break;
        };
        let inner = &text[start + 2..start + 2 + length];
        let Some((provider, rest)) = inner.split_once(':') else {
            from = start + 2;
            continue;
        };
        let (path, key) = rest.split_once(':').unwrap_or(("", rest));
        from = start + 2 + length + 1;
        found.push(Reference {
            range: start..from,
            provider,
            path,
            key,
        });
    }
    found
}

pub fn has_reference(text: &str) -> bool {
    !references(text).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(&str, &str, &str, &str)> {
        references(text)
            .into_iter()
            .map(|r| (&text[r.range], r.provider, r.path, r.key))
            .collect()
    }

    #[test]
    fn a_reference_has_a_colon() {
        for (text, expected) in [
            ("${file:/a/b:key}", true),
            ("x${env:Y}z", true),
            ("${env::X}", true),
            ("${x}", false),
            ("${x} :}", false),
            ("$ {a:b}", false),
            ("${a:b", false),
            ("{a:b}", false),
        ] {
            assert_eq!(has_reference(text), expected, "{text}");
        }
    }

    #[test]
    fn provider_and_path_end_at_the_first_two_colons() {
        assert_eq!(
            read("a${file:/s:k:e:y}b${env:X}${x}${env::Y}"),
            [
                ("${file:/s:k:e:y}", "file", "/s", "k:e:y"),
                ("${env:X}", "env", "", "X"),
                ("${env::Y}", "env", "", "Y"),
            ]
        );
        // Nothing nests: the first brace opens, the next one closes.
        assert_eq!(read("${a:${b:c}}"), [("${a:${b:c}", "a", "${b", "c")]);
        assert_eq!(read("${ü ${env:A}"), [("${ü ${env:A}", "ü ${env", "", "A")]);
    }
}
