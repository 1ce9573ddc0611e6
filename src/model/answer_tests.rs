use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    model::{entry::confidence, sample::column, subjects::asked},
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
    ["All users.", "The number.", "The address."].map(|text| Some(text.to_owned())).to_vec()
}

/// Returns a valid answer with these texts.
fn entries(texts: [&str; 3]) -> Value {
    let entry = |text: &str| {
        let alternatives = ["Another wording."];
        json!({"description": text, "alternatives": alternatives, "confidence": 0.8, "reasoning": "why"})
    };
    json!({"c1": entry(texts[0]), "c2": entry(texts[1]), "c3": entry(texts[2])})
}

fn right() -> Value {
    entries(["All users.", "The number.", "The address."])
}

fn wrong() -> Value {
    entries(["A draft.", "A draft.", "A draft."])
}

#[test]
fn a_true_answer() {
    let answer = json!({
        "c1": {"description": "All users.", "alternatives": ["Users.", "People."], "confidence": 0.9,
            "reasoning": "the name"},
        "c2": {"description": "The number.", "alternatives": [], "confidence": 0.8, "reasoning": ""},
        "c3": {"description": "The address.", "alternatives": ["The address.", "Mail", "A", "Post"],
            "confidence": 2, "reasoning": "x"},
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
        "```json\n{\"c1\": {\"description\": \"All users.\"}, \"c2\": {\"description\": \"The number.\"}, \"c3\": \
            {\"description\": \"The address.\"}}\n```",
        "Here is {the} JSON you [asked] for: {\"c1\": \"All users.\", \"c2\": \"The number.\", \"c3\": \"The \
            address.\",} Enjoy!",
        "{\"C1\": {\"Description\": \"All users.\"}, \"**c2**\": {\"desc\": \"The number.\"}, \"e-mail\": \
            {\"descripton\": \"The address.\"}}",
        "{\"main.users\": {\"text\": \"All users.\"}, \"main.users.id\": {\"text\": \"The number.\"}, \"email\": \
            {\"text\": \"The address.\"}}",
        "{\"result\": {\"users\": {\"description\": \"All users.\"}, \"columns\": [{\"name\": \"id\", \"description\": \
            \"The number.\"}, {\"name\": \"e_mail\", \"description\": \"The address.\"}]}}",
        "[{\"description\": \"All users.\"}, {\"description\": \"The number.\"}, {\"description\": \"The address.\"}]",
        "[{\"column\": \"c3\", \"description\": \"The address.\"}, {\"column\": \"c1\", \"description\": \"All \
            users.\"}, {\"column\": \"c2\", \"description\": \"The number.\"}]",
        "[{\"name\": \"Users of it\", \"key\": \"c1\", \"description\": \"All users.\"}, {\"key\": \"c2\", \
            \"description\": \"The number.\"}, {\"key\": \"c3\", \"description\": \"The address.\"}]",
        "{\"c1\": {\"description\": \"All users.\"}}\n{\"c2\": {\"description\": \"The number.\"}, \"c3\": \
            {\"description\": \"The address.\"}}",
        "{'c1': {'description': 'All users.', 'confidence': 0.8}, 'c2': {'description': \"The number.\"}, 'c3': \
            {'description': u'The address.'}}",
        "{“c1”: {“description”: “All users.”}, “c2”: {“description”: “The number.”}, “c3”: {“description”: “The \
            address.”}}",
        "{c1: {description: All users., confidence: 0.8}, c2: {description: 'The number.'}, c3: {description: \"The \
            address.\"}}",
        "{\"c1\": {\"description\": [\"All users.\", \"People.\"]}, \"c2\": [\"The number.\"], \"c3\": \
            {\"description\": {\"text\": \"The address.\"}}}",
        "{\"c1\": [{\"description\": \"All users.\"}], \"c2\": {\"description\": \"**The number.**\"}, \"c3\": \
            {\"description\": \"\\\"The address.\\\"\"}}",
        "{\r\n\"c1\": {\r\n\"description\": \"All\r\nusers.\"},\r\n\"c2\": \"The number.\",\r\n\"c3\": \"The \
            address.\"\r\n}",
        "\u{feff}{\"c1\":\u{a0}\"All\u{a0}users.\", \"c2\":\u{a0}\"The number.\", \"c3\": \"The\u{200b} address.\"}",
        "{\"c1\": \"All \\ud83dusers.\", \"c2\": \"The number.\", \"c3\": \"The address.\"}",
        "{\"c1\": \"A draft.\", \"c1\": \"All users.\", \"c2\": \"The number.\", \"c3\": \"The address.\"}",
        "{\"c1\": {\"description\": \"A draft.\", \"description\": \"All users.\"}, \"c2\": \"The number.\", \"c3\": \
            \"The address.\"}",
        "{\"c1\": {\"description\": \"All users.\" \"confidence\": 0.8} \"c2\": \"The number.\"\n\"c3\": \"The \
            address.\"}",
        "{\"c1\": {\"description\": \"All users.\", \"alternatives\": [\"x y\", \"z z\"}, \"c2\": {\"description\": \
            \"The number.\"}, \"c3\": {\"description\": \"The address.\"}}",
        "{\\\"c1\\\": \\\"All users.\\\", \\\"c2\\\": \\\"The number.\\\", \\\"c3\\\": \\\"The address.\\\"}",
        "{&quot;c1&quot;: &quot;All users.&quot;, &quot;c2&quot;: &quot;The number.&quot;, &quot;c3&quot;: &quot;The \
            address.&quot;}",
        "c1:\n  description: All users.\n  confidence: 0.8\nc2:\n  description: \"The \
            number.\"\n  alternatives:\n    - Another one.\nc3:\n  description: \
            >-\n    The\n    address.\n  confidence: 0.8",
        "```yaml\n- c1:\n    description: All users.\n- c2:\n    description: 'The number.'\n- c3:\n    description: \
            The address.\n```",
        "{\"draft\": {\"c1\": \"A draft.\"}, \"final\": {\"c1\": \"All users.\", \"c2\": \"The number.\", \"c3\": \
            \"The address.\"}}",
        "{\"c1\": \"null\", \"c2\": \"The number.\"}\nOnce more:\n{\"c1\": \"All users.\", \"c3\": \"The address.\"}",
        "{\"c1\": \"All users.\", \"c2\": \"The number.\", \"c3\": \"The address.\", \"notes\": {\"c3\": \"A \
            draft.\"}}",
    ] {
        assert_eq!(descriptions(answer), all(), "{answer}");
    }
}

#[test]
fn json_that_is_encoded_as_a_string_at_any_level() {
    let right = right();
    let string = |value: &Value| json!(value.to_string());
    let each = |change: &dyn Fn(&Value) -> Value| -> Value {
        right
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| (key.clone(), change(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let listed = each(&|entry| {
        let mut entry = entry.clone();
        entry["alternatives"] = json!("[\"Another, wording.\", \"A third.\"]");
        entry
    });
    let pretty = json!(serde_json::to_string_pretty(&right).unwrap());
    for value in [
        string(&right),
        string(&string(&right)),
        pretty.clone(),
        json!(format!("```json\n{right}\n```")),
        json!({ "columns": string(&right) }),
        json!({ "result": { "columns": string(&string(&right)) } }),
        each(&string),
        each(&|entry| string(&string(entry))),
        each(&|entry| json!(format!("```json\n{entry}\n```"))),
        each(&|entry| json!([string(entry)])),
        listed.clone(),
        string(&listed),
        json!(right.as_object().unwrap().values().map(string).collect::<Vec<_>>()),
        string(&json!(right.as_object().unwrap().values().collect::<Vec<_>>())),
    ] {
        for answer in
            [value.to_string(), format!("Sure:\n```json\n{value}\n```\nDone."), format!("<think>{{</think>{value}")]
        {
            assert_eq!(descriptions(&answer), all(), "{answer}");
            let reading = read(&answer, &three(), 3)[0].clone().unwrap();
            assert_eq!(reading.confidence, Some(0.8), "{answer}");
            let wording = &reading.alternatives[0];
            assert!(wording == "Another wording." || wording == "Another, wording.", "{answer}: {wording}");
        }
    }
    assert_eq!(descriptions("{\"c1\": \"[old] All users.\"}")[0].as_deref(), Some("[old] All users."));
    assert_eq!(descriptions("{\"c1\": \"{x} is a set.\"}")[0].as_deref(), Some("{x} is a set."));
}

#[test]
fn json_whose_quotes_are_escaped_without_quotes_around_it() {
    let texts = ["The \"B2B\" & \"B2C\" users.", "The <number>.", "C:\\new, a path."];
    let right = entries(texts);
    let pretty = serde_json::to_string_pretty(&right).unwrap();
    let encoded = |text: &str| {
        let string = json!(text).to_string();
        string[1..string.len() - 1].to_owned()
    };
    let html = |text: &str| {
        [("&", "&amp;"), ("\"", "&quot;"), ("<", "&lt;"), (">", "&gt;")]
            .iter()
            .fold(text.to_owned(), |text, (plain, entity)| text.replace(plain, entity))
    };
    for json in [
        encoded(&right.to_string()),
        encoded(&pretty),
        html(&right.to_string()),
        html(&pretty),
        html(&right.to_string()).replace("&quot;", "&#34;"),
    ] {
        for answer in [
            json.clone(),
            format!("```json\n{json}\n```"),
            format!("Here is the \"JSON\" of {{it}}: {json}\nDone."),
            format!("<think>{{\"c1\": \"A draft.\"}}</think>{json}"),
        ] {
            assert_eq!(descriptions(&answer), texts.map(|text| Some(text.to_owned())), "{answer}");
            let reading = read(&answer, &three(), 3)[0].clone().unwrap();
            assert_eq!((reading.confidence, reading.alternatives.len()), (Some(0.8), 1), "{answer}");
        }
    }
    // Escapes within valid JSON are part of the text.
    let named = entries(["Holds {\"a\": 1}.", "Holds {&quot;a&quot;: 1}.", "Holds {\\\"a\\\": 1}."]);
    let told = ["Holds {\"a\": 1}.", "Holds {&quot;a&quot;: 1}.", "Holds {\\\"a\\\": 1}."];
    assert_eq!(descriptions(&named.to_string()), told.map(|text| Some(text.to_owned())));
}

#[test]
fn quotes_inside_of_texts() {
    let answer = "{\"c1\": {\"description\": \"The code, \"B2B\" or \"B2C\", of users.\", \"confidence\": 0.7}, \
        \"c2\": {\"description\": \"\"A\", \"B\" and others\", \"alternatives\": [\"The \"A\", \"B\" codes\", \
        \"Codes\"]}, \"c3\": {\"confidence\": 0.5, \"description\": \"ends with \"B\"\"}}";
    let texts = ["The code, \"B2B\" or \"B2C\", of users.", "\"A\", \"B\" and others", "ends with \"B\""];
    assert_eq!(descriptions(answer), texts.map(|text| Some(text.to_owned())));
    let read = read(answer, &three(), 3);
    assert_eq!(read[0].as_ref().unwrap().confidence, Some(0.7));
    assert_eq!(read[1].as_ref().unwrap().alternatives, ["The \"A\", \"B\" codes", "Codes"]);
}

#[test]
fn thoughts_are_no_answer() {
    let (right, wrong) = (right(), wrong());
    let part = json!({ "c1": wrong["c1"] });
    for answer in [
        format!("<think>\nMaybe {part}?\n</think>\n{right}"),
        format!("<thinking>{wrong}</thinking>{right}"),
        format!("[THINK]{wrong}[/THINK]{right}"),
        format!("<reasoning>{wrong}</reasoning>\n```json\n{right}\n```"),
        format!(
            "<|channel|>analysis<|message|>draft \
                {part}<|end|><|start|>assistant<|channel|>final<|message|>{right}<|return|>"
        ),
        format!("<|start|>assistant<|channel|>final <|constrain|>json<|message|>{right}"),
        format!("analysisWe need {part}assistantfinal{right}"),
        format!("◁think▷{wrong}◁/think▷{right}"),
        format!("I draft {wrong}</think>{right}"),
        format!("I draft {{\"c1\": {{\"description\": \"A dr</think>\n{right}"),
        format!("{wrong}\nThat is wrong. Rather:\n{right}"),
        format!("{right}\n<think>was that right? {part}</think>"),
        format!("{right}\n<think>was that right? {part}"),
        format!("{part}\n<think>no</think>\n{right}"),
        format!("Example: {wrong}\nAnswer: {right}"),
        format!("I need no <think> block here. {right}"),
        format!("{right}\nThere is no </think> mark."),
    ] {
        assert_eq!(descriptions(&answer), all(), "{answer}");
    }
    for answer in [
        format!("<think>\nLet me draft {part} and then think on"),
        format!("[THINK]{wrong}"),
        format!("<|channel|>analysis<|message|>{wrong}"),
        format!("I draft {wrong}</think>"),
        format!("I draft {wrong}\n</think>\n"),
        format!("<think>\nLet me draft.</think>\n<think>{wrong}"),
    ] {
        assert_eq!(descriptions(&answer), [None, None, None], "{answer}");
    }
    for text in [
        "The mark </think> ends it.",
        "Ends with </think>",
        "The tag \"</think>\", as text.",
        "Holds <think>x</think>y.",
    ] {
        let named = entries([text, "The number.", "The address."]);
        for answer in [
            named.to_string(),
            format!("<think>hm</think>{named}"),
            named.to_string().replace("</think>", "<\\/think>"),
        ] {
            assert_eq!(descriptions(&answer)[0].as_deref(), Some(text), "{answer}");
        }
    }
}

#[test]
fn names_of_columns_are_no_keys_of_others() {
    // A column that is named like another one's key, and columns that are named like fields of an entry.
    let table = table("c2", vec![column("c3"), column("description"), column("confidence")]);
    let subjects = [Subject::Table, Subject::Column(0), Subject::Column(1), Subject::Column(2)];
    let answer = json!({
        "c1": {"description": "Text one.", "confidence": 0.7}, "c2": {"description": "Text two.", "confidence": 0.7},
        "c3": {"description": "Text three.", "confidence": 0.7}, "c4": {"description": "Text four.", "confidence": 0.7},
    });
    let read_all = |answer: &str, subjects: &[Subject]| -> Vec<Option<String>> {
        let read = read(answer, &asked(&table, subjects), 1);
        read.into_iter().map(|reading| reading.map(|reading| reading.description)).collect()
    };
    let texts = ["Text one.", "Text two.", "Text three.", "Text four."].map(|text| Some(text.to_owned()));
    assert_eq!(read_all(&answer.to_string(), &subjects), texts);
    let bare = "{\"description\": \"Text three.\", \"confidence\": 0.7}";
    assert_eq!(read_all(bare, &[Subject::Column(1)]), [Some("Text three.".to_owned())]);
    // A key that may denote two columns denotes none.
    let similar = self::table("t", vec![column("a_b"), column("ab")]);
    let asked = asked(&similar, &[Subject::Column(0), Subject::Column(1)]);
    assert_eq!(read("{\"A-B\": \"Which of them?\"}", &asked, 1), [None, None]);
}

fn table(name: &str, columns: Vec<crate::domain::catalog::Column>) -> crate::domain::catalog::TableDetail {
    crate::model::sample::table(name, columns)
}

#[test]
fn what_was_cut_off_is_missing() {
    let cut = "{\"c1\": {\"description\": \"All users.\", \"confidence\": 0.9}, \"c2\": {\"description\": \"The \
        number.\", \"alternatives\": [\"x";
    assert_eq!(descriptions(cut), [Some("All users.".into()), Some("The number.".into()), None]);
    let earlier =
        "{\"c1\": {\"description\": \"All users.\", \"confidence\": 0.9}, \"c2\": {\"description\": \"The num";
    assert_eq!(descriptions(earlier), [Some("All users.".into()), None, None]);
    let encoded = json!(earlier).to_string();
    assert_eq!(descriptions(encoded.trim_end_matches('"'))[1..], [None, None]);
}

#[test]
fn one_subject_needs_no_key() {
    let read = read("{\"description\": \"The address.\", \"confidence\": \"high\"}", &one(), 1);
    assert_eq!(read[0].as_ref().map(|reading| reading.confidence), Some(Some(0.85)));
}

#[test]
fn nonsense_is_nothing() {
    for answer in [
        "",
        "I cannot help with that.",
        "{}",
        "[]",
        "{\"c1\": 3}",
        "{\"c1\": {\"description\": \"\"}}",
        "{\"c1\": {\"description\": null}}",
        "null",
        "c1: c2: c3",
        "Note: this is prose.\n  description: of nothing",
    ] {
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
        (json!(".8"), Some(0.8)),
        (json!("0,8"), Some(0.8)),
        (json!("80%"), Some(0.8)),
        (json!("80 %"), Some(0.8)),
        (json!("80 percent"), Some(0.8)),
        (json!("1%"), Some(0.01)),
        (json!("about 0.8"), Some(0.8)),
        (json!("0.8 (high)"), Some(0.8)),
        (json!("4/5"), Some(0.8)),
        (json!({ "value": "0.8" }), Some(0.8)),
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
    fn never_panics_on_broken_answers(cut in 0_usize..200, noise in "(<think>|</think>|```|[{}\\[\\]\",:\\\\ \
        a-z0-9é\n]){0,20}") {
        let whole = "{\"c1\": {\"description\": \"All üsers.\", \"alternatives\": [\"Users.\"], \"confidence\": \
            \"80%\"}, \"c2\": \"The number.\"}";
        let at = (0..=cut.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap_or(0);
        let readings = read(&format!("{}{noise}{}", &whole[..at], &whole[at..]), &three(), 3);
        for reading in readings.into_iter().flatten() {
            prop_assert!(!reading.description.is_empty());
            prop_assert!(reading.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
        }
    }
}
