//! The command `gloss coverage`: how much of a database is documented, as a check for CI.

use clap::Args;
use serde_json::{Value, json};

use super::{
    ApiCommand, CliError, Client, Exit, Needs, Output, lookup::Profiles, operation::Operation, output, pages,
    table::Table,
};
use crate::domain::{
    asset::quote_part,
    pattern::{TablePattern, patterns},
};

const COVERAGE: Operation = Operation(
    "query($id: ID!) { dbProfile(id: $id) { name exclude coverage { assets documented accepted readAt
        byKind { kind assets documented accepted } schemas { database schema assets documented accepted } } } }",
);
/// Reads the catalog of a profile that was never read.
const READ: Operation =
    Operation("query($id: ID!) { searchAssets(text: \"a\", dbProfileIds: [$id], first: 0) { totalCount } }");
const SCHEMAS: Operation = Operation("query($id: ID!) { dbProfile(id: $id) { databases { name schemas { name } } } }");
const TABLES: Operation = Operation(
    "query($id: ID!, $database: String!, $schema: String!, $first: Int, $after: String) { dbProfile(id: $id) {
        databases(name: $database) { schemas(name: $schema) { tables(first: $first, after: $after) {
            pageInfo { hasNextPage endCursor } nodes { name comment columns { name comment } } } } } } }",
);

/// The documents of the command.
pub const OPERATIONS: &[Operation] = &[COVERAGE, READ, SCHEMAS, TABLES];

/// Show how much of a database is documented; with --min, fail if it is too little
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  gloss coverage demo
  gloss coverage demo --missing
  gloss coverage demo --min 90")]
pub struct Coverage {
    /// Name of the DB profile
    profile: String,
    /// Fail with exit code 1 if less than this percentage has a comment, and list what has none
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    min: Option<u8>,
    /// List the tables and columns without a comment
    #[arg(long)]
    missing: bool,
}

impl ApiCommand for Coverage {
    fn needs(&self) -> Needs {
        Needs::Secrets
    }

    async fn run(self, client: &Client, output: Output) -> Result<Exit, CliError> {
        let id = Profiles::db(client).await?.id(&self.profile)?;
        let read = || client.data(COVERAGE, json!({ "id": id }));
        let mut profile = read().await?["dbProfile"].take();
        if profile["coverage"].is_null() {
            client.data(READ, json!({ "id": id })).await?;
            profile = read().await?["dbProfile"].take();
        }
        let coverage = profile["coverage"].take();
        let (Some(assets), Some(documented)) = (coverage["assets"].as_u64(), coverage["documented"].as_u64()) else {
            return Err(CliError::Usage(format!(
                "the profile {} reaches several databases; add one profile for each, with --database",
                self.profile
            )));
        };
        let is_short = self.min.is_some_and(|min| documented * 100 < u64::from(min) * assets);
        let mut missing = Vec::new();
        if self.missing || is_short {
            missing = undocumented(client, &id, &profile["exclude"]).await?;
        }
        if output.is_json() {
            let missing = (self.missing || is_short).then_some(missing);
            output::document(&json!({ "coverage": coverage, "ok": !is_short, "missing": missing }));
        } else {
            print(&coverage);
            for asset in &missing {
                output::line(&format!("no comment: {asset}"));
            }
            if let Some(min) = self.min.filter(|_| is_short) {
                let name = quote_part(&self.profile);
                output::note(&format!(
                    "Less than {min} % is documented. Describe the rest with `gloss run {name} --missing-only`"
                ));
            }
        }
        Ok(if is_short { Exit::Failure } else { Exit::Success })
    }
}

fn print(coverage: &Value) {
    let mut table = Table::new(["SCHEMA", "ASSETS", "DOCUMENTED", "ACCEPTED", "COVERAGE"]);
    let figures = |part: &Value| {
        let share = match (part["documented"].as_f64(), part["assets"].as_f64()) {
            (Some(documented), Some(assets)) if assets > 0.0 => json!(documented / assets),
            _ => json!(1.0),
        };
        let counts = ["assets", "documented", "accepted"].map(|field| part[field].to_string());
        counts.into_iter().chain([output::percent(&share)])
    };
    for schema in coverage["schemas"].as_array().into_iter().flatten() {
        let name = match schema["database"].as_str() {
            Some(_) => format!("{}.{}", output::text(&schema["database"]), output::text(&schema["schema"])),
            None => output::text(&schema["schema"]),
        };
        table.row(std::iter::once(name).chain(figures(schema)));
    }
    table.row(std::iter::once("total".to_owned()).chain(figures(coverage)));
    table.print();
}

/// The tables and columns without a comment, read live, without the tables that the profile excludes.
async fn undocumented(client: &Client, id: &str, exclude: &Value) -> Result<Vec<String>, CliError> {
    let exclude: Vec<String> =
        exclude.as_array().into_iter().flatten().filter_map(Value::as_str).map(Into::into).collect();
    let exclude = patterns(&exclude, "exclude").map_err(|error| CliError::Usage(error.to_string()))?;
    let databases = client.data(SCHEMAS, json!({ "id": id })).await?["dbProfile"]["databases"].take();
    let mut missing = Vec::new();
    for database in databases.as_array().into_iter().flatten() {
        for schema in database["schemas"].as_array().into_iter().flatten() {
            let variables = json!({ "id": id, "database": database["name"], "schema": schema["name"] });
            let connection = "/dbProfile/databases/0/schemas/0/tables";
            let tables = pages::read(client, TABLES, &variables, connection, usize::MAX).await?;
            for table in tables.unwrap_or_default().0 {
                without_comment(&schema["name"], &table, &exclude, &mut missing);
            }
        }
    }
    Ok(missing)
}

fn without_comment(schema: &Value, table: &Value, exclude: &[TablePattern], missing: &mut Vec<String>) {
    let (Some(schema), Some(name)) = (schema.as_str(), table["name"].as_str()) else { return };
    if exclude.iter().any(|pattern| pattern.matches(schema, name)) {
        return;
    }
    let path = format!("{}.{}", quote_part(schema), quote_part(name));
    if table["comment"].is_null() {
        missing.push(output::text(&json!(path)));
    }
    let columns = table["columns"].as_array().into_iter().flatten().filter(|column| column["comment"].is_null());
    missing.extend(columns.map(|column| {
        let column = quote_part(column["name"].as_str().unwrap_or_default());
        output::text(&json!(format!("{path}.{column}")))
    }));
}
