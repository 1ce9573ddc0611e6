//! GENERATE: one draft for one asset of any kind.
//!
//! The rule: the path is checked here as far as names alone tell; whether the asset is there, the worker finds
//! out. A name below a schema is recorded as a table until the worker finds a view.

use serde::Serialize;

use super::orders::{OptionChoices, check_budget, check_price, llm_profile, place_one};
use crate::{
    domain::{
        Error, Result,
        asset::{AssetKind, AssetPath},
        id::{DbProfileId, LlmProfileId},
        run::{NewRun, Row, Run, RunSpec},
        scope::{RunScope, SchemaScope, TableScope},
        status::{RunCommand, RunKind},
        usage::Budget,
    },
    port::Ports,
};

/// What is to be drafted. Its JSON tells one input from another under the same idempotency key.
#[derive(Debug, Clone, Serialize)]
pub struct Generate {
    /// Where.
    pub db_profile_id: DbProfileId,
    /// The database; the profile's when absent.
    pub database: Option<String>,
    /// The schema; absent for the database itself.
    pub schema: Option<String>,
    /// The table or view; absent for the schema itself.
    pub table: Option<String>,
    /// The column; absent for the table itself.
    pub column: Option<String>,
    /// With which model; the default profile when absent.
    pub llm_profile_id: Option<LlmProfileId>,
    /// How; what is absent keeps its default.
    pub options: OptionChoices,
    /// Limits of the run.
    pub budget: Budget,
    /// The caller that starts it. Not part of the input.
    #[serde(skip)]
    pub started_by: String,
    /// Not part of the input that it stands for.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// The use case.
#[derive(Clone)]
pub struct Drafts {
    ports: Ports,
}

impl Drafts {
    /// Over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records one queued run for one asset.
    ///
    /// # Errors
    /// `BadInput` and `NotFound` with the path of the argument at fault; `Conflict` for a known key with other
    /// input.
    pub async fn generate(&self, input: Generate) -> Result<Run> {
        check_path(&input)?;
        check_budget(&input.budget, "input.budget")?;
        let by = (input.started_by.as_str(), input.idempotency_key.as_deref());
        place_one(&self.ports, by, &input, self.new_run(&input)).await
    }

    async fn new_run(&self, input: &Generate) -> Result<NewRun> {
        let unknown = || {
            Error::not_found_at("input.dbProfileId", "no DB profile has this id; list the profiles with `dbProfiles`")
        };
        let profiles = self.ports.store.db_profiles_by_id(&[input.db_profile_id]).await?;
        let db_profile = profiles.into_values().next().ok_or_else(unknown)?;
        let llm_profile = llm_profile(&self.ports, input.llm_profile_id).await?;
        check_price(&input.budget, &llm_profile)?;
        let asset = AssetPath {
            kind: kind_of(input),
            database: input.database.clone().or_else(|| db_profile.pinned_database.clone()),
            schema: input.schema.clone(),
            table: input.table.clone(),
            column: input.column.clone(),
        };
        let spec = RunSpec {
            scope: scope_of(&asset).also_without(&db_profile.exclude),
            options: input.options.resolve(llm_profile.settings.provider, "input.options")?,
            budget: input.budget.clone(),
            started_by: input.started_by.clone(),
            ..RunSpec::new(RunKind::Generate, RunCommand::Generate, Some(&db_profile), &llm_profile)
        };
        let row = Row { position: 1, asset, again: None, fingerprint: None };
        Ok(NewRun { rows: vec![row], ..spec.into() })
    }
}

/// Refuses a path with a gap or an empty name.
fn check_path(input: &Generate) -> Result<()> {
    let parts =
        [("database", &input.database), ("schema", &input.schema), ("table", &input.table), ("column", &input.column)];
    if let Some((part, _)) = parts.iter().find(|(_, name)| name.as_deref() == Some("")) {
        let message = format!("the name of the {part} is empty; write a name, or omit it");
        return Err(Error::bad_input(format!("input.{part}"), message));
    }
    for pair in parts[1..].windows(2) {
        let [(above, upper), (below, lower)] = pair else { continue };
        if lower.is_some() && upper.is_none() {
            let message = format!("a {below} requires its {above}; pass the {above} too");
            return Err(Error::bad_input(format!("input.{below}"), message));
        }
    }
    Ok(())
}

const fn kind_of(input: &Generate) -> AssetKind {
    match (&input.schema, &input.table, &input.column) {
        (_, _, Some(_)) => AssetKind::Column,
        (_, Some(_), _) => AssetKind::Table,
        (Some(_), ..) => AssetKind::Schema,
        _ => AssetKind::Database,
    }
}

fn scope_of(asset: &AssetPath) -> RunScope {
    let table = |name: String| TableScope { name, columns: asset.column.clone().into_iter().collect() };
    let schema = |name: String| SchemaScope { name, tables: asset.table.clone().map(table).into_iter().collect() };
    RunScope {
        database: asset.database.clone(),
        schemas: asset.schema.clone().map(schema).into_iter().collect(),
        ..RunScope::default()
    }
}
