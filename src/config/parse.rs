//! How the text of a setting becomes its value. Each error says how to write the value.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use axum::http::{Uri, uri::Authority};
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::port::environment::EnvNames;

/// Reads a folder. An empty one is left to [`super::Settings::checked`], because commands without a folder parse it
/// too.
pub fn folder() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(PathBuf::from)
}

/// Reads an IP address and a port.
pub fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write a numeric IP address and a port, as in 127.0.0.1:8787")
}

/// Reads a whole number.
pub fn whole<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "write a whole number, 0 or more")
}

/// Reads a whole number within limits.
pub fn between(least: usize, most: usize) -> impl Fn(&str) -> Result<usize, String> + Clone + Send + Sync + 'static {
    move |text| match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("write a whole number from {least} to {most}")),
    }
}

/// Reads a number of seconds.
pub fn seconds(text: &str) -> Result<Duration, &'static str> {
    whole(text).map(Duration::from_secs)
}

/// Reads a number of seconds that is not 0.
pub fn some_seconds(text: &str) -> Result<Duration, &'static str> {
    seconds(text).ok().filter(|time| !time.is_zero()).ok_or("write a whole number, 1 or more")
}

/// Reads a list of host names.
pub fn hosts(text: &str) -> Result<Vec<Authority>, String> {
    list(text, host, "a host name, as in gloss.example")
}

/// Reads a list of origins.
pub fn origins(text: &str) -> Result<Vec<Uri>, String> {
    list(text, origin, "an origin; write only scheme, host and port, as in https://studio.example")
}

/// Reads a list of patterns of environment variables.
pub fn env_names(text: &str) -> Result<EnvNames, String> {
    let hint = "write names of environment variables; * matches any characters";
    EnvNames::new(text.split(',')).map_err(|pattern| format!("{pattern:?} is not a valid pattern; {hint}"))
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>, what: &str) -> Result<Vec<T>, String> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries.map(|entry| read(entry).ok_or_else(|| format!("{entry:?} is not {what}"))).collect()
}

fn host(text: &str) -> Option<Authority> {
    let host: Authority = text.parse().ok()?;
    (!host.as_str().contains(['@', '*'])).then_some(host)
}

fn origin(text: &str) -> Option<Uri> {
    let origin: Uri = text.parse().ok()?;
    let is_origin =
        matches!(origin.scheme_str(), Some("http" | "https")) && origin.path() == "/" && origin.query().is_none();
    (is_origin && origin.authority().is_some_and(|authority| host(authority.as_str()).is_some())).then_some(origin)
}
