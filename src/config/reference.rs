//! References to configuration providers: `${provider:[path:]key}`.

/// Whether the text holds one. `${x}` without a colon is plain text, as in Kafka.
pub fn has_reference(text: &str) -> bool {
    text.match_indices("${").any(|(at, _)| {
        let rest = &text[at + 2..];
        rest.find('}').is_some_and(|end| rest[..end].contains(':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
