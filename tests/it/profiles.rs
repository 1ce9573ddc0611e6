//! The parts of a profile's URL, and that nothing else decides where a connection goes.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{cli::says, harness::Server, services};

const CREATE: &str = "mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id \
    displayUrl pinnedDatabase } } }";
const TEST: &str = "mutation($id: ID!) { testDbProfile(input: { id: $id }) { ok message } }";

async fn create(server: &Server, name: &str, url: &str) -> Value {
    server.data(CREATE, json!({ "input": { "name": name, "url": url } })).await["createDbProfile"]["dbProfile"].take()
}

#[tokio::test]
async fn parameters_that_change_what_a_statement_means_are_refused_by_name() {
    let server = Server::start().await;
    for (url, parameter) in [
        ("mysql://ann:pw@127.0.0.1:1/shop?charset=gbk", "charset"),
        ("mariadb://ann:pw@127.0.0.1:1/shop?ssl-mode=DISABLED&collation=sjis_japanese_ci", "collation"),
        ("mysql://ann:pw@127.0.0.1:1/shop?timezone=%27", "timezone"),
        ("postgres://ann:pw@127.0.0.1:1/shop?options=-c%20search_path%3Devil", "options"),
        ("postgres://ann:pw@127.0.0.1:1/shop?statement-cache-capacity=0", "statement-cache-capacity"),
        ("sqlite:///tmp/shop.db?vfs=evil", "vfs"),
    ] {
        let error = server.error(CREATE, json!({ "input": { "name": "shop", "url": url } })).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "input.url" }), "{url}");
        says(error["message"].as_str().unwrap(), &[parameter, "remove it"]);
    }
    let profile = create(
        &server,
        "shop",
        "postgres://ann:pw@127.0.0.1:1/shop?sslmode=prefer&sslkey=/secret/key&application_name=mine",
    )
    .await;
    assert_eq!(profile["displayUrl"], "postgres://ann@127.0.0.1:1/shop?sslmode=prefer");
    assert_eq!(profile["pinnedDatabase"], "shop");
}

#[tokio::test]
async fn variables_are_read_by_an_allow_list() {
    let environment = [
        ("GLOSS_ENV_NAMES", "SHOP_*,GLOSS_PROFILE_*"),
        ("SHOP_PASSWORD", "pw"),
        ("AWS_SECRET_ACCESS_KEY", "marker-of-the-key"),
    ];
    let server = Server::start_with(&environment).await;
    for name in ["AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "GLOSS_SECRET_KEY"] {
        let url = format!("postgres://ann:env:{name}@127.0.0.1:1/shop");
        let error = server.error(CREATE, json!({ "input": { "name": "shop", "url": url } })).await;
        assert_eq!(error["extensions"]["argument"], "input.url", "{name}");
        let text = error["message"].as_str().unwrap();
        assert!(text.contains("--env-names") || text.contains("GLOSS_PROFILE_"), "{text}");
        let llm = "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }";
        let input = json!({ "name": name, "provider": "OPENAI_COMPATIBLE", "model": "m",
            "baseUrl": "http://127.0.0.1:1/v1", "apiKey": format!("env:{name}") });
        let error = server.error(llm, json!({ "input": input })).await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{name}");
    }
    let profile = create(&server, "shop", "postgres://ann:env:SHOP_PASSWORD@127.0.0.1:1/shop").await;
    let tested = server.data(TEST, json!({ "id": profile["id"] })).await["testDbProfile"].take();
    says(tested["message"].as_str().unwrap(), &["127.0.0.1:1", "connection refused"]);
    let profile = create(&server, "unset", "postgres://ann:env:SHOP_OTHER@127.0.0.1:1/shop").await;
    let tested = server.data(TEST, json!({ "id": profile["id"] })).await["testDbProfile"].take();
    says(tested["message"].as_str().unwrap(), &["SHOP_OTHER", "not set"]);
}

/// Answers a PostgreSQL client as far as its password, and keeps all that it sends.
async fn ask_for_password(mut stream: TcpStream, heard: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    // The TLS request (which PGSSLMODE could have suppressed), the login, the password.
    for answer in [&b"N"[..], b"R\0\0\0\x08\0\0\0\x03", b""] {
        let Ok(read) = stream.read(&mut bytes).await else { return };
        heard.lock().unwrap().extend_from_slice(&bytes[..read]);
        if stream.write_all(answer).await.is_err() {
            return;
        }
    }
}

/// A server that requests a plain-text password receives only the one in the URL.
#[tokio::test]
async fn a_connection_takes_what_its_url_says_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = tempfile::tempdir().unwrap();
    let passwords = home.path().join(".pgpass");
    std::fs::write(&passwords, "*:*:*:*:marker-of-the-file\n").unwrap();
    std::fs::set_permissions(&passwords, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let environment = [
        ("PGPASSWORD", "marker-of-the-variable"),
        ("PGPASSFILE", passwords.to_str().unwrap()),
        ("HOME", home.path().to_str().unwrap()),
        ("PGUSER", "marker-user"),
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", "1"),
        ("PGDATABASE", "marker-database"),
        ("PGOPTIONS", "-c search_path=marker"),
        ("PGAPPNAME", "marker-application"),
        ("PGSSLMODE", "disable"),
        ("PGSSLROOTCERT", "/marker/root"),
        ("PGSSLCERT", "/marker/certificate"),
        ("PGSSLKEY", "/marker/key"),
        ("MYSQL_PWD", "marker-of-mysql"),
    ];
    let server = Server::start_with(&environment).await;
    // Over a store in PostgreSQL, Gloss connects before it creates the profile too, to compare the two databases.
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hearing = tokio::spawn({
        let heard = Arc::clone(&heard);
        async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(ask_for_password(stream, Arc::clone(&heard)));
            }
        }
    });
    let profile = create(&server, "listener", &format!("postgres://ann@127.0.0.1:{port}/shop")).await;
    drop(server.answer(TEST, json!({ "id": profile["id"] })).await);
    hearing.abort();
    let heard = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    assert!(!heard.contains("marker"), "{heard:?}");
    // The last is the message with the password, which is empty.
    for said in ["user\0ann\0", "database\0shop\0", "application_name\0gloss\0", "p\0\0\0\x05\0"] {
        assert!(heard.contains(said), "{said:?} in {heard:?}");
    }
    // A real server is also reached exactly as the URL says.
    if let Some(service) = services::postgres().await {
        let profile = create(&server, "real", &service.url).await;
        let tested = server.data(TEST, json!({ "id": profile["id"] })).await["testDbProfile"].take();
        assert_eq!(tested["ok"], true, "{tested}");
    }
    for url in ["postgres://127.0.0.1/shop", "mysql://127.0.0.1/shop"] {
        let error = server.error(CREATE, json!({ "input": { "name": "nobody", "url": url } })).await;
        says(error["message"].as_str().unwrap(), &["has no user"]);
    }
}
