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

/// 415 for a body of another type, 406 if the client takes no JSON, 400 if what it takes cannot be read. Runs only where
/// a route has matched.
pub async fn check(State(consumes): State<Consumes>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(ranges) = accepted(headers) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if consumes == Consumes::Json
        && let Some(type_) = headers.get(CONTENT_TYPE)
        && !is_json(type_)
    {
        return routing_error(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if request.method() != Method::OPTIONS && !any_covers(&ranges, JSON) {
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

/// A media type, or a range of them: type, subtype, either of them `*` perhaps.
type Range<'a> = (&'a str, &'a str);

/// Whether this is a media type at all; anything else is refused before routing.
pub fn is_readable(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    range(text).is_some_and(|(_, subtype)| !subtype.is_empty())
}

/// `application/json`, with any parameters, or a range that covers it.
fn is_json(content_type: &HeaderValue) -> bool {
    let text = content_type.to_str().unwrap_or_default();
    range(text).is_some_and(|range| covers(range, JSON))
}

/// The ranges of `Accept`; none if one of them cannot be read. No header is any type. A weight of zero refuses nothing,
/// as in Kafka's framework.
fn accepted(headers: &HeaderMap) -> Option<Vec<Range<'_>>> {
    let mut ranges = Vec::new();
    for value in headers.get_all(ACCEPT) {
        let text = value.to_str().unwrap_or_default();
        if text.trim().is_empty() {
            continue;
        }
        for entry in text.split(',') {
            let (type_, subtype) = range(entry)?;
            // A type alone stands for all of its subtypes.
            let subtype = if subtype.is_empty() { "*" } else { subtype };
            ranges.push((type_, subtype));
        }
    }
    if ranges.is_empty() {
        ranges.push(("*", "*"));
    }
    Some(ranges)
}

/// Whether the client takes this type.
pub fn accepts(headers: &HeaderMap, type_: &str) -> bool {
    accepted(headers).is_some_and(|ranges| any_covers(&ranges, type_))
}

fn any_covers(ranges: &[Range<'_>], type_: &str) -> bool {
    ranges.iter().any(|range| covers(*range, type_))
}

fn covers((type_, subtype): Range<'_>, of: &str) -> bool {
    let (family, own) = of.split_once('/').unwrap_or((of, ""));
    let is = |part: &str, own: &str| part == "*" || part.eq_ignore_ascii_case(own);
    is(type_, family) && is(subtype, own)
}

/// Reads one range with its parameters. The subtype is empty if there is none.
fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let (type_, subtype) = match essence.split_once('/') {
        Some((_, "")) => return None,
        Some(parts) => parts,
        None => (essence, ""),
    };
    let is_good = is_token(type_) && (subtype.is_empty() || is_token(subtype));
    (is_good && parts.all(is_parameter)).then_some((type_, subtype))
}

fn is_parameter(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    match text.split_once('=') {
        Some(("q", weight)) => is_weight(weight),
        Some((name, value)) => {
            let quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
            is_token(name.trim()) && (quoted || is_token(value.trim()))
        }
        None => false,
    }
}

/// From 0 to 1 with at most three decimals.
fn is_weight(text: &str) -> bool {
    let decimals = text.split_once('.').map_or("", |(_, decimals)| decimals);
    decimals.len() <= 3 && text.parse::<f32>().is_ok_and(|q| (0.0..=1.0).contains(&q))
}

fn is_token(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// None: it cannot be read.
    fn takes(accept: &'static str) -> Option<bool> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        accepted(&headers).map(|ranges| any_covers(&ranges, JSON))
    }

    #[test]
    fn accept_covers_json_or_not_or_cannot_be_read() {
        for (value, expected) in [
            ("application/json", Some(true)),
            ("*/*", Some(true)),
            ("*", Some(true)),
            ("*/json", Some(true)),
            ("text/html, application/*;q=0.5", Some(true)),
            ("APPLICATION/JSON; charset=utf-8", Some(true)),
            ("application/json;", Some(true)),
            ("application/json;q=0", Some(true)),
            ("", Some(true)),
            ("application", Some(true)),
            ("application/xml", Some(false)),
            ("text/*", Some(false)),
            ("*/xml", Some(false)),
            ("application/json;q=x", None),
            ("application/json;q=2", None),
            ("application/json;q=0.0000", None),
            ("application/json;x", None),
            ("text/html, a/b/c", None),
            ("application /json", None),
            ("/", None),
            (",", None),
        ] {
            assert_eq!(takes(value), expected, "{value}");
        }
        assert!(accepts(&HeaderMap::new(), JSON));
    }

    #[test]
    fn json_may_have_parameters_but_no_other_subtype() {
        for (value, readable, json) in [
            ("application/json", true, true),
            ("application/json; charset=utf-8", true, true),
            ("application/json;charset=\"utf-8\"", true, true),
            ("*/json", true, true),
            ("application/*", true, true),
            ("application/vnd.x+json", true, false),
            ("text/plain", true, false),
            ("json", false, false),
            ("", false, false),
            ("application/", false, false),
            ("application/json;x", false, true),
            ("application/json, text/plain", false, false),
        ] {
            let value = HeaderValue::from_static(value);
            assert_eq!(is_readable(&value), readable, "{value:?}");
            assert_eq!(is_json(&value), json && readable, "{value:?}");
        }
    }
}
