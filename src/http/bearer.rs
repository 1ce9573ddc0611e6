//! Reads the bearer token of an HTTP request or of a WebSocket's `connection_init`.

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::refusal::Refusal;
use crate::domain::Code;

fn no_token(message: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, Code::Unauthenticated, message)
}

/// Returns the token of a request; `None` without an Authorization header.
///
/// # Errors
/// Returns `UNAUTHENTICATED` if there are several such headers, or if it is not a bearer token.
pub fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = shown.next() else { return Ok(None) };
    let token = first.to_str().ok().and_then(token_in).filter(|_| shown.next().is_none());
    token
        .map(Some)
        .ok_or_else(|| no_token("invalid Authorization header; send exactly one, `Authorization: Bearer gloss_…`"))
}

/// Returns the token in the value of an Authorization header.
fn token_in(text: &str) -> Option<&str> {
    let (scheme, token) = text.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// Returns the token in the payload of a `connection_init`: `{"authorization": "Bearer gloss_…"}` or `{"token":
/// "gloss_…"}`, with names in any case; `None` if it has neither.
///
/// # Errors
/// Returns `UNAUTHENTICATED` if the value is not a token.
pub fn token_of(payload: Option<&Value>) -> Result<Option<String>, Refusal> {
    let wrong = || no_token("invalid payload of connection_init; send {\"authorization\": \"Bearer gloss_…\"}");
    let Some(payload) = payload.and_then(Value::as_object) else { return Ok(None) };
    let given = |name: &str| payload.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
    if let Some((_, shown)) = given("authorization") {
        return shown.as_str().and_then(token_in).map(|token| Some(token.to_owned())).ok_or_else(wrong);
    }
    match given("token") {
        Some((_, shown)) => shown.as_str().map(|token| Some(token.trim().to_owned())).ok_or_else(wrong),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tokens_as_clients_spell_them() {
        for payload in [
            json!({ "authorization": "Bearer gloss_x" }),
            json!({ "Authorization": "bearer  gloss_x " }),
            json!({ "token": "gloss_x", "authorization": null }),
        ] {
            assert_eq!(token_of(Some(&payload)).unwrap().as_deref(), Some("gloss_x"), "{payload}");
        }
        for none in [json!({}), json!({ "token": null }), json!({ "x": 1 })] {
            assert_eq!(token_of(Some(&none)).unwrap(), None, "{none}");
        }
        for wrong in [json!({ "authorization": "gloss_x" }), json!({ "authorization": 1 }), json!({ "token": {} })] {
            assert_eq!(token_of(Some(&wrong)).unwrap_err().status, StatusCode::UNAUTHORIZED, "{wrong}");
        }
        let headers = |values: &[&str]| {
            let pairs = values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap()));
            pairs.collect::<HeaderMap>()
        };
        assert_eq!(bearer(&headers(&["Bearer gloss_x"])).unwrap(), Some("gloss_x"));
        assert_eq!(bearer(&headers(&[])).unwrap(), None);
        for wrong in [&["Basic YTpi"][..], &["Bearer"], &["Bearer "], &["gloss_x"], &["Bearer a", "Bearer b"]] {
            assert!(bearer(&headers(wrong)).is_err(), "{wrong:?}");
        }
    }
}
