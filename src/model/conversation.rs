//! The prompts of a conversation: the model's instructions, and what it sees of the databases. `prompts/ask.md` has the
//! texts.
//!
//! The rule: everything from a catalog is sent as the result of a tool or between `<facts>` and `</facts>`, as JSON
//! whose texts cannot close that fence. The instructions forbid the model to obey anything in it. Earlier questions and
//! answers also count as data for every endpoint, since an answer may quote a comment.

use serde_json::{Value, json};

use super::{prompt::unfenced, prompts::ASK, schema::Strength};
use crate::port::converse::{Conversation, Exchange, Tool, Used};

/// The value of `next` if the model wants no tool.
pub const ANSWER: &str = "answer";
/// Maximum length of a tool's argument, in characters, for endpoints that accept the limit.
const ABOUT_LETTERS: usize = 200;

/// The model's role and the rules that it must follow.
#[must_use]
pub fn system() -> &'static str {
    ASK.text("system")
}

/// The tools in OpenAI's format.
#[must_use]
pub fn tool_definitions(tools: &[Tool]) -> Value {
    let definition = |tool: &Tool| {
        let text = json!({ "type": "string", "description": tool.argument_description });
        let parameters = json!({
            "type": "object",
            "properties": { tool.argument: text },
            "required": [tool.argument],
            "additionalProperties": false,
        });
        let function = json!({ "name": tool.name, "description": tool.description, "parameters": parameters });
        json!({ "type": "function", "function": function })
    };
    tools.iter().map(definition).collect()
}

/// The messages for an endpoint that supports tools.
#[must_use]
pub fn messages(conversation: &Conversation<'_>) -> Vec<Value> {
    let text = ASK.fill(
        "question",
        &[
            ("before", &exchanges(conversation.before)),
            ("question", conversation.question),
            ("about", &about(conversation)),
            ("found", &unfenced(conversation.found)),
        ],
    );
    let mut messages = vec![json!({ "role": "user", "content": text })];
    for round in conversation.rounds {
        let call = |used: &Used| {
            let arguments = used.call.arguments.to_string();
            json!({ "id": used.call.id, "type": "function",
                "function": { "name": used.call.name, "arguments": unfenced(&arguments) } })
        };
        let calls: Vec<Value> = round.iter().map(call).collect();
        messages.push(json!({ "role": "assistant", "content": "", "tool_calls": calls }));
        for used in round {
            let result = unfenced(&used.result);
            messages.push(json!({ "role": "tool", "tool_call_id": used.call.id, "content": result }));
        }
    }
    messages
}

/// The earlier questions and answers, as data.
fn exchanges(before: &[Exchange]) -> String {
    if before.is_empty() {
        return String::new();
    }
    let one = |exchange: &Exchange| {
        let one = json!({ "question": exchange.question, "answer": exchange.answer });
        unfenced(&one.to_string()) + "\n"
    };
    ASK.fill("before", &[("exchanges", &before.iter().map(one).collect::<String>())])
}

/// The only message for an endpoint without support for tools. If `schema_inside`, the message includes the schema of
/// the choice.
#[must_use]
pub fn message(conversation: &Conversation<'_>, schema_inside: bool) -> String {
    let used = |used: &Used| {
        let call = json!({ "tool": used.call.name, "arguments": used.call.arguments }).to_string();
        ASK.fill("used", &[("call", &unfenced(&call)), ("result", &unfenced(&used.result))])
    };
    let next = if conversation.due { ASK.fill("answer", &[]) } else { choice(conversation, schema_inside) };
    ASK.fill(
        "question.without-tools",
        &[
            ("before", &exchanges(conversation.before)),
            ("about", &about(conversation)),
            ("found", &unfenced(conversation.found)),
            ("used", &conversation.rounds.iter().flatten().map(used).collect::<String>()),
            ("question", conversation.question),
            ("next", &next),
        ],
    )
}

/// Asks for a choice between the tools and the answer.
fn choice(conversation: &Conversation<'_>, schema_inside: bool) -> String {
    let tool = |tool: &Tool| {
        let values = [("name", tool.name), ("description", tool.description), ("argument", tool.argument_description)];
        ASK.fill("tool", &values)
    };
    let schema = || {
        let schema = choice_schema(conversation.tools, Strength::Strict).to_string();
        ASK.fill("schema", &[("schema", &schema)])
    };
    ASK.fill(
        "choose",
        &[
            ("tools", &conversation.tools.iter().map(tool).collect::<String>()),
            ("answer", ANSWER),
            ("schema", &if schema_inside { schema() } else { String::new() }),
        ],
    )
}

/// The users' descriptions of the databases.
fn about(conversation: &Conversation<'_>) -> String {
    if conversation.about.is_empty() {
        return String::new();
    }
    ASK.fill("about", &[("about", &unfenced(conversation.about))])
}

/// The JSON schema of a choice between the tools and the answer.
#[must_use]
pub fn choice_schema(tools: &[Tool], strength: Strength) -> Value {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name).chain([ANSWER]).collect();
    let about = match strength {
        Strength::Bounded => json!({ "type": "string", "maxLength": ABOUT_LETTERS }),
        Strength::Strict | Strength::Object => json!({ "type": "string" }),
    };
    json!({
        "type": "object",
        "properties": { "next": { "type": "string", "enum": names }, "about": about },
        "required": ["next", "about"],
        "additionalProperties": false,
    })
}
