//! The parts of a chat completion, as providers write them.

use serde_json::Value;

use super::{Dialect, Failure, Finish, Reply, Reported, body, calls::Calls};

/// Parses an answer that was not streamed.
///
/// # Errors
/// Returns [`Failure`] if the body is not a chat completion or has no choice.
pub fn whole(bytes: Vec<u8>, dialect: Dialect) -> Result<Reply, Failure> {
    let body = dialect.answer(json(&body::text(&bytes)).ok_or(Failure::NotJson)?);
    drop(bytes);
    let usage = reported(&body["usage"]);
    let choices = body.get("choices").and_then(Value::as_array);
    let Some(choice) = choices.and_then(|choices| choices.first()) else {
        return Err(match body.get("error").filter(|error| !error.is_null()) {
            Some(error) => Failure::Said { error: error.clone(), usage },
            None if choices.is_some() => Failure::NoChoice(usage),
            None => Failure::NotCompletion,
        });
    };
    let message = &choice["message"];
    let mut calls = Calls::default();
    take_calls(message, &mut calls);
    let text = text(&message["content"]).or_else(|| text(&choice["text"])).unwrap_or_default();
    Ok(Reply {
        text,
        reasoning: reasoning(message).unwrap_or_default().to_owned(),
        calls: calls.done(),
        usage,
        finish: finish(choice),
        refusal: refusal(message),
        logprobs: choice.pointer("/logprobs/content").cloned(),
        any: true,
    })
}

/// Parses JSON. Unpaired surrogate escapes are left out.
pub fn json(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_halves(text))).ok()
}

/// Removes escapes of unpaired surrogates.
fn without_halves(text: &str) -> String {
    let half = |text: &str, from: u32, to: u32| {
        let code = text.strip_prefix("\\u").and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        code.is_some_and(|code| (from..to).contains(&code))
    };
    let (mut mended, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        let escape = &rest[at..];
        let length = if half(escape, 0xd800, 0xdc00) && half(&escape[6..], 0xdc00, 0xe000) {
            12
        } else if half(escape, 0xd800, 0xe000) {
            rest = &escape[6..];
            continue;
        } else {
            1 + escape[1..].chars().next().map_or(0, char::len_utf8)
        };
        mended.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    mended.push_str(rest);
    mended
}

/// A text, or the concatenated texts of a list of parts.
pub fn text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let is_text = |part: &&Value| !matches!(part["type"].as_str(), Some("thinking" | "reasoning" | "refusal"));
            let said = |part: &Value| part.as_str().or_else(|| part["text"].as_str()).map(str::to_owned);
            Some(parts.iter().filter(is_text).filter_map(said).collect())
        }
        _ => None,
    }
}

/// Adds the tool calls of a message or of a piece of one. Returns their length in bytes.
pub fn take_calls(message: &Value, calls: &mut Calls) -> usize {
    let listed = match &message["tool_calls"] {
        Value::Array(pieces) => pieces.iter().map(|piece| calls.take(piece)).sum(),
        piece @ Value::Object(_) => calls.take(piece),
        _ => 0,
    };
    let old = if message["function_call"].is_object() { calls.take(&message["function_call"]) } else { 0 };
    listed + old
}

/// The reasoning in a message or in a piece of one.
pub fn reasoning(message: &Value) -> Option<&str> {
    ["reasoning_content", "reasoning"].iter().find_map(|name| message[*name].as_str())
}

/// The reason why a choice ended.
pub fn finish(choice: &Value) -> Finish {
    choice["finish_reason"].as_str().map(Finish::of).unwrap_or_default()
}

/// The model's explanation if it refuses.
pub fn refusal(message: &Value) -> Option<String> {
    message["refusal"].as_str().filter(|refusal| !refusal.trim().is_empty()).map(str::to_owned)
}

/// The tokens that a provider counted.
pub fn reported(usage: &Value) -> Reported {
    let tokens = |paths: [&str; 2]| {
        let found = paths.iter().find_map(|path| count(usage.pointer(path)?));
        found.filter(|tokens| *tokens > 0)
    };
    let input = tokens(["/prompt_tokens", "/input_tokens"]);
    // DeepSeek reports the cached part in a field of its own.
    let cached = tokens(["/prompt_tokens_details/cached_tokens", "/prompt_cache_hit_tokens"]);
    let written = tokens(["/prompt_tokens_details/cache_write_tokens", "/cache_creation_input_tokens"]);
    let part = |part: Option<i64>| input.zip(part).map(|(input, part)| part.min(input));
    Reported {
        input,
        cached: part(cached),
        written: part(written),
        output: tokens(["/completion_tokens", "/output_tokens"]),
    }
}

/// An integer, written as a number or as a string.
pub fn count(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a count of tokens is no more than its bounds")]
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().filter(|number| number.abs() < 1e15).map(|number| number.round() as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn halves_of_characters_are_left_out() {
        let text = r#"{"a": "x \ud83d\ude00 \ud83d y \ude00 \\ud83d \u00e9", "b": "\\"}"#;
        assert_eq!(json(text), Some(json!({ "a": "x 😀  y  \\ud83d é", "b": "\\" })));
        assert_eq!(json("<html>"), None);
    }

    #[test]
    fn usage_as_providers_write_it() {
        for (usage, read) in [
            (json!({"prompt_tokens": 11, "completion_tokens": 7}), (Some(11), Some(7))),
            (json!({"prompt_tokens": "11", "completion_tokens": 7.0, "total_tokens": null}), (Some(11), Some(7))),
            (json!({"prompt_tokens": null, "completion_tokens": -7}), (None, None)),
            (json!({"input_tokens": 11, "output_tokens": 7}), (Some(11), Some(7))),
            (json!(null), (None, None)),
            (json!("none"), (None, None)),
        ] {
            let Reported { input, output, .. } = reported(&usage);
            assert_eq!((input, output), read, "{usage}");
        }
        for (usage, cached) in [
            (json!({"prompt_tokens": 11, "prompt_tokens_details": {"cached_tokens": 8}}), Some(8)),
            (json!({"prompt_tokens": 11, "prompt_cache_hit_tokens": 80}), Some(11)),
            (json!({"prompt_cache_hit_tokens": 8}), None),
        ] {
            assert_eq!(reported(&usage).cached, cached, "{usage}");
        }
        let usage = json!({"prompt_tokens": 11, "prompt_tokens_details": {"cache_write_tokens": 8}});
        assert_eq!(reported(&usage).written, Some(8), "as OpenRouter writes it");
    }
}
