//! Runs over a real store and a real worker pool, with a fake target: drafts of every kind, and `RUN_APPLY`. The
//! [`World`] defined here also serves the tests of applies and re-runs.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures_util::StreamExt;
use gloss::{
    bus::local::LocalBus,
    domain::{
        apply::{ApplyItem, ApplyOrder},
        asset::{AssetKind, AssetPath},
        catalog::{Column, Database, Problems, Rules, Schema, Table, TableDetail, TableStatistics},
        clock::{Clock, SystemClock},
        event::RunEvent,
        filter::OrderDirection,
        id::{DbProfileId, LlmProfileId, RunId},
        identity::Identity,
        page::{PageDirection, PageRequest},
        profile::{DbBackend, DbProfile, LlmProfile, LlmProvider, NewDbProfile, NewLlmProfile},
        review::{Choice, Comments, Decision, Selection},
        run::{NewRun, Row, Run, RunOptions, RunSpec},
        scope::{RunScope, SchemaScope, TableScope},
        status::{RunCommand, RunKind, RunStatus},
        suggestion::{Suggestion, SuggestionFilter, SuggestionOrderField},
        usage::Budget,
    },
    engine::{context::Patience, indexing::Readings},
    model::builtin::{BuiltinConverser, BuiltinDescriber},
    port::{
        Ports,
        bus::Bus,
        converse::Converser,
        model::{Describer, ModelError, Models},
        store::Store,
        target::{SampleLimits, Target, TargetError, Targets},
    },
    worker::{Pool, PoolSettings},
};
use secrecy::SecretString;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// A fake database: tables of two columns with writable comments.
#[derive(Default)]
pub struct FakeDb {
    pub comments: Mutex<BTreeMap<String, String>>,
    /// The successful writes in order.
    pub writes: Mutex<Vec<(String, Option<String>)>>,
    /// Assets that refuse a comment.
    pub refuses: Mutex<HashSet<String>>,
    /// Assets whose write is executed but never answered.
    pub hangs: Mutex<HashSet<String>>,
    /// Whether the database is unreachable.
    pub down: AtomicBool,
    /// If set, each write adds a permit to the first semaphore and takes one from the second before it continues.
    pub gate: Mutex<Option<(Arc<Semaphore>, Arc<Semaphore>)>>,
    tables: usize,
}

impl FakeDb {
    fn identity_of(server: &str) -> Identity {
        let database = Some("shop".to_owned());
        Identity { server: server.to_owned(), database, mark: None, named: false, place: "fake".to_owned() }
    }

    fn reached(&self) -> Result<(), TargetError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(TargetError::Unreachable("nothing answers at fake".into()));
        }
        Ok(())
    }

    pub fn comment_of(&self, asset: &str) -> Option<String> {
        self.comments.lock().unwrap().get(asset).cloned()
    }

    pub fn set(&self, asset: &str, comment: &str) {
        self.comments.lock().unwrap().insert(asset.to_owned(), comment.to_owned());
    }

    fn table(&self, number: usize) -> Table {
        let name = if number == 1 { "customers".to_owned() } else { format!("table_{number:02}") };
        let kind = if number == 2 { AssetKind::View } else { AssetKind::Table };
        let comment = self.comment_of(&format!("main.{name}"));
        Table { name, kind, comment, row_estimate: Some(10), partition_of: None }
    }
}

#[async_trait]
impl Target for FakeDb {
    async fn test(&self) -> Result<String, TargetError> {
        Ok("fake".into())
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        self.reached()?;
        Ok(Identity { named: database.is_some(), ..Self::identity_of("fake") })
    }

    fn bound_to(self: Arc<Self>, _: &Identity) -> Arc<dyn Target> {
        self
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        Ok(true)
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        Ok(Vec::new())
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        self.reached()?;
        Ok(vec![Database { name: "shop".into(), comment: None }])
    }

    async fn schemas(&self, _: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        self.reached()?;
        Ok(vec![Schema { name: "main".into(), comment: self.comment_of("main") }])
    }

    async fn tables(&self, _: Option<&str>, _: &str) -> Result<Vec<Table>, TargetError> {
        self.reached()?;
        Ok((1..=self.tables).map(|number| self.table(number)).collect())
    }

    async fn details(&self, _: Option<&str>, schema: &str, names: &[String]) -> Result<Vec<TableDetail>, TargetError> {
        self.reached()?;
        let column = |table: &str, name: &str, key: bool| Column {
            name: name.into(),
            data_type: "INTEGER".into(),
            nullable: !key,
            comment: self.comment_of(&format!("main.{table}.{name}")),
            primary_key: key,
            unique: key,
            ..Column::default()
        };
        let tables = (1..=self.tables).map(|number| self.table(number));
        let details = tables.filter(|table| names.contains(&table.name)).map(|table| TableDetail {
            database: Some("shop".into()),
            schema: schema.to_owned(),
            columns: vec![column(&table.name, "id", true), column(&table.name, "email", false)],
            table,
            foreign_keys: Vec::new(),
            unique_keys: Vec::new(),
            referenced_by: Vec::new(),
            definition: None,
            rules: Rules::default(),
            problems: Problems::default(),
        });
        Ok(details.collect())
    }

    async fn comment(&self, asset: &AssetPath) -> Result<Option<String>, TargetError> {
        self.reached()?;
        Ok(self.comment_of(&asset.display()))
    }

    async fn comment_statement(&self, asset: &AssetPath, text: Option<&str>) -> Result<String, TargetError> {
        self.reached()?;
        Ok(format!("COMMENT ON {} {} IS {text:?}", asset.kind.noun(), asset.display()))
    }

    async fn write_comment(&self, asset: &AssetPath, text: Option<&str>) -> Result<(), TargetError> {
        self.reached()?;
        let name = asset.display();
        let gate = self.gate.lock().unwrap().clone();
        if let Some((waiting, go)) = gate {
            waiting.add_permits(1);
            go.acquire().await.unwrap().forget();
        }
        if self.refuses.lock().unwrap().contains(&name) {
            return Err(TargetError::Refused(format!("the login may not comment on {name}")));
        }
        {
            let mut comments = self.comments.lock().unwrap();
            match text {
                Some(text) => comments.insert(name.clone(), text.to_owned()),
                None => comments.remove(&name),
            };
            self.writes.lock().unwrap().push((name.clone(), text.map(str::to_owned)));
        }
        let hangs = self.hangs.lock().unwrap().contains(&name);
        if hangs {
            if let Some((waiting, _)) = &*self.gate.lock().unwrap() {
                waiting.add_permits(1);
            }
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn statistics(&self, _: &TableDetail, _: SampleLimits) -> Result<TableStatistics, TargetError> {
        Ok(TableStatistics::default())
    }
}

struct FakeTargets(Arc<FakeDb>);

impl Targets for FakeTargets {
    fn open(&self, _: &DbProfile) -> Result<Arc<dyn Target>, TargetError> {
        Ok(self.0.clone())
    }

    fn backend_of(&self, _: &str) -> Result<DbBackend, TargetError> {
        Ok(DbBackend::Sqlite)
    }

    fn pinned_database(&self, profile: &DbProfile) -> Option<String> {
        profile.pinned_database.clone()
    }

    fn display_url(&self, _: &SecretString) -> String {
        "fake://".into()
    }
}

struct BuiltinAlone;

#[async_trait]
impl Models for BuiltinAlone {
    fn open(&self, _: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError> {
        Ok(Arc::new(BuiltinDescriber))
    }

    fn open_converser(&self, _: &LlmProfile) -> Result<Arc<dyn Converser>, ModelError> {
        Ok(Arc::new(BuiltinConverser))
    }

    fn open_judge(&self, _: &LlmProfile) -> Result<Arc<dyn gloss::port::judge::Judge>, ModelError> {
        Err(ModelError::Misconfigured("not in this test".into()))
    }

    async fn test(&self, _: &LlmProfile) -> Result<String, ModelError> {
        Ok("ready".into())
    }
}

/// A store, a database and a running worker pool.
pub struct World {
    pub ports: Ports,
    pub db: Arc<FakeDb>,
    pub stop: CancellationToken,
    bus: Arc<LocalBus>,
    pool: Option<tokio::task::JoinHandle<()>>,
    db_profile: DbProfileId,
    llm_profile: LlmProfileId,
    _folder: tempfile::TempDir,
}

impl World {
    pub async fn with_tables(tables: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = Arc::new(LocalBus::new());
        let url = crate::harness::store::url(folder.path());
        let store: Arc<dyn Store> =
            Arc::new(gloss::store::open(&url, bus.clone(), crate::harness::seal_key()).await.unwrap());
        let db = Arc::new(FakeDb { tables, ..FakeDb::default() });
        let ports = Ports {
            store: store.clone(),
            bus: bus.clone(),
            targets: Arc::new(FakeTargets(db.clone())),
            models: Arc::new(BuiltinAlone),
            clock: Arc::new(SystemClock),
        };
        let now = SystemClock.now();
        let profile = NewDbProfile {
            name: "shop".into(),
            backend: DbBackend::Sqlite,
            url: SecretString::from("fake://up"),
            pinned_database: None,
            about: None,
            exclude: Vec::new(),
            sample_views: false,
        };
        let db_profile = store.create_db_profile(profile, now).await.unwrap().id;
        let profile = NewLlmProfile {
            name: "house".into(),
            provider: LlmProvider::Builtin,
            model: "builtin".into(),
            base_url: None,
            api_key: None,
            is_default: true,
            concurrency: 2,
            requests_per_minute: None,
            input_cost_per_million_tokens: None,
            cached_input_cost_per_million_tokens: None,
            output_cost_per_million_tokens: None,
        };
        let llm_profile = store.create_llm_profile(profile, now).await.unwrap().id;
        let stop = CancellationToken::new();
        let mut world = Self { ports, db, stop, bus, pool: None, db_profile, llm_profile, _folder: folder };
        world.start_pool();
        world
    }

    /// Starts a pool, as a new process would.
    pub fn start_pool(&mut self) {
        self.stop = CancellationToken::new();
        let settings = PoolSettings {
            worker_id: format!("worker-{:p}", std::ptr::from_ref(&self.stop)),
            host: "here".into(),
            capacity: 2,
            lease: Duration::from_secs(30),
            poll_interval: Duration::from_millis(50),
            grace: Duration::ZERO,
            patience: Patience {
                first_wait: Duration::from_millis(10),
                longest_wait: Duration::from_millis(20),
                provider_down: Duration::from_millis(100),
                target_down: Duration::from_millis(100),
            },
            only: None,
        };
        let readings = Readings::new(self.ports.clone());
        self.pool = Some(tokio::spawn(Pool::new(self.ports.clone(), readings, settings, self.stop.clone()).work()));
    }

    /// Stops the pool without a grace period; work in progress is dropped.
    pub async fn stop_pool(&mut self) {
        self.stop.cancel();
        self.pool.take().unwrap().await.unwrap();
    }

    pub fn order(&self, kind: RunKind, command: RunCommand, rows: Vec<Row>) -> NewRun {
        let table = |number: usize| TableScope { name: self.db.table(number).name, columns: Vec::new() };
        let spec = RunSpec {
            kind,
            command,
            scope: RunScope {
                database: None,
                schemas: vec![SchemaScope { name: "main".into(), tables: (1..=self.db.tables).map(table).collect() }],
                ..RunScope::default()
            },
            db_profile_id: Some(self.db_profile),
            llm_profile_id: Some(self.llm_profile),
            schedule_id: None,
            parent_id: None,
            db_profile_name: Some("shop".into()),
            llm_profile_name: Some("house".into()),
            provider: Some(LlmProvider::Builtin),
            model: Some("builtin".into()),
            options: RunOptions { profile_data: false, ..RunOptions::defaults(LlmProvider::Builtin) },
            variations: None,
            budget: Budget::default(),
            started_by: "ann".into(),
            auto_apply: command == RunCommand::RunApply,
        };
        NewRun { rows, ..spec.into() }
    }

    pub async fn start(&self, order: NewRun) -> RunId {
        self.ports.store.create_runs(vec![order], None, SystemClock.now()).await.unwrap()[0].id
    }

    pub async fn run(&self, id: RunId) -> Run {
        self.ports.store.runs_by_id(&[id]).await.unwrap().remove(&id).unwrap()
    }

    /// Waits until the run satisfies `is`.
    pub async fn until(&self, id: RunId, is: impl Fn(&Run) -> bool) -> Run {
        let mut nudges = self.bus.runs();
        loop {
            let run = self.run(id).await;
            if is(&run) {
                return run;
            }
            let nudge = tokio::time::timeout(Duration::from_secs(20), nudges.next()).await;
            assert!(nudge.is_ok(), "the run makes no progress; it is {:?}", self.run(id).await);
        }
    }

    pub async fn ended(&self, id: RunId) -> Run {
        self.until(id, |run| !run.status.is_live()).await
    }

    /// Describes all assets and accepts all suggestions.
    pub async fn accepted(&self) -> RunId {
        let id = self.start(self.order(RunKind::Analyze, RunCommand::Run, Vec::new())).await;
        assert_eq!(self.ended(id).await.status, RunStatus::ReadyForReview);
        let accept = Decision::Accept(Choice::Alternative(0));
        let all = Selection::OfRun(id, SuggestionFilter::default(), Comments::Replace);
        self.ports.store.review(all, accept, "ann", SystemClock.now()).await.unwrap();
        id
    }

    pub async fn apply(&self, id: RunId, overwrite: bool) -> usize {
        self.order_writes(id, false, overwrite).await
    }

    pub async fn roll_back(&self, id: RunId) -> usize {
        self.order_writes(id, true, false).await
    }

    async fn order_writes(&self, id: RunId, rollback: bool, overwrite: bool) -> usize {
        let store = &self.ports.store;
        let items = if rollback {
            store.items_to_roll_back(id, None).await.unwrap()
        } else {
            store.items_to_apply(id, None).await.unwrap()
        };
        let (count, from) = (items.len(), self.run(id).await.status);
        let order = ApplyOrder::new(from, rollback, overwrite, "ann".into());
        let begin = Box::new(move |edit: &mut gloss::domain::run::RunEdit| edit.begin_apply(order, items));
        store.change_run(id, None, SystemClock.now(), begin).await.unwrap();
        count
    }

    pub async fn items(&self, id: RunId) -> Vec<ApplyItem> {
        self.ports.store.items_page(id, None, &everything()).await.unwrap().rows.into_iter().map(|row| row.1).collect()
    }

    pub async fn suggestions(&self, id: RunId) -> Vec<Suggestion> {
        let order = (SuggestionOrderField::Position, OrderDirection::Asc);
        let filter = SuggestionFilter::default();
        let page = self.ports.store.suggestions_page(id, &filter, order, &everything()).await.unwrap();
        page.rows.into_iter().map(|row| row.1).collect()
    }

    pub async fn events(&self, id: RunId) -> Vec<RunEvent> {
        self.ports.store.events_after(id, 0, 10_000).await.unwrap()
    }
}

fn everything() -> PageRequest {
    PageRequest { direction: PageDirection::Forward, size: 200, from: None, until: None }
}

fn asset(kind: AssetKind, parts: [Option<&str>; 4]) -> AssetPath {
    let [database, schema, table, column] = parts.map(|part| part.map(str::to_owned));
    AssetPath { kind, database, schema, table, column }
}

#[tokio::test]
async fn one_draft_for_one_asset_of_each_kind() {
    let world = World::with_tables(6).await;
    world.db.set("main.customers.email", "how to reach them");
    let cases = [
        (
            asset(AssetKind::Column, [None, Some("main"), Some("customers"), Some("email")]),
            AssetKind::Column,
            "main.customers.email",
        ),
        (asset(AssetKind::Table, [None, Some("main"), Some("customers"), None]), AssetKind::Table, "main.customers"),
        (asset(AssetKind::Table, [None, Some("main"), Some("table_02"), None]), AssetKind::View, "main.table_02"),
        (asset(AssetKind::Schema, [None, Some("main"), None, None]), AssetKind::Schema, "main"),
        (asset(AssetKind::Database, [None; 4]), AssetKind::Database, "shop"),
    ];
    for (wanted, kind, display) in cases {
        let rows = vec![Row { position: 1, asset: wanted, again: None, fingerprint: None }];
        let mut order = world.order(RunKind::Generate, RunCommand::Generate, rows);
        order.spec.options.missing_only = true;
        let id = world.start(order).await;
        let run = world.ended(id).await;
        assert_eq!((run.status, run.error), (RunStatus::ReadyForReview, None), "{display}");
        let suggestions = world.suggestions(id).await;
        let [one] = suggestions.as_slice() else { panic!("{suggestions:?}") };
        assert_eq!((one.asset.kind, one.asset.display().as_str()), (kind, display));
        assert_eq!(one.asset.database.as_deref(), Some("shop"), "{display}");
        assert!(one.description.len() > 10, "{}", one.description);
        eprintln!("{display}: {} ({})", one.description, one.confidence);
    }
}

#[tokio::test]
async fn a_draft_of_a_missing_asset_names_it() {
    let world = World::with_tables(2).await;
    let cases = [
        (asset(AssetKind::Column, [None, Some("main"), Some("customers"), Some("mial")]), "mial"),
        (asset(AssetKind::Table, [None, Some("main"), Some("costumers"), None]), "costumers"),
        (asset(AssetKind::Schema, [None, Some("mian"), None, None]), "mian"),
        (asset(AssetKind::Database, [Some("shpo"), None, None, None]), "shpo"),
    ];
    for (wanted, name) in cases {
        let rows = vec![Row { position: 1, asset: wanted, again: None, fingerprint: None }];
        let id = world.start(world.order(RunKind::Generate, RunCommand::Generate, rows)).await;
        let run = world.ended(id).await;
        let error = run.error.unwrap();
        assert_eq!((run.status, error.code.as_str()), (RunStatus::Failed, "BAD_USER_INPUT"));
        assert!(error.message.contains(name), "{}", error.message);
    }
}

#[tokio::test]
async fn run_apply_writes_the_first_wording_of_each() {
    let world = World::with_tables(3).await;
    let id = world.start(world.order(RunKind::Analyze, RunCommand::RunApply, Vec::new())).await;
    let run = world.ended(id).await;
    assert_eq!((run.status, run.error, run.apply), (RunStatus::Success, None, None));
    let suggestions = world.suggestions(id).await;
    assert_eq!(suggestions.len(), 9);
    for one in suggestions {
        assert_eq!(world.db.comment_of(&one.asset.display()).as_deref(), Some(one.description.as_str()));
        assert_eq!(one.review.reviewer.as_deref(), Some("ann"));
    }
    let statuses: Vec<RunStatus> = world.events(id).await.iter().map(|event| event.status).collect();
    assert!(statuses.is_sorted_by_key(|status| match status {
        RunStatus::Queued => 0,
        RunStatus::Running => 1,
        RunStatus::Applying => 2,
        _ => 3,
    }));
}
