//! A certificate authority of one run, and the certificates it signs.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::extension::{BasicConstraints, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};

pub struct Certificates {
    ca: Signed,
    /// Signed by the CA; signs the server's.
    issuer: Signed,
    other_ca: Signed,
    server: Signed,
    client: Signed,
}

struct Signed {
    certificate: X509,
    key: PKey<Private>,
}

impl Certificates {
    /// The server's is for `localhost`, the client's for this name.
    pub fn make(client: &str) -> Certificates {
        let ca = sign("turnbuckle test CA", Use::Signs, None);
        let issuer = sign("turnbuckle test issuer", Use::Signs, Some(&ca));
        Certificates {
            server: sign("broker", Use::Host("localhost"), Some(&issuer)),
            client: sign(client, Use::Client, Some(&ca)),
            other_ca: sign("another CA", Use::Signs, None),
            issuer,
            ca,
        }
    }

    pub fn ca(&self) -> String {
        self.ca.certificate_pem()
    }

    /// The one that signed the server's, without the CA above it.
    pub fn issuer(&self) -> String {
        self.issuer.certificate_pem()
    }

    /// The server's alone.
    pub fn server_alone(&self) -> String {
        self.server.certificate_pem()
    }

    pub fn other_ca(&self) -> String {
        self.other_ca.certificate_pem()
    }

    /// Key and chain of the server.
    pub fn server(&self) -> String {
        let chain = self.server.certificate_pem() + &self.issuer() + &self.ca();
        self.server.key_pem() + &chain
    }

    /// Key and chain of the client.
    pub fn client(&self) -> String {
        self.client.key_pem() + &self.client.certificate_pem() + &self.ca()
    }

    pub fn client_encrypted(&self, password: &str) -> String {
        let key = &self.client.key;
        let key = key
            .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), password.as_bytes())
            .expect("a key");
        text(key) + &self.client.certificate_pem() + &self.ca()
    }

    pub fn client_pkcs12(&self, password: &str) -> Vec<u8> {
        pkcs12("client", &self.client, &[&self.ca], password)
    }

    /// The server's, for a worker of the JVM.
    pub fn server_pkcs12(&self, password: &str) -> Vec<u8> {
        let above = [&self.issuer, &self.ca];
        pkcs12("server", &self.server, &above, password)
    }
}

fn pkcs12(name: &str, whose: &Signed, above: &[&Signed], password: &str) -> Vec<u8> {
    let mut others = Stack::new().expect("a stack");
    for signed in above {
        let certificate = signed.certificate.clone();
        others.push(certificate).expect("a certificate");
    }
    let mut archive = Pkcs12::builder();
    archive
        .name(name)
        .pkey(&whose.key)
        .cert(&whose.certificate)
        .ca(others);
    let archive = archive.build2(password).expect("an archive");
    archive.to_der().expect("bytes")
}

impl Signed {
    fn certificate_pem(&self) -> String {
        text(self.certificate.to_pem().expect("a certificate"))
    }

    fn key_pem(&self) -> String {
        text(self.key.private_key_to_pem_pkcs8().expect("a key"))
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("PEM is text")
}

/// What a certificate is for.
#[derive(Clone, Copy)]
enum Use<'a> {
    Signs,
    Host(&'a str),
    Client,
}

fn sign(name: &str, purpose: Use<'_>, by: Option<&Signed>) -> Signed {
    let key = PKey::from_rsa(Rsa::generate(2048).expect("a key")).expect("a key");
    let certificate = certificate(name, purpose, by, &key);
    Signed {
        certificate: certificate.expect("a certificate"),
        key,
    }
}

/// Signed by itself if nobody else does.
fn certificate(
    name: &str,
    purpose: Use<'_>,
    by: Option<&Signed>,
    key: &PKey<Private>,
) -> Result<X509, openssl::error::ErrorStack> {
    let mut subject = X509Name::builder()?;
    subject.append_entry_by_text("CN", name)?;
    let subject = subject.build();
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(120, openssl::bn::MsbOption::ONE, false)?;
    let serial = Asn1Integer::from_bn(&serial)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(&subject)?;
    builder.set_issuer_name(by.map_or(&*subject, |b| b.certificate.subject_name()))?;
    builder.set_pubkey(key)?;
    let (begin, end) = (Asn1Time::days_from_now(0)?, Asn1Time::days_from_now(2)?);
    builder.set_not_before(&begin)?;
    builder.set_not_after(&end)?;
    if let Use::Signs = purpose {
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
        builder.append_extension(KeyUsage::new().key_cert_sign().crl_sign().build()?)?;
    }
    if let Use::Host(host) = purpose {
        let context = builder.x509v3_context(by.map(|b| &*b.certificate), None);
        let names = SubjectAlternativeName::new().dns(host).build(&context)?;
        builder.append_extension(names)?;
    }
    builder.sign(by.map_or(key, |b| &b.key), MessageDigest::sha256())?;
    Ok(builder.build())
}
