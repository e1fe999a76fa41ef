//! A client for one question to a worker: `GET /health`.
//!
//! It tells the worker nothing and is told no secret, so over https it takes whatever certificate there is: the worker
//! is asked under an address that is rarely the one in its certificate.

mod any_certificate;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Uri, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::config::rest::Scheme;

/// Asks the worker at `url` (`http://host:port` or `https://host:port`) for its health.
///
/// # Errors
/// Why it does not count as healthy: it cannot be reached, is silent for too long, or says so itself.
pub async fn health(url: &str, patience: Duration) -> Result<String, String> {
    let endpoint = endpoint(url)?;
    let answer = timeout(patience, ask(&endpoint))
        .await
        .map_err(|_| format!("{url} did not answer within {} ms", patience.as_millis()))?;
    let (status, body) = answer.map_err(|why| format!("{url}: {why}"))?;
    let message = message(&body);
    match status {
        200 => Ok(message),
        // It is there, and its health is told to none but its users.
        401 => Ok("The worker answers and asks for a login.".to_owned()),
        _ => Err(format!("{url} answered {status}: {message}")),
    }
}

/// Where a worker is.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    scheme: Scheme,
    host: String,
    port: u16,
}

fn endpoint(url: &str) -> Result<Endpoint, String> {
    let uri: Uri = url.parse().map_err(|e| format!("{url}: {e}"))?;
    let scheme = uri.scheme_str().and_then(Scheme::parse);
    let (Some(scheme), Some(host)) = (scheme, uri.host()) else {
        return Err(format!(
            "{url}: expected http://host:port or https://host:port"
        ));
    };
    let default = match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    };
    Ok(Endpoint {
        scheme,
        host: host.to_owned(),
        port: uri.port_u16().unwrap_or(default),
    })
}

async fn ask(endpoint: &Endpoint) -> Result<(u16, Bytes), String> {
    // Brackets belong to the URL, not to the address.
    let address = endpoint.host.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((address, endpoint.port))
        .await
        .map_err(|e| e.to_string())?;
    match endpoint.scheme {
        Scheme::Http => exchange(endpoint, stream).await,
        Scheme::Https => {
            let name = ServerName::try_from(address.to_owned()).map_err(|e| e.to_string())?;
            let connector = any_certificate::connector().map_err(|e| e.to_string())?;
            let stream = connector.connect(name, stream).await;
            exchange(endpoint, stream.map_err(|e| e.to_string())?).await
        }
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    Endpoint { host, port, .. }: &Endpoint,
    stream: S,
) -> Result<(u16, Bytes), String> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    let request = Request::get("/health")
        .header(header::HOST, format!("{host}:{port}"))
        .header(header::ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|e| e.to_string())?;
    let answer = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        Ok::<_, hyper::Error>((status, response.into_body().collect().await?.to_bytes()))
    };
    // The connection moves bytes only while it is polled.
    tokio::pin!(connection);
    tokio::pin!(answer);
    tokio::select! {
        answer = &mut answer => answer.map_err(|e| e.to_string()),
        ended = &mut connection => match ended {
            // What was read before the end still counts.
            Ok(()) => answer.await.map_err(|e| e.to_string()),
            Err(e) => Err(e.to_string()),
        },
    }
}

/// The worker's own words, or whatever came instead of them.
fn message(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    match json.as_ref().and_then(|json| json.get("message")?.as_str()) {
        Some(message) => message.to_owned(),
        None => String::from_utf8_lossy(body).trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener as StdListener;

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::get;

    use super::*;

    /// Serves one answer to `GET /health` and gives the address.
    async fn serving(status: StatusCode, body: &'static str) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().route("/health", get(move || async move { (status, body) }));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }

    #[tokio::test]
    async fn only_200_is_healthy_and_the_workers_words_are_told() {
        let patience = Duration::from_secs(20);
        let url = serving(StatusCode::OK, r#"{"status":"healthy","message":"Ready."}"#).await;
        assert_eq!(health(&url, patience).await, Ok("Ready.".to_owned()));
        let body = r#"{"status":"starting","message":"Still starting."}"#;
        let url = serving(StatusCode::SERVICE_UNAVAILABLE, body).await;
        let expected = format!("{url} answered 503: Still starting.");
        assert_eq!(health(&url, patience).await, Err(expected));
        let url = serving(StatusCode::BAD_GATEWAY, "<p>no</p>\n").await;
        let expected = format!("{url} answered 502: <p>no</p>");
        assert_eq!(health(&url, patience).await, Err(expected));
    }

    #[tokio::test]
    async fn a_port_without_a_worker_is_named() {
        // Bound and never accepted from: the connection stands, no answer comes.
        let silent = StdListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", silent.local_addr().expect("an address"));
        let error = health(&url, Duration::from_millis(50)).await;
        assert_eq!(error, Err(format!("{url} did not answer within 50 ms")));
        drop(silent);
        let error = health(&url, Duration::from_secs(20))
            .await
            .expect_err("nobody listens");
        assert!(
            error.starts_with(&format!("{url}: ")) && error.contains("refused"),
            "{error}"
        );
    }

    #[test]
    fn addresses_are_http_or_https() {
        for (url, expected) in [
            (
                "http://127.0.0.1:8083",
                Some((Scheme::Http, "127.0.0.1", 8083)),
            ),
            ("http://connect/", Some((Scheme::Http, "connect", 80))),
            ("https://[::1]:8083", Some((Scheme::Https, "[::1]", 8083))),
            ("https://connect", Some((Scheme::Https, "connect", 443))),
            ("ftp://connect:8083", None),
            ("connect:8083", None),
            ("", None),
        ] {
            let expected = expected.map(|(scheme, host, port)| Endpoint {
                scheme,
                host: host.to_owned(),
                port,
            });
            assert_eq!(endpoint(url).ok(), expected, "{url}");
        }
    }
}
