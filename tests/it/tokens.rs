//! Tokens: creation, display, revocation, expiry; connections that are open with them; the command line.

use std::{path::Path, sync::Arc};

use chrono::TimeDelta;
use gloss::domain::clock::{Clock, SystemClock};
use reqwest::{Client, StatusCode, header};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    cli::{gloss, refusal, says},
    harness::{Live, Server},
};

const VIEWER: &str = "{ viewer { name role } }";
const NEWS: &str = "subscription { runsChanged { kind runId } }";

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code in {answer}"))
}

/// Returns the payload of a subscription.
fn news() -> Value {
    json!({ "query": NEWS })
}

fn init(token: &str) -> Value {
    json!({ "authorization": format!("Bearer {token}") })
}

#[tokio::test]
async fn the_first_token_ends_open_access() {
    let server = Server::start().await;
    let viewer = server.data(VIEWER, json!({})).await;
    assert_eq!(viewer["viewer"], json!({ "name": "local", "role": "ADMIN" }));
    assert_eq!(server.data("{ apiTokens { id } }", json!({})).await["apiTokens"], json!([]));

    let (secret, id) = server.create_token(None, "root", "ADMIN").await;
    assert!(secret.starts_with("gloss_") && secret.len() >= 6 + 43, "{secret}");
    for wrong in [None, Some("gloss_"), Some(&secret[..secret.len() - 1]), Some(&*secret.to_lowercase()), Some("x")] {
        let (status, headers, answer) = server.ask(wrong, VIEWER, json!({})).await;
        assert_eq!((status, code(&answer)), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"), "{wrong:?}");
        assert!(headers[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
        assert!(answer.get("data").is_none(), "{answer}");
    }
    assert_eq!(server.data_for(&secret, VIEWER, json!({})).await["viewer"], json!({ "name": "root", "role": "ADMIN" }));
    let query = "query($id: ID!) { apiTokens { id name role expiresAt lastUsedAt } node(id: $id) { id __typename } }";
    let data = loop {
        let data = server.data_for(&secret, query, json!({ "id": id })).await;
        if data["apiTokens"][0]["lastUsedAt"].is_string() {
            break data;
        }
    };
    assert_eq!(data["apiTokens"][0]["id"], id.as_str());
    assert_eq!((&data["apiTokens"][0]["role"], &data["apiTokens"][0]["expiresAt"]), (&json!("ADMIN"), &Value::Null));
    assert_eq!(data["node"], json!({ "id": id, "__typename": "ApiToken" }));

    for (path, status) in
        [("/healthz", 200), ("/readyz", 200), ("/graphiql", 200), ("/metrics", 401), ("/nothing", 401)]
    {
        assert_eq!(server.get(path).await.status(), status, "{path}");
    }
    let metrics = Client::new().get(format!("{}/metrics", server.base)).bearer_auth(&secret).send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
    let basic = Client::new().get(format!("{}/metrics", server.base)).basic_auth("root", Some(&secret));
    assert_eq!(basic.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);

    // The store holds only the hash, and a restart changes nothing.
    let data = server.kill().await;
    for file in std::fs::read_dir(data.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(20).any(|window| window == &secret.as_bytes()[6..26]));
    }
    let server = Server::start_at(data, &[]).await;
    assert_eq!(server.ask(None, VIEWER, json!({})).await.0, StatusCode::UNAUTHORIZED);
    // After the last token is revoked, callers without a token are still refused.
    let revoke = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }";
    let gone = server.data_for(&secret, revoke, json!({ "id": id })).await;
    assert_eq!(gone["revokeApiToken"]["deletedId"], id.as_str());
    for shown in [None, Some(secret.as_str())] {
        assert_eq!(server.ask(shown, VIEWER, json!({})).await.0, StatusCode::UNAUTHORIZED);
    }
    assert!(
        server.ask(Some(&secret), VIEWER, json!({})).await.2["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("revoked")
    );
}

#[tokio::test]
async fn invalid_tokens_are_refused_at_creation() {
    let server = Server::start().await;
    let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret } }";
    let past = SystemClock.now() - TimeDelta::minutes(1);
    for (input, argument) in [
        (json!({ "name": "", "role": "VIEWER" }), "input.name"),
        (json!({ "name": "x".repeat(101), "role": "VIEWER" }), "input.name"),
        (json!({ "name": "local", "role": "VIEWER" }), "input.name"),
        (json!({ "name": "ci", "role": "VIEWER", "expiresAt": past }), "input.expiresAt"),
    ] {
        let error = server.error(create, json!({ "input": input })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": argument }));
    }
    let (root, id) = server.create_token(None, "root", "ADMIN").await;
    let (_, _, answer) =
        server.ask(Some(&root), create, json!({ "input": { "name": "root", "role": "VIEWER" } })).await;
    assert_eq!(code(&answer), "CONFLICT");
    let revoke = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }";
    let (_, other) = server.create_token(Some(&root), "other", "VIEWER").await;
    server.data_for(&root, revoke, json!({ "id": other })).await;
    assert_eq!(code(&server.ask(Some(&root), revoke, json!({ "id": other })).await.2), "NOT_FOUND");
    assert_eq!(code(&server.ask(Some(&root), revoke, json!({ "id": "UnVuOjE" })).await.2), "BAD_USER_INPUT");
    // A name is free again once its token is revoked.
    let (again, _) = server.create_token(Some(&root), "other", "OPERATOR").await;
    assert_eq!(server.data_for(&again, VIEWER, json!({})).await["viewer"]["role"], "OPERATOR");
    assert!(!id.is_empty());
}

#[tokio::test]
async fn a_socket_shows_its_token_in_its_first_message() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let ask = || json!({ "query": VIEWER });
    for shown in [
        json!({ "authorization": format!("Bearer {root}") }),
        json!({ "Authorization": format!("bearer {root}") }),
        json!({ "token": root }),
    ] {
        let mut live = Live::send_as(&server.base, shown, ask()).await.unwrap();
        assert_eq!(live.next().await.unwrap()["data"]["viewer"]["name"], "root");
    }
    for wrong in
        [Value::Null, json!({}), json!({ "token": "gloss_x" }), json!({ "authorization": root }), json!({ "token": 7 })]
    {
        let (code, reason) = Live::send_as(&server.base, wrong.clone(), ask()).await.err().unwrap();
        assert_eq!(code, 4403, "{wrong}: {reason}");
        assert!(reason.starts_with("Forbidden: ") && reason.len() > 20, "{reason}");
    }
}

/// Everything opened with a token ends with it, and nothing else does.
#[tokio::test]
async fn an_ended_token_ends_its_subscriptions_and_sockets() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (stays, _) = server.create_token(Some(&root), "stays", "VIEWER").await;
    let mut other = Live::send_as(&server.base, init(&stays), news()).await.unwrap();
    let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { secret apiToken { id } } }";
    for revoked in [true, false] {
        let expires = (!revoked).then(|| SystemClock.now() + TimeDelta::seconds(2));
        let input = json!({ "name": format!("goes {revoked}"), "role": "VIEWER", "expiresAt": expires });
        let made = server.data_for(&root, create, json!({ "input": input })).await["createApiToken"].take();
        let secret = made["secret"].as_str().unwrap().to_owned();
        let mut live = Live::send_as(&server.base, init(&secret), news()).await.unwrap();
        let stream = Client::new()
            .post(format!("{}/graphql", server.base))
            .bearer_auth(&secret)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream")
            .body(news().to_string());
        let stream = stream.send().await.unwrap();
        assert_eq!(stream.status(), StatusCode::OK);
        let stream = tokio::spawn(stream.text());
        if revoked {
            let revoke = "mutation($id: ID!) { revokeApiToken(input: { id: $id }) { deletedId } }";
            server.data_for(&root, revoke, json!({ "id": made["apiToken"]["id"] })).await;
        }
        while live.message().await.is_some() {}
        let (code, reason) = live.closed.unwrap();
        assert_eq!(code, 4403, "{reason}");
        let text = stream.await.unwrap().unwrap();
        assert!(text.contains("UNAUTHENTICATED"), "{text}");
        let (status, _, answer) = server.ask(Some(&secret), VIEWER, json!({})).await;
        let said = answer["errors"][0]["message"].as_str().unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert!(said.contains(if revoked { "revoked" } else { "expired" }), "{said}");
        assert_eq!(Live::send_as(&server.base, init(&secret), news()).await.err().unwrap().0, 4403);
    }
    // The other subscriber still receives events.
    let demo = "{ dbProfiles { id } }";
    let demo = server.data_for(&root, demo, json!({})).await["dbProfiles"][0]["id"].take();
    let start = "mutation($db: ID!) { startRun(input: { targets: [{ dbProfileId: $db }] }) { runs { id } } }";
    server.data_for(&root, start, json!({ "db": demo })).await;
    assert_eq!(other.next().await.unwrap()["data"]["runsChanged"]["kind"], "CREATED");
}

/// Actions are recorded and logged under the token's name.
#[tokio::test]
async fn actions_record_the_name_of_the_token() {
    let server = Server::start().await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (ops, ops_id) = server.create_token(Some(&root), "night shift", "OPERATOR").await;
    let demo = server.data_for(&ops, "{ dbProfiles { id } }", json!({})).await["dbProfiles"][0]["id"].take();
    let start = "mutation($db: ID!) { startRun(input: { targets: [{ dbProfileId: $db,
        schemas: [{ name: \"main\", tables: [{ name: \"customers\" }] }] }] }) { runs { id } } }";
    let run = server.data_for(&ops, start, json!({ "db": demo })).await["startRun"]["runs"][0]["id"].take();
    let progress = "subscription($run: ID!) { runProgress(runId: $run) { status } }";
    let watch = async |after: i64| {
        let payload = json!({ "query": progress.replace("$run)", &format!("$run, after: \
            {after})")), "variables": { "run": run } });
        let mut live = Live::send_as(&server.base, init(&ops), payload).await.unwrap();
        while live.next().await.is_some() {}
    };
    watch(0).await;
    let review = "mutation($run: ID!) { reviewSuggestions(input: { runId: $run, decision: ACCEPT }) {
        changed suggestions { review { reviewer } } run { lastSequence } } }";
    let reviewed = server.data_for(&ops, review, json!({ "run": run })).await["reviewSuggestions"].take();
    assert_eq!(reviewed["suggestions"][0]["review"]["reviewer"], "night shift");
    let apply = "mutation($run: ID!) { applyRun(input: { runId: $run }) { total } }";
    server.data_for(&ops, apply, json!({ "run": run })).await;
    watch(reviewed["run"]["lastSequence"].as_i64().unwrap()).await;
    let audit = server.data_for(&ops, "{ appliedComments { nodes { actor } } }", json!({})).await;
    assert_eq!(audit["appliedComments"]["nodes"][0]["actor"], "night shift");
    server
        .data_for(
            &root,
            "mutation($run: ID!) { deleteRuns(input: { ids: [$run] }) { deletedIds } }",
            json!({ "run": run }),
        )
        .await;

    let llm = "mutation { createLlmProfile(input: { name: \"mine\", provider: BUILTIN, model: \"builtin\" }) { \
        llmProfile { id } } }";
    let llm = server.data_for(&root, llm, json!({})).await["createLlmProfile"]["llmProfile"]["id"].take();
    let db = "mutation { createDbProfile(input: { name: \"shop\", url: \"sqlite:///nowhere\" }) { dbProfile { id } } }";
    let db = server.data_for(&root, db, json!({})).await["createDbProfile"]["dbProfile"]["id"].take();
    let change = "mutation($llm: ID!, $db: ID!, $token: ID!) {
        a: updateLlmProfile(input: { id: $llm, name: \"ours\" }) { llmProfile { id } } b: deleteLlmProfile(input: { \
        id: $llm }) { deletedId }
        c: updateDbProfile(input: { id: $db, name: \"store\" }) { dbProfile { id } } d: deleteDbProfile(input: { id: \
        $db }) { deletedId }
        e: revokeApiToken(input: { id: $token }) { deletedId } }";
    server.data_for(&root, change, json!({ "llm": llm, "db": db, "token": ops_id })).await;

    let log = server.log();
    for (actor, what) in [
        ("night shift", "run queued"),
        ("night shift", "suggestions reviewed"),
        ("night shift", "apply or roll-back requested"),
        ("root", "runs deleted"),
        ("root", "API token created token=\"night shift\""),
        ("root", "LLM profile created llm_profile=\"mine\""),
        ("root", "LLM profile updated llm_profile=\"ours\""),
        ("root", "LLM profile deleted llm_profile=\"ours\""),
        ("root", "DB profile created db_profile=\"shop\""),
        ("root", "DB profile updated db_profile=\"store\""),
        ("root", "DB profile deleted db_profile=\"store\""),
        ("root", "API token revoked token=\"night shift\""),
    ] {
        let told = log.lines().any(|line| line.contains(what) && line.contains(&format!("actor={actor:?}")));
        assert!(told, "{actor}: {what} in\n{log}");
    }
}

#[tokio::test]
async fn a_client_over_its_rate_limit_waits_and_others_do_not() {
    let server = Server::start_with(&[("GLOSS_REQUESTS_PER_MINUTE", "20")]).await;
    // While there are no tokens, the local user has no rate limit.
    for _ in 0..30 {
        assert_eq!(server.ask(None, VIEWER, json!({})).await.0, StatusCode::OK);
    }
    let (one, _) = server.create_token(None, "one", "ADMIN").await;
    let (two, _) = server.create_token(Some(&one), "two", "VIEWER").await;
    let mut asked = 1;
    let (headers, answer) = loop {
        let (status, headers, answer) = server.ask(Some(&one), VIEWER, json!({})).await;
        if status == StatusCode::TOO_MANY_REQUESTS {
            break (headers, answer);
        }
        asked += 1;
        assert!(asked <= 30, "no request was rate limited");
    };
    assert!(asked >= 20, "{asked}");
    assert_eq!(code(&answer), "LIMIT_EXCEEDED");
    let wait: u64 = headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    assert_eq!(server.ask(Some(&two), VIEWER, json!({})).await.0, StatusCode::OK);
    // The same over a socket.
    let mut live = Live::send_as(&server.base, init(&one), json!({ "query": VIEWER })).await.unwrap();
    let refused = live.message().await.unwrap();
    assert_eq!(
        (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
        (&json!("error"), &json!("LIMIT_EXCEEDED"))
    );
}

#[tokio::test]
async fn one_client_cannot_fill_the_queue() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0"), ("GLOSS_QUEUED_RUNS", "3")]).await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (one, _) = server.create_token(Some(&root), "one", "OPERATOR").await;
    let (two, _) = server.create_token(Some(&root), "two", "OPERATOR").await;
    let demo = server.data_for(&one, "{ dbProfiles { id } }", json!({})).await["dbProfiles"][0]["id"].take();
    let start = "mutation($db: ID!) { startRun(input: { targets: [{ dbProfileId: $db }] }) { runs { id } } }";
    let mut runs = Vec::new();
    for _ in 0..3 {
        runs.push(server.data_for(&one, start, json!({ "db": demo })).await["startRun"]["runs"][0]["id"].take());
    }
    let refused = async |query: &str, variables: Value| {
        let (_, _, answer) = server.ask(Some(&one), query, variables).await;
        assert_eq!(code(&answer), "LIMIT_EXCEEDED");
        assert!(answer["errors"][0]["message"].as_str().unwrap().contains("the limit is 3"), "{answer}");
    };
    refused(start, json!({ "db": demo })).await;
    server.data_for(&two, start, json!({ "db": demo })).await;
    let cancel = "mutation($id: ID!) { cancelRun(input: { id: $id }) { outcome } }";
    server.data_for(&one, cancel, json!({ "id": runs[0] })).await;
    server.data_for(&one, start, json!({ "db": demo })).await;
    // Resuming into the queue is limited like starting.
    refused("mutation($id: ID!) { resumeRun(input: { id: $id }) { run { status } } }", json!({ "id": runs[0] })).await;
}

/// Creates a data folder whose store has a token, and returns its secret.
async fn folder_with_token(role: &str, arguments: &[&str]) -> (Arc<TempDir>, String) {
    let data = Arc::new(TempDir::with_prefix("gloss-").unwrap());
    let secret = create(data.path(), &[&["token", "create", "ci", "--role", role], arguments].concat(), &[]).await;
    (data, secret)
}

async fn create(data: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let done = gloss(data, arguments, environment).await;
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.contains("shown only once"), "{said}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn other_machines_need_a_token() {
    let elsewhere = [("GLOSS_LISTEN", "0.0.0.0:0")];
    let data = tempfile::tempdir().unwrap();
    says(&refusal(data.path(), &[], &elsewhere).await, &["0.0.0.0:0", "gloss token create NAME --role ADMIN"]);
    let (expired, _) = folder_with_token("ADMIN", &["--expires", "2099-01-01T00:00:00Z"]).await;
    let sql = "UPDATE api_token SET expires_at = 1";
    crate::harness::store::execute(expired.path(), sql);
    says(&refusal(expired.path(), &[], &elsewhere).await, &["gloss token create"]);

    let (data, secret) = folder_with_token("viewer", &[]).await;
    let mut server = Server::start_at(data, &elsewhere).await;
    server.base = server.base.replace("0.0.0.0", "127.0.0.1");
    assert_eq!(server.ask(None, VIEWER, json!({})).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(server.data_for(&secret, VIEWER, json!({})).await["viewer"], json!({ "name": "ci", "role": "VIEWER" }));
    // The lock file holds the address of the server.
    let text = refusal(server.data.path(), &["token", "list"], &[]).await;
    says(&text, &[&server.base, "authentication required", "GLOSS_TOKEN", "--token-file"]);
}

#[tokio::test]
async fn tokens_on_the_command_line() {
    let server = Server::start().await;
    let data = server.data.path();
    let said = async |arguments: &[&str], environment: &[(&str, &str)]| {
        let done = gloss(data, arguments, environment).await;
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    // The server holds the folder, so the command calls the server.
    let root = create(data, &["token", "create", "root", "--role", "ADMIN", "--expires", "90d"], &[]).await;
    assert_eq!(server.data_for(&root, VIEWER, json!({})).await["viewer"]["name"], "root");
    says(&refusal(data, &["token", "list"], &[]).await, &["authentication required", "GLOSS_TOKEN"]);
    let token = [("GLOSS_TOKEN", root.as_str())];
    let made: Value =
        serde_json::from_str(&said(&["token", "create", "reader", "--role", "VIEWER", "--json"], &token).await)
            .unwrap();
    let reader = made["secret"].as_str().unwrap();
    assert_eq!(made["apiToken"]["role"], "VIEWER");
    let text = refusal(data, &["token", "list"], &[("GLOSS_TOKEN", reader)]).await;
    says(&text, &["`apiTokens` requires the role ADMIN", "\"reader\" has VIEWER"]);
    let list = said(&["token", "list"], &token).await;
    assert!(list.starts_with("NAME") && list.contains("reader") && list.contains("ADMIN"), "{list}");
    let list: Value = serde_json::from_str(&said(&["token", "list", "--json"], &token).await).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 2);
    said(&["token", "revoke", "reader", "--server", &server.base], &token).await;
    assert_eq!(server.ask(Some(reader), VIEWER, json!({})).await.0, StatusCode::UNAUTHORIZED);
    says(&refusal(data, &["token", "revoke", "reader"], &token).await, &["reader", "gloss token list"]);
    says(
        &refusal(data, &["token", "list", "--server", "http://127.0.0.1:1"], &[]).await,
        &["127.0.0.1:1", "cannot reach"],
    );
    for wrong in ["soon", "0d", "-1h", "9999999999999d"] {
        let expires = format!("--expires={wrong}");
        says(
            &refusal(data, &["token", "create", "x", "--role", "ADMIN", &expires], &token).await,
            &["--expires", "90d"],
        );
    }
    // Without a server, the command opens the store.
    let data = server.kill().await;
    let done = gloss(data.path(), &["token", "revoke", "root"], &[]).await;
    assert_eq!(String::from_utf8(done.stdout).unwrap(), "The token root has been revoked.\n");
}

/// A proxy connects from this machine's address, but its clients are not local.
#[tokio::test]
async fn a_proxied_caller_is_not_local() {
    let server = Server::start_with(&[("GLOSS_ALLOWED_HOSTS", "gloss.example")]).await;
    let ask = |name: &'static str, value: &str| {
        let request = Client::new().post(format!("{}/graphql", server.base)).header(name, value);
        request.header(header::CONTENT_TYPE, "application/json").body(json!({ "query": VIEWER }).to_string()).send()
    };
    assert_eq!(ask("host", "localhost").await.unwrap().status(), StatusCode::OK);
    for (name, value) in [
        ("host", "gloss.example"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("via", "1.1 proxy"),
        ("x-forwarded-host", "gloss.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-anything", "1"),
        ("x-real-ip", "192.0.2.1"),
        ("x-client-ip", "192.0.2.1"),
        ("x-cluster-client-ip", "192.0.2.1"),
        ("true-client-ip", "192.0.2.1"),
        ("cf-connecting-ip", "192.0.2.1"),
        ("cf-ray", "1"),
        ("fly-client-ip", "192.0.2.1"),
        ("x-envoy-external-address", "192.0.2.1"),
        ("x-original-forwarded-for", "192.0.2.1"),
        ("x-amzn-trace-id", "1"),
        ("x-azure-clientip", "192.0.2.1"),
    ] {
        assert_eq!(ask(name, value).await.unwrap().status(), StatusCode::UNAUTHORIZED, "{name}");
    }
    assert_eq!(ask("host", "evil.example").await.unwrap().status(), StatusCode::FORBIDDEN);
    // A proxy that adds no headers may at least be recognized by its older HTTP version.
    let mut old = tokio::net::TcpStream::connect(server.base.trim_start_matches("http://")).await.unwrap();
    let request = b"GET /graphql?query={viewer{name}} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut old, request).await.unwrap();
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut old, &mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.0 401") || answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn a_token_s_name_has_no_invisible_characters() {
    let server = Server::start().await;
    let create = "mutation($input: CreateApiTokenInput!) { createApiToken(input: $input) { apiToken { name } } }";
    for hidden in [
        "\u{200b}",
        "\u{200d}",
        "\u{202e}",
        "\u{2028}",
        "\u{2029}",
        "\u{2066}",
        "\u{feff}",
        "\u{ad}",
        "\u{61c}",
        "\u{e0041}",
        "\u{7}",
        "\n",
        "\u{85}",
    ] {
        let input = json!({ "name": format!("ro{hidden}ot"), "role": "VIEWER" });
        let error = server.error(create, json!({ "input": input })).await;
        assert_eq!(error["extensions"]["argument"], "input.name", "{hidden:?}: {error}");
    }
    let input = json!({ "name": "Zoë 😀 管理", "role": "ADMIN" });
    server.data(create, json!({ "input": input })).await;
}

/// An idempotency key belongs to its caller: two callers may use the same key without seeing each other's runs.
#[tokio::test]
async fn an_idempotency_key_belongs_to_its_caller() {
    let server = Server::start_with(&[("GLOSS_WORKERS", "0")]).await;
    let demo = server.db_profile("demo").await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (one, _) = server.create_token(Some(&root), "one", "OPERATOR").await;
    let (two, _) = server.create_token(Some(&root), "two", "OPERATOR").await;
    let start = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    let generate = "mutation($input: GenerateInput!) { generate(input: $input) { runs { id } } }";
    let ask = "mutation($input: AskInput!) { ask(input: $input) { run { id } } }";
    let key = "the-same";
    let inputs = [
        (start, json!({ "targets": [{ "dbProfileId": demo }], "idempotencyKey": key }), "startRun"),
        (ask, json!({ "question": "Which tables are there?", "idempotencyKey": format!("{key} 2") }), "ask"),
        (
            generate,
            json!({ "dbProfileId": demo, "schema": "main", "table": "customers", "idempotencyKey": format!("{key} \
                3") }),
            "generate",
        ),
    ];
    for (query, input, field) in inputs {
        let ids = async |token: &str| server.data_for(token, query, json!({ "input": input })).await[field].take();
        let (first, second) = (ids(&one).await, ids(&two).await);
        assert_ne!(first, second, "{field}");
        assert_eq!((ids(&one).await, ids(&two).await), (first, second), "{field}");
    }
    // A CONFLICT does not reveal that another caller has used the key either.
    let other =
        json!({ "targets": [{ "dbProfileId": demo }], "options": { "missingOnly": true }, "idempotencyKey": key });
    server.data_for(&root, start, json!({ "input": other })).await;
    let (_, _, answer) = server.ask(Some(&one), start, json!({ "input": other })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "CONFLICT", "{answer}");
}

/// Fails if the future does not complete soon.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(std::time::Duration::from_secs(20), what).await.expect("it never came")
}

/// Until there is a token, the local user may do everything; the first token ends their open connections.
#[tokio::test]
async fn the_first_token_ends_unauthenticated_subscriptions() {
    let server = Server::start().await;
    let mut live = server.subscribe(NEWS, json!({})).await;
    let stream = Client::new()
        .post(format!("{}/graphql", server.base))
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream")
        .body(news().to_string());
    let stream = stream.send().await.unwrap();
    assert_eq!(stream.status(), StatusCode::OK);
    let stream = tokio::spawn(stream.text());
    // If the token is created over such a connection, its secret is still delivered.
    let create = "mutation { createApiToken(input: { name: \"root\", role: ADMIN }) { secret } }";
    let mut maker = Live::send(&server.base, json!({ "query": create })).await;
    let made = soon(maker.next()).await.unwrap();
    let root = made["data"]["createApiToken"]["secret"].as_str().unwrap().to_owned();
    for open in [&mut live, &mut maker] {
        soon(async { while open.message().await.is_some() {} }).await;
        let (code, reason) = open.closed.clone().unwrap();
        assert_eq!(code, 4403, "{reason}");
    }
    let text = soon(stream).await.unwrap().unwrap();
    assert!(text.contains("UNAUTHENTICATED"), "{text}");
    let (code, reason) = Live::send_as(&server.base, Value::Null, news()).await.err().unwrap();
    assert!(code == 4403 && reason.contains("authentication required"), "{code} {reason}");
    assert_eq!(server.data_for(&root, VIEWER, json!({})).await["viewer"]["name"], "root");
}

#[tokio::test]
async fn each_token_has_its_own_sockets_and_subscriptions() {
    let limits = [("GLOSS_MAX_SOCKETS_PER_CLIENT", "2"), ("GLOSS_MAX_SUBSCRIPTIONS_PER_CLIENT", "1")];
    let server = Server::start_with(&limits).await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (one, _) = server.create_token(Some(&root), "one", "VIEWER").await;
    let (two, _) = server.create_token(Some(&root), "two", "VIEWER").await;
    let open = async |token: &str| Live::send_as(&server.base, init(token), news()).await;
    let mut first = open(&one).await.unwrap();
    let mut second = open(&one).await.unwrap();
    let refused = soon(second.message()).await.unwrap();
    assert_eq!((&refused["type"], code(&json!({ "errors": refused["payload"] }))), (&json!("error"), "LIMIT_EXCEEDED"));
    let (code, reason) = open(&one).await.err().unwrap();
    assert!(code == 4429 && reason.contains("2 WebSockets"), "{code} {reason}");
    // Another token from the same address has its own limit.
    let mut other = open(&two).await.unwrap();
    let reserve = |token: &str| Client::new().put(format!("{}/graphql", server.base)).bearer_auth(token).send();
    assert_eq!(reserve(&two).await.unwrap().status(), StatusCode::CREATED);
    let refused = reserve(&two).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let demo = server.data_for(&root, "{ dbProfiles { id } }", json!({})).await["dbProfiles"][0]["id"].take();
    let start = "mutation($db: ID!) { startRun(input: { targets: [{ dbProfileId: $db }] }) { runs { id } } }";
    server.data_for(&root, start, json!({ "db": demo })).await;
    for open in [&mut first, &mut other] {
        assert_eq!(soon(open.next()).await.unwrap()["data"]["runsChanged"]["kind"], "CREATED");
    }
    // After a connection is closed, another one may be opened.
    drop((first, second));
    soon(async { while open(&one).await.is_err() {} }).await;
}

#[tokio::test]
async fn an_expensive_query_delays_only_its_caller_and_times_out() {
    // A database that accepts the connection but stays silent. With a store in PostgreSQL, the profile is checked
    // first.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://ann@{}/shop", silent.local_addr().unwrap());
    let server = Server::start().await;
    let profile = server.create_db_profile("silent", &url).await;
    let server = Server::start_at(server.kill().await, &[("GLOSS_REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let (root, _) = server.create_token(None, "root", "ADMIN").await;
    let (two, _) = server.create_token(Some(&root), "two", "VIEWER").await;
    let query = "query($id: ID!) { dbProfile(id: $id) { databases { name } } }";
    let slow = server.ask(Some(&root), query, json!({ "id": profile }));
    let quick = async {
        for _ in 0..20 {
            assert_eq!(server.data_for(&two, VIEWER, json!({})).await["viewer"]["name"], "two");
        }
    };
    let ((status, _, answer), ()) = tokio::join!(slow, quick);
    assert_eq!((status, code(&answer)), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"), "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("after 1 s"), "{answer}");
    let mutation = "mutation($id: ID!) { testDbProfile(input: { id: $id }) { ok } }";
    let (status, _, answer) = server.ask(Some(&root), mutation, json!({ "id": profile })).await;
    assert_eq!((status, code(&answer)), (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"), "{answer}");
    assert!(answer["errors"][0]["message"].as_str().unwrap().contains("still running"), "{answer}");
}

/// If only trusted documents may run, those of the command line may run, too.
#[tokio::test]
async fn the_command_line_creates_tokens_despite_trusted_documents() {
    let documents = tempfile::tempdir().unwrap();
    std::fs::write(documents.path().join("viewer.graphql"), VIEWER).unwrap();
    let server = Server::start_with(&[("GLOSS_TRUSTED_DOCUMENTS", documents.path().to_str().unwrap())]).await;
    let data = server.data.path();
    let root = create(data, &["token", "create", "root", "--role", "ADMIN"], &[]).await;
    let token = [("GLOSS_TOKEN", root.as_str())];
    create(data, &["token", "create", "ci", "--role", "VIEWER"], &token).await;
    for arguments in [&["token", "list"][..], &["token", "revoke", "ci"]] {
        let done = gloss(data, arguments, &token).await;
        let said = [done.stdout, done.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(done.status.success() && said.contains("ci"), "{said}");
    }
    assert_eq!(server.data_for(&root, VIEWER, json!({})).await["viewer"]["name"], "root");
    assert_eq!(server.ask(Some(&root), "{ __typename }", json!({})).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn connections_per_address_are_limited() {
    let server = Server::start_with(&[("GLOSS_MAX_CONNECTIONS_PER_CLIENT", "3")]).await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let connect = async || {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let _closed = tokio::io::AsyncWriteExt::write_all(&mut stream, request).await;
        let mut answer = [0; 12];
        let read = tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer).await;
        read.is_ok_and(|_| answer.ends_with(b"200")).then_some(stream)
    };
    let held = [connect().await.unwrap(), connect().await.unwrap(), connect().await.unwrap()];
    assert!(connect().await.is_none());
    drop(held);
    soon(async { while connect().await.is_none() {} }).await;
}

#[tokio::test]
async fn pages_of_allowed_origins_may_call_the_api() {
    let server = Server::start_with(&[("GLOSS_ALLOWED_ORIGINS", "https://studio.example,http://localhost:5173")]).await;
    let url = format!("{}/graphql", server.base);
    let preflight = |origin: &'static str| {
        let request = Client::new().request(reqwest::Method::OPTIONS, &url).header(header::ORIGIN, origin);
        request
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type")
            .send()
    };
    server.create_token(None, "root", "ADMIN").await;
    for origin in ["https://studio.example", "http://localhost:5173"] {
        let answer = preflight(origin).await.unwrap();
        assert!(answer.status().is_success());
        let header = |name| answer.headers()[name].to_str().unwrap().to_ascii_lowercase();
        assert_eq!(header(header::ACCESS_CONTROL_ALLOW_ORIGIN), origin);
        assert!(header(header::ACCESS_CONTROL_ALLOW_HEADERS).contains("authorization"));
        assert!(header(header::ACCESS_CONTROL_ALLOW_METHODS).contains("post"));
        assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
        // A page of an allowed origin can also read the error for a missing token.
        let refused = Client::new().get(format!("{url}?query={{__typename}}")).header(header::ORIGIN, origin);
        let refused = refused.send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(refused.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], origin);
    }
    for origin in ["https://evil.example", "http://studio.example", "null"] {
        let answer = preflight(origin).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin}");
        assert!(answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none());
    }
    let data = tempfile::tempdir().unwrap();
    for (flag, wrong) in
        [("--allowed-origins", "*"), ("--allowed-origins", "studio.example"), ("--allowed-hosts", "a b")]
    {
        says(&refusal(data.path(), &[flag, wrong], &[]).await, &[wrong, "allowed"]);
    }
}
