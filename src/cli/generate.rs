//! The command `gloss generate`: a draft of one text, with its alternatives and evidence.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    lookup::{self, Profiles},
    operation::Operation,
    output,
    run::{
        ESTIMATE, print_started, summary,
        watch::{Interrupts, Watched, What, watch},
    },
    scope::{self, Scope, Target},
    values::{one_of, temperature, usd},
};
use crate::domain::run::Verbosity;

const GENERATE: Operation = Operation(
    "mutation($input: GenerateInput!) { generate(input: $input) { runs { id number status scopeSummary } } }",
);
const DRAFT: Operation = Operation(
    "query($id: ID!) { run(id: $id) { id number status error { code message hint }
        usage { totalTokens costUsd requests } suggestions(first: 1) { nodes {
            id asset { kind database schema table column display } description confidence band substance
            existingComment alternatives { index text confidence } evidence { source detail } } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[GENERATE, DRAFT];

/// Draft a description of one database, schema, table or column
///
/// Prints the text with its alternatives and its evidence. Ctrl-C cancels the draft.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss generate demo:main.orders.status
  gloss generate demo:main
  gloss generate demo:main.orders --model gpt --instructions 'Name the team that owns it.'
  gloss generate demo:main.orders --json")]
pub struct Generate {
    /// The asset: `profile[/database]:schema.table.column`, everything after the profile optional; a part with a dot,
    /// space, colon or slash in double quotes
    scope: String,
    /// Name of the LLM profile [default: the default profile]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Instructions for the model, up to 4,000 characters
    #[arg(long, value_name = "TEXT")]
    instructions: Option<String>,
    /// Sampling temperature of the model, 0 to 2
    #[arg(long, value_name = "NUMBER", value_parser = temperature)]
    temperature: Option<f64>,
    /// Length of the description
    #[arg(long, value_parser = one_of(Verbosity::ALL.iter().map(|it| it.as_str())), ignore_case = true)]
    verbosity: Option<String>,
    /// Stop before the draft costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget_usd: Option<f64>,
    /// Start the run and do not wait for its end
    #[arg(long)]
    detach: bool,
}

impl ApiCommand for Generate {
    fn needs(&self) -> Needs {
        if self.detach { Needs::Secrets } else { Needs::Workers }
    }

    fn may_create_store(&self) -> bool {
        true
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let (target, scope) = self.target(client).await?;
        let input = self.input(client, &target, &scope).await?;
        // An asset that does not exist is found before anything starts.
        client.data(ESTIMATE, json!({ "input": estimated(&target, &input) })).await?;
        let mut interrupts = Interrupts::listen()?;
        let started = interrupts.unless(client.start(GENERATE, input)).await?["generate"]["runs"].take();
        if self.detach {
            print_started(client, &started, output);
            return Ok(Exit::Success);
        }
        let runs = [Watched { what: What::Draft, ..Watched::of(&started[0], 0) }];
        watch(client, &runs, interrupts, output).await?;
        let mut draft = client.data(DRAFT, json!({ "id": runs[0].id })).await?["run"].take();
        let suggestion = draft.pointer_mut("/suggestions/nodes/0").map(Value::take).unwrap_or_default();
        if output.is_json() {
            if let Some(draft) = draft.as_object_mut() {
                draft.remove("suggestions");
            }
            output::document(&json!({ "run": draft, "suggestion": suggestion }));
        } else if !suggestion.is_null() {
            output::print(shown(&suggestion));
        }
        summary::print(client, &runs, output).await
    }
}

impl Generate {
    /// The asset, and the target that has nothing else.
    async fn target(&self, client: &Client) -> Result<(Value, Scope), CliError> {
        let mut scopes = scope::parse(&self.scope)?;
        let (Some(scope), None) = (scopes.pop(), scopes.pop()) else {
            return Err(CliError::Usage(
                "a draft describes one asset, but there are several scopes; describe several with `gloss run`"
                    .to_owned(),
            ));
        };
        let id = Profiles::db(client).await?.id(&scope.profile)?;
        let schemas: Value = scope::targets(vec![scope.clone()]).first().map(Target::schemas).unwrap_or_default();
        Ok((json!({ "dbProfileId": id, "database": scope.database, "schemas": schemas }), scope))
    }

    /// The input of `generate`.
    async fn input(&self, client: &Client, target: &Value, scope: &Scope) -> Result<Value, CliError> {
        let path = &scope.path;
        Ok(json!({
            "dbProfileId": target["dbProfileId"],
            "database": scope.database,
            "schema": path.first(),
            "table": path.get(1),
            "column": path.get(2),
            "llmProfileId": lookup::model(client, self.model.as_deref()).await?,
            "options": {
                "instructions": self.instructions,
                "temperature": self.temperature,
                "verbosity": self.verbosity,
            },
            "budget": self.budget_usd.map(|usd| json!({ "maxCostUsd": usd })),
        }))
    }
}

/// The input of `estimateRun` for the asset of a draft.
fn estimated(target: &Value, draft: &Value) -> Value {
    json!({
        "targets": [target],
        "llmProfileId": draft["llmProfileId"],
        "options": draft["options"],
        "budget": draft["budget"],
    })
}

/// A suggestion with everything that a reader needs to judge it.
fn shown(suggestion: &Value) -> String {
    let asset = output::text(&suggestion["asset"]["display"]);
    let mut text = output::hanging("", &format!("{asset}: {}", output::text(&suggestion["description"])));
    let mut add = |name: &str, value: String| text.push_str(&output::hanging("  ", &format!("{name}: {value}")));
    let (confidence, band) = (output::percent(&suggestion["confidence"]), output::words(&suggestion["band"]));
    add("Confidence", format!("{confidence}, {band}"));
    if !suggestion["existingComment"].is_null() {
        add("Comment in the database", output::text(&suggestion["existingComment"]));
    }
    for alternative in suggestion["alternatives"].as_array().into_iter().flatten().skip(1) {
        add("Alternative", output::text(&alternative["text"]));
    }
    for evidence in suggestion["evidence"].as_array().into_iter().flatten() {
        add("Evidence", format!("{}: {}", output::text(&evidence["source"]), output::text(&evidence["detail"])));
    }
    text
}
