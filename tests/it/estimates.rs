//! Estimates held against the runs that follow: requests and input tokens within 20 %, output tokens within a factor of
//! two.

use serde_json::{Value, json};

use crate::harness::{
    ScriptedModel, Server, SqliteTarget, llm_input,
    scripted_model::{Script, Wire},
};

const ESTIMATE: &str = "query($input: StartRunInput!) { estimateRun(input: $input) {
    assets tables inherited requests inputTokens outputTokens } }";

/// The shapes of databases, by name.
fn shapes() -> Vec<(&'static str, SqliteTarget)> {
    let columns = |count: usize, of: &str| -> String {
        (1..=count).map(|n| format!("{of}_{n} VARCHAR(40)")).collect::<Vec<_>>().join(", ")
    };
    let wide = format!("CREATE TABLE measurements (id INTEGER PRIMARY KEY, {});", columns(80, "sensor_reading"));
    let lookup =
        |n: i32| format!("CREATE TABLE lookup_{n} (id INTEGER PRIMARY KEY, label TEXT NOT NULL, valid_from DATE);");
    let many = (1..=40).map(lookup).collect::<Vec<_>>().join("\n");
    let filled = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT, joined DATE, balance REAL);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), placed TIMESTAMP,
            status TEXT, total REAL);";
    let row = |n: i32| {
        let day = n % 28 + 1;
        format!(
            "INSERT INTO customers VALUES ({n}, 'Customer {n}', 'Town {n}', '2026-01-{day:02}', {n}.5);
             INSERT INTO orders VALUES ({n}, {n}, '2026-02-{day:02} 10:00:00', 'shipped', {n}.25);"
        )
    };
    let rows = (1..=50).map(row).collect::<Vec<_>>().join("\n");
    let views = format!(
        "{filled} CREATE VIEW open_orders AS SELECT o.id, c.name, o.placed, o.total FROM orders o
            JOIN customers c ON c.id = o.customer_id WHERE o.status = 'open';
         CREATE VIEW turnover AS SELECT customer_id, sum(total) AS total, count(*) AS orders FROM orders
            GROUP BY customer_id;"
    );
    vec![
        ("a wide table", SqliteTarget::new(&wide)),
        ("many small tables", SqliteTarget::new(&many)),
        ("tables with rows", SqliteTarget::new(&format!("{filled}{rows}"))),
        ("views", SqliteTarget::new(&views)),
    ]
}

/// Estimates a run, executes it and compares both.
async fn holds(what: &str, server: &Server, input: Value) {
    let estimate = server.data(ESTIMATE, json!({ "input": input })).await["estimateRun"].take();
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let run = server.run(&run).await;
    assert_eq!(run["status"], "READY_FOR_REVIEW", "{what}: {run}");
    assert_eq!(run["progress"]["done"], estimate["assets"], "{what}: {estimate} {run}");
    let ratio = |name: &str| estimate[name].as_f64().unwrap() / run["usage"][name].as_f64().unwrap();
    let (requests, input, output) = (ratio("requests"), ratio("inputTokens"), ratio("outputTokens"));
    assert!((0.8..=1.2).contains(&requests), "{what}: requests {requests}: {estimate} {run}");
    assert!((0.8..=1.2).contains(&input), "{what}: input {input}: {estimate} {run}");
    assert!((0.5..=2.0).contains(&output), "{what}: output {output}: {estimate} {run}");
}

/// A model whose answers are often unreadable is asked again. After the first run, estimates count with that.
#[tokio::test]
async fn a_model_that_is_asked_again_is_expected_to_be() {
    let server = Server::start().await;
    let lookup = |n: i32| format!("CREATE TABLE lookup_{n} (id INTEGER PRIMARY KEY, label TEXT NOT NULL);");
    let target = SqliteTarget::new(&(1..=24).map(lookup).collect::<Vec<_>>().join("\n"));
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let model = ScriptedModel::builder().words(12).start().await;
    let llm_profile = server.create_llm_profile(llm_input(&model.profile())).await;
    let input = json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile });
    let estimate = async || server.data(ESTIMATE, json!({ "input": input })).await["estimateRun"].take();
    let before = estimate().await;
    for _ in 0..8 {
        model.answer_next(Script::Text("no JSON".into()));
    }
    let run = server.start_run(input.clone()).await;
    server.events(&run, 0).await;
    let usage =
        "query($id: ID!) { run(id: $id) { usage { requests repeats } } usage(window: ALL_TIME) { total { repeats } } }";
    let used = server.data(usage, json!({ "id": run })).await;
    let of_run = |name: &str| used["run"]["usage"][name].as_f64().unwrap();
    // An unreadable answer may have gone to a request that already asked again.
    assert!((of_run("requests") - of_run("repeats") - 24.0).abs() < 0.5, "{used}");
    assert!((4.0..=8.0).contains(&of_run("repeats")), "{used}");
    assert_eq!(used["usage"]["total"]["repeats"], used["run"]["usage"]["repeats"]);
    let after = estimate().await;
    assert_eq!((&before["requests"], &after["requests"]), (&json!(24), &used["run"]["usage"]["requests"]));
    for name in ["inputTokens", "outputTokens"] {
        let (before, after) = (before[name].as_f64().unwrap(), after[name].as_f64().unwrap());
        assert!((after / before - of_run("requests") / 24.0).abs() < 0.01, "{name}: {before} {after}");
    }
}

#[tokio::test]
async fn runs_use_what_their_estimates_say() {
    for wire in Wire::ALL {
        for (shape, target) in shapes() {
            let server = Server::start().await;
            let db_profile = server.create_db_profile("target", &target.url()).await;
            for (options, words) in [
                (json!({}), 12),
                (json!({ "profileData": true }), 12),
                (json!({ "verbosity": "BRIEF", "alternatives": 1 }), 4),
                (json!({ "verbosity": "COMPREHENSIVE", "maxOutputTokens": 4096 }), 50),
            ] {
                let model = ScriptedModel::builder().wire(wire).words(words).start().await;
                let mut settings = llm_input(&model.profile());
                settings["name"] = json!(format!("scripted for {options}"));
                let llm_profile = server.create_llm_profile(settings).await;
                let targets = json!([{ "dbProfileId": db_profile }]);
                let input = json!({ "targets": targets, "llmProfileId": llm_profile, "options": options });
                holds(&format!("{shape}, {wire:?}, {options}"), &server, input).await;
            }
        }
    }
}
