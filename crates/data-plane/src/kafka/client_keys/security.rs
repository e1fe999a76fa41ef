//! `security.protocol`, `sasl.*` and `ssl.*`: only what the protocol uses is looked at, as in Java.

use connect_api::config::invalid_value;

use super::Draft;

const PEM: &str = "PEM";

pub(super) fn translate(draft: &mut Draft<'_>) {
    let protocol = draft.text("security.protocol").to_uppercase();
    let native = match protocol.as_str() {
        "PLAINTEXT" => "plaintext",
        "SSL" => "ssl",
        "SASL_PLAINTEXT" => "sasl_plaintext",
        "SASL_SSL" => "sasl_ssl",
        other => {
            let why = "String must be one of (case insensitive): PLAINTEXT, SASL_PLAINTEXT, SASL_SSL, SSL";
            draft.error(
                "security.protocol",
                invalid_value("security.protocol", other, why),
            );
            return;
        }
    };
    draft.set("security.protocol", native);
    if protocol.starts_with("SASL") {
        sasl(draft);
    }
    if protocol.ends_with("SSL") {
        ssl(draft);
    }
}

fn sasl(draft: &mut Draft<'_>) {
    let mechanism = draft.text("sasl.mechanism").to_owned();
    match mechanism.as_str() {
        "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" => {}
        "OAUTHBEARER" | "GSSAPI" | "AWS_MSK_IAM" => {
            let given = match draft.config.contains("sasl.mechanism") {
                true => "",
                false => " (the default)",
            };
            let why = format!(
                "{mechanism}{given} is not supported yet; set it to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 and give user and password in sasl.jaas.config"
            );
            draft.error(
                "sasl.mechanism",
                invalid_value("sasl.mechanism", &mechanism, &why),
            );
            return;
        }
        other => {
            let why = "it must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512";
            draft.error(
                "sasl.mechanism",
                invalid_value("sasl.mechanism", other, why),
            );
            return;
        }
    }
    draft.set("sasl.mechanism", mechanism);
    let Some(jaas) = draft.config.get("sasl.jaas.config") else {
        let text = "sasl.jaas.config is missing: security.protocol needs a user and a password; set it to '<login module> required username=\"…\" password=\"…\";'";
        return draft.error("sasl.jaas.config", text.to_owned());
    };
    match login(jaas) {
        Ok((user, password)) => {
            draft.set("sasl.username", user);
            draft.set("sasl.password", password);
        }
        // The value is a secret and never shown.
        Err(why) => draft.error(
            "sasl.jaas.config",
            format!("Invalid value [hidden] for configuration sasl.jaas.config: {why}"),
        ),
    }
}

/// User and password of `<login module> <flag> username="…" password="…";`.
fn login(jaas: &str) -> Result<(String, String), &'static str> {
    let words = words(jaas)?;
    let options: Vec<_> = words.iter().filter_map(|w| w.split_once('=')).collect();
    let option = |name: &str| {
        options
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    };
    if words.first().is_none_or(|module| module.contains('=')) {
        return Err("it must begin with the name of a login module");
    }
    if option("tokenauth") == Some("true") {
        return Err("delegation tokens (tokenauth) are not supported; give a user and a password");
    }
    match (option("username"), option("password")) {
        (Some(user), Some(password)) => Ok((user.to_owned(), password.to_owned())),
        _ => Err("it must give username and password"),
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

fn ssl(draft: &mut Draft<'_>) {
    refuse_what_is_missing(draft);
    trust(draft);
    identity(draft);
    let algorithm = draft
        .text("ssl.endpoint.identification.algorithm")
        .to_lowercase();
    match algorithm.as_str() {
        "https" => draft.set("ssl.endpoint.identification.algorithm", "https"),
        "" => draft.set("ssl.endpoint.identification.algorithm", "none"),
        other => {
            let key = "ssl.endpoint.identification.algorithm";
            draft.error(key, invalid_value(key, other, "it must be https or empty"));
        }
    }
}

fn refuse_what_is_missing(draft: &mut Draft<'_>) {
    let protocols = draft.text("ssl.enabled.protocols").to_owned();
    let known = |p: &str| matches!(p.trim(), "TLSv1.2" | "TLSv1.3");
    let both = ["TLSv1.2", "TLSv1.3"].iter().all(|p| protocols.contains(p));
    if !both || !protocols.split(',').all(known) {
        let key = "ssl.enabled.protocols";
        let why = "TLS 1.2 and 1.3 cannot be switched off, and older ones not on; remove the key";
        draft.error(key, invalid_value(key, &protocols, why));
    }
}

fn trust(draft: &mut Draft<'_>) {
    let inline = draft.config.get("ssl.truststore.certificates");
    let file = draft.config.get("ssl.truststore.location");
    if inline.is_none() && file.is_none() {
        // The system's certificates, as the JVM's own in Java.
        return;
    }
    if !is_pem(draft, "ssl.truststore") {
        return;
    }
    match (inline, file) {
        (Some(certificates), _) => draft.set("ssl.ca.pem", certificates),
        (None, Some(file)) => draft.set("ssl.ca.location", file),
        (None, None) => {}
    }
}

fn identity(draft: &mut Draft<'_>) {
    let file = draft.config.get("ssl.keystore.location");
    let key = draft.config.get("ssl.keystore.key");
    let chain = draft.config.get("ssl.keystore.certificate.chain");
    if file.is_none() && key.is_none() && chain.is_none() {
        return;
    }
    if !is_pem(draft, "ssl.keystore") {
        return;
    }
    match (file, key, chain) {
        (None, Some(key), Some(chain)) => {
            draft.set("ssl.key.pem", key);
            draft.set("ssl.certificate.pem", chain);
        }
        // Java has key and certificates in one file; each reader finds its part.
        (Some(file), None, None) => {
            draft.set("ssl.key.location", file);
            draft.set("ssl.certificate.location", file);
        }
        _ => {
            let text = "set either ssl.keystore.location, or both ssl.keystore.key and ssl.keystore.certificate.chain";
            draft.error("ssl.keystore.key", text.to_owned());
        }
    }
    if let Some(password) = draft.config.get("ssl.key.password") {
        draft.set("ssl.key.password", password);
    }
}

fn is_pem(draft: &mut Draft<'_>, store: &str) -> bool {
    let key = format!("{store}.type");
    let kind = draft.text(&key).to_owned();
    if kind.eq_ignore_ascii_case(PEM) {
        return true;
    }
    let given = match draft.config.contains(&key) {
        true => "",
        false => " (the default)",
    };
    let why = format!(
        "stores of type {kind}{given} cannot be read yet; convert it to PEM (keytool -exportcert -rfc, openssl pkcs12) and set {key}=PEM"
    );
    draft.error(&key, invalid_value(&key, &kind, &why));
    false
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::login;

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
            let read = login(&format!("{module} {options}"));
            let read = read.as_ref().map(|(u, p)| (u.as_str(), p.as_str()));
            assert_eq!(read.map_err(|e| *e), expected, "{options}");
        }
    }
}
