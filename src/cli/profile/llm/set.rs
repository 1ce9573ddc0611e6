//! The command `gloss profile llm set`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::{KEY, LIST, TEST, asks_for_key, passed, reference};
use crate::cli::{
    CliError, Client, Exit, Output,
    lookup::Profiles,
    operation::Operation,
    output, secret,
    values::{Setting, at_least, price, setting, text, whole, yes_or_no},
};

/// The mutation of the command.
pub const UPDATE: Operation = Operation(
    "mutation($input: UpdateLlmProfileInput!) { updateLlmProfile(input: $input) { llmProfile {
        id name provider model baseUrl hasApiKey isDefault concurrency requestsPerMinute
        inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens createdAt } } }",
);

/// Change an LLM profile: its model, address or key, which are tested first, its name, or other settings
///
/// What is not given stays as it was. With --new-key, the key is read from `GLOSS_PROVIDER_KEY` or, on a terminal, from
/// a prompt. A key is never sent to another address than the one that it was set for: give it again with a new address.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("key").args(["key_env", "key_file", "new_key", "no_key"]))]
#[command(after_help = "\
Examples:
  gloss profile llm set gpt --model gpt-5 --input-price 1.25 --output-price 10
  gloss profile llm set gpt --key-env OPENAI_API_KEY
  gloss profile llm set gpt --new-key
  gloss profile llm set local --default --rate-limit ''")]
pub struct Set {
    /// Name of the profile
    name: String,
    /// New name of the profile
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// The model's name at the provider
    #[arg(long)]
    model: Option<String>,
    /// The provider's address; '' for its usual one
    #[arg(long, value_name = "URL", value_parser = setting(text))]
    base_url: Option<Setting<String>>,
    /// Environment variable of the server that holds the key
    #[arg(long, value_name = "NAME")]
    key_env: Option<String>,
    /// File with the key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Set a new key
    #[arg(long)]
    new_key: bool,
    /// Remove the key
    #[arg(long)]
    no_key: bool,
    /// Use it for runs that name no LLM profile, or no longer [default: yes]
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes")]
    #[arg(value_parser = yes_or_no)]
    default: Option<bool>,
    /// Maximum number of concurrent requests, from 1 to 64
    #[arg(long, value_name = "N", value_parser = whole(1_u8, 64))]
    concurrency: Option<u8>,
    /// Maximum number of requests in any 60 seconds; '' for no limit
    #[arg(long, value_name = "N", value_parser = setting(at_least(1_u32)))]
    rate_limit: Option<Setting<u32>>,
    /// Price of a million input tokens in United States dollars; '' for the provider's, if Gloss knows it
    #[arg(long, value_name = "USD", value_parser = setting(price))]
    input_price: Option<Setting<f64>>,
    /// Price of a million input tokens from the provider's prompt cache in United States dollars; '' for the provider's
    #[arg(long, value_name = "USD", value_parser = setting(price))]
    cached_input_price: Option<Setting<f64>>,
    /// Price of a million output tokens in United States dollars; '' for the provider's, if Gloss knows it
    #[arg(long, value_name = "USD", value_parser = setting(price))]
    output_price: Option<Setting<f64>>,
    /// Change the profile without a test
    #[arg(long)]
    no_test: bool,
}

impl Set {
    /// Changes the profile.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown profile or a key that is missing, the failure of the test, and the
    /// errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = Profiles::llm(client).await?.id(&self.name)?;
        let all = client.data(LIST, json!({})).await?["llmProfiles"].take();
        let old = all.as_array().into_iter().flatten().find(|profile| profile["id"] == id.as_str());
        let old = old.cloned().unwrap_or_default();
        let key = self.key(&old)?;
        let is_tested = !self.no_test && (self.model.is_some() || self.base_url.is_some() || key.is_some());
        let keeps_key = key.is_none() && old["hasApiKey"] == true;
        let input = self.input(&id, key);
        if input.as_object().is_some_and(|input| input.len() == 1) {
            return Err(CliError::nothing_to_change("gloss profile llm set"));
        }
        if is_tested {
            if keeps_key {
                test_in_place(client, &id, &old, &input).await?;
            } else {
                let settings = json!({ "input": { "settings": settings(&old, &input) } });
                passed(&client.data(TEST, settings).await?["testLlmProfile"])?;
            }
        }
        let mut data = client.data(UPDATE, json!({ "input": input })).await?;
        let profile = data["updateLlmProfile"]["llmProfile"].take();
        if output.is_json() {
            output::document(&profile);
        } else {
            output::line(&format!("The LLM profile {} has been changed.", output::text(&profile["name"])));
        }
        Ok(Exit::Success)
    }

    /// The new key, or none to remove it; `None` if it stays.
    fn key(&self, old: &Value) -> Result<Option<Setting<SecretString>>, CliError> {
        if self.no_key {
            return Ok(Some(Setting(None)));
        }
        if let Some(variable) = &self.key_env {
            return Ok(Some(Setting(Some(reference(variable)))));
        }
        let has_key = old["hasApiKey"] == true;
        let is_wanted = self.new_key || self.key_file.is_some();
        let moves = self.base_url.as_ref().is_some_and(|url| url.0.as_deref() != old["baseUrl"].as_str());
        if !is_wanted && !(moves && has_key) {
            return Ok(None);
        }
        let asks = is_wanted || asks_for_key(old["provider"].as_str().unwrap_or_default());
        match secret::read(self.key_file.as_deref(), KEY, asks.then_some("Key: "))? {
            Some(key) => Ok(Some(Setting(Some(key)))),
            None if is_wanted => Err(CliError::Usage(format!(
                "there is no key; put it into {KEY} or into a file for --key-file, or type it when asked"
            ))),
            None => Ok(None),
        }
    }

    /// The input of `updateLlmProfile`.
    fn input(self, id: &str, key: Option<Setting<SecretString>>) -> Value {
        let key = key.map(|key| json!(key.0.as_ref().map(|key| key.expose_secret().trim())));
        let fields = [
            ("id", Some(json!(id))),
            ("name", self.new_name.map(Value::from)),
            ("model", self.model.map(Value::from)),
            ("baseUrl", self.base_url.map(Value::from)),
            ("apiKey", key),
            ("isDefault", self.default.map(Value::from)),
            ("concurrency", self.concurrency.map(Value::from)),
            ("requestsPerMinute", self.rate_limit.map(Value::from)),
            ("inputCostPerMillionTokens", self.input_price.map(Value::from)),
            ("cachedInputCostPerMillionTokens", self.cached_input_price.map(Value::from)),
            ("outputCostPerMillionTokens", self.output_price.map(Value::from)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

/// Tests a profile with its new model or address. Only the server knows the present key, so the profile gets them
/// first, and loses them again if the test fails.
async fn test_in_place(client: &Client, id: &str, old: &Value, input: &Value) -> Result<(), CliError> {
    let update = async |from: &Value| {
        let tested = json!({ "id": id, "model": from["model"], "baseUrl": from["baseUrl"] });
        client.data(UPDATE, json!({ "input": tested })).await
    };
    update(&settings(old, input)).await?;
    let test = client.data(TEST, json!({ "input": { "id": id } })).await;
    let passed = test.and_then(|test| passed(&test["testLlmProfile"]));
    if passed.is_err() {
        update(old).await?;
    }
    passed
}

/// The settings that a profile will have, as for a new one.
fn settings(old: &Value, input: &Value) -> Value {
    let fields = ["name", "provider", "model", "baseUrl", "apiKey", "concurrency", "requestsPerMinute"];
    let field = |name: &str| input.get(name).unwrap_or(&old[name]).clone();
    Value::Object(fields.into_iter().map(|name| (name.to_owned(), field(name))).collect::<Map<_, _>>())
}
