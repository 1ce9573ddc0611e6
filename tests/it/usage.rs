//! Usage reports: in total, by model, by day.

use chrono::TimeDelta;
use gloss::domain::clock::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::harness::{ScriptedModel, SqliteTarget, server_with};

const USAGE: &str = "query($window: UsageWindow!, $zone: String) { usage(window: $window) {
    total { totalTokens inputTokens costUsd requests }
    byModel { provider model runs usage { totalTokens costUsd } }
    byDay(timeZone: $zone) { day runs usage { totalTokens requests costUsd } } } }";

#[tokio::test]
async fn usage_is_summed_by_model_and_day_and_outlives_its_runs() {
    let target = SqliteTarget::with_tables(2, 2);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let nothing = server.data(USAGE, json!({ "window": "ALL_TIME" })).await["usage"].take();
    let today = SystemClock.now().date_naive();
    assert_eq!((&nothing["total"]["totalTokens"], &nothing["byModel"]), (&json!(0), &json!([])));
    assert_eq!(nothing["byDay"].as_array().unwrap().len(), 1);

    let mut builtin = input.clone();
    builtin["llmProfileId"] = json!(server.llm_profile("builtin").await);
    let mut tokens = 0;
    let mut ids = Vec::new();
    for input in [&input, &input, &builtin] {
        let id = server.start_run(input.clone()).await;
        server.events(&id, 0).await;
        tokens += server.run(&id).await["usage"]["totalTokens"].as_i64().unwrap();
        ids.push(id);
    }
    let delete = "mutation($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    server.data(delete, json!({ "ids": [ids[0]] })).await;
    for (window, days) in
        [("TODAY", 1), ("LAST_24_HOURS", 2), ("LAST_7_DAYS", 7), ("LAST_30_DAYS", 30), ("ALL_TIME", 1)]
    {
        let usage = server.data(USAGE, json!({ "window": window })).await["usage"].take();
        assert_eq!(usage["total"]["totalTokens"], tokens, "{window}: {usage}");
        // The scripted model has no known price; the builtin describer costs nothing.
        assert_eq!(usage["total"]["costUsd"], Value::Null);
        let models = usage["byModel"].as_array().unwrap();
        let of = |provider: &str| models.iter().find(|model| model["provider"] == provider).unwrap();
        assert_eq!((models.len(), &of("OPENAI_COMPATIBLE")["runs"], &of("BUILTIN")["runs"]), (2, &json!(2), &json!(1)));
        assert_eq!(
            (&of("BUILTIN")["usage"]["costUsd"], &of("OPENAI_COMPATIBLE")["model"]),
            (&json!(0.0), &json!("scripted-model"))
        );
        let by_day = usage["byDay"].as_array().unwrap();
        // A test that runs over midnight sees one more day.
        assert!((days..=days + 1).contains(&by_day.len()), "{window}: {by_day:?}");
        let first = today - TimeDelta::days(i64::try_from(days).unwrap() - 1);
        assert!([first, first + TimeDelta::days(1)].map(|day| json!(day.to_string())).contains(&by_day[0]["day"]));
        let sum = |field: fn(&Value) -> &Value| by_day.iter().map(|day| field(day).as_i64().unwrap()).sum::<i64>();
        assert_eq!((sum(|day| &day["usage"]["totalTokens"]), sum(|day| &day["runs"])), (tokens, 3));
        assert!(by_day.iter().filter(|day| day["runs"] == 0).all(|day| day["usage"]["costUsd"] == 0.0));
    }
    for zone in ["Asia/Kathmandu", "Pacific/Kiritimati", "America/St_Johns"] {
        let usage = server.data(USAGE, json!({ "window": "LAST_7_DAYS", "zone": zone })).await["usage"].take();
        let by_day = usage["byDay"].as_array().unwrap();
        let sum: i64 = by_day.iter().map(|day| day["usage"]["totalTokens"].as_i64().unwrap()).sum();
        assert_eq!(sum, tokens, "{zone}: {by_day:?}");
        assert!((7..=8).contains(&by_day.len()), "{zone}: {by_day:?}");
    }
    let error = server.error(USAGE, json!({ "window": "TODAY", "zone": "Mars/Olympus" })).await;
    assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": "timeZone" }));
}

/// Assets that are missing from a recently read catalog are refused at the start; those created since are accepted.
#[tokio::test]
async fn a_start_refuses_assets_missing_from_a_fresh_catalog() {
    let target = SqliteTarget::with_tables(1, 1);
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let scoped = |table: &str, columns: &[&str]| {
        let mut input = input.clone();
        input["targets"][0]["schemas"] =
            json!([{ "name": "main", "tables": [{ "name": "t01" }, { "name": table, "columns": columns }] }]);
        json!({ "input": input })
    };
    let start = "mutation($input: StartRunInput!) { startRun(input: $input) { runs { id } } }";
    // The catalog was never read, so the run itself detects the missing asset.
    let run = server.data(start, scoped("nope", &[])).await["startRun"]["runs"][0]["id"].take();
    let ended = server.events(run.as_str().unwrap(), 0).await.pop().unwrap();
    assert_eq!((&ended["status"], &ended["error"]["code"]), (&json!("FAILED"), &json!("BAD_USER_INPUT")));
    let whole = server.start_run(input.clone()).await;
    server.events(&whole, 0).await;
    for (table, columns, argument) in [
        ("nope", vec![], "input.targets.0.schemas.0.tables.1.name"),
        ("T01x", vec![], "input.targets.0.schemas.0.tables.1.name"),
    ] {
        let error = server.error(start, scoped(table, &columns)).await;
        assert_eq!(error["extensions"], json!({ "code": "BAD_USER_INPUT", "argument": argument }), "{error}");
    }
    target.execute("CREATE TABLE since (id INTEGER)");
    server.data(start, scoped("since", &["id"])).await;
    let error = server.error(start, scoped("since", &["gone"])).await;
    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{error}");
}
