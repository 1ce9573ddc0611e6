//! The results of a subscription, from a server's stream of events or from this process.

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use reqwest::Response;
use serde_json::Value;

use super::{data_of, http};
use crate::cli::error::CliError;

/// A stream without anything for this long is broken: the server sends a comment more often.
const SILENT_FOR: Duration = Duration::from_mins(1);

/// The results of a subscription.
pub struct Events(Source);

enum Source {
    Own(BoxStream<'static, Value>),
    Server { response: Response, read: Vec<u8> },
}

impl Events {
    pub(super) const fn own(results: BoxStream<'static, Value>) -> Self {
        Self(Source::Own(results))
    }

    pub(super) const fn server(response: Response) -> Self {
        Self(Source::Server { response, read: Vec::new() })
    }

    /// Returns the `data` of the next result; `None` once the subscription is complete.
    ///
    /// # Errors
    /// Returns [`CliError::Unreachable`] if the connection breaks, and the errors of [`super::Client::data`] for a
    /// result with errors.
    pub async fn next(&mut self) -> Result<Option<Value>, CliError> {
        match &mut self.0 {
            Source::Own(results) => results.next().await.map(|result| data_of(result, None)).transpose(),
            Source::Server { response, read } => {
                let base = response.url().as_str().trim_end_matches("/graphql").to_owned();
                loop {
                    if let Some(event) = take_event(read) {
                        match event {
                            Event::Next(json) => {
                                let result =
                                    serde_json::from_str(&json).map_err(|_| CliError::NoGloss(base.clone()))?;
                                return data_of(result, Some(&base)).map(Some);
                            }
                            Event::Complete => return Ok(None),
                            Event::Other => continue,
                        }
                    }
                    let broken = |reason: String| CliError::Unreachable { server: base.clone(), reason };
                    match tokio::time::timeout(SILENT_FOR, response.chunk()).await {
                        Ok(Ok(Some(bytes))) => read.extend_from_slice(&bytes),
                        Ok(Ok(None)) => return Err(broken("the connection ended".to_owned())),
                        Ok(Err(error)) => return Err(broken(http::root(&error.without_url()))),
                        Err(_silent) => return Err(broken("nothing was received for a minute".to_owned())),
                    }
                }
            }
        }
    }
}

/// An event of the stream.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Next(String),
    Complete,
    /// A comment that keeps the connection open.
    Other,
}

/// Takes the first complete event from what was read.
fn take_event(read: &mut Vec<u8>) -> Option<Event> {
    let end = read.windows(2).position(|pair| pair == b"\n\n")?;
    let event: Vec<u8> = read.drain(..end + 2).collect();
    let event = String::from_utf8_lossy(&event);
    let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim));
    Some(match field("event") {
        Some("next") => Event::Next(field("data").unwrap_or_default().to_owned()),
        Some("complete") => Event::Complete,
        _ => Event::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_when_they_are_complete() {
        let mut read = b":\n\nevent: next\ndata: {\"a\": 1}\n\nevent: comp".to_vec();
        assert_eq!(take_event(&mut read), Some(Event::Other));
        assert_eq!(take_event(&mut read), Some(Event::Next("{\"a\": 1}".to_owned())));
        assert_eq!(take_event(&mut read), None);
        read.extend_from_slice(b"lete\ndata:\n\n");
        assert_eq!(take_event(&mut read), Some(Event::Complete));
        assert!(read.is_empty());
    }
}
