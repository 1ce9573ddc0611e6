//! PostgreSQL: databases, schemas, tables of every kind.
//!
//! The rule: one pool for each database of a server, all with the URL's login; another database than the URL's is
//! connected to only after the server said that the login may. Every piece of work is a read-only transaction
//! with time limits for statements and locks.

mod catalog;
mod comment;
mod statistics;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, ConnectOptions, Postgres, Transaction, postgres::PgConnectOptions};
use url::Url;

use super::{
    address,
    connections::{CATALOG_TIME, Connections, bounded},
    place::{self, Place, beyond_pin},
    sample,
};
use crate::{
    domain::{
        asset::AssetPath,
        catalog::{Database, Schema, Table, TableDetail, TableStatistics},
        profile::DbBackend,
    },
    port::target::{SampleLimits, Target, TargetError},
};

/// How long to wait for a lock that, say, an `ALTER TABLE` holds.
const LOCK_TIME: Duration = Duration::from_secs(3);
/// What the server gets beyond its own time limit to say so.
const GRACE: Duration = Duration::from_secs(2);

/// The parameters of a URL that sqlx knows. It logs the others with their values, so they are left out.
const PARAMETERS: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// A server, as one login sees it.
pub(super) struct Cluster {
    options: PgConnectOptions,
    place: Place,
    /// The database that the URL names.
    own: String,
    databases: Mutex<HashMap<String, Arc<Connections<Postgres>>>>,
}

impl Cluster {
    pub(super) fn new(url: &Url) -> Result<Self, TargetError> {
        let mut known = url.clone();
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| PARAMETERS.contains(&key.as_ref()))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        if pairs.is_empty() {
            known.set_query(None);
        } else {
            known.query_pairs_mut().clear().extend_pairs(&pairs);
        }
        let mut options = PgConnectOptions::from_url(&known).map_err(|_| {
            TargetError::Misconfigured(
                "a parameter of the URL has a value that cannot be used; check port and sslmode, for example"
                    .to_owned(),
            )
        })?;
        if !pairs.iter().any(|(key, _)| key == "host" || key == "hostaddr")
            && let Some(host) = address::host_of(url).filter(|host| !host.starts_with('/'))
        {
            options = options.host(&host);
        }
        if options.get_application_name().is_none() {
            options = options.application_name("gloss");
        }
        let own = options.get_database().unwrap_or_else(|| options.get_username()).to_owned();
        let place = Place {
            backend: DbBackend::Postgres,
            address: place::address(options.get_socket(), options.get_host(), options.get_port()),
            user: options.get_username().to_owned(),
            database: None,
        };
        Ok(Self { options, place, own, databases: Mutex::default() })
    }

    pub(super) fn is_connected(&self) -> bool {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).values().any(|database| database.is_connected())
    }

    fn known(&self, database: &str) -> Option<Arc<Connections<Postgres>>> {
        self.databases.lock().unwrap_or_else(PoisonError::into_inner).get(database).cloned()
    }

    fn connections(&self, database: &str) -> Arc<Connections<Postgres>> {
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        let connections = databases.entry(database.to_owned()).or_insert_with(|| {
            let place = Place { database: Some(database.to_owned()), ..self.place.clone() };
            Arc::new(Connections::new(self.options.clone().database(database), place))
        });
        Arc::clone(connections)
    }
}

/// Begins a read-only transaction with time limits. Planning and running on one core leaves the others to the
/// database's own work, and notices may hold values.
async fn begin(
    connections: &Connections<Postgres>,
    time: Duration,
) -> Result<Transaction<'static, Postgres>, TargetError> {
    let statement = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; \
         SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL client_min_messages = error; \
         SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'",
        time.as_millis().clamp(1, 86_400_000),
        time.min(LOCK_TIME).as_millis().max(1),
    );
    connections.begin(AssertSqlSafe(statement)).await
}

/// Begins a transaction that writes a comment, with the same limits.
async fn write_transaction(connections: &Connections<Postgres>) -> Result<Transaction<'static, Postgres>, TargetError> {
    let statement = format!(
        "BEGIN READ WRITE; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; \
         SET LOCAL client_min_messages = error",
        CATALOG_TIME.as_millis(),
        LOCK_TIME.as_millis(),
    );
    connections.begin(AssertSqlSafe(statement)).await
}

/// A server, or one database of it.
pub(super) struct PostgresTarget {
    cluster: Arc<Cluster>,
    pinned: Option<String>,
}

impl PostgresTarget {
    pub(super) fn new(cluster: Arc<Cluster>, pinned: Option<String>) -> Self {
        Self { cluster, pinned }
    }

    /// The database that `None` means.
    fn own(&self) -> &str {
        self.pinned.as_deref().unwrap_or(&self.cluster.own)
    }

    /// The name of a database and its connections.
    async fn database(&self, asked: Option<&str>) -> Result<Arc<Connections<Postgres>>, TargetError> {
        let own = self.own();
        let Some(asked) = asked.filter(|asked| *asked != own) else { return Ok(self.cluster.connections(own)) };
        if let Some(pinned) = &self.pinned {
            return Err(beyond_pin(asked, pinned));
        }
        if let Some(connections) = self.cluster.known(asked) {
            return Ok(connections);
        }
        if !self.databases().await?.iter().any(|database| database.name == asked) {
            return Err(Place { database: Some(asked.to_owned()), ..self.cluster.place.clone() }.no_database());
        }
        Ok(self.cluster.connections(asked))
    }
}

#[async_trait]
impl Target for PostgresTarget {
    async fn test(&self) -> Result<String, TargetError> {
        let connections = self.database(None).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::version(&mut transaction)).await
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        let connections = self.database(None).await?;
        let mut transaction = begin(&connections, CATALOG_TIME).await?;
        bounded(&connections.place, CATALOG_TIME + GRACE, catalog::can_write_comments(&mut transaction)).await
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        let connections = self.cluster.connections(self.own());
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

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        comment::comment(self, asset).await
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        comment::statement(self, asset, text).await
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        comment::write(self, asset, text).await
    }

    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError> {
        let connections = self.database(table.database.as_deref()).await?;
        sample::statistics(&statistics::PostgresReader { connections }, table, limits).await
    }
}
