//! The databases that are described, on sqlx: one folder per kind of database, and what they share.
//!
//! The rule: only `comment` of each folder writes, and nothing but a comment. Every other statement is a `SELECT` in
//! a read-only transaction (SQLite: on a connection that was opened read-only) with a time limit of the database's
//! own; names of tables and columns, and the texts of comments, go into statements through the quoting functions of
//! their dialect (`quote`), all else is bound. Nothing that a driver says reaches a person or a log: `error_text` puts
//! every error into words of our own, without password, statement or value.
//!
//! To add a kind of database: a folder with `mod.rs` (connections and `impl Target`), `catalog.rs` (its
//! statements), `comment.rs` (what it writes) and `statistics.rs` (an `impl sample::Reader`), an arm in
//! [`SqlTargets::open`], the scheme in `address`, the quoting in `quote`, the error codes in `place`, and a fixture in
//! `tests/it/targets/conformance.rs`, whose suite then runs for it too.

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

/// How long a profile that is made waits for its database, to learn whether that is the store.
const LOOK_TIME: Duration = Duration::from_secs(3);
/// How many servers are remembered before those that nobody uses are forgotten.
const REMEMBERED: usize = 64;

/// The table of a target in which Gloss keeps comments where the database has none of its own. It never shows.
pub const COMMENTS_TABLE: &str = "gloss_comments";

/// The targets behind profiles, with the connections of each URL kept while they are used.
#[derive(Default)]
pub struct SqlTargets {
    /// By the URL with its password, since that may come from a variable.
    servers: Mutex<HashMap<(String, Option<String>), Server>>,
    names: EnvNames,
    sockets: Arc<Sockets>,
    container: Container,
    own: Arc<Own>,
}

/// What stands behind one URL.
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

    /// Whether a target or a connection of it is still there.
    fn in_use(&self) -> bool {
        match self {
            Self::Sqlite(file) => Arc::strong_count(file) > 1 || file.is_connected(),
            Self::Postgres(cluster) => Arc::strong_count(cluster) > 1 || cluster.is_connected(),
            Self::MySql(server) => Arc::strong_count(server) > 1 || server.is_connected(),
        }
    }
}

impl SqlTargets {
    /// No target is known yet. Passwords may come from environment variables with these names.
    #[must_use]
    pub fn new(names: EnvNames) -> Self {
        Self { names, ..Self::default() }
    }

    /// The same, for a Gloss whose own files and store these are: they are no targets.
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
        match tokio::time::timeout(LOOK_TIME, target.identity(None)).await {
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
