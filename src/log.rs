//! The log on standard error.
//!
//! The rule: untrusted text is escaped in the log as everywhere else: characters that are invisible or that change
//! how others are displayed appear as escapes. The formatters of `tracing` escape control characters; this module
//! escapes the rest.

use std::io::{self, IsTerminal, Write};

use tracing::Level;
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt,
    registry,
    util::SubscriberInitExt,
};

use crate::{
    config::{LogFormat, Settings},
    domain::text::is_unseen,
    telemetry::traces::{self, Traces, TracesError},
};

/// The most detailed level that these libraries may log. Below it they log what passes through them, tokens and keys
/// included. A notice of PostgreSQL is text of a described database.
const DISCREET: [(&str, Level); 5] = [
    ("hyper", Level::INFO),
    ("reqwest", Level::INFO),
    ("sqlx::postgres::notice", Level::ERROR),
    ("tokio_tungstenite", Level::INFO),
    ("tungstenite", Level::INFO),
];

/// An invalid log filter.
#[derive(Debug, thiserror::Error)]
#[error("the log filter {0:?} is invalid; write it as `info` or `gloss=debug,warn`")]
pub struct FilterError(String);

/// Why the log or the traces cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is invalid.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The traces cannot be sent.
    #[error(transparent)]
    Traces(#[from] TracesError),
}

/// Starts the log of this process, and its traces if the settings name a collector.
///
/// # Errors
/// Returns a [`LogError`] if one of these settings is invalid.
pub fn start(settings: &Settings) -> Result<Option<Traces>, LogError> {
    let filter = filter(&settings.log)?;
    let (ansi, writer) = (io::stderr().is_terminal(), Shown(settings.log_format));
    let discreet = filter_fn(|said| {
        let about = DISCREET.iter().find(|(library, _)| said.target().starts_with(library));
        about.is_none_or(|(_, most)| said.level() <= most)
    });
    if settings.otlp_endpoint.is_empty() {
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(writer);
        match settings.log_format {
            LogFormat::Text => log.finish().with(discreet).init(),
            LogFormat::Json => log.json().finish().with(discreet).init(),
        }
        return Ok(None);
    }
    // The log and the traces see different spans, so each has a filter of its own.
    let log = tracing_subscriber::fmt::layer().with_ansi(ansi).with_writer(writer);
    let log = match settings.log_format {
        LogFormat::Text => log.boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    let (layer, traces) = traces::start(&settings.otlp_endpoint)?;
    registry().with(log.with_filter(filter.and(discreet))).with(layer).init();
    Ok(Some(traces))
}

/// Parses a log filter.
///
/// # Errors
/// Returns [`FilterError`] if a part is neither a level nor a directive with `=` or `[`, or if the filter is invalid.
pub fn filter(text: &str) -> Result<EnvFilter, FilterError> {
    // A lone word would be parsed as a module name, so a misspelled level would silence everything.
    let is_level = |word: &str| word.parse::<LevelFilter>().is_ok();
    let readable = text.split(',').map(str::trim).all(|part| part.contains(['=', '[']) || is_level(part));
    let filter = EnvFilter::try_new(text).ok().filter(|_| readable);
    filter.ok_or_else(|| FilterError(text.to_owned()))
}

/// Standard error, with invisible characters escaped.
struct Shown(LogFormat);

impl<'a> MakeWriter<'a> for Shown {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { format: self.0, bytes: Vec::new() }
    }
}

/// One event, buffered until it is complete and written in one call.
struct Line {
    format: LogFormat,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.bytes);
        let shown = shown(&text, self.format);
        // A failure to write the log cannot be reported anywhere.
        drop(io::stderr().lock().write_all(shown.as_bytes()));
    }
}

fn shown(text: &str, format: LogFormat) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match (c, format) {
            // ASCII control characters here come from the formatters: line ends and colours.
            (c, _) if c.is_ascii() && c != '\u{7f}' || !is_unseen(c) => shown.push(c),
            (c, LogFormat::Text) => shown.extend(c.escape_unicode()),
            (c, LogFormat::Json) => {
                let mut units = [0; 2];
                shown.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_escaped_in_both_formats() {
        let text = "{\"a\":\"x\u{202e}y\u{85}z\u{e0041}\u{7f}ä\"}\n";
        assert_eq!(shown(text, LogFormat::Text), "{\"a\":\"x\\u{202e}y\\u{85}z\\u{e0041}\\u{7f}ä\"}\n");
        let json = shown(text, LogFormat::Json);
        assert_eq!(json, "{\"a\":\"x\\u202ey\\u0085z\\udb40\\udc41\\u007fä\"}\n");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["a"], "x\u{202e}y\u{85}z\u{e0041}\u{7f}ä");
    }
}
