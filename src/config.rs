//! Settings: from defaults, then a TOML file, then the environment, then flags; the later wins.
//!
//! To add a setting: a field in [`Flags`] (its flag and environment name), the same field in [`File`], its
//! default and check in [`Settings::load`], a line in `README.md`.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::http::{Uri, uri::Authority};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::port::environment::EnvNames;

/// Where the API listens when nothing else is said.
const DEFAULT_LISTEN: &str = "127.0.0.1:8787";
/// Runs at once in a process when nothing else is said.
const DEFAULT_WORKERS: usize = 4;
/// What is logged when nothing else is said.
const DEFAULT_LOG: &str = "info,sea_orm_migration=warn";
/// How long a run bears with a provider that does not answer when nothing else is said.
const DEFAULT_PROVIDER_PATIENCE: Duration = Duration::from_hours(1);
/// How long a run bears with a database that does not answer any more when nothing else is said.
const DEFAULT_TARGET_PATIENCE: Duration = Duration::from_mins(1);
/// Requests that a client may send in a minute when nothing else is said: 2,000 a second.
const DEFAULT_REQUESTS_PER_MINUTE: u32 = 120_000;
/// Runs that a client may have in the queue when nothing else is said.
const DEFAULT_QUEUED_RUNS: usize = 1_000;
/// How the URL of a store in a file is written.
const SQLITE_HINT: &str = "sqlite:///path/to/store.db";
/// How the URL of a store in PostgreSQL is written.
const POSTGRES_HINT: &str = "postgres://user:password@host:port/database";
/// How an allowed host is written.
const HOSTS_HINT: &str = "host for --allowed-hosts; write a host name, as in gloss.example";
/// How an allowed origin is written.
const ORIGINS_HINT: &str =
    "origin for --allowed-origins; write only scheme, host and port, as in https://studio.example";
/// The variable that holds the key of the store's secrets.
pub const SECRET_KEY: &str = "GLOSS_SECRET_KEY";
/// How long a request may take when nothing else is said.
const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// Connections at once when nothing else is said.
const DEFAULT_MAX_CONNECTIONS: usize = 10_000;
/// WebSockets, and subscriptions, of one client when nothing else is said.
const DEFAULT_PER_CLIENT: usize = 5_000;
/// The most operations that one body may carry, whatever is said.
const MAX_BATCH: usize = 100;
/// The most runs at once in a process.
const MAX_WORKERS: usize = 256;

/// What can be said on the command line and in the environment.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// TOML file with any of the settings below; the keys are the names of the flags with `_` instead of `-`
    #[arg(long, env = "GLOSS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on [default: 127.0.0.1:8787]; port 0 chooses a free port
    #[arg(long, env = "GLOSS_LISTEN", value_name = "ADDRESS:PORT", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// Folder for the store, the demo database, the key and the lock [default: the platform's data folder]
    #[arg(long, env = "GLOSS_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// URL of the store, `sqlite:///path/to/store.db` or `postgres://user:password@host:port/database`
    /// [default: sqlite:// in the data folder]
    #[arg(long, env = "GLOSS_STORE_URL", value_name = "URL", hide_env_values = true)]
    pub store_url: Option<SecretString>,
    /// Start with an empty store although the key file in the data folder belongs to another one
    #[arg(long, env = "GLOSS_NEW_STORE", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub new_store: Option<bool>,
    /// Maximum number of runs at the same time [default: 4]; 0 starts an API without workers
    #[arg(long, env = "GLOSS_WORKERS", value_name = "N", value_parser = whole::<usize>)]
    pub workers: Option<usize>,
    /// Seconds that a run waits for a provider that does not answer before it pauses [default: 3600]
    #[arg(long, env = "GLOSS_PROVIDER_PATIENCE_SECONDS", value_name = "SECONDS", value_parser = whole::<u64>)]
    pub provider_patience_seconds: Option<u64>,
    /// Seconds that a run waits for a database that does not answer before it fails [default: 60]
    #[arg(long, env = "GLOSS_TARGET_PATIENCE_SECONDS", value_name = "SECONDS", value_parser = whole::<u64>)]
    pub target_patience_seconds: Option<u64>,
    /// Host names of the server besides those of this machine, as in `gloss.example`, separated by commas
    #[arg(long, env = "GLOSS_ALLOWED_HOSTS", value_name = "HOSTS", value_delimiter = ',')]
    pub allowed_hosts: Option<Vec<String>>,
    /// Other origins whose pages may call the API, as in `https://studio.example`, separated by commas
    #[arg(long, env = "GLOSS_ALLOWED_ORIGINS", value_name = "ORIGINS", value_delimiter = ',')]
    pub allowed_origins: Option<Vec<String>>,
    /// Maximum number of requests per client and minute [default: 120000]; 0 sets no limit
    #[arg(long, env = "GLOSS_REQUESTS_PER_MINUTE", value_name = "N", value_parser = whole::<u32>)]
    pub requests_per_minute: Option<u32>,
    /// Maximum number of queued runs per client [default: 1000]
    #[arg(long, env = "GLOSS_QUEUED_RUNS", value_name = "N", value_parser = whole::<usize>)]
    pub queued_runs: Option<usize>,
    /// Time limit of a query or mutation in seconds [default: 60]
    #[arg(long, env = "GLOSS_REQUEST_TIMEOUT_SECONDS", value_name = "SECONDS", value_parser = whole::<u64>)]
    pub request_timeout_seconds: Option<u64>,
    /// Maximum number of operations in one request body, sent as a JSON array [default: 0, which disables batches]
    #[arg(long, env = "GLOSS_MAX_BATCH", value_name = "N", value_parser = whole::<usize>)]
    pub max_batch: Option<usize>,
    /// Maximum number of connections [default: 10000]; further ones wait
    #[arg(long, env = "GLOSS_MAX_CONNECTIONS", value_name = "N", value_parser = whole::<usize>)]
    pub max_connections: Option<usize>,
    /// Maximum number of connections per client [default: a fourth of --max-connections; all of them from this
    /// machine]; further ones are closed
    #[arg(long, env = "GLOSS_MAX_CONNECTIONS_PER_CLIENT", value_name = "N", value_parser = whole::<usize>)]
    pub max_connections_per_client: Option<usize>,
    /// Maximum number of WebSockets and reserved event streams per client [default: 5000]
    #[arg(long, env = "GLOSS_MAX_SOCKETS_PER_CLIENT", value_name = "N", value_parser = whole::<usize>)]
    pub max_sockets_per_client: Option<usize>,
    /// Maximum number of subscriptions per client [default: 5000]
    #[arg(long, env = "GLOSS_MAX_SUBSCRIPTIONS_PER_CLIENT", value_name = "N", value_parser = whole::<usize>)]
    pub max_subscriptions_per_client: Option<usize>,
    /// File or folder with trusted documents; Gloss then executes no others [default: executes any document]
    #[arg(long, env = "GLOSS_TRUSTED_DOCUMENTS", value_name = "PATH")]
    pub trusted_documents: Option<PathBuf>,
    /// Schedules that make up for a firing that they missed while no server was running [default: repeating]
    #[arg(long, env = "GLOSS_MISSED_FIRINGS", value_enum, value_name = "WHICH")]
    pub missed_firings: Option<MissedFirings>,
    /// Names of environment variables that profiles may read with `env:NAME`, separated by commas; `*` matches any
    /// characters [default: `*_API_KEY,*_DB_PASSWORD,GLOSS_PROFILE_*`]
    #[arg(long, env = "GLOSS_ENV_NAMES", value_name = "PATTERNS", value_delimiter = ',')]
    pub env_names: Option<Vec<String>>,
    /// Filter of the log, as in `info` or `gloss=debug,warn` [default: info]
    #[arg(long, env = "GLOSS_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// Format of the log on standard error [default: text]
    #[arg(long, env = "GLOSS_LOG_FORMAT", value_enum, value_name = "FORMAT")]
    pub log_format: Option<LogFormat>,
}

/// Where a command that is no server finds the store.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// TOML file with settings
    #[arg(long, env = "GLOSS_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Folder of the store, the key and the lock [default: the platform's data folder]
    #[arg(long, env = "GLOSS_DATA_DIR", value_name = "FOLDER", global = true)]
    data_dir: Option<PathBuf>,
    /// URL of the store, `sqlite:///path/to/store.db` or `postgres://user:password@host:port/database`
    /// [default: sqlite:// in the data folder]
    #[arg(long, env = "GLOSS_STORE_URL", value_name = "URL", hide_env_values = true, global = true)]
    store_url: Option<SecretString>,
    /// Start with an empty store although the key file in the data folder belongs to another one
    #[arg(long, env = "GLOSS_NEW_STORE", global = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    new_store: Option<bool>,
}

impl From<Place> for Flags {
    fn from(Place { config, data_dir, store_url, new_store }: Place) -> Self {
        Self { config, data_dir, store_url, new_store, ..Self::default() }
    }
}

/// How the log is written, on standard error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Which schedules make up for a firing that was due while no server ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum MissedFirings {
    /// Repeating schedules fire once; a one-time schedule becomes MISSED.
    #[default]
    Repeating,
    /// All schedules fire once.
    All,
    /// No schedule does; repeating ones continue with their next firing.
    None,
}

/// What can be said in the file. It may hold a password, and so is never printed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    listen: Option<SocketAddr>,
    data_dir: Option<PathBuf>,
    store_url: Option<String>,
    new_store: Option<bool>,
    workers: Option<usize>,
    provider_patience_seconds: Option<u64>,
    target_patience_seconds: Option<u64>,
    allowed_hosts: Option<Vec<String>>,
    allowed_origins: Option<Vec<String>>,
    requests_per_minute: Option<u32>,
    queued_runs: Option<usize>,
    request_timeout_seconds: Option<u64>,
    max_batch: Option<usize>,
    max_connections: Option<usize>,
    max_connections_per_client: Option<usize>,
    max_sockets_per_client: Option<usize>,
    max_subscriptions_per_client: Option<usize>,
    trusted_documents: Option<PathBuf>,
    missed_firings: Option<MissedFirings>,
    env_names: Option<Vec<String>>,
    log: Option<String>,
    log_format: Option<LogFormat>,
}

/// Checked settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address and port of the API.
    pub listen: SocketAddr,
    /// Folder of the store, the demo database and the lock.
    pub data_dir: PathBuf,
    /// Where the records are kept.
    pub store_url: SecretString,
    /// Whether an empty store may stand beside the key of another.
    pub new_store: bool,
    /// Runs at once in this process; 0 for none.
    pub workers: usize,
    /// How long a run bears with a provider that does not answer.
    pub provider_patience: Duration,
    /// How long a run bears with a target that does not answer any more.
    pub target_patience: Duration,
    /// Hosts by which people reach the server.
    pub allowed_hosts: Vec<Authority>,
    /// Other sites whose pages may ask.
    pub allowed_origins: Vec<Uri>,
    /// Requests that a client may send in a minute; 0 for no limit.
    pub requests_per_minute: u32,
    /// Runs that a client may have in the queue.
    pub queued_runs: usize,
    /// What the store's secrets are sealed with, where the environment says so.
    pub secret_key: Option<SecretString>,
    /// How long a query or mutation may take.
    pub request_timeout: Duration,
    /// Operations in one body; 0 for no batches.
    pub max_batch: usize,
    /// Connections at once.
    pub max_connections: usize,
    /// Connections at once of one client, where the settings say so.
    pub max_connections_per_client: Option<usize>,
    /// WebSockets and reserved streams of events of one client.
    pub max_sockets_per_client: usize,
    /// Subscriptions at once of one client.
    pub max_subscriptions_per_client: usize,
    /// The documents that alone may run.
    pub trusted_documents: Option<PathBuf>,
    /// Which schedules make up for missed firings.
    pub missed_firings: MissedFirings,
    /// The environment variables that profiles may read.
    pub env_names: EnvNames,
    /// What is logged.
    pub log: String,
    /// How the log is written.
    pub log_format: LogFormat,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings file {}: {source}; choose another with --config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the settings file {} is invalid at line {line}: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Where.
        line: usize,
        /// Why.
        message: String,
    },
    /// A setting is out of range.
    #[error("{0}")]
    Invalid(String),
    /// The platform names no data folder.
    #[error("this platform has no default data folder; choose one with --data-dir")]
    NoDataFolder,
}

impl Settings {
    /// Puts defaults, file, environment and flags together and checks them.
    ///
    /// # Errors
    /// [`ConfigError`] saying which setting is wrong.
    pub fn load(flags: Flags) -> Result<Self, ConfigError> {
        let file = flags.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
        let listen = match flags.listen.or(file.listen) {
            Some(listen) => listen,
            None => DEFAULT_LISTEN.parse().map_err(|_| ConfigError::Invalid("the default address is wrong".into()))?,
        };
        let data_dir = flags.data_dir.or(file.data_dir).or_else(platform_data_dir).ok_or(ConfigError::NoDataFolder)?;
        let data_dir = std::path::absolute(&data_dir)
            .map_err(|error| ConfigError::Invalid(format!("cannot use the data folder: {error}")))?;
        let store_url = flags.store_url.or_else(|| file.store_url.map(SecretString::from));
        let store_url = store_url.filter(|url| !url.expose_secret().is_empty());
        let store_url = store_url.unwrap_or_else(|| sqlite_url(&data_dir.join("store.db")).into());
        check_store_url(store_url.expose_secret())?;
        let range = |name: &str, value: usize, from: usize, to: usize| {
            let message = || format!("{name} is {value}; it must be from {from} to {to}");
            if (from..=to).contains(&value) { Ok(value) } else { Err(ConfigError::Invalid(message())) }
        };
        let counted = |name, value: Option<usize>, default| range(name, value.unwrap_or(default), 1, 1_000_000);
        let per_client = DEFAULT_PER_CLIENT;
        Ok(Self {
            request_timeout: match flags.request_timeout_seconds.or(file.request_timeout_seconds) {
                Some(0) => return Err(ConfigError::Invalid("request_timeout_seconds is 0; set 1 or more".to_owned())),
                Some(seconds) => Duration::from_secs(seconds),
                None => DEFAULT_REQUEST_TIMEOUT,
            },
            max_batch: range("max_batch", flags.max_batch.or(file.max_batch).unwrap_or_default(), 0, MAX_BATCH)?,
            max_connections: counted(
                "max_connections",
                flags.max_connections.or(file.max_connections),
                DEFAULT_MAX_CONNECTIONS,
            )?,
            max_connections_per_client: flags
                .max_connections_per_client
                .or(file.max_connections_per_client)
                .map(|most| counted("max_connections_per_client", Some(most), most))
                .transpose()?,
            max_sockets_per_client: counted(
                "max_sockets_per_client",
                flags.max_sockets_per_client.or(file.max_sockets_per_client),
                per_client,
            )?,
            max_subscriptions_per_client: counted(
                "max_subscriptions_per_client",
                flags.max_subscriptions_per_client.or(file.max_subscriptions_per_client),
                per_client,
            )?,
            trusted_documents: flags.trusted_documents.or(file.trusted_documents),
            listen,
            data_dir,
            store_url,
            new_store: flags.new_store.or(file.new_store).unwrap_or_default(),
            workers: range("workers", flags.workers.or(file.workers).unwrap_or(DEFAULT_WORKERS), 0, MAX_WORKERS)?,
            provider_patience: flags
                .provider_patience_seconds
                .or(file.provider_patience_seconds)
                .map_or(DEFAULT_PROVIDER_PATIENCE, Duration::from_secs),
            target_patience: flags
                .target_patience_seconds
                .or(file.target_patience_seconds)
                .map_or(DEFAULT_TARGET_PATIENCE, Duration::from_secs),
            missed_firings: flags.missed_firings.or(file.missed_firings).unwrap_or_default(),
            env_names: match flags.env_names.or(file.env_names) {
                Some(names) => EnvNames::new(names.iter().map(String::as_str)).map_err(|pattern| {
                    let hint = "write names of environment variables; * matches any characters";
                    ConfigError::Invalid(format!(
                        "env_names contains {pattern:?}, which is not a valid pattern; {hint}"
                    ))
                })?,
                None => EnvNames::default(),
            },
            allowed_hosts: all(flags.allowed_hosts.or(file.allowed_hosts), host, HOSTS_HINT)?,
            allowed_origins: all(flags.allowed_origins.or(file.allowed_origins), origin, ORIGINS_HINT)?,
            requests_per_minute: flags
                .requests_per_minute
                .or(file.requests_per_minute)
                .unwrap_or(DEFAULT_REQUESTS_PER_MINUTE),
            queued_runs: counted("queued_runs", flags.queued_runs.or(file.queued_runs), DEFAULT_QUEUED_RUNS)?,
            // From the environment alone: a command line can be seen by others, a file is copied about.
            secret_key: secret(SECRET_KEY)?,
            log: flags.log.or(file.log).unwrap_or_else(|| DEFAULT_LOG.to_owned()),
            log_format: flags.log_format.or(file.log_format).unwrap_or_default(),
        })
    }
}

/// Refuses a URL of no store. What it says holds nothing of a password.
fn check_store_url(url: &str) -> Result<(), ConfigError> {
    let scheme = url.split(':').next().unwrap_or_default();
    let wrong = match scheme {
        "sqlite" if sqlite_file(url).is_some() => return Ok(()),
        "sqlite" => format!("the store URL has no file path; write {SQLITE_HINT}"),
        "postgres" | "postgresql" => {
            // What follows a sign that a password should have been written without would be taken for a name.
            let database = url::Url::parse(url).map(|url| url.path().trim_start_matches('/').to_owned());
            if database.is_ok_and(|database| !database.is_empty() && !database.contains(['/', '@'])) {
                return Ok(());
            }
            let signs = "in a password, write %23 for #, %2F for /, %3F for ?, %40 for @ and %25 for %";
            format!("the store URL is invalid or has no database name; write {POSTGRES_HINT}; {signs}")
        }
        _ => format!(
            "the store URL begins with {scheme}, which is not supported; write {SQLITE_HINT} or {POSTGRES_HINT}"
        ),
    };
    Err(ConfigError::Invalid(wrong))
}

/// The URL of a SQLite file with an absolute path; what a URL reads otherwise is encoded.
pub fn sqlite_url(path: &Path) -> String {
    url::Url::from_file_path(path)
        .map_or_else(|()| format!("sqlite://{}", path.display()), |url| url.as_str().replacen("file", "sqlite", 1))
}

/// The file behind a SQLite URL; `None` where it names none by an absolute path.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.split('?').next()?.strip_prefix("sqlite://")?;
    url::Url::parse(&format!("file://{path}")).ok()?.to_file_path().ok()
}

fn platform_data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("", "", "gloss").map(|folders| folders.data_dir().to_owned())
}

fn read_file(path: &Path) -> Result<File, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        ConfigError::Wrong { path: path.to_owned(), line, message: error.message().to_owned() }
    })
}

/// A secret from the environment.
///
/// # Errors
/// [`ConfigError::Invalid`] where it is no text.
pub fn secret(variable: &str) -> Result<Option<SecretString>, ConfigError> {
    match std::env::var(variable) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(SecretString::from(text))),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(ConfigError::Invalid(format!("{variable} is not valid UTF-8"))),
    }
}

/// All of a list, each read; `hint` says how one is written.
fn all<T>(texts: Option<Vec<String>>, read: impl Fn(&str) -> Option<T>, hint: &str) -> Result<Vec<T>, ConfigError> {
    let wrong = |text: &str| ConfigError::Invalid(format!("{text:?} is not a valid {hint}"));
    let texts = texts.unwrap_or_default();
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts.map(|text| read(text).ok_or_else(|| wrong(text))).collect()
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

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("write a numeric IP address and a port, as in {DEFAULT_LISTEN}"))
}

fn whole<T: std::str::FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "write a whole number, 0 or more")
}
