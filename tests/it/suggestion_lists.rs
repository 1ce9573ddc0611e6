//! Substance, filters and facets of a run's suggestions, through the API of a real server.

use serde_json::{Value, json};

use crate::harness::{ScriptedModel, Server, SqliteTarget, server_with};

const LIST: &str = "query ($run: ID!, $filter: SuggestionFilter, $tables: Int) { run(id: $run) {
    suggestions(filter: $filter) { totalCount nodes { substance description asset { display } }
        facets { states { unreviewed accepted edited skipped applied } bands { high medium low }
            kinds { kind count } substances { substance count } tables(first: $tables) { schema table count } } } } }";
const TABLES: &str = "CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL, status TEXT);
    CREATE TABLE order_lines (id INTEGER PRIMARY KEY, \"100%_x\" TEXT CHECK (\"100%_x\" IN ('red', 'blue')));
    CREATE TABLE gloss_comments (kind TEXT NOT NULL, table_name TEXT NOT NULL DEFAULT '',
        column_name TEXT NOT NULL DEFAULT '', comment TEXT NOT NULL, PRIMARY KEY (kind, table_name, column_name));
    INSERT INTO gloss_comments VALUES ('COLUMN', 'orders', 'total', 'Gross sum in euros');
    INSERT INTO orders VALUES (1, 2.5, 'open'), (2, 3.5, 'paid'), (3, 1, 'open'), (4, 1, 'paid'), (5, 1, 'open');";

async fn list(server: &Server, run: &str, filter: Value) -> Value {
    server.data(LIST, json!({ "run": run, "filter": filter, "tables": 9 })).await["run"]["suggestions"].take()
}

fn names(list: &Value) -> Vec<&str> {
    list["nodes"].as_array().unwrap().iter().map(|node| node["asset"]["display"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn suggestions_are_listed_counted_and_reviewed_by_substance() {
    let target = SqliteTarget::new(TABLES);
    let server = Server::start().await;
    let db = server.create_db_profile("target", &target.url()).await;
    let run = server.start_run(json!({ "targets": [{ "dbProfileId": db }] })).await;
    server.events(&run, 0).await;
    let all = list(&server, &run, Value::Null).await;
    assert_eq!(all["totalCount"], 7);
    let substance = |name: &str| {
        let nodes = all["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["asset"]["display"] == name).unwrap()["substance"].as_str().unwrap().to_owned()
    };
    assert_eq!(substance("main.orders.id"), "RESTATES_NAME");
    assert_eq!(substance("main.orders.total"), "RESTATES_COMMENT", "{all}");
    assert_eq!(substance("main.orders"), "INFORMATIVE", "{all}");

    // The builtin describer gives no text that restates the name a HIGH or MEDIUM confidence.
    let sure = json!({ "substances": ["RESTATES_NAME"], "bands": ["HIGH", "MEDIUM"] });
    assert_eq!(list(&server, &run, sure).await["totalCount"], 0);

    for (filter, wanted) in [
        (json!({ "hasComment": true }), vec!["main.orders.total"]),
        (json!({ "name": "LINES.2" }), vec![]),
        (json!({ "name": "100%_" }), vec!["main.order_lines.100%_x"]),
        (json!({ "name": "ORDERS.T" }), vec!["main.orders.total"]),
        (json!({ "name": "gross" }), vec![]),
        (json!({ "search": "gross" }), vec!["main.orders.total"]),
        (json!({ "schema": "main", "table": "order_lines", "kinds": ["TABLE"] }), vec!["main.order_lines"]),
        (json!({ "schema": "Main" }), vec![]),
        (json!({ "substances": ["RESTATES_COMMENT"] }), vec!["main.orders.total"]),
        (json!({ "substances": [] }), vec![]),
    ] {
        let found = list(&server, &run, filter.clone()).await;
        assert_eq!(names(&found), wanted, "{filter}");
        assert_eq!(found["totalCount"], wanted.len(), "{filter}");
    }

    // Each facet is counted under the filter without its own part.
    let filter = json!({ "kinds": ["COLUMN"], "states": ["ACCEPTED"], "table": "order_lines" });
    let review = "mutation ($input: ReviewSuggestionsInput!) { reviewSuggestions(input: $input) { changed leftOut } }";
    let informative = json!({ "runId": run, "decision": "ACCEPT", "filter": { "substances": ["INFORMATIVE"] } });
    let reviewed = server.data(review, json!({ "input": informative })).await["reviewSuggestions"].take();
    assert_eq!(reviewed["leftOut"], 0);
    let accepted = list(&server, &run, json!({ "states": ["ACCEPTED"] })).await;
    assert_eq!(accepted["totalCount"], reviewed["changed"]);
    let facets = list(&server, &run, filter).await["facets"].take();
    assert_eq!(facets["states"], json!({ "unreviewed": 1, "accepted": 1, "edited": 0, "skipped": 0, "applied": 0 }));
    let kinds: Vec<&str> =
        facets["kinds"].as_array().unwrap().iter().map(|counted| counted["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"COLUMN"), "{facets}");
    let substances = json!([{ "substance": "INFORMATIVE", "count": 1 }, { "substance": "RESTATES_NAME", "count": 0 },
        { "substance": "RESTATES_COMMENT", "count": 0 }]);
    assert_eq!(facets["substances"], substances);
    assert_eq!(facets["tables"], json!([{ "schema": "main", "table": "order_lines", "count": 1 }]));
    let tables = list(&server, &run, Value::Null).await["facets"]["tables"].take();
    assert_eq!(
        tables,
        json!([{ "schema": "main", "table": "orders", "count": 4 },
            { "schema": "main", "table": "order_lines", "count": 3 }])
    );
    for first in [-1, 201] {
        let error = server.error(LIST, json!({ "run": run, "tables": first })).await;
        assert_eq!(error["extensions"]["argument"], "first", "{error}");
    }
}

#[tokio::test]
async fn the_comparison_measures_the_informative_share() {
    let target = SqliteTarget::new("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)");
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let told = server.start_run(input.clone()).await;
    server.events(&told, 0).await;
    let restated = server.start_run(json!({ "targets": input["targets"] })).await;
    server.events(&restated, 0).await;
    let query = "query ($ids: [ID!]!) { compareRuns(ids: $ids) { metrics { name direction values winners } } }";
    let data = server.data(query, json!({ "ids": [told, restated] })).await;
    let metrics = data["compareRuns"]["metrics"].as_array().unwrap();
    let share = metrics.iter().find(|metric| metric["name"] == "INFORMATIVE_SHARE").unwrap();
    assert_eq!(share["direction"], "HIGHER_IS_BETTER");
    let values: Vec<f64> = share["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    for (run, value) in [(&told, values[0]), (&restated, values[1])] {
        let found = list(&server, run, json!({ "substances": ["INFORMATIVE"] })).await["totalCount"].as_f64().unwrap();
        assert!((value - found / 3.0).abs() < 1e-9, "{values:?} {found}");
    }
}
