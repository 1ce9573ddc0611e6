//! Passwords and keys: encrypted in the store, never shown, and readable only with the secret key.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use reqwest::{Client, header};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cli::{gloss, refusal, says},
    harness::{Live, Server, SqliteTarget, sqlite, store},
};

/// A marker in every secret of these tests.
const MARKER: &str = "hunter2MARKERhunter2";

const CREATE_DB: &str =
    "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id displayUrl } } }";
const CREATE_LLM: &str =
    "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id hasApiKey } } }";

/// Returns the files below a folder that contain a text.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let holds = |path: &std::path::PathBuf| {
        path.is_file() && fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    };
    entries.filter(holds).map(|path| path.display().to_string()).collect()
}

fn llm_input(name: &str, key: &str) -> Value {
    json!({ "name": name, "provider": "OPENAI_COMPATIBLE", "model": "m",
        "baseUrl": "http://127.0.0.1:1/v1", "apiKey": key })
}

/// Checks the answers, the log at its most verbose level and the files of a server.
#[tokio::test]
async fn a_given_secret_appears_nowhere() {
    let environment =
        [("GLOSS_LOG", "trace"), ("GLOSS_TARGET_PATIENCE_SECONDS", "1"), ("GLOSS_PROVIDER_PATIENCE_SECONDS", "1")];
    let server = Server::start_with(&environment).await;
    let mut said = Vec::new();
    let mut ids = Vec::new();
    // Literals and variables, over every transport.
    for (n, url) in [
        format!("postgres://ann:{MARKER}@127.0.0.1:1/shop"),
        format!("mysql://ann:{MARKER}@127.0.0.1:1"),
        format!("postgresql://ann:{MARKER}@127.0.0.1:1"),
    ]
    .iter()
    .enumerate()
    {
        let answer = server.answer(CREATE_DB, json!({ "input": { "name": format!("db{n}"), "url": url } })).await;
        ids.push(answer["data"]["createDbProfile"]["dbProfile"]["id"].as_str().unwrap().to_owned());
        said.push(answer);
    }
    // A password in a parameter is refused and not repeated.
    let url = format!("postgres://ann@127.0.0.1:1/shop?password={MARKER}");
    said.push(server.answer(CREATE_DB, json!({ "input": { "name": "parameter", "url": url } })).await);
    let key = format!("sk-{MARKER}");
    let literal = format!(
        "mutation {{ createLlmProfile(input: {{ name: \"lit\", provider: OPENAI_COMPATIBLE, model: \"m\",
            baseUrl: \"http://127.0.0.1:1/v1\", apiKey: \"{key}\" }}) {{ llmProfile {{ id }} }} }}"
    );
    said.push(server.answer(&literal, json!({})).await);
    let mut live = Live::open(&server.base, CREATE_LLM, json!({ "input": llm_input("socket", &key) })).await;
    let made = live.message().await.unwrap();
    let llm = made["payload"]["data"]["createLlmProfile"]["llmProfile"]["id"].as_str().unwrap().to_owned();
    said.push(made);
    let stream = Client::new()
        .post(format!("{}/graphql", server.base))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream")
        .body(json!({ "query": CREATE_LLM, "variables": { "input": llm_input("stream", &key) } }).to_string());
    said.push(Value::String(stream.send().await.unwrap().text().await.unwrap()));
    // Refused URLs are not repeated either.
    for url in [
        format!("postgres://ann:{MARKER}/x@127.0.0.1:1/shop"),
        format!("oracle://ann:{MARKER}@db"),
        format!("postgres:ann:{MARKER}@db"),
        format!("ann:{MARKER}@db"),
    ] {
        said.push(server.answer(CREATE_DB, json!({ "input": { "name": "wrong", "url": url } })).await);
    }
    let update = "mutation($id: ID!, $url: String) { updateDbProfile(input: { id: $id, url: $url }) { dbProfile { \
        displayUrl } } }";
    said.push(
        server.answer(update, json!({ "id": ids[0], "url": format!("postgres://ann:{MARKER}@[::1]:1/x") })).await,
    );
    said.push(server.answer(CREATE_LLM, json!({ "input": llm_input("bad", &format!("{key}\u{7}\n")) })).await);
    for base in [format!("http://ann:{MARKER}@127.0.0.1:1/v1"), format!("ftp://{MARKER}")] {
        let mut input = llm_input("base", "k");
        input["baseUrl"] = base.into();
        let mut answer = server.answer(CREATE_LLM, json!({ "input": input })).await;
        answer["said"] = "refused".into();
        said.push(answer);
    }
    // Connects to databases that do not answer.
    let query = "query($id: ID!) { dbProfile(id: $id) { displayUrl canWriteComments databases { name } } dbProfiles { \
        displayUrl } }";
    let test_db = "mutation($id: ID!) { testDbProfile(input: { id: $id }) { ok message } }";
    for id in &ids {
        said.push(server.answer(query, json!({ "id": id })).await);
        said.push(server.answer(test_db, json!({ "id": id })).await);
    }
    said.push(
        server
            .answer("mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }", json!({ "id": llm }))
            .await,
    );
    said.push(server.answer("{ llmProfiles { name baseUrl hasApiKey model } }", json!({})).await);
    let demo = server.db_profile("demo").await;
    for input in [
        json!({ "targets": [{ "dbProfileId": ids[1] }] }),
        json!({ "targets": [{ "dbProfileId": demo, "schemas": [{ "name": "main",
            "tables": [{ "name": "customers" }] }] }], "llmProfileId": llm }),
    ] {
        let estimate = "query($input: StartRunInput!) { estimateRun(input: $input) { requests } }";
        said.push(server.answer(estimate, json!({ "input": input })).await);
        let run = server.start_run(input).await;
        said.extend(server.events(&run, 0).await);
        said.push(server.run(&run).await);
    }
    said.push(Value::String(server.get("/metrics").await.text().await.unwrap()));
    // A token is a secret, too: it is shown once and sent with every request.
    let (token, _) = server.create_token(None, "root", "ADMIN").await;
    said.push(server.ask(Some(&token), "{ apiTokens { name } }", json!({})).await.2);
    let mut live = Live::send_as(&server.base, json!({ "token": token }), json!({ "query": "{ apiTokens { name } }" }))
        .await
        .unwrap();
    said.push(live.message().await.unwrap());

    let log = server.log();
    assert!(log.contains("TRACE") && log.len() > 10_000, "the log is not at its most verbose level");
    for secret in [MARKER, &token] {
        for answer in &said {
            assert!(!answer.to_string().contains(secret), "{answer}");
        }
        if let Some(line) = log.lines().find(|line| line.contains(secret)) {
            panic!("the log holds {secret}: {line}");
        }
        assert_eq!(holding(server.data.path(), secret), [""; 0]);
    }
    // Proves that the search covers the files: they hold encrypted secrets.
    assert!(store::in_postgres() || !holding(server.data.path(), "sealed:1:").is_empty());
}

#[tokio::test]
async fn secrets_left_unsealed_by_an_earlier_version_are_sealed_at_start() {
    let data = TempDir::with_prefix("gloss-").unwrap();
    assert!(gloss(data.path(), &["migrate"], &[]).await.status.success());
    if store::needs_sqlite("the store's file") {
        return;
    }
    let store = data.path().join("store.db");
    // The state of a version without encryption.
    let url = format!("postgres://ann:{MARKER}@127.0.0.1:1/shop");
    sqlite::execute(&store, "DELETE FROM seal");
    sqlite::execute(
        &store,
        &format!("INSERT INTO db_profile (name, backend, url, created_at) VALUES ('old', 'POSTGRES', '{url}', 0)"),
    );
    let llm = format!(
        "INSERT INTO llm_profile (name, provider, model, base_url, api_key, concurrency, is_default, created_at)
         VALUES ('old', 'OPENAI_COMPATIBLE', 'm', 'http://127.0.0.1:1/v1', '{MARKER}', 1, 1, 0)"
    );
    sqlite::execute(&store, &llm);
    // Deleted rows must not survive in the file either.
    sqlite::execute(
        &store,
        &format!("INSERT INTO db_profile (name, backend, url, created_at) VALUES ('gone', 'MYSQL', '{MARKER}', 0)"),
    );
    sqlite::execute(&store, "DELETE FROM db_profile WHERE name = 'gone'");
    assert!(!holding(data.path(), MARKER).is_empty());
    fs::remove_file(data.path().join("secret.key")).unwrap();

    let server = Server::start_at(Arc::new(data), &[]).await;
    let data = server.data("{ dbProfiles { name displayUrl } llmProfiles { name hasApiKey } }", json!({})).await;
    assert_eq!(data["dbProfiles"], json!([{ "name": "old", "displayUrl": "postgres://ann@127.0.0.1:1/shop" }]));
    assert_eq!(data["llmProfiles"], json!([{ "name": "old", "hasApiKey": true }]));
    assert_eq!(holding(server.data.path(), MARKER), [""; 0]);
    assert!(server.log().contains("they are sealed now"));
}

/// Returns a key of 32 characters for the environment.
fn key(letter: &str) -> String {
    letter.repeat(32)
}

#[tokio::test]
async fn a_wrong_key_is_reported_at_start_and_harms_nothing() {
    let server = Server::start().await;
    server.create_db_profile("shop", "sqlite:///nowhere/shop.db").await;
    let data = server.kill().await;
    let file = data.path().join("secret.key");
    let right = fs::read(&file).unwrap();
    for command in ["serve", "migrate"] {
        let text = refusal(data.path(), &[command], &[("GLOSS_SECRET_KEY", &key("x"))]).await;
        says(
            &text,
            &["sealed with a different key", "GLOSS_SECRET_KEY", &file.display().to_string(), "gloss secrets forget"],
        );
    }
    fs::remove_file(&file).unwrap();
    says(
        &refusal(data.path(), &[], &[]).await,
        &["the key file", "is missing", &file.display().to_string(), "gloss secrets forget"],
    );
    assert!(!file.exists(), "a new key replaced the missing one");
    fs::write(&file, "short").unwrap();
    says(&refusal(data.path(), &[], &[]).await, &[&file.display().to_string(), "fewer than 32", "openssl rand"]);
    says(&refusal(data.path(), &[], &[("GLOSS_SECRET_KEY", "short")]).await, &["GLOSS_SECRET_KEY", "fewer than 32"]);
    fs::write(&file, right).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let server = Server::start_at(data, &[]).await;
    server.db_profile("shop").await;
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn keys_are_rotated_and_an_interrupted_rotation_is_completed() {
    let server = Server::start().await;
    server.create_llm_profile(llm_input("m", MARKER)).await;
    says(&refusal(server.data.path(), &["secrets", "rotate"], &[]).await, &["in use", &server.base]);
    let data = server.kill().await;
    let (file, waiting) = (data.path().join("secret.key"), data.path().join("secret.key.new"));
    let rotate = async |environment: &[(&str, &str)]| {
        let done = gloss(data.path(), &["secrets", "rotate"], environment).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    // Shows that a secret can be decrypted: the run fails at the model, not at the key.
    let opens = async |environment: &[(&str, &str)]| {
        let server = Server::start_at(Arc::clone(&data), environment).await;
        let llm = server.llm_profile("m").await;
        let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }";
        let message = server.data(test, json!({ "id": llm })).await["testLlmProfile"]["message"].take();
        assert!(message.as_str().unwrap().contains("127.0.0.1:1"), "{message}");
        server.kill().await;
    };
    let before = fs::read(&file).unwrap();
    says(&rotate(&[]).await, &["2 secrets", &file.display().to_string()]);
    let after = fs::read(&file).unwrap();
    assert_ne!(before, after);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    opens(&[]).await;
    // The secrets are re-encrypted, but a power failure kept the new key from replacing the old one.
    fs::rename(&file, &waiting).unwrap();
    fs::write(&file, &before).unwrap();
    opens(&[]).await;
    assert!(fs::read(&file).unwrap() == after && !waiting.exists());
    // Moves the key into the environment and then replaces it there.
    says(&rotate(&[("GLOSS_NEW_SECRET_KEY", &key("a"))]).await, &["GLOSS_SECRET_KEY"]);
    assert!(!file.exists());
    opens(&[("GLOSS_SECRET_KEY", &key("a"))]).await;
    says(
        &refusal(data.path(), &["secrets", "rotate"], &[("GLOSS_SECRET_KEY", &key("a"))]).await,
        &["GLOSS_NEW_SECRET_KEY"],
    );
    rotate(&[("GLOSS_SECRET_KEY", &key("a")), ("GLOSS_NEW_SECRET_KEY", &key("b"))]).await;
    opens(&[("GLOSS_SECRET_KEY", &key("b"))]).await;
    says(&refusal(data.path(), &[], &[("GLOSS_SECRET_KEY", &key("a"))]).await, &["sealed with a different key"]);
    assert_eq!(holding(data.path(), MARKER), [""; 0]);
}

#[tokio::test]
async fn files_are_their_owner_s_alone() {
    if store::needs_sqlite("the store's file") {
        return;
    }
    let outer = tempfile::tempdir().unwrap();
    let (made, empty) = (outer.path().join("made"), outer.path().join("empty"));
    fs::create_dir(&empty).unwrap();
    fs::set_permissions(&empty, fs::Permissions::from_mode(0o755)).unwrap();
    for folder in [&made, &empty] {
        assert!(gloss(folder, &["token", "create", "x", "--role", "VIEWER"], &[]).await.status.success());
        let mut command = Server::command(folder);
        let mut server = command.spawn().unwrap();
        let lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(server.stdout.take().unwrap()));
        let mut lines = lines;
        while !lines.next_line().await.unwrap().expect("it starts").contains("data") {}
        let permissions = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(permissions(folder), 0o700);
        let mut names = Vec::new();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            assert_eq!(permissions(&path), 0o600, "{}", path.display());
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
        for name in ["store.db", "secret.key", "demo.db", "lock"] {
            assert!(names.iter().any(|it| it == name), "{name} in {names:?}");
        }
        server.kill().await.unwrap();
    }
}

/// A store without its key becomes usable again once it forgets the secrets encrypted with that key.
#[tokio::test]
async fn a_lost_key_is_not_the_end() {
    let server = Server::start().await;
    server.create_llm_profile(llm_input("m", MARKER)).await;
    let shop = server.create_db_profile("shop", &format!("postgres://ann:{MARKER}@127.0.0.1:1/shop")).await;
    let data = server.kill().await;
    let file = data.path().join("secret.key");
    let forget = async |arguments: &[&str], environment: &[(&str, &str)]| {
        let done = gloss(data.path(), &[&["secrets", "forget"], arguments].concat(), environment).await;
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    says(&forget(&["--yes"], &[]).await, &["nothing was removed"]);
    fs::remove_file(&file).unwrap();
    let names = ["DB profile \"demo\"", "DB profile \"shop\"", "LLM profile \"m\""];
    let asked = refusal(data.path(), &["secrets", "forget"], &[]).await;
    says(&asked, &[&names[..], &["--yes"]].concat());
    assert!(!file.exists(), "secrets were removed before the command was confirmed");
    says(&refusal(data.path(), &[], &[]).await, &["is missing"]);
    says(&forget(&["--yes"], &[]).await, &[&names[..], &["updateDbProfile", "updateLlmProfile"]].concat());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let server = Server::start_at(data.clone(), &[]).await;
    let profiles = server.data("{ dbProfiles { name displayUrl } llmProfiles { name hasApiKey } }", json!({})).await;
    let shown = |name: &str, url: &str| json!({ "name": name, "displayUrl": url });
    assert_eq!(profiles["dbProfiles"], json!([shown("demo", "sqlite://"), shown("shop", "postgres://…")]));
    let keyless = json!({ "name": "m", "hasApiKey": false });
    assert!(profiles["llmProfiles"].as_array().unwrap().contains(&keyless), "{profiles}");
    let test = "mutation($id: ID!) { testDbProfile(input: { id: $id }) { ok message } }";
    assert_eq!(server.data(test, json!({ "id": shop })).await["testDbProfile"]["ok"], false);
    let update = "mutation($id: ID!, $url: String) { updateDbProfile(input: { id: $id, url: $url }) { dbProfile { \
        displayUrl } } }";
    let given = server.data(update, json!({ "id": shop, "url": "postgres://ann@127.0.0.1:1/shop" })).await;
    assert_eq!(given["updateDbProfile"]["dbProfile"]["displayUrl"], "postgres://ann@127.0.0.1:1/shop");
    server.kill().await;
    // Replaces the key by another one from the environment.
    says(&forget(&["--yes"], &[("GLOSS_SECRET_KEY", &key("x"))]).await, &names[..2]);
    Server::start_at(data, &[("GLOSS_SECRET_KEY", &key("x"))]).await;
}

/// A caller who may change a model's address learns neither its API key nor a secret of the server.
#[tokio::test]
async fn a_key_does_not_follow_its_profile_to_another_address() {
    let server = Server::start().await;
    let id = server.create_llm_profile(llm_input("m", MARKER)).await;
    let update = "mutation($input: UpdateLlmProfileInput!) {
        updateLlmProfile(input: $input) { llmProfile { baseUrl hasApiKey } } }";
    for base in [json!("http://127.0.0.1:2/v1"), json!("https://127.0.0.1:1/v1"), json!("http://evil.example:1/v1")] {
        let error = server.error(update, json!({ "input": { "id": id, "baseUrl": base } })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "input.apiKey" }), "{base}");
        says(error["message"].as_str().unwrap(), &["pass the key again"]);
    }
    for input in [
        json!({ "id": id, "baseUrl": "http://127.0.0.1:1/v2" }),
        json!({ "id": id, "baseUrl": "http://127.0.0.1:2/v1", "apiKey": MARKER }),
        json!({ "id": id, "model": "n" }),
        json!({ "id": id, "baseUrl": "http://127.0.0.1:3/v1", "apiKey": null }),
        json!({ "id": id, "baseUrl": "http://127.0.0.1:4/v1" }),
    ] {
        server.data(update, json!({ "input": input })).await;
    }
    for name in ["env:GLOSS_SECRET_KEY", "env: GLOSS_TOKEN", "env:gloss_store_url"] {
        let error = server.error(CREATE_LLM, json!({ "input": llm_input("own", name) })).await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{name}");
        says(error["message"].as_str().unwrap(), &["GLOSS_"]);
        let url = format!("postgres://ann:{}@127.0.0.1:1/shop", name.replace(' ', ""));
        let error = server.error(CREATE_DB, json!({ "input": { "name": name, "url": url } })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "input.url" }), "{name}");
        says(error["message"].as_str().unwrap(), &["GLOSS_", "another name"]);
    }
}

/// Files that others could read become private at the next start.
#[tokio::test]
async fn wide_modes_are_narrowed_at_the_start() {
    let data = Server::start().await.kill().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let widen = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for file in fs::read_dir(data.path()).unwrap() {
        widen(&file.unwrap().path(), 0o664);
    }
    widen(data.path(), 0o755);
    let server = Server::start_at(data, &[]).await;
    assert_eq!(mode(server.data.path()), 0o700);
    for file in fs::read_dir(server.data.path()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    // A folder that is not Gloss's keeps its mode.
    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join("letter.txt"), "").unwrap();
    widen(other.path(), 0o755);
    assert!(gloss(other.path(), &["migrate"], &[]).await.status.success());
    assert_eq!(mode(other.path()), 0o755);
}

/// A URL or settings can be tested before a profile is created: nothing is stored, and no secret is repeated.
#[tokio::test]
async fn profiles_are_tested_before_they_are_saved() {
    let server = Server::start().await;
    let test_db =
        "mutation($input: TestDbProfileInput!) { test: testDbProfile(input: $input) { ok latencyMs message } }";
    let test_llm =
        "mutation($input: TestLlmProfileInput!) { test: testLlmProfile(input: $input) { ok latencyMs message } }";
    let lists = "{ dbProfiles { id name } llmProfiles { id name } }";
    let before = server.data(lists, json!({})).await;
    let target = SqliteTarget::with_tables(1, 2);
    let works = server.data(test_db, json!({ "input": { "url": target.url() } })).await;
    assert_eq!(works["test"]["ok"], true, "{works}");
    assert!(works["test"]["latencyMs"].is_number(), "{works}");
    let builtin = json!({ "name": "b", "provider": "BUILTIN", "model": "" });
    let works = server.data(test_llm, json!({ "input": { "settings": builtin } })).await;
    assert_eq!(works["test"]["ok"], true, "{works}");

    let mut said = Vec::new();
    for url in [format!("postgres://ann:{MARKER}@127.0.0.1:1/shop"), format!("mysql://ann:{MARKER}@127.0.0.1:1/shop")] {
        let fails = server.data(test_db, json!({ "input": { "url": url } })).await;
        assert_eq!(fails["test"]["ok"], false, "{fails}");
        said.push(fails);
    }
    let fails = server.data(test_llm, json!({ "input": { "settings": llm_input("m", MARKER) } })).await;
    assert_eq!(fails["test"]["ok"], false, "{fails}");
    said.push(fails);
    for (query, input, argument) in [
        (test_db, json!({ "url": format!("nosql://ann:{MARKER}@127.0.0.1/x") }), "input.url"),
        (test_db, json!({ "url": "" }), "input.url"),
        (test_db, json!({ "id": "nope" }), "input.id"),
        (test_llm, json!({ "id": "nope" }), "input.id"),
        (
            test_llm,
            json!({ "settings": { "name": "m", "provider": "OPENAI", "model": " ", "apiKey": MARKER } }),
            "input.settings.model",
        ),
        (
            test_llm,
            json!({ "settings": { "name": "m", "provider": "OPENAI_COMPATIBLE", "model": "m", "apiKey": MARKER } }),
            "input.settings.baseUrl",
        ),
    ] {
        let error = server.error(query, json!({ "input": input })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": argument }), "{error}");
        said.push(error);
    }
    // Exactly one of `id` and `url` is required.
    for input in [json!({}), json!({ "id": "x", "url": "sqlite:///x" }), json!({ "url": null })] {
        let error = server.error(test_db, json!({ "input": input })).await;
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{error}");
    }
    let said = format!("{said:?}{}", server.log());
    assert!(!said.contains(MARKER), "{said}");
    assert_eq!(server.data(lists, json!({})).await, before);

    // A caller who may not save a profile may not make the server connect with one either.
    let (admin, _) = server.create_token(None, "boss", "ADMIN").await;
    let (operator, _) = server.create_token(Some(&admin), "hand", "OPERATOR").await;
    for (query, input) in
        [(test_db, json!({ "url": target.url() })), (test_llm, json!({ "settings": llm_input("m", "env:HOME") }))]
    {
        let (_, _, refused) = server.ask(Some(&operator), query, json!({ "input": input })).await;
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    }
    let (_, _, demo) = server.ask(Some(&operator), lists, json!({})).await;
    let saved = json!({ "input": { "id": demo["data"]["dbProfiles"][0]["id"] } });
    assert_eq!(server.data_for(&operator, test_db, saved).await["test"]["ok"], true);
}

/// Base URLs are visible to every caller who sees the profile, so keys in them are refused, and existing ones are
/// hidden.
#[tokio::test]
async fn a_key_in_a_base_url_is_refused_and_never_shown() {
    let server = Server::start().await;
    let input = |base: &str| {
        let input = json!({ "name": "m", "provider": "OPENAI_COMPATIBLE", "model": "m", "baseUrl": base });
        json!({ "input": input })
    };
    for base in [
        format!("http://127.0.0.1:1/v1?key={MARKER}"),
        format!("http://127.0.0.1:1/v1?api-version=1&subscription-key={MARKER}"),
        format!("http://127.0.0.1:1/v1?{MARKER}"),
        format!("http://127.0.0.1:1/v1?api-version={MARKER}{MARKER}{MARKER}"),
        format!("http://ann:{MARKER}@127.0.0.1:1/v1"),
        format!("http://{MARKER}@127.0.0.1:1/v1"),
        format!("http://127.0.0.1:1/v1#{MARKER}"),
    ] {
        let error = server.error(CREATE_LLM, input(&base)).await;
        assert_eq!(error["extensions"]["argument"], "input.baseUrl", "{error}");
        assert!(!error.to_string().contains(MARKER), "{error}");
    }
    server.data(CREATE_LLM, input("http://127.0.0.1:1/v1?api-version=2024-10-21")).await;
    let update =
        "mutation($input: UpdateLlmProfileInput!) { updateLlmProfile(input: $input) { llmProfile { baseUrl } } }";
    let id = server.llm_profile("m").await;
    let base = format!("http://127.0.0.1:1/v1?key={MARKER}");
    let error = server.error(update, json!({ "input": { "id": id, "baseUrl": base } })).await;
    assert!(error["extensions"]["argument"] == "input.baseUrl" && !error.to_string().contains(MARKER), "{error}");
    if store::needs_sqlite("the store's file") {
        return;
    }
    // The state that an earlier version allowed.
    let data = server.kill().await;
    let old = format!(
        "UPDATE llm_profile SET base_url = 'http://ann:{MARKER}@127.0.0.1:1/v1?api-version=1&key={MARKER}' WHERE name \
            = 'm'"
    );
    sqlite::execute(&data.path().join("store.db"), &old);
    let server = Server::start_at(data, &[("GLOSS_LOG", "trace"), ("GLOSS_PROVIDER_PATIENCE_SECONDS", "1")]).await;
    let shown = server.data("{ llmProfiles { name baseUrl } }", json!({})).await;
    let shown = shown["llmProfiles"].as_array().unwrap().iter().find(|profile| profile["name"] == "m").unwrap().clone();
    assert_eq!(shown["baseUrl"], "http://127.0.0.1:1/v1?api-version=1");
    let test = "mutation($id: ID!) { testLlmProfile(input: { id: $id }) { ok message } }";
    let tested = server.data(test, json!({ "id": id })).await;
    let renamed = server.answer(update, json!({ "input": { "id": id, "name": "n" } })).await;
    let said = format!("{tested}{renamed}{}", server.log());
    assert!(!said.contains(MARKER), "{said}");
}

/// A value in the wrong place is not repeated in an error, since it may be a secret.
#[tokio::test]
async fn no_error_repeats_a_value_that_was_given() {
    let server = Server::start_with(&[("GLOSS_LOG", "trace")]).await;
    let mut said = Vec::new();
    let base =
        json!({ "name": "m", "provider": "OPENAI_COMPATIBLE", "model": "m", "baseUrl": "http://127.0.0.1:1/v1" });
    let hidden = [json!([MARKER]), json!({ "key": MARKER }), json!([[[MARKER]]])];
    for wrong in &hidden {
        for field in ["apiKey", "name", "baseUrl", "isDefault", "concurrency", "inputCostPerMillionTokens", "provider"]
        {
            let mut input = base.clone();
            input[field] = wrong.clone();
            said.push(server.answer(CREATE_LLM, json!({ "input": input })).await);
        }
        for field in ["url", "pinnedDatabase", "name"] {
            let mut input = json!({ "name": "d", "url": "sqlite:///x" });
            input[field] = wrong.clone();
            said.push(server.answer(CREATE_DB, json!({ "input": input })).await);
        }
        said.push(server.answer(CREATE_DB, json!({ "input": wrong })).await);
        said.push(server.answer("query($id: ID!) { run(id: $id) { id } }", json!({ "id": wrong })).await);
        said.push(
            server
                .answer(
                    "query($at: DateTime) { runs(filter: { startedAfter: $at }) { totalCount } }",
                    json!({ "at": wrong }),
                )
                .await,
        );
    }
    let mut text = base.clone();
    for field in ["isDefault", "concurrency", "inputCostPerMillionTokens", "provider"] {
        text[field] = json!(MARKER);
        said.push(server.answer(CREATE_LLM, json!({ "input": text })).await);
    }
    said.push(
        server
            .answer(
                "query($s: [RunStatus!]) { runs(filter: { statuses: $s }) { totalCount } }",
                json!({ "s": [MARKER] }),
            )
            .await,
    );
    // Literals.
    for field in [
        "apiKey: [\"M\"]",
        "apiKey: { key: \"M\" }",
        "concurrency: \"M\"",
        "provider: \"M\"",
        "provider: M",
        "isDefault: \"M\"",
        "apiKey: M",
        "apiKey: \"M",
    ] {
        let query = "mutation { createLlmProfile(input: { name: \"m\", model: \"m\", FIELD }) { llmProfile { id } } }";
        said.push(server.answer(&query.replace("FIELD", &field.replace('M', MARKER)), json!({})).await);
    }
    for field in ["url: [\"M\"]", "url: M", "url: { a: \"M\" }", "url: \"M"] {
        let query = "mutation { createDbProfile(input: { name: \"d\", FIELD }) { dbProfile { id } } }";
        said.push(server.answer(&query.replace("FIELD", &field.replace('M', MARKER)), json!({})).await);
    }
    for answer in &said {
        assert!(answer["errors"][0]["message"].is_string(), "{answer}");
        assert!(!answer.to_string().contains(MARKER), "{answer}");
    }
    assert!(!server.log().contains(MARKER), "{}", server.log());
}
