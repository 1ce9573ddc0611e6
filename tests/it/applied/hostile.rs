//! Hostile owners of databases: no code in a target runs with Gloss's login, which has every right there.
//!
//! A trap writes a file through the database server when that login triggers it. Files do not depend on a commit and
//! can be written even in read-only transactions.

mod mariadb;
mod postgres;

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use gloss::{
    domain::catalog::{TableDetail, TableStatistics},
    port::target::{SampleLimits, Target},
};
use serde_json::json;
use tempfile::TempDir;

use super::{APPLY, ROLLBACK, count, review, write};
use crate::{harness::Server, targets};

/// The folder in which each triggered trap creates a file.
struct Traps(TempDir);

impl Traps {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The database server, which runs as another user, writes there.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        Self(folder)
    }

    fn folder(&self) -> String {
        self.0.path().display().to_string()
    }

    /// Returns the names of the triggered traps.
    fn sprung(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Opens the target behind a URL; `sample_views` is the profile's setting.
fn open(url: &str, sample_views: bool) -> Arc<dyn Target> {
    if sample_views { targets::open_with_views(url) } else { targets::open(url, None).unwrap() }
}

async fn detail(target: &dyn Target, schema: &str, table: &str) -> TableDetail {
    target.details(None, schema, &[table.to_owned()]).await.unwrap().remove(0)
}

async fn statistics(target: &dyn Target, table: &TableDetail) -> TableStatistics {
    target.statistics(table, SampleLimits::default()).await.unwrap()
}

/// Does everything that Gloss does with a database, through the API: catalog, statistics, plan, apply, roll-back.
/// Returns the messages of the run's warnings.
async fn everything(url: &str, schema: &str, tables: usize) -> Vec<String> {
    let server = Server::start().await;
    let profile = server.create_db_profile("target", url).await;
    let query = "query ($id: ID!) { node(id: $id) { ... on DbProfile { sampleViews canWriteComments databases { comment
        schemas { name comment tables(first: 50) { nodes { name comment rowEstimate columns { name comment references \
        } }
        } } } } } }";
    let seen = server.data(query, json!({ "id": profile })).await;
    assert_eq!(seen["node"]["sampleViews"], false);
    let test = "mutation ($input: TestDbProfileInput!) { testDbProfile(input: $input) { ok message } }";
    let tested = server.data(test, json!({ "input": { "id": profile } })).await;
    assert_eq!(tested["testDbProfile"]["ok"], true, "{tested}");

    let targets = json!([{ "dbProfileId": profile, "schemas": [{ "name": schema }] }]);
    let run = server.start_run(json!({ "targets": targets, "options": { "profileData": true } })).await;
    let events = server.events(&run, 0).await;
    let now = server.run(&run).await;
    assert_eq!((&now["status"], &now["progress"]["failed"]), (&json!("READY_FOR_REVIEW"), &json!(0)), "{now}");
    assert!(now["progress"]["done"].as_u64().unwrap() > tables as u64, "{now}");
    let all = json!({ "runId": run, "decision": "ACCEPT" });
    assert!(review(&server, all).await > 0);
    let plan = "query ($id: ID!) { applyPlan(runId: $id, first: 200) { nodes { statement } } }";
    let planned = server.answer(plan, json!({ "id": run })).await;
    assert!(planned["errors"].is_null(), "{planned}");
    let written = write(&server, APPLY, &run).await;
    assert!(count(&written, "APPLIED") > tables, "{written:?}");
    let back = write(&server, ROLLBACK, &run).await;
    assert_eq!(count(&back, "APPLIED"), count(&written, "APPLIED"), "{back:?}");
    let warnings = events.iter().filter(|event| event["type"] == "WARNING");
    warnings.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_profile_says_whether_views_are_sampled() {
    let server = Server::start().await;
    let query =
        "mutation ($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id sampleViews } } }";
    let mut made = Vec::new();
    for (name, sample_views) in [("silent", json!(null)), ("asks", json!(true))] {
        let input = json!({ "name": name, "url": "sqlite:///a.db", "sampleViews": sample_views });
        let mut profile = server.data(query, json!({ "input": input })).await["createDbProfile"]["dbProfile"].take();
        assert_eq!(profile["sampleViews"], name == "asks");
        made.push(profile["id"].take());
    }
    let query =
        "mutation ($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { sampleViews } } }";
    let changes = [(json!({}), true), (json!({ "sampleViews": false }), false), (json!({ "name": "new" }), false)];
    for (mut change, expected) in changes {
        change["id"] = made[1].clone();
        let changed = server.data(query, json!({ "input": change })).await;
        assert_eq!(changed["updateDbProfile"]["dbProfile"]["sampleViews"], expected, "{change}");
    }
    let error = server.error(query, json!({ "input": { "id": made[1], "sampleViews": null } })).await;
    assert_eq!(
        (&error["extensions"]["code"], &error["extensions"]["argument"]),
        (&json!("BAD_USER_INPUT"), &json!("input.sampleViews"))
    );
}
