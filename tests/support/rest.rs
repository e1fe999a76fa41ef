//! A small blocking HTTP/1.1 client: one connection per request, JSON bodies. Enough for Connect's REST API and for
//! the database's HTTP endpoint, and no dependency that the tested program might share.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A REST API at `http://host:port`.
#[derive(Clone, Debug)]
pub struct Rest {
    pub base: String,
    headers: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Rest {
    pub fn new(base: impl Into<String>) -> Rest {
        Rest {
            base: base.into().trim_end_matches('/').to_owned(),
            headers: Vec::new(),
        }
    }

    /// Sends this header with every request.
    pub fn with_header(mut self, name: &str, value: &str) -> Rest {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, path: &str) -> io::Result<Response> {
        self.send("GET", path, None)
    }

    pub fn delete(&self, path: &str) -> io::Result<Response> {
        self.send("DELETE", path, None)
    }

    pub fn post(&self, path: &str, body: &Value) -> io::Result<Response> {
        self.send("POST", path, Some(body))
    }

    pub fn put(&self, path: &str, body: &Value) -> io::Result<Response> {
        self.send("PUT", path, Some(body))
    }

    pub fn patch(&self, path: &str, body: &Value) -> io::Result<Response> {
        self.send("PATCH", path, Some(body))
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> io::Result<Response> {
        let bytes = body.map(|b| b.to_string().into_bytes());
        let mut headers = self.headers.clone();
        if bytes.is_some() {
            headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
        }
        request(
            method,
            &format!("{}{path}", self.base),
            &headers,
            bytes.as_deref(),
        )
    }
}

impl Response {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; `Null` when it is empty.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("not JSON ({e}): {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.as_str())
    }

    /// Fails the test, showing the body, unless the status is `expected`.
    #[track_caller]
    pub fn expect(self, expected: u16) -> Response {
        assert_eq!(self.status, expected, "{}", self.text());
        self
    }
}

/// One request of any kind. The path in `url` must be percent-encoded already.
pub fn request(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<&[u8]>,
) -> io::Result<Response> {
    let rest = url
        .strip_prefix("http://")
        .ok_or_else(|| invalid("only http:// is spoken here"))?;
    let (host, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, "/"),
    };
    let mut stream = TcpStream::connect(host)?;
    // Longer than the 90 s after which a Connect worker gives up a request.
    stream.set_read_timeout(Some(Duration::from_secs(100)))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if body.is_some() || matches!(method, "POST" | "PUT" | "PATCH") {
        head += &format!("Content-Length: {}\r\n", body.map_or(0, <[u8]>::len));
    }
    head += "\r\n";
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.unwrap_or_default())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

/// An answer as it came, up to the end of its connection.
pub fn parse(answer: &[u8]) -> io::Result<Response> {
    let end =
        find(answer, b"\r\n\r\n").ok_or_else(|| invalid("the answer ends within its head"))?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .ok_or_else(|| invalid("no status line"))?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut response = Response {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    };
    if response
        .header("transfer-encoding")
        .is_some_and(|v| v.eq_ignore_ascii_case("chunked"))
    {
        response.body = dechunk(&response.body)?;
    }
    Ok(response)
}

fn dechunk(mut rest: &[u8]) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = find(rest, b"\r\n").ok_or_else(|| invalid("a chunk without its size"))?;
        let size = std::str::from_utf8(&rest[..line])
            .ok()
            .and_then(|s| s.split(';').next());
        let size = size.and_then(|s| usize::from_str_radix(s.trim(), 16).ok());
        let size = size.ok_or_else(|| invalid("a chunk without its size"))?;
        let chunk = rest
            .get(line + 2..line + 2 + size)
            .ok_or_else(|| invalid("a chunk was cut off"))?;
        if size == 0 {
            return Ok(body);
        }
        body.extend_from_slice(chunk);
        rest = rest.get(line + 2 + size + 2..).unwrap_or_default();
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}
