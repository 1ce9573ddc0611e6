use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    model::{
        sample::{column, table},
        subjects::asked,
    },
    port::model::Subject,
};

fn three() -> Vec<Asked> {
    asked(
        &table("users", vec![column("id"), column("e-mail")]),
        &[Subject::Table, Subject::Column(0), Subject::Column(1)],
    )
}

fn one() -> Vec<Asked> {
    asked(&table("users", vec![column("e-mail")]), &[Subject::Column(0)])
}

fn descriptions(answer: &str) -> Vec<Option<String>> {
    read(answer, &three(), 3).into_iter().map(|reading| reading.map(|reading| reading.description)).collect()
}

fn all() -> Vec<Option<String>> {
    vec![Some("All users.".into()), Some("The number.".into()), Some("The address.".into())]
}

#[test]
fn a_true_answer() {
    let answer = json!({
        "table": {"description": "All users.", "alternatives": ["Users.", "People."], "confidence": 0.9, "reasoning": "the name"},
        "id": {"description": "The number.", "alternatives": [], "confidence": 0.8, "reasoning": ""},
        "e_mail": {"description": "The address.", "alternatives": ["The address.", "Mail", "A", "Post"], "confidence": 2, "reasoning": "x"},
    });
    let read = read(&answer.to_string(), &three(), 3);
    let first = read[0].as_ref().unwrap();
    assert_eq!((first.confidence, first.reasoning.as_deref()), (Some(0.9), Some("the name")));
    assert_eq!(first.alternatives, ["Users.", "People."]);
    let last = read[2].as_ref().unwrap();
    assert_eq!(last.alternatives, ["Mail", "Post"], "distinct, no more than asked for, none absurd");
}

#[test]
fn answers_that_need_repair() {
    for answer in [
        "```json\n{\"table\": {\"description\": \"All users.\"}, \"id\": {\"description\": \"The number.\"}, \"e_mail\": {\"description\": \"The address.\"}}\n```",
        "Here is {the} JSON you [asked] for: {\"table\": \"All users.\", \"id\": \"The number.\", \"e_mail\": \"The address.\",} Enjoy!",
        "{\"Table\": {\"Description\": \"All users.\"}, \"ID\": {\"desc\": \"The number.\"}, \"e-mail\": {\"descripton\": \"The address.\"}}",
        "{\"main.users\": {\"text\": \"All users.\"}, \"main.users.id\": {\"text\": \"The number.\"}, \"email\": {\"text\": \"The address.\"}}",
        "{\"result\": {\"table\": {\"description\": \"All users.\"}, \"columns\": [{\"name\": \"id\", \"description\": \"The number.\"}, {\"name\": \"e_mail\", \"description\": \"The address.\"}]}}",
        "[{\"description\": \"All users.\"}, {\"description\": \"The number.\"}, {\"description\": \"The address.\"}]",
        "{\"table\": {\"description\": \"All users.\"}}\n{\"id\": {\"description\": \"The number.\"}, \"e_mail\": {\"description\": \"The address.\"}}",
        "<think>{\"table\": {\"description\": \"Draft.\"}}</think>{table: {description: 'All users.'}, id: {description: 'The number.'}, e_mail: {description: 'The address.'}}",
    ] {
        assert_eq!(descriptions(answer), all(), "{answer}");
    }
}

#[test]
fn what_was_cut_off_is_missing() {
    let cut = "{\"table\": {\"description\": \"All users.\", \"confidence\": 0.9}, \"id\": {\"description\": \"The number.\", \"alternatives\": [\"x";
    assert_eq!(descriptions(cut), [Some("All users.".into()), Some("The number.".into()), None]);
    let earlier =
        "{\"table\": {\"description\": \"All users.\", \"confidence\": 0.9}, \"id\": {\"description\": \"The num";
    assert_eq!(descriptions(earlier), [Some("All users.".into()), None, None]);
}

#[test]
fn one_subject_needs_no_key() {
    let read = read("{\"description\": \"The address.\", \"confidence\": \"high\"}", &one(), 1);
    assert_eq!(read[0].as_ref().map(|reading| reading.confidence), Some(Some(0.85)));
}

#[test]
fn nonsense_is_nothing() {
    for answer in
        ["", "I cannot help with that.", "{}", "[]", "{\"table\": 3}", "{\"table\": {\"description\": \"\"}}", "null"]
    {
        assert_eq!(descriptions(answer), [None, None, None], "{answer}");
    }
}

#[test]
fn confidences_as_models_state_them() {
    for (stated, read) in [
        (json!(0.8), Some(0.8)),
        (json!(1), Some(1.0)),
        (json!(80), Some(0.8)),
        (json!(8), Some(0.8)),
        (json!(-1), Some(0.0)),
        (json!(1000), Some(1.0)),
        (json!("0.8"), Some(0.8)),
        (json!("80%"), Some(0.8)),
        (json!("4/5"), Some(0.8)),
        (json!("Very High"), Some(0.95)),
        (json!("who knows"), None),
        (json!(null), None),
        (json!("NaN"), None),
        (json!("1/0"), None),
    ] {
        assert_eq!(confidence(&stated), read, "{stated}");
    }
}

proptest! {
    #[test]
    fn never_panics(answer in any::<String>()) {
        let _ = read(&answer, &three(), 3);
    }

    #[test]
    fn never_panics_on_broken_answers(cut in 0_usize..200, noise in "[{}\\[\\]\",:\\\\ a-z0-9é]{0,20}") {
        let whole = "{\"table\": {\"description\": \"All üsers.\", \"alternatives\": [\"Users.\"], \"confidence\": \"80%\"}, \"id\": \"The number.\"}";
        let at = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let readings = read(&format!("{}{noise}{}", &whole[..at], &whole[at..]), &three(), 3);
        for reading in readings.into_iter().flatten() {
            prop_assert!(!reading.description.is_empty());
            prop_assert!(reading.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
        }
    }
}
