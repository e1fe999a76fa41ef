//! A schema registry in this process that can be told to fail, and remembers what it was asked.
//!
//! It has what converters and serializers ask of Confluent's: ids, GUIDs, subjects with versions. Schemas are compared by
//! their text. Each connection is served on a thread that ends with the process.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use serde_json::{Value, json};

/// What it does with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    Works,
    /// Takes the request and never answers.
    Hangs,
    /// Hangs up.
    HangsUp,
    /// Answers after this time.
    Slow(Duration),
    Answers(u16, &'static [(&'static str, &'static str)], &'static str),
    /// Works for requests with this header, answers 401 to others.
    Wants(&'static str, String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `GET /schemas/ids/1?subject=t-value`.
    pub line: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }
}

struct Registered {
    subject: String,
    type_: String,
    text: String,
}

struct Shared {
    mode: Mutex<Mode>,
    asked: Mutex<Vec<Asked>>,
    /// The id of a schema is its place, from one on.
    schemas: Mutex<Vec<Registered>>,
}

#[derive(Clone)]
pub struct FakeRegistry {
    pub url: String,
    shared: Arc<Shared>,
}

/// How a registry with TLS proves who it is, and whom it lets in.
pub struct Tls<'a> {
    /// Key and chain.
    pub server: &'a str,
    /// Who signs clients that are let in; none lets all in.
    pub client_ca: Option<&'a str>,
}

impl FakeRegistry {
    pub fn start() -> FakeRegistry {
        Self::on(listener(0), None)
    }

    /// On a port that something else may have had.
    pub fn start_at(port: u16) -> FakeRegistry {
        Self::on(listener(port), None)
    }

    pub fn start_tls(tls: &Tls<'_>) -> FakeRegistry {
        let acceptor = acceptor(tls).expect("certificates");
        Self::on(listener(0), Some(acceptor))
    }

    fn on(listener: TcpListener, tls: Option<SslAcceptor>) -> FakeRegistry {
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let registry = FakeRegistry {
            url: format!("{scheme}://localhost:{port}"),
            shared: Arc::new(Shared {
                mode: Mutex::new(Mode::Works),
                asked: Mutex::default(),
                schemas: Mutex::default(),
            }),
        };
        let (served, tls) = (registry.clone(), tls.map(Arc::new));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, tls) = (served.clone(), tls.clone());
                std::thread::spawn(move || {
                    // A client that goes away is its own concern.
                    let _ = match tls {
                        None => served.serve(stream),
                        Some(tls) => match tls.accept(stream) {
                            Ok(stream) => served.serve(stream),
                            Err(_) => Ok(()),
                        },
                    };
                });
            }
        });
        registry
    }

    pub fn set(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
    }

    /// Makes a schema known and gives its id.
    pub fn register(&self, subject: &str, type_: &str, text: &str) -> i32 {
        let mut schemas = lock(&self.shared.schemas);
        let same = |s: &Registered| s.subject == subject && s.text == text;
        if let Some(place) = schemas.iter().position(same) {
            return place as i32 + 1;
        }
        schemas.push(Registered {
            subject: subject.to_owned(),
            type_: type_.to_owned(),
            text: text.to_owned(),
        });
        schemas.len() as i32
    }

    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }

    pub fn forget_asked(&self) {
        lock(&self.shared.asked).clear();
    }

    fn serve(&self, stream: impl Read + Write) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some((asked, body)) = request(&mut stream)? {
            lock(&self.shared.asked).push(asked.clone());
            let mode = lock(&self.shared.mode).clone();
            let (status, headers, answer) = match mode {
                Mode::HangsUp => return Ok(()),
                Mode::Hangs => loop {
                    // Parking may end by itself; the thread goes with the process.
                    std::thread::park();
                },
                Mode::Answers(status, headers, text) => (status, headers, text.to_owned()),
                Mode::Wants(name, value) if asked.header(name) != Some(&value) => (
                    401,
                    &[][..],
                    json!({"error_code": 40101, "message": "who are you?"}).to_string(),
                ),
                mode => {
                    if let Mode::Slow(time) = mode {
                        pause(time);
                    }
                    let (status, answer) = self.answer(&asked.line, &body);
                    (status, &[][..], answer.to_string())
                }
            };
            let mut head = format!(
                "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n",
                answer.len()
            );
            for (name, value) in headers {
                head += &format!("{name}: {value}\r\n");
            }
            write!(stream.get_mut(), "{head}\r\n{answer}")?;
        }
        Ok(())
    }

    fn answer(&self, line: &str, body: &str) -> (u16, Value) {
        let (method, path) = line.split_once(' ').unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let schemas = lock(&self.shared.schemas);
        let by_place =
            |place: Option<usize>| place.and_then(|place| Some((place, schemas.get(place)?)));
        let found = match (method, parts.as_slice()) {
            ("GET", ["subjects"]) => return (200, json!([])),
            ("GET", ["schemas", "ids", id]) => {
                by_place(id.parse::<usize>().ok().and_then(|id| id.checked_sub(1)))
            }
            ("GET", ["schemas", "guids", guid]) => {
                by_place((0..schemas.len()).find(|place| self::guid(*place) == *guid))
            }
            ("GET", ["subjects", subject, "versions", "latest"]) => {
                by_place(schemas.iter().rposition(|s| s.subject == *subject))
            }
            ("GET", ["subjects", subject, "versions", version]) => {
                let mut of = (0..schemas.len()).filter(|p| schemas[*p].subject == *subject);
                let version = version.parse::<usize>().ok().and_then(|v| v.checked_sub(1));
                by_place(version.and_then(|version| of.nth(version)))
            }
            ("POST", ["subjects", subject]) => by_place(schemas.iter().position(|s| {
                s.subject == *subject && body["schema"].as_str() == Some(s.text.as_str())
            })),
            ("POST", ["subjects", subject, "versions"]) => {
                drop(schemas);
                let text = body["schema"].as_str().unwrap_or_default();
                let type_ = body["schemaType"].as_str().unwrap_or("AVRO");
                let id = self.register(subject, type_, text);
                return (200, json!({"id": id, "guid": guid(id as usize - 1)}));
            }
            _ => None,
        };
        let Some((place, schema)) = found else {
            return (
                404,
                json!({"error_code": 40403, "message": "Schema not found"}),
            );
        };
        let of_subject = schemas[..=place].iter();
        let version = of_subject.filter(|s| s.subject == schema.subject).count();
        let answer = json!({
            "id": place + 1, "guid": guid(place), "version": version, "subject": schema.subject,
            "schemaType": schema.type_, "schema": schema.text,
        });
        (200, answer)
    }
}

/// A proxy that is asked to CONNECT; its port, and the targets it was asked for.
pub fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = listener(0);
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let told = told.clone();
            std::thread::spawn(move || tunnel(stream, &told));
        }
    });
    (port, asked)
}

fn tunnel(client: TcpStream, told: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some((asked, _)) = request(&mut reader)? else {
        return Ok(());
    };
    let target = asked.line.trim_start_matches("CONNECT ").to_owned();
    lock(told).push(target.clone());
    let server = TcpStream::connect(&target)?;
    let mut writer = client.try_clone()?;
    writer.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let mut back = server.try_clone()?;
    std::thread::spawn(move || io::copy(&mut back, &mut writer));
    let mut to = server;
    io::copy(&mut reader, &mut to).map(drop)
}

fn guid(place: usize) -> String {
    format!("7d3a1f00-0000-4000-8000-{:012x}", place + 1)
}

fn listener(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port)).expect("a port")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[allow(clippy::disallowed_methods, reason = "a registry that is slow")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn acceptor(tls: &Tls<'_>) -> Result<SslAcceptor, openssl::error::ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(tls.server.as_bytes())?;
    let chain = X509::stack_from_pem(tls.server.as_bytes())?;
    builder.set_private_key(&key)?;
    let mut chain = chain.into_iter();
    if let Some(own) = chain.next() {
        builder.set_certificate(&own)?;
    }
    for issuer in chain {
        builder.add_extra_chain_cert(issuer)?;
    }
    if let Some(ca) = tls.client_ca {
        builder
            .cert_store_mut()
            .add_cert(X509::from_pem(ca.as_bytes())?)?;
        builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    }
    Ok(builder.build())
}

fn request(reader: &mut impl BufRead) -> io::Result<Option<(Asked, String)>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut asked = Asked {
        line: line.trim().trim_end_matches(" HTTP/1.1").to_owned(),
        headers: Vec::new(),
    };
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim().split_once(':') {
            Some((name, value)) => asked
                .headers
                .push((name.to_lowercase(), value.trim().to_owned())),
            None => break,
        }
    }
    let length = asked.header("content-length").and_then(|l| l.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body)?;
    Ok(Some((asked, String::from_utf8_lossy(&body).into_owned())))
}
