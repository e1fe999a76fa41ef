use super::*;
use crate::config::environment::Environment;
use crate::config::layers::{WorkerFile, layered};
use crate::config::properties;
use crate::config::worker::WorkerConfig;

fn parse(text: &str) -> Result<RestConfig, String> {
    let text = format!("key.converter=K\nvalue.converter=V\n{text}");
    let file = WorkerFile {
        path: "w.properties".to_owned(),
        properties: properties::parse(&text).unwrap_or_default(),
    };
    let layers = layered(&file, &Environment::default(), &[]).expect("layers of text");
    let config = WorkerConfig::parse(&layers).map_err(|e| e.to_string())?;
    Ok(config.rest)
}

fn shown(listeners: &[Listener]) -> Vec<String> {
    listeners.iter().map(ToString::to_string).collect()
}

#[test]
fn listeners_and_admin_listeners_are_lists() {
    let rest =
        parse("listeners=http://:1, HTTP://[::1]:0\nadmin.listeners=http://a:2").expect("valid");
    assert_eq!(shown(&rest.listeners), ["http://:1", "http://[::1]:0"]);
    let Admin::Own(own) = rest.admin else {
        panic!("{:?}", rest.admin);
    };
    assert_eq!(shown(&own), ["http://a:2"]);
    assert_eq!(parse("admin.listeners=").expect("valid").admin, Admin::Off);
    assert_eq!(parse("").expect("valid").admin, Admin::Shared);
}

#[test]
fn what_is_wrong_is_told_in_kafkas_words() {
    for (text, expected) in [
        (
            "listeners=",
            "Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443. (w.properties:3)",
        ),
        (
            "listeners=http://:1,",
            "Empty URL found when parsing listeners list. (w.properties:3)",
        ),
        (
            "admin.listeners=http://:1,",
            "Configuration 'admin.listeners' values must not be empty. (w.properties:3)",
        ),
        (
            "listeners=8083",
            "Invalid value 8083 for configuration listeners: Unable to parse '8083' to an endpoint; expected http://host:port or https://host:port (w.properties:3)",
        ),
        (
            "response.http.headers.config=foo X: y",
            "Invalid header config action: 'foo'. Expected one of [set, add, setDate, addDate] (w.properties:3)",
        ),
        (
            "rest.advertised.listener=ftp",
            "Invalid value ftp for configuration rest.advertised.listener: expected http or https (w.properties:3)",
        ),
        (
            "rest.advertised.port=99999",
            "Invalid value 99999 for configuration rest.advertised.port: Value must be a port from 1 to 65535 (w.properties:3)",
        ),
        (
            "rest.basic.auth.file=/u",
            "Invalid value /u for configuration rest.basic.auth.file: nobody is asked for a password without rest.extension.classes=org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension (w.properties:3)",
        ),
        (
            "access.control.allow.origin=http://(",
            "Invalid value http://( for configuration access.control.allow.origin: http://( is no regular expression",
        ),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn https_takes_its_own_keys_or_else_the_workers() {
    let own = "listeners=https://:1\nlisteners.https.ssl.keystore.location=/k\n";
    let rest = parse(&format!(
        "{own}ssl.keystore.location=/other\nssl.client.auth=required"
    ))
    .expect("valid");
    let tls = rest.tls.expect("TLS");
    assert_eq!(
        tls.client_auth,
        ClientAuth::None,
        "nothing of the worker's keys counts"
    );
    assert!(
        matches!(tls.stores.identity, Some(key_stores::Store::Java { path, .. }) if path == "/k")
    );
    let rest = parse("listeners=https://:1\nssl.keystore.location=/other\nssl.keystore.type=PEM")
        .expect("valid");
    let tls = rest.tls.expect("TLS");
    assert!(
        matches!(tls.stores.identity, Some(key_stores::Store::Pem { path, .. }) if path == "/other")
    );
    assert_eq!(tls.protocols, [Protocol::Tls12, Protocol::Tls13]);
    assert!(
        parse("listeners=http://:1\nssl.keystore.location=/other")
            .expect("valid")
            .tls
            .is_none()
    );
}

#[test]
fn https_settings_that_cannot_be_are_refused_by_key() {
    for (keys, expected) in [
        (
            "",
            "Missing required configuration \"ssl.keystore.location\": an https listener needs a certificate",
        ),
        (
            "listeners.https.ssl.keystore.type=PKCS12",
            "Missing required configuration \"listeners.https.ssl.keystore.location\"",
        ),
        (
            "listeners.https.ssl.keystore.location=/k\nlisteners.https.ssl.client.auth=REQUIRED",
            "Invalid value REQUIRED for configuration listeners.https.ssl.client.auth: String must be one of: required, requested, none",
        ),
        (
            "ssl.keystore.location=/k\nssl.client.auth=required",
            "Invalid value required for configuration ssl.client.auth: it needs ssl.truststore.location",
        ),
        (
            "ssl.keystore.location=/k\nssl.enabled.protocols=TLSv1,TLSv1.1",
            "Invalid value TLSv1,TLSv1.1 for configuration ssl.enabled.protocols: expected TLSv1.2 or TLSv1.3",
        ),
        (
            "ssl.keystore.location=/k\nssl.keystore.type=BKS",
            "Invalid value BKS for configuration ssl.keystore.type: expected JKS, PKCS12 or PEM",
        ),
        (
            "ssl.keystore.key=K",
            "Set either ssl.keystore.location, or both ssl.keystore.key and ssl.keystore.certificate.chain",
        ),
    ] {
        let error = parse(&format!("listeners=https://:1\n{keys}")).expect_err(keys);
        assert!(error.starts_with(expected), "{keys}: {error}");
    }
}
