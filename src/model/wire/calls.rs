//! Assembles tool calls from the pieces in which they are streamed.
//!
//! The rule: a piece belongs to the call with its id, else to the call with its index, else to the last call. A piece
//! that repeats a tool's name begins another call. Endpoints that are almost compatible with OpenAI send the same index
//! for all calls, no index, or indices from 1; arguments as an object; or the same arguments twice.

use serde_json::{Value, json};

use super::parts::count;
use crate::{model::lenient, port::converse::Call};

/// Maximum number of calls in one answer; further ones are ignored.
const MAX_CALLS: usize = 16;

#[derive(Debug, Default)]
struct Slot {
    index: Option<i64>,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Slot {
    /// Returns whether its arguments are complete.
    fn is_complete(&self) -> bool {
        serde_json::from_str::<Value>(&self.arguments).is_ok_and(|arguments| arguments.is_object())
    }
}

/// The calls so far.
#[derive(Debug, Default)]
pub struct Calls(Vec<Slot>);

impl Calls {
    /// Adds a piece. Returns the length of its name and arguments, in bytes.
    pub fn take(&mut self, piece: &Value) -> usize {
        let function = piece.get("function").filter(|function| function.is_object()).unwrap_or(piece);
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned).unwrap_or_default();
        let (id, name) = (text(piece.get("id")), text(function.get("name")));
        let arguments = match function.get("arguments").or_else(|| function.get("parameters")) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(arguments)) => arguments.clone(),
            Some(arguments) => arguments.to_string(),
        };
        let bytes = name.len() + arguments.len();
        if id.is_empty() && name.is_empty() && arguments.is_empty() {
            return bytes;
        }
        let at = self.slot(piece.get("index").and_then(count), &id, &name);
        let Some(slot) = self.0.get_mut(at) else { return bytes };
        if slot.id.is_none() && !id.is_empty() {
            slot.id = Some(id);
        }
        if !name.is_empty() && slot.name != name {
            slot.name.push_str(&name);
        }
        // The piece repeats the arguments so far, or extends them.
        let repeats = !slot.arguments.is_empty() && arguments.starts_with(&slot.arguments);
        let again = slot.is_complete() && arguments.trim_start().starts_with('{');
        if repeats || again {
            slot.arguments = arguments;
        } else {
            slot.arguments.push_str(&arguments);
        }
        bytes
    }

    /// The index of the slot that a piece belongs to. A piece that belongs to none gets a new slot.
    fn slot(&mut self, index: Option<i64>, id: &str, name: &str) -> usize {
        let with_id = self.0.iter().position(|slot| slot.id.as_deref() == Some(id)).filter(|_| !id.is_empty());
        let with_index = index.and_then(|index| self.0.iter().rposition(|slot| slot.index == Some(index)));
        let last = self.0.len().checked_sub(1);
        let known = with_id.or_else(|| {
            let at = if index.is_some() { with_index } else { last }?;
            let slot = &self.0[at];
            let other_id = !id.is_empty() && slot.id.as_deref().is_some_and(|known| known != id);
            let begins = !name.is_empty() && (other_id || slot.is_complete() || index.is_none());
            // Names also come in pieces, before any arguments. A name without an index begins the next call.
            (!begins && !(other_id && slot.is_complete())).then_some(at)
        });
        known.unwrap_or_else(|| {
            if self.0.len() < MAX_CALLS {
                self.0.push(Slot { index, ..Slot::default() });
                self.0.len() - 1
            } else {
                MAX_CALLS
            }
        })
    }

    /// The finished calls, each with a unique id. Calls that name no tool are dropped.
    pub fn done(self) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for Slot { id, name, arguments, .. } in self.0.into_iter().filter(|slot| !slot.name.is_empty()) {
            let id = id.filter(|id| calls.iter().all(|call| call.id != *id));
            let id = id.unwrap_or_else(|| format!("call_{}", calls.len() + 1));
            calls.push(Call { id, name, arguments: read(arguments) });
        }
        calls
    }
}

/// Parses arguments as JSON as far as possible; otherwise returns their text.
fn read(text: String) -> Value {
    if text.trim().is_empty() {
        return json!({});
    }
    if let Ok(arguments) = serde_json::from_str::<Value>(&text) {
        // The arguments are JSON encoded as a string.
        let inner = arguments.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        return inner.filter(Value::is_object).unwrap_or(arguments);
    }
    let begins = text.find('{').and_then(|at| lenient::read(&text[at..]));
    let read = begins.map(|read| read.value).filter(|value| value.as_object().is_some_and(|map| !map.is_empty()));
    read.unwrap_or(Value::String(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(pieces: &Value) -> Vec<(String, String, Value)> {
        let mut calls = Calls::default();
        for piece in pieces.as_array().unwrap() {
            calls.take(piece);
        }
        calls.done().into_iter().map(|call| (call.id, call.name, call.arguments)).collect()
    }

    #[test]
    fn uses_as_endpoints_stream_them() {
        let piece = |index: Value, id: Value, name: Value, arguments: Value| {
            json!({ "index": index, "id": id, "type": "function",
            "function": { "name": name, "arguments": arguments } })
        };
        let (none, a, b) = (Value::Null, json!({"text": "a"}), json!({"text": "b"}));
        let (text_a, text_b) = (json!(a.to_string()), json!(b.to_string()));
        let one = vec![("1".to_owned(), "search".to_owned(), a.clone())];
        let two = vec![one[0].clone(), ("2".to_owned(), "describe".to_owned(), b.clone())];
        for (what, pieces, expected) in [
            (
                "as OpenAI",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("")),
                    piece(json!(0), none.clone(), none.clone(), json!("{\"text\"")),
                    piece(json!(0), none.clone(), none.clone(), json!(": \"a\"}")),
                    piece(json!(1), json!("2"), json!("describe"), json!("")),
                    piece(json!(1), none.clone(), none.clone(), text_b.clone()),
                ]),
                &two,
            ),
            (
                "one index for all",
                json!([
                    piece(json!(0), json!("1"), json!("search"), text_a.clone()),
                    piece(json!(0), json!("2"), json!("describe"), text_b.clone()),
                ]),
                &two,
            ),
            (
                "one index for all, in pieces",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\"")),
                    piece(json!(0), none.clone(), none.clone(), json!(": \"a\"}")),
                    piece(json!(0), json!("2"), json!("describe"), json!("{\"text\"")),
                    piece(json!(0), none.clone(), none.clone(), json!(": \"b\"}")),
                ]),
                &two,
            ),
            (
                "by id, mixed",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\"")),
                    piece(json!(0), json!("2"), json!("describe"), json!("{\"text\"")),
                    piece(json!(0), json!("1"), none.clone(), json!(": \"a\"}")),
                    piece(json!(0), json!("2"), none.clone(), json!(": \"b\"}")),
                ]),
                &two,
            ),
            (
                "as objects",
                json!([
                    piece(json!(0), json!("1"), json!("search"), a.clone()),
                    piece(json!(1), json!("2"), json!("describe"), b.clone()),
                ]),
                &two,
            ),
            (
                "indices from 1",
                json!([
                    piece(json!(1), json!("1"), json!("search"), json!("")),
                    piece(json!(1), none.clone(), none.clone(), text_a.clone()),
                    piece(json!(2), json!("2"), json!("describe"), text_b.clone()),
                ]),
                &two,
            ),
            (
                "indices as texts",
                json!([
                    piece(json!("0"), json!("1"), json!("search"), text_a.clone()),
                    piece(json!("1"), json!("2"), json!("describe"), text_b.clone()),
                ]),
                &two,
            ),
            (
                "no index",
                json!([
                    piece(none.clone(), json!("1"), json!("search"), json!("")),
                    piece(none.clone(), none.clone(), none.clone(), text_a.clone()),
                    piece(none.clone(), json!("2"), json!("describe"), text_b.clone()),
                ]),
                &two,
            ),
            (
                "empty slots",
                json!([
                    piece(json!(0), none.clone(), none.clone(), none.clone()),
                    piece(json!(3), json!("1"), json!("search"), text_a.clone()),
                    piece(json!(5), json!("9"), json!(""), json!("")),
                    piece(json!(7), json!("2"), json!("describe"), text_b.clone()),
                ]),
                &two,
            ),
            (
                "a name in pieces",
                json!([
                    piece(json!(0), json!("1"), json!("sea"), none.clone()),
                    piece(json!(0), none.clone(), json!("rch"), none.clone()),
                    piece(json!(0), none.clone(), none.clone(), text_a.clone()),
                ]),
                &one,
            ),
            (
                "a name in each piece",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\"")),
                    piece(json!(0), json!("1"), json!("search"), json!(": \"a\"}")),
                ]),
                &one,
            ),
            (
                "arguments twice",
                json!([
                    piece(json!(0), json!("1"), json!("search"), text_a.clone()),
                    piece(json!(0), none.clone(), none.clone(), text_a.clone()),
                ]),
                &one,
            ),
            (
                "arguments twice, otherwise spaced",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\": \"a\"}")),
                    piece(json!(0), json!("1"), none.clone(), text_a.clone()),
                ]),
                &one,
            ),
            (
                "arguments that grow",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"te")),
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\":\"")),
                    piece(json!(0), json!("1"), json!("search"), text_a.clone()),
                ]),
                &one,
            ),
            (
                "another id in each piece",
                json!([
                    piece(json!(0), json!("1"), json!("search"), json!("{\"text\"")),
                    piece(json!(0), json!("x"), none.clone(), json!(": \"a\"}")),
                ]),
                &one,
            ),
            (
                "encoded once more",
                json!([piece(json!(0), json!("1"), json!("search"), json!(text_a.to_string()))]),
                &one,
            ),
            ("flat", json!([{ "id": "1", "name": "search", "arguments": a }]), &one),
        ] {
            assert_eq!(calls(&pieces), *expected, "{what}");
        }
    }

    #[test]
    fn ids_are_made_where_they_are_missing_and_arguments_kept_where_they_cannot_be_read() {
        let pieces = json!([
            { "index": 0, "function": { "name": "search", "arguments": "" } },
            { "index": 1, "function": { "name": "describe", "arguments": "{\"path\": \"cut" } },
        ]);
        let read = calls(&pieces);
        assert_eq!(read[0], ("call_1".into(), "search".into(), json!({})));
        assert_eq!(read[1], ("call_2".into(), "describe".into(), json!("{\"path\": \"cut")));
        let many: Vec<Value> = (0..100).map(|n| json!({ "index": n, "function": { "name": "search" } })).collect();
        assert_eq!(calls(&json!(many)).len(), MAX_CALLS);
    }
}
