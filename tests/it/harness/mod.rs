//! Starts the real server as a process of its own and speaks to it as clients do; scripted models and small
//! targets to point it at.

pub mod browser;
pub mod disk;
pub mod live;
pub mod local_model;
pub mod proxy;
pub mod scripted_model;
pub mod server;
pub mod sqlite;
pub mod store;

pub use live::Live;
pub use local_model::LocalModel;
pub use proxy::Proxy;
pub use scripted_model::ScriptedModel;
pub use server::Server;
pub use sqlite::SqliteTarget;

use std::sync::Once;

use gloss::domain::profile::NewLlmProfile;
use serde_json::{Value, json};
use tracing::subscriber::NoSubscriber;

/// The key of stores that tests open by themselves.
pub fn seal_key() -> gloss::store::SealKey {
    gloss::store::SealKey::of_text(&"a key that the tests all know, 1".to_owned().into()).unwrap()
}

/// Lets a subscriber hear what this thread logs, until the guard is dropped.
pub fn listen(subscriber: impl tracing::Subscriber + Send + Sync) -> tracing::subscriber::DefaultGuard {
    static DEAF: Once = Once::new();
    // Were a thread's subscriber the only one of the process, a place that logs for the first time in another thread
    // would be taken, for good, for one that nobody listens to. Beside a second one all are asked.
    DEAF.call_once(|| {
        tracing::subscriber::set_global_default(NoSubscriber::new()).unwrap();
    });
    tracing::subscriber::set_default(subscriber)
}

/// The input that makes an LLM profile with these settings through the API.
pub fn llm_input(profile: &NewLlmProfile) -> Value {
    json!({
        "name": profile.name,
        "provider": profile.provider.as_str(),
        "model": profile.model,
        "baseUrl": profile.base_url,
        "apiKey": profile.api_key.as_ref().map(secrecy::ExposeSecret::expose_secret),
        "concurrency": profile.concurrency,
        "requestsPerMinute": profile.requests_per_minute,
        "inputCostPerMillionTokens": profile.input_cost_per_million_tokens,
        "outputCostPerMillionTokens": profile.output_cost_per_million_tokens,
    })
}

/// A server with a scripted model and a SQLite target; gives the ids of both profiles.
pub async fn server_with(
    model: &ScriptedModel,
    target: &SqliteTarget,
    environment: &[(&str, &str)],
) -> (Server, Value) {
    let server = Server::start_with(environment).await;
    let db_profile = server.create_db_profile("target", &target.url()).await;
    let llm_profile = server.create_llm_profile(llm_input(&model.profile())).await;
    let input = json!({ "targets": [{ "dbProfileId": db_profile }], "llmProfileId": llm_profile });
    (server, input)
}
