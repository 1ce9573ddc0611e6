//! The command `gloss ask`: a question about databases, and its answer as it is written.

use std::io::IsTerminal;

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output,
    lookup::{self, Profiles},
    operation::Operation,
    output,
    run::{
        summary,
        watch::{Interrupts, Watched, What, watch},
    },
    table,
    values::usd,
    wrap::Flow,
};

const ASK: Operation =
    Operation("mutation($input: AskInput!) { ask(input: $input) { session { id } turn { id } run { id number } } }");
const LAST_SESSION: Operation = Operation("{ askSessions(first: 1) { nodes { id } } }");
const TURN: Operation = Operation(
    "query($id: ID!) { node(id: $id) { ... on AskTurn { question answer citations { kind database display }
        toolCalls { name } session { id }
        run { number status command progress { total done failed } usage { totalTokens costUsd requests }
            error { code message hint } } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[ASK, LAST_SESSION, TURN];

/// Ask a question about the databases
///
/// The answer comes from the catalogs and from earlier suggestions. Ctrl-C cancels it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss ask 'Which table has the email addresses of customers?'
  gloss ask --continue 'And their orders?'
  gloss ask --profile demo --json 'How do orders refer to customers?'")]
pub struct Ask {
    /// The question
    #[arg(required = true, num_args = 1..)]
    question: Vec<String>,
    /// Search only this DB profile; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Name of the LLM profile that answers [default: the default profile]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Continue the last conversation
    #[arg(long = "continue")]
    again: bool,
    /// Stop before the answer costs more than this many United States dollars
    #[arg(long, value_name = "USD", value_parser = usd)]
    budget_usd: Option<f64>,
}

impl ApiCommand for Ask {
    fn needs(&self) -> Needs {
        Needs::Workers
    }

    fn may_create_store(&self) -> bool {
        true
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let profiles = match self.profile.as_slice() {
            [] => None,
            names => Some(Profiles::db(client).await?.ids(names)?),
        };
        let model = lookup::model(client, self.model.as_deref()).await?;
        let session = if self.again {
            let sessions = client.data(LAST_SESSION, json!({})).await?;
            let session = sessions["askSessions"]["nodes"][0]["id"].clone();
            if session.is_null() {
                return Err(CliError::Usage("there is no conversation to continue; ask without --continue".to_owned()));
            }
            session
        } else {
            Value::Null
        };
        let input = json!({
            "question": self.question.join(" "),
            "dbProfileIds": profiles,
            "llmProfileId": model,
            "sessionId": session,
            "budget": self.budget_usd.map(|usd| json!({ "maxCostUsd": usd })),
        });
        let mut interrupts = Interrupts::listen()?;
        let asked = interrupts.unless(client.start(ASK, input)).await?["ask"].take();
        let runs = [Watched { what: What::Answer, ..Watched::of(&asked["run"], 0) }];
        watch(client, &runs, interrupts, output).await?;
        let mut interrupts = Interrupts::listen()?;
        let request = client.data_at_the_end(TURN, json!({ "id": asked["turn"]["id"] }));
        let turn = interrupts.unless(request).await?["node"].take();
        if output.is_json() {
            output::document(&turn);
        } else {
            print(&turn);
        }
        Ok(summary::exit_of(&turn["run"], What::Answer))
    }
}

fn print(turn: &Value) {
    let run = &turn["run"];
    match turn["answer"].as_str() {
        // On a terminal, the answer was written as it came.
        Some(_) if std::io::stdout().is_terminal() => output::line(""),
        Some(_) => {
            let mut answer = Flow::new(table::width());
            let text = answer.push(&output::lines(&turn["answer"]));
            output::line(&(text + &answer.end()));
        }
        None => {
            let reason = output::reason(&run["error"]).map(|reason| format!(": {reason}")).unwrap_or_default();
            output::complain(&format!("No answer, the run was {}{reason}", output::words(&run["status"])));
        }
    }
    let cited: Vec<String> =
        turn["citations"].as_array().into_iter().flatten().map(|asset| output::text(&asset["display"])).collect();
    if !cited.is_empty() {
        output::print(format!("\n{}", output::hanging("Sources: ", &cited.join(", "))));
    }
    output::note(&format!(
        "Run #{}, {}, {}",
        run["number"],
        output::counted(output::number(&run["usage"]["totalTokens"]), "token"),
        output::dollars(&run["usage"]["costUsd"])
    ));
}
