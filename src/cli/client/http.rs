//! Operations over HTTP: queries and mutations by POST, subscriptions as server-sent events, exports as files.

use std::{
    future::Future,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::{RequestBuilder, Response, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{data_of, error_of};
use crate::{
    cli::{error::CliError, operation::Operation, output, secret},
    domain::Code,
    graphql::profile::export::DescriptionsExport,
};

/// Maximum time to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Maximum time for an answer: longer than the server's own limit, which says more.
const ANSWER_WITHIN: Duration = Duration::from_mins(5);

/// The version of the server.
const VERSION: Operation = Operation("{ server { version } }");

/// The operations that the client sends on its own behalf.
pub const OPERATIONS: &[Operation] = &[VERSION];

/// Finds the present address of a server that may have moved.
pub type Finder = Box<dyn Fn() -> Option<String> + Send + Sync>;

/// A server and how to reach it.
pub struct Http {
    base: Mutex<String>,
    finder: Option<Finder>,
    token: Mutex<Option<SecretString>>,
    client: reqwest::Client,
}

impl Http {
    /// Creates a client of the server at `address`.
    ///
    /// # Errors
    /// Returns [`CliError::NoAddress`] if it is not an address of a server.
    pub fn new(address: &str, token: Option<SecretString>) -> Result<Self, CliError> {
        let no_address = || CliError::NoAddress(address.to_owned());
        let base = address.trim_end_matches('/').trim_end_matches("/graphql").to_owned();
        let url = Url::parse(&base).map_err(|_| no_address())?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !url.username().is_empty() {
            return Err(no_address());
        }
        Ok(Self { base: Mutex::new(base), finder: None, token: Mutex::new(token), client: http_client(&url) })
    }

    /// If the server does not answer, looks for its address again.
    #[must_use]
    pub fn found_by(mut self, finder: Finder) -> Self {
        self.finder = Some(finder);
        self
    }

    /// The address of the server, without `/graphql`.
    pub fn base(&self) -> String {
        self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Executes a query or mutation. If the server requires a token and a person is there, asks for one.
    ///
    /// # Errors
    /// See [`super::Client::data`].
    pub async fn data(&self, document: &str, variables: &Value) -> Result<Value, CliError> {
        loop {
            let text = self.text(document, variables).await?;
            let answer = serde_json::from_str(&text).map_err(|_| CliError::NoGloss(self.base()))?;
            match self.judged(data_of(answer, Some(&self.base()))).await {
                Err(CliError::Unauthenticated { message, .. }) if self.ask_for_token(&message)? => {}
                judged => return judged,
            }
        }
    }

    /// Starts a subscription and returns its stream of events.
    ///
    /// # Errors
    /// See [`super::Client::data`].
    pub async fn subscribe(&self, document: &str, variables: &Value) -> Result<Response, CliError> {
        let response = self.post(document, variables, "text/event-stream").await?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("text/event-stream")) {
            return Ok(response);
        }
        let text = response.text().await.map_err(|error| self.unreachable(error))?;
        let answer = serde_json::from_str(&text).map_err(|_| CliError::NoGloss(self.base()))?;
        self.judged(data_of(answer, Some(&self.base()))).await?;
        Err(CliError::NoGloss(self.base()))
    }

    /// Opens an export of descriptions and returns the response with its text.
    ///
    /// # Errors
    /// See [`super::Client::data`].
    pub async fn export(&self, request: &DescriptionsExport) -> Result<Response, CliError> {
        loop {
            let named = [("profile", &request.profile), ("format", &request.format), ("what", &request.what)];
            let named = named.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
            let schemas = request.schemas.iter().map(|schema| ("schema", schema));
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(named.chain(schemas)).finish();
            let request = |base: &str| self.client.get(format!("{base}/export/descriptions?{query}"));
            let response = self.within(self.send(request)).await?;
            let base = self.base();
            if response.status().is_success() && response.headers().contains_key(header::CONTENT_DISPOSITION) {
                return Ok(response);
            }
            let text = self.within(async { response.text().await.map_err(|error| self.unreachable(error)) }).await?;
            let answer: Value = serde_json::from_str(&text).unwrap_or_default();
            let error = &answer["errors"][0];
            let refused = if error.is_null() { CliError::NoGloss(base.clone()) } else { error_of(error, Some(&base)) };
            // An older server has no such path or format.
            let is_unknown = match &refused {
                CliError::Refused { code, .. } => {
                    let argument = error["extensions"]["argument"].as_str();
                    *code == Code::NotFound && argument.is_none() || matches!(argument, Some("format" | "query"))
                }
                refused => matches!(refused, CliError::NoGloss(_)),
            };
            match refused {
                CliError::Unauthenticated { message, .. } if self.ask_for_token(&message)? => {}
                refused if is_unknown => return Err(self.other_version().await?.unwrap_or(refused)),
                refused => return Err(refused),
            }
        }
    }

    /// If the server does not know an operation, finds out whether its version differs.
    async fn judged(&self, data: Result<Value, CliError>) -> Result<Value, CliError> {
        let unknown = [Code::GraphqlParseFailed, Code::GraphqlValidationFailed, Code::PersistedQueryNotFound];
        match data {
            Err(CliError::Refused { code, message }) if unknown.contains(&code) => {
                Err(self.other_version().await?.unwrap_or(CliError::Refused { code, message }))
            }
            data => data,
        }
    }

    /// Returns an error if the server's version differs.
    async fn other_version(&self) -> Result<Option<CliError>, CliError> {
        let text = self.text(VERSION.0, &json!({})).await?;
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        let theirs = answer["data"]["server"]["version"].as_str().filter(|theirs| *theirs != env!("CARGO_PKG_VERSION"));
        Ok(theirs.map(|theirs| CliError::OtherVersion { server: self.base(), theirs: theirs.to_owned() }))
    }

    /// The answer to a query or mutation.
    async fn text(&self, document: &str, variables: &Value) -> Result<String, CliError> {
        self.within(async {
            let response = self.post(document, variables, "application/json").await?;
            response.text().await.map_err(|error| self.unreachable(error))
        })
        .await
    }

    /// Waits for an answer, but not for ever.
    async fn within<T>(&self, answer: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
        tokio::time::timeout(ANSWER_WITHIN, answer).await.unwrap_or_else(|_| {
            let reason = "it has not answered for 5 minutes".to_owned();
            Err(CliError::Unreachable { server: self.base(), reason })
        })
    }

    async fn post(&self, document: &str, variables: &Value, accept: &str) -> Result<Response, CliError> {
        let body = json!({ "query": document, "variables": variables }).to_string();
        let request = |base: &str| {
            self.client
                .post(format!("{base}/graphql"))
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, accept)
                .body(body.clone())
        };
        self.send(request).await
    }

    /// Sends the request for an address. If nothing was sent and the server has moved, it goes to the new address.
    async fn send(&self, request: impl Fn(&str) -> RequestBuilder) -> Result<Response, CliError> {
        loop {
            let base = self.base();
            let mut request = request(&base);
            if let Some(token) = self.token.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                request = request.bearer_auth(token.expose_secret());
            }
            let error = match request.send().await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let is_unsent = error.is_connect();
            let unreachable = self.unreachable(error);
            if !is_unsent || self.base() == base {
                return Err(unreachable);
            }
        }
    }

    /// Asks for a token at the terminal, once. Returns whether there is a new one.
    fn ask_for_token(&self, message: &str) -> Result<bool, CliError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if token.is_some() || !output::can_ask() {
            return Ok(false);
        }
        output::complain(&format!("The server at {} says: {message}", self.base()));
        let given = secret::prompt("Token: ")?;
        let is_given = given.is_some();
        *token = given;
        Ok(is_given)
    }

    fn unreachable(&self, error: reqwest::Error) -> CliError {
        let server = self.base();
        if let Some(address) = self.finder.as_ref().and_then(|find| find()) {
            *self.base.lock().unwrap_or_else(PoisonError::into_inner) = address;
        }
        CliError::Unreachable { server, reason: root(&error.without_url()) }
    }
}

/// The innermost cause in plain words: `connection refused`.
pub fn root(error: &reqwest::Error) -> String {
    if error.is_body() || error.is_decode() {
        return "the connection ended before the answer was complete".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    let text = cause.to_string();
    let text = text.split(" (os error ").next().unwrap_or_default();
    // It stands within a sentence.
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// Creates an HTTP client. For a loopback address it ignores proxies, which could not reach this machine's loopback.
fn http_client(url: &Url) -> reqwest::Client {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_here = host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback());
    let builder = reqwest::Client::builder().connect_timeout(CONNECT_WITHIN);
    let builder = if is_here { builder.no_proxy() } else { builder };
    builder.build().unwrap_or_default()
}
