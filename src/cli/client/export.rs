//! Exports, from a server's response or from this process.

use std::time::Duration;

use futures_util::{StreamExt, stream::BoxStream};
use reqwest::Response;

use super::http;
use crate::cli::error::CliError;

/// Maximum time between two pieces.
const PIECE_WITHIN: Duration = Duration::from_mins(5);

/// The pieces of an export. A piece may end within a character.
pub struct Pieces(Source);

enum Source {
    Own(BoxStream<'static, Result<String, CliError>>),
    Server { base: String, response: Response },
}

impl Pieces {
    pub(super) const fn own(text: BoxStream<'static, Result<String, CliError>>) -> Self {
        Self(Source::Own(text))
    }

    pub(super) const fn server(base: String, response: Response) -> Self {
        Self(Source::Server { base, response })
    }

    /// Returns the next piece; `None` once the export is complete.
    ///
    /// # Errors
    /// Returns [`CliError::Unreachable`] if the server breaks the export off, and [`CliError::Refused`] if this process
    /// does.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, CliError> {
        match &mut self.0 {
            Source::Own(text) => Ok(text.next().await.transpose()?.map(String::into_bytes)),
            Source::Server { base, response } => {
                let broken = |reason: String| CliError::Unreachable {
                    server: base.clone(),
                    reason: format!("the export was broken off ({reason})"),
                };
                match tokio::time::timeout(PIECE_WITHIN, response.chunk()).await {
                    Ok(Ok(piece)) => Ok(piece.map(Vec::from)),
                    Ok(Err(error)) => Err(broken(http::root(&error.without_url()))),
                    Err(_silent) => Err(broken("nothing was received for 5 minutes".to_owned())),
                }
            }
        }
    }

    /// Returns all pieces as one text.
    ///
    /// # Errors
    /// As [`Pieces::next`]; also [`CliError::NoGloss`] if it is not UTF-8.
    pub async fn text(mut self) -> Result<String, CliError> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.next().await? {
            bytes.extend_from_slice(&piece);
        }
        String::from_utf8(bytes).map_err(|_| match self.0 {
            Source::Own(_) => CliError::NoGloss("this process".to_owned()),
            Source::Server { base, .. } => CliError::NoGloss(base),
        })
    }
}
