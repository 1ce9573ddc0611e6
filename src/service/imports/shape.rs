//! Converts a valid run to what the store records.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::input::{RunToImport, SuggestionToImport, WriteToImport};
use crate::domain::{
    Code,
    asset::AssetPath,
    clock::Moment,
    identity::Identity,
    import::{ImportedRow, ImportedRun, ImportedWrite},
    profile::{DbProfile, LlmProfile, LlmProvider},
    run::{Naming, RunError, RunOptions, RunSpec},
    scope::RunScope,
    search::KnownAsset,
    status::{RunCommand, RunKind, RunStatus},
    suggestion::{Draft, Review, ReviewState},
    usage::Budget,
};

/// The schema, table and column of an asset.
pub type Name = (Option<String>, Option<String>, Option<String>);

/// Returns the schema, table and column of an asset.
pub fn name(path: &AssetPath) -> Name {
    (path.schema.clone(), path.table.clone(), path.column.clone())
}

/// Converts a valid run to what the store records.
pub fn shaped(
    run: RunToImport,
    profile: Option<&DbProfile>,
    llm: Option<&LlmProfile>,
    identity: Option<Identity>,
    known: &HashMap<Name, Vec<KnownAsset>>,
    (actor, at): (&str, Moment),
) -> ImportedRun {
    let provider = run.provider.or_else(|| llm.map(|llm| llm.settings.provider));
    let spec = RunSpec {
        kind: kind_of(run.command),
        command: run.command,
        scope: RunScope { schemas: run.schemas, ..RunScope::default() },
        db_profile_id: profile.map(|profile| profile.id),
        llm_profile_id: llm.map(|llm| llm.id),
        schedule_id: None,
        parent_id: None,
        db_profile_name: profile.map(|profile| profile.name.clone()).or(run.db_profile_name),
        llm_profile_name: run.llm_profile_name,
        provider,
        model: run.model,
        options: RunOptions::defaults(provider.unwrap_or(LlmProvider::OpenAiCompatible)),
        variations: None,
        budget: Budget::default(),
        started_by: actor.to_owned(),
        auto_apply: run.command == RunCommand::RunApply,
    };
    let lasted = run.finished_at.map(|end| (end - run.started_at).num_milliseconds().max(0));
    #[expect(clippy::cast_possible_truncation, reason = "a checked number of seconds")]
    let active_ms = run.duration_seconds.map(|seconds| (seconds * 1_000.0) as i64).or(lasted).unwrap_or_default();
    let finished_at = run.finished_at.unwrap_or(run.started_at + TimeDelta::milliseconds(active_ms));
    let row = |it: SuggestionToImport| {
        let found = known.get(&name(&it.asset)).map(Vec::as_slice).unwrap_or_default();
        // Databases of one profile may have tables with the same names.
        let of_database = |asset: &&KnownAsset| it.asset.database.is_none() || asset.path.database == it.asset.database;
        let mut found = found.iter().filter(of_database);
        let found = found.next().filter(|_| found.next().is_none());
        let decided = it.state != ReviewState::Unreviewed;
        let accepted = matches!(it.state, ReviewState::Accepted | ReviewState::Edited);
        let first = it.alternatives.first().map(|first| first.text.clone());
        ImportedRow {
            position: it.position,
            data_type: found.and_then(|asset| asset.data_type.clone()),
            asset: found.map_or(it.asset, |asset| asset.path.clone()),
            draft: Draft {
                alternatives: it.alternatives,
                logprob: it.logprob,
                reasoning: it.reasoning,
                evidence: it.evidence,
            },
            existing_comment: it.existing_comment,
            review: Review {
                state: it.state,
                reviewer: decided.then(|| it.reviewer.unwrap_or_else(|| actor.to_owned())),
                at: decided.then(|| it.reviewed_at.unwrap_or(at)),
                text: it.text.or(first).filter(|_| accepted),
            },
            repeats: it.repeats,
            writes: it.writes.into_iter().map(|write| write_of(write, actor)).collect(),
        }
    };
    ImportedRun {
        key: run.key,
        spec,
        status: if run.status == RunStatus::Success { RunStatus::ReadyForReview } else { run.status },
        error: run.error.map(|message| RunError { code: Code::Unavailable, message, hint: None }),
        naming: Naming { title: run.title, labels: run.labels },
        identity,
        started_at: run.started_at,
        finished_at,
        active_ms,
        usage: run.usage,
        repeats: run.repeats,
        rows: run.suggestions.into_iter().map(row).collect(),
    }
}

fn write_of(write: WriteToImport, actor: &str) -> ImportedWrite {
    let actor = match write.actor {
        Some(person) => format!("{person} (imported by {actor})"),
        None => format!("imported by {actor}"),
    };
    ImportedWrite { at: write.at, before: write.before, after: write.after, actor }
}

const fn kind_of(command: RunCommand) -> RunKind {
    match command {
        RunCommand::Run | RunCommand::RunApply => RunKind::Analyze,
        RunCommand::Rerun | RunCommand::Variations => RunKind::Rerun,
        RunCommand::Generate => RunKind::Generate,
        RunCommand::Ask => RunKind::Ask,
        RunCommand::Judge => RunKind::Judge,
        RunCommand::Schedule => RunKind::Schedule,
    }
}
