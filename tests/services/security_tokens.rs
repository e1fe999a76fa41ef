//! Logins by token: the endpoint gives one, replaces it, is away, says no.

use std::time::Duration;

use libtest_mimic::Trial;

use crate::connectors::{connector_file, lines};
use crate::security::{Pipeline, Settings, VERDICT, expect_no_secret, tls};
use crate::support::secured::tokens::silent_url;
use crate::support::secured::{OPEN, PASSWORD, SecuredKafka, USER};
use crate::support::{Ctx, Engine, Need, WorkerSpec, scratch, wait_until};

const PATIENCE: Duration = Duration::from_secs(60);

pub fn tests(ctx: &'static Ctx) -> Vec<Trial> {
    let secured = &[Need::Secured];
    let trial = |name, test| ctx.trial(secured, name, test);
    vec![
        trial(
            "security::tokens_let_every_client_in",
            tokens_let_every_client_in,
        ),
        trial(
            "security::tokens_are_replaced_in_time",
            tokens_are_replaced_in_time,
        ),
        trial(
            "security::wrong_client_credentials_fail_the_task_with_advice",
            wrong_client_credentials_fail_the_task_with_advice,
        ),
        trial(
            "security::token_endpoint_that_is_away_is_waited_for",
            token_endpoint_that_is_away_is_waited_for,
        ),
        trial(
            "security::silent_token_endpoint_holds_up_no_stop",
            silent_token_endpoint_holds_up_no_stop,
        ),
    ]
}

const HANDLER: &str =
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler";

fn by_token(secured: &SecuredKafka, bootstrap: String, url: String, jaas: &str) -> Settings {
    let mut settings = tls(bootstrap, "PEM", secured.file("trust.pem"));
    settings[1].1 = "SASL_SSL".to_owned();
    let module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule";
    for (key, value) in [
        ("sasl.mechanism", "OAUTHBEARER".to_owned()),
        ("sasl.login.callback.handler.class", HANDLER.to_owned()),
        ("sasl.oauthbearer.token.endpoint.url", url),
        ("sasl.jaas.config", format!("{module} required {jaas};")),
    ] {
        settings.push((key, value));
    }
    settings
}

fn credentials(secret: &str) -> String {
    format!("clientId=\"{USER}\" clientSecret=\"{secret}\" scope=\"connect read\"")
}

fn tokens_let_every_client_in(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let tokens = secured.tokens();
    let trust = secured.file("trust.pem");
    let tls_options = format!(" ssl.truststore.type=\"PEM\" ssl.truststore.location=\"{trust}\"");
    let file = scratch::dir("token").join("token.jwt");
    std::fs::write(&file, format!("{}\n", tokens.token(USER))).expect("a file");
    let new_keys = {
        let url = tokens.url();
        let mut settings = by_token(secured, secured.sasl(), url, "");
        for (key, value) in [
            ("sasl.oauthbearer.client.credentials.client.id", USER),
            (
                "sasl.oauthbearer.client.credentials.client.secret",
                PASSWORD,
            ),
            ("sasl.oauthbearer.scope", "connect read"),
        ] {
            settings.push((key, value.to_owned()));
        }
        settings
    };
    let jaas = credentials(PASSWORD);
    let cases = [
        by_token(secured, secured.sasl(), tokens.url(), &jaas),
        by_token(
            secured,
            secured.sasl(),
            tokens.secure_url(),
            &(jaas + &tls_options),
        ),
        by_token(
            secured,
            secured.sasl(),
            format!("file://{}", file.display()),
            "",
        ),
        new_keys,
    ];
    for settings in cases {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let worker = pipeline.start(secured, Engine::Turnbuckle, &settings);
        pipeline.expect_lines(secured);
        let status = worker.status(&pipeline.name).expect("a status");
        expect_no_secret(&worker, &status.to_string());
        assert!(!worker.log().contains("eyJ"), "a token in the log");
    }
}

/// The listener ends sessions whose token is over, so records that flow on prove that new ones arrived.
fn tokens_are_replaced_in_time(_: &'static Ctx) {
    let secured = SecuredKafka::start().expect("a broker");
    let tokens = secured.tokens();
    tokens.set_lifetime(5);
    let settings = by_token(
        &secured,
        secured.sasl(),
        tokens.url(),
        &credentials(PASSWORD),
    );
    let pipeline = Pipeline::new(&secured, OPEN, OPEN);
    let worker = pipeline.start(&secured, Engine::Turnbuckle, &settings);
    pipeline.expect_lines(&secured);
    let before = tokens.served();
    wait_until(PATIENCE, "three more tokens", || {
        tokens.served() >= before + 3
    });
    secured.kafka().produce(&pipeline.topic, ["d"]);
    wait_until(PATIENCE, "a fourth line", || {
        lines(&pipeline.out).len() == 4
    });
    secured
        .kafka()
        .wait_drained(&pipeline.group(), &pipeline.topic, PATIENCE);
    let status = worker.status(&pipeline.name).expect("a status");
    assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
}

fn wrong_client_credentials_fail_the_task_with_advice(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let tokens = secured.tokens();
    let with_scope = |scope: &str| credentials(PASSWORD).replace("connect read", scope);
    let cases: [(String, String, &[&str]); 4] = [
        (
            tokens.url(),
            credentials("geheim-falsch"),
            &["401, invalid_client, who are you?", "clientSecret"],
        ),
        (
            tokens.url(),
            with_scope("other"),
            &["invalid_scope", "scope"],
        ),
        // The endpoint's certificate is signed by nobody the system knows.
        (
            tokens.secure_url(),
            credentials(PASSWORD),
            &[
                "is not trusted",
                "ssl.truststore.location in sasl.jaas.config",
            ],
        ),
        (
            "file:///no/such/token".to_owned(),
            String::new(),
            &["/no/such/token", "sasl.oauthbearer.token.endpoint.url"],
        ),
    ];
    for (url, jaas, told) in cases {
        let pipeline = Pipeline::new(secured, OPEN, OPEN);
        let settings = by_token(secured, secured.sasl(), url, &jaas);
        let worker = pipeline.start_consumer(secured, &settings);
        pipeline.expect_refusal(secured, &worker, told);
    }
}

fn token_endpoint_that_is_away_is_waited_for(_: &'static Ctx) {
    let secured = SecuredKafka::start().expect("a broker");
    let tokens = secured.tokens();
    tokens.set_status(503);
    let settings = by_token(
        &secured,
        secured.sasl(),
        tokens.url(),
        &credentials(PASSWORD),
    );
    let pipeline = Pipeline::new(&secured, OPEN, OPEN);
    let worker = pipeline.start_consumer(&secured, &settings);
    wait_until(VERDICT, "a warning", || {
        worker.log().contains("gets no token from")
    });
    let status = worker.status(&pipeline.name).expect("a status");
    assert_eq!(status["tasks"][0]["state"], "RUNNING", "{status}");
    tokens.set_status(200);
    pipeline.expect_lines(&secured);
}

fn silent_token_endpoint_holds_up_no_stop(ctx: &'static Ctx) {
    let secured = ctx.secured();
    let url = silent_url().expect("a listener");
    let settings = by_token(secured, secured.sasl(), url, &credentials(PASSWORD));
    let pipeline = Pipeline::new(secured, OPEN, OPEN);
    let mut spec = WorkerSpec::new(Engine::Turnbuckle, secured.kafka());
    for (key, value) in &settings {
        spec = spec.set(&format!("consumer.{key}"), value);
    }
    let worker = spec
        .connector_lines(connector_file(&pipeline.name, &pipeline.config()))
        .start();
    worker.wait_state(&pipeline.name, "RUNNING", VERDICT);
    let status = worker.stop(Duration::from_secs(15));
    assert_eq!(status.code(), Some(0), "{}", worker.log());
}
