//! GENERATE: one draft for one asset of any kind.
//!
//! The rule: the path is checked here as far as names alone tell; whether the asset is there, the worker finds
//! out. A name below a schema is recorded as a table until the worker finds a view.

use serde::Serialize;
use tracing::info;

use super::orders::{Keyed, OptionChoices, check_budget, check_price, keyed, llm_profile, single};
use crate::{
    domain::{
        Error, Result,
        asset::{AssetKind, AssetPath},
        id::{DbProfileId, LlmProfileId},
        run::{NewRun, Row, Run},
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
        let idempotency = match keyed(&self.ports, &input.started_by, &input, input.idempotency_key.as_deref()).await? {
            Keyed::First(idempotency) => idempotency,
            Keyed::Repeated(runs) => return single(runs),
        };
        let store = &self.ports.store;
        let unknown = || {
            Error::not_found_at("input.dbProfileId", "no DB profile has this id; list the profiles with `dbProfiles`")
        };
        let profiles = store.db_profiles_by_id(&[input.db_profile_id]).await?;
        let db_profile = profiles.into_values().next().ok_or_else(unknown)?;
        let llm_profile = llm_profile(&self.ports, input.llm_profile_id).await?;
        check_price(&input.budget, &llm_profile)?;
        let options = input.options.resolve(llm_profile.settings.provider, "input.options")?;
        let asset = AssetPath {
            kind: kind_of(&input),
            database: input.database.or(db_profile.pinned_database),
            schema: input.schema,
            table: input.table,
            column: input.column,
        };
        let new_run = NewRun {
            kind: RunKind::Generate,
            command: RunCommand::Generate,
            scope: scope_of(&asset).also_without(&db_profile.exclude),
            db_profile_id: Some(db_profile.id),
            llm_profile_id: Some(llm_profile.id),
            schedule_id: None,
            parent_id: None,
            db_profile_name: Some(db_profile.name),
            llm_profile_name: Some(llm_profile.settings.name),
            provider: Some(llm_profile.settings.provider),
            model: Some(llm_profile.settings.model),
            options,
            variations: None,
            budget: input.budget,
            started_by: input.started_by,
            auto_apply: false,
            rows: vec![Row { position: 1, asset, again: None, fingerprint: None }],
            warnings: Vec::new(),
        };
        let runs = store.create_runs(vec![new_run], idempotency, self.ports.clock.now()).await?;
        let run = single(runs)?;
        info!(run = run.id.0, scope = run.scope_summary, "draft queued");
        Ok(run)
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
