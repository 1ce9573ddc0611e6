//! PostgreSQL: databases, schemas, tables of every kind.
//!
//! The rule: each database of a server has its own pool, and all pools use the URL's login. Gloss connects to a
//! database other than the URL's only after the server has confirmed that the login may. All work runs in
//! transactions with time limits for statements and locks; `fence` documents the other restrictions.

mod catalog;
mod comment;
mod fence;
mod statistics;
mod types;

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use sqlx::{
    AssertSqlSafe, Postgres, Transaction,
    postgres::{PgConnectOptions, PgConnection, PgSslMode},
};

use super::{
    address::ServerAddress,
    bound,
    connections::{CATALOG_TIME, Connections, bounded},
    error_text::{self, Place, beyond_pin},
    own::Own,
    relay::{Protocol, Relay, Sockets, Upstream},
    sample,
};
use crate::{
    domain::{
        asset::AssetPath,
        catalog::{Database, Problems, Schema, Table, TableDetail, TableStatistics},
        identity::Identity,
        profile::DbBackend,
    },
    port::target::{SampleLimits, Target, TargetError},
};

/// Maximum time to wait for a lock, for example one that an `ALTER TABLE` holds.
const LOCK_TIME: Duration = Duration::from_secs(3);
/// Extra time for the server to report that its own time limit has passed.
const GRACE: Duration = Duration::from_secs(2);

/// The default port.
const PORT: u16 = 5432;
/// The database used if the URL names none; every server has it.
const MAINTENANCE: &str = "postgres";
/// Environment variables that the driver always reads. `main` removes them at startup.
pub const FROM_ENVIRONMENT: [&str; 4] = ["PGOPTIONS", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY"];

/// A server, as one login sees it.
pub(super) struct Cluster {
    options: PgConnectOptions,
    place: Place,
    /// The database that the URL names.
    own: String,
    /// The files and the store of this Gloss.
    kept: Arc<Own>,
    relay: Arc<Relay>,
    databases: Mutex<HashMap<String, Arc<Connections<Postgres>>>>,
}

impl Cluster {
    pub(super) fn new(server: &ServerAddress, sockets: &Arc<Sockets>, kept: &Arc<Own>) -> Result<Self, TargetError> {
        if let Some(set) = FROM_ENVIRONMENT.into_iter().find(|name| std::env::var_os(name).is_some()) {
            return Err(TargetError::Misconfigured(format!(
                "the environment variable {set} is set for Gloss and would apply to every database; start Gloss \
                 without it, and add this profile's settings to its URL"
            )));
        }
        let port = server.port.unwrap_or(PORT);
        let upstream = if server.host.starts_with('/') {
            Upstream::Unix(format!("{}/.s.PGSQL.{port}", server.host).into())
        } else {
            Upstream::Tcp(server.host.clone(), port)
        };
        let place = Place {
            backend: DbBackend::Postgres,
            address: error_text::address(&server.host, port),
            user: server.user.clone(),
            database: None,
        };
        let relay = Relay::new(sockets, Protocol::Postgres, upstream, &format!(".s.PGSQL.{port}"))
            .map_err(|error| place.no_relay(&error))?;
        let own = server.database.clone().unwrap_or_else(|| MAINTENANCE.to_owned());
        // Every option that the driver would otherwise read from its surroundings is set here. An empty password
        // counts as none and keeps the driver from reading a password file.
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&server.host)
            .socket(relay.folder())
            .port(port)
            .username(&server.user)
            .password(server.password.as_ref().map_or("", |password| password.expose_secret()))
            .database(&own)
            .ssl_mode(PgSslMode::Prefer)
            .application_name("gloss");
        for (key, value) in &server.parameters {
            options = match key.as_str() {
                "sslmode" | "ssl-mode" => options.ssl_mode(value.parse().map_err(|_| wrong_ssl_mode())?),
                "sslrootcert" | "ssl-root-cert" | "ssl-ca" => options.ssl_root_cert(value),
                "sslcert" | "ssl-cert" => options.ssl_client_cert(value),
                "sslkey" | "ssl-key" => options.ssl_client_key(value),
                _ => options.application_name(value),
            };
        }
        let kept = Arc::clone(kept);
        Ok(Self { options, place, own, kept, relay: Arc::new(relay), databases: Mutex::default() })
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn is_connected(&self) -> bool {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).values().any(|database| database.is_connected())
    }

    fn knows(&self, database: &str) -> bool {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).contains_key(database)
    }

    fn connections(&self, database: &str) -> Arc<Connections<Postgres>> {
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = databases.entry(database.to_owned()).or_insert_with(|| {
            let place = Place { database: Some(database.to_owned()), ..self.place.clone() };
            let options = self.options.clone().database(database);
            Arc::new(Connections::new(options, place, Some(Arc::clone(&self.relay))))
        });
        Arc::clone(connections)
    }
}

fn wrong_ssl_mode() -> TargetError {
    TargetError::Misconfigured(
        "the URL's sslmode is invalid; use disable, allow, prefer, require, verify-ca or verify-full".to_owned(),
    )
}

/// The connections to one database, for a target that may be bound.
struct Reach {
    connections: Arc<Connections<Postgres>>,
    bound: Option<Identity>,
    kept: Arc<Own>,
}

impl Deref for Reach {
    type Target = Connections<Postgres>;

    fn deref(&self) -> &Self::Target {
        &self.connections
    }
}

impl Reach {
    /// Begins a transaction and checks that the database is the bound one and not the store.
    async fn begin(&self, statement: String) -> Result<Transaction<'static, Postgres>, TargetError> {
        let mut transaction = self.connections.begin(AssertSqlSafe(statement)).await?;
        if self.bound.is_some() || self.kept.is_on_server() {
            let found = self.identity(&mut transaction).await?;
            self.kept.check_database(&found)?;
            bound::check(self.bound.as_ref(), &found)?;
        }
        Ok(transaction)
    }

    async fn identity(&self, connection: &mut PgConnection) -> Result<Identity, TargetError> {
        bounded(&self.place, CATALOG_TIME + GRACE, catalog::identity(connection, &self.place)).await
    }
}

/// Begins a read-only transaction with time limits.
async fn begin(reach: &Reach, time: Duration) -> Result<Transaction<'static, Postgres>, TargetError> {
    reach.begin(fence::opening("READ ONLY", time, time.min(LOCK_TIME))).await
}

/// Begins a transaction that writes a comment, with time limits.
async fn write_transaction(reach: &Reach) -> Result<Transaction<'static, Postgres>, TargetError> {
    reach.begin(fence::opening("READ WRITE", CATALOG_TIME, LOCK_TIME)).await
}

/// A server, or one database of it.
pub(super) struct PostgresTarget {
    cluster: Arc<Cluster>,
    pinned: Option<String>,
    sample_views: bool,
    /// The only database that the target may use, if it is bound.
    bound: Option<Identity>,
}

impl PostgresTarget {
    pub(super) fn new(cluster: Arc<Cluster>, pinned: Option<String>, sample_views: bool) -> Self {
        Self { cluster, pinned, sample_views, bound: None }
    }

    /// Returns the database that `None` stands for.
    fn own(&self) -> &str {
        self.pinned.as_deref().unwrap_or(&self.cluster.own)
    }

    /// Returns the connections to a database; `None` stands for the target's own.
    async fn database(&self, asked: Option<&str>) -> Result<Reach, TargetError> {
        let own = self.own();
        let Some(asked) = asked.filter(|asked| *asked != own) else { return Ok(self.reach(own)) };
        if let Some(pinned) = &self.pinned {
            return Err(beyond_pin(asked, pinned));
        }
        if self.cluster.knows(asked) {
            return Ok(self.reach(asked));
        }
        if !self.databases().await?.iter().any(|database| database.name == asked) {
            return Err(Place { database: Some(asked.to_owned()), ..self.cluster.place.clone() }.no_database());
        }
        Ok(self.reach(asked))
    }

    fn reach(&self, database: &str) -> Reach {
        let kept = Arc::clone(&self.cluster.kept);
        Reach { connections: self.cluster.connections(database), bound: self.bound.clone(), kept }
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn test(&self) -> Result<String, TargetError> {
        let connections = self.database(None).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::version(&mut transaction)).await
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        let reach = self.database(database).await?;
        let mut transaction = begin(&reach, CATALOG_TIME).await?;
        Ok(Identity { named: database.is_some(), ..reach.identity(&mut transaction).await? })
    }

    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target> {
        let (cluster, pinned) = (Arc::clone(&self.cluster), self.pinned.clone());
        Arc::new(Self { cluster, pinned, sample_views: self.sample_views, bound: Some(identity.clone()) })
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        let connections = self.database(None).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::can_write_comments(&mut transaction)).await
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        let connections = self.database(None).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, fence::excess_rights(&mut transaction)).await
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        let connections = self.reach(self.own());
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        let mut databases =
            bounded(&connections.place, CATALOG_TIME + GRACE, catalog::databases(&mut transaction)).await?;
        if let Some(pinned) = &self.pinned {
            databases.retain(|database| database.name == *pinned);
        }
        Ok(databases)
    }

    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        let connections = self.database(database).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::schemas(&mut transaction)).await
    }

    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError> {
        let connections = self.database(database).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::tables(&mut transaction, schema, None)).await
    }

    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError> {
        let connections = self.database(database).await?;
        let name = connections.place.database.clone();
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        let work = catalog::details(&mut transaction, name.as_deref(), schema, tables);
        bounded(&connections.place, CATALOG_TIME + GRACE, work).await
    }

    async fn unreadable(&self, database: Option<&str>, schema: Option<&str>) -> Result<Problems, TargetError> {
        let connections = self.database(database).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::unreadable(&mut transaction, schema)).await
    }

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        comment::comment(self, asset).await
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        comment::statement(self, asset, text).await
    }

    fn script_settings(&self) -> Option<String> {
        Some("SET client_encoding = 'UTF8'".to_owned())
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        comment::write(self, asset, text).await
    }

    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError> {
        let connections = self.database(table.database.as_deref()).await?;
        sample::statistics(&statistics::PostgresReader { connections, sample_views: self.sample_views }, table, limits)
            .await
    }
}
