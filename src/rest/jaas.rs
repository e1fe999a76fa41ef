//! A JAAS file, as far as one entry of it goes:
//!
//! ```text
//! KafkaConnect {
//!     org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required
//!     file="/etc/connect/users.properties";
//! };
//! ```

/// One login module of an entry.
#[derive(Debug, PartialEq, Eq)]
pub struct LoginModule {
    pub class: String,
    pub flag: String,
    pub options: Vec<(String, String)>,
}

/// The login modules of an entry; none if there is no such entry.
///
/// # Errors
/// What is no JAAS file.
pub fn entry(text: &str, name: &str) -> Result<Option<Vec<LoginModule>>, String> {
    let mut tokens = tokens(text)?.into_iter();
    let mut found = None;
    while let Some(token) = tokens.next() {
        let entry = word(Some(token), "the name of an entry")?;
        expect(tokens.next(), '{')?;
        let mut modules = Vec::new();
        loop {
            match tokens.next() {
                Some(Token::Sign('}')) => break,
                token => modules.push(module(word(token, "a login module")?, &mut tokens)?),
            }
        }
        expect(tokens.next(), ';')?;
        // The first one counts.
        if entry == name && found.is_none() {
            found = Some(modules);
        }
    }
    Ok(found)
}

fn module(class: String, tokens: &mut impl Iterator<Item = Token>) -> Result<LoginModule, String> {
    let flag = word(tokens.next(), "required or another flag")?;
    let mut options = Vec::new();
    loop {
        match tokens.next() {
            Some(Token::Sign(';')) => break,
            token => {
                let name = word(token, "an option or ;")?;
                expect(tokens.next(), '=')?;
                options.push((name, word(tokens.next(), "the value of an option")?));
            }
        }
    }
    Ok(LoginModule {
        class,
        flag,
        options,
    })
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
}

fn word(token: Option<Token>, expected: &str) -> Result<String, String> {
    match token {
        Some(Token::Word(word)) => Ok(word),
        Some(Token::Sign(sign)) => Err(format!("expected {expected}, found {sign}")),
        None => Err(format!("expected {expected}, found the end of the file")),
    }
}

fn expect(token: Option<Token>, sign: char) -> Result<(), String> {
    match token {
        Some(Token::Sign(found)) if found == sign => Ok(()),
        Some(Token::Sign(found)) => Err(format!("expected {sign}, found {found}")),
        Some(Token::Word(_)) => Err(format!("expected {sign}, found a word")),
        None => Err(format!("expected {sign}, found the end of the file")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '{' | '}' | ';' | '=' => tokens.push(Token::Sign(c)),
            '#' => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.peek() == Some(&'/') => while chars.next_if(|c| *c != '\n').is_some() {},
            '/' if chars.next_if_eq(&'*').is_some() => {
                let mut last = ' ';
                loop {
                    match chars.next() {
                        Some('/') if last == '*' => break,
                        Some(c) => last = c,
                        None => return Err("a comment has no end".to_owned()),
                    }
                }
            }
            '"' | '\'' => {
                let mut word = String::new();
                loop {
                    match chars.next() {
                        Some('\\') => word.extend(chars.next()),
                        Some(end) if end == c => break,
                        Some(c) => word.push(c),
                        None => return Err("a quoted text has no end".to_owned()),
                    }
                }
                tokens.push(Token::Word(word));
            }
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"{};=\"'".contains(*c))
                {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_entry_is_found_among_others() {
        let text = r#"
            // logins
            KafkaClient { a.B required username="x" password='y;"'; };
            /* the
               REST API */
            KafkaConnect {
                c.D required file="/etc/a b\\c.properties" debug=true;
                # more
                c.E optional;
            };
            KafkaConnect { z.Z required; };
        "#;
        let modules = entry(text, "KafkaConnect")
            .expect("a file")
            .expect("an entry");
        let [first, second] = &modules[..] else {
            panic!("{modules:?}");
        };
        assert_eq!((&*first.class, &*first.flag), ("c.D", "required"));
        let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            first.options,
            [
                option("file", "/etc/a b\\c.properties"),
                option("debug", "true")
            ]
        );
        assert_eq!((&*second.class, second.options.len()), ("c.E", 0));
        assert_eq!(entry(text, "Other"), Ok(None));
        assert_eq!(entry("", "Other"), Ok(None));
    }

    #[test]
    fn what_is_no_jaas_file_is_told() {
        for (text, expected) in [
            ("A", "expected {, found the end of the file"),
            ("A { b.C };", "expected required or another flag, found }"),
            ("A { b.C required x; };", "expected =, found ;"),
            (
                "A { b.C required; }",
                "expected ;, found the end of the file",
            ),
            ("A { b.C required x=\"y; };", "a quoted text has no end"),
            ("/* A", "a comment has no end"),
            ("{", "expected the name of an entry, found {"),
        ] {
            assert_eq!(entry(text, "A"), Err(expected.to_owned()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "([a-zK.]+|[{};=\"'\\\\/*# \n]|\\PC){0,60}") {
            let _ = entry(&text, "K");
        }
    }
}
