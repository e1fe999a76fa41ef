//! HTTP byte by byte: for requests that no client would send, and for connections that are slow, silent or encrypted.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use openssl::ssl::{SslConnector, SslStream};

use super::rest::{Response, parse};

/// Longer than any limit that is tested; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

/// # Errors
/// TLS did not come about.
pub fn connect_tls(port: u16, connector: &SslConnector) -> Result<SslStream<TcpStream>, String> {
    let mut config = connector.configure().map_err(|e| e.to_string())?;
    config.set_verify_hostname(false);
    let stream = config.connect("localhost", connect(port));
    stream.map_err(|e| e.to_string())
}

/// A request that ends its connection.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    format!("{head}\r\n{body}").into_bytes()
}

/// Sends and reads to the end of the connection. An end by force counts as one.
pub fn exchange(mut stream: impl Read + Write, bytes: &[u8]) -> Option<Response> {
    // The other side may have hung up already, with an answer.
    let _ = stream.write_all(bytes);
    read_answer(stream)
}

/// None if the connection ends without an answer.
pub fn read_answer(mut stream: impl Read) -> Option<Response> {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            panic!("no end after {PATIENCE:?}")
        }
        _ if answer.is_empty() => None,
        _ => Some(parse(&answer).expect("an answer")),
    }
}
