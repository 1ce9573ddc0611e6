//! The command line's commands, one file each.
//!
//! The rule: a command is a client of the same GraphQL operations that everybody has. Where a server holds the data
//! folder it speaks to that server; else it opens the store in its own process and asks there, as the person at this
//! machine. A secret comes from the environment, never from the command line, and answers go to standard output,
//! with `--json` as JSON.

pub mod token;

use std::{any::Any, net::IpAddr};

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::graphql::{self, GlossSchema};

/// The variable with the token for a server.
pub const TOKEN: &str = "GLOSS_TOKEN";

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Nobody answers.
    #[error("cannot reach the server at {server}: {source}; check that it runs, and --server")]
    Unreachable {
        /// Its address.
        server: String,
        /// Why.
        source: reqwest::Error,
    },
    /// Something else answers.
    #[error("{0} is not a Gloss server; check --server")]
    NoGloss(String),
    /// The server wants to know who asks.
    #[error(
        "the server at {server} says: {message}; set {TOKEN} to a token with the role ADMIN. If you have none left, \
         stop the server and run this command again: it then uses the store directly"
    )]
    Unauthenticated {
        /// Its address.
        server: String,
        /// What it says.
        message: String,
    },
    /// An operation was refused.
    #[error("{0}")]
    Refused(String),
    /// What was said on the command line cannot be done.
    #[error("{0}")]
    Usage(String),
}

/// Asks a server, or the store in this process.
pub enum Client {
    /// A server at an address.
    Server {
        /// Its address.
        base: String,
        /// What opens its door.
        token: Option<SecretString>,
        /// The connection.
        http: reqwest::Client,
    },
    /// This process.
    Own {
        /// The operations.
        schema: Box<GlossSchema>,
        /// What must live as long: the locks.
        locks: Box<dyn Any>,
    },
}

impl Client {
    /// Asks the server at an address.
    pub fn of_server(base: &str, token: Option<SecretString>) -> Self {
        let base = base.trim_end_matches('/').trim_end_matches("/graphql").to_owned();
        Self::Server { http: http_client(&base), base, token }
    }

    /// The data of an operation.
    ///
    /// # Errors
    /// [`CliError`].
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

/// A proxy of the environment's is for other machines: it cannot reach this one's loopback address.
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
