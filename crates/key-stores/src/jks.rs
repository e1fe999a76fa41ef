//! JKS, Java's old format.
//!
//! ```text
//! FEEDFEED version count { 1 alias date key chain | 2 alias date certificate } digest
//! ```
//! Numbers are big-endian; texts have their length before them. The digest is SHA-1 over the password in UTF-16, two
//! famous words and all that comes before it. Java does not look at it without a password.
//!
//! A key is PKCS #8 under a cipher of its own: XOR with a chain of SHA-1 over the password and the block before, which
//! begins with twenty bytes of salt. A last SHA-1, over password and key, tells whether it was the right password.

use openssl::pkey::{PKey, Private};
use openssl::sha::Sha1;
use openssl::x509::X509;

use super::{Fault, Identity, in_order};

const MAGIC: u32 = 0xfeed_feed;
const SALT: &[u8] = b"Mighty Aphrodite";
const DIGEST: usize = 20;
/// The number of Sun's cipher, 1.3.6.1.4.1.42.2.17.1.1, as DER writes it.
const CIPHER: &[u8] = &[
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x2a, 0x02, 0x11, 0x01, 0x01,
];
const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;

/// One of its entries.
enum Entry<'a> {
    Key {
        encrypted: &'a [u8],
        /// The key's own first, then those that vouch for it.
        chain: Vec<&'a [u8]>,
    },
    Trusted(&'a [u8]),
}

/// What Java trusts: certificates that were imported, and of each key its own certificate.
pub(super) fn trusted(bytes: &[u8], password: Option<&str>) -> Result<Vec<X509>, Fault> {
    let entries = entries(bytes, password)?;
    let certificates = entries.iter().filter_map(|entry| match entry {
        Entry::Trusted(certificate) => Some(*certificate),
        Entry::Key { chain, .. } => chain.first().copied(),
    });
    certificates.map(certificate).collect()
}

/// The first key in it. Without a password of its own, the key has the file's.
pub(super) fn identity(
    bytes: &[u8],
    password: Option<&str>,
    key_password: Option<&str>,
) -> Result<Identity, Fault> {
    let Some(password) = password else {
        return Err(Fault::Password);
    };
    let entries = entries(bytes, Some(password))?;
    let keys = entries.iter().find_map(|entry| match entry {
        Entry::Key { encrypted, chain } => Some((*encrypted, chain)),
        Entry::Trusted(_) => None,
    });
    let (encrypted, chain) = keys.ok_or_else(|| broken("it holds no key with its certificate"))?;
    let key = key(encrypted, key_password.unwrap_or(password))?;
    let mut chain: Vec<X509> = chain
        .iter()
        .map(|c| certificate(c))
        .collect::<Result<_, _>>()?;
    if chain.is_empty() {
        return Err(broken("it holds no certificate of its key"));
    }
    let own = chain.remove(0);
    let others = in_order(&own, chain);
    Ok(Identity {
        key,
        certificate: own,
        others,
    })
}

fn entries<'a>(bytes: &'a [u8], password: Option<&str>) -> Result<Vec<Entry<'a>>, Fault> {
    let split = bytes.len().saturating_sub(DIGEST);
    let (data, digest) = bytes.split_at(split);
    let mut reader = Reader(data);
    let entries = reader.entries().ok_or_else(|| broken("it is cut off"))?;
    if let Some(password) = password
        && !is_whole(data, digest, password)
    {
        return Err(Fault::Password);
    }
    Ok(entries)
}

fn certificate(der: &[u8]) -> Result<X509, Fault> {
    X509::from_der(der).map_err(|_| broken("one of its certificates is none"))
}

fn key(encrypted: &[u8], password: &str) -> Result<PKey<Private>, Fault> {
    let data = sealed(encrypted).ok_or_else(|| broken("its key is encrypted in an unknown way"))?;
    let (salt, rest) = data.split_at(DIGEST);
    let (cipher, check) = rest.split_at(rest.len() - DIGEST);
    let mut block = salt.to_vec();
    let mut plain = Vec::with_capacity(cipher.len());
    for part in cipher.chunks(DIGEST) {
        block = digest(password, &block).to_vec();
        plain.extend(part.iter().zip(&block).map(|(byte, mask)| byte ^ mask));
    }
    if digest(password, &plain)[..] != *check {
        return Err(Fault::KeyPassword);
    }
    PKey::private_key_from_der(&plain).map_err(|_| broken("its key is none that is known here"))
}

/// The octets of `SEQUENCE { SEQUENCE { cipher, … }, OCTET STRING }`: salt, key and check.
fn sealed(der: &[u8]) -> Option<&[u8]> {
    let (inner, _) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(inner, SEQUENCE)?;
    let (data, _) = element(rest, OCTETS)?;
    (algorithm.starts_with(CIPHER) && data.len() > 2 * DIGEST).then_some(data)
}

/// What an element of DER with this tag holds, and what comes behind it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = der.split_first_chunk::<2>()?;
    if found != tag {
        return None;
    }
    let (length, rest) = match length {
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            let length = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => (usize::from(length), rest),
    };
    rest.split_at_checked(length)
}

fn digest(password: &str, data: &[u8]) -> [u8; DIGEST] {
    let mut hash = Sha1::new();
    for unit in password.encode_utf16() {
        hash.update(&unit.to_be_bytes());
    }
    hash.update(data);
    hash.finish()
}

fn broken(why: &str) -> Fault {
    Fault::Broken(why.to_owned())
}

fn is_whole(data: &[u8], digest: &[u8], password: &str) -> bool {
    self::digest(password, &[SALT, data].concat())[..] == *digest
}

/// What is still to be read. Every method gives none at the end of it.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn entries(&mut self) -> Option<Vec<Entry<'a>>> {
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
                    let encrypted = self.block()?;
                    let mut chain = Vec::new();
                    for _ in 0..self.number()? {
                        chain.push(self.certificate(version)?);
                    }
                    found.push(Entry::Key { encrypted, chain });
                }
                2 => found.push(Entry::Trusted(self.certificate(version)?)),
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
