//! Content negotiation as JAX-RS does it: what is consumed, what is produced, OPTIONS.

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::routing_error;

pub const JSON: &str = "application/json";

/// What a resource takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consumes {
    Json,
    Anything,
}

/// 415 for a body of another type, 406 if the client takes no JSON. Runs only where a route has matched.
pub async fn check(State(consumes): State<Consumes>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if consumes == Consumes::Json
        && let Some(type_) = headers.get(CONTENT_TYPE)
        && !is_json(type_)
    {
        return routing_error(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if request.method() != Method::OPTIONS && !accepts(headers, JSON) {
        return routing_error(StatusCode::NOT_ACCEPTABLE);
    }
    next.run(request).await
}

/// The answer to OPTIONS: the methods, as text if the client takes text.
pub async fn options(allow: &'static str, headers: HeaderMap) -> Response {
    let allow_header = (ALLOW, HeaderValue::from_static(allow));
    if accepts(&headers, "text/plain") {
        let body = allow.replace(',', ", ");
        return (
            [
                allow_header,
                (CONTENT_TYPE, HeaderValue::from_static("text/plain")),
            ],
            body,
        )
            .into_response();
    }
    [allow_header, (CONTENT_TYPE, HeaderValue::from_static(JSON))].into_response()
}

/// `application/json`, with any parameters.
fn is_json(value: &HeaderValue) -> bool {
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(JSON)
}

/// Whether one of the ranges of `Accept` covers the type. No header is any type.
pub fn accepts(headers: &HeaderMap, type_: &str) -> bool {
    let mut ranges = headers
        .get_all(ACCEPT)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .filter(|range| !range.is_empty())
        .peekable();
    if ranges.peek().is_none() {
        return true;
    }
    ranges.any(|range| covers(range, type_))
}

fn covers(range: &str, type_: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let refused = parts.any(|parameter| {
        parameter
            .strip_prefix("q=")
            .is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0))
    });
    if refused {
        return false;
    }
    let family = type_.split('/').next().unwrap_or_default();
    essence == "*/*"
        || essence.eq_ignore_ascii_case(type_)
        || essence
            .strip_suffix("/*")
            .is_some_and(|f| f.eq_ignore_ascii_case(family))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(ACCEPT, value);
        }
        headers
    }

    #[test]
    fn accept_covers_json_or_not() {
        for (value, expected) in [
            ("application/json", true),
            ("*/*", true),
            ("text/html, application/*;q=0.5", true),
            ("APPLICATION/JSON; charset=utf-8", true),
            ("application/xml", false),
            ("application/json;q=0", false),
            ("text/*", false),
            ("", true),
        ] {
            assert_eq!(accepts(&accept(value), JSON), expected, "{value}");
        }
        assert!(accepts(&HeaderMap::new(), JSON));
    }

    #[test]
    fn json_may_have_parameters_but_no_other_subtype() {
        for (value, expected) in [
            ("application/json", true),
            ("application/json; charset=utf-8", true),
            ("application/vnd.x+json", false),
            ("text/plain", false),
        ] {
            assert_eq!(
                is_json(&HeaderValue::from_static(value)),
                expected,
                "{value}"
            );
        }
    }
}
