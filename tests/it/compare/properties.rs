//! Properties of comparisons of any runs: the order of runs changes only the order of cells, the grid's totals equal
//! those of the runs, a winner is never null, diffs contain both texts, and exports parse back to the same values.

use std::collections::{BTreeMap, BTreeSet};

use gloss::domain::{
    compare::diff::{DiffKind, word_diff},
    profile::LlmProvider,
    usage::Usage,
};
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};

use super::{Said, ended, exports, global, plain, values};
use crate::api::Api;

const ALL: &str = "query ($ids: [ID!]!, $baseline: ID) { compareRuns(ids: $ids, baselineId: $baseline) {
    runs { id progress { failed } suggestions { totalCount } } complete asOf
    metrics { name direction values winners }
    assets(first: 200) { totalCount nodes { asset { kind database schema table column } agreement similarity reference
        cells { suggestion { id description run { id } } wordDiff { kind text } } } }
    csv: export(format: CSV) json: export(format: JSON) markdown: export(format: MARKDOWN) } }";

/// The suggestions, the usage and the provider of a run.
type ARun = (Vec<Said>, Usage, LlmProvider);

/// Generates meaningful texts and texts that look like the syntax of an export format.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "(the |a |of |order |customer |mail |заказ |顧客 ){1,8}",
        "[a-z |,\"\\\\\n\r\t*_`<>&;#~\\[\\]=+@'-]{1,24}",
        "\\PC{1,20}",
    ]
    .prop_filter("a description says something", |text| !text.trim().is_empty())
}

fn said() -> impl Strategy<Value = Vec<Said>> {
    let one = (
        0..8_u8,
        proptest::option::weighted(0.9, text()),
        0.0..=1.0,
        proptest::option::of(-3.0..0.0),
        proptest::option::of(text()),
    );
    let shape =
        |(column, text, confidence, logprob, comment): (u8, Option<String>, f64, Option<f64>, Option<String>)| Said {
            column: ["id", "cust_email_addr", "a.b", "C", "größe", "顧客", "x y", "is_ok"][usize::from(column)]
                .to_owned(),
            text,
            confidence,
            logprob,
            comment,
            data_type: Some("INTEGER".to_owned()),
        };
    // One per column, since a run has one row per asset.
    proptest::collection::vec(one.prop_map(shape), 0..8).prop_map(|said| {
        let by_column: BTreeMap<String, Said> = said.into_iter().map(|said| (said.column.clone(), said)).collect();
        by_column.into_values().collect()
    })
}

fn usage() -> impl Strategy<Value = Usage> {
    (0..1_000_i64, proptest::option::of(0.0..2.0), 0..5_000_i64, 0..4).prop_map(
        |(tokens, cost_usd, model_ms, requests)| Usage {
            input_tokens: tokens,
            output_tokens: tokens / 3,
            cost_usd,
            model_ms,
            requests,
            ..Usage::default()
        },
    )
}

#[test]
fn comparisons_do_not_depend_on_the_order_of_runs() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let api = runtime.block_on(Api::new());
    let run = (said(), usage(), prop_oneof![Just(LlmProvider::Builtin), Just(LlmProvider::OpenAiCompatible)]);
    let cases = (proptest::collection::vec(run, 2..=4), any::<prop::sample::Index>(), 0..3_u8);
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let outcome =
        TestRunner::new(config).run(&cases, |(runs, turn, baseline): (Vec<ARun>, prop::sample::Index, u8)| {
            runtime.block_on(async {
                let mut ids = Vec::new();
                for (said, usage, provider) in &runs {
                    let mut new = plain("t");
                    new.spec.provider = Some(*provider);
                    ids.push(global(ended(api.store.as_ref(), new, said, usage.clone()).await));
                }
                let baseline = (baseline == 1).then(|| ids[ids.len() - 1].clone());
                let mut turned = ids.clone();
                turned.rotate_left(turn.index(ids.len()));
                turned.reverse();
                let ask = async |ids: &[Value]| {
                    api.data(ALL, json!({ "ids": ids, "baseline": baseline })).await["compareRuns"].clone()
                };
                let (one, other) = (ask(&ids).await, ask(&turned).await);
                holds_for(&one, &runs);
                same_but_for_order(&one, &other);
                exports::hold_the_same(&one);
            });
            Ok(())
        });
    outcome.unwrap();
}

fn holds_for(all: &Value, runs: &[ARun]) {
    let nodes = all["assets"]["nodes"].as_array().unwrap();
    assert_eq!(all["assets"]["totalCount"], nodes.len());
    let touched: BTreeSet<&str> =
        runs.iter().flat_map(|(said, ..)| said.iter().map(|said| said.column.as_str())).collect();
    let shown: BTreeSet<&str> = nodes.iter().map(|node| node["asset"]["column"].as_str().unwrap()).collect();
    assert_eq!(shown, touched, "every asset that any run touched, once");
    for (at, (said, ..)) in runs.iter().enumerate() {
        let cells = nodes.iter().filter(|node| !node["cells"][at].is_null()).count();
        let texts = said.iter().filter(|said| said.text.is_some()).count();
        assert_eq!(cells, texts);
        assert_eq!(all["runs"][at]["suggestions"]["totalCount"], texts);
        #[expect(clippy::cast_precision_loss, reason = "eight at most")]
        let (texts, failed) = (texts as f64, (said.len() as f64) - texts as f64);
        assert_eq!(values(&all["metrics"], "SUGGESTIONS")[at], Some(texts));
        assert_eq!(values(&all["metrics"], "FAILED_ASSETS")[at], Some(failed));
    }
    let missing: Vec<usize> = nodes
        .iter()
        .map(|node| node["cells"].as_array().unwrap().iter().filter(|cell| cell.is_null()).count())
        .collect();
    assert!(missing.is_sorted(), "assets in most runs first: {missing:?}");
    for node in nodes {
        let cells = node["cells"].as_array().unwrap();
        let text = |cell: &Value| cell["suggestion"]["description"].as_str().map(str::to_owned);
        assert_eq!(node["agreement"] == "MISSING", cells.iter().any(Value::is_null));
        assert_eq!(node["similarity"].is_null(), cells.iter().filter(|cell| !cell.is_null()).count() < 2);
        for cell in cells.iter().filter(|cell| !cell.is_null()) {
            let side = |left_out: &str| {
                let parts = cell["wordDiff"].as_array().unwrap().iter().filter(|part| part["kind"] != left_out);
                parts.map(|part| part["text"].as_str().unwrap()).collect::<String>()
            };
            assert_eq!(Some(side("DELETED")), text(cell));
            assert_eq!(side("INSERTED"), text(&cells[0]).unwrap_or_default());
        }
    }
    for metric in all["metrics"].as_array().unwrap() {
        let measured: Vec<(f64, &Value)> = metric["values"]
            .as_array()
            .unwrap()
            .iter()
            .zip(all["runs"].as_array().unwrap())
            .filter_map(|(value, run)| Some((value.as_f64()?, &run["id"])))
            .collect();
        let best = match metric["direction"].as_str().unwrap() {
            "LOWER_IS_BETTER" => measured.iter().map(|(value, _)| *value).reduce(f64::min),
            "HIGHER_IS_BETTER" => measured.iter().map(|(value, _)| *value).reduce(f64::max),
            _ => None,
        };
        let expected: Vec<&Value> =
            measured.iter().filter(|(value, _)| Some(*value) == best).map(|(_, run)| *run).collect();
        assert_eq!(metric["winners"].as_array().unwrap().iter().collect::<Vec<_>>(), expected, "{metric}");
    }
}

/// Checks that two comparisons differ only in the order of the runs.
fn same_but_for_order(one: &Value, other: &Value) {
    let by_run = |all: &Value, list: &Value| -> BTreeMap<String, Value> {
        let runs = all["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap().to_owned());
        runs.zip(list.as_array().unwrap().iter().cloned()).collect()
    };
    let set = |winners: &Value| -> BTreeSet<String> {
        winners.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    for (a, b) in one["metrics"].as_array().unwrap().iter().zip(other["metrics"].as_array().unwrap()) {
        assert_eq!(a["name"], b["name"]);
        assert_eq!(by_run(one, &a["values"]), by_run(other, &b["values"]), "{}", a["name"]);
        assert_eq!(set(&a["winners"]), set(&b["winners"]), "{}", a["name"]);
    }
    let nodes = |all: &Value| all["assets"]["nodes"].as_array().unwrap().clone();
    assert_eq!(nodes(one).len(), nodes(other).len());
    for (a, b) in nodes(one).iter().zip(&nodes(other)) {
        for field in ["asset", "agreement", "similarity", "reference"] {
            assert_eq!(a[field], b[field]);
        }
        let suggestions = |all: &Value, node: &Value| -> BTreeMap<String, Value> {
            by_run(all, &node["cells"]).into_iter().map(|(run, cell)| (run, cell["suggestion"]["id"].clone())).collect()
        };
        assert_eq!(suggestions(one, a), suggestions(other, b));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_diff_spells_both_texts(from in "\\PC{0,60}|(the |a |order |mail \
        ){0,9}", to in "\\PC{0,60}|(the |a |order |mail ){0,9}") {
        let parts = word_diff(&from, &to);
        let side = |left_out: DiffKind| -> String {
            parts.iter().filter(|part| part.kind != left_out).map(|part| part.text.as_str()).collect()
        };
        prop_assert_eq!(side(DiffKind::Inserted), from);
        prop_assert_eq!(side(DiffKind::Deleted), to);
        prop_assert!(parts.windows(2).all(|pair| pair[0].kind != pair[1].kind), "the parts of a kind add up to 1");
    }
}
