//! Anthropic's messages, `POST /v1/messages`.
//!
//! Structured output is `output_config.format`, whose schemas have no limits of lengths and numbers. There are no
//! log-probabilities. The input that is reported excludes what was read from or written to the prompt cache. Only what
//! a request marks with `cache_control` is cached.

use serde_json::{Map, Value, json};

use super::{arguments, push, split, without};

/// The header with the version of the API.
pub const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");
/// The highest temperature that Anthropic accepts.
const HIGHEST_TEMPERATURE: f64 = 1.0;
/// Keywords that Anthropic refuses in schemas.
const REFUSED: &[&str] = &["minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"];

/// Translates a request.
pub fn request(completion: &Value) -> Value {
    let (system, messages) = split(completion);
    let mut translated = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("assistant") => push(&mut translated, "assistant", "content", said(message)),
            Some("tool") => {
                let result = json!({
                    "type": "tool_result", "tool_use_id": message["tool_call_id"], "content": message["content"],
                });
                push(&mut translated, "user", "content", vec![result]);
            }
            _ => push(&mut translated, "user", "content", texts(message)),
        }
    }
    let mut body = json!({
        "model": completion["model"], "max_tokens": completion["max_tokens"], "stream": completion["stream"],
        "messages": translated,
    });
    if !system.is_empty() {
        body["system"] = json!(system);
    }
    if let Some(temperature) = completion["temperature"].as_f64() {
        body["temperature"] = json!(temperature.min(HIGHEST_TEMPERATURE));
    }
    let schema = &completion["response_format"]["json_schema"]["schema"];
    if schema.is_object() {
        let mut schema = schema.clone();
        without(&mut schema, REFUSED);
        body["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
    }
    if let Some(tools) = completion["tools"].as_array() {
        let tool = |tool: &Value| {
            let function = &tool["function"];
            json!({
                "name": function["name"], "description": function["description"],
                "input_schema": function["parameters"],
            })
        };
        body["tools"] = tools.iter().map(tool).collect();
    }
    if let Some(choice) = completion["tool_choice"].as_str() {
        body["tool_choice"] = json!({ "type": if choice == "required" { "any" } else { choice } });
    }
    body
}

/// The parts of a message of the assistant.
fn said(message: &Value) -> Vec<Value> {
    let calls = message["tool_calls"].as_array().into_iter().flatten();
    let call = |call: &Value| {
        json!({
            "type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": arguments(call),
        })
    };
    texts(message).into_iter().chain(calls.map(call)).collect()
}

/// The texts of a message, with their marks for the prompt cache. Empty texts are refused.
fn texts(message: &Value) -> Vec<Value> {
    let one = |text: &str| json!({ "type": "text", "text": text });
    let parts = match &message["content"] {
        Value::String(text) => vec![one(text)],
        Value::Array(parts) => parts.clone(),
        _ => Vec::new(),
    };
    parts.into_iter().filter(|part| part["text"].as_str().is_some_and(|text| !text.is_empty())).collect()
}

/// Translates an answer.
pub fn answer(answer: Value) -> Value {
    let Some(parts) = answer["content"].as_array() else { return answer };
    let of = |kind: &str, field: &str| -> String {
        parts.iter().filter(|part| part["type"] == kind).filter_map(|part| part[field].as_str()).collect()
    };
    let mut message = json!({ "content": of("text", "text"), "reasoning_content": of("thinking", "thinking") });
    let calls = parts.iter().filter(|part| part["type"] == "tool_use");
    let calls: Vec<Value> = calls.map(|part| call(part, part["input"].clone())).collect();
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    json!({
        "choices": [{ "message": message, "finish_reason": answer["stop_reason"] }],
        "usage": usage(&answer["usage"]),
    })
}

fn call(part: &Value, arguments: Value) -> Value {
    json!({ "id": part["id"], "function": { "name": part["name"], "arguments": arguments } })
}

/// Translates an event of a stream. Events without content become chunks without choices.
pub fn event(event: Value) -> Value {
    let chunk = |delta: Value| json!({ "choices": [{ "delta": delta }] });
    match event["type"].as_str() {
        Some("message_start") => {
            let mut start = chunk(json!({}));
            start["usage"] = usage(&event["message"]["usage"]);
            start
        }
        Some("content_block_start") if event["content_block"]["type"] == "tool_use" => {
            // The arguments follow in pieces.
            let mut call = call(&event["content_block"], json!(""));
            call["index"] = event["index"].clone();
            chunk(json!({ "tool_calls": [call] }))
        }
        Some("content_block_start") => chunk(json!({ "content": event["content_block"]["text"] })),
        Some("content_block_delta") => {
            let delta = &event["delta"];
            match delta["type"].as_str() {
                Some("text_delta") => chunk(json!({ "content": delta["text"] })),
                Some("thinking_delta") => chunk(json!({ "reasoning_content": delta["thinking"] })),
                Some("input_json_delta") => {
                    let arguments = json!({ "arguments": delta["partial_json"] });
                    chunk(json!({ "tool_calls": [{ "index": event["index"], "function": arguments }] }))
                }
                _ => chunk(json!({})),
            }
        }
        Some("message_delta") => json!({
            "choices": [{ "delta": {}, "finish_reason": event["delta"]["stop_reason"] }],
            "usage": usage(&event["usage"]),
        }),
        _ => event,
    }
}

/// Translates the usage. What was read from the cache, and what was written to it, is input too.
fn usage(usage: &Value) -> Value {
    let tokens = |name: &str| usage[name].as_i64();
    let cached = tokens("cache_read_input_tokens").unwrap_or_default();
    let written = tokens("cache_creation_input_tokens").unwrap_or_default();
    let mut translated = Map::new();
    if let Some(input) = tokens("input_tokens") {
        translated.insert("prompt_tokens".into(), json!(input + cached + written));
        let details = json!({ "cached_tokens": cached, "cache_write_tokens": written });
        translated.insert("prompt_tokens_details".into(), details);
    }
    if let Some(output) = tokens("output_tokens") {
        translated.insert("completion_tokens".into(), json!(output));
    }
    translated.into()
}
