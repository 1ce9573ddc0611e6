//! The commands of the command line, one file each.
//!
//! The rule: a command is a client of the same GraphQL operations as every other client. If a server holds the data
//! folder, the command calls that server; otherwise it opens the store in its own process and calls the operations
//! there as the local user. Secrets come from the environment, never from the command line. Results go to standard
//! output, with `--json` as JSON.

pub mod token;

use std::{any::Any, net::IpAddr};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::graphql::{self, GlossSchema};

/// The environment variable that holds the token for a server.
pub const TOKEN: &str = "GLOSS_TOKEN";

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The server did not answer.
    #[error("cannot reach the server at {server}: {source}; check that it runs, and --server")]
    Unreachable {
        /// Its address.
        server: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// The address belongs to something other than a Gloss server.
    #[error("{0} is not a Gloss server; check --server")]
    NoGloss(String),
    /// The server requires a valid token.
    #[error(
        "the server at {server} says: {message}; set {TOKEN} to a token with the role ADMIN. If you have none left, \
         stop the server and run this command again: it then uses the store directly"
    )]
    Unauthenticated {
        /// Its address.
        server: String,
        /// The server's message.
        message: String,
    },
    /// The server refused the operation.
    #[error("{0}")]
    Refused(String),
    /// The arguments on the command line are wrong.
    #[error("{0}")]
    Usage(String),
}

/// A client of a server, or of the store in this process.
pub enum Client {
    /// A server at an address.
    Server {
        /// Its address, without `/graphql`.
        base: String,
        /// The token to authenticate with.
        token: Option<SecretString>,
        /// The HTTP client.
        http: reqwest::Client,
    },
    /// The store in this process.
    Own {
        /// The GraphQL operations.
        schema: Box<GlossSchema>,
        /// The locks on the data folder and the store, held as long as the client.
        locks: Box<dyn Any>,
    },
}

impl Client {
    /// Creates a client of the server at `base`.
    pub fn of_server(base: &str, token: Option<SecretString>) -> Self {
        let base = base.trim_end_matches('/').trim_end_matches("/graphql").to_owned();
        Self::Server { http: http_client(&base), base, token }
    }

    /// Runs an operation and returns its `data`.
    ///
    /// # Errors
    /// Returns [`CliError::Unreachable`] if the server does not answer, [`CliError::NoGloss`] if the answer is not
    /// Gloss's, [`CliError::Unauthenticated`] if the server requires a valid token, and [`CliError::Refused`] for any
    /// other error of the operation.
    pub async fn data(&self, query: &str, variables: Value) -> Result<Value, CliError> {
        let (server, mut answer) = match self {
            Self::Own { schema, .. } => ("this process", graphql::answer(schema, query, variables).await),
            Self::Server { base, token, http } => {
                (base.as_str(), post(base, token.as_ref(), http, query, &variables).await?)
            }
        };
        if let Some(error) = answer["errors"].get(0) {
            let message = error["message"].as_str().unwrap_or_default().to_owned();
            return Err(match error["extensions"]["code"].as_str() {
                Some("UNAUTHENTICATED") => CliError::Unauthenticated { server: server.to_owned(), message },
                _ => CliError::Refused(message),
            });
        }
        match answer["data"].take() {
            Value::Null => Err(CliError::NoGloss(server.to_owned())),
            data => Ok(data),
        }
    }
}

/// Creates an HTTP client. For a loopback address it ignores proxies, which could not reach this machine's loopback.
fn http_client(base: &str) -> reqwest::Client {
    let host = reqwest::Url::parse(base).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback());
    let builder = if is_here { reqwest::Client::builder().no_proxy() } else { reqwest::Client::builder() };
    builder.build().unwrap_or_default()
}

async fn post(
    base: &str,
    token: Option<&SecretString>,
    http: &reqwest::Client,
    query: &str,
    variables: &Value,
) -> Result<Value, CliError> {
    let unreachable =
        |source: reqwest::Error| CliError::Unreachable { server: base.to_owned(), source: source.without_url() };
    let body = json!({ "query": query, "variables": variables }).to_string();
    let mut request = http.post(format!("{base}/graphql")).header("content-type", "application/json").body(body);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose_secret());
    }
    let text = request.send().await.map_err(unreachable)?.text().await.map_err(unreachable)?;
    serde_json::from_str(&text).map_err(|_| CliError::NoGloss(base.to_owned()))
}
