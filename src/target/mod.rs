//! The described databases, on sqlx: one folder per kind of database, and the code that they share.
//!
//! The rules: only the `comment` module of each folder writes, and it writes nothing but comments. Every other
//! statement is a `SELECT` in a read-only transaction (SQLite: on a read-only connection) with a time limit that the
//! database enforces. Names of tables and columns and the texts of comments enter statements through the quoting
//! functions of their dialect (`quote`); everything else is bound. No message of a driver reaches a caller or a log:
//! `error_text` replaces it by a text without password, statement or value.
//!
//! To add a kind of database: add a folder with `mod.rs` (connections and `impl Target`), `catalog.rs` (its
//! statements), `comment.rs` (its writes) and `statistics.rs` (an `impl sample::Reader`), an arm in
//! [`SqlTargets::open`], the scheme in `address`, the quoting in `quote`, the error codes in `error_text`, and a
//! fixture in `tests/it/targets/conformance.rs`, whose suite then covers it.

mod address;
mod bound;
mod check;
mod comment;
mod connections;
mod contained;
mod error_text;
mod mysql;
mod own;
mod postgres;
pub mod quote;
mod relay;
mod sample;
mod sqlite;
mod text;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use secrecy::{ExposeSecret, SecretString};

pub use address::{backend_of, display_url};
pub use own::Own;
pub use postgres::FROM_ENVIRONMENT;

use crate::{
    domain::profile::{DbBackend, DbProfile},
    port::{
        environment::EnvNames,
        target::{Target, TargetError, Targets},
    },
};
use address::Address;
use contained::{Contained, Container};
use error_text::Place;
use relay::Sockets;

/// Maximum time that the creation of a profile waits for its database, to check that it is not the store.
const OWN_CHECK_TIME: Duration = Duration::from_secs(3);
/// Number of remembered servers above which the unused ones are dropped.
const REMEMBERED: usize = 64;

/// The table of a target in which Gloss stores comments if the database has none. It is hidden from the catalog.
pub const COMMENTS_TABLE: &str = "gloss_comments";

/// Opens the targets of profiles and keeps the connections of each URL while they are used.
#[derive(Default)]
pub struct SqlTargets {
    /// Keyed by the URL and its password, which may come from a variable.
    servers: Mutex<HashMap<(String, Option<String>), Server>>,
    names: EnvNames,
    sockets: Arc<Sockets>,
    container: Container,
    own: Arc<Own>,
}

/// The server or file behind one URL.
#[derive(Clone)]
enum Server {
    Sqlite(Arc<sqlite::File>),
    Postgres(Arc<postgres::Cluster>),
    MySql(Arc<mysql::Server>),
}

impl Server {
    fn new(address: Address, sockets: &Arc<Sockets>, own: &Arc<Own>) -> Result<Self, TargetError> {
        Ok(match address {
            Address::Sqlite { path, read_only } => Self::Sqlite(Arc::new(sqlite::File::new(path, read_only, own)?)),
            Address::Postgres(server) => Self::Postgres(Arc::new(postgres::Cluster::new(&server, sockets, own)?)),
            Address::MySql(server) => Self::MySql(Arc::new(mysql::Server::new(&server, sockets)?)),
        })
    }

    fn place(&self) -> &Place {
        match self {
            Self::Sqlite(file) => file.place(),
            Self::Postgres(cluster) => cluster.place(),
            Self::MySql(server) => server.place(),
        }
    }

    /// Returns whether a target still refers to this server or a connection to it is open.
    fn in_use(&self) -> bool {
        match self {
            Self::Sqlite(file) => Arc::strong_count(file) > 1 || file.is_connected(),
            Self::Postgres(cluster) => Arc::strong_count(cluster) > 1 || cluster.is_connected(),
            Self::MySql(server) => Arc::strong_count(server) > 1 || server.is_connected(),
        }
    }
}

impl SqlTargets {
    /// Creates an empty registry. Passwords may come from the environment variables in `names`.
    #[must_use]
    pub fn new(names: EnvNames) -> Self {
        Self { names, ..Self::default() }
    }

    /// Sets the files and the store of this Gloss, which it refuses as targets.
    #[must_use]
    pub fn keeping(mut self, own: Own) -> Self {
        self.own = Arc::new(own);
        self
    }

    fn server(&self, profile: &DbProfile) -> Result<Server, TargetError> {
        let url = profile.url.expose_secret();
        let address = Address::parse(url)?.with_password(&self.names)?;
        if address.backend() != profile.backend {
            return Err(TargetError::Misconfigured(format!(
                "the profile's kind is {}, but its URL is for {}; change one of them",
                profile.backend.as_str(),
                address.backend().as_str()
            )));
        }
        let key = (url.to_owned(), address.password().map(|password| password.expose_secret().to_owned()));
        let mut servers = self.servers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = servers.get(&key) {
            return Ok(server.clone());
        }
        if servers.len() >= REMEMBERED {
            servers.retain(|_, server| server.in_use());
        }
        let _within = self.container.enter()?;
        let server = Server::new(address, &self.sockets, &self.own)?;
        servers.insert(key, server.clone());
        Ok(server)
    }
}

#[async_trait]
impl Targets for SqlTargets {
    fn open(&self, profile: &DbProfile) -> Result<Arc<dyn Target>, TargetError> {
        let server = self.server(profile)?;
        let (pinned, place) = (self.pinned_database(profile), server.place().clone());
        let sample_views = profile.sample_views;
        let target: Arc<dyn Target> = match server {
            Server::Sqlite(file) => Arc::new(sqlite::SqliteTarget::new(file, pinned, sample_views)),
            Server::Postgres(cluster) => Arc::new(postgres::PostgresTarget::new(cluster, pinned, sample_views)),
            Server::MySql(server) => Arc::new(mysql::MySqlTarget::new(server, pinned, sample_views)),
        };
        Ok(Arc::new(Contained::new(target, place, &self.container)))
    }

    fn backend_of(&self, url: &str) -> Result<DbBackend, TargetError> {
        let address = Address::parse(url)?;
        address.check_variable(&self.names)?;
        Ok(address.backend())
    }

    async fn refuse_own(&self, profile: &DbProfile) -> Result<(), TargetError> {
        let may_be_own = match profile.backend {
            DbBackend::Sqlite => true,
            DbBackend::Postgres => self.own.is_on_server(),
            DbBackend::MySql => false,
        };
        let Some(target) = may_be_own.then(|| self.open(profile).ok()).flatten() else { return Ok(()) };
        match tokio::time::timeout(OWN_CHECK_TIME, target.identity(None)).await {
            Ok(Err(error @ TargetError::Own(_))) => Err(error),
            _ => Ok(()),
        }
    }

    fn display_url(&self, url: &SecretString) -> String {
        address::display_url(url.expose_secret())
    }

    fn pinned_database(&self, profile: &DbProfile) -> Option<String> {
        profile.pinned_database.clone().or_else(|| address::database_of(profile.url.expose_secret()))
    }
}
