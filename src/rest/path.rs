//! Which requests are refused before routing, as Jetty 12 does, and what the paths of others are reduced to.

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HOST};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::media_type::is_readable;

/// What Jetty says of a path whose escapes are none.
const BAD_MESSAGE: &str = "Bad Message";

/// Refuses ambiguous hosts and paths and a body's type that is none; takes off path parameters and a trailing slash.
pub async fn rules(mut request: Request, next: Next) -> Response {
    if let Err(why) = check_host(&request) {
        return refusal(request.method(), why);
    }
    let types = request.headers().get_all(CONTENT_TYPE);
    if !types.iter().all(is_readable) {
        return refusal(request.method(), "Bad Request");
    }
    match plain_path(request.uri().path()) {
        Ok(path) => {
            if path != request.uri().path()
                && let Some(uri) = with_path(request.uri(), &path)
            {
                *request.uri_mut() = uri;
            }
            next.run(request).await
        }
        Err(why) => refusal(request.method(), why),
    }
}

/// Whoever stands between must not take another host for the one that is meant.
fn check_host(request: &Request) -> Result<(), &'static str> {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => Err("Duplicate Host Header"),
        (None, None) if request.version() > Version::HTTP_10 => Err("No Host"),
        _ => Ok(()),
    }
}

/// The path without what does not count.
fn plain_path(path: &str) -> Result<String, &'static str> {
    if !path.starts_with('/') {
        return Err("Bad Request");
    }
    let mut plain = String::with_capacity(path.len());
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    for (i, segment) in segments.iter().enumerate() {
        let is_last = i + 1 == segments.len();
        let segment = segment.split(';').next().unwrap_or_default();
        if segment.is_empty() && !is_last {
            return Err("Ambiguous URI empty segment");
        }
        let is_name = i == 1 && segments.first() == Some(&"connectors");
        check_segment(segment, is_name)?;
        // One trailing slash is fine.
        if !segment.is_empty() {
            plain.push('/');
            plain.push_str(segment);
        }
    }
    if plain.is_empty() {
        plain.push('/');
    }
    Ok(plain)
}

/// `is_name`: it is the name of a connector. A worker of the JVM takes any name and then finds no path to some; here
/// each of them can be reached.
fn check_segment(segment: &str, is_name: bool) -> Result<(), &'static str> {
    if segment.contains(['"', '<', '>', '^', '`', '{', '|', '}', '[', ']']) {
        return Err("Illegal Path Character");
    }
    let decoded = decode(segment)
        .filter(|bytes| !bytes.contains(&0))
        .ok_or(BAD_MESSAGE)?;
    if decoded.contains(&b'/') && !is_name {
        return Err("Ambiguous URI path separator");
    }
    if decoded.contains(&b'%') && !is_name {
        return Err("Ambiguous URI path encoding");
    }
    let is_suspicious = |byte: &u8| byte.is_ascii_control() || (*byte == b'\\' && !is_name);
    if decoded.iter().any(is_suspicious) {
        return Err("Suspicious Path Character");
    }
    let is_dots = decoded == b"." || decoded == b"..";
    if is_dots && segment.contains('%') {
        return Err("Ambiguous URI path segment");
    }
    std::str::from_utf8(&decoded)
        .map(drop)
        .map_err(|_| "Bad UTF-8 encoding")
}

/// None if an escape is malformed.
fn decode(segment: &str) -> Option<Vec<u8>> {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        if byte == b'%' {
            let digits = segment.get(i + 1..i + 3)?;
            // Not what else Rust takes for a number.
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            i += 3;
        } else {
            decoded.push(byte);
            i += 1;
        }
    }
    Some(decoded)
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
    Uri::from_parts(parts).ok()
}

/// A page on GET and POST, and for what cannot be read on every method; nothing otherwise. The connection ends.
fn refusal(method: &Method, why: &str) -> Response {
    let has_page = why == BAD_MESSAGE || *method == Method::GET || *method == Method::POST;
    let mut response = if has_page {
        let page = format!(
            "<html>\n<head>\n<title>Error 400 {why}</title>\n</head>\n<body>\n<h2>HTTP ERROR 400 {why}</h2>\n</body>\n</html>\n"
        );
        let html = HeaderValue::from_static("text/html;charset=iso-8859-1");
        ([(CONTENT_TYPE, html)], page).into_response()
    } else {
        ().into_response()
    };
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("must-revalidate,no-cache,no-store"),
    );
    response
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_are_plain_or_refused() {
        for (path, expected) in [
            ("/", Ok("/")),
            ("/connectors", Ok("/connectors")),
            ("/connectors/", Ok("/connectors")),
            ("/connectors/semi;colon", Ok("/connectors/semi")),
            ("/connectors/semi%3Bcolon", Ok("/connectors/semi%3Bcolon")),
            ("/connectors/a+b", Ok("/connectors/a+b")),
            ("/connectors/%D0%B6", Ok("/connectors/%D0%B6")),
            ("//connectors", Err("Ambiguous URI empty segment")),
            ("/connectors//status", Err("Ambiguous URI empty segment")),
            ("/connectors/in%2Fout", Ok("/connectors/in%2Fout")),
            (
                "/connectors/50%25off/status",
                Ok("/connectors/50%25off/status"),
            ),
            ("/connectors/in%5Cout", Ok("/connectors/in%5Cout")),
            (
                "/connector-plugins/in%2Fout",
                Err("Ambiguous URI path separator"),
            ),
            ("/connectors/a/50%25off", Err("Ambiguous URI path encoding")),
            ("/connectors/a/in%5Cout", Err("Suspicious Path Character")),
            ("/connectors/a|b", Err("Illegal Path Character")),
            ("/connectors/[a]", Err("Illegal Path Character")),
            ("/connectors/%5Ba%5D", Ok("/connectors/%5Ba%5D")),
            ("/connectors/in%09out", Err("Suspicious Path Character")),
            ("/connectors/%2E%2E", Err("Ambiguous URI path segment")),
            ("/connectors/%FF%FE", Err("Bad UTF-8 encoding")),
            ("/connectors/%zz", Err(BAD_MESSAGE)),
            ("/connectors/%4", Err(BAD_MESSAGE)),
            ("/connectors/%00", Err(BAD_MESSAGE)),
            ("/connectors/%+1", Err(BAD_MESSAGE)),
            ("*", Err("Bad Request")),
        ] {
            assert_eq!(plain_path(path), expected.map(str::to_owned), "{path}");
        }
    }

    proptest! {
        /// Whatever comes, what is let through leads to one place and holds nothing that could lead elsewhere.
        #[test]
        fn what_is_let_through_is_plain(path in "/?([a-z.;%/+*~]|%2[0-9a-fA-F]|%[0-9a-f]{2}|\\PC){0,40}") {
            if let Ok(plain) = plain_path(&path) {
                prop_assert!(plain.starts_with('/'));
                prop_assert!(!plain.contains("//") && !plain.contains(';'), "{plain}");
                for (i, segment) in plain[1..].split('/').enumerate() {
                    let decoded = decode(segment).expect("what was checked");
                    let text = String::from_utf8(decoded).expect("UTF-8");
                    let is_name = i == 1 && plain.starts_with("/connectors/");
                    prop_assert!(is_name || !text.contains(['/', '%', '\\']));
                    prop_assert!(!text.contains(|c: char| c.is_ascii_control()));
                }
                prop_assert_eq!(plain_path(&plain), Ok(plain.clone()));
            }
        }
    }
}
