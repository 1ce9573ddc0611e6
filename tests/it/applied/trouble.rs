//! Targets that refuse, change or become unreachable: each comment has a clear outcome, and the others are still
//! written.

use serde_json::{Value, json};

use super::{
    APPLY, Database, REVIEW, ROLLBACK, audit, count, order, outcomes, review, suggestions, with_status, write,
};
use crate::{
    harness::{Proxy, Server},
    services,
};

const TABLES: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(80));";
const ASSETS: usize = 9;

async fn accepted(server: &Server, database: &Database) -> String {
    let run = database.start_run(server, json!({})).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!(last["status"], "READY_FOR_REVIEW", "{last}");
    review(server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    run
}

fn failed<'a>(outcome: &'a Value, code: &str) -> &'a str {
    assert_eq!((&outcome["status"], &outcome["error"]["code"]), (&json!("FAILED"), &json!(code)), "{outcome}");
    assert!(outcome["error"]["hint"].is_string(), "{outcome}");
    outcome["error"]["message"].as_str().unwrap()
}

async fn dropped_and_renamed(database: &Database) {
    let server = Server::start().await;
    let run = accepted(&server, database).await;
    database
        .execute(
            "DROP TABLE notes; ALTER TABLE orders RENAME TO purchases; ALTER TABLE users RENAME COLUMN email TO mail;",
        )
        .await;
    let events = write(&server, APPLY, &run).await;
    assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
    let done = outcomes(&server, &run).await;
    assert_eq!((with_status(&done, "APPLIED"), with_status(&done, "FAILED")), (2, 7));
    for place in ["notes", "notes.id", "notes.body", "orders", "orders.id", "orders.total", "users.email"] {
        let message = failed(&done[place], "BAD_USER_INPUT");
        assert!(message.contains(place) && message.contains("no longer exists"), "{message}");
    }
    // A written comment is restored if its asset still exists, and reported otherwise.
    database.execute("DROP TABLE users;").await;
    write(&server, ROLLBACK, &run).await;
    let done = outcomes(&server, &run).await;
    assert_eq!(done.len(), 2);
    for outcome in done.values() {
        failed(outcome, "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn objects_missing_from_sqlite_are_reported() {
    dropped_and_renamed(&Database::sqlite(TABLES).await).await;
}

#[tokio::test]
async fn objects_missing_from_postgres_are_reported() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    dropped_and_renamed(&database).await;
}

#[tokio::test]
async fn objects_missing_from_mariadb_are_reported() {
    let Some(database) = Database::mariadb(TABLES).await else { return };
    dropped_and_renamed(&database).await;
}

#[tokio::test]
async fn tables_of_another_owner_are_reported_and_the_rest_is_written() {
    let Some(database) = Database::postgres(TABLES).await else { return };
    let Database::Postgres { service, name, .. } = &database else { unreachable!("it was just made") };
    database
        .execute(
            "CREATE ROLE writer LOGIN PASSWORD 'pass-marker'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO writer;
            CREATE VIEW buyers AS SELECT id FROM users; GRANT SELECT ON buyers TO writer;
            ALTER TABLE orders OWNER TO writer;",
        )
        .await;
    let server = Server::start().await;
    let profile = server.create_db_profile("target", &service.url_for("writer:pass-marker", name)).await;
    let run =
        server.start_run(json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": "public" }] }] })).await;
    server.events(&run, 0).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    write(&server, APPLY, &run).await;
    let done = outcomes(&server, &run).await;
    assert_eq!((with_status(&done, "APPLIED"), with_status(&done, "FAILED")), (3, ASSETS - 3 + 2), "{done:#?}");
    for place in ["users", "notes.body", "buyers", "buyers.id"] {
        let message = failed(&done[place], "BAD_USER_INPUT");
        assert!(message.contains("must be owner") && !message.contains("pass-marker"), "{message}");
    }
    assert_eq!(database.comments().await.len(), 3);
}

#[tokio::test]
async fn a_read_only_file_is_reported() {
    let database = Database::sqlite(TABLES).await;
    let Database::Sqlite { file, .. } = &database else { unreachable!("it was just made") };
    // A write version that SQLite does not know makes a file read-only, even for the superuser.
    let mut bytes = std::fs::read(file).unwrap();
    bytes[18] = 9;
    let locked = file.with_extension("locked");
    std::fs::write(&locked, &bytes).unwrap();
    let server = Server::start().await;
    for (url, reason) in [
        (format!("{}?mode=ro", database.url()), "remove mode=ro"),
        (format!("sqlite://{}", locked.display()), "write access to the file"),
    ] {
        let profile = server.create_db_profile(reason, &url).await;
        let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
        server.events(&run, 0).await;
        review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
        let events = write(&server, APPLY, &run).await;
        assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
        let done = outcomes(&server, &run).await;
        assert_eq!(with_status(&done, "FAILED"), ASSETS, "{done:#?}");
        for outcome in done.values() {
            let message = failed(outcome, "BAD_USER_INPUT");
            assert!(message.contains(reason), "{message}");
        }
        assert_eq!(audit(&server, &run).await.len(), 0);
    }
    assert!(database.comments().await.is_empty());
    assert_eq!(std::fs::read(locked).unwrap(), bytes);
}

#[tokio::test]
async fn texts_of_every_shape_are_stored_or_refused_with_a_reason() {
    let shapes = [
        ("users", "x".repeat(10_000)),
        ("users.id", "one\ntwo\r\nthree\rfour\tfive".to_owned()),
        ("users.email", "\u{202e}right to left\u{202c} \u{200f}עברית العربية\u{200e}".to_owned()),
        ("orders", "🙂 👩‍👩‍👧 𝔊".to_owned()),
        ("orders.id", "'; DROP TABLE users; -- \\'; $$ \"`\\".to_owned()),
        ("orders.total", " \u{1}\u{7f}\u{feff} kept ".to_owned()),
    ];
    let databases =
        [Some(Database::sqlite(TABLES).await), Database::postgres(TABLES).await, Database::mariadb(TABLES).await];
    for database in databases.into_iter().flatten() {
        let server = Server::start().await;
        let run = accepted(&server, &database).await;
        let suggested = suggestions(&server, &run).await;
        for (place, text) in &shapes {
            let id = &suggested.iter().find(|one| one.place == *place).unwrap().id;
            review(&server, json!({ "ids": [id], "decision": "ACCEPT", "text": text })).await;
        }
        for text in ["x".repeat(100_000), "a\0b".to_owned()] {
            let refused = json!({ "input": { "ids": [suggested[0].id], "decision": "ACCEPT", "text": text } });
            assert_eq!(server.error(REVIEW, refused).await["extensions"]["argument"], "input.text");
        }
        write(&server, APPLY, &run).await;
        let (done, comments) = (outcomes(&server, &run).await, database.comments().await);
        for (place, text) in &shapes {
            let outcome = &done[*place];
            let over = matches!(database, Database::MariaDb { .. }) && matches!(*place, "users" | "orders");
            if over {
                let message = failed(outcome, "BAD_USER_INPUT");
                assert!(message.contains("shorten it by 7952") || message.contains("U+1F642"), "{message}");
            } else {
                assert_eq!((&outcome["status"], comments.get(*place)), (&json!("APPLIED"), Some(text)), "{outcome}");
            }
        }
        assert_eq!(comments.len(), with_status(&done, "APPLIED"));
    }
}

#[tokio::test]
async fn an_apply_continues_when_its_database_is_back() {
    let Some(service) = services::postgres().await else { return };
    let columns: Vec<String> = (1..=60).map(|n| format!("c{n} int")).collect();
    let columns = columns.join(", ");
    let Some(database) = Database::postgres(&format!("CREATE TABLE a ({columns}); CREATE TABLE b ({columns});")).await
    else {
        return;
    };
    let mut door = Proxy::before(service.port).await;
    let server = Server::start_with(&[("GLOSS_TARGET_PATIENCE_SECONDS", "60")]).await;
    let url = database.url().replace(&service.port.to_string(), &door.port.to_string());
    let profile = server.create_db_profile("target", &url).await;
    let run =
        server.start_run(json!({ "targets": [{ "dbProfileId": profile, "schemas": [{ "name": "public" }] }] })).await;
    server.events(&run, 0).await;
    review(&server, json!({ "runId": run, "decision": "ACCEPT" })).await;
    let (total, after) = order(&server, APPLY, json!({ "runId": run })).await;
    let mut live = server.watch(&run, after).await;
    let mut events = Vec::new();
    let mut cut = false;
    while let Some(event) = live.next().await {
        events.push(event);
        if !cut && count(&events, "APPLIED") == 5 {
            cut = true;
            door.close().await;
        }
        if count(&events, "WARNING") == 1 && events.last().unwrap()["type"] == "WARNING" {
            door.open().await;
        }
    }
    assert!(count(&events, "WARNING") > 0);
    assert_eq!((count(&events, "APPLIED"), &events.last().unwrap()["status"]), (total, &json!("SUCCESS")));
    let writes = audit(&server, &run).await;
    assert_eq!((writes.len(), database.comments().await.len()), (122, 122));
}

/// One review call may cover all suggestions of a large database.
#[tokio::test]
async fn one_call_reviews_ten_thousand_suggestions() {
    let (server, database) = (Server::start().await, Database::sqlite(&super::tables(100, 99)).await);
    let run = database.start_run(&server, json!({ "options": { "profileData": false, "alternatives": 1 } })).await;
    let began = std::time::Instant::now();
    server.events(&run, 0).await;
    eprintln!("10,000 described in {} ms", began.elapsed().as_millis());
    for (decision, filter) in
        [("ACCEPT", json!({ "states": ["UNREVIEWED"] })), ("SKIP", json!({})), ("RESTORE", json!({}))]
    {
        let began = std::time::Instant::now();
        let input = json!({ "runId": run, "filter": filter, "decision": decision });
        assert_eq!(review(&server, input).await, 10_000);
        eprintln!("10,000 decided on ({decision}) in {} ms", began.elapsed().as_millis());
    }
}
