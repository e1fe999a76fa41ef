//! [`Jaas`]: the login in `sasl.jaas.config`, as `<login module> <flag> name="value" …;`.

pub(super) struct Jaas {
    options: Vec<(String, String)>,
}

impl Jaas {
    /// # Errors
    /// What is wrong with it. The text shows nothing of it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let words = words(text)?;
        if words.first().is_none_or(|module| module.contains('=')) {
            return Err("it must begin with the name of a login module");
        }
        let option = |word: &String| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        Ok(Self {
            options: words.iter().filter_map(option).collect(),
        })
    }

    pub fn option(&self, name: &str) -> Option<&str> {
        let mut options = self.options.iter();
        options
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The options whose names begin so, without that beginning.
    pub fn with_prefix(&self, prefix: &str) -> Vec<(String, String)> {
        let options = self.options.iter();
        options
            .filter_map(|(key, value)| Some((key.strip_prefix(prefix)?.to_owned(), value.clone())))
            .collect()
    }

    pub fn options(&self) -> &[(String, String)] {
        &self.options
    }

    /// User and password.
    pub fn login(&self) -> Result<(String, String), &'static str> {
        if self.option("tokenauth") == Some("true") {
            return Err(
                "delegation tokens (tokenauth) are not supported; give a user and a password",
            );
        }
        match (self.option("username"), self.option("password")) {
            (Some(user), Some(password)) => Ok((user.to_owned(), password.to_owned())),
            _ => Err("it must give username and password"),
        }
    }
}

/// The words before the first semicolon. Quotes may stand anywhere in a word; a backslash in them takes the next
/// character as it is.
fn words(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ';' => {
                words.extend(word);
                return Ok(words);
            }
            '"' | '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("a quote is not closed")? {
                        '\\' => word.push(chars.next().ok_or("a quote is not closed")?),
                        inner if inner == c => break,
                        inner => word.push(inner),
                    }
                }
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    Err("it must end with a semicolon")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Jaas;

    #[test]
    fn logins_are_read_as_java_writes_them() {
        let module = "org.apache.kafka.common.security.plain.PlainLoginModule";
        let cases = [
            (r#"required username="u" password="p";"#, Ok(("u", "p"))),
            (
                r#"required username='u' password='p;"q';"#,
                Ok(("u", "p;\"q")),
            ),
            (
                r#"required username="u" password="a\"b\\c" extra="x" ;"#,
                Ok(("u", "a\"b\\c")),
            ),
            ("required\n  username=u\n  password=p;", Ok(("u", "p"))),
            (
                r#"required username="u" password="p""#,
                Err("it must end with a semicolon"),
            ),
            (
                r#"required username="u";"#,
                Err("it must give username and password"),
            ),
            (
                r#"required username="u" password="p;"#,
                Err("a quote is not closed"),
            ),
        ];
        for (options, expected) in cases {
            let read = Jaas::parse(&format!("{module} {options}")).and_then(|j| j.login());
            let read = read.as_ref().map(|(u, p)| (u.as_str(), p.as_str()));
            assert_eq!(read.map_err(|e| *e), expected, "{options}");
        }
    }
}
