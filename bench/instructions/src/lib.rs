//! What the hot paths are counted on: a store with a page of runs, a table with its statistics, texts.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use gloss::{
    bus::local::LocalBus,
    domain::{
        asset::AssetKind,
        catalog::{Column, ColumnStatistics, ForeignKey, Problems, Rules, Table, TableDetail, TableStatistics},
        clock::SystemClock,
        profile::LlmProvider,
        run::RunOptions,
    },
    graphql::{self, Api, context::Viewer},
    model::{ProviderModels, builtin::BuiltinDescriber},
    port::{
        Ports,
        environment::EnvNames,
        model::{DescribeRequest, Subject},
    },
    service::Services,
    store::{self, SealKey},
    target::SqlTargets,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// The page of runs that the Runs page reads.
pub const PAGE: &str = "{ runs(first: 50, filter: { kinds: [ANALYZE] }) { pageInfo { hasNextPage endCursor } \
                        edges { cursor node { id number kind command status scopeSummary model dbProfileName startedAt \
                        durationSeconds progress { total done } } } } }";

/// The same page with a field that plain lists do not know, so that the resolvers answer.
pub const RESOLVED_PAGE: &str = "{ viewer { role } runs(first: 50, filter: { kinds: [ANALYZE] }) { pageInfo { \
                                 hasNextPage endCursor } edges { cursor node { id number kind command status \
                                 scopeSummary model dbProfileName startedAt durationSeconds progress { total done } } \
                                 } } }";

/// Runs in the store.
const RUNS: usize = 60;

/// A store with runs in the queue, and the API over it.
pub struct House {
    runtime: Runtime,
    api: Api,
    _folder: TempDir,
}

impl House {
    /// Opens a store, fills it, and answers `query` once, so that it is known.
    ///
    /// # Panics
    /// Panics if anything fails.
    #[must_use]
    pub fn warm(query: &str) -> Self {
        let _already = rustls::crypto::ring::default_provider().install_default();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let api = runtime.block_on(async {
            let bus = Arc::new(LocalBus::new());
            let url = format!("sqlite://{}/gloss.db?mode=rwc", folder.path().display());
            let key = SealKey::of_text(&"a key for counting instructions 1".to_owned().into()).expect("a key");
            let store = store::open(&url, bus.clone(), key).await.expect("a store");
            let names = std::iter::empty::<String>().collect::<EnvNames>();
            let ports = Ports {
                store: Arc::new(store),
                bus,
                targets: Arc::new(SqlTargets::new(names.clone())),
                models: Arc::new(ProviderModels::new(Arc::new(BuiltinDescriber), names)),
                clock: Arc::new(SystemClock),
            };
            graphql::api(Services::new(ports, "local"))
        });
        let house = Self { runtime, api, _folder: folder };
        let file = house._folder.path().join("shop.db");
        std::fs::write(&file, "").expect("an empty database");
        house.fill(&format!("sqlite://{}", file.display()));
        assert!(!house.answer(query).is_empty());
        house
    }

    fn fill(&self, url: &str) {
        let profile = self.execute(
            "mutation($url: String!) { createDbProfile(input: { name: \"shop\", url: $url }) { dbProfile { id } } \
             createLlmProfile(input: { name: \"builtin\", provider: BUILTIN, model: \"\", isDefault: true }) { \
             llmProfile { id } } }",
            serde_json::json!({ "url": url }),
        );
        let id = &profile["createDbProfile"]["dbProfile"]["id"];
        for _ in 0..RUNS {
            self.execute(
                "mutation($id: ID!) { startRun(input: { targets: [{ dbProfileId: $id }] }) { runs { id } } }",
                serde_json::json!({ "id": id }),
            );
        }
    }

    fn execute(&self, query: &str, variables: serde_json::Value) -> serde_json::Value {
        let request = Request::new(query).variables(Variables::from_json(variables)).data(Viewer::local());
        let response = self.runtime.block_on(self.api.execute(request));
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().expect("JSON")
    }

    /// Answers a query as a transport does: as a plain list where it is one, otherwise by the resolvers.
    ///
    /// # Panics
    /// Panics if the answer has errors.
    #[must_use]
    pub fn answer(&self, query: &str) -> String {
        let checked = self.api.checker.read(query).expect("a valid document");
        let variables = Variables::default();
        if let Some((plain, variables)) = self.api.checker.plain(&checked, None, &variables) {
            let lists = self.api.plain.as_ref().expect("plain lists");
            let answer = self.runtime.block_on(lists.answer(&plain, &variables, &Viewer::local()));
            return answer.expect("an answer");
        }
        let response = self.runtime.block_on(self.api.execute(Request::new(query).data(Viewer::local())));
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        serde_json::to_string(&response).expect("JSON")
    }

    /// Checks a document that was never seen before.
    #[must_use]
    pub fn check(&self, query: &str) -> bool {
        self.api.checker.read(query).is_ok()
    }

    /// Runs a future to its end.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// A request to describe a table of 24 columns with statistics.
#[must_use]
pub fn orders() -> DescribeRequest {
    const COLUMNS: [(&str, &str); 12] = [
        ("order_id", "bigint"),
        ("cust_id", "bigint"),
        ("ord_dt", "timestamp with time zone"),
        ("ship_addr_line2", "character varying(160)"),
        ("tot_amt_eur", "numeric(12,2)"),
        ("is_paid", "boolean"),
        ("status_cd", "character varying(2)"),
        ("email", "text"),
        ("created_by", "text"),
        ("qty", "integer"),
        ("upd_ts", "timestamp with time zone"),
        ("note", "text"),
    ];
    let column = |at: usize| {
        let (name, data_type) = COLUMNS[at % COLUMNS.len()];
        let name = if at < COLUMNS.len() { name.to_owned() } else { format!("bill_{name}") };
        Column { name, data_type: data_type.to_owned(), nullable: at > 0, primary_key: at == 0, ..Column::default() }
    };
    let columns: Vec<Column> = (0..2 * COLUMNS.len()).map(column).collect();
    let statistics = columns.iter().map(|column| ColumnStatistics {
        name: column.name.clone(),
        null_share: Some(0.25),
        distinct: Some(5),
        minimum: Some("1".to_owned()),
        maximum: Some("90".to_owned()),
        samples: ["1", "7", "12", "40", "90"].map(str::to_owned).to_vec(),
        copy_of: None,
        not_before: None,
    });
    DescribeRequest {
        requests: 1,
        statistics: Some(Arc::new(TableStatistics {
            sampled_rows: 1_000,
            complete: false,
            columns: statistics.collect(),
            ..TableStatistics::default()
        })),
        subjects: std::iter::once(Subject::Table).chain((0..columns.len()).map(Subject::Column)).collect(),
        table: Arc::new(TableDetail {
            database: Some("shop".to_owned()),
            schema: "public".to_owned(),
            table: Table {
                name: "sales_ord".to_owned(),
                kind: AssetKind::Table,
                comment: None,
                row_estimate: Some(120_000),
                partition_of: None,
            },
            columns,
            foreign_keys: vec![ForeignKey::single("cust_id", "customers", "cust_id")],
            unique_keys: vec![vec!["order_id".to_owned()]],
            referenced_by: vec!["ord_lines".to_owned()],
            definition: None,
            rules: Rules::default(),
            problems: Problems::default(),
        }),
        lineage: Arc::default(),
        names: Arc::default(),
        neighbours: Arc::default(),
        documented: Arc::default(),
        revisions: Vec::new(),
        options: RunOptions::defaults(LlmProvider::Builtin),
        about: None,
        is_retry: false,
    }
}
