//! Which topics a sink reads: `topics` or `topics.regex`, never both, never the dead letter topic.

use connect_api::config::{Config, ConfigError, Parsed, invalid_value};
use data_plane::kafka::TopicPattern;

use super::connector::{DLQ_TOPIC_NAME, TOPICS, TOPICS_REGEX};

/// What a sink subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topics {
    /// Names, each once, in the order of the configuration.
    Names(Vec<String>),
    /// A pattern that must match the whole name of a topic.
    Pattern(String),
}

impl Topics {
    /// What a configuration that passed [`check`] subscribes to.
    pub fn of(config: &Config) -> Self {
        match given(config, TOPICS_REGEX.name()) {
            Some(pattern) => Topics::Pattern(pattern.to_owned()),
            None => Topics::Names(names(config.get(TOPICS.name()).unwrap_or_default())),
        }
    }
}

/// Blanks around names are cut, empty names dropped, repeated ones too.
pub fn names(list: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The validator of `topics.regex`.
pub fn check_pattern(key: &str, value: Option<&Parsed>) -> Vec<String> {
    let pattern = match value {
        Some(Parsed::Text(pattern)) => pattern,
        Some(_) => return Vec::new(),
        None => return vec![invalid_value(key, "null", "Invalid regex: null")],
    };
    match TopicPattern::new(pattern) {
        Ok(_) => Vec::new(),
        Err(why) => vec![invalid_value(
            key,
            pattern,
            &format!("Invalid regex: {why}"),
        )],
    }
}

/// The rules across the keys, as validation, connector start and task start apply them.
pub fn check(config: &Config) -> Vec<ConfigError> {
    let both = |message: &str| {
        [TOPICS.name(), TOPICS_REGEX.name()]
            .map(|key| ConfigError {
                key: key.to_owned(),
                message: message.to_owned(),
            })
            .to_vec()
    };
    let listed = given(config, TOPICS.name());
    let pattern = given(config, TOPICS_REGEX.name());
    let mut errors = match (listed, pattern) {
        (Some(_), Some(_)) => {
            both("topics and topics.regex are mutually exclusive options, but both are set.")
        }
        (None, None) => both("Must configure one of topics or topics.regex"),
        _ => Vec::new(),
    };
    let Some(dlq) = given(config, DLQ_TOPIC_NAME.name()) else {
        return errors;
    };
    if let Some(listed) = listed {
        let names = names(listed);
        if names.iter().any(|name| name == dlq) {
            errors.push(ConfigError {
                key: TOPICS.name().to_owned(),
                message: format!(
                    "The DLQ topic '{dlq}' may not be included in the list of topics ('topics=[{}]') consumed by the connector",
                    names.join(", ")
                ),
            });
        }
    }
    if let Some(pattern) = pattern
        && TopicPattern::new(pattern).is_ok_and(|pattern| pattern.matches(dlq))
    {
        errors.push(ConfigError {
            key: TOPICS_REGEX.name().to_owned(),
            message: format!(
                "The DLQ topic '{dlq}' may not be matched by the regex for the topics ('topics.regex={pattern}') consumed by the connector"
            ),
        });
    }
    errors
}

/// Blank counts as not set.
fn given<'a>(config: &'a Config, key: &str) -> Option<&'a str> {
    config
        .get(key)
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: &str = "topics and topics.regex are mutually exclusive options, but both are set.";
    const NONE: &str = "Must configure one of topics or topics.regex";

    fn errors(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        let config: Config = entries.iter().copied().collect();
        check(&config)
            .into_iter()
            .map(|e| (e.key, e.message))
            .collect()
    }

    #[test]
    fn exactly_one_of_the_keys_must_be_set() {
        let on_both = |m: &str| {
            vec![
                ("topics".to_owned(), m.to_owned()),
                ("topics.regex".to_owned(), m.to_owned()),
            ]
        };
        assert_eq!(errors(&[]), on_both(NONE));
        assert_eq!(
            errors(&[("topics", " "), ("topics.regex", "")]),
            on_both(NONE)
        );
        assert_eq!(
            errors(&[("topics", "a"), ("topics.regex", "b")]),
            on_both(BOTH)
        );
        assert_eq!(errors(&[("topics", "a")]), []);
        assert_eq!(errors(&[("topics.regex", "a.*")]), []);
    }

    #[test]
    fn the_dead_letter_topic_is_not_read() {
        let dlq = ("errors.deadletterqueue.topic.name", "bad");
        for (key, value, expected) in [
            (
                "topics",
                "a, bad",
                "The DLQ topic 'bad' may not be included in the list of topics ('topics=[a, bad]') consumed by the connector",
            ),
            (
                "topics.regex",
                "b.d",
                "The DLQ topic 'bad' may not be matched by the regex for the topics ('topics.regex=b.d') consumed by the connector",
            ),
        ] {
            assert_eq!(
                errors(&[(key, value), dlq]),
                [(key.to_owned(), expected.to_owned())]
            );
        }
        assert_eq!(errors(&[("topics", "a"), dlq]), []);
        assert_eq!(errors(&[("topics.regex", "b.d-."), dlq]), []);
    }

    #[test]
    fn names_are_trimmed_and_unique() {
        assert_eq!(names(" a ,b,, a,c "), ["a", "b", "c"]);
        assert_eq!(names(" "), Vec::<String>::new());
    }

    #[test]
    fn a_bad_pattern_is_named() {
        let errors = check_pattern("topics.regex", Some(&Parsed::Text("(".to_owned())));
        let expected = "Invalid value ( for configuration topics.regex: Invalid regex: Unclosed group near index 1\n(";
        assert!(
            errors.len() == 1 && errors[0].starts_with(expected),
            "{errors:?}"
        );
    }
}
