//! The schema over a real store, with a fake target and a fake model: the results of operations, the texts of errors,
//! the limits, and the number of statements per page.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_graphql::{Request, Response, Variables};
use async_trait::async_trait;
use futures_util::StreamExt;
use gloss::{
    bus::local::LocalBus,
    domain::{
        apply::{ApplyItem, ApplyStatus},
        asset::{AssetKind, AssetPath},
        catalog::{Column, Database, Problems, Rules, Schema, Table, TableDetail, TableStatistics},
        clock::{Clock, SystemClock},
        id::RunId,
        identity::Identity,
        profile::{DbBackend, DbProfile, LlmProfile},
        run::{Row, RowOutcome},
        status::RunStatus,
        suggestion::{Alternative, Draft},
    },
    graphql::{GlossSchema, Viewer, schema},
    port::{
        Ports,
        model::{Describer, ModelError, Models},
        store::{Change, Store},
        target::{SampleLimits, Target, TargetError, Targets},
    },
    service::Services,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// A database of 60 tables that counts how often tables are described. `fake://down` does not answer.
#[derive(Default)]
struct FakeTargets {
    detail_reads: Arc<AtomicU64>,
}

struct FakeTarget {
    up: bool,
    detail_reads: Arc<AtomicU64>,
}

fn table(number: usize) -> Table {
    Table {
        name: format!("table_{number:02}"),
        kind: AssetKind::Table,
        comment: None,
        row_estimate: Some(7),
        partition_of: None,
    }
}

impl FakeTarget {
    fn reached<T>(&self, value: T) -> Result<T, TargetError> {
        if self.up {
            Ok(value)
        } else {
            Err(TargetError::Unreachable("nothing answers at down; check the host".into()))
        }
    }
}

#[async_trait]
impl Target for FakeTarget {
    async fn test(&self) -> Result<String, TargetError> {
        self.reached("Fake 1.0".to_owned())
    }

    async fn identity(&self, database: Option<&str>) -> Result<Identity, TargetError> {
        let here = |text: &str| text.to_owned();
        let (server, database, named) = (here("fake"), Some(here("shop")), database.is_some());
        self.reached(Identity { server, database, mark: None, named, place: here("fake") })
    }

    fn bound_to(self: Arc<Self>, _: &Identity) -> Arc<dyn Target> {
        self
    }

    async fn can_write_comments(&self) -> Result<bool, TargetError> {
        self.reached(true)
    }

    async fn excess_rights(&self) -> Result<Vec<String>, TargetError> {
        Ok(Vec::new())
    }

    async fn databases(&self) -> Result<Vec<Database>, TargetError> {
        self.reached(vec![Database { name: "shop".into(), comment: None }])
    }

    async fn schemas(&self, _: Option<&str>) -> Result<Vec<Schema>, TargetError> {
        self.reached(vec![Schema { name: "main".into(), comment: None }])
    }

    async fn tables(&self, _: Option<&str>, _: &str) -> Result<Vec<Table>, TargetError> {
        self.reached((0..60).map(table).collect())
    }

    async fn details(
        &self,
        database: Option<&str>,
        schema: &str,
        tables: &[String],
    ) -> Result<Vec<TableDetail>, TargetError> {
        self.detail_reads.fetch_add(1, Ordering::Relaxed);
        let column = Column {
            name: "id".into(),
            data_type: "INTEGER".into(),
            nullable: false,
            comment: None,
            primary_key: true,
            unique: true,
            ..Column::default()
        };
        let detail = |name: &String| TableDetail {
            database: database.map(str::to_owned),
            schema: schema.to_owned(),
            table: Table {
                name: name.clone(),
                kind: AssetKind::Table,
                comment: None,
                row_estimate: None,
                partition_of: None,
            },
            columns: vec![column.clone()],
            foreign_keys: Vec::new(),
            unique_keys: Vec::new(),
            referenced_by: Vec::new(),
            definition: None,
            rules: Rules::default(),
            problems: Problems::default(),
        };
        self.reached(tables.iter().map(detail).collect())
    }

    async fn comment(&self, _: &AssetPath) -> Result<Option<String>, TargetError> {
        self.reached(None)
    }

    async fn comment_statement(&self, asset: &AssetPath, _: Option<&str>) -> Result<String, TargetError> {
        self.reached(format!("COMMENT ON {}", asset.display()))
    }

    async fn write_comment(&self, _: &AssetPath, _: Option<&str>) -> Result<(), TargetError> {
        self.reached(())
    }

    async fn statistics(&self, _: &TableDetail, _: SampleLimits) -> Result<TableStatistics, TargetError> {
        self.reached(TableStatistics::default())
    }
}

impl Targets for FakeTargets {
    fn open(&self, profile: &DbProfile) -> Result<Arc<dyn Target>, TargetError> {
        let up = !profile.url.expose_secret().contains("down");
        Ok(Arc::new(FakeTarget { up, detail_reads: self.detail_reads.clone() }))
    }

    fn backend_of(&self, url: &str) -> Result<DbBackend, TargetError> {
        if url.starts_with("fake:") {
            Ok(DbBackend::Sqlite)
        } else {
            Err(TargetError::Misconfigured("the URL's scheme is not known; write fake://".into()))
        }
    }

    fn pinned_database(&self, profile: &DbProfile) -> Option<String> {
        profile.pinned_database.clone()
    }

    fn display_url(&self, url: &SecretString) -> String {
        url.expose_secret().replace("geheim", "")
    }
}

struct FakeModels;

#[async_trait]
impl Models for FakeModels {
    fn open(&self, _: &LlmProfile) -> Result<Arc<dyn Describer>, ModelError> {
        Err(ModelError::Unavailable("this model describes nothing".into()))
    }

    fn open_converser(&self, _: &LlmProfile) -> Result<Arc<dyn gloss::port::converse::Converser>, ModelError> {
        Err(ModelError::Misconfigured("not in this test".into()))
    }

    fn open_judge(&self, _: &LlmProfile) -> Result<Arc<dyn gloss::port::judge::Judge>, ModelError> {
        Err(ModelError::Misconfigured("not in this test".into()))
    }

    async fn test(&self, _: &LlmProfile) -> Result<String, ModelError> {
        Err(ModelError::KeyRefused("the key was refused".into()))
    }
}

pub(crate) struct Api {
    schema: GlossSchema,
    pub store: Arc<dyn Store>,
    detail_reads: Arc<AtomicU64>,
    db: Value,
    llm: Value,
    _folder: tempfile::TempDir,
}

impl Api {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = crate::harness::store::url(folder.path());
        let bus = Arc::new(LocalBus::new());
        let store: Arc<dyn Store> =
            Arc::new(gloss::store::open(&url, bus.clone(), crate::harness::seal_key()).await.expect("a store"));
        let targets = FakeTargets::default();
        let detail_reads = targets.detail_reads.clone();
        let ports = Ports {
            store: store.clone(),
            bus,
            targets: Arc::new(targets),
            models: Arc::new(FakeModels),
            clock: Arc::new(SystemClock),
        };
        let schema = schema(Services::new(ports, "local"));
        let mut api = Self { schema, store, detail_reads, db: Value::Null, llm: Value::Null, _folder: folder };
        let made = api
            .data(
                r#"mutation {
                    createDbProfile(input: { name: "shop", url: "fake://user:geheim@up/shop" }) { dbProfile { id
                    displayUrl } }
                    createLlmProfile(input: { name: "house", provider: BUILTIN, model: "", isDefault: true }) {
                        llmProfile { id isDefault model concurrency hasApiKey }
                    }
                }"#,
                json!({}),
            )
            .await;
        assert_eq!(made["createDbProfile"]["dbProfile"]["displayUrl"], "fake://user:@up/shop");
        assert_eq!(made["createLlmProfile"]["llmProfile"]["model"], "builtin");
        api.db = made["createDbProfile"]["dbProfile"]["id"].clone();
        api.llm = made["createLlmProfile"]["llmProfile"]["id"].clone();
        api
    }

    async fn ask(&self, query: &str, variables: Value) -> Response {
        let request = Request::new(query).variables(Variables::from_json(variables)).data(Viewer::local());
        self.schema.execute(request).await
    }

    pub(crate) async fn data(&self, query: &str, variables: Value) -> Value {
        let response = self.ask(query, variables).await;
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        response.data.into_json().expect("JSON")
    }

    /// Returns the first error's code, argument and message.
    pub(crate) async fn error(&self, query: &str, variables: Value) -> (String, String, String) {
        let response = self.ask(query, variables).await;
        let error = serde_json::to_value(response.errors.first().expect("an error")).expect("JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let extensions = &error["extensions"];
        (text(&extensions["code"]), text(&extensions["argument"]), text(&error["message"]))
    }

    async fn start(&self, table: &str) -> Value {
        let query = "mutation ($db: ID!, $table: String!) {
            startRun(input: { targets: [{ dbProfileId: $db, schemas: [{ name: \"main\", tables: [{ name: $table }] }] \
            }] }) {
                runs { id number status scopeSummary lastSequence usage { costUsd } canCancel }
            } }";
        self.data(query, json!({ "db": self.db, "table": table })).await["startRun"]["runs"][0].clone()
    }
}

const EVERYTHING_OF_RUNS: &str = "query ($first: Int) { runs(first: $first) {
    totalCount
    nodes {
        id number status dbProfile { id name } llmProfile { id name } parent { id }
        confidenceDistribution { high medium low } reviewCounts { unreviewed } worker { id }
    } } }";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_started_listed_watched_and_cancelled() {
    let api = Api::new().await;
    let run = api.start("table_01").await;
    assert_eq!(run["status"], "QUEUED");
    assert_eq!(run["scopeSummary"], "main.table_01");
    assert_eq!(run["usage"]["costUsd"], 0.0);

    let mut events = api.schema.execute_stream(
        Request::new("subscription ($id: ID!) { runProgress(runId: $id) { sequence type status run { status } } }")
            .variables(Variables::from_json(json!({ "id": run["id"] })))
            .data(Viewer::local()),
    );
    let first = events.next().await.expect("event 1").data.into_json().expect("JSON");
    assert_eq!(first["runProgress"]["type"], "CREATED");

    let cancel = "mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome run { status } } }";
    let cancelled = api.data(cancel, json!({ "id": run["id"] })).await;
    assert_eq!(cancelled["cancelRun"], json!({ "outcome": "CANCELLED", "run": { "status": "CANCELLED" } }));
    let again = api.data(cancel, json!({ "id": run["id"] })).await;
    assert_eq!(again["cancelRun"]["outcome"], "ALREADY_FINISHED");

    let mut sequence = 1;
    let mut last = String::new();
    while let Some(event) = events.next().await {
        assert!(event.errors.is_empty(), "{:?}", event.errors);
        let event = event.data.into_json().expect("JSON");
        sequence += 1;
        assert_eq!(event["runProgress"]["sequence"], sequence);
        last = event["runProgress"]["type"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(last, "FINISHED", "the stream completes after the last event");

    let listed = api
        .data(
            "{ runs { totalCount edges { cursor node { number } } kindCounts { kind count } pageInfo { hasNextPage } \
            } }",
            json!({}),
        )
        .await;
    assert_eq!(listed["runs"]["totalCount"], 1);
    assert_eq!(listed["runs"]["kindCounts"][0], json!({ "kind": "ANALYZE", "count": 1 }));

    let nodes = api
        .data(
            "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
            json!({ "ids": [run["id"], "bm8", api.db] }),
        )
        .await;
    assert_eq!(nodes["nodes"][0]["__typename"], "Run");
    assert_eq!(nodes["nodes"][1], Value::Null);
    assert_eq!(nodes["nodes"][2]["__typename"], "DbProfile");
    let deleted = api
        .data("mutation ($id: ID!) { deleteRuns(input: { ids: [$id] }) { deletedIds } }", json!({ "id": run["id"] }))
        .await;
    assert_eq!(deleted["deleteRuns"]["deletedIds"][0], run["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_costs_the_same_statements_however_long_it_is() {
    let api = Api::new().await;
    for number in 0..60 {
        api.start(&format!("table_{number:02}")).await;
    }
    let mut costs = Vec::new();
    for first in [1, 10, 60] {
        let before = api.store.statements();
        let page = api.data(EVERYTHING_OF_RUNS, json!({ "first": first })).await;
        assert_eq!(page["runs"]["nodes"].as_array().map(Vec::len), Some(first));
        assert_eq!(page["runs"]["nodes"][0]["dbProfile"]["name"], "shop");
        costs.push(api.store.statements() - before);
    }
    assert!(costs.iter().all(|cost| *cost == costs[0] && *cost > 0), "statements per page: {costs:?}");
}

/// Lists of written comments, with the path to the nodes of each.
const LISTS_OF_WHAT_WAS_WRITTEN: [(&str, &str); 3] = [
    (
        "/run/suggestions/nodes",
        "query ($id: ID!, $first: Int) { run(id: $id) { suggestions(first: $first) {
            nodes { id applied { id dbProfile { name } } versions { version } run { number } } } } }",
    ),
    (
        "/run/applyOutcomes/nodes",
        "query ($id: ID!, $first: Int) { run(id: $id) { applyOutcomes(first: $first) {
            totalCount nodes { status suggestion { id applied { at } versions { id } } } } } }",
    ),
    (
        "/appliedComments/nodes",
        "query ($id: ID!, $first: Int) { appliedComments(first: $first, filter: { runId: $id }) {
            totalCount nodes { id run { number } suggestion { version } dbProfile { name } } } }",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_page_costs_the_same_statements_however_long_it_is() {
    let api = Api::new().await;
    let run = api.start("table_00").await;
    let (store, at) = (&api.store, SystemClock.now());
    let lease = std::time::Duration::from_mins(1);
    let claimed = store.claim_next("worker", None, at, lease).await.unwrap().expect("the run");
    let rows: Vec<Row> = (1..=60)
        .map(|position| Row {
            position,
            asset: AssetPath {
                kind: AssetKind::Table,
                database: None,
                schema: Some("main".into()),
                table: Some(format!("table_{position:02}")),
                column: None,
            },
            again: None,
            fingerprint: None,
        })
        .collect();
    let described: Change = Box::new(move |edit| {
        edit.resolve(rows.clone());
        for row in rows {
            let alternatives = vec![Alternative { text: format!("Text {}.", row.position), confidence: 0.9 }];
            let draft = Draft { alternatives, logprob: None, reasoning: None, evidence: Vec::new() };
            edit.end_row(row, RowOutcome::Done { draft, existing_comment: None, data_type: None });
        }
        edit.finish(RunStatus::ReadyForReview, None)
    });
    store.change_run(claimed.id, Some(claimed.attempt), at, described).await.unwrap();
    let id = &run["id"];
    let accept = "mutation ($id: ID!) { reviewSuggestions(input: { runId: $id, decision: ACCEPT }) { changed } }";
    assert_eq!(api.data(accept, json!({ "id": id })).await["reviewSuggestions"]["changed"], 60);
    // No worker runs here that would record the identity of the run's database.
    let confirm =
        "mutation ($id: ID!) { updateDbProfile(input: { id: $id, sameDatabase: true }) { dbProfile { id } } }";
    api.data(confirm, json!({ "id": api.db })).await;
    let apply = "mutation ($id: ID!) { applyRun(input: { runId: $id }) { total run { status } } }";
    let begun = api.data(apply, json!({ "id": id })).await;
    assert_eq!(begun["applyRun"], json!({ "total": 60, "run": { "status": "APPLYING" } }));
    // A concurrent apply is refused with a conflict, and so is a review.
    assert_eq!(api.error(apply, json!({ "id": id })).await.0, "CONFLICT");
    assert_eq!(api.error(accept, json!({ "id": id })).await.0, "CONFLICT");
    let claimed = store.claim_next("worker", None, at, lease).await.unwrap().expect("the apply");
    let items = store.planned_items(claimed.id, 0, 100).await.unwrap();
    let written: Change = Box::new(move |edit| {
        for item in items {
            edit.end_item(ApplyItem { status: ApplyStatus::Applied, ..item });
        }
        Ok(())
    });
    store.change_run(claimed.id, Some(claimed.attempt), at, written).await.unwrap();
    let done = store.finish_apply(claimed.id, claimed.attempt, at).await.unwrap();
    assert_eq!(done.status, RunStatus::Success);

    for (path, query) in LISTS_OF_WHAT_WAS_WRITTEN {
        let mut costs = Vec::new();
        for first in [1, 10, 60] {
            let before = store.statements();
            let page = api.data(query, json!({ "id": id, "first": first })).await;
            assert_eq!(page.pointer(path).and_then(Value::as_array).map(Vec::len), Some(first), "{path}");
            costs.push(store.statements() - before);
        }
        assert!(costs.iter().all(|cost| *cost == costs[0] && *cost > 0), "statements per page of {path}: {costs:?}");
    }
    let page = api.data(LISTS_OF_WHAT_WAS_WRITTEN[0].1, json!({ "id": id, "first": 1 })).await;
    let suggestion = &page["run"]["suggestions"]["nodes"][0];
    assert_eq!(suggestion["applied"]["dbProfile"]["name"], "shop");
    assert_eq!(suggestion["versions"], json!([{ "version": 1 }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalog_is_live_and_describes_a_page_of_tables_in_one_read() {
    let api = Api::new().await;
    let query = "query ($after: String) { dbProfiles { canWriteComments databases { name schemas { name
        tables(first: 40, after: $after) { totalCount pageInfo { endCursor hasNextPage } nodes { name columns { name \
        type } } }
    } } } }";
    let first = api.data(query, json!({})).await;
    let tables = &first["dbProfiles"][0]["databases"][0]["schemas"][0]["tables"];
    assert_eq!(tables["totalCount"], 60);
    assert_eq!(tables["nodes"][39]["columns"], json!([{ "name": "id", "type": "INTEGER" }]));
    assert_eq!(api.detail_reads.load(Ordering::Relaxed), 1);
    let second = api.data(query, json!({ "after": tables["pageInfo"]["endCursor"] })).await;
    let tables = &second["dbProfiles"][0]["databases"][0]["schemas"][0]["tables"];
    assert_eq!(tables["nodes"][0]["name"], "table_40");
    assert_eq!(tables["nodes"].as_array().map(Vec::len), Some(20));
    assert_eq!(tables["pageInfo"]["hasNextPage"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_out_of_reach_is_an_error_on_its_field_alone() {
    let api = Api::new().await;
    api.data(
        r#"mutation { createDbProfile(input: { name: "away", url: "fake://down" }) { dbProfile { id } } }"#,
        json!({}),
    )
    .await;
    let response = api.ask("{ dbProfiles { name canWriteComments databases { name } } }", json!({})).await;
    let errors = serde_json::to_value(&response.errors).expect("JSON");
    assert_eq!(response.errors.len(), 1, "{errors}");
    assert_eq!(errors[0]["extensions"]["code"], "UNAVAILABLE");
    assert_eq!(errors[0]["path"], json!(["dbProfiles", 0, "databases"]));
    let data = response.data.into_json().expect("JSON");
    assert_eq!(data["dbProfiles"].as_array().map(Vec::len), Some(2));
    assert_eq!(data["dbProfiles"][0], json!({ "name": "away", "canWriteComments": null, "databases": null }));
    assert_eq!(data["dbProfiles"][1]["databases"], json!([{ "name": "shop" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_come_in_the_order_of_the_query() {
    let api = Api::new().await;
    api.start("table_00").await;
    let query = "{ runs { nodes { llmProfile { name id } ... on Run { number } dbProfile { ...p } ...r } totalCount } }
        fragment p on DbProfile { name id } fragment r on Run { status dbProfile { id backend } id }";
    let response = api.ask(query, json!({})).await;
    let text = serde_json::to_string(&response.data).expect("JSON");
    let wanted = format!(
        "{{\"runs\":{{\"nodes\":[{{\"llmProfile\":{{\"name\":\"house\",\"id\":{}}},\"number\":1,\
         \"dbProfile\":{{\"name\":\"shop\",\"id\":{},\"backend\":\"SQLITE\"}},\
         \"status\":\"QUEUED\",\"id\":\"UnVuOjE\"}}],\"totalCount\":1}}}}",
        api.llm, api.db
    );
    assert_eq!(text, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_field_is_null_where_it_may_be() {
    let api = Api::new().await;
    let run = api.start("table_00").await;
    let cases = [
        (r#"{ run(id: "x") { id } server { version } }"#, json!({ "server": { "version": "0.1.0" }, "run": null })),
        (r#"{ run(id: "x") { id } }"#, json!({ "run": null })),
        (r"{ server { version } runs(first: -1) { totalCount } }", Value::Null),
        (
            r"{ server { version } runByNumber(number: 1) { id ...f } } fragment f on Run { s: suggestions(first: -1)
                { totalCount } }",
            json!({ "server": { "version": "0.1.0" }, "runByNumber": null }),
        ),
        (r"{ runs { nodes { id ... on Run { events(first: -1) { nodes { at } } } } } }", Value::Null),
        (r#"mutation { cancelRun(input: { id: "x" }) { outcome } }"#, Value::Null),
    ];
    for (query, data) in cases {
        let response = api.ask(query, json!({})).await;
        assert_eq!(response.errors.len(), 1, "{query}");
        assert_eq!(response.data.into_json().expect("JSON"), data, "{query}, {}", run["id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_errors_have_a_code_and_a_path() {
    let api = Api::new().await;
    let start = "mutation ($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let target = json!({ "dbProfileId": api.db });
    let cases = [
        (json!({ "targets": [] }), "BAD_USER_INPUT", "input.targets"),
        (json!({ "targets": [target, target] }), "BAD_USER_INPUT", "input.targets.1"),
        (json!({ "targets": [{ "dbProfileId": "x" }] }), "BAD_USER_INPUT", "input.targets.0.dbProfileId"),
        (json!({ "targets": [{ "dbProfileId": api.llm }] }), "BAD_USER_INPUT", "input.targets.0.dbProfileId"),
        (json!({ "targets": [{ "dbProfileId": "RGJQcm9maWxlOjk5" }] }), "NOT_FOUND", "input.targets.0.dbProfileId"),
        (
            json!({ "targets": [target], "options": { "alternatives": 9 } }),
            "BAD_USER_INPUT",
            "input.options.alternatives",
        ),
        (json!({ "targets": [target], "budget": { "maxTokens": 0 } }), "BAD_USER_INPUT", "input.budget.maxTokens"),
        (json!({ "targets": [target], "idempotencyKey": "" }), "BAD_USER_INPUT", "input.idempotencyKey"),
        (
            json!({ "targets": [{ "dbProfileId": api.db, "schemas": [{ "name": "a" }, { "name": "a" }] }] }),
            "BAD_USER_INPUT",
            "input.targets.0.schemas.1.name",
        ),
        (json!({ "targets": [target], "command": "FLY" }), "GRAPHQL_VALIDATION_FAILED", ""),
        (json!({ "targets": [target], "budget": { "maxTokens": "many" } }), "GRAPHQL_VALIDATION_FAILED", ""),
    ];
    for (input, code, argument) in cases {
        let error = api.error(start, json!({ "input": input })).await;
        assert_eq!((error.0.as_str(), error.1.as_str()), (code, argument), "{input}: {}", error.2);
    }
    let queries = [
        ("{ runs(first: 201) { totalCount } }", "BAD_USER_INPUT", "first"),
        ("{ runs(first: -1) { totalCount } }", "BAD_USER_INPUT", "first"),
        ("{ runs(first: 1, last: 1) { totalCount } }", "BAD_USER_INPUT", "last"),
        (r#"{ runs(after: "no") { totalCount } }"#, "BAD_USER_INPUT", "after"),
        (r#"{ run(id: "no") { id } }"#, "BAD_USER_INPUT", "id"),
        (r#"{ runs(filter: { startedAfter: "soon" }) { totalCount } }"#, "GRAPHQL_VALIDATION_FAILED", ""),
        (r#"mutation { cancelRun(input: { id: "UnVuOjk5" }) { outcome } }"#, "NOT_FOUND", "input.id"),
        (r#"mutation { deleteRuns(input: { ids: ["UnVuOjk5"] }) { deletedIds } }"#, "NOT_FOUND", ""),
        ("{ runs { ", "GRAPHQL_PARSE_FAILED", ""),
        ("{ runs { nothing } }", "GRAPHQL_VALIDATION_FAILED", ""),
        ("query a { server { version } } query b { server { version } }", "BAD_USER_INPUT", "operationName"),
        (
            r#"mutation { createDbProfile(input: { name: "shop", url: "fake://up" }) { dbProfile { id } } }"#,
            "CONFLICT",
            "",
        ),
        (
            r#"mutation { createDbProfile(input: { name: "x", url: "oracle://up" }) { dbProfile { id } } }"#,
            "BAD_USER_INPUT",
            "input.url",
        ),
        (
            r#"mutation { createLlmProfile(input: { name: "x", provider: OPENAI_COMPATIBLE, model: "m" }) { llmProfile
                { id } } }"#,
            "BAD_USER_INPUT",
            "input.baseUrl",
        ),
    ];
    for (query, code, argument) in queries {
        let error = api.error(query, json!({})).await;
        assert_eq!((error.0.as_str(), error.1.as_str()), (code, argument), "{query}: {}", error.2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_operations_are_refused_and_introspection_passes() {
    let api = Api::new().await;
    let aliases = (0..60).map(|at| format!("a{at}: server {{ version }}\n")).collect::<Vec<_>>().concat();
    let bomb = (0..40).map(|at| format!("fragment f{at} on Query {{ ...f{} ...f{} }}\n", at + 1, at + 1));
    let bomb = format!("{{ ...f0 }} {} fragment f40 on Query {{ server {{ version }} }}", bomb.collect::<String>());
    let deep = format!("{}id{}", "parent { ".repeat(21), " }".repeat(21));
    let refused = [
        format!("{{ {aliases} }}"),
        format!(
            "{{ runs(first: 1) {{ nodes {{ {} }} }} }}",
            (0..51).map(|at| format!("a{at}: id\n")).collect::<Vec<_>>().concat()
        ),
        bomb,
        format!("{{ runs(first: 1) {{ nodes {{ {deep} }} }} }}"),
        format!("{{ {} }}", "server { version } ".repeat(2_600)),
        "{".repeat(5_000),
        "{ runs(first: 200) { nodes { suggestions(first: 200) { nodes { id description evidence { detail } } } } } }"
            .into(),
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }".into(),
    ];
    for query in refused {
        let error = api.error(&query, json!({})).await;
        assert_eq!(error.0, "LIMIT_EXCEEDED", "{}: {}", &query[..60], error.2);
        assert!(error.2.contains(char::is_numeric), "{}", error.2);
    }
    let circle = api.error("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", json!({})).await;
    assert_eq!(circle.0, "GRAPHQL_VALIDATION_FAILED");

    let introspection = api.data(INTROSPECTION, json!({})).await;
    assert_eq!(introspection["__schema"]["queryType"]["name"], "Query");
    api.data(EVERYTHING_OF_RUNS, json!({ "first": 200 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_stays_current() {
    let api = Api::new().await;
    let query = "subscription { runsChanged(filter: { statuses: [QUEUED] }) { kind matches runId run { status } } }";
    let mut changes = api.schema.execute_stream(Request::new(query).data(Viewer::local()));
    // The subscription listens from its first poll.
    let listening = tokio::spawn(async move {
        let created = changes.next().await;
        let updated = changes.next().await;
        (created, updated)
    });
    let mut run = api.start("table_00").await;
    while !listening.is_finished() {
        let cancel = "mutation ($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
        api.data(cancel, json!({ "id": run["id"] })).await;
        run = api.start("table_00").await;
    }
    let (created, updated) = listening.await.expect("both came");
    for change in [created, updated] {
        let change = change.expect("a change");
        assert!(change.errors.is_empty(), "{:?}", change.errors);
        let change = change.data.into_json().expect("JSON");
        let change = &change["runsChanged"];
        assert!(matches!(change["kind"].as_str(), Some("CREATED" | "UPDATED")), "{change}");
        if change["matches"] == false {
            assert_eq!(change["run"]["status"], "CANCELLED");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_subscriber_sees_every_event_once() {
    let api = Api::new().await;
    let run = api.start("table_00").await;
    let id = RunId(run["number"].as_i64().expect("a number"));
    let note = |text: String| -> Change {
        Box::new(move |edit| {
            edit.warn(text, None);
            Ok(())
        })
    };
    for number in 0..250 {
        api.store.change_run(id, None, SystemClock.now(), note(format!("early {number}"))).await.expect("a change");
    }
    let watch = |after: i32, slow: bool| {
        let query = format!("subscription {{ runProgress(runId: {}, after: {after}) {{ sequence type }} }}", run["id"]);
        let mut events = api.schema.execute_stream(Request::new(query.as_str()).data(Viewer::local()));
        tokio::spawn(async move {
            let mut next = i64::from(after) + 1;
            let mut last = Value::Null;
            while let Some(event) = events.next().await {
                assert!(event.errors.is_empty(), "{:?}", event.errors);
                let event = event.data.into_json().expect("JSON")["runProgress"].take();
                assert_eq!(event["sequence"], next, "after {after}");
                next += 1;
                last = event["type"].clone();
                if slow {
                    tokio::task::yield_now().await;
                }
            }
            (next - 1, last)
        })
    };
    let subscribers: Vec<_> = (0..20).map(|at| watch([0, 0, 7, 200, 251][at % 5], at % 3 == 0)).collect();
    for number in 0..250 {
        api.store.change_run(id, None, SystemClock.now(), note(format!("late {number}"))).await.expect("a change");
    }
    api.data(&format!("mutation {{ cancelRun(input: {{ id: {} }}) {{ outcome }} }}", run["id"]), json!({})).await;
    for subscriber in subscribers {
        assert_eq!(subscriber.await.expect("no gap, no repeat"), (503, json!("FINISHED")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_subscriptions_return_an_error() {
    let api = Api::new().await;
    let run = api.start("table_00").await;
    let cases = [
        (r#"subscription { runProgress(runId: "UnVuOjk5") { sequence } }"#.to_owned(), "NOT_FOUND", "runId"),
        (r#"subscription { runProgress(runId: "x") { sequence } }"#.to_owned(), "BAD_USER_INPUT", "runId"),
        (
            format!("subscription {{ runProgress(runId: {}, after: 99) {{ sequence }} }}", run["id"]),
            "BAD_USER_INPUT",
            "after",
        ),
        ("subscription { runProgress(runId: 1) { nothing } }".to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("subscription { runsChanged { kind } b: runsChanged { kind } }".to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("subscription { ".to_owned(), "GRAPHQL_PARSE_FAILED", ""),
    ];
    for (query, code, argument) in cases {
        let mut stream = api.schema.execute_stream(Request::new(query.as_str()).data(Viewer::local()));
        let response = stream.next().await.expect("an answer");
        let error = serde_json::to_value(&response.errors[0]).expect("JSON");
        assert_eq!(error["extensions"]["code"], code, "{query}: {error}");
        assert_eq!(error["extensions"]["argument"].as_str().unwrap_or_default(), argument, "{query}");
        assert!(stream.next().await.is_none(), "an error ends the stream");
    }
}

/// The introspection query that GraphiQL sends at startup.
pub const INTROSPECTION: &str = "query IntrospectionQuery {
  __schema { description queryType { name kind } mutationType { name kind } subscriptionType { name kind }
    types { ...FullType }
    directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
  fields(includeDeprecated: true) { name description
    args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
