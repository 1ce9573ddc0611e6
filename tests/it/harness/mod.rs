//! Starts the real server as a separate process and calls it as clients do, with scripted models and small targets.

pub mod browser;
pub mod disk;
pub mod live;
pub mod local_model;
pub mod proxy;
pub mod scripted_model;
pub mod server;
pub mod sqlite;
pub mod store;
mod watchdog;

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

/// Returns the secret key of stores that tests open themselves.
pub fn seal_key() -> gloss::store::SealKey {
    gloss::store::SealKey::of_text(&"a key that the tests all know, 1".to_owned().into()).unwrap()
}

/// Sends this thread's log to `subscriber` until the guard is dropped.
pub fn listen(subscriber: impl tracing::Subscriber + Send + Sync) -> tracing::subscriber::DefaultGuard {
    static DEAF: Once = Once::new();
    // If a thread's subscriber were the only one in the process, a call site that is first reached in another thread
    // would be cached as disabled for good. With a second subscriber, `tracing` asks all of them.
    DEAF.call_once(|| {
        tracing::subscriber::set_global_default(NoSubscriber::new()).unwrap();
    });
    tracing::subscriber::set_default(subscriber)
}

/// Returns the input of the API that creates an LLM profile with these settings.
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
        "cachedInputCostPerMillionTokens": profile.cached_input_cost_per_million_tokens,
        "outputCostPerMillionTokens": profile.output_cost_per_million_tokens,
    })
}

/// Starts a server with a scripted model and a SQLite target and returns the ids of both profiles.
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
