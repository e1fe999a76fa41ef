//! PEM as Java reads it: blocks anywhere in the text, their lines broken by any white space. In a `.properties` file
//! they often stand on one line, which OpenSSL would not take.

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use super::{Identity, in_order};

/// A block: what its first line says, and itself, with lines as OpenSSL wants them.
struct Block {
    label: String,
    text: String,
}

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";
const LINE: usize = 64;

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        let after = &rest[start + BEGIN.len()..];
        let Some((label, after)) = after.split_once(DASHES) else {
            break;
        };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = after.split_once(&end) else {
            break;
        };
        blocks.push(Block {
            label: label.to_owned(),
            text: format!("{BEGIN}{label}{DASHES}\n{}{end}\n", lines(body)),
        });
        rest = after;
    }
    blocks
}

/// Base 64 in lines of 64 characters. A block with headers (keys encrypted in the old way) stays as it is.
fn lines(body: &str) -> String {
    if body.contains(':') {
        return format!("{}\n", body.trim());
    }
    let packed: Vec<u8> = body.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let mut lines = String::new();
    for line in packed.chunks(LINE) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push('\n');
    }
    lines
}

/// # Errors
/// There is none, or one that is no certificate.
pub(super) fn read_certificates(bytes: &[u8]) -> Result<Vec<X509>, String> {
    let text = String::from_utf8_lossy(bytes);
    let mut certificates = Vec::new();
    for block in blocks(&text) {
        if !block.label.ends_with("CERTIFICATE") {
            continue;
        }
        let certificate = X509::from_pem(block.text.as_bytes());
        let number = certificates.len() + 1;
        certificates
            .push(certificate.map_err(|_| format!("certificate {number} in it cannot be read"))?);
    }
    match certificates.is_empty() {
        true => Err("it holds no PEM block of a certificate".to_owned()),
        false => Ok(certificates),
    }
}

/// # Errors
/// Key or certificate is missing or cannot be read.
pub(super) fn read_identity(bytes: &[u8], password: Option<&str>) -> Result<Identity, String> {
    let text = String::from_utf8_lossy(bytes);
    let key = read_key(&text, password)?;
    let mut certificates = read_certificates(bytes)?;
    let own = certificates
        .iter()
        .position(|c| c.public_key().is_ok_and(|public| public.public_eq(&key)));
    let own = own.ok_or("no certificate in it is that of its key")?;
    let certificate = certificates.remove(own);
    let others = in_order(&certificate, certificates);
    Ok(Identity {
        key,
        certificate,
        others,
    })
}

fn read_key(text: &str, password: Option<&str>) -> Result<PKey<Private>, String> {
    let blocks = blocks(text);
    let block = blocks.iter().find(|b| b.label.ends_with("PRIVATE KEY"));
    let block = block.ok_or("it holds no PEM block of a private key")?;
    let encrypted = block.label.starts_with("ENCRYPTED") || block.text.contains("ENCRYPTED");
    match password {
        None if encrypted => Err("its key is encrypted: ssl.key.password is missing".to_owned()),
        // Without a password OpenSSL would ask at the terminal.
        password => PKey::private_key_from_pem_passphrase(
            block.text.as_bytes(),
            password.unwrap_or_default().as_bytes(),
        )
        .map_err(|_| match encrypted {
            true => "its key cannot be read: ssl.key.password is wrong".to_owned(),
            false => "its key cannot be read".to_owned(),
        }),
    }
}

/// One after the other.
pub(super) fn certificates(certificates: &[X509]) -> String {
    let mut text = String::new();
    for certificate in certificates {
        // A certificate that was read can be written.
        if let Ok(pem) = certificate.to_pem() {
            text.push_str(&String::from_utf8_lossy(&pem));
        }
    }
    text
}
