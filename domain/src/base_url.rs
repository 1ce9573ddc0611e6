//! Base URLs of providers: what they may contain, and how they are displayed.
//!
//! The rule: everybody who can read a profile can read its base URL, so a base URL contains no secret. Its query may
//! only have the parameters in [`PARAMETERS`]; to allow another one, add it there.

use url::Url;

/// Parameters that identify an endpoint and never hold a secret.
const PARAMETERS: &[&str] =
    &["api-version", "api_version", "version", "beta", "region", "location", "project", "deployment"];
/// Maximum length of a parameter's value, in bytes. Most API keys are longer.
const VALUE_LENGTH: usize = 40;

fn is_plain(name: &str, value: &str) -> bool {
    PARAMETERS.contains(&name.to_ascii_lowercase().as_str())
        && value.len() <= VALUE_LENGTH
        && value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !["sk-", "gsk_", "pk-", "key-", "xai-", "aiza"].iter().any(|key| value.to_ascii_lowercase().starts_with(key))
}

/// Checks that a base URL is valid and contains no secret.
///
/// # Errors
/// Returns what is wrong with the URL and how to fix it. The message never repeats a parameter's value.
pub fn check(text: &str) -> Result<(), String> {
    let url = Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()))
        .ok_or("this is not an http or https URL; write it like `https://example.com/v1`")?;
    if url.password().is_some() || !url.username().is_empty() {
        return Err("the URL contains a user name or password; remove them and set `apiKey` instead".to_owned());
    }
    if url.fragment().is_some() {
        return Err("the URL has a fragment (`#…`), which is never sent to a provider; remove it".to_owned());
    }
    match url.query_pairs().find(|(name, value)| !is_plain(name, value)) {
        // The name of a parameter without a value may itself be the key, so the message does not repeat it.
        Some((name, value)) if name.chars().count() <= 20 && !value.is_empty() => Err(format!(
            "the URL's parameter `{}` may contain a key; remove it and set `apiKey` instead. Allowed parameters: {}",
            name.escape_debug(),
            PARAMETERS.join(", ")
        )),
        Some(_) => Err(format!(
            "the URL's query may contain a key; remove it and set `apiKey` instead. Allowed parameters: {}",
            PARAMETERS.join(", ")
        )),
        None => Ok(()),
    }
}

/// The base URL without anything that may be a secret. Earlier versions stored URLs unchecked.
#[must_use]
pub fn shown(text: &str) -> String {
    let Ok(mut url) = Url::parse(text.trim()) else { return "…".to_owned() };
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return format!("{}:…", url.scheme());
    }
    url.set_fragment(None);
    let plain: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, value)| is_plain(name, value))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    if url.query().is_none() {
        // Keep a valid URL as it was entered: `Url` may add a trailing slash.
        let unchanged = check(text).is_ok();
        return if unchanged { text.to_owned() } else { url.into() };
    }
    url.set_query(None);
    if !plain.is_empty() {
        url.query_pairs_mut().extend_pairs(plain);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_refused_and_not_shown() {
        for (url, right, shows) in [
            ("http://127.0.0.1:8390/v1", true, "http://127.0.0.1:8390/v1"),
            ("https://example.com", true, "https://example.com"),
            (
                "https://a.example/openai?api-version=2024-10-21",
                true,
                "https://a.example/openai?api-version=2024-10-21",
            ),
            ("https://ann:s3cret@a.example/v1", false, "https://a.example/v1"),
            ("https://s3cret@a.example/v1", false, "https://a.example/v1"),
            ("https://a.example/v1?key=s3cret", false, "https://a.example/v1"),
            ("https://a.example/v1?api-version=1&subscription-key=s3cret", false, "https://a.example/v1?api-version=1"),
            ("https://a.example/v1?version=sk-s3cret", false, "https://a.example/v1"),
            ("https://a.example/v1?s3cret", false, "https://a.example/v1"),
            ("https://a.example/v1?%6bey=s3cret", false, "https://a.example/v1"),
            ("https://a.example/v1#s3cret", false, "https://a.example/v1"),
            ("ann:s3cret@a.example", false, "ann:…"),
            ("s3cret", false, "…"),
        ] {
            let checked = check(url);
            assert_eq!(checked.is_ok(), right, "{url}: {checked:?}");
            assert!(checked.is_ok() || !checked.unwrap_err().contains("s3cret"), "{url}");
            assert_eq!(shown(url), shows, "{url}");
        }
    }
}
