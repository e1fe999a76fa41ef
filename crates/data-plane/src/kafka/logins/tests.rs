use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::{Map, Value};

use super::{Keeper, Refresh, Source, TokenLogin, jwt};
use crate::kafka::problems::Who;

const REFRESH: Refresh = Refresh {
    factor: 0.8,
    jitter: 0.05,
    least: Duration::from_secs(60),
    buffer: Duration::from_secs(300),
};

fn who() -> Who {
    Who {
        name: "the consumer".to_owned(),
        group: String::new(),
        bootstrap: "b:1".to_owned(),
    }
}

fn unsecured(sub: &str) -> TokenLogin {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), Value::from(sub));
    TokenLogin {
        source: Source::Unsecured {
            claims,
            lifetime: Duration::from_secs(1),
        },
        extensions: Vec::new(),
        refresh: REFRESH,
        backoff: (Duration::from_millis(1), Duration::from_millis(5)),
        principal_claim: "sub".to_owned(),
    }
}

#[test]
fn a_token_is_replaced_when_java_would() {
    let minute = 60_000;
    let cases = [
        // Lives an hour: after 80 to 85 percent of it.
        (60 * minute, 0.0, 48 * minute),
        (60 * minute, 1.0, 51 * minute),
        // Ten minutes: not in the last five.
        (10 * minute, 0.0, 5 * minute),
        // Six: after the least time, which is where the last stretch begins, too.
        (6 * minute, 0.5, minute),
        // Shorter than both together: neither counts.
        (5 * minute, 0.0, 4 * minute),
        (10_000, 0.0, 8_000),
        (-5, 0.0, 1_000),
    ];
    for (life, chance, expected) in cases {
        let pause = REFRESH.after(1_000, 1_000 + life, chance);
        assert_eq!(pause.as_millis() as i64, expected, "{life} {chance}");
    }
}

#[test]
fn tokens_are_read_and_what_is_missing_is_told() {
    let token = unsecured("me").token(5_000).unwrap();
    assert_eq!((token.principal.as_str(), token.expires_ms), ("me", 6_000));
    let cases = [
        ("opaque", "no JWT"),
        ("a.b.c", "cannot be read"),
        ("e30.e30.", "no claim exp"),
        // {"exp":1}
        ("e30.eyJleHAiOjF9.", "no claim sub"),
    ];
    for (value, expected) in cases {
        let Err(why) = jwt::read(value.to_owned(), "sub") else {
            panic!("{value}");
        };
        assert!(why.contains(expected), "{value}: {why}");
    }
}

#[test]
fn a_keeper_replaces_tokens_and_ends_with_its_client() {
    let (got, tokens) = channel();
    let (ended, end) = channel::<()>();
    let client = Arc::new(());
    let hand_over = move |_: &(), _: &TokenLogin, token: &super::Token| {
        let _alive = &ended;
        got.send(token.principal.clone()).map_err(|e| e.to_string())
    };
    let keeper =
        Keeper::start(Arc::new(unsecured("me")), who(), &client, hand_over, |_| ()).unwrap();
    for _ in 0..2 {
        let token = tokens.recv_timeout(Duration::from_secs(20));
        assert_eq!(token.as_deref(), Ok("me"));
    }
    drop(keeper);
    // The thread has let go of all it had.
    assert!(end.recv_timeout(Duration::from_secs(20)).is_err());
}

#[test]
fn a_token_that_cannot_be_used_is_told_and_tried_again() {
    let (said, told) = channel();
    let client = Arc::new(());
    let hand_over = |_: &(), _: &TokenLogin, _: &super::Token| Err("too odd".to_owned());
    let tell = move |result: Result<(), connect_api::ConnectError>| {
        let _ = said.send(result.unwrap_err().to_string());
    };
    let _keeper =
        Keeper::start(Arc::new(unsecured("me")), who(), &client, hand_over, tell).unwrap();
    for _ in 0..3 {
        let text = told.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(text.starts_with("the consumer cannot log in"), "{text}");
        assert!(text.contains("too odd"), "{text}");
    }
}
