//! Invalid schedules are refused on creation, with the argument's path and a text that says what to do.

use gloss::domain::id::{NodeType, encode};
use serde_json::{Value, json};

use super::{CREATE, RUN_NOW, UPDATE, create, in_ms, schedule, until};
use crate::harness::{Server, SqliteTarget};

fn is(error: &Value, code: &str, argument: &str, says: &str) {
    assert_eq!(error["extensions"]["code"], code, "{error:#}");
    assert_eq!(error["extensions"]["argument"], argument, "{error:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(says), "{message:?} does not say {says:?}");
}

/// Returns a copy of an object with some fields replaced; null removes a field.
fn with(base: &Value, other: &Value) -> Value {
    let mut base = base.clone();
    for (name, value) in other.as_object().unwrap() {
        if value.is_null() {
            base.as_object_mut().unwrap().remove(name);
        } else {
            base[name] = value.clone();
        }
    }
    base
}

#[tokio::test]
async fn invalid_schedules_are_refused_at_creation() {
    let server = Server::start().await;
    let demo = server.db_profile("demo").await;
    let priceless = server
        .create_llm_profile(
            json!({ "name": "p", "provider": "OPENAI_COMPATIBLE", "model": "m", "baseUrl": "http://127.0.0.1:9/v1" }),
        )
        .await;
    let nowhere = server.create_db_profile("nowhere", "postgres://ann:secret@127.0.0.1:9/shop").await;
    let good = json!({ "name": "nightly", "cron": "30 2 * * *", "target": { "dbProfileId": demo } });
    let target = |schemas: Value| json!({ "target": { "dbProfileId": demo, "schemas": schemas } });
    let bad = "BAD_USER_INPUT";
    let cases = [
        (json!({ "name": " " }), bad, "input.name", "1 to 100"),
        (json!({ "name": "x".repeat(101) }), bad, "input.name", "1 to 100"),
        // Times.
        (json!({ "cron": null }), bad, "input.fireAt", "never fire"),
        (json!({ "fireAt": in_ms(60_000) }), bad, "input.cron", "both"),
        (json!({ "cron": null, "fireAt": "2020-02-02T02:02:02Z" }), bad, "input.fireAt", "in the future"),
        (json!({ "cron": null, "fireAt": in_ms(-1) }), bad, "input.fireAt", "in the future"),
        (json!({ "cron": "0 30 2 * * *" }), bad, "input.cron", "has 6 fields"),
        (json!({ "cron": "30 2 * *" }), bad, "input.cron", "five: minute, hour"),
        (json!({ "cron": "" }), bad, "input.cron", "five: minute, hour"),
        (json!({ "cron": "@fortnightly" }), bad, "input.cron", "@hourly, @daily"),
        (json!({ "cron": "61 2 * * *" }), bad, "input.cron", "the minute 61 is out of range; it must be from 0 to 59"),
        (json!({ "cron": "every day at two sharp" }), bad, "input.cron", "not a cron expression"),
        (json!({ "cron": ", * * * *" }), bad, "input.cron", "comma"),
        (json!({ "cron": "0 0 30 2 *" }), bad, "input.cron", "never fires"),
        (json!({ "cron": "0 0 31 4,6,9,11 *" }), bad, "input.cron", "never fires"),
        (json!({ "timeZone": "Mars/Olympus" }), bad, "input.timeZone", "Europe/Berlin"),
        (json!({ "timeZone": "" }), bad, "input.timeZone", "IANA"),
        (json!({ "timeZone": "europe/berlin" }), bad, "input.timeZone", "`Europe/Berlin`"),
        (json!({ "timeZone": "+02:00" }), bad, "input.timeZone", "IANA"),
        // Targets.
        (json!({ "target": { "dbProfileId": "nope" } }), bad, "input.target.dbProfileId", "not a valid id"),
        (
            json!({ "target": { "dbProfileId": encode(NodeType::DbProfile, 99) } }),
            "NOT_FOUND",
            "input.target.dbProfileId",
            "dbProfiles",
        ),
        (target(json!([{ "name": "mian" }])), bad, "input.target.schemas.0.name", "the schemas are main"),
        (
            target(json!([{ "name": "main", "tables": [{ "name": "customers" }, { "name": "nope" }] }])),
            bad,
            "input.target.schemas.0.tables.1.name",
            "nope",
        ),
        (
            target(json!([{ "name": "main", "tables": [{ "name": "customers", "columns": ["nope"] }] }])),
            bad,
            "input.target.schemas.0.tables.0.columns.0",
            "the columns are",
        ),
        (target(json!([{ "name": "main" }, { "name": "main" }])), bad, "input.target.schemas.1.name", "twice"),
        // Options.
        (json!({ "llmProfileId": demo }), bad, "input.llmProfileId", "LlmProfile"),
        (json!({ "llmProfileId": encode(NodeType::LlmProfile, 99) }), "NOT_FOUND", "input.llmProfileId", "llmProfiles"),
        (json!({ "options": { "alternatives": 6 } }), bad, "input.options.alternatives", "1 to 5"),
        (json!({ "budget": { "maxTokens": 0 } }), bad, "input.budget.maxTokens", "above 0"),
        (
            json!({ "llmProfileId": priceless, "budget": { "maxCostUsd": 1.0 } }),
            bad,
            "input.budget.maxCostUsd",
            "price of",
        ),
    ];
    for (change, code, argument, says) in cases {
        let input = with(&good, &change);
        is(&server.error(CREATE, json!({ "input": input })).await, code, argument, says);
    }
    let away = with(&good, &json!({ "target": { "dbProfileId": nowhere } }));
    let error = server.error(CREATE, json!({ "input": away })).await;
    assert_eq!(error["extensions"]["code"], "UNAVAILABLE", "{error:#}");
    assert!(!error.to_string().contains("secret"));
    let error = server.error(CREATE, json!({ "input": with(&good, &json!({ "cron": 5 })) })).await;
    assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED");
    // No refused request left a schedule behind, and the valid input is accepted.
    assert_eq!(server.data("{ schedules { totalCount } }", json!({})).await["schedules"]["totalCount"], 0);
    create(&server, good).await;
}

#[tokio::test]
async fn invalid_changes_are_refused_and_leave_the_schedule_unchanged() {
    let target = SqliteTarget::new("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);");
    let server = Server::start().await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let id =
        create(&server, json!({ "name": "nightly", "cron": "30 2 * * *", "target": { "dbProfileId": db_profile } }))
            .await;
    let before = schedule(&server, &id).await;
    let bad = "BAD_USER_INPUT";
    for (change, argument, says) in [
        (json!({ "name": null }), "input.name", "cannot be null"),
        (json!({ "timeZone": null }), "input.timeZone", "cannot be null"),
        (json!({ "onChange": null }), "input.onChange", "cannot be null"),
        (json!({ "target": null }), "input.target", "cannot be null"),
        (json!({ "reviewStrategy": null }), "input.reviewStrategy", "cannot be null"),
        (json!({ "cron": null }), "input.fireAt", "never fire"),
        (json!({ "fireAt": in_ms(60_000) }), "input.cron", "null for the other"),
        (json!({ "fireAt": in_ms(-60_000), "cron": null }), "input.fireAt", "in the future"),
        (json!({ "cron": "0 0 30 2 *" }), "input.cron", "never fires"),
        (json!({ "timeZone": "Nowhere" }), "input.timeZone", "IANA"),
        (json!({ "options": { "temperature": 3.0 } }), "input.options.temperature", "0 to 2"),
        (json!({ "budget": { "maxSeconds": 0 } }), "input.budget.maxSeconds", "above 0"),
        (
            json!({ "target": { "dbProfileId": db_profile, "schemas": [{ "name": "other" }] } }),
            "input.target.schemas.0.name",
            "the schemas are main",
        ),
    ] {
        let mut input = change;
        input["id"] = json!(id);
        is(&server.error(UPDATE, json!({ "input": input })).await, bad, argument, says);
    }
    assert_eq!(schedule(&server, &id).await, before);

    // Ids of missing nodes and of other types.
    let unknown = encode(NodeType::Schedule, 99);
    for mutation in [
        "mutation ($id: ID!) { pauseSchedule(input: { id: $id }) { schedule { id } } }",
        "mutation ($id: ID!) { resumeSchedule(input: { id: $id }) { schedule { id } } }",
        "mutation ($id: ID!) { deleteSchedule(input: { id: $id }) { deletedId } }",
        RUN_NOW,
    ] {
        let error = server.error(mutation, json!({ "id": unknown })).await;
        assert_eq!(error["extensions"]["code"], "NOT_FOUND", "{mutation}: {error:#}");
        is(&server.error(mutation, json!({ "id": db_profile })).await, bad, "input.id", "Schedule");
    }
    let error = server.error(UPDATE, json!({ "input": { "id": unknown } })).await;
    is(&error, "NOT_FOUND", "input.id", "schedules");
    let filter = "{ schedules(filter: { dbProfileIds: [\"nope\"] }) { totalCount } }";
    is(&server.error(filter, json!({})).await, bad, "filter.dbProfileIds.0", "not a valid id");
    is(&server.error("{ schedules(first: 201) { totalCount } }", json!({})).await, bad, "first", "0 to 200");
    is(&server.error("{ schedules(after: \"x\") { totalCount } }", json!({})).await, bad, "after", "cursor");

    // A one-time schedule that has fired can be neither paused nor resumed.
    let once = json!({ "name": "once", "fireAt": in_ms(1_500), "target": { "dbProfileId": db_profile } });
    let once = create(&server, once).await;
    until(&server, &once, |now| now["status"] == "COMPLETED").await;
    for verb in ["pauseSchedule", "resumeSchedule"] {
        let mutation = format!("mutation ($id: ID!) {{ {verb}(input: {{ id: $id }}) {{ schedule {{ id }} }} }}");
        let error = server.error(&mutation, json!({ "id": once })).await;
        assert_eq!(error["extensions"]["code"], "CONFLICT", "{error:#}");
        assert!(error["message"].as_str().unwrap().contains("its only firing is done"), "{error:#}");
    }
}
