//! Registries that are away, refuse, or ask for credentials.

use std::time::Instant;

use super::*;

async fn failure(answer: Reply) -> ConnectError {
    let server = Server::start(move |_| answer.clone());
    let mut converter = converter(&server.url, &[]);
    one(&mut converter, record(1, "a")).await.unwrap_err()
}

#[tokio::test]
async fn what_passes_is_unavailable_and_says_who_is_waited_for() {
    for answer in [
        status(500, ""),
        status(503, "<html>"),
        refused(500, 50001, "Error in the backend data store"),
        status(429, ""),
        status(408, ""),
        ok("<html>maintenance</html>"),
        ok("{\"no\": \"schema\"}"),
        ok(""),
    ] {
        let error = failure(answer.clone()).await;
        assert_eq!(error.class(), ErrorClass::Unavailable, "{answer:?}");
        assert_eq!(
            error.exception(),
            "org.apache.kafka.common.errors.NetworkException"
        );
    }
    let mut converter = converter("http://127.0.0.1:1", &[]);
    let error = one(&mut converter, record(1, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    let text = error.to_string();
    assert!(
        text.starts_with("the schema registry http://127.0.0.1:1 does not answer ("),
        "{text}"
    );
    assert!(text.contains("schema.registry.url"), "{text}");
}

#[tokio::test]
async fn what_a_person_must_repair_fails_with_advice() {
    let cases = [
        (
            refused(401, 401, "Unauthorized"),
            ErrorClass::Denied,
            "basic.auth.user.info",
        ),
        (
            status(403, ""),
            ErrorClass::Denied,
            "give this user the right",
        ),
        (status(407, ""), ErrorClass::Denied, "proxy"),
        (
            status(404, "<html>"),
            ErrorClass::Config,
            "check schema.registry.url",
        ),
        (
            refused(404, 404, "HTTP 404 Not Found"),
            ErrorClass::Config,
            "check schema.registry.url",
        ),
        (
            status(400, ""),
            ErrorClass::Config,
            "check schema.registry.url",
        ),
    ];
    for (answer, class, advice) in cases {
        let error = failure(answer.clone()).await;
        assert_eq!(error.class(), class, "{answer:?}");
        assert!(error.trace().contains(advice), "{}", error.trace());
        assert!(
            error
                .to_string()
                .starts_with("Failed to access JSON Schema data from topic t : ")
        );
    }
}

#[tokio::test]
async fn a_registry_that_does_not_answer_in_time_is_unavailable() {
    let server = Server::start(|asked| usual(asked).hangs());
    let mut slow = converter(&server.url, &[("http.read.timeout.ms", "200")]);
    let begun = Instant::now();
    let error = one(&mut slow, record(1, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_registry_that_is_back_gives_what_lacked() {
    let server = Server::start(|_| status(503, ""));
    let mut converter = converter(&server.url, &[]);
    converter.look("t", &NoHeaders, &record(1, "a"));
    for _ in 0..3 {
        assert!(converter.fetch().await.is_err());
        assert!(converter.lacks());
    }
    server.answers(usual);
    assert_eq!(
        one(&mut converter, record(1, "a")).await.unwrap(),
        "/text 1/Some(7): a"
    );
    assert!(!converter.lacks());
}

#[tokio::test]
async fn pauses_grow_up_to_the_longest_and_the_registrys_own_word_counts() {
    let mut usual_pauses = converter("http://127.0.0.1:1", &[("retries.max.wait.ms", "3000")]);
    let pauses: Vec<u128> = (1..5).map(|n| usual_pauses.pause(n).as_millis()).collect();
    assert_eq!(pauses, [1000, 2000, 3000, 3000]);
    assert_eq!(usual_pauses.pause(u32::MAX).as_millis(), 3000);
    one(&mut usual_pauses, record(1, "a")).await.unwrap_err();
    assert_eq!(usual_pauses.pause(1).as_millis(), 1000);

    let server = Server::start(|_| status(429, "").with("Retry-After", "17"));
    let mut asked_to_wait = converter(&server.url, &[]);
    one(&mut asked_to_wait, record(1, "a")).await.unwrap_err();
    assert_eq!(asked_to_wait.pause(1), Duration::from_secs(17));
}

#[tokio::test]
async fn the_next_registry_is_asked_when_one_is_away_and_stays_the_one_asked() {
    let sick = Server::start(|_| status(502, ""));
    let well = Server::start(usual);
    let urls = format!("http://127.0.0.1:1,{},{}/", sick.url, well.url);
    let mut converter = converter(&urls, &[]);
    one(&mut converter, record(1, "a")).await.unwrap();
    one(&mut converter, record(2, "a")).await.unwrap();
    assert_eq!(sick.lines().len(), 1);
    assert_eq!(well.lines().len(), 4);
}

#[tokio::test]
async fn redirects_are_not_followed_and_credentials_stay_at_home() {
    let other = Server::start(usual);
    let location = format!("{}/schemas/ids/1", other.url);
    let server = Server::start(move |_| status(302, "").with("Location", &location));
    let keys = [
        ("basic.auth.credentials.source", "USER_INFO"),
        ("basic.auth.user.info", "me:secret"),
    ];
    let mut converter = converter(&server.url, &keys);
    let error = one(&mut converter, record(1, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Config);
    assert!(error.trace().contains(&other.url), "{}", error.trace());
    assert!(other.lines().is_empty());
}

/// What the registry was shown.
async fn shown(keys: &[(&str, &str)], user: &str) -> Asked {
    let server = Server::start(usual);
    let url = server.url.replace("http://", &format!("http://{user}"));
    let mut converter = converter(&url, keys);
    one(&mut converter, record(1, "a")).await.unwrap();
    assert!(!converter.source().contains("secret"));
    server.asked().remove(0)
}

#[tokio::test]
async fn credentials_go_where_the_original_sends_them() {
    // me:se/cret
    let basic = Some("Basic bWU6c2UvY3JldA==");
    let cases: [(Pairs<'_>, &str); 5] = [
        (&[], "me:se%2Fcret@"),
        (&[("basic.auth.credentials.source", "URL")], "me:se%2Fcret@"),
        (
            &[
                ("basic.auth.credentials.source", "USER_INFO"),
                ("basic.auth.user.info", "me:se/cret"),
            ],
            "",
        ),
        (
            &[
                ("schema.registry.basic.auth.credentials.source", "USER_INFO"),
                ("schema.registry.basic.auth.user.info", "me:se/cret"),
            ],
            "",
        ),
        (
            &[
                ("basic.auth.credentials.source", "SASL_INHERIT"),
                (
                    "sasl.jaas.config",
                    "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"me\" password='se/cret';",
                ),
            ],
            "",
        ),
    ];
    for (keys, user) in cases {
        assert_eq!(
            shown(keys, user).await.header("authorization"),
            basic,
            "{keys:?}"
        );
    }
    assert_eq!(shown(&[], "").await.header("authorization"), None);

    let asked = shown(
        &[
            ("bearer.auth.credentials.source", "STATIC_TOKEN"),
            ("bearer.auth.token", "abc"),
            ("bearer.auth.logical.cluster", "lsrc-1"),
            ("bearer.auth.identity.pool.id", "pool-1"),
            ("request.header.X-Team", "graph"),
        ],
        "",
    )
    .await;
    for (name, value) in [
        ("authorization", "Bearer abc"),
        ("target-sr-cluster", "lsrc-1"),
        ("confluent-identity-pool-id", "pool-1"),
        ("x-team", "graph"),
    ] {
        assert_eq!(asked.header(name), Some(value));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_once_and_anew_when_it_is_refused() {
    let mut tokens = 0;
    let issuer = Server::start(move |_| {
        tokens += 1;
        ok(json!({"access_token": format!("token-{tokens}"), "expires_in": 3600}).to_string())
    });
    let server = Server::start(usual);
    let keys = [
        ("bearer.auth.credentials.source", "OAUTHBEARER"),
        ("bearer.auth.issuer.endpoint.url", issuer.url.as_str()),
        ("bearer.auth.client.id", "me"),
        ("bearer.auth.client.secret", "secret"),
        ("bearer.auth.scope", "read all"),
    ];
    let mut converter = converter(&server.url, &keys);
    one(&mut converter, record(1, "a")).await.unwrap();
    one(&mut converter, record(2, "a")).await.unwrap();
    let asked = issuer.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&scope=read+all"
    );
    assert_eq!(asked[0].header("authorization"), Some("Basic bWU6c2VjcmV0"));
    let all_with = |token: &str| {
        let bearer = format!("Bearer {token}");
        let asked = server.asked();
        asked
            .iter()
            .filter(|a| a.header("authorization") == Some(&bearer))
            .count()
    };
    assert_eq!(all_with("token-1"), 4);

    server.answers(|asked| match asked.header("authorization") {
        Some("Bearer token-2") => usual(asked),
        _ => refused(401, 401, "revoked"),
    });
    one(&mut converter, record(3, "a")).await.unwrap();
    assert_eq!((all_with("token-1"), all_with("token-2")), (5, 2));

    issuer.answers(|_| status(401, r#"{"error": "invalid_client"}"#));
    server.answers(|_| refused(401, 401, "revoked"));
    let error = one(&mut converter, record(4, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Denied);
    assert!(
        error.trace().contains("invalid_client"),
        "{}",
        error.trace()
    );
    assert!(error.trace().contains("bearer.auth.client.id"));
}

#[tokio::test]
async fn a_proxy_is_asked_to_connect() {
    let proxy = Server::start(|_| status(403, ""));
    let (host, port) = proxy
        .url
        .strip_prefix("http://")
        .unwrap()
        .split_once(':')
        .unwrap();
    let keys = [("proxy.host", host), ("proxy.port", port)];
    let mut converter = converter("http://registry.invalid:8081", &keys);
    let error = one(&mut converter, record(1, "a")).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unavailable);
    assert_eq!(proxy.lines()[0], "CONNECT registry.invalid:8081");
}
