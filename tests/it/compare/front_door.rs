//! Comparisons through the API, over HTTP, on a server with a database and models.

use serde_json::{Value, json};

use super::{exports, values};
use crate::harness::{ScriptedModel, Server, SqliteTarget, llm_input};

const COMPARE: &str = "query ($ids: [ID!]!, $baseline: ID, $filter: ComparedAssetFilter, $first: Int, $after: String) {
    compareRuns(ids: $ids, baselineId: $baseline) {
        runs { id number } complete
        differences { setting values }
        metrics { name direction values winners }
        assets(filter: $filter, first: $first, after: $after) {
            totalCount
            pageInfo { hasNextPage endCursor }
            nodes { asset { display kind } agreement similarity reference cells { suggestion { description } } } }
    } }";

/// Starts a server with a run of the builtin describer and one of a scripted model on the same database.
async fn two_runs() -> (Server, Vec<String>) {
    let target = SqliteTarget::with_tables(3, 4);
    let model = ScriptedModel::builder().start().await;
    let server = Server::start().await;
    let profile = server.create_db_profile("target", &target.url()).await;
    let scripted = server.create_llm_profile(llm_input(&model.profile())).await;
    let builtin = server.llm_profile("builtin").await;
    let mut ids = Vec::new();
    for (llm_profile, exclude) in [(builtin, json!([])), (scripted, json!(["*_old", "tmp_*"]))] {
        let target = json!({ "dbProfileId": profile, "exclude": exclude });
        let input = json!({ "targets": [target], "llmProfileId": llm_profile });
        let id = server.start_run(input).await;
        server.events(&id, 0).await;
        ids.push(id);
    }
    (server, ids)
}

#[tokio::test]
async fn two_models_on_one_database() {
    let (server, ids) = two_runs().await;
    let all = server.data(COMPARE, json!({ "ids": ids })).await["compareRuns"].take();
    assert_eq!(all["assets"]["totalCount"], 3 + 3 * 4);
    assert_eq!(all["complete"], true);
    assert_eq!(values(&all["metrics"], "SUGGESTIONS"), [Some(15.0), Some(15.0)]);
    let settings: Vec<&str> =
        all["differences"].as_array().unwrap().iter().filter_map(|it| it["setting"].as_str()).collect();
    for setting in ["llmProfile", "provider", "model", "options.profileData"] {
        assert!(settings.contains(&setting), "{settings:?}");
    }
    let excluded = all["differences"].as_array().unwrap().iter().find(|it| it["setting"] == "scope.exclude").unwrap();
    assert_eq!(excluded["values"], json!([null, "*_old, tmp_*"]));
    // The pages add up to the same grid.
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = server.data(COMPARE, json!({ "ids": ids, "first": 4, "after": after })).await;
        let assets = &page["compareRuns"]["assets"];
        names.extend(assets["nodes"].as_array().unwrap().iter().map(|node| node["asset"]["display"].clone()));
        after = assets["pageInfo"]["endCursor"].clone();
        if assets["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let whole: Vec<Value> =
        all["assets"]["nodes"].as_array().unwrap().iter().map(|node| node["asset"]["display"].clone()).collect();
    assert_eq!(names, whole);
    // Filters by agreement, kind and text.
    let count = async |filter: Value| {
        let page = server.data(COMPARE, json!({ "ids": ids, "filter": filter })).await;
        let assets = &page["compareRuns"]["assets"];
        assert_eq!(assets["totalCount"], assets["nodes"].as_array().unwrap().len());
        assets["totalCount"].as_i64().unwrap()
    };
    assert_eq!(count(json!({ "kinds": ["TABLE"] })).await, 3);
    assert_eq!(count(json!({ "search": "T02.C00" })).await, 4);
    assert_eq!(count(json!({ "search": "%" })).await, 0);
    assert_eq!(count(json!({ "agreement": [] })).await, 0);
    assert_eq!(count(json!({ "agreement": ["MISSING"] })).await, 0);
    assert_eq!(count(json!({ "agreement": ["SAME", "SIMILAR", "DIFFERENT"] })).await, 15);
    let text = all["assets"]["nodes"][0]["cells"][1]["suggestion"]["description"].as_str().unwrap();
    assert!(count(json!({ "search": text.to_uppercase() })).await >= 1);
}

#[tokio::test]
async fn exports_are_the_same_by_field_and_by_file() {
    let (server, ids) = two_runs().await;
    let query = "query ($ids: [ID!]!, $baseline: ID) { compareRuns(ids: $ids, baselineId: $baseline) {
        metrics { name direction values winners }
        assets(first: 200) { nodes { agreement similarity reference cells { suggestion { description } } } }
        csv: export(format: CSV) json: export(format: JSON) markdown: export(format: MARKDOWN) } }";
    let all = server.data(query, json!({ "ids": ids, "baseline": ids[0] })).await["compareRuns"].take();
    exports::hold_the_same(&all);
    let mut files = json!({ "metrics": all["metrics"], "assets": all["assets"] });
    for (format, field, media) in
        [("csv", "csv", "text/csv"), ("json", "json", "application/json"), ("md", "markdown", "text/markdown")]
    {
        let path = format!("/export/comparison?ids={}&baseline={}&format={format}", ids.join(","), ids[0]);
        let response = server.get(&path).await;
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(media));
        assert_eq!(header("content-disposition"), format!("attachment; filename=\"comparison-1-2.{format}\""));
        files[field] = response.text().await.unwrap().into();
    }
    exports::hold_the_same(&files);
}

#[tokio::test]
async fn runs_that_cannot_be_compared_are_refused() {
    let (server, ids) = two_runs().await;
    let target = SqliteTarget::with_tables(1, 1);
    let empty = server.create_db_profile("empty", &target.url()).await;
    target.execute("DROP TABLE t01");
    let empty = server.start_run(json!({ "targets": [{ "dbProfileId": empty }] })).await;
    server.events(&empty, 0).await;
    let unknown = gloss::domain::id::encode(gloss::domain::id::NodeType::Run, 999);
    let profile = server.db_profile("demo").await;
    let (one, two) = (ids[0].as_str(), ids[1].as_str());
    let cases = [
        (json!({ "ids": [] }), "BAD_USER_INPUT", "ids"),
        (json!({ "ids": [one] }), "BAD_USER_INPUT", "ids"),
        (json!({ "ids": [one, two, empty, one, two] }), "BAD_USER_INPUT", "ids"),
        (json!({ "ids": [one, two, one] }), "BAD_USER_INPUT", "ids.2"),
        (json!({ "ids": [one, unknown] }), "NOT_FOUND", "ids.1"),
        (json!({ "ids": [one, profile] }), "BAD_USER_INPUT", "ids.1"),
        (json!({ "ids": [one, "nonsense"] }), "BAD_USER_INPUT", "ids.1"),
        (json!({ "ids": [one, two], "baseline": unknown }), "NOT_FOUND", "baselineId"),
        (json!({ "ids": [one, two], "first": 201 }), "BAD_USER_INPUT", "first"),
        (json!({ "ids": [one, two], "after": "nonsense" }), "BAD_USER_INPUT", "after"),
    ];
    for (variables, code, argument) in cases {
        let error = server.error(COMPARE, variables.clone()).await;
        assert_eq!(error["extensions"]["code"], code, "{variables}: {error}");
        assert_eq!(error["extensions"]["argument"], argument, "{variables}: {error}");
        assert!(error["message"].as_str().unwrap().len() > 20, "{error}");
    }
    // A cursor of one comparison is rejected by another.
    let page = server.data(COMPARE, json!({ "ids": [one, two], "first": 1 })).await;
    let after = page["compareRuns"]["assets"]["pageInfo"]["endCursor"].clone();
    let error = server.error(COMPARE, json!({ "ids": [one, empty], "after": after })).await;
    assert_eq!(error["extensions"]["argument"], "after");
    // A run without suggestions has no values and wins nothing.
    let all = server.data(COMPARE, json!({ "ids": [empty, one] })).await["compareRuns"].take();
    assert_eq!(values(&all["metrics"], "SUGGESTIONS"), [Some(0.0), Some(15.0)]);
    for name in ["AVERAGE_CONFIDENCE", "LOW_CONFIDENCE_SHARE", "TYPE_TOKEN_RATIO", "AGREEMENT", "COST_USD"] {
        assert_eq!(values(&all["metrics"], name)[0], None, "{name}");
    }
    assert_eq!(all["assets"]["nodes"][0]["agreement"], "MISSING");
    // Exports fail with the same error codes as the API.
    for (query, status, code) in [
        (format!("ids={one},{two}"), 400, "BAD_USER_INPUT"),
        (format!("ids={one}&format=csv"), 400, "BAD_USER_INPUT"),
        (format!("ids={one},{unknown}&format=csv"), 404, "NOT_FOUND"),
        (format!("ids={one},{two}&format=csv&color=red"), 400, "BAD_USER_INPUT"),
    ] {
        let response = server.get(&format!("/export/comparison?{query}")).await;
        assert_eq!(response.status(), status, "{query}");
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], code, "{query}: {body}");
    }
}
