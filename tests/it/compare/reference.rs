//! The text metrics against the values of sacrebleu, rouge-score and `RapidFuzz` for the same texts in many scripts.
//! `scripts/metric-reference` generates the values.

use gloss::domain::compare::text::{Grams, chrf, edit_similarity, mutual_chrf, rouge_l, words};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    text: String,
    reference: String,
    words: Vec<String>,
    chrf: f64,
    rouge_l: f64,
    edit_similarity: f64,
}

#[test]
fn metrics_agree_with_their_reference_implementations() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("reference.json")).unwrap();
    assert!(cases.len() > 400);
    let mut nontrivial = 0;
    for case in &cases {
        let (text, reference) = (Grams::of(&case.text), Grams::of(&case.reference));
        let (own, other): (Vec<String>, Vec<String>) = (words(&case.text).collect(), words(&case.reference).collect());
        let close = |name: &str, ours: f64, theirs: f64| {
            let off = (ours - theirs).abs();
            assert!(off < 1e-6, "{name} is {ours}, not {theirs}, for {:?} and {:?}", case.text, case.reference);
        };
        assert_eq!(own, case.words, "the words of {:?}", case.text);
        close("chrF", chrf(&text, &reference), case.chrf);
        close("ROUGE-L", rouge_l(&own, &other), case.rouge_l);
        close("edit similarity", edit_similarity(&case.text, &case.reference), case.edit_similarity);
        let both = f64::midpoint(chrf(&text, &reference), chrf(&reference, &text));
        close("mutual chrF", mutual_chrf(&text, &reference), both);
        assert_eq!(mutual_chrf(&text, &reference).to_bits(), mutual_chrf(&reference, &text).to_bits());
        nontrivial += usize::from(case.chrf > 0.0 && case.chrf < 1.0);
    }
    assert!(nontrivial > 300, "{nontrivial}");
}
