//! GENERATE: drafts a description of one asset of any kind.
//!
//! The rules: only the form of the path is checked here; the worker finds out whether the asset exists. A name below a
//! schema is recorded as a table until the worker finds that it is a view.

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

/// What to draft. Its JSON is the fingerprint that an idempotency key is checked against.
#[derive(Debug, Clone, Serialize)]
pub struct Generate {
    /// The DB profile.
    pub db_profile_id: DbProfileId,
    /// The database; `None` selects the profile's.
    pub database: Option<String>,
    /// The schema; `None` drafts the database itself.
    pub schema: Option<String>,
    /// The table or view; `None` drafts the schema itself.
    pub table: Option<String>,
    /// The column; `None` drafts the table itself.
    pub column: Option<String>,
    /// The LLM profile; `None` selects the default profile.
    pub llm_profile_id: Option<LlmProfileId>,
    /// The options; those that are absent keep their defaults.
    pub options: OptionChoices,
    /// The run's budget.
    pub budget: Budget,
    /// The caller. Not part of the fingerprint.
    #[serde(skip)]
    pub started_by: String,
    /// The idempotency key. Not part of the fingerprint.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// The use case of drafts. Cheap to clone.
#[derive(Clone)]
pub struct Drafts {
    ports: Ports,
}

impl Drafts {
    /// Creates the use case over these ports.
    #[must_use]
    pub const fn new(ports: Ports) -> Self {
        Self { ports }
    }

    /// Records one queued run for one asset.
    ///
    /// # Errors
    /// Returns `BadInput` and `NotFound` with the path of the argument at fault, and `Conflict` if the idempotency key
    /// was used with other input.
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

/// Refuses a path with a missing level or an empty name.
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
