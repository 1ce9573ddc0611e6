//! A store in PostgreSQL: its specific behaviour, and one journey from end to end. The whole suite runs over it with
//! `GLOSS_TEST_STORE=postgres`.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Args, Command, FromArgMatches};
use gloss::config::Settings;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use crate::{
    ask,
    cli::{gloss, refusal, says},
    harness::{Proxy, ScriptedModel, Server, SqliteTarget, llm_input},
    search,
    services::{self, Service},
};

/// The password of the stores' logins.
const PASSWORD: &str = "hunter2STOREhunter2";

const SHOP: &str = "
    CREATE TABLE cust (cust_id INTEGER PRIMARY KEY, cust_email_addr TEXT, dob TEXT, notes TEXT);
    CREATE TABLE ord (ord_id INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES cust (cust_id), ord_dt TEXT, tot_amt REAL);
";

/// An empty database with its own login.
struct Home {
    service: &'static Service,
    name: String,
    /// The value for `--store-url`.
    url: String,
}

impl Home {
    /// Creates the database. Returns `None` if PostgreSQL is not installed.
    async fn new() -> Option<Self> {
        let service = services::stores().await?;
        let (_, name) = service.fresh_database().await;
        let login = format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'; ALTER DATABASE {name} OWNER TO {name};");
        service.run(None, &login).await;
        let url = service.url_for(&format!("{name}:{PASSWORD}"), &name);
        Some(Self { service, name, url })
    }

    /// Starts a server with this store.
    async fn serve(&self) -> Server {
        Server::start_with(&[("GLOSS_STORE_URL", &self.url)]).await
    }

    async fn serve_at(&self, data: Arc<TempDir>) -> Server {
        Server::start_at(data, &[("GLOSS_STORE_URL", &self.url)]).await
    }

    /// Returns the output of a command that must be refused, after checking that it lacks the password.
    async fn refused(&self, data: &Path, arguments: &[&str], url: &str) -> String {
        let text = refusal(data, arguments, &[("GLOSS_STORE_URL", url)]).await;
        assert!(!text.contains(PASSWORD), "{text}");
        text
    }

    /// Returns the only value of a query, run as the administrator.
    async fn value<T>(&self, query: &'static str) -> T
    where
        T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        let mut beside = PgConnection::connect(&self.service.url_for("postgres", &self.name)).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut beside).await.unwrap()
    }
}

async fn run_of(server: &Server, profile: &str) -> String {
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    run
}

async fn numbers(server: &Server, filter: Value, sort: &str, direction: &str) -> Vec<i64> {
    let query = "query($filter: RunFilter, $order: RunOrder, $after: String) {
        runs(first: 1, after: $after, filter: $filter, orderBy: $order) {
            nodes { number } pageInfo { hasNextPage endCursor } totalCount } }";
    let (mut numbers, mut after) = (Vec::new(), Value::Null);
    loop {
        let order = json!({ "field": sort, "direction": direction });
        let variables = json!({ "filter": filter, "order": order, "after": after });
        let page = server.data(query, variables).await["runs"].take();
        numbers.extend(page["nodes"].as_array().unwrap().iter().map(|run| run["number"].as_i64().unwrap()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], numbers.len());
            return numbers;
        }
    }
}

/// Repeats a query until all connections are new. Requests in progress fail with their connection; later ones
/// succeed.
async fn answers_again(server: &Server) {
    let mut fine = 0;
    while fine < 20 {
        let answer = server.answer("{ dbProfiles { id } }", json!({})).await;
        fine = if answer["errors"].is_null() { fine + 1 } else { 0 };
    }
}

#[tokio::test]
async fn everything_a_person_does_is_stored() {
    let Some(home) = Home::new().await else { return };
    let target = SqliteTarget::new(SHOP);
    let server = home.serve().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let run = run_of(&server, &profile).await;
    let second = run_of(&server, &profile).await;
    for sort in ["STARTED_AT", "NUMBER", "DURATION", "STATUS", "COMMAND", "MODEL", "DB_PROFILE"] {
        let ascending = numbers(&server, json!({ "search": "SHOP" }), sort, "ASC").await;
        let mut descending = numbers(&server, json!({ "search": "SHOP" }), sort, "DESC").await;
        descending.reverse();
        assert_eq!((ascending.len(), &ascending), (2, &descending), "{sort}");
    }
    assert_eq!(numbers(&server, json!({ "search": "a\u{0}b" }), "NUMBER", "ASC").await, [0_i64; 0]);

    let last = server.run(&run).await["lastSequence"].as_i64().unwrap();
    let accept = "mutation($run: ID!) { reviewSuggestions(input: { runId: $run, decision: ACCEPT }) { changed } }";
    assert_eq!(server.data(accept, json!({ "run": run })).await["reviewSuggestions"]["changed"], 10);
    let apply = "mutation($run: ID!) { applyRun(input: { runId: $run }) { run { status } } }";
    server.data(apply, json!({ "run": run })).await;
    assert_eq!(server.events(&run, last).await.last().unwrap()["status"], "SUCCESS");
    let audit = "{ appliedComments(first: 2, filter: { search: \"Email\" }) { totalCount nodes { after } } }";
    assert_eq!(server.data(audit, json!({})).await["appliedComments"]["totalCount"], 1);
    let last = server.run(&run).await["lastSequence"].as_i64().unwrap();
    server.data("mutation($run: ID!) { rollbackRun(input: { runId: $run }) { total } }", json!({ "run": run })).await;
    assert_eq!(server.events(&run, last).await.last().unwrap()["status"], "READY_FOR_REVIEW");

    let compare = "query($runs: [ID!]!) { compareRuns(ids: $runs) { assets(first: 3) { totalCount } } }";
    let compared = server.data(compare, json!({ "runs": [run, second] })).await;
    assert_eq!(compared["compareRuns"]["assets"]["totalCount"], 10);

    assert_eq!(search::found(&server, "customer mail", &profile).await[0], "main.cust.cust_email_addr");
    let asked = json!({ "question": "Where is the mail\u{0} of a customer?", "dbProfileIds": [profile] });
    let asked = ask::asked(&server, asked).await;
    assert_eq!(asked.citations[0], "main.cust.cust_email_addr");
    let turns = &asked.whole["askTurn"]["session"]["turns"]["nodes"];
    assert_eq!(turns[0]["question"], "Where is the mail\u{fffd} of a customer?");

    // A restarted server finds all data and has nothing to do.
    let data = server.kill().await;
    let server = home.serve_at(data).await;
    assert_eq!(numbers(&server, json!({}), "NUMBER", "ASC").await, [1, 2, 3]);
    assert_eq!(search::found(&server, "customer mail", &profile).await[0], "main.cust.cust_email_addr");
    assert!(!server.log().contains(PASSWORD));
}

#[tokio::test]
async fn a_killed_server_continues_its_runs_at_the_next_start() {
    let Some(home) = Home::new().await else { return };
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(3, 3);
    let server = home.serve().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm })).await;
    model.waiting(3).await;
    let killed = Instant::now();
    let server = home.serve_at(server.kill().await).await;
    model.waiting(3).await;
    assert!(killed.elapsed() < Duration::from_secs(20), "the lease of the killed server was waited for");
    model.open_gate();
    let events = server.events(&run, 0).await;
    let last = events.last().unwrap();
    assert_eq!(last["progress"], json!({ "total": 12, "done": 12, "failed": 0, "skipped": 0 }), "{last:#}");
}

#[tokio::test]
async fn store_errors_do_not_contain_the_password() {
    let Some(home) = Home::new().await else { return };
    let data = tempfile::tempdir().unwrap();
    let Home { service, name, .. } = &home;
    let wrong = service.url_for(&format!("{name}:{PASSWORD}x"), name);
    says(&home.refused(data.path(), &[], &wrong).await, &["password authentication failed", name, "--store-url"]);
    let missing = service.url_for(&format!("{name}:{PASSWORD}"), "nothing_there");
    says(&home.refused(data.path(), &[], &missing).await, &["\"nothing_there\" does not exist", "CREATE DATABASE"]);
    let mut gone = Proxy::before(1).await;
    gone.close().await;
    let nobody = format!("postgresql://{name}:{PASSWORD}@127.0.0.1:{}/{name}", gone.port);
    says(
        &home.refused(data.path(), &[], &nobody).await,
        &[&gone.port.to_string(), "Connection refused", "check that PostgreSQL is running"],
    );
    service.run(None, &format!("CREATE ROLE {name}_guest LOGIN PASSWORD '{PASSWORD}';")).await;
    let guest = service.url_for(&format!("{name}_guest:{PASSWORD}"), name);
    says(&home.refused(data.path(), &[], &guest).await, &["permission denied", "the owner of the database"]);

    let odd = format!("CREATE DATABASE {name}_odd OWNER {name} ENCODING 'LATIN1' TEMPLATE template0;");
    service.run(None, &odd).await;
    let odd = service.url_for(&format!("{name}:{PASSWORD}"), &format!("{name}_odd"));
    says(&home.refused(data.path(), &[], &odd).await, &["UTF-8", "ENCODING 'UTF8'"]);

    let given = Settings::augment_args(Command::new("gloss")).get_matches_from(["gloss", "--store-url", &home.url]);
    let given = Settings::from_arg_matches(&given).unwrap();
    assert!(!format!("{given:?} {:?}", given.clone().checked().unwrap()).contains(PASSWORD));

    // The log lacks the password even at the most verbose level.
    let server = Server::start_with(&[("GLOSS_STORE_URL", &home.url), ("GLOSS_LOG", "trace")]).await;
    server.create_db_profile("x", "sqlite:///nowhere.db").await;
    let log = server.log();
    assert!(log.contains("TRACE") && log.len() > 10_000, "the log is not at its most verbose level");
    if let Some(line) = log.lines().find(|line| line.contains(PASSWORD)) {
        panic!("the log holds the password: {line}");
    }
}

/// PostgreSQL stops and restarts during a run, and the run continues without help.
#[tokio::test]
async fn work_continues_when_the_database_server_comes_back() {
    let Some(home) = Home::new().await else { return };
    let mut proxy = Proxy::before(home.service.port).await;
    let url = home.url.replace(&format!(":{}/", home.service.port), &format!(":{}/", proxy.port));
    let server = Server::start_with(&[("GLOSS_STORE_URL", &url)]).await;
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(6, 3);
    let db = server.create_db_profile("target", &target.url()).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm })).await;
    model.waiting(4).await;
    let mut live = server.watch(&run, 0).await;
    let mut watched = vec![live.next().await.unwrap()];
    assert_eq!(server.get("/readyz").await.status(), 200);
    proxy.close().await;
    // The model's answers have arrived but cannot be recorded.
    model.open_gate();
    assert_eq!(server.get("/readyz").await.status(), 503);
    assert_eq!(server.error("{ dbProfiles { id } }", json!({})).await["extensions"]["code"], "UNAVAILABLE");
    proxy.open().await;
    answers_again(&server).await;
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    // The subscriber waited as well and missed nothing.
    while let Some(event) = live.next().await {
        watched.push(event);
    }
    assert_eq!(watched, events);
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last:#}");
    assert_eq!(last["progress"], json!({ "total": 24, "done": 24, "failed": 0, "skipped": 0 }));
}

/// A store that is unreachable for seconds is not recorded as the reason for a run's wait, unlike its model or
/// database.
#[tokio::test]
async fn an_unreachable_store_is_not_recorded_as_a_wait_of_the_run() {
    let Some(home) = Home::new().await else { return };
    let mut proxy = Proxy::before(home.service.port).await;
    let url = home.url.replace(&format!(":{}/", home.service.port), &format!(":{}/", proxy.port));
    let server = Server::start_with(&[("GLOSS_STORE_URL", &url)]).await;
    let model = ScriptedModel::builder().gated().start().await;
    let target = SqliteTarget::with_tables(2, 3);
    let db = server.create_db_profile("target", &target.url()).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm })).await;
    model.waiting(2).await;
    let query = "query($id: ID!) { run(id: $id) { status waiting { reason } } }";
    let now = server.data(query, json!({ "id": run })).await;
    assert_eq!(now["run"], json!({ "status": "RUNNING", "waiting": null }));
    proxy.close().await;
    assert_eq!(server.error(query, json!({ "id": run })).await["extensions"]["code"], "UNAVAILABLE");
    // The model answers before its silence would be recorded.
    while !server.log().contains("a record is waiting") {
        assert_eq!(server.get("/readyz").await.status(), 503);
    }
    model.open_gate();
    model.nobody_waits().await;
    assert_eq!(server.error(query, json!({ "id": run })).await["extensions"]["code"], "UNAVAILABLE");
    proxy.open().await;
    answers_again(&server).await;
    let events = server.events(&run, 0).await;
    let told: Vec<&Value> = events.iter().filter(|event| event["type"] == "WARNING").collect();
    let is_of_store = |event: &&Value| event["message"].as_str().unwrap().contains("store");
    assert!(told.iter().all(is_of_store), "{told:#?}");
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    let now = server.data(query, json!({ "id": run })).await;
    assert_eq!(now["run"], json!({ "status": "READY_FOR_REVIEW", "waiting": null }));
}

/// PostgreSQL cannot store NUL: a comment with one is replaced, restored and still compares as equal.
#[tokio::test]
async fn a_comment_with_a_zero_byte_is_compared_as_it_is_kept() {
    let Some(home) = Home::new().await else { return };
    let target = SqliteTarget::new(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
         CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
            column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
         INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'total', 'In' || char(0) || 'euros');",
    );
    let server = home.serve().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let run = run_of(&server, &profile).await;
    let read = "query($run: ID!) { run(id: $run) { suggestions(filter: { hasComment: true }) {
        nodes { id existingComment } } } }";
    let seen = server.data(read, json!({ "run": run })).await["run"]["suggestions"]["nodes"].take();
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["existingComment"]), (1, &json!("In\u{fffd}euros")));
    let accept = "mutation($id: ID!, $text: String) {
        reviewSuggestions(input: { ids: [$id], decision: ACCEPT, text: $text }) { changed } }";
    let plan = "query($run: ID!) { applyPlan(runId: $run) { nodes { status before after } } }";
    let outcome = "query($run: ID!) { run(id: $run) { applyOutcomes { nodes { status before after } } } }";
    let write = async |verb: &str| {
        let after = server.run(&run).await["lastSequence"].as_i64().unwrap();
        let mutation = format!("mutation($run: ID!) {{ {verb}(input: {{ runId: $run }}) {{ total }} }}");
        assert_eq!(server.data(&mutation, json!({ "run": run })).await[verb]["total"], 1, "{verb}");
        server.events(&run, after).await;
        server.data(outcome, json!({ "run": run })).await["run"]["applyOutcomes"]["nodes"][0].take()
    };
    server.data(accept, json!({ "id": seen[0]["id"], "text": "In dollars" })).await;
    let planned = server.data(plan, json!({ "run": run })).await["applyPlan"]["nodes"][0].take();
    assert_eq!((&planned["status"], &planned["after"]), (&json!("PLANNED"), &json!("In dollars")), "{planned}");
    for verb in ["applyRun", "rollbackRun", "applyRun"] {
        let outcome = write(verb).await;
        assert_eq!(outcome["status"], "APPLIED", "{verb}: {outcome}");
    }
    let catalog = "query($id: ID!) { dbProfile(id: $id) { databases { schemas { tables { nodes {
        columns { name comment } } } } } } }";
    let catalog = server.data(catalog, json!({ "id": profile })).await;
    assert!(catalog.to_string().contains("In dollars"), "{catalog}");
    // Rewritten by hand with the NUL, the comment is no longer Gloss's.
    target.execute("UPDATE gloss_comments SET comment = 'In' || char(0) || 'yen' WHERE column_name = 'total'");
    let back = write("rollbackRun").await;
    assert_eq!((&back["status"], &back["before"]), (&json!("CONFLICT"), &json!("In\u{fffd}yen")), "{back}");
}

/// The database server repeatedly closes all connections in the middle of a run.
#[tokio::test]
async fn a_run_outlives_connections_that_are_cut() {
    let Some(home) = Home::new().await else { return };
    let server = home.serve().await;
    let model = ScriptedModel::builder().start().await;
    let target = SqliteTarget::with_tables(60, 5);
    let db = server.create_db_profile("target", &target.url()).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }], "llmProfileId": llm })).await;
    for cut in 1..=5 {
        model.arrived(cut * 10).await;
        let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'gloss'";
        assert!(home.value::<i64>(cut).await > 0);
    }
    answers_again(&server).await;
    let events = server.events(&run, 0).await;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], at + 1);
    }
    let last = events.last().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last:#}\n{}", server.log());
    assert_eq!(last["progress"], json!({ "total": 360, "done": 360, "failed": 0, "skipped": 0 }));
}

#[tokio::test]
async fn secrets_are_sealed_and_old_sealed_values_are_removed() {
    let Some(home) = Home::new().await else { return };
    let server = home.serve().await;
    server.create_db_profile("x", &format!("postgres://ann:{PASSWORD}@127.0.0.1:1/shop")).await;
    let data = server.kill().await;
    let environment = [("GLOSS_STORE_URL", home.url.as_str())];
    let before: String = home.value("SELECT url FROM db_profile WHERE name = 'x'").await;
    assert!(before.starts_with("sealed:1:"), "{before}");
    let rotated = gloss(data.path(), &["secrets", "rotate"], &environment).await;
    assert!(rotated.status.success(), "{}", String::from_utf8_lossy(&rotated.stderr));
    says(&String::from_utf8_lossy(&rotated.stdout), &["2 secrets are sealed with a new key"]);
    let after: String = home.value("SELECT url FROM db_profile WHERE name = 'x'").await;
    assert_ne!(before, after);
    home.service.run(Some(&home.name), "CHECKPOINT;").await;
    let file: Vec<u8> = home.value("SELECT pg_read_binary_file(pg_relation_filepath('db_profile'))").await;
    let holds = |text: &str| file.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&after) && !holds(&before));

    let made = gloss(data.path(), &["token", "create", "ci", "--role", "ADMIN"], &environment).await;
    let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let listed = gloss(data.path(), &["token", "list"], &environment).await;
    says(&String::from_utf8_lossy(&listed.stdout), &["ci", "ADMIN"]);
    let server = home.serve_at(Arc::clone(&data)).await;
    let viewer = server.data_for(&secret, "{ viewer { name role } }", json!({})).await;
    assert_eq!(viewer["viewer"], json!({ "name": "ci", "role": "ADMIN" }));
    server.kill().await;
    let revoked = gloss(data.path(), &["token", "revoke", "ci"], &environment).await;
    assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));

    std::fs::remove_file(data.path().join("secret.key")).unwrap();
    says(&home.refused(data.path(), &[], &home.url).await, &["the key file", "gloss secrets forget"]);
    let forgotten = gloss(data.path(), &["secrets", "forget", "--yes"], &environment).await;
    says(&String::from_utf8_lossy(&forgotten.stdout), &["Removed", "DB profile \"x\""]);
    home.serve_at(data).await;
}
