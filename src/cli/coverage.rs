//! The command `gloss coverage`: how much of a database is documented, as a check for CI.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output, lookup::Profiles, operation::Operation, output, pages,
    scope::in_shell, table::Table, values::whole,
};
use crate::domain::{Code, asset::quote_part, text::some_of};

const COVERAGE: Operation = Operation(
    "query($id: ID!) { dbProfile(id: $id) { coverage(refresh: true) { assets documented accepted readAt
        schemas { database schema assets documented accepted } } } }",
);
const MISSING: Operation = Operation(
    "query($id: ID!, $first: Int, $after: String) { dbProfile(id: $id) { missing(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { kind schema display } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[COVERAGE, MISSING];

/// Show how much of a database is documented; with --min, fail if it is too little
///
/// A table or column is documented if it has a comment, or an accepted text that has not been applied yet.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss coverage demo
  gloss coverage demo --missing
  gloss coverage demo --min 90 --schema main")]
pub struct Coverage {
    /// Name of the DB profile
    profile: String,
    /// Fail with exit code 1 if less than this percentage is documented, and list what is missing
    #[arg(long, value_name = "PERCENT", value_parser = whole(0_u8, 100))]
    min: Option<u8>,
    /// Count only this schema; may be repeated
    #[arg(long, value_name = "NAME")]
    schema: Vec<String>,
    /// List the tables and columns that are not documented
    #[arg(long)]
    missing: bool,
}

impl ApiCommand for Coverage {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = Profiles::db(client).await?.id(&self.profile)?;
        let coverage = client.data(COVERAGE, json!({ "id": id })).await?["dbProfile"]["coverage"].take();
        if coverage.is_null() {
            let message = format!("the DB profile {} was changed while its catalog was read; try again", self.profile);
            return Err(CliError::Refused { code: Code::Conflict, message });
        }
        let coverage = self.of_schemas(coverage)?;
        let percent = percent(&coverage);
        // A check of nothing would pass for a database whose tables were never made.
        let is_empty = coverage["assets"] == 0;
        let is_short = self.min.is_some_and(|min| is_empty || percent < u64::from(min));
        let mut missing = None;
        if self.missing || is_short {
            let all = pages::read(client, MISSING, &json!({ "id": id }), "/dbProfile/missing", usize::MAX).await?;
            let mut all = all.unwrap_or_default().0;
            all.retain(|asset| self.counts(&asset["schema"]));
            missing = Some(all);
        }
        if output.is_json() {
            output::document(&json!({ "coverage": coverage, "ok": !is_short, "missing": missing }));
        } else {
            print(&coverage);
            for asset in missing.iter().flatten() {
                output::line(&format!("missing: {}", output::text(&asset["display"])));
            }
        }
        if is_empty && is_short {
            output::complain(
                "There is nothing to document: check the URL of the profile, --schema and its exclusions.",
            );
        } else if let Some(min) = self.min.filter(|_| is_short) {
            output::complain(&format!(
                "{percent} % is documented, less than {min} %. Describe the rest with `gloss run {} --missing-only`",
                self.scope()
            ));
        }
        Ok(if is_short { Exit::Failure } else { Exit::Success })
    }
}

impl Coverage {
    /// Keeps only the schemas that the command names, with their sums.
    fn of_schemas(&self, mut coverage: Value) -> Result<Value, CliError> {
        let schemas = coverage["schemas"].as_array().cloned().unwrap_or_default();
        if let Some(unknown) = self.schema.iter().find(|name| schemas.iter().all(|it| it["schema"] != name.as_str())) {
            let known: Vec<&str> = schemas.iter().filter_map(|it| it["schema"].as_str()).collect();
            let known = if known.is_empty() { "another profile".to_owned() } else { some_of(&known, ", ") };
            return Err(CliError::Usage(format!(
                "{} has no schema {unknown:?} with tables; choose {known}",
                self.profile
            )));
        }
        let kept: Vec<&Value> = schemas.iter().filter(|it| self.counts(&it["schema"])).collect();
        for figure in ["assets", "documented", "accepted"] {
            coverage[figure] = kept.iter().filter_map(|schema| schema[figure].as_u64()).sum::<u64>().into();
        }
        coverage["schemas"] = json!(kept);
        Ok(coverage)
    }

    fn counts(&self, schema: &Value) -> bool {
        self.schema.is_empty() || self.schema.iter().any(|name| schema == name.as_str())
    }

    /// The scope of `gloss run` that covers what was counted.
    fn scope(&self) -> String {
        let profile = quote_part(&self.profile);
        if self.schema.is_empty() {
            return in_shell(&profile);
        }
        let scope = |schema: &String| in_shell(&format!("{profile}:{}", quote_part(schema)));
        self.schema.iter().map(scope).collect::<Vec<_>>().join(" ")
    }
}

/// The percentage that is documented, rounded down: it is 100 only if nothing is missing.
fn percent(part: &Value) -> u64 {
    let [assets, documented, accepted] =
        ["assets", "documented", "accepted"].map(|figure| part[figure].as_u64().unwrap_or_default());
    ((documented + accepted) * 100).checked_div(assets).unwrap_or(100)
}

fn print(coverage: &Value) {
    let mut table = Table::new(["SCHEMA", "ASSETS", "COMMENT", "ACCEPTED", "MISSING", "COVERAGE"]);
    let mut add = |name: String, part: &Value| {
        let [assets, documented, accepted] =
            ["assets", "documented", "accepted"].map(|figure| part[figure].as_u64().unwrap_or_default());
        let missing = assets.saturating_sub(documented + accepted);
        let counts = [assets, documented, accepted, missing].map(|count| count.to_string());
        table.row(std::iter::once(name).chain(counts).chain([format!("{} %", percent(part))]));
    };
    for schema in coverage["schemas"].as_array().into_iter().flatten() {
        let name = match schema["database"].as_str() {
            Some(_) => format!("{}.{}", output::text(&schema["database"]), output::text(&schema["schema"])),
            None => output::text(&schema["schema"]),
        };
        add(name, schema);
    }
    add("total".to_owned(), coverage);
    table.print();
}
