//! [`TopicPattern`]: a Java regular expression that must match a whole topic name.

use java_compat::regex::JavaRegex;

/// A pattern as `topics.regex` holds it. Boxed, for it stands beside a mere list of names.
#[derive(Clone, Debug)]
pub struct TopicPattern(Box<JavaRegex>);

impl TopicPattern {
    /// # Errors
    /// What is wrong with the pattern, or the part of Java's syntax that is not supported.
    pub fn new(text: &str) -> Result<Self, String> {
        match JavaRegex::new(text) {
            Ok(regex) => Ok(Self(Box::new(regex))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether the whole name matches. A name on which the pattern takes too many steps does not.
    pub fn matches(&self, topic: &str) -> bool {
        self.0.matches(topic).unwrap_or(false)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::TopicPattern;

    #[test]
    fn whole_names_match_as_in_java() {
        let cases = [
            ("orders", "orders", true),
            ("orders", "orders-2", false),
            ("orders", "my-orders", false),
            (r"orders\..*", "orders.eu", true),
            (r"a|b", "ab", false),
            (r"\Qa.b\E.*", "a.b-1", true),
            (r"\Qa.b\E.*", "axb-1", false),
            (r"(?i)Orders-\d+", "ORDERS-12", true),
            (r"[a-z&&[^b]]+", "abc", false),
            (r"^db\.[^.]+$", "db.t", true),
            (r"a\*+", "a**", true),
            (r"x??y", "y", true),
            ("(?!__).*", "orders", true),
            ("(?!__).*", "__consumer_offsets", false),
            (r"(\w+)-\1", "eu-eu", true),
            ("a*+b", "aab", true),
            (r"\p{Alpha}+", "orders", true),
        ];
        for (pattern, topic, expected) in cases {
            let matched = TopicPattern::new(pattern).unwrap().matches(topic);
            assert_eq!(matched, expected, "{pattern} on {topic}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_javas_words() {
        let error = TopicPattern::new("(").unwrap_err();
        assert_eq!(error, "Unclosed group near index 1\n(");
        let error = TopicPattern::new(r"\G").unwrap_err();
        assert!(error.starts_with(r"\G is not supported here"), "{error}");
    }
}
