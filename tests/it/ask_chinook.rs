//! Ten questions that a new colleague asks about Chinook, answered without a model and, if one is available, by a
//! real model.

use serde_json::{Value, json};

use crate::{
    ask::{Answered, asked},
    harness::{LocalModel, Server},
    services,
};

/// Questions, each with the expected citation.
const QUESTIONS: &[(&str, &str)] = &[
    ("Where are customers' email addresses kept?", "main.Customer.Email"),
    ("How do customers join to tracks?", "main.InvoiceLine.TrackId"),
    ("Which columns does Invoice have?", "main.Invoice.BillingCity"),
    ("What does a track cost?", "main.Track.UnitPrice"),
    ("Who looks after a customer?", "main.Customer"),
    ("Where is the birthday of an employee?", "main.Employee.BirthDate"),
    ("Which table holds playlists?", "main.Playlist"),
    ("How long is a song?", "main.Track"),
    ("Is there anything about suppliers?", ""),
    ("What is the total of a bill?", "main.Invoice.Total"),
];

async fn chinook() -> Option<(Server, tempfile::TempDir, String)> {
    let script = std::fs::read_to_string(services::shared("chinook/sqlite.sql")?).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chinook.db");
    services::load_sqlite(&file, &script).await;
    let server = Server::start().await;
    let profile = server.create_db_profile("chinook", &format!("sqlite://{}", file.display())).await;
    Some((server, folder, profile))
}

#[tokio::test]
async fn ten_questions_are_answered_without_a_model() {
    let Some((server, _folder, profile)) = chinook().await else { return };
    for (question, cited) in QUESTIONS {
        let Answered { answer, citations, .. } =
            asked(&server, json!({ "question": question, "dbProfileIds": [profile] })).await;
        if cited.is_empty() {
            assert!(answer.starts_with("Nothing in the catalog matches"), "{question}\n{answer}");
            assert!(citations.is_empty(), "{question}: {citations:?}");
        } else {
            assert!(citations.iter().any(|path| path == cited), "{question}\n{answer}\n{citations:?}");
        }
        for path in &citations {
            let (table, column) = (path.split('.').nth(1).unwrap(), path.split('.').nth(2));
            let known = "query($id: ID!, $table: String!) { dbProfile(id: $id) { databases { schemas { tables(name: \
                $table) { nodes { columns { name } } } } } } }";
            let data = server.data(known, json!({ "id": profile, "table": table })).await;
            let columns =
                data["dbProfile"]["databases"][0]["schemas"][0]["tables"]["nodes"][0]["columns"].as_array().unwrap();
            assert!(
                column.is_none_or(|column| columns.iter().any(|one| one["name"] == column)),
                "{path} does not exist"
            );
        }
    }
}

#[tokio::test]
async fn a_real_model_is_asked() {
    let Some(local) = LocalModel::start() else { return };
    let Some((server, _folder, profile)) = chinook().await else { return };
    let llm = json!({
        "name": "local", "provider": "OPENAI_COMPATIBLE", "model": "smollm2-135m-instruct", "baseUrl": local.base_url,
        "concurrency": 1,
    });
    let llm = server.create_llm_profile(llm).await;
    for (question, _) in &QUESTIONS[..2] {
        let done =
            asked(&server, json!({ "question": question, "dbProfileIds": [profile], "llmProfileId": llm })).await;
        eprintln!("{question}\n{}\ncites {:?}\nused {:#?}\n", done.answer, done.citations, done.whole["usage"]);
        assert_eq!(done.whole["status"], "SUCCESS", "{:#}", done.whole);
        assert!(!done.answer.trim().is_empty());
        assert_ne!(done.whole["usage"]["totalTokens"], Value::from(0));
    }
}
