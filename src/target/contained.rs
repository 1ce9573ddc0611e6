//! Isolates work on targets from the rest of Gloss.
//!
//! The rule: drivers parse what untrusted servers send, so their failures must stop here. Drivers run on separate
//! threads: one that never yields does not block the API, and one that panics counts as an unreachable target.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;
use tracing::{Instrument, instrument::WithSubscriber};

use super::error_text::Place;
use crate::{
    domain::{
        asset::AssetPath,
        catalog::{Database, Problems, Schema, Table, TableDetail, TableStatistics},
        identity::Identity,
    },
    port::target::{SampleLimits, Target, TargetError},
};

/// Number of threads for drivers. More than one driver that never yields at a time is unlikely.
const THREADS: usize = 4;
/// The name of these threads.
pub const THREAD_NAME: &str = "gloss-targets";

/// The runtime of the drivers, started on first use. It lives as long as any target.
#[derive(Clone, Default)]
pub(super) struct Container(Arc<Drivers>);

#[derive(Default)]
struct Drivers {
    runtime: OnceLock<Result<Runtime, TargetError>>,
}

impl Container {
    fn handle(&self) -> Result<&Handle, TargetError> {
        let start = || {
            let runtime =
                Builder::new_multi_thread().worker_threads(THREADS).thread_name(THREAD_NAME).enable_all().build();
            runtime.map_err(|error| {
                TargetError::Unreachable(format!("cannot start threads for work on databases: {error}"))
            })
        };
        self.0.runtime.get_or_init(start).as_ref().map(Runtime::handle).map_err(Clone::clone)
    }

    /// Enters the drivers' runtime: tasks and sockets that are created while the guard lives belong to it.
    pub(super) fn enter(&self) -> Result<EnterGuard<'_>, TargetError> {
        self.handle().map(Handle::enter)
    }
}

impl Drop for Drivers {
    fn drop(&mut self) {
        // Waiting for a driver that never yields would keep the process alive.
        if let Some(Ok(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A target whose work runs in the container.
pub(super) struct Contained {
    inner: Arc<dyn Target>,
    place: Place,
    container: Container,
}

impl Contained {
    pub(super) fn new(inner: Arc<dyn Target>, place: Place, container: &Container) -> Self {
        Self { inner, place, container: container.clone() }
    }

    /// Runs work on the target. Dropping the future aborts the work.
    async fn run<T, F>(&self, work: impl FnOnce(Arc<dyn Target>) -> F) -> Result<T, TargetError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, TargetError>> + Send + 'static,
    {
        let work = work(Arc::clone(&self.inner)).in_current_span().with_current_subscriber();
        AbortOnDropHandle::new(self.container.handle()?.spawn(work)).await.unwrap_or_else(|ended| {
            if ended.is_panic() {
                tracing::warn!(address = self.place.address, "the driver panicked on data that a database server sent");
            }
            Err(self.place.not_understood())
        })
    }
}

#[async_trait]
impl Target for Contained {
    async fn test(&self) -> Result<String, TargetError> {
        self.run(|target| async move { target.test().await }).await
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        let database = database.map(str::to_owned);
        self.run(|target| async move { target.identity(database.as_deref()).await }).await
    }

    fn bound_to(self: Arc<Self>, identity: &Identity) -> Arc<dyn Target> {
        let inner = Arc::clone(&self.inner).bound_to(identity);
        Arc::new(Self::new(inner, self.place.clone(), &self.container))
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        self.run(|target| async move { target.can_write_comments().await }).await
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        self.run(|target| async move { target.excess_rights().await }).await
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        self.run(|target| async move { target.databases().await }).await
    }

    async fn schemas(&self, database: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        let database = database.map(str::to_owned);
        self.run(|target| async move { target.schemas(database.as_deref()).await }).await
    }

    async fn tables(&self, database: Option<&str>, schema: &str) -> Result<Vec<Table>, TargetError> {
        let (database, schema) = (database.map(str::to_owned), schema.to_owned());
        self.run(|target| async move { target.tables(database.as_deref(), &schema).await }).await
    }

    async fn unreadable(&self, database: Option<&str>, schema: Option<&str>) -> Result<Problems, TargetError> {
        let (database, schema) = (database.map(str::to_owned), schema.map(str::to_owned));
        self.run(|target| async move { target.unreadable(database.as_deref(), schema.as_deref()).await }).await
    }

    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError> {
        let (database, schema, tables) = (database.map(str::to_owned), schema.to_owned(), tables.to_vec());
        self.run(|target| async move { target.details(database.as_deref(), &schema, &tables).await }).await
    }

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        let asset = asset.clone();
        self.run(|target| async move { target.comment(&asset).await }).await
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        let (asset, text) = (asset.clone(), text.map(str::to_owned));
        self.run(|target| async move { target.comment_statement(&asset, text.as_deref()).await }).await
    }

    fn script_settings(&self) -> Option<String> {
        self.inner.script_settings()
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        let (asset, text) = (asset.clone(), text.map(str::to_owned));
        self.run(|target| async move { target.write_comment(&asset, text.as_deref()).await }).await
    }

    async fn statistics(&self, table: &TableDetail, limits: SampleLimits) -> Result<TableStatistics, TargetError> {
        let table = table.clone();
        self.run(|target| async move { target.statistics(&table, limits).await }).await
    }
}
