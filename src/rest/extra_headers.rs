//! Headers that the configuration adds to every answer of the API: those of CORS, and `response.http.headers.config`.
//!
//! They stand there before a resource answers, as in Jetty: a rule may replace what CORS says, and a resource its
//! content type. Answers to paths that no resource is asked for (a path that is refused) have none of them.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use data_plane::clock::{Clock, SystemClock};

use crate::config::rest::{Action, Cors, HeaderRule, RuleValue};

/// Seconds that a browser may remember the answer to its question.
const MAX_AGE: HeaderValue = HeaderValue::from_static("60");

/// What is added.
#[derive(Clone)]
pub struct ExtraHeaders(Arc<Parts>);

struct Parts {
    cors: Option<(Cors, HeaderValue)>,
    rules: Vec<(Action, HeaderName, Value)>,
}

enum Value {
    Text(HeaderValue),
    /// Milliseconds from now.
    Date(i64),
}

impl ExtraHeaders {
    /// None if there is nothing to add. Rules and methods were checked when they were read, so none is left out.
    pub fn new(cors: Option<&Cors>, rules: &[HeaderRule]) -> Option<Self> {
        let cors = cors.and_then(|cors| {
            let methods = HeaderValue::from_str(&cors.methods).ok()?;
            Some((cors.clone(), methods))
        });
        let rules: Vec<_> = rules.iter().filter_map(parts).collect();
        let is_any = cors.is_some() || !rules.is_empty();
        is_any.then(|| Self(Arc::new(Parts { cors, rules })))
    }

    fn of(&self, request: &Request) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some((cors, methods)) = &self.0.cors {
            add_cors(cors, methods, request, &mut headers);
        }
        for (action, name, value) in &self.0.rules {
            let value = match value {
                Value::Text(text) => text.clone(),
                Value::Date(from_now) => date(SystemClock.unix_ms().saturating_add(*from_now)),
            };
            match action {
                Action::Set => drop(headers.insert(name, value)),
                Action::Add => drop(headers.append(name, value)),
            }
        }
        headers
    }
}

fn parts(rule: &HeaderRule) -> Option<(Action, HeaderName, Value)> {
    let name = HeaderName::from_bytes(rule.name.as_bytes()).ok()?;
    let value = match &rule.value {
        RuleValue::Date(from_now) => Value::Date(*from_now),
        RuleValue::Text(text) => {
            let bytes: Option<Vec<u8>> = text
                .chars()
                .map(|c| u8::try_from(u32::from(c)).ok())
                .collect();
            Value::Text(HeaderValue::from_bytes(&bytes?).ok()?)
        }
    };
    Some((rule.action, name, value))
}

/// Adds them to the answer of everything behind.
pub async fn add(State(extra): State<ExtraHeaders>, request: Request, next: Next) -> Response {
    let mut headers = extra.of(&request);
    let mut response = next.run(request).await;
    if response.headers().contains_key(CONTENT_TYPE) {
        headers.remove(CONTENT_TYPE);
    }
    // The first value takes the place of what is there, more of them come behind it.
    for (name, value) in response.headers() {
        headers.append(name, value.clone());
    }
    *response.headers_mut() = headers;
    response
}

/// A question before a call is answered like any other request, with what is allowed in addition.
fn add_cors(cors: &Cors, methods: &HeaderValue, request: &Request, headers: &mut HeaderMap) {
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = request.headers().get(ORIGIN) else {
        return;
    };
    if !origin.to_str().is_ok_and(|origin| cors.allows(origin)) {
        return;
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let asks = request
        .headers()
        .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() == Method::OPTIONS && asks {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        let content_type = HeaderValue::from_static("Content-Type");
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, content_type);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    }
}

/// As HTTP writes dates. One that it has no word for is the epoch.
fn date(unix_ms: i64) -> HeaderValue {
    let ms = u64::try_from(unix_ms).unwrap_or_default();
    // The last second of the year 9999 is the last one it can write.
    let at = Duration::from_millis(ms).min(Duration::from_secs(253_402_300_799));
    let text = httpdate::fmt_http_date(UNIX_EPOCH + at);
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_http_and_have_bounds() {
        for (ms, expected) in [
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (-5, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(date(ms), expected);
        }
    }
}
