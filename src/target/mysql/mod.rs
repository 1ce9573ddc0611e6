//! MySQL and MariaDB. The server's databases are presented as schemas of a single database, which the information
//! schema calls `def`.
//!
//! The rule: all work except writing a comment runs in a read-only transaction. Each transaction begins with the
//! settings that change what a statement means ([`SETTINGS`]), and every `SELECT` on rows carries the server's own
//! time limit.

mod catalog;
mod comment;
mod definition;
mod lock;
mod rights;
mod statistics;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::{AssertSqlSafe, MySql, MySqlConnection, Transaction, mysql::MySqlConnectOptions};
use tokio::sync::OnceCell;

use super::{
    address::ServerAddress,
    bound,
    connections::{CATALOG_TIME, Connections, bounded},
    error_text::{self, Place, beyond_pin},
    relay::{Protocol, Relay, Sockets, Upstream},
    sample,
};
use crate::{
    domain::{
        asset::AssetPath,
        catalog::{Database, Schema, Table, TableDetail, TableStatistics},
        identity::Identity,
        profile::DbBackend,
    },
    port::target::{SampleLimits, Target, TargetError},
};

/// The default port.
const PORT: u16 = 3306;
/// The name of the only database.
const DATABASE: &str = "def";
/// Maximum time to wait for a lock, for example one that an `ALTER TABLE` holds, in seconds.
const LOCK_SECONDS: u32 = 3;
/// Extra time for the server to report that its own time limit has passed.
const GRACE: Duration = Duration::from_secs(2);
/// The statement that begins a read-only transaction.
const START: &str = "START TRANSACTION READ ONLY";
/// Session settings that fix the meaning of statements: zero dates are allowed, backslashes escape, and names are
/// shown in backticks.
const SETTINGS: &str = "SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', SESSION sql_quote_show_create = 1, \
    SESSION sql_auto_is_null = 0, SESSION sql_select_limit = 18446744073709551615, SESSION completion_type = \
    'NO_CHAIN', SESSION time_zone = '+00:00', NAMES utf8mb4";

/// A server, as one login sees it.
pub(super) struct Server {
    connections: Connections<MySql>,
    /// The connections that write comments; their sessions have different settings.
    writers: Connections<MySql>,
    flavour: OnceCell<Flavour>,
}

/// The products that this module handles as one kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flavour {
    MySql,
    MariaDb,
}

impl Flavour {
    fn of(version: &str) -> Self {
        if version.starts_with("MariaDB") { Self::MariaDb } else { Self::MySql }
    }
}

impl Server {
    pub(super) fn new(server: &ServerAddress, sockets: &Arc<Sockets>) -> Result<Self, TargetError> {
        let port = server.port.unwrap_or(PORT);
        let upstream = if server.host.starts_with('/') {
            Upstream::Unix(server.host.clone().into())
        } else {
            Upstream::Tcp(server.host.clone(), port)
        };
        let place = Place {
            backend: DbBackend::MySql,
            address: error_text::address(&server.host, port),
            user: server.user.clone(),
            database: server.database.clone(),
        };
        let relay =
            Arc::new(Relay::new(sockets, Protocol::MySql, upstream, "socket").map_err(|error| place.no_relay(&error))?);
        // The character set decides where a literal ends, so it is always utf8mb4, whatever the URL says.
        let mut options = MySqlConnectOptions::new()
            .host(&server.host)
            .port(port)
            .socket(relay.socket())
            .username(&server.user)
            .charset("utf8mb4")
            .pipes_as_concat(false)
            .no_engine_substitution(true);
        if let Some(password) = &server.password {
            options = options.password(password.expose_secret());
        }
        if let Some(database) = &server.database {
            options = options.database(database);
        }
        for (key, value) in &server.parameters {
            options = match key.as_str() {
                "sslmode" | "ssl-mode" => options.ssl_mode(value.parse().map_err(|_| wrong_ssl_mode())?),
                "sslca" | "ssl-ca" => options.ssl_ca(value),
                "sslcert" | "ssl-cert" => options.ssl_client_cert(value),
                _ => options.ssl_client_key(value),
            };
        }
        let connections = |options, place| Connections::new(options, place, Some(Arc::clone(&relay)));
        let writers = connections(options.clone(), place.clone());
        Ok(Self { connections: connections(options, place), writers, flavour: OnceCell::new() })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connections.is_connected() || self.writers.is_connected()
    }

    pub(super) const fn place(&self) -> &Place {
        &self.connections.place
    }

    /// Begins a read-only transaction.
    async fn begin(&self) -> Result<Transaction<'static, MySql>, TargetError> {
        let mut transaction = self.connections.begin(START).await?;
        let settings = format!(
            "SET SESSION lock_wait_timeout = {LOCK_SECONDS}, SESSION innodb_lock_wait_timeout = {LOCK_SECONDS}, \
                {SETTINGS}"
        );
        bounded(self.place(), CATALOG_TIME, sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *transaction)).await?;
        Ok(transaction)
    }

    /// Returns the server's flavour, which is queried once and cached.
    async fn flavour(&self, connection: &mut MySqlConnection) -> Result<Flavour, TargetError> {
        let ask = async || {
            let version = bounded(self.place(), CATALOG_TIME, catalog::version(connection)).await?;
            Ok(Flavour::of(&version))
        };
        self.flavour.get_or_try_init(ask).await.copied()
    }
}

fn wrong_ssl_mode() -> TargetError {
    TargetError::Misconfigured(
        "the URL's ssl-mode is invalid; use disabled, preferred, required, verify_ca or verify_identity".to_owned(),
    )
}

/// A server, or one schema of it.
pub(super) struct MySqlTarget {
    server: Arc<Server>,
    /// The only reachable schema, if the profile pins one. Users call it a database.
    pinned: Option<String>,
    sample_views: bool,
    /// The only database that the target may use, if it is bound.
    bound: Option<Identity>,
}

impl MySqlTarget {
    pub(super) fn new(server: Arc<Server>, pinned: Option<String>, sample_views: bool) -> Self {
        Self { server, pinned: pinned.filter(|pinned| pinned != DATABASE), sample_views, bound: None }
    }

    /// Begins a read-only transaction and checks that the server is the bound one.
    async fn begin(&self) -> Result<Transaction<'static, MySql>, TargetError> {
        let mut transaction = self.server.begin().await?;
        self.check_bound(&mut transaction).await?;
        Ok(transaction)
    }

    /// Refuses a connection to a server other than the bound one.
    async fn check_bound(&self, connection: &mut MySqlConnection) -> Result<(), TargetError> {
        match &self.bound {
            Some(_) => bound::check(self.bound.as_ref(), &self.identity_by(connection).await?),
            None => Ok(()),
        }
    }

    async fn identity_by(&self, connection: &mut MySqlConnection) -> Result<Identity, TargetError> {
        let place = self.server.place();
        // Queried each time: this connection may lead to a different server than the previous ones.
        let work = async {
            let version = catalog::version(connection).await?;
            catalog::server_mark(connection, Flavour::of(&version)).await
        };
        let server = bounded(place, CATALOG_TIME, work).await?;
        let database = self.pinned.clone().or_else(|| place.database.clone());
        let schema = database.as_deref().map(|schema| format!("{schema} on ")).unwrap_or_default();
        Ok(Identity {
            server: server.unwrap_or_else(|| format!("server {}", place.address)),
            place: format!("{schema}{} at {}", place.noun(), place.address),
            database,
            mark: None,
            named: false,
        })
    }

    /// Refuses any database name except `def` and the name of the pinned schema.
    fn database(&self, asked: Option<&str>) -> Result<(), TargetError> {
        let Some(asked) = asked.filter(|asked| *asked != DATABASE) else { return Ok(()) };
        match &self.pinned {
            Some(pinned) if pinned == asked => Ok(()),
            Some(pinned) => Err(beyond_pin(asked, pinned)),
            None => Err(TargetError::Refused(format!(
                "on MySQL and MariaDB, the only database is {DATABASE}; specify {asked} as a schema instead"
            ))),
        }
    }

    fn reaches(&self, schema: &str) -> bool {
        self.pinned.as_deref().is_none_or(|pinned| pinned == schema)
    }
}

#[async_trait]
impl Target for MySqlTarget {
    async fn test(&self) -> Result<String, TargetError> {
        let mut transaction = self.begin().await?;
        bounded(self.server.place(), CATALOG_TIME, catalog::version(&mut transaction)).await
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        self.database(database)?;
        let mut transaction = self.server.begin().await?;
        Ok(Identity { named: database.is_some(), ..self.identity_by(&mut transaction).await? })
    }

    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target> {
        let (server, pinned) = (Arc::clone(&self.server), self.pinned.clone());
        Arc::new(Self { server, pinned, sample_views: self.sample_views, bound: Some(identity.clone()) })
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        let mut transaction = self.begin().await?;
        bounded(self.server.place(), CATALOG_TIME, rights::can_write_comments(&mut transaction)).await
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        let mut transaction = self.begin().await?;
        bounded(self.server.place(), CATALOG_TIME, rights::excess(&mut transaction)).await
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        // The answer is fixed, but an unreachable server must be reported.
        self.test().await?;
        Ok(vec![Database { name: DATABASE.to_owned(), comment: None }])
    }

    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        self.database(database)?;
        let mut transaction = self.begin().await?;
        let mut schemas = bounded(self.server.place(), CATALOG_TIME, catalog::schemas(&mut transaction)).await?;
        schemas.retain(|schema| self.reaches(&schema.name));
        match &self.pinned {
            Some(pinned) if schemas.is_empty() => {
                Err(Place { database: Some(pinned.clone()), ..self.server.place().clone() }.no_database())
            }
            _ => Ok(schemas),
        }
    }

    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError> {
        self.database(database)?;
        if !self.reaches(schema) {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        bounded(self.server.place(), CATALOG_TIME, catalog::tables(&mut transaction, schema, None)).await
    }

    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError> {
        self.database(database)?;
        if !self.reaches(schema) {
            return Ok(Vec::new());
        }
        let mut transaction = self.begin().await?;
        bounded(self.server.place(), CATALOG_TIME, catalog::details(&mut transaction, schema, tables)).await
    }

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        comment::comment(self, asset).await
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        comment::statement(self, asset, text).await
    }

    fn script_settings(&self) -> Option<String> {
        Some(format!("SET {SETTINGS}"))
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        comment::write(self, asset, text).await
    }

    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError> {
        self.database(table.database.as_deref())?;
        if !self.reaches(&table.schema) {
            return Err(beyond_pin(&table.schema, self.pinned.as_deref().unwrap_or_default()));
        }
        let reader = statistics::MySqlReader { target: self, sample_views: self.sample_views };
        sample::statistics(&reader, table, limits).await
    }
}
