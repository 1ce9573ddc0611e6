//! The metrics of a comparison, on runs small enough to compute by hand.

use std::time::Duration;

use gloss::{
    domain::{
        id::SuggestionId,
        profile::LlmProvider,
        run::{Row, RowOutcome},
        status::{RunKind, RunStatus},
        suggestion::{Alternative, Draft},
        usage::Usage,
    },
    port::store::Change,
};
use serde_json::{Value, json};

use super::{Said, begun, ended, global, plain, say, values};
use crate::api::Api;

const ALL: &str = "query ($ids: [ID!]!, $baseline: ID) { compareRuns(ids: $ids, baselineId: $baseline) {
    runs { number } baseline { number } complete
    differences { setting values }
    metrics { name direction unit values winners }
    assets { totalCount nodes { asset { display database } agreement similarity reference
        cells { suggestion { description } versions { version description } wordDiff { kind text } } } } } }";

async fn compared(api: &Api, ids: &[Value], baseline: Option<&Value>) -> Value {
    api.data(ALL, json!({ "ids": ids, "baseline": baseline })).await["compareRuns"].clone()
}

fn used(tokens: i64, cost: Option<f64>) -> Usage {
    Usage { input_tokens: tokens, output_tokens: 10, cost_usd: cost, model_ms: 1_500, requests: 2, ..Usage::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_their_values_and_winners() {
    let api = Api::new().await;
    let store = api.store.as_ref();
    let mut first = plain("t");
    first.spec.provider = Some(LlmProvider::OpenAiCompatible);
    first.spec.model = Some("house/model-a".to_owned());
    let second = plain("t");
    let said_first = [
        Said {
            confidence: 0.9,
            logprob: Some(-0.5),
            comment: Some("Mail of the customer.".into()),
            ..Said::new("cust_email", "The customer's email.")
        },
        Said { confidence: 0.6, data_type: Some("VARCHAR(10)".into()), ..Said::new("status", "Open or closed.") },
        Said::failed("zz"),
    ];
    let said_second = [
        Said { confidence: 0.9, ..Said::new("cust_email", " The  customer's email. ") },
        Said { confidence: 0.2, ..Said::new("status", "The status.") },
        Said { confidence: 0.2, ..Said::new("only_here", "Only here.") },
    ];
    let a = global(ended(store, first, &said_first, used(100, Some(0.25))).await);
    let b = global(ended(store, second, &said_second, Usage { requests: 3, ..Usage::default() }).await);
    let all = compared(&api, &[a.clone(), b.clone()], None).await;
    let metrics = &all["metrics"];
    let close = |name: &str, expected: [Option<f64>; 2]| {
        for (ours, theirs) in values(metrics, name).iter().zip(&expected) {
            match (ours, theirs) {
                (Some(ours), Some(theirs)) => assert!((ours - theirs).abs() < 1e-9, "{name}: {ours}, not {theirs}"),
                _ => assert_eq!(ours, theirs, "{name}"),
            }
        }
    };
    close("WALL_SECONDS", [Some(1.0), Some(1.0)]);
    close("MODEL_SECONDS", [Some(1.5), None]);
    close("INPUT_TOKENS", [Some(100.0), None]);
    close("OUTPUT_TOKENS", [Some(10.0), None]);
    close("TOTAL_TOKENS", [Some(110.0), None]);
    close("COST_USD", [Some(0.25), Some(0.0)]);
    close("AVERAGE_LOGPROB", [Some(-0.5), None]);
    close("AVERAGE_CONFIDENCE", [Some(0.75), Some(1.3 / 3.0)]);
    close("HIGH_CONFIDENCE_SHARE", [Some(0.5), Some(1.0 / 3.0)]);
    close("MEDIUM_CONFIDENCE_SHARE", [Some(0.5), Some(0.0)]);
    close("LOW_CONFIDENCE_SHARE", [Some(0.0), Some(2.0 / 3.0)]);
    close("APPROVAL_RATE", [None, None]);
    close("SUGGESTIONS", [Some(2.0), Some(3.0)]);
    close("FAILED_ASSETS", [Some(1.0), Some(0.0)]);
    // the, customer's, email, open, or, closed: all different; the, customer's, email, the, status, only, here.
    close("TYPE_TOKEN_RATIO", [Some(1.0), Some(6.0 / 7.0)]);
    // The first text mentions cust_email, but neither status nor varchar; the second mentions all its names.
    close("SCHEMA_GROUNDING", [Some(0.5), Some(1.0)]);
    let agreement = values(metrics, "AGREEMENT");
    assert_eq!(agreement[0], agreement[1], "with two runs, both have the same agreement");
    let winners = |name: &str| {
        let metric = metrics.as_array().unwrap().iter().find(|metric| metric["name"] == name).unwrap();
        metric["winners"].clone()
    };
    assert_eq!(winners("MODEL_SECONDS"), json!([a]), "a sole measured value wins");
    assert_eq!(winners("COST_USD"), json!([b]));
    assert_eq!(winners("WALL_SECONDS"), json!([a, b]), "equal best values share the win");
    assert_eq!(winners("AGREEMENT"), json!([]), "neutral");
    assert_eq!(winners("APPROVAL_RATE"), json!([]), "nothing was measured");
    let grid: Vec<(String, String)> = all["assets"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["asset"]["display"].as_str().unwrap().into(), node["agreement"].as_str().unwrap().into()))
        .collect();
    let expected = [
        ("public.t.cust_email", "SAME"),
        ("public.t.status", "DIFFERENT"),
        ("public.t.only_here", "MISSING"),
        ("public.t.zz", "MISSING"),
    ];
    assert_eq!(grid, expected.map(|(name, agreement)| (name.to_owned(), agreement.to_owned())));
    let nodes = &all["assets"]["nodes"];
    assert_eq!(nodes[0]["similarity"], 1.0);
    assert_eq!(nodes[0]["reference"], "Mail of the customer.");
    assert_eq!(nodes[2]["cells"][0], Value::Null);
    assert_eq!(nodes[2]["cells"][1]["wordDiff"], json!([{ "kind": "INSERTED", "text": "Only here." }]));
    assert_eq!(nodes[3]["cells"], json!([null, null]));
    assert_eq!(all["complete"], true);
    let settings: Vec<&str> =
        all["differences"].as_array().unwrap().iter().map(|it| it["setting"].as_str().unwrap()).collect();
    assert_eq!(settings, ["provider", "model"]);
    // A review counts at once, although the comparison was stored before it.
    let accept = "mutation ($id: ID!) { reviewSuggestions(input: { runId: $id, filter: { bands: [HIGH] }, decision: \
        ACCEPT, replaceComments: true }) { changed } }";
    api.data(accept, json!({ "id": a })).await;
    let skip = "mutation ($id: ID!) { reviewSuggestions(input: { runId: $id, filter: { bands: [MEDIUM] }, decision: \
        SKIP }) { changed } }";
    api.data(skip, json!({ "id": a })).await;
    let again = compared(&api, &[a.clone(), b.clone()], None).await;
    assert_eq!(values(&again["metrics"], "APPROVAL_RATE"), [Some(0.5), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_is_the_baseline_else_what_a_person_wrote() {
    let api = Api::new().await;
    let store = api.store.as_ref();
    let with_comment = |comment: &str| Said { comment: Some(comment.into()), ..Said::new("a", "One text.") };
    let one = ended(store, plain("t"), &[with_comment("A person wrote this.")], Usage::default()).await;
    let two =
        ended(store, plain("t"), &[Said::new("a", "Another text."), Said::new("b", "B.")], Usage::default()).await;
    let base = ended(store, plain("t"), &[Said::new("a", "The truth.")], Usage::default()).await;
    let ids = [global(two), global(one)];
    let without = compared(&api, &ids, None).await;
    assert_eq!(without["assets"]["nodes"][0]["reference"], "A person wrote this.");
    assert_eq!(without["assets"]["nodes"][1]["reference"], Value::Null);
    assert!(values(&without["metrics"], "CHRF").iter().all(Option::is_some));
    let other = compared(&api, &ids, Some(&global(base))).await;
    assert_eq!(other["baseline"]["number"], base.0);
    assert_eq!(other["assets"]["totalCount"], 2, "assets of the baseline alone do not count for the runs");
    assert_eq!(other["assets"]["nodes"][0]["reference"], "The truth.");
    let own = compared(&api, &ids, Some(&global(two))).await;
    assert_eq!(own["assets"]["nodes"][0]["reference"], "Another text.");
    for name in ["CHRF", "ROUGE_L", "EDIT_SIMILARITY"] {
        let values = values(&own["metrics"], name);
        assert!(values[0].is_none() && values[1].is_some(), "the baseline's own {name} is null: {values:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn later_versions_do_not_change_a_comparison() {
    let api = Api::new().await;
    let store = api.store.as_ref();
    let one = ended(store, plain("t"), &[Said::new("a", "Version one.")], Usage::default()).await;
    let two = ended(store, plain("t"), &[Said::new("a", "Version one.")], Usage::default()).await;
    let ids = [global(one), global(two)];
    let before = compared(&api, &ids, None).await;
    assert_eq!(before["assets"]["nodes"][0]["agreement"], "SAME");
    // A re-run of the first.
    let first = store.chains(&[SuggestionId(1)]).await.unwrap();
    let again = first.values().next().unwrap()[0].id;
    let mut rerun = plain("t");
    rerun.spec.kind = RunKind::Rerun;
    rerun.rows = vec![Row { position: 1, asset: super::column("a"), again: Some(again), fingerprint: None }];
    store.create_runs(vec![rerun], None, super::at(0)).await.unwrap();
    let run = store.claim_next("worker", None, super::at(0), Duration::from_mins(1)).await.unwrap().unwrap();
    let change: Change = Box::new(move |edit| {
        let row = Row { position: 1, asset: super::column("a"), again: Some(again), fingerprint: None };
        let draft = Draft {
            alternatives: vec![Alternative { text: "Version two.".into(), confidence: 0.5 }],
            logprob: None,
            reasoning: None,
            evidence: Vec::new(),
        };
        edit.end_row(row, RowOutcome::Done { draft, existing_comment: None, data_type: None });
        edit.finish(RunStatus::ReadyForReview, None)
    });
    store.change_run(run.id, Some(run.attempt), super::at(1), change).await.unwrap();
    let after = compared(&api, &ids, None).await;
    let node = &after["assets"]["nodes"][0];
    assert_eq!(node["agreement"], "SAME", "version one is shown and compared");
    assert_eq!(node["cells"][0]["versions"], json!([{ "version": 2, "description": "Version two." }]));
    assert_eq!(node["cells"][1]["versions"], json!([]));
    let with_rerun = compared(&api, &[ids[0].clone(), global(run.id)], None).await;
    assert_eq!(with_rerun["assets"]["nodes"][0]["cells"][1]["suggestion"]["description"], "Version two.");
    assert_eq!(with_rerun["assets"]["nodes"][0]["cells"][1]["versions"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_run_is_compared_with_its_suggestions_so_far() {
    let api = Api::new().await;
    let store = api.store.as_ref();
    let done = ended(store, plain("t"), &[Said::new("a", "One."), Said::new("b", "Two.")], Usage::default()).await;
    let live = begun(store, plain("t"), &[Said::new("a", "One.")], Usage::default()).await;
    let ids = [global(done), global(live.id)];
    let now = compared(&api, &ids, None).await;
    assert_eq!(now["complete"], false);
    assert_eq!(now["assets"]["nodes"][1]["agreement"], "MISSING");
    say(store, &live, &[Said::new("a", "One."), Said::new("b", "Two.")], Usage::default()).await;
    let finish: Change = Box::new(|edit| edit.finish(RunStatus::ReadyForReview, None));
    store.change_run(live.id, Some(live.attempt), super::at(20), finish).await.unwrap();
    let then = compared(&api, &ids, None).await;
    assert_eq!(then["complete"], true);
    assert_eq!(then["assets"]["nodes"][1]["agreement"], "SAME", "no old comparison is shown after the run ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_a_run_deletes_its_comparisons() {
    let api = Api::new().await;
    let store = api.store.as_ref();
    let one = ended(store, plain("t"), &[Said::new("a", "One.")], Usage::default()).await;
    let two = ended(store, plain("t"), &[Said::new("a", "Two.")], Usage::default()).await;
    let ids = [global(one), global(two)];
    compared(&api, &ids, None).await;
    let set = gloss::domain::compare::ComparedSet::new(&[one, two], None).unwrap();
    assert!(store.stored_comparison(&set).await.unwrap().is_some());
    let delete = "mutation ($ids: [ID!]!) { deleteRuns(input: { ids: $ids }) { deletedIds } }";
    api.data(delete, json!({ "ids": [ids[1]] })).await;
    assert!(store.stored_comparison(&set).await.unwrap().is_none());
    let error = api.error(ALL, json!({ "ids": ids })).await;
    assert_eq!((error.0.as_str(), error.1.as_str()), ("NOT_FOUND", "ids.1"));
}
