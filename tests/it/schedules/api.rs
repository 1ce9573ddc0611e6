//! The operations on schedules, through the API.

use serde_json::{Value, json};

use super::{create, in_ms, run_now, schedule, until, update};
use crate::harness::{Server, SqliteTarget};

const USERS: &str = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);";
/// Structures with details for descriptions: a reference, a column with few values.
const MEMBERS: &str = "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE members (id INTEGER PRIMARY KEY, team_id INTEGER REFERENCES teams (id), language TEXT);
    INSERT INTO teams VALUES (1, 'red'), (2, 'blue');
    INSERT INTO members SELECT value, 1 + value % 2, iif(value % 3 = 0, 'de', 'en')
        FROM json_each('[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30]');";

async fn house(sql: &str) -> (Server, SqliteTarget, String) {
    let target = SqliteTarget::new(sql);
    let server = Server::start().await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    (server, target, db_profile)
}

async fn act(server: &Server, verb: &str, id: &str) -> Value {
    let mutation = format!(
        "mutation ($id: ID!) {{ it: {verb}(input: {{ id: $id }}) {{ schedule {{ status nextFireAt lastFireAt }} }} }}"
    );
    server.data(&mutation, json!({ "id": id })).await["it"]["schedule"].take()
}

#[tokio::test]
async fn a_schedule_is_made_changed_paused_resumed_run_and_deleted() {
    let (server, _target, db_profile) = house(USERS).await;
    let builtin = server.llm_profile("builtin").await;
    let input = json!({
        "name": "nightly", "cron": "30 2 * * MON-FRI", "timeZone": "Europe/Berlin", "onChange": false,
        "target": { "dbProfileId": db_profile,
            "schemas": [{ "name": "main", "tables": [{ "name": "users", "columns": ["email"] }] }] },
        "llmProfileId": builtin, "options": { "missingOnly": true, "alternatives": 2 }, "budget": { "maxTokens": 5000 },
    });
    let id = create(&server, input).await;
    let made = schedule(&server, &id).await;
    for (field, value) in [
        ("name", json!("nightly")),
        ("status", json!("ACTIVE")),
        ("cron", json!("30 2 * * MON-FRI")),
        ("timeZone", json!("Europe/Berlin")),
        ("onChange", json!(false)),
        ("fireAt", Value::Null),
        ("lastFireAt", Value::Null),
        ("lastError", Value::Null),
        ("budget", json!({ "maxTokens": 5000, "maxSeconds": null })),
        ("dbProfile", json!({ "name": "target" })),
        ("llmProfile", json!({ "name": "builtin" })),
        ("scopeSummary", json!("main.users.email")),
        ("options", json!({ "missingOnly": true, "alternatives": 2, "profileData": true })),
        ("reviewStrategy", json!("MANUAL")),
    ] {
        assert_eq!(made[field], value, "{field} of {made:#}");
    }
    let next = made["nextFireAt"].as_str().unwrap();
    assert!(next.ends_with("00:30:00Z") || next.ends_with("01:30:00Z") || next.contains("30:00"), "{next}");

    // Absent fields stay unchanged; null clears; options and budget are replaced as a whole.
    let changed = update(&server, &id, json!({ "name": "weekly", "cron": "0 3 * * SUN" })).await;
    assert_eq!((&changed["name"], &changed["cron"]), (&json!("weekly"), &json!("0 3 * * SUN")));
    assert_eq!(changed["timeZone"], "Europe/Berlin");
    assert_eq!(changed["options"], made["options"]);
    assert_ne!(changed["nextFireAt"], made["nextFireAt"]);
    let moved = update(&server, &id, json!({ "timeZone": "Asia/Kolkata" })).await;
    assert!(moved["nextFireAt"].as_str().unwrap().contains("T21:30:00"), "{moved:#}");
    let cleared = update(&server, &id, json!({ "llmProfileId": null, "options": null, "budget": null })).await;
    assert_eq!((&cleared["llmProfile"], &cleared["budget"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared["options"], json!({ "missingOnly": false, "alternatives": 3, "profileData": true }));
    let once = update(&server, &id, json!({ "fireAt": in_ms(3_600_000), "cron": null })).await;
    assert_eq!((&once["cron"], &once["nextFireAt"]), (&Value::Null, &once["fireAt"]));
    let again = update(&server, &id, json!({ "cron": "0 3 * * *", "fireAt": null })).await;
    assert_eq!((&again["fireAt"], &again["status"]), (&Value::Null, &json!("ACTIVE")));
    assert!(again["nextFireAt"].is_string());

    let paused = act(&server, "pauseSchedule", &id).await;
    assert_eq!((&paused["status"], &paused["nextFireAt"]), (&json!("PAUSED"), &Value::Null));
    let renamed = update(&server, &id, json!({ "name": "kept", "cron": "0 4 * * *" })).await;
    assert_eq!((&renamed["status"], &renamed["nextFireAt"]), (&json!("PAUSED"), &Value::Null));
    // A paused schedule can be run by hand and stays paused.
    let run = run_now(&server, &id).await.unwrap();
    assert_eq!(
        (&run["kind"], &run["command"], &run["status"]),
        (&json!("SCHEDULE"), &json!("SCHEDULE"), &json!("READY_FOR_REVIEW"))
    );
    assert_eq!(run["progress"]["done"], 1);
    let ran = schedule(&server, &id).await;
    assert_eq!((&ran["status"], &ran["runs"]["totalCount"]), (&json!("PAUSED"), &json!(1)));
    assert!(ran["lastFireAt"].is_string());
    let resumed = act(&server, "resumeSchedule", &id).await;
    assert_eq!((&resumed["status"], act(&server, "resumeSchedule", &id).await), (&json!("ACTIVE"), resumed.clone()));
    assert!(resumed["nextFireAt"].is_string());

    // The lists that contain the schedule.
    let query = "query ($db: ID!, $id: ID!) {
        all: schedules { totalCount nodes { id } edges { cursor node { name } } pageInfo { hasNextPage endCursor } }
        active: schedules(filter: { statuses: [ACTIVE], dbProfileIds: [$db] }) { totalCount }
        none: schedules(filter: { statuses: [MISSED] }) { totalCount nodes { id } }
        runs(filter: { scheduleIds: [$id], kinds: [SCHEDULE] }) { totalCount nodes { schedule { id name } } } }";
    let lists = server.data(query, json!({ "db": db_profile, "id": id })).await;
    assert_eq!(lists["all"]["nodes"], json!([{ "id": id }]));
    assert_eq!((&lists["active"]["totalCount"], &lists["none"]["totalCount"]), (&json!(1), &json!(0)));
    assert_eq!(lists["runs"]["nodes"], json!([{ "schedule": { "id": id, "name": "kept" } }]));
    let page = server.data(
        "query ($after: String) { schedules(first: 1, after: $after) { nodes { id } pageInfo { hasNextPage \
            hasPreviousPage } } }",
        json!({ "after": lists["all"]["pageInfo"]["endCursor"] }),
    );
    assert_eq!(
        page.await["schedules"],
        json!({ "nodes": [], "pageInfo": { "hasNextPage": false, "hasPreviousPage": true } })
    );

    // A profile cannot be deleted while the schedule uses it.
    let remove = "mutation ($id: ID!) { deleteDbProfile(input: { id: $id }) { deletedId } }";
    let refused = server.error(remove, json!({ "id": db_profile })).await;
    assert_eq!(refused["extensions"]["code"], "CONFLICT");
    assert!(refused["message"].as_str().unwrap().contains("\"kept\""), "{refused:#}");
    update(&server, &id, json!({ "llmProfileId": builtin })).await;
    let remove_llm = "mutation ($id: ID!) { deleteLlmProfile(input: { id: $id }) { deletedId } }";
    let refused = server.error(remove_llm, json!({ "id": builtin })).await;
    assert!(refused["message"].as_str().unwrap().contains("\"kept\""), "{refused:#}");
    let delete = "mutation ($id: ID!) { deleteSchedule(input: { id: $id }) { deletedId } }";
    assert_eq!(server.data(delete, json!({ "id": id })).await["deleteSchedule"]["deletedId"], json!(id));
    assert_eq!(schedule(&server, &id).await, Value::Null);
    server.data(remove, json!({ "id": db_profile })).await;
    server.data(remove_llm, json!({ "id": builtin })).await;
    let left = "query ($id: ID!) { run(id: $id) { kind dbProfileName schedule { id } } }";
    let left = server.data(left, json!({ "id": run["id"] })).await;
    assert_eq!(left["run"], json!({ "kind": "SCHEDULE", "dbProfileName": "target", "schedule": null }));
}

#[tokio::test]
async fn a_one_time_schedule_fires_once_and_describes_tables_added_since() {
    let (server, target, db_profile) = house(USERS).await;
    let input = json!({ "name": "soon", "fireAt": in_ms(1_500),
        "target": { "dbProfileId": db_profile, "schemas": [{ "name": "main" }] } });
    let id = create(&server, input).await;
    target.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);");
    let fired = until(&server, &id, |now| now["runs"]["nodes"][0]["status"] == "READY_FOR_REVIEW").await;
    assert_eq!((&fired["status"], &fired["nextFireAt"]), (&json!("COMPLETED"), &Value::Null));
    assert_eq!(fired["runs"]["totalCount"], 1);
    assert_eq!(fired["runs"]["nodes"][0]["progress"], json!({ "total": 6, "done": 6 }));
    // It fires at its due time, not earlier and not much later.
    let late = |text: &Value| text.as_str().unwrap().parse::<gloss::domain::clock::Moment>().unwrap();
    let late = late(&fired["lastFireAt"]) - late(&fired["fireAt"]);
    assert!((0..2_000).contains(&late.num_milliseconds()), "{late}");
    // A new `fireAt` makes it active again.
    let again = update(&server, &id, json!({ "fireAt": in_ms(1_500) })).await;
    assert_eq!(again["status"], "ACTIVE");
    until(&server, &id, |now| now["status"] == "COMPLETED" && now["runs"]["totalCount"] == 2).await;
}

#[tokio::test]
async fn auto_writes_at_once_and_manual_leaves_it_for_review() {
    let (server, _target, db_profile) = house(MEMBERS).await;
    let input = json!({ "name": "auto", "cron": "0 3 * * *", "target": { "dbProfileId": db_profile },
        "reviewStrategy": "AUTO" });
    let id = create(&server, input).await;
    let run = run_now(&server, &id).await.unwrap();
    assert_eq!((&run["status"], &run["progress"]["done"]), (&json!("SUCCESS"), &json!(7)));
    let comments = "query ($id: ID!) { dbProfile(id: $id) { databases { schemas { tables { nodes { comment columns { \
        comment } } } } } }
        appliedComments { totalCount nodes { after actor run { kind } } } }";
    let data = server.data(comments, json!({ "id": db_profile })).await;
    let table = &data["dbProfile"]["databases"][0]["schemas"][0]["tables"]["nodes"][0];
    assert!(table["comment"].as_str().is_some_and(|text| text.len() > 5), "{table:#}");
    assert!(table["columns"].as_array().unwrap().iter().all(|column| column["comment"].is_string()));
    assert_eq!(data["appliedComments"]["totalCount"], 7);
    assert_eq!(data["appliedComments"]["nodes"][0]["run"]["kind"], "SCHEDULE");
    // Repeated runs suggest the same texts, so nothing new is written.
    assert_eq!(run_now(&server, &id).await.unwrap()["status"], "SUCCESS");
    let again = server.data(comments, json!({ "id": db_profile })).await;
    assert_eq!(again["dbProfile"], data["dbProfile"]);
    // A run keeps the settings that it was started with.
    update(&server, &id, json!({ "reviewStrategy": "MANUAL" })).await;
    assert_eq!(run_now(&server, &id).await.unwrap()["status"], "READY_FOR_REVIEW");
}

#[tokio::test]
async fn last_error_stays_until_a_firing_succeeds() {
    let (server, target, db_profile) = house(USERS).await;
    let schemas = json!([{ "name": "main", "tables": [{ "name": "users" }] }]);
    let whole = json!({ "dbProfileId": db_profile, "schemas": schemas });
    let plain = create(&server, json!({ "name": "plain", "cron": "0 3 * * *", "target": whole })).await;
    let changes = json!({ "name": "changes", "cron": "0 3 * * *", "target": whole, "onChange": true });
    let changes = create(&server, changes).await;

    // The table was renamed: the plain schedule's run fails, and the `onChange` schedule starts none.
    target.execute("ALTER TABLE users RENAME TO people;");
    for id in [&plain, &changes] {
        update(&server, id, json!({ "fireAt": in_ms(1_500), "cron": null })).await;
        let failed = until(&server, id, |now| now["lastError"].is_object()).await;
        assert_eq!(failed["lastError"]["code"], "BAD_USER_INPUT", "{failed:#}");
        assert!(failed["lastError"]["message"].as_str().unwrap().contains("users"), "{failed:#}");
        assert!(failed["lastError"]["hint"].is_string());
        assert_eq!((&failed["status"], failed["lastFireAt"].is_string()), (&json!("COMPLETED"), true));
    }
    assert_eq!(schedule(&server, &plain).await["runs"]["nodes"][0]["status"], "FAILED");
    assert_eq!(schedule(&server, &changes).await["runs"]["totalCount"], 0);
    let error = server.error(super::RUN_NOW, json!({ "id": changes })).await;
    assert_eq!(error["extensions"]["code"], "CONFLICT", "{error:#}");

    // The file is gone, so the database is unreachable.
    let aside = target.file.with_extension("aside");
    std::fs::rename(&target.file, &aside).unwrap();
    for id in [&plain, &changes] {
        update(&server, id, json!({ "fireAt": in_ms(1_500) })).await;
        let is = |now: &Value| {
            now["lastError"]["code"] == "UNAVAILABLE"
                || now["lastError"]["code"] == "BAD_USER_INPUT"
                    && now["lastError"]["message"].as_str().is_some_and(|text| !text.contains("users"))
        };
        until(&server, id, is).await;
    }
    std::fs::rename(&aside, &target.file).unwrap();
    target.execute("ALTER TABLE people RENAME TO users;");
    for id in [&plain, &changes] {
        update(&server, id, json!({ "fireAt": in_ms(1_500) })).await;
        let well = until(&server, id, |now| now["runs"]["nodes"][0]["status"] == "READY_FOR_REVIEW").await;
        assert_eq!(well["lastError"], Value::Null, "{well:#}");
    }
}
