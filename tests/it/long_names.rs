//! Names of 2,000 characters (8 kB), longer than an index entry of PostgreSQL allows: described, searched, reviewed,
//! applied, compared and scheduled, over a store of either kind.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    ask,
    harness::{Server, SqliteTarget},
    schedules, search, services,
};

const CHARACTERS: usize = 2_000;
/// Number of tables and columns in the target.
const ASSETS: usize = 8;

const LIST: &str = "query ($id: ID!, $filter: SuggestionFilter, $order: SuggestionOrder, $after: String) {
    run(id: $id) { suggestions(first: 3, after: $after, filter: $filter, orderBy: $order) {
        totalCount pageInfo { hasNextPage endCursor } nodes { id asset { display } } } } }";
const ACCEPT: &str = "mutation ($id: ID!) { reviewSuggestions(input: { runId: $id, decision: ACCEPT }) { changed } }";
const COMPARE: &str =
    "query ($ids: [ID!]!, $after: String) { compareRuns(ids: $ids) { assets(first: 3, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { agreement asset { display } } } } }";

/// Returns a name of four-byte characters that does not compress.
fn name(seed: u32) -> String {
    let mut state = seed;
    let letters = (0..CHARACTERS).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from_u32(0x1_2000 + (state >> 8) % 900).unwrap()
    });
    letters.collect()
}

/// Returns the display names in a connection, page by page.
async fn listed(server: &Server, query: &str, variables: Value, path: &str) -> Vec<String> {
    let (mut names, mut variables) = (Vec::new(), variables);
    loop {
        let data = server.data(query, variables.clone()).await;
        let page = data.pointer(path).unwrap();
        let nodes = page["nodes"].as_array().unwrap();
        names.extend(nodes.iter().map(|node| node["asset"]["display"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], names.len());
            return names;
        }
        variables["after"] = page["pageInfo"]["endCursor"].clone();
    }
}

async fn described(server: &Server, profile: &str) -> String {
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    let last = server.events(&run, 0).await.pop().unwrap();
    assert_eq!((&last["status"], &last["progress"]["failed"]), (&json!("READY_FOR_REVIEW"), &json!(0)), "{last}");
    run
}

/// Starts an apply or a roll-back and waits for its end.
async fn written(server: &Server, verb: &str, run: &str, status: &str) {
    let after = server.run(run).await["lastSequence"].as_i64().unwrap();
    let mutation = format!("mutation ($id: ID!) {{ {verb}(input: {{ runId: $id }}) {{ total }} }}");
    assert_eq!(server.data(&mutation, json!({ "id": run })).await[verb]["total"], ASSETS);
    assert_eq!(server.events(run, after).await.pop().unwrap()["status"], status);
}

async fn are_served(server: Server) {
    let (people, cities) = (name(1), name(2));
    // Two columns whose names differ only in the last character.
    let (one, other) = (format!("{}a", name(3)), format!("{}b", name(3)));
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE \"{cities}\" (id INTEGER PRIMARY KEY, \"{one}\" TEXT, \"{other}\" TEXT);
         CREATE TABLE \"{people}\" (id INTEGER PRIMARY KEY, email TEXT,
            city INTEGER REFERENCES \"{cities}\" (id));"
    ));
    let profile = server.create_db_profile("long", &target.url()).await;
    let run = described(&server, &profile).await;
    assert_eq!(search::found(&server, "email", &profile).await, [format!("main.{people}.email")]);
    search::found(&server, &people.chars().take(500).collect::<String>(), &profile).await;

    let variables = |order: &str| json!({ "id": run, "order": { "field": "NAME", "direction": order } });
    let up = listed(&server, LIST, variables("ASC"), "/run/suggestions").await;
    let mut down = listed(&server, LIST, variables("DESC"), "/run/suggestions").await;
    down.reverse();
    assert_eq!((up.len(), up.iter().collect::<BTreeSet<_>>().len(), &up), (ASSETS, ASSETS, &down));
    let held = people.chars().skip(1_500).take(400).collect::<String>();
    let filter = json!({ "id": run, "filter": { "name": held, "table": people } });
    assert_eq!(listed(&server, LIST, filter, "/run/suggestions").await.len(), 4);

    assert_eq!(server.data(ACCEPT, json!({ "id": run })).await["reviewSuggestions"]["changed"], ASSETS);
    let hit = "query ($profile: [ID!]) { searchAssets(text: \"email\", dbProfileIds: $profile) {
        nodes { description comment } } }";
    let hit = async || server.data(hit, json!({ "profile": [profile] })).await["searchAssets"]["nodes"][0].take();
    assert!(hit().await["description"].is_string());
    written(&server, "applyRun", &run, "SUCCESS").await;
    let found = hit().await;
    assert_eq!(found["comment"], found["description"]);
    written(&server, "rollbackRun", &run, "READY_FOR_REVIEW").await;
    assert!(hit().await["comment"].is_null());
    written(&server, "applyRun", &run, "SUCCESS").await;

    let second = described(&server, &profile).await;
    let runs = json!({ "ids": [run, second] });
    let compared = listed(&server, COMPARE, runs.clone(), "/compareRuns/assets").await;
    assert_eq!(compared.iter().collect::<BTreeSet<_>>(), up.iter().collect());
    let grid = server.data(COMPARE, runs).await;
    assert!(grid["compareRuns"]["assets"]["nodes"].as_array().unwrap().iter().all(|node| node["agreement"] == "SAME"));

    let asked = ask::asked(&server, json!({ "question": "Where is the email?", "dbProfileIds": [profile] })).await;
    assert_eq!(asked.whole["status"], "SUCCESS", "{}", asked.whole);

    // A schedule recognizes the assets that it has described.
    let target_input = json!({ "dbProfileId": profile });
    let watch = json!({ "name": "watch", "cron": "0 3 1 1 *", "onChange": true, "target": target_input });
    let watch = schedules::create(&server, watch).await;
    assert_eq!(schedules::run_now(&server, &watch).await.unwrap()["progress"]["done"], ASSETS);
    assert!(schedules::run_now(&server, &watch).await.is_none());
    target.execute(&format!("ALTER TABLE \"{people}\" ADD COLUMN phone TEXT"));
    assert_eq!(schedules::run_now(&server, &watch).await.unwrap()["progress"]["done"], 1);

    // A dropped table is no longer found.
    assert_eq!(search::found(&server, "phone", &profile).await, [format!("main.{people}.phone")]);
    target.execute(&format!("DROP TABLE \"{people}\""));
    described(&server, &profile).await;
    assert_eq!(search::found(&server, "email", &profile).await, [""; 0]);
}

#[tokio::test]
async fn are_served_from_a_store_in_sqlite() {
    are_served(Server::start().await).await;
}

#[tokio::test]
async fn are_served_from_a_store_in_postgres() {
    let Some(service) = services::stores().await else { return };
    let (url, _) = service.fresh_database().await;
    are_served(Server::start_with(&[("GLOSS_STORE_URL", &url)]).await).await;
}
