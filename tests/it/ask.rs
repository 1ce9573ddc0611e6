//! Questions through the API, answered without a model: sessions, turns, events, bad input.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT, city TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), ordered_at TEXT);
    CREATE TABLE order_lines (order_id INTEGER REFERENCES orders (id), product_id INTEGER REFERENCES products (id));
    CREATE TABLE products (id INTEGER PRIMARY KEY, list_price REAL);
";

pub const ASK: &str = "mutation($input: AskInput!) { ask(input: $input) {
    session { id title } turn { id question answer } run { id number status kind command scopeSummary dbProfile { name \
    } } } }";

const TURN: &str =
    "query($run: ID!) { run(id: $run) { status error { code message } usage { requests costUsd totalTokens }
    askTurn { id answer citations { display kind } toolCalls { name arguments result milliseconds }
        session { id title turns { totalCount nodes { question answer } } } } } }";

/// A question with its answer.
pub struct Answered {
    pub run: String,
    pub session: String,
    pub answer: String,
    pub citations: Vec<String>,
    pub tools: Vec<Value>,
    pub whole: Value,
    pub events: Vec<Value>,
}

/// Asks a question and returns the recorded turn.
pub async fn ask(server: &Server, input: Value) -> Value {
    server.data(ASK, json!({ "input": input })).await["ask"].take()
}

/// Asks a question, watches it to the end and reads the answer.
pub async fn asked(server: &Server, input: Value) -> Answered {
    let payload = ask(server, input).await;
    let run = payload["run"]["id"].as_str().unwrap().to_owned();
    let events = watched(server, &run).await;
    answered(server, run, events).await
}

/// Returns the answer of a question whose run has ended.
pub async fn answered(server: &Server, run: String, events: Vec<Value>) -> Answered {
    let whole = server.data(TURN, json!({ "run": run })).await["run"].take();
    let turn = &whole["askTurn"];
    let texts = |value: &Value, key: &str| -> Vec<String> {
        value.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    Answered {
        session: turn["session"]["id"].as_str().unwrap().to_owned(),
        answer: turn["answer"].as_str().unwrap_or_default().to_owned(),
        citations: texts(&turn["citations"], "display"),
        tools: turn["toolCalls"].as_array().unwrap().clone(),
        run,
        whole,
        events,
    }
}

/// Returns the events of a question to its end, with their texts.
pub async fn watched(server: &Server, run: &str) -> Vec<Value> {
    let query = "subscription($run: ID!) { runProgress(runId: $run) { sequence type message text status error { code \
        message } } }";
    let mut live = server.subscribe(query, json!({ "run": run })).await.field("runProgress");
    let mut events = Vec::new();
    while let Some(event) = live.next().await {
        events.push(event);
    }
    events
}

/// Joins the streamed pieces of the answer after the last RESUMED event.
pub fn spoken(events: &[Value]) -> String {
    let from = events.iter().rposition(|event| event["type"] == "RESUMED").unwrap_or_default();
    let pieces = events[from..].iter().filter(|event| event["type"] == "ANSWER_DELTA");
    pieces.map(|event| event["text"].as_str().unwrap()).collect()
}

async fn shop() -> (Server, SqliteTarget, String) {
    let target = SqliteTarget::new(SHOP);
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    (server, target, profile)
}

#[tokio::test]
async fn a_question_is_answered_from_the_catalog_with_what_matches() {
    let (server, _target, profile) = shop().await;
    let payload =
        ask(&server, json!({ "question": "Where is the mail of a customer?", "dbProfileIds": [profile] })).await;
    let run = &payload["run"];
    assert_eq!((&run["status"], &run["kind"], &run["command"]), (&json!("QUEUED"), &json!("ASK"), &json!("ASK")));
    assert_eq!(run["scopeSummary"], "Where is the mail of a customer?");
    assert_eq!(run["dbProfile"]["name"], "shop");
    assert_eq!(payload["turn"]["answer"], Value::Null);
    assert_eq!(payload["session"]["title"], "Where is the mail of a customer?");
    let run = run["id"].as_str().unwrap().to_owned();
    let events = watched(&server, &run).await;
    let done = answered(&server, run, events).await;
    assert_eq!(done.whole["status"], "SUCCESS", "{:#}", done.whole);
    assert!(done.answer.contains("[main.customers.email], column, TEXT"), "{}", done.answer);
    assert!(done.answer.contains("matches email in the name"), "{}", done.answer);
    assert_eq!(done.citations[0], "main.customers.email");
    assert_eq!(spoken(&done.events), done.answer, "the pieces add up to the answer");
    assert_eq!((&done.whole["usage"]["costUsd"], &done.whole["usage"]["totalTokens"]), (&json!(0.0), &json!(0)));
    assert_eq!(done.tools[0]["name"], "search_assets");
    assert!(done.tools[0]["milliseconds"].as_f64().unwrap() > 0.0);
    let types: Vec<&str> = done.events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["CREATED", "STARTED", "TOOL_CALLED", "ANSWER_DELTA", "FINISHED"]);

    let data = server
        .data(
            "{ runs(filter: { kinds: [ASK], search: \"mail of a\" }) { totalCount nodes { askTurn { question } } } }",
            json!({}),
        )
        .await;
    assert_eq!(data["runs"]["nodes"][0]["askTurn"]["question"], "Where is the mail of a customer?");
}

#[tokio::test]
async fn joins_are_explained_step_by_step_and_nothing_is_invented() {
    let (server, _target, profile) = shop().await;
    let done =
        asked(&server, json!({ "question": "How do customers join to products?", "dbProfileIds": [profile] })).await;
    let steps = "They join as follows:\n1. [main.orders.customer_id] refers to [main.customers.id]\n\
        2. [main.order_lines.order_id] refers to [main.orders.id]\n\
        3. [main.order_lines.product_id] refers to [main.products.id]\n\
        Join conditions: main.orders.customer_id = main.customers.id AND main.order_lines.order_id = main.orders.id \
        AND main.order_lines.product_id = main.products.id\n";
    assert_eq!(done.answer, steps);
    assert_eq!(done.citations.len(), 6, "{:?}", done.citations);

    let done =
        asked(&server, json!({ "question": "Which columns does the products table have?", "dbProfileIds": [profile] }))
            .await;
    assert!(done.answer.contains("- [main.products.list_price], column, REAL"), "{}", done.answer);

    let done = asked(&server, json!({ "question": "Where are the dinosaurs?", "dbProfileIds": [profile] })).await;
    assert!(done.answer.starts_with("Nothing in the catalog matches"), "{}", done.answer);
    assert_eq!((done.whole["status"].as_str(), done.citations.len()), (Some("SUCCESS"), 0));
}

#[tokio::test]
async fn a_follow_up_knows_the_previous_question_and_its_list() {
    let (server, _target, profile) = shop().await;
    let first = asked(&server, json!({ "question": "Where are prices and cities?", "dbProfileIds": [profile] })).await;
    let second_listed = first.answer.lines().find(|line| line.starts_with("2. [")).unwrap();
    let path = second_listed.split_once('[').unwrap().1.split_once(']').unwrap().0;
    let second = asked(&server, json!({ "question": "and the second one?", "sessionId": first.session })).await;
    assert!(second.answer.starts_with(&format!("[{path}]")), "{} is not about {path}", second.answer);
    assert_eq!((&second.session, second.citations[0].as_str()), (&first.session, path));
    let session = &second.whole["askTurn"]["session"];
    assert_eq!(
        (&session["title"], &session["turns"]["totalCount"]),
        (&json!("Where are prices and cities?"), &json!(2))
    );

    // Sessions are listed with the last active first, found by id, and paged.
    let other = asked(&server, json!({ "question": "What is an order?" })).await;
    let query =
        "query($id: ID!, $turn: ID!) { askSessions(first: 1) { totalCount nodes { id lastActiveAt } pageInfo { \
        hasNextPage } }
        node(id: $id) { __typename ... on AskSession { title } } turn: node(id: $turn) { ... on AskTurn { question } } \
        }";
    let data = server.data(query, json!({ "id": first.session, "turn": second.whole["askTurn"]["id"] })).await;
    assert_eq!(
        (&data["askSessions"]["totalCount"], &data["askSessions"]["nodes"][0]["id"]),
        (&json!(2), &json!(other.session))
    );
    assert_eq!(data["askSessions"]["pageInfo"]["hasNextPage"], true);
    assert_eq!(data["node"], json!({ "__typename": "AskSession", "title": "Where are prices and cities?" }));
    assert_eq!(data["turn"]["question"], "and the second one?");

    // A question over all profiles belongs to no profile.
    assert_eq!(
        server
            .data("query($id: ID!) { run(id: $id) { dbProfile { id } dbProfileName } }", json!({ "id": other.run }))
            .await["run"],
        json!({ "dbProfile": null, "dbProfileName": null })
    );

    // Deleting a run deletes its turn, and deleting the last turn deletes its session.
    let delete = "mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    server.data(delete, json!({ "ids": [second.run] })).await;
    let turns = "query($id: ID!) { node(id: $id) { ... on AskSession { turns { nodes { question } } } } }";
    let left = server.data(turns, json!({ "id": first.session })).await;
    assert_eq!(left["node"]["turns"]["nodes"], json!([{ "question": "Where are prices and cities?" }]));
    server.data(delete, json!({ "ids": [first.run, other.run] })).await;
    let data = server
        .data("query($id: ID!) { askSessions { totalCount } node(id: $id) { id } }", json!({ "id": first.session }))
        .await;
    assert_eq!(data, json!({ "askSessions": { "totalCount": 0 }, "node": null }));
}

#[tokio::test]
async fn the_same_key_gives_the_same_question_back() {
    let (server, _target, profile) = shop().await;
    let input = json!({ "question": "What is an order?", "dbProfileIds": [profile], "idempotencyKey": "k1" });
    let first = ask(&server, input.clone()).await;
    watched(&server, first["run"]["id"].as_str().unwrap()).await;
    let again = ask(&server, input.clone()).await;
    assert_eq!(
        (&again["run"]["id"], &again["turn"]["id"], &again["session"]["id"]),
        (&first["run"]["id"], &first["turn"]["id"], &first["session"]["id"])
    );
    assert_eq!(again["run"]["status"], "SUCCESS");
    let mut other = input;
    other["question"] = json!("What is a product?");
    assert_eq!(server.error(ASK, json!({ "input": other })).await["extensions"]["code"], "CONFLICT");
}

#[tokio::test]
async fn bad_input_errors_name_their_argument() {
    let (server, target, profile) = shop().await;
    let refused = async |input: Value| {
        let error = server.error(ASK, json!({ "input": input })).await;
        (
            error["extensions"]["code"].as_str().unwrap().to_owned(),
            error["extensions"]["argument"].as_str().unwrap_or_default().to_owned(),
        )
    };
    let bad = |argument: &str| ("BAD_USER_INPUT".to_owned(), argument.to_owned());
    let missing = |argument: &str| ("NOT_FOUND".to_owned(), argument.to_owned());
    assert_eq!(refused(json!({ "question": " ?! " })).await, bad("input.question"));
    assert_eq!(refused(json!({ "question": "x".repeat(4_001) })).await, bad("input.question"));
    assert_eq!(refused(json!({ "question": "x", "dbProfileIds": [] })).await, bad("input.dbProfileIds"));
    assert_eq!(refused(json!({ "question": "x", "dbProfileIds": ["nonsense"] })).await, bad("input.dbProfileIds.0"));
    assert_eq!(
        refused(json!({ "question": "x", "dbProfileIds": [profile, "RGJQcm9maWxlOjk5"] })).await,
        missing("input.dbProfileIds.1")
    );
    assert_eq!(
        refused(json!({ "question": "x", "llmProfileId": "TGxtUHJvZmlsZTo5OQ" })).await,
        missing("input.llmProfileId")
    );
    assert_eq!(
        refused(json!({ "question": "x", "sessionId": "QXNrU2Vzc2lvbjo5OQ" })).await,
        missing("input.sessionId")
    );
    assert_eq!(refused(json!({ "question": "x", "sessionId": profile })).await, bad("input.sessionId"));
    assert_eq!(refused(json!({ "question": "x", "budget": { "maxTokens": 0 } })).await, bad("input.budget.maxTokens"));
    assert_eq!(refused(json!({ "question": "x", "idempotencyKey": "" })).await, bad("input.idempotencyKey"));
    let model =
        json!({ "name": "m", "provider": "OPENAI_COMPATIBLE", "model": "m", "baseUrl": "http://127.0.0.1:9/v1" });
    let llm = server.create_llm_profile(model).await;
    let priceless = json!({ "question": "x", "llmProfileId": llm, "budget": { "maxCostUsd": 1.0 } });
    assert_eq!(refused(priceless).await, bad("input.budget.maxCostUsd"));

    // The question's databases have been deleted, and then no database is left at all.
    let done = asked(&server, json!({ "question": "orders", "dbProfileIds": [profile] })).await;
    let delete = "mutation($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }";
    server.data(delete, json!({ "id": profile })).await;
    assert_eq!(refused(json!({ "question": "x", "sessionId": done.session })).await.0, "CONFLICT");
    let demo = server.db_profile("demo").await;
    server.data(delete, json!({ "id": demo })).await;
    assert_eq!(refused(json!({ "question": "x" })).await, bad("input.dbProfileIds"));

    // An unreadable database fails the run and is named; beside a readable one it causes a warning.
    let gone = server.create_db_profile("gone", "sqlite:///nowhere/at/all.db").await;
    let done = asked(&server, json!({ "question": "orders", "dbProfileIds": [gone] })).await;
    assert_eq!((&done.whole["status"], &done.whole["error"]["code"]), (&json!("FAILED"), &json!("UNAVAILABLE")));
    assert!(done.whole["error"]["message"].as_str().unwrap().starts_with("gone: "), "{}", done.whole);
    let shop = server.create_db_profile("shop again", &target.url()).await;
    let done = asked(&server, json!({ "question": "orders", "dbProfileIds": [gone, shop] })).await;
    assert_eq!(done.whole["status"], "SUCCESS");
    assert!(
        done.events
            .iter()
            .any(|event| event["type"] == "WARNING" && event["message"].as_str().unwrap().contains("gone"))
    );
    assert!(
        done.answer.contains("[\"shop again\":main.orders]"),
        "with several databases, each path contains its database: {}",
        done.answer
    );
    assert_eq!(done.citations[0], "main.orders");
}

#[tokio::test]
async fn a_question_without_search_words_lists_the_tables() {
    let (server, _target, profile) = shop().await;
    for question in ["Which tables are there?", "How many tables do we have?"] {
        let done = asked(&server, json!({ "question": question, "dbProfileIds": [profile] })).await;
        assert!(done.answer.starts_with("There are 4 tables and views:\n- [main.customers], table"), "{}", done.answer);
        assert_eq!(done.citations, ["main.customers", "main.order_lines", "main.orders", "main.products"]);
    }
}

#[tokio::test]
async fn an_ordinal_means_the_list_only_where_nothing_else_is_asked_for() {
    let target = SqliteTarget::new(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, first_name TEXT, email TEXT);
         CREATE TABLE suppliers (id INTEGER PRIMARY KEY, email TEXT);
         CREATE TABLE shops (id INTEGER PRIMARY KEY, email TEXT);",
    );
    let server = Server::start().await;
    let profile = server.create_db_profile("shop", &target.url()).await;
    // A question about columns that names no table covers all tables.
    let input = json!({ "question": "Which columns hold an email address?", "dbProfileIds": [profile] });
    let first = asked(&server, input).await;
    for path in ["main.people.email", "main.suppliers.email", "main.shops.email"] {
        assert!(first.citations.iter().any(|cited| cited == path), "{path}: {}", first.answer);
    }
    let input = json!({ "question": "Where is the first name stored?", "sessionId": first.session });
    let second = asked(&server, input).await;
    assert!(second.answer.contains("1. [main.people.first_name]"), "{}", second.answer);
}

#[tokio::test]
async fn a_question_about_one_table_describes_it_and_follow_ups_know_it() {
    let (server, _target, profile) = shop().await;
    let first = asked(&server, json!({ "question": "What is in the orders table?", "dbProfileIds": [profile] })).await;
    assert!(first.answer.starts_with("[main.orders], table"), "{}", first.answer);
    assert!(first.answer.contains("- [main.orders.ordered_at], column"), "{}", first.answer);
    let ask_on =
        async |question: &str| asked(&server, json!({ "question": question, "sessionId": first.session })).await;
    let its = ask_on("and which columns does it have?").await;
    assert!(its.answer.contains("- [main.orders.customer_id], column"), "{}", its.answer);
    let ninth = ask_on("and the ninth one?").await;
    assert!(ninth.answer.starts_with("The previous answer has no entry with that number."), "{}", ninth.answer);
    let count = ask_on("How many customers do we have?").await;
    assert!(
        count.answer.starts_with("Questions do not read rows, so they cannot be counted.\n[main.customers]"),
        "{}",
        count.answer
    );
}

#[tokio::test]
async fn a_table_that_many_refer_to_hides_no_way_and_keys_of_several_columns_are_whole() {
    let name = "a_rather_long_name_for_a_log_of_events";
    let log = |n| {
        format!(
            "CREATE TABLE {name}_{n:02} (id INTEGER PRIMARY KEY, the_user_that_did_it INTEGER REFERENCES users (id));"
        )
    };
    let logs = (0..60).map(log).collect::<Vec<_>>().concat();
    let target = SqliteTarget::new(&format!(
        "CREATE TABLE users (id INTEGER PRIMARY KEY); {logs}
         CREATE TABLE vouchers (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id));
         CREATE TABLE parcels (region TEXT, number INTEGER, PRIMARY KEY (region, number));
         CREATE TABLE scans (at TEXT, region TEXT, number INTEGER,
            FOREIGN KEY (region, number) REFERENCES parcels (region, number));
         CREATE TABLE islands (id INTEGER PRIMARY KEY);"
    ));
    let server = Server::start().await;
    let profile = server.create_db_profile("logs", &target.url()).await;
    let answer =
        async |question: &str| asked(&server, json!({ "question": question, "dbProfileIds": [profile] })).await.answer;
    let way = "They join as follows:\n1. [main.vouchers.user_id] refers to [main.users.id]\n\
        Join conditions: main.vouchers.user_id = main.users.id\n";
    assert_eq!(answer("How do users join to vouchers?").await, way);
    assert_eq!(answer("How do vouchers join to users?").await, way);
    assert_eq!(
        answer("How do scans join to parcels?").await,
        "They join as follows:\n1. [main.scans.region] and [main.scans.number] together refer to [main.parcels.region] \
         and [main.parcels.number]\nJoin conditions: main.scans.region = main.parcels.region AND main.scans.number = \
         main.parcels.number\n"
    );
    assert!(answer("How do islands join to users?").await.starts_with("No foreign keys connect them.\n"));
    let hub = answer("What refers to users?").await;
    let list = hub.strip_prefix("These refer to [main.users]:\n").unwrap_or_else(|| panic!("{hub}"));
    let (told, more) = list.rsplit_once("and ").unwrap_or_else(|| panic!("{hub}"));
    let more: usize = more.split_once(' ').unwrap().0.parse().unwrap();
    assert_eq!(told.lines().count() + more, 61, "no reference is omitted silently: {hub}");
}

#[tokio::test]
async fn answers_use_accepted_descriptions() {
    let (server, _target, profile) = shop().await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
    server.events(&run, 0).await;
    let query = "query($id: ID!) { run(id: $id) { suggestions(first: 50) { nodes { id asset { display } } } } }";
    let data = server.data(query, json!({ "id": run })).await;
    let nodes = data["run"]["suggestions"]["nodes"].as_array().unwrap().clone();
    let id = &nodes.iter().find(|node| node["asset"]["display"] == "main.products.list_price").unwrap()["id"];
    let review = "mutation($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed } }";
    let edit = json!({ "ids": [id], "decision": "ACCEPT", "text": "Kaufpreis vor Rabatten." });
    server.data(review, json!({ "input": edit })).await;
    let done = asked(&server, json!({ "question": "Where are Rabatten?", "dbProfileIds": [profile] })).await;
    assert_eq!(done.citations, ["main.products.list_price"], "{}", done.answer);
    assert!(done.answer.contains("Kaufpreis vor Rabatten."), "{}", done.answer);
    assert!(done.answer.contains("in the description"), "{}", done.answer);
    // The edited text is found by the search over suggestions, too.
    let query = "query($id: ID!) { run(id: $id) { suggestions(filter: { search: \"RABATTEN\" }) { totalCount } } }";
    assert_eq!(server.data(query, json!({ "id": run })).await["run"]["suggestions"]["totalCount"], 1);
}

#[tokio::test]
async fn two_databases_are_answered_from_at_once() {
    let (server, _target, shop) = shop().await;
    let staff = SqliteTarget::new(
        "CREATE TABLE staff (id INTEGER PRIMARY KEY, email TEXT);
         CREATE TABLE orders (id INTEGER PRIMARY KEY, approved_by INTEGER REFERENCES staff (id));",
    );
    let staff = server.create_db_profile("staff", &staff.url()).await;
    let both = json!([shop, staff]);
    let done = asked(&server, json!({ "question": "Where are email addresses?", "dbProfileIds": both })).await;
    assert!(done.answer.contains("[shop:main.customers.email]"), "{}", done.answer);
    assert!(done.answer.contains("[staff:main.staff.email]"), "{}", done.answer);
    assert_eq!(done.citations.len(), 2, "{:?}", done.citations);
    let done = asked(&server, json!({ "question": "How do customers join to staff?", "dbProfileIds": both })).await;
    assert!(done.answer.starts_with("No foreign keys connect them.\n"), "{}", done.answer);
}
