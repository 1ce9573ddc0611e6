//! The media type of a response, which the client's Accept header decides.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{refusal::Refusal, value};
use crate::domain::Code;

/// The media type of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// `application/json`: errors of GraphQL have status 200.
    Json,
    /// `application/graphql-response+json`: a request that cannot be executed has status 400.
    GraphqlResponse,
    /// `text/event-stream`.
    EventStream,
}

impl Media {
    /// Returns the media type that the Accept header prefers; `Json` without that header. Among equal qualities the
    /// first one wins.
    ///
    /// # Errors
    /// Returns a refusal with status 406 if no supported media type is accepted.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut best: Option<(f32, Self)> = None;
        let mut asked = false;
        for accept in headers.get_all(header::ACCEPT) {
            asked = true;
            for range in accept.to_str().unwrap_or_default().split(',') {
                let mut parts = range.split(';').map(str::trim);
                let media = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "application/json" | "application/*" | "*/*" => Self::Json,
                    "application/graphql-response+json" => Self::GraphqlResponse,
                    "text/event-stream" | "text/*" => Self::EventStream,
                    _ => continue,
                };
                let quality = parts.find_map(|p| p.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
                if quality > 0.0 && best.is_none_or(|(other, _)| quality > other) {
                    best = Some((quality, media));
                }
            }
        }
        match best {
            Some((_, media)) => Ok(media),
            None if !asked => Ok(Self::Json),
            None => Err(Refusal::new(
                StatusCode::NOT_ACCEPTABLE,
                Code::BadUserInput,
                "no acceptable media type; accept application/graphql-response+json, application/json or \
                 text/event-stream",
            )),
        }
    }

    /// Returns the value of the Content-Type header.
    pub const fn content_type(self) -> HeaderValue {
        match self {
            Self::Json => value("application/json; charset=utf-8"),
            Self::GraphqlResponse => value("application/graphql-response+json; charset=utf-8"),
            Self::EventStream => value("text/event-stream"),
        }
    }
}
