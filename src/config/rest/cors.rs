//! [`Cors`]: which pages of other origins may call the API from a browser.

use std::fmt;

use java_compat::regex::JavaRegex;

/// `access.control.*`.
#[derive(Clone)]
pub struct Cors {
    origins: Origins,
    /// For `Access-Control-Allow-Methods`.
    pub methods: String,
}

#[derive(Clone)]
enum Origins {
    Any,
    Matching(Vec<JavaRegex>),
}

const DEFAULT_METHODS: &str = "GET,POST,HEAD";

impl Cors {
    /// None without origins.
    ///
    /// # Errors
    /// Which of the origins is no regular expression, or which method none.
    pub fn parse(origins: &str, methods: &str) -> Result<Option<Self>, CorsError> {
        if origins.trim().is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            origins: Origins::parse(origins)?,
            methods: parse_methods(methods)?,
        }))
    }

    /// Whether a page of one of these origins may. A browser sends one; several are separated by blanks.
    pub fn allows(&self, origins: &str) -> bool {
        match &self.origins {
            Origins::Any => true,
            Origins::Matching(patterns) => {
                origins.split(' ').filter(|o| !o.is_empty()).any(|origin| {
                    // A pattern that needs too much work on it does not match.
                    patterns
                        .iter()
                        .any(|pattern| pattern.matches(origin) == Ok(true))
                })
            }
        }
    }
}

impl Origins {
    fn parse(text: &str) -> Result<Self, CorsError> {
        let items: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|o| !o.is_empty())
            .collect();
        if items.contains(&"*") {
            return Ok(Self::Any);
        }
        let pattern = |item: &&str| {
            let pattern = JavaRegex::new(&format!("(?i){item}"));
            pattern.map_err(|e| CorsError::Origin(format!("{item} is no regular expression: {e}")))
        };
        Ok(Self::Matching(
            items.iter().map(pattern).collect::<Result<_, _>>()?,
        ))
    }
}

fn parse_methods(text: &str) -> Result<String, CorsError> {
    let methods: Vec<&str> = text
        .split(',')
        .map(str::trim)
        .filter(|m| !m.is_empty())
        .collect();
    if methods.is_empty() {
        return Ok(DEFAULT_METHODS.to_owned());
    }
    let is_method = |m: &&&str| {
        m.chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
    };
    match methods.iter().find(|m| !is_method(m)) {
        Some(method) => Err(CorsError::Method(format!("{method} is no method"))),
        None => Ok(methods.join(",")),
    }
}

/// What is wrong with one of the two keys.
#[derive(Debug, PartialEq, Eq)]
pub enum CorsError {
    Origin(String),
    Method(String),
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cors({})", self.methods)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(origins: &str, methods: &str) -> Cors {
        Cors::parse(origins, methods).expect("valid").expect("some")
    }

    #[test]
    fn origins_are_patterns_for_the_whole_of_one() {
        let some = cors("http://a.example, https://.*[.]b[.]example", "");
        for (origin, expected) in [
            ("http://a.example", true),
            ("HTTP://A.example", true),
            // A point is any character, as in Kafka.
            ("http://aXexample", true),
            ("http://a.example.evil", false),
            ("https://foo.b.example", true),
            ("https://foo.bXexample", false),
            ("http://evil http://a.example", true),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(some.allows(origin), expected, "{origin}");
        }
        assert!(cors("x, *", "").allows("null"));
        assert!(Cors::parse(" ", "GET").expect("valid").is_none());
        assert!(matches!(
            Cors::parse("http://(", ""),
            Err(CorsError::Origin(_))
        ));
    }

    #[test]
    fn methods_are_told_as_given() {
        assert_eq!(cors("*", "").methods, "GET,POST,HEAD");
        assert_eq!(cors("*", " GET, PUT ,").methods, "GET,PUT");
        assert!(matches!(
            Cors::parse("*", "GET\r\nX: y"),
            Err(CorsError::Method(_))
        ));
    }
}
