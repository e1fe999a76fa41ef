//! Tokens in the form of a JWT: three parts of base 64 with dots between. Only brokers can check the signature; what
//! is read here is until when it holds and whose it is.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::Token;

/// # Errors
/// What is missing in it. The text shows nothing of it.
pub(super) fn read(value: String, principal_claim: &str) -> Result<Token, String> {
    let parts: Vec<&str> = value.split('.').collect();
    let [_, claims, _] = parts[..] else {
        return Err("it is no JWT (three parts with dots between)".to_owned());
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('='));
    let claims: Option<Map<String, Value>> =
        claims.ok().and_then(|c| serde_json::from_slice(&c).ok());
    let claims = claims.ok_or("the claims of the JWT cannot be read")?;
    let expires = claims.get("exp").and_then(Value::as_f64);
    let expires = expires.ok_or("the JWT has no claim exp")?;
    let principal = claims.get(principal_claim).and_then(Value::as_str);
    let principal = principal
        .map(str::to_owned)
        .ok_or_else(|| format!("the JWT has no claim {principal_claim}"))?;
    Ok(Token {
        // Seconds, perhaps with a fraction, far below what a float holds exactly.
        expires_ms: (expires * 1000.0) as i64,
        principal,
        value,
    })
}

/// A JWT that is not signed.
pub(super) fn unsecured(claims: &Map<String, Value>, lifetime: Duration, now_ms: i64) -> String {
    let mut claims = claims.clone();
    let seconds = |ms: i64| Value::from(ms as f64 / 1000.0);
    let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    claims.insert("iat".to_owned(), seconds(now_ms));
    claims.insert("exp".to_owned(), seconds(now_ms.saturating_add(lifetime)));
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let claims = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
    format!("{header}.{claims}.")
}
