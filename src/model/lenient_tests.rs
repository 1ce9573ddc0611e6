use proptest::prelude::*;
use serde_json::json;

use super::*;

fn value(text: &str) -> Value {
    read(text).map(|read| read.value).unwrap_or_default()
}

#[test]
fn reads_what_models_write() {
    for (text, read) in [
        (r#"{"a": [1, 2,], "b": true,}"#, json!({"a": [1, 2], "b": true})),
        ("{'a': 'the user's name', b: None}", json!({"a": "the user's name", "b": null})),
        ("{\"a\": \"two\nlines\", // why\n \"b\": 0.5}", json!({"a": "two\nlines", "b": 0.5})),
        (r#"{"a": "\ud83d\ude00 \u00e9 \x"}"#, json!({"a": "😀 é x"})),
        (r#"{"a": "half \ud83d of it"}"#, json!({"a": "half  of it"})),
        ("{“a”: “the text”, “b”: 1}", json!({"a": "the text", "b": 1})),
        ("{'a': u'the text', 'b': (1, 2)}", json!({"a": "the text", "b": [1, 2]})),
        ("{'a': \"the user's\", 'b': 'it\\'s'}", json!({"a": "the user's", "b": "it's"})),
        ("{\"a\": \"\"\"the \"text\" of a\"\"\", \"b\": 1}", json!({"a": "the \"text\" of a", "b": 1})),
        ("{\"a\": \"x\"\n \"b\": \"y\"}", json!({"a": "x", "b": "y"})),
        ("{\"a\": \"x\" \"b\": \"y\"}", json!({"a": "x", "b": "y"})),
        ("{\"a\": [\"x\"\n\"y\"]}", json!({"a": ["x", "y"]})),
        ("{\"a\":\u{a0}\"x\",\u{feff}\"b\":\u{a0}1}", json!({"a": "x", "b": 1})),
        ("{\"a\": \"x\", /* why */ \"b\": 1 // so\n}", json!({"a": "x", "b": 1})),
        ("{\"a\": \"x\",\n # why\n \"b\": 1}", json!({"a": "x", "b": 1})),
        ("{a: the code, of a kind, b: 0.7}", json!({"a": "the code, of a kind", "b": 0.7})),
        ("{a: 0,8, b: 1}", json!({"a": "0,8", "b": 1})),
        ("{\"a\": \"x\", \"a\": \"y\"}", json!({"a": "y"})),
        ("{\"a\": \"x\",,, \"b\": 1}", json!({"a": "x", "b": 1})),
        ("{\"a\": \"line \\\ngoes on\"}", json!({"a": "line goes on"})),
        ("{\r\n\"a\": \"x\",\r\n\"b\": 1\r\n}", json!({"a": "x", "b": 1})),
        (
            r#"{"c1": {"d": "x", "a": ["y", "z"}, "c2": {"d": "w"}}"#,
            json!({"c1": {"d": "x", "a": ["y", "z"]}, "c2": {"d": "w"}}),
        ),
        ("{\"a\": \"x\"} Enjoy \"this\"!", json!({"a": "x"})),
    ] {
        assert_eq!(value(text), read, "{text}");
    }
}

#[test]
fn a_quote_that_no_structure_follows_belongs_to_the_text() {
    for (text, read) in [
        (
            r#"{"a": {"d": "The code, "B2B" or "B2C", of a.", "c": 0.7}}"#,
            json!({"a": {"d": r#"The code, "B2B" or "B2C", of a."#, "c": 0.7}}),
        ),
        (r#"{"d": ""B2B", "B2C" and others", "c": 1}"#, json!({"d": r#""B2B", "B2C" and others"#, "c": 1})),
        (r#"{"d": "ends with "B2B"", "c": 1}"#, json!({"d": r#"ends with "B2B""#, "c": 1})),
        (r#"{"d": "ends with "B2B""}"#, json!({"d": r#"ends with "B2B""#})),
        (
            r#"{"d": "an object such as {"k": "v"} in it", "c": 1}"#,
            json!({"d": r#"an object such as {"k": "v"} in it"#, "c": 1}),
        ),
        (r#"{"a": ["The "x" code", "Another, "y""]}"#, json!({"a": [r#"The "x" code"#, r#"Another, "y""#]})),
        (r#"{"a": ["First.", "The "x" code"], "c": 1}"#, json!({"a": ["First.", r#"The "x" code"#], "c": 1})),
        (r#"{"a": ["The "B2B", "B2C" codes", "Others"]}"#, json!({"a": [r#"The "B2B", "B2C" codes"#, "Others"]})),
        (r#"{"d": "a list ["x"] of codes", "c": 1}"#, json!({"d": r#"a list ["x"] of codes"#, "c": 1})),
        ("{\"d\": \"The 5\" screen\", \"c\": 1}", json!({"d": "The 5\" screen", "c": 1})),
        ("{'d': 'The 'B2B', 'B2C' codes', 'c': 1}", json!({"d": "The 'B2B', 'B2C' codes", "c": 1})),
        ("{“d”: “The “B2B” code”, “c”: 1}", json!({"d": "The “B2B” code", "c": 1})),
    ] {
        assert_eq!(value(text), read, "{text}");
    }
}

#[test]
fn what_is_cut_off_is_dropped() {
    for (text, read) in [
        (r#"{"a": {"d": "whole"}, "b": {"d": "cut"#, json!({"a": {"d": "whole"}, "b": {}})),
        (r#"{"a": ["x", "y"#, json!({"a": ["x"]})),
        (r#"{"d": "The "B2B" or ""#, json!({})),
        (r#"{"d": "The "B2B" code"#, json!({})),
    ] {
        assert_eq!(value(text), read, "{text}");
        assert!(!super::read(text).unwrap().whole, "{text}");
    }
    assert_eq!(read_all("{\"a\": 1} and more"), None);
    assert_eq!(read_all(" {\"a\": 1}\n"), Some(json!({"a": 1})));
}

#[test]
fn deep_nesting_ends() {
    assert!(read(&"[".repeat(100_000)).is_some());
    assert!(read(&"{\"a\":".repeat(100_000)).is_some());
}

#[test]
fn a_megabyte_of_quotes_takes_no_time() {
    let begun = std::time::Instant::now();
    for text in ["\"", "\",", "\", \"", "\"}", "\" ]", "a, ", "'"] {
        let _ = read(&format!("{{\"a\": \"{}", text.repeat((1 << 20) / text.len())));
        let _ = read(&format!("{{a: {}", text.repeat((1 << 20) / text.len())));
        let _ = read(&format!("[\"{}", text.repeat((1 << 20) / text.len())));
    }
    assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn never_panics_on_json_like_text(text in "[\\[\\]{}()\",:'\\\\u0-9a-f \n`/*#“”]{0,80}") {
        let _ = read(&text);
    }

    #[test]
    fn reads_true_json_as_it_is(text in "[^\\pC]{0,30}", number in any::<i32>()) {
        let written = json!({ "text": text, "list": [number, null, true, { "inner": text }, [text, text]] });
        prop_assert_eq!(value(&written.to_string()), written.clone());
        prop_assert_eq!(value(&serde_json::to_string_pretty(&written).unwrap()), written);
    }
}
