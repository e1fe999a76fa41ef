//! A token endpoint as identity providers have it: client credentials for a signed JWT, over TLS or plain HTTP.
//!
//! It answers one request after the other on a thread that ends with the process. It can be told to fail.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::ssl::{SslAcceptor, SslMethod};
use serde_json::json;

/// The scope that has to be asked for.
pub const SCOPE: &str = "connect read";

pub struct Tokens {
    key: PKey<Private>,
    client: String,
    secret: String,
    port: u16,
    secure_port: u16,
    /// How long tokens live, in seconds.
    lifetime: AtomicU32,
    /// The status of answers; 200 is none that fails.
    status: AtomicU16,
    served: AtomicU32,
}

impl Tokens {
    /// Tokens for this client. Its TLS has the broker's certificate.
    pub fn start(client: &str, secret: &str, server_pem: &str) -> Result<Arc<Tokens>, String> {
        let failed = |e: io::Error| format!("a token endpoint: {e}");
        let plain = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let secure = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
        let port = |l: &TcpListener| l.local_addr().map(|a| a.port()).map_err(failed);
        let key = Rsa::generate(2048).and_then(PKey::from_rsa);
        let tokens = Arc::new(Tokens {
            key: key.map_err(|e| e.to_string())?,
            client: client.to_owned(),
            secret: secret.to_owned(),
            port: port(&plain)?,
            secure_port: port(&secure)?,
            lifetime: AtomicU32::new(3600),
            status: AtomicU16::new(200),
            served: AtomicU32::new(0),
        });
        let acceptor = acceptor(server_pem).map_err(|e| e.to_string())?;
        let server = tokens.clone();
        std::thread::spawn(move || {
            for stream in plain.incoming().flatten() {
                // A client that goes away is its own concern.
                let _ = server.serve(stream);
            }
        });
        let server = tokens.clone();
        std::thread::spawn(move || {
            for stream in secure.incoming().flatten() {
                if let Ok(stream) = acceptor.accept(stream) {
                    let _ = server.serve(stream);
                }
            }
        });
        Ok(tokens)
    }

    pub fn url(&self) -> String {
        format!("http://localhost:{}/token", self.port)
    }

    pub fn secure_url(&self) -> String {
        format!("https://localhost:{}/token", self.secure_port)
    }

    /// The key that signs, as brokers read it.
    pub fn jwks(&self) -> String {
        let rsa = self.key.rsa().expect("an RSA key");
        let part = |n: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(n.to_vec());
        json!({"keys": [{
            "kty": "RSA", "kid": "one", "use": "sig", "alg": "RS256",
            "n": part(rsa.n()), "e": part(rsa.e()),
        }]})
        .to_string()
    }

    /// How many tokens were given.
    pub fn served(&self) -> u32 {
        self.served.load(Ordering::SeqCst)
    }

    pub fn set_lifetime(&self, seconds: u32) {
        self.lifetime.store(seconds, Ordering::SeqCst);
    }

    pub fn set_status(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// A token for this user.
    pub fn token(&self, user: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |d| d.as_secs());
        let lifetime = u64::from(self.lifetime.load(Ordering::SeqCst));
        let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = encoded(json!({"alg": "RS256", "typ": "JWT", "kid": "one"}));
        let claims = encoded(json!({
            "sub": user, "iat": now, "exp": now + lifetime, "scope": SCOPE, "aud": "kafka",
        }));
        let signed = format!("{header}.{claims}");
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).expect("a signer");
        let signature = signer.sign_oneshot_to_vec(signed.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(signature.expect("a signature"));
        format!("{signed}.{signature}")
    }

    fn serve(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let (head, body) = request(&mut stream)?;
        let (status, answer) = self.answer(&head, &body);
        let answer = answer.to_string();
        let length = answer.len();
        write!(
            stream,
            "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}"
        )
    }

    fn answer(&self, head: &[String], body: &str) -> (u16, serde_json::Value) {
        let status = self.status.load(Ordering::SeqCst);
        if status != 200 {
            return (status, json!({"error": "temporarily_unavailable"}));
        }
        let login = STANDARD.encode(format!("{}:{}", self.client, self.secret));
        let login = format!("authorization: basic {}", login.to_lowercase());
        if !head.contains(&login) {
            let answer = json!({"error": "invalid_client", "error_description": "who are you?"});
            return (401, answer);
        }
        let scope = SCOPE.replace(' ', "+");
        if body != format!("grant_type=client_credentials&scope={scope}") {
            return (400, json!({"error": "invalid_scope"}));
        }
        self.served.fetch_add(1, Ordering::SeqCst);
        (
            200,
            json!({"access_token": self.token(&self.client), "token_type": "Bearer"}),
        )
    }
}

fn acceptor(pem: &str) -> Result<SslAcceptor, openssl::error::ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(pem.as_bytes())?;
    let chain = openssl::x509::X509::stack_from_pem(pem.as_bytes())?;
    builder.set_private_key(&key)?;
    builder.set_certificate(&chain[0])?;
    for above in chain.iter().skip(1) {
        builder.add_extra_chain_cert(above.clone())?;
    }
    Ok(builder.build())
}

/// The lines of the head in lower case, and the body.
fn request(stream: &mut impl Read) -> io::Result<(Vec<String>, String)> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.parse().unwrap_or(0);
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8_lossy(&body).into_owned()))
}

/// An endpoint that takes connections and never answers.
pub fn silent_url() -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    let port = listener.local_addr().map_err(|e| e.to_string())?.port();
    std::thread::spawn(move || {
        let held: Vec<TcpStream> = listener.incoming().flatten().collect();
        drop(held);
    });
    Ok(format!("http://localhost:{port}/token"))
}
