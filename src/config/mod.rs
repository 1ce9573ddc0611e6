//! Settings: defaults, then a TOML file, then the environment, then flags; each overrides the one before.
//!
//! The rule: [`Settings`] is the only list of settings. clap reads the flags and the environment, `file.rs` turns the
//! file's values into clap's defaults, and `reference.rs` prints the list for `gloss config` and the docs. Every source
//! therefore has the same types, limits and texts.
//!
//! To add a setting, add a field to [`Settings`] with its help, environment variable, default and parser, and run
//! `make settings`.

mod file;
mod parse;
mod reference;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use axum::http::{Uri, uri::Authority};
use clap::{ArgAction, Args, Command};
use secrecy::{ExposeSecret, SecretString};

use parse::{address, between, env_names, folder, hosts, origins, seconds, some_seconds, whole};

pub use self::{file::matches, reference::reference};
use crate::port::environment::{EnvNames, SECRET_KEY};

/// An example of the URL of a store in a file.
const SQLITE_HINT: &str = "sqlite:///path/to/store.db";
/// An example of the URL of a store in PostgreSQL.
const POSTGRES_HINT: &str = "postgres://user:password@host:port/database";
/// The URL of the bus within one process.
const LOCAL_BUS: &str = "local";
/// The URL of the bus of a store in PostgreSQL.
const POSTGRES_BUS: &str = "postgres:";
/// An example of the URL of a bus over a NATS server.
const NATS_HINT: &str = "nats://user:password@host:4222";
/// The highest number that most limits may have.
const MAX_NUMBER: usize = 1_000_000;

/// All settings. clap fills the fields; [`Settings::checked`] completes them.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// TOML file with any of the settings below; the keys are the names of the flags with `_` instead of `-`
    #[arg(long, env = "GLOSS_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on; port 0 chooses a free port; an address other than loopback requires a token
    #[arg(long, env = "GLOSS_LISTEN", value_name = "ADDRESS:PORT")]
    #[arg(default_value = "127.0.0.1:8787", value_parser = address)]
    pub listen: SocketAddr,
    /// Folder for the store, the demo database, the key and the lock [default: the platform's data folder]
    #[arg(long, env = "GLOSS_DATA_DIR", value_name = "FOLDER")]
    #[arg(default_value_os_t = platform_data_dir(), hide_default_value = true, value_parser = folder())]
    pub data_dir: PathBuf,
    /// URL of the store, `sqlite:///path/to/store.db` or `postgres://user:password@host:port/database`
    /// [default: sqlite:// in the data folder]
    #[arg(long, env = "GLOSS_STORE_URL", value_name = "URL")]
    #[arg(default_value = "", hide_default_value = true, hide_env_values = true)]
    pub store_url: SecretString,
    /// What carries hints that something changed: `local` within one process; `postgres:` between the processes that
    /// share a store in PostgreSQL; or a NATS server, `nats://user:password@host:4222`, with a path like `/team` if
    /// several stores use it [default: postgres: with such a store, else local]
    #[arg(long, env = "GLOSS_BUS_URL", value_name = "URL")]
    #[arg(default_value = "", hide_default_value = true, hide_env_values = true)]
    pub bus_url: SecretString,
    /// Start with an empty store although the key file in the data folder belongs to another one
    #[arg(long, env = "GLOSS_NEW_STORE", num_args = 0..=1, require_equals = true)]
    #[arg(action = ArgAction::Set, default_value = "false", default_missing_value = "true")]
    pub new_store: bool,
    /// Maximum number of concurrent runs; 0 starts the API without workers
    #[arg(long, env = "GLOSS_WORKERS", value_name = "N", default_value = "4", value_parser = between(0, 256))]
    pub workers: usize,
    /// Time limit of one request to a language model in seconds, including its whole answer
    #[arg(long = "model-timeout-seconds", env = "GLOSS_MODEL_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "180", value_parser = some_seconds)]
    pub model_timeout: Duration,
    /// Seconds that a run waits for an unresponsive provider before the run pauses
    #[arg(long = "provider-patience-seconds", env = "GLOSS_PROVIDER_PATIENCE_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "3600", value_parser = seconds)]
    pub provider_patience: Duration,
    /// Seconds that a run waits for an unresponsive database before the run fails
    #[arg(long = "target-patience-seconds", env = "GLOSS_TARGET_PATIENCE_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "60", value_parser = seconds)]
    pub target_patience: Duration,
    /// Host names of the server besides those of this machine, as in `gloss.example`, separated by commas
    #[arg(long, env = "GLOSS_ALLOWED_HOSTS", value_name = "HOSTS")]
    #[arg(default_value = "", hide_default_value = true, value_parser = hosts)]
    // With its whole path, clap takes the list for one value.
    pub allowed_hosts: std::vec::Vec<Authority>,
    /// Other origins whose pages may call the API, as in `https://studio.example`, separated by commas
    #[arg(long, env = "GLOSS_ALLOWED_ORIGINS", value_name = "ORIGINS")]
    #[arg(default_value = "", hide_default_value = true, value_parser = origins)]
    pub allowed_origins: std::vec::Vec<Uri>,
    /// Maximum number of requests per client and minute; 0 sets no limit
    #[arg(long, env = "GLOSS_REQUESTS_PER_MINUTE", value_name = "N")]
    #[arg(default_value = "120000", value_parser = whole::<u32>)]
    pub requests_per_minute: u32,
    /// Maximum number of queued runs per client
    #[arg(long, env = "GLOSS_QUEUED_RUNS", value_name = "N")]
    #[arg(default_value = "1000", value_parser = between(1, MAX_NUMBER))]
    pub queued_runs: usize,
    /// Time limit of a query or mutation in seconds
    #[arg(long = "request-timeout-seconds", env = "GLOSS_REQUEST_TIMEOUT_SECONDS", value_name = "SECONDS")]
    #[arg(default_value = "60", value_parser = some_seconds)]
    pub request_timeout: Duration,
    /// Maximum number of operations in one request body, sent as a JSON array; 0 disables batches
    #[arg(long, env = "GLOSS_MAX_BATCH", value_name = "N", default_value = "0", value_parser = between(0, 100))]
    pub max_batch: usize,
    /// Maximum number of connections; further ones wait
    #[arg(long, env = "GLOSS_MAX_CONNECTIONS", value_name = "N")]
    #[arg(default_value = "10000", value_parser = between(1, MAX_NUMBER))]
    pub max_connections: usize,
    /// Maximum number of connections per client; further ones are closed [default: a fourth of --max-connections, or
    /// all of them for clients on this machine]
    #[arg(long, env = "GLOSS_MAX_CONNECTIONS_PER_CLIENT", value_name = "N", value_parser = between(1, MAX_NUMBER))]
    pub max_connections_per_client: Option<usize>,
    /// Maximum number of WebSockets and reserved event streams per client
    #[arg(long, env = "GLOSS_MAX_SOCKETS_PER_CLIENT", value_name = "N")]
    #[arg(default_value = "5000", value_parser = between(1, MAX_NUMBER))]
    pub max_sockets_per_client: usize,
    /// Maximum number of subscriptions per client
    #[arg(long, env = "GLOSS_MAX_SUBSCRIPTIONS_PER_CLIENT", value_name = "N")]
    #[arg(default_value = "5000", value_parser = between(1, MAX_NUMBER))]
    pub max_subscriptions_per_client: usize,
    /// File or folder with trusted documents; Gloss then executes no others [default: executes any document]
    #[arg(long, env = "GLOSS_TRUSTED_DOCUMENTS", value_name = "PATH")]
    pub trusted_documents: Option<PathBuf>,
    /// Which schedules fire late if their time passed while no server was running
    #[arg(long, env = "GLOSS_MISSED_FIRINGS", value_name = "WHICH", value_enum, default_value = "repeating")]
    pub missed_firings: MissedFirings,
    /// Names of environment variables that profiles may read with `env:NAME`, separated by commas; `*` matches any
    /// characters
    #[arg(long, env = "GLOSS_ENV_NAMES", value_name = "PATTERNS")]
    #[arg(default_value = "*_API_KEY,*_DB_PASSWORD,GLOSS_PROFILE_*", value_parser = env_names)]
    pub env_names: EnvNames,
    /// Filter of the log, as in `info` or `gloss=debug,warn`
    #[arg(long, env = "GLOSS_LOG", value_name = "FILTER", default_value = "info,sea_orm_migration=warn")]
    pub log: String,
    /// Format of the log on standard error
    #[arg(long, env = "GLOSS_LOG_FORMAT", value_name = "FORMAT", value_enum, default_value = "text")]
    pub log_format: LogFormat,
    /// URL of an OpenTelemetry collector that takes traces by OTLP over HTTP, as in `http://collector.example:4318`;
    /// the other `OTEL_` variables hold, too [default: no traces]
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL")]
    #[arg(default_value = "", hide_default_value = true)]
    pub otlp_endpoint: String,
    /// What encrypts the store's secrets, if the environment says so. A command line can be seen by others, and a file
    /// is copied about.
    #[arg(skip)]
    pub secret_key: Option<SecretString>,
}

/// What carries nudges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusKind {
    /// Nothing leaves this process.
    Local,
    /// LISTEN and NOTIFY of the store's server.
    Postgres,
    /// A NATS server.
    Nats,
}

/// Format of the log on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

/// Which schedules fire late if their time passed while no server was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum MissedFirings {
    /// Repeating schedules fire once; a one-time schedule becomes MISSED.
    Repeating,
    /// All schedules fire once.
    All,
    /// No schedule fires; repeating schedules continue with their next time.
    None,
}

/// A setting that Gloss cannot use.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the settings file {}: {source}; name another one with --config", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The file does not hold settings.
    #[error("line {line} of the settings file {} is wrong: {message}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The reason.
        message: String,
    },
    /// A setting has a value that it cannot have.
    #[error("{0}")]
    Invalid(String),
}

impl Settings {
    /// Hides the settings that only a server uses, for a command that needs the store alone.
    pub fn only_store(command: Command) -> Command {
        const USED: [&str; 4] = ["config", "data_dir", "store_url", "new_store"];
        let settings = Self::augment_args(Command::new("gloss"));
        let is_unused =
            |id: &str| !USED.contains(&id) && settings.get_arguments().any(|setting| setting.get_id() == id);
        command.mut_args(|arg| {
            let hide = is_unused(arg.get_id().as_str());
            if hide { arg.hide(true) } else { arg }
        })
    }

    /// Completes the settings with what depends on others, and checks what clap cannot check without repeating a
    /// password.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] for the data folder, the store's URL and the key in the environment.
    pub fn checked(mut self) -> Result<Self, ConfigError> {
        if self.data_dir.as_os_str().is_empty() {
            return Err(ConfigError::Invalid(
                "this platform has no data folder; choose one with --data-dir".to_owned(),
            ));
        }
        self.data_dir = std::path::absolute(&self.data_dir)
            .map_err(|error| ConfigError::Invalid(format!("cannot use the data folder: {error}")))?;
        if self.store_url.expose_secret().is_empty() {
            self.store_url = sqlite_url(&self.data_dir.join("store.db")).into();
        }
        check_store_url(self.store_url.expose_secret())?;
        if self.bus_url.expose_secret().is_empty() {
            self.bus_url = if self.is_in_postgres() { POSTGRES_BUS } else { LOCAL_BUS }.into();
        }
        self.bus()?;
        self.secret_key = secret(SECRET_KEY)?;
        Ok(self)
    }

    /// Returns what carries nudges.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] for a URL that names no bus, or one that the store does not have.
    pub fn bus(&self) -> Result<BusKind, ConfigError> {
        let kind = match self.bus_url.expose_secret() {
            LOCAL_BUS => return Ok(BusKind::Local),
            POSTGRES_BUS => BusKind::Postgres,
            url if url.starts_with("nats://") || url.starts_with("tls://") => BusKind::Nats,
            _ => {
                return Err(ConfigError::Invalid(format!(
                    "the bus URL is not supported; write {LOCAL_BUS}, {POSTGRES_BUS} or {NATS_HINT}, or leave \
                     --bus-url out"
                )));
            }
        };
        if self.is_in_postgres() {
            return Ok(kind);
        }
        Err(ConfigError::Invalid(
            "a store in SQLite has one process, whose bus is local; leave --bus-url out, or use a store in PostgreSQL"
                .to_owned(),
        ))
    }

    fn is_in_postgres(&self) -> bool {
        self.store_url.expose_secret().starts_with("postgres")
    }
}

/// Refuses a URL of no store. What it says holds nothing of a password.
///
/// # Errors
/// Returns [`ConfigError::Invalid`].
pub fn check_store_url(url: &str) -> Result<(), ConfigError> {
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

/// The folder where the platform keeps the data of programs; empty where it names none.
fn platform_data_dir() -> PathBuf {
    directories::ProjectDirs::from("", "", "gloss").map(|folders| folders.data_dir().to_owned()).unwrap_or_default()
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
