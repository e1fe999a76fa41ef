//! [`HeaderRule`]: one rule of `response.http.headers.config`.

/// Sets or adds a header of every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRule {
    pub action: Action,
    /// A token, as HTTP has it.
    pub name: String,
    pub value: RuleValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Takes the place of what was set before.
    Set,
    Add,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleValue {
    Text(String),
    /// The date so many milliseconds from now.
    Date(i64),
}

/// What frames a message belongs to the server.
const OURS: [&str; 4] = [
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
];

impl HeaderRule {
    /// The rules of a text.
    ///
    /// # Errors
    /// Why one is none, in Kafka's words where it has some.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        split(text).iter().map(|rule| Self::parse(rule)).collect()
    }

    fn parse(rule: &str) -> Result<Self, String> {
        let trimmed = rule.trim();
        let Some((action, header)) = trimmed.split_once(char::is_whitespace) else {
            return Err(format!(
                "Invalid format of header config '{rule}'. Expected: '[action] [header name]:[header value]'"
            ));
        };
        let header = header.trim_start();
        let (action, is_date) = match action.to_ascii_lowercase().as_str() {
            "set" => (Action::Set, false),
            "add" => (Action::Add, false),
            "setdate" => (Action::Set, true),
            "adddate" => (Action::Add, true),
            _ => {
                return Err(format!(
                    "Invalid header config action: '{action}'. Expected one of [set, add, setDate, addDate]"
                ));
            }
        };
        // As Java splits: empty parts at the end do not count.
        let mut parts: Vec<&str> = header.split(':').collect();
        while parts.last().is_some_and(|part| part.is_empty()) {
            parts.pop();
        }
        let [name, value] = parts[..] else {
            return Err(format!(
                "Invalid format of header name and header value pair '{header}'. Expected: '[header name]:[header value]'"
            ));
        };
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!(
                "Invalid header name '{name}'. The '[header name]' cannot contain whitespace"
            ));
        }
        check(name, value)?;
        let value = match is_date {
            false => RuleValue::Text(value.to_owned()),
            true => RuleValue::Date(value.parse().map_err(|_| {
                format!("Invalid header value '{value}' of {name}: a date is given in milliseconds from now")
            })?),
        };
        Ok(Self {
            action,
            name: name.to_owned(),
            value,
        })
    }
}

/// What HTTP allows, and what would not break the answers.
fn check(name: &str, value: &str) -> Result<(), String> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if !name.chars().all(is_token) {
        return Err(format!(
            "Invalid header name '{name}': HTTP allows letters, digits and !#$%&'*+-.^_`|~"
        ));
    }
    if OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!(
            "Invalid header name '{name}': it says where an answer ends, which only the server knows"
        ));
    }
    // Bytes of ISO-8859-1, without those that end a line.
    let is_fit = |c: char| c == '\t' || (!c.is_control() && u32::from(c) <= 0xff);
    if !value.chars().all(is_fit) {
        return Err(format!(
            "Invalid header value of {name}: HTTP allows no control characters and none beyond ISO-8859-1"
        ));
    }
    Ok(())
}

/// At commas outside of quotes, as Jetty does it: quotes begin a part, a backslash in them takes the next character as
/// it is, what stands between a closing quote and the next comma does not count, and neither does a comma at the end.
fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut part = String::new();
        match chars.peek() {
            None => return parts,
            Some('"') => {
                chars.next();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => part.extend(chars.next()),
                        c => part.push(c),
                    }
                }
                while chars.next_if(|c| *c != ',').is_some() {}
            }
            Some(_) => {
                while let Some(c) = chars.next_if(|c| *c != ',') {
                    part.push(c);
                }
                part.truncate(part.trim_end().len());
            }
        }
        parts.push(part);
        // The comma.
        chars.next();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(action: Action, name: &str, value: &str) -> HeaderRule {
        HeaderRule {
            action,
            name: name.to_owned(),
            value: RuleValue::Text(value.to_owned()),
        }
    }

    #[test]
    fn rules_are_read_as_kafka_does() {
        let date = |action, name: &str, ms| HeaderRule {
            value: RuleValue::Date(ms),
            ..rule(action, name, "")
        };
        for (text, expected) in [
            ("", vec![]),
            (" ", vec![]),
            ("add X-A: b", vec![rule(Action::Add, "X-A", "b")]),
            (
                "\"set C: no-cache, no-store\" x, ADD D: e,",
                vec![
                    rule(Action::Set, "C", "no-cache, no-store"),
                    rule(Action::Add, "D", "e"),
                ],
            ),
            (
                "setDate Expires: 31540000000,adddate X:-1",
                vec![
                    date(Action::Set, "Expires", 31_540_000_000),
                    date(Action::Add, "X", -1),
                ],
            ),
            ("  add   X:   y  ", vec![rule(Action::Add, "X", "y")]),
            ("\"add X: \\\"y\\\\", vec![rule(Action::Add, "X", "\"y\\")]),
            ("add X: y:", vec![rule(Action::Add, "X", "y")]),
            ("add X: \"q\"", vec![rule(Action::Add, "X", "\"q\"")]),
        ] {
            assert_eq!(HeaderRule::parse_all(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_is_refused_in_kafkas_words() {
        let format = "Expected: '[action] [header name]:[header value]'";
        let pair = "Expected: '[header name]:[header value]'";
        for (text, expected) in [
            (
                "foo X: y",
                "Invalid header config action: 'foo'. Expected one of [set, add, setDate, addDate]"
                    .to_owned(),
            ),
            (
                "add",
                format!("Invalid format of header config 'add'. {format}"),
            ),
            (",", format!("Invalid format of header config ''. {format}")),
            (
                "add C: no-cache, no-store",
                format!("Invalid format of header config 'no-store'. {format}"),
            ),
            (
                "add X",
                format!("Invalid format of header name and header value pair 'X'. {pair}"),
            ),
            (
                "add X:",
                format!("Invalid format of header name and header value pair 'X:'. {pair}"),
            ),
            (
                "add X: y: z",
                format!("Invalid format of header name and header value pair 'X: y: z'. {pair}"),
            ),
            (
                "add X Y: z",
                "Invalid header name 'X Y'. The '[header name]' cannot contain whitespace"
                    .to_owned(),
            ),
            (
                "add : z",
                "Invalid header name ''. The '[header name]' cannot contain whitespace".to_owned(),
            ),
        ] {
            assert_eq!(HeaderRule::parse_all(text), Err(expected), "{text}");
        }
        for text in [
            "add X: y\nZ",
            "add X: y\rZ",
            "add X: \u{442}",
            "add X;: y",
            "add X\u{e9}: y",
            "set Content-Length: 1",
            "add transfer-encoding: chunked",
            "setDate Expires: soon",
        ] {
            assert!(HeaderRule::parse_all(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_rule_that_is_taken_breaks_no_answer(text in "(add|set|setDate)? ?\"?[A-Za-z:; ,\\\\\"\r\n\t-]{0,30}(\\PC|\\pC){0,3}") {
            for rule in HeaderRule::parse_all(&text).unwrap_or_default() {
                prop_assert!(!rule.name.is_empty() && rule.name.chars().all(|c| c.is_ascii_graphic() && c != ':'));
                if let RuleValue::Text(value) = rule.value {
                    prop_assert!(!value.contains(['\r', '\n', '\0']), "{value:?}");
                }
            }
        }
    }
}
