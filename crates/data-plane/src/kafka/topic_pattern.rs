//! [`TopicPattern`]: a Java regular expression that must match a whole topic name.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

/// A pattern as `topics.regex` holds it.
#[derive(Clone)]
pub struct TopicPattern {
    text: String,
    regex: Regex,
}

impl TopicPattern {
    /// Reads Java's syntax as far as a finite automaton can match it.
    ///
    /// # Errors
    /// What is wrong with the pattern, or the part of Java's syntax that is not supported, and what to do.
    pub fn new(text: &str) -> Result<Self, String> {
        let translated = translate(text)?;
        // Topic names are ASCII, and so are Java's classes such as `\d` unless a flag says otherwise.
        let regex = RegexBuilder::new(&format!(r"\A(?:{translated})\z"))
            .unicode(false)
            .build()
            .map_err(|e| explain(&e.to_string()))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    /// Whether the whole name matches.
    pub fn matches(&self, topic: &str) -> bool {
        self.regex.is_match(topic.as_bytes())
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopicPattern({:?})", self.text)
    }
}

/// Rewrites Java's quoting, and refuses what would be read with another meaning.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    let mut after_quantifier = false;
    let mut classes = 0usize;
    while let Some(c) = rest.chars().next() {
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (literal, tail) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
            out.push_str(&regex::escape(literal));
            rest = tail;
            after_quantifier = false;
            continue;
        }
        let len = match c {
            '\\' => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => c.len_utf8(),
        };
        if c == '+' && after_quantifier && classes == 0 {
            return Err(unsupported("a possessive quantifier"));
        }
        match c {
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            _ => {}
        }
        // After a quantifier `?` makes it lazy and is none itself.
        after_quantifier = match c {
            '*' | '+' | '}' => true,
            '?' => !after_quantifier && !out.ends_with('('),
            _ => false,
        };
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    Ok(out)
}

fn explain(error: &str) -> String {
    // The last line says what is wrong; those before draw where.
    let reason = error.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches("error: ");
    if reason.contains("look-around") {
        unsupported("look-around, as (?!…) and (?<=…)")
    } else if reason.contains("backreferences") {
        unsupported("a back-reference")
    } else {
        format!(
            "{reason}; list the topics with 'topics' if the pattern cannot be written another way"
        )
    }
}

fn unsupported(what: &str) -> String {
    format!(
        "{what} is not supported in topic patterns; write the pattern without it or list the topics with 'topics'"
    )
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
        ];
        for (pattern, topic, expected) in cases {
            let matched = TopicPattern::new(pattern).unwrap().matches(topic);
            assert_eq!(matched, expected, "{pattern} on {topic}");
        }
    }

    #[test]
    fn what_java_has_more_is_refused_by_name() {
        let cases = [
            ("(?!__).*", "look-around"),
            ("(?<!a)b", "look-around"),
            (r"(a)\1", "back-reference"),
            ("a*+b", "possessive"),
            ("(", "unclosed group"),
            (r"\p{Alpha}+", "list the topics"),
        ];
        for (pattern, expected) in cases {
            let error = TopicPattern::new(pattern).unwrap_err();
            assert!(error.contains(expected), "{pattern}: {error}");
        }
    }
}
