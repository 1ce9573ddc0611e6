//! Chinook through the API: a user's first database on SQLite, PostgreSQL and MariaDB, from the profile to the last
//! description, with the interruptions in between and, if one is available, a real model.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    harness::{Live, LocalModel, Proxy, ScriptedModel, Server, llm_input},
    services::{self, Service},
};

/// Number of tables and columns in Chinook.
const ASSETS: usize = 11 + 64;

/// A loaded Chinook database.
struct Chinook {
    url: String,
    /// The schema that contains the tables.
    schema: String,
    /// The spelling of a two-word table of Chinook in this kind of database.
    line: &'static str,
    line_id: &'static str,
    track: &'static str,
    /// The server and its database, for further SQL.
    service: Option<(&'static Service, String)>,
    _folder: Option<TempDir>,
}

fn script(file: &str) -> Option<String> {
    services::shared(file).map(|path| std::fs::read_to_string(path).unwrap())
}

async fn on_sqlite() -> Option<Chinook> {
    let script = script("chinook/sqlite.sql")?;
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("chinook.db");
    services::load_sqlite(&file, &script).await;
    Some(Chinook {
        url: format!("sqlite://{}", file.display()),
        schema: "main".into(),
        line: "InvoiceLine",
        line_id: "InvoiceLineId",
        track: "Track",
        service: None,
        _folder: Some(folder),
    })
}

async fn on_postgres() -> Option<Chinook> {
    let script = script("chinook/postgres.sql")?;
    let service = services::postgres().await?;
    let (url, database) = service.fresh_database().await;
    // Loads the tables into this test's database instead of the one that the script would create.
    let (_, tables) = script.split_once("\\c chinook;").unwrap();
    service.run(Some(&database), tables).await;
    Some(Chinook {
        url,
        schema: "public".into(),
        line: "invoice_line",
        line_id: "invoice_line_id",
        track: "track",
        service: Some((service, database)),
        _folder: None,
    })
}

async fn on_mariadb() -> Option<Chinook> {
    let script = script("chinook/mysql.sql")?;
    let service = services::mariadb().await?;
    let (url, database) = service.fresh_database().await;
    let (_, tables) = script.split_once("USE `Chinook`;").unwrap();
    service.run(Some(&database), tables).await;
    Some(Chinook {
        url,
        schema: database.clone(),
        line: "InvoiceLine",
        line_id: "InvoiceLineId",
        track: "Track",
        service: Some((service, database)),
        _folder: None,
    })
}

/// Returns the tables of Chinook, as the catalog shows them with these arguments.
async fn tables(server: &Server, profile: &str, chinook: &Chinook, arguments: &str) -> Value {
    let query = format!(
        "query($id: ID!, $schema: String!) {{ dbProfile(id: $id) {{ databases {{ name schemas(name: $schema) {{ name
            tables{arguments} {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ name kind comment rowEstimate
            columns {{ name type nullable comment primaryKey references }} }} }} }} }} }} }}"
    );
    let mut data = server.data(&query, json!({ "id": profile, "schema": chinook.schema })).await;
    let databases = data["dbProfile"]["databases"].as_array_mut().unwrap();
    // PostgreSQL shows every database that the login may connect to, and each has a schema `public`.
    let its_own =
        databases.iter().position(|database| chinook.url.ends_with(&format!("/{}", str_of(&database["name"]))));
    databases[its_own.unwrap_or_default()]["schemas"][0]["tables"].take()
}

fn str_of(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn estimate(server: &Server, input: &Value) -> Value {
    let query = "query($input: StartRunInput!) { estimateRun(input: $input) { assets tables requests costUsd } }";
    server.data(query, json!({ "input": input })).await["estimateRun"].take()
}

/// Starts a run, watches it to its end, checks that no event is missing, and returns its id and last event.
async fn run_whole(server: &Server, input: &Value) -> (String, Value) {
    let run = server.start_run(input.clone()).await;
    let events = server.events(&run, 0).await;
    let sequences: Vec<usize> =
        events.iter().map(|event| usize::try_from(event["sequence"].as_u64().unwrap()).unwrap()).collect();
    assert_eq!(sequences, (1..=events.len()).collect::<Vec<_>>());
    let last = events.into_iter().next_back().unwrap();
    assert_eq!(last["type"], "FINISHED", "{last}");
    (run, last)
}

/// Returns the suggestions of a run in order.
async fn suggestions(server: &Server, run: &str) -> Vec<Value> {
    let query =
        "query($id: ID!) { run(id: $id) { suggestions(first: 200) { nodes { description substance confidence logprob
        existingComment asset { kind schema table column display } evidence { source detail }
        alternatives { text confidence } } } } }";
    let mut data = server.data(query, json!({ "id": run })).await;
    let Value::Array(nodes) = data["run"]["suggestions"]["nodes"].take() else { panic!("{data}") };
    nodes
}

fn displays(suggestions: &[Value]) -> Vec<&str> {
    suggestions.iter().map(|one| one["asset"]["display"].as_str().unwrap()).collect()
}

async fn test_profile(server: &Server, kind: &str, id: &str) -> Value {
    let query =
        format!("mutation($id: ID!) {{ test: test{kind}Profile(input: {{ id: $id }}) {{ ok latencyMs message }} }}");
    server.data(&query, json!({ "id": id })).await["test"].take()
}

/// Does all that a user does with a first database.
async fn from_the_profile_to_the_last_description(chinook: &Chinook) {
    let server = Server::start().await;
    let profile = server.create_db_profile("chinook", &chinook.url).await;
    let tested = test_profile(&server, "Db", &profile).await;
    assert!(tested["ok"] == true && tested["latencyMs"].as_f64().unwrap() > 0.0, "{tested}");
    catalog(&server, &profile, chinook).await;
    whole_run(&server, &profile, chinook).await;
    narrow_runs(&server, &profile, chinook).await;
}

async fn catalog(server: &Server, profile: &str, chinook: &Chinook) {
    let (mut names, mut after, mut columns) = (Vec::new(), "null".to_owned(), 0);
    loop {
        let page = tables(server, profile, chinook, &format!("(first: 4, after: {after})")).await;
        assert_eq!(page["totalCount"], 11);
        for table in page["nodes"].as_array().unwrap() {
            assert_eq!(table["kind"], "TABLE");
            names.push(table["name"].as_str().unwrap().to_owned());
            columns += table["columns"].as_array().unwrap().len();
        }
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = page["pageInfo"]["endCursor"].to_string();
    }
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!((names.len(), columns), (11, 64));
    assert_eq!(names, sorted, "pages are in the order of the names");

    let found = tables(server, profile, chinook, "(search: \"INVOICE\")").await;
    assert_eq!(found["totalCount"], 2, "{found:#}");
    assert_eq!(tables(server, profile, chinook, "(search: \"%\")").await["totalCount"], 0);
    let found = tables(server, profile, chinook, &format!("(name: \"{}\")", chinook.line)).await;
    let line = &found["nodes"][0];
    assert_eq!(found["totalCount"], 1);
    assert!(line["comment"].is_null());
    let columns = line["columns"].as_array().unwrap();
    assert_eq!(columns[0]["name"], chinook.line_id);
    assert_eq!((&columns[0]["primaryKey"], &columns[0]["nullable"]), (&json!(true), &json!(false)));
    let references: Vec<&str> = columns.iter().filter_map(|column| column["references"].as_str()).collect();
    assert_eq!(references.len(), 2, "{line:#}");
    assert!(references[0].to_lowercase().replace('_', "").ends_with("invoice.invoiceid"), "{references:?}");
}

async fn whole_run(server: &Server, profile: &str, chinook: &Chinook) {
    let input = json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": chinook.schema }] }] });
    let estimated = estimate(server, &input).await;
    assert_eq!((&estimated["assets"], &estimated["tables"]), (&json!(ASSETS), &json!(11)));
    assert_eq!(estimated["costUsd"], 0.0);
    let (run, last) = run_whole(server, &input).await;
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    assert_eq!(last["progress"], json!({ "total": ASSETS, "done": ASSETS, "failed": 0, "skipped": 0 }));
    assert_eq!(last["usage"]["requests"], estimated["requests"]);
    let suggestions = suggestions(server, &run).await;
    let mut seen = displays(&suggestions);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), ASSETS);
    for one in &suggestions {
        let text = one["description"].as_str().unwrap();
        assert!(text.ends_with('.') && text.starts_with(|c: char| !c.is_lowercase()), "{one}");
        let restates = one["substance"] == "RESTATES_NAME";
        assert!(restates != (one["confidence"].as_f64().unwrap() >= 0.5), "nothing in Chinook is cryptic: {one}");
        assert!(!one["evidence"].as_array().unwrap().is_empty(), "{one}");
    }
}

async fn narrow_runs(server: &Server, profile: &str, chinook: &Chinook) {
    let scope = |tables: Value| {
        let schema = json!({ "name": chinook.schema, "tables": tables });
        json!({ "targets": [{ "dbProfileId": profile, "schemas": [schema] }] })
    };
    let two = scope(json!([{ "name": chinook.track }, { "name": chinook.line }]));
    let (run, last) = run_whole(server, &two).await;
    assert_eq!(last["progress"], json!({ "total": 16, "done": 16, "failed": 0, "skipped": 0 }));
    assert_eq!(estimate(server, &two).await["assets"], 16);
    assert!(
        suggestions(server, &run)
            .await
            .iter()
            .all(|one| { one["asset"]["table"] == chinook.track || one["asset"]["table"] == chinook.line })
    );

    let one = scope(json!([{ "name": chinook.line, "columns": [chinook.line_id] }]));
    let (run, last) = run_whole(server, &one).await;
    assert_eq!(last["progress"]["total"], 1);
    assert_eq!(estimate(server, &one).await["assets"], 1);
    let expected = format!("{}.{}.{}", chinook.schema, chinook.line, chinook.line_id);
    assert_eq!(displays(&suggestions(server, &run).await), [expected]);

    let none = scope(json!([{ "name": "no such table" }]));
    let refused = server
        .error("query($input: StartRunInput!) { estimateRun(input: $input) { assets } }", json!({ "input": none }))
        .await;
    assert_eq!(refused["extensions"]["argument"], "input.targets.0.schemas.0.tables.0.name", "{refused:#}");
    let (_, last) = run_whole(server, &none).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("BAD_USER_INPUT")), "{last}");
    assert!(last["error"]["message"].as_str().unwrap().contains("no such table"), "{last}");
}

#[tokio::test]
async fn sqlite() {
    let Some(chinook) = on_sqlite().await else { return };
    from_the_profile_to_the_last_description(&chinook).await;
}

#[tokio::test]
async fn postgres() {
    let Some(chinook) = on_postgres().await else { return };
    from_the_profile_to_the_last_description(&chinook).await;
    let set = "COMMENT ON TABLE track IS 'A piece of music'; COMMENT ON COLUMN track.name IS 'Its name'";
    comments_are_skipped(&chinook, set, 2).await;
}

#[tokio::test]
async fn mariadb() {
    let Some(chinook) = on_mariadb().await else { return };
    from_the_profile_to_the_last_description(&chinook).await;
    let set = "ALTER TABLE Track COMMENT = 'A piece of music', MODIFY Name VARCHAR(200) NOT NULL COMMENT 'Its name'";
    comments_are_skipped(&chinook, set, 2).await;
}

/// Checks that `missingOnly` skips and counts assets with a comment, and that a run without it shows the comments.
async fn comments_are_skipped(chinook: &Chinook, set: &str, comments: usize) {
    let (service, database) = chinook.service.as_ref().unwrap();
    service.run(Some(database), set).await;
    let server = Server::start().await;
    let profile = server.create_db_profile("chinook", &chinook.url).await;
    let found = tables(&server, &profile, chinook, &format!("(name: \"{}\")", chinook.track)).await;
    assert_eq!(found["nodes"][0]["comment"], "A piece of music");
    let commented = |table: &Value| {
        table["columns"].as_array().unwrap().iter().filter(|column| column["comment"] == "Its name").count()
    };
    assert_eq!(commented(&found["nodes"][0]), 1);

    let target = json!({ "dbProfileId": profile, "schemas": [{ "name": chinook.schema }] });
    let missing = json!({ "targets": [target], "options": { "missingOnly": true } });
    let left = ASSETS - comments;
    assert_eq!(estimate(&server, &missing).await["assets"], left);
    let (run, last) = run_whole(&server, &missing).await;
    assert_eq!(last["progress"], json!({ "total": ASSETS, "done": left, "failed": 0, "skipped": comments }));
    assert_eq!(suggestions(&server, &run).await.len(), left);

    let (run, _) = run_whole(&server, &json!({ "targets": [target] })).await;
    let all = suggestions(&server, &run).await;
    assert_eq!(all.iter().filter(|one| !one["existingComment"].is_null()).count(), comments);
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_not_shown() {
    let Some(service) = services::postgres().await else { return };
    service.run(None, "CREATE ROLE chinook_reader LOGIN PASSWORD 'right';").await;
    let server = Server::start().await;
    let url = service.url_for("chinook_reader:wr0ng-marker", "postgres");
    let profile = server.create_db_profile("wrong", &url).await;
    let tested = test_profile(&server, "Db", &profile).await;
    assert_eq!(tested["ok"], false, "{tested}");
    let message = tested["message"].as_str().unwrap();
    assert!(message.contains("password") && message.contains("chinook_reader"), "{message}");
    let answer = server.answer("{ dbProfiles { name displayUrl databases { name } } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAVAILABLE", "{answer:#}");
    assert!(answer["data"]["dbProfiles"].as_array().unwrap().len() == 2, "{answer:#}");
    let (_, last) = run_whole(&server, &json!({ "targets": [{ "dbProfileId": profile }] })).await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")), "{last}");
    assert!(!last["error"]["hint"].as_str().unwrap().is_empty());
    for text in [tested.to_string(), answer.to_string(), last.to_string(), server.log()] {
        assert!(!text.contains("wr0ng-marker"), "{text}");
    }
}

/// Starts a run over many small tables, whose model holds the first answers.
async fn a_run_that_has_begun(url: &str, patience: &str) -> (Server, ScriptedModel, String, Live) {
    let model = ScriptedModel::builder().gated().start().await;
    let server = Server::start_with(&[("GLOSS_TARGET_PATIENCE_SECONDS", patience)]).await;
    let profile = server.create_db_profile("target", url).await;
    let llm = server.create_llm_profile(llm_input(&model.profile())).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }], "llmProfileId": llm })).await;
    let live = server.watch(&run, 0).await;
    model.waiting(4).await;
    (server, model, run, live)
}

fn many_tables() -> String {
    (1..=60).map(|n| format!("CREATE TABLE t{n:02} (a int, b int);")).collect::<Vec<_>>().join("\n")
}

/// Returns whether an event is a warning with an error, other than the one about the login's rights.
fn tells_of_trouble(event: &Value) -> bool {
    event["type"] == "WARNING" && !event["error"].is_null()
}

/// Reads events up to the first that fits.
async fn until(live: &mut Live, fits: impl Fn(&Value) -> bool) -> Value {
    loop {
        let event = live.next().await.expect("the run continues");
        if fits(&event) {
            return event;
        }
    }
}

#[tokio::test]
async fn a_run_ends_some_time_after_its_database() {
    let Some(service) = services::another_postgres().await else { return };
    service.run(None, &many_tables()).await;
    let (server, model, run, mut live) = a_run_that_has_begun(&service.url, "2").await;
    service.stop().await;
    model.open_gate();
    let warning = until(&mut live, tells_of_trouble).await;
    assert_eq!(warning["error"]["code"], "UNAVAILABLE", "{warning}");
    assert_eq!(warning["status"], "RUNNING");
    let last = until(&mut live, |event| event["type"] == "FINISHED").await;
    assert_eq!((&last["status"], &last["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")), "{last}");
    let progress = &last["progress"];
    assert!(
        progress["done"].as_i64().unwrap() > 0 && progress["failed"] == 0,
        "the tables that were read are described: {progress}"
    );
    assert_eq!(server.run(&run).await["status"], "FAILED");
}

#[tokio::test]
async fn a_run_continues_when_its_database_is_back() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    service.run(Some(&database), &many_tables()).await;
    let mut door = Proxy::before(service.port).await;
    let url = url.replace(&service.port.to_string(), &door.port.to_string());
    let (_server, model, _run, mut live) = a_run_that_has_begun(&url, "60").await;
    door.close().await;
    model.open_gate();
    until(&mut live, tells_of_trouble).await;
    door.open().await;
    let last = until(&mut live, |event| event["type"] == "FINISHED").await;
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    assert_eq!(last["progress"], json!({ "total": 180, "done": 180, "failed": 0, "skipped": 0 }));
}

#[tokio::test]
async fn hostile_names_are_described_and_shown_as_they_are() {
    let (table, column) = ("we\"ird.tab'le 😀", "co.l\"umn`; --");
    for service in [services::postgres().await, services::mariadb().await].into_iter().flatten() {
        let (url, database) = service.fresh_database().await;
        let mysql = !url.starts_with("postgres");
        // MariaDB refuses characters beyond U+FFFF in names.
        let table = if mysql { table.replace('😀', "é名") } else { table.to_owned() };
        let quote = |name: &str| {
            if mysql { format!("`{}`", name.replace('`', "``")) } else { format!("\"{}\"", name.replace('"', "\"\"")) }
        };
        let sql = format!("CREATE TABLE {} ({} INT); INSERT INTO {0} VALUES (7)", quote(&table), quote(column));
        service.run(Some(&database), &sql).await;
        let schema = if mysql { database.clone() } else { "public".to_owned() };
        let server = Server::start().await;
        let profile = server.create_db_profile("hostile", &url).await;
        let tables = json!([{ "name": table, "columns": [column] }]);
        let schemas = json!([{ "name": schema, "tables": tables }]);
        let all = json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": schema }] }] });
        let (run, last) = run_whole(&server, &all).await;
        assert_eq!(last["progress"], json!({ "total": 2, "done": 2, "failed": 0, "skipped": 0 }), "{last}");
        let shown = suggestions(&server, &run).await;
        assert_eq!((&shown[1]["asset"]["table"], &shown[1]["asset"]["column"]), (&json!(table), &json!(column)));
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let display = format!("{schema}.{}.{}", quoted(&table), quoted(column));
        assert_eq!(shown[1]["asset"]["display"], display);
        let (run, last) =
            run_whole(&server, &json!({ "targets": [{ "dbProfileId": profile, "schemas": schemas }] })).await;
        assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
        assert_eq!(displays(&suggestions(&server, &run).await), [display]);
    }
}

/// Enabled by `GLOSS_LOCAL_MODEL=1`, because it is slow on a small machine.
#[tokio::test]
async fn a_real_model_describes_one_table() {
    let Some(local) = LocalModel::start() else { return };
    let Some(chinook) = on_sqlite().await else { return };
    let server = Server::start().await;
    let profile = server.create_db_profile("chinook", &chinook.url).await;
    let input = json!({
        "name": "local", "provider": "OPENAI_COMPATIBLE", "model": "smollm2-135m-instruct", "baseUrl": local.base_url,
        "concurrency": 1,
    });
    let llm = server.create_llm_profile(input).await;
    let tested = test_profile(&server, "Llm", &llm).await;
    eprintln!("test: {tested}");
    assert_eq!(tested["ok"], true, "{tested}");
    let schemas = json!([{ "name": "main", "tables": [{ "name": chinook.line }] }]);
    let options = json!({ "alternatives": 1, "verbosity": "BRIEF", "maxOutputTokens": 512 });
    let input =
        json!({ "targets": [{ "dbProfileId": profile, "schemas": schemas }], "llmProfileId": llm, "options": options });
    eprintln!("estimate: {}", estimate(&server, &input).await);
    let (run, last) = run_whole(&server, &input).await;
    let record = server.run(&run).await;
    eprintln!("run: {record}");
    for one in suggestions(&server, &run).await {
        eprintln!("{}: {} [{}] {}", one["asset"]["display"], one["description"], one["confidence"], one["logprob"]);
    }
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    assert!(record["progress"]["done"].as_i64().unwrap() > 0);
    assert!(
        record["usage"]["inputTokens"].as_i64().unwrap() > 0 && record["usage"]["outputTokens"].as_i64().unwrap() > 0
    );
    assert!(record["durationSeconds"].as_f64().unwrap() > 0.0);
}
