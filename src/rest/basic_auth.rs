//! Users with passwords: Kafka's `BasicAuthSecurityRestExtension`.
//!
//! Asks for a login wherever a resource would answer, but for the calls that workers make of each other. A file without
//! users lets everyone in, as in Kafka. How long a comparison takes says nothing of what is compared with.

use std::fs;
use std::hint::black_box;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use tracing::warn;

use super::jaas::{self, LoginModule};
use super::media_type::{JSON, accepts};
use crate::config::environment::JaasFile;
use crate::config::properties;
use crate::config::rest::BasicAuth;
use crate::config::rest::keys::BASIC_AUTH_FILE;

const ENTRY: &str = "KafkaConnect";
const MODULE: &str = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";

/// Who may call the API: names with passwords.
#[derive(Clone)]
pub struct Users(Arc<Vec<(String, String)>>);

impl Users {
    /// Reads the file of users that the configuration names, or the one that the JAAS file names.
    ///
    /// # Errors
    /// Which file cannot be read, or what it lacks.
    pub fn read(auth: &BasicAuth, jaas: Option<&JaasFile>) -> Result<Self, String> {
        let users = match (&auth.file, jaas) {
            (Some(file), _) => Self::from_file(file, BASIC_AUTH_FILE.name())?,
            (None, Some(jaas)) => {
                let place = format!("{} of {} in {}", ENTRY, jaas.path, jaas.variable);
                let file = users_file(jaas).map_err(|why| format!("{place}: {why}"))?;
                Self::from_file(&file, &format!("option file of {place}"))?
            }
            (None, None) => {
                return Err(format!(
                    "BasicAuthSecurityRestExtension has no users: set {}, or KAFKA_OPTS=-Djava.security.auth.login.config=FILE with a JAAS file that has an entry {ENTRY}",
                    BASIC_AUTH_FILE.name()
                ));
            }
        };
        if users.0.is_empty() {
            warn!("the file of users is empty, so everyone may call the REST API, as in Kafka");
        }
        Ok(users)
    }

    fn from_file(path: &str, named_by: &str) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|e| {
            format!("{named_by}: the file of users {path} cannot be read: {e}; check path and permissions")
        })?;
        let users = properties::parse_bytes(&bytes)
            .map_err(|e| format!("{named_by}: the file of users {path}: {e}"))?;
        let mut known: Vec<(String, String)> = Vec::new();
        for user in users {
            // The last line of a name counts.
            known.retain(|(name, _)| *name != user.key);
            known.push((user.key, user.value));
        }
        Ok(Self(Arc::new(known)))
    }

    fn admit(&self, headers: &HeaderMap) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some((name, password)) = login(headers) else {
            return false;
        };
        // All of them, so that it takes the same time for each.
        let mut found = false;
        for (user, expected) in self.0.iter() {
            found |= same(&name, user) & same(&password, expected);
        }
        found
    }
}

/// The file of users in the entry of a JAAS file.
fn users_file(jaas: &JaasFile) -> Result<String, String> {
    let text = fs::read_to_string(&jaas.path)
        .map_err(|e| format!("it cannot be read: {e}; check path and permissions"))?;
    let modules = jaas::entry(&text, ENTRY)?;
    let Some([module]) = modules.as_deref() else {
        let count = modules.map_or(0, |modules| modules.len());
        return Err(format!(
            "expected one login module in the entry, found {count}"
        ));
    };
    let LoginModule { class, options, .. } = module;
    if class != MODULE {
        return Err(format!(
            "the login module {class} is not built in; there is {MODULE}"
        ));
    }
    let file = options.iter().find(|(name, _)| name == "file");
    match file {
        Some((_, file)) if file.contains("${") => Err(format!(
            "option file={file}: properties of a JVM are not filled in; write the path out"
        )),
        Some((_, file)) => Ok(file.clone()),
        None => Err("the login module has no option file".to_owned()),
    }
}

/// Name and password of `Authorization: Basic …`.
fn login(headers: &HeaderMap) -> Option<(String, String)> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, login) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let login = String::from_utf8(BASE64_STANDARD.decode(login.trim()).ok()?).ok()?;
    let (name, password) = login.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// Takes as long as `given` is, whatever is expected.
fn same(given: &str, expected: &str) -> bool {
    let (given, expected) = (given.as_bytes(), expected.as_bytes());
    let mut differs = given.len() ^ expected.len();
    for (at, byte) in given.iter().enumerate() {
        let other = expected.get(at).copied().unwrap_or_default();
        differs |= usize::from(black_box(byte ^ other));
    }
    black_box(differs) == 0
}

/// Lets pass who may.
pub async fn guard(State(users): State<Users>, request: Request, next: Next) -> Response {
    if is_of_a_worker(request.method(), request.uri().path()) || users.admit(request.headers()) {
        return next.run(request).await;
    }
    refusal(request.method(), request.headers())
}

/// Workers sign these calls instead.
fn is_of_a_worker(method: &Method, path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let (Some("connectors"), Some(_), Some(last), None) = (
        segments.next(),
        segments.next(),
        segments.next(),
        segments.next(),
    ) else {
        return false;
    };
    matches!(
        (method, last),
        (&Method::POST, "tasks") | (&Method::PUT, "fence")
    )
}

/// Plain text that calls itself JSON, as that of Kafka does.
fn refusal(method: &Method, headers: &HeaderMap) -> Response {
    let type_ = match method == Method::OPTIONS && accepts(headers, "text/plain") {
        true => "text/plain",
        false => JSON,
    };
    let type_ = [(CONTENT_TYPE, HeaderValue::from_static(type_))];
    (
        StatusCode::UNAUTHORIZED,
        type_,
        "User cannot access the resource.",
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(users: &[(&str, &str)]) -> Users {
        let owned = |(n, p): &(&str, &str)| ((*n).to_owned(), (*p).to_owned());
        Users(Arc::new(users.iter().map(owned).collect()))
    }

    fn admits(users: &Users, values: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                AUTHORIZATION,
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        users.admit(&headers)
    }

    fn basic(login: &str) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(login))
    }

    #[test]
    fn a_login_is_a_name_with_its_password() {
        let some = users(&[("ann", "pw"), ("bob", "b\u{e9}b:x"), ("eve", "")]);
        for (login, expected) in [
            ("ann:pw", true),
            ("ann:pw2", false),
            ("ann:p", false),
            ("ann:", false),
            ("Ann:pw", false),
            ("bob:pw", false),
            ("bob:b\u{e9}b:x", true),
            ("eve:", true),
            ("eve", false),
            (":", false),
        ] {
            assert_eq!(admits(&some, &[&basic(login)]), expected, "{login}");
        }
        for value in [
            "Bearer YW5uOnB3",
            "Basic",
            "Basic !!!",
            "YW5uOnB3",
            "Basic gICA",
        ] {
            assert!(!admits(&some, &[value]), "{value}");
        }
        assert!(admits(&some, &["bAsIc YW5uOnB3"]));
        assert!(!admits(&some, &[]));
        assert!(
            !admits(&some, &["Basic YW5uOnB3", "Basic YW5uOnB3"]),
            "one login"
        );
        assert!(admits(&users(&[]), &[]), "without users everyone may");
    }

    #[test]
    fn calls_of_workers_need_no_password() {
        for (method, path, expected) in [
            (Method::POST, "/connectors/x/tasks", true),
            (Method::PUT, "/connectors/x/fence", true),
            (Method::GET, "/connectors/x/tasks", false),
            (Method::PUT, "/connectors/x/tasks", false),
            (Method::POST, "/connectors/x/tasks/0/restart", false),
            (Method::POST, "/connectors", false),
            (Method::POST, "/x/connectors/x/tasks", false),
        ] {
            assert_eq!(is_of_a_worker(&method, path), expected, "{method} {path}");
        }
    }
}
