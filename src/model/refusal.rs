//! The meaning of a provider's refusal: converts failures of the wire into [`ModelError`].
//!
//! The rule: a provider's text is shown only on one line, shortened, and without the API key and anything that looks
//! like one. If the key was refused, no text is shown at all. Addresses are shown without login and query.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::{StatusCode, header::HeaderMap};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{
    endpoint::Endpoint,
    facts::{cut, one_line},
    wire::{Failure, Reported},
};
use crate::{
    domain::clock::{Clock, SystemClock},
    port::model::{ModelError, Unusable},
};

const MESSAGE_LENGTH: usize = 300;

/// Why there is no usable answer.
pub enum Refusal {
    /// There is no answer.
    Error(ModelError),
    /// The answer is unusable, but has been paid for. These tokens were counted.
    Unusable(Unusable, Reported),
}

/// Converts a failure at this endpoint. `tokens` is the maximum number of output tokens of the request.
#[must_use]
pub fn refusal(failure: &Failure, endpoint: &Endpoint, key: Option<&SecretString>, tokens: i32) -> Refusal {
    let (address, profile) = (endpoint.address(), &endpoint.profile);
    Refusal::Error(match failure {
        Failure::Status { status, headers, body } => {
            let said = Said { status: *status, message: message(body, key), body };
            said.error(endpoint, headers)
        }
        Failure::Said { error, usage } => return said_with_success(error, *usage, endpoint, key),
        Failure::NoChoice(usage) => return Refusal::Unusable(Unusable::Empty(address), *usage),
        Failure::TooLarge { bytes } => {
            return Refusal::Unusable(Unusable::TooLarge { kib: bytes >> 10, tokens }, Reported::default());
        }
        Failure::NotCompletion => ModelError::NotAModel(format!(
            "the answer of {address} is not {}; check the base URL of LLM profile `{profile}`",
            endpoint.dialect.noun()
        )),
        Failure::NotJson => ModelError::NotAModel(format!(
            "the answer of {address} is not JSON; check the base URL of LLM profile `{profile}`"
        )),
        Failure::Connection(error) if error.is_connect() && is_about_name(error) => ModelError::Unavailable(format!(
            "there is no host named `{}`; check the base URL of LLM profile `{profile}`, or the network",
            endpoint.host()
        )),
        Failure::Connection(error) if error.is_connect() && error.is_timeout() => ModelError::Unavailable(format!(
            "{address} accepts no connection; check that it is running and that the base URL is correct"
        )),
        Failure::Connection(error) if error.is_connect() => ModelError::Unavailable(format!(
            "cannot reach {address} ({}); check that it is running and that the base URL is correct",
            root_cause(error)
        )),
        Failure::Connection(error) if error.is_timeout() => {
            ModelError::NoAnswer(format!("{address} did not answer in time"))
        }
        Failure::Connection(error) => {
            ModelError::NoAnswer(format!("the connection to {address} broke ({})", root_cause(error)))
        }
        Failure::Broken => {
            ModelError::NoAnswer(format!("{address} closed the connection before the answer was complete"))
        }
    })
}

/// Converts an error in an answer of status 200, as gateways send it. Temporary errors are retried; any other error is
/// the outcome of this request.
fn said_with_success(error: &Value, usage: Reported, endpoint: &Endpoint, key: Option<&SecretString>) -> Refusal {
    let code = ["code", "status"].iter().find_map(|name| error.get(*name)?.as_u64());
    let status = code.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let body = serde_json::json!({ "error": error }).to_string();
    let words = body.to_lowercase();
    let passes = ["rate_limit", "rate limit", "overloaded", "timeout", "timed out", "server_error", "unavailable"];
    let status = match status.map(|status| status.as_u16()) {
        Some(408 | 425 | 429 | 500..) => status,
        Some(400..) => None,
        _ => passes.iter().any(|word| words.contains(word)).then_some(StatusCode::BAD_GATEWAY),
    };
    if let Some(status) = status {
        let said = Said { status, message: message(&body, key), body: &body };
        return Refusal::Error(said.error(endpoint, &HeaderMap::new()));
    }
    let refused = matches!(code, Some(401 | 403)) || names_key(&body);
    let message = if refused { String::new() } else { message(&body, key) };
    let reason = if message.is_empty() { String::new() } else { format!(": {message}") };
    Refusal::Unusable(Unusable::Failed(format!("{} answered with an error{reason}", endpoint.address())), usage)
}

/// Creates a refusal from the model's own explanation, which may be empty.
#[must_use]
pub fn refused(said: &str, key: Option<&SecretString>) -> Unusable {
    Unusable::Refused(message(said, key))
}

/// Returns whether a provider's error is about the API key.
fn names_key(body: &str) -> bool {
    ["invalid_api_key", "API_KEY_INVALID", "API key not valid", "ncorrect API key"]
        .iter()
        .any(|word| body.contains(word))
}

/// A provider's error response.
struct Said<'a> {
    status: StatusCode,
    message: String,
    body: &'a str,
}

impl Said<'_> {
    fn error(&self, endpoint: &Endpoint, headers: &HeaderMap) -> ModelError {
        let Endpoint { profile, model, .. } = endpoint;
        let address = endpoint.address();
        let status = self.status.as_u16();
        let message = if self.message.is_empty() { "no reason given" } else { &self.message };
        let names = |words: &[&str]| words.iter().any(|word| self.body.contains(word));
        let no_credit = names(&["insufficient_quota", "insufficient_balance", "credit balance is too low"]);
        let no_key = names_key(self.body);
        let no_model = names(&["model_not_found", "unknown_model"])
            || (names(&["model"]) && names(&["does not exist", "not found", "not a valid model", "nvalid model"]));
        // Some servers fail with status 500 if they cannot convert a schema into a grammar.
        let no_schema = names(&["response_format", "json_schema", "grammar"]);
        // Likewise for tools if the server was started without them, or if no model of a gateway supports them.
        let no_tools = names(&["tools param", "tool_choice", "tool use", "tool calling"]);
        let wait = retry_after(headers, SystemClock.now()).or_else(|| retry_delay(self.body));
        let answered = || format!("{address} answered with status {status}: {message}");
        match status {
            400 | 402 | 429 if status == 402 || no_credit => ModelError::KeyRefused(format!(
                "the account of LLM profile `{profile}` has no credit left ({message}); top it up, then resume the run"
            )),
            404 | 500 if no_tools => ModelError::Rejected(message.to_owned()),
            // These messages repeat keys and account names, so they are not shown.
            401 | 403 | 400 if status != 400 || no_key => ModelError::KeyRefused(format!(
                "{address} rejected the API key of LLM profile `{profile}` (status {status}); check the key and its \
                 permissions"
            )),
            404 => ModelError::UnknownModel(format!(
                "{address} does not know the model `{model}` of LLM profile `{profile}` ({message}); check the model's \
                 name and the base URL"
            )),
            400 | 422 if no_model => ModelError::UnknownModel(format!(
                "{address} does not know the model `{model}` of LLM profile `{profile}` ({message}); check its name"
            )),
            429 => ModelError::Busy {
                message: format!("{address} limits the rate of requests (status 429: {message})"),
                retry_after: wait,
            },
            408 | 425 => ModelError::Busy { message: answered(), retry_after: wait },
            // The server is overloaded and says when to retry.
            500.. if wait.is_some() => ModelError::Busy { message: answered(), retry_after: wait },
            500 if no_schema => ModelError::Rejected(message.to_owned()),
            300..400 => ModelError::Misconfigured(format!(
                "{address} answered with a redirect (status {status}); set the base URL of LLM profile `{profile}` to \
                 the new address"
            )),
            500.. => ModelError::Unavailable(answered()),
            _ => ModelError::Rejected(message.to_owned()),
        }
    }
}

/// Returns whether a connection failed because the host's name has no address.
fn is_about_name(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("dns error") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The innermost cause, which contains no address.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = if cause.is::<reqwest::Error>() { "no further reason".to_owned() } else { cause.to_string() };
    cut(&one_line(&text), 120)
}

/// The message in a provider's body, shortened, on one line, without secrets.
fn message(body: &str, key: Option<&SecretString>) -> String {
    let parsed: Option<Value> = serde_json::from_str(body).ok();
    let at = |path: &str| Some(parsed.as_ref()?.pointer(path)?.as_str()?.to_owned());
    let said = ["/error/message", "/error", "/message", "/detail", "/0/error/message", "/detail/0/msg"]
        .iter()
        .find_map(|path| at(path));
    // An HTML page is not a useful message.
    let said = said.unwrap_or_else(|| if body.trim_start().starts_with('<') { String::new() } else { body.to_owned() });
    cut(&without_secrets(&one_line(&cut(&said, 4 * MESSAGE_LENGTH)), key), MESSAGE_LENGTH)
}

/// Replaces the key, and every word that looks like a key or a masked key, by `[secret]`.
fn without_secrets(text: &str, key: Option<&SecretString>) -> String {
    let text = match key.map(ExposeSecret::expose_secret).filter(|key| !key.is_empty()) {
        Some(key) => text.replace(key, "[secret]"),
        None => text.to_owned(),
    };
    let looks_secret = |word: &str| {
        let core = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '*');
        let masked = core.contains("**");
        let long = core.len() >= 24
            && core.chars().any(|c| c.is_ascii_digit())
            && core.chars().any(|c| c.is_ascii_alphabetic())
            && core.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let prefixed =
            core.len() >= 8 && ["sk-", "gsk_", "pk-", "key-", "AIza", "xai-"].iter().any(|p| core.starts_with(p));
        masked || long || prefixed
    };
    let words: Vec<&str> = text.split(' ').map(|word| if looks_secret(word) { "[secret]" } else { word }).collect();
    words.join(" ")
}

/// The time that Gemini asks to wait, which stands in the error's details, as in `"retryDelay": "37s"`.
fn retry_delay(body: &str) -> Option<Duration> {
    let body: Value = serde_json::from_str(body).ok()?;
    let details = body.pointer("/error/details").or_else(|| body.pointer("/0/error/details"))?.as_array()?;
    let delay = details.iter().find_map(|detail| detail["retryDelay"].as_str())?;
    Duration::try_from_secs_f64(delay.strip_suffix('s')?.parse().ok()?).ok()
}

/// The time that a provider asks to wait, given in milliseconds, in seconds or as a date.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let seconds = |text: &str, scale: f64| Duration::try_from_secs_f64(text.parse::<f64>().ok()? * scale).ok();
    if let Some(wait) = text("retry-after-ms").and_then(|text| seconds(text, 0.001)) {
        return Some(wait);
    }
    let wait = text("retry-after")?;
    if let Some(wait) = seconds(wait, 1.0) {
        return Some(wait);
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok().map(|date| date.with_timezone(&Utc));
    // Prefer the provider's clock if the response tells it, since the local one may be wrong.
    let now = text("date").and_then(date).unwrap_or(now);
    Some((date(wait)? - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn waits_as_providers_write_them() {
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 0).unwrap();
        for (written, seconds) in [
            ("7", Some(7.0)),
            ("0.5", Some(0.5)),
            ("Mon, 23 Nov 2026 12:01:00 GMT", Some(60.0)),
            ("Mon, 23 Nov 2026 11:00:00 GMT", Some(0.0)),
            ("soon", None),
            ("-3", None),
        ] {
            let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, written.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now).map(|wait| wait.as_secs_f64()), seconds, "{written}");
        }
    }

    #[test]
    fn gemini_asks_to_wait_in_its_error() {
        let detail = r#"{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.5s"}"#;
        let body = format!(r#"{{"error": {{"code": 429, "details": [{{}}, {detail}]}}}}"#);
        assert_eq!(retry_delay(&body), Some(Duration::from_millis(500)));
        assert_eq!(retry_delay("[]"), None);
    }

    #[test]
    fn messages_hold_no_secret() {
        let key: SecretString = "s3cret".to_owned().into();
        let body = concat!(
            r#"{"error":{"message":"Incorrect API key provided: sk-abc*****xyz. Yours: 's3cret'; "#,
            r#"token abcdefghijklmnopqrstuvwx12"}}"#
        );
        let said = message(body, Some(&key));
        assert_eq!(said, "Incorrect API key provided: [secret] Yours: '[secret]'; token [secret]");
        assert_eq!(message("<html>not here</html>", None), "");
        assert_eq!(message(&"long ".repeat(1_000), None).chars().count(), MESSAGE_LENGTH);
    }
}
