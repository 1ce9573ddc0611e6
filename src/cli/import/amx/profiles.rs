//! The DB and LLM profiles of a history: found by their names, or created without what AMX keeps elsewhere.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::runs::Runs;
use crate::{
    cli::{CliError, Client, lookup::Profiles as Known, operation::Operation, output},
    domain::{Code, asset::quote_part, text::some_of},
};

const NAMES: Operation = Operation("{ dbProfiles { id name } llmProfiles { id name } }");
const REFRESH: Operation = Operation("query($id: ID!) { dbProfile(id: $id) { coverage(refresh: true) { readAt } } }");
const CREATE_DB: Operation =
    Operation("mutation($input: CreateDbProfileInput!) { createDbProfile(input: $input) { dbProfile { id } } }");
const CREATE_LLM: Operation =
    Operation("mutation($input: CreateLlmProfileInput!) { createLlmProfile(input: $input) { llmProfile { id } } }");

/// The documents of the profiles of an import.
pub const OPERATIONS: &[Operation] = &[NAMES, REFRESH, CREATE_DB, CREATE_LLM];

/// The profiles that an import uses.
#[derive(Debug, Default)]
pub struct Profiles {
    /// The ids of DB profiles, by the names that AMX has for them.
    pub ids: BTreeMap<String, String>,
    /// The DB profiles that are new, with the form of their URLs.
    pub created: Vec<(String, &'static str)>,
    /// The LLM profiles that are new.
    pub created_llm: Vec<String>,
    /// The DB profiles that Gloss cannot have, with their backends.
    pub impossible: Vec<String>,
}

/// Finds the profiles of runs, and creates those that are absent. `mapping` gives DB profiles of AMX other names.
///
/// # Errors
/// Returns [`CliError::Usage`] for an unknown name in `mapping`, and the errors of [`Client::data`].
pub async fn resolve(
    client: &Client,
    runs: &Runs,
    mapping: &[(String, String)],
    dry_run: bool,
) -> Result<Profiles, CliError> {
    let known = Known::db(client).await?;
    let names = client.data(NAMES, json!({})).await?;
    let id_of = |list: &Value, name: &str| {
        let found = list.as_array().into_iter().flatten().find(|profile| profile["name"] == name);
        found.and_then(|profile| profile["id"].as_str()).map(str::to_owned)
    };
    let mut profiles = Profiles::default();
    for (from, to) in mapping {
        if !runs.db_profiles.contains_key(from) {
            let names: Vec<&String> = runs.db_profiles.keys().collect();
            let message = if names.is_empty() {
                format!(
                    "no run of the history names a DB profile, so {from:?} cannot be mapped; leave --db-profile out"
                )
            } else {
                format!("no run of the history names the DB profile {from:?}; choose {}", some_of(&names, ", "))
            };
            return Err(CliError::Usage(message));
        }
        profiles.ids.insert(from.clone(), known.id(to)?);
    }
    for (name, backend) in &runs.db_profiles {
        if profiles.ids.contains_key(name) {
            continue;
        }
        if let Some(id) = id_of(&names["dbProfiles"], name) {
            profiles.ids.insert(name.clone(), id);
            continue;
        }
        let Some((url, form)) = backend.as_deref().and_then(url_of) else {
            profiles.impossible.push(format!("{name} ({})", backend.as_deref().unwrap_or("unknown backend")));
            continue;
        };
        if !dry_run {
            let input = json!({ "name": name, "url": url });
            let made = client.data(CREATE_DB, json!({ "input": input })).await.map_err(|error| hinted(error, name))?;
            let id = made["createDbProfile"]["dbProfile"]["id"].as_str().unwrap_or_default().to_owned();
            profiles.ids.insert(name.clone(), id);
        }
        profiles.created.push((name.clone(), form));
    }
    for (name, provider, model) in &runs.llm_profiles {
        if id_of(&names["llmProfiles"], name).is_some() || profiles.created_llm.contains(name) {
            continue;
        }
        let input = json!({ "name": name, "provider": provider, "model": model });
        match if dry_run { Ok(Value::Null) } else { client.data(CREATE_LLM, json!({ "input": input })).await } {
            Ok(_) => profiles.created_llm.push(name.clone()),
            // The runs keep the name.
            Err(CliError::Refused { code: Code::BadUserInput | Code::Forbidden, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    read_catalogs(client, &profiles).await?;
    Ok(profiles)
}

/// Reads the catalogs of the profiles, which tell what the named assets are.
async fn read_catalogs(client: &Client, profiles: &Profiles) -> Result<(), CliError> {
    for (name, id) in &profiles.ids {
        if profiles.created.iter().any(|(created, _)| created == name) {
            continue;
        }
        match client.data(REFRESH, json!({ "id": id })).await {
            Ok(_) => {}
            Err(CliError::Refused { code: Code::Unavailable, message }) => output::note(&format!(
                "Assets of {} are imported as AMX names them: {}",
                output::text(&name.as_str().into()),
                output::text(&message.into())
            )),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A URL that leads nowhere, for a profile whose URL is missing, and the form of the right one; `None` for a kind of
/// database that Gloss cannot describe.
fn url_of(backend: &str) -> Option<(&'static str, &'static str)> {
    Some(match backend.to_lowercase().as_str() {
        "postgres" | "postgresql" => {
            ("postgres://user@url-missing.invalid/database", "postgres://user@host:5432/database")
        }
        "mysql" | "mariadb" => ("mysql://user@url-missing.invalid", "mysql://user@host:3306"),
        "sqlite" | "sqlite3" => ("sqlite:///url-missing.invalid", "sqlite:///path/file.db"),
        _ => return None,
    })
}

/// Says what helps if the caller may not create a profile.
fn hinted(error: CliError, name: &str) -> CliError {
    match error {
        CliError::Refused { code: code @ (Code::Forbidden | Code::BadUserInput), message } => {
            let message = format!(
                "the DB profile {name:?} of AMX could not be created: {message}; map it to an existing one with \
                 --db-profile {}=NAME",
                quote_part(name)
            );
            CliError::Refused { code, message }
        }
        other => other,
    }
}
