//! `gloss schedule …`.

use gloss::cli::Exit;
use serde_json::{Value, json};

use super::{ends, ends_with, pty::Terminal};
use crate::{cli::says, harness::Server};

#[tokio::test]
async fn schedules_are_added_listed_run_paused_and_removed() {
    let server = Server::start().await;
    let data = server.data.path();
    says(&ends(data, &["schedule", "list"], Exit::Success).await.stderr, &["gloss schedule add"]);
    let add = ["schedule", "add", "nightly", "demo:main.orders", "--cron", "30 2 * * MON-FRI", "--time-zone"];
    let added = ends(data, &[&add[..], &["Europe/Berlin", "--missing-only"]].concat(), Exit::Success).await;
    says(&added.stdout, &["The schedule nightly has been added. It fires next at ", ":30:00Z."]);
    let once = ["schedule", "add", "once", "demo:main", "--at", "12h", "--review", "auto", "--on-change", "--json"];
    let once = ends(data, &once, Exit::Success).await.json();
    assert_eq!(
        (&once["reviewStrategy"], &once["onChange"], &once["cron"]),
        (&json!("AUTO"), &json!(true), &json!(null))
    );
    let list = ends(data, &["schedule", "list"], Exit::Success).await.stdout;
    says(&list, &["once", "nightly", "30 2 * * MON-FRI Europe/Berlin", "main.orders", "manual", "auto", ":00Z"]);
    let narrow = ends_with(data, &["schedule", "list"], &[("COLUMNS", "60")], Exit::Success).await.stdout;
    assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    says(&Terminal::open(data, &["schedule", "list"], &[]).ends(Exit::Success), &["in 12 h"]);
    let show = ends(data, &["schedule", "show", "nightly"], Exit::Success).await.stdout;
    says(&show, &["Next          ", "without a comment", "the default when it fires", "manual"]);
    let show = ends(data, &["schedule", "show", "nightly", "--json"], Exit::Success).await.json();
    assert_eq!(show["nextFirings"].as_array().unwrap().len(), 5);

    says(&ends(data, &["schedule", "pause", "nightly"], Exit::Success).await.stdout, &["nightly is paused."]);
    let paused = ends(data, &["schedule", "list", "--status", "paused", "--json"], Exit::Success).await.json();
    assert_eq!((&paused[0]["name"], &paused[1]), (&json!("nightly"), &json!(null)));
    // A schedule runs in any status.
    let run = ends(data, &["schedule", "run", "nightly"], Exit::Success).await;
    says(&run.stdout, &["Run #1: ready for review"]);
    says(&ends(data, &["schedule", "show", "nightly"], Exit::Success).await.stdout, &["#1 ready for review"]);
    says(&ends(data, &["schedule", "resume", "nightly"], Exit::Success).await.stdout, &["active and fires next at"]);
    // Without a terminal, nobody can be asked. An id is removed by its name.
    let unasked = ends(data, &["schedule", "remove", "nightly"], Exit::UserError).await;
    says(&unasked.stderr, &["Remove the schedule nightly (demo: main.orders)?", "--yes"]);
    let id = show["id"].as_str().unwrap();
    let removed = ends(data, &["schedule", "remove", id, "--yes"], Exit::Success).await;
    assert_eq!(removed.stdout, "The schedule nightly has been removed.\n");
    let add = ["schedule", "add", "x"];
    for (arguments, words) in [
        (&["demo"][..], "--cron"),
        (&["demo", "--cron", "61 * * * *"], "cron"),
        (&["demo", "--cron", "@daily", "--time-zone", "Mars"], "Mars"),
        (&["demo", "--at", "2001-01-01T00:00:00Z"], "future"),
        (&["demo:main.nothing", "--cron", "@daily"], "nothing"),
        (&["demo", "other", "--cron", "@daily"], "several"),
    ] {
        says(&ends(data, &[&add[..], arguments].concat(), Exit::UserError).await.stderr, &[words]);
    }
    says(&ends(data, &["schedule", "pause", "x"], Exit::UserError).await.stderr, &["no schedule \"x\"", "choose once"]);
    // Without a server, a schedule does not fire, which the command says.
    let gone = server.kill().await;
    let added = ends(gone.path(), &["schedule", "add", "later", "demo", "--cron", "@daily"], Exit::Success).await;
    says(&added.stderr, &["gloss serve"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_removal_of_a_schedule_is_asked_for() {
    let server = Server::start().await;
    let data = server.data.path();
    ends(data, &["schedule", "add", "nightly", "demo", "--cron", "@daily"], Exit::Success).await;
    for (answer, words) in [("n", "Nothing was removed."), ("y", "The schedule nightly has been removed.")] {
        let mut terminal = Terminal::open(data, &["schedule", "remove", "nightly"], &[]);
        terminal.sees("Remove the schedule nightly (demo: ");
        terminal.sees("[y/N] ");
        terminal.line(answer);
        says(&terminal.ends(Exit::Success), &[words]);
    }
    assert_eq!(ends(data, &["schedule", "list", "--json"], Exit::Success).await.json(), json!([]));
}

#[tokio::test]
async fn two_schedules_have_two_names() {
    let server = Server::start().await;
    let data = server.data.path();
    let add = ["schedule", "add", "nightly", "demo:main.orders", "--cron", "@daily"];
    ends(data, &add, Exit::Success).await;
    let taken = ends(data, &add, Exit::Conflict).await;
    says(
        &taken.stderr,
        &["a schedule \"nightly\" already (demo: main.orders)", "another name", "gloss schedule change"],
    );
    ends(data, &["schedule", "add", "weekly", "demo", "--cron", "@weekly"], Exit::Success).await;
    let renamed = ["schedule", "change", "weekly", "--name", "nightly"];
    says(&ends(data, &renamed, Exit::Conflict).await.stderr, &["\"nightly\" already"]);
    // Its own name is no other's.
    ends(data, &["schedule", "change", "weekly", "--name", "weekly"], Exit::Success).await;
    let list = ends(data, &["schedule", "list", "--json"], Exit::Success).await.json();
    assert_eq!(list.as_array().unwrap().len(), 2, "{list:#}");

    // The API gives one name to several schedules. Then the name is not enough.
    let create = "mutation($input: CreateScheduleInput!) { createSchedule(input: $input) { schedule { id } } }";
    let demo = server.db_profile("demo").await;
    let input = json!({ "name": "weekly", "cron": "@daily", "target": { "dbProfileId": demo } });
    let made = server.data(create, json!({ "input": input })).await;
    let second = made["createSchedule"]["schedule"]["id"].as_str().unwrap();
    says(&ends(data, &["schedule", "show", "weekly"], Exit::UserError).await.stderr, &["2 schedules", second]);
    ends(data, &["schedule", "remove", second, "--yes"], Exit::Success).await;
    ends(data, &["schedule", "show", "weekly"], Exit::Success).await;
}

#[tokio::test]
async fn the_list_of_schedules_fits_a_terminal() {
    let server = Server::start().await;
    let data = server.data.path();
    let long = "*/15 8-18 1,2,3,4,5,6,7,8,9,10,11,12,13 JAN-JUN MON,TUE,WED,THU,FRI";
    for (name, cron) in [("a nightly schedule of the whole shop", "30 2 * * MON-FRI"), ("long", long)] {
        let scope = ["demo:main.orders", "demo:main.customers", "demo:main.shipments"];
        let add =
            ["schedule", "add", name, scope[0], scope[1], scope[2], "--time-zone", "America/Argentina/Buenos_Aires"];
        ends(data, &[&add[..], &["--cron", cron]].concat(), Exit::Success).await;
        let list = ends_with(data, &["schedule", "list"], &[("COLUMNS", "80")], Exit::Success).await.stdout;
        assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
        says(&list, &["NAME", "STATUS", "active", "FIRES"]);
    }
    let wide = ends(data, &["schedule", "list"], Exit::Success).await.stdout;
    says(&wide, &[long, "America/Argentina/Buenos_Aires", "a nightly schedule of the whole shop"]);
}

#[tokio::test]
async fn a_schedule_is_changed_in_parts() {
    let server = Server::start().await;
    let data = server.data.path();
    let add = ["schedule", "add", "nightly", "demo:main.orders", "demo:main.customers.email", "--cron", "@daily"];
    ends(data, &[&add[..], &["--exclude", "*_bak", "--budget-usd", "2.5"]].concat(), Exit::Success).await;
    let shown = async || ends(data, &["schedule", "show", "nightly", "--json"], Exit::Success).await.json();
    let change = async |arguments: &[&str]| -> Value {
        let changed = ends(data, &[&["schedule", "change", "nightly"], arguments].concat(), Exit::Success).await;
        says(&changed.stdout, &["The schedule nightly has been changed. It is active and fires next at ", "Z."]);
        shown().await
    };
    let before = shown().await;
    // What is not given stays.
    let changed = change(&["--cron", "30 2 * * *", "--time-zone", "Europe/Berlin"]).await;
    assert_eq!((&changed["cron"], &changed["timeZone"]), (&json!("30 2 * * *"), &json!("Europe/Berlin")));
    for field in ["scopeSummary", "scope", "budget", "reviewStrategy", "onChange", "options", "llmProfile"] {
        assert_eq!(changed[field], before[field], "{field}");
    }
    let changed = change(&["--review", "auto", "--on-change", "yes", "--missing-only", "yes"]).await;
    assert_eq!((&changed["reviewStrategy"], &changed["onChange"]), (&json!("AUTO"), &json!(true)));
    assert_eq!(changed["options"]["missingOnly"], true);
    let changed = change(&["--exclude", "staging.*", "--exclude", "*_old"]).await;
    assert_eq!(changed["scope"]["exclude"], json!(["staging.*", "*_old"]));
    assert_eq!(changed["scopeSummary"], before["scopeSummary"]);
    let changed = change(&["demo:main.shipments", "--model", "builtin"]).await;
    assert_eq!(
        (&changed["scopeSummary"], &changed["llmProfile"]["name"]),
        (&json!("main.shipments"), &json!("builtin"))
    );
    assert_eq!(changed["scope"]["exclude"], json!(["staging.*", "*_old"]));
    // An empty value clears.
    let changed = change(&["--model", "", "--exclude", "", "--budget-usd", "", "--on-change", "no"]).await;
    assert_eq!((&changed["llmProfile"], &changed["scope"]["exclude"]), (&Value::Null, &json!([])));
    assert_eq!((&changed["budget"], &changed["onChange"]), (&Value::Null, &json!(false)));
    assert_eq!(changed["options"]["missingOnly"], true);
    let changed = change(&["--at", "12h"]).await;
    assert!(changed["cron"].is_null() && changed["fireAt"].is_string(), "{changed:#}");
    let renamed = ends(data, &["schedule", "change", "nightly", "--name", "weekly", "--json"], Exit::Success).await;
    assert_eq!(renamed.json()["name"], "weekly");

    // Options that the command line does not set stay, too.
    let update = "mutation($input: UpdateScheduleInput!) { updateSchedule(input: $input) { schedule { id } } }";
    let options = json!({ "instructions": "Amounts are in cents.", "alternatives": 5 });
    let input = json!({ "id": before["id"], "options": options, "budget": { "maxTokens": 5000 } });
    server.data(update, json!({ "input": input })).await;
    ends(data, &["schedule", "change", "weekly", "--missing-only", "yes", "--budget-usd", "1"], Exit::Success).await;
    let query = "query($id: ID!) { node(id: $id) { ... on Schedule { budget { maxCostUsd maxTokens }
        options { instructions alternatives missingOnly } } } }";
    let changed = server.data(query, json!({ "id": before["id"] })).await["node"].take();
    let expected = json!({
        "budget": { "maxCostUsd": 1.0, "maxTokens": 5000 },
        "options": { "instructions": "Amounts are in cents.", "alternatives": 5, "missingOnly": true },
    });
    assert_eq!(changed, expected);

    for (arguments, words) in [
        (&["weekly"][..], "nothing to change is given"),
        (&["nothing", "--cron", "@daily"], "no schedule \"nothing\""),
        (&["weekly", "--cron", "61 * * * *"], "cron"),
        (&["weekly", "--cron", "@daily", "--at", "12h"], "cannot be used with"),
        (&["weekly", "demo:main.nothing"], "nothing"),
        (&["weekly", "--on-change", "maybe"], "yes or no"),
    ] {
        let refused = ends(data, &[&["schedule", "change"], arguments].concat(), Exit::UserError).await;
        says(&refused.stderr, &[words]);
    }
}
