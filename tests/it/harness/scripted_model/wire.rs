//! The wire formats that the scripted model speaks: OpenAI's, Anthropic's and Gemini's, as their documentation writes
//! them.

use axum::http::{HeaderMap, StatusCode};
use gloss::domain::profile::LlmProvider;
use serde_json::{Value, json};

/// A wire format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wire {
    /// OpenAI's chat completions.
    #[default]
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's `generateContent`.
    Gemini,
}

/// The tokens that an answer reports.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// The whole input.
    pub input: usize,
    /// The part of the input that was read from the cache.
    pub cached: usize,
    /// The part of the input that was written to the cache.
    pub written: usize,
    /// The output.
    pub output: usize,
}

/// The content of an answer.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The text.
    pub text: String,
    /// The reasoning beside it.
    pub reasoning: String,
    /// Tool calls by name and arguments.
    pub calls: Vec<(&'static str, Value)>,
    /// Why it ended: `stop`, `length` or `tool_calls`.
    pub finish: &'static str,
    /// The log-probability of each token.
    pub logprob: Option<f64>,
}

impl Wire {
    /// All wire formats.
    pub const ALL: [Self; 3] = [Self::OpenAi, Self::Anthropic, Self::Gemini];

    /// Returns the path below which the API lies.
    pub const fn base(self) -> &'static str {
        match self {
            Self::OpenAi | Self::Anthropic => "/v1",
            Self::Gemini => "/v1beta",
        }
    }

    /// Returns the provider of a profile for this format.
    pub const fn provider(self) -> LlmProvider {
        match self {
            Self::OpenAi => LlmProvider::OpenAiCompatible,
            Self::Anthropic => LlmProvider::Anthropic,
            Self::Gemini => LlmProvider::Gemini,
        }
    }

    /// Returns the API key of a request.
    pub fn key(self, headers: &HeaderMap) -> Option<String> {
        let name = match self {
            Self::OpenAi => "authorization",
            Self::Anthropic => "x-api-key",
            Self::Gemini => "x-goog-api-key",
        };
        headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    }

    /// Returns the text of the messages of one role (`system`, `user`).
    pub fn text(self, body: &Value, role: &str) -> String {
        let texts = |messages: &Value, parts: &str| {
            let of_role: Vec<Value> = messages.as_array().cloned().unwrap_or_default();
            let of_role = of_role.into_iter().filter(|message| message["role"] == role);
            let said = |message: Value| match &message[parts] {
                Value::String(text) => text.clone(),
                Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
                _ => String::new(),
            };
            of_role.map(said).collect::<Vec<_>>().join("\n")
        };
        let whole = |text: &Value| text.as_str().unwrap_or_default().to_owned();
        match self {
            Self::OpenAi => texts(&body["messages"], "content"),
            Self::Anthropic if role == "system" => whole(&body["system"]),
            Self::Anthropic => texts(&body["messages"], "content"),
            Self::Gemini if role == "system" => whole(&body["systemInstruction"]["parts"][0]["text"]),
            Self::Gemini => texts(&body["contents"], "parts"),
        }
    }

    /// Returns the value of a request's field by its name in OpenAI's format.
    pub fn field<'a>(self, body: &'a Value, name: &str) -> Option<&'a Value> {
        let path = match (self, name) {
            (Self::Anthropic, "response_format") => "/output_config/format".to_owned(),
            (Self::Anthropic, "reasoning_effort") => "/output_config/effort".to_owned(),
            (Self::Gemini, "response_format") => "/generationConfig/responseJsonSchema".to_owned(),
            (Self::Gemini, "reasoning_effort") => "/generationConfig/thinkingConfig".to_owned(),
            (Self::Gemini, "logprobs") => "/generationConfig/responseLogprobs".to_owned(),
            (Self::Gemini, "temperature") => "/generationConfig/temperature".to_owned(),
            _ => format!("/{name}"),
        };
        body.pointer(&path)
    }

    /// Returns the schema of a request; `Null` if it has none.
    pub fn schema(self, body: &Value) -> Value {
        let found = match self {
            Self::OpenAi => body.pointer("/response_format/json_schema/schema"),
            Self::Anthropic => body.pointer("/output_config/format/schema"),
            Self::Gemini => body.pointer("/generationConfig/responseJsonSchema"),
        };
        found.cloned().unwrap_or_default()
    }

    /// Returns an answer.
    pub fn answer(self, model: &str, content: &Content, counts: Option<Counts>) -> Value {
        let Content { text, reasoning, .. } = content;
        let mut body = match self {
            Self::OpenAi => {
                let mut message = json!({ "role": "assistant", "content": text });
                if !reasoning.is_empty() {
                    message["reasoning_content"] = json!(reasoning);
                }
                if !content.calls.is_empty() {
                    message["tool_calls"] = openai_calls(content).into();
                }
                let mut choice = json!({ "index": 0, "message": message, "finish_reason": content.finish });
                if let Some(logprob) = content.logprob {
                    choice["logprobs"] = json!({ "content": tokens(text, "logprob", logprob) });
                }
                json!({ "id": "chatcmpl-scripted", "object": "chat.completion", "model": model, "choices": [choice] })
            }
            Self::Anthropic => {
                let thoughts = json!({ "type": "thinking", "thinking": reasoning, "signature": "c2lnbmVk" });
                let mut parts: Vec<Value> = (!reasoning.is_empty()).then_some(thoughts).into_iter().collect();
                if !text.is_empty() {
                    parts.push(json!({ "type": "text", "text": text }));
                }
                parts.extend(content.calls.iter().enumerate().map(|(index, (name, arguments))| {
                    json!({ "type": "tool_use", "id": format!("toolu_{index}"), "name": name, "input": arguments })
                }));
                json!({ "id": "msg_scripted", "type": "message", "role": "assistant", "model": model,
                    "content": parts, "stop_reason": self.finish(content.finish), "stop_sequence": null })
            }
            Self::Gemini => self.gemini(content, Some(content.finish)),
        };
        if let Some(counts) = counts {
            let (name, usage) = self.usage(counts);
            body[name] = usage;
        }
        body
    }

    fn gemini(self, content: &Content, finish: Option<&str>) -> Value {
        let mut parts = Vec::new();
        if !content.reasoning.is_empty() {
            parts.push(json!({ "text": content.reasoning, "thought": true }));
        }
        if !content.text.is_empty() {
            parts.push(json!({ "text": content.text }));
        }
        let call = |(name, arguments): &(&str, Value)| json!({ "functionCall": { "name": name, "args": arguments } });
        parts.extend(content.calls.iter().map(call));
        let mut candidate = json!({ "index": 0, "content": { "role": "model", "parts": parts } });
        if let Some(finish) = finish {
            candidate["finishReason"] = json!(self.finish(finish));
        }
        if let Some(logprob) = content.logprob {
            candidate["logprobsResult"] =
                json!({ "chosenCandidates": tokens(&content.text, "logProbability", logprob) });
        }
        json!({ "candidates": [candidate], "modelVersion": "scripted", "responseId": "scripted" })
    }

    fn finish(self, finish: &str) -> &str {
        match (self, finish) {
            (Self::Anthropic, "stop") => "end_turn",
            (Self::Anthropic, "length") => "max_tokens",
            (Self::Anthropic, "tool_calls") => "tool_use",
            (Self::Gemini, "stop" | "tool_calls") => "STOP",
            (Self::Gemini, "length") => "MAX_TOKENS",
            (_, finish) => finish,
        }
    }

    /// Returns the name of the usage and its value.
    fn usage(self, Counts { input, cached, written, output }: Counts) -> (&'static str, Value) {
        match self {
            Self::OpenAi => {
                let details = json!({ "cached_tokens": cached });
                let usage = json!({ "prompt_tokens": input, "completion_tokens": output,
                    "total_tokens": input + output, "prompt_tokens_details": details });
                ("usage", usage)
            }
            Self::Anthropic => {
                let usage = json!({ "input_tokens": input - cached - written, "cache_read_input_tokens": cached,
                    "cache_creation_input_tokens": written, "output_tokens": output });
                ("usage", usage)
            }
            Self::Gemini => {
                let thoughts = output / 4;
                let usage = json!({ "promptTokenCount": input, "cachedContentTokenCount": cached,
                    "candidatesTokenCount": output - thoughts, "thoughtsTokenCount": thoughts,
                    "totalTokenCount": input + output });
                ("usageMetadata", usage)
            }
        }
    }

    /// Returns the events of a stream, with the end if it `ends`.
    pub fn events(self, model: &str, content: &Content, counts: Option<Counts>, ends: bool) -> Vec<String> {
        let characters: Vec<char> = content.text.chars().collect();
        let pieces: Vec<String> = characters.chunks(9).map(String::from_iter).collect();
        match self {
            Self::OpenAi => {
                let chunk = |delta: Value, reason: Value| {
                    data(&json!({ "object": "chat.completion.chunk", "model": model,
                        "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] }))
                };
                let mut events: Vec<String> =
                    pieces.iter().map(|piece| chunk(json!({ "content": piece }), Value::Null)).collect();
                let calls = openai_calls(content).into_iter();
                events.extend(calls.map(|call| chunk(json!({ "tool_calls": [call] }), Value::Null)));
                if ends {
                    events.push(chunk(json!({}), json!(content.finish)));
                    let usage = counts.map(|counts| self.usage(counts).1);
                    events.extend(usage.map(|usage| data(&json!({ "choices": [], "usage": usage }))));
                    events.push("data: [DONE]\n\n".to_owned());
                }
                events
            }
            Self::Anthropic => {
                let named = |event: Value| format!("event: {}\n{}", event["type"].as_str().unwrap(), data(&event));
                let start = counts.map(|counts| self.usage(Counts { output: 1, ..counts }).1);
                let message = json!({ "id": "msg_scripted", "type": "message", "role": "assistant", "model": model,
                    "content": [], "stop_reason": null, "usage": start });
                let mut events =
                    vec![json!({ "type": "message_start", "message": message }), json!({ "type": "ping" })];
                let block = |index: usize, block: Value, deltas: Vec<Value>| {
                    let start = json!({ "type": "content_block_start", "index": index, "content_block": block });
                    let delta = |delta| json!({ "type": "content_block_delta", "index": index, "delta": delta });
                    let stop = json!({ "type": "content_block_stop", "index": index });
                    let deltas: Vec<Value> = deltas.into_iter().map(delta).collect();
                    std::iter::once(start).chain(deltas).chain([stop]).collect::<Vec<_>>()
                };
                let texts = pieces.iter().map(|piece| json!({ "type": "text_delta", "text": piece })).collect();
                events.extend(block(0, json!({ "type": "text", "text": "" }), texts));
                for (index, (name, arguments)) in content.calls.iter().enumerate() {
                    let call = json!({ "type": "tool_use", "id": format!("toolu_{index}"), "name": name, "input": {} });
                    let characters: Vec<char> = arguments.to_string().chars().collect();
                    let piece = |piece: &[char]| {
                        let piece = String::from_iter(piece);
                        json!({ "type": "input_json_delta", "partial_json": piece })
                    };
                    events.extend(block(index + 1, call, characters.chunks(7).map(piece).collect()));
                }
                if ends {
                    let usage = counts.map(|counts| json!({ "output_tokens": counts.output }));
                    let delta = json!({ "stop_reason": self.finish(content.finish), "stop_sequence": null });
                    events.push(json!({ "type": "message_delta", "delta": delta, "usage": usage }));
                    events.push(json!({ "type": "message_stop" }));
                }
                events.into_iter().map(named).collect()
            }
            Self::Gemini => {
                let piece = |text: &String| Content { text: text.clone(), ..Content::default() };
                let mut events: Vec<Value> = pieces.iter().map(|text| self.gemini(&piece(text), None)).collect();
                if !content.calls.is_empty() {
                    let calls = Content { text: String::new(), ..content.clone() };
                    events.push(self.gemini(&calls, None));
                }
                if ends {
                    let mut last = self.gemini(&Content::default(), Some(content.finish));
                    if let Some(counts) = counts {
                        last["usageMetadata"] = self.usage(counts).1;
                    }
                    events.push(last);
                }
                events.iter().map(data).collect()
            }
        }
    }

    /// Rewrites an error in OpenAI's format.
    pub fn error(self, status: StatusCode, body: Value) -> Value {
        let Some(message) = body["error"]["message"].as_str() else { return body };
        match self {
            Self::OpenAi => body,
            Self::Anthropic => {
                let kind = match status.as_u16() {
                    401 => "authentication_error",
                    403 => "permission_error",
                    404 => "not_found_error",
                    429 => "rate_limit_error",
                    529 => "overloaded_error",
                    500.. => "api_error",
                    _ => "invalid_request_error",
                };
                json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" })
            }
            Self::Gemini => {
                let kind = match status.as_u16() {
                    401 => "UNAUTHENTICATED",
                    403 => "PERMISSION_DENIED",
                    404 => "NOT_FOUND",
                    429 => "RESOURCE_EXHAUSTED",
                    500.. => "UNAVAILABLE",
                    _ => "INVALID_ARGUMENT",
                };
                json!({ "error": { "code": status.as_u16(), "message": message, "status": kind } })
            }
        }
    }
}

fn openai_calls(content: &Content) -> Vec<Value> {
    let call = |(index, (name, arguments)): (usize, &(&str, Value))| {
        let function = json!({ "name": name, "arguments": arguments.to_string() });
        json!({ "index": index, "id": format!("call-{index}-{name}"), "type": "function", "function": function })
    };
    content.calls.iter().enumerate().map(call).collect()
}

fn tokens(text: &str, name: &str, logprob: f64) -> Vec<Value> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(4).map(|token| json!({ "token": String::from_iter(token), name: logprob })).collect()
}

fn data(event: &Value) -> String {
    format!("data: {event}\n\n")
}
