//! The commands `gloss profile llm list|add|set|test|remove`.

mod set;

use std::path::PathBuf;

use clap::Subcommand;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{passed, print_test};
use crate::{
    cli::{
        CliError, Client, Exit, Output,
        lookup::Profiles,
        operation::Operation,
        output, secret,
        table::Table,
        values::{at_least, one_of, price, whole},
    },
    domain::profile::LlmProvider,
};

/// The environment variable that holds a provider's key.
const KEY: &str = "GLOSS_PROVIDER_KEY";

const LIST: Operation = Operation(
    "{ llmProfiles { id name provider model baseUrl hasApiKey isDefault concurrency requestsPerMinute
        inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens createdAt
        price { inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens source readOn }
    } }",
);
const CREATE: Operation = Operation(
    "mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile {
        id name provider model baseUrl hasApiKey isDefault concurrency requestsPerMinute
        inputCostPerMillionTokens cachedInputCostPerMillionTokens outputCostPerMillionTokens createdAt } } }",
);
const TEST: Operation =
    Operation("mutation($input: TestLlmProfileInput!) { testLlmProfile(input: $input) { ok latencyMs message code } }");
const DELETE: Operation = Operation("mutation($id: ID!) { deleteLlmProfile(input: { id: $id }) { deletedId } }");

/// The documents of the commands.
pub const OPERATIONS: &[Operation] = &[LIST, CREATE, TEST, DELETE, set::UPDATE];

/// What to do with LLM profiles.
#[derive(Debug, Subcommand)]
pub enum LlmCommand {
    /// List the LLM profiles
    #[command(after_help = "\
Examples:
  gloss profile llm list
  gloss profile llm list --json")]
    List,
    /// Test a model, and add it as an LLM profile
    ///
    /// The key is read from --key-file, from `GLOSS_PROVIDER_KEY` or, on a terminal, from a prompt. With --key-env, the
    /// server reads it from its own environment at each request, and the store holds no key.
    #[command(after_help = "\
Examples:
  gloss profile llm add gpt --provider openai --model gpt-5-mini --key-env OPENAI_API_KEY --default
  gloss profile llm add local --provider ollama --model llama3.2
  gloss profile llm add vllm --provider openai-compatible --base-url http://127.0.0.1:8000/v1 --model qwen")]
    Add {
        /// Name of the profile
        name: String,
        /// The provider
        #[arg(long, value_parser = one_of(LlmProvider::ALL.iter().map(|it| it.as_str())), ignore_case = true)]
        provider: String,
        /// The model's name at the provider
        #[arg(long)]
        model: String,
        /// The provider's address [default: its usual one]
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
        /// Environment variable of the server that holds the key
        #[arg(long, value_name = "NAME", conflicts_with = "key_file")]
        key_env: Option<String>,
        /// File with the key
        #[arg(long, value_name = "FILE")]
        key_file: Option<PathBuf>,
        /// Use it for runs that name no LLM profile
        #[arg(long)]
        default: bool,
        /// Maximum number of concurrent requests, from 1 to 64
        #[arg(long, value_name = "N", value_parser = whole(1_u8, 64))]
        concurrency: Option<u8>,
        /// Maximum number of requests in any 60 seconds [default: no limit]
        #[arg(long, value_name = "N", value_parser = at_least(1_u32))]
        rate_limit: Option<u32>,
        /// Price of a million input tokens in United States dollars [default: the provider's, if Gloss knows it]
        #[arg(long, value_name = "USD", value_parser = price)]
        input_price: Option<f64>,
        /// Price of a million cached input tokens in United States dollars [default: likewise]
        #[arg(long, value_name = "USD", value_parser = price)]
        cached_input_price: Option<f64>,
        /// Price of a million output tokens in United States dollars [default: likewise]
        #[arg(long, value_name = "USD", value_parser = price)]
        output_price: Option<f64>,
        /// Add the profile without a test
        #[arg(long)]
        no_test: bool,
    },
    Set(set::Set),
    /// Test whether the key and the model of an LLM profile work
    #[command(after_help = "\
Examples:
  gloss profile llm test builtin")]
    Test {
        /// Name of the profile
        name: String,
    },
    /// Remove an LLM profile; its runs stay, but can no longer be resumed
    #[command(after_help = "\
Examples:
  gloss profile llm remove gpt
  gloss profile llm remove gpt --yes")]
    Remove {
        /// Name of the profile
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

impl LlmCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// Returns [`CliError::Usage`] for an unknown profile, and the errors of [`Client::data`].
    pub async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        match self {
            Self::List => list(client, output).await,
            Self::Add {
                name,
                provider,
                model,
                base_url,
                key_env,
                key_file,
                default,
                concurrency,
                rate_limit,
                input_price,
                cached_input_price,
                output_price,
                no_test,
            } => {
                let prompt = "Key (empty for none): ";
                let asks = asks_for_key(&provider);
                let key = match key_env {
                    Some(variable) => Some(reference(&variable)),
                    None => secret::read(key_file.as_deref(), KEY, asks.then_some(prompt))?,
                };
                let input = json!({
                    "name": name,
                    "provider": provider,
                    "model": model,
                    "baseUrl": base_url,
                    "apiKey": key.as_ref().map(|key| key.expose_secret().trim()),
                    "isDefault": default,
                    "concurrency": concurrency,
                    "requestsPerMinute": rate_limit,
                    "inputCostPerMillionTokens": input_price,
                    "cachedInputCostPerMillionTokens": cached_input_price,
                    "outputCostPerMillionTokens": output_price,
                });
                if !no_test {
                    let settings = json!({ "input": { "settings": input } });
                    passed(&client.data(TEST, settings).await?["testLlmProfile"])?;
                }
                let data = client.data(CREATE, json!({ "input": input })).await?;
                if output.is_json() {
                    output::document(&data["createLlmProfile"]["llmProfile"]);
                } else {
                    output::line(&format!("The LLM profile {name} has been added."));
                }
                Ok(Exit::Success)
            }
            Self::Set(set) => set.run(client, output).await,
            Self::Test { name } => {
                let id = Profiles::llm(client).await?.id(&name)?;
                let test = client.data(TEST, json!({ "input": { "id": id } })).await?["testLlmProfile"].take();
                print_test(&name, &test, output)
            }
            Self::Remove { name, yes } => {
                let id = Profiles::llm(client).await?.id(&name)?;
                let question = format!(
                    "Remove the LLM profile {name}? Its runs stay, but can no longer be resumed; its settings and key \
                     are lost."
                );
                if !yes && !output::confirmed(&question, "--yes")? {
                    output::note("Nothing was removed.");
                    return Ok(Exit::Success);
                }
                let data = client.data(DELETE, json!({ "id": id })).await?;
                if output.is_json() {
                    output::document(&data["deleteLlmProfile"]);
                } else {
                    output::line(&format!("The LLM profile {name} has been removed."));
                }
                Ok(Exit::Success)
            }
        }
    }
}

/// Returns whether a provider needs a key. The builtin describer has none, and Ollama rarely has one.
fn asks_for_key(provider: &str) -> bool {
    !matches!(provider, "BUILTIN" | "OLLAMA")
}

/// A key that the server reads from this environment variable.
fn reference(variable: &str) -> SecretString {
    format!("env:{variable}").into()
}

async fn list(client: &Client, output: Output) -> Result<Exit, CliError> {
    let profiles = client.data(LIST, json!({})).await?["llmProfiles"].take();
    if output.is_json() {
        output::document(&profiles);
        return Ok(Exit::Success);
    }
    let mut table = Table::new(["NAME", "PROVIDER", "MODEL", "DEFAULT", "KEY", "PRICE IN", "PRICE OUT"]);
    let mark = |value: &Value| if value == true { "yes".to_owned() } else { "-".to_owned() };
    for profile in profiles.as_array().into_iter().flatten() {
        let price = |field: &str| match &profile["price"][field] {
            Value::Null => "-".to_owned(),
            price => output::dollars(price),
        };
        table.row([
            output::text(&profile["name"]),
            output::words(&profile["provider"]),
            output::text(&profile["model"]),
            mark(&profile["isDefault"]),
            mark(&profile["hasApiKey"]),
            price("inputCostPerMillionTokens"),
            price("outputCostPerMillionTokens"),
        ]);
    }
    table.print();
    Ok(Exit::Success)
}
