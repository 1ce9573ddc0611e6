//! Re-runs and variations: the prompts, the chains of versions, and that a variation differs from the previous text.

use gloss::domain::{
    asset::AssetKind,
    run::{Row, VariationMode},
    status::{RunCommand, RunKind, RunStatus},
    suggestion::Suggestion,
};
use serde_json::json;

use crate::{
    harness::{ScriptedModel, SqliteTarget, server_with},
    kinds::World,
};

fn again(suggestions: &[Suggestion]) -> Vec<Row> {
    let row = |(position, one): (i32, &Suggestion)| Row {
        position,
        asset: one.asset.clone(),
        again: Some(one.id),
        fingerprint: None,
    };
    (1..).zip(suggestions).map(row).collect()
}

#[tokio::test]
async fn versions_follow_one_another_and_a_variation_is_another_text() {
    let world = World::with_tables(2).await;
    let first = world.start(world.order(RunKind::Analyze, RunCommand::Run, Vec::new())).await;
    world.ended(first).await;
    let mut before = world.suggestions(first).await;
    let chain: Vec<_> = before.iter().map(|one| one.id).collect();

    let rerun = world.start(world.order(RunKind::Rerun, RunCommand::Rerun, again(&before))).await;
    assert_eq!(world.ended(rerun).await.status, RunStatus::ReadyForReview);
    let same = world.suggestions(rerun).await;
    for (one, old) in same.iter().zip(&before) {
        assert_eq!((&one.description, one.version), (&old.description, 2), "the same facts give the same text");
    }
    before = same;
    for (version, mode) in (3..).zip([VariationMode::Lexical, VariationMode::Semantic, VariationMode::Lexical]) {
        let mut order = world.order(RunKind::Rerun, RunCommand::Variations, again(&before));
        order.spec.variations = Some(mode);
        order.spec.options.missing_only = true;
        order.spec.options.alternatives = 1;
        let id = world.start(order).await;
        assert_eq!(world.ended(id).await.status, RunStatus::ReadyForReview);
        let varied = world.suggestions(id).await;
        for (one, old) in varied.iter().zip(&before) {
            assert_ne!(one.description, old.description, "{mode:?} of {}", one.asset.display());
            assert_eq!(one.version, version);
        }
        assert_eq!(varied.iter().map(|one| one.chain_id).collect::<Vec<_>>(), chain);
        before = varied;
    }
}

#[tokio::test]
async fn a_draft_of_a_schema_is_repeated() {
    let world = World::with_tables(4).await;
    let asset = gloss::domain::asset::AssetPath {
        kind: AssetKind::Schema,
        database: None,
        schema: Some("main".into()),
        table: None,
        column: None,
    };
    let rows = vec![Row { position: 1, asset, again: None, fingerprint: None }];
    let draft = world.start(world.order(RunKind::Generate, RunCommand::Generate, rows)).await;
    world.ended(draft).await;
    let before = world.suggestions(draft).await;
    let mut order = world.order(RunKind::Rerun, RunCommand::Variations, again(&before));
    order.spec.variations = Some(VariationMode::Lexical);
    let id = world.start(order).await;
    assert_eq!(world.ended(id).await.status, RunStatus::ReadyForReview);
    let after = world.suggestions(id).await;
    assert_eq!(after[0].version, 2);
    assert_ne!(after[0].description, before[0].description);
}

#[tokio::test]
async fn instructions_and_the_text_before_reach_the_model() {
    let target = SqliteTarget::new("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);");
    let model = ScriptedModel::builder().start().await;
    let (server, input) = server_with(&model, &target, &[]).await;
    let run = server.start_run(input).await;
    server.events(&run, 0).await;
    let query =
        "query ($id: ID!) { run(id: $id) { suggestions { nodes { id description asset { display } version } } } }";
    let first = server.data(query, json!({ "id": run })).await;
    let email = first["run"]["suggestions"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["asset"]["display"] == "main.users.email")
        .unwrap()
        .clone();
    let sent = model.requests();
    for (variations, wish) in
        [(json!(null), "a new text"), (json!("LEXICAL"), "in other words"), (json!("SEMANTIC"), "another meaning")]
    {
        let rerun = "mutation ($ids: [ID!], $mode: VariationMode) {
            rerun(input: { suggestionIds: $ids, instructions: \"Say that mails bounce\", variations: $mode }) { runs { \
            id kind command } } }";
        let started = server.data(rerun, json!({ "ids": [email["id"]], "mode": variations })).await;
        let id = started["rerun"]["runs"][0]["id"].as_str().unwrap().to_owned();
        let events = server.events(&id, 0).await;
        assert_eq!(events.last().unwrap()["status"], "READY_FOR_REVIEW");
        let request = model.recorded().pop().unwrap();
        let user = request.text("system") + &request.text("user");
        assert!(request.asks_for("main.users.email") && !request.asks_for("main.users.id"), "{user}");
        let before = email["description"].as_str().unwrap();
        for part in ["Say that mails bounce", "Texts before", before, wish] {
            assert!(user.contains(part), "{part:?} is missing in {user}");
        }
    }
    assert_eq!(model.requests(), sent + 3);
}
