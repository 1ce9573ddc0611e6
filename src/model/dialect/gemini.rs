//! Gemini's `generateContent`, `POST /v1beta/models/MODEL:generateContent`.
//!
//! Structured output is `responseJsonSchema`, which has no limits of lengths. Thoughts are output that is counted
//! beside the answer. The model stands in the URL.

use serde_json::{Map, Value, json};
use url::Url;

use super::{arguments, push, split, without};

/// Stands for the signature of a thought, which models since Gemini 3 require beside each call in a request. It is the
/// value that Google documents for calls whose signature is not kept.
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// Returns the URL of a request. A model may be given with its collection, as in `tunedModels/x`.
pub fn url(base: &Url, model: &str, streams: bool) -> Url {
    let mut url = base.clone();
    let method = if streams { "streamGenerateContent" } else { "generateContent" };
    let model = if model.contains('/') { model.to_owned() } else { format!("models/{model}") };
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(format!("{model}:{method}").split('/'));
    }
    if streams {
        url.query_pairs_mut().append_pair("alt", "sse");
    }
    url
}

/// Translates a request.
pub fn request(completion: &Value) -> Value {
    let (system, messages) = split(completion);
    let model = completion["model"].as_str().unwrap_or_default();
    let signs = !["gemini-1", "gemini-2"].iter().any(|family| model.contains(family));
    let mut contents = Vec::new();
    let mut names: Vec<(&str, &str)> = Vec::new();
    for message in messages {
        match message["role"].as_str() {
            Some("assistant") => {
                let mut parts = texts(message);
                for call in message["tool_calls"].as_array().into_iter().flatten() {
                    let name = call["function"]["name"].as_str().unwrap_or_default();
                    names.push((call["id"].as_str().unwrap_or_default(), name));
                    let mut part = json!({ "functionCall": { "name": name, "args": arguments(call) } });
                    if signs {
                        part["thoughtSignature"] = json!(NO_SIGNATURE);
                    }
                    parts.push(part);
                }
                push(&mut contents, "model", "parts", parts);
            }
            Some("tool") => {
                let id = message["tool_call_id"].as_str().unwrap_or_default();
                // Ids are unique among the calls of one answer only.
                let name = names.iter().rev().find(|(known, _)| *known == id).map_or("", |(_, name)| name);
                let response = json!({ "name": name, "response": { "result": message["content"] } });
                push(&mut contents, "user", "parts", vec![json!({ "functionResponse": response })]);
            }
            _ => push(&mut contents, "user", "parts", texts(message)),
        }
    }
    let mut body = json!({ "contents": contents, "generationConfig": generation(completion) });
    if !system.is_empty() {
        body["systemInstruction"] = json!({ "parts": [{ "text": system }] });
    }
    if let Some(tools) = completion["tools"].as_array() {
        let declaration = |tool: &Value| {
            let mut function = tool["function"].clone();
            without(&mut function, &["additionalProperties"]);
            function
        };
        let declarations: Vec<Value> = tools.iter().map(declaration).collect();
        body["tools"] = json!([{ "functionDeclarations": declarations }]);
    }
    if let Some(choice) = completion["tool_choice"].as_str() {
        let mode = match choice {
            "required" => "ANY",
            "none" => "NONE",
            _ => "AUTO",
        };
        body["toolConfig"] = json!({ "functionCallingConfig": { "mode": mode } });
    }
    body
}

fn generation(completion: &Value) -> Map<String, Value> {
    let mut config = Map::new();
    let mut set = |name: &str, value: &Value| {
        if !value.is_null() {
            config.insert(name.to_owned(), value.clone());
        }
    };
    set("maxOutputTokens", &completion["max_tokens"]);
    set("temperature", &completion["temperature"]);
    set("responseLogprobs", &completion["logprobs"]);
    let schema = &completion["response_format"]["json_schema"]["schema"];
    if schema.is_object() {
        let mut schema = schema.clone();
        without(&mut schema, &["minLength", "maxLength"]);
        set("responseMimeType", &json!("application/json"));
        set("responseJsonSchema", &schema);
    }
    config
}

fn texts(message: &Value) -> Vec<Value> {
    let text = message["content"].as_str().filter(|text| !text.is_empty());
    text.map(|text| json!({ "text": text })).into_iter().collect()
}

/// Translates an answer, or an event of a stream, to a chat completion or a chunk of one.
pub fn answer(answer: Value) -> Value {
    let usage = usage(&answer["usageMetadata"]);
    let Some(candidate) = answer["candidates"].as_array().and_then(|candidates| candidates.first()) else {
        // A prompt that is blocked has no candidate, and an event may hold nothing but the usage.
        if answer["promptFeedback"]["blockReason"].is_string() {
            let choice = json!({ "message": {}, "delta": {}, "finish_reason": "content_filter" });
            return json!({ "choices": [choice], "usage": usage });
        }
        return if answer["usageMetadata"].is_object() { json!({ "choices": [], "usage": usage }) } else { answer };
    };
    let parts = || candidate["content"]["parts"].as_array().into_iter().flatten();
    let of = |thought: bool| -> String {
        let wanted = parts().filter(|part| (part["thought"] == true) == thought);
        wanted.filter_map(|part| part["text"].as_str()).collect()
    };
    let mut message = json!({ "content": of(false), "reasoning_content": of(true) });
    let calls = parts().filter_map(|part| part.get("functionCall"));
    let call =
        |call: &Value| json!({ "id": call["id"], "function": { "name": call["name"], "arguments": call["args"] } });
    let calls: Vec<Value> = calls.map(call).collect();
    if !calls.is_empty() {
        message["tool_calls"] = json!(calls);
    }
    let mut choice = json!({ "message": message, "delta": message, "finish_reason": candidate["finishReason"] });
    if let Some(tokens) = candidate["logprobsResult"]["chosenCandidates"].as_array() {
        let token = |token: &Value| json!({ "token": token["token"], "logprob": token["logProbability"] });
        choice["logprobs"] = json!({ "content": tokens.iter().map(token).collect::<Vec<_>>() });
    }
    json!({ "choices": [choice], "usage": usage })
}

/// Translates the usage. The input includes what was read from the cache; the output excludes thoughts.
fn usage(usage: &Value) -> Value {
    let tokens = |name: &str| usage[name].as_i64();
    let mut translated = Map::new();
    if let Some(input) = tokens("promptTokenCount") {
        let cached = tokens("cachedContentTokenCount").unwrap_or_default();
        translated.insert("prompt_tokens".into(), json!(input));
        translated.insert("prompt_tokens_details".into(), json!({ "cached_tokens": cached }));
    }
    let (answer, thoughts) = (tokens("candidatesTokenCount"), tokens("thoughtsTokenCount"));
    if answer.is_some() || thoughts.is_some() {
        let output = answer.unwrap_or_default() + thoughts.unwrap_or_default();
        translated.insert("completion_tokens".into(), json!(output));
    }
    translated.into()
}
