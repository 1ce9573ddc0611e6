//! OpenAI's chat completions, of which other endpoints accept less than OpenAI itself.

use serde_json::Value;

/// Families of models that accept the limit of tokens only under its newer name.
const RENAMED: &[&str] = &["gpt-5", "gpt-6", "o1", "o3", "o4"];

/// Returns whether a model belongs to a family of OpenAI's reasoning models. Gateways put the maker in front.
pub fn reasons(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model);
    RENAMED.iter().any(|family| name.starts_with(family))
}

/// Writes the limit of tokens under the name that the model accepts.
pub fn request(mut completion: Value) -> Value {
    if completion["model"].as_str().is_some_and(reasons)
        && let Some(body) = completion.as_object_mut()
        && let Some(tokens) = body.remove("max_tokens")
    {
        body.insert("max_completion_tokens".to_owned(), tokens);
    }
    completion
}
