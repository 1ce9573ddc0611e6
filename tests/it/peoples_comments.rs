//! Comments written by people are protected: bulk decisions, `RUN_APPLY` and AUTO schedules leave them out and report
//! their number; a decision by id includes them. Through the API of a real server.

use serde_json::{Value, json};

use crate::harness::{Server, SqliteTarget};

const REVIEW: &str = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) {
    changed leftOut run { status reviewCounts { unreviewed accepted skipped } } } }";
const APPLY: &str = "mutation ($input: ApplyRunInput!) { write: applyRun(input: $input) {
    total replacing run { lastSequence } } }";
const ROLLBACK: &str = "mutation ($input: RollbackRunInput!) { write: rollbackRun(input: $input) {
    total replacing run { lastSequence } } }";
const PLAN: &str =
    "query ($run: ID!) { applyPlan(runId: $run) { nodes { before after suggestion { asset { display } } } } }";
const TABLES: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL);
    CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
        column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
    INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'total', 'In euros, taxes included'),
        ('COLUMN', 'orders', 'id', '   ')";
/// The table, and its columns `id` and `total`.
const ASSETS: usize = 3;

struct House {
    server: Server,
    target: SqliteTarget,
    db: String,
}

impl House {
    async fn new() -> Self {
        let target = SqliteTarget::new(TABLES);
        let server = Server::start().await;
        let db = server.create_db_profile("target", &target.url()).await;
        Self { server, target, db }
    }

    /// Runs a command over the whole database and returns the run and its events.
    async fn run(&self, options: Value, command: &str) -> (String, Vec<Value>) {
        let targets = json!([{ "dbProfileId": self.db }]);
        let run = self.server.start_run(json!({ "targets": targets, "options": options, "command": command })).await;
        let events = self.server.events(&run, 0).await;
        (run, events)
    }

    async fn review(&self, input: Value) -> (i64, i64) {
        let data = self.server.data(REVIEW, json!({ "input": input })).await["reviewSuggestions"].take();
        (data["changed"].as_i64().unwrap(), data["leftOut"].as_i64().unwrap())
    }

    async fn accept_all(&self, run: &str) -> (i64, i64) {
        self.review(json!({ "runId": run, "decision": "ACCEPT" })).await
    }

    /// Applies or rolls back and returns the number of comments, and how many of them replaced another comment.
    async fn write(&self, mutation: &str, run: &str) -> (i64, i64) {
        let data = self.server.data(mutation, json!({ "input": { "runId": run } })).await["write"].take();
        self.server.events(run, data["run"]["lastSequence"].as_i64().unwrap()).await;
        (data["total"].as_i64().unwrap(), data["replacing"].as_i64().unwrap())
    }

    /// Returns the suggestion for a column.
    async fn suggestion(&self, run: &str, column: &str) -> Value {
        let query = "query ($run: ID!, $name: String) { run(id: $run) { suggestions(filter: { name: $name }) {
            nodes { id existingComment finalText review { state } } } } }";
        let data = self.server.data(query, json!({ "run": run, "name": format!("orders.{column}") })).await;
        data["run"]["suggestions"]["nodes"][0].clone()
    }

    /// Returns the comment on the column `total`.
    async fn comment(&self) -> Value {
        let query = "query ($id: ID!) { dbProfile(id: $id) { databases { schemas { tables { nodes { columns { name \
            comment } } } } } } }";
        let data = self.server.data(query, json!({ "id": self.db })).await;
        let columns = &data["dbProfile"]["databases"][0]["schemas"][0]["tables"]["nodes"][0]["columns"];
        columns[1]["comment"].clone()
    }

    fn comment_by_hand(&self, text: &str) {
        self.target.execute(&format!("UPDATE gloss_comments SET comment = '{text}' WHERE column_name = 'total'"));
    }
}

#[tokio::test]
async fn bulk_accept_keeps_peoples_comments_unless_replacing_is_requested() {
    let house = House::new().await;
    let (run, _) = house.run(json!({}), "RUN").await;
    // A blank comment counts as none.
    assert_eq!(house.suggestion(&run, "id").await["existingComment"], Value::Null);
    assert_eq!(house.accept_all(&run).await, (2, 1));
    assert_eq!(house.suggestion(&run, "total").await["review"]["state"], "UNREVIEWED");
    assert_eq!(house.accept_all(&run).await, (0, 1));
    // Skipping and restoring in bulk include assets with comments.
    assert_eq!(house.review(json!({ "runId": run, "decision": "SKIP" })).await, (3, 0));
    assert_eq!(house.review(json!({ "runId": run, "decision": "RESTORE" })).await, (3, 0));
    // The filter applies first, and the assets that it excludes are not counted as left out.
    let filter = json!({ "hasComment": false });
    assert_eq!(house.review(json!({ "runId": run, "decision": "ACCEPT", "filter": filter })).await, (2, 0));
    let all = json!({ "runId": run, "decision": "ACCEPT", "replaceComments": true });
    assert_eq!(house.review(all).await, (1, 0));
    // Decided suggestions are not decided again.
    assert_eq!(house.accept_all(&run).await, (0, 0));

    // A decision by id may replace a comment.
    let (run, _) = house.run(json!({}), "RUN").await;
    let id = house.suggestion(&run, "total").await["id"].clone();
    assert_eq!(house.review(json!({ "ids": [id], "decision": "ACCEPT", "text": "Sum" })).await, (1, 0));
    assert_eq!(house.accept_all(&run).await, (2, 1), "a decision of a person is not overridden");
    assert_eq!(house.suggestion(&run, "total").await["finalText"], "Sum");
    // The run's option is the default.
    let (run, _) = house.run(json!({ "replaceComments": true }), "RUN").await;
    let kept = json!({ "runId": run, "decision": "ACCEPT", "replaceComments": false });
    assert_eq!(house.review(kept).await, (2, 1));
    assert_eq!(house.accept_all(&run).await, (1, 0));

    for input in [
        json!({ "ids": [id], "decision": "ACCEPT", "replaceComments": false }),
        json!({ "runId": run, "decision": "SKIP", "replaceComments": true }),
    ] {
        let error = house.server.error(REVIEW, json!({ "input": input })).await;
        assert_eq!(error["extensions"]["argument"], "input.replaceComments", "{error}");
    }
}

#[tokio::test]
async fn bulk_accept_keeps_a_reviewers_text_of_this_and_of_other_versions() {
    let house = House::new().await;
    house.target.execute("DELETE FROM gloss_comments");
    let (first, _) = house.run(json!({}), "RUN").await;
    let edited = house.suggestion(&first, "total").await["id"].clone();
    assert_eq!(house.review(json!({ "ids": [edited], "decision": "ACCEPT", "text": "Sum" })).await, (1, 0));
    assert_eq!(house.accept_all(&first).await, (2, 1));
    assert_eq!(house.suggestion(&first, "total").await["finalText"], "Sum");
    // A second bulk accept changes nothing.
    assert_eq!(house.accept_all(&first).await, (0, 1));

    let again = "mutation ($run: ID!) { rerun(input: { runId: $run }) { runs { id } } }";
    let second = house.server.data(again, json!({ "run": first })).await["rerun"]["runs"][0]["id"].take();
    let second = second.as_str().unwrap();
    house.server.events(second, 0).await;
    // Version 2 takes the place of an accepted version 1, but not of an edited one.
    assert_eq!(house.accept_all(second).await, (2, 1));
    assert_eq!(house.suggestion(second, "total").await["review"]["state"], "UNREVIEWED");
    assert_eq!(house.suggestion(&first, "total").await["review"]["state"], "EDITED");
    assert_eq!(house.suggestion(&first, "id").await["review"]["state"], "SKIPPED");
    let all = json!({ "runId": second, "decision": "ACCEPT", "replaceComments": true });
    assert_eq!(house.review(all).await, (1, 0));
    assert_eq!(house.suggestion(&first, "total").await["review"]["state"], "SKIPPED");
    let restored = json!({ "runId": second, "decision": "RESTORE" });
    assert_eq!(house.review(restored).await.1, 0);
    assert_eq!(house.suggestion(&first, "total").await["finalText"], "Sum", "the edit returns");
}

#[tokio::test]
async fn comments_of_gloss_count_as_a_persons_once_a_person_changes_them() {
    let house = House::new().await;
    let (first, _) = house.run(json!({}), "RUN").await;
    let id = house.suggestion(&first, "total").await["id"].clone();
    let edit = json!({ "ids": [id], "decision": "ACCEPT", "text": "Sum of the order" });
    assert_eq!(house.review(edit).await, (1, 0));
    assert_eq!(house.accept_all(&first).await, (2, 1));
    let plan = house.server.data(PLAN, json!({ "run": first })).await["applyPlan"]["nodes"].take();
    assert_eq!(plan[0]["suggestion"]["asset"]["display"], "main.orders.total", "replacing writes come first: {plan}");
    assert_eq!(plan[0]["before"], "In euros, taxes included");
    assert_eq!(house.write(APPLY, &first).await, (3, 1));

    // Gloss wrote all three, one in the reviewer's words, and recognizes that through either profile.
    let again = house.server.create_db_profile("again", &house.target.url()).await;
    for profile in [&house.db, &again] {
        let run = house.server.start_run(json!({ "targets": [{ "dbProfileId": profile }] })).await;
        house.server.events(&run, 0).await;
        let (changed, left_out) = house.accept_all(&run).await;
        assert_eq!((usize::try_from(changed).unwrap(), left_out), (ASSETS - 1, 1));
    }
    // After a roll-back, the restored comment counts as the person's again.
    assert_eq!(house.write(ROLLBACK, &first).await, (3, 1));
    assert_eq!(house.comment().await, "In euros, taxes included");
    let (run, _) = house.run(json!({}), "RUN").await;
    assert_eq!(house.accept_all(&run).await, (2, 1));
    // A person changes a comment that Gloss wrote.
    assert_eq!(house.review(json!({ "runId": run, "decision": "ACCEPT", "replaceComments": true })).await, (1, 0));
    house.write(APPLY, &run).await;
    house.comment_by_hand("Net of taxes");
    let (run, _) = house.run(json!({}), "RUN").await;
    assert_eq!(house.accept_all(&run).await, (2, 1));
    assert_eq!(house.suggestion(&run, "total").await["review"]["state"], "UNREVIEWED");
}

#[tokio::test]
async fn runs_with_auto_apply_skip_peoples_comments_and_report_how_many() {
    let house = House::new().await;
    let (run, events) = house.run(json!({}), "RUN_APPLY").await;
    assert_eq!(house.comment().await, "In euros, taxes included");
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["status"]), (&json!("FINISHED"), &json!("READY_FOR_REVIEW")));
    for event_type in ["STATUS_CHANGED", "FINISHED"] {
        let messages: Vec<_> = events.iter().filter(|event| event["type"] == event_type).collect();
        let said = messages.iter().any(|event| event["message"].as_str().unwrap().contains("1 left out"));
        assert!(said, "{event_type}: {messages:?}");
    }
    assert_eq!(house.suggestion(&run, "total").await["review"]["state"], "UNREVIEWED");

    let create = "mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }";
    let fire = "mutation ($id: ID!) { runScheduleNow(input: { id: $id }) { runs { id } } }";
    for (options, replaced) in [(json!({}), false), (json!({ "replaceComments": true }), true)] {
        let name = format!("nightly {replaced}");
        let input = json!({ "name": name, "cron": "0 3 * * *", "target": { "dbProfileId": house.db },
            "reviewStrategy": "AUTO", "options": options });
        let schedule = house.server.data(create, json!({ "input": input })).await["createSchedule"]["schedule"].take();
        let fired = house.server.data(fire, json!({ "id": schedule["id"] })).await["runScheduleNow"]["runs"][0].take();
        let events = house.server.events(fired["id"].as_str().unwrap(), 0).await;
        assert_eq!(events.last().unwrap()["status"] == "SUCCESS", replaced, "{events:?}");
        assert_eq!(house.comment().await != "In euros, taxes included", replaced);
    }
    house.comment_by_hand("In euros, taxes included");
    let (_, events) = house.run(json!({ "replaceComments": true }), "RUN_APPLY").await;
    assert_eq!(events.last().unwrap()["status"], "SUCCESS", "{events:?}");
    assert_ne!(house.comment().await, "In euros, taxes included");
}
