use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sha::Sha1;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::extension::BasicConstraints;
use openssl::x509::{X509, X509NameBuilder};

use super::{Store, Tls, load};

const LOCATION: &str = "ssl.truststore.location";
const KEYSTORE: &str = "ssl.keystore.location";

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("turnbuckle-stores-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(Path::new(&self.0));
    }
}

fn signed(name: &str, by: Option<(&X509, &PKey<Private>)>) -> (X509, PKey<Private>) {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder
        .set_issuer_name(by.map_or(&*subject, |(c, _)| c.subject_name()))
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(1).unwrap())
        .unwrap();
    builder
        .append_extension(BasicConstraints::new().ca().build().unwrap())
        .unwrap();
    builder
        .sign(by.map_or(&key, |(_, k)| k), MessageDigest::sha256())
        .unwrap();
    (builder.build(), key)
}

fn pem(certificate: &X509) -> String {
    String::from_utf8(certificate.to_pem().unwrap()).unwrap()
}

/// A JKS file of version 2 with these certificates; the first one belongs to a key that is no key.
fn jks(certificates: &[&X509], password: &str) -> Vec<u8> {
    jks_with_key(b"encrypted", certificates, password)
}

/// As Sun's `KeyProtector` does it.
fn sealed(key: &PKey<Private>, password: &str) -> Vec<u8> {
    let digest = |data: &[u8]| {
        let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_be_bytes).collect();
        openssl::sha::sha1(&[&utf16, data].concat()).to_vec()
    };
    let plain = key.private_key_to_pkcs8().unwrap();
    let salt: Vec<u8> = (1..=20).collect();
    let mut mask: Vec<u8> = Vec::new();
    let mut block = salt.clone();
    while mask.len() < plain.len() {
        block = digest(&block);
        mask.extend(&block);
    }
    let hidden = plain.iter().zip(mask).map(|(byte, mask)| byte ^ mask);
    let data = [salt, hidden.collect(), digest(&plain)].concat();
    let long = |tag: u8, content: Vec<u8>| {
        let length = (content.len() as u16).to_be_bytes();
        [vec![tag, 0x82, length[0], length[1]], content].concat()
    };
    let oid = [6, 10, 43, 6, 1, 4, 1, 42, 2, 17, 1, 1, 5, 0];
    let algorithm = [&[0x30, oid.len() as u8][..], &oid].concat();
    long(0x30, [algorithm, long(0x04, data)].concat())
}

fn jks_with_key(key: &[u8], certificates: &[&X509], password: &str) -> Vec<u8> {
    let text = |t: &str| [&(t.len() as u16).to_be_bytes()[..], t.as_bytes()].concat();
    let block = |b: &[u8]| [&(b.len() as u32).to_be_bytes()[..], b].concat();
    let mut bytes = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2];
    bytes.extend((certificates.len() as u32).to_be_bytes());
    for (i, certificate) in certificates.iter().enumerate() {
        let kind: u32 = if i == 0 { 1 } else { 2 };
        bytes.extend(kind.to_be_bytes());
        bytes.extend(text("alias"));
        bytes.extend([0; 8]);
        if i == 0 {
            bytes.extend(block(key));
            bytes.extend(2_u32.to_be_bytes());
            bytes.extend(text("X.509"));
            bytes.extend(block(&certificate.to_der().unwrap()));
        }
        bytes.extend(text("X.509"));
        bytes.extend(block(&certificate.to_der().unwrap()));
    }
    let mut hash = Sha1::new();
    for unit in password.encode_utf16() {
        hash.update(&unit.to_be_bytes());
    }
    hash.update(b"Mighty Aphrodite");
    hash.update(&bytes);
    bytes.extend(hash.finish());
    bytes
}

fn java(key: &'static str, path: &str, password: Option<&str>) -> Store {
    Store::Java {
        key,
        path: path.to_owned(),
        password: password.map(str::to_owned),
    }
}

fn trust(store: Store) -> Result<String, String> {
    let tls = Tls {
        trust: Some(store),
        ..Tls::default()
    };
    let settings = load(&tls).map_err(|e| e.to_string())?;
    assert_eq!(settings.len(), 1);
    assert_eq!(settings[0].0, "ssl.ca.pem");
    Ok(settings[0].1.clone())
}

fn own(store: Store, key_password: Option<&str>) -> Result<(String, String), String> {
    let tls = Tls {
        identity: Some(store),
        key_password: key_password.map(str::to_owned),
        ..Tls::default()
    };
    let settings = load(&tls).map_err(|e| e.to_string())?;
    let [("ssl.certificate.pem", chain), ("ssl.key.pem", key)] = &settings[..] else {
        panic!("other settings");
    };
    Ok((chain.clone(), key.clone()))
}

#[test]
fn trust_stores_of_all_formats_give_their_certificates() {
    let folder = Folder::new();
    let (a, _) = signed("a", None);
    let (b, _) = signed("b", None);
    let both = pem(&a) + &pem(&b);
    let file = folder.write("t.jks", &jks(&[&a, &b], "gehéim"));
    assert_eq!(
        trust(java(LOCATION, &file, Some("gehéim"))),
        Ok(both.clone())
    );
    assert_eq!(
        trust(java(LOCATION, &file, None)),
        Ok(both.clone()),
        "Java reads JKS without its password, too"
    );
    let mut stack = Stack::new().unwrap();
    stack.push(a.clone()).unwrap();
    stack.push(b.clone()).unwrap();
    let archive = Pkcs12::builder().ca(stack).build2("geheim").unwrap();
    let file = folder.write("t.p12", &archive.to_der().unwrap());
    assert_eq!(
        trust(java(LOCATION, &file, Some("geheim"))),
        Ok(both.clone())
    );
    let one_line = both.replace('\n', " ");
    let inline = Store::Inline {
        key: "ssl.truststore.certificates",
        pem: one_line,
    };
    assert_eq!(trust(inline), Ok(both.clone()));
    let path = folder.write("t.pem", format!("subject=a\n{both}").as_bytes());
    let file = Store::Pem {
        key: LOCATION,
        path,
    };
    assert_eq!(trust(file), Ok(both));
}

#[test]
fn what_is_wrong_with_a_trust_store_is_told_by_its_keys() {
    let folder = Folder::new();
    let (a, _) = signed("a", None);
    let mut stack = Stack::new().unwrap();
    stack.push(a.clone()).unwrap();
    let archive = Pkcs12::builder().ca(stack).build2("geheim").unwrap();
    let p12 = folder.write("t.p12", &archive.to_der().unwrap());
    let whole = jks(&[&a, &a], "geheim");
    let whole_jks = folder.write("t.jks", &whole);
    let cut = folder.write("cut.jks", &whole[..whole.len() - 100]);
    let text = folder.write("t.pem", pem(&a).as_bytes());
    let other = folder.write("other", b"hello");
    let gone = folder.0.join("gone").to_str().unwrap().to_owned();
    let cases = [
        (&p12, Some("falsch"), "ssl.truststore.password is wrong"),
        (&p12, None, "ssl.truststore.password is missing"),
        (
            &whole_jks,
            Some("falsch"),
            "ssl.truststore.password is wrong",
        ),
        (&cut, Some("geheim"), "cut off"),
        (&text, None, "set ssl.truststore.type=PEM"),
        (&other, None, "neither a JKS nor a PKCS12 file"),
        (&gone, None, "No such file"),
    ];
    for (path, password, expected) in cases {
        let error = trust(java(LOCATION, path, password)).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
        assert!(
            error.contains(&format!("ssl.truststore.location={path}")),
            "{error}"
        );
        assert!(!error.contains("falsch"), "{error}");
    }
    let empty = Store::Inline {
        key: "ssl.truststore.certificates",
        pem: "no certificate".to_owned(),
    };
    let error = trust(empty).unwrap_err();
    assert!(error.contains("ssl.truststore.certificates"), "{error}");
}

#[test]
fn key_stores_give_key_and_chain_in_order() {
    let folder = Folder::new();
    let (root, root_key) = signed("root", None);
    let (middle, middle_key) = signed("middle", Some((&root, &root_key)));
    let (leaf, key) = signed("leaf", Some((&middle, &middle_key)));
    let chain = pem(&leaf) + &pem(&middle) + &pem(&root);
    let secret = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let expected = Ok((chain.clone(), secret.clone()));

    let mut others = Stack::new().unwrap();
    others.push(root.clone()).unwrap();
    others.push(middle.clone()).unwrap();
    let mut archive = Pkcs12::builder();
    archive.name("me").pkey(&key).cert(&leaf).ca(others);
    let archive = archive.build2("geheim").unwrap().to_der().unwrap();
    let file = folder.write("k.p12", &archive);
    assert_eq!(own(java(KEYSTORE, &file, Some("geheim")), None), expected);
    assert_eq!(
        own(java(KEYSTORE, &file, Some("geheim")), Some("geheim")),
        expected
    );

    let encrypted = key
        .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"geheim")
        .unwrap();
    let encrypted = String::from_utf8(encrypted).unwrap();
    let unordered = pem(&root) + &pem(&leaf) + &encrypted + &pem(&middle);
    let path = folder.write("k.pem", unordered.as_bytes());
    let file = || Store::Pem {
        key: KEYSTORE,
        path: path.clone(),
    };
    assert_eq!(own(file(), Some("geheim")), expected);
    for (password, told) in [
        (None, "ssl.key.password is missing"),
        (Some("falsch"), "ssl.key.password is wrong"),
    ] {
        let error = own(file(), password).unwrap_err();
        assert!(error.contains(told), "{error}");
    }
    let inline = Store::Inline {
        key: "ssl.keystore.key",
        pem: format!("{secret} {chain}").replace('\n', " "),
    };
    assert_eq!(own(inline, None), expected);
}

#[test]
fn a_key_in_a_jks_file_is_read_with_its_own_password_or_that_of_the_file() {
    let folder = Folder::new();
    let (a, key) = signed("a", None);
    let secret = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    // The first entry holds its certificate twice, the second one no key.
    let expected = Ok((pem(&a), secret));
    for (own_password, given) in [("geheim", None), ("gehéim2", Some("gehéim2"))] {
        let bytes = jks_with_key(&sealed(&key, own_password), &[&a, &a], "geheim");
        let file = folder.write("k.jks", &bytes);
        let chain = own(java(KEYSTORE, &file, Some("geheim")), given);
        assert_eq!(chain.map(|(chain, key)| (first(&chain), key)), expected);
        let error = own(java(KEYSTORE, &file, Some("geheim")), Some("falsch")).unwrap_err();
        assert!(
            error.contains("ssl.key.password is wrong or missing"),
            "{error}"
        );
        let error = own(java(KEYSTORE, &file, Some("falsch")), given).unwrap_err();
        assert!(error.contains("ssl.keystore.password is wrong"), "{error}");
        let error = own(java(KEYSTORE, &file, None), given).unwrap_err();
        assert!(
            error.contains("ssl.keystore.password is missing"),
            "{error}"
        );
        // Cut off anywhere, it is refused and nothing breaks.
        for end in (0..bytes.len()).step_by(7) {
            let file = folder.write("cut.jks", &bytes[..end]);
            assert!(
                own(java(KEYSTORE, &file, Some("geheim")), given).is_err(),
                "{end}"
            );
        }
    }
}

fn first(chain: &str) -> String {
    let end = "-----END CERTIFICATE-----\n";
    let (first, _) = chain.split_once(end).unwrap();
    format!("{first}{end}")
}

#[test]
fn what_is_wrong_with_a_key_store_is_told_by_its_keys() {
    let folder = Folder::new();
    let (a, key) = signed("a", None);
    let (b, _) = signed("b", None);
    let file = folder.write("k.jks", &jks(&[&a], "geheim"));
    let error = own(java(KEYSTORE, &file, Some("geheim")), None).unwrap_err();
    assert!(
        error.contains("its key is encrypted in an unknown way"),
        "{error}"
    );

    let mut archive = Pkcs12::builder();
    archive.pkey(&key).cert(&a);
    let archive = archive.build2("geheim").unwrap().to_der().unwrap();
    let file = folder.write("k.p12", &archive);
    let error = own(java(KEYSTORE, &file, Some("geheim")), Some("falsch")).unwrap_err();
    assert!(error.contains("one password for both"), "{error}");
    let secret = String::from_utf8(key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    let inline = Store::Inline {
        key: "ssl.keystore.key",
        pem: secret + &pem(&b),
    };
    let error = own(inline, None).unwrap_err();
    assert!(
        error.contains("no certificate in it is that of its key"),
        "{error}"
    );
}

/// As Java wrote it before 8u301. Where the legacy provider is not installed, the way out is told.
#[test]
fn outdated_encryption_is_read_or_told() {
    let folder = Folder::new();
    let (a, key) = signed("a", None);
    let _legacy = openssl::provider::Provider::try_load(None, "legacy", true);
    let mut archive = Pkcs12::builder();
    archive
        .pkey(&key)
        .cert(&a)
        .cert_algorithm(Nid::PBE_WITHSHA1AND40BITRC2_CBC)
        .key_algorithm(Nid::PBE_WITHSHA1AND3_KEY_TRIPLEDES_CBC)
        .mac_md(MessageDigest::sha1());
    let Ok(archive) = archive.build2("geheim") else {
        return;
    };
    drop(_legacy);
    let file = folder.write("old.p12", &archive.to_der().unwrap());
    let (chain, _) = own(java(KEYSTORE, &file, Some("geheim")), None).unwrap();
    assert_eq!(chain, pem(&a));
}
