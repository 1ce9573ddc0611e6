//! Search over catalogs through the API: results and ranking, pages, bad input, and how the index follows runs,
//! reviews, applies and profiles.

use serde_json::{Value, json};

use crate::{
    harness::{Server, SqliteTarget},
    services,
};

const SHOP: &str = "
    CREATE TABLE cust (cust_id INTEGER PRIMARY KEY, cust_email_addr TEXT, dob TEXT, notes TEXT);
    CREATE TABLE ord (ord_id INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES cust (cust_id), ord_dt TEXT, tot_amt REAL);
    CREATE VIEW open_orders AS SELECT * FROM ord;

";

const SEARCH: &str = "query($text: String!, $profiles: [ID!], $first: Int, $after: String) {
    searchAssets(text: $text, dbProfileIds: $profiles, first: $first, after: $after) {
        nodes { asset { display kind } comment description score why dbProfile { name } }
        edges { cursor node { asset { display } } } pageInfo { hasNextPage hasPreviousPage endCursor } } }";

/// Returns the results of a search, best first.
pub async fn found(server: &Server, text: &str, profile: &str) -> Vec<String> {
    let data = server.data(SEARCH, json!({ "text": text, "profiles": [profile] })).await;
    let nodes = data["searchAssets"]["nodes"].as_array().unwrap();
    nodes.iter().map(|hit| hit["asset"]["display"].as_str().unwrap().to_owned()).collect()
}

async fn hit(server: &Server, text: &str, profile: &str) -> Value {
    server.data(SEARCH, json!({ "text": text, "profiles": [profile] })).await["searchAssets"]["nodes"][0].take()
}

async fn shop() -> (Server, SqliteTarget, String) {
    let target = SqliteTarget::new(SHOP);
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    (server, target, profile)
}

#[tokio::test]
async fn names_are_found_by_what_they_mean() {
    let (server, _target, profile) = shop().await;
    // No run has read this profile, so the first search reads its catalog.
    assert_eq!(found(&server, "customer mail", &profile).await, ["main.cust.cust_email_addr"]);
    assert_eq!(found(&server, "cust_email_addr", &profile).await, ["main.cust.cust_email_addr"]);
    assert_eq!(found(&server, "date of birth", &profile).await[0], "main.cust.dob");
    let mut orders = found(&server, "orders", &profile).await;
    orders.truncate(2);
    orders.sort();
    assert_eq!(orders, ["main.open_orders", "main.ord"], "inflected words match, and tables come before columns");
    assert_eq!(found(&server, "custom", &profile).await[0], "main.cust", "a prefix matches while a person types");
    assert!(found(&server, "orderi", &profile).await.contains(&"main.ord".to_owned()), "on the way to \"ordering\"");
    assert_eq!(found(&server, "client", &profile).await[0], "main.cust", "a synonym matches");
    assert_eq!(found(&server, "unheard-of", &profile).await, [""; 0]);
    assert_eq!(found(&server, "custmer mail", &profile).await, ["main.cust.cust_email_addr"], "a misspelled word");
    assert_eq!(found(&server, "adress", &profile).await, ["main.cust.cust_email_addr"], "a letter is missing");
    // A match of one word out of two is still a result.
    assert_eq!(found(&server, "customer zebra", &profile).await[0], "main.cust");

    let hit = hit(&server, "customer mail", &profile).await;
    let why = hit["why"].as_str().unwrap();
    assert!(why.contains("customer") && why.contains("email") && why.ends_with("in the name"), "{why}");
    assert!(hit["score"].as_f64().unwrap() > 0.0);
    assert_eq!(hit["dbProfile"]["name"], "shop");
}

#[tokio::test]
async fn exact_names_rank_first_whatever_is_accepted() {
    let target = SqliteTarget::new(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, phone TEXT);
         CREATE TABLE customer_totals (customer_id INTEGER, customer_name TEXT, order_count INTEGER);
         CREATE TABLE web_evt (id INTEGER PRIMARY KEY, cust_id INTEGER REFERENCES customers (id));
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), order_number \
         TEXT);",
    );
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&run, 0).await;
    for accepted in [false, true] {
        if accepted {
            let accept =
                "mutation ($id: ID!) { reviewSuggestions(input: { runId: $id, decision: ACCEPT }) { changed } }";
            server.data(accept, json!({ "id": run })).await;
        }
        for (text, first) in
            [("customers", "main.customers"), ("order", "main.orders"), ("phone number", "main.customers.phone")]
        {
            assert_eq!(found(&server, text, &profile).await[0], first, "{text}, accepted: {accepted}");
        }
        let ask = json!({ "question": "How do customers join to orders?", "dbProfileIds": [profile] });
        let done = crate::ask::asked(&server, ask).await;
        let way = "They join as follows:\n1. [main.orders.customer_id] refers to [main.customers.id]\n\
            Join conditions: main.orders.customer_id = main.customers.id\n";
        assert_eq!(done.answer, way, "accepted: {accepted}");
        let ask = json!({ "question": "Which tables refer to customers?", "dbProfileIds": [profile] });
        let done = crate::ask::asked(&server, ask).await;
        for path in ["main.orders.customer_id", "main.web_evt.cust_id"] {
            assert!(done.citations.iter().any(|cited| cited == path), "{path}: {}", done.answer);
        }
    }
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_repeat() {
    let target = SqliteTarget::with_tables(6, 20);
    let server = Server::start().await;
    let profile = server.create_db_profile("wide", &target.url()).await;
    let (mut all, mut after) = (Vec::new(), Value::Null);
    loop {
        let variables = json!({ "text": "t03", "profiles": [profile], "first": 4, "after": after });
        let data = server.data(SEARCH, variables).await;
        let page = &data["searchAssets"];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!all.is_empty()));
        all.extend(page["nodes"].as_array().unwrap().iter().map(|hit| hit["asset"]["display"].to_string()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    assert_eq!((all.len(), all[0].as_str()), (21, "\"main.t03\""));
    let distinct: std::collections::HashSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len());
    let error = server.error(SEARCH, json!({ "text": "t04", "profiles": [profile], "after": after })).await;
    assert_eq!(error["extensions"]["argument"], "after", "a cursor of another search: {error}");
}

#[tokio::test]
async fn bad_input_is_refused_and_punctuation_is_literal() {
    let (server, _target, profile) = shop().await;
    for (text, argument) in [("  ", "text"), (&*"x".repeat(501), "text")] {
        let error = server.error(SEARCH, json!({ "text": text })).await;
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
        assert_eq!(error["extensions"]["argument"], argument);
    }
    let unknown = "RGJQcm9maWxlOjk5";
    let error = server.error(SEARCH, json!({ "text": "x", "profiles": [profile, unknown] })).await;
    assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{error}");
    assert_eq!(error["extensions"]["argument"], "dbProfileIds.1");
    let error = server.error(SEARCH, json!({ "text": "x", "first": 201 })).await;
    assert_eq!(error["extensions"]["argument"], "first");
    for signs in ["\"", "*", "%", "NEAR(", "names:", "^", "cust\" OR \"ord", "-", "(((", "''", "\\", "\u{1}"] {
        server.data(SEARCH, json!({ "text": signs, "profiles": [profile] })).await;
    }
    assert_eq!(found(&server, "%", &profile).await, [""; 0], "a sign is no wildcard");
    assert_eq!(found(&server, "NEAR", &profile).await, [""; 0], "nor an operator");
    assert_eq!(found(&server, "names: cust", &profile).await[0], "main.cust");
    let none = server.data(SEARCH, json!({ "text": "cust", "profiles": [] })).await;
    assert_eq!(none["searchAssets"]["nodes"], json!([]));
}

#[tokio::test]
async fn an_unreadable_profile_is_reported_when_it_is_selected() {
    let (server, _target, _profile) = shop().await;
    let gone = server.create_db_profile("gone", "sqlite:///nowhere/at/all.db").await;
    let error = server.error(SEARCH, json!({ "text": "cust", "profiles": [gone] })).await;
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error}");
    assert!(error["message"].as_str().unwrap().contains("gone"), "{error}");
    let all = server.data(SEARCH, json!({ "text": "cust" })).await;
    assert_eq!(all["searchAssets"]["nodes"][0]["dbProfile"]["name"], "shop");
}

#[tokio::test]
async fn the_index_follows_runs_reviews_applies_and_profiles() {
    let (server, target, profile) = shop().await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&run, 0).await;
    let last = server.run(&run).await["lastSequence"].as_i64().unwrap();

    // A review.
    assert_eq!(found(&server, "giraffe", &profile).await, [""; 0]);
    let review = "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";
    let notes =
        "query($run: ID!) { run(id: $run) { suggestions(filter: { search: \"cust.notes\" }) { nodes { id } } } }";
    let notes = server.data(notes, json!({ "run": run })).await;
    let id = &notes["run"]["suggestions"]["nodes"][0]["id"];
    let accept = json!({ "ids": [id], "decision": "ACCEPT", "text": "What the giraffes said." });
    server.data(review, json!({ "input": accept })).await;
    let found_now = hit(&server, "giraffe", &profile).await;
    assert_eq!(found_now["asset"]["display"], "main.cust.notes");
    assert_eq!(found_now["description"], "What the giraffes said.");
    assert_eq!(found_now["why"], "giraffes in the description");
    assert_eq!(found_now["comment"], Value::Null);

    // An apply and its roll-back.
    let apply = "mutation($run: ID!) { applyRun(input: { runId: $run }) { run { lastSequence } } }";
    server.data(apply, json!({ "run": run })).await;
    server.events(&run, last).await;
    assert_eq!(hit(&server, "giraffe", &profile).await["comment"], "What the giraffes said.");
    let last = server.run(&run).await["lastSequence"].as_i64().unwrap();
    server.data("mutation($run: ID!) { rollbackRun(input: { runId: $run }) { total } }", json!({ "run": run })).await;
    server.events(&run, last).await;
    assert_eq!(hit(&server, "giraffe", &profile).await["comment"], Value::Null);

    // A decision that is restored.
    server.data(review, json!({ "input": { "ids": [id], "decision": "RESTORE" } })).await;
    assert_eq!(found(&server, "giraffe", &profile).await, [""; 0]);
    server.data(review, json!({ "input": accept })).await;
    assert_eq!(found(&server, "giraffe", &profile).await.len(), 1);

    // An added and a dropped table: the next run that reads the schema updates both.
    target.execute(
        "DROP VIEW open_orders; DROP TABLE ord; CREATE TABLE warehouse (wh_id INTEGER); ALTER TABLE cust \
        DROP COLUMN dob;",
    );
    assert_eq!(found(&server, "warehouse", &profile).await, [""; 0], "nobody has looked since");
    let again = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&again, 0).await;
    assert_eq!(found(&server, "warehouse", &profile).await[0], "main.warehouse");
    assert_eq!(found(&server, "order", &profile).await, [""; 0]);
    assert_eq!(found(&server, "birth", &profile).await, [""; 0]);
    assert_eq!(found(&server, "giraffe", &profile).await.len(), 1, "reviewed text stays in the index");

    // The run with the description is deleted; the profile's URL changes; the profile is deleted.
    server
        .data("mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }", json!({ "ids": [run] }))
        .await;
    assert_eq!(found(&server, "giraffe", &profile).await, [""; 0]);
    let other = SqliteTarget::new("CREATE TABLE zebra (id INTEGER);");
    let update = "mutation($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { id } } }";
    server.data(update, json!({ "input": { "id": profile, "url": other.url() } })).await;
    assert_eq!(found(&server, "cust", &profile).await, [""; 0]);
    assert_eq!(found(&server, "zebra", &profile).await[0], "main.zebra");
    server
        .data("mutation($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }", json!({ "id": profile }))
        .await;
    let all = server.data(SEARCH, json!({ "text": "zebra" })).await;
    assert_eq!(all["searchAssets"]["nodes"], json!([]));
}

#[tokio::test]
async fn the_index_follows_on_change_schedules() {
    let (server, target, profile) = shop().await;
    let schedule = "mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }";
    let input =
        json!({ "name": "changes", "cron": "0 3 * * *", "onChange": true, "target": { "dbProfileId": profile } });
    let id = server.data(schedule, json!({ "input": input })).await["createSchedule"]["schedule"]["id"].take();
    let search = async || {
        let run = "mutation($id: ID!) { runScheduleNow(input: { id: $id }) { runs { id } } }";
        server.data(run, json!({ "id": id })).await;
    };
    search().await;
    target.execute("DROP TABLE ord; CREATE TABLE dinosaurs (id INTEGER PRIMARY KEY);");
    assert_eq!(found(&server, "dinosaur", &profile).await, [""; 0], "nobody has looked since");
    search().await;
    assert_eq!(found(&server, "dinosaur", &profile).await[0], "main.dinosaurs");
    assert!(!found(&server, "order", &profile).await.contains(&"main.ord".to_owned()));
}

#[tokio::test]
async fn an_emptied_database_leaves_the_index_and_a_renamed_profile_stays() {
    let (server, target, profile) = shop().await;
    assert_eq!(found(&server, "customer mail", &profile).await, ["main.cust.cust_email_addr"]);
    // A new name keeps the database: the index stays, even while the database is unreachable.
    let update = "mutation($input: UpdateDbProfileInput!) { updateDbProfile(input: $input) { dbProfile { id } } }";
    let aside = target.file.with_extension("aside");
    std::fs::rename(&target.file, &aside).unwrap();
    server.data(update, json!({ "input": { "id": profile, "name": "shop of old" } })).await;
    assert_eq!(found(&server, "customer mail", &profile).await, ["main.cust.cust_email_addr"]);
    // A new URL may lead to another database, so the catalog is read again.
    server.data(update, json!({ "input": { "id": profile, "url": format!("sqlite://{}", aside.display()) } })).await;
    assert_eq!(found(&server, "customer mail", &profile).await, ["main.cust.cust_email_addr"]);
    crate::harness::sqlite::execute(&aside, "DROP VIEW open_orders; DROP TABLE ord; DROP TABLE cust;");
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&run, 0).await;
    assert_eq!(found(&server, "customer mail", &profile).await, [""; 0]);
}

#[tokio::test]
async fn a_database_with_schemas_is_searched_too() {
    let Some(service) = services::postgres().await else { return };
    let (url, database) = service.fresh_database().await;
    let script = "CREATE SCHEMA crm; CREATE TABLE crm.cust (id int PRIMARY KEY, cust_email_addr text);
        COMMENT ON TABLE crm.cust IS 'Everybody who ever bought something.'; CREATE TABLE public.cust (id int);";
    service.run(Some(&database), script).await;
    let server = Server::start().await;
    let profile = server.create_db_profile("pg", &url).await;
    assert_eq!(found(&server, "customer mail", &profile).await, ["crm.cust.cust_email_addr"]);
    assert_eq!(found(&server, "bought", &profile).await, ["crm.cust"]);
    let name = hit(&server, &database, &profile).await;
    assert_eq!(name["asset"], json!({ "display": database, "kind": "DATABASE" }));
    service.run(Some(&database), "DROP SCHEMA crm CASCADE").await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&run, 0).await;
    assert_eq!(found(&server, "customer", &profile).await, ["public.cust", "public.cust.id"]);
}
