//! Which paths are refused before routing, as Jetty 12 does, and what the others are reduced to.

use axum::extract::Request;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses ambiguous paths; takes off path parameters and a trailing slash.
pub async fn rules(mut request: Request, next: Next) -> Response {
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

/// The path without what does not count.
fn plain_path(path: &str) -> Result<String, &'static str> {
    let mut plain = String::with_capacity(path.len());
    let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    for (i, segment) in segments.iter().enumerate() {
        let is_last = i + 1 == segments.len();
        let segment = segment.split(';').next().unwrap_or_default();
        if segment.is_empty() && !is_last {
            return Err("Ambiguous URI empty segment");
        }
        check_segment(segment)?;
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

fn check_segment(segment: &str) -> Result<(), &'static str> {
    let decoded = decode(segment).ok_or("Bad UTF-8 encoding")?;
    if decoded.contains(&b'/') {
        return Err("Ambiguous URI path separator");
    }
    if decoded.contains(&b'%') {
        return Err("Ambiguous URI path encoding");
    }
    if decoded.contains(&b'\\') || decoded.iter().any(u8::is_ascii_control) {
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

/// A page on GET and POST, nothing on other methods; the connection ends.
fn refusal(method: &Method, why: &str) -> Response {
    let mut response = if *method == Method::GET || *method == Method::POST {
        let page = format!(
            "<html>\n<head>\n<title>Error 400 {why}</title>\n</head>\n<body>\n<h2>HTTP ERROR 400 {why}</h2>\n</body>\n</html>\n"
        );
        let html = HeaderValue::from_static("text/html;charset=iso-8859-1");
        ([(CONTENT_TYPE, html)], page).into_response()
    } else {
        ().into_response()
    };
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
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
            ("/connectors/in%2Fout", Err("Ambiguous URI path separator")),
            ("/connectors/50%25off", Err("Ambiguous URI path encoding")),
            ("/connectors/in%5Cout", Err("Suspicious Path Character")),
            ("/connectors/in%09out", Err("Suspicious Path Character")),
            ("/connectors/%2E%2E", Err("Ambiguous URI path segment")),
            ("/connectors/%FF%FE", Err("Bad UTF-8 encoding")),
            ("/connectors/%zz", Err("Bad UTF-8 encoding")),
            ("/connectors/%4", Err("Bad UTF-8 encoding")),
        ] {
            assert_eq!(plain_path(path), expected.map(str::to_owned), "{path}");
        }
    }
}
