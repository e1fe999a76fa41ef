//! JKS, Java's old format, as far as trust goes: the keys in it are encrypted in a way of its own and passed over.
//!
//! ```text
//! FEEDFEED version count { 1 alias date key chain | 2 alias date certificate } digest
//! ```
//! Numbers are big-endian; texts have their length before them. The digest is SHA-1 over the password in UTF-16, two
//! famous words and all that comes before it. Java does not look at it without a password.

use openssl::sha::Sha1;
use openssl::x509::X509;

use super::Fault;

const MAGIC: u32 = 0xfeed_feed;
const SALT: &[u8] = b"Mighty Aphrodite";
const DIGEST: usize = 20;

/// What Java trusts: certificates that were imported, and of each key its own certificate.
pub(super) fn trusted(bytes: &[u8], password: Option<&str>) -> Result<Vec<X509>, Fault> {
    let split = bytes.len().saturating_sub(DIGEST);
    let (data, digest) = bytes.split_at(split);
    let mut reader = Reader(data);
    let certificates = reader
        .certificates()
        .ok_or_else(|| broken("it is cut off"))?;
    if let Some(password) = password
        && !is_whole(data, digest, password)
    {
        return Err(Fault::Password);
    }
    let read = |der: &&[u8]| X509::from_der(der);
    let read: Result<Vec<_>, _> = certificates.iter().map(read).collect();
    read.map_err(|_| broken("one of its certificates is none"))
}

fn broken(why: &str) -> Fault {
    Fault::Broken(why.to_owned())
}

fn is_whole(data: &[u8], digest: &[u8], password: &str) -> bool {
    let mut hash = Sha1::new();
    for unit in password.encode_utf16() {
        hash.update(&unit.to_be_bytes());
    }
    hash.update(SALT);
    hash.update(data);
    hash.finish()[..] == *digest
}

/// What is still to be read. Every method gives none at the end of it.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn certificates(&mut self) -> Option<Vec<&'a [u8]>> {
        let (magic, version) = (self.number()?, self.number()?);
        if magic != MAGIC || !(1..=2).contains(&version) {
            return None;
        }
        let mut found = Vec::new();
        for _ in 0..self.number()? {
            let kind = self.number()?;
            self.text()?;
            self.take(8)?;
            match kind {
                1 => {
                    self.block()?;
                    for place in 0..self.number()? {
                        let certificate = self.certificate(version)?;
                        if place == 0 {
                            found.push(certificate);
                        }
                    }
                }
                2 => found.push(self.certificate(version)?),
                _ => return None,
            }
        }
        Some(found)
    }

    fn certificate(&mut self, version: u32) -> Option<&'a [u8]> {
        if version == 2 {
            // Its type; there is one, X.509.
            self.text()?;
        }
        self.block()
    }

    fn block(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.take(2)?;
        self.take(usize::from(u16::from_be_bytes([length[0], length[1]])))
    }

    fn number(&mut self) -> Option<u32> {
        let bytes = self.take(4)?;
        Some(u32::from_be_bytes(bytes.try_into().ok()?))
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}
